// SPDX-License-Identifier: GPL-2.0-or-later
// Signing in: a browser (browser.py plays it and its person; one test has the real one), the real keyring in a session
// bus of its own, and every way in which either can fail. What is secret is looked for afterwards in everything: see
// E2e::TearDown().
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "sign_in_fixture.h"

namespace e2e {
namespace {

// A code or a refresh token that the service does not take.
const Json kInvalidGrant = {{"route", "token"},
                            {"status", 400},
                            {"headers", Json::array({Json::array({"Content-Type", "application/json"})})},
                            {"body", R"({"error":"invalid_grant"})"}};

TEST_F(SignIn, IsKeptInTheKeyringForEveryProgram) {
  start_keyring();
  const Ended ended = sign_in();
  EXPECT_EQ(ended.status, 0) << ended;
  EXPECT_NE(ended.last("done").value("text", "").find("in the keyring"), std::string::npos) << ended;
  EXPECT_NE(ended.last("done").value("text", "").find("31415"), std::string::npos) << ended;
  EXPECT_EQ(read_file(log()), "answer 200 Thank you ('no-store', 'no-referrer')\n");
  const std::string first = kept();
  EXPECT_NE(first.find("refresh_token="), std::string::npos);

  // A second program is signed in, and what the service gave it in exchange is kept for the next.
  expect_placed(insert());
  const std::string second = kept();
  EXPECT_NE(second.find("refresh_token="), std::string::npos);
  EXPECT_NE(first, second);
  fresh();
  expect_placed(insert({"index=1"}), 2);
  EXPECT_EQ(grants("authorization_code"), 1);
  EXPECT_EQ(grants("refresh_token"), 2);
  for (const Json& request : service_requests("token")) {
    EXPECT_EQ(request.value("body", "").find("client_secret"), std::string::npos) << "a public client has none";
  }
}

// xdg-open and Chromium themselves.
TEST_F(SignIn, WithARealBrowser) {
  start_keyring();
  for (const std::string button : {"deny", "allow"}) {
    SCOPED_TRACE(button);
    const fs::path script = folder() / "bin/browser";
    write_file(script,
               "#!/bin/sh\nexec " PYTHON " " E2E_FOLDER "/chromium.py " + button + " " + log().string() + " \"$1\"\n");
    fs::permissions(script, fs::perms::owner_all);
    fs::remove(folder() / "bin/xdg-open");
    environment()["BROWSER"] = script;
    const Ended ended = sign_in();
    EXPECT_EQ(ended.status, button == "allow" ? 0 : 3) << ended;
  }
  for (int i = 0; i < 1200 && read_file(log()).find("Thank you") == std::string::npos; ++i)
    std::this_thread::sleep_for(50ms);
  EXPECT_EQ(read_file(log()), "Not signed in\nThank you\n");
  EXPECT_NE(kept(), "");
}

TEST_F(SignIn, StatusAndSignOut) {
  start_keyring();
  Ended ended = status();
  EXPECT_EQ(ended.status, 3) << ended;
  EXPECT_EQ(ended.cause(), "not_signed_in");
  ASSERT_EQ(sign_in().status, 0);
  ended = status();
  EXPECT_EQ(ended.status, 0) << ended;
  EXPECT_NE(ended.last("done").value("text", "").find("in the keyring"), std::string::npos) << ended;
  const std::string key = fact("public_api_key");
  EXPECT_NE(ended.last("done").value("text", "").find("…" + key.substr(key.size() - 4) + " (kept in the keyring)"),
            std::string::npos)
      << ended;
  EXPECT_NE(ended.last("done").value("text", "").find("good for 30 minutes"), std::string::npos) << ended;
  ended = run(easel("sign-out"));
  EXPECT_EQ(ended.status, 0) << ended;
  EXPECT_EQ(kept(), "");
  ended = insert();
  expect_failed(ended, 3, "not_signed_in", "no");
  EXPECT_NE(ended.message().find("easel sign-in"), std::string::npos) << ended;
  EXPECT_NE(ended.message().find("INSET_API_KEY"), std::string::npos) << ended;
}

TEST_F(SignIn, DeniedIsSaid) {
  start_keyring();
  person("deny");
  const Ended ended = sign_in();
  EXPECT_EQ(ended.status, 3) << ended;
  EXPECT_NE(ended.message().find("declined"), std::string::npos) << ended;
  EXPECT_EQ(calls("token"), 0);
  EXPECT_EQ(kept(), "");
  EXPECT_NE(read_file(log()).find("answer 200 Not signed in"), std::string::npos);
}

TEST_F(SignIn, AnswersOfOthersAreNotUsed) {
  start_keyring();
  person("stray");
  EXPECT_EQ(sign_in().status, 0);
  const std::string said = read_file(log());
  for (const char* line : {"root 404", "icon 404", "wrong-state 400", "no-state 400", "long 4", "answer 200"}) {
    EXPECT_NE(said.find(line), std::string::npos) << line << " is not in:\n" << said;
  }
  EXPECT_EQ(grants("authorization_code"), 1);
}

TEST_F(SignIn, AnAnswerCountsOnce) {
  start_keyring();
  person("replay");
  EXPECT_EQ(sign_in().status, 0);
  for (int i = 0; i < 400 && read_file(log()).find("replay") == std::string::npos; ++i)
    std::this_thread::sleep_for(50ms);
  const std::string said = read_file(log());
  EXPECT_TRUE(said.find("replay 404") != std::string::npos || said.find("replay Connection") != std::string::npos)
      << said;
  EXPECT_EQ(grants("authorization_code"), 1);
}

TEST_F(SignIn, ACodeThatIsNotGoodIsSaid) {
  start_keyring();
  rules(kInvalidGrant);
  const Ended ended = sign_in();
  EXPECT_EQ(ended.status, 3) << ended;
  EXPECT_EQ(ended.cause(), "credentials_refused");
  EXPECT_EQ(calls("token"), 1);
  EXPECT_EQ(kept(), "");
}

TEST_F(SignIn, ABrowserThatIsClosedIsNotWaitedForWithoutEnd) {
  start_keyring();
  person("close");
  environment()["INSET_SIGN_IN_SECONDS"] = "2";
  const Ended ended = sign_in();
  EXPECT_EQ(ended.status, 3) << ended;
  EXPECT_NE(ended.message().find("within 2 seconds"), std::string::npos) << ended;
}

TEST_F(SignIn, WithoutABrowserTheAddressIsThere) {
  start_keyring();
  fs::remove(folder() / "bin/xdg-open");
  environment()["PATH"] = folder() / "bin";
  Program program(easel("sign-in"));
  ASSERT_TRUE(program.says("oauth2/auth?"));
  program.send(SIGINT);
  const Ended ended = finish(program);
  EXPECT_EQ(ended.status, 8) << ended;
  const std::string address = ended.last("told").value("address", "");
  EXPECT_TRUE(address.starts_with(fact("auth_url") + "/oauth2/auth?response_type=code&client_id=")) << address;
  EXPECT_NE(address.find("redirect_uri=http%3A%2F%2F127.0.0.1%3A"), std::string::npos) << address;
  EXPECT_NE(address.find("code_challenge_method=S256"), std::string::npos) << address;
}

TEST_F(SignIn, AddressOfTheAnswerIsAsRegistered) {
  start_keyring();
  environment()["INSET_REDIRECT_HOST"] = "localhost";
  environment()["INSET_REDIRECT_PATH"] = "/inset/done";
  EXPECT_EQ(sign_in().status, 0);
  bool seen = false;
  for (const Json& request : service_requests("authorize")) {
    seen = seen || (request.value("path", "").find("http%3A%2F%2Flocalhost%3A") != std::string::npos &&
                    request.value("path", "").find("%2Finset%2Fdone") != std::string::npos);
  }
  EXPECT_TRUE(seen);
}

TEST_F(SignIn, RevokedAtTheServiceIsSaidAndTriedOnce) {
  start_keyring();
  ASSERT_EQ(sign_in().status, 0);
  rules(kInvalidGrant);
  const int before = calls("token");
  const Ended ended = insert();
  expect_failed(ended, 3, "credentials_refused", "no");
  EXPECT_NE(ended.message().find("no longer accepts the sign-in"), std::string::npos) << ended;
  EXPECT_EQ(calls("token"), before + 1);

  // "Sign in" signs in, though something is kept.
  Json once = kInvalidGrant;
  once["call"] = 1;  // of those from now on
  rules(once);
  const Ended again = sign_in();
  EXPECT_EQ(again.status, 0) << again;
  EXPECT_EQ(grants("authorization_code"), 2);
  expect_placed(insert());
}

TEST_F(SignIn, AnotherKeyIsNotPassedOver) {
  start_keyring();
  ASSERT_EQ(sign_in().status, 0);
  environment().erase("INSET_API_KEY");
  environment()["INSET_SIGN_IN_SECONDS"] = "2";
  const Ended other = sign_in({"api_key=another-key"});  // of nobody
  EXPECT_EQ(other.status, 3) << other;
  expect_placed(insert());  // who was signed in still is
}

TEST_F(SignIn, AnOldTokenStaysGoodWhereTheServiceGivesNoNewOne) {
  serve({{"rotate_refresh", false}});
  environment().erase("INSET_CLIENT_SECRET");
  environment()["INSET_API_KEY"] = fact("public_api_key");
  start_keyring();
  ASSERT_EQ(sign_in().status, 0);
  const std::string first = kept();
  EXPECT_EQ(status().status, 0);
  EXPECT_EQ(kept(), first);
  EXPECT_EQ(status().status, 0);
}

TEST_F(SignIn, TheClockDoesNotMatterButForCertificates) {
  start_keyring();
  environment()["LD_PRELOAD"] = PRELOAD;
  environment()["TEST_YEARS_OFF"] = "60";
  const Ended ended = sign_in();
  EXPECT_EQ(ended.cause(), "tls") << ended;
  EXPECT_NE(ended.message().find("clock"), std::string::npos) << ended;
  EXPECT_EQ(kept(), "");
}

// ---- the keyring ----

TEST_F(SignIn, ALockedKeyringIsSaidAndAskedForOnlyBySignIn) {
  start_keyring();
  ASSERT_EQ(sign_in().status, 0);
  ring({"lock"});
  Ended ended = insert();
  expect_failed(ended, 3, "keyring_locked", "no");
  EXPECT_NE(ended.message().find("locked"), std::string::npos);
  // Here nobody can be asked, so the keyring refuses by itself; its daemon must live on.
  ended = sign_in();
  EXPECT_EQ(ended.status, 3) << ended;
  EXPECT_EQ(ended.cause(), "keyring_locked");
  ended = run(easel("sign-out"));
  EXPECT_EQ(ended.cause(), "keyring_locked") << ended;
  EXPECT_NE(ended.message().find("still there"), std::string::npos) << ended;
  ring({"unlock", "ring-password"});
  expect_placed(insert());
}

TEST_F(SignIn, WithoutAKeyringAFileIsUsedOnlyIfSaid) {
  Ended ended = sign_in();
  EXPECT_EQ(ended.status, 2) << ended;
  EXPECT_NE(ended.message().find("keep=file"), std::string::npos) << ended;
  EXPECT_EQ(calls("authorize"), 0);
  ended = sign_in({"keep=file"});
  EXPECT_EQ(ended.status, 0) << ended;
  const fs::path file = data() / "sign-in";
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const std::string first = read_file(file);
  expect_placed(insert());
  EXPECT_NE(read_file(file), first) << "the new refresh token is kept";
  fs::permissions(file, fs::perms::owner_read | fs::perms::others_read);
  ended = insert({"index=1"});
  EXPECT_EQ(ended.status, 1) << ended;
  EXPECT_NE(ended.message().find("chmod 600"), std::string::npos) << ended;
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(run(easel("sign-out")).status, 0);
  EXPECT_FALSE(fs::exists(file));
}

TEST_F(SignIn, ABusWithoutKeyringAndADeadBus) {
  start_bus(false);
  Ended ended = insert();
  expect_failed(ended, 3, "not_signed_in", "no");
  EXPECT_NE(ended.message().find("no keyring"), std::string::npos) << ended;
  bus_.reset();
  ended = insert();
  expect_failed(ended, 3, "not_signed_in", "no");
}

TEST_F(SignIn, AKeyringThatSaysNothingIsNotWaitedFor) {
  start_bus(false);
  environment()["INSET_KEYRING_SECONDS"] = "1";
  Program mute(in_session({PYTHON, E2E_FOLDER "/ring.py", "mute"}));
  ASSERT_TRUE(mute.says("up"));
  const Ended ended = insert();
  expect_failed(ended, 3, "not_signed_in", "no");
  EXPECT_NE(ended.message().find("does not answer"), std::string::npos) << ended;
}

TEST_F(SignIn, CredentialsOfTheEnvironmentNeedNoKeyring) {
  start_bus(false);
  Program mute(in_session({PYTHON, E2E_FOLDER "/ring.py", "mute"}));
  ASSERT_TRUE(mute.says("up"));
  environment()["INSET_API_KEY"] = fact("api_key");
  environment()["INSET_CLIENT_SECRET"] = fact("client_secret");
  expect_placed(insert());
}

TEST_F(SignIn, ASignInForAnotherKeyIsNotUsed) {
  start_keyring();
  ASSERT_EQ(sign_in().status, 0);
  environment()["INSET_API_KEY"] = "another-key";
  const Ended ended = insert();
  expect_failed(ended, 3, "not_signed_in", "no");
  EXPECT_NE(ended.message().find("another API key"), std::string::npos) << ended;
}

}  // namespace
}  // namespace e2e
