// SPDX-License-Identifier: GPL-2.0-or-later
// What a file may say about its colours, in the order in which it counts: an ICC profile, "this is
// sRGB", primaries and gamma. A file that says nothing is sRGB, as on the web.
//
// Conversion is relative colorimetric with black point compensation: colours that sRGB can show
// stay exactly what they are, and shadows are not cut off. It is also all that a matrix profile,
// which is what pictures carry, can give.
//
// A profile that is broken, or made for another kind of picture, is not a reason to withhold a
// picture that was paid for. It is shown as sRGB and that is said.
#include "decode/colour.h"

#include <lcms2.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

namespace inset {

namespace {

struct CloseContext {
  void operator()(cmsContext context) const { cmsDeleteContext(context); }
};
struct CloseProfile {
  void operator()(cmsHPROFILE profile) const { cmsCloseProfile(profile); }
};
struct CloseTransform {
  void operator()(cmsHTRANSFORM transform) const { cmsDeleteTransform(transform); }
};
struct FreeCurve {
  void operator()(cmsToneCurve* curve) const { cmsFreeToneCurve(curve); }
};
using Context = std::unique_ptr<std::remove_pointer_t<cmsContext>, CloseContext>;
using Profile = std::unique_ptr<void, CloseProfile>;
using Transform = std::unique_ptr<void, CloseTransform>;
using Curve = std::unique_ptr<cmsToneCurve, FreeCurve>;

constexpr const char* unusable = "The picture's colour profile cannot be used, so its colours are shown as sRGB.";

// White, red, green, blue, in the units of a PNG's cHRM chunk.
constexpr std::array<std::uint32_t, 8> srgb_chromaticities = {31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000};
constexpr std::uint32_t srgb_gamma = 45455;  // what PNG writers give for sRGB

bool nearly(std::uint32_t a, std::uint32_t b, std::uint32_t tolerance) { return (a > b ? a - b : b - a) <= tolerance; }

// A gamma of 45455 with these primaries, or none, is how writers without an sRGB chunk say sRGB.
bool means_srgb(const PictureFacts& facts) {
  if (facts.gamma != 0 && !nearly(facts.gamma, srgb_gamma, 500)) return false;
  if (!facts.chromaticities) return true;
  for (std::size_t i = 0; i < 8; ++i) {
    if (!nearly((*facts.chromaticities)[i], srgb_chromaticities[i], 150)) return false;
  }
  return true;
}

Profile profile_of_gamma(cmsContext context, const PictureFacts& facts) {
  const auto& numbers = facts.chromaticities ? *facts.chromaticities : srgb_chromaticities;
  const auto point = [&numbers](std::size_t i) { return cmsCIExyY{numbers[i] / 1e5, numbers[i + 1] / 1e5, 1.0}; };
  const cmsCIExyY white = facts.gray ? *cmsD50_xyY() : point(0);
  const cmsCIExyYTRIPLE primaries = {point(2), point(4), point(6)};
  // Without a gamma only the primaries differ from sRGB.
  constexpr std::array<cmsFloat64Number, 5> srgb_curve = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
  const Curve curve(facts.gamma != 0 ? cmsBuildGamma(context, 1e5 / facts.gamma)
                                     : cmsBuildParametricToneCurve(context, 4, srgb_curve.data()));
  if (!curve || white.y <= 0) return {};
  if (facts.gray) return Profile(cmsCreateGrayProfileTHR(context, &white, curve.get()));
  std::array<cmsToneCurve*, 3> curves = {curve.get(), curve.get(), curve.get()};
  return Profile(cmsCreateRGBProfileTHR(context, &white, &primaries, curves.data()));
}

Transform transform_to_srgb(cmsContext context, cmsHPROFILE from, cmsUInt32Number from_format,
                            cmsUInt32Number to_format, cmsUInt32Number flags) {
  const Profile srgb(cmsCreate_sRGBProfileTHR(context));
  if (from == nullptr || !srgb) return {};
  return Transform(cmsCreateTransformTHR(context, from, from_format, srgb.get(), to_format,
                                         INTENT_RELATIVE_COLORIMETRIC, cmsFLAGS_BLACKPOINTCOMPENSATION | flags));
}

// The profile's own name for people, which is text from the network: letters and digits only, and
// not too many.
std::string name_of(cmsHPROFILE profile) {
  std::array<char, 128> buffer{};
  cmsGetProfileInfoASCII(profile, cmsInfoDescription, "en", "US", buffer.data(), buffer.size() - 1);
  std::string name;
  for (const char* c = buffer.data(); *c != '\0' && name.size() < 48; ++c) {
    if (*c >= ' ' && *c <= '~' && *c != '"') name += *c;
  }
  return name.empty() ? "its own colour profile" : '"' + name + '"';
}

// Gray has 256 values, so a table is both exact and quick. Not optimised: lcms2 would interpolate between a few of
// them, and miss the darkest by several steps.
bool change_gray(cmsContext context, cmsHPROFILE profile, ColourChange& change) {
  const Transform transform = transform_to_srgb(context, profile, TYPE_GRAY_8, TYPE_RGB_8, cmsFLAGS_NOOPTIMIZE);
  if (!transform) return false;
  std::array<std::uint8_t, 256> gray;
  for (std::size_t i = 0; i < 256; ++i) gray[i] = static_cast<std::uint8_t>(i);
  std::array<std::array<std::uint8_t, 3>, 256> table;
  cmsDoTransform(transform.get(), gray.data(), table.data(), 256);
  bool changes = false;
  for (std::size_t i = 0; i < 256; ++i) {
    for (const int value : table[i]) changes |= std::abs(value - static_cast<int>(i)) > 1;
  }
  if (!changes) return true;
  change.apply = [table](std::uint8_t* rgba, std::size_t pixels) {
    for (std::uint8_t* end = rgba + pixels * 4; rgba != end; rgba += 4) std::copy_n(table[rgba[0]].begin(), 3, rgba);
  };
  return true;
}

// Whether a transform moves any of a spread of colours by more than a rounding: sRGB itself comes
// in many wordings.
bool changes_colours(cmsHTRANSFORM transform) {
  std::array<std::uint8_t, 9 * 9 * 9 * 4> before;
  for (std::size_t i = 0; i < 9 * 9 * 9; ++i) {
    const auto step = [i](std::size_t by) {
      return static_cast<std::uint8_t>(std::min<std::size_t>(i / by % 9 * 32, 255));
    };
    const std::array<std::uint8_t, 4> colour = {step(81), step(9), step(1), 255};
    std::copy(colour.begin(), colour.end(), before.begin() + static_cast<std::ptrdiff_t>(i * 4));
  }
  std::array<std::uint8_t, 9 * 9 * 9 * 4> after = before;
  cmsDoTransform(transform, before.data(), after.data(), 9 * 9 * 9);
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (std::abs(before[i] - after[i]) > 1) return true;
  }
  return false;
}

bool change_rgb(const std::shared_ptr<std::remove_pointer_t<cmsContext>>& context, cmsHPROFILE profile,
                ColourChange& change) {
  Transform made = transform_to_srgb(context.get(), profile, TYPE_RGBA_8, TYPE_RGBA_8, cmsFLAGS_COPY_ALPHA);
  if (!made) return false;
  if (!changes_colours(made.get())) return true;
  // The context has to outlive what was made in it.
  const std::shared_ptr<void> transform(made.release(), [context](cmsHTRANSFORM last) { cmsDeleteTransform(last); });
  change.apply = [transform](std::uint8_t* rgba, std::size_t pixels) {
    cmsDoTransform(transform.get(), rgba, rgba, static_cast<cmsUInt32Number>(pixels));
  };
  return true;
}

// Whether a profile is one for pictures of this kind.
bool fits(cmsHPROFILE profile, const PictureFacts& facts) {
  const auto kind = cmsGetDeviceClass(profile);
  if (kind == cmsSigLinkClass || kind == cmsSigNamedColorClass || kind == cmsSigAbstractClass) {
    return false;
  }
  return cmsGetColorSpace(profile) == (facts.gray ? cmsSigGrayData : cmsSigRgbData);
}

}  // namespace

