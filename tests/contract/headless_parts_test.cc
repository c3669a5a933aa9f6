// SPDX-License-Identifier: GPL-2.0-or-later
// The parts of the program `easel` that can be tested without running it.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "headless/arguments.h"
#include "headless/canvas.h"
#include "headless/text.h"

namespace easel {
namespace {

using namespace std::chrono_literals;

// ---- text ----

TEST(Text, LeavesOrdinaryTextAlone) {
  for (const char* text : {"", "A fox", "Zürich 4096 × 4096", "日本語", "\U0001F98A"}) {
    EXPECT_TRUE(valid_utf8(text));
    EXPECT_EQ(clean(text), text);
  }
}

TEST(Text, TakesEverythingATerminalWouldObey) {
  EXPECT_EQ(clean("a\x1b[31mb"), "a\uFFFD[31mb");
  EXPECT_EQ(clean("a\rb\x07\x7f"),
            "a\uFFFD"
            "b\uFFFD\uFFFD");
  EXPECT_EQ(clean("two\nlines\tand a tab"), "two lines and a tab");
  EXPECT_EQ(clean("\u009b31m"), "\uFFFD31m");          // a control sequence in one C1 character
  EXPECT_EQ(clean("gpj.\u202Eexe"), "gpj.\uFFFDexe");  // writes backwards
  EXPECT_EQ(clean("\u2066x\u2069\u200F"), "\uFFFDx\uFFFD\uFFFD");
  EXPECT_EQ(clean("\u2028"), "\uFFFD");
}

TEST(Text, KnowsWhatIsNotUtf8) {
  for (const char* text : {"\xff", "\x9b", "\xc0\x80", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\x80"})
    EXPECT_FALSE(valid_utf8(text)) << clean(text);
  EXPECT_EQ(clean("a\x9b"
                  "b"),
            "a\uFFFD"
            "b");
  EXPECT_EQ(clean("\xe2\x82"), "\uFFFD\uFFFD");
}

TEST(Text, CountsCharactersNotBytes) {
  EXPECT_EQ(columns("4 × 4"), 5u);
  EXPECT_EQ(cut("4 × 4", 3), "4 ×");
  EXPECT_EQ(cut("short", 80), "short");
  EXPECT_EQ(padded("×", 3), "×  ");
  EXPECT_EQ(padded("long", 2), "long");
}

// ---- arguments ----

struct Line {
  Arguments arguments;
  std::string error;
  bool good = false;
};

Line parse(std::vector<const char*> words) {
  words.insert(words.begin(), "easel");
  Line line;
  line.good = parse_arguments(static_cast<int>(words.size()), words.data(), &line.arguments, &line.error);
  return line;
}

TEST(Arguments, AWholeLine) {
  const Line line = parse({"--plugin", "p.so", "run", "insert", "generation=G=1", "notes=", "--onto=a.png", "--out",
                           "d", "--data-dir", "/x", "--timeout", "1.5", "--json", "--verbose", "index=2"});
  ASSERT_TRUE(line.good) << line.error;
  const Arguments& a = line.arguments;
  EXPECT_EQ(a.command, Arguments::Command::run);
  EXPECT_EQ(a.plugin, "p.so");
  EXPECT_EQ(a.action, "insert");
  const std::vector<std::pair<std::string, std::string>> pairs = {{"generation", "G=1"}, {"notes", ""}, {"index", "2"}};
  EXPECT_EQ(a.pairs, pairs);
  EXPECT_EQ(a.onto, "a.png");
  EXPECT_EQ(a.out, "d");
  EXPECT_EQ(a.data_dir, "/x");
  EXPECT_EQ(a.timeout, 1500ms);
  EXPECT_TRUE(a.json);
  EXPECT_TRUE(a.verbose);
}

TEST(Arguments, TheDataFolderDoesNotDependOnTheCurrentOne) {
  const Line line = parse({"run", "x", "--data-dir", "here"});
  ASSERT_TRUE(line.good);
  EXPECT_EQ(line.arguments.data_dir.front(), '/');
}

TEST(Arguments, HelpWinsOverMistakesThatItExplains) {
  EXPECT_EQ(parse({"--help"}).arguments.command, Arguments::Command::help);
  EXPECT_TRUE(parse({"run", "--help"}).good);
  EXPECT_EQ(parse({"--version"}).arguments.command, Arguments::Command::version);
}

TEST(Arguments, Mistakes) {
  for (const std::vector<const char*>& words :
       std::vector<std::vector<const char*>>{{},
                                             {"fly"},
                                             {"run"},
                                             {"run", "insert", "generation"},
                                             {"run", "insert", "=1"},
                                             {"run", "insert", "a=1", "a=2"},
                                             {"run", "insert", "a=\xff"},
                                             {"run", "ins\xff"},
                                             {"run", "insert", "--fast"},
                                             {"run", "insert", "--json=yes"},
                                             {"run", "insert", "--out"},
                                             {"run", "insert", "--out="},
                                             {"run", "insert", "--timeout", "soon"},
                                             {"run", "insert", "--timeout", "0"},
                                             {"run", "insert", "--timeout", "-1"},
                                             {"run", "insert", "--timeout", "nan"},
                                             {"run", "insert", "--timeout", "1e99"},
                                             {"actions", "a=1"}}) {
    const Line line = parse(words);
    EXPECT_FALSE(line.good) << (words.empty() ? "" : words.back());
    EXPECT_FALSE(line.error.empty());
  }
}

// ---- canvas ----

TEST(Blend, EveryPairOfAlphasIsRoundedToTheNearest) {
  std::srand(7);
  for (int above = 0; above < 256; ++above) {
    for (int below = 0; below < 256; ++below) {
      uint8_t src[4] = {static_cast<uint8_t>(std::rand()), 0, 255, static_cast<uint8_t>(above)};
      const uint8_t before[4] = {static_cast<uint8_t>(std::rand()), 255, 0, static_cast<uint8_t>(below)};
      uint8_t dst[4] = {before[0], before[1], before[2], before[3]};
      blend_over(dst, src, 1);
      const double a = above / 255.0;
      const double b = below / 255.0;
      const double alpha = a + b * (1 - a);
      EXPECT_NEAR(dst[3], alpha * 255, 0.5 + 1e-9);
      for (int c = 0; c < 3; ++c) {
        if (above == 0) {
          EXPECT_EQ(dst[c], before[c]);
        } else {
          EXPECT_NEAR(dst[c], (src[c] * a + before[c] * b * (1 - a)) / alpha, 0.5 + 1e-9)
              << "alpha " << above << " over " << below;
        }
      }
    }
  }
}

}  // namespace
}  // namespace easel
