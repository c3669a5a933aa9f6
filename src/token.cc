// SPDX-License-Identifier: GPL-2.0-or-later
#include "token.h"

#include <algorithm>

namespace inset {

Token::Token(Secret text, std::chrono::seconds life, Time boot_now) : text_(std::move(text)) {
  const Time margin = std::min<Time>(std::chrono::minutes(5), Time(life) / 5);
  renew_at_ = boot_now + life - margin;
}

bool Token::is_fresh(Time boot_now) const { return !text_.empty() && boot_now < renew_at_; }

}  // namespace inset
