// SPDX-License-Identifier: GPL-2.0-or-later
#include "fetch.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "api.h"
#include "text.h"

namespace inset {
namespace {

constexpr std::uint64_t kMostBytes = 256u << 20;
constexpr std::uint64_t kGoodPart = 64 << 10;
constexpr int kMostRedirects = 3;

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size() || text.empty()) return {};
  return value;
}

Error incomplete(std::string what) { return make_error(Stage::fetching, Cause::file_incomplete, std::move(what)); }

// The value of `key` in "a=x, b=y" (Digest, x-goog-hash) or "a=:x:" (Repr-Digest).
std::string_view listed_digest(std::string_view list, std::string_view key) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view item = trim(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos || to_lower(item.substr(0, equals)) != key) continue;
    std::string_view value = trim(item.substr(equals + 1));
    if (value.size() >= 2 && value.front() == ':' && value.back() == ':') {
      value = value.substr(1, value.size() - 2);
    }
    return value;
  }
  return {};
}

// Whatever checksum the host sent and this program knows agrees. A part of a file has none: Content-MD5 and Digest are
// then about the part.
bool checksums_agree(const HttpHead& head, const Digest& digest) {
  const std::string sha256 = to_base64(digest.sha256());
  const std::string md5 = to_base64(digest.md5());
  const auto agrees = [](std::string_view claimed, const std::string& actual) {
    return claimed.empty() || claimed == actual;
  };
  for (const auto& [name, value] : head.headers) {
    if (name == "repr-digest" || name == "digest" || name == "content-digest") {
      if (!agrees(listed_digest(value, "sha-256"), sha256) || !agrees(listed_digest(value, "md5"), md5)) return false;
    } else if (name == "x-goog-hash") {
      if (!agrees(listed_digest(value, "md5"), md5)) return false;
    } else if (name == "content-md5") {
      if (!agrees(trim(value), md5)) return false;
    } else if (name == "x-amz-checksum-sha256") {
      // Of a multipart upload it is a digest of digests, marked by "-N".
      if (value.find('-') == std::string::npos && !agrees(trim(value), sha256)) return false;
    }
  }
  return true;
}

// The bytes are sound as far as HTTP can tell and are what was paid for; only this program cannot show them.
bool worth_keeping(const Error& error) {
  switch (error.cause) {
    case Cause::format_unexpected:
    case Cause::format_unsupported:
    case Cause::picture_too_large:
    case Cause::decoder_failed:
    case Cause::out_of_memory: return true;
    default: return false;
  }
}

}  // namespace

Fetch::Fetch(Needs needs, std::string job, bool service_on_loopback)
    : needs_(std::move(needs)), job_(std::move(job)), loopback_(service_on_loopback) {}

Fetch::~Fetch() { stop(); }

void Fetch::stop() {
  if (transfer_) needs_.transport.cancel(transfer_);
  transfer_ = 0;
  done_ = {};
}

void Fetch::start_over() {
  part_.reset();
  bytes_ = total_ = 0;
  etag_.clear();
  digest_ = {};
  decoder_.reset();
  backlog_.clear();
  decoded_.reset();
}

void Fetch::get_ready() {
  if (!standby_ && !decoder_) standby_ = start_decoder(needs_.limits, needs_.wake);
}

void Fetch::begin(const std::string& link, Progress progress, Done done) {
  progress_ = std::move(progress);
  done_ = std::move(done);
  redirects_ = 0;
  whole_ = finished_feeding_ = false;
  fault_.reset();
  retry_after_.reset();
  // Without a strong ETag nobody can say that the rest would be of the same file.
  if (bytes_ > 0 && (etag_.empty() || decoded_)) start_over();
  const auto url = parse_url(link);
  const std::string fault = file_link_fault(url, loopback_);
  if (!fault.empty()) {
    fail(make_error(Stage::fetching, Cause::link_unsafe,
                    "The service's link to the picture is not safe to follow: " + fault + "."));
    return;
  }
  request(*url);
}

void Fetch::request(const Url& url) {
  url_ = url;
  redirect_.reset();
  HttpRequest request;
  request.url = url.text;
  request.reach = loopback_ ? Reach::public_or_loopback : Reach::the_public;
  request.most_bytes = kMostBytes;
  if (bytes_ > 0) {
    request.headers = {"Range: bytes=" + std::to_string(bytes_) + "-", "If-Range: " + etag_};
  }
  transfer_ = needs_.transport.start(std::move(request), *this);
}

