// SPDX-License-Identifier: GPL-2.0-or-later
#include "reload.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdint>
#include <span>
#include <utility>

#include "files.h"

namespace inset {
namespace {
constexpr std::size_t kPiece = 256 << 10;
constexpr std::uint64_t kMostBytes = 256u << 20;  // no original is longer
}  // namespace

Reload::Reload(std::filesystem::path path, std::string sha256, const DecodeLimits& limits, std::function<void()> wake,
               Done done)
    : path_(std::move(path)),
      sha256_(std::move(sha256)),
      limits_(limits),
      wake_(std::move(wake)),
      done_(std::move(done)) {}

Error Reload::fault(Cause cause, std::string what) const {
  return make_error(Stage::placing, cause, std::move(what), path_.string());
}

bool Reload::open() {
  if (file_) return true;
  file_ = Fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file_) {
    const int error = errno;
    if (error == ENOENT || error == ENOTDIR) {
      finish(fault(Cause::not_found, "The kept original " + path_.string() + " is not there."));
    } else {
      finish(disk_error(Stage::placing, Cause::data_folder,
                        "The kept original " + path_.string() + " cannot be opened.", error));
    }
    return false;
  }
  decoder_ = start_decoder(limits_, wake_);
  return true;
}

void Reload::pump() {
  if (!done_ || !open()) return;
  while (true) {
    if (auto result = decoder_->take()) {
      // Whatever the decoder makes of it: one that was cut short, or written over, is no longer the original.
      if (!sha256_.empty() && has_changed()) {
        result = fault(Cause::file_damaged, "The kept original " + path_.string() + " has changed.");
      }
      finish(std::move(*result));
      return;
    }
    if (at_end_) return;
    if (backlog_.empty()) {
      if (!read_on()) {
        finish(fault(Cause::file_damaged, "The kept original " + path_.string() + " cannot be read."));
        return;
      }
      if (at_end_) {
        decoder_->finish();
        continue;
      }
    }
    const std::size_t taken = decoder_->feed(std::as_bytes(std::span(backlog_)));
    backlog_.erase(0, taken);
    if (!backlog_.empty()) return;  // no room; the decoder wakes the worker
  }
}

// Another piece into the backlog, and the digest; or it is the end. False: it cannot be read.
bool Reload::read_on() {
  backlog_.resize(kPiece);
  ssize_t count = 0;
  do {
    count = ::read(file_.get(), backlog_.data(), backlog_.size());
  } while (count < 0 && errno == EINTR);
  backlog_.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  at_end_ = count == 0;
  digest_.update(std::as_bytes(std::span(backlog_)));
  return count >= 0;
}

// With the decoder done: reads what it did not want.
bool Reload::has_changed() {
  for (std::uint64_t rest = 0; !at_end_ && rest < kMostBytes; rest += backlog_.size()) {
    if (!read_on()) return true;
  }
  return to_hex(digest_.sha256()) != sha256_;
}

void Reload::finish(Result<Picture> result) {
  decoder_.reset();
  const auto done = std::exchange(done_, {});
  done(std::move(result));
}

}  // namespace inset
