// SPDX-License-Identifier: GPL-2.0-or-later
// Turns the bytes of a JPEG or PNG file into pixels while they arrive.
//
// A Decoder trusts nothing: the bytes come from the network. It is fed by one thread (the worker), never blocks it, and
// calls `wake` from any thread when there is room for more bytes or a result to take.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "error.h"

namespace inset {

// RGBA, 8 bits, straight alpha, sRGB, top row first, rows without a gap (stride = width * 4).
struct Picture {
  std::uint32_t width = 0;         // in pixels, after any turn that the file asks for
  std::uint32_t height = 0;        // in pixels
  std::uint32_t stored_width = 0;  // as stored in the file, before that turn: what a promised size is compared with
  std::uint32_t stored_height = 0;
  std::shared_ptr<const std::uint8_t> pixels;  // width * height * 4 bytes; may be let go on any thread
  std::string mime;                            // "image/jpeg" or "image/png"
  std::string note;  // a sentence about what was changed on the way (16 bits reduced, colours converted), or empty
};

struct DecodeLimits {
  std::uint32_t side = 16384;              // pixels along either side
  std::uint64_t pixel_bytes = 512u << 20;  // width * height * 4
};

class Decoder {
 public:
  // Gives up at once: no thread, process or memory of it is left when this returns, within milliseconds.
  virtual ~Decoder() = default;

  // Takes as many of the next bytes of the file as there is room for, and returns how many. Fewer than offered: offer
  // the rest again after `wake`.
  virtual std::size_t feed(std::span<const std::byte> bytes) = 0;

  // There are no more bytes.
  virtual void finish() = 0;

  // The picture, or why there is none; empty while the work goes on. An error may come long before the last byte.
  virtual std::optional<Result<Picture>> take() = 0;
};

std::unique_ptr<Decoder> start_decoder(const DecodeLimits& limits, std::function<void()> wake);

}  // namespace inset
