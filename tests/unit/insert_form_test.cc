// SPDX-License-Identifier: GPL-2.0-or-later
#include "insert_form.h"

#include <gtest/gtest.h>

namespace inset {
namespace {

const Question::Field* field(const Question& question, const std::string& key) {
  for (const Question::Field& f : question.fields) {
    if (f.key == key) return &f;
  }
  return nullptr;
}

Findings findings() {
  Findings found;
  found.pictures = {{0, false, {}}, {1, true, {}}};
  found.offers = {{"1k", 1024, 768}, {"4k", 4096, 3072}};
  Product plain;
  plain.id = 7;
  plain.name = "Team";
  Product strict;
  strict.id = 9;
  strict.name = "Agency";
  strict.needs_project_code = strict.needs_notes = true;
  strict.project_codes = {"SPRING-26", "AUTUMN-26"};
  found.products = {plain, strict};
  return found;
}

const Values chosen = {{"generation", "2F7A"}, {"index", "0"}, {"size", "4k"}, {"product_id", "9"}};

TEST(InsertForm, BeforeAnythingIsKnownItAsksForTheGeneration) {
  const Question question = insert_question({}, nullptr, {}, false, "");
  EXPECT_EQ(question.accept, "Continue");
  ASSERT_EQ(question.fields.size(), 1u);
  EXPECT_EQ(question.fields[0].key, "generation");
  EXPECT_TRUE(question.fields[0].required && question.fields[0].watched);
}

TEST(InsertForm, TheButtonSaysWhatIsBought) {
  const Findings found = findings();
  EXPECT_EQ(insert_question(chosen, &found, {}, false, "").accept, "License and Insert 4096 × 3072");
  EXPECT_EQ(insert_question(chosen, &found, {}, true, "").accept, "Insert 4096 × 3072");
  Values no_size = chosen;
  no_size.erase("size");
  EXPECT_EQ(insert_question(no_size, &found, {}, false, "").accept, "Continue");
  no_size["size"] = "8k";  // not offered
  EXPECT_EQ(insert_question(no_size, &found, {}, false, "").accept, "Continue");
}

TEST(InsertForm, NothingIsChargedWithoutSayingSo) {
  const Findings found = findings();
  const Question question = insert_question(chosen, &found, {}, false, "");
  ASSERT_NE(field(question, "charge"), nullptr);
  EXPECT_NE(field(question, "charge")->label.find("charge"), std::string::npos);
  EXPECT_NE(field(insert_question(chosen, &found, {}, true, ""), "charge")->label.find("free"), std::string::npos);
}

TEST(InsertForm, ListsPicturesAndSizes) {
  const Findings found = findings();
  const Question question = insert_question(chosen, &found, {}, false, "");
  const auto* index = field(question, "index");
  ASSERT_NE(index, nullptr);
  ASSERT_EQ(index->choices.size(), 2u);
  EXPECT_EQ(index->choices[0].label, "Picture 0");
  EXPECT_NE(index->choices[1].label.find("withheld"), std::string::npos);
  const auto* size = field(question, "size");
  ASSERT_NE(size, nullptr);
  EXPECT_EQ(size->initial, "4k");
  EXPECT_EQ(size->choices[1].label, "4k: 4096 × 3072");
}

TEST(InsertForm, AThumbnailStandsAtItsPicture) {
  const Findings found = findings();
  const auto picture = std::make_shared<const Picture>();
  const Question question = insert_question(chosen, &found, {{1, picture}}, false, "");
  EXPECT_EQ(field(question, "index")->choices[0].thumbnail, nullptr);
  EXPECT_EQ(field(question, "index")->choices[1].thumbnail, picture);
}

TEST(InsertForm, AsksForWhatTheAgreementWants) {
  Findings found = findings();
  const Question strict = insert_question(chosen, &found, {}, false, "");
  ASSERT_NE(field(strict, "product_id"), nullptr);
  EXPECT_EQ(field(strict, "product_id")->choices[1].label, "Agency");
  ASSERT_NE(field(strict, "project_code"), nullptr);
  EXPECT_EQ(field(strict, "project_code")->choices.size(), 2u);
  EXPECT_TRUE(field(strict, "project_code")->required);
  EXPECT_TRUE(field(strict, "notes")->required);
  Values plain = chosen;
  plain["product_id"] = "7";
  const Question easy = insert_question(plain, &found, {}, false, "");
  EXPECT_EQ(field(easy, "project_code"), nullptr);
  EXPECT_FALSE(field(easy, "notes")->required);
  found.products.erase(found.products.begin());  // only one: nothing to choose
  found.products[0].project_codes.clear();
  const Question one = insert_question(chosen, &found, {}, false, "");
  EXPECT_EQ(field(one, "product_id"), nullptr);
  EXPECT_EQ(field(one, "project_code")->kind, Question::Kind::text);
}

TEST(InsertForm, SaysAtTheTopWhoIsSignedInAndThroughWhichAgreement) {
  const std::string account = "Signed in to Getty Images with the API key …c0f2 (kept in the keyring).";
  const Question before = insert_question({}, nullptr, {}, false, "", false, account);
  ASSERT_EQ(before.fields[0].key, "account");
  EXPECT_EQ(before.fields[0].kind, Question::Kind::note);
  EXPECT_EQ(before.fields[0].label, account);

  const Findings found = findings();
  const Question chosen_one = insert_question(chosen, &found, {}, false, "", false, account);
  EXPECT_EQ(chosen_one.fields[0].label, account + " Agreement: Agency (9).");
  Values open = chosen;
  open.erase("product_id");
  EXPECT_EQ(insert_question(open, &found, {}, false, "", false, account).fields[0].label,
            account + " Agreements: Team (7), Agency (9).");
  Findings untold = found;
  untold.products.clear();
  EXPECT_EQ(insert_question(chosen, &untold, {}, false, "", false, account).fields[0].label,
            account + " The service names no agreement for generated pictures.");
  EXPECT_EQ(field(insert_question(chosen, &found, {}, false, ""), "account"), nullptr) << "nobody is signed in";
}

TEST(InsertForm, AFaultStandsFirst) {
  const Question question = insert_question({}, nullptr, {}, false, "The service does not know this generation.");
  EXPECT_EQ(question.fields[0].kind, Question::Kind::note);
  EXPECT_EQ(question.fields[0].label, "The service does not know this generation.");
  EXPECT_EQ(insert_question({}, nullptr, {}, false, "Wrong.", false, "Signed in.").fields[0].label, "Wrong.");
}

TEST(InsertForm, StaysAsItIsWhileSomethingIsLookedUp) {
  const Findings found = findings();
  const Question before = insert_question(chosen, &found, {}, false, "");
  Values changed = chosen;
  changed["generation"] = "3B00";
  changed.erase("index");
  changed.erase("size");
  const Question during = insert_question(changed, &found, {}, false, "", true);
  ASSERT_EQ(during.fields.size(), before.fields.size());
  for (std::size_t i = 0; i < before.fields.size(); ++i) EXPECT_EQ(during.fields[i].key, before.fields[i].key);
  EXPECT_EQ(during.accept, "Continue");
  // Whatever was chosen before: nothing is for sale until it is known to be on offer.
  EXPECT_EQ(insert_question(chosen, &found, {}, false, "", true).accept, "Continue");
}

TEST(InsertForm, AskingAgainSaysWhy) {
  const Question question = again_question("A licence may have been charged.");
  EXPECT_EQ(question.fields.at(0).label, "A licence may have been charged.");
  EXPECT_EQ(question.fields.at(1).initial, "no") << "who presses Enter buys nothing";
}

}  // namespace
}  // namespace inset
