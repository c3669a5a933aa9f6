// SPDX-License-Identifier: GPL-2.0-or-later
#include "headless/png_file.h"

#include <png.h>

#include <cerrno>
#include <csetjmp>
#include <cstring>
#include <new>

namespace easel {
namespace {

// More than any editor opens; keeps a small hostile file from asking for all memory.
constexpr uint64_t kMostPixels = uint64_t{1} << 28;

void silent(png_structp, png_const_charp) {}
void jump(png_structp png, png_const_charp) { png_longjmp(png, 1); }

}  // namespace

bool read_png(const std::string& path, Picture* picture, std::string* error) {
  std::FILE* file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr) {
    *error = std::strerror(errno);
    return false;
  }
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  bool good = png_image_begin_read_from_stdio(&image, file) != 0;
  if (good && uint64_t{image.width} * image.height > kMostPixels) {
    *error = "it is too large";
    png_image_free(&image);
    std::fclose(file);
    return false;
  }
  if (good) {
    image.format = PNG_FORMAT_RGBA;
    image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // what editors write; libpng would take it for linear light
    picture->width = image.width;
    picture->height = image.height;
    picture->pixels.resize(size_t{4} * image.width * image.height);
    good = png_image_finish_read(&image, nullptr, picture->pixels.data(), 0, nullptr) != 0;
  }
  // libpng's message holds no text out of the file.
  if (!good) *error = image.message;
  png_image_free(&image);
  std::fclose(file);
  return good;
}

struct PngWriter::Parts {
  png_structp png = nullptr;
  png_infop info = nullptr;
};

PngWriter::~PngWriter() {
  if (parts_ == nullptr) return;
  png_destroy_write_struct(&parts_->png, &parts_->info);
  delete parts_;
}

// In the three functions below libpng leaves by longjmp: nothing in them may have a destructor.

bool PngWriter::begin(std::FILE* file, uint32_t width, uint32_t height) {
  parts_ = new (std::nothrow) Parts;
  if (parts_ == nullptr) return false;
  parts_->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, jump, silent);
  if (parts_->png == nullptr) return false;
  if (setjmp(png_jmpbuf(parts_->png)) != 0) return false;
  parts_->info = png_create_info_struct(parts_->png);
  if (parts_->info == nullptr) return false;
  png_init_io(parts_->png, file);
  png_set_IHDR(parts_->png, parts_->info, width, height, 8, PNG_COLOR_TYPE_RGBA, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_sRGB(parts_->png, parts_->info, PNG_sRGB_INTENT_PERCEPTUAL);
  png_set_compression_level(parts_->png, 1);
  png_set_filter(parts_->png, PNG_FILTER_TYPE_BASE, PNG_FILTER_UP);
  png_write_info(parts_->png, parts_->info);
  return true;
}

bool PngWriter::row(const uint8_t* pixels) {
  if (setjmp(png_jmpbuf(parts_->png)) != 0) return false;
  png_write_row(parts_->png, pixels);
  return true;
}

bool PngWriter::end() {
  if (setjmp(png_jmpbuf(parts_->png)) != 0) return false;
  png_write_end(parts_->png, nullptr);
  return true;
}

}  // namespace easel
