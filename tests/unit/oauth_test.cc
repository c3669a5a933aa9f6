// SPDX-License-Identifier: GPL-2.0-or-later
#include "oauth.h"

#include <gtest/gtest.h>

namespace inset {
namespace {

// The bytes of RFC 7636, appendix B.
constexpr RandomBytes kBytes = {116, 24,  223, 180, 151, 153, 224, 37,  79, 250, 96, 125, 216, 173, 187, 186,
                                22,  212, 37,  77,  105, 214, 191, 240, 91, 88,  5,  88,  83,  132, 141, 121};

AuthorizationRequest a_request() {
  return authorization_request(*parse_url("https://authentication.gettyimages.com"), "abc 123",
                               "http://127.0.0.1:41234/callback", RandomBytes{}, kBytes);
}

TEST(OAuth, TheAddressIsAsTheStandardsHaveIt) {
  const AuthorizationRequest request = a_request();
  EXPECT_EQ(request.verifier.view(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  EXPECT_EQ(request.state, std::string(43, 'A'));
  EXPECT_EQ(request.address,
            "https://authentication.gettyimages.com/oauth2/auth?response_type=code&client_id=abc%20123"
            "&redirect_uri=http%3A%2F%2F127.0.0.1%3A41234%2Fcallback&state=" +
                std::string(43, 'A') +
                "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256");
  EXPECT_EQ(request.address.find(request.verifier.view()), std::string::npos);
}

TEST(OAuth, TheTokenBodiesNameNoSecret) {
  const AuthorizationRequest request = a_request();
  EXPECT_EQ(code_body("key", Secret("c/o de"), request),
            "grant_type=authorization_code&client_id=key&code=c%2Fo%20de"
            "&redirect_uri=http%3A%2F%2F127.0.0.1%3A41234%2Fcallback"
            "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  EXPECT_EQ(refresh_body("key", "r+1"), "grant_type=refresh_token&client_id=key&refresh_token=r%2B1");
}

TEST(OAuth, OnlyTheRightStateIsAnAnswer) {
  const AuthorizationRequest request = a_request();
  EXPECT_TRUE(is_answer_to(request, {.state = request.state, .code = {}, .error = {}, .issuer = {}}));
  for (const std::string& state :
       {std::string(), std::string(42, 'A'), std::string(44, 'A'), std::string(42, 'A') + "B"}) {
    EXPECT_FALSE(is_answer_to(request, {.state = state, .code = "c", .error = {}, .issuer = {}})) << state;
  }
}

TEST(OAuth, ReadsTheAnswer) {
  const Url auth = *parse_url("https://authentication.gettyimages.com");
  const auto read = [&](Callback callback) { return read_callback(auth, callback); };
  const auto code = read({.state = {}, .code = "c0de", .error = {}, .issuer = {}});
  ASSERT_TRUE(code);
  EXPECT_EQ(code->view(), "c0de");
  EXPECT_TRUE(read({.state = {}, .code = "c", .error = {}, .issuer = "https://authentication.gettyimages.com/"}));
  EXPECT_EQ(read({.state = {}, .code = {}, .error = "access_denied", .issuer = {}}).error().cause,
            Cause::not_signed_in);
  EXPECT_EQ(read({.state = {}, .code = "c", .error = "server_error", .issuer = {}}).error().cause,
            Cause::credentials_refused);
  EXPECT_EQ(read({.state = {}, .code = {}, .error = {}, .issuer = {}}).error().cause, Cause::bad_answer);
  EXPECT_EQ(read({.state = {}, .code = "c", .error = {}, .issuer = "https://evil.example"}).error().cause,
            Cause::bad_answer);
  // What a stranger writes there is shown without its control characters.
  const auto odd = read({.state = {}, .code = {}, .error = "x\x1b[31m", .issuer = {}});
  EXPECT_EQ(odd.error().message.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace inset
