// SPDX-License-Identifier: GPL-2.0-or-later
#include "service.h"

#include <random>
#include <utility>

#include "job_id.h"
#include "oauth.h"

namespace inset {
namespace {

constexpr std::uint64_t kMostJson = 1 << 20;
constexpr std::uint64_t kMostToken = 64 << 10;
constexpr std::chrono::seconds kCallLimit{30};
constexpr std::chrono::minutes kRefusalLasts{1};
constexpr int kMostRedirects = 3;

double chance() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0.0, 1.0)(random);
}

// Gathers an answer and hands it on when it is whole, or as whole as it gets.
class Collector final : public HttpSink {
 public:
  Collector(Transport& transport, HttpRequest request, std::function<void(HttpReply)> done)
      : transport_(transport), done_(std::move(done)) {
    id_ = transport_.start(std::move(request), *this);
  }
  ~Collector() override { transport_.cancel(id_); }

  bool head(const HttpHead& head) override {
    reply_.head = head;
    return true;
  }
  Taken body(std::span<const std::byte> bytes) override {
    reply_.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return Taken::all;
  }
  void end(const HttpEnd& end) override {
    reply_.end = end;
    // The callback may destroy this object.
    const auto done = std::move(done_);
    HttpReply reply = std::move(reply_);
    done(std::move(reply));
  }

 private:
  Transport& transport_;
  Transport::Id id_ = 0;
  HttpReply reply_;
  std::function<void(HttpReply)> done_;
};

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

}  // namespace

struct Service::Call {
  Method method = Method::get;
  std::string url;
  std::string body;
  Done done;
  std::string account;
  int redirects = 0;
  std::unique_ptr<Collector> exchange;
};

struct Service::SafeGet {
  Stage stage = Stage::listing_sizes;
  std::string url;
  SafeDone done;
  Backoff backoff;
  bool renewed = false;
  Id step = 0;  // the call or renewal under way
  Timers::Id timer = 0;
};

Service::Service(Transport& transport, Timers& timers, Url api, Url auth)
    : transport_(transport), timers_(timers), api_(std::move(api)), auth_(std::move(auth)) {}

Service::~Service() {
  if (vault_) vault_->release();
}

void Service::set_credentials(Credentials credentials) {
  forget_token();
  credentials_ = std::move(credentials);
  if (!waiting_.empty()) fetch_token();
}

void Service::forget_token() {
  token_.drop();
  token_call_.reset();
  timers_.cancel(std::exchange(token_timer_, 0));
  if (vault_) vault_->release();
  fetching_ = false;
  refusal_.reset();
  token_backoff_.reset();
}

std::optional<std::chrono::seconds> Service::token_life() const { return token_.life(boot_now()); }

// ---- the token ----

// `then` is called at once if a fresh token is there.
void Service::with_token(Id id, std::function<void(Outcome)> then) {
  if (token_.is_fresh(boot_now())) {
    then(Nothing{});
    return;
  }
  waiting_[id] = std::move(then);
  if (!std::exchange(fetching_, true)) {
    token_timer_ = timers_.at(awake_now(), [this] { fetch_token(); });
  }
}

void Service::fetch_token() {
  fetching_ = true;
  if (!credentials_.complete()) {
    token_came(make_error(Stage::signing_in, Cause::not_signed_in,
                          credentials_.api_key.empty() ? "There is no API key, and nobody is signed in."
                                                       : "Nobody is signed in, and there is no client secret."));
    return;
  }
  if (refusal_ && awake_now() - refused_at_ < kRefusalLasts) {
    token_came(*refusal_);
    return;
  }
  if (credentials_.refresh_token.empty() || !vault_) return request_token();
  vault_->hold([this](Result<Secret> kept) {
    if (!kept) return token_came(kept.error());
    if (!kept->empty()) credentials_.refresh_token = std::move(*kept);
    request_token();
  });
}

