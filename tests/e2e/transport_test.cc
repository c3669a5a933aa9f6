// SPDX-License-Identifier: GPL-2.0-or-later
// The transport itself, against the stand-in: what its sinks may do, and whom it does not talk to.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <optional>
#include <stdexcept>

#include "curl_transport.h"
#include "stand_in.h"

namespace inset {
namespace {

using contract::StandIn;

class Sink final : public HttpSink {
 public:
  enum class Fails { never, head, body, oddly };
  explicit Sink(Fails fails = Fails::never) : fails_(fails) {}
  bool head(const HttpHead& head) override {
    if (fails_ == Fails::head) throw std::bad_alloc();
    status = head.status;
    return true;
  }
  Taken body(std::span<const std::byte>) override {
    if (fails_ == Fails::body) throw std::bad_alloc();
    if (fails_ == Fails::oddly) throw std::runtime_error("odd");
    return Taken::all;
  }
  void end(const HttpEnd& how) override { ended = how; }

  int status = 0;
  std::optional<HttpEnd> ended;

 private:
  Fails fails_;
};

class TransportTest : public testing::Test {
 protected:
  std::string url(const char* name) const { return service_.facts().value(name, "") + "/v3/products"; }
  std::unique_ptr<Transport> transport(std::string proxy = {}) const {
    return make_curl_transport({service_.facts().value("ca_file", ""), "test", std::move(proxy)});
  }
  static HttpEnd get(Transport& transport, Sink& sink, const std::string& from, Reach reach = Reach::anyone) {
    HttpRequest request;
    request.url = from;
    request.reach = reach;
    transport.start(std::move(request), sink);
    for (int i = 0; i < 1000 && !sink.ended; ++i) transport.run(std::chrono::milliseconds(100));
    EXPECT_TRUE(sink.ended);
    return sink.ended.value_or(HttpEnd{});
  }

  StandIn service_;
};

TEST_F(TransportTest, WhatASinkThrowsEndsItsTransferAlone) {
  const auto transport = this->transport();
  for (const auto fails : {Sink::Fails::head, Sink::Fails::body, Sink::Fails::oddly}) {
    Sink bad(fails);
    const HttpEnd end = get(*transport, bad, url("api_url"));
    EXPECT_EQ(end.fault, fails == Sink::Fails::oddly ? HttpFault::other : HttpFault::out_of_memory);
    EXPECT_FALSE(end.nothing_sent);
    Sink good;
    EXPECT_EQ(get(*transport, good, url("api_url")).fault, HttpFault::none) << "and the next is as ever";
    EXPECT_GE(good.status, 200);
  }
}

TEST_F(TransportTest, ALinkIsNotFollowedOverAConnectionThatWasKept) {
  const auto transport = this->transport();
  Sink kept;
  ASSERT_EQ(get(*transport, kept, url("api_url")).fault, HttpFault::none);
  const auto before = service_.requests().size();
  for (int i = 0; i < 2; ++i) {
    Sink link;
    const HttpEnd end = get(*transport, link, url("api_url"), Reach::the_public);
    EXPECT_EQ(end.fault, HttpFault::peer_refused);
    EXPECT_TRUE(end.nothing_sent);
    EXPECT_EQ(link.status, 0);
  }
  EXPECT_EQ(service_.requests().size(), before);
  Sink loopback;
  EXPECT_EQ(get(*transport, loopback, url("api_url"), Reach::public_or_loopback).fault, HttpFault::none);
}

// Past the proxy this machine would have to judge the address, and with a proxy it does not.
TEST_F(TransportTest, ALinkDoesNotGoPastTheProxy) {
  ::setenv("no_proxy", "127.0.0.1,localhost", 1);
  const auto transport = this->transport("http://127.0.0.1:9");  // nobody is there
  Sink configured;
  EXPECT_EQ(get(*transport, configured, url("api_url")).fault, HttpFault::none);
  Sink link;
  EXPECT_EQ(get(*transport, link, url("file_url"), Reach::the_public).fault, HttpFault::proxy);
  EXPECT_EQ(link.status, 0);
  ::unsetenv("no_proxy");
}

}  // namespace
}  // namespace inset
