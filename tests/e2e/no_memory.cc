// SPDX-License-Identifier: GPL-2.0-or-later
// Put in front of the C++ library by LD_PRELOAD: the n-th `new` finds no memory (TORTURE_NEW, from 1; 0: none), and
// TORTURE_COUNT names a file for how many there were. Only `new`, which is all that this project's code uses: what TLS
// and HTTP libraries do without memory is theirs.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>

namespace {

std::atomic<long> requests;
long failing = 0;

__attribute__((constructor)) void read_settings() {
  const char* at = std::getenv("TORTURE_NEW");
  failing = at ? std::strtol(at, nullptr, 10) : 0;
}

__attribute__((destructor)) void tell() {
  const char* path = std::getenv("TORTURE_COUNT");
  std::FILE* file = path ? std::fopen(path, "w") : nullptr;
  if (!file) return;
  std::fprintf(file, "%ld\n", requests.load());
  std::fclose(file);
}

void* take(std::size_t size) noexcept {
  if (++requests == failing) return nullptr;
  return std::malloc(size > 0 ? size : 1);
}

void* take_or_throw(std::size_t size) {
  void* block = take(size);
  if (!block) throw std::bad_alloc();
  return block;
}

}  // namespace

#define EXPORT __attribute__((visibility("default")))

EXPORT void* operator new(std::size_t size) { return take_or_throw(size); }
EXPORT void* operator new[](std::size_t size) { return take_or_throw(size); }
EXPORT void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return take(size); }
EXPORT void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return take(size); }
EXPORT void operator delete(void* block) noexcept { std::free(block); }
EXPORT void operator delete[](void* block) noexcept { std::free(block); }
EXPORT void operator delete(void* block, std::size_t) noexcept { std::free(block); }
EXPORT void operator delete[](void* block, std::size_t) noexcept { std::free(block); }
