// SPDX-License-Identifier: GPL-2.0-or-later
#include "error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "text.h"

namespace inset {
namespace {

std::vector<Cause> all_causes() {
  std::vector<Cause> causes;
  for (int i = 0; i <= static_cast<int>(Cause::cancelled); ++i) causes.push_back(static_cast<Cause>(i));
  return causes;
}

TEST(Advice, EveryCellHoldsASentence) {
  for (const Cause cause : all_causes()) {
    for (const Paid paid : {Paid::no, Paid::maybe, Paid::yes}) {
      const std::string text = advice(cause, paid);
      EXPECT_GE(text.size(), 25u) << name(cause) << ": " << text;
      EXPECT_TRUE(text.ends_with('.')) << text;
      EXPECT_EQ(text.find("  "), std::string::npos) << text;
      EXPECT_EQ(plain_text(text, 1000), text);
      // What was charged, and then something to do.
      EXPECT_GE(std::count(text.begin(), text.end(), '.'), 2) << text;
    }
  }
}

TEST(Advice, SaysWhatWasCharged) {
  for (const Cause cause : all_causes()) {
    EXPECT_TRUE(advice(cause, Paid::no).starts_with("Nothing was charged.")) << name(cause);
    EXPECT_TRUE(advice(cause, Paid::maybe).starts_with("A licence may have been charged.")) << name(cause);
    EXPECT_TRUE(advice(cause, Paid::yes).starts_with("The licence has been charged once")) << name(cause);
  }
}

TEST(Advice, NobodyWhoseMoneyMayBeGoneIsToldOtherwise) {
  for (const Cause cause : all_causes()) {
    for (const Paid paid : {Paid::maybe, Paid::yes}) {
      const std::string text = to_lower(advice(cause, paid));
      for (const char* lie : {"nothing was charged", "not charged", "nothing is bought", "free of charge",
                              "insert it again", "start it again", ". try again."}) {
        EXPECT_EQ(text.find(lie), std::string::npos) << name(cause) << ": " << text;
      }
    }
  }
}

TEST(Advice, AFileThatWasKeptIsSaidToBeKeptOnlyIfItIs) {
  EXPECT_NE(advice(Cause::format_unexpected, Paid::yes).find("was kept"), std::string::npos);
  EXPECT_NE(advice(Cause::outcome_unknown, Paid::maybe).find("again=yes"), std::string::npos);
  EXPECT_NE(advice(Cause::size_mismatch, Paid::yes).find("accept_size=yes"), std::string::npos);
}

TEST(Names, AreAllThereAndAllDifferent) {
  std::set<std::string_view> names;
  for (const Cause cause : all_causes()) EXPECT_TRUE(names.insert(name(cause)).second) << name(cause);
  EXPECT_EQ(name(Cause::parameter_missing), "parameter_missing");
  EXPECT_EQ(name(Cause::size_mismatch), "size_mismatch");
  EXPECT_EQ(name(Cause::cancelled), "cancelled");
  for (const auto text : names)
    EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos);
  EXPECT_EQ(name(Stage::signing_in), "signing_in");
  EXPECT_EQ(name(Stage::placing), "placing");
  EXPECT_EQ(name(Retry::ask_server_first), "ask_server_first");
  EXPECT_EQ(name(Retry::never), "never");
  EXPECT_EQ(name(Paid::maybe), "maybe");
}

TEST(Errors, AMessageIsWhatHappenedAndWhatToDo) {
  const Error error = make_error(Stage::requesting, Cause::quota_used_up, "The agreement has no downloads left.",
                                 "ProductQuotaExceeded", 403);
  EXPECT_EQ(
      error.message,
      "The agreement has no downloads left. Nothing was charged. Ask whoever keeps the agreement with Getty Images for "
      "more downloads.");
  EXPECT_EQ(error.http_status, 403);
  EXPECT_EQ(error.detail, "ProductQuotaExceeded");
  EXPECT_EQ(error.paid, Paid::no);
}

TEST(Errors, TheSameErrorTellsAPaidPersonOtherwise) {
  const Error error =
      with_paid(make_error(Stage::fetching, Cause::connection_lost, "The connection was lost."), Paid::yes);
  EXPECT_EQ(error.paid, Paid::yes);
  EXPECT_TRUE(error.message.starts_with("The connection was lost. The licence has been charged once")) << error.message;
  EXPECT_EQ(error.retry, Retry::ask_server_first);
  EXPECT_EQ(with_paid(error, Paid::no).retry, Retry::now_safe);
  EXPECT_EQ(with_paid(error, Paid::no).message, "The connection was lost. Nothing was charged. Try again.");
}

TEST(Errors, NothingThatMayBePaidIsToBeTriedAgainBlindly) {
  for (const Cause cause : all_causes()) {
    for (const Paid paid : {Paid::maybe, Paid::yes}) {
      const Retry retry = with_paid(make_error(Stage::requesting, cause, "It failed."), paid).retry;
      EXPECT_TRUE(retry != Retry::now_safe && retry != Retry::later) << name(cause);
    }
  }
}

TEST(ResultTest, IsAValueOrAnError) {
  Result<std::string> value = std::string("here");
  EXPECT_TRUE(value);
  EXPECT_EQ(*value, "here");
  EXPECT_EQ(value->size(), 4u);
  Result<std::string> error = make_error(Stage::saving, Cause::disk_full, "Full.");
  EXPECT_FALSE(error);
  EXPECT_EQ(error.error().cause, Cause::disk_full);
}

}  // namespace
}  // namespace inset
