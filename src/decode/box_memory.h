// SPDX-License-Identifier: GPL-2.0-or-later
// The memory in which a box leaves its picture (box_result.h), as the parent sees it. The box may write anything there,
// and change its size, until it is sealed; nothing but the header is read before.
//
// Taking the pages and mapping them costs more than a decoder's last rows. So both are done while the file still
// arrives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "decode/box_result.h"
#include "decode/decoder.h"
#include "fd.h"

namespace inset {

class BoxMemory {
 public:
  ~BoxMemory();
  BoxMemory() = default;
  BoxMemory(const BoxMemory&) = delete;
  BoxMemory& operator=(const BoxMemory&) = delete;

  bool create();  // false: errno says why
  int descriptor() const { return file_.get(); }

  // What the box has written so far; zeros if it has not.
  BoxResult header() const;

  // So many more bytes of the file went to the box: makes more of the memory ready, in step with them, so that a small
  // file cannot claim much. What cannot be made ready now comes later.
  void make_ready(std::size_t fed, const DecodeLimits& limits);

  // After the end of the box, whose mappings ended with it: from here on nobody can change anything. False: somebody
  // can.
  bool seal();

  // After seal(): the pixels, or null with errno; 0: the memory has another size than a picture of so many bytes needs.
  std::shared_ptr<const std::uint8_t> map(std::size_t bytes);

 private:
  void unmap();
  bool populate(std::size_t until);
  std::size_t pixels_written() const;

  Fd file_;
  std::uint8_t* mapping_ = nullptr;
  std::size_t size_ = 0;       // of the mapping, in bytes, as are the next
  std::size_t fed_ = 0;        // of the file
  std::size_t taken_ = 0;      // of the pixels: there are pages
  std::size_t populated_ = 0;  // of the pixels: they are mapped
};

}  // namespace inset
