// SPDX-License-Identifier: GPL-2.0-or-later
// A cancel in every phase: answered at once, with the right word about money, and what was paid for comes later. Row 57
// of tests/faults.md.
#include <algorithm>
#include <csignal>
#include <thread>

#include "fixture.h"
#include "half_a_second.h"
#include "proxy.h"

namespace e2e {
namespace {

class Cancel : public E2e {
 protected:
  // Starts, waits for the moment, sends the signal; how long it took to end.
  template <class Moment>
  std::chrono::milliseconds cancel_at(const Spawn& spawn, Moment moment, int signal, Ended* ended) {
    Program program(spawn);
    EXPECT_TRUE(moment(program));
    const auto start = std::chrono::steady_clock::now();
    program.send(signal);
    *ended = finish(program, 20s);
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  }

  template <class Moment>
  void expect_cancelled(Moment moment, int status, const std::string& paid, int signal = SIGINT) {
    auto best = std::chrono::milliseconds(100000);
    for (int i = 0; i < kTries && best > kPromise; ++i) {
      fresh();
      Ended ended;
      const auto took = cancel_at(insert_words(), moment, signal, &ended);
      EXPECT_LT(took, kNever);
      best = std::min(best, took);
      EXPECT_EQ(ended.status, status) << ended;
      EXPECT_EQ(ended.cause(), "cancelled") << ended;
      EXPECT_EQ(ended.paid(), paid) << ended;
      EXPECT_EQ(ended.count("placed"), 0) << ended;
    }
    EXPECT_LE(best, kPromise);
  }

