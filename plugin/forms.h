// SPDX-License-Identifier: GPL-2.0-or-later
// A question of the engine as the contract's structs. The structs point into this object.
#pragma once

#include <easel/easel.h>

#include <deque>
#include <vector>

#include "question.h"

namespace inset {

class FormFields {
 public:
  explicit FormFields(const Question& question);  // must outlive this
  FormFields(const FormFields&) = delete;
  FormFields& operator=(const FormFields&) = delete;

  const easel_field* data() const { return fields_.data(); }
  size_t size() const { return fields_.size(); }

 private:
  const easel_image* thumbnail(const Question::Choice& choice);

  std::vector<std::vector<easel_choice>> choices_;
  std::deque<easel_image> thumbnails_;  // a deque, because choices point into it
  std::vector<easel_field> fields_;
};

}  // namespace inset
