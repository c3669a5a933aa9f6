// SPDX-License-Identifier: GPL-2.0-or-later
// Leads a flow through a story: what it wants is checked and done, records go to a disk of memory, time is a number.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "flow.h"

namespace inset::test {

inline const std::vector<SizeOffer> offers = {{"1k", 1024, 768}, {"4k", 4096, 3072}};
inline constexpr const char* our_asset = "1456789012";
inline constexpr const char* our_link = "https://delivery.example.com/4096.jpg?Expires=1790000000&Signature=q7~Zk";

inline Flow::Plan insert_4k() {
  Flow::Plan plan;
  plan.job.origin = "https://api.gettyimages.com";
  plan.job.account = "0f1e2d3c4b5a";
  plan.job.generation = "2F7A3C1E-91B4-4D8E-A1C5-0D9B7E3F6A52";
  plan.job.index = 1;
  plan.job.size = "4k";
  return plan;
}

inline Flow::Plan insert_again() {
  Flow::Plan plan = insert_4k();
  plan.again = true;
  return plan;
}

inline Flow::Plan resume_4k() {
  Flow::Plan plan = insert_4k();
  plan.may_request = false;
  return plan;
}

inline Flow::Plan resume_accepting_the_size() {
  Flow::Plan plan = resume_4k();
  plan.accept_size = true;
  return plan;
}

inline Error an_error(Cause cause, int status = 0) {
  return make_error(Stage::requesting, cause, "Something happened.", {}, status);
}

inline Flow::Event our_file() { return Flow::Ready{our_link, our_asset, false}; }
inline Flow::Event other_sizes_file() { return Flow::Ready{our_link, "1400000001", true}; }

inline SavedRecord file_of(std::uint32_t width, std::uint32_t height) {
  SavedRecord file;
  file.path = "originals/0011223344556677.jpg";
  file.bytes = 6'123'456;
  file.sha256 = std::string(64, 'a');
  file.mime = "image/jpeg";
  file.width = width;
  file.height = height;
  return file;
}

class Script {
 public:
  explicit Script(Flow::Plan plan = insert_4k(), std::vector<Record> records = {}, std::optional<Millis> since_put = {})
      : disk(std::move(records)), flow(std::move(plan), disk, now, since_put) {}

  // The flow takes the event.
  Script& on(const Flow::Event& event) {
    EXPECT_TRUE(flow.on(event, now)) << "in state " << flow.fingerprint(now);
    return *this;
  }

  Script& after(Millis time) {
    now += time;
    return *this;
  }

  template <class T>
  bool wants() const {
    return std::holds_alternative<T>(flow.want());
  }

  // What is to be written down next, or null.
  template <class T>
  const T* record() {
    want_ = flow.want();
    const auto* write = std::get_if<Flow::Write>(&want_);
    return write ? std::get_if<T>(&write->record) : nullptr;
  }

  // The flow wants to write this kind of record; it becomes durable.
  template <class T>
  Script& write() {
    const T* wanted = record<T>();
    EXPECT_NE(wanted, nullptr) << "in state " << flow.fingerprint(now);
    if (wanted) disk.push_back(*wanted);
    return on(Flow::Written{});
  }

  // How long the flow wants to wait; -1 ms if it does not.
  Millis waiting() const {
    const auto want = flow.want();
    const auto* wait = std::get_if<Flow::Wait>(&want);
    return wait ? wait->until - now : Millis(-1);
  }

  // Exactly as long as the flow wants.
  Script& wait() {
    const Millis time = waiting();
    EXPECT_GE(time.count(), 0) << "in state " << flow.fingerprint(now);
    return after(time).on(Flow::Elapsed{});
  }

  // The usual way to the PUT.
  Script& to_put() {
    EXPECT_TRUE(wants<Flow::LookUp>());
    on(Flow::Offers{offers});
    if (record<JobRecord>()) write<JobRecord>();
    write<IntentRecord>();
    EXPECT_TRUE(wants<Flow::Put>());
    return *this;
  }

  // A PUT whose answer was lost, and the time to ask has come.
  Script& to_asking_get() {
    to_put().on(Flow::Unclear{an_error(Cause::connection_lost)}).wait();
    EXPECT_TRUE(wants<Flow::Get>());
    return *this;
  }

  // A PUT that was accepted, and the time to ask has come.
  Script& to_polling_get() {
    to_put().on(Flow::Accepted{}).write<PendingRecord>().wait();
    EXPECT_TRUE(wants<Flow::Get>());
    return *this;
  }

  Script& to_fetch() {
    to_put().on(our_file()).write<ReadyRecord>();
    EXPECT_TRUE(wants<Flow::Fetch>());
    return *this;
  }

  Script& to_place() {
    to_fetch().on(Flow::Fetched{file_of(4096, 3072)}).write<SavedRecord>();
    EXPECT_TRUE(wants<Flow::Place>());
    return *this;
  }

  // Answers every question to the service with "I know of no download" until the flow wants something else.
  Script& ask_until_the_doubt_is_over() {
    for (int i = 0; i < 1000 && (wants<Flow::Get>() || wants<Flow::Wait>()); ++i) {
      if (wants<Flow::Wait>()) wait();
      if (wants<Flow::Get>()) on(Flow::Unknown{an_error(Cause::not_found, 404)});
    }
    return *this;
  }

  // The program dies; another run knows what is durable.
  Script& restart(Flow::Plan plan, std::optional<Millis> since_put = {}) {
    flow = Flow(std::move(plan), disk, now, since_put);
    return *this;
  }

  // The error with which the flow is over; Cause::internal if it is not.
  Error failure() const {
    const auto want = flow.want();
    const auto* fail = std::get_if<Flow::Fail>(&want);
    EXPECT_NE(fail, nullptr) << "in state " << flow.fingerprint(now);
    return fail ? fail->error : Error{};
  }

  // It is over, for this reason, and says this about money.
  void expect_failed(Cause cause, Paid paid) const {
    const Error error = failure();
    EXPECT_EQ(name(error.cause), name(cause));
    EXPECT_EQ(name(error.paid), name(paid));
    EXPECT_EQ(error.message.find("Nothing was charged") != std::string::npos, paid == Paid::no) << error.message;
  }

  Time now{5'000'000};
  std::vector<Record> disk;
  Flow flow;

 private:
  Flow::Want want_;
};

}  // namespace inset::test
