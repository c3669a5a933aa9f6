// SPDX-License-Identifier: GPL-2.0-or-later
#include "token.h"

#include <algorithm>

namespace inset {

Token::Token(Secret text, std::chrono::seconds life, Time boot_now) : text_(std::move(text)) {
  const Time margin = std::min<Time>(std::chrono::minutes(5), Time(life) / 5);
  ends_at_ = boot_now + life;
  renew_at_ = ends_at_ - margin;
}

bool Token::is_fresh(Time boot_now) const { return !text_.empty() && boot_now < renew_at_; }

std::optional<std::chrono::seconds> Token::life(Time boot_now) const {
  if (text_.empty() || boot_now >= ends_at_) return {};
  return std::chrono::duration_cast<std::chrono::seconds>(ends_at_ - boot_now);
}

}  // namespace inset
