// SPDX-License-Identifier: GPL-2.0-or-later
// The vectors are those of FIPS 180-4, RFC 1321 and RFC 4648.
#include "digest.h"

#include <gtest/gtest.h>

namespace inset {
namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(DigestTest, Sha256OfKnownTexts) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(DigestTest, Md5OfKnownTexts) {
  const auto md5 = [](std::string_view text) {
    Digest digest;
    digest.update(bytes(text));
    return to_hex(digest.md5());
  };
  EXPECT_EQ(md5(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5("abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(md5("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
            "57edf4a22be3c955ac49da2e2107b67a");
}

TEST(DigestTest, PiecesMakeTheSameWhole) {
  const std::string text(100'000, 'x');
  Digest digest;
  for (std::size_t at = 0, size = 1; at < text.size(); at += size, size = size % 97 + 1) {
    digest.update(bytes(std::string_view(text).substr(at, size)));
  }
  EXPECT_EQ(to_hex(digest.sha256()), sha256_hex(text));
}

TEST(DigestTest, CanBeLookedAtOnTheWay) {
  Digest digest;
  digest.update(bytes("ab"));
  EXPECT_EQ(to_hex(digest.sha256()), sha256_hex("ab"));
  EXPECT_EQ(to_hex(digest.md5()).size(), 32u);
  digest.update(bytes("c"));
  EXPECT_EQ(to_hex(digest.sha256()), sha256_hex("abc"));
}

TEST(DigestTest, Base64OfKnownTexts) {
  const auto base64 = [](std::string_view text) {
    return to_base64(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  };
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xfb\xff\xfe"), "+//+");
}

}  // namespace
}  // namespace inset
