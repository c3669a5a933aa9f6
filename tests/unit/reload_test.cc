// SPDX-License-Identifier: GPL-2.0-or-later
// What has become of a kept original, told apart: gone, changed, or only out of reach.
#include "reload.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <optional>

#include "encode_picture.h"
#include "temporary_folder.h"

namespace inset {
namespace {

using namespace test;

class ReloadTest : public testing::Test {
 protected:
  static std::string text_of(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  static std::string sha256_of(const std::string& text) {
    Digest digest;
    digest.update(std::as_bytes(std::span(text)));
    return to_hex(digest.sha256());
  }

  Result<Picture> reload(const std::string& sha256) {
    std::optional<Result<Picture>> result;
    std::atomic<bool> woken = false;
    Reload one(
        path_, sha256, DecodeLimits{},
        [&] {
          woken = true;
          woken.notify_one();
        },
        [&](Result<Picture> picture) { result.emplace(std::move(picture)); });
    for (one.pump(); !result; one.pump()) {
      woken.wait(false);
      woken = false;
    }
    return *std::move(result);
  }

  Cause cause_of(const std::string& sha256) {
    const auto picture = reload(sha256);
    EXPECT_FALSE(picture);
    return picture ? Cause::internal : picture.error().cause;
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "original.jpg";
  std::string jpeg_ = text_of(encode_jpeg(make_raster(900, 700)));
};

TEST_F(ReloadTest, OpensWhatIsAsItWas) {
  write_whole(path_, jpeg_);
  EXPECT_TRUE(reload(sha256_of(jpeg_)));
  EXPECT_TRUE(reload(""));
}

TEST_F(ReloadTest, WhateverElseLiesThereHasChanged) {
  const std::string gif = "GIF89a" + std::string(3000, 'x');
  const std::string other = text_of(encode_jpeg(make_raster(900, 700, 2)));
  for (const std::string& now : {jpeg_.substr(0, jpeg_.size() / 2), jpeg_.substr(0, 10), std::string(), gif, other,
                                 std::string(jpeg_.size(), '\0'), jpeg_ + gif, jpeg_.substr(1)}) {
    SCOPED_TRACE(now.size());
    write_whole(path_, now);
    EXPECT_EQ(cause_of(sha256_of(jpeg_)), Cause::file_damaged);
  }
}

TEST_F(ReloadTest, WhatWasNeverAPictureHasNotChanged) {
  const std::string gif = "GIF89a" + std::string(1u << 20, 'x');
  write_whole(path_, gif);
  EXPECT_NE(cause_of(sha256_of(gif)), Cause::file_damaged);
}

TEST_F(ReloadTest, OnlyWhatIsNotThereIsGone) {
  EXPECT_EQ(cause_of(sha256_of(jpeg_)), Cause::not_found);
  std::filesystem::create_symlink(path_, path_);  // root, too, cannot open that
  EXPECT_EQ(cause_of(sha256_of(jpeg_)), Cause::data_folder);
  path_ /= "below";
  EXPECT_EQ(cause_of(sha256_of(jpeg_)), Cause::data_folder);
  path_ = folder_ / "file";
  write_whole(path_, "x");
  path_ /= "below";
  EXPECT_EQ(cause_of(sha256_of(jpeg_)), Cause::not_found);
}

}  // namespace
}  // namespace inset
