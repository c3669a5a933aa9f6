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
#include <string>
#include <vector>

#include "api.h"
#include "clock.h"
#include "error.h"
#include "http.h"
#include "token.h"
#include "url.h"

namespace inset {

struct Credentials {
  std::string api_key;
  Secret client_secret;
  bool complete() const { return !api_key.empty() && !client_secret.empty(); }
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

  using Id = std::uint64_t;

  // One request, one answer. An Error means that no token could be had, so nothing was sent.
  using Done = std::function<void(Result<HttpReply>)>;
  Id call(Method method, std::string url, std::string body, Done done);

  // A GET that costs nothing: tried again, with back-off and at most one new token, until it is answered by JSON, or by
  // 202.
  using SafeDone = std::function<void(Result<HttpReply>)>;
  Id get_safely(Stage stage, std::string url, SafeDone done);

  // A new token, because the old one was refused.
  Id renew(std::function<void(Outcome)> done);

  // No callback comes any more. 0 or a past id: nothing.
  void cancel(Id id);

 private:
  struct Call;
  struct SafeGet;

  void with_token(Id id, std::function<void(Outcome)> then);
  void fetch_token();
  void token_came(Result<TokenAnswer> answer);
  void send(Id id);
  void answered(Id id, HttpReply reply);
  void try_safely(Id id);
  void safely_answered(Id id, Result<HttpReply> reply);

  Transport& transport_;
  Timers& timers_;
  Url api_;
  Url auth_;
  Credentials credentials_;
  Token token_;
  std::unique_ptr<HttpSink> token_call_;
  Timers::Id token_timer_ = 0;
  Backoff token_backoff_;
  std::optional<Error> refusal_;  // of these credentials, so that they are not tried over and over
  Time refused_at_{0};
  std::map<Id, std::function<void(Outcome)>> waiting_;  // for a token
  std::map<Id, std::unique_ptr<Call>> calls_;
  std::map<Id, std::unique_ptr<SafeGet>> gets_;
  Id next_id_ = 1;
};

}  // namespace inset
