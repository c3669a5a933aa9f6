// SPDX-License-Identifier: GPL-2.0-or-later
// Every system call that an insert makes on its data folder fails once, in every way; and a sample of the requests for
// memory. After each, without torture: never more than one charge, and the picture on the canvas.
#include <algorithm>
#include <csignal>
#include <cstdlib>
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

  Spawn tortured(int index, const std::map<std::string, std::string>& how) {
    fresh();
    Spawn spawn = insert_words({std::string("generation=") + kMany, "index=" + std::to_string(index)});
    (*spawn.environment)["LD_PRELOAD"] = how.contains("TORTURE_NEW") ? NO_MEMORY : TORTURE;
    (*spawn.environment)["TORTURE_FOLDER"] = data();
    for (const auto& [key, value] : how) (*spawn.environment)[key] = value;
    return spawn;
  }
  // How many there are in a whole insert in which none fails.
  long count_all(const std::string& what) {
    EXPECT_EQ(run(tortured(0, {{what, "0"}, {"TORTURE_COUNT", folder() / "count"}})).status, 0);
    return std::strtol(read_file(folder() / "count").c_str(), nullptr, 10);
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
  // Some are taken up by `resume` before the next `insert`, the others by that alone.
  static bool is_resumed(std::size_t i) { return i % 2 == 0; }
  Case make_case(int index, const std::map<std::string, std::string>& how, std::string what) {
    Case each{tortured(index, how), {}, {}, std::move(what)};
    each.resume = easel("resume");
    each.insert = insert_words({std::string("generation=") + kMany, "index=" + std::to_string(index)});
    return each;
  }
  // Case i is about picture first + i.
  void run_cases(const std::vector<Case>& cases, int first, int* failed, bool memory_fails = false) {
    constexpr std::size_t kAtOnce = 6;
    for (std::size_t from = 0; from < cases.size(); from += kAtOnce) {
      const std::size_t to = std::min(cases.size(), from + kAtOnce);
      std::vector<Spawn> torture;
      std::vector<Spawn> resume;
      std::vector<Spawn> insert;
      for (std::size_t i = from; i < to; ++i) {
        torture.push_back(cases[i].torture);
        if (is_resumed(i)) resume.push_back(cases[i].resume);
        insert.push_back(cases[i].insert);
      }
      const auto hurt = run_all(torture);
      std::vector<std::size_t> charged;
      for (std::size_t i = from; i < to; ++i) charged.push_back(charges_of(first + static_cast<int>(i)));
      for (const Ended& ended : run_all(resume)) {
        const bool left = ended.last("rests").value("cause", "") == "outcome_unknown";
        EXPECT_TRUE(ended.status == 0 || left) << cases[from].what << " and the next\n" << ended;
      }
      auto inserted = run_all(insert);
      for (std::size_t i = from; i < to; ++i) {
        SCOPED_TRACE(cases[i].what);
        const std::size_t k = i - from;
        // Without memory for it, the JSON library's destructor ends a process; nothing else may.
        const bool in_json = hurt[k].signal == SIGABRT && memory_fails;
        EXPECT_TRUE(hurt[k].signal == 0 || in_json) << "crashed: " << hurt[k];
        aborted_ += in_json;
        EXPECT_LE(charged[k], 1u) << hurt[k];
        if (charged[k] == 1) {
          EXPECT_NE(hurt[k].paid(), "no") << "charged, and said otherwise: " << hurt[k];
          EXPECT_TRUE(hurt[k].status == 0 || hurt[k].status == 6 || hurt[k].count("placed") == 1 || in_json) << hurt[k];
        }
        *failed += hurt[k].status != 0;
        if (charged[k] == 0 && inserted[k].cause() == "outcome_unknown") {
          ++left_;
          Spawn again = cases[i].insert;
          again.words.push_back("again=yes");
          inserted[k] = run(again);
        }
        EXPECT_EQ(inserted[k].status, 0) << inserted[k] << hurt[k];
        EXPECT_EQ(charges_of(first + static_cast<int>(i)), 1u) << inserted[k] << hurt[k];
      }
    }
  }

  int aborted_ = 0;
  int left_ = 0;  // to the person, because the service knew nothing of an intent on disk

  // Every call, in one way.
  void fail_every_call(const std::string& how) {
    constexpr int kMost = 120;
    serve(many_pictures(kMost + 1, {{"put_answer", 200}}));
    const long calls = count_all("TORTURE_AT");
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
    std::cout << failed << " inserts failed, " << left_ << " left to the person\n";
    // An intent that cannot even be taken back has to be doubted; one that can has not.
    EXPECT_LE(left_, how == "ALWAYS" ? 2 : 0);
    if (how == "SHORT") {
      EXPECT_EQ(failed, 0) << "the rest of a short write is written";
    } else {
      EXPECT_GT(failed, 5);
    }
  }
};

