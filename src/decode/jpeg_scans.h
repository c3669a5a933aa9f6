// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps account of a JPEG's frame and scans: that each scan is one the format allows at this point,
// that restart markers come in their order and number, and that in the end every colour channel has
// been given.
//
// The decoder fills in whatever a scan leaves out with gray and calls that a success. This account
// is what tells a whole picture from such a one, without decoding anything.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "decode/picture_facts.h"
#include "error.h"

namespace inset {

struct DecodeLimits;

class JpegScans {
 public:
  // The contents of a SOF segment. `marker` is its second byte.
  Outcome begin_frame(std::uint8_t marker, std::span<const std::byte> header, const DecodeLimits& limits,
                      PictureFacts& facts);
  bool has_frame() const { return channel_count_ > 0; }
  std::uint32_t height() const { return height_; }

  // Tables and settings, as their segments pass.
  void define_huffman_table(bool ac, unsigned id) { huffman_ |= 1u << (id + (ac ? 4 : 0)); }
  void define_quantisation_table(unsigned id) { quantisation_ |= 1u << id; }
  void set_restart_interval(std::uint32_t blocks) { restart_interval_ = blocks; }

  // The contents of a SOS segment; then each RSTn with its n; then the end of the scan's data.
  Outcome begin_scan(std::span<const std::byte> header);
  Outcome restart(unsigned number);
  Outcome end_scan();

  // The end of the picture.
  Outcome finish(PictureFacts& facts) const;

 private:
  // What has been sent of one coefficient: not_sent, or how many low bits are still to come.
  static constexpr std::uint8_t not_sent = 0xff;

  struct Channel {
    std::uint8_t id = 0, h = 0, v = 0, quantisation = 0;
    std::array<std::uint8_t, 64> low_bits{};
  };
  struct Scan {
    unsigned first = 0, last = 0;          // coefficients
    unsigned high_bits = 0, low_bits = 0;  // successive approximation: before, after
  };

  Outcome begin_sequential_channel(Channel& channel, unsigned tables);
  Outcome begin_progressive_channel(Channel& channel, unsigned tables, const Scan& scan);
  std::uint64_t units_in(std::span<Channel* const> channels) const;

  bool progressive_ = false;
  std::uint32_t width_ = 0, height_ = 0;
  unsigned h_max_ = 1, v_max_ = 1;
  std::array<Channel, 3> channels_{};
  std::size_t channel_count_ = 0;

  unsigned huffman_ = 0;  // bits 0 to 3: DC tables seen, 4 to 7: AC
  unsigned quantisation_ = 0;
  std::uint32_t restart_interval_ = 0;

  unsigned scans_ = 0;
  std::uint64_t units_ = 0;     // MCUs in the scan that is passing
  std::uint64_t restarts_ = 0;  // seen in it
};

}  // namespace inset
