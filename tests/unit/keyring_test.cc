// SPDX-License-Identifier: GPL-2.0-or-later
#include "keyring.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <optional>

#include "fakes.h"

namespace {
bool small_pipes = false;
}

// In front of the C library: as for a person who has very many pipes.
extern "C" int pipe2(int* ends, int flags) noexcept {
  const long status = ::syscall(SYS_pipe2, ends, flags);
  if (status == 0 && small_pipes) ::fcntl(ends[1], F_SETPIPE_SZ, 4096);
  return static_cast<int>(status);
}

namespace inset {
namespace {

using namespace test;

TEST(Keyring, ASecretThatDoesNotFitIntoThePipeIsNotWaitedFor) {
  FakeTransport transport;
  Timers timers;
  KeyringSettings settings;
  settings.environment = {"DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere"};
  std::optional<KeyringAnswer> answer;
  small_pipes = true;
  const KeyringCall call(transport, timers, settings, KeyringCall::Verb::store, KeyringCall::Manner::quiet,
                         "https://auth.example.com", Secret(std::string(10'000, 's')), -1,
                         [&](KeyringAnswer what) { answer = std::move(what); });
  small_pipes = false;
  EXPECT_FALSE(answer) << "not from inside the constructor";
  timers.fire(awake_now());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->state, KeyringState::failed);
  EXPECT_NE(answer->problem.find("too long"), std::string::npos) << answer->problem;
}

}  // namespace
}  // namespace inset