  void expect_cancelled_in(const char* route, int status, const std::string& paid, int signal = SIGINT,
                           Json more = Json::object()) {
    Json each = {{"route", route}, {"hold", "here"}};
    each.update(more);
    int i = 0;
    const auto moment = [&](Program&) { return service().wait_until_held("here" + std::to_string(i), 20s); };
    auto best = std::chrono::milliseconds(100000);
    for (; i < kTries && best > kPromise; ++i) {
      fresh();
      each["hold"] = "here" + std::to_string(i);
      serve(more.contains("settings") ? more["settings"] : Json::object());
      rules(each);
      Ended ended;
      const auto took = cancel_at(insert_words(), moment, signal, &ended);
      EXPECT_LT(took, kNever);
      best = std::min(best, took);
      EXPECT_EQ(ended.status, status) << ended;
      EXPECT_EQ(ended.cause(), "cancelled") << ended;
      EXPECT_EQ(ended.paid(), paid) << ended;
      const int asked = puts();
      const auto charged = charges();
      EXPECT_EQ(asked, paid == "no" ? 0 : 1);
      service().let_go(each["hold"]);
      rules(Json::array());
      if (charged > 0) {
        expect_placed(resume());
        EXPECT_EQ(puts(), asked);
      } else {
        expect_placed(insert());
      }
    }
    EXPECT_LE(best, kPromise);
  }
};

TEST_F(Cancel, WhileSigningIn) { expect_cancelled_in("token", 8, "no"); }
TEST_F(Cancel, WhileLookingAtTheGeneration) { expect_cancelled_in("generation", 8, "no"); }
TEST_F(Cancel, WhileListingSizes) { expect_cancelled_in("sizes", 8, "no", SIGTERM); }
TEST_F(Cancel, WhileListingProducts) { expect_cancelled_in("products", 8, "no", SIGHUP); }
TEST_F(Cancel, WithThePutInFlight) { expect_cancelled_in("put", 6, "maybe"); }
TEST_F(Cancel, WhileAsking) { expect_cancelled_in("get", 6, "maybe", SIGTERM); }
TEST_F(Cancel, BeforeTheFilesFirstByte) { expect_cancelled_in("file", 6, "yes"); }
TEST_F(Cancel, InTheMiddleOfTheFile) { expect_cancelled_in("file", 6, "yes", SIGTERM, {{"hold_at", 50000}}); }

TEST_F(Cancel, WhileWaitingBetweenPolls) {
  // One PUT for each try, of which only the first is not a conflict: another picture for each.
  serve(many_pictures(kTries, {{"ready_polls", 1000}}));
  auto best = std::chrono::milliseconds(100000);
  for (int i = 0; i < kTries && best > kPromise; ++i) {
    fresh();
    Ended ended;
    const auto took = cancel_at(
        insert_words({std::string("generation=") + kMany, "index=" + std::to_string(i)}),
        [](Program& p) { return p.says("preparing"); }, SIGINT, &ended);
    best = std::min(best, took);
    EXPECT_LT(took, kNever);
    EXPECT_EQ(ended.status, 6) << ended;
    EXPECT_EQ(ended.paid(), "maybe");
  }
  EXPECT_LE(best, kPromise);
}

TEST_F(Cancel, WhileABackOffPasses) {
  serve_at_once({{"route", "generation"}, {"status", 503}, {"retry_after", 200}});
  int before = 0;
  expect_cancelled(
      [&](Program&) {
        for (int i = 0; i < 1000 && calls("generation") == before; ++i) std::this_thread::sleep_for(10ms);
        const bool asked = calls("generation") > before;
        before = calls("generation");
        std::this_thread::sleep_for(100ms);
        return asked;
      },
      8, "no");
}

TEST_F(Cancel, WhileANameIsLookedUp) {
  serve_at_once();
  environment()["LD_PRELOAD"] = PRELOAD;
  environment()["TEST_LOOKUPS_HANG"] = "1";
  environment()["INSET_AUTH_URL"] = "https://service.test";
  expect_cancelled(
      [](Program& p) { return p.says("Asking for the sizes") && (std::this_thread::sleep_for(200ms), true); }, 8, "no");
}

TEST_F(Cancel, WhileAServerSaysNothing) {
  for (const char* way : {"accept", "handshake"}) {
    SCOPED_TRACE(way);
    serve_at_once({{"listener", "api"}, {way, "mute"}});
    expect_cancelled(
        [](Program& p) { return p.says("Asking for the sizes") && (std::this_thread::sleep_for(400ms), true); }, 8,
        "no");
  }
}

TEST_F(Cancel, WhileAProxySaysNothing) {
  serve_at_once();
  const BlackHole hole;
  environment()["https_proxy"] = "http://[::1]:" + std::to_string(hole.port());
  expect_cancelled(
      [](Program& p) { return p.says("Asking for the sizes") && (std::this_thread::sleep_for(300ms), true); }, 8, "no");
}

TEST_F(Cancel, WhileAnotherProgramHasThePicture) {
  serve({{"ready_polls", 1000}});
  Program first(insert_words());
  ASSERT_TRUE(first.says("preparing"));
  auto best = std::chrono::milliseconds(100000);
  for (int i = 0; i < kTries && best > kPromise; ++i) {
    Ended ended;
    const auto took = cancel_at(
        insert_words(), [](Program& p) { return p.says("Another program"); }, SIGINT, &ended);
    best = std::min(best, took);
    EXPECT_EQ(ended.status, 6) << "an intent is on disk, whoever wrote it: " << ended;
    EXPECT_EQ(ended.paid(), "maybe");
  }
  EXPECT_LE(best, kPromise);
  first.send(SIGINT);
  EXPECT_EQ(finish(first).status, 6);
  EXPECT_EQ(puts(), 1);
}

TEST_F(Cancel, WhileTheKeptPictureIsDecoded) {
  serve_at_once();
  expect_placed(insert({"index=2", "size=4k"}));
  auto best = std::chrono::milliseconds(100000);
  for (int i = 0; i < kTries && best > kPromise; ++i) {
    fs::remove_all(out());
    Ended ended;
    const auto took = cancel_at(
        insert_words({"index=2", "size=4k"}), [](Program& p) { return p.says("Opening the kept picture"); }, SIGINT,
        &ended);
    best = std::min(best, took);
    EXPECT_LT(took, kNever);
    EXPECT_EQ(ended.status, 6) << ended;
    EXPECT_EQ(ended.paid(), "yes");
    EXPECT_FALSE(fs::exists(out() / "canvas.png"));
  }
  EXPECT_LE(best, kPromise);
  EXPECT_EQ(insert({"index=2", "size=4k"}).status, 0);
  EXPECT_EQ(puts(), 1);
}

// The canvas takes the picture in one call; a cancel in there comes before or after, and never leaves half of it.
TEST_F(Cancel, WhilePlacingItIsAllOrNothing) {
  serve_at_once();
  Ended ended;
  cancel_at(
      insert_words({"size=4k"}), [](Program& p) { return p.says("Placing"); }, SIGINT, &ended);
  EXPECT_TRUE(ended.status == 0 || ended.status == 6) << ended;
  EXPECT_EQ(ended.status == 0, fs::exists(out() / "canvas.png"));
  const Ended again = insert({"size=4k"});
  EXPECT_EQ(again.status, 0) << again;
  EXPECT_EQ(charges(), 1u);
}

TEST_F(Cancel, TheSecondSignalLeavesAtOnce) {
  serve({{"ready_polls", 1000}});
  Program program(insert_words());
  ASSERT_TRUE(program.says("preparing"));
  program.send(SIGINT);
  program.send(SIGINT);
  const Ended ended = finish(program, 10s);
  EXPECT_EQ(ended.status, 6) << ended;
}

TEST_F(Cancel, ATimeOutIsACancel) {
  serve_at_once({{"route", "generation"}, {"no_reply", "mute"}});
  const Ended before = insert({"--timeout", "1"});
  EXPECT_EQ(before.status, 5) << before;
  fresh();
  rules({{"route", "put"}, {"no_reply", "mute"}});
  const Ended after = insert({"--timeout", "8"});  // long enough to come to the request
  EXPECT_EQ(after.status, 6) << after;
  EXPECT_EQ(after.paid(), "maybe");
}

}  // namespace
}  // namespace e2e
