// SPDX-License-Identifier: GPL-2.0-or-later
#include "account.h"

#include <string.h>

#include <algorithm>
#include <utility>

#include "sign_in_file.h"

namespace inset {
namespace {

constexpr Millis kChangePatience = std::chrono::seconds(kStoreSeconds + 2);

Error not_signed_in(std::string what) { return make_error(Stage::signing_in, Cause::not_signed_in, std::move(what)); }

Error locked(std::string what) { return make_error(Stage::signing_in, Cause::keyring_locked, std::move(what)); }

}  // namespace

Secret credentials_text(const Credentials& credentials) {
  std::string text;
  text.reserve(credentials.api_key.size() + credentials.client_secret.view().size() +
               credentials.refresh_token.view().size() + 64);  // so that it does not leave copies where it grew from
  const auto add = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    text.append(name).append("=").append(value).append("\n");
  };
  add("api_key", credentials.api_key);
  add("client_secret", credentials.client_secret.view());
  add("refresh_token", credentials.refresh_token.view());
  Secret secret(text);
  explicit_bzero(text.data(), text.size());
  return secret;
}

std::optional<Credentials> parse_credentials(std::string_view text) {
  Credentials credentials;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return {};
    const std::string_view name = line.substr(0, equals);
    const std::string_view value = line.substr(equals + 1);
    if (!std::all_of(value.begin(), value.end(), [](char c) { return c > 0x20 && c < 0x7f; })) return {};
    if (name == "api_key") credentials.api_key = value;
    if (name == "client_secret") credentials.client_secret = Secret(value);
    if (name == "refresh_token") credentials.refresh_token = Secret(value);
  }
  if (!credentials.complete()) return {};
  return credentials;
}

Account::Account(Needs needs)
    : needs_(std::move(needs)),
      given_key_(needs_.service.credentials().api_key),
      lock_(needs_.timers, needs_.lock),
      vault_lock_(needs_.timers, needs_.lock) {
  if (needs_.service.credentials().complete()) place_ = Place::settings;
}

Account::~Account() {
  call_.reset();
  needs_.timers.cancel(timer_);
  release();
}

// ---- one after the other ----

Account::Id Account::add(std::function<void()> run, Done done) {
  tasks_.push_back({next_id_, std::move(run), std::move(done)});
  if (tasks_.size() == 1) run_first();
  return next_id_++;
}

void Account::run_first() {
  if (tasks_.empty()) return;
  timer_ = needs_.timers.at(awake_now(), [this] {
    const auto run = tasks_.front().run;  // its task may be over before it returns
    run();
  });
}

void Account::finish(Outcome outcome) {
  const Task task = std::move(tasks_.front());
  tasks_.pop_front();
  lock_.release();
  run_first();
  task.done(std::move(outcome));
}

void Account::cancel(Id id) {
  const auto task = std::find_if(tasks_.begin(), tasks_.end(), [&](const Task& t) { return t.id == id; });
  if (task == tasks_.end()) return;
  const bool under_way = task == tasks_.begin();
  tasks_.erase(task);
  if (!under_way) return;
  call_.reset();
  lock_.release();
  needs_.timers.cancel(timer_);
  run_first();
}

Account::Id Account::load(Manner manner, Done done) {
  return add([this, manner] { read(manner); }, std::move(done));
}
Account::Id Account::keep(Place place, Done done) {
  return add([this, place] { store(place); }, std::move(done));
}
Account::Id Account::forget(Done done) {
  return add([this] { clear(); }, std::move(done));
}

std::string Account::place_text() const {
  switch (place_) {
    case Place::settings: return "from the environment";
    case Place::file: return "kept in the file " + needs_.file.string();
    case Place::keyring: return "kept in the keyring";
    case Place::session: return "kept in memory, until this program ends";
    case Place::nowhere: break;
  }
  return {};
}

