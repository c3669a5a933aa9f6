// SPDX-License-Identifier: GPL-2.0-or-later
// Several programs, and one sign-in that each of them may renew, keep or remove.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include "sign_in_fixture.h"

namespace e2e {
namespace {

class SignInTurns : public SignIn {
 protected:
  // A program that has sent its refresh token; the service has renewed it, and its answer is held.
  std::unique_ptr<Program> renewing() {
    held_ = "token" + std::to_string(++rounds_);
    rules({{"route", "token"}, {"call", 1}, {"hold", held_}});
    auto program = std::make_unique<Program>(insert_words());
    EXPECT_TRUE(service().wait_until_held(held_, 20s));
    return program;
  }

  template <class Condition>
  bool soon(Condition condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(20ms);
    }
    return false;
  }

  std::string held_;

 private:
  int rounds_ = 0;
};

TEST_F(SignInTurns, ProgramsAtTheSameTimeTakeTurnsWithTheToken) {
  serve(many_pictures(4));
  environment().erase("INSET_CLIENT_SECRET");
  environment()["INSET_API_KEY"] = fact("public_api_key");
  start_keyring();
  ASSERT_EQ(sign_in().status, 0);
  std::vector<Spawn> spawns;
  for (int i = 0; i < 4; ++i)
    spawns.push_back(insert_words({std::string("generation=") + kMany, "index=" + std::to_string(i)}));
  for (const Ended& ended : run_all(spawns)) EXPECT_EQ(ended.status, 0) << ended;
  EXPECT_EQ(charges(), 4u);
  EXPECT_EQ(status().status, 0);
}

// What was kept before is spent by then: without the new one nobody is signed in any more.
TEST_F(SignInTurns, WhatWasRenewedIsKeptThoughTheProgramEnds) {
  start_keyring();
  ASSERT_EQ(sign_in().status, 0);
  for (const int signal : {SIGKILL, SIGINT}) {
    SCOPED_TRACE(signal);
    const std::string before = kept();
    auto program = renewing();
    const pid_t keyring = find_program("gnome-keyring-daemon");
    ASSERT_GT(keyring, 0);
    ::kill(keyring, SIGSTOP);
    service().let_go(held_);
    // It has left its parent.
    ASSERT_TRUE(soon([&] {
      const pid_t store = find_program(std::string("store\0quiet", 11));
      return store > 0 && ::getsid(store) == store;
    }));
    program->send(signal);
    program->finish(20s);
    EXPECT_TRUE(runs(std::string("store\0quiet", 11)));
    ::kill(keyring, SIGCONT);
    EXPECT_TRUE(soon([&] { return !runs("inset-keyring"); }));
    EXPECT_NE(kept(), before);
    rules(Json::array());
    EXPECT_EQ(status().status, 0);
  }
}

// Longer than a keyring that is only read is waited for.
TEST_F(SignInTurns, WhatWasRenewedIsKeptThoughTheDiskIsSlow) {
  start_keyring();
  ASSERT_EQ(sign_in().status, 0);
  environment()["INSET_KEYRING_SECONDS"] = "6";
  const std::string before = kept();
  auto program = renewing();
  const pid_t keyring = find_program("gnome-keyring-daemon");
  ASSERT_GT(keyring, 0);
  ::kill(keyring, SIGSTOP);
  service().let_go(held_);
  std::this_thread::sleep_for(8s);
  ::kill(keyring, SIGCONT);
  const Ended ended = finish(*program);
  EXPECT_EQ(ended.status, 0) << ended;
  EXPECT_EQ(ended.err.find("could not be kept"), std::string::npos) << ended;
  EXPECT_NE(kept(), before);
}

TEST_F(SignInTurns, OfSeveralThatAreKeptTheNewestCounts) {
  start_keyring();
  const auto keep = [&](const std::string& secret) {
    write_file(folder() / "ring/secret", secret);
    const Finished done = contract::run(in_session({"/bin/sh", "-c",
                                                    "exec " PYTHON " " E2E_FOLDER "/ring.py keep " + fact("auth_url") +
                                                        " <" + (folder() / "ring/secret").string()}));
    fs::remove(folder() / "ring/secret");
    ASSERT_EQ(done.status, 0) << done.err;
    std::this_thread::sleep_for(1100ms);  // the keyring counts in seconds
  };
  keep("api_key=" + fact("public_api_key") + "\nrefresh_token=long-spent\n");
  ASSERT_EQ(sign_in({"api_key=" + fact("public_api_key")}).status, 0);
  expect_placed(insert());
  EXPECT_EQ(status().status, 0);
}

TEST_F(SignInTurns, ASignOutIsNotUndoneByARenewal) {
  start_keyring();
  ASSERT_EQ(sign_in().status, 0);
  auto program = renewing();
  Program sign_out(easel("sign-out"));
  std::this_thread::sleep_for(2s);  // it would be over by then, if it did not wait
  service().let_go(held_);
  EXPECT_EQ(finish(*program).status, 0);
  EXPECT_EQ(finish(sign_out).status, 0);
  EXPECT_EQ(kept(), "");
  EXPECT_EQ(status().status, 3);
}

}  // namespace
}  // namespace e2e
