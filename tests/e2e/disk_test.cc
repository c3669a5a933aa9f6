// SPDX-License-Identifier: GPL-2.0-or-later
// The disk: full, read-only, missing, with journals that are torn or from elsewhere, and two programs at once. Rows 66
// to 72 of tests/faults.md.
#include <algorithm>
#include <csignal>
#include <random>

#include "encode_picture.h"
#include "fixture.h"

namespace e2e {
namespace {

class Disk : public E2e {
 protected:
  fs::path journal_file() const {
    const auto files = data_files(".jsonl");
    return files.empty() ? fs::path() : files[0];
  }
};

// A limit of the size of files is a full disk that needs no disk of its own, and no rights.
TEST_F(Disk, FullForTheJournalOrdersNothing) {
  serve_at_once();
  Spawn spawn = insert_words();
  for (const std::uint64_t bytes : {1, 100, 250, 400}) {
    SCOPED_TRACE(bytes);
    fresh();
    spawn = insert_words();
    spawn.most_bytes_in_a_file = bytes;
    const Ended ended = run(spawn);
    expect_failed(ended, 1, "disk_full", "no");
    EXPECT_EQ(puts(), 0);
  }
  expect_placed(insert());
}

// Wherever the journal stops growing: at most one charge, and the picture comes once there is room again.
TEST_F(Disk, FullAnywhereChargesOnceAtMost) {
  serve(many_pictures(40, {{"ready_polls", 1}}));
  std::vector<Spawn> spawns;
  std::vector<fs::path> data_folders;
  for (int i = 0; i < 24; ++i) {
    fresh();
    data_folders.push_back(data());
    Spawn spawn = insert_words({std::string("generation=") + kMany, "index=" + std::to_string(i)});
    spawn.most_bytes_in_a_file = 300 + 40 * static_cast<std::uint64_t>(i);
    spawns.push_back(spawn);
  }
  for (const Ended& ended : run_all(spawns)) {
    EXPECT_TRUE(ended.status == 1 || ended.status == 6) << ended;
    EXPECT_EQ(ended.signal, 0);
    EXPECT_TRUE(ended.status == 6 || ended.paid() == "no") << ended;
  }
  const auto charged = charges();
  EXPECT_GT(charged, 0u);
  EXPECT_LT(charged, 24u);
  for (Spawn& spawn : spawns) spawn.most_bytes_in_a_file = 0;
  for (const Ended& ended : run_all(spawns)) EXPECT_EQ(ended.status, 0) << ended;
  EXPECT_EQ(charges(), 24u);
  EXPECT_EQ(puts(), 24);
}

TEST_F(Disk, FullForThePictureRestsAndIsFetchedLater) {
  serve_at_once();
  Spawn spawn = insert_words();
  spawn.most_bytes_in_a_file = 50000;
  const Ended ended = run(spawn);
  expect_failed(ended, 6, "disk_full", "yes");
  EXPECT_NE(ended.message().find("Make room"), std::string::npos);
  EXPECT_TRUE(data_files(".jpg").empty());
  expect_placed(resume());
  EXPECT_EQ(puts(), 1);
}

TEST_F(Disk, FullForTheCanvasKeepsThePicture) {
  serve_at_once();
  // The JPEG and its pixels fit, a PNG of so much noise does not.
  inset::test::Raster noise{1100, 1100, std::vector<std::uint8_t>(std::size_t{1100} * 1100 * 4)};
  std::mt19937 random(1);
  for (std::uint8_t& byte : noise.rgba) byte = static_cast<std::uint8_t>(random());
  const auto png = inset::test::encode_png(noise);
  write_file(folder() / "noise.png", {reinterpret_cast<const char*>(png.data()), png.size()});
  Spawn spawn = insert_words({"--onto", folder() / "noise.png"});
  spawn.most_bytes_in_a_file = 3000000;
  const Ended ended = run(spawn);
  EXPECT_EQ(ended.status, 6) << ended;
  EXPECT_EQ(ended.cause(), "canvas_refused");
  EXPECT_EQ(data_files(".jpg").size(), 1u);
  EXPECT_FALSE(fs::exists(out() / "canvas.png"));
  const auto asked = service().requests().size();
  expect_placed(resume());
  EXPECT_EQ(service().requests().size(), asked) << "it was all there";
}

TEST_F(Disk, DataFolderThatCannotBeOrdersNothing) {
  serve_at_once();
  write_file(folder() / "file", "x");
  for (const char* path : {"file", "file/below"}) {
    Spawn spawn = insert_words();
    *(std::find(spawn.words.begin(), spawn.words.end(), "--data-dir") + 1) = folder() / path;
    const Ended ended = run(spawn);
    expect_failed(ended, 1, "data_folder", "no");
    EXPECT_NE(ended.message().find("INSET_DATA_DIR"), std::string::npos);
  }
  EXPECT_EQ(service().connection_events().size(), 0u);
}

TEST_F(Disk, WithoutAnyHomeNothingIsOrdered) {
  serve_at_once();
  environment().erase("HOME");
  Spawn spawn = insert_words();
  const auto at = std::find(spawn.words.begin(), spawn.words.end(), "--data-dir");
  spawn.words.erase(at, at + 2);
  const Ended ended = run(spawn);
  expect_failed(ended, 1, "data_folder", "no");
  EXPECT_EQ(puts(), 0);
}

TEST_F(Disk, FolderOfDataIsChosenByThePersonThenByTheEnvironment) {
  serve_at_once();
  const auto without_option = [&] {
    Spawn spawn = insert_words();
    const auto at = std::find(spawn.words.begin(), spawn.words.end(), "--data-dir");
    spawn.words.erase(at, at + 2);
    return spawn;
  };
  environment()["XDG_DATA_HOME"] = folder() / "data8";
  expect_placed(run(without_option()));
  EXPECT_TRUE(fs::exists(folder() / "data8/inset/jobs"));
  environment()["INSET_DATA_DIR"] = folder() / "data9";
  EXPECT_EQ(run(without_option()).status, 0);
  EXPECT_TRUE(fs::exists(folder() / "data9/jobs"));
  EXPECT_EQ(insert().status, 0) << "and --data-dir beats both";
  EXPECT_TRUE(fs::exists(data() / "jobs"));
}

TEST_F(Disk, TornJournalGoesOnFromItsLastWholeLine) {
  serve();
  Program program(insert_words());
  ASSERT_TRUE(program.says("preparing"));
  program.send(SIGKILL);
  EXPECT_EQ(finish(program).signal, SIGKILL);
  const std::string whole = read_file(journal_file());
  write_file(journal_file(), whole + "{\"record\":\"rea");
  expect_placed(resume());
  EXPECT_EQ(puts(), 1);
  for (const Json& record : journal()) EXPECT_TRUE(record.is_object()) << "the torn line is gone";
}

TEST_F(Disk, GarbageAndNewerJournalsAreLeftAlone) {
  serve_at_once();
  expect_placed(insert());
  const std::string good = read_file(journal_file());
  const std::string newer = [&] {
    std::string text = good;
    text.replace(text.find("\"format\":1"), 10, "\"format\":2");
    return text;
  }();
  const std::string contents[] = {
      "garbage\n" + good,
      good.substr(0, good.find('\n') + 1) + "{\"record\":\"intent\"\n" + good.substr(good.find('\n') + 1),
      good + "{\"record\":\"gift\",\"time\":\"\"}\n", newer, std::string(5, '\0') + "\n" + good};
  for (const std::string& content : contents) {
    SCOPED_TRACE(content.substr(0, 60));
    write_file(journal_file(), content);
    const Ended ended = insert();
    EXPECT_NE(ended.status, 0) << ended;
    EXPECT_EQ(ended.cause(), "journal_unreadable") << ended;
    EXPECT_EQ(read_file(journal_file()), content) << "not touched";
    const Ended resumed = resume();
    EXPECT_EQ(resumed.status, 6) << resumed;
    EXPECT_EQ(resumed.last("rests").value("cause", ""), "journal_unreadable");
    EXPECT_EQ(read_file(journal_file()), content) << "not touched";
  }
  EXPECT_EQ(puts(), 1);
}

TEST_F(Disk, JournalThatCannotBeOpenedOrdersNothing) {
  serve_at_once();
  expect_placed(insert());
  const fs::path path = journal_file();
  fs::remove(path);
  fs::create_directory(path);  // also root cannot write that
  fs::permissions(path, fs::perms::owner_all);
  const Ended ended = insert({"again=yes"});
  EXPECT_NE(ended.status, 0) << ended;
  EXPECT_EQ(puts(), 1);
}

TEST_F(Disk, KeptOriginalThatIsLostIsFetchedAgain) {
  serve_at_once();
  expect_placed(insert());
  const fs::path original = data_files(".jpg").at(0);
  const std::string good = read_file(original);
  fs::remove(original);
  EXPECT_EQ(insert().status, 0);
  EXPECT_EQ(read_file(original), good);
  std::string damaged = good;
  damaged[60000] = static_cast<char>(damaged[60000] ^ 1);
  for (const std::string& lies_there : {damaged, good.substr(0, good.size() / 2), std::string("GIF89a")}) {
    write_file(original, lies_there);
    EXPECT_EQ(insert().status, 0) << lies_there.size();
    EXPECT_EQ(read_file(original), good);
  }
  EXPECT_EQ(puts(), 1);
  EXPECT_EQ(charges(), 1u);
}

TEST_F(Disk, LocksThatDoNotWorkAreSaid) {
  serve_at_once();
  environment()["LD_PRELOAD"] = PRELOAD;
  environment()["TEST_NO_LOCKS"] = "1";
  const Ended ended = insert();
  EXPECT_EQ(ended.status, 1) << ended;
  EXPECT_NE(ended.err.find("Locks do not work"), std::string::npos) << ended;
  EXPECT_EQ(puts(), 0) << "without a lock nobody can promise one licence";
}

// ---- the clock ----

TEST_F(Disk, ClockThatIsAYearOffIsNamedWhereItMatters) {
  serve_at_once();
  environment()["LD_PRELOAD"] = PRELOAD;
  for (const char* years : {"-30", "60"}) {
    SCOPED_TRACE(years);
    environment()["TEST_YEARS_OFF"] = years;
    const Ended ended = insert();
    expect_failed(ended, 5, "tls", "no");
    EXPECT_NE(ended.message().find("clock"), std::string::npos);
  }
}

TEST_F(Disk, ClockThatJumpsWhileWaitingChangesNothing) {
  for (const char* years : {"-1", "1"}) {
    SCOPED_TRACE(years);
    fresh();
    serve({{"ready_polls", 6}, {"token_life", 1800}});
    environment()["LD_PRELOAD"] = PRELOAD;
    environment()["TEST_YEARS_OFF"] = years;
    environment()["TEST_YEARS_AFTER"] = "3";
    const auto start = std::chrono::steady_clock::now();
    // The file host's certificate may be judged by the new clock; what is asked of the API may not.
    const Ended ended = insert();
    EXPECT_LT(std::chrono::steady_clock::now() - start, 40s);
    EXPECT_EQ(calls("token"), 1) << ended;
    EXPECT_EQ(puts(), 1);
    EXPECT_GE(gets(), 6);
    environment().erase("TEST_YEARS_OFF");
    EXPECT_EQ(insert().status, 0);
    EXPECT_EQ(puts(), 1);
  }
}

// ---- two programs ----

TEST_F(Disk, TwoProgramsOnOnePictureShareOneLicence) {
  serve({{"ready_polls", 3}});
  std::vector<Spawn> spawns;
  for (int i = 0; i < 4; ++i) {
    Spawn spawn = insert_words();
    *(std::find(spawn.words.begin(), spawn.words.end(), "--out") + 1) = folder() / ("canvas" + std::to_string(i));
    spawns.push_back(spawn);
  }
  int waited = 0;
  for (const Ended& ended : run_all(spawns)) {
    EXPECT_EQ(ended.status, 0) << ended;
    EXPECT_EQ(ended.count("placed"), 1);
    waited += ended.out.find("Another program") != std::string::npos;
  }
  EXPECT_EQ(waited, 3);
  EXPECT_EQ(puts(), 1);
  EXPECT_EQ(charges(), 1u);
  EXPECT_EQ(calls("file"), 1);
}

TEST_F(Disk, TwoSizesOfOnePictureGoOneAfterTheOther) {
  serve({{"ready_polls", 3}});
  const std::vector<Ended> both = run_all({insert_words({"size=1k"}), insert_words({"size=4k"})});
  for (const Ended& ended : both) EXPECT_EQ(ended.status, 0) << ended;
  EXPECT_EQ(charges(), 2u);
  const auto puts_of = service().requests("put");
  ASSERT_EQ(puts_of.size(), 2u);
  double first_file = 0;
  for (const Json& request : service().requests("file")) {
    if (first_file == 0) first_file = request.value("time", 0.0);
  }
  EXPECT_GT(puts_of[1].value("time", 0.0), first_file) << "the second request only when the first picture was there";
}

TEST_F(Disk, TheLockOfADeadProgramIsFree) {
  serve({{"ready_polls", 1000}});
  Program program(insert_words());
  ASSERT_TRUE(program.says("preparing"));
  program.send(SIGKILL);
  finish(program);
  service().change({{"ready_polls", 1}});
  const Ended ended = insert();
  expect_placed(ended);
  EXPECT_EQ(ended.out.find("Another program"), std::string::npos);
}

}  // namespace
}  // namespace e2e
