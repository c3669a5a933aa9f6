// SPDX-License-Identifier: GPL-2.0-or-later
// Pay once, never lose it: programs killed in every phase and at random moments, and programs that meet over one picture. After
// each of them the same two questions: was more than one licence charged, and does what was charged get onto the canvas?
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
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

  // Kills an insert while the service holds back its answer on this route, and lets the service go on.
  void kill_while_held(const Json& rule) {
    serve({{"rules", rule}});
    Program program(insert_words());
    ASSERT_TRUE(service().wait_until_held("here", 60s));
    program.send(SIGKILL);
    EXPECT_EQ(finish(program).signal, SIGKILL);
    service().let_go("here");
    rules(Json::array());
  }
};

TEST_F(Kill, BeforeAnythingWasRequestedCostsNothing) {
  for (const char* route : {"token", "generation", "sizes"}) {
    fresh();
    kill_while_held(rule(route, {{"hold", "here"}}));
    EXPECT_EQ(resume().status, 0) << route;
    EXPECT_EQ(charges(), 0u) << route;
    expect_placed(insert());
  }
}

TEST_F(Kill, BetweenThePutAndItsAnswerIsFinishedByAsking) {
  kill_while_held(rule("put", {{"hold", "here"}, {"charge", true}}));
  EXPECT_EQ(charges(), 1u);
  expect_placed(resume());
  EXPECT_EQ(puts(), 1);
  expect_placed(insert());  // once more, from the kept file
}

TEST_F(Kill, WhileTheServicePreparesIsFinished) {
  kill_while_held(rule("get", {{"hold", "here"}}));
  expect_placed(resume());
  EXPECT_EQ(puts(), 1);
}

TEST_F(Kill, InTheMiddleOfTheFileIsFetchedAnew) {
  kill_while_held(rule("file", {{"hold", "here"}, {"hold_at", 30000}}));
  expect_placed(resume());
  EXPECT_EQ(puts(), 1);
}

TEST_F(Kill, AnInsertFinishesWhatAKilledOneBegan) {
  kill_while_held(rule("put", {{"hold", "here"}, {"charge", true}}));
  expect_placed(insert());
  EXPECT_EQ(puts(), 1);
}

TEST_F(Kill, ARequestThatTheServiceNeverTookRestsUntilThePersonSaysSo) {
  kill_while_held(rule("put", {{"hold", "here"}, {"status", 503}, {"charge", false}}));
  const Ended rested = resume();
  EXPECT_EQ(rested.status, 6) << rested;
  EXPECT_EQ(rested.last("rests").value("cause", ""), "outcome_unknown") << rested;
  EXPECT_EQ(rested.last("rests").value("paid", ""), "maybe");
  expect_failed(insert(), 6, "outcome_unknown", "maybe");
  EXPECT_EQ(puts(), 1);
  expect_placed(insert({"again=yes"}));
  EXPECT_EQ(puts(), 2);
}

// One insert that is killed at some moment, and what follows it, with a folder of its own.
struct Attempt {
  int index = 0;
  std::chrono::milliseconds killed_after{0};
  Spawn insert;
  Spawn resume;
  Spawn again;
};