HttpRequest Service::token_request(std::string body) const {
  HttpRequest request;
  request.method = Method::post;
  request.url = token_url(auth_);
  request.headers = {"Content-Type: application/x-www-form-urlencoded", "Accept: application/json"};
  request.body = std::move(body);
  request.most_bytes = kMostToken;
  request.time_limit = kCallLimit;
  return request;
}

void Service::request_token() {
  const bool by_browser = !credentials_.refresh_token.empty();
  token_call_ = std::make_unique<Collector>(
      transport_,
      token_request(by_browser ? refresh_body(credentials_.api_key, credentials_.refresh_token.view())
                               : token_body(credentials_.api_key, credentials_.client_secret)),
      [this](const HttpReply& reply) { token_answered(reply); });
}

void Service::token_answered(const HttpReply& reply) {
  auto answer = read_token(reply);
  if (!answer) {
    if (const auto wait = token_backoff_.next(answer.error(), awake_now(), chance(), retry_after(reply))) {
      // Other programs need not wait as long, and may have a new refresh token by then.
      if (vault_) vault_->release();
      token_timer_ = timers_.at(awake_now() + *wait, [this] { fetch_token(); });
      return;
    }
    if (answer.error().cause == Cause::credentials_refused) {
      if (!credentials_.refresh_token.empty()) {
        answer = make_error(Stage::signing_in, Cause::credentials_refused, "The service no longer accepts the sign-in.",
                            answer.error().detail, answer.error().http_status);
      }
      refusal_ = answer.error();
      refused_at_ = awake_now();
    }
    return token_came(std::move(answer));
  }
  // Without a new refresh token the old one stays good.
  if (answer->refresh_token.empty() || credentials_.refresh_token.empty() || !vault_) {
    if (!answer->refresh_token.empty() && !credentials_.refresh_token.empty()) {
      credentials_.refresh_token = std::move(answer->refresh_token);
    }
    return token_came(std::move(answer));
  }
  credentials_.refresh_token = std::move(answer->refresh_token);
  vault_->replace(credentials_, [this, token = std::make_shared<Result<TokenAnswer>>(std::move(answer))] {
    token_came(std::move(*token));
  });
}

void Service::token_came(Result<TokenAnswer> answer) {
  token_call_.reset();
  token_backoff_.reset();
  if (vault_) vault_->release();
  fetching_ = false;
  if (answer) token_ = Token(std::move(answer->token), answer->life, boot_now());
  // A callback may cancel those that still wait; whoever comes only now waits for the next token.
  std::vector<Id> ids;
  for (const auto& [id, then] : waiting_) ids.push_back(id);
  for (const Id id : ids) {
    const auto node = waiting_.extract(id);
    if (!node) continue;
    if (answer) {
      node.mapped()(Nothing{});
    } else {
      node.mapped()(answer.error());
    }
  }
}

Service::Id Service::redeem(const std::string& api_key, std::string body, std::function<void(Outcome)> done) {
  const Id id = next_id_++;
  redemptions_[id] = std::make_unique<Collector>(
      transport_, token_request(std::move(body)), [this, id, api_key, done = std::move(done)](const HttpReply& reply) {
        const auto keep = redemptions_.extract(id);
        auto answer = read_token(reply);
        if (!answer) return done(answer.error());
        Credentials credentials;
        credentials.api_key = api_key;
        credentials.refresh_token = std::move(answer->refresh_token);
        if (credentials.refresh_token.empty()) {
          return done(
              make_error(Stage::signing_in, Cause::bad_answer, "The service sent nothing to stay signed in with."));
        }
        forget_token();
        credentials_ = std::move(credentials);
        token_came(std::move(answer));
        done(Nothing{});
      });
  return id;
}

Service::Id Service::renew(std::function<void(Outcome)> done) {
  const Id id = next_id_++;
  token_.drop();
  with_token(id, std::move(done));
  return id;
}

// ---- one request ----

Service::Id Service::call(Method method, std::string url, std::string body, Done done, std::string account) {
  const Id id = next_id_++;
  auto call = std::make_unique<Call>();
  call->method = method;
  call->url = std::move(url);
  call->body = std::move(body);
  call->done = std::move(done);
  call->account = std::move(account);
  calls_.emplace(id, std::move(call));
  with_token(id, [this, id](Outcome outcome) {
    if (outcome) {
      send(id);
      return;
    }
    const auto node = calls_.extract(id);
    if (node) node.mapped()->done(outcome.error());
  });
  return id;
}

