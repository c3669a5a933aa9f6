// SPDX-License-Identifier: GPL-2.0-or-later
// The flow: the file, its size, and the canvas.
#include "flow.h"

#include <gtest/gtest.h>

#include <utility>

#include "flow_script.h"

namespace inset {
namespace {

using namespace test;
using namespace std::chrono_literals;

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
  accepted.write<SavedRecord>();
  EXPECT_TRUE(accepted.wants<Flow::Place>());
  // It was accepted once for all.
  accepted.on(Flow::Placed{"test"}).write<PlacedRecord>().restart(insert_4k());
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

// Another computer asked for another size once ours was made, and the service knows only of the last. Ours was charged.
TEST(FlowSize, AnotherListedSizeDoesNotTakeBackARequestThatWasTaken) {
  Script script;
  script.to_fetch().on(Flow::Fetched{file_of(1024, 768)}).write<OtherSizeRecord>();
  for (const auto& plan : {insert_4k(), insert_again(), resume_4k()}) {
    script.restart(plan);
    EXPECT_TRUE(script.wants<Flow::Get>());  // and no new PUT
    EXPECT_EQ(script.flow.paid(), Paid::maybe);
  }
}

TEST(FlowSize, AfterAnotherSizeThatWasJoinedTheJobStartsAnew) {
  Script script;
  script.to_put().on(Flow::Accepted{true, {}}).write<PendingRecord>().wait().on(our_file()).write<ReadyRecord>();
  script.on(Flow::Fetched{file_of(1024, 768)}).write<OtherSizeRecord>();
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
  EXPECT_TRUE(script.wants<Flow::Get>());
  EXPECT_EQ(script.flow.paid(), Paid::maybe);
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

}  // namespace
}  // namespace inset
