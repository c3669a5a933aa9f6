// SPDX-License-Identifier: GPL-2.0-or-later
// The rules of the contract when a job is cancelled, or the plugin destroyed, in any phase.
#include <thread>

#include "rules_fixture.h"

namespace contract {
namespace {

struct Phase {
  const char* name;
  const char* rule;   // holds the job there
  const char* route;  // asked once it is there
  bool may_be_paid;
};

const Phase kPhases[] = {
    {"SigningIn", R"({"route": "token", "hold": "x"})", "token", false},
    {"ListingSizes", R"({"route": "sizes", "hold": "x"})", "sizes", false},
    {"Requesting", R"({"route": "put", "hold": "x"})", "put", true},
    {"Waiting", R"({"route": "get", "hold": "x"})", "get", true},
    {"Fetching", R"({"route": "file", "hold": "x", "hold_at": 20000})", "file", true},
};

class RulesInPhase : public Rules, public testing::WithParamInterface<Phase> {
 protected:
  // A job that stands still in this phase.
  int64_t stuck(StrictHost& h) {
    const int64_t job = h.invoke("insert", picture());
    EXPECT_TRUE(h.run([this] { return service_->held("x"); }, 30s))
        << "the service is never asked for " << GetParam().route;
    return job;
  }
  void serve_phase() {
    Json scenario = {{"put_answer", GetParam().route == std::string("get") ? 202 : 200}};
    scenario["rules"] = Json::array({Json::parse(GetParam().rule)});
    serve(scenario);
  }
  // run() looks at its condition after each wake-up only, and a job that stands still gives none.
  StrictHost::Options polling() const {
    StrictHost::Options out = options();
    out.wake = false;
    return out;
  }
};

TEST_P(RulesInPhase, CancelIsAnsweredAtOnce) {
  serve_phase();
  const auto h = host(polling());
  const int64_t job = stuck(*h);
  const auto began = std::chrono::steady_clock::now();
  h->cancel(job);
  ASSERT_TRUE(h->run({}, 10s));
  EXPECT_LT(std::chrono::steady_clock::now() - began, kAtOnce);
  ASSERT_NE(h->end_of(job), nullptr);
  EXPECT_EQ(h->end_of(job)->kind, "failed");
  EXPECT_EQ(h->end_of(job)->get("cause"), "cancelled");
  EXPECT_EQ(h->end_of(job)->get("paid") != "no", GetParam().may_be_paid);
  EXPECT_EQ(h->images_offered(), 0);
}

TEST_P(RulesInPhase, DestroyTakesEffectAtOnce) {
  serve_phase();
  {
    const auto h = host(polling());
    stuck(*h);
    h->destroy();
    EXPECT_LT(h->longest("destroy"), kAtOnce);
    service_->let_go("x");
    std::this_thread::sleep_for(200ms);
    EXPECT_EQ(h->images_offered(), 0);
  }
  // The next life finishes it, if there is something to finish, for one licence.
  service_->change({{"rules", Json::array()}});
  StrictHost::Options scripted = options();
  scripted.form = false;
  const auto h = host(scripted);
  const int64_t job = h->invoke("resume");
  ASSERT_TRUE(h->run({}, 90s));
  ASSERT_NE(h->end_of(job), nullptr);
  EXPECT_EQ(h->images_taken(), GetParam().may_be_paid ? 1 : 0);
  EXPECT_EQ(service_->charged().size(), GetParam().may_be_paid ? 1u : 0u);
}

INSTANTIATE_TEST_SUITE_P(Phases, RulesInPhase, testing::ValuesIn(kPhases),
                         [](const auto& each) { return std::string(each.param.name); });

TEST_F(Rules, WhatWasCutOffIsMadeReadyAndNotPlacedUnasked) {
  serve({{"put_answer", 200}, {"rules", Json::parse(R"([{"route": "file", "hold": "x", "hold_at": 20000}])")}});
  StrictHost::Options polling = options();
  polling.wake = false;
  {
    const auto h = host(polling);
    h->invoke("insert", picture());
    ASSERT_TRUE(h->run([this] { return service_->held("x"); }));
  }
  service_->let_go("x");
  service_->change({{"rules", Json::array()}});
  const auto h = host(polling);
  const auto told = [&] { return !h->events("told").empty(); };
  for (int i = 0; i < 500 && !told(); ++i) {
    h->pump();
    std::this_thread::sleep_for(20ms);
  }
  ASSERT_TRUE(told());
  EXPECT_EQ(h->events("told")[0].job, 0);
  EXPECT_EQ(h->images_offered(), 0);
  h->person = [](const Form&) { return Reaction{Reaction::Kind::accept, {}}; };
  h->invoke("resume");
  ASSERT_TRUE(h->run());
  EXPECT_EQ(h->images_taken(), 1);
  EXPECT_EQ(service_->charged().size(), 1u);
}

TEST_F(Rules, WhatIsPlacedMeanwhileIsNotSaidToBeReady) {
  serve({{"put_answer", 200}, {"rules", Json::parse(R"([{"route": "file", "hold": "x", "hold_at": 20000}])")}});
  const auto first = host(options());
  first->invoke("insert", picture());
  ASSERT_TRUE(first->run([this] { return service_->held("x"); }));
  // It starts while that picture is neither on the disk nor on a canvas, and waits for whoever has it.
  const auto h = host(options());
  const auto go_on = [&](int rounds) {
    for (int i = 0; i < rounds; ++i) {
      h->pump();
      std::this_thread::sleep_for(20ms);
    }
  };
  go_on(25);
  service_->let_go("x");
  ASSERT_TRUE(first->run());
  EXPECT_EQ(first->images_taken(), 1);
  go_on(75);
  EXPECT_TRUE(h->events("told").empty());
}

}  // namespace
}  // namespace contract
