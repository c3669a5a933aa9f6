// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "temporary_folder.h"

namespace inset {
namespace {

using namespace test;
using namespace std::string_literals;

JobRecord a_job() {
  JobRecord job;
  job.origin = "https://api.gettyimages.com";
  job.account = "0f1e2d3c4b5a";
  job.generation = "2F7A3C1E-91B4-4D8E-A1C5-0D9B7E3F6A52";
  job.index = 2;
  job.size = "4k";
  job.offers = {{"1k", 1024, 768}, {"4k", 4096, 3072}};
  job.product_id = 92214;
  job.project_code = "SPRING-26";
  job.notes = "For the cover.\nAsk Ana – \"no crop\"";
  job.host = "OBS Studio";
  job.time = "2026-03-01T09:30:00Z";
  return job;
}

SavedRecord a_saved_file() {
  SavedRecord saved;
  saved.path = "originals/5f0c1d2e3b4a5968.jpg";
  saved.bytes = 6'442'450'944;
  saved.sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
  saved.mime = "image/jpeg";
  saved.width = 4096;
  saved.height = 3072;
  saved.note = "The picture has 4095 × 3072 pixels; 4096 × 3072 were promised.";
  saved.size_differs = true;
  saved.time = "2026-03-01T09:30:09Z";
  return saved;
}

// One of each kind, in an order that can happen.
std::vector<Record> every_record() {
  return {a_job(),
          IntentRecord{1, "6e1d9a3c-5f59-4a0b-8e0c-1a7be0f6a001", std::chrono::milliseconds(123'456'789),
                       "2026-03-01T09:30:01Z"},
          RefusedRecord{1, 403, "ProductQuotaExceeded", "2026-03-01T09:30:02Z"},
          IntentRecord{2, "", std::chrono::milliseconds(0), "2026-03-01T09:30:03Z"},
          PendingRecord{true, "2026-03-01T09:30:04Z"},
          ReadyRecord{"1456789012", "2026-03-01T09:30:07Z"},
          a_saved_file(),
          OtherSizeRecord{"1456789012", "1k", "2026-03-01T09:30:10Z"},
          PlacedRecord{"GIMP", "2026-03-01T09:30:11Z"},
          CancelledRecord{"2026-03-01T09:30:12Z"},
          DroppedRecord{"2026-03-01T09:30:13Z"}};
}

std::string text_of(const std::vector<Record>& records) {
  std::string text;
  for (const Record& record : records) text += encode_record(record) + '\n';
  return text;
}

std::vector<std::string> lines_of(const std::vector<Record>& records) {
  std::vector<std::string> lines;
  for (const Record& record : records) lines.push_back(encode_record(record));
  return lines;
}

void expect_unreadable(const std::string& text, const std::string& line) {
  const auto parsed = parse_journal(text, "/data/jobs/0123456789abcdef.jsonl");
  ASSERT_FALSE(parsed) << text;
  EXPECT_EQ(parsed.error().cause, Cause::journal_unreadable);
  EXPECT_NE(parsed.error().message.find("Line " + line + " of /data/jobs/0123456789abcdef.jsonl"), std::string::npos)
      << parsed.error().message;
}

TEST(JournalText, EveryRecordComesBackAsItWas) {
  const auto records = every_record();
  ASSERT_EQ(records.size(), std::variant_size_v<Record> + 1);
  const auto parsed = parse_journal(text_of(records), "here");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(lines_of(parsed->records), lines_of(records));
  const auto& job = std::get<JobRecord>(parsed->records[0]);
  EXPECT_EQ(job.offers, a_job().offers);
  EXPECT_EQ(job.product_id, 92214);
  EXPECT_EQ(job.notes, a_job().notes);
  EXPECT_EQ(job.project_code, "SPRING-26");
  const auto& saved = std::get<SavedRecord>(parsed->records[6]);
  EXPECT_EQ(saved.bytes, 6'442'450'944u);
  EXPECT_TRUE(saved.size_differs);
  EXPECT_EQ(saved.note, a_saved_file().note);
  EXPECT_EQ(std::get<IntentRecord>(parsed->records[1]).since_boot.count(), 123'456'789);
  EXPECT_EQ(std::get<RefusedRecord>(parsed->records[2]).code, "ProductQuotaExceeded");
  EXPECT_TRUE(std::get<PendingRecord>(parsed->records[4]).joined);
}

TEST(JournalText, ARecordIsOneLineWhateverItHolds) {
  JobRecord job = a_job();
  job.notes = "a\nb\r\nc\0d\x1b[31m\xff\xfe"s;
  const std::string line = encode_record(job);
  EXPECT_EQ(line.find_first_of("\n\r"s), std::string::npos);
  const auto parsed = parse_journal(line + '\n', "here");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->records.size(), 1u);
}

TEST(JournalText, WhatIsNotSetIsLeftOut) {
  JobRecord job = a_job();
  job.product_id.reset();
  job.project_code.clear();
  job.notes.clear();
  const std::string line = encode_record(job);
  for (const char* key : {"product_id", "project_code", "notes", "null"}) {
    EXPECT_EQ(line.find(key), std::string::npos) << line;
  }
  const auto parsed = parse_journal(line + '\n', "here");
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(std::get<JobRecord>(parsed->records[0]).product_id);
}

TEST(JournalText, CutAfterAnyByteItHoldsAPrefixOfTheTruth) {
  const auto records = every_record();
  const auto lines = lines_of(records);
  const std::string text = text_of(records);
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const auto parsed = parse_journal(std::string_view(text).substr(0, size), "here");
    ASSERT_TRUE(parsed) << size;
    std::size_t whole = 0, bytes = 0;
    while (whole < lines.size() && bytes + lines[whole].size() + 1 <= size) bytes += lines[whole++].size() + 1;
    ASSERT_EQ(parsed->whole_bytes, bytes) << size;
    const auto got = lines_of(parsed->records);
    ASSERT_EQ(got, std::vector<std::string>(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(whole))) << size;
  }
}

TEST(JournalText, ATailWithoutALineEndWasNeverActedUpon) {
  const std::string good = text_of({a_job()});
  for (const std::string& tail : {R"({"record":"intent","attempt":1,"boot":"","since_boot_ms":0})"s,
                                  "\x7f\x45LF garbage"s, std::string(4096, '\0'), "{\"record\":\"placed\",\"ho"s}) {
    const auto parsed = parse_journal(good + tail, "here");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->records.size(), 1u);
    EXPECT_EQ(parsed->whole_bytes, good.size());
  }
}

