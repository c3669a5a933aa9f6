// SPDX-License-Identifier: GPL-2.0-or-later
// Starts the stand-in service for a test, and asks it afterwards what it saw.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace contract {

class StandIn {
 public:
  // In a folder of its own; `scenario` as in tests/standin/README.md.
  explicit StandIn(const nlohmann::json& scenario = nlohmann::json::object());
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;
  ~StandIn();

  // What it printed when it was ready: addresses, key, generation. Empty if it could not be
  // started.
  const nlohmann::json& facts() const { return facts_; }

  // A line for its control socket, and what it answers; settings or rules in the middle of a run.
  nlohmann::json control(const nlohmann::json& line) const;
  void change(nlohmann::json settings) const;

  // What it has logged: requests as they were read, one a route or all, and the fate of connections.
  std::vector<nlohmann::json> requests(const std::string& route = {}) const;
  std::vector<nlohmann::json> connection_events() const { return lines_of("connections.jsonl"); }

  // How often it was asked for this route, how often somebody only connected, and what it charged
  // for.
  int calls(const std::string& route) const;
  int connections() const;
  std::vector<nlohmann::json> charged() const;

  // For rules with "hold": whether somebody waits there, and letting go.
  bool held(const std::string& name) const;
  bool wait_until_held(const std::string& name, std::chrono::milliseconds time) const;
  void let_go(const std::string& name) const;

 private:
  std::vector<nlohmann::json> lines_of(const std::string& log) const;

  std::string folder_;
  pid_t pid_ = -1;
  int input_ = -1;
  nlohmann::json facts_;
};

}  // namespace contract
