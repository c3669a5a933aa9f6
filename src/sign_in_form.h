// SPDX-License-Identifier: GPL-2.0-or-later
// The words of the questions about signing in. Pure.
#pragma once

#include <string>
#include <vector>

#include "api.h"
#include "question.h"

namespace inset {

// API key, which may be known already; a secret for those who have one; where to keep it. `fault`: what was wrong with
// the last try, or empty.
Question sign_in_question(const std::string& api_key, bool has_keyring, const std::string& file,
                          const std::string& fault);

// The keyring is locked, and may hold a sign-in.
Question unlock_question();

// The browser is open, or ought to be.
Question browser_question(const std::string& address);

// Who is signed in; the button signs out.
Question status_question(const std::vector<std::string>& lines);

// Who is signed in: "Signed in to Getty Images with the API key …c0f2 (kept in the keyring)." Of the key there is no
// more than tells it from another. `place`: as Account::place_text().
std::string account_text(const std::string& api_key, const std::string& place);

// Through which: "Agreement: Team (7)."
std::string agreement_text(const std::vector<Product>& products);

}  // namespace inset