// ---- the answer ----

bool Fetch::head(const HttpHead& head) {
  head_ = head;
  if (head.status >= 300 && head.status < 400 && head.status != 304) {
    redirect_ = resolve_url(url_, head.header("location"));
    const std::string fault = file_link_fault(redirect_, loopback_);
    if (!fault.empty() || ++redirects_ > kMostRedirects) {
      fault_ = make_error(Stage::fetching, Cause::link_unsafe,
                          fault.empty() ? "The file host sends the request from one place to the next."
                                        : "The file host redirects to where it is not safe to follow: " + fault + ".",
                          {}, head.status);
      redirect_.reset();
    }
    return false;
  }
  fault_ = judge_head(head);
  return !fault_;
}

std::optional<Error> Fetch::judge_head(const HttpHead& head) {
  const int status = head.status;
  const auto error = [&](Cause cause, std::string what) {
    return make_error(Stage::fetching, cause, std::move(what), {}, status);
  };
  if (status == 429 || status >= 500) {
    retry_after_ = parse_retry_after(head.header("retry-after"), head.header("date"));
    return error(status == 429 ? Cause::rate_limited : Cause::server_error,
                 "The file host has a fault (" + std::to_string(status) + ").");
  }
  if (status == 416) {
    start_over();
    return incomplete("The file host could not go on where the transfer was cut off.");
  }
  if (status >= 400) return error(Cause::link_refused, "The file host no longer accepts the link.");
  if (status != 200 && status != 206) {
    return error(Cause::bad_answer, "The file host answered with status " + std::to_string(status) + ".");
  }
  if (const auto coding = head.header("content-encoding"); !coding.empty() && coding != "identity") {
    return incomplete("The file host packs the picture, so that its end cannot be checked.");
  }
  const auto length = number(head.header("content-length"));
  if (length && *length > kMostBytes) return error(Cause::file_too_large, "The file is far too large.");
  if (status == 206) {
    if (const auto all = bytes_ > 0 ? length_if_it_continues(head) : std::nullopt) {
      total_ = *all;
      return {};
    }
    start_over();
    return incomplete("The file host sent another part of the file than was asked for.");
  }
  if (bytes_ > 0) start_over();  // it has changed, or the host knows no parts
  total_ = length.value_or(0);
  const std::string_view etag = head.header("etag");
  if (etag.size() > 2 && etag.front() == '"' && etag.back() == '"') etag_ = etag;  // strong; a weak one has W/
  return start_file();
}

// The length of the whole file, if a 206 goes on exactly where the last attempt ended: "bytes 100-299/300".
std::optional<std::uint64_t> Fetch::length_if_it_continues(const HttpHead& head) const {
  std::string_view range = head.header("content-range");
  if (range.substr(0, 6) != "bytes ") return {};
  range.remove_prefix(6);
  const std::size_t dash = range.find('-');
  const std::size_t slash = range.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) return {};
  const auto first = number(range.substr(0, dash));
  const auto last = number(range.substr(dash + 1, slash - dash - 1));
  const auto all = number(range.substr(slash + 1));
  const bool fits = first && last && all && *first == bytes_ && *all == *last + 1 && *all > bytes_ &&
                    (total_ == 0 || *all == total_) && head.header("etag") == etag_;
  return fits ? all : std::nullopt;
}

