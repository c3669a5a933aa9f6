// SPDX-License-Identifier: GPL-2.0-or-later
// For people: progress on standard error (a bar on a terminal, else a line whenever the stage
// changes), results on standard output, bad news on standard error.
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "headless/printer.h"
#include "headless/text.h"

namespace easel {
namespace {

using Clock = std::chrono::steady_clock;
using Row = std::vector<std::string>;

constexpr std::chrono::milliseconds kRedraw{100};

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

// "signing_in" reads "signing in".
std::string words(std::string_view name) {
  std::string out = clean(name);
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

bool same_words(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string decimal(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

// "1.7 of 2.7 MB"; both in the unit of the larger.
std::string amount(std::optional<double> bytes, std::optional<double> total) {
  if (!bytes) return {};
  const double large = std::max(*bytes, total.value_or(0));
  const bool mega = large >= 1e6;
  const double unit = mega ? 1e6 : 1e3;
  const int digits = mega ? 1 : 0;
  std::string out = decimal(*bytes / unit, digits);
  if (total) out += " of " + decimal(*total / unit, digits);
  return out + (mega ? " MB" : " kB");
}

std::string pixels(std::string_view width, std::string_view height) {
  if (width.empty() || height.empty()) return {};
  return clean(width) + " × " + clean(height);
}

// The name is what stands before the last two spaces.
Row size_row(std::string_view choice) {
  const size_t second = choice.rfind(' ');
  if (second == std::string_view::npos || second == 0) return {clean(choice), ""};
  const size_t first = choice.rfind(' ', second - 1);
  if (first == std::string_view::npos) return {clean(choice), ""};
  return {clean(choice.substr(0, first)),
          pixels(choice.substr(first + 1, second - first - 1), choice.substr(second + 1))};
}

void print_table(const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns(row[i]));
  }
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) line += padded(row[i], widths[i] + 2);
    line.erase(line.find_last_not_of(' ') + 1);
    std::printf("  %s\n", line.c_str());
  }
}

class PeoplePrinter : public Printer {
 public:
  PeoplePrinter() {
    const char* terminal = std::getenv("TERM");
    const bool dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
    draws_ = isatty(STDERR_FILENO) != 0 && isatty(STDOUT_FILENO) != 0 && !dumb;
  }

  void actions(const easel_descriptor& plugin) override {
    std::printf("%s %s\n", clean(plugin.name).c_str(), clean(plugin.release).c_str());
    for (size_t i = 0; i < plugin.action_count; ++i) {
      const easel_action& action = plugin.actions[i];
      std::printf("\n%s: %s\n", clean(action.id).c_str(), clean(action.hint ? action.hint : action.label).c_str());
      std::vector<Row> rows;
      for (size_t k = 0; k < action.field_count; ++k) {
        const easel_field& field = action.fields[k];
        const char* about = field.help ? field.help : field.label ? field.label : "";
        rows.push_back({clean(field.key), (field.flags & EASEL_REQUIRED) != 0 ? "required" : "", clean(about)});
      }
      print_table(rows);
    }
  }

  void event(const Event& event, const Canvas& canvas) override {
    if (event.kind == "progress")
      progress(event);
    else if (event.kind == "placed")
      placed(event, canvas);
    else if (event.kind == "listed")
      listed(event);
    else if (event.kind == "told")
      say(stderr, joined(clean(event.get("title")), clean(event.get("text"))));
    else if (event.kind == "rests")
      say(stderr, joined(clean(event.get("job_id")), clean(event.get("message"))));
    else if (event.kind == "failed")
      failed(event);
    else if (event.kind == "done" && placed_count_ != 1)
      closing_ = clean(event.get("text"));
  }

  void complain(const std::string& text) override { say(stderr, "easel: " + clean(text)); }

