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
