// SPDX-License-Identifier: GPL-2.0-or-later
// Fetches the small picture that shows a person what they are about to license. Costs nothing, is kept nowhere, and
// goes through the same address rules, checks and decoder as the real file. If it does not come, the form does without
// it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "decode/decoder.h"
#include "http.h"

namespace inset {

class Preview final : private HttpSink {
 public:
  // `wake` makes the worker call pump(); [any]. Done is called from pump(), and may destroy this object.
  using Done = std::function<void(std::optional<Picture>)>;
  Preview(Transport& transport, const std::string& link, bool service_on_loopback, std::function<void()> wake,
          Done done);
  ~Preview() override;
  Preview(const Preview&) = delete;
  Preview& operator=(const Preview&) = delete;

  void pump();

 private:
  bool head(const HttpHead& head) override;
  Taken body(std::span<const std::byte> bytes) override;
  void end(const HttpEnd& end) override;

  Transport& transport_;
  Transport::Id transfer_ = 0;
  std::function<void()> wake_;
  Done done_;
  bool failed_ = false;
  std::string bytes_;  // small enough to be held whole
  std::size_t fed_ = 0;
  std::unique_ptr<Decoder> decoder_;
};

}  // namespace inset
