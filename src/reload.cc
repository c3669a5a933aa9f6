// SPDX-License-Identifier: GPL-2.0-or-later
#include "reload.h"

#include <fcntl.h>

#include <cerrno>
#include <span>
#include <utility>

namespace inset {
namespace {
constexpr std::size_t kPiece = 256 << 10;
}

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
    finish(fault(Cause::not_found, "The kept original " + path_.string() + " is not there."));
    return false;
  }
  decoder_ = start_decoder(limits_, wake_);
  return true;
}

void Reload::pump() {
  if (!done_ || !open()) return;
  while (true) {
    if (auto result = decoder_->take()) {
      if (*result && !sha256_.empty() && to_hex(digest_.sha256()) != sha256_) {
        result = fault(Cause::file_damaged, "The kept original " + path_.string() + " has changed.");
      }
      finish(std::move(*result));
      return;
    }
    if (at_end_) return;
    if (backlog_.empty()) {
      backlog_.resize(kPiece);
      const ssize_t count = ::read(file_.get(), backlog_.data(), backlog_.size());
      backlog_.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) {
        finish(fault(Cause::file_damaged, "The kept original " + path_.string() + " cannot be read."));
        return;
      }
      if (count == 0) {
        at_end_ = true;
        decoder_->finish();
        continue;
      }
      digest_.update(std::as_bytes(std::span(backlog_)));
    }
    const std::size_t taken = decoder_->feed(std::as_bytes(std::span(backlog_)));
    backlog_.erase(0, taken);
    if (!backlog_.empty()) return;  // no room; the decoder wakes the worker
  }
}

void Reload::finish(Result<Picture> result) {
  decoder_.reset();
  const auto done = std::exchange(done_, {});
  done(std::move(result));
}

}  // namespace inset
