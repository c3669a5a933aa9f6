// SPDX-License-Identifier: GPL-2.0-or-later
// The exit status of the program: one test for each number, with everything that leads to it.
#include <algorithm>
#include <csignal>

#include "fixture.h"

namespace e2e {
namespace {

class Status : public E2e {};

TEST_F(Status, ZeroIsPlacedOrNothingToDo) {
  serve_at_once();
  EXPECT_EQ(resume().status, 0) << "nothing rests";
  EXPECT_EQ(insert().status, 0);
  EXPECT_EQ(run(easel("jobs")).status, 0);
}

TEST_F(Status, OneIsThisMachine) {
  serve_at_once();
  write_file(folder() / "file", "x");
  environment()["INSET_DATA_DIR"] = folder() / "file";
  Spawn spawn = insert_words();
  const auto at = std::find(spawn.words.begin(), spawn.words.end(), "--data-dir");
  spawn.words.erase(at, at + 2);
  expect_failed(run(spawn), 1, "data_folder", "no");
  Spawn plugin = insert_words();
  plugin.words.insert(plugin.words.begin() + 1, {"--plugin", "/nowhere/inset.so"});
  EXPECT_EQ(run(plugin).status, 1);
  EXPECT_EQ(puts(), 0);
}

TEST_F(Status, TwoIsWhatWasAskedFor) {
  serve_at_once();
  EXPECT_EQ(run(easel("insert")).status, 2);
  EXPECT_EQ(run(easel("insert", {"generation=x"})).status, 2);
  EXPECT_EQ(run(easel("insert", {"generation=" + fact("generation"), "index=0"})).status, 2) << "no size";
  EXPECT_EQ(insert({"size=8k"}).status, 2);
  EXPECT_EQ(insert({"index=17"}).status, 2);
  EXPECT_EQ(insert({"colour=red"}).status, 2);
  EXPECT_EQ(insert({"again=perhaps"}).status, 2);
  EXPECT_EQ(insert({"product_id=none"}).status, 2);
  EXPECT_EQ(insert({"generation=a b"}).status, 2);
  EXPECT_EQ(resume({"accept_size=perhaps"}).status, 2);
  EXPECT_EQ(run(easel("drop", {"job=../../x"})).status, 2);
  EXPECT_EQ(run(easel("drop", {"job=0123456789abcdef"})).status, 2);
  EXPECT_EQ(run(easel("sing")).status, 2);
  EXPECT_EQ(puts(), 0);
}

TEST_F(Status, ThreeIsTheSignIn) {
  serve_at_once();
  environment().erase("INSET_API_KEY");
  expect_failed(insert(), 3, "not_signed_in", "no");
  environment()["INSET_API_KEY"] = fact("api_key");
  environment().erase("INSET_CLIENT_SECRET");
  expect_failed(insert(), 3, "not_signed_in", "no");
  environment()["INSET_CLIENT_SECRET"] = "wrong";
  expect_failed(insert(), 3, "credentials_refused", "no");
  environment()["INSET_API_KEY"] = "wrong";
  expect_failed(insert(), 3, "credentials_refused", "no");
}

TEST_F(Status, FourIsARefusal) {
  serve_at_once(Json::array(), {{"quota", 0}});
  expect_failed(insert(), 4, "quota_used_up", "no");
  expect_failed(insert({"index=3"}), 4, "picture_blocked", "no");
  expect_failed(insert({std::string("generation=") + kGone}), 4, "gone", "no");
}

TEST_F(Status, FiveIsLater) {
  serve_at_once({{"route", "generation"}, {"no_reply", "mute"}});
  EXPECT_EQ(insert({"--timeout", "1"}).status, 5);
  rules({{"route", "generation"}, {"status", 202}});
  expect_failed(insert(), 5, "picture_unfinished", "no");
}

TEST_F(Status, SixMayBePaidAndWinsOverEverything) {
  serve_at_once({{"route", "file"}, {"status", 403}});
  expect_failed(insert(), 6, "link_refused", "yes");
  expect_failed(resume(), 6, "some_rest", "yes");
  // Whatever else is wrong now: the picture is paid for and not on the canvas.
  environment().erase("INSET_CLIENT_SECRET");
  expect_failed(resume(), 6, "some_rest", "yes");
  EXPECT_EQ(insert().status, 6);
  environment().erase("INSET_API_KEY");
  expect_failed(resume(), 6, "some_rest", "yes");
  expect_failed(insert(), 6, "not_signed_in", "yes");
  expect_failed(insert({"index=1"}), 3, "not_signed_in", "no");  // another picture
}

TEST_F(Status, SevenIsUnusableData) {
  serve_at_once(Json::array(), {{"sizes", Json::array()}});
  expect_failed(insert(), 7, "sizes_unusable", "no");
}

TEST_F(Status, EightIsCancelledBeforeAnyRequest) {
  serve_at_once({{"route", "sizes"}, {"hold", "sizes"}});
  Program program(insert_words());
  ASSERT_TRUE(service().wait_until_held("sizes", 20s));
  program.send(SIGTERM);
  expect_failed(finish(program), 8, "cancelled", "no");
  service().let_go("sizes");
}

TEST_F(Status, ResumeTellsOfJobsOfOthers) {
  serve_at_once({{"route", "file"}, {"status", 403}});
  expect_failed(insert(), 6, "link_refused", "yes");
  environment()["INSET_API_KEY"] = "somebody-elses-key";
  const Ended other = resume();
  EXPECT_EQ(other.status, 6) << other;
  EXPECT_EQ(other.last("rests").value("cause", ""), "other_account");
  environment()["INSET_API_KEY"] = fact("api_key");
  environment()["INSET_API_URL"] =
      "https://127.0.0.1" + fact("api_url").substr(std::string("https://localhost").size());
  const Ended elsewhere = resume();
  EXPECT_EQ(elsewhere.status, 6) << elsewhere;
  EXPECT_EQ(elsewhere.last("rests").value("cause", ""), "other_service");
  EXPECT_EQ(puts(), 1);
}

TEST_F(Status, ADroppedJobNoLongerRests) {
  serve_at_once({{"route", "file"}, {"status", 403}});
  expect_failed(insert(), 6, "link_refused", "yes");
  const std::string job = data_files(".jsonl").at(0).stem();
  EXPECT_EQ(run(easel("drop", {"job=" + job})).status, 0);
  EXPECT_EQ(resume().status, 0);
  EXPECT_EQ(count(journal(), "dropped"), 1) << "the record stays";
  EXPECT_EQ(count(journal(), "ready"), 4);
  rules(Json::array());
  expect_placed(insert());
  EXPECT_EQ(puts(), 1) << "it is still licensed";
}

}  // namespace
}  // namespace e2e
