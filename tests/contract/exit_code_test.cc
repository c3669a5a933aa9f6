// SPDX-License-Identifier: GPL-2.0-or-later
#include "headless/exit_code.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace easel {
namespace {

const std::map<std::string, int> kExpected = {{"parameter_missing", 2},
                                              {"parameter_wrong", 2},
                                              {"size_missing", 2},
                                              {"size_unknown", 2},
                                              {"picture_unknown", 2},
                                              {"picture_blocked", 4},
                                              {"picture_unfinished", 5},
                                              {"sizes_unusable", 7},
                                              {"data_folder", 1},
                                              {"disk_full", 1},
                                              {"journal_unwritable", 1},
                                              {"journal_unreadable", 1},
                                              {"locked_elsewhere", 1},
                                              {"out_of_memory", 1},
                                              {"internal", 1},
                                              {"name_lookup", 5},
                                              {"no_connection", 5},
                                              {"tls", 5},
                                              {"connection_lost", 5},
                                              {"too_slow", 5},
                                              {"proxy", 5},
                                              {"captive_portal", 5},
                                              {"redirected", 7},
                                              {"not_signed_in", 3},
                                              {"keyring_locked", 3},
                                              {"credentials_refused", 3},
                                              {"bad_request", 4},
                                              {"forbidden", 4},
                                              {"quota_used_up", 4},
                                              {"no_such_route", 7},
                                              {"not_found", 4},
                                              {"gone", 4},
                                              {"rate_limited", 5},
                                              {"daily_limit", 5},
                                              {"server_error", 5},
                                              {"bad_answer", 7},
                                              {"outcome_unknown", 6},
                                              {"still_preparing", 5},
                                              {"other_account", 3},
                                              {"other_service", 1},
                                              {"some_rest", 6},
                                              {"link_unsafe", 7},
                                              {"link_refused", 7},
                                              {"file_incomplete", 7},
                                              {"file_damaged", 7},
                                              {"file_too_large", 7},
                                              {"format_unexpected", 7},
                                              {"format_unsupported", 7},
                                              {"picture_too_large", 7},
                                              {"decoder_failed", 1},
                                              {"size_mismatch", 7},
                                              {"other_size_delivered", 7},
                                              {"canvas_gone", 1},
                                              {"canvas_refused", 1},
                                              {"cancelled", 8}};

// The names in the plugin's own list. The program knows causes as words only, so it is the text
// that is compared: a cause that is added there must get its status here.
std::vector<std::string> causes_of_the_engine() {
  std::ifstream file(SOURCE_FOLDER "/../../src/error.h");
  std::stringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  const size_t begin = all.find("enum class Cause {");
  if (begin == std::string::npos) return {};
  std::string list = all.substr(begin + 18, all.find("};", begin) - begin - 18);
  list = std::regex_replace(list, std::regex("//[^\n]*"), "");
  std::vector<std::string> names;
  const std::regex word("[a-z_]+");
  for (std::sregex_iterator it(list.begin(), list.end(), word); it != std::sregex_iterator(); ++it)
    names.push_back(it->str());
  return names;
}

int code_after(const std::vector<std::pair<std::string, std::vector<easel_pair>>>& events,
               void (*also)(Verdict&) = nullptr) {
  Verdict verdict;
  for (const auto& [kind, pairs] : events) verdict.hear({1, kind, pairs.data(), pairs.size()});
  if (also != nullptr) also(verdict);
  return verdict.code();
}

TEST(ExitCode, EveryCauseOfTheEngineHasItsStatus) {
  const std::vector<std::string> causes = causes_of_the_engine();
  ASSERT_GT(causes.size(), 40u);
  for (const std::string& cause : causes) {
    const auto expected = kExpected.find(cause);
    ASSERT_NE(expected, kExpected.end()) << cause << " has no exit status";
    EXPECT_EQ(code_of_cause(cause), expected->second) << cause;
  }
  EXPECT_EQ(causes.size(), kExpected.size()) << "a cause is expected that there no longer is";
}

TEST(ExitCode, NothingElseCountsOnceMoneyMayHaveBeenSpent) {
  for (const auto& [cause, code] : kExpected) {
    EXPECT_EQ(code_after({{"failed", {{"cause", cause.c_str()}, {"paid", "no"}}}}), code) << cause;
    EXPECT_EQ(code_after({{"failed", {{"cause", cause.c_str()}, {"paid", "maybe"}}}}), 6) << cause;
    EXPECT_EQ(code_after({{"failed", {{"cause", cause.c_str()}, {"paid", "yes"}}}}), 6) << cause;
  }
}

TEST(ExitCode, SilenceAboutMoneyIsNotNo) {
  EXPECT_EQ(code_after({{"failed", {{"cause", "no_connection"}}}}), 6);
  EXPECT_EQ(code_after({{"failed", {{"cause", "no_connection"}, {"paid", ""}}}}), 6);
}

TEST(ExitCode, AnUnknownCauseIsThisMachines) {
  EXPECT_EQ(code_after({{"failed", {{"cause", "moon_phase"}, {"paid", "no"}}}}), 1);
}

TEST(ExitCode, DoneIsZero) {
  EXPECT_EQ(code_after({{"done", {}}}), 0);
  EXPECT_EQ(code_after({{"progress", {{"stage", "fetching"}}}, {"placed", {}}, {"done", {}}}), 0);
}

TEST(ExitCode, APictureOnTheCanvasIsNotLost) {
  EXPECT_EQ(code_after({{"placed", {}}, {"failed", {{"cause", "journal_unwritable"}, {"paid", "yes"}}}}), 1);
}

TEST(ExitCode, OneThatRestsCounts) {
  EXPECT_EQ(code_after({{"placed", {}}, {"rests", {}}, {"done", {}}}), 6);
  EXPECT_EQ(code_after({{"placed", {}}, {"failed", {{"cause", "some_rest"}, {"paid", "no"}}}}), 6);
}

TEST(ExitCode, ATimeOutIsACancelThatMaySucceedLater) {
  const auto late = [](Verdict& verdict) { verdict.time_is_up(); };
  EXPECT_EQ(code_after({{"failed", {{"cause", "cancelled"}, {"paid", "no"}}}}), 8);
  EXPECT_EQ(code_after({{"failed", {{"cause", "cancelled"}, {"paid", "no"}}}}, late), 5);
  EXPECT_EQ(code_after({{"failed", {{"cause", "cancelled"}, {"paid", "maybe"}}}}, late), 6);
  EXPECT_EQ(code_after({{"failed", {{"cause", "quota_used_up"}, {"paid", "no"}}}}, late), 4);
  EXPECT_EQ(code_after({{"done", {}}}, late), 0);
}

TEST(ExitCode, AJobThatWasLeftIsJudgedByHowFarItHadCome) {
  const auto interrupted = [](Verdict& verdict) { verdict.interrupted(); };
  const auto late = [](Verdict& verdict) { verdict.time_is_up(); };
  EXPECT_EQ(code_after({}), 1);
  EXPECT_EQ(code_after({}, interrupted), 8);
  EXPECT_EQ(code_after({{"progress", {{"stage", "listing_sizes"}}}}, late), 5);
  for (const char* stage : {"requesting", "waiting", "fetching", "saving", "decoding", "placing", "unheard_of"})
    EXPECT_EQ(code_after({{"progress", {{"stage", stage}}}}, interrupted), 6) << stage;
}

}  // namespace
}  // namespace easel
