// SPDX-License-Identifier: GPL-2.0-or-later
#include "job.h"

#include <cstdio>
#include <filesystem>

namespace inset {

Facts error_facts(const Error& error) {
  return {{"stage", std::string(name(error.stage))},          {"cause", std::string(name(error.cause))},
          {"http_status", std::to_string(error.http_status)}, {"paid", std::string(name(error.paid))},
          {"retry", std::string(name(error.retry))},          {"message", error.message}};
}

void Job::progress(Stage stage, double fraction, std::uint64_t bytes, std::uint64_t total, const std::string& text) {
  Facts pairs = {{"stage", std::string(name(stage))}, {"text", text}};
  if (fraction >= 0) {
    // Thousandths are plenty, and printf would ask the host's locale for a decimal point.
    const int thousandths = static_cast<int>(fraction * 1000.0);
    std::string digits = std::to_string(1000 + thousandths % 1000).substr(1);
    pairs.emplace_back("fraction", std::to_string(thousandths / 1000) + "." + digits);
  }
  if (bytes > 0) pairs.emplace_back("bytes", std::to_string(bytes));
  if (total > 0) pairs.emplace_back("total", std::to_string(total));
  outbox_.event(number_, "progress", std::move(pairs));
}

void Job::report_placed(const Placement& placement) {
  Facts pairs = {{"job_id", placement.job_id},
                 {"name", placement.name},
                 {"width", std::to_string(placement.picture.width)},
                 {"height", std::to_string(placement.picture.height)},
                 {"original", placement.path}};
  for (const auto& [key, value] : placement.facts) {
    if (key == "asset_id" || key == "sha256" || key == "note") pairs.emplace_back(key, value);
  }
  outbox_.event(number_, "placed", std::move(pairs));
}

void Job::done(Facts pairs) {
  outbox_.event(number_, "done", std::move(pairs));
  outbox_.over(number_);
}

void Job::failed(const Error& error, Facts more) {
  std::string line = "Job " + std::to_string(number_) + " stopped while " + std::string(name(error.stage)) + ": " +
                     std::string(name(error.cause));
  if (error.http_status != 0) line += ", status " + std::to_string(error.http_status);
  if (!error.detail.empty()) line += ", " + error.detail;
  outbox_.log(LogLevel::info, std::move(line));
  Facts pairs = error_facts(error);
  pairs.insert(pairs.end(), more.begin(), more.end());
  outbox_.event(number_, "failed", std::move(pairs));
  outbox_.over(number_);
}

}  // namespace inset
