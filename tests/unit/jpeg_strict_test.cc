// SPDX-License-Identifier: GPL-2.0-or-later
// Damage to the coded data of a JPEG that leaves its structure sound.
#include "decode/jpeg_strict.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "decode_helpers.h"
#include "encode_picture.h"

namespace inset {
namespace {

using namespace test;

Raster photograph() {
  std::ifstream file(INSET_PHOTOGRAPHS "/dogs.jpg", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const Raster whole = decode_with_libjpeg(bytes_of(text));
  Raster part{512, 384, {}};
  for (std::uint32_t y = 0; y < part.height; ++y) {
    const std::uint8_t* row = whole.at((whole.width - part.width) / 2, (whole.height - part.height) / 2 + y);
    part.rgba.insert(part.rgba.end(), row, row + std::size_t{part.width} * 4);
  }
  return part;
}

std::vector<Bytes> photographs() {
  const Raster raster = photograph();
  std::vector<JpegOptions> kinds(6);
  kinds[0].h = kinds[0].v = 2;
  kinds[2].h = 2;
  kinds[3].h = kinds[3].v = 2;
  kinds[3].progressive = true;
  kinds[4].h = kinds[4].v = 2;
  kinds[4].restart_interval = 32;
  kinds[5].gray = true;
  std::vector<Bytes> files;
  for (const auto& kind : kinds) files.push_back(encode_jpeg(raster, kind));
  return files;
}

// A stored file that lost a block of the disk.
TEST(JpegStrict, SeesNearlyEveryPieceMissingFromTheCodedData) {
  constexpr std::size_t piece = 512;
  std::minstd_rand random(20261122);
  int cuts = 0;
  int passed = 0;
  for (const Bytes& file : photographs()) {
    ASSERT_TRUE(decode_bytes(file));
    const std::size_t begin = find_segment(file, 0xda) + 14;
    ASSERT_GT(file.size(), begin + 4 * piece);
    for (int i = 0; i < 300; ++i, ++cuts) {
      const std::size_t at = begin + random() % (file.size() - 2 - piece - begin);
      Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(at));
      cut.insert(cut.end(), file.begin() + static_cast<std::ptrdiff_t>(at + piece), file.end());
      passed += decode_bytes(cut) ? 1 : 0;
    }
  }
  RecordProperty("cuts", cuts);
  RecordProperty("passed", passed);
  std::cout << passed << " of " << cuts << " passed\n";
  EXPECT_EQ(cuts, 1800);
  EXPECT_LE(passed * 100, cuts * 6);
}

TEST(JpegStrict, SeesAnEndGluedOn) {
  std::minstd_rand random(7);
  for (const Bytes& file : photographs()) {
    const std::size_t begin = find_segment(file, 0xda) + 14;
    for (int i = 0; i < 40; ++i) {
      const std::size_t at = begin + random() % (file.size() - 200 - begin);
      Bytes glued(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(at));
      glued.push_back(std::byte{0xff});
      glued.push_back(std::byte{0xd9});
      EXPECT_FALSE(decode_bytes(glued)) << at << " of " << file.size();
    }
  }
}

Outcome opinion(std::span<const std::byte> file, std::size_t piece) {
  JpegStrict strict;
  BytesInPieces source(file, piece);
  for (auto part = source.next(); !part.empty(); part = source.next()) {
    if (Outcome good = strict.feed(part); !good) return good;
  }
  return strict.finish();
}

TEST(JpegStrict, HasTheSameOpinionWhereverThePiecesEnd) {
  for (const Bytes& file : photographs()) {
    Bytes damaged = file;
    damaged.erase(damaged.end() - 900, damaged.end() - 400);
    for (const std::size_t piece : {1u, 2u, 3u, 100u, 4096u, 1u << 20}) {
      EXPECT_TRUE(opinion(file, piece)) << piece;
      EXPECT_EQ(static_cast<bool>(opinion(damaged, piece)), static_cast<bool>(opinion(damaged, 1u << 20))) << piece;
    }
  }
}

// They are harmless, and real files have them: a version of JFIF that nobody knows; 0 for the last coefficient (63).
TEST(JpegStrict, ForgivesHeadersThatTheContainerCheckForgives) {
  const Bytes file = encode_jpeg(make_raster(40, 30));
  const std::size_t jfif = find_segment(file, 0xe0);
  EXPECT_TRUE(opinion(with_byte(file, jfif + 9, 7), 4096));
  const std::size_t scan = find_segment(file, 0xda);
  EXPECT_TRUE(opinion(with_byte(file, scan + 12, 0), 4096));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// With little memory a sound file is not damaged. A sanitizer ends the program itself.
TEST(JpegStrict, TellsNoMemoryFromDamage) {
  JpegOptions options;
  options.progressive = true;
  const Bytes file = encode_jpeg(make_raster(3000, 3000), options);
  const pid_t child = ::fork();
  if (child == 0) {
    std::ifstream pages("/proc/self/statm");
    rlim_t now = 0;
    pages >> now;
    const rlimit few = {(now << 12) + (16u << 20), RLIM_INFINITY};
    if (::setrlimit(RLIMIT_AS, &few) != 0) ::_exit(2);
    try {
      ::_exit(opinion(file, 1u << 20) ? 3 : 4);
    } catch (const std::bad_alloc&) {
      ::_exit(0);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}
#endif

TEST(JpegStrict, FindsNoEndInAFileWithoutOne) {
  const Bytes file = encode_jpeg(make_raster(40, 30));
  EXPECT_FALSE(opinion(std::span(file).first(file.size() - 2), 4096));
  EXPECT_FALSE(opinion({}, 1));
  EXPECT_FALSE(opinion(bytes_of("GIF89a"), 4096));
}

}  // namespace
}  // namespace inset
