// SPDX-License-Identifier: GPL-2.0-or-later
#include "oauth.h"

#include <algorithm>
#include <span>

#include "digest.h"
#include "text.h"

namespace inset {
namespace {

// base64url without padding.
std::string to_base64url(std::span<const std::uint8_t> bytes) {
  std::string text = to_base64(bytes);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

std::string challenge_of(const Secret& verifier) {
  Digest digest;
  digest.update(std::as_bytes(std::span(verifier.view())));
  return to_base64url(digest.sha256());
}

Error refusal(Cause cause, std::string what) { return make_error(Stage::signing_in, cause, std::move(what)); }

}  // namespace

AuthorizationRequest authorization_request(const Url& auth, const std::string& api_key, const std::string& redirect,
                                           const RandomBytes& for_state, const RandomBytes& for_verifier) {
  AuthorizationRequest request;
  request.redirect = redirect;
  request.state = to_base64url(for_state);
  request.verifier = Secret(to_base64url(for_verifier));
  request.address = join_path(auth, {"oauth2", "auth"}) + "?response_type=code&client_id=" + percent_encode(api_key) +
                    "&redirect_uri=" + percent_encode(redirect) + "&state=" + percent_encode(request.state) +
                    "&code_challenge=" + challenge_of(request.verifier) + "&code_challenge_method=S256";
  return request;
}

bool is_answer_to(const AuthorizationRequest& request, const Callback& callback) {
  if (callback.state.size() != request.state.size()) return false;
  // In the same time whatever differs, though nobody far away can measure it.
  unsigned difference = 0;
  for (std::size_t i = 0; i < request.state.size(); ++i) {
    difference |= static_cast<unsigned char>(callback.state[i]) ^ static_cast<unsigned char>(request.state[i]);
  }
  return difference == 0;
}

Result<Secret> read_callback(const Url& auth, const Callback& callback) {
  if (!callback.issuer.empty()) {
    const auto issuer = parse_url(callback.issuer);
    if (!issuer || issuer->origin() != auth.origin()) {
      return refusal(Cause::bad_answer, "The answer came from another service than the one that was asked.");
    }
  }
  if (callback.error == "access_denied") {
    return refusal(Cause::not_signed_in, "The sign-in was declined in the browser.");
  }
  if (!callback.error.empty()) {
    return refusal(Cause::credentials_refused,
                   "The service did not sign you in (" + plain_text(callback.error, 60) + ").");
  }
  if (callback.code.empty())
    return refusal(Cause::bad_answer, "The service's answer holds neither a code nor an error.");
  return Secret(callback.code);
}

std::string code_body(const std::string& api_key, const Secret& code, const AuthorizationRequest& request) {
  return "grant_type=authorization_code&client_id=" + percent_encode(api_key) + "&code=" + percent_encode(code.view()) +
         "&redirect_uri=" + percent_encode(request.redirect) +
         "&code_verifier=" + percent_encode(request.verifier.view());
}

std::string refresh_body(const std::string& api_key, std::string_view refresh_token) {
  return "grant_type=refresh_token&client_id=" + percent_encode(api_key) +
         "&refresh_token=" + percent_encode(refresh_token);
}

}  // namespace inset
