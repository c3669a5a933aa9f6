// SPDX-License-Identifier: GPL-2.0-or-later
// The life of the background thread, without a service: its address leads to a port where nobody listens. To be run
// under the thread sanitizer too.
#include "worker.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include "encode_picture.h"
#include "job_id.h"
#include "journal.h"
#include "temporary_folder.h"
#include "this_process.h"

namespace inset {
namespace {

using namespace test;
using namespace std::chrono_literals;

// A port that is bound and not listened on: every connection to it is refused.
class DeadPort {
 public:
  DeadPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t size = sizeof address;
    getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }

 private:
  Fd socket_;
  int port_ = 0;
};

std::size_t count_entries(const char* folder) {
  std::size_t count = 0;
  DIR* dir = opendir(folder);
  while (readdir(dir)) ++count;
  closedir(dir);
  return count;
}

class WorkerTest : public testing::Test {
 protected:
  Worker::Options options() {
    Worker::Options o;
    o.settings.api = *parse_url(port_.url());
    o.settings.auth = o.settings.api;
    o.settings.credentials.api_key = "abc123def";
    o.settings.credentials.client_secret = Secret("s3cr3t");
    o.settings.data_dir = folder_ / "data";
    o.host = "unit test";
    o.user_agent = "Inset/test";
    o.wake = [this] { ++wakes_; };
    return o;
  }

  static Values picture() {
    return {{"generation", "2F7A3C1E-91B4-4D8E-A1C5-0D9B7E3F6A52"}, {"index", "0"}, {"size", "4k"}};
  }

  JobRecord job_record() const {
    JobRecord job;
    job.origin = parse_url(port_.url())->origin();
    job.account = account_of("abc123def");
    job.generation = "2F7A3C1E-91B4-4D8E-A1C5-0D9B7E3F6A52";
    job.size = "4k";
    job.offers = {{"4k", 4096, 3072}};
    return job;
  }

  std::string write_journal(const std::vector<Record>& records) {
    auto files = Files::open(folder_ / "data");
    EXPECT_TRUE(files);
    const std::string id = job_id(job_record());
    auto journal = Journal::open(files->journal(id));
    EXPECT_TRUE(journal);
    for (const Record& record : records) EXPECT_TRUE(journal->append(record));
    return id;
  }

  // All messages until the job is over.
  static std::vector<Message> until_over(Worker& worker, JobNumber job) {
    std::vector<Message> all;
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < deadline) {
      for (Message& message : worker.take()) {
        const auto* over = std::get_if<OverMessage>(&message);
        const bool done = over && over->job == job;
        all.push_back(std::move(message));
        if (done) return all;
      }
      std::this_thread::sleep_for(1ms);
    }
    ADD_FAILURE() << "job " << job << " is not over";
    return all;
  }

  static std::string value(const EventMessage& event, const std::string& key) {
    for (const auto& [name, text] : event.pairs) {
      if (name == key) return text;
    }
    return {};
  }

  static std::vector<EventMessage> events(const std::vector<Message>& messages, const std::string& kind) {
    std::vector<EventMessage> found;
    for (const Message& message : messages) {
      const auto* event = std::get_if<EventMessage>(&message);
      if (event && event->kind == kind) found.push_back(*event);
    }
    return found;
  }

  DeadPort port_;
  TemporaryFolder folder_;
  std::atomic<int> wakes_{0};
};

TEST_F(WorkerTest, TouchesNoDiskBeforeTheFirstCommand) {
  { Worker worker(options()); }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "data"));
}

TEST_F(WorkerTest, WithoutANetworkAJobEndsUnpaid) {
  {
    Worker worker(options());
    worker.invoke(7, Worker::Action::insert, picture());
    worker.cancel(0);  // the tries would take a minute
    const auto messages = until_over(worker, 7);
    const auto failed = events(messages, "failed");
    ASSERT_EQ(failed.size(), 1u);
    EXPECT_EQ(value(failed[0], "paid"), "no");
  }
  EXPECT_GT(wakes_, 0);  // which comes after the message, so not before the thread has ended for certain
}

TEST_F(WorkerTest, AMissingParameterIsNamed) {
  Worker worker(options());
  worker.invoke(1, Worker::Action::insert, {{"generation", "abc"}});
  const auto failed = events(until_over(worker, 1), "failed");
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(value(failed[0], "cause"), "parameter_missing");
  EXPECT_NE(value(failed[0], "message").find("index"), std::string::npos);
}

