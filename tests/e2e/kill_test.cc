// SPDX-License-Identifier: GPL-2.0-or-later
// SIGKILL at any moment, then `resume`, then `insert`: never more charges than the person asked for, and everything
// that was charged on the canvas in the end. INSET_KILL_RUNS says how many random moments (20).
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <random>
#include <thread>

#include "fixture.h"

namespace e2e {
namespace {

class Kill : public E2e {
 protected:
  void SetUp() override {
    E2e::SetUp();
    killed_ = true;
  }

  struct One {
    Spawn insert;
    Spawn resume;
    fs::path data;
    fs::path out;
    bool finished = false;
    Ended killed;
  };

  One make_run(int index, const std::string& size) {
    fresh();
    const Words words = {std::string("generation=") + kMany, "index=" + std::to_string(index), "size=" + size};
    return {insert_words(words), easel("resume"), data(), out(), false, {}};
  }

  std::size_t charges_of(int index) const {
    std::size_t count = 0;
    for (const Json& charge : service_charges()) count += charge.value("index", -1) == index;
    return count;
  }
  std::vector<Json> service_charges() const { return const_cast<Kill*>(this)->service().charged(); }

  // After the kill: resume asks and fetches, insert places (or, where the service knows of nothing, leaves it to the
  // person).
  void take_up(One& one, int index, int* placed, int* by_the_person) {
    const Ended resumed = run(one.resume);
    const std::size_t charged = charges_of(index);
    EXPECT_LE(charged, 1u) << resumed;
    if (charged == 1 && !one.finished) {
      EXPECT_EQ(resumed.status, 0) << resumed;
      EXPECT_TRUE(fs::exists(one.out / "canvas.png")) << "charged, and not on the canvas: " << resumed;
    }
    Ended again = run(one.insert);
    if (again.status == 6 && again.cause() == "outcome_unknown") {
      EXPECT_EQ(charges_of(index), 0u) << again;
      Spawn word = one.insert;
      word.words.push_back("again=yes");
      again = run(word);
      ++*by_the_person;
    }
    EXPECT_EQ(again.status, 0) << again;
    EXPECT_EQ(charges_of(index), 1u) << again;
    EXPECT_TRUE(fs::exists(one.out / "canvas.png"));
    *placed += again.status == 0;
    for (const auto& entry : fs::recursive_directory_iterator(one.data)) {
      EXPECT_NE(entry.path().extension(), ".link") << "a link that nobody needs any more";
    }
  }
};

// In four parts, so that they can be run at the same time.
class KillPart : public Kill, public testing::WithParamInterface<int> {};
constexpr int kParts = 4;

TEST_P(KillPart, AtRandomMoments) {
  const char* wanted = std::getenv("INSET_KILL_RUNS");
  const int all_runs = wanted ? std::atoi(wanted) : 20;
  const int runs = all_runs / kParts + (GetParam() < all_runs % kParts ? 1 : 0);
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
  std::cout << "seed " << seed << "\n";
  serve(many_pictures(runs, {{"ready_polls", 2}, {"file_seconds", 0.4}}));
  int placed = 0;
  int by_the_person = 0;
  int finished = 0;
  constexpr int kAtOnce = 3;
  for (int first = 0; first < runs; first += kAtOnce) {
    const int count = std::min(kAtOnce, runs - first);
    std::vector<One> ones;
    for (int i = 0; i < count; ++i) ones.push_back(make_run(first + i, random() % 4 == 0 ? "4k" : "1k"));
    std::vector<int> moments;
    for (int i = 0; i < count; ++i) moments.push_back(static_cast<int>(random() % 5500));
    std::vector<std::thread> threads;
    std::mutex mutex;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&, i] {
        Program program(ones[static_cast<std::size_t>(i)].insert);
        std::this_thread::sleep_for(std::chrono::milliseconds(moments[static_cast<std::size_t>(i)]));
        program.send(SIGKILL);
        const std::lock_guard lock(mutex);
        One& one = ones[static_cast<std::size_t>(i)];
        one.killed = finish(program);
        one.finished = one.killed.signal == 0;
      });
    }
    for (std::thread& thread : threads) thread.join();
    threads.clear();
    for (int i = 0; i < count; ++i) {
      SCOPED_TRACE("killed after " + std::to_string(moments[static_cast<std::size_t>(i)]) + " ms");
      finished += ones[static_cast<std::size_t>(i)].finished;
      take_up(ones[static_cast<std::size_t>(i)], first + i, &placed, &by_the_person);
    }
  }
  std::cout << runs << " runs, " << finished << " had ended before the kill, " << placed << " placed, " << by_the_person
            << " requested again on the person's word, " << charges() << " charges, " << puts() << " PUTs\n";
  EXPECT_EQ(charges(), static_cast<std::size_t>(runs));
  EXPECT_EQ(placed, runs);
}

