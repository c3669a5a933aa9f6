// SPDX-License-Identifier: GPL-2.0-or-later
#include "account.h"

#include <gtest/gtest.h>

#include <fstream>

#include "sign_in_file.h"
#include "sign_in_form.h"
#include "temporary_folder.h"

namespace inset {
namespace {

using test::TemporaryFolder;

Credentials by_browser() {
  Credentials credentials;
  credentials.api_key = "abc123";
  credentials.refresh_token = Secret("r1-token");
  return credentials;
}

TEST(AccountText, GoesThereAndBack) {
  const auto read = parse_credentials(credentials_text(by_browser()).view());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->api_key, "abc123");
  EXPECT_EQ(read->refresh_token.view(), "r1-token");
  EXPECT_TRUE(read->client_secret.empty());
  EXPECT_TRUE(parse_credentials("api_key=k\nclient_secret=a=b\nof_a_later_version=x\n"));
}

TEST(AccountText, NonsenseIsNoSignIn) {
  for (const char* text : {"", "\n", "api_key", "api_key=abc\n", "refresh_token=r\n",
                           "api_key=a\nrefresh_token=r\x01\n", "api_key=a\nrefresh_token=two words\n"}) {
    EXPECT_FALSE(parse_credentials(text)) << text;
  }
}

TEST(SignInFile, IsForItsOwnerAlone) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "sign-in";
  auto text = read_sign_in_file(path);
  ASSERT_TRUE(text);
  EXPECT_FALSE(*text);
  ASSERT_TRUE(write_sign_in_file(path, Secret("one")));
  ASSERT_TRUE(write_sign_in_file(path, Secret("two")));
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  text = read_sign_in_file(path);
  ASSERT_TRUE(text && *text);
  EXPECT_EQ((*text)->view(), "two");
  std::filesystem::permissions(path, std::filesystem::perms::group_read, std::filesystem::perm_options::add);
  EXPECT_FALSE(read_sign_in_file(path));
  EXPECT_TRUE(remove_sign_in_file(path));
  EXPECT_TRUE(remove_sign_in_file(path));
  EXPECT_FALSE(std::filesystem::exists(path));
  // No way around by a link to somebody else's file.
  std::ofstream(folder / "other") << "x";
  std::filesystem::create_symlink(folder / "other", path);
  EXPECT_FALSE(read_sign_in_file(path));
}

const Question::Field* field(const Question& question, const std::string& key) {
  for (const Question::Field& f : question.fields) {
    if (f.key == key) return &f;
  }
  return nullptr;
}

TEST(SignInForm, KeepsTheKeyAndHidesTheSecret) {
  const Question question = sign_in_question("abc123", true, "/home/ana/sign-in", "");
  ASSERT_NE(field(question, "api_key"), nullptr);
  EXPECT_EQ(field(question, "api_key")->initial, "abc123");
  EXPECT_EQ(field(question, "client_secret")->kind, Question::Kind::secret);
  EXPECT_EQ(field(question, "client_secret")->initial, "");
  EXPECT_FALSE(field(question, "client_secret")->required);
  EXPECT_EQ(field(question, "keep")->initial, "keyring");
  // A file is never what happens by itself.
  EXPECT_EQ(field(sign_in_question("", false, "/x", ""), "keep")->initial, "session");
  EXPECT_EQ(sign_in_question("", false, "/x", "Wrong.").fields.front().label, "Wrong.");
}

TEST(SignInForm, SaysWhoIsSignedIn) {
  EXPECT_EQ(account_text("k7mq-9d2p-x4vw-c0f2", "kept in the keyring"),
            "Signed in to Getty Images with the API key …c0f2 (kept in the keyring).");
  EXPECT_EQ(account_text("k7mq-9d2p-x4vw-c0f2", ""), "Signed in to Getty Images with the API key …c0f2.");
  // So short that four characters of it would be too much.
  EXPECT_EQ(account_text("k7mq-9d2p-x", "from the environment"), "Signed in to Getty Images (from the environment).");
}

TEST(SignInForm, NamesTheAgreements) {
  Product team, agency;
  team.id = 7, team.name = "Team";
  agency.id = 9, agency.name = "Agency";
  EXPECT_EQ(agreement_text({team}), "Agreement: Team (7).");
  EXPECT_EQ(agreement_text({team, agency}), "Agreements: Team (7), Agency (9).");
  EXPECT_EQ(agreement_text({}), "The service names no agreement for generated pictures.");
}

TEST(SignInForm, ShowsTheAddressForWhomNoPageOpens) {
  EXPECT_EQ(browser_question("https://x/y").fields.back().initial, "https://x/y");
}

}  // namespace
}  // namespace inset