void Account::call(std::unique_ptr<KeyringCall>& slot, KeyringCall::Verb verb, Manner manner, const Secret& secret,
                   KeyringCall::Done done) {
  KeyringSettings settings = needs_.keyring;
  // What is to be kept is nowhere else, and what it replaces is spent: it is waited for until it is certain whether it
  // was kept. If it were taken for lost and then kept, two programs would use the same token.
  const bool changes = verb != KeyringCall::Verb::read;
  if (changes) settings.patience = std::max<Millis>(settings.patience, kChangePatience);
  const int lock = !changes ? -1 : &slot == &vault_call_ ? vault_lock_.descriptor() : lock_.descriptor();
  slot = std::make_unique<KeyringCall>(
      needs_.transport, needs_.timers, settings, verb,
      manner == Manner::ask ? KeyringCall::Manner::ask : KeyringCall::Manner::quiet, needs_.issuer, secret, lock,
      [this, &slot, done = std::move(done)](KeyringAnswer answer) {
        const auto keep = std::move(slot);
        has_keyring_ = answer.state != KeyringState::no_service && answer.state != KeyringState::failed;
        done(std::move(answer));
      });
}

void Account::exclusively(SignInLock& lock, std::function<void()> then) {
  lock.take([this, then = std::move(then)](bool held) {
    if (!held) {
      needs_.warn("The lock of the sign-in (" + needs_.lock.string() + ") cannot be had; going on without it.");
    }
    then();
  });
}

// ---- load ----

void Account::read(Manner manner) {
  problem_.reset();
  const auto end = [this](Outcome outcome) {
    if (!outcome) problem_ = outcome.error();
    finish(std::move(outcome));
  };
  if (needs_.service.credentials().complete()) return end(Nothing{});
  const auto file = read_sign_in_file(needs_.file);
  if (!file) return end(file.error());
  if (*file) return end(take((*file)->view(), Place::file));
  call(call_, KeyringCall::Verb::read, manner, Secret(),
       [this, manner, end](KeyringAnswer answer) { end(take(std::move(answer), manner)); });
}

Outcome Account::take(std::string_view text, Place place) {
  auto credentials = parse_credentials(text);
  if (!credentials) return not_signed_in("What is kept of the sign-in cannot be read.");
  if (!given_key_.empty() && credentials->api_key != given_key_) {
    return not_signed_in("The sign-in that is kept belongs to another API key than the one in the settings.");
  }
  needs_.service.set_credentials(std::move(*credentials));
  place_ = place;
  return Nothing{};
}

Outcome Account::take(KeyringAnswer answer, Manner manner) {
  switch (answer.state) {
    case KeyringState::found: return take(answer.secret.view(), Place::keyring);
    case KeyringState::locked: return locked("The keyring is locked; a sign-in may be kept in it.");
    case KeyringState::refused:
      return locked(manner == Manner::ask ? "The keyring was not unlocked." : "The keyring is locked.");
    case KeyringState::no_service: return not_signed_in("Nobody is signed in, and there is no keyring to look into.");
    case KeyringState::failed: return not_signed_in(answer.problem + " So nobody is signed in.");
    default: return not_signed_in("Nobody is signed in.");
  }
}

// ---- keep and forget ----

void Account::store(Place place) {
  place_ = Place::session;
  if (place == Place::keyring) return exclusively(lock_, [this] { store_in_keyring(); });
  if (place != Place::file) return finish(Nothing{});
  exclusively(lock_, [this] {
    Outcome written = write_sign_in_file(needs_.file, credentials_text(needs_.service.credentials()));
    if (written) place_ = Place::file;
    finish(std::move(written));
  });
}

// The lock is not held while a person is asked for the keyring's password: others need it to go on. Only where there is
// no keyring yet, so that nobody can have a sign-in in it, the password of a new one is asked for under the lock.
void Account::change_keyring(KeyringCall::Verb verb, KeyringCall::Done done) {
  const auto change = [this, verb](Manner manner, KeyringCall::Done then) {
    const bool stores = verb == KeyringCall::Verb::store;
    call(call_, verb, manner, stores ? credentials_text(needs_.service.credentials()) : Secret(), std::move(then));
  };
  change(Manner::quiet, [this, change, done = std::move(done)](KeyringAnswer answer) {
    if (answer.state != KeyringState::locked) return done(std::move(answer));
    lock_.release();
    call(call_, KeyringCall::Verb::read, Manner::ask, Secret(), [this, change, done](KeyringAnswer opened) {
      if (opened.state != KeyringState::found && opened.state != KeyringState::absent) return done(std::move(opened));
      exclusively(lock_, [change, done] { change(Manner::ask, done); });
    });
  });
}

