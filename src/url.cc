// SPDX-License-Identifier: GPL-2.0-or-later
#include "url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <memory>

#include "text.h"

namespace inset {
namespace {

constexpr std::size_t kLongestUrl = 8192;

using Handle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return {};
  std::string copy = text;
  curl_free(text);
  return copy;
}

std::optional<Url> take_apart(CURLU* handle) {
  Url url;
  url.scheme = to_lower(part(handle, CURLUPART_SCHEME));
  url.host = to_lower(part(handle, CURLUPART_HOST));
  if (url.host.size() > 1 && url.host.front() == '[' && url.host.back() == ']') {
    url.host = url.host.substr(1, url.host.size() - 2);
  }
  const std::string port = part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::from_chars(port.data(), port.data() + port.size(), url.port);
  url.has_user = !part(handle, CURLUPART_USER).empty() || !part(handle, CURLUPART_PASSWORD).empty();
  url.text = part(handle, CURLUPART_URL);
  if (url.text.empty() || url.host.empty()) return {};
  return url;
}

bool sendable(std::string_view text) {
  return !text.empty() && text.size() <= kLongestUrl &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_ipv4(const std::string& host) {
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool is_ip_literal(const std::string& host) {
  in6_addr address{};
  return is_ipv4(host) || inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), &address) == 1;
}

// A name with dots whose last label is no number: what the public DNS can hold.
bool is_dns_name(const std::string& host) {
  if (host.empty() || host.size() > 253 || is_ip_literal(host)) return false;
  std::string_view rest = host;
  if (rest.back() == '.') rest.remove_suffix(1);
  std::size_t labels = 0;
  std::string_view label;
  while (true) {
    const std::size_t dot = rest.find('.');
    label = rest.substr(0, dot);
    ++labels;
    const auto fit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
    if (label.empty() || label.size() > 63 || !std::all_of(label.begin(), label.end(), fit)) {
      return false;
    }
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  const bool numeric = std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
  return labels >= 2 && !numeric;
}

struct Net4 {
  std::uint32_t address;
  int bits;
};

constexpr std::uint32_t ip(unsigned a, unsigned b, unsigned c, unsigned d) { return a << 24 | b << 16 | c << 8 | d; }

// IANA's special-purpose registry, as far as nothing on the public internet answers there.
constexpr std::array kNotPublic4 = {
    Net4{ip(0, 0, 0, 0), 8},      Net4{ip(10, 0, 0, 0), 8},     Net4{ip(100, 64, 0, 0), 10},
    Net4{ip(127, 0, 0, 0), 8},    Net4{ip(169, 254, 0, 0), 16}, Net4{ip(172, 16, 0, 0), 12},
    Net4{ip(192, 0, 0, 0), 24},   Net4{ip(192, 0, 2, 0), 24},   Net4{ip(192, 88, 99, 0), 24},
    Net4{ip(192, 168, 0, 0), 16}, Net4{ip(198, 18, 0, 0), 15},  Net4{ip(198, 51, 100, 0), 24},
    Net4{ip(203, 0, 113, 0), 24}, Net4{ip(224, 0, 0, 0), 4},    Net4{ip(240, 0, 0, 0), 4},
};

bool is_public4(std::uint32_t address) {
  return std::none_of(kNotPublic4.begin(), kNotPublic4.end(),
                      [&](const Net4& net) { return (address ^ net.address) >> (32 - net.bits) == 0; });
}

std::uint32_t read32(const std::uint8_t* bytes) { return ip(bytes[0], bytes[1], bytes[2], bytes[3]); }

bool is_public6(const in6_addr& address) {
  const std::uint8_t* b = address.s6_addr;
  const auto zeros = [&](int count) { return std::all_of(b, b + count, [](auto x) { return x == 0; }); };
  if (zeros(10) && b[10] == 0xff && b[11] == 0xff) return is_public4(read32(b + 12));  // mapped
  if (zeros(12)) return false;    // unspecified, loopback, compatible
  if (read32(b) == 0x0064ff9b) {  // NAT64: the IPv4 address is what counts; local-use prefixes never do
    return std::all_of(b + 4, b + 12, [](auto x) { return x == 0; }) && is_public4(read32(b + 12));
  }
  if (b[0] == 0x20 && b[1] == 0x02) return is_public4(read32(b + 2));  // 6to4
  if ((b[0] & 0xe0) != 0x20) return false;                             // global unicast is 2000::/3
  if (read32(b) == 0x20010db8 || (read32(b) & 0xfffffe00) == 0x20010000) return false;
  return true;
}

}  // namespace

std::string Url::origin() const {
  std::string text_origin = scheme + "://" + (host.find(':') != std::string::npos ? "[" + host + "]" : host);
  if (!(scheme == "https" && port == 443) && !(scheme == "http" && port == 80)) {
    text_origin += ":" + std::to_string(port);
  }
  return text_origin;
}

std::optional<Url> parse_url(std::string_view text) {
  if (!sendable(text)) return {};
  const Handle handle(curl_url(), &curl_url_cleanup);
  if (!handle) return {};
  if (curl_url_set(handle.get(), CURLUPART_URL, std::string(text).c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
    return {};
  }
  return take_apart(handle.get());
}

std::optional<Url> resolve_url(const Url& base, std::string_view location) {
  if (!sendable(location)) return {};
  const Handle handle(curl_url(), &curl_url_cleanup);
  if (!handle) return {};
  if (curl_url_set(handle.get(), CURLUPART_URL, base.text.c_str(), 0) != CURLUE_OK ||
      curl_url_set(handle.get(), CURLUPART_URL, std::string(location).c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
    return {};
  }
  return take_apart(handle.get());
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '~' || c == '.';
    if (plain) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += digits[byte >> 4];
      encoded += digits[byte & 15];
    }
  }
  return encoded;
}

std::string join_path(const Url& base, std::initializer_list<std::string_view> segments) {
  std::string text = base.text;
  while (!text.empty() && text.back() == '/') text.pop_back();
  for (const std::string_view segment : segments) (text += '/') += percent_encode(segment);
  return text;
}

bool is_loopback_host(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  return is_ipv4(std::string(host)) && host.substr(0, 4) == "127.";
}

bool is_service_url(const Url& url) {
  return url.scheme == "https" && !url.has_user && url.text.find_first_of("?#") == std::string::npos;
}

std::string file_link_fault(const std::optional<Url>& url, bool service_on_loopback) {
  if (!url) return "it is no address";
  if (url->scheme != "https") return "it is not encrypted (https)";
  if (url->has_user) return "it names a user";
  if (service_on_loopback && is_loopback_host(url->host)) return {};
  if (!is_dns_name(url->host)) return "it does not name a public host";
  if (url->port != 443) return "it names an unusual port";
  return {};
}

bool is_public_peer(const sockaddr& peer) {
  if (peer.sa_family == AF_INET) {
    return is_public4(ntohl(reinterpret_cast<const sockaddr_in&>(peer).sin_addr.s_addr));
  }
  return peer.sa_family == AF_INET6 && is_public6(reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr);
}

bool is_loopback_peer(const sockaddr& peer) {
  if (peer.sa_family == AF_INET) {
    return ntohl(reinterpret_cast<const sockaddr_in&>(peer).sin_addr.s_addr) >> 24 == 127;
  }
  return peer.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr);
}

}  // namespace inset
