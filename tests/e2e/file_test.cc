// SPDX-License-Identifier: GPL-2.0-or-later
// The file itself: cut, damaged, of another size or kind. Rows 10, 34 to 37 and 51 to 54 of tests/faults.md. Whatever
// is wrong with it, it has been paid for once, and a good file comes in the end without another PUT.
#include <zlib.h>

#include "encode_picture.h"
#include "fixture.h"

namespace e2e {
namespace {

using inset::test::Bytes;

std::string text_of(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

class File : public E2e {
 protected:
  // Serves dogs, a PNG, with these rules for the file, and inserts it.
  Ended insert_png(const Json& list) {
    serve_at_once(list);
    return insert({"index=2"});
  }
  // The file's rule in place of the picture's bytes; inserts a JPEG by its sizes.
  Ended insert_bytes(std::string_view bytes, const Json& more = Json::object()) {
    fresh();
    const fs::path path = folder() / "served";
    write_file(path, bytes);
    Json each = {{"route", "file"}, {"file_bytes", path}};
    each.update(more);
    rules(each);
    const Ended ended = insert();
    fs::remove(path);
    return ended;
  }
  void expect_good_file_by_resume() {
    const int before = puts();
    const auto charged = charges();
    rules(Json::array());
    expect_placed(resume(), charged);
    EXPECT_EQ(puts(), before);
  }
};

// ---- cut off, and what HTTP says about the end ----

TEST_F(File, CutIsContinuedWhereItWasCut) {
  for (const char* way : {"reset", "abrupt", "clean"}) {
    SCOPED_TRACE(way);
    fresh();
    serve_at_once({{"route", "file"}, {"call", 1}, {"cut", 70000}, {"close", way}});
    const Ended ended = insert();
    expect_placed(ended);
    const auto files = service().requests("file");
    ASSERT_EQ(files.size(), 2u);
    EXPECT_FALSE(files[0]["headers"].contains("range"));
    const std::string range = files[1]["headers"].value("range", "");
    EXPECT_EQ(range.substr(0, 6), "bytes=");
    EXPECT_GT(std::stoi("0" + range.substr(6)), 0);
    EXPECT_EQ(files[1]["headers"].value("if-range", "").substr(0, 1), "\"");
    EXPECT_EQ(ended.last("placed").value("sha256", ""),
              sha256_of(read_file(picture_file("dandelions-1k-baseline.jpg"))));
    EXPECT_EQ(puts(), 1);
  }
}

TEST_F(File, CutIsFetchedAnewWhereNothingProvesThatItIsTheSame) {
  const std::vector<Json> ways = {{{"etag", "weak"}}, {{"etag", "none"}}};
  for (const Json& way : ways) {
    SCOPED_TRACE(way.dump());
    fresh();
    Json cut = {{"route", "file"}, {"call", 1}, {"cut", 70000}, {"close", "reset"}};
    cut.update(way);
    serve_at_once({cut, rule("file", way)});
    expect_placed(insert());
    for (const Json& request : service().requests("file")) EXPECT_FALSE(request["headers"].contains("range"));
  }
}

TEST_F(File, CutAndThenAnotherPartOrAllOfIt) {
  const std::vector<Json> ways = {
      {{"ignore_range", true}},      {{"range_wrong", true}}, {{"range_wrong", "bytes 0-10/20"}},
      {{"range_wrong", "nonsense"}}, {{"status", 416}},       {{"etag", "\"another\""}}};
  for (const Json& way : ways) {
    SCOPED_TRACE(way.dump());
    fresh();
    Json second = rule("file", way);
    second["call"] = 2;
    serve_at_once({{{"route", "file"}, {"call", 1}, {"cut", 70000}, {"close", "reset"}}, second});
    const Ended ended = insert();
    expect_placed(ended);
    EXPECT_EQ(ended.last("placed").value("sha256", ""),
              sha256_of(read_file(picture_file("dandelions-1k-baseline.jpg"))));
  }
}

TEST_F(File, WithoutAnExactEndIsNotAccepted) {
  // In the second way what is missing is fetched, and with it the file's length, but never a proper end.
  for (const auto& [way, cause] : std::vector<std::pair<Json, std::string>>{
           {{{"no_length", true}}, "file_incomplete"},
           {{{"no_length", true}, {"cut", 90000}, {"close", "abrupt"}}, "connection_lost"}}) {
    SCOPED_TRACE(way.dump());
    fresh();
    Json always = rule("file", way);
    serve_at_once(always);
    expect_failed(insert(), 6, cause, "yes");
    EXPECT_TRUE(data_files(".jpg").empty());
    expect_good_file_by_resume();
  }
}

TEST_F(File, WrongLengthIsNotAccepted) {
  for (const int length : {50000, 200000}) {
    SCOPED_TRACE(length);
    fresh();
    serve_at_once({{"route", "file"}, {"call", 1}, {"content_length", length}});
    const Ended ended = insert();
    expect_placed(ended);
    EXPECT_EQ(ended.last("placed").value("sha256", ""),
              sha256_of(read_file(picture_file("dandelions-1k-baseline.jpg"))));
    EXPECT_EQ(puts(), 1);
  }
}

TEST_F(File, LengthBeyondAllBoundsIsRefusedAtOnce) {
  serve_at_once({{"route", "file"}, {"content_length", 100000000000}});
  expect_failed(insert(), 6, "file_too_large", "yes");
  EXPECT_EQ(calls("file"), 1);
  expect_good_file_by_resume();
}

TEST_F(File, PackedIsNotAccepted) {
  serve_at_once({{"route", "file"}, {"call", 1}, {"gzip", true}});
  expect_placed(insert());
  EXPECT_EQ(calls("file"), 2);
  for (const Json& request : service().requests("file")) EXPECT_FALSE(request["headers"].contains("accept-encoding"));
}

// ---- damaged ----

TEST_F(File, DamagedPngIsFetchedAgain) {
  for (const int at : {20, 40, 500000, -30, -5}) {
    SCOPED_TRACE(at);
    fresh();
    expect_placed(insert_png({{"route", "file"}, {"call", 1}, {"flip", at}}));
    EXPECT_EQ(calls("file"), 2);
    EXPECT_EQ(puts(), 1);
    EXPECT_EQ(data_files(".png").size(), 1u);
  }
}

TEST_F(File, DamagedThreeTimesIsKeptAsideAndRests) {
  const Ended ended = insert_png({{"route", "file"}, {"flip", 500000}});
  expect_failed(ended, 6, "file_damaged", "yes");
  EXPECT_EQ(calls("file"), 3);
  std::size_t aside = 0;
  for (const auto& entry : fs::directory_iterator(data() / "kept-aside")) aside += entry.is_regular_file();
  EXPECT_GE(aside, 1u) << "kept for support";
  expect_good_file_by_resume();
}

TEST_F(File, TruncatedIsFetchedAgainThoughItsLengthAgrees) {
  for (const int bytes : {60000, 95000, 95304}) {
    SCOPED_TRACE(bytes);
    fresh();
    serve_at_once({{"route", "file"}, {"call", 1}, {"truncate", bytes}});
    expect_placed(insert());
    EXPECT_EQ(calls("file"), 2);
  }
  fresh();
  expect_placed(insert_png({{"route", "file"}, {"call", 1}, {"truncate", 1000000}}));
}

TEST_F(File, ChecksumIsBelievedMoreThanThePicture) {
  for (const char* name : {"Content-MD5", "Repr-Digest", "x-amz-checksum-sha256"}) {
    SCOPED_TRACE(name);
    fresh();
    // One byte in the middle of a JPEG's data: nothing but a checksum can find it.
    serve_at_once({{{"route", "file"}, {"call", 1}, {"flip", 60000}, {"checksum", {{name, "right"}}}},
                   {{"route", "file"}, {"checksum", {{name, "right"}}}}});
    const Ended ended = insert();
    expect_placed(ended);
    EXPECT_EQ(calls("file"), 2);
    EXPECT_EQ(ended.last("placed").value("sha256", ""),
              sha256_of(read_file(picture_file("dandelions-1k-baseline.jpg"))));
    fresh();
    rules({{"route", "file"}, {"checksum", {{name, "wrong"}}}});
    expect_failed(insert(), 6, "file_damaged", "yes");
    expect_good_file_by_resume();
  }
}

// ---- of another size ----

TEST_F(File, AnotherPixelSizeIsFetchedAgainAndThenLeftToThePerson) {
  serve_at_once();
  const std::string odd = text_of(inset::test::encode_png(inset::test::make_raster(1000, 576)));
  const Ended ended = insert_bytes(odd);
  expect_failed(ended, 6, "size_mismatch", "yes");
  EXPECT_NE(ended.message().find("1000 × 576"), std::string::npos);
  EXPECT_NE(ended.message().find("1024 × 576"), std::string::npos);
  EXPECT_NE(ended.message().find("accept_size=yes"), std::string::npos);
  EXPECT_EQ(calls("file"), 2) << "one fresh fetch";
  const Ended not_said = resume();
  EXPECT_EQ(not_said.status, 6) << not_said;
  const Ended accepted = resume({"accept_size=yes"});
  expect_placed(accepted);
  EXPECT_EQ(accepted.last("placed").value("width", 0), 1000);
  EXPECT_EQ(insert().status, 0) << "accepted once for all";
  EXPECT_EQ(puts(), 1);
}

TEST_F(File, TwoPixelsOffArePlacedAndSaid) {
  serve_at_once();
  const Ended ended = insert_bytes(text_of(inset::test::encode_png(inset::test::make_raster(1022, 578))));
  expect_placed(ended);
  EXPECT_NE(ended.last("placed").value("note", "").find("1024 × 576"), std::string::npos) << ended;
  EXPECT_EQ(calls("file"), 1);
}

TEST_F(File, AnotherListedSizeIsKeptUnderItsName) {
  serve_at_once();
  const Ended ended = insert_bytes(read_file(picture_file("dandelions-4k-baseline.jpg")));
  expect_failed(ended, 6, "other_size_delivered", "maybe");
  EXPECT_EQ(calls("file"), 1);
  EXPECT_EQ(records("1k"), "job intent ready other_size");
  EXPECT_EQ(records("4k"), "job ready saved");
  EXPECT_EQ(insert({"--timeout", "3"}).status, 6);
  EXPECT_EQ(puts(), 1) << "the one request may have been charged";
  const Ended four = insert({"size=4k"});
  EXPECT_EQ(four.status, 0) << four;
  EXPECT_EQ(four.last("placed").value("width", 0), 4096);
  EXPECT_EQ(puts(), 1) << "no request for what is there";
}

// ---- of another kind ----

TEST_F(File, NotAPictureOfOurKindIsKept) {
  serve_at_once();
  const std::pair<const char*, std::string> kinds[] = {
      {"GIF",
       std::string("GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02"
                   "D\x01\0;",
                   43)},
      {"WebP", std::string("RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0", 20) + std::string(30, '\1')},
      {"SVG", "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>"},
      {"web page", "<!DOCTYPE html><html><body>Hello</body></html>"}};
  for (const auto& [kind, bytes] : kinds) {
    SCOPED_TRACE(kind);
    const Ended ended = insert_bytes(bytes);
    expect_failed(ended, 6, "format_unexpected", "yes");
    EXPECT_NE(ended.message().find(kind), std::string::npos);
    bool kept = false;
    for (const auto& entry : fs::recursive_directory_iterator(data()))
      kept |= entry.is_regular_file() && read_file(entry.path()) == bytes;
    EXPECT_TRUE(kept) << "the bytes were paid for";
    expect_good_file_by_resume();
  }
  const Ended empty = insert_bytes("");
  EXPECT_EQ(empty.status, 6) << empty;
  expect_good_file_by_resume();
}

std::string chunk(const std::string& type, const std::string& data) {
  const auto number = [](std::uint32_t value) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 255);
    return text;
  };
  const std::string body = type + data;
  return number(static_cast<std::uint32_t>(data.size())) + body +
         number(static_cast<std::uint32_t>(
             crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()))));
}

