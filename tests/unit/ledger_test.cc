// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger.h"

#include <gtest/gtest.h>

#include "flow.h"
#include "journal.h"
#include "temporary_folder.h"

namespace inset {
namespace {

using namespace test;

JobRecord a_job() {
  JobRecord job;
  job.origin = "https://api.gettyimages.com";
  job.account = "0f1e2d3c4b5a";
  job.generation = "2F7A3C1E-91B4-4D8E-A1C5-0D9B7E3F6A52";
  job.size = "4k";
  job.offers = {{"1k", 1024, 768}, {"4k", 4096, 3072}};
  job.time = "2026-03-01T09:30:00Z";
  return job;
}

SavedRecord a_file() {
  SavedRecord saved;
  saved.path = "originals/5f0c1d2e3b4a5968.jpg";
  saved.mime = "image/jpeg";
  saved.width = 4096;
  saved.height = 3072;
  saved.time = "2026-03-01T09:31:00Z";
  return saved;
}

struct Row {
  const char* what;
  std::vector<Record> records;
  Standing standing;
  Paid paid;
  bool unfinished;
};

std::vector<Row> rows() {
  const IntentRecord one{1, {}, {}, {}}, two{2, {}, {}, {}};
  const RefusedRecord no_one{1, 403, {}, {}}, no_two{2, 403, {}, {}};
  const ReadyRecord ready{"1456789012", {}}, elsewhere{"1499999999", {}};
  const OtherSizeRecord other{"1456789012", "1k", {}}, other_elsewhere{"1499999999", "1k", {}};
  return {
      {"nothing", {}, Standing::unpaid, Paid::no, false},
      {"a job", {a_job()}, Standing::unpaid, Paid::no, false},
      {"an intent", {a_job(), one}, Standing::unclear, Paid::maybe, true},
      {"a refusal", {a_job(), one, no_one}, Standing::unpaid, Paid::no, false},
      {"a refusal of the second of two", {a_job(), one, two, no_two}, Standing::unclear, Paid::maybe, true},
      {"refusals of both", {a_job(), one, no_one, two, no_two}, Standing::unpaid, Paid::no, false},
      {"a refusal after it was ready", {a_job(), one, ready, no_one}, Standing::licensed, Paid::yes, true},
      {"a refusal of one more", {a_job(), one, ready, two, no_two}, Standing::licensed, Paid::yes, true},
      {"a refusal of one more while pending",
       {a_job(), one, PendingRecord{}, two, no_two},
       Standing::pending,
       Paid::maybe,
       true},
      {"pending", {a_job(), one, PendingRecord{}}, Standing::pending, Paid::maybe, true},
      {"ready", {a_job(), one, PendingRecord{}, ready}, Standing::licensed, Paid::yes, true},
      {"ready without an id", {a_job(), one, ReadyRecord{}}, Standing::licensed, Paid::yes, true},
      {"saved", {a_job(), one, ready, a_file()}, Standing::saved, Paid::yes, true},
      {"placed", {a_job(), one, ready, a_file(), PlacedRecord{}}, Standing::placed, Paid::yes, false},
      {"other size", {a_job(), one, ready, other}, Standing::unclear, Paid::maybe, true},
      {"other size, joined", {a_job(), one, PendingRecord{true, {}}, ready, other}, Standing::unpaid, Paid::no, false},
      {"other size, joined, with an older unclear PUT",
       {a_job(), one, two, PendingRecord{true, {}}, ready, other},
       Standing::unclear,
       Paid::maybe,
       true},
      {"other size after one that was joined",
       {a_job(), one, PendingRecord{true, {}}, ready, other, two, ready, other},
       Standing::unclear,
       Paid::maybe,
       true},
      {"other size, with an older unclear PUT",
       {a_job(), one, two, ready, other},
       Standing::unclear,
       Paid::maybe,
       true},
      {"another id turns out to be another size",
       {a_job(), one, ready, elsewhere, other_elsewhere},
       Standing::licensed,
       Paid::yes,
       true},
      {"dropped while unclear", {a_job(), one, DroppedRecord{}}, Standing::dropped, Paid::maybe, false},
      {"dropped though licensed", {a_job(), one, ready, DroppedRecord{}}, Standing::dropped, Paid::yes, false},
      {"dropped and asked for again",
       {a_job(), one, DroppedRecord{}, PendingRecord{}},
       Standing::pending,
       Paid::maybe,
       true},
  };
}

TEST(Ledger, ReadsTheStandingOfAJob) {
  for (const Row& row : rows()) {
    const LedgerEntry entry = summarize("5f0c1d2e3b4a5968", row.records);
    EXPECT_EQ(name(entry.standing), name(row.standing)) << row.what;
    EXPECT_EQ(name(entry.paid()), name(row.paid)) << row.what;
    EXPECT_EQ(entry.unfinished(), row.unfinished) << row.what;
    EXPECT_EQ(entry.id, "5f0c1d2e3b4a5968");
  }
}

// Two readers of the same records must come to the same end about money.
TEST(Ledger, AgreesWithTheFlowAboutMoney) {
  for (const Row& row : rows()) {
    const LedgerEntry entry = summarize({}, row.records);
    if (entry.standing == Standing::dropped) continue;  // the flow takes it up like any other
    Flow::Plan plan;
    plan.job = a_job();
    plan.may_request = false;
    const Flow flow(plan, row.records, Time(0));
    EXPECT_EQ(name(entry.paid()), name(flow.paid())) << row.what;
  }
}

TEST(Ledger, ACancelCountsUntilTheNextPut) {
  const IntentRecord one{1, {}, {}, {}}, two{2, {}, {}, {}};
  EXPECT_TRUE(summarize({}, {a_job(), one, CancelledRecord{}}).cancelled);
  EXPECT_FALSE(summarize({}, {a_job(), one, CancelledRecord{}, two}).cancelled);
}

TEST(Ledger, TellsWhatAndWhen) {
  const LedgerEntry entry =
      summarize({}, {a_job(), IntentRecord{1, {}, {}, {}}, ReadyRecord{"1456789012", {}}, a_file()});
  EXPECT_EQ(entry.job.size, "4k");
  EXPECT_EQ(entry.asset_id, "1456789012");
  EXPECT_EQ(entry.updated, "2026-03-01T09:31:00Z");
  ASSERT_TRUE(entry.saved);
  EXPECT_EQ(entry.saved->width, 4096u);
}

TEST(Ledger, ReadsAllJournalsAndNamesThoseItCannot) {
  TemporaryFolder folder;
  auto files = Files::open(folder / "data");
  ASSERT_TRUE(files);
  EXPECT_TRUE(read_ledger(*files).empty());
  auto journal = Journal::open(files->journal("00000000000000aa"));
  ASSERT_TRUE(journal && journal->append(a_job()));
  write_whole(files->journal("00000000000000bb"), "no journal\n");
  const auto ledger = read_ledger(*files);
  ASSERT_EQ(ledger.size(), 2u);
  EXPECT_EQ(name(ledger[0].standing), "unpaid");
  EXPECT_EQ(name(ledger[1].standing), "unreadable");
  ASSERT_TRUE(ledger[1].fault);
  EXPECT_NE(ledger[1].fault->message.find("00000000000000bb"), std::string::npos);
  EXPECT_EQ(ledger[1].paid(), Paid::maybe);
  EXPECT_FALSE(ledger[1].unfinished());
}

}  // namespace
}  // namespace inset
