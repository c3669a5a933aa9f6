// SPDX-License-Identifier: GPL-2.0-or-later
#include "short_memory.h"

#include <cstdlib>
#include <new>

namespace inset::test {
std::atomic<bool> memory_is_short = false;
thread_local bool is_spared = false;
thread_local int failing_request = 0;
}  // namespace inset::test

namespace {
void* take(std::size_t size) noexcept {
  using namespace inset::test;
  if (memory_is_short && !is_spared) return nullptr;
  if (failing_request > 0 && --failing_request == 0) return nullptr;
  return std::malloc(size > 0 ? size : 1);
}
}  // namespace

void* operator new(std::size_t size) {
  void* block = take(size);
  if (!block) throw std::bad_alloc();
  return block;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return take(size); }
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
