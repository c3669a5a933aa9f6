// SPDX-License-Identifier: GPL-2.0-or-later
#include "text.h"

#include <gtest/gtest.h>

namespace inset {
namespace {

using namespace std::string_literals;

const std::string kBroken = "\xef\xbf\xbd";  // U+FFFD

TEST(PlainText, LeavesTextOfAllLanguagesAlone) {
  for (const char* text : {"No downloads left.", "Größe: 4096 × 3072", "日本語のメッセージ", "мир", "😀 fine", ""}) {
    EXPECT_EQ(plain_text(text), text);
  }
}

TEST(PlainText, ReplacesBrokenUtf8) {
  EXPECT_EQ(plain_text("a\xff"
                       "b"),
            "a" + kBroken + "b");
  EXPECT_EQ(plain_text("\xc3"), kBroken);                              // cut off
  EXPECT_EQ(plain_text("\xc3("), kBroken + "(");                       // not continued
  EXPECT_EQ(plain_text("\xc0\xaf"), kBroken + kBroken);                // overlong slash
  EXPECT_EQ(plain_text("\xe0\x80\xaf"), kBroken + kBroken + kBroken);  // overlong
  EXPECT_EQ(plain_text("\xf0\x80\x80\xaf"), kBroken + kBroken + kBroken + kBroken);
  EXPECT_EQ(plain_text("\xed\xa0\x80"), kBroken + kBroken + kBroken);  // half a surrogate pair
  EXPECT_EQ(plain_text("\xf4\x90\x80\x80").substr(0, 3), kBroken);     // beyond Unicode
  EXPECT_EQ(plain_text("\xf8\x88\x80\x80\x80").substr(0, 3), kBroken);
}

TEST(PlainText, ReplacesWhatATerminalWouldObey) {
  EXPECT_EQ(plain_text("\x1b[31mred\x1b[0m"), " [31mred [0m");
  EXPECT_EQ(plain_text("a\0b\r\nc\td\x7f"s), "a b  c d ");
  EXPECT_EQ(plain_text("\xc2\x9b"
                       "31m"),
            " 31m");  // CSI as one character
}

TEST(PlainText, ReplacesWhatTurnsOrBreaksTheLine) {
  for (const char* mark : {"\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069", "\u2028", "\u2029", "\ufeff"}) {
    EXPECT_EQ(plain_text("a"s + mark + "b"), "a b");
  }
  EXPECT_EQ(plain_text("a\u00a0b"), "a\u00a0b");
}

TEST(PlainText, IsCutAtACharacter) {
  EXPECT_EQ(plain_text("abcdef", 3), "abc");
  EXPECT_EQ(plain_text("aé", 2), "a");
  EXPECT_EQ(plain_text("aé", 3), "aé");
  EXPECT_EQ(plain_text("abc\xff", 4), "abc");
  EXPECT_EQ(plain_text("abc", 0), "");
  EXPECT_EQ(plain_text(std::string(1000, 'x')).size(), 200u);
}

TEST(ToLower, IsForAsciiAlone) { EXPECT_EQ(to_lower("Content-TYPE É [Z]"), "content-type É [z]"); }

TEST(Trim, TakesBlanksAndLineEnds) {
  EXPECT_EQ(trim(" \t key \r\n"), "key");
  EXPECT_EQ(trim("a b"), "a b");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim(" \r\n"), "");
}

}  // namespace
}  // namespace inset