void Service::send(Id id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  Call& call = *found->second;
  // Somebody may have signed in since, and would pay for what another ordered.
  if (!call.account.empty() && call.account != account_of(credentials_.api_key)) {
    const auto node = calls_.extract(found);
    node.mapped()->done(
        make_error(Stage::requesting, Cause::other_account,
                   "It was requested with another API key; somebody signed in with a new one meanwhile."));
    return;
  }
  HttpRequest request;
  request.method = call.method;
  request.url = call.url;
  request.headers = {"Api-Key: " + credentials_.api_key, "Authorization: Bearer " + std::string(token_.view()),
                     "Accept: application/json"};
  if (call.method != Method::get) request.headers.push_back("Content-Type: application/json");
  request.body = call.body;
  request.most_bytes = kMostJson;
  request.time_limit = kCallLimit;
  request.decode_body = true;
  call.exchange = std::make_unique<Collector>(transport_, std::move(request),
                                              [this, id](HttpReply reply) { answered(id, std::move(reply)); });
}

void Service::answered(Id id, HttpReply reply) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  Call& call = *found->second;
  // Only a GET, and only within the origin that may have the key. A redirected PUT proves nothing: the flow asks.
  if (call.method == Method::get && is_redirect(reply.head.status) && call.redirects < kMostRedirects) {
    const auto from = parse_url(call.url);
    const auto to = from ? resolve_url(*from, reply.head.header("location")) : std::nullopt;
    if (to && !to->has_user && to->origin() == from->origin()) {
      ++call.redirects;
      call.url = to->text;
      send(id);
      return;
    }
  }
  const auto node = calls_.extract(found);
  node.mapped()->done(std::move(reply));
}

// ---- a GET that may be repeated ----

Service::Id Service::get_safely(Stage stage, std::string url, SafeDone done) {
  const Id id = next_id_++;
  auto get = std::make_unique<SafeGet>();
  get->stage = stage;
  get->url = std::move(url);
  get->done = std::move(done);
  gets_.emplace(id, std::move(get));
  try_safely(id);
  return id;
}

void Service::try_safely(Id id) {
  const auto found = gets_.find(id);
  if (found == gets_.end()) return;
  SafeGet& get = *found->second;
  get.step =
      call(Method::get, get.url, {}, [this, id](Result<HttpReply> reply) { safely_answered(id, std::move(reply)); });
}

void Service::safely_answered(Id id, Result<HttpReply> reply) {
  const auto found = gets_.find(id);
  if (found == gets_.end()) return;
  SafeGet& get = *found->second;
  const int status = reply ? reply->head.status : 0;
  const bool whole = reply && reply->end.fault == HttpFault::none;
  if (reply && status == 401 && !get.renewed) {
    get.renewed = true;
    get.step = renew([this, id](Outcome outcome) {
      if (outcome) {
        try_safely(id);
      } else {
        safely_answered(id, outcome.error());
      }
    });
    return;
  }
  const bool good = whole && (status == 202 || (status == 200 && is_json(*reply)));
  if (reply && !good) {
    // The callers' readers make the same error out of the reply; here it only decides about another try.
    const Error error = reply_error(get.stage, *reply);
    if (const auto wait = get.backoff.next(error, awake_now(), chance(), retry_after(*reply))) {
      get.timer = timers_.at(awake_now() + *wait, [this, id] { try_safely(id); });
      return;
    }
  }
  const auto node = gets_.extract(found);
  node.mapped()->done(std::move(reply));
}

void Service::cancel(Id id) {
  waiting_.erase(id);
  redemptions_.erase(id);
  calls_.erase(id);
  const auto node = gets_.extract(id);
  if (!node) return;
  timers_.cancel(node.mapped()->timer);
  cancel(node.mapped()->step);
}

}  // namespace inset
