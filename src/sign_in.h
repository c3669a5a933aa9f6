// SPDX-License-Identifier: GPL-2.0-or-later
// Takes a person from "not signed in" to "signed in": looks for a sign-in that is kept, asks for what is missing, opens
// the browser, waits for its answer, exchanges it and keeps what came. Part of a job, which shows its questions.
//
// Belongs to the worker's thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "account.h"
#include "child.h"
#include "loopback.h"
#include "oauth.h"
#include "question.h"
#include "run.h"

namespace inset {

class SignIn {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void show(Question question) = 0;  // in place of what is shown; SignIn::answered() answers
    virtual void hide() = 0;                   // what is shown has become pointless
    // For who has no forms: a page to be opened.
    virtual void show_page(const std::string& address) = 0;
    virtual void busy(const std::string& text) = 0;
    // The end. A good one may still have something to say. The owner may destroy the sign-in in here.
    virtual void signed_in(Outcome outcome, const std::string& remark) = 0;
  };

  struct Wish {
    std::string api_key;  // empty: as it is known, or asked for
    std::string keep;     // "keyring", "file", "session"; empty: the keyring
    std::string fault;    // why the sign-in that was had is not good any more: what is kept is not tried again
  };

  SignIn(Engine& engine, Owner& owner, bool can_ask, Wish wish);
  ~SignIn();
  SignIn(const SignIn&) = delete;
  SignIn& operator=(const SignIn&) = delete;

  void start();
  void answered(bool accepted, const Values& answers);

 private:
  enum class Asking { nothing, unlock, credentials, browser };

  void look(Account::Manner manner);
  void ask_credentials(const std::string& fault);
  void take_credentials(const Values& answers);
  void begin_without_form();
  void try_secret(Secret secret);
  void restore();
  void open_browser();
  void came(const Callback& callback);
  void keep();
  void end(Outcome outcome, const std::string& remark = {});

  Engine& engine_;
  Owner& owner_;
  bool can_ask_;
  Wish wish_;
  Asking asking_ = Asking::nothing;
  Account::Id account_call_ = 0;
  Service::Id service_call_ = 0;
  std::optional<Credentials> before_;  // those that come back if the secret that is being tried is wrong
  Timers::Id timer_ = 0;
  AuthorizationRequest request_;
  std::unique_ptr<Loopback> loopback_;
  std::unique_ptr<Child> browser_;
};

}  // namespace inset
