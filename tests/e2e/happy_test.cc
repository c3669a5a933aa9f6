// SPDX-License-Identifier: GPL-2.0-or-later
// When all goes well: the right pixels, the original byte for byte, one request that costs money, and none for a second
// time.
#include <algorithm>
#include <cctype>
#include <cmath>

#include "encode_picture.h"
#include "fixture.h"

namespace e2e {
namespace {

using inset::test::Raster;

// Two decoders of the same JPEG may differ by the rounding of their arithmetic.
constexpr int kJpegRounding = 4;

inset::test::Bytes bytes_of(const fs::path& path) {
  const std::string text = read_file(path);
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

Raster decoded(const fs::path& path) {
  const auto bytes = bytes_of(path);
  return path.extension() == ".png" ? inset::test::decode_with_libpng(bytes) : inset::test::decode_with_libjpeg(bytes);
}

// A pixel that cannot be seen has no colour: what is laid over an empty canvas leaves it empty.
Raster without_unseen_colours(Raster raster) {
  for (std::size_t i = 0; i < raster.rgba.size(); i += 4) {
    if (raster.rgba[i + 3] == 0) raster.rgba[i] = raster.rgba[i + 1] = raster.rgba[i + 2] = 0;
  }
  return raster;
}

class Happy : public E2e {
 protected:
  // Serves one picture, inserts it, and compares everything that came of it with the file that was served.
  void insert_and_compare(const std::string& photograph, const std::string& kind, const std::string& size) {
    const std::string suffix = kind.starts_with("rgb") ? ".png" : ".jpg";
    const fs::path served = picture_file(photograph + "-" + size + "-" + kind + suffix);
    const std::string id = "11111111-2222-4333-8444-555555555555";
    serve({{"generations",
            {{{"id", id},
              {"prompt", "a picture"},
              {"date", "2026-01-02T03:04:05Z"},
              {"pictures", {{{"index", 2}, {"photograph", photograph}, {"kind", kind}}}}}}}});
    const Ended ended = insert({"generation=" + id, "index=2", "size=" + size});
    expect_placed(ended);

    const Raster expected = without_unseen_colours(decoded(served));
    const Raster canvas = decoded(out() / "canvas.png");
    ASSERT_EQ(canvas.width, expected.width);
    ASSERT_EQ(canvas.height, expected.height);
    EXPECT_LE(largest_difference(canvas, expected), suffix == ".png" ? 0 : kJpegRounding);

    const std::string original = read_file(served);
    const Json placed = ended.last("placed");
    EXPECT_EQ(placed.value("sha256", ""), sha256_of(original));
    EXPECT_EQ(placed.value("width", 0u), expected.width);
    EXPECT_EQ(placed.value("height", 0u), expected.height);
    EXPECT_EQ(read_file(placed.value("original", "")), original);
    EXPECT_EQ(fs::path(placed.value("original", "")).extension(), suffix);
    const Json charge = service().charged()[0];
    EXPECT_EQ(placed.value("asset_id", ""), charge.value("asset_id", "-"));
    EXPECT_EQ(charge.value("size", ""), size);
    EXPECT_EQ(charge.value("index", -1), 2);
    EXPECT_EQ(puts(), 1);
    EXPECT_EQ(service().calls("file"), 1);
    EXPECT_EQ(service().calls("token"), 1);
    EXPECT_EQ(records(), "job intent pending ready saved placed");

    const Json list = Json::parse(read_file(out() / "canvas.json"));
    ASSERT_EQ(list["placements"].size(), 1u);
    const Json& entry = list["placements"][0];
    EXPECT_EQ(read_file(out() / entry.value("original", "-")), original) << "the copy beside the canvas";
    EXPECT_EQ(entry.value("mime", ""), suffix == ".png" ? "image/png" : "image/jpeg");
    const Json& facts = entry["facts"];
    EXPECT_EQ(facts.value("asset_id", ""), charge.value("asset_id", "-"));
    EXPECT_EQ(facts.value("generation", ""), id);
    EXPECT_EQ(facts.value("index", ""), "2");
    EXPECT_EQ(facts.value("size", ""), size);
    EXPECT_EQ(facts.value("source_type", ""), "trainedAlgorithmicMedia");
    EXPECT_EQ(facts.value("sha256", ""), sha256_of(original));
    EXPECT_NE(facts.value("credit", "").find("Getty Images"), std::string::npos);
    EXPECT_EQ(facts.value("licensed_at", "").size(), 20u) << facts;
  }
};

TEST_F(Happy, BaselineJpeg1k) { insert_and_compare("dandelions", "baseline", "1k"); }
TEST_F(Happy, BaselineJpeg4k) { insert_and_compare("mountains", "baseline", "4k"); }
TEST_F(Happy, ProgressiveJpeg1k) { insert_and_compare("mountains", "progressive", "1k"); }
TEST_F(Happy, ProgressiveJpeg4k) { insert_and_compare("dandelions", "progressive", "4k"); }
TEST_F(Happy, PngWithoutAlpha1k) { insert_and_compare("dandelions", "rgb", "1k"); }
TEST_F(Happy, PngWithAlpha1k) { insert_and_compare("dogs", "rgba", "1k"); }
TEST_F(Happy, PngWithAlpha4k) { insert_and_compare("dogs", "rgba", "4k"); }

TEST_F(Happy, OntoAPictureThatIsThere) {
  serve();
  Raster paper{900, 1100, {}};
  paper.rgba.resize(std::size_t{900} * 1100 * 4);
  for (std::size_t i = 0; i < paper.rgba.size(); ++i) {
    paper.rgba[i] = static_cast<std::uint8_t>(i % 4 == 3 ? 255 : i * 31 / 7);
  }
  const auto png = inset::test::encode_png(paper);
  write_file(folder() / "paper.png", {reinterpret_cast<const char*>(png.data()), png.size()});
  const Ended ended = insert({"index=2", "--onto", folder() / "paper.png"});
  expect_placed(ended);
  const Raster canvas = decoded(out() / "canvas.png");
  const Raster picture = decoded(picture_file("dogs-1k-rgba.png"));
  ASSERT_EQ(canvas.width, 900u);
  ASSERT_EQ(canvas.height, 1100u);
  int worst = 0;
  for (std::uint32_t y = 0; y < canvas.height; ++y) {
    for (std::uint32_t x = 0; x < canvas.width; ++x) {
      const bool covered = x < picture.width && y < picture.height;
      for (int c = 0; c < 3; ++c) {
        const double below = paper.at(x, y)[c];
        const double alpha = covered ? picture.at(x, y)[3] / 255.0 : 0.0;
        const double expected = covered ? picture.at(x, y)[c] * alpha + below * (1 - alpha) : below;
        worst = std::max(worst, static_cast<int>(std::abs(canvas.at(x, y)[c] - expected) + 0.49));
      }
      ASSERT_EQ(canvas.at(x, y)[3], 255) << x << " " << y;
    }
  }
  EXPECT_LE(worst, 1) << "straight alpha, over, in 8 bits";
}

TEST_F(Happy, ASecondInsertNeedsNoNetwork) {
  serve();
  expect_placed(insert());
  const std::size_t asked = service().requests().size();
  // Not how they ended, which may come later.
  const auto opened = [this] {
    return std::ranges::count_if(service().connection_events(),
                                 [](const Json& line) { return line["event"] == "tcp"; });
  };
  const auto connections = opened();
  const Ended again = insert();
  EXPECT_EQ(again.status, 0) << again;
  EXPECT_EQ(again.count("placed"), 1);
  EXPECT_EQ(service().requests().size(), asked);
  EXPECT_EQ(opened(), connections);
  EXPECT_EQ(read_file(out() / "1.png"), read_file(out() / "2.png"));
  // Nor an address that leads anywhere, nor a secret.
  environment().erase("INSET_CLIENT_SECRET");
  environment()["https_proxy"] = "http://127.0.0.1:9";
  const Ended offline = insert();
  EXPECT_EQ(offline.status, 0) << offline;
  EXPECT_EQ(opened(), connections);
}

TEST_F(Happy, TheOtherSizeOfTheSamePictureIsAnotherLicence) {
  serve();
  expect_placed(insert());
  expect_placed(insert({"size=4k"}), 2);
  EXPECT_EQ(puts(), 2);
  EXPECT_EQ(records("4k"), "job intent pending ready saved placed");
}

TEST_F(Happy, WithoutASizeTheSizesAreTheAnswer) {
  serve();
  const Ended ended = run(easel("insert", {"generation=" + fact("generation"), "index=0"}));
  expect_failed(ended, 2, "size_missing", "no");
  const Json choices = ended.last("failed")["choices"];
  ASSERT_EQ(choices.size(), 2u);
  EXPECT_EQ(choices[0], (Json{{"name", "1k"}, {"width", 1024}, {"height", 576}}));
  EXPECT_EQ(choices[1], (Json{{"name", "4k"}, {"width", 4096}, {"height", 2304}}));
  EXPECT_EQ(puts(), 0);
}

TEST_F(Happy, GenerationIdsAreTheSameInSmallLetters) {
  serve();
  expect_placed(insert());
  std::string small = fact("generation");
  for (char& c : small) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  expect_placed(insert({"generation=" + small}));
  EXPECT_EQ(puts(), 1);
}

TEST_F(Happy, ProgressGoesThroughTheStages) {
  serve({{"file_seconds", 1}});
  const Ended ended = insert();
  expect_placed(ended);
  std::vector<std::string> stages;
  bool total_said = false;
  for (const Json& event : ended.events) {
    if (event.value("event", "") != "progress") continue;
    const std::string stage = event.value("stage", "");
    if (stages.empty() || stages.back() != stage) stages.push_back(stage);
    const auto size = fs::file_size(picture_file("dandelions-1k-baseline.jpg"));
    if (stage == "fetching" && event.contains("total")) {
      total_said = true;
      EXPECT_EQ(event["total"], size);
      EXPECT_LE(event.value("bytes", std::uint64_t{0}), size);
    }
  }
  EXPECT_EQ(stages, (std::vector<std::string>{"listing_sizes", "requesting", "waiting", "fetching", "placing"}));
  EXPECT_TRUE(total_said);
}

TEST_F(Happy, TheListShowsWhatWasLicensed) {
  serve();
  expect_placed(insert());
  const Ended ended = run(easel("jobs"));
  EXPECT_EQ(ended.status, 0) << ended;
  const Json job = ended.last("listed");
  EXPECT_EQ(job.value("size", ""), "1k") << ended;
  EXPECT_EQ(resume().status, 0) << "nothing rests";
  EXPECT_EQ(puts(), 1);
}

}  // namespace
}  // namespace e2e
