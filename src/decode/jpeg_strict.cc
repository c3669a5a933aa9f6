// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/jpeg_strict.h"

#include <algorithm>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <new>
#include <string>
#include <vector>

// They want stdio before them.
#include <jpeglib.h>

#include <jerror.h>

#include "decode/verdict.h"

namespace inset {

namespace {

// Headers are the container check's matter, which knows those that real files get wrong without harm.
bool is_about_a_header(int warning) {
  return warning == JWRN_JFIF_MAJOR || warning == JWRN_ADOBE_XFORM || warning == JWRN_NOT_SEQUENTIAL;
}

}  // namespace

// Held by libjpeg's C code, and left by longjmp when that reports an error: between setjmp() and its calls there is no
// object with a destructor.
struct JpegStrict::Reader {
  enum class Step { header, begin, rows, passes, end, done };

  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg_source_mgr source{};
  std::jmp_buf out;
  char reason[JMSG_LENGTH_MAX] = {};

  Step step = Step::header;
  std::vector<std::uint8_t> bytes;  // fed, and not yet used up
  std::size_t to_skip = 0;
  std::vector<std::uint8_t> line;
  bool colours_differ = false;  // stb_image would take them for others than libjpeg does

  static Reader& of(j_common_ptr common) { return *static_cast<Reader*>(common->client_data); }
  static Reader& of(j_decompress_ptr jpeg) { return *static_cast<Reader*>(jpeg->client_data); }

  [[noreturn]] static void fail(j_common_ptr common) {
    Reader& reader = of(common);
    (*common->err->format_message)(common, reader.reason);
    std::longjmp(reader.out, 1);
  }
  static void message(j_common_ptr common, int level) {
    if (level < 0 && !is_about_a_header(common->err->msg_code)) fail(common);
  }
  static void skip(j_decompress_ptr jpeg, long count) {
    if (count <= 0) return;
    Reader& reader = of(jpeg);
    const auto wanted = static_cast<std::size_t>(count);
    const std::size_t now = wanted < reader.source.bytes_in_buffer ? wanted : reader.source.bytes_in_buffer;
    reader.source.next_input_byte += now;
    reader.source.bytes_in_buffer -= now;
    reader.to_skip += wanted - now;
  }

  Reader() {
    jpeg.err = jpeg_std_error(&errors);
    errors.error_exit = fail;
    errors.emit_message = message;
    errors.output_message = [](j_common_ptr) {};
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { jpeg_destroy_decompress(&jpeg); }

  // False: libjpeg has reported an error, with a reason.
  bool run() {
    if (setjmp(out) != 0) return false;
    if (jpeg.mem == nullptr) create();
    while (advance()) {
    }
    return true;
  }

  void create() {
    jpeg_create_decompress(&jpeg);
    jpeg.client_data = this;
    jpeg.src = &source;
    source.init_source = [](j_decompress_ptr) {};
    source.fill_input_buffer = [](j_decompress_ptr) -> boolean { return FALSE; };  // suspends: the rest comes later
    source.skip_input_data = skip;
    source.resync_to_restart = jpeg_resync_to_restart;
    source.term_source = [](j_decompress_ptr) {};
  }

  // A file may name its channels R, G and B and call itself a JFIF, which has none of these. Readers disagree about it.
  bool is_rgb_to_stb() const {
    const jpeg_component_info* parts = jpeg.comp_info;
    const bool named = parts[0].component_id == 'R' && parts[1].component_id == 'G' && parts[2].component_id == 'B';
    return named || (jpeg.saw_Adobe_marker && jpeg.Adobe_transform == 0 && !jpeg.saw_JFIF_marker);
  }

  // One step on. False: more bytes are needed, or no more ever.
  bool advance() {
    switch (step) {
      case Step::header:
        if (jpeg_read_header(&jpeg, TRUE) == JPEG_SUSPENDED) return false;
        colours_differ = jpeg.num_components == 3 && (jpeg.jpeg_color_space == JCS_RGB) != is_rgb_to_stb();
        jpeg.scale_num = 1;
        jpeg.scale_denom = 8;
        jpeg.out_color_space = jpeg.jpeg_color_space;
        jpeg.do_fancy_upsampling = FALSE;
        // In passes or channel by channel: then only its reading half is used, which gathers what the passes say.
        jpeg.buffered_image = jpeg_has_multiple_scans(&jpeg);
        step = Step::begin;
        return true;
      case Step::begin:
        if (!jpeg_start_decompress(&jpeg)) return false;
        line.resize(std::size_t{jpeg.output_width} * static_cast<unsigned>(jpeg.output_components));
        step = jpeg.buffered_image ? Step::passes : Step::rows;
        return true;
      case Step::rows: {
        JSAMPROW row = line.data();
        if (jpeg.output_scanline < jpeg.output_height) return jpeg_read_scanlines(&jpeg, &row, 1) > 0;
        step = Step::end;
        return true;
      }
      case Step::passes: {
        const int result = jpeg_consume_input(&jpeg);
        if (result == JPEG_REACHED_EOI) step = Step::done;
        return result != JPEG_SUSPENDED && result != JPEG_REACHED_EOI;
      }
      case Step::end:
        if (!jpeg_finish_decompress(&jpeg)) return false;
        step = Step::done;
        return false;
      case Step::done: return false;
    }
    return false;
  }
};

JpegStrict::JpegStrict() : reader_(std::make_unique<Reader>()) {}
JpegStrict::~JpegStrict() = default;

Outcome JpegStrict::feed(std::span<const std::byte> bytes) {
  Reader& reader = *reader_;
  if (reader.step == Reader::Step::done) return Nothing{};
  const std::size_t skipped = std::min(reader.to_skip, bytes.size());
  reader.to_skip -= skipped;
  bytes = bytes.subspan(skipped);
  const auto* begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
  reader.bytes.insert(reader.bytes.end(), begin, begin + bytes.size());
  reader.source.next_input_byte = reader.bytes.data();
  reader.source.bytes_in_buffer = reader.bytes.size();
  if (!reader.run()) {
    if (reader.errors.msg_code == JERR_OUT_OF_MEMORY) throw std::bad_alloc();
    return damaged("JPEG: libjpeg: " + std::string(reader.reason));
  }
  if (reader.colours_differ) return unsupported("This JPEG says two different things about its colours.");
  const std::size_t used = reader.bytes.size() - reader.source.bytes_in_buffer;
  reader.bytes.erase(reader.bytes.begin(), reader.bytes.begin() + static_cast<std::ptrdiff_t>(used));
  return Nothing{};
}

Outcome JpegStrict::finish() const {
  if (reader_->step == Reader::Step::done) return Nothing{};
  return damaged("JPEG: libjpeg found no end");
}

}  // namespace inset
