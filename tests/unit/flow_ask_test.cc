// SPDX-License-Identifier: GPL-2.0-or-later
// The flow: asking the service, how often, and the person's word for another PUT.
#include "flow.h"

#include <gtest/gtest.h>

#include <utility>

#include "flow_script.h"

namespace inset {
namespace {

using namespace test;
using namespace std::chrono_literals;

// ---- answers to the asking GET ----

TEST(FlowGet, A200IsTheFile) {
  Script script;
  script.to_asking_get().on(our_file()).write<ReadyRecord>();
  EXPECT_TRUE(script.wants<Flow::Fetch>());
}

TEST(FlowGet, A200WithAnotherSizesFileIsAskedAgain) {
  Script script;
  script.to_polling_get().on(other_sizes_file());
  EXPECT_EQ(script.record<ReadyRecord>(), nullptr);
  EXPECT_EQ(script.waiting(), 800ms);
  script.wait();
  EXPECT_TRUE(script.wants<Flow::Get>());
}

TEST(FlowGet, A202IsNotedOnceAndPolled) {
  Script script;
  script.to_asking_get().on(Flow::Accepted{}).write<PendingRecord>().wait();
  script.on(Flow::Accepted{});
  EXPECT_EQ(script.record<PendingRecord>(), nullptr);
  EXPECT_EQ(script.waiting(), 800ms);
}

TEST(FlowGet, A404WithPendingOnDiskIsPolledAndThenRests) {
  Script script;
  script.to_polling_get().ask_until_the_doubt_is_over();
  EXPECT_GE(script.now - Time(5'000'000), 10min);
  script.expect_failed(Cause::still_preparing, Paid::maybe);
}

TEST(FlowGet, A404CountsOnly30SecondsAfterThePut) {
  Script script;
  script.to_put().after(10s).on(Flow::Unclear{an_error(Cause::too_slow)});
  const Time unclear = script.now;
  script.ask_until_the_doubt_is_over();
  EXPECT_TRUE(script.wants<Flow::Ask>());
  EXPECT_GE(script.now - unclear, 30s);
  EXPECT_LE(script.now - unclear, 32s);
}

TEST(FlowGet, A404AfterARestartCountsFromTheIntentIfItsTimeIsKnown) {
  Script script;
  script.to_put();
  script.restart(insert_4k(), 31s).on(Flow::Unknown{an_error(Cause::not_found, 404)});
  EXPECT_TRUE(script.wants<Flow::Ask>());
  script.restart(insert_4k(), 29s).on(Flow::Unknown{an_error(Cause::not_found, 404)});
  EXPECT_TRUE(script.wants<Flow::Wait>());
  script.restart(insert_4k(), {}).on(Flow::Unknown{an_error(Cause::not_found, 404)});
  EXPECT_TRUE(script.wants<Flow::Wait>());
}

TEST(FlowGet, A401IsRenewedOnce) {
  Script script;
  script.to_asking_get().on(Flow::Unauthorized{an_error(Cause::credentials_refused, 401)});
  EXPECT_TRUE(script.wants<Flow::Renew>());
  script.on(Flow::Renewed{});
  EXPECT_TRUE(script.wants<Flow::Get>());
  script.on(Flow::Unauthorized{an_error(Cause::credentials_refused, 401)})
      .expect_failed(Cause::credentials_refused, Paid::maybe);
}

TEST(FlowGet, ATokenThatRunsOutLaterIsRenewedAnew) {
  Script script;
  script.to_polling_get().on(Flow::Unauthorized{an_error(Cause::credentials_refused, 401)}).on(Flow::Renewed{});
  script.on(Flow::Accepted{}).wait().on(Flow::Unauthorized{an_error(Cause::credentials_refused, 401)});
  EXPECT_TRUE(script.wants<Flow::Renew>());
}

TEST(FlowGet, ARenewalThatFailsRestsAsMaybePaid) {
  Script script;
  script.to_asking_get().on(Flow::Unauthorized{an_error(Cause::credentials_refused, 401)});
  script.on(Flow::RenewFailed{an_error(Cause::credentials_refused, 400)})
      .expect_failed(Cause::credentials_refused, Paid::maybe);
}

TEST(FlowGet, A400Or403RestsAsMaybePaid) {
  for (const auto& [cause, status] : {std::pair(Cause::bad_request, 400), std::pair(Cause::forbidden, 403)}) {
    Script script;
    script.to_asking_get().on(Flow::Refused{an_error(cause, status), ""}).expect_failed(cause, Paid::maybe);
    EXPECT_EQ(script.record<RefusedRecord>(), nullptr);
  }
}

TEST(FlowGet, A410EndsAsMaybePaid) {
  Script script;
  script.to_asking_get().on(Flow::Gone{an_error(Cause::gone, 410)}).expect_failed(Cause::gone, Paid::maybe);
}

TEST(FlowGet, AnythingElseIsAskedAgainAFewTimes) {
  for (const Flow::Event& event : {Flow::Event(Flow::Busy{an_error(Cause::server_error, 503), {}}),
                                   Flow::Event(Flow::Busy{an_error(Cause::rate_limited, 429), {}}),
                                   Flow::Event(Flow::Unclear{an_error(Cause::connection_lost)}),
                                   Flow::Event(Flow::NotSent{an_error(Cause::no_connection)})}) {
    Script script;
    script.to_asking_get();
    int asked = 1;
    for (; asked < 20; ++asked) {
      script.on(event);
      if (script.wants<Flow::Fail>()) break;
      script.wait();
      EXPECT_TRUE(script.wants<Flow::Get>());
    }
    EXPECT_EQ(asked, 5);
    EXPECT_EQ(script.failure().paid, Paid::maybe);
  }
}

TEST(FlowGet, AGoodAnswerForgivesEarlierFaults) {
  Script script;
  script.to_polling_get();
  for (int i = 0; i < 20; ++i) {
    script.on(Flow::Busy{an_error(Cause::server_error, 503), {}}).wait();
    script.on(Flow::Accepted{}).wait();
    EXPECT_TRUE(script.wants<Flow::Get>());
  }
}

TEST(FlowGet, NonsenseIsAskedThreeTimes) {
  Script script;
  script.to_asking_get();
  int asked = 1;
  for (; asked < 20; ++asked) {
    script.on(Flow::Unclear{an_error(Cause::bad_answer, 200)});
    if (script.wants<Flow::Fail>()) break;
    script.wait();
  }
  EXPECT_EQ(asked, 3);
  script.expect_failed(Cause::bad_answer, Paid::maybe);
}

TEST(FlowGet, ABusyAnswerIsObeyedIfItSaysHowLong) {
  Script script;
  script.to_polling_get().on(Flow::Busy{an_error(Cause::server_error, 503), 45s});
  EXPECT_GE(script.waiting(), 45s);
}

TEST(FlowGet, AnotherSizesFileDoesNotProveThatOursIsUnderWay) {
  // An unclear PUT, and a service that knows of a finished download of another size: nothing is noted, and in the end
  // the person is asked; a `pending` would forbid that for ever.
  Script script;
  script.to_asking_get();
  while (script.wants<Flow::Get>()) {
    script.on(other_sizes_file());
    EXPECT_EQ(script.record<PendingRecord>(), nullptr);
    if (script.wants<Flow::Wait>()) script.wait();
  }
  EXPECT_GE(script.now - Time(5'000'000), 10min);
  EXPECT_TRUE(script.wants<Flow::Ask>());
  script.on(Flow::Answer{true});
  EXPECT_NE(script.record<IntentRecord>(), nullptr);
}

TEST(FlowGet, AnotherSizesFileAsTheAnswerToThePutIsUnclear) {
  Script script;
  script.to_put().on(other_sizes_file());
  EXPECT_EQ(script.waiting(), 2500ms);
  script.ask_until_the_doubt_is_over();
  EXPECT_TRUE(script.wants<Flow::Ask>());
}

// ---- how often it asks ----

TEST(FlowPolling, FollowsTheScheduleAndRestsAfterTenMinutes) {
  Script script;
  script.to_put().on(Flow::Accepted{}).write<PendingRecord>();
  const Time accepted = script.now;
  int asked = 0;
  while (script.wants<Flow::Wait>()) {
    const Millis age = script.now - accepted;
    const Millis expected = asked == 0 ? 2500ms : age < 12s ? 800ms : age < 60s ? 1000ms : 5000ms;
    EXPECT_EQ(script.waiting(), expected) << "at " << age.count() << " ms";
    script.wait().on(Flow::Accepted{});
    ++asked;
    ASSERT_LT(asked, 1000);
  }
  EXPECT_GE(script.now - accepted, 10min);
  EXPECT_LE(script.now - accepted, 10min + 5s);
  script.expect_failed(Cause::still_preparing, Paid::maybe);
}

TEST(FlowPolling, RetryAfterReplacesTheSchedule) {
  Script script;
  script.to_put().on(Flow::Accepted{false, 9s}).write<PendingRecord>();
  EXPECT_EQ(script.waiting(), 9s);
  script.wait().on(Flow::Accepted{false, 20s});
  EXPECT_EQ(script.waiting(), 20s);
}

TEST(FlowPolling, ARetryAfterOfNothingIsNoBusyLoop) {
  Script script;
  script.to_put().on(Flow::Accepted{false, 0s}).write<PendingRecord>();
  EXPECT_EQ(script.waiting(), 250ms);
}

TEST(FlowPolling, ARetryAfterBeyondTheLimitStillAsksAtTheLimit) {
  Script script;
  script.to_put().on(Flow::Accepted{}).write<PendingRecord>();
  script.after(2500ms).on(Flow::Elapsed{});
  script.after(9min).on(Flow::Accepted{false, 5min});
  EXPECT_EQ(script.waiting(), 10min - 9min - 2500ms);
  script.wait();
  EXPECT_TRUE(script.wants<Flow::Get>());
}

TEST(FlowPolling, ElapsedTooEarlyChangesNothing) {
  Script script;
  script.to_put().on(Flow::Accepted{}).write<PendingRecord>();
  EXPECT_FALSE(script.flow.on(Flow::Elapsed{}, script.now + 2499ms));
  EXPECT_TRUE(script.wants<Flow::Wait>());
  EXPECT_TRUE(script.flow.on(Flow::Elapsed{}, script.now + 2500ms));
}

TEST(FlowPolling, AResumedJobHasTenMinutesOfItsOwn) {
  Script script;
  script.to_polling_get().ask_until_the_doubt_is_over();
  script.after(24h).restart(resume_4k(), 24h);
  EXPECT_TRUE(script.wants<Flow::Get>());
  script.on(Flow::Accepted{});
  EXPECT_TRUE(script.wants<Flow::Wait>());
}

// ---- the person's word ----

TEST(FlowAgain, TheQuestionIsAnsweredWithANewIntent) {
  Script script;
  script.to_asking_get().ask_until_the_doubt_is_over();
  ASSERT_TRUE(script.wants<Flow::Ask>());
  script.on(Flow::Answer{true});
  ASSERT_NE(script.record<IntentRecord>(), nullptr);
  EXPECT_EQ(script.record<IntentRecord>()->attempt, 2);
  script.write<IntentRecord>();
  EXPECT_TRUE(script.wants<Flow::Put>());
}

TEST(FlowAgain, TheQuestionIsAnsweredWithNo) {
  Script script;
  script.to_asking_get().ask_until_the_doubt_is_over();
  script.on(Flow::Answer{false}).expect_failed(Cause::outcome_unknown, Paid::maybe);
}

TEST(FlowAgain, AgainYesIsUsedOnlyOnceTheServiceWasAsked) {
  Script script;
  script.to_put();
  script.restart(insert_again());
  EXPECT_TRUE(script.wants<Flow::Get>());
  script.ask_until_the_doubt_is_over();
  EXPECT_NE(script.record<IntentRecord>(), nullptr);
}

TEST(FlowAgain, OneWordIsOnePut) {
  Script script;
  script.to_put();
  script.restart(insert_again()).ask_until_the_doubt_is_over();
  script.write<IntentRecord>().on(Flow::Unclear{an_error(Cause::too_slow)});
  script.ask_until_the_doubt_is_over();
  EXPECT_TRUE(script.wants<Flow::Ask>());
}

TEST(FlowAgain, AgainYesDoesNotBuyWhatIsThere) {
  Script script;
  script.to_fetch();
  script.restart(insert_again());
  EXPECT_TRUE(script.wants<Flow::Fetch>());
}

TEST(FlowAgain, WithoutAnUnclearPutAgainYesChangesNothing) {
  Script script{insert_again()};
  script.to_put().on(Flow::Unclear{an_error(Cause::too_slow)}).ask_until_the_doubt_is_over();
  // The word was given before this PUT, so it is not about it.
  EXPECT_TRUE(script.wants<Flow::Ask>());
}

TEST(FlowAgain, ARefusedSecondPutLeavesTheFirstOneUnclear) {
  Script script;
  script.to_asking_get().ask_until_the_doubt_is_over();
  script.on(Flow::Answer{true}).write<IntentRecord>();
  script.on(Flow::Refused{an_error(Cause::quota_used_up, 403), "ProductQuotaExceeded"}).write<RefusedRecord>();
  script.expect_failed(Cause::quota_used_up, Paid::maybe);
  script.restart(insert_4k());
  EXPECT_TRUE(script.wants<Flow::Get>());
}

TEST(FlowAgain, AResumeNeverPuts) {
  Script script;
  script.to_put();
  script.restart(resume_4k()).ask_until_the_doubt_is_over().expect_failed(Cause::outcome_unknown, Paid::maybe);
  Script nothing{resume_4k()};
  EXPECT_TRUE(nothing.wants<Flow::Finish>());
}

}  // namespace
}  // namespace inset
