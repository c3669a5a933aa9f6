// SPDX-License-Identifier: GPL-2.0-or-later
// Fetches the file of one job: to the disk and through the decoder while it arrives.
//
// The link leads to another host, so no key and no token go with it, and every redirect is judged like the link itself.
// A file counts as whole only if its end is marked by HTTP, a checksum (if the host sends one) agrees, the container is
// sound to its last byte and the picture decodes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "decode/decoder.h"
#include "digest.h"
#include "error.h"
#include "fd.h"
#include "files.h"
#include "http.h"
#include "record.h"
#include "retry.h"
#include "url.h"

namespace inset {

struct FetchedFile {
  SavedRecord record;  // its path is the original's; the file itself still lies in the job's .part
  Picture picture;
};

struct FetchFault {
  Error error;
  std::optional<Millis> retry_after;
  bool progressed = false;  // a good part more came than in any attempt before
};

// Lives as long as the job's run: a later attempt goes on where an earlier one was cut off, if the host proves that the
// file is still the same (a strong ETag). One thread, the worker's.
class Fetch final : private HttpSink {
 public:
  struct Needs {
    Transport& transport;
    const Files& files;
    DecodeLimits limits;
    std::function<void()> wake;  // makes the worker call pump(); [any]
  };
  Fetch(Needs needs, std::string job, bool service_on_loopback);
  ~Fetch() override;

  // Starts the decoder ahead of the first byte, so that its start costs no time then. Without a file it goes with this
  // object, and nobody hears of it.
  void get_ready();

  using Done = std::function<void(std::variant<FetchedFile, FetchFault>)>;
  using Progress = std::function<void(std::uint64_t bytes, std::uint64_t total)>;  // total 0: unknown
  void begin(const std::string& link, Progress progress, Done done);

  // Moves bytes on to the decoder and looks for its result.
  void pump();

  // Forgets what has come; the next begin() starts from the first byte.
  void start_over();

  void stop();

 private:
  bool head(const HttpHead& head) override;
  Taken body(std::span<const std::byte> bytes) override;
  void end(const HttpEnd& end) override;

  void request(const Url& url);
  std::optional<Error> judge_head(const HttpHead& head);
  std::optional<std::uint64_t> length_if_it_continues(const HttpHead& head) const;
  std::optional<Error> start_file();
  std::optional<Error> judge_end(const HttpEnd& end) const;
  void feed_decoder();
  void look_at_decoder();
  void fail(Error error);
  void finish();

  Needs needs_;
  std::string job_;
  bool loopback_;
  Progress progress_;
  Done done_;
  Transport::Id transfer_ = 0;
  int redirects_ = 0;
  Url url_;

  // What has come, over all attempts.
  Fd part_;
  std::uint64_t bytes_ = 0;
  std::uint64_t total_ = 0;
  std::string etag_;
  Digest digest_;
  std::uint64_t furthest_ = 0;        // that any attempt came, in bytes
  std::unique_ptr<Decoder> standby_;  // waits for a first byte
  std::unique_ptr<Decoder> decoder_;
  std::string backlog_;  // taken from the network, not yet by the decoder
  std::optional<Result<Picture>> decoded_;

  // Of this attempt.
  HttpHead head_;
  bool whole_ = false;
  bool finished_feeding_ = false;
  std::optional<Error> fault_;
  std::optional<Millis> retry_after_;
  std::optional<Url> redirect_;
};

}  // namespace inset
