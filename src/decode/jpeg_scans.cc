// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/jpeg_scans.h"

#include <algorithm>
#include <string>

#include "decode/decoder.h"
#include "decode/verdict.h"

namespace inset {

namespace {

// A real picture has about ten; a hostile one could ask for a pass over all its blocks with every
// few dozen bytes.
constexpr unsigned most_scans = 256;

unsigned byte_at(std::span<const std::byte> bytes, std::size_t at) { return std::to_integer<unsigned>(bytes[at]); }

std::uint64_t divided_up(std::uint64_t value, std::uint64_t by) { return (value + by - 1) / by; }

Outcome check_process(std::uint8_t marker, unsigned precision) {
  switch (marker) {
    case 0xc0:
    case 0xc1:
    case 0xc2: break;
    case 0xc3: return unsupported("This is a lossless JPEG, a form that cannot be read here.");
    case 0xc5:
    case 0xc6:
    case 0xc7: return unsupported("This is a hierarchical JPEG, a form that cannot be read here.");
    default: return unsupported("This JPEG is packed with arithmetic coding, which cannot be read here.");
  }
  if (precision == 8) return Nothing{};
  return unsupported("This JPEG has " + std::to_string(precision) + " bits in each sample; only 8 can be read here.");
}

Outcome check_channel_count(unsigned count) {
  if (count == 1 || count == 3) return Nothing{};
  if (count == 4) {
    return unsupported("This JPEG has CMYK colours, meant for print, which cannot be read here.",
                       "JPEG: 4 channels (CMYK or YCCK)");
  }
  return unsupported("This JPEG has " + std::to_string(count) +
                     " colour channels; only 1 (gray) and 3 (colour) can be read here.");
}

}  // namespace

Outcome JpegScans::begin_frame(std::uint8_t marker, std::span<const std::byte> header, const DecodeLimits& limits,
                               PictureFacts& facts) {
  if (has_frame()) return damaged("JPEG: a second frame header");
  if (header.size() < 6) return damaged("JPEG: frame header too short");
  const unsigned precision = byte_at(header, 0);
  const unsigned count = byte_at(header, 5);
  if (Outcome process = check_process(marker, precision); !process) return process;
  if (Outcome channels = check_channel_count(count); !channels) return channels;
  if (header.size() != 6 + 3 * count) return damaged("JPEG: frame header of a wrong length");

  progressive_ = marker == 0xc2;
  height_ = byte_at(header, 1) << 8 | byte_at(header, 2);
  width_ = byte_at(header, 3) << 8 | byte_at(header, 4);
  if (height_ == 0) return unsupported("This JPEG gives its height only at its end, which cannot be read here.");
  if (width_ == 0) return damaged("JPEG: no width");
  if (Outcome size = check_size(width_, height_, limits); !size) return size;

  for (std::size_t i = 0; i < count; ++i) {
    Channel& channel = channels_[i];
    const unsigned sampling = byte_at(header, 7 + 3 * i);
    channel.id = static_cast<std::uint8_t>(byte_at(header, 6 + 3 * i));
    channel.h = static_cast<std::uint8_t>(sampling >> 4);
    channel.v = static_cast<std::uint8_t>(sampling & 15);
    channel.quantisation = static_cast<std::uint8_t>(byte_at(header, 8 + 3 * i));
    channel.low_bits.fill(not_sent);
    if (channel.h < 1 || channel.h > 4 || channel.v < 1 || channel.v > 4 || channel.quantisation > 3) {
      return damaged("JPEG: impossible channel in the frame header");
    }
    for (std::size_t other = 0; other < i; ++other) {
      if (channels_[other].id == channel.id) return damaged("JPEG: two channels of one name");
    }
    h_max_ = std::max<unsigned>(h_max_, channel.h);
    v_max_ = std::max<unsigned>(v_max_, channel.v);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (h_max_ % channels_[i].h != 0 || v_max_ % channels_[i].v != 0) {
      return unsupported("This JPEG stores its colours at a fractional scale, which cannot be read here.");
    }
  }

  channel_count_ = count;
  facts.width = width_;
  facts.height = height_;
  facts.bits = 8;
  facts.gray = count == 1;
  return Nothing{};
}

// SOS: a count, a name and a pair of table numbers for each channel, then Ss, Se, and Ah and Al in
// a byte.
Outcome JpegScans::begin_scan(std::span<const std::byte> header) {
  if (!has_frame()) return damaged("JPEG: a scan before the frame header");
  const unsigned count = header.empty() ? 0 : byte_at(header, 0);
  if (count < 1 || count > channel_count_ || header.size() != 4 + 2 * count) {
    return damaged("JPEG: scan header of a wrong length");
  }
  if (++scans_ > most_scans) return unsupported("This JPEG has more passes than any real picture.");

  const std::size_t rest = 1 + 2 * count;
  const unsigned approximation = byte_at(header, rest + 2);
  const Scan scan{byte_at(header, rest), byte_at(header, rest + 1), approximation >> 4, approximation & 15};
  if (progressive_) {
    // A pass over the first coefficient alone, or over some of the others for one channel alone.
    const bool sane = scan.first == 0 ? scan.last == 0 : scan.first <= scan.last && scan.last <= 63 && count == 1;
    if (!sane || scan.low_bits > 13) return damaged("JPEG: impossible pass");
  } else if (scan.first != 0 || approximation != 0) {
    // The last coefficient is always 63; some cameras write 0 instead, and every reader ignores it.
    return damaged("JPEG: impossible scan");
  }

  std::array<Channel*, 3> in_scan{};
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned id = byte_at(header, 1 + 2 * i);
    const unsigned tables = byte_at(header, 2 + 2 * i);
    const auto end = channels_.begin() + static_cast<std::ptrdiff_t>(channel_count_);
    const auto channel = std::find_if(channels_.begin(), end, [id](const Channel& c) { return c.id == id; });
    if (channel == end || std::find(in_scan.begin(), in_scan.end(), &*channel) != in_scan.end()) {
      return damaged("JPEG: a scan of a channel that is not there, or twice");
    }
    in_scan[i] = &*channel;
    if ((quantisation_ >> channel->quantisation & 1) == 0) return damaged("JPEG: a quantisation table is missing");
    if ((tables & 0x0f) > 3 || tables >> 4 > 3) return damaged("JPEG: impossible Huffman table");
    Outcome good =
        progressive_ ? begin_progressive_channel(*channel, tables, scan) : begin_sequential_channel(*channel, tables);
    if (!good) return good;
  }
  units_ = units_in(std::span(in_scan).first(count));
  restarts_ = 0;
  return Nothing{};
}

