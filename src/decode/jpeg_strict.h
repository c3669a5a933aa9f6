// SPDX-License-Identifier: GPL-2.0-or-later
// A second opinion on the coded data of a JPEG, from libjpeg, while the bytes pass.
//
// A piece missing from the middle of a JPEG leaves its structure sound, and stb_image fills the gap with whatever the
// bits then seem to mean. Another decoder nearly always stumbles over such a place: at the next restart marker, or
// because a scan ends too early or too late. libjpeg goes on after that, too, but warns; here its first warning is an
// error. It decodes at an eighth of the size, so that little but the reading of the codes is done, and nothing that it
// makes is shown.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "error.h"

namespace inset {

class JpegStrict {
 public:
  JpegStrict();
  ~JpegStrict();
  JpegStrict(const JpegStrict&) = delete;
  JpegStrict& operator=(const JpegStrict&) = delete;

  // The next bytes of the file, which the container check has passed. Not to be called again after an error.
  // Throws std::bad_alloc.
  Outcome feed(std::span<const std::byte> bytes);

  // There are no more bytes.
  Outcome finish() const;

 private:
  struct Reader;
  const std::unique_ptr<Reader> reader_;
};

}  // namespace inset
