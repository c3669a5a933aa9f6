// SPDX-License-Identifier: GPL-2.0-or-later
// Faults of the way to the service: names, connections, TLS, proxies. Rows 1 to 15 of tests/faults.md.
#include <csignal>
#include <thread>

#include "fixture.h"
#include "proxy.h"

namespace e2e {
namespace {

class Network : public E2e {
 protected:
  void preload() { environment()["LD_PRELOAD"] = PRELOAD; }
  // The address of the stand-in under a name that has to be looked up.
  std::string elsewhere(const std::string& which) const {
    return "https://service.test" + fact(which).substr(std::string("https://localhost").size());
  }
};

TEST_F(Network, NameNotFoundIsTriedAgain) {
  serve_at_once();
  preload();
  environment()["INSET_AUTH_URL"] = elsewhere("auth_url");
  environment()["TEST_LOOKUPS_FAIL"] = "2";
  // Found at the third try; its certificate is not for that name, which ends it.
  expect_failed(insert(), 5, "tls", "no");
  EXPECT_GT(service().connection_events().size(), 0u);
}

TEST_F(Network, NameNeverFoundOrdersNothing) {
  serve_at_once();
  preload();
  environment()["INSET_API_URL"] = elsewhere("api_url");
  environment()["TEST_LOOKUPS_FAIL"] = "1000";
  const Ended ended = insert();
  expect_failed(ended, 5, "name_lookup", "no");
  EXPECT_NE(ended.message().find("offline"), std::string::npos);
  EXPECT_EQ(calls("generation") + puts(), 0);
  EXPECT_EQ(records(), "");
}

TEST_F(Network, ConnectionRefusedIsTriedAgainAndThenSaid) {
  serve_at_once();
  const ClosedPort nobody;
  environment()["INSET_API_URL"] = "https://localhost:" + std::to_string(nobody.port());
  const auto start = std::chrono::steady_clock::now();
  expect_failed(insert(), 5, "no_connection", "no");
  EXPECT_GT(std::chrono::steady_clock::now() - start, 500ms) << "five tries with pauses";
  EXPECT_EQ(calls("token"), 1);
  EXPECT_EQ(records(), "") << "no journal of a job that never began";
}

TEST_F(Network, IPv6IntoNowhereCostsLittle) {
  serve_at_once();
  preload();
  const BlackHole hole;
  environment()["TEST_BLACK_HOLE"] = std::to_string(hole.port());
  const auto start = std::chrono::steady_clock::now();
  expect_placed(insert());
  EXPECT_LT(std::chrono::steady_clock::now() - start, 8s) << "three connections, each well below its limit of 10 s";
  for (const Json& event : service().connection_events()) {
    if (event.value("event", "") != "tcp") continue;
    EXPECT_EQ(event.value("peer", "").find("127."), 0u) << event;
  }
}

TEST_F(Network, ConnectionThatHangsIsGivenUpAfterTenSeconds) {
  serve_at_once({{{"listener", "api"}, {"call", 1}, {"accept", "mute"}}});
  const auto start = std::chrono::steady_clock::now();
  expect_placed(insert());
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_GE(took, 10s);
  EXPECT_LT(took, 20s);
}

TEST_F(Network, UntrustedCertificateIsTheEnd) {
  for (const char* listener : {"auth", "api"}) {
    for (const char* certificate : {"expired", "wrong_name", "self_signed"}) {
      SCOPED_TRACE(std::string(listener) + " " + certificate);
      fresh();
      serve_at_once({{{"listener", listener}, {"certificate", certificate}}});
      const Ended ended = insert();
      expect_failed(ended, 5, "tls", "no");
      EXPECT_NE(ended.message().find("clock"), std::string::npos);
      EXPECT_NE(ended.message().find("certificate"), std::string::npos);
      EXPECT_EQ(puts(), 0);
      EXPECT_EQ(calls(std::string(listener) == "auth" ? "token" : "generation"), 0) << "not a byte of HTTP";
      int connections = 0;
      for (const Json& event : service().connection_events()) {
        connections += event.value("event", "") == "tcp" && event.value("listener", "") == listener;
      }
      EXPECT_EQ(connections, 1) << "trying again would not help";
    }
  }
}

TEST_F(Network, UnknownAuthorityIsTheEnd) {
  serve_at_once();
  environment().erase("INSET_CA_FILE");
  expect_failed(insert(), 5, "tls", "no");
  environment()["INSET_CA_FILE"] = folder() / "is-not-there.pem";
  expect_failed(insert(), 5, "tls", "no");
  EXPECT_EQ(calls("token"), 0);
}

TEST_F(Network, UntrustedCertificateOfTheFileHostRests) {
  for (const char* certificate : {"expired", "wrong_name", "self_signed"}) {
    SCOPED_TRACE(certificate);
    fresh();
    serve_at_once({{{"listener", "file"}, {"certificate", certificate}}});
    expect_failed(insert(), 6, "tls", "yes");
    EXPECT_EQ(calls("file"), 0);
    rules(Json::array());
    expect_placed(resume());
    EXPECT_EQ(puts(), 1);
  }
}

TEST_F(Network, HandshakeCutIsTriedAgain) {
  for (const char* listener : {"auth", "api", "file"}) {
    for (const char* way : {"reset", "abrupt"}) {
      SCOPED_TRACE(std::string(listener) + " " + way);
      fresh();
      serve_at_once({{{"listener", listener}, {"call", 1}, {"handshake", way}}});
      expect_placed(insert());
      EXPECT_EQ(puts(), 1);
    }
  }
}

TEST_F(Network, ResetWhileReadingAnythingHarmlessIsTriedAgain) {
  Json list = Json::array();
  for (const char* route : {"token", "generation", "sizes"}) {
    list.push_back({{"route", route}, {"call", 1}, {"no_reply", "reset"}});
    list.push_back({{"route", route}, {"call", 2}, {"cut", 20}, {"close", "reset"}});
  }
  list.push_back({{"route", "get"}, {"call", 1}, {"no_reply", "reset"}});
  list.push_back({{"route", "get"}, {"call", 2}, {"cut", 20}, {"close", "abrupt"}});
  serve({{"rules", list}});
  expect_placed(insert());
  EXPECT_EQ(puts(), 1);
  for (const char* route : {"token", "generation", "sizes"}) EXPECT_EQ(calls(route), 3) << route;
  EXPECT_GE(gets(), 3);
}

TEST_F(Network, TooSlowIsGivenUpAfterTwentySeconds) {
  serve_at_once({{{"route", "file"}, {"call", 1}, {"rate", 200}}});
  const auto start = std::chrono::steady_clock::now();
  expect_placed(insert());
  EXPECT_GE(std::chrono::steady_clock::now() - start, 20s);
  EXPECT_EQ(calls("file"), 2);
}

// As when the lid was closed: the connections are dead, and the token has ended.
TEST_F(Network, SleepInTheMiddleChangesNothing) {
  serve({{"ready_polls", 6}, {"rules", {{{"route", "get"}, {"call", 2}, {"close", "reset"}}}}});
  Program program(insert_words());
  for (int i = 0; i < 2000 && gets() < 2; ++i) std::this_thread::sleep_for(10ms);
  program.send(SIGSTOP);
  service().control({{"do", "expire_tokens"}});
  std::this_thread::sleep_for(3s);
  program.send(SIGCONT);
  expect_placed(finish(program));
  EXPECT_EQ(puts(), 1);
  EXPECT_EQ(calls("token"), 2);
}

// As when the computer changed from one network to another: nothing comes any more, nothing says so.
TEST_F(Network, ConnectionThatFallsSilentIsReplaced) {
  serve_at_once({{{"route", "file"}, {"call", 1}, {"hold", "silent"}, {"hold_at", 60000}}});
  expect_placed(insert());
  const auto files = service().requests("file");
  ASSERT_EQ(files.size(), 2u);
  EXPECT_NE(files[0]["connection"], files[1]["connection"]);
  EXPECT_EQ(files[1]["headers"].value("range", "").substr(0, 6), "bytes=") << "goes on where it was";
}

TEST_F(Network, ProxyThatWantsALoginIsNamed) {
  serve_at_once();
  const Proxy proxy(
      "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0");
  environment()["https_proxy"] = proxy.address();
  const Ended ended = insert();
  expect_failed(ended, 5, "proxy", "no");
  EXPECT_NE(ended.message().find("login"), std::string::npos);
  EXPECT_EQ(proxy.heads().size(), 1u) << "trying again would not help";
  EXPECT_EQ(service().connection_events().size(), 0u);
}

TEST_F(Network, ProxyThatRefusesOrIsDownIsNamed) {
  serve_at_once();
  const Proxy refuses("HTTP/1.1 403 Forbidden\r\nContent-Length: 0");
  environment()["https_proxy"] = refuses.address();
  expect_failed(insert(), 5, "proxy", "no");
  const ClosedPort nobody;
  environment()["https_proxy"] = "http://127.0.0.1:" + std::to_string(nobody.port());
  expect_failed(insert(), 5, "proxy", "no");
  EXPECT_EQ(service().connection_events().size(), 0u);
}

TEST_F(Network, ProxyThatWorksIsUsedAndToldNothing) {
  serve_at_once();
  const Proxy proxy("HTTP/1.1 200 OK");
  environment()["https_proxy"] = proxy.address();
  expect_placed(insert());
  EXPECT_EQ(proxy.heads().size(), 4u) << "token, API, the PUT, which gets a connection of its own, file";
  for (const std::string& head : proxy.heads()) {
    EXPECT_EQ(head.substr(0, 18), "CONNECT localhost:");
    EXPECT_EQ(head.find("Api-Key"), std::string::npos);
    EXPECT_EQ(head.find("uthorization"), std::string::npos);
  }
}

// The setting wins over the variables that every program heeds.
TEST_F(Network, ProxyOfTheSettingsIsUsed) {
  serve_at_once();
  const Proxy proxy("HTTP/1.1 200 OK");
  const ClosedPort nobody;
  environment()["https_proxy"] = "http://127.0.0.1:" + std::to_string(nobody.port());
  environment()["INSET_PROXY"] = proxy.address();
  expect_placed(insert());
  EXPECT_EQ(proxy.heads().size(), 4u);
}

TEST_F(Network, SignInPageOfTheNetworkIsRecognized) {
  const Json html = Json::array({Json::array({"Content-Type", "text/html"})});
  for (const char* route : {"token", "generation", "sizes"}) {
    SCOPED_TRACE(route);
    fresh();
    serve_at_once({{{"route", route}, {"status", 200}, {"headers", html}, {"body", "<html>Welcome</html>"}}});
    const Ended ended = insert();
    expect_failed(ended, 5, "captive_portal", "no");
    EXPECT_NE(ended.message().find("network"), std::string::npos);
    EXPECT_EQ(calls(route), 1) << "trying again would not help";
    EXPECT_EQ(puts(), 0);
  }
  fresh();
  serve_at_once({{{"route", "generation"}, {"redirect", "http://login.example/"}}});
  expect_failed(insert(), 7, "redirected", "no");
}

TEST_F(Network, SignInPageInPlaceOfThePutsAnswerIsUnclear) {
  const Json html = Json::array({Json::array({"Content-Type", "text/html"})});
  serve({{"rules",
          {{{"route", "put"}, {"status", 200}, {"headers", html}, {"body", "<html>Welcome</html>"}, {"charge", true}},
           {{"route", "get"}, {"status", 200}, {"headers", html}, {"body", "<html>Welcome</html>"}}}}});
  expect_failed(insert(), 6, "captive_portal", "maybe");
  rules(Json::array());
  expect_placed(resume());
  EXPECT_EQ(puts(), 1);
}

}  // namespace
}  // namespace e2e