ColourChange change_to_srgb(const PictureFacts& facts) {
  // A code counts before anything else that a PNG says of its colours. One that is not known here leaves the word to a
  // profile, but not to what is less than that.
  if (facts.colour_code == PictureFacts::ColourCode::srgb) return {};
  if (facts.icc_unreadable) return {unusable, {}};
  const bool has_profile = !facts.icc_profile.empty();
  if (!has_profile && facts.colour_code == PictureFacts::ColourCode::other) {
    return {"The picture's colours are described in a way that cannot be used, so they are shown as sRGB.", {}};
  }
  if (!has_profile && (facts.srgb || means_srgb(facts))) return {};
  const std::shared_ptr<std::remove_pointer_t<cmsContext>> context(Context(cmsCreateContext(nullptr, nullptr)));
  if (!context) return {unusable, {}};
  const Profile profile =
      has_profile ? Profile(cmsOpenProfileFromMemTHR(context.get(), facts.icc_profile.data(),
                                                     static_cast<cmsUInt32Number>(facts.icc_profile.size())))
                  : profile_of_gamma(context.get(), facts);
  if (!profile || !fits(profile.get(), facts)) return {unusable, {}};
  ColourChange change;
  const bool good =
      facts.gray ? change_gray(context.get(), profile.get(), change) : change_rgb(context, profile.get(), change);
  if (!good) return {unusable, {}};
  if (change.apply) {
    const std::string from = has_profile ? name_of(profile.get()) : "the gamma and primaries in the file";
    change.note = "Colours were converted from " + from + " to sRGB.";
  }
  return change;
}

}  // namespace inset