TEST_F(Kill, AtRandomMomentsNeverChargesTwiceAndLosesNothing) {
  constexpr int at_once = 5;
  const char* wanted = std::getenv("INSET_KILL_RUNS");
  const int runs = wanted ? std::atoi(wanted) : 20;
  ASSERT_GT(runs, 0);
  // Slow enough that no phase is over in no time.
  const Json slow = Json::array({rule("put", {{"delay", 0.3}}), rule("get", {{"delay", 0.2}}),
                                 rule("sizes", {{"delay", 0.2}}), rule("file", {{"rate", 100000}})});
  serve(many_pictures(runs, {{"rules", slow}}));
  std::mt19937 random(20261122);
  std::uniform_int_distribution<int> moment(0, 6000);
  int killed = 0;
  int charged_before = 0;
  int placed_by_resume = 0;
  int needed_a_word = 0;

  for (int first = 0; first < runs; first += at_once) {
    std::vector<Attempt> attempts;
    for (int index = first; index < std::min(first + at_once, runs); ++index) {
      fresh();
      Attempt attempt;
      attempt.index = index;
      attempt.killed_after = std::chrono::milliseconds(moment(random));
      const Words words = {std::string("generation=") + kMany, "index=" + std::to_string(index)};
      Words again = words;
      again.push_back("again=yes");
      attempt.insert = insert_words(words);
      attempt.resume = easel("resume");
      attempt.again = insert_words(again);
      attempts.push_back(std::move(attempt));
    }
    std::sort(attempts.begin(), attempts.end(), [](const auto& a, const auto& b) { return a.killed_after < b.killed_after; });

    const auto begun = std::chrono::steady_clock::now();
    std::vector<std::unique_ptr<Program>> programs;
    for (const Attempt& attempt : attempts) programs.push_back(std::make_unique<Program>(attempt.insert));
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      std::this_thread::sleep_until(begun + attempts[i].killed_after);
      programs[i]->send(SIGKILL);
      killed += finish(*programs[i]).signal == SIGKILL;
    }

    const auto charges_of = [&](int index) {
      const auto charged = service().charged();
      return std::count_if(charged.begin(), charged.end(), [&](const Json& c) { return c["index"] == index; });
    };
    std::vector<Spawn> resumes;
    for (const Attempt& attempt : attempts) resumes.push_back(attempt.resume);
    const std::vector<Ended> resumed = run_all(resumes);
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      const int index = attempts[i].index;
      const auto charged = charges_of(index);
      EXPECT_LE(charged, 1) << "picture " << index;
      charged_before += charged > 0;
      placed_by_resume += resumed[i].count("placed");
      const bool placed = fs::exists(fs::path(attempts[i].resume.words.back()) / "canvas.png");
      EXPECT_EQ(placed, charged == 1) << "what was charged must be on the canvas: picture " << index << "\n" << resumed[i];
      if (charged == 1) EXPECT_EQ(resumed[i].status, 0) << resumed[i];
    }

    // Whatever had happened: the person gets the picture, for one licence.
    std::vector<Spawn> inserts;
    for (const Attempt& attempt : attempts) inserts.push_back(attempt.insert);
    std::vector<Ended> inserted = run_all(inserts);
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      if (inserted[i].status == 6) {
        EXPECT_EQ(inserted[i].cause(), "outcome_unknown") << inserted[i];
        EXPECT_EQ(charges_of(attempts[i].index), 0);
        ++needed_a_word;
        inserted[i] = run(attempts[i].again);
      }
      EXPECT_EQ(inserted[i].status, 0) << inserted[i];
      EXPECT_EQ(inserted[i].count("placed"), 1) << inserted[i];
      EXPECT_EQ(charges_of(attempts[i].index), 1) << "picture " << attempts[i].index;
    }
  }
  std::printf("%d runs: %d killed, %d charged by then, %d placed by resume, %d needed a word for another request; %zu licences in all\n",
              runs, killed, charged_before, placed_by_resume, needed_a_word, charges());
  EXPECT_EQ(charges(), static_cast<std::size_t>(runs));
  EXPECT_GT(killed, 0);
}

TEST_F(Kill, TwoProgramsAtOnceShareOneLicence) {
  serve();
  const std::vector<Ended> both = run_all({insert_words(), insert_words()});
  for (const Ended& ended : both) {
    EXPECT_EQ(ended.status, 0) << ended;
    EXPECT_EQ(ended.count("placed"), 1) << ended;
  }
  EXPECT_EQ(charges(), 1u);
  EXPECT_EQ(puts(), 1);
}

TEST_F(Kill, TwoSizesOfOnePictureWaitForEachOther) {
  serve();
  const std::vector<Ended> both = run_all({insert_words({"size=1k"}), insert_words({"size=4k"})});
  for (const Ended& ended : both) EXPECT_EQ(ended.status, 0) << ended;
  EXPECT_EQ(charges(), 2u);
  EXPECT_EQ(puts(), 2) << "a PUT that meets the other size is answered 409 and would be repeated";
  EXPECT_EQ(count(journal("1k"), "other_size"), 0);
  EXPECT_EQ(count(journal("4k"), "other_size"), 0);
}

}  // namespace
}  // namespace e2e
