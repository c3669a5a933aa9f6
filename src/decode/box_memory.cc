// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/box_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace inset {

namespace {

constexpr std::size_t kStep = 1u << 18;
// Pixels made ready for each byte of the file. A photograph as JPEG has twenty or thirty.
constexpr std::size_t kPixelBytesPerByte = 32;

void unmap_pixels(const std::uint8_t* pixels, std::size_t size) {
  if (pixels != nullptr) ::munmap(const_cast<std::uint8_t*>(pixels), size);
}

}  // namespace

BoxMemory::~BoxMemory() { unmap(); }

void BoxMemory::unmap() {
  unmap_pixels(std::exchange(mapping_, nullptr), size_);
  size_ = populated_ = 0;
}

bool BoxMemory::create() {
  file_ = Fd(::memfd_create("inset-picture", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  return static_cast<bool>(file_);
}

BoxResult BoxMemory::header() const {
  BoxResult result;
  if (::pread(file_.get(), &result, sizeof result, 0) != static_cast<ssize_t>(sizeof result)) return {};
  return result;
}

std::size_t BoxMemory::pixels_written() const {
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0 || status.st_size < static_cast<off_t>(kPixelsAt)) return 0;
  return static_cast<std::size_t>(status.st_size) - kPixelsAt;
}

void BoxMemory::make_ready(std::size_t fed, const DecodeLimits& limits) {
  fed_ += fed;
  if (mapping_ == nullptr) {
    const BoxResult begun = header();
    const std::uint64_t bytes = std::uint64_t{begun.width} * begun.height * 4;
    if (begun.magic != BoxResult::kMagic || bytes == 0 || bytes > limits.pixel_bytes) return;
    void* mapping = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file_.get(), kPixelsAt);
    if (mapping == MAP_FAILED) return;
    mapping_ = static_cast<std::uint8_t*>(mapping);
    size_ = bytes;
  }
  const std::size_t written = std::min(pixels_written(), size_) / kPixelsAt * kPixelsAt;
  const std::size_t due = std::min(size_, fed_ * kPixelBytesPerByte);
  // A box that already writes takes its pages as it goes; to be a step ahead of it would only cost.
  if (written == 0 && due > taken_ && (due >= taken_ + kStep || due == size_)) {
    ::fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(kPixelsAt + taken_),
                static_cast<off_t>(due - taken_));
    taken_ = due;
  }
  if (written >= populated_ + kStep) populate(written);
}

bool BoxMemory::populate(std::size_t until) {
#ifdef MADV_POPULATE_READ
  const std::size_t from = populated_;
  if (until <= from) return true;
  // What cannot be done while the file arrives is done at the end.
  if (::madvise(mapping_ + from, until - from, MADV_POPULATE_READ) != 0) return false;
  populated_ = until;
  return true;
#else
  (void)until;
  errno = EINVAL;
  return false;
#endif
}

bool BoxMemory::seal() {
  // FUTURE_WRITE, not WRITE: that one looks at each page for somebody who might still write through a mapping, which
  // takes as long as all the rest of the end. The box could hold the only one, and it has ended.
  return ::fcntl(file_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) == 0;
}

std::shared_ptr<const std::uint8_t> BoxMemory::map(std::size_t bytes) {
  errno = 0;
  if (pixels_written() != bytes) return nullptr;
  if (size_ != bytes) {
    unmap();
    void* mapping = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file_.get(), kPixelsAt);
    if (mapping == MAP_FAILED) return nullptr;
    mapping_ = static_cast<std::uint8_t*>(mapping);
    size_ = bytes;
  }
  // At once: page by page the first touch costs more than the decode. And all of it: for a page that the box never
  // wrote there may be no memory, of which the host would die.
  // A kernel that cannot map it at once can at least make sure that it is there.
  if (!populate(bytes) && (errno != EINVAL || ::fallocate(file_.get(), 0, kPixelsAt, static_cast<off_t>(bytes)) != 0)) {
    return nullptr;
  }
  const std::uint8_t* pixels = std::exchange(mapping_, nullptr);
  return {pixels, [bytes](const std::uint8_t* data) { unmap_pixels(data, bytes); }};
}

}  // namespace inset
