// SPDX-License-Identifier: GPL-2.0-or-later
// Starts the stand-in service for a test, and asks it afterwards what it saw.
#pragma once

#include <sys/types.h>

#include <map>
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

  // Settings or rules in the middle of a run.
  void change(nlohmann::json settings) const;

  // How often it was asked for this route, how often somebody only connected, and what it charged
  // for.
  int calls(const std::string& route) const;
  int connections() const;
  std::vector<nlohmann::json> charged() const;

  // For rules with "hold": whether somebody waits there, and letting go.
  bool held(const std::string& name) const;
  void let_go(const std::string& name) const;

 private:
  std::vector<nlohmann::json> lines_of(const std::string& log) const;

  std::string folder_;
  pid_t pid_ = -1;
  int input_ = -1;
  nlohmann::json facts_;
};

}  // namespace contract