Outcome JpegScans::begin_sequential_channel(Channel& channel, unsigned tables) {
  const bool dc = (huffman_ >> (tables >> 4) & 1) != 0;
  const bool ac = (huffman_ >> (4 + (tables & 15)) & 1) != 0;
  if (!dc || !ac) return damaged("JPEG: a Huffman table is missing");
  if (channel.low_bits[0] != not_sent) return damaged("JPEG: a channel sent twice");
  channel.low_bits.fill(0);
  return Nothing{};
}

Outcome JpegScans::begin_progressive_channel(Channel& channel, unsigned tables, const Scan& scan) {
  // Refining the first coefficient needs no table: its bits stand there as they are.
  const unsigned needed = scan.first > 0 ? 4 + (tables & 15) : tables >> 4;
  const bool raw_bits = scan.first == 0 && scan.high_bits > 0;
  if (!raw_bits && (huffman_ >> needed & 1) == 0) return damaged("JPEG: a Huffman table is missing");
  if (scan.first > 0 && channel.low_bits[0] == not_sent) return damaged("JPEG: passes out of order");
  for (unsigned k = scan.first; k <= scan.last; ++k) {
    std::uint8_t& low_bits = channel.low_bits[k];
    const bool in_order =
        low_bits == not_sent ? scan.high_bits == 0 : scan.high_bits == low_bits && scan.low_bits + 1 == low_bits;
    if (!in_order) return damaged("JPEG: passes out of order");
    low_bits = static_cast<std::uint8_t>(scan.low_bits);
  }
  return Nothing{};
}

// How many units (MCUs) a scan has: blocks of its own for one channel alone, else groups over all
// of them.
std::uint64_t JpegScans::units_in(std::span<Channel* const> channels) const {
  const bool alone = channels.size() == 1;
  const unsigned h = alone ? channels[0]->h : 1;
  const unsigned v = alone ? channels[0]->v : 1;
  const std::uint64_t across =
      alone ? divided_up(divided_up(std::uint64_t{width_} * h, h_max_), 8) : divided_up(width_, 8 * h_max_);
  const std::uint64_t down =
      alone ? divided_up(divided_up(std::uint64_t{height_} * v, v_max_), 8) : divided_up(height_, 8 * v_max_);
  return across * down;
}

Outcome JpegScans::restart(unsigned number) {
  if (restart_interval_ == 0) return damaged("JPEG: a restart marker where none is due");
  if (number != restarts_ % 8) return damaged("JPEG: restart markers out of order");
  ++restarts_;
  return Nothing{};
}

Outcome JpegScans::end_scan() {
  if (restart_interval_ == 0) return Nothing{};
  // One between every two intervals; some writers set one after the last interval too, if it is a
  // full one.
  const std::uint64_t between = (units_ - 1) / restart_interval_;
  const std::uint64_t after_each_full = units_ / restart_interval_;
  if (restarts_ == between || restarts_ == after_each_full) return Nothing{};
  return damaged("JPEG: " + std::to_string(restarts_) + " restart markers instead of " + std::to_string(between));
}

Outcome JpegScans::finish(PictureFacts& facts) const {
  if (scans_ == 0) return damaged("JPEG: no image data");
  for (std::size_t i = 0; i < channel_count_; ++i) {
    const auto& low_bits = channels_[i].low_bits;
    if (low_bits[0] == not_sent) return damaged("JPEG: a colour channel is missing");
    facts.passes_missing |= std::any_of(low_bits.begin(), low_bits.end(), [](auto bits) { return bits != 0; });
  }
  return Nothing{};
}

}  // namespace inset