std::optional<Error> Fetch::start_file() {
  part_ = Fd(::open(needs_.files.part(job_).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!part_) {
    return disk_error(Stage::saving, Cause::data_folder, "The picture cannot be written to the data folder.", errno);
  }
  // One that has ended while it waited is of no use, whatever it died of.
  if (!standby_ || standby_->take()) standby_ = start_decoder(needs_.limits, needs_.wake);
  decoder_ = std::move(standby_);
  return {};
}

HttpSink::Taken Fetch::body(std::span<const std::byte> bytes) {
  look_at_decoder();
  if (fault_) return Taken::stop;
  if (!backlog_.empty()) return Taken::none_yet;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (const int error = write_all(part_.get(), text)) {
    fault_ = disk_error(Stage::saving, Cause::data_folder, "The picture cannot be written to the data folder.", error);
    return Taken::stop;
  }
  digest_.update(bytes);
  bytes_ += bytes.size();
  if (!decoded_) {
    const std::size_t taken = decoder_->feed(bytes);
    backlog_.assign(text.substr(taken));
  }
  if (progress_) progress_(bytes_, total_);
  return Taken::all;
}

void Fetch::end(const HttpEnd& end) {
  transfer_ = 0;
  if (redirect_) {
    const Url url = *redirect_;
    request(url);
    return;
  }
  if (!fault_) fault_ = judge_end(end);
  if (end.fault == HttpFault::out_of_memory) start_over();  // body() may have stopped anywhere
  if (fault_) {
    fail(*fault_);
    return;
  }
  whole_ = true;
  pump();
}

std::optional<Error> Fetch::judge_end(const HttpEnd& end) const {
  if (end.fault == HttpFault::too_large) {
    return make_error(Stage::fetching, Cause::file_too_large, "The file is far too large.");
  }
  if (end.fault != HttpFault::none) return transfer_error(Stage::fetching, end, "the file host");
  if (!end.exact) return incomplete("The file host does not say where the file ends, so it may be cut.");
  if (total_ != 0 && bytes_ != total_) return incomplete("The file is shorter than the file host announced.");
  if (head_.status == 200 && !checksums_agree(head_, digest_)) {
    return make_error(Stage::fetching, Cause::file_damaged, "The file does not match the checksum that came with it.");
  }
  return {};
}

// ---- the decoder ----

void Fetch::look_at_decoder() {
  if (!decoder_ || decoded_) return;
  decoded_ = decoder_->take();
  if (!decoded_) return;
  backlog_.clear();
  decoder_.reset();
  // A file that cannot be right is not worth the rest of its bytes; one that only cannot be shown is.
  if (!*decoded_ && !worth_keeping(decoded_->error()) && !whole_) fault_ = decoded_->error();
}

void Fetch::feed_decoder() {
  if (!decoder_ || decoded_) return;
  if (!backlog_.empty()) {
    const std::size_t taken = decoder_->feed(std::as_bytes(std::span(backlog_)));
    backlog_.erase(0, taken);
    if (taken > 0 && backlog_.empty() && transfer_) needs_.transport.resume(transfer_);
  }
  if (whole_ && backlog_.empty() && !finished_feeding_) {
    finished_feeding_ = true;
    decoder_->finish();
  }
}

void Fetch::pump() {
  if (!done_) return;
  look_at_decoder();
  feed_decoder();
  if (decoded_ && transfer_) needs_.transport.resume(transfer_);  // it may have been waiting for room
  if (whole_ && decoded_) finish();
}

void Fetch::finish() {
  if (!*decoded_) {
    fail(decoded_->error());
    return;
  }
  FetchedFile file;
  file.picture = std::move(**decoded_);
  file.record.path = std::filesystem::path("originals") / needs_.files.original(job_, file.picture.mime).filename();
  file.record.bytes = bytes_;
  file.record.sha256 = to_hex(digest_.sha256());
  file.record.mime = file.picture.mime;
  file.record.width = file.picture.stored_width;
  file.record.height = file.picture.stored_height;
  file.record.note = file.picture.note;
  start_over();
  const auto done = std::exchange(done_, {});
  done(std::move(file));
}

void Fetch::fail(Error error) {
  FetchFault fault;
  fault.retry_after = retry_after_;
  fault.progressed = bytes_ >= furthest_ + kGoodPart;
  furthest_ = std::max(furthest_, bytes_);
  const bool damaged = error.cause == Cause::file_damaged;
  if (damaged || (whole_ && worth_keeping(error))) {
    const auto kept = needs_.files.keep_aside(job_);
    if (!kept.empty() && !damaged) error.what += " The file is " + kept.string() + ".";
    start_over();
  }
  // Whoever takes the job up again is to ask for another link.
  if (error.cause == Cause::link_unsafe) needs_.files.remove_link(job_);
  fault.error = with_paid(std::move(error), Paid::no);
  if (const auto done = std::exchange(done_, {})) done(std::move(fault));
}

}  // namespace inset
