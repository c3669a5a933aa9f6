// SPDX-License-Identifier: GPL-2.0-or-later
// Writes small pictures of every kind into a folder, for the fuzzers of the container check and the
// decode to begin with. Each has one byte before it: the size of the pieces in which it is handed
// over.
#include <lcms2.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "encode_picture.h"

namespace {

using namespace inset::test;

int written = 0;

void write(const std::string& folder, const Bytes& file) {
  std::ofstream out(folder + "/seed-" + std::to_string(written), std::ios::binary);
  out.put(static_cast<char>(written * 37));
  out.write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  ++written;
}

std::vector<std::uint8_t> profile(bool gray) {
  const cmsCIExyY white = {0.3127, 0.3290, 1};
  const cmsCIExyYTRIPLE primaries = {{0.64, 0.33, 1}, {0.21, 0.71, 1}, {0.15, 0.06, 1}};
  cmsToneCurve* curve = cmsBuildGamma(nullptr, 1.8);
  cmsToneCurve* curves[3] = {curve, curve, curve};
  cmsHPROFILE made = gray ? cmsCreateGrayProfile(&white, curve) : cmsCreateRGBProfile(&white, &primaries, curves);
  cmsFreeToneCurve(curve);
  cmsUInt32Number size = 0;
  cmsSaveProfileToMem(made, nullptr, &size);
  std::vector<std::uint8_t> bytes(size);
  cmsSaveProfileToMem(made, bytes.data(), &size);
  cmsCloseProfile(made);
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_seeds FOLDER\n");
    return 2;
  }
  const std::string folder = argv[1];
  const struct {
    PngColours colours;
    int bits;
  } kinds[] = {{PngColours::gray, 1},    {PngColours::gray, 16},    {PngColours::rgb, 8},
               {PngColours::palette, 2}, {PngColours::palette, 8},  {PngColours::gray_alpha, 8},
               {PngColours::rgb, 16},    {PngColours::rgb_alpha, 8}};
  for (const auto& kind : kinds) {
    for (const bool interlaced : {false, true}) {
      PngPicture picture = make_png_picture(kind.colours, kind.bits, 9, 7);
      picture.interlaced = interlaced;
      if (kind.colours == PngColours::palette) picture.palette_alpha = {0, 128};
      if (kind.colours == PngColours::gray) picture.transparent = {1};
      write(folder, encode_png(picture));
    }
  }
  const Bytes png = encode_png(make_raster(20, 16));
  write(folder, with_inserted(png, 33, png_chunk("gAMA", bytes_of(std::string("\0\1\x86\xa0", 4)))));
  write(folder, with_inserted(png, 33, png_chunk("eXIf", exif_with_orientation(6))));
  for (int kind = 0; kind < 16; ++kind) {
    JpegOptions options;
    options.quality = 50;
    options.progressive = (kind & 1) != 0;
    options.gray = (kind & 2) != 0;
    options.restart_interval = (kind & 4) != 0 ? 1 : 0;
    if (!options.gray) options.h = options.v = (kind & 8) != 0 ? 2 : 1;
    write(folder, encode_jpeg(make_raster(20, 18), options));
  }
  for (const bool gray : {false, true}) {  // not packed, as in a PNG, so that changes reach what is in it
    JpegOptions options;
    options.gray = gray;
    options.icc_profile = profile(gray);
    write(folder, encode_jpeg(make_raster(8, 8), options));
  }
  JpegOptions options;
  options.one_scan_each = true;
  write(folder, with_inserted(encode_jpeg(make_raster(20, 18), options), 2, exif_segment(7)));
  for (const char* text : {"RIFF\x10...WEBPVP8 ", "<!doctype html>", "{\"a\":1}", "GIF89a"})
    write(folder, bytes_of(text));
  return 0;
}
