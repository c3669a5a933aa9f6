// SPDX-License-Identifier: GPL-2.0-or-later
// Checks a JPEG file while its bytes pass, in pieces of any size: the walk over its markers, its
// headers, its tables, and the coded data between them, up to the end marker.
//
// Nothing in a JPEG tells most changes of a single byte; the transport has to. What can be told is
// a file that was cut, or whose parts do not fit together, and a form that the decoder would get
// wrong. Every table is checked before its last byte is let through, because the decoder believes
// what it reads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "decode/jpeg_scans.h"
#include "decode/picture_facts.h"
#include "error.h"

namespace inset {

struct DecodeLimits;

class JpegCheck {
 public:
  JpegCheck(const DecodeLimits& limits, PictureFacts& facts) : limits_(limits), facts_(facts) {}

  // The next bytes of the file, from its first. Not to be called again after an error.
  Outcome feed(std::span<const std::byte> bytes);

  // There are no more bytes.
  Outcome finish() const;

 private:
  enum class Step {
    marker_start,  // 0xff is due
    marker,        // its second byte, or more 0xff as filling
    length_high,
    length_low,
    segment,
    coded_data,
    coded_data_ff,  // a zero (the 0xff was data), a restart, or the marker that ends the scan
    trailing,
  };

  // Each takes what belongs to the step from the front of `bytes`, which is not empty.
  Outcome take_byte(std::uint8_t byte);
  Outcome take_segment(std::span<const std::byte>& bytes);
  void take_coded_data(std::span<const std::byte>& bytes);

  Outcome begin_marker(std::uint8_t marker);
  Outcome after_ff_in_coded_data(std::uint8_t byte);
  Outcome begin_segment();
  Outcome end_segment();

  Outcome read_huffman_tables();
  Outcome read_quantisation_tables();
  Outcome read_colour_header();
  void read_exif();
  void keep_profile_part();
  void join_profile();

  const DecodeLimits& limits_;
  PictureFacts& facts_;
  JpegScans scans_;

  Step step_ = Step::marker_start;
  std::uint8_t marker_ = 0;   // of the segment that is passing
  std::uint32_t length_ = 0;  // of its contents
  std::uint32_t left_ = 0;    // of them, to come
  bool keep_ = false;
  std::vector<std::byte> kept_;  // its contents so far, if it is one of those that are read
  std::size_t next_table_ = 0;   // DHT: where in its contents the next table begins

  bool seen_start_ = false;
  std::vector<std::vector<std::byte>> profile_parts_;  // by number; see join_profile()
  std::size_t profile_bytes_ = 0;
  bool profile_broken_ = false;
  bool first_scan_begun_ = false;  // rows may be finished: nothing may be learned of their colours and place any more
};

}  // namespace inset
