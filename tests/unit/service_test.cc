// SPDX-License-Identifier: GPL-2.0-or-later
#include "service.h"

#include <gtest/gtest.h>

#include "fakes.h"
#include "job_id.h"

namespace inset {
namespace {

using namespace test;
using namespace std::chrono_literals;

const std::string kToken = "/oauth2/token";

Credentials key_and_secret() {
  Credentials credentials;
  credentials.api_key = "abc123def";
  credentials.client_secret = Secret("s3cr3t");
  return credentials;
}

HttpReply a_token(const std::string& text = "tok1") {
  return reply_of(200, R"({"access_token":")" + text + R"(","expires_in":1800})");
}

class ServiceTest : public testing::Test {
 protected:
  ServiceTest() {
    transport_.answer = [this](const HttpRequest& request) {
      if (request.url.find(kToken) != std::string::npos)
        return token_ ? token_() : a_token("tok" + std::to_string(++tokens_));
      return answer_ ? answer_(request) : reply_of(200, "{}");
    };
    service_.set_credentials(key_and_secret());
  }

  // Until nothing more happens by itself; timers that are not due yet are made due.
  void settle(bool all_timers = false) {
    for (int i = 0; i < 50; ++i) {
      timers_.fire(all_timers ? awake_now() + 1h : awake_now());
      transport_.run(0ms);
    }
  }

  Service::Id get(const std::string& path = "/v3/products") {
    return service_.call(Method::get, "https://api.gettyimages.com" + path, {},
                         [this](Result<HttpReply> reply) { take(std::move(reply)); });
  }

  void take(Result<HttpReply> reply) {
    if (reply) {
      statuses_.push_back(reply->head.status);
      bodies_.push_back(reply->body);
    } else {
      errors_.push_back(reply.error());
    }
  }