TEST_F(WorkerTest, WrongParametersAreNamed) {
  Worker worker(options());
  int number = 0;
  for (const auto& [key, text] : Values{{"index", "-1"}, {"index ", ""}, {"again", "perhaps"}, {"product_id", "x"}}) {
    Values values = picture();
    if (key == "index ") {
      values["generation"] = "two words";
    } else {
      values[key] = text;
    }
    worker.invoke(++number, Worker::Action::insert, values);
    const auto failed = events(until_over(worker, number), "failed");
    ASSERT_EQ(failed.size(), 1u);
    EXPECT_EQ(value(failed[0], "cause"), "parameter_wrong") << key;
  }
}

TEST_F(WorkerTest, ADataFolderThatCannotBeIsSaid) {
  write_whole(folder_ / "data", "a file");
  Worker worker(options());
  worker.invoke(1, Worker::Action::insert, picture());
  worker.invoke(2, Worker::Action::list, {});
  for (const JobNumber job : {1, 2}) {
    const auto failed = events(job == 1 ? until_over(worker, 2) : std::vector<Message>{}, "failed");
    if (job == 1) {
      ASSERT_EQ(failed.size(), 2u);
      EXPECT_EQ(value(failed[0], "cause"), "data_folder");
    }
  }
}

TEST_F(WorkerTest, ListsAndDropsJobs) {
  const std::string id = write_journal({job_record(), IntentRecord{1, {}, {}, {}}});
  Worker worker(options());
  worker.invoke(1, Worker::Action::list, {});
  auto messages = until_over(worker, 1);
  ASSERT_EQ(events(messages, "listed").size(), 1u);
  EXPECT_EQ(value(events(messages, "listed")[0], "job_id"), id);
  EXPECT_EQ(value(events(messages, "listed")[0], "state"), "unclear");
  EXPECT_EQ(value(events(messages, "listed")[0], "paid"), "maybe");
  worker.invoke(2, Worker::Action::drop, {{"job", id}});
  EXPECT_EQ(events(until_over(worker, 2), "done").size(), 1u);
  worker.invoke(3, Worker::Action::drop, {{"job", id}});
  EXPECT_EQ(value(events(until_over(worker, 3), "failed").at(0), "cause"), "parameter_wrong");
  worker.invoke(4, Worker::Action::drop, {{"job", "0000000000000000"}});
  EXPECT_EQ(value(events(until_over(worker, 4), "failed").at(0), "cause"), "parameter_wrong");
  worker.invoke(5, Worker::Action::drop, {});
  EXPECT_EQ(value(events(until_over(worker, 5), "failed").at(0), "cause"), "parameter_missing");
}

TEST_F(WorkerTest, ResumeWithNothingToDoEndsWell) {
  Worker worker(options());
  worker.invoke(1, Worker::Action::resume, {});
  EXPECT_EQ(events(until_over(worker, 1), "done").size(), 1u);
  worker.invoke(2, Worker::Action::resume, {{"accept_size", "perhaps"}});
  EXPECT_EQ(value(events(until_over(worker, 2), "failed").at(0), "cause"), "parameter_wrong");
}

TEST_F(WorkerTest, ACancelledResumeOfAnUnclearJobSaysMaybe) {
  write_journal({job_record(), IntentRecord{1, {}, {}, {}}});
  // Before it has looked, or later.
  for (const auto wait : {0ms, 20ms}) {
    Worker worker(options());
    worker.invoke(1, Worker::Action::resume, {});
    if (wait > 0ms) std::this_thread::sleep_for(wait);
    worker.cancel(1);
    const auto failed = events(until_over(worker, 1), "failed");
    ASSERT_EQ(failed.size(), 1u) << wait.count();
    EXPECT_EQ(value(failed[0], "paid"), "maybe");
  }
}

