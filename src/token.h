// SPDX-License-Identifier: GPL-2.0-or-later
// How long an access token is good for. Pure.
#pragma once

#include <optional>

#include "retry.h"
#include "secret.h"

namespace inset {

class Token {
 public:
  Token() = default;
  Token(Secret text, std::chrono::seconds life, Time boot_now);

  // Renewed ahead: less than 5 minutes, or a fifth of its life if that is shorter, remain. `boot_now` goes on while the
  // computer sleeps.
  bool is_fresh(Time boot_now) const;
  // What is left of its life; empty if there is none, or nothing is left.
  std::optional<std::chrono::seconds> life(Time boot_now) const;
  std::string_view view() const { return text_.view(); }
  void drop() { *this = Token(); }

 private:
  Secret text_;
  Time renew_at_{0};
  Time ends_at_{0};
};

}  // namespace inset
