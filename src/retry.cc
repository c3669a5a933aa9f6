// SPDX-License-Identifier: GPL-2.0-or-later
#include "retry.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <string>

#include "text.h"

namespace inset {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kTries = 5;
constexpr int kTriesOfNonsense = 3;
constexpr Millis kBudget = minutes(5);
constexpr Millis kBase = seconds(1);
constexpr Millis kCap = seconds(30);
constexpr Millis kLongestAsked = minutes(5);

// "Sun, 06 Nov 1994 08:49:37 GMT" as seconds since 1970. The two older forms of RFC 9110 are no longer sent by anyone.
// strptime would follow the host's locale, so the fixed columns are read by hand.
std::optional<std::int64_t> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  text = trim(text);
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT" || text[7] != ' ' ||
      text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':') {
    return {};
  }
  const auto number = [&](std::size_t at, std::size_t digits) -> int {
    int value = -1;
    const char* end = text.data() + at + digits;
    const auto [stop, error] = std::from_chars(text.data() + at, end, value);
    return error == std::errc{} && stop == end ? value : -1;
  };
  const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
  const int day = number(5, 2);
  const int year = number(12, 4);
  const int hour = number(17, 2);
  const int minute = number(20, 2);
  const int second = number(23, 2);
  if (month == months.end() || day < 1 || day > 31 || year < 1970 || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 60) {
    return {};
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(unsigned(month - months.begin()) + 1),
                                         std::chrono::day(unsigned(day))};
  if (!date.ok()) return {};
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  return std::chrono::seconds(days).count() + hour * 3600 + minute * 60 + second;
}

}  // namespace

std::optional<Millis> Backoff::next(const Error& error, Time now, double chance, std::optional<Millis> asked_for) {
  if (failures_ == 0) first_ = now;
  ++failures_;
  const Retry retry = default_retry(error.cause);
  const bool passing = retry == Retry::now_safe || retry == Retry::later;
  const int tries = error.cause == Cause::bad_answer ? kTriesOfNonsense : kTries;
  if (!passing || failures_ >= tries || now - first_ >= kBudget) return {};
  const Millis ceiling = std::min<Millis>(kCap, kBase * (1 << failures_));
  const auto jittered = Millis(static_cast<Millis::rep>(static_cast<double>(ceiling.count()) * chance));
  return std::max(jittered, asked_for.value_or(Millis(0)));
}

std::optional<Millis> poll_interval(Millis age, bool first) {
  if (age >= kPollLimit) return {};
  if (first) return Millis(2500);
  if (age < seconds(12)) return Millis(800);
  if (age < seconds(60)) return seconds(1);
  return seconds(5);
}

std::optional<Millis> parse_retry_after(std::string_view value, std::string_view date) {
  value = trim(value);
  if (value.empty()) return {};
  if (std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    std::int64_t wanted = 0;
    const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), wanted);
    // More digits than fit still mean "very long".
    if (error != std::errc{} || wanted > kLongestAsked / seconds(1)) return kLongestAsked;
    return seconds(wanted);
  }
  const auto until = parse_http_date(value);
  const auto now = parse_http_date(date);
  if (!until || !now) return {};
  return std::clamp<Millis>(seconds(*until - *now), Millis(0), kLongestAsked);
}

}  // namespace inset