// The worker is held up while both come, so that it sees them at once.
TEST_F(WorkerTest, WhatIsCancelledBeforeItBeginsNeverBegins) {
  using Action = Worker::Action;
  for (const Action action : {Action::insert, Action::resume, Action::sign_in, Action::sign_out, Action::status}) {
    for (const bool can_ask : {false, true}) {
      SCOPED_TRACE(static_cast<int>(action));
      SCOPED_TRACE(can_ask);
      std::atomic<bool> held_up = false;
      std::atomic<bool> both_there = false;
      Worker::Options held = options();
      held.can_ask = can_ask;
      held.settings.keyring.wanted = false;
      held.wake = [&] {
        held_up = true;
        held_up.notify_one();
        both_there.wait(false);
      };
      Worker worker(std::move(held));
      worker.invoke(1, Action::list, {});
      held_up.wait(false);
      worker.invoke(2, action, {});
      worker.cancel(2);
      both_there = true;
      both_there.notify_one();
      worker.invoke(3, Action::list, {});
      std::size_t ends = 0;
      bool over = false;
      for (const Message& message : until_over(worker, 3)) {
        const auto* event = std::get_if<EventMessage>(&message);
        if (event && event->job == 2) {
          EXPECT_FALSE(over) << event->kind << " after the end";
          EXPECT_NE(event->kind, "progress");
          ends += event->kind == "done" || event->kind == "failed";
        }
        EXPECT_FALSE(std::get_if<AskMessage>(&message)) << "a form that nobody waits for";
        if (const auto* end = std::get_if<OverMessage>(&message)) over = over || end->job == 2;
      }
      EXPECT_EQ(ends, 1u);
    }
  }
}

TEST_F(WorkerTest, AnUnreadableRecordMayBeThatOfAPurchase) {
  const std::string id = write_journal({job_record()});
  write_whole(folder_ / "data" / "jobs" / (id + ".jsonl"), "written by a later version\n");
  Worker worker(options());
  worker.invoke(1, Worker::Action::insert, picture());
  const auto failed = events(until_over(worker, 1), "failed");
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(value(failed[0], "cause"), "journal_unreadable");
  EXPECT_EQ(value(failed[0], "paid"), "maybe");
}

TEST_F(WorkerTest, ACancelWhileAnotherProgramHasThePictureTellsWhatIsOnTheDisk) {
  for (const bool requested : {false, true}) {
    const std::string id = write_journal(requested ? std::vector<Record>{job_record(), IntentRecord{1, {}, {}, {}}}
                                                   : std::vector<Record>{job_record()});
    const auto files = Files::open(folder_ / "data");
    const auto lock = files->try_lock(picture_id(job_record()));
    ASSERT_TRUE(lock && *lock);
    Worker worker(options());
    worker.invoke(1, Worker::Action::insert, picture());
    std::vector<Message> said;
    const auto waits = [&] {
      for (Message& message : worker.take()) said.push_back(std::move(message));
      return std::ranges::any_of(events(said, "progress"), [](const EventMessage& event) {
        return value(event, "text").starts_with("Another program");
      });
    };
    for (int i = 0; i < 20000 && !waits(); ++i) std::this_thread::sleep_for(1ms);
    worker.cancel(1);
    const auto failed = events(until_over(worker, 1), "failed");
    ASSERT_EQ(failed.size(), 1u);
    EXPECT_EQ(value(failed[0], "cause"), "cancelled");
    EXPECT_EQ(value(failed[0], "paid"), requested ? "maybe" : "no");
  }
}

TEST_F(WorkerTest, JobsOfAnotherAccountOrServiceRest) {
  JobRecord elsewhere = job_record();
  elsewhere.origin = "https://api.gettyimages.com";
  auto files = Files::open(folder_ / "data");
  ASSERT_TRUE(files);
  JobRecord somebody = job_record();
  somebody.account = "ffffffffffff";
  for (const JobRecord& job : {elsewhere, somebody}) {
    auto journal = Journal::open(files->journal(job_id(job)));
    ASSERT_TRUE(journal && journal->append(job) && journal->append(IntentRecord{1, {}, {}, {}}));
  }
  Worker worker(options());
  worker.invoke(1, Worker::Action::resume, {});
  const auto messages = until_over(worker, 1);
  const auto rests = events(messages, "rests");
  ASSERT_EQ(rests.size(), 2u);
  EXPECT_NE(value(rests[0], "cause"), value(rests[1], "cause"));
  EXPECT_EQ(value(events(messages, "failed").at(0), "cause"), "some_rest");
  EXPECT_EQ(value(events(messages, "failed").at(0), "paid"), "maybe");
}

