// SPDX-License-Identifier: GPL-2.0-or-later
// While a person is waited for: a cancel ends it at once, and nobody else is held up. And what other people of the same
// computer can see meanwhile.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <set>

#include "half_a_second.h"
#include "sign_in_fixture.h"

namespace e2e {
namespace {

class SignInWait : public SignIn {
 protected:
  // Waits until a program of this name has run for a while, as one does that waits for somebody.
  bool waits(const std::string& program) const {
    int seen = 0;
    for (int i = 0; i < 400 && seen < 6; ++i) {
      seen = runs(program) ? seen + 1 : 0;
      std::this_thread::sleep_for(100ms);
    }
    return seen == 6;
  }

  template <class Moment>
  void expect_cancelled(Moment moment) {
    auto best = std::chrono::milliseconds(100000);
    for (int i = 0; i < kTries && best > kPromise; ++i) {
      Program program(easel("sign-in"));
      ASSERT_TRUE(moment(program));
      const auto start = std::chrono::steady_clock::now();
      program.send(SIGINT);
      const Ended ended = finish(program, 20s);
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
      EXPECT_LT(took, kNever);
      best = std::min(best, took);
      EXPECT_EQ(ended.status, 8) << ended;
    }
    EXPECT_LE(best, kPromise);
  }
};

TEST_F(SignInWait, ForTheBrowserIsCancelledAtOnce) {
  start_keyring();
  person("close");
  expect_cancelled([](Program& program) { return program.says("oauth2/auth?"); });
  EXPECT_EQ(calls("token"), 0);
}

TEST_F(SignInWait, ForTheKeyringsPasswordIsCancelledAtOnce) {
  start_keyring();
  ASSERT_EQ(sign_in().status, 0);
  ring({"lock"});
  Program prompter(in_session({PYTHON, E2E_FOLDER "/ring.py", "prompter"}));
  ASSERT_TRUE(prompter.says("up"));
  expect_cancelled([&](Program&) { return waits("inset-keyring"); });
  EXPECT_FALSE(runs("inset-keyring"));
  // Its daemon is alive and well.
  prompter.finish(0s);
  ring({"unlock", "ring-password"});
  expect_placed(insert());
}

// The keyring's own window, on a screen of the test's, and a person who types.
TEST_F(SignInWait, ForTheKeyringsPasswordEndsWhenItIsTyped) {
  const fs::path number = folder() / "display";
  Program screen(in_session(
      {"/bin/sh", "-c",
       "exec Xvfb -displayfd 3 -screen 0 800x600x24 -nolisten tcp 3>" + number.string() + " >/dev/null 2>&1"}));
  for (int i = 0; i < 400 && !read_file(number).ends_with('\n'); ++i) std::this_thread::sleep_for(50ms);
  display_ = ":" + read_file(number);
  ASSERT_TRUE(display_.ends_with('\n'));
  display_.pop_back();
  start_keyring();
  ASSERT_EQ(sign_in().status, 0);
  const std::string before = kept();
  ring({"lock"});

  Program program(easel("sign-in"));
  const Words window = {"/usr/bin/xdotool", "search", "--onlyvisible", "--class", "gcr-prompter"};
  bool shown = false;
  // What is typed before the window listens is lost.
  for (int i = 0; i < 60 && !(shown && contract::run(in_session(window)).status != 0); ++i) {
    std::this_thread::sleep_for(500ms);
    if (contract::run(in_session(window)).status != 0) continue;
    shown = true;
    contract::run(in_session({"/usr/bin/xdotool", "key", "ctrl+a"}));
    contract::run(in_session({"/usr/bin/xdotool", "type", "--delay", "30", "ring-password"}));
    contract::run(in_session({"/usr/bin/xdotool", "key", "Return"}));
  }
  EXPECT_TRUE(shown);
  const Ended ended = finish(program);
  EXPECT_EQ(ended.status, 0) << ended;
  EXPECT_NE(kept(), "");
  EXPECT_NE(kept(), before);
  bus_.reset();
  screen.send(SIGTERM);
  screen.finish();
}

TEST_F(SignInWait, ForTheKeyringsPasswordHoldsNobodyElseUp) {
  start_keyring();
  ASSERT_EQ(sign_in().status, 0);
  ring({"lock"});
  Program prompter(in_session({PYTHON, E2E_FOLDER "/ring.py", "prompter"}));
  ASSERT_TRUE(prompter.says("up"));
  Program asking(easel("sign-in"));
  ASSERT_TRUE(waits("inset-keyring"));
  environment()["INSET_API_KEY"] = fact("api_key");
  environment()["INSET_CLIENT_SECRET"] = fact("client_secret");
  expect_placed(insert());
  EXPECT_TRUE(runs("inset-keyring"));
  asking.send(SIGINT);
  EXPECT_EQ(finish(asking, 20s).status, 8);
}

TEST_F(SignInWait, ForTheKeyringsPasswordLeavesTheSignInToOthers) {
  start_keyring();
  ASSERT_EQ(sign_in().status, 0);
  ring({"lock"});
  Program prompter(in_session({PYTHON, E2E_FOLDER "/ring.py", "prompter"}));
  ASSERT_TRUE(prompter.says("up"));
  Program asking(easel("sign-out"));
  ASSERT_TRUE(waits(std::string("read\0ask", 8)));
  const int lock = ::open((folder() / "run/inset-sign-in.lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(lock, 0);
  EXPECT_EQ(::flock(lock, LOCK_EX | LOCK_NB), 0);
  ::close(lock);
  asking.send(SIGINT);
  EXPECT_NE(finish(asking, 20s).status, 0);
  prompter.finish(0s);
  ring({"unlock", "ring-password"});
  EXPECT_NE(kept(), "") << "the person did not say that it may go";
}

// Whose order it would be is not known yet; that it was made before is.
TEST_F(SignInWait, ForAKeyringIsCancelledWithWhatTheJournalsKnow) {
  environment()["INSET_API_KEY"] = fact("api_key");
  environment()["INSET_CLIENT_SECRET"] = fact("client_secret");
  rules({{"route", "file"}, {"status", 403}});
  expect_failed(insert(), 6, "link_refused", "yes");
  environment().erase("INSET_API_KEY");
  environment().erase("INSET_CLIENT_SECRET");
  start_bus(false);
  Program mute(in_session({PYTHON, E2E_FOLDER "/ring.py", "mute"}));
  ASSERT_TRUE(mute.says("up"));
  for (const std::string index : {"0", "1"}) {
    Program program(insert_words({"index=" + index}));
    ASSERT_TRUE(waits("inset-keyring"));
    program.send(SIGINT);
    const bool ordered = index == "0";
    expect_failed(finish(program, 20s), ordered ? 6 : 8, "cancelled", ordered ? "yes" : "no");
  }
}

TEST_F(SignInWait, ShowsNothingSecretInTheListOfProcesses) {
  start_keyring();
  const fs::path opener = folder() / "bin/xdg-open";
  std::string script = read_file(opener);
  script.insert(script.find("\nexec "), "\nsleep 1");  // long enough to be seen
  write_file(opener, script);
  std::atomic<bool> over = false;
  std::set<std::string> seen;
  std::thread watch([&] {
    while (!over) {
      for (const auto& [pid, line] : programs()) seen.insert(line);
    }
  });
  EXPECT_EQ(sign_in().status, 0);
  expect_placed(insert());
  EXPECT_EQ(status().status, 0);
  EXPECT_EQ(run(easel("sign-out")).status, 0);
  over = true;
  watch.join();
  for (const char* program : {"inset-keyring", "xdg-open", "browser.py", "easel"}) {
    EXPECT_TRUE(std::any_of(seen.begin(), seen.end(), [&](auto& l) { return l.find(program) != std::string::npos; }))
        << program << " was not seen at all";
  }
  for (const std::string& line : seen) {
    for (const std::string& secret : secrets()) EXPECT_EQ(line.find(secret), std::string::npos) << line;
  }
}

TEST_F(SignInWait, ShortCommandsAreTheSame) {
  start_keyring();
  const auto brief = [&](const std::string& command) {
    Spawn spawn = easel(command);
    spawn.words.erase(spawn.words.begin() + 1);  // "run"
    return run(spawn);
  };
  EXPECT_EQ(brief("status").status, 3);
  EXPECT_EQ(brief("sign-in").status, 0);
  EXPECT_NE(kept(), "");
  EXPECT_EQ(brief("status").status, 0);
  EXPECT_EQ(brief("sign-out").status, 0);
  EXPECT_EQ(kept(), "");
}

}  // namespace
}  // namespace e2e
