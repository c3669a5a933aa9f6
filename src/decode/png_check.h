// SPDX-License-Identifier: GPL-2.0-or-later
// Checks a PNG file while its bytes pass, in pieces of any size: signature, chunk order, every
// chunk's CRC, sizes.
//
// The CRCs matter because the decoder looks at none of them, and half of all damage to one byte
// would otherwise give a picture with wrong pixels. The decoder inflates nothing before it has seen
// IEND, so whatever this check refuses has not been decoded.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "decode/picture_facts.h"
#include "error.h"

namespace inset {

struct DecodeLimits;

class PngCheck {
 public:
  PngCheck(const DecodeLimits& limits, PictureFacts& facts) : limits_(limits), facts_(facts) {}

  // The next bytes of the file, the signature included. Not to be called again after an error.
  Outcome feed(std::span<const std::byte> bytes);

  // There are no more bytes.
  Outcome finish() const;

 private:
  enum class Step { signature, chunk_header, chunk_data, chunk_crc, trailing };

  Outcome end_of_step();
  Outcome begin_chunk();
  Outcome begin_known_chunk();
  Outcome end_chunk();
  Outcome read_image_header();
  Outcome check_transparency() const;
  void read_ancillary_chunk();
  void read_profile();
  std::uint32_t kept_number(std::size_t at) const;
  std::string chunk_name() const;

  const DecodeLimits& limits_;
  PictureFacts& facts_;

  Step step_ = Step::signature;
  std::uint32_t left_ = 8;            // bytes to the end of this step
  std::array<std::byte, 8> field_{};  // the signature, a chunk's header or its CRC, as far as it has passed
  std::size_t field_size_ = 0;

  std::uint32_t type_ = 0;    // of the chunk that is passing
  std::uint32_t length_ = 0;  // of its data
  std::uint32_t crc_ = 0;
  std::vector<std::byte> kept_;  // its data, if it is one of those that are read
  bool keep_ = false;

  int colour_type_ = 0;
  std::uint32_t palette_entries_ = 0;
  std::uint64_t image_bytes_ = 0;  // in all IDAT chunks
  bool seen_header_ = false;
  bool seen_profile_ = false;
  bool seen_image_ = false;
  bool image_over_ = false;  // another chunk has followed the IDATs
};

}  // namespace inset
