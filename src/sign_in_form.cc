// SPDX-License-Identifier: GPL-2.0-or-later
#include "sign_in_form.h"

namespace inset {
namespace {

using Field = Question::Field;
using Kind = Question::Kind;

Field note(std::string key, std::string text) {
  return Field{.key = std::move(key), .label = std::move(text), .kind = Kind::note};
}

}  // namespace

Question sign_in_question(const std::string& api_key, bool has_keyring, const std::string& file,
                          const std::string& fault) {
  Question question{.title = "Sign In to Getty Images", .accept = "Sign In", .fields = {}};
  if (!fault.empty()) question.fields.push_back(note("fault", fault));
  question.fields.push_back(
      note("about",
           "You sign in with your browser, at Getty Images. The API key comes with your agreement; it says "
           "for whom you sign in."));
  question.fields.push_back(
      Field{.key = "api_key", .label = "API key", .kind = Kind::text, .initial = api_key, .required = true});
  question.fields.push_back(
      Field{.key = "client_secret",
            .label = "Client secret",
            .kind = Kind::secret,
            .help = "Only if your agreement gave you one: then no browser is needed. Else leave it empty."});
  Field keep{.key = "keep", .label = "Keep it", .kind = Kind::choice, .initial = has_keyring ? "keyring" : "session"};
  if (has_keyring) keep.choices.push_back({"keyring", "In the keyring of this computer"});
  keep.choices.push_back({"session", "In memory, until this program ends"});
  keep.choices.push_back({"file", "In a file that only you can read: " + file});
  question.fields.push_back(std::move(keep));
  return question;
}

Question unlock_question() {
  Question question{.title = "Sign In to Getty Images", .accept = "Unlock the Keyring", .fields = {}};
  question.fields.push_back(note("about",
                                 "The keyring of this computer is locked. It may hold your sign-in. The keyring itself "
                                 "asks for its password; Inset does not get to see it."));
  return question;
}

Question browser_question(const std::string& address) {
  Question question{.title = "Sign In to Getty Images", .accept = "Open the Page Again", .fields = {}};
  question.fields.push_back(
      note("about", "Your browser shows a page of Getty Images: go on there. This window closes by itself."));
  question.fields.push_back(Field{.key = "address",
                                  .label = "Address",
                                  .kind = Kind::text,
                                  .help = "If no page has opened, copy this into a browser on this computer.",
                                  .initial = address});
  return question;
}

Question status_question(const std::vector<std::string>& lines) {
  Question question{.title = "Getty Images", .accept = "Sign Out", .fields = {}};
  for (std::size_t i = 0; i < lines.size(); ++i) question.fields.push_back(note("line" + std::to_string(i), lines[i]));
  return question;
}

std::string account_text(const std::string& api_key, const std::string& place) {
  constexpr std::size_t kShown = 4;
  std::string text = "Signed in to Getty Images";
  if (api_key.size() >= 3 * kShown) text += " with the API key …" + api_key.substr(api_key.size() - kShown);
  return text + (place.empty() ? "." : " (" + place + ").");
}

std::string agreement_text(const std::vector<Product>& products) {
  std::string names;
  for (const Product& product : products) {
    names += (names.empty() ? "" : ", ") + product.name + " (" + std::to_string(product.id) + ")";
  }
  if (names.empty()) return "The service names no agreement for generated pictures.";
  return (products.size() > 1 ? "Agreements: " : "Agreement: ") + names + ".";
}

}  // namespace inset