void Account::store_in_keyring() {
  change_keyring(KeyringCall::Verb::store, [this](const KeyringAnswer& answer) {
    if (answer.state == KeyringState::done) {
      place_ = Place::keyring;
      // What an earlier sign-in left in the file would be found first.
      return finish(remove_sign_in_file(needs_.file));
    }
    if (answer.state == KeyringState::no_service) return finish(not_signed_in("There is no keyring to keep it in."));
    if (answer.state == KeyringState::failed) return finish(not_signed_in(answer.problem));
    finish(locked("The keyring was not unlocked."));
  });
}

void Account::clear() {
  if (place_ != Place::settings) {
    Credentials nobody;
    nobody.api_key = given_key_;
    needs_.service.set_credentials(std::move(nobody));
    place_ = Place::nowhere;
  }
  exclusively(lock_, [this] { clear_keyring(remove_sign_in_file(needs_.file)); });
}

void Account::clear_keyring(const Outcome& file_removed) {
  change_keyring(KeyringCall::Verb::clear, [this, file_removed](const KeyringAnswer& answer) {
    switch (answer.state) {
      case KeyringState::done:
      case KeyringState::no_service: return finish(file_removed);
      case KeyringState::failed:
        return finish(locked(answer.problem + " What it holds of the sign-in is still there."));
      default:
        return finish(locked("The keyring was not unlocked, so what it may hold of the sign-in is still there."));
    }
  });
}

// ---- the vault ----

void Account::hold(std::function<void(Result<Secret>)> then) {
  release();
  held_ = std::move(then);
  if (place_ == Place::keyring || place_ == Place::file) return exclusively(vault_lock_, [this] { read_held(); });
  vault_timer_ = needs_.timers.at(awake_now(), [this] { read_held(); });  // nobody else has it
}

void Account::read_held() {
  const auto give = [this](Result<Secret> secret) {
    const auto then = std::exchange(held_, {});
    then(std::move(secret));
  };
  const auto judge = [this, give](std::string_view text) {
    auto kept = parse_credentials(text);
    if (kept && kept->api_key == needs_.service.credentials().api_key) return give(std::move(kept->refresh_token));
    give(not_signed_in("Another program signed in with another API key meanwhile."));
  };
  if (place_ == Place::file) {
    const auto file = read_sign_in_file(needs_.file);
    if (file && *file) return judge((*file)->view());
    if (file) return give(not_signed_in("Another program signed out meanwhile."));
    return give(Secret());
  }
  if (place_ != Place::keyring) return give(Secret());
  call(vault_call_, KeyringCall::Verb::read, Manner::quiet, Secret(), [judge, give](const KeyringAnswer& answer) {
    if (answer.state == KeyringState::found) return judge(answer.secret.view());
    if (answer.state == KeyringState::absent) return give(not_signed_in("Another program signed out meanwhile."));
    give(Secret());  // not to be read just now: what this program remembers is most likely still good
  });
}

void Account::replace(const Credentials& credentials, std::function<void()> then) {
  const auto lost = [this](const std::string& why) {
    place_ = Place::session;
    needs_.warn("The renewed sign-in could not be kept: " + why + " The next start needs a sign-in.");
  };
  if (place_ == Place::keyring) {
    return call(vault_call_, KeyringCall::Verb::store, Manner::quiet, credentials_text(credentials),
                [lost, then = std::move(then)](const KeyringAnswer& answer) {
                  if (answer.state != KeyringState::done) {
                    lost(answer.problem.empty() ? "the keyring is locked or gone." : answer.problem);
                  }
                  then();
                });
  }
  if (place_ == Place::file) {
    if (const Outcome written = write_sign_in_file(needs_.file, credentials_text(credentials)); !written) {
      lost(written.error().what);
    }
  }
  vault_timer_ = needs_.timers.at(awake_now(), std::move(then));
}

void Account::release() {
  needs_.timers.cancel(std::exchange(vault_timer_, 0));
  vault_call_.reset();
  held_ = {};
  vault_lock_.release();
}

}  // namespace inset