  FakeTransport transport_;
  Timers timers_;
  Service service_{transport_, timers_, *parse_url("https://api.gettyimages.com"),
                   *parse_url("https://authentication.gettyimages.com")};
  std::function<HttpReply()> token_;
  std::function<HttpReply(const HttpRequest&)> answer_;
  int tokens_ = 0;
  std::vector<int> statuses_;
  std::vector<std::string> bodies_;
  std::vector<Error> errors_;
};

TEST_F(ServiceTest, ACallCarriesKeyAndToken) {
  get();
  EXPECT_TRUE(statuses_.empty());  // never from inside the call
  settle();
  ASSERT_EQ(statuses_, std::vector<int>{200});
  ASSERT_EQ(transport_.count(), 2u);
  const HttpRequest& sign_in = transport_.request(1);
  EXPECT_EQ(sign_in.url, "https://authentication.gettyimages.com/oauth2/token");
  EXPECT_EQ(sign_in.method, Method::post);
  EXPECT_EQ(sign_in.body, "grant_type=client_credentials&client_id=abc123def&client_secret=s3cr3t");
  EXPECT_FALSE(has_header(sign_in, "Api-Key"));
  EXPECT_FALSE(has_header(sign_in, "Authorization"));
  const HttpRequest& call = transport_.request(2);
  EXPECT_TRUE(has_header(call, "Api-Key: abc123def"));
  EXPECT_TRUE(has_header(call, "Authorization: Bearer tok1"));
  EXPECT_EQ(call.most_bytes, 1u << 20);
  EXPECT_EQ(call.time_limit, 30s);
}

TEST_F(ServiceTest, FiftyCallsWaitForOneToken) {
  for (int i = 0; i < 50; ++i) get();
  settle();
  EXPECT_EQ(statuses_.size(), 50u);
  EXPECT_EQ(transport_.count(kToken), 1u);
  get();
  settle();
  EXPECT_EQ(transport_.count(kToken), 1u);
}

TEST_F(ServiceTest, CallsThatComeWhileATokenIsUnderWayWaitForIt) {
  get();
  timers_.fire(awake_now());
  EXPECT_EQ(transport_.count(kToken), 1u);  // it is out
  for (int i = 0; i < 10; ++i) get();
  settle();
  EXPECT_EQ(statuses_.size(), 11u);
  EXPECT_EQ(transport_.count(kToken), 1u);
}

TEST_F(ServiceTest, FiftyCallsHearOfOneRefusal) {
  token_ = [] { return reply_of(401, R"({"error":"invalid_client"})"); };
  for (int i = 0; i < 50; ++i) get();
  settle();
  EXPECT_EQ(errors_.size(), 50u);
  EXPECT_EQ(errors_[0].cause, Cause::credentials_refused);
  EXPECT_EQ(transport_.count(kToken), 1u);
}

TEST_F(ServiceTest, RefusedCredentialsAreTriedAtMostOnceAMinute) {
  token_ = [] { return reply_of(400, R"({"error":"invalid_client"})"); };
  for (int i = 0; i < 5; ++i) {
    get();
    settle();
  }
  EXPECT_EQ(errors_.size(), 5u);
  EXPECT_EQ(transport_.count(kToken), 1u);
  token_ = {};
  service_.set_credentials(key_and_secret());  // the person typed them anew
  get();
  settle();
  EXPECT_EQ(statuses_, std::vector<int>{200});
}

TEST_F(ServiceTest, ATokenThatFailsForAWhileIsTriedAgain) {
  int asked = 0;
  token_ = [&] { return ++asked < 4 ? reply_of(503, "") : a_token(); };
  get();
  settle(true);
  EXPECT_EQ(asked, 4);
  EXPECT_EQ(statuses_, std::vector<int>{200});
}

TEST_F(ServiceTest, ATokenThatFailsForeverIsTriedFiveTimes) {
  token_ = [] { return no_reply(HttpFault::no_connection, true); };
  get();
  settle(true);
  ASSERT_EQ(errors_.size(), 1u);
  EXPECT_EQ(errors_[0].cause, Cause::no_connection);
  EXPECT_EQ(transport_.count(kToken), 5u);
}

TEST_F(ServiceTest, WithoutCredentialsNothingIsSent) {
  service_.set_credentials({});
  get();
  settle();
  ASSERT_EQ(errors_.size(), 1u);
  EXPECT_EQ(errors_[0].cause, Cause::not_signed_in);
  EXPECT_EQ(transport_.count(), 0u);
}

TEST_F(ServiceTest, NewCredentialsEndTheOldToken) {
  get();
  settle();
  Credentials other = key_and_secret();
  other.api_key = "another";
  service_.set_credentials(std::move(other));
  get();
  settle();
  EXPECT_EQ(transport_.count(kToken), 2u);
  EXPECT_TRUE(has_header(transport_.request(4), "Api-Key: another"));
  EXPECT_TRUE(has_header(transport_.request(4), "Authorization: Bearer tok2"));
}

TEST_F(ServiceTest, NewCredentialsWhileATokenIsUnderWay) {
  get();
  timers_.fire(awake_now());  // the request is out
  Credentials other = key_and_secret();
  other.api_key = "another";
  service_.set_credentials(std::move(other));
  settle();
  EXPECT_EQ(statuses_, std::vector<int>{200});
  EXPECT_NE(transport_.request(2).body.find("client_id=another"), std::string::npos);
  EXPECT_TRUE(has_header(transport_.request(3), "Api-Key: another"));
}

// ---- redirects ----

TEST_F(ServiceTest, AGetFollowsARedirectWithinTheOrigin) {
  answer_ = [](const HttpRequest& request) {
    if (request.url.ends_with("/old")) return reply_of(301, "", {{"location", "/v3/new"}});
    return reply_of(200, "new");
  };
  get("/old");
  settle();
  EXPECT_EQ(bodies_, std::vector<std::string>{"new"});
}

TEST_F(ServiceTest, AtMostThreeTimes) {
  answer_ = [](const HttpRequest&) { return reply_of(302, "", {{"location", "/round"}}); };
  get("/round");
  settle();
  EXPECT_EQ(statuses_, std::vector<int>{302});
  EXPECT_EQ(transport_.count("/round"), 4u);
}

TEST_F(ServiceTest, TheKeyGoesToNoOtherOrigin) {
  for (const char* target :
       {"https://evil.example/v3", "http://api.gettyimages.com/v3", "https://api.gettyimages.com:8443/v3",
        "https://me@api.gettyimages.com/v3", "https://api.gettyimages.com.evil.example/", "//evil.example/",
        "https://authentication.gettyimages.com/", "file:///etc/passwd", ""}) {
    statuses_.clear();
    const std::size_t before = transport_.count();
    answer_ = [&](const HttpRequest&) { return reply_of(307, "", {{"location", target}}); };
    get();
    settle();
    EXPECT_EQ(statuses_, std::vector<int>{307}) << target;
    EXPECT_EQ(transport_.count(), before + (before == 0 ? 2 : 1)) << target;
  }
}

TEST_F(ServiceTest, APutIsSentOnceWhateverTheAnswer) {
  for (const HttpReply& reply :
       {reply_of(307, "", {{"location", "/v3/elsewhere"}}), reply_of(401, ""), reply_of(500, ""),
        reply_of(429, "", {{"retry-after", "0"}}), no_reply(HttpFault::lost)}) {
    const std::size_t before = transport_.count() + (transport_.count() == 0 ? 1 : 0);  // the first one signs in
    answer_ = [&](const HttpRequest&) { return reply; };
    service_.call(Method::put, "https://api.gettyimages.com/v3/download", R"({"size_name":"4k"})",
                  [this](Result<HttpReply> r) { take(std::move(r)); });
    settle(true);
    EXPECT_EQ(transport_.count(), before + 1) << reply.head.status;
  }
  const HttpRequest& put = transport_.request(2);
  EXPECT_EQ(put.method, Method::put);
  EXPECT_EQ(put.body, R"({"size_name":"4k"})");
  EXPECT_TRUE(has_header(put, "Content-Type: application/json"));
}

TEST_F(ServiceTest, NothingIsSentForSomebodyElse) {
  const std::string ours = account_of(key_and_secret().api_key);
  Credentials theirs = key_and_secret();
  theirs.api_key = "another";
  const auto put = [&] {
    service_.call(
        Method::put, "https://api.gettyimages.com/v3/download", "{}",
        [this](Result<HttpReply> r) { take(std::move(r)); }, ours);
  };
  put();
  settle();
  EXPECT_EQ(statuses_.size(), 1u);
  // While it waits for a token, and afterwards.
  service_.renew([](const Outcome&) {});
  put();
  service_.set_credentials(theirs.copy());
  settle();
  put();
  settle();
  EXPECT_EQ(statuses_.size(), 1u);
  ASSERT_EQ(errors_.size(), 2u);
  for (const Error& error : errors_) EXPECT_EQ(error.cause, Cause::other_account);
  EXPECT_EQ(transport_.count("/v3/download"), 1u);
}

// ---- safe GETs ----

TEST_F(ServiceTest, ASafeGetRenewsTheTokenOnce) {
  answer_ = [](const HttpRequest& request) {
    return has_header(request, "Authorization: Bearer tok1") ? reply_of(401, "") : reply_of(200, R"(["fine"])");
  };
  service_.get_safely(Stage::listing_sizes, "https://api.gettyimages.com/v3/x",
                      [this](Result<HttpReply> r) { take(std::move(r)); });
  settle();
  EXPECT_EQ(bodies_, std::vector<std::string>{R"(["fine"])"});
  EXPECT_EQ(transport_.count(kToken), 2u);
}

TEST_F(ServiceTest, ASecond401IsTheAnswer) {
  answer_ = [](const HttpRequest&) { return reply_of(401, ""); };
  service_.get_safely(Stage::listing_sizes, "https://api.gettyimages.com/v3/x",
                      [this](Result<HttpReply> r) { take(std::move(r)); });
  settle(true);
  EXPECT_EQ(statuses_, std::vector<int>{401});
  EXPECT_EQ(transport_.count("/v3/x"), 2u);
}

TEST_F(ServiceTest, ASafeGetTriesAgainWhatPasses) {
  int asked = 0;
  answer_ = [&](const HttpRequest&) { return ++asked < 3 ? reply_of(502, "") : reply_of(200, R"(["fine"])"); };
  service_.get_safely(Stage::listing_sizes, "https://api.gettyimages.com/v3/x",
                      [this](Result<HttpReply> r) { take(std::move(r)); });
  settle(true);
  EXPECT_EQ(bodies_, std::vector<std::string>{R"(["fine"])"});
}

TEST_F(ServiceTest, ASafeGetGivesUpAfterFiveTries) {
  answer_ = [](const HttpRequest&) { return reply_of(503, ""); };
  service_.get_safely(Stage::listing_sizes, "https://api.gettyimages.com/v3/x",
                      [this](Result<HttpReply> r) { take(std::move(r)); });
  settle(true);
  EXPECT_EQ(statuses_, std::vector<int>{503});
  EXPECT_EQ(transport_.count("/v3/x"), 5u);
}

TEST_F(ServiceTest, WhatWaitingDoesNotHelpIsAskedOnce) {
  for (const int status : {400, 403, 404, 410}) {
    answer_ = [=](const HttpRequest&) { return reply_of(status, ""); };
    const std::size_t before = transport_.count("/v3/x");
    service_.get_safely(Stage::listing_sizes, "https://api.gettyimages.com/v3/x",
                        [this](Result<HttpReply> r) { take(std::move(r)); });
    settle(true);
    EXPECT_EQ(transport_.count("/v3/x"), before + 1) << status;
  }
}

// ---- cancel ----

TEST_F(ServiceTest, WhatWasCancelledIsNotHeardOf) {
  const auto waiting = get();
  service_.cancel(waiting);
  settle();
  EXPECT_EQ(transport_.count("/v3/products"), 0u);
  const auto sent = get();
  timers_.fire(awake_now());
  service_.cancel(sent);
  settle();
  answer_ = [](const HttpRequest&) { return reply_of(503, ""); };
  const auto safe = service_.get_safely(Stage::listing_sizes, "https://api.gettyimages.com/v3/x",
                                        [this](Result<HttpReply> r) { take(std::move(r)); });
  settle();
  service_.cancel(safe);
  service_.cancel(safe);
  service_.cancel(0);
  settle(true);
  EXPECT_TRUE(statuses_.empty());
  EXPECT_TRUE(errors_.empty());
}

TEST_F(ServiceTest, ACallbackMayCancelTheOthers) {
  token_ = [] { return reply_of(401, ""); };
  Service::Id second = 0;
  int heard = 0;
  service_.call(Method::get, "https://api.gettyimages.com/a", {}, [&](Result<HttpReply>) {
    ++heard;
    service_.cancel(second);
  });
  second = service_.call(Method::get, "https://api.gettyimages.com/b", {}, [&](Result<HttpReply>) { ++heard; });
  settle();
  EXPECT_EQ(heard, 1);
}

TEST_F(ServiceTest, ACancelledRenewalStillServesTheOthers) {
  const auto renewal = service_.renew([](Outcome) { FAIL(); });
  get();
  service_.cancel(renewal);
  settle();
  EXPECT_EQ(statuses_, std::vector<int>{200});
}

TEST_F(ServiceTest, KnowsWhetherTheServiceIsOnThisMachine) {
  EXPECT_FALSE(service_.on_loopback());
  Service local(transport_, timers_, *parse_url("https://localhost:8443"), *parse_url("https://localhost:8443"));
  EXPECT_TRUE(local.on_loopback());
}

// ---- a sign-in by the browser ----

class FakeVault final : public Vault {
 public:
  std::string kept;
  bool gone = false;
  int holds = 0;
  int releases = 0;
  std::vector<std::string> replaced;
  Timers* timers = nullptr;