TEST(JournalText, ABadLineInTheMiddleMakesItUnreadable) {
  const std::string job = text_of({a_job()});
  const std::string end = text_of({PlacedRecord{"GIMP", ""}});
  for (const std::string& line :
       {""s,
        " "s,
        "{"s,
        "null"s,
        "[]"s,
        "3"s,
        "\"record\""s,
        "{}"s,
        R"({"record":7})"s,
        R"({"record":"bought"})"s,
        std::string(200, '\0'),
        std::string(100'000, '['),
        R"({"record":"intent"})"s,
        R"({"record":"intent","attempt":"1","boot":"","since_boot_ms":0})"s,
        R"({"record":"intent","attempt":1.5,"boot":"","since_boot_ms":0})"s,
        R"({"record":"intent","attempt":99999999999,"boot":"","since_boot_ms":0})"s,
        R"({"record":"intent","attempt":1,"boot":null,"since_boot_ms":0})"s,
        R"({"record":"refused","attempt":1,"status":403})"s,
        R"({"record":"pending"})"s,
        R"({"record":"pending","joined":1})"s,
        R"({"record":"ready"})"s,
        R"({"record":"ready","asset_id":12})"s,
        R"({"record":"saved","path":"x","bytes":-1,"sha256":"","mime":"","width":1,"height":1})"s,
        R"({"record":"saved","path":"x","bytes":1,"sha256":"","mime":"","width":4294967296,"height":1})"s,
        R"({"record":"saved","path":"x","bytes":1,"sha256":"","mime":"","width":1,"height":1,"size_differs":"no"})"s,
        R"({"record":"other_size","asset_id":"1"})"s,
        R"({"record":"placed"})"s}) {
    expect_unreadable(job + line + '\n' + end, "2");
    expect_unreadable(job + line + '\n', "2");
  }
}

TEST(JournalText, ANewerFormatIsLeftAlone) {
  std::string line = encode_record(a_job());
  const auto at = line.find("\"format\":1");
  ASSERT_NE(at, std::string::npos);
  line.replace(at, 10, "\"format\":2");
  expect_unreadable(line + '\n', "1");
}

TEST(JournalText, MembersOfALaterVersionAreRead) {
  const auto parsed = parse_journal("{\"record\":\"placed\",\"host\":\"GIMP\",\"layer\":{\"id\":7}}\n", "here");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(std::get<PlacedRecord>(parsed->records[0]).host, "GIMP");
}

// ---- on the disk ----

class JournalFile : public testing::Test {
 protected:
  Journal open() {
    auto journal = Journal::open(path_);
    EXPECT_TRUE(journal) << journal.error().message;
    return std::move(*journal);
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "0123456789abcdef.jsonl";
};

TEST_F(JournalFile, OpeningWritesNothing) {
  EXPECT_TRUE(open().records().empty());
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(JournalFile, WhatWasAppendedIsThereTheNextTime) {
  {
    Journal journal = open();
    for (const Record& record : every_record()) ASSERT_TRUE(journal.append(record));
    EXPECT_EQ(journal.records().size(), every_record().size());
  }
  EXPECT_EQ(lines_of(open().records()), lines_of(every_record()));
  EXPECT_EQ(read_whole(path_), text_of(every_record()));
}

TEST_F(JournalFile, IsPrivate) {
  ASSERT_TRUE(open().append(a_job()));
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(JournalFile, ATornTailIsCutOffBeforeTheNextAppend) {
  for (const std::string& tail : {"{\"record\":\"intent\",\"att"s, std::string(5000, '\0'), "x"s}) {
    write_whole(path_, text_of({a_job()}) + tail);
    ASSERT_TRUE(open().append(PendingRecord{}));
    EXPECT_EQ(read_whole(path_), text_of({a_job(), PendingRecord{}}));
  }
}

TEST_F(JournalFile, ATornFirstLineIsCutOffToo) {
  write_whole(path_, "{\"record\":\"job\",\"form");
  ASSERT_TRUE(open().append(a_job()));
  EXPECT_EQ(read_whole(path_), text_of({a_job()}));
}

TEST_F(JournalFile, AnUnreadableOneIsNotTouched) {
  const std::string text = text_of({a_job()}) + "nonsense\n" + text_of({PendingRecord{}});
  write_whole(path_, text);
  const auto journal = Journal::open(path_);
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().cause, Cause::journal_unreadable);
  EXPECT_EQ(read_whole(path_), text);
}

TEST_F(JournalFile, OneThatIsFarTooLongIsNotRead) {
  write_whole(path_, std::string(5u << 20, 'x'));
  const auto journal = Journal::open(path_);
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().cause, Cause::journal_unreadable) << "no room on the disk would mend it";
}

// However much is tried, what it holds can be read, and of every request what became of it.
TEST_F(JournalFile, NothingIsBegunThatWouldMakeItTooLong) {
  JobRecord job = a_job();
  job.offers.assign(20'000, {"a size with a name of some length", 4096, 3072});
  std::size_t begun = 0;
  {
    Journal journal = open();
    Outcome appended = Nothing{};
    while (begun < 20 && (appended = journal.append(job))) ++begun;
    ASSERT_FALSE(appended);
    EXPECT_EQ(appended.error().cause, Cause::journal_unwritable);
    EXPECT_GT(begun, 0u);
    const IntentRecord intent{1, std::string(100'000, 'b'), {}, {}};
    for (int i = 0; i < 100 && journal.append(intent); ++i) {
    }
    EXPECT_FALSE(journal.append(intent));
    EXPECT_TRUE(journal.append(ReadyRecord{"1456789012", {}}));
    EXPECT_TRUE(journal.append(a_saved_file()));
  }
  EXPECT_TRUE(std::get_if<SavedRecord>(&open().records().back()));
}

TEST_F(JournalFile, AFolderInItsPlaceIsUnreadable) {
  std::filesystem::create_directory(path_);
  const auto journal = Journal::open(path_);
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().cause, Cause::journal_unreadable);
}

TEST_F(JournalFile, WithoutAFolderNothingIsWritten) {
  write_whole(folder_ / "file", "");
  for (const auto& path : {folder_ / "none" / "a.jsonl"}) {
    auto journal = Journal::open(path);
    ASSERT_TRUE(journal);
    const auto appended = journal->append(a_job());
    ASSERT_FALSE(appended);
    EXPECT_EQ(appended.error().cause, Cause::journal_unwritable);
  }
}

TEST_F(JournalFile, AFullDiskIsSaidAndNothingMoreIsTried) {
  Journal journal = open();
  ASSERT_TRUE(journal.append(a_job()));
  const auto before = read_whole(path_);
  // A file that may not grow behaves as one on a full disk.
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto old_handler = signal(SIGXFSZ, SIG_IGN);
  rlimit tight = old;
  tight.rlim_cur = before.size() + 10;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  const auto failed = journal.append(PendingRecord{});
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old), 0);
  signal(SIGXFSZ, old_handler);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().cause, Cause::disk_full);
  EXPECT_EQ(journal.records().size(), 1u);
  // There is room again, but nobody knows what lies at the end of the file.
  EXPECT_FALSE(journal.append(PendingRecord{}));
  EXPECT_EQ(read_whole(path_).size(), before.size() + 10);
  // The next run knows.
  Journal next = open();
  EXPECT_EQ(next.records().size(), 1u);
  ASSERT_TRUE(next.append(PendingRecord{}));
  EXPECT_EQ(lines_of(open().records()), lines_of({a_job(), PendingRecord{}}));
}

TEST_F(JournalFile, ADeviceThatIsFullIsAFullDisk) {
  std::filesystem::create_symlink("/dev/full", path_);
  auto journal = Journal::open(folder_ / "other.jsonl");
  ASSERT_TRUE(journal);
  std::filesystem::create_symlink("/dev/full", folder_ / "other.jsonl");
  EXPECT_FALSE(journal->append(a_job()));
}

}  // namespace
}  // namespace inset
