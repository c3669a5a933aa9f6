// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses: taken apart by the same parser that the transfer uses, built from segments, and judged before a byte is
// sent. Pure.
#pragma once

#include <sys/socket.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace inset {

struct Url {
  std::string scheme;  // lower case
  std::string host;    // lower case, an IPv6 literal without brackets
  int port = 0;        // the scheme's own where none is given
  bool has_user = false;
  std::string text;  // normalised, whole

  std::string origin() const;  // "https://host", with the port if it is not the scheme's own
};

std::optional<Url> parse_url(std::string_view text);

// `location` (of a redirect) as seen from `base`.
std::optional<Url> resolve_url(const Url& base, std::string_view location);

// Everything but the unreserved characters of RFC 3986 as %XX: fit for a path segment and for a form.
std::string percent_encode(std::string_view text);

// base + "/" + segments, each percent-encoded.
std::string join_path(const Url& base, std::initializer_list<std::string_view> segments);

// "localhost", 127/8 or ::1, as text. No name is looked up.
bool is_loopback_host(std::string_view host);

// A configured address of the service: https, no user, no query.
bool is_service_url(const Url& url);

// Why a link to a file must not be followed, or empty. A link must be https to a DNS name on port 443; while the
// service itself is on this machine it may be loopback with any port too.
std::string file_link_fault(const std::optional<Url>& url, bool service_on_loopback);

// Whether a connected peer is on the public internet: not loopback, private, link-local, shared, multicast, reserved or
// documentation, nor an IPv6 form of one of these.
bool is_public_peer(const sockaddr& peer);
bool is_loopback_peer(const sockaddr& peer);

}  // namespace inset
