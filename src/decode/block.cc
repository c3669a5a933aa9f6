// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/block.h"

#include <sys/mman.h>

#include <cstdlib>

namespace inset {

namespace {
constexpr std::size_t huge_page = 2u << 20;
}

void ReleaseBlock::operator()(std::uint8_t* data) const noexcept {
  if (mapped > 0) {
    munmap(data, mapped);
  } else {
    std::free(data);
  }
}

Block make_block(std::size_t size) noexcept {
  if (size < huge_page) return Block(static_cast<std::uint8_t*>(std::calloc(size > 0 ? size : 1, 1)));

  // A huge page needs an address that is a multiple of its size: map one more than needed, give
  // back the ends.
  const std::size_t wanted = (size + huge_page - 1) / huge_page * huge_page;
  const std::size_t reserved = wanted + huge_page;
  if (wanted < size || reserved < wanted) return {};
  void* mapping = mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return {};
  auto* begin = static_cast<std::uint8_t*>(mapping);
  const std::size_t before = (huge_page - reinterpret_cast<std::uintptr_t>(begin) % huge_page) % huge_page;
  const std::size_t after = reserved - wanted - before;
  if (before > 0) munmap(begin, before);
  if (after > 0) munmap(begin + before + wanted, after);
  madvise(begin + before, wanted, MADV_HUGEPAGE);  // advice: where it is refused, ordinary pages do
  return Block(begin + before, ReleaseBlock{wanted});
}

}  // namespace inset
