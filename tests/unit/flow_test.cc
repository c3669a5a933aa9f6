// SPDX-License-Identifier: GPL-2.0-or-later
#include "flow.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "flow_script.h"

namespace inset {
namespace {

using namespace test;
using namespace std::chrono_literals;

// ---- the usual way ----

TEST(Flow, TheUsualWayFromLookUpToCanvas) {
  Script script;
  script.to_put().on(Flow::Accepted{}).write<PendingRecord>();
  EXPECT_EQ(script.waiting(), 2500ms);
  script.wait().on(Flow::Accepted{}).wait().on(our_file());
  ASSERT_NE(script.record<ReadyRecord>(), nullptr);
  EXPECT_EQ(script.record<ReadyRecord>()->asset_id, our_asset);
  EXPECT_EQ(std::get<Flow::Write>(script.flow.want()).link, our_link);
  script.write<ReadyRecord>();
  EXPECT_TRUE(script.wants<Flow::Fetch>());
  script.on(Flow::Fetched{file_of(4096, 3072)}).write<SavedRecord>();
  EXPECT_TRUE(script.wants<Flow::Place>());
  script.on(Flow::Placed{"headless"});
  ASSERT_NE(script.record<PlacedRecord>(), nullptr);
  EXPECT_EQ(script.record<PlacedRecord>()->host, "headless");
  script.write<PlacedRecord>();
  EXPECT_TRUE(script.wants<Flow::Finish>());
  EXPECT_EQ(script.flow.paid(), Paid::yes);
}

TEST(Flow, TheJobRecordHoldsWhatWasOffered) {
  Script script;
  script.on(Flow::Offers{offers});
  ASSERT_NE(script.record<JobRecord>(), nullptr);
  EXPECT_EQ(script.record<JobRecord>()->offers, offers);
  EXPECT_EQ(script.record<JobRecord>()->size, "4k");
  script.write<JobRecord>();
  ASSERT_TRUE(script.flow.promised());
  EXPECT_EQ(script.flow.promised()->width, 4096u);
}

TEST(Flow, ASizeThatIsNotOfferedEndsItBeforeAnyPut) {
  Script script;
  script.on(Flow::Offers{{{"1k", 1024, 768}}}).expect_failed(Cause::size_unknown, Paid::no);
}

TEST(Flow, AFailedLookUpEndsItBeforeAnyPut) {
  Script script;
  script.on(Flow::LookUpFailed{an_error(Cause::picture_blocked)}).expect_failed(Cause::picture_blocked, Paid::no);
}

TEST(Flow, TheJobIsNotedAgainOnlyIfOtherSizesAreOffered) {
  Script script;
  script.to_put().on(Flow::Refused{an_error(Cause::quota_used_up, 403), "ProductQuotaExceeded"}).write<RefusedRecord>();
  Script same(insert_4k(), script.disk);
  same.on(Flow::Offers{offers});
  EXPECT_NE(same.record<IntentRecord>(), nullptr);
  Script changed(insert_4k(), script.disk);
  changed.on(Flow::Offers{{{"4k", 4096, 4096}}});
  EXPECT_NE(changed.record<JobRecord>(), nullptr);
}

TEST(Flow, AttemptsAreCountedOverRestarts) {
  Script script;
  script.to_put().on(Flow::Refused{an_error(Cause::bad_request, 400), "InvalidProduct"}).write<RefusedRecord>();
  script.restart(insert_4k()).on(Flow::Offers{offers});
  ASSERT_NE(script.record<IntentRecord>(), nullptr);
  EXPECT_EQ(script.record<IntentRecord>()->attempt, 2);
}

// ---- outcomes of the PUT ----

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
  // The word was given before this PUT became unclear. It is one PUT's worth all the same.
  EXPECT_NE(script.record<IntentRecord>(), nullptr);
  script.write<IntentRecord>().on(Flow::Unclear{an_error(Cause::too_slow)}).ask_until_the_doubt_is_over();
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

// ---- the file ----

TEST(FlowFetch, ALinkThatIsRefusedIsRenewedByGetAtMostThreeTimes) {
  Script script;
  script.to_fetch();
  int links = 0;
  for (; links < 20; ++links) {
    script.on(Flow::FetchFailed{an_error(Cause::link_refused, 403), {}, false});
    if (script.wants<Flow::Fail>()) break;
    ASSERT_TRUE(script.wants<Flow::Get>());
    script.on(our_file()).write<ReadyRecord>();
    ASSERT_TRUE(script.wants<Flow::Fetch>());
  }
  EXPECT_EQ(links, 3);
  script.expect_failed(Cause::link_refused, Paid::yes);
}

TEST(FlowFetch, AFaultOfTheFileHostIsTriedFiveTimes) {
  Script script;
  script.to_fetch();
  int tries = 1;
  for (; tries < 20; ++tries) {
    script.on(Flow::FetchFailed{an_error(Cause::server_error, 503), {}, false});
    if (script.wants<Flow::Fail>()) break;
    script.wait();
    ASSERT_TRUE(script.wants<Flow::Fetch>());
  }
  EXPECT_EQ(tries, 5);
  script.expect_failed(Cause::server_error, Paid::yes);
}

TEST(FlowFetch, ProgressForgivesEarlierFaults) {
  Script script;
  script.to_fetch();
  for (int i = 0; i < 20; ++i) {
    script.on(Flow::FetchFailed{an_error(Cause::connection_lost), {}, true}).wait();
    ASSERT_TRUE(script.wants<Flow::Fetch>());
  }
}

TEST(FlowFetch, TheFileHostsRetryAfterIsObeyed) {
  Script script;
  script.to_fetch().on(Flow::FetchFailed{an_error(Cause::server_error, 503), 40s, false});
  EXPECT_GE(script.waiting(), 40s);
}

TEST(FlowFetch, ADamagedFileIsFetchedThreeTimes) {
  for (const Cause cause : {Cause::file_damaged, Cause::file_incomplete}) {
    Script script;
    script.to_fetch();
    int tries = 1;
    for (; tries < 20; ++tries) {
      script.on(Flow::FetchFailed{an_error(cause), {}, true});
      if (script.wants<Flow::Fail>()) break;
      script.wait();
    }
    EXPECT_EQ(tries, 3);
    script.expect_failed(cause, Paid::yes);
  }
}

TEST(FlowFetch, WhatCannotBetterIsNotTriedAgain) {
  for (const Cause cause : {Cause::link_unsafe, Cause::format_unexpected, Cause::picture_too_large,
                            Cause::decoder_failed, Cause::disk_full, Cause::file_too_large}) {
    Script script;
    script.to_fetch().on(Flow::FetchFailed{an_error(cause), {}, false}).expect_failed(cause, Paid::yes);
  }
}

TEST(FlowFetch, NoPutOnceTheAssetIdIsKnown) {
  Script script;
  script.to_fetch().on(Flow::FetchFailed{an_error(Cause::link_refused, 403), {}, false});
  for (const auto& plan : {insert_4k(), insert_again()}) {
    Script later{plan, script.disk};
    later.on(Flow::FetchFailed{an_error(Cause::link_refused, 403), {}, false});
    later.ask_until_the_doubt_is_over();
    later.expect_failed(Cause::still_preparing, Paid::yes);
  }
}

TEST(FlowFetch, AGoneGenerationEndsAPaidJobAsPaid) {
  Script script;
  script.to_fetch().on(Flow::FetchFailed{an_error(Cause::link_refused, 404), {}, false});
  script.on(Flow::Gone{an_error(Cause::gone, 410)}).expect_failed(Cause::gone, Paid::yes);
}

// ---- the size ----

TEST(FlowSize, OffByTwoPixelsIsPlacedAndSaidSo) {
  for (const auto& [width, height] : {std::pair(4094u, 3072u), std::pair(4096u, 3074u), std::pair(4098u, 3070u)}) {
    Script script;
    script.to_fetch().on(Flow::Fetched{file_of(width, height)});
    ASSERT_NE(script.record<SavedRecord>(), nullptr);
    EXPECT_NE(script.record<SavedRecord>()->note.find("4096 × 3072 were promised"), std::string::npos);
    script.write<SavedRecord>();
    EXPECT_TRUE(script.wants<Flow::Place>());
  }
}

TEST(FlowSize, TheRightSizeNeedsNoWord) {
  Script script;
  script.to_fetch().on(Flow::Fetched{file_of(4096, 3072)});
  ASSERT_NE(script.record<SavedRecord>(), nullptr);
  EXPECT_EQ(script.record<SavedRecord>()->note, "");
  EXPECT_FALSE(script.record<SavedRecord>()->size_differs);
}

TEST(FlowSize, OffByThreePixelsIsFetchedOnceMoreAndThenRests) {
  Script script;
  script.to_fetch().on(Flow::Fetched{file_of(4099, 3072)});
  EXPECT_TRUE(script.wants<Flow::Fetch>());
  script.on(Flow::Fetched{file_of(4099, 3072)});
  ASSERT_NE(script.record<SavedRecord>(), nullptr);
  EXPECT_TRUE(script.record<SavedRecord>()->size_differs);
  script.write<SavedRecord>().expect_failed(Cause::size_mismatch, Paid::yes);
  const std::string message = script.failure().message;
  EXPECT_NE(message.find("4099 × 3072"), std::string::npos) << message;
  EXPECT_NE(message.find("4096 × 3072"), std::string::npos) << message;
}

TEST(FlowSize, ARightSizeOnTheFreshFetchIsPlaced) {
  Script script;
  script.to_fetch().on(Flow::Fetched{file_of(2048, 1536)}).on(Flow::Fetched{file_of(4096, 3072)}).write<SavedRecord>();
  EXPECT_TRUE(script.wants<Flow::Place>());
}

TEST(FlowSize, AnotherSizeRestsUntilItIsAccepted) {
  Script script;
  script.to_fetch().on(Flow::Fetched{file_of(2048, 1536)}).on(Flow::Fetched{file_of(2048, 1536)}).write<SavedRecord>();
  for (const auto& plan : {insert_4k(), insert_again(), resume_4k()}) {
    Script later{plan, script.disk};
    later.expect_failed(Cause::size_mismatch, Paid::yes);
  }
  Script accepted{resume_accepting_the_size(), script.disk};
  EXPECT_TRUE(accepted.wants<Flow::Place>());
}

TEST(FlowSize, AcceptSizeTakesWhateverComes) {
  Flow::Plan plan = insert_4k();
  plan.accept_size = true;
  Script script{plan};
  script.to_fetch().on(Flow::Fetched{file_of(2048, 1536)});
  ASSERT_NE(script.record<SavedRecord>(), nullptr);
  EXPECT_FALSE(script.record<SavedRecord>()->size_differs);
  EXPECT_NE(script.record<SavedRecord>()->note.find("you accepted"), std::string::npos);
  script.write<SavedRecord>();
  EXPECT_TRUE(script.wants<Flow::Place>());
}

TEST(FlowSize, AnotherListedSizeIsFiledUnderThatOne) {
  Script script;
  script.to_fetch().on(Flow::Fetched{file_of(1024, 768)});
  ASSERT_NE(script.record<OtherSizeRecord>(), nullptr);
  EXPECT_EQ(script.record<OtherSizeRecord>()->size, "1k");
  EXPECT_EQ(script.record<OtherSizeRecord>()->asset_id, our_asset);
  script.write<OtherSizeRecord>();
  // The service accepted a PUT for 4k; that it charged nothing for it, nobody said.
  script.expect_failed(Cause::other_size_delivered, Paid::maybe);
}

TEST(FlowSize, AnotherListedSizeThatWasJoinedLeavesThisJobUnpaid) {
  Script script;
  script.to_put().on(Flow::Accepted{true, {}}).write<PendingRecord>().wait().on(our_file()).write<ReadyRecord>();
  script.on(Flow::Fetched{file_of(1024, 768)}).write<OtherSizeRecord>();
  script.expect_failed(Cause::other_size_delivered, Paid::no);
}

TEST(FlowSize, AfterAnotherSizeTheJobStartsAnew) {
  Script script;
  script.to_fetch().on(Flow::Fetched{file_of(1024, 768)}).write<OtherSizeRecord>();
  script.restart(insert_4k());
  EXPECT_TRUE(script.wants<Flow::LookUp>());
  script.restart(resume_4k());
  EXPECT_TRUE(script.wants<Flow::Finish>());
}

TEST(FlowSize, AKeptFileIsNotFiledElsewhereLater) {
  Script script;
  script.to_fetch();
  SavedRecord file = file_of(1024, 768);
  file.size_differs = true;
  script.disk.push_back(file);
  script.restart(resume_4k()).expect_failed(Cause::size_mismatch, Paid::yes);
}

TEST(FlowSize, AnotherSizeLeavesAnOlderUnclearPutUnclear) {
  Script script;
  script.to_asking_get().ask_until_the_doubt_is_over();
  script.on(Flow::Answer{true}).write<IntentRecord>().on(Flow::Accepted{true, {}}).write<PendingRecord>().wait();
  script.on(our_file()).write<ReadyRecord>().on(Flow::Fetched{file_of(1024, 768)}).write<OtherSizeRecord>();
  script.expect_failed(Cause::other_size_delivered, Paid::maybe);
  script.restart(insert_4k());
  EXPECT_TRUE(script.wants<Flow::Get>());  // and no new PUT
  EXPECT_EQ(script.flow.paid(), Paid::maybe);
}

TEST(FlowSize, ALicenceIsNotForgottenBecauseALaterLinkLeadsElsewhere) {
  // The link ran out, and meanwhile another computer had the service make another size.
  Script script;
  script.to_fetch().on(Flow::FetchFailed{an_error(Cause::link_refused, 403), {}, false});
  script.on(Flow::Ready{our_link, "1499999999", false}).write<ReadyRecord>();
  script.on(Flow::Fetched{file_of(1024, 768)}).write<OtherSizeRecord>();
  script.expect_failed(Cause::other_size_delivered, Paid::yes);
  for (const auto& plan : {insert_4k(), insert_again(), resume_4k()}) {
    script.restart(plan);
    EXPECT_TRUE(script.wants<Flow::Fetch>());  // and no new PUT
    EXPECT_EQ(script.flow.paid(), Paid::yes);
  }
}

TEST(FlowSize, AnIdThatTheServiceKeptBackAtFirstIsTheSameLicence) {
  Script script;
  script.to_put().on(Flow::Ready{our_link, "", false}).write<ReadyRecord>();
  script.on(Flow::FetchFailed{an_error(Cause::link_refused, 403), {}, false}).on(our_file()).write<ReadyRecord>();
  script.on(Flow::Fetched{file_of(1024, 768)}).write<OtherSizeRecord>();
  script.restart(insert_4k());
  EXPECT_TRUE(script.wants<Flow::LookUp>());
}

// ---- the canvas ----

TEST(FlowPlace, AFailedPlacementRestsAsSaved) {
  Script script;
  script.to_place().on(Flow::PlaceFailed{an_error(Cause::canvas_gone)}).expect_failed(Cause::canvas_gone, Paid::yes);
  script.restart(resume_4k());
  EXPECT_TRUE(script.wants<Flow::Place>());
}

TEST(FlowPlace, ALostOriginalIsFetchedAgainWithoutAPut) {
  Script script;
  script.to_place().on(Flow::OriginalLost{an_error(Cause::not_found)});
  EXPECT_TRUE(script.wants<Flow::Fetch>());
  script.on(Flow::FetchFailed{an_error(Cause::link_refused), {}, false});
  EXPECT_TRUE(script.wants<Flow::Get>());
  script.on(our_file()).write<ReadyRecord>().on(Flow::Fetched{file_of(4096, 3072)}).write<SavedRecord>();
  EXPECT_TRUE(script.wants<Flow::Place>());
}

TEST(FlowPlace, WithoutPlacingItEndsWhenTheFileIsSaved) {
  Flow::Plan quiet = resume_4k();
  quiet.place = false;
  Script script;
  script.to_fetch().restart(quiet).on(Flow::Fetched{file_of(4096, 3072)}).write<SavedRecord>();
  EXPECT_TRUE(script.wants<Flow::Finish>());
  script.restart(quiet);
  EXPECT_TRUE(script.wants<Flow::Finish>());
}

TEST(FlowPlace, WhatWasPlacedIsPlacedAgainFromTheDisk) {
  Script script;
  script.to_place().on(Flow::Placed{"obs"}).write<PlacedRecord>();
  script.restart(insert_4k());
  EXPECT_TRUE(script.wants<Flow::Place>());
}

// ---- a restart after every record ----

TEST(FlowRestart, AfterTheJobRecordNothingWasRequested) {
  Script script;
  script.on(Flow::Offers{offers}).write<JobRecord>();
  script.restart(insert_4k());
  EXPECT_TRUE(script.wants<Flow::LookUp>());
  EXPECT_EQ(script.flow.paid(), Paid::no);
  script.restart(resume_4k());
  EXPECT_TRUE(script.wants<Flow::Finish>());
}

TEST(FlowRestart, AfterARefusalItMayBeRequestedAnew) {
  Script script;
  script.to_put().on(Flow::Refused{an_error(Cause::quota_used_up, 403), ""}).write<RefusedRecord>();
  script.restart(insert_4k());
  EXPECT_TRUE(script.wants<Flow::LookUp>());
}

TEST(FlowRestart, AfterPendingTheServiceIsAsked) {
  Script script;
  script.to_put().on(Flow::Accepted{}).write<PendingRecord>();
  script.restart(insert_4k());
  EXPECT_TRUE(script.wants<Flow::Get>());
  EXPECT_EQ(script.flow.paid(), Paid::maybe);
}

TEST(FlowRestart, AfterReadyTheFileIsFetched) {
  Script script;
  script.to_fetch().restart(resume_4k());
  EXPECT_TRUE(script.wants<Flow::Fetch>());
  EXPECT_EQ(script.flow.paid(), Paid::yes);
}

TEST(FlowRestart, AfterSavedItIsPlaced) {
  Script script;
  script.to_place().restart(resume_4k());
  EXPECT_TRUE(script.wants<Flow::Place>());
}

TEST(FlowRestart, ACancelledOrDroppedJobIsTakenUpWhereItRested) {
  for (const Record& mark : {Record(CancelledRecord{}), Record(DroppedRecord{})}) {
    Script script;
    script.to_polling_get();
    script.disk.push_back(mark);
    script.restart(insert_4k());
    EXPECT_TRUE(script.wants<Flow::Get>());
    EXPECT_EQ(script.flow.paid(), Paid::maybe);
  }
}

// ---- cancel, and disks that fail, in every state ----

struct Stop {
  const char* state;
  std::function<void(Script&)> reach;
  Paid paid;
  bool rests;  // a cancel is written down
};

const std::vector<Stop>& stops() {
  static const std::vector<Stop> all = {
      {"looking up", [](Script&) {}, Paid::no, false},
      {"noting the job", [](Script& s) { s.on(Flow::Offers{offers}); }, Paid::no, false},
      {"noting the intent", [](Script& s) { s.on(Flow::Offers{offers}).write<JobRecord>(); }, Paid::no, false},
      {"putting", [](Script& s) { s.to_put(); }, Paid::maybe, true},
      {"noting a refusal",
       [](Script& s) {
         s.to_put().on(Flow::Refused{an_error(Cause::forbidden, 403), ""});
       },
       Paid::maybe, true},
      {"renewing for a PUT",
       [](Script& s) { s.to_put().on(Flow::Unauthorized{an_error(Cause::not_signed_in)}).write<RefusedRecord>(); },
       Paid::no, false},
      {"backing off",
       [](Script& s) {
         s.to_put().on(Flow::Busy{an_error(Cause::rate_limited), {}}).write<RefusedRecord>();
       },
       Paid::no, false},
      {"noting that it is accepted", [](Script& s) { s.to_put().on(Flow::Accepted{}); }, Paid::maybe, true},
      {"waiting", [](Script& s) { s.to_put().on(Flow::Accepted{}).write<PendingRecord>(); }, Paid::maybe, true},
      {"getting", [](Script& s) { s.to_polling_get(); }, Paid::maybe, true},
      {"renewing for a GET",
       [](Script& s) { s.to_polling_get().on(Flow::Unauthorized{an_error(Cause::not_signed_in)}); }, Paid::maybe, true},
      {"asking", [](Script& s) { s.to_asking_get().ask_until_the_doubt_is_over(); }, Paid::maybe, true},
      {"noting that it is ready", [](Script& s) { s.to_put().on(our_file()); }, Paid::maybe, true},
      {"fetching", [](Script& s) { s.to_fetch(); }, Paid::yes, true},
      {"waiting to fetch",
       [](Script& s) {
         s.to_fetch().on(Flow::FetchFailed{an_error(Cause::server_error), {}, false});
       },
       Paid::yes, true},
      {"noting that it is saved", [](Script& s) { s.to_fetch().on(Flow::Fetched{file_of(4096, 3072)}); }, Paid::yes,
       true},
      {"noting another size", [](Script& s) { s.to_fetch().on(Flow::Fetched{file_of(1024, 768)}); }, Paid::yes, true},
      {"placing", [](Script& s) { s.to_place(); }, Paid::yes, false},
  };
  return all;
}

TEST(FlowCancel, IsAnsweredInEveryState) {
  for (const Stop& stop : stops()) {
    SCOPED_TRACE(stop.state);
    Script script;
    stop.reach(script);
    script.on(Flow::Cancelled{});
    if (stop.rests) {
      EXPECT_NE(script.record<CancelledRecord>(), nullptr);
      script.on(Flow::Cancelled{});  // twice is once
      script.write<CancelledRecord>();
    }
    script.expect_failed(Cause::cancelled, stop.paid);
  }
}

TEST(FlowCancel, AfterItNothingIsSent) {
  for (const Stop& stop : stops()) {
    SCOPED_TRACE(stop.state);
    Script script;
    stop.reach(script);
    script.on(Flow::Cancelled{});
    EXPECT_FALSE(script.flow.on(our_file(), script.now));
    EXPECT_FALSE(script.flow.on(Flow::Elapsed{}, script.now + 1h));
  }
}

TEST(FlowCancel, OneThatCannotBeWrittenDownIsACancelAllTheSame) {
  Script script;
  script.to_polling_get().on(Flow::Cancelled{});
  script.on(Flow::WriteFailed{an_error(Cause::disk_full)}).expect_failed(Cause::cancelled, Paid::maybe);
}

TEST(FlowDisk, AFailedWriteEndsItInEveryStateThatWrites) {
  int tried = 0;
  for (const Stop& stop : stops()) {
    SCOPED_TRACE(stop.state);
    Script script;
    stop.reach(script);
    if (!script.wants<Flow::Write>()) continue;
    ++tried;
    script.on(Flow::WriteFailed{an_error(Cause::disk_full)}).expect_failed(Cause::disk_full, stop.paid);
  }
  EXPECT_EQ(tried, 7);
}

TEST(FlowDisk, NoIntentNoPut) {
  Script script;
  script.on(Flow::Offers{offers}).write<JobRecord>();
  EXPECT_NE(script.record<IntentRecord>(), nullptr);
  script.on(Flow::WriteFailed{an_error(Cause::journal_unwritable)}).expect_failed(Cause::journal_unwritable, Paid::no);
}

TEST(FlowDisk, WhatIsOnTheCanvasIsPlacedEvenIfItCannotBeWrittenDown) {
  Script script;
  script.to_place().on(Flow::Placed{"krita"}).on(Flow::WriteFailed{an_error(Cause::disk_full)});
  EXPECT_TRUE(script.wants<Flow::Finish>());
}

// ---- events that answer nothing ----

TEST(Flow, EventsThatWereNotAskedForChangeNothing) {
  const std::vector<Flow::Event> events = {
      Flow::Offers{offers},
      Flow::LookUpFailed{an_error(Cause::server_error)},
      Flow::Written{},
      Flow::WriteFailed{an_error(Cause::disk_full)},
      our_file(),
      Flow::Accepted{},
      Flow::Refused{an_error(Cause::forbidden), ""},
      Flow::Unauthorized{an_error(Cause::credentials_refused)},
      Flow::Busy{an_error(Cause::rate_limited), {}},
      Flow::NotSent{an_error(Cause::no_connection)},
      Flow::Unclear{an_error(Cause::too_slow)},
      Flow::Unknown{an_error(Cause::not_found)},
      Flow::Gone{an_error(Cause::gone)},
      Flow::Renewed{},
      Flow::RenewFailed{an_error(Cause::credentials_refused)},
      Flow::Elapsed{},
      Flow::Answer{true},
      Flow::Fetched{file_of(4096, 3072)},
      Flow::FetchFailed{an_error(Cause::link_refused), {}, false},
      Flow::Placed{"gimp"},
      Flow::PlaceFailed{an_error(Cause::canvas_gone)},
      Flow::OriginalLost{an_error(Cause::not_found)},
  };
  // Which events answer what is wanted, by their places in the list.
  const auto answers = [](const Flow::Want& want, std::size_t event) {
    if (std::holds_alternative<Flow::LookUp>(want)) return event <= 1;
    if (std::holds_alternative<Flow::Write>(want)) return event == 2 || event == 3;
    if (std::holds_alternative<Flow::Put>(want)) return event >= 4 && event <= 10;
    if (std::holds_alternative<Flow::Get>(want)) return event >= 4 && event <= 12;
    if (std::holds_alternative<Flow::Renew>(want)) return event == 13 || event == 14;
    if (std::holds_alternative<Flow::Wait>(want)) return event == 15;
    if (std::holds_alternative<Flow::Ask>(want)) return event == 16;
    if (std::holds_alternative<Flow::Fetch>(want)) return event == 17 || event == 18;
    if (std::holds_alternative<Flow::Place>(want)) return event >= 19;
    return false;
  };
  std::vector<Stop> all = stops();
  all.push_back({"finished", [](Script& s) { s.to_place().on(Flow::Placed{"obs"}).write<PlacedRecord>(); }, {}, {}});
  all.push_back({"failed", [](Script& s) { s.on(Flow::LookUpFailed{an_error(Cause::gone)}); }, {}, {}});
  for (const Stop& stop : all) {
    for (std::size_t i = 0; i < events.size(); ++i) {
      Script script;
      stop.reach(script);
      script.after(1h);  // so that Elapsed is never too early
      const std::string before = script.flow.fingerprint(script.now);
      const bool taken = script.flow.on(events[i], script.now);
      Script fresh;
      stop.reach(fresh);
      EXPECT_EQ(taken, answers(fresh.flow.want(), i)) << stop.state << ", event " << i;
      if (taken) continue;
      EXPECT_EQ(script.flow.fingerprint(script.now), before) << stop.state << ", event " << i;
    }
  }
}

TEST(Flow, ACancelAfterTheEndIsTooLate) {
  Script script;
  script.to_place().on(Flow::Placed{"obs"}).write<PlacedRecord>();
  EXPECT_FALSE(script.flow.on(Flow::Cancelled{}, script.now));
  EXPECT_TRUE(script.wants<Flow::Finish>());
}

TEST(Flow, EveryStateHasAStageForTheProgressBar) {
  const std::vector<Stage> expected = {Stage::listing_sizes, Stage::listing_sizes, Stage::requesting, Stage::requesting,
                                       Stage::requesting,    Stage::requesting,    Stage::requesting, Stage::waiting,
                                       Stage::waiting,       Stage::waiting,       Stage::requesting, Stage::waiting,
                                       Stage::fetching,      Stage::fetching,      Stage::fetching,   Stage::saving,
                                       Stage::saving,        Stage::placing};
  ASSERT_EQ(stops().size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    Script script;
    stops()[i].reach(script);
    EXPECT_EQ(script.flow.stage(), expected[i]) << stops()[i].state;
  }
}

}  // namespace
}  // namespace inset
