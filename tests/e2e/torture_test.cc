// SPDX-License-Identifier: GPL-2.0-or-later
// Every system call that an insert makes on its data folder fails once, in every way; and a sample of the requests for memory.
// After each, without torture: never more than one charge, and the picture on the canvas.
#include <algorithm>
#include <iostream>
#include <sstream>

#include "fixture.h"

namespace e2e {
namespace {

class Torture : public E2e {
 protected:
  void SetUp() override {
    E2e::SetUp();
    killed_ = true;  // a link that could not be taken away stays until the next insert
  }

  struct Counts {
    long calls = 0;
    long requests = 0;
  };
  Spawn tortured(int index, const std::map<std::string, std::string>& how) {
    fresh();
    Spawn spawn = insert_words({std::string("generation=") + kMany, "index=" + std::to_string(index)});
    (*spawn.environment)["LD_PRELOAD"] = TORTURE;
    (*spawn.environment)["TORTURE_FOLDER"] = data();
    for (const auto& [key, value] : how) (*spawn.environment)[key] = value;
    return spawn;
  }
  // What a whole insert does, with nothing failing.
  Counts count_all(int index, const std::map<std::string, std::string>& more = {}) {
    std::map<std::string, std::string> how = {{"TORTURE_AT", "0"}, {"TORTURE_COUNT", folder() / "count"}};
    how.insert(more.begin(), more.end());
    EXPECT_EQ(run(tortured(index, how)).status, 0);
    Counts counts;
    std::istringstream(read_file(folder() / "count")) >> counts.calls >> counts.requests;
    return counts;
  }
  std::size_t charges_of(int index) {
    std::size_t count = 0;
    for (const Json& charge : service().charged()) count += charge.value("index", -1) == index;
    return count;
  }

  struct Case {
    Spawn torture;
    Spawn resume;
    Spawn insert;
    std::string what;
  };
  Case make_case(int index, const std::map<std::string, std::string>& how, std::string what) {
    Case each{tortured(index, how), {}, {}, std::move(what)};
    each.resume = easel("resume");
    each.insert = insert_words({std::string("generation=") + kMany, "index=" + std::to_string(index)});
    return each;
  }
  // Case i is about picture first + i.
  void run_cases(const std::vector<Case>& cases, int first, int* failed) {
    constexpr std::size_t kAtOnce = 6;
    for (std::size_t from = 0; from < cases.size(); from += kAtOnce) {
      const std::size_t to = std::min(cases.size(), from + kAtOnce);
      std::vector<Spawn> torture;
      std::vector<Spawn> resume;
      std::vector<Spawn> insert;
      for (std::size_t i = from; i < to; ++i) {
        torture.push_back(cases[i].torture);
        resume.push_back(cases[i].resume);
        insert.push_back(cases[i].insert);
      }
      const auto hurt = run_all(torture);
      std::vector<std::size_t> charged;
      for (std::size_t i = from; i < to; ++i) charged.push_back(charges_of(first + static_cast<int>(i)));
      const auto resumed = run_all(resume);
      const auto inserted = run_all(insert);
      for (std::size_t i = from; i < to; ++i) {
        SCOPED_TRACE(cases[i].what);
        const std::size_t k = i - from;
        EXPECT_EQ(hurt[k].signal, 0) << "crashed: " << hurt[k];
        EXPECT_LE(charged[k], 1u) << hurt[k];
        if (charged[k] == 1) {
          EXPECT_NE(hurt[k].paid(), "no") << "charged, and said otherwise: " << hurt[k];
          EXPECT_TRUE(hurt[k].status == 0 || hurt[k].status == 6) << hurt[k];
        }
        *failed += hurt[k].status != 0;
        EXPECT_EQ(resumed[k].status, 0) << resumed[k] << hurt[k];
        EXPECT_EQ(inserted[k].status, 0) << inserted[k] << hurt[k];
        EXPECT_EQ(charges_of(first + static_cast<int>(i)), 1u) << inserted[k] << hurt[k];
      }
    }
  }

  // Every call, in one way.
  void fail_every_call(const std::string& how) {
    constexpr int kMost = 120;
    serve(many_pictures(kMost + 1, {{"put_answer", 200}}));
    const long calls = count_all(0).calls;
    std::cout << calls << " calls\n";
    ASSERT_GT(calls, 15) << "the library is not in front of the calls";
    ASSERT_LE(calls, kMost);
    std::vector<Case> cases;
    for (long at = 1; at <= calls; ++at) {
      cases.push_back(make_case(static_cast<int>(at), {{"TORTURE_AT", std::to_string(at)}, {"TORTURE_HOW", how}},
                                how + " at call " + std::to_string(at)));
    }
    int failed = 0;
    run_cases(cases, 1, &failed);
    std::cout << failed << " inserts failed\n";
    // Interrupted and short calls are to be repeated, and most are.
    const bool is_repeated = how == "EINTR" || how == "SHORT";
    EXPECT_GT(failed, is_repeated ? -1 : 5);
  }
};

TEST_F(Torture, EveryCallFindsTheDiskFull) { fail_every_call("ENOSPC"); }
TEST_F(Torture, EveryCallFailsOnTheDevice) { fail_every_call("EIO"); }
TEST_F(Torture, EveryCallIsInterrupted) { fail_every_call("EINTR"); }
TEST_F(Torture, EveryWriteIsShort) { fail_every_call("SHORT"); }
TEST_F(Torture, TheDiskIsFullFromAnyCallOn) { fail_every_call("ALWAYS"); }

// No crash of the host's own making: a request for memory that fails ends the job, or is survived. A sample, spread evenly.
TEST_F(Torture, MemoryThatIsRefusedOnce) {
  constexpr int kSample = 48;
  serve(many_pictures(kSample + 1, {{"put_answer", 200}}));
  const long requests = count_all(0, {{"TORTURE_MALLOC", "1000000000"}}).requests;
  std::cout << requests << " requests for memory\n";
  ASSERT_GT(requests, 1000);
  std::vector<Case> cases;
  for (int i = 1; i <= kSample; ++i) {
    const long at = requests * i / (kSample + 1);
    cases.push_back(make_case(i, {{"TORTURE_MALLOC", std::to_string(at)}}, "request " + std::to_string(at)));
  }
  int failed = 0;
  run_cases(cases, 1, &failed);
  std::cout << failed << " inserts failed\n";
}

}  // namespace
}  // namespace e2e