std::string png_head(std::uint32_t width, std::uint32_t height) {
  std::string size;
  for (const std::uint32_t value : {width, height}) {
    for (int shift = 24; shift >= 0; shift -= 8) size += static_cast<char>(value >> shift & 255);
  }
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", size + std::string("\x08\x06\0\0\0", 5));
}

TEST_F(File, BombsAreRefusedBeforeTheyAreDecoded) {
  serve_at_once();
  std::string zeros(64 << 20, '\0');
  uLongf length = compressBound(zeros.size());
  std::string packed(length, '\0');
  ASSERT_EQ(compress2(reinterpret_cast<Bytef*>(packed.data()), &length, reinterpret_cast<const Bytef*>(zeros.data()),
                      zeros.size(), 9),
            Z_OK);
  packed.resize(length);
  const std::pair<const char*, std::string> bombs[] = {
      {"60000 x 60000", png_head(60000, 60000) + chunk("IDAT", packed) + chunk("IEND", "")},
      {"2^31-1 wide", png_head(2147483647, 1) + chunk("IDAT", packed) + chunk("IEND", "")},
      {"more data than pixels", png_head(1024, 576) + chunk("IDAT", packed) + chunk("IEND", "")}};
  for (const auto& [what, bytes] : bombs) {
    SCOPED_TRACE(what);
    const auto start = std::chrono::steady_clock::now();
    const Ended ended = insert_bytes(bytes);
    EXPECT_EQ(ended.status, 6) << ended;
    EXPECT_EQ(ended.paid(), "yes");
    EXPECT_EQ(ended.count("placed"), 0);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 30s);
    expect_good_file_by_resume();
  }
}

TEST_F(File, EndlessIsCutOff) {
  serve_at_once({{"route", "file"},
                 {"body_repeat",
                  {{"before", text_of(inset::test::encode_png(inset::test::make_raster(4, 4))).substr(0, 0)},
                   {"text", std::string(65536, 'x')},
                   {"times", 8000},
                   {"after", ""}}},
                 {"chunked", true}});
  const Ended ended = insert();
  EXPECT_EQ(ended.status, 6) << ended;
  EXPECT_EQ(ended.paid(), "yes");
  std::uintmax_t kept = 0;
  for (const auto& entry : fs::recursive_directory_iterator(data()))
    kept += entry.is_regular_file() ? entry.file_size() : 0;
  EXPECT_LT(kept, 300u << 20);
  expect_good_file_by_resume();
}

}  // namespace
}  // namespace e2e
