// SPDX-License-Identifier: GPL-2.0-or-later
// Signing in by the browser: authorization code with PKCE (RFC 6749, 7636, 8252). Pure: random bytes come in, addresses
// and form bodies go out. A public client: no secret of the program's own is sent, as one in a shipped program would be
// none.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "error.h"
#include "secret.h"
#include "url.h"

namespace inset {

using RandomBytes = std::array<std::uint8_t, 32>;

// One request to a person, from the address that opens the page to the answer that the browser brings.
struct AuthorizationRequest {
  std::string address;   // for the browser; may be shown. Holds state and challenge, not the verifier
  std::string redirect;  // where the answer goes to
  std::string state;     // what the answer must bring back
  Secret verifier;       // never leaves memory but for the token endpoint
};

AuthorizationRequest authorization_request(const Url& auth, const std::string& api_key, const std::string& redirect,
                                           const RandomBytes& for_state, const RandomBytes& for_verifier);

// What the browser brought to the redirect address. Members are empty where the query did not have them.
struct Callback {
  std::string state;
  std::string code;
  std::string error;
  std::string issuer;  // RFC 9207
};

// Whether the answer belongs to this request at all; checked before anything else in it is looked at.
bool is_answer_to(const AuthorizationRequest& request, const Callback& callback);

// The code, or why there is none.
Result<Secret> read_callback(const Url& auth, const Callback& callback);

// application/x-www-form-urlencoded.
std::string code_body(const std::string& api_key, const Secret& code, const AuthorizationRequest& request);
std::string refresh_body(const std::string& api_key, std::string_view refresh_token);

}  // namespace inset
