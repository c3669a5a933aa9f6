// SPDX-License-Identifier: GPL-2.0-or-later
// Part of stb_decode.cc: one decode, with the input it reads and the memory it uses.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "decode/block.h"
#include "decode/stb_decode.h"

namespace inset {

// These pass through stb_image's frames, and no further.
struct AssertionFailed {
  const char* condition;
};
struct ReadPastEnd {};
struct NoMemory {};

// One decode and the memory it uses. stb_image frees its blocks by itself except when an exception
// passes through it; so they are all kept here, and whatever is left at the end goes with this.
class StbRun {
 public:
  StbRun(StbInput& input, const PictureFacts& facts) : input_(input), facts_(facts) {}

  // Why there is no result, when there is none.
  StbPixels::Status status() const { return status_; }

  void breathe() { input_.breathe(); }

  // Past the end stb_image would go on with zeros, even in the middle of a table, where no check
  // has seen them: it ends there instead. A read that finds less than it wants is not past the end,
  // for stb_image reads ahead.
  std::size_t read(std::span<std::byte> into) {
    const std::size_t got = input_.read(into);
    if (got == 0) throw ReadPastEnd{};
    return got;
  }

  void* allocate(std::size_t size) {
    breathe();
    blocks_.reserve(blocks_.size() + 1);
    if (used_ + size > budget()) {
      status_ = StbPixels::Status::over_budget;
      return nullptr;
    }
    Block block = make_block(size);
    if (!block) {
      status_ = StbPixels::Status::no_memory;
      return nullptr;
    }
    used_ += size;
    blocks_.push_back({std::move(block), size});
    return blocks_.back().block.get();
  }

  // What counts is the new block: the old one is there only until it is copied.
  void* reallocate(void* old, std::size_t size) {
    const std::size_t old_size = old == nullptr ? 0 : find(old)->size;
    used_ -= old_size;
    void* block = allocate(size);
    used_ += old_size;
    if (block == nullptr || old == nullptr) return block;
    std::memcpy(block, old, std::min(size, find(old)->size));
    release(old);
    return block;
  }

  Block release(void* data) {
    if (data == nullptr) return {};
    const auto entry = find(data);
    Block block = std::move(entry->block);
    used_ -= entry->size;
    blocks_.erase(entry);
    return block;
  }

 private:
  struct Entry {
    Block block;
    std::size_t size;
  };

  // There are never more than a dozen or two.
  std::vector<Entry>::iterator find(void* data) {
    return std::find_if(blocks_.begin(), blocks_.end(),
                        [data](const Entry& entry) { return entry.block.get() == data; });
  }

  static_assert(sizeof(std::size_t) >= 8);
  // What an honest picture of this size can need, at most: 16 bits, interlaced, and packed as large
  // as its pixels. A file that unpacks to more than that is a trap.
  std::size_t budget() const { return std::size_t{facts_.width} * facts_.height * 32 + (std::size_t{16} << 20); }

  StbInput& input_;
  const PictureFacts& facts_;
  std::vector<Entry> blocks_;
  std::size_t used_ = 0;
  StbPixels::Status status_ = StbPixels::Status::failed;
};

}  // namespace inset
