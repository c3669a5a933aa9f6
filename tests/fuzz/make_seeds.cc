// SPDX-License-Identifier: GPL-2.0-or-later
// Writes small pictures of every kind into a folder, for the fuzzers of the container check and the
// decode to begin with. Each has one byte before it: the size of the pieces in which it is handed
// over.
#include <cstdio>
#include <fstream>
#include <string>

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
  write(folder,
        with_inserted(png, 33, png_chunk("gAMA", bytes_of(std::string("\0\1\x86\xa0", 4)))));
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
  JpegOptions options;
  options.one_scan_each = true;
  write(folder, with_inserted(encode_jpeg(make_raster(20, 18), options), 2, exif_segment(7)));
  for (const char* text : {"RIFF\x10...WEBPVP8 ", "<!doctype html>", "{\"a\":1}", "GIF89a"})
    write(folder, bytes_of(text));
  return 0;
}
