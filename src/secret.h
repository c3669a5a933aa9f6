// SPDX-License-Identifier: GPL-2.0-or-later
// A secret: cannot be copied, printed or compared by accident, and is wiped from memory when it goes.
#pragma once

#include <string.h>

#include <string>
#include <string_view>
#include <utility>

namespace inset {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text) : text_(text) {}
  // The text moves without being copied, which would need memory; what is left of a short one is wiped.
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe();
      text_ = std::move(other.text_);
      other.wipe();
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }

  bool empty() const { return text_.empty(); }
  std::string_view view() const { return text_; }
  Secret copy() const { return Secret(text_); }

 private:
  void wipe() {
    explicit_bzero(text_.data(), text_.capacity());  // small strings live inside the object; this covers them too
    text_.clear();
  }
  std::string text_;
};

}  // namespace inset