TEST_F(WorkerTest, OnlyOriginalsAreOpened) {
  write_whole(folder_ / "outside.jpg", "x");
  Worker worker(options());
  const std::string originals = (folder_ / "data" / "originals").string();
  RequestNumber request = 0;
  for (const std::string& path :
       {(folder_ / "outside.jpg").string(), originals + "/../../outside.jpg", std::string("/etc/passwd"), std::string(),
        originals + "/sub/a.jpg", originals + "/missing.jpg"}) {
    worker.open(++request, path);
  }
  std::vector<OpenedMessage> opened;
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (opened.size() < request && std::chrono::steady_clock::now() < deadline) {
    for (Message& message : worker.take()) {
      if (auto* m = std::get_if<OpenedMessage>(&message)) opened.push_back(std::move(*m));
    }
    std::this_thread::sleep_for(1ms);
  }
  ASSERT_EQ(opened.size(), request);
  for (const OpenedMessage& message : opened) {
    ASSERT_FALSE(message.picture);
    EXPECT_EQ(name(message.picture.error().cause), message.request == request ? "not_found" : "parameter_wrong");
  }
}

TEST_F(WorkerTest, OpensTwoPicturesAtATime) {
  constexpr RequestNumber kMany = 12;
  const auto files = Files::open(folder_ / "data");
  ASSERT_TRUE(files);
  const Bytes png = encode_png(make_png_picture(PngColours::rgb_alpha, 8, 700, 700));
  const std::string text(reinterpret_cast<const char*>(png.data()), png.size());
  std::atomic<std::size_t> most = 0;
  // A program for each that is being opened, reaped before its result is told.
  const auto look = [&] { most = std::max(most.load(), test::children().size()); };
  Worker::Options looking = options();
  looking.wake = look;
  Worker worker(std::move(looking));
  for (RequestNumber request = 1; request <= kMany; ++request) {
    const std::filesystem::path path = files->original("0123456789abcd" + std::to_string(10 + request), "image/png");
    write_whole(path, text);
    worker.open(request, path.string());
  }
  std::size_t opened = 0;
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (opened < kMany && std::chrono::steady_clock::now() < deadline) {
    look();
    for (Message& message : worker.take()) {
      if (auto* m = std::get_if<OpenedMessage>(&message)) opened += static_cast<bool>(m->picture);
    }
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(opened, kMany);
  EXPECT_GE(most, 1u);
  EXPECT_LE(most, 2u);
}

TEST_F(WorkerTest, AThousandLives) {
  for (int i = 0; i < 1000; ++i) {
    Worker worker(options());
    switch (i % 5) {
      case 0: break;
      case 1: worker.invoke(1, Worker::Action::list, {}); break;
      case 2:
        worker.invoke(1, Worker::Action::insert, picture());
        worker.cancel(1);
        break;
      case 3:
        worker.finish_quietly();
        worker.invoke(1, Worker::Action::resume, {});
        break;
      case 4:
        worker.invoke(1, Worker::Action::insert, picture());
        worker.invoke(2, Worker::Action::insert, picture());
        worker.answer(1, "yes", {});
        worker.changed(1, "size", "4k");
        worker.placed(1, 1, {});
        worker.open(1, "/nowhere");
        (void)worker.take();
        break;
    }
    if (i % 7 == 0) std::this_thread::sleep_for(std::chrono::microseconds(i * 3));
  }
}

TEST_F(WorkerTest, LeavesNoThreadAndNoDescriptorBehind) {
  { Worker worker(options()); }  // what libraries keep, they keep from now on
  const std::size_t threads = test::threads();
  const std::size_t descriptors = count_entries("/proc/self/fd");
  for (int i = 0; i < 20; ++i) {
    Worker worker(options());
    worker.invoke(1, Worker::Action::insert, picture());
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_EQ(test::threads(), threads);
  EXPECT_EQ(count_entries("/proc/self/fd"), descriptors);
}

TEST_F(WorkerTest, EndsAtOnceInTheMiddleOfThings) {
  for (int i = 0; i < 20; ++i) {
    auto worker = std::make_unique<Worker>(options());
    for (JobNumber job = 1; job <= 10; ++job) worker->invoke(job, Worker::Action::insert, picture());
    std::this_thread::sleep_for(std::chrono::milliseconds(i));
    const auto start = std::chrono::steady_clock::now();
    worker.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);
  }
}

}  // namespace
}  // namespace inset
