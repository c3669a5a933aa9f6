// SPDX-License-Identifier: GPL-2.0-or-later
// From the bytes of a file, as they come, to a finished picture: check, decode, colours, turn.
// Everything that reads what the network sent is behind this one function, so that it can run in a
// thread or in a process of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "decode/decoder.h"
#include "error.h"

namespace inset {

class SecondOpinion;

class ByteSource {
 public:
  // The next bytes of the file, any number; blocks until there are some. Empty: there are no more.
  // The bytes stay valid until the next call.
  virtual std::span<const std::byte> next() = 0;

  // Whether nobody wants the picture any more. Asked often; then next() returns at once, too.
  virtual bool stopped() const { return false; }

  // Told once, when the header has been checked: the stored size in pixels.
  virtual void size_known(std::uint32_t /*width*/, std::uint32_t /*height*/) {}

 protected:
  ~ByteSource() = default;
};

// Where the pixels go.
class PixelSink {
 public:
  // The next rows of the upright picture from the top, all its rows in the end; `total` is the size of all, in bytes.
  // They may come long before it is known whether the file is sound: they count only if the picture is the result.
  // False: there is no room for them, and the decode ends.
  virtual bool write(std::span<const std::uint8_t> rgba, std::size_t total) = 0;

 protected:
  ~PixelSink() = default;
};

// A picture only if the whole file passed the container check, the decoder found in it all it
// needed, both agree on what it is, and `second`, a fresh one, has nothing against it. Its pixels are in the sink.
// Throws nothing. [any]
Result<Picture> decode_stream(ByteSource& source, const DecodeLimits& limits, PixelSink& sink, SecondOpinion& second);

// The same with the pixels in the picture. Throws std::system_error if there can be no more threads. [any]
Result<Picture> decode_stream(ByteSource& source, const DecodeLimits& limits);

}  // namespace inset
