// SPDX-License-Identifier: GPL-2.0-or-later
// The flow: what each outcome of the PUT proves.
#include "flow.h"

#include <gtest/gtest.h>

#include <utility>

#include "flow_script.h"

namespace inset {
namespace {

using namespace test;
using namespace std::chrono_literals;

TEST(FlowPut, A200WithALinkIsReadyAtOnce) {
  Script script;
  script.to_put().on(our_file());
  EXPECT_NE(script.record<ReadyRecord>(), nullptr);
  script.write<ReadyRecord>();
  EXPECT_TRUE(script.wants<Flow::Fetch>());
}

TEST(FlowPut, A202IsAcceptedAndNotedBeforeAnythingElse) {
  Script script;
  script.to_put().on(Flow::Accepted{false, {}});
  ASSERT_NE(script.record<PendingRecord>(), nullptr);
  EXPECT_FALSE(script.record<PendingRecord>()->joined);
  EXPECT_EQ(script.write<PendingRecord>().waiting(), 2500ms);
}

TEST(FlowPut, A409IsJoinedAndPolled) {
  Script script;
  script.to_put().on(Flow::Accepted{true, {}});
  ASSERT_NE(script.record<PendingRecord>(), nullptr);
  EXPECT_TRUE(script.record<PendingRecord>()->joined);
  script.write<PendingRecord>().wait();
  EXPECT_TRUE(script.wants<Flow::Get>());
  EXPECT_EQ(script.flow.paid(), Paid::maybe);
}

TEST(FlowPut, ARefusalIsWrittenDownAndEndsUnpaid) {
  for (const auto& [cause, status] :
       {std::pair(Cause::bad_request, 400), std::pair(Cause::quota_used_up, 403), std::pair(Cause::not_found, 404),
        std::pair(Cause::gone, 410), std::pair(Cause::bad_request, 413), std::pair(Cause::bad_request, 415),
        std::pair(Cause::bad_request, 422), std::pair(Cause::daily_limit, 429)}) {
    Script script;
    script.to_put().on(Flow::Refused{an_error(cause, status), "TheCode"});
    ASSERT_NE(script.record<RefusedRecord>(), nullptr);
    EXPECT_EQ(script.record<RefusedRecord>()->attempt, 1);
    EXPECT_EQ(script.record<RefusedRecord>()->status, status);
    EXPECT_EQ(script.record<RefusedRecord>()->code, "TheCode");
    script.write<RefusedRecord>().expect_failed(cause, Paid::no);
  }
}

TEST(FlowPut, A401RenewsTheTokenOnceAndPutsAgainWithANewIntent) {
  Script script;
  script.to_put().on(Flow::Unauthorized{an_error(Cause::credentials_refused, 401)}).write<RefusedRecord>();
  EXPECT_TRUE(script.wants<Flow::Renew>());
  script.on(Flow::Renewed{});
  ASSERT_NE(script.record<IntentRecord>(), nullptr);
  EXPECT_EQ(script.record<IntentRecord>()->attempt, 2);
  script.write<IntentRecord>();
  EXPECT_TRUE(script.wants<Flow::Put>());
  script.on(Flow::Unauthorized{an_error(Cause::credentials_refused, 401)})
      .write<RefusedRecord>()
      .expect_failed(Cause::credentials_refused, Paid::no);
}

TEST(FlowPut, ARenewalThatFailsEndsUnpaid) {
  Script script;
  script.to_put().on(Flow::Unauthorized{an_error(Cause::credentials_refused, 401)}).write<RefusedRecord>();
  script.on(Flow::RenewFailed{an_error(Cause::credentials_refused, 400)})
      .expect_failed(Cause::credentials_refused, Paid::no);
}

TEST(FlowPut, A429IsTriedAtMostFiveTimesEachWithItsOwnIntent) {
  Script script;
  script.to_put();
  int puts = 1;
  for (; puts < 20; ++puts) {
    script.on(Flow::Busy{an_error(Cause::rate_limited, 429), {}}).write<RefusedRecord>();
    if (script.wants<Flow::Fail>()) break;
    script.wait().write<IntentRecord>();
    EXPECT_TRUE(script.wants<Flow::Put>());
  }
  EXPECT_EQ(puts, 5);
  script.expect_failed(Cause::rate_limited, Paid::no);
}

TEST(FlowPut, A429WaitsAtLeastAsLongAsItWasTold) {
  Script script;
  script.to_put().on(Flow::Busy{an_error(Cause::rate_limited, 429), 17s}).write<RefusedRecord>();
  EXPECT_GE(script.waiting(), 17s);
  EXPECT_LE(script.waiting(), 30s);
}

TEST(FlowPut, A429IsTriedForAtMostFiveMinutes) {
  Script script;
  script.to_put().on(Flow::Busy{an_error(Cause::rate_limited, 429), 5min}).write<RefusedRecord>();
  script.wait().write<IntentRecord>();
  script.on(Flow::Busy{an_error(Cause::rate_limited, 429), 5min}).write<RefusedRecord>();
  script.expect_failed(Cause::rate_limited, Paid::no);
}

TEST(FlowPut, ARequestThatWasNotSentIsRefusedAndTriedAgain) {
  Script script;
  script.to_put().on(Flow::NotSent{an_error(Cause::no_connection)});
  ASSERT_NE(script.record<RefusedRecord>(), nullptr);
  EXPECT_EQ(script.record<RefusedRecord>()->status, 0);
  EXPECT_EQ(script.record<RefusedRecord>()->code, "not_sent");
  script.write<RefusedRecord>().wait().write<IntentRecord>();
  EXPECT_TRUE(script.wants<Flow::Put>());
}

TEST(FlowPut, ARequestThatCannotBeSentAtAllEndsUnpaid) {
  Script script;
  script.to_put().on(Flow::NotSent{an_error(Cause::tls)}).write<RefusedRecord>().expect_failed(Cause::tls, Paid::no);
}

TEST(FlowPut, AnythingElseProvesNothingSoTheServiceIsAsked) {
  for (const Cause cause : {Cause::server_error, Cause::connection_lost, Cause::too_slow, Cause::redirected,
                            Cause::bad_answer, Cause::captive_portal}) {
    Script script;
    script.to_put().on(Flow::Unclear{an_error(cause, 502)});
    EXPECT_EQ(script.waiting(), 2500ms);
    EXPECT_EQ(script.flow.paid(), Paid::maybe);
    script.wait();
    EXPECT_TRUE(script.wants<Flow::Get>());
  }
}

TEST(FlowPut, AProcessThatDiedAfterTheIntentAsks) {
  Script script;
  script.to_put();
  for (const auto& plan : {insert_4k(), insert_again(), resume_4k()}) {
    script.restart(plan);
    EXPECT_TRUE(script.wants<Flow::Get>());
    EXPECT_EQ(script.flow.paid(), Paid::maybe);
  }
}

TEST(FlowPut, AFileThatBelongsToAnotherSizeIsNotTaken) {
  Script script;
  script.to_put().on(other_sizes_file());
  EXPECT_EQ(script.record<ReadyRecord>(), nullptr);
  EXPECT_FALSE(script.wants<Flow::Fetch>());
  EXPECT_EQ(script.flow.paid(), Paid::maybe);
}

}  // namespace
}  // namespace inset
