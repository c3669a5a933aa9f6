// SPDX-License-Identifier: GPL-2.0-or-later
#include "keyring.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

namespace inset {
namespace {

std::string value_of(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string& pair : environment) {
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
  }
  return {};
}

// Without either, libsecret would start a bus and a keyring of its own, which stay behind.
bool has_bus(const std::vector<std::string>& environment) {
  if (!value_of(environment, "DBUS_SESSION_BUS_ADDRESS").empty()) return true;
  const std::string runtime = value_of(environment, "XDG_RUNTIME_DIR");
  struct stat status {};
  return !runtime.empty() && ::stat((runtime + "/bus").c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

// No display among them: see has_bus(). The window that asks for a password is the keyring service's.
std::vector<std::string> needed(const std::vector<std::string>& environment) {
  std::vector<std::string> some;
  for (const char* name : {"DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "HOME", "LANG"}) {
    if (const std::string value = value_of(environment, name); !value.empty()) some.push_back(name + ("=" + value));
  }
  return some;
}

// A program that lasts has left its parent long before; only a computer that hardly moves takes so long.
constexpr Millis kLaunch{300};

KeyringAnswer failure(std::string problem) { return {KeyringState::failed, Secret(), std::move(problem)}; }

}  // namespace

KeyringCall::KeyringCall(Transport& transport, Timers& timers, const KeyringSettings& settings, Verb verb,
                         Manner manner, const std::string& issuer, const Secret& secret, int lock, Done done)
    : transport_(transport), timers_(timers), done_(std::move(done)) {
  if (!settings.wanted || !has_bus(settings.environment)) {
    timer_ = timers_.at(awake_now(), [this] { finish({KeyringState::no_service, Secret(), {}}); });
    return;
  }
  start(settings, verb, manner, issuer, secret, lock);
}

KeyringCall::~KeyringCall() {
  if (lasting_) child_.has_ended(kLaunch);
  transport_.unwatch(watch_);
  timers_.cancel(timer_);
  explicit_bzero(heard_.data(), heard_.capacity());
}

void KeyringCall::start(const KeyringSettings& settings, Verb verb, Manner manner, const std::string& issuer,
                        const Secret& secret, int lock) {
  const auto fail = [&](std::string problem) {
    timer_ = timers_.at(awake_now(), [this, problem = std::move(problem)] { finish(failure(problem)); });
  };
  std::array<int, 2> to{};
  std::array<int, 2> from{};
  if (::pipe2(to.data(), O_CLOEXEC) != 0) return fail("There are too many open files.");
  const Fd input(to[0]);
  Fd secrets(to[1]);
  if (::pipe2(from.data(), O_CLOEXEC) != 0) return fail("There are too many open files.");
  answers_ = Fd(from[0]);
  const Fd output(from[1]);
  const Fd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));  // GLib likes to complain
  ::fcntl(answers_.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(secrets.get(), F_SETFL, O_NONBLOCK);
  // Nobody reads yet. It fits into a pipe, but one may get very small ones; and nobody closes it, so no signal comes.
  if (secret.view().size() > kMostSecret || ::write(secrets.get(), secret.view().data(), secret.view().size()) !=
                                                static_cast<ssize_t>(secret.view().size())) {
    return fail("The secret is too long for the keyring.");
  }
  secrets.reset();
  const char* verb_word = verb == Verb::read ? "read" : verb == Verb::store ? "store" : "clear";
  const std::string program = beside_this_library("inset-keyring");
  Child::Program run{
      .words = {program, INSET_RELEASE, verb_word, manner == Manner::ask ? "ask" : "quiet", issuer},
      .environment = needed(settings.environment),
      .descriptors = {{input.get(), STDIN_FILENO}, {output.get(), STDOUT_FILENO}, {nowhere.get(), STDERR_FILENO}}};
  if (lock >= 0) run.descriptors.emplace_back(lock, kKeyringLock);
  const int error = child_.start(run);
  if (error == EMFILE || error == ENFILE) return fail("There are too many open files.");
  if (error != 0)
    return fail("The program that talks to the keyring (" + program + ") cannot be started; install Inset anew.");
  lasting_ = verb == Verb::store && manner == Manner::quiet;
  watch_ = transport_.watch(answers_.get(), [this] { take(); });
  if (manner == Manner::quiet) {
    timer_ = timers_.at(awake_now() + settings.patience, [this] { finish(failure("The keyring does not answer.")); });
  }
}

void KeyringCall::take() {
  heard_.reserve(kMostSecret + 64);  // so that no part of it is left where it grew from
  while (true) {
    std::array<char, 4096> piece{};
    const ssize_t count = ::read(answers_.get(), piece.data(), piece.size());
    if (count > 0) {
      if (heard_.size() + static_cast<std::size_t>(count) > kMostSecret + 64)
        return finish(failure("The keyring holds nonsense."));
      heard_.append(piece.data(), static_cast<std::size_t>(count));
      explicit_bzero(piece.data(), piece.size());
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    break;
  }
  child_.reap();
  if (child_.exited_with(kKeyringWrongCall)) {
    return finish(failure(
        "The program that talks to the keyring (inset-keyring) belongs to another version; install Inset anew."));
  }
  const std::string_view text = heard_;
  const std::size_t end = text.find('\n');
  const auto word = std::find(kKeyringWords.begin(), kKeyringWords.end(), text.substr(0, end));
  if (end == std::string_view::npos || word == kKeyringWords.end())
    return finish(failure("The program that talks to the keyring broke down."));
  KeyringAnswer answer;
  answer.state = static_cast<KeyringState>(word - kKeyringWords.begin());
  if (answer.state == KeyringState::found) answer.secret = Secret(text.substr(end + 1));
  if (answer.state == KeyringState::failed) answer.problem = "The keyring could not do it.";
  finish(std::move(answer));
}

void KeyringCall::finish(KeyringAnswer answer) {
  transport_.unwatch(std::exchange(watch_, 0));
  timers_.cancel(std::exchange(timer_, 0));
  const auto done = std::exchange(done_, {});
  done(std::move(answer));
}

}  // namespace inset
