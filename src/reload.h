// SPDX-License-Identifier: GPL-2.0-or-later
// Reads a kept original back into pixels, through the same checks and the same decoder as a download.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "decode/decoder.h"
#include "digest.h"
#include "error.h"
#include "fd.h"

namespace inset {

class Reload {
 public:
  using Done = std::function<void(Result<Picture>)>;

  // `sha256` empty: not compared. `wake` makes the worker call pump(); [any]. A file that is not there fails with
  // Cause::not_found, one that is not what it was with Cause::file_damaged, one that cannot be opened now, though it
  // may be whole, with Cause::data_folder or disk_full. Reads nothing yet.
  Reload(std::filesystem::path path, std::string sha256, const DecodeLimits& limits, std::function<void()> wake,
         Done done);

  // Reads on. The done callback comes from in here and may destroy this object. [worker]
  void pump();

 private:
  bool open();
  bool read_on();
  bool has_changed();
  void finish(Result<Picture> result);
  Error fault(Cause cause, std::string what) const;

  std::filesystem::path path_;
  std::string sha256_;
  DecodeLimits limits_;
  std::function<void()> wake_;
  Done done_;
  Fd file_;
  Digest digest_;
  std::unique_ptr<Decoder> decoder_;
  std::string backlog_;
  bool at_end_ = false;
};

}  // namespace inset
