// SPDX-License-Identifier: GPL-2.0-or-later
// One JSON object a line on standard output, in ASCII: a line may end up on a terminal, and
// everything that could steer one is escaped.
#include <charconv>
#include <cmath>
#include <cstdio>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "headless/printer.h"
#include "headless/text.h"

namespace easel {
namespace {

using Json = nlohmann::ordered_json;

void print(const Json& object) {
  const std::string line = object.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

template <class T>
bool parse(std::string_view text, T* out) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return code == std::errc() && end == text.data() + text.size();
}

// A number if it is one, else the text itself.
Json number(std::string_view text) {
  uint64_t whole = 0;
  if (parse(text, &whole)) return whole;
  double real = 0;
  if (parse(text, &real) && std::isfinite(real)) return real;
  return text;
}

bool is_number(std::string_view key) {
  for (const std::string_view name : {"width", "height", "bytes", "total", "fraction", "http_status", "index"})
    if (key == name) return true;
  return false;
}

// "NAME WIDTH HEIGHT", where only the name can hold spaces.
Json choice(std::string_view text) {
  const size_t second = text.rfind(' ');
  const size_t first =
      second == std::string_view::npos || second == 0 ? std::string_view::npos : text.rfind(' ', second - 1);
  if (first == std::string_view::npos) return {{"name", text}};
  return {{"name", text.substr(0, first)},
          {"width", number(text.substr(first + 1, second - first - 1))},
          {"height", number(text.substr(second + 1))}};
}

const char* kind_name(int32_t kind) {
  switch (kind) {
    case EASEL_TEXT: return "text";
    case EASEL_SECRET: return "secret";
    case EASEL_INTEGER: return "integer";
    case EASEL_CHOICE: return "choice";
    case EASEL_NOTE: return "note";
    default: return "unknown";
  }
}

const char* or_empty(const char* text) { return text != nullptr ? text : ""; }

class JsonPrinter : public Printer {
 public:
  void actions(const easel_descriptor& plugin) override {
    for (size_t i = 0; i < plugin.action_count; ++i) {
      const easel_action& action = plugin.actions[i];
      Json fields = Json::array();
      for (size_t k = 0; k < action.field_count; ++k) {
        const easel_field& field = action.fields[k];
        Json out{{"key", field.key},
                 {"label", or_empty(field.label)},
                 {"help", or_empty(field.help)},
                 {"kind", kind_name(field.kind)},
                 {"required", (field.flags & EASEL_REQUIRED) != 0}};
        if (field.choice_count > 0 && field.choices != nullptr) {
          out["choices"] = Json::array();
          for (size_t c = 0; c < field.choice_count; ++c) out["choices"].push_back(or_empty(field.choices[c].value));
        }
        fields.push_back(std::move(out));
      }
      print({{"action", action.id}, {"label", action.label}, {"hint", or_empty(action.hint)}, {"fields", fields}});
    }
  }

  void event(const Event& event, const Canvas& canvas) override {
    Json out{{"event", event.kind}, {"job", event.job}};
    for (size_t i = 0; i < event.count; ++i) {
      if (event.pairs[i].key == nullptr || event.pairs[i].value == nullptr) continue;
      const std::string_view key = event.pairs[i].key;
      const std::string_view value = event.pairs[i].value;
      if (key == "choice")
        out["choices"].push_back(choice(value));
      else if (!out.contains(key))  // never over "event" and "job"
        out[std::string(key)] = is_number(key) ? number(value) : Json(value);
    }
    if (event.kind == "placed") {
      out["canvas"] = canvas.last();
      if (const std::string picture = canvas.picture_of(event.get("original")); !picture.empty())
        out["picture"] = picture;
    }
    print(out);
  }

  void complain(const std::string& text) override { std::fprintf(stderr, "easel: %s\n", clean(text).c_str()); }
};

}  // namespace

std::unique_ptr<Printer> make_json_printer() { return std::make_unique<JsonPrinter>(); }

}  // namespace easel
