// SPDX-License-Identifier: GPL-2.0-or-later
// stb_image, held at arm's length: bytes are pulled from an input while it decodes, pixels come out
// as RGBA, and whatever it does in between (memory, failed assertions, being told to stop) ends in
// a value.
//
// Only bytes that a container check has let pass may be given to it. It checks no CRC, it trusts
// its tables, and its versions differ in what they make of a file that was cut, so its "success" is
// never enough: see decode_stream.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "decode/block.h"
#include "decode/picture_facts.h"

namespace inset {

// Where stb_image gets its bytes. May throw to end the decode; stb_decode lets that pass.
class StbInput {
 public:
  // Blocks until all of `into` is filled or the input ends; returns how many bytes were filled.
  virtual std::size_t read(std::span<std::byte> into) = 0;
  // Called now and then, also while nothing is read, so that a decode can be ended by throwing.
  virtual void breathe() = 0;

 protected:
  ~StbInput() = default;
};

// Where rows go that are finished before the picture is.
class StbRowSink {
 public:
  // Whether rows may come one after the other. Asked once, when all but the pixels is known of the picture; the answer
  // no, or a decoder that cannot do it, makes the whole picture come as the result.
  virtual bool takes_rows() = 0;
  // The next rows from the top, whole ones; may be changed. May throw to end the decode.
  virtual void take_rows(std::span<std::uint8_t> rgba) = 0;

 protected:
  ~StbRowSink() = default;
};

struct StbPixels {
  enum class Status {
    good,
    no_memory,
    over_budget,    // the data wants more memory than any honest picture of its size
    read_past_end,  // the picture is not all there
    failed,
  };
  Status status = Status::failed;
  std::string reason;  // of a failure, in stb_image's few words
  Block pixels;        // width * height * 4 bytes, RGBA, 8 bits; empty if they went to the sink
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};

// `facts` are those the container check has of the same input; its bit depth must be known for a
// PNG, the size of the picture, by which memory is limited, may become known while bytes are read.
// [any]
StbPixels stb_decode(StbInput& input, const PictureFacts& facts, StbRowSink& sink);

}  // namespace inset
