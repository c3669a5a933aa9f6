// SPDX-License-Identifier: GPL-2.0-or-later
// Calls to the service: adds the key and a token, follows redirects of a GET within the service's own origin, keeps one
// token for everybody and asks for it once however many wait.
//
// Nothing here decides about money: a PUT is sent exactly once, and what its answer means is up to the flow.
// One thread, the worker's. Callbacks never come from inside the call that asked for them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api.h"
#include "clock.h"
#include "error.h"
#include "http.h"
#include "token.h"
#include "url.h"

namespace inset {

// Who asks: a key, and what proves it.
struct Credentials {
  std::string api_key;
  Secret client_secret;  // of a studio's or a script's own; or
  Secret refresh_token;  // of a person who signed in by the browser
  bool complete() const { return !api_key.empty() && (!client_secret.empty() || !refresh_token.empty()); }
  Credentials copy() const { return {api_key, client_secret.copy(), refresh_token.copy()}; }
};

// Where a refresh token is kept that several programs share. Many services give a new one with each use and take the
// old one for stolen from then on; so one program at a time may use it, and must begin with what is kept, not with what
// it remembers.
class Vault {
 public:
  virtual ~Vault() = default;
  // Keeps other programs out, and gives the refresh token as it is kept; empty if it is kept nowhere, or cannot be read
  // now. An error: it was taken away meanwhile, and is not to be used any more.
  virtual void hold(std::function<void(Result<Secret>)> then) = 0;
  // Keeps the new token in place of the old one. `then` comes whether that worked or not.
  virtual void replace(const Credentials& credentials, std::function<void()> then) = 0;
  // Lets other programs in. No callback comes any more.
  virtual void release() = 0;
};

class Service {
 public:
  Service(Transport& transport, Timers& timers, Url api, Url auth);
  ~Service();

  const Url& api() const { return api_; }
  bool on_loopback() const { return is_loopback_host(api_.host); }

  // Other credentials end the token that was had with the old ones.
  void set_credentials(Credentials credentials);
  const Credentials& credentials() const { return credentials_; }

  // Refresh tokens are to be shared through this from now on. It must outlive the service, or be taken away (null).
  void share_through(Vault* vault) { vault_ = vault; }

  // The access token is used no more, nor what is under way for a new one: the next call asks anew.
  void forget_token();

  // How much longer the present access token may be used; empty if there is none.
  std::optional<std::chrono::seconds> token_life() const;

  using Id = std::uint64_t;

  // One request, one answer. An Error means that nothing was sent: no token could be had, or by then somebody else was
  // signed in than `account` (job_id.h). Empty: whoever it is.
  using Done = std::function<void(Result<HttpReply>)>;
  Id call(Method method, std::string url, std::string body, Done done, std::string account = {});

  // A GET that costs nothing: tried again, with back-off and at most one new token, until it is answered by JSON, or by
  // 202.
  using SafeDone = std::function<void(Result<HttpReply>)>;
  Id get_safely(Stage stage, std::string url, SafeDone done);

  // A new token, because the old one was refused.
  Id renew(std::function<void(Outcome)> done);

  // Exchanges the code that the browser brought for tokens; `body` is the form. Good: these credentials, with the
  // refresh token that came, are the ones from now on.
  Id redeem(const std::string& api_key, std::string body, std::function<void(Outcome)> done);

  // No callback comes any more. 0 or a past id: nothing.
  void cancel(Id id);

 private:
  struct Call;
  struct SafeGet;

  void with_token(Id id, std::function<void(Outcome)> then);
  void fetch_token();
  void request_token();
  void token_answered(const HttpReply& reply);
  void token_came(Result<TokenAnswer> answer);
  HttpRequest token_request(std::string body) const;
  void send(Id id);
  void answered(Id id, HttpReply reply);
  void try_safely(Id id);
  void safely_answered(Id id, Result<HttpReply> reply);

  Transport& transport_;
  Timers& timers_;
  Url api_;
  Url auth_;
  Credentials credentials_;
  Vault* vault_ = nullptr;
  Token token_;
  bool fetching_ = false;  // a token is under way, or what is needed to ask for it
  std::unique_ptr<HttpSink> token_call_;
  Timers::Id token_timer_ = 0;
  Backoff token_backoff_;
  std::optional<Error> refusal_;  // of these credentials, so that they are not tried over and over
  Time refused_at_{0};
  std::map<Id, std::function<void(Outcome)>> waiting_;  // for a token
  std::map<Id, std::unique_ptr<Call>> calls_;
  std::map<Id, std::unique_ptr<SafeGet>> gets_;
  std::map<Id, std::unique_ptr<HttpSink>> redemptions_;
  Id next_id_ = 1;
};

}  // namespace inset
