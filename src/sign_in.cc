// SPDX-License-Identifier: GPL-2.0-or-later
#include "sign_in.h"

#include <sys/random.h>

#include <algorithm>
#include <utility>

#include "browser.h"
#include "sign_in_form.h"
#include "text.h"

namespace inset {
namespace {

Error refusal(Cause cause, std::string what) { return make_error(Stage::signing_in, cause, std::move(what)); }

bool fill(RandomBytes& bytes) {
  return ::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
}

// Into forms and header lines.
bool is_key(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string at(const Values& values, const char* key) {
  const auto found = values.find(key);
  return found == values.end() ? std::string() : std::string(trim(found->second));
}

}  // namespace

SignIn::SignIn(Engine& engine, Owner& owner, bool can_ask, Wish wish)
    : engine_(engine), owner_(owner), can_ask_(can_ask), wish_(std::move(wish)) {
  if (wish_.api_key.empty()) wish_.api_key = engine_.service.credentials().api_key;
}

SignIn::~SignIn() {
  engine_.account.cancel(account_call_);
  engine_.service.cancel(service_call_);
  engine_.timers.cancel(timer_);
  restore();
}

// Whoever was signed in before is so again, and what is under way for them goes on.
void SignIn::restore() {
  if (before_) engine_.service.set_credentials(std::move(*before_));
  before_.reset();
}

void SignIn::start() {
  if (wish_.fault.empty()) return look(can_ask_ ? Account::Manner::quiet : Account::Manner::ask);
  timer_ = engine_.timers.at(awake_now(), [this] { can_ask_ ? ask_credentials(wish_.fault) : begin_without_form(); });
}

void SignIn::look(Account::Manner manner) {
  owner_.busy("Looking for a sign-in");
  account_call_ = engine_.account.load(manner, [this, manner](Outcome outcome) {
    account_call_ = 0;
    if (outcome) {
      const bool as_wished = wish_.api_key.empty() || wish_.api_key == engine_.service.credentials().api_key;
      // Key and secret of the settings come before any sign-in, whatever is kept.
      if (as_wished || engine_.account.place() == Account::Place::settings) return end(Nothing{});
      return can_ask_ ? ask_credentials("") : begin_without_form();
    }
    const bool locked = outcome.error().cause == Cause::keyring_locked;
    if (!can_ask_) {
      if (locked && (wish_.keep.empty() || wish_.keep == "keyring")) return end(outcome.error());
      return begin_without_form();
    }
    if (locked && manner == Account::Manner::quiet) {
      asking_ = Asking::unlock;
      return owner_.show(unlock_question());
    }
    ask_credentials(locked ? outcome.error().what : "");
  });
}

void SignIn::ask_credentials(const std::string& fault) {
  asking_ = Asking::credentials;
  owner_.show(sign_in_question(wish_.api_key, engine_.account.has_keyring(), engine_.account.file().string(), fault));
}

void SignIn::answered(bool accepted, const Values& answers) {
  const Asking asked = std::exchange(asking_, Asking::nothing);
  if (!accepted) return end(refusal(Cause::cancelled, "Signing in was cancelled."));
  switch (asked) {
    case Asking::unlock: return look(Account::Manner::ask);
    case Asking::credentials: return take_credentials(answers);
    case Asking::browser:
      browser_ = open_in_browser(request_.address, engine_.settings.environment);
      asking_ = Asking::browser;
      return owner_.show(browser_question(request_.address));
    case Asking::nothing: break;
  }
}

void SignIn::take_credentials(const Values& answers) {
  wish_.api_key = at(answers, "api_key");
  wish_.keep = at(answers, "keep");
  if (!is_key(wish_.api_key)) return ask_credentials("The API key must be printable ASCII without blanks.");
  Secret secret(at(answers, "client_secret"));
  if (secret.empty()) return open_browser();
  try_secret(std::move(secret));
}

void SignIn::begin_without_form() {
  if (wish_.api_key.empty()) {
    return end(
        refusal(Cause::parameter_missing, "The parameter api_key is missing: the key of your Getty Images agreement."));
  }
  if (!is_key(wish_.api_key))
    return end(refusal(Cause::parameter_wrong, "api_key must be printable ASCII without blanks."));
  if (!wish_.keep.empty() && wish_.keep != "keyring" && wish_.keep != "file" && wish_.keep != "session") {
    return end(refusal(Cause::parameter_wrong, "keep must be keyring, file or session."));
  }
  if ((wish_.keep.empty() || wish_.keep == "keyring") && !engine_.account.has_keyring()) {
    return end(
        refusal(Cause::parameter_missing, "There is no keyring to keep the sign-in in. Say keep=file to keep it in " +
                                              engine_.account.file().string() + ", which only you can read."));
  }
  open_browser();
}

void SignIn::try_secret(Secret secret) {
  owner_.busy("Signing in");
  engine_.products.reset();
  before_ = engine_.service.credentials().copy();
  Credentials credentials;
  credentials.api_key = wish_.api_key;
  credentials.client_secret = std::move(secret);
  engine_.service.set_credentials(std::move(credentials));
  service_call_ = engine_.service.renew([this](Outcome outcome) {
    service_call_ = 0;
    if (outcome) {
      before_.reset();
      return keep();
    }
    const Error error = outcome.error();
    restore();
    if (error.cause != Cause::credentials_refused) return end(error);
    ask_credentials(error.what);
  });
}

void SignIn::open_browser() {
  RandomBytes for_state{};
  RandomBytes for_verifier{};
  if (!fill(for_state) || !fill(for_verifier))
    return end(refusal(Cause::internal, "This computer gives no random numbers."));
  loopback_ = std::make_unique<Loopback>(engine_.transport, engine_.timers, engine_.settings.redirect);
  if (loopback_->problem()) return end(*loopback_->problem());
  request_ =
      authorization_request(engine_.settings.auth, wish_.api_key, loopback_->redirect(), for_state, for_verifier);
  loopback_->await([this](const Callback& callback) { return is_answer_to(request_, callback); },
                   [this](const Callback& callback) { came(callback); });
  const auto limit = engine_.settings.sign_in_limit;
  timer_ = engine_.timers.at(awake_now() + limit, [this, limit] {
    timer_ = 0;
    end(refusal(Cause::not_signed_in,
                "Nobody signed in with the browser within " + std::to_string(limit.count()) + " seconds."));
  });
  browser_ = open_in_browser(request_.address, engine_.settings.environment);
  if (!can_ask_) return owner_.show_page(request_.address);
  asking_ = Asking::browser;
  owner_.show(browser_question(request_.address));
}

void SignIn::came(const Callback& callback) {
  loopback_.reset();
  engine_.timers.cancel(std::exchange(timer_, 0));
  asking_ = Asking::nothing;
  owner_.hide();
  const auto code = read_callback(engine_.settings.auth, callback);
  if (!code) return end(code.error());
  owner_.busy("Signing in");
  engine_.products.reset();
  service_call_ =
      engine_.service.redeem(wish_.api_key, code_body(wish_.api_key, *code, request_), [this](Outcome outcome) {
        service_call_ = 0;
        if (!outcome) return end(outcome.error());
        keep();
      });
}

void SignIn::keep() {
  const Account::Place place = wish_.keep == "file"      ? Account::Place::file
                               : wish_.keep == "session" ? Account::Place::session
                                                         : Account::Place::keyring;
  owner_.hide();
  owner_.busy("Keeping the sign-in");
  account_call_ = engine_.account.keep(place, [this](Outcome outcome) {
    account_call_ = 0;
    // Not kept is signed in all the same.
    end(Nothing{}, outcome ? "" : outcome.error().what + " So the sign-in lasts until this program ends.");
  });
}

void SignIn::end(Outcome outcome, const std::string& remark) {
  loopback_.reset();
  engine_.timers.cancel(std::exchange(timer_, 0));
  asking_ = Asking::nothing;
  owner_.signed_in(std::move(outcome), remark);
}

}  // namespace inset
