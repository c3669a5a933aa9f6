// SPDX-License-Identifier: GPL-2.0-or-later
// A question to the person, as data. plugin/forms.cc turns it into the contract's structs; the host draws it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "decode/decoder.h"

namespace inset {

struct Question {
  enum class Kind { text, secret, integer, choice, note };
  struct Choice {
    std::string value;
    std::string label;
    std::shared_ptr<const Picture> thumbnail{};  // or null
  };
  struct Field {
    std::string key;
    std::string label;
    Kind kind = Kind::text;
    std::string help{};
    std::string initial{};
    std::vector<Choice> choices{};
    bool required = false;
    bool watched = false;
    bool multiline = false;
  };
  std::string title;
  std::string accept;  // the text of the button
  std::vector<Field> fields;
};

// Parameters of an action, and answers of a form.
using Values = std::map<std::string, std::string>;

}  // namespace inset
