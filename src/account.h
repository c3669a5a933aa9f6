// SPDX-License-Identifier: GPL-2.0-or-later
// Where the person's sign-in comes from and where it is kept, in this order: the settings; a file that only the person
// can read, if they chose it; the system's keyring; else memory, until this program ends. One sign-in serves all
// programs of the person. One thread, the worker's.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "clock.h"
#include "error.h"
#include "keyring.h"
#include "service.h"
#include "sign_in_lock.h"

namespace inset {

class Account final : public Vault {
 public:
  enum class Place { nowhere, settings, file, keyring, session };

  struct Needs {
    Transport& transport;
    Timers& timers;
    Service& service;
    std::string issuer;  // of the tokens: the origin of the authorization address
    KeyringSettings keyring;
    std::filesystem::path file;             // the sign-in, where the person chose a file
    std::filesystem::path lock;             // held while a refresh token is used, and while what is kept changes
    std::function<void(std::string)> warn;  // a line for the log
  };
  // The service has the credentials of the settings already, as far as there are any.
  explicit Account(Needs needs);
  ~Account() override;

  using Id = std::uint64_t;
  using Done = std::function<void(Outcome)>;
  enum class Manner { quiet, ask };

  // Gives the service its credentials, if they are kept anywhere. Fails with not_signed_in or keyring_locked. `ask`:
  // the person said that the keyring may ask for its password. One of these three after the other; `done` never comes
  // from inside.
  Id load(Manner manner, Done done);

  // Keeps the service's present credentials there. May ask for the keyring's password.
  Id keep(Place place, Done done);

  // Ends the sign-in and removes it from wherever it is kept. May ask for the keyring's password.
  Id forget(Done done);

  // Its callback does not come any more. 0 or a past id: nothing.
  void cancel(Id id);

  // Why the last load() found nothing.
  const std::optional<Error>& problem() const { return problem_; }

  Place place() const { return place_; }
  bool has_keyring() const { return has_keyring_; }  // as far as the last look at it told
  std::string place_text() const;                    // "kept in the keyring"; empty while nobody is signed in
  const std::filesystem::path& file() const { return needs_.file; }

  void hold(std::function<void(Result<Secret>)> then) override;
  void replace(const Credentials& credentials, std::function<void()> then) override;
  void release() override;

 private:
  struct Task {
    Id id;
    std::function<void()> run;
    Done done;
  };
  Id add(std::function<void()> run, Done done);
  void run_first();
  void finish(Outcome outcome);
  void read(Manner manner);
  void exclusively(SignInLock& lock, std::function<void()> then);
  void store(Place place);
  void change_keyring(KeyringCall::Verb verb, KeyringCall::Done done);
  void store_in_keyring();
  void clear();
  void clear_keyring(const Outcome& file_removed);
  void call(std::unique_ptr<KeyringCall>& slot, KeyringCall::Verb verb, Manner manner, const Secret& secret,
            KeyringCall::Done done);
  Outcome take(std::string_view text, Place place);
  Outcome take(KeyringAnswer answer, Manner manner);
  void read_held();

  Needs needs_;
  Place place_ = Place::nowhere;
  bool has_keyring_ = false;
  std::string given_key_;  // by the settings: nobody else's sign-in is used with it
  std::optional<Error> problem_;
  std::deque<Task> tasks_;  // the first of them is under way
  Id next_id_ = 1;
  std::unique_ptr<KeyringCall> call_;
  Timers::Id timer_ = 0;
  SignInLock lock_;

  // Of the vault.
  std::function<void(Result<Secret>)> held_;
  std::unique_ptr<KeyringCall> vault_call_;
  Timers::Id vault_timer_ = 0;
  SignInLock vault_lock_;
};

// What is kept in the keyring or the file: "api_key=…" and so on, a line each. Pure.
Secret credentials_text(const Credentials& credentials);
std::optional<Credentials> parse_credentials(std::string_view text);

}  // namespace inset
