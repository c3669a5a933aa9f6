// SPDX-License-Identifier: GPL-2.0-or-later
#include "preview.h"

#include <span>
#include <utility>

#include "url.h"

namespace inset {
namespace {

constexpr std::uint64_t kMostBytes = 4u << 20;
constexpr DecodeLimits kLimits{.side = 2048, .pixel_bytes = 16u << 20};
constexpr std::chrono::seconds kTimeLimit{20};

}  // namespace

Preview::Preview(Transport& transport, const std::string& link, bool service_on_loopback, std::function<void()> wake,
                 Done done)
    : transport_(transport), wake_(std::move(wake)), done_(std::move(done)) {
  const auto url = parse_url(link);
  if (!file_link_fault(url, service_on_loopback).empty()) {
    failed_ = true;
    wake_();
    return;
  }
  HttpRequest request;
  request.url = url->text;
  request.reach = service_on_loopback ? Reach::public_or_loopback : Reach::the_public;
  request.most_bytes = kMostBytes;
  request.time_limit = kTimeLimit;
  transfer_ = transport_.start(std::move(request), *this);
}

Preview::~Preview() {
  if (transfer_) transport_.cancel(transfer_);
}

bool Preview::head(const HttpHead& head) { return head.status == 200 && head.header("content-encoding").empty(); }

HttpSink::Taken Preview::body(std::span<const std::byte> bytes) {
  bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return Taken::all;
}

void Preview::end(const HttpEnd& end) {
  transfer_ = 0;
  failed_ = end.fault != HttpFault::none || !end.exact || bytes_.empty();
  if (!failed_) decoder_ = start_decoder(kLimits, wake_);
  wake_();
}

void Preview::pump() {
  if (!done_ || transfer_) return;
  std::optional<Picture> picture;
  if (!failed_) {
    if (fed_ < bytes_.size()) {
      fed_ += decoder_->feed(std::as_bytes(std::span(bytes_)).subspan(fed_));
      if (fed_ == bytes_.size()) decoder_->finish();
    }
    auto result = decoder_->take();
    if (!result) return;
    if (*result) picture = std::move(**result);
  }
  const auto done = std::exchange(done_, {});
  done(std::move(picture));
}

}  // namespace inset
