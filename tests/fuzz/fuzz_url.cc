// SPDX-License-Identifier: GPL-2.0-or-later
// The rules of addresses: whatever is taken apart, a link that is accepted is https to a name on port 443.
#include <netinet/in.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "url.h"

namespace {

using namespace inset;

void check(bool holds) {
  if (!holds) std::abort();
}

void check_link(const std::optional<Url>& url) {
  if (!url) return;
  check(!url->host.empty() && !url->text.empty());
  check(url->text.find_first_of("\r\n ") == std::string::npos);
  (void)url->origin();
  (void)is_service_url(*url);
  if (file_link_fault(url, false).empty()) {
    check(url->text.starts_with("https://") && url->port == 443 && !url->has_user);
    check(url->host.find('.') != std::string::npos && url->host.find_first_of(":[]@/\\%") == std::string::npos);
    check(!is_loopback_host(url->host));
    // What was judged is what is sent: taken apart again it is the same.
    const auto again = parse_url(url->text);
    check(again && again->host == url->host && again->port == 443 && again->scheme == "https" && !again->has_user);
  } else if (file_link_fault(url, true).empty()) {
    check(url->scheme == "https" && is_loopback_host(url->host) && !url->has_user);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto url = parse_url(text);
  check_link(url);
  static const Url base = *parse_url("https://delivery.example.com/a/b.jpg?Signature=q7");
  check_link(resolve_url(base, text));

  const std::string encoded = percent_encode(text);
  check(encoded.find_first_of("/?#&=+ \r\n") == std::string::npos);
  const auto joined = parse_url(join_path(base, {"v3", text.substr(0, 500)}));
  check(!joined || joined->host == base.host);

  sockaddr_storage peer{};
  std::memcpy(&peer, data, std::min(size, sizeof peer));
  peer.ss_family = size % 2 ? AF_INET : AF_INET6;
  const auto& address = reinterpret_cast<const sockaddr&>(peer);
  check(!(is_public_peer(address) && is_loopback_peer(address)));
  return 0;
}