  int tick() override {
    if (held_back_.empty()) return -1;
    const auto now = Clock::now();
    if (now >= drawn_at_ + kRedraw) {
      draw(now);
      return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(drawn_at_ + kRedraw - now);
    return static_cast<int>(left.count());
  }

  void finish() override {
    wipe();
    if (jobs_.size() > 1) print_table(jobs_);
    if (!closing_.empty()) std::printf("%s\n", closing_.c_str());
    std::fflush(stdout);
  }

 private:
  static std::string joined(const std::string& head, const std::string& tail) {
    if (head.empty() || tail.empty()) return head + tail;
    return head + ": " + tail;
  }

  // A whole line, out of the bar's way.
  void say(std::FILE* where, const std::string& text) {
    wipe();
    std::fprintf(where, "%s\n", text.c_str());
    std::fflush(where);
  }

  void progress(const Event& event) {
    const std::string stage = words(event.get("stage"));
    if (!draws_) {
      if (stage != stage_) say(stderr, stage);
      stage_ = stage;
      return;
    }
    std::string numbers;
    const std::optional<double> fraction = number(event.get("fraction"));
    if (fraction) {
      const std::string percent = decimal(std::clamp(*fraction, 0.0, 1.0) * 100, 0);
      numbers = std::string(3 - percent.size(), ' ') + percent + " %  ";
    }
    numbers += amount(number(event.get("bytes")), number(event.get("total")));
    // What only repeats the stage is left out.
    const std::string text = clean(event.get("text"));
    if (!text.empty() && !same_words(text, stage)) numbers += (numbers.empty() ? "" : "  ") + text;
    stage_ = stage;
    fraction_ = fraction;
    held_back_ = numbers.empty() ? " " : numbers;
    tick();
  }

  // One line that never reaches the last column: a terminal would begin a new one there.
  void draw(Clock::time_point now) {
    winsize size{};
    const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    const size_t width = known ? size.ws_col - 1u : 79;
    std::string line = padded(stage_, 14);
    const size_t taken = columns(line) + columns(held_back_) + 4;
    if (fraction_ && width >= taken + 8) {
      const size_t cells = std::min<size_t>(width - taken, 40);
      const auto full = static_cast<size_t>(std::clamp(*fraction_, 0.0, 1.0) * static_cast<double>(cells));
      line += "[" + std::string(full, '#') + std::string(cells - full, '.') + "]  ";
    }
    std::fprintf(stderr, "\r\x1b[K%s", cut(line + held_back_, width).c_str());
    std::fflush(stderr);
    held_back_.clear();
    drawn_at_ = now;
    on_screen_ = true;
  }

  void wipe() {
    held_back_.clear();
    if (!on_screen_) return;
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
    on_screen_ = false;
  }

  void placed(const Event& event, const Canvas& canvas) {
    ++placed_count_;
    const std::string picture = canvas.picture_of(event.get("original"));
    std::string text = "Placed " + clean(event.get("name"));
    const std::string size = pixels(event.get("width"), event.get("height"));
    if (!size.empty()) text += " (" + size + ")";
    text += " on " + clean(picture.empty() ? canvas.last() : picture) + ".";
    if (!event.get("note").empty()) text += " " + clean(event.get("note"));
    say(stdout, text);
  }

  void listed(const Event& event) {
    if (jobs_.empty()) jobs_.push_back({"JOB", "STATE", "GENERATION", "INDEX", "SIZE", "PIXELS", "PAID", "UPDATED"});
    Row row;
    for (const char* key : {"job_id", "state", "generation", "index", "size"}) row.push_back(clean(event.get(key)));
    row.push_back(pixels(event.get("width"), event.get("height")));
    for (const char* key : {"paid", "updated"}) row.push_back(clean(event.get(key)));
    jobs_.push_back(std::move(row));
  }

  void failed(const Event& event) {
    const std::string_view message = event.get("message");
    say(stderr, message.empty() ? "It did not work: " + words(event.get("cause")) + "." : clean(message));
    std::vector<Row> sizes;
    for (size_t i = 0; i < event.count; ++i) {
      const easel_pair& pair = event.pairs[i];
      if (pair.key != nullptr && pair.value != nullptr && std::string_view(pair.key) == "choice")
        sizes.push_back(size_row(pair.value));
    }
    print_table(sizes);
    std::fflush(stdout);
  }

  bool draws_ = false;
  std::string stage_;
  std::optional<double> fraction_;
  std::string held_back_;  // what draw() puts behind the bar; empty: nothing new
  Clock::time_point drawn_at_{};
  bool on_screen_ = false;
  int placed_count_ = 0;
  std::vector<Row> jobs_;
  std::string closing_;
};

}  // namespace

std::unique_ptr<Printer> make_people_printer() { return std::make_unique<PeoplePrinter>(); }

}  // namespace easel
