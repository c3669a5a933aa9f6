// SPDX-License-Identifier: GPL-2.0-or-later
#include "forms.h"

namespace inset {
namespace {

int32_t kind_of(Question::Kind kind) {
  switch (kind) {
    case Question::Kind::text: return EASEL_TEXT;
    case Question::Kind::secret: return EASEL_SECRET;
    case Question::Kind::integer: return EASEL_INTEGER;
    case Question::Kind::choice: return EASEL_CHOICE;
    case Question::Kind::note: break;
  }
  return EASEL_NOTE;
}

const char* or_null(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

}  // namespace

const easel_image* FormFields::thumbnail(const Question::Choice& choice) {
  if (!choice.thumbnail) return nullptr;
  const Picture& picture = *choice.thumbnail;
  easel_image& image = thumbnails_.emplace_back();
  image.width = picture.width;
  image.height = picture.height;
  image.stride = std::uint64_t{picture.width} * 4;
  image.format = EASEL_RGBA8;
  image.pixels = picture.pixels.get();
  image.release = [](easel_image*) {};  // not taken: the question owns it
  return &image;
}

FormFields::FormFields(const Question& question) {
  choices_.reserve(question.fields.size());
  fields_.reserve(question.fields.size());
  for (const Question::Field& field : question.fields) {
    std::vector<easel_choice>& choices = choices_.emplace_back();
    for (const Question::Choice& choice : field.choices) {
      choices.push_back({choice.value.c_str(), choice.label.c_str(), thumbnail(choice)});
    }
    easel_field c_field{};
    c_field.key = field.key.c_str();
    c_field.label = field.label.c_str();
    c_field.help = or_null(field.help);
    c_field.initial = or_null(field.initial);
    c_field.choices = choices.empty() ? nullptr : choices.data();
    c_field.choice_count = choices.size();
    c_field.kind = kind_of(field.kind);
    if (field.required) c_field.flags |= EASEL_REQUIRED;
    if (field.watched) c_field.flags |= EASEL_WATCHED;
    if (field.multiline) c_field.flags |= EASEL_MULTILINE;
    fields_.push_back(c_field);
  }
}

}  // namespace inset
