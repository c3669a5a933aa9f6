// SPDX-License-Identifier: GPL-2.0-or-later
#include "insert_form.h"

#include <algorithm>

#include "sign_in_form.h"

namespace inset {
namespace {

using Field = Question::Field;
using Kind = Question::Kind;

std::string value_of(const Values& values, const char* key) {
  const auto found = values.find(key);
  return found == values.end() ? std::string() : found->second;
}

Field note(std::string key, std::string text) {
  return Field{.key = std::move(key), .label = std::move(text), .kind = Kind::note};
}

std::string pixels(const SizeOffer& offer) {
  return std::to_string(offer.width) + " × " + std::to_string(offer.height);
}

const Product* chosen_product(const Values& values, const std::vector<Product>& products) {
  if (products.size() == 1) return &products.front();
  const auto found = std::find_if(products.begin(), products.end(), [&](const Product& p) {
    return std::to_string(p.id) == value_of(values, "product_id");
  });
  return found == products.end() ? nullptr : &*found;
}

// The one that pays, or those to choose from.
std::string chosen_agreement(const Values& values, const std::vector<Product>& products) {
  const Product* chosen = chosen_product(values, products);
  return agreement_text(chosen ? std::vector<Product>{*chosen} : products);
}

void add_licence_fields(Question& question, const Values& values, const std::vector<Product>& products) {
  if (products.size() > 1) {
    Field field{.key = "product_id",
                .label = "Agreement",
                .kind = Kind::choice,
                .initial = value_of(values, "product_id"),
                .required = true,
                .watched = true};
    for (const Product& product : products) field.choices.push_back({std::to_string(product.id), product.name});
    question.fields.push_back(std::move(field));
  }
  const Product* product = chosen_product(values, products);
  if (product && product->needs_project_code) {
    Field field{.key = "project_code",
                .label = "Project code",
                .kind = product->project_codes.empty() ? Kind::text : Kind::choice,
                .initial = value_of(values, "project_code"),
                .required = true,
                .watched = true};
    for (const std::string& code : product->project_codes) field.choices.push_back({code, code});
    question.fields.push_back(std::move(field));
  }
  question.fields.push_back(Field{.key = "notes",
                                  .label = "Notes",
                                  .kind = Kind::text,
                                  .help = "Kept with the licence at Getty Images.",
                                  .initial = value_of(values, "notes"),
                                  .required = product && product->needs_notes,
                                  .watched = true,
                                  .multiline = true});
}

}  // namespace

Question insert_question(const Values& values, const Findings* found, const Thumbnails& thumbnails, bool licensed,
                         const std::string& fault, bool looking_up, const std::string& account) {
  Question question{.title = "Insert Generated Image", .accept = "Continue", .fields = {}};
  if (!fault.empty()) question.fields.push_back(note("fault", fault));
  if (!account.empty()) {
    question.fields.push_back(
        note("account", found ? account + " " + chosen_agreement(values, found->products) : account));
  }
  question.fields.push_back(Field{.key = "generation",
                                  .label = "Generation",
                                  .kind = Kind::text,
                                  .help = "The id of a generation at Getty Images' Generative AI.",
                                  .initial = value_of(values, "generation"),
                                  .required = true,
                                  .watched = true});
  if (!found) return question;

  Field picture{.key = "index",
                .label = "Picture",
                .kind = Kind::choice,
                .initial = value_of(values, "index"),
                .required = true,
                .watched = true};
  for (const GeneratedPicture& p : found->pictures) {
    const std::string number = std::to_string(p.index);
    const auto thumbnail = thumbnails.find(p.index);
    picture.choices.push_back({number, "Picture " + number + (p.blocked ? " (withheld by content rules)" : ""),
                               thumbnail == thumbnails.end() ? nullptr : thumbnail->second});
  }
  question.fields.push_back(std::move(picture));
  if (found->offers.empty()) return question;

  Field size{.key = "size",
             .label = "Size",
             .kind = Kind::choice,
             .initial = value_of(values, "size"),
             .required = true,
             .watched = true};
  const SizeOffer* chosen = nullptr;
  for (const SizeOffer& offer : found->offers) {
    size.choices.push_back({offer.name, offer.name + ": " + pixels(offer)});
    if (offer.name == size.initial) chosen = &offer;
  }
  question.fields.push_back(std::move(size));
  add_licence_fields(question, values, found->products);
  if (looking_up) question.fields.push_back(note("charge", "Asking the service …"));
  if (!chosen || looking_up) return question;
  question.fields.push_back(
      note("charge", licensed ? "Already licensed: free." : "A charge may apply under your agreement."));
  question.accept = (licensed ? "Insert " : "License and Insert ") + pixels(*chosen);
  return question;
}

Question again_question(const std::string& why) {
  Question question{.title = "Request Again?", .accept = "Continue", .fields = {}};
  question.fields.push_back(note("why", why));
  // The Enter key alone must not buy anything.
  question.fields.push_back(Field{.key = "again",
                                  .label = "Request it again",
                                  .kind = Kind::choice,
                                  .initial = "no",
                                  .choices = {{"no", "No"}, {"yes", "Yes, even if that is a second charge"}},
                                  .required = true});
  return question;
}

}  // namespace inset
