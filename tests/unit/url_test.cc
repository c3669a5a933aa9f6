// SPDX-License-Identifier: GPL-2.0-or-later
#include "url.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <string>
#include <vector>

namespace inset {
namespace {

using namespace std::string_literals;

std::string fault_of(std::string_view text, bool service_on_loopback = false) {
  return file_link_fault(parse_url(text), service_on_loopback);
}

// ---- links to files ----

TEST(FileLink, ASignedLinkOfAFileHostIsFollowed) {
  for (const char* link :
       {"https://delivery.gettyimages.com/xa/1456789012.jpg?v=1&c=IWSAsset&k=3&s=6C1A",
        "https://d1abc.cloudfront.net/a.jpg",
        "https://media.example.com:443/4096.png?X-Amz-Signature=0a1b&X-Amz-Date=20260301T093000Z",
        "HTTPS://Media.Example.COM/Bild%20mit%20Leerzeichen.jpg", "https://a_b.example.com/x",
        "https://xn--bcher-kva.example/x", "https://media.example.com./x", "https://a.b.c.d.e.f.example.com/"}) {
    EXPECT_EQ(fault_of(link), "") << link;
  }
}

const std::vector<std::string>& hostile_links() {
  static const std::vector<std::string> links = {
      // no address at all
      "", " ", "x", "/path/only.jpg", "//delivery.example.com/a.jpg", "?q", "#f", "null", "https:", "https:/",
      "https://", "https://?x", "://delivery.example.com/", "https//delivery.example.com",
      // another scheme
      "http://delivery.example.com/a.jpg", "HTTP://delivery.example.com/", "ftp://delivery.example.com/a.jpg",
      "file:///etc/passwd", "file://localhost/etc/passwd", "data:image/png;base64,iVBORw0KGgo=", "javascript:alert(1)",
      "gopher://delivery.example.com/", "dict://127.0.0.1:11211/stat", "ldap://delivery.example.com/",
      "smb://host/share", "scp://host/file", "ws://delivery.example.com/", "httpss://delivery.example.com/",
      "blob:https://example.com/1",
      // a user in it
      "https://me@delivery.example.com/", "https://me:pw@delivery.example.com/",
      "https://delivery.example.com@evil.example/", "https://:pw@delivery.example.com/",
      "https://%61:b@delivery.example.com/",
      // another port
      "https://delivery.example.com:8443/", "https://delivery.example.com:80/", "https://delivery.example.com:22/",
      "https://delivery.example.com:99999/", "https://delivery.example.com:-1/", "https://delivery.example.com:4a3/",
      // a number in place of a name
      "https://127.0.0.1/", "https://127.1/", "https://127.0.0.1./", "https://2130706433/", "https://0x7f000001/",
      "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://0/", "https://10.0.0.1/", "https://192.168.1.1/admin",
      "https://169.254.169.254/latest/meta-data/", "https://8.8.8.8/", "https://[::1]/", "https://[fe80::1]/",
      "https://[fe80::1%25eth0]/", "https://[::ffff:127.0.0.1]/", "https://[2001:db8::1]/", "https://1.2.3/",
      "https://a.1/",
      // a name of this machine or this network
      "https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://intranet/", "https://router/",
      // broken names
      "https://.example.com/", "https://delivery..example.com/", "https://delivery.example.com../", "https://-/",
      "https://exa mple.com/", "https://delivery.example.com\\@evil.example/",
      "https://delivery.example.com%00.evil.example/", "https://delivery.example.com%2f@evil.example/",
      "https://" + std::string(64, 'a') + ".example.com/", "https://" + std::string(300, 'a') + ".com/",
      "https://[::1/", "https://delivery.example.com:443:443/",
      // what would write a second line into the request
      "https://delivery.example.com/a\r\nX-Evil: 1", "https://delivery.example.com/a\nb",
      "https://delivery.example.com/a b", "https://delivery.example.com/\x7f", "https://delivery.example.com/\xc3\xa9",
      "https://delivery.example.com/\0x"s, "\thttps://delivery.example.com/", "https://delivery.example.com/ ",
      // too long
      "https://delivery.example.com/" + std::string(9000, 'x')};
  return links;
}

TEST(FileLink, HostileLinksAreRefused) {
  EXPECT_GE(hostile_links().size(), 60u);
  for (const std::string& link : hostile_links()) EXPECT_NE(fault_of(link), "") << link;
}

TEST(FileLink, SaysWhatIsWrong) {
  EXPECT_NE(fault_of("http://delivery.example.com/").find("encrypted"), std::string::npos);
  EXPECT_NE(fault_of("https://a:b@delivery.example.com/").find("user"), std::string::npos);
  EXPECT_NE(fault_of("https://delivery.example.com:8443/").find("port"), std::string::npos);
  EXPECT_NE(fault_of("https://169.254.169.254/").find("public host"), std::string::npos);
}

TEST(FileLink, LoopbackIsForTestsAlone) {
  for (const char* link : {"https://localhost:8443/a.jpg", "https://127.0.0.1:9000/", "https://[::1]:9000/"}) {
    EXPECT_NE(fault_of(link, false), "") << link;
    EXPECT_EQ(fault_of(link, true), "") << link;
  }
  for (const char* link : {"http://localhost:8443/a.jpg", "https://me@localhost/", "https://10.0.0.1/",
                           "https://[fe80::1]/", "https://router:8443/"}) {
    EXPECT_NE(fault_of(link, true), "") << link;
  }
}

TEST(LoopbackHost, IsToldByItsTextAlone) {
  for (const char* host : {"localhost", "127.0.0.1", "127.1.2.3", "::1"}) EXPECT_TRUE(is_loopback_host(host)) << host;
  for (const char* host : {"localhost.evil.example", "127.evil.example", "127.0.0.1.evil.example", "128.0.0.1", "::2",
                           "", "0.0.0.0", "127.0.0.256"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

// ---- taking apart ----

TEST(ParseUrl, TakesAnAddressApart) {
  const auto url = parse_url("HTTPS://API.GettyImages.com/v3/ai?x=1");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "api.gettyimages.com");
  EXPECT_EQ(url->port, 443);
  EXPECT_FALSE(url->has_user);
  EXPECT_EQ(url->origin(), "https://api.gettyimages.com");
}

TEST(ParseUrl, AnOriginNamesAPortOnlyIfItIsUnusual) {
  EXPECT_EQ(parse_url("https://localhost:8443/x")->origin(), "https://localhost:8443");
  EXPECT_EQ(parse_url("https://localhost:443/x")->origin(), "https://localhost");
  EXPECT_EQ(parse_url("http://localhost:80/x")->origin(), "http://localhost");
  EXPECT_EQ(parse_url("http://localhost:443/x")->origin(), "http://localhost:443");
  EXPECT_EQ(parse_url("https://[::1]:9000/")->origin(), "https://[::1]:9000");
}

TEST(ResolveUrl, FollowsALocation) {
  const auto base = parse_url("https://api.gettyimages.com/v3/ai/image-generations/7");
  ASSERT_TRUE(base);
  EXPECT_EQ(resolve_url(*base, "/v3/elsewhere")->text, "https://api.gettyimages.com/v3/elsewhere");
  EXPECT_EQ(resolve_url(*base, "8")->text, "https://api.gettyimages.com/v3/ai/image-generations/8");
  EXPECT_EQ(resolve_url(*base, "https://other.example.com/x")->origin(), "https://other.example.com");
  EXPECT_EQ(resolve_url(*base, "//evil.example/x")->host, "evil.example");
  EXPECT_EQ(resolve_url(*base, "http://api.gettyimages.com/")->scheme, "http");
  EXPECT_FALSE(resolve_url(*base, ""));
  EXPECT_FALSE(resolve_url(*base, "/a\r\nb"));
  EXPECT_FALSE(resolve_url(*base, "https://"));
}

TEST(ServiceUrl, IsEncryptedAndBare) {
  EXPECT_TRUE(is_service_url(*parse_url("https://api.gettyimages.com")));
  EXPECT_TRUE(is_service_url(*parse_url("https://10.1.2.3:8443/getty/")));
  for (const char* text : {"http://api.gettyimages.com", "https://me@api.gettyimages.com",
                           "https://api.gettyimages.com/?a", "https://api.gettyimages.com/#a"}) {
    EXPECT_FALSE(is_service_url(*parse_url(text))) << text;
  }
}

// ---- building ----

TEST(JoinPath, PutsExactlyOneSlashBetween) {
  // The vendor's own page has the two run together: ".../v3" + "ai/image-generations".
  for (const char* base : {"https://api.gettyimages.com", "https://api.gettyimages.com/"}) {
    EXPECT_EQ(join_path(*parse_url(base), {"v3", "ai", "image-generations"}),
              "https://api.gettyimages.com/v3/ai/image-generations");
  }
  EXPECT_EQ(join_path(*parse_url("https://proxy.example.com/getty//"), {"v3"}), "https://proxy.example.com/getty/v3");
}

TEST(JoinPath, OddIdsStayOneSegment) {
  const Url base = *parse_url("https://api.gettyimages.com");
  EXPECT_EQ(join_path(base, {"a/b"}), "https://api.gettyimages.com/a%2Fb");
  EXPECT_EQ(join_path(base, {"a?b#c"}), "https://api.gettyimages.com/a%3Fb%23c");
  EXPECT_EQ(join_path(base, {"%2e%2e"}), "https://api.gettyimages.com/%252e%252e");
  EXPECT_EQ(join_path(base, {"a b\r\n"}), "https://api.gettyimages.com/a%20b%0D%0A");
  EXPECT_EQ(join_path(base, {"é"}), "https://api.gettyimages.com/%C3%A9");
}

TEST(PercentEncode, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(percent_encode("AZaz09-_.~"), "AZaz09-_.~");
  EXPECT_EQ(percent_encode("a+b&c=d/"), "a%2Bb%26c%3Dd%2F");
  EXPECT_EQ(percent_encode("\0\xff"s), "%00%FF");
}

// ---- peers ----

bool is_public(const std::string& address) {
  sockaddr_storage peer{};
  auto* v4 = reinterpret_cast<sockaddr_in*>(&peer);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&peer);
  if (inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
    peer.ss_family = AF_INET;
  } else {
    EXPECT_EQ(inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr), 1) << address;
    peer.ss_family = AF_INET6;
  }
  return is_public_peer(reinterpret_cast<const sockaddr&>(peer));
}

TEST(Peers, ThePublicInternet) {
  for (const char* address :
       {"1.1.1.1",          "8.8.8.8",           "9.255.255.255",   "11.0.0.0",          "100.63.255.255",
        "100.128.0.0",      "126.255.255.255",   "128.0.0.1",       "169.253.255.255",   "169.255.0.0",
        "172.15.255.255",   "172.32.0.0",        "192.0.1.0",       "192.167.255.255",   "192.169.0.0",
        "198.17.255.255",   "198.20.0.0",        "223.255.255.255", "2600:9000:2000::1", "2a00:1450:4001:800::200e",
        "64:ff9b::8.8.8.8", "2002:0808:0808::1", "::ffff:8.8.8.8"}) {
    EXPECT_TRUE(is_public(address)) << address;
  }
}

TEST(Peers, EverythingElse) {
  for (const char* address :
       {"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
        "127.255.255.255", "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1",
        "192.88.99.1", "192.168.0.1", "192.168.255.255", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",
        "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        // IPv6
        "::", "::1", "::8.8.8.8", "fc00::1", "fd12:3456::1", "fe80::1", "febf::1", "fec0::1", "ff02::1", "2001:db8::1",
        "2001::1", "2001:1ff::1", "100::1", "5f00::1",
        // IPv4 in IPv6's clothes
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1",
        "64:ff9b:1::8.8.8.8", "2002:7f00:0001::1", "2002:0a00:0001::1", "2002:c0a8:0101::1"}) {
    EXPECT_FALSE(is_public(address)) << address;
  }
}

TEST(Peers, AnotherFamilyIsNotPublic) {
  sockaddr peer{};
  peer.sa_family = AF_UNIX;
  EXPECT_FALSE(is_public_peer(peer));
  EXPECT_FALSE(is_loopback_peer(peer));
}

TEST(Peers, Loopback) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(0x7f010203);
  EXPECT_TRUE(is_loopback_peer(reinterpret_cast<const sockaddr&>(v4)));
  v4.sin_addr.s_addr = htonl(0x0a000001);
  EXPECT_FALSE(is_loopback_peer(reinterpret_cast<const sockaddr&>(v4)));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_addr = in6addr_loopback;
  EXPECT_TRUE(is_loopback_peer(reinterpret_cast<const sockaddr&>(v6)));
  v6.sin6_addr = in6addr_any;
  EXPECT_FALSE(is_loopback_peer(reinterpret_cast<const sockaddr&>(v6)));
}

}  // namespace
}  // namespace inset