INSTANTIATE_TEST_SUITE_P(Parts, KillPart, testing::Range(0, kParts));

TEST_F(Kill, InEveryPhaseOfTheService) {
  const struct {
    const char* name;
    Json rule;
    std::size_t charged;
  } phases[] = {
      {"token", {{"route", "token"}}, 0},
      {"generation", {{"route", "generation"}}, 0},
      {"sizes", {{"route", "sizes"}}, 0},
      {"put charged", {{"route", "put"}}, 1},
      {"get", {{"route", "get"}}, 1},
      {"file head", {{"route", "file"}}, 1},
      {"file body", {{"route", "file"}, {"hold_at", 60000}}, 1},
  };
  serve(many_pictures(static_cast<int>(std::size(phases))));
  int index = 0;
  int placed = 0;
  int by_the_person = 0;
  for (const auto& phase : phases) {
    SCOPED_TRACE(phase.name);
    const std::string hold = "phase" + std::to_string(index);
    Json each = phase.rule;
    each["hold"] = hold;
    rules(each);
    One one = make_run(index, "1k");
    Program program(one.insert);
    ASSERT_TRUE(service().wait_until_held(hold, 20s));
    program.send(SIGKILL);
    EXPECT_EQ(finish(program).signal, SIGKILL);
    service().let_go(hold);
    rules(Json::array());
    EXPECT_EQ(charges_of(index), phase.charged);
    take_up(one, index, &placed, &by_the_person);
    ++index;
  }
  EXPECT_EQ(placed, index);
  EXPECT_EQ(by_the_person, 0);
}

// Dead between the record and the request: the service knows nothing, and nobody but the person may say so.
TEST_F(Kill, BetweenTheIntentAndThePut) {
  serve(many_pictures(3));
  std::vector<One> ones;
  for (int i = 0; i < 3; ++i) {
    ones.push_back(make_run(i, "1k"));
    Spawn spawn = ones.back().insert;
    (*spawn.environment)["LD_PRELOAD"] = TORTURE;
    (*spawn.environment)["TORTURE_FOLDER"] = data();
    (*spawn.environment)["TORTURE_HOW"] = "KILL_AFTER_INTENT";
    EXPECT_EQ(run(spawn).signal, SIGKILL);
    EXPECT_EQ(records(), "job intent");
  }
  EXPECT_EQ(puts(), 0);
  std::vector<Spawn> resumes;
  for (const One& one : ones) resumes.push_back(one.resume);
  for (const Ended& ended : run_all(resumes)) {
    EXPECT_EQ(ended.status, 6) << ended;
    EXPECT_EQ(ended.last("rests").value("cause", ""), "outcome_unknown") << ended;
    EXPECT_EQ(ended.last("rests").value("paid", ""), "maybe");
  }
  EXPECT_EQ(puts(), 0) << "resume never requests";
  std::vector<Spawn> again;
  for (const One& one : ones) {
    again.push_back(one.insert);
    again.back().words.push_back("again=yes");
  }
  for (const Ended& ended : run_all(again)) EXPECT_EQ(ended.status, 0) << ended;
  EXPECT_EQ(charges(), 3u);
}

TEST_F(Kill, TwoProgramsOnOnePictureOneOfThemKilled) {
  serve(many_pictures(1, {{"ready_polls", 1000}}));
  One one = make_run(0, "1k");
  Program first(one.insert);
  ASSERT_TRUE(first.says("preparing"));
  Program second(one.insert);
  ASSERT_TRUE(second.says("Another program"));
  first.send(SIGKILL);
  finish(first);
  service().change({{"ready_polls", 1}});
  const Ended ended = finish(second);
  expect_placed(ended);
  EXPECT_EQ(puts(), 1);
}

TEST_F(Kill, AResumeAndTheNextOneToo) {
  serve(many_pictures(1, {{"file_seconds", 2}, {"put_answer", 200}}));
  One one = make_run(0, "1k");
  for (const Spawn& spawn : {one.insert, one.resume, one.resume}) {
    Program program(spawn);
    ASSERT_TRUE(program.says("\"bytes\"")) << "in the middle of the file";
    program.send(SIGKILL);
    EXPECT_EQ(finish(program).signal, SIGKILL);
  }
  expect_placed(run(one.resume));
  EXPECT_EQ(puts(), 1);
}

}  // namespace
}  // namespace e2e