TEST_F(Torture, EveryCallFindsTheDiskFull) { fail_every_call("ENOSPC"); }
TEST_F(Torture, EveryCallFailsOnTheDevice) { fail_every_call("EIO"); }
TEST_F(Torture, EveryCallIsInterrupted) { fail_every_call("EINTR"); }
TEST_F(Torture, EveryWriteIsShort) { fail_every_call("SHORT"); }
TEST_F(Torture, TheDiskIsFullFromAnyCallOn) { fail_every_call("ALWAYS"); }

// Between any two steps on the disk. What the service knows is on the canvas in the end; what it does not know is the
// person's.
TEST_F(Torture, KilledBeforeEveryCall) {
  constexpr int kMost = 120;
  serve(many_pictures(kMost + 1, {{"put_answer", 200}}));
  const long calls = count_all("TORTURE_AT");
  ASSERT_GT(calls, 15);
  ASSERT_LE(calls, kMost);
  std::vector<Spawn> killed;
  std::vector<Spawn> resumes;
  std::vector<Spawn> inserts;
  for (int at = 1; at <= calls; ++at) {
    const Case each = make_case(at, {{"TORTURE_AT", std::to_string(at)}, {"TORTURE_HOW", "KILL"}}, "");
    killed.push_back(each.torture);
    resumes.push_back(each.resume);
    inserts.push_back(each.insert);
  }
  int unclear = 0;
  for (const Ended& ended : run_all(killed)) EXPECT_EQ(ended.signal, SIGKILL) << ended;
  std::vector<std::size_t> charged;
  for (int at = 1; at <= calls; ++at) charged.push_back(charges_of(at));
  const auto resumed = run_all(resumes);
  const auto inserted = run_all(inserts);
  for (int at = 1; at <= calls; ++at) {
    SCOPED_TRACE("killed before call " + std::to_string(at));
    const auto i = static_cast<std::size_t>(at - 1);
    EXPECT_LE(charged[i], 1u);
    if (charged[i] == 1) {
      EXPECT_EQ(resumed[i].status, 0) << resumed[i];
      EXPECT_EQ(inserted[i].status, 0) << inserted[i];
    } else if (inserted[i].status != 0) {
      EXPECT_EQ(resumed[i].status, 6) << resumed[i];
      EXPECT_EQ(inserted[i].status, 6) << inserted[i];
      EXPECT_EQ(inserted[i].cause(), "outcome_unknown");
      EXPECT_EQ(charges_of(at), 0u);
      Spawn again = inserts[i];
      again.words.push_back("again=yes");
      EXPECT_EQ(run(again).status, 0);
      ++unclear;
    }
    EXPECT_EQ(charges_of(at), 1u);
  }
  std::cout << calls << " places to die, " << unclear << " left to the person\n";
  EXPECT_GE(unclear, 1) << "at least between the intent's write and its sync";
  EXPECT_LE(unclear, 3);
}

// A request for memory that finds none ends the job, or is survived. A sample, spread evenly.
TEST_F(Torture, MemoryThatIsRefusedOnce) {
  constexpr int kSample = 48;
  serve(many_pictures(kSample + 1, {{"put_answer", 200}}));
  const long requests = count_all("TORTURE_NEW");
  std::cout << requests << " requests for memory\n";
  ASSERT_GT(requests, 1000) << "the library is not in front of them";
  std::vector<Case> cases;
  for (int i = 1; i <= kSample; ++i) {
    const long at = requests * i / (kSample + 1);
    cases.push_back(make_case(i, {{"TORTURE_NEW", std::to_string(at)}}, "request " + std::to_string(at)));
  }
  int failed = 0;
  run_cases(cases, 1, &failed, true);
  std::cout << failed << " inserts failed, " << aborted_ << " of them in the JSON library, " << left_
            << " left to the person\n";
  EXPECT_GT(failed, 5);
  EXPECT_LE(aborted_, kSample / 8);
}

}  // namespace
}  // namespace e2e