  void hold(std::function<void(Result<Secret>)> then) override {
    ++holds;
    timers->at(awake_now(), [this, then] {
      if (gone) return then(make_error(Stage::signing_in, Cause::not_signed_in, "Another program signed out."));
      then(Secret(kept));
    });
  }
  void replace(const Credentials& credentials, std::function<void()> then) override {
    replaced.emplace_back(credentials.refresh_token.view());
    kept = replaced.back();
    timers->at(awake_now(), then);
  }
  void release() override { ++releases; }
};

class ByBrowser : public ServiceTest {
 protected:
  ByBrowser() {
    vault_.timers = &timers_;
    vault_.kept = "r1";
    Credentials credentials;
    credentials.api_key = "abc123def";
    credentials.refresh_token = Secret("r0");
    service_.set_credentials(std::move(credentials));
    service_.share_through(&vault_);
  }
  ~ByBrowser() override { service_.share_through(nullptr); }

  static HttpReply tokens(const std::string& refresh) {
    return reply_of(200, R"({"access_token":"tok","expires_in":1800,"refresh_token":")" + refresh + R"("})");
  }

  FakeVault vault_;
};

TEST_F(ByBrowser, UsesWhatIsKeptAndKeepsWhatComes) {
  token_ = [] { return tokens("r2"); };
  get();
  settle();
  EXPECT_EQ(statuses_, std::vector<int>{200});
  EXPECT_EQ(transport_.request(1).body, "grant_type=refresh_token&client_id=abc123def&refresh_token=r1");
  EXPECT_EQ(vault_.replaced, std::vector<std::string>{"r2"});
  EXPECT_EQ(service_.credentials().refresh_token.view(), "r2");
  EXPECT_GT(vault_.releases, 0);
}

TEST_F(ByBrowser, LetsOthersInWhileItWaitsAndBeginsWithWhatTheyLeft) {
  token_ = [this] { return ++tokens_ == 1 ? reply_of(503) : tokens("r3"); };
  get();
  settle();
  EXPECT_EQ(transport_.count(kToken), 1u);
  EXPECT_EQ(vault_.releases, 1);
  vault_.kept = "r2";
  settle(true);
  EXPECT_EQ(statuses_, std::vector<int>{200});
  EXPECT_EQ(transport_.request(2).body, "grant_type=refresh_token&client_id=abc123def&refresh_token=r2");
  EXPECT_EQ(vault_.replaced, std::vector<std::string>{"r3"});
}

TEST_F(ByBrowser, KeepsTheOldOneIfNoNewOneComes) {
  token_ = [] { return a_token(); };
  get();
  settle();
  EXPECT_EQ(statuses_, std::vector<int>{200});
  EXPECT_TRUE(vault_.replaced.empty());
  EXPECT_EQ(service_.credentials().refresh_token.view(), "r1");
}

TEST_F(ByBrowser, FiftyCallsAtExpiryCauseOneTokenCall) {
  token_ = [] { return tokens("r2"); };
  for (int i = 0; i < 50; ++i) get();
  settle();
  EXPECT_EQ(statuses_.size(), 50u);
  EXPECT_EQ(transport_.count(kToken), 1u);
  EXPECT_EQ(vault_.holds, 1);
  // All of them are refused at once, as when a token has expired early.
  bool refuse = true;
  answer_ = [&](const HttpRequest&) { return refuse ? reply_of(401) : reply_of(200, "{}"); };
  token_ = [&] {
    refuse = false;
    return tokens("r3");
  };
  statuses_.clear();
  for (int i = 0; i < 50; ++i) {
    service_.get_safely(Stage::listing_sizes, "https://api.gettyimages.com/v3/products",
                        [this](Result<HttpReply> reply) { take(std::move(reply)); });
  }
  settle();
  EXPECT_EQ(statuses_, std::vector<int>(50, 200));
  EXPECT_EQ(transport_.count(kToken), 2u);
}

TEST_F(ByBrowser, IsOverIfAnotherProgramSignedOut) {
  vault_.gone = true;
  get();
  settle();
  ASSERT_EQ(errors_.size(), 1u);
  EXPECT_EQ(errors_[0].cause, Cause::not_signed_in);
  EXPECT_EQ(transport_.count(kToken), 0u);
}

TEST_F(ByBrowser, ARefusalIsSaidAndNotTriedAgain) {
  token_ = [] { return reply_of(400, R"({"error":"invalid_grant"})"); };
  get();
  settle();
  get();
  settle();
  ASSERT_EQ(errors_.size(), 2u);
  EXPECT_NE(errors_[0].message.find("no longer accepts the sign-in"), std::string::npos) << errors_[0].message;
  EXPECT_EQ(transport_.count(kToken), 1u);
}

TEST_F(ByBrowser, ACodeBecomesASignIn) {
  token_ = [] { return tokens("r9"); };
  std::optional<bool> good;
  service_.redeem("newkey", "grant_type=authorization_code", [&](Outcome outcome) { good = bool(outcome); });
  settle();
  EXPECT_EQ(good, true);
  EXPECT_EQ(service_.credentials().api_key, "newkey");
  EXPECT_EQ(service_.credentials().refresh_token.view(), "r9");
  ASSERT_TRUE(service_.token_life());
  get();
  settle();
  EXPECT_EQ(transport_.count(kToken), 1u);  // the token that came with it is used
}

TEST_F(ByBrowser, ACodeWithoutARefreshTokenIsNoSignIn) {
  token_ = [] { return a_token(); };
  std::optional<bool> good;
  service_.redeem("newkey", "x", [&](Outcome outcome) { good = bool(outcome); });
  settle();
  EXPECT_EQ(good, false);
}

}  // namespace
}  // namespace inset
