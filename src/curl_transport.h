// SPDX-License-Identifier: GPL-2.0-or-later
// Transport over libcurl's multi interface: one thread, all transfers, connections kept for the life of the object.
//
// What it makes sure of, whatever the caller asks for:
//   - https alone, certificates checked, TLS 1.2 or newer, no redirect followed, no netrc, no cookie;
//   - a request with a body is sent at most once. libcurl by itself repeats a request when a kept connection turns out
//     to be dead; a body that cannot be rewound forbids it;
//   - a peer outside HttpRequest.reach gets not a byte of the request, on a new connection or a kept one. Behind a
//     proxy only that can tell, so a request that may not reach anyone goes through it, whatever no_proxy says;
//   - nothing of the process is changed: no signal handler, no global cleanup.
#pragma once

#include <memory>
#include <string>

#include "http.h"

namespace inset {

struct TransportSettings {
  std::string ca_file;  // PEM; empty: the system's
  std::string user_agent;
  std::string proxy{};  // empty: as the environment says
};

// Null if libcurl cannot be set up.
std::unique_ptr<Transport> make_curl_transport(TransportSettings settings);

}  // namespace inset
