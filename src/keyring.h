// SPDX-License-Identifier: GPL-2.0-or-later
// The person's keyring, as the worker sees it: each call is a run of the program "inset-keyring", which lies beside
// this library. One thread, the worker's; nothing here waits.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "child.h"
#include "clock.h"
#include "http.h"
#include "keyring/protocol.h"
#include "secret.h"

namespace inset {

struct KeyringAnswer {
  KeyringState state = KeyringState::failed;
  Secret secret;        // if found
  std::string problem;  // a sentence for people, if failed
};

struct KeyringSettings {
  bool wanted = true;                    // false: there is no keyring
  Millis patience{2000};                 // with a call that asks nobody
  std::vector<std::string> environment;  // "NAME=value", of the host; what a keyring needs of it is passed on
};

class KeyringCall {
 public:
  enum class Verb { read, store, clear };
  enum class Manner { quiet, ask };
  using Done = std::function<void(KeyringAnswer)>;

  // `done` comes once, never from inside the constructor, and may destroy this. A quiet call is given up after the
  // settings' patience; one that may ask goes on until the person has answered, or this is destroyed. A quiet store
  // goes on after it was given up or this was destroyed, with `lock`, a descriptor or -1, held open: see protocol.h.
  KeyringCall(Transport& transport, Timers& timers, const KeyringSettings& settings, Verb verb, Manner manner,
              const std::string& issuer, const Secret& secret, int lock, Done done);
  ~KeyringCall();
  KeyringCall(const KeyringCall&) = delete;
  KeyringCall& operator=(const KeyringCall&) = delete;

 private:
  void start(const KeyringSettings& settings, Verb verb, Manner manner, const std::string& issuer, const Secret& secret,
             int lock);
  void take();
  void finish(KeyringAnswer answer);

  Transport& transport_;
  Timers& timers_;
  Done done_;
  Child child_;
  bool lasting_ = false;  // what `child_` starts goes on without it
  Fd answers_;
  Transport::Id watch_ = 0;
  Timers::Id timer_ = 0;
  std::string heard_;
};

}  // namespace inset
