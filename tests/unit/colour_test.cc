// SPDX-License-Identifier: GPL-2.0-or-later
// Colours, compared with lcms2's own conversion of the same pixels.
#include "decode/colour.h"

#include <gtest/gtest.h>
#include <lcms2.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "decode/box.h"
#include "decode_helpers.h"
#include "encode_picture.h"

namespace inset {
namespace {

using namespace test;
using namespace std::string_view_literals;

std::vector<std::uint8_t> saved(cmsHPROFILE profile) {
  cmsUInt32Number size = 0;
  cmsSaveProfileToMem(profile, nullptr, &size);
  std::vector<std::uint8_t> bytes(size);
  cmsSaveProfileToMem(profile, bytes.data(), &size);
  cmsCloseProfile(profile);
  return bytes;
}

constexpr cmsCIExyY d65 = {0.3127, 0.3290, 1.0};

cmsHPROFILE rgb_profile(const cmsCIExyYTRIPLE& primaries, double gamma) {
  cmsToneCurve* curve = cmsBuildGamma(nullptr, gamma);
  cmsToneCurve* curves[3] = {curve, curve, curve};
  cmsHPROFILE profile = cmsCreateRGBProfile(&d65, &primaries, curves);
  cmsFreeToneCurve(curve);
  return profile;
}

constexpr cmsCIExyYTRIPLE wide_primaries = {{0.64, 0.33, 1}, {0.21, 0.71, 1}, {0.15, 0.06, 1}};  // as Adobe RGB
constexpr cmsCIExyYTRIPLE srgb_primaries = {{0.64, 0.33, 1}, {0.30, 0.60, 1}, {0.15, 0.06, 1}};

std::vector<std::uint8_t> wide_profile() { return saved(rgb_profile(wide_primaries, 2.2)); }

std::vector<std::uint8_t> gray_profile(double gamma) {
  cmsToneCurve* curve = cmsBuildGamma(nullptr, gamma);
  const cmsHPROFILE profile = cmsCreateGrayProfile(&d65, curve);
  cmsFreeToneCurve(curve);
  return saved(profile);
}

// The same pixels, converted by lcms2 in one go.
Raster converted(Raster raster, const std::vector<std::uint8_t>& from) {
  cmsHPROFILE profile = cmsOpenProfileFromMem(from.data(), static_cast<cmsUInt32Number>(from.size()));
  cmsHPROFILE srgb = cmsCreate_sRGBProfile();
  cmsHTRANSFORM transform = cmsCreateTransform(profile, TYPE_RGBA_8, srgb, TYPE_RGBA_8, INTENT_RELATIVE_COLORIMETRIC,
                                               cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_COPY_ALPHA);
  std::vector<std::uint8_t> out(raster.rgba.size());
  cmsDoTransform(transform, raster.rgba.data(), out.data(), raster.width * raster.height);
  raster.rgba = out;
  cmsDeleteTransform(transform);
  cmsCloseProfile(srgb);
  cmsCloseProfile(profile);
  return raster;
}

// The box gives the same: it can do all that this needs, and no more.
Picture decoded(const Bytes& file) {
  Result<Picture> picture = decode_bytes(file);
  BytesInPieces source(file);
  Result<Picture> boxed = decode_in_box(source, {});
  for (const Result<Picture>* result : {&picture, &boxed}) {
    if (*result) continue;
    ADD_FAILURE() << result->error().message << " " << result->error().detail;
    return {};
  }
  EXPECT_TRUE(raster_of(*picture).rgba == raster_of(*boxed).rgba);
  EXPECT_EQ(picture->note, boxed->note);
  return *picture;
}

PngPicture colourful(std::uint32_t width = 64, std::uint32_t height = 48) {
  return make_png_picture(PngColours::rgb_alpha, 8, width, height);
}

TEST(Colour, ConvertsAWideProfileInAPngAsLcmsDoes) {
  PngPicture picture = colourful();
  const Raster plain = decode_with_libpng(encode_png(picture));
  picture.icc_profile = wide_profile();
  const Picture result = decoded(encode_png(picture));
  const Raster expected = converted(plain, picture.icc_profile);
  EXPECT_EQ(raster_of(result).rgba, expected.rgba);
  EXPECT_GT(largest_difference(plain, expected), 20) << "or this test would show nothing";
  EXPECT_NE(result.note.find("converted"), std::string::npos) << result.note;
}

TEST(Colour, ConvertsAWideProfileInAJpegAsLcmsDoes) {
  const Raster raster = make_raster(64, 48);
  JpegOptions options;
  const Raster plain = raster_of(decoded(encode_jpeg(raster, options)));
  options.icc_profile = wide_profile();
  const Picture result = decoded(encode_jpeg(raster, options));
  EXPECT_EQ(raster_of(result).rgba, converted(plain, options.icc_profile).rgba);
  EXPECT_NE(result.note.find("converted"), std::string::npos) << result.note;
}

TEST(Colour, ConvertsALargePictureInBandsWithoutASeam) {
  PngPicture picture = colourful(700, 800);  // more than two bands
  const Raster plain = decode_with_libpng(encode_png(picture));
  picture.icc_profile = wide_profile();
  EXPECT_EQ(raster_of(decoded(encode_png(picture))).rgba, converted(plain, picture.icc_profile).rgba);
}

TEST(Colour, KeepsAlpha) {
  PngPicture picture = colourful();
  picture.icc_profile = wide_profile();
  const Raster result = raster_of(decoded(encode_png(picture)));
  for (std::size_t i = 0; i < result.rgba.size(); i += 4) ASSERT_EQ(result.rgba[i + 3], picture.samples[i + 3]);
}

TEST(Colour, LeavesSrgbAlone) {
  PngPicture picture = colourful();
  const Raster plain = decode_with_libpng(encode_png(picture));
  picture.icc_profile = saved(cmsCreate_sRGBProfile());
  const Picture result = decoded(encode_png(picture));
  EXPECT_EQ(raster_of(result).rgba, plain.rgba);
  EXPECT_EQ(result.note, "");
}

TEST(Colour, ConvertsAGrayProfileAsLcmsDoes) {
  PngPicture picture = make_png_picture(PngColours::gray, 8, 16, 16);
  for (std::size_t i = 0; i < 256; ++i) picture.samples[i] = static_cast<std::uint16_t>(i);
  picture.icc_profile = gray_profile(1.0);
  const Picture result = decoded(encode_png(picture));

  cmsHPROFILE profile =
      cmsOpenProfileFromMem(picture.icc_profile.data(), static_cast<cmsUInt32Number>(picture.icc_profile.size()));
  cmsHPROFILE srgb = cmsCreate_sRGBProfile();
  cmsHTRANSFORM transform = cmsCreateTransform(profile, TYPE_GRAY_8, srgb, TYPE_RGB_8, INTENT_RELATIVE_COLORIMETRIC,
                                               cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_NOOPTIMIZE);
  for (std::size_t i = 0; i < 256; ++i) {
    const auto in = static_cast<std::uint8_t>(i);
    std::array<std::uint8_t, 3> out{};
    cmsDoTransform(transform, &in, out.data(), 1);
    for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(result.pixels.get()[i * 4 + k], out[k]) << i;
    EXPECT_EQ(result.pixels.get()[i * 4 + 3], 255);
  }
  cmsDeleteTransform(transform);
  cmsCloseProfile(srgb);
  cmsCloseProfile(profile);
  EXPECT_GT(result.pixels.get()[64 * 4], 120) << "linear gray is much lighter in sRGB";
  EXPECT_NE(result.note.find("converted"), std::string::npos) << result.note;
}

TEST(Colour, ConvertsAGrayJpeg) {
  JpegOptions options;
  options.gray = true;
  const Raster plain = raster_of(decoded(encode_jpeg(make_raster(32, 32), options)));
  options.icc_profile = gray_profile(1.0);
  const Picture result = decoded(encode_jpeg(make_raster(32, 32), options));
  EXPECT_GT(largest_difference(raster_of(result), plain), 20);
  EXPECT_NE(result.note.find("converted"), std::string::npos) << result.note;
}

// Nothing changed, and that is said.
void expect_unusable(const Bytes& file, const Raster& plain) {
  const Picture result = decoded(file);
  EXPECT_EQ(raster_of(result).rgba, plain.rgba);
  EXPECT_NE(result.note.find("shown as sRGB"), std::string::npos) << result.note;
}

Bytes with_profile_bytes(const Bytes& jpeg, const std::vector<std::uint8_t>& profile) {
  const std::string_view bytes(reinterpret_cast<const char*>(profile.data()), profile.size());
  return with_inserted(jpeg, 2, jpeg_segment(0xe2, concat({bytes_of("ICC_PROFILE\0\1\1"sv), bytes_of(bytes)})));
}

TEST(Colour, ShowsAPictureWithAProfileForAnotherKindAsSrgbAndSaysSo) {
  const Bytes colour = encode_jpeg(make_raster(32, 32));
  expect_unusable(with_profile_bytes(colour, gray_profile(1.0)), raster_of(decoded(colour)));
  JpegOptions options;
  options.gray = true;
  const Bytes gray = encode_jpeg(make_raster(32, 32), options);
  expect_unusable(with_profile_bytes(gray, wide_profile()), raster_of(decoded(gray)));
  cmsHPROFILE lab = cmsCreateLab4Profile(nullptr);
  expect_unusable(with_profile_bytes(colour, saved(lab)), raster_of(decoded(colour)));
  cmsToneCurve* curve = cmsBuildGamma(nullptr, 1.5);
  cmsToneCurve* curves[3] = {curve, curve, curve};
  cmsHPROFILE link = cmsCreateLinearizationDeviceLink(cmsSigRgbData, curves);
  cmsFreeToneCurve(curve);
  expect_unusable(with_profile_bytes(colour, saved(link)), raster_of(decoded(colour)));
}

TEST(Colour, ShowsAPictureWithABrokenProfileAsSrgbAndSaysSo) {
  const Bytes jpeg = encode_jpeg(make_raster(32, 32));
  const Raster plain = raster_of(decoded(jpeg));
  expect_unusable(with_profile_bytes(jpeg, {1, 2, 3}), plain);
  std::vector<std::uint8_t> profile = wide_profile();
  profile.resize(profile.size() / 2);
  expect_unusable(with_profile_bytes(jpeg, profile), plain);
  profile = wide_profile();
  std::fill(profile.begin() + 132, profile.end(), std::uint8_t{0xff});
  expect_unusable(with_profile_bytes(jpeg, profile), plain);
}

TEST(Colour, SurvivesProfilesWithBytesChanged) {
  const Bytes jpeg = encode_jpeg(make_raster(8, 8));
  const std::vector<std::uint8_t> whole = wide_profile();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::vector<std::uint8_t> profile = whole;
    profile[i] = static_cast<std::uint8_t>(profile[i] + 0x55);
    EXPECT_TRUE(decode_bytes(with_profile_bytes(jpeg, profile))) << i;
  }
}

std::string number(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

Bytes with_gamma(const PngPicture& picture, std::uint32_t gamma,
                 const std::array<std::uint32_t, 8>* numbers = nullptr) {
  Bytes png = encode_png(picture);
  if (gamma != 0) png = with_inserted(png, 33, png_chunk("gAMA", bytes_of(number(gamma))));
  if (numbers == nullptr) return png;
  std::string chromaticities;
  for (const std::uint32_t n : *numbers) chromaticities += number(n);
  return with_inserted(png, 33, png_chunk("cHRM", bytes_of(chromaticities)));
}

constexpr std::array<std::uint32_t, 8> srgb_numbers = {31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000};
constexpr std::array<std::uint32_t, 8> wide_numbers = {31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000};

TEST(Colour, ConvertsTheGammaAndPrimariesOfAPng) {
  const PngPicture picture = colourful();
  const Raster plain = decode_with_libpng(encode_png(picture));
  const Picture linear = decoded(with_gamma(picture, 100000));
  EXPECT_LE(largest_difference(raster_of(linear), converted(plain, saved(rgb_profile(srgb_primaries, 1.0)))), 1);
  EXPECT_NE(linear.note.find("gamma"), std::string::npos) << linear.note;
  const Picture wide = decoded(with_gamma(picture, 45455, &wide_numbers));
  EXPECT_LE(largest_difference(raster_of(wide), converted(plain, saved(rgb_profile(wide_primaries, 2.2)))), 1);
  EXPECT_NE(wide.note.find("converted"), std::string::npos) << wide.note;
}

TEST(Colour, ConvertsALinearPngByTheBook) {
  for (const PngColours colours : {PngColours::gray, PngColours::rgb}) {
    PngPicture picture = make_png_picture(colours, 8, 16, 16);
    const auto channels = static_cast<std::size_t>(channels_of(colours));
    for (std::size_t i = 0; i < picture.samples.size(); ++i) {
      picture.samples[i] = static_cast<std::uint16_t>(i / channels);
    }
    const Picture result = decoded(with_gamma(picture, 100000));
    for (std::size_t i = 0; i < 256; ++i) {
      const double linear = static_cast<double>(i) / 255;
      const double srgb = linear <= 0.0031308 ? 12.92 * linear : 1.055 * std::pow(linear, 1 / 2.4) - 0.055;
      const std::uint8_t* pixel = result.pixels.get() + i * 4;
      for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(pixel[k], srgb * 255, 1.01) << i;
      if (colours != PngColours::gray) continue;
      EXPECT_TRUE(pixel[1] == pixel[0] && pixel[2] == pixel[0]) << "gray stays gray: " << i;
    }
  }
}

TEST(Colour, TakesTheUsualGammaForSrgb) {
  const PngPicture picture = colourful();
  const Raster plain = decode_with_libpng(encode_png(picture));
  for (const Bytes& png :
       {with_gamma(picture, 45455), with_gamma(picture, 45455, &srgb_numbers), with_gamma(picture, 0, &srgb_numbers)}) {
    const Picture result = decoded(png);
    EXPECT_EQ(raster_of(result).rgba, plain.rgba);
    EXPECT_EQ(result.note, "");
  }
}

TEST(Colour, BelievesSrgbBeforeGamma) {
  const PngPicture picture = colourful();
  const Raster plain = decode_with_libpng(encode_png(picture));
  const Bytes png = with_inserted(with_gamma(picture, 100000), 33, png_chunk("sRGB", bytes_of("\0"sv)));
  EXPECT_EQ(raster_of(decoded(png)).rgba, plain.rgba);
}

TEST(Colour, BelievesAProfileBeforeSrgb) {
  PngPicture picture = colourful();
  const Raster plain = decode_with_libpng(encode_png(picture));
  picture.icc_profile = wide_profile();
  const Bytes png = with_inserted(encode_png(picture), 33, png_chunk("sRGB", bytes_of("\0"sv)));
  EXPECT_EQ(raster_of(decoded(png)).rgba, converted(plain, picture.icc_profile).rgba);
}

TEST(Colour, SaysWhenItDoesNotKnowTheColours) {
  const PngPicture picture = colourful();
  const Raster plain = decode_with_libpng(encode_png(picture));
  const Bytes png = with_inserted(encode_png(picture), 33, png_chunk("cICP", bytes_of("\x09\x10\0\1"sv)));
  expect_unusable(png, plain);
  // Which counts before this.
  expect_unusable(with_inserted(png, 33, png_chunk("sRGB", bytes_of("\0"sv))), plain);
}

TEST(Colour, BelievesACodeBeforeAProfile) {
  PngPicture picture = colourful();
  const Raster plain = decode_with_libpng(encode_png(picture));
  picture.icc_profile = wide_profile();
  const Bytes png = with_inserted(encode_png(picture), 33, png_chunk("cICP", bytes_of("\1\x0d\0\1"sv)));
  EXPECT_EQ(raster_of(decoded(png)).rgba, plain.rgba);
}

// Readers disagree about its channels: these names say RGB, and JFIF has none of it.
TEST(Colour, RefusesAJpegThatSaysTwoThings) {
  JpegOptions rgb;
  rgb.rgb = true;
  const Bytes named = encode_jpeg(make_raster(20, 20), rgb);
  ASSERT_EQ(std::to_integer<int>(named.at(find_segment(named, 0xc0) + 10)), 'R');
  EXPECT_TRUE(decode_bytes(named));
  const Bytes jfif = jpeg_segment(0xe0, bytes_of("JFIF\0\1\1\0\0\1\0\1\0\0"sv));
  const Result<Picture> picture = decode_bytes(with_inserted(named, 2, jfif));
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().cause, Cause::format_unsupported);

  // Nor do they agree about these.
  const Bytes file = encode_jpeg(make_raster(20, 20));
  const Bytes short_jfif = jpeg_segment(0xe0, bytes_of("JFIF\0\1\1"sv));
  expect_refused(with_inserted(without_segment(file, 0xe0), 2, short_jfif), Cause::format_unsupported, "short JFIF");
  const Bytes odd_adobe = jpeg_segment(0xee, bytes_of("Adobe\1d\0\0\0\0\0"sv));
  expect_refused(with_inserted(file, 2, odd_adobe), Cause::format_unsupported, "Adobe of a version that nobody knows");
  const Bytes late = with_inserted(file, file.size() - 2, jfif);
  expect_refused(late, Cause::format_unsupported, "JFIF after the first scan");
}

TEST(Colour, SaysWhenGammaOrPrimariesAreSenseless) {
  const PngPicture picture = colourful();
  const Raster plain = decode_with_libpng(encode_png(picture));
  const std::array<std::uint32_t, 8> zeros{};
  expect_unusable(with_gamma(picture, 45455, &zeros), plain);
  EXPECT_TRUE(decode_bytes(with_gamma(picture, 1)));
  EXPECT_TRUE(decode_bytes(with_gamma(picture, 0x7fffffff)));
}

TEST(Colour, KeepsTheNameOfAProfileHarmless) {
  cmsHPROFILE profile = rgb_profile(wide_primaries, 2.2);
  cmsMLU* text = cmsMLUalloc(nullptr, 1);
  const std::string hostile = "\x1b[31mred\x07\n\"quoted\" " + std::string(500, 'x');
  cmsMLUsetASCII(text, "en", "US", hostile.c_str());
  cmsWriteTag(profile, cmsSigProfileDescriptionTag, text);
  cmsMLUfree(text);
  PngPicture picture = colourful();
  picture.icc_profile = saved(profile);
  const std::string note = decoded(encode_png(picture)).note;
  EXPECT_NE(note.find("red"), std::string::npos) << note;
  EXPECT_EQ(note.find_first_of("\x1b\x07\n"), std::string::npos) << note;
  EXPECT_LT(note.size(), 120u);
}

}  // namespace
}  // namespace inset
