// SPDX-License-Identifier: GPL-2.0-or-later
// Decides from the passing bytes of a file whether they are a whole JPEG or PNG that the decoder
// may see, and learns what the decoder has to know. Pieces of any size give the same verdict.
// Memory is constant but for a colour profile (4 MiB).
//
// The type is told by the first bytes, never by a name or a header of the transport. Anything that
// is neither JPEG nor PNG is named, so that "a web page" can be told from "a picture of another
// kind".
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <variant>

#include "decode/decoder.h"
#include "decode/jpeg_check.h"
#include "decode/picture_facts.h"
#include "decode/png_check.h"
#include "error.h"

namespace inset {

class ContainerCheck {
 public:
  explicit ContainerCheck(const DecodeLimits& limits) : limits_(limits) {}
  ContainerCheck(const ContainerCheck&) = delete;
  ContainerCheck& operator=(const ContainerCheck&) = delete;

  // The next bytes of the file. An error is final: the same one is returned from then on.
  Outcome feed(std::span<const std::byte> bytes);

  // There are no more bytes. Good only if they were a whole picture.
  Outcome finish();

  // What is known so far. The size is there once the picture's header has passed.
  const PictureFacts& facts() const { return facts_; }

 private:
  // As many bytes as the longest of the marks by which other formats are told.
  static constexpr std::size_t head_size = 64;

  Outcome sniff(std::span<const std::byte>& bytes);

  const DecodeLimits limits_;
  PictureFacts facts_;
  std::array<std::byte, head_size> head_{};
  std::size_t head_used_ = 0;
  std::variant<std::monostate, PngCheck, JpegCheck> check_;
  std::optional<Error> error_;
};

}  // namespace inset
