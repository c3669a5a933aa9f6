// SPDX-License-Identifier: GPL-2.0-or-later
// The words of the questions that an insert may ask. Pure.
#pragma once

#include <string>

#include "look_up.h"
#include "question.h"

namespace inset {

// Previews by the number of their picture, as far as they have come.
using Thumbnails = std::map<int, std::shared_ptr<const Picture>>;

// `values` are the answers so far. `found` is what the service offers for them, or null while it is not known.
// `licensed`: this picture in this size has been paid for. `fault`: what was wrong with the last try, or empty.
// `looking_up`: `found` is what was offered before the last change; the fields stay, and nothing can be bought.
// `account`: the sentence that says who is signed in, or empty.
Question insert_question(const Values& values, const Findings* found, const Thumbnails& thumbnails, bool licensed,
                         const std::string& fault, bool looking_up = false, const std::string& account = {});

// Whether to request once more what may have been charged already.
Question again_question(const std::string& why);

}  // namespace inset
