// SPDX-License-Identifier: GPL-2.0-or-later
#include "stand_in.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

namespace contract {

namespace fs = std::filesystem;
using Json = nlohmann::json;

StandIn::StandIn(const Json& scenario) {
  char name[] = "/tmp/stand_in.XXXXXX";
  if (mkdtemp(name) == nullptr) std::abort();
  folder_ = name;
  const std::string rules = folder_ + "/scenario.json";
  std::ofstream(rules) << scenario;

  int in[2];
  int out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) std::abort();
  const std::string log = folder_ + "/log";
  const char* words[] = {PYTHON,       STAND_IN,
                         "--dir",      log.c_str(),
                         "--scenario", rules.c_str(),
                         "--pictures", STAND_IN_CACHE "/pictures",
                         "--ca",       STAND_IN_CACHE "/ca",
                         nullptr};
  pid_ = fork();
  if (pid_ == 0) {
    dup2(in[0], 0);
    dup2(out[1], 1);
    execv(words[0], const_cast<char* const*>(words));
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  input_ = in[1];
  std::string line;
  for (char c = 0; read(out[0], &c, 1) == 1 && c != '\n';) line += c;
  close(out[0]);
  facts_ = Json::parse(line, nullptr, false);
  if (!facts_.is_object()) facts_ = Json::object();
}

StandIn::~StandIn() {
  close(input_);
  waitpid(pid_, nullptr, 0);
  std::error_code code;
  fs::remove_all(folder_, code);
}

Json StandIn::control(const Json& words) const {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (folder_ + "/log/control").c_str(), sizeof address.sun_path - 1);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
  const std::string line = words.dump() + "\n";
  if (write(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
  std::string answer;
  for (char c = 0; read(fd, &c, 1) == 1 && c != '\n';) answer += c;
  close(fd);
  if (answer.find("\"ok\": true") == std::string::npos) {
    std::fprintf(stderr, "the stand-in says: %s\n", answer.c_str());
    std::abort();
  }
  return Json::parse(answer);
}

void StandIn::change(Json settings) const {
  settings["do"] = "scenario";
  control(settings);
}

std::vector<Json> StandIn::lines_of(const std::string& log) const {
  std::vector<Json> out;
  std::ifstream file(folder_ + "/log/" + log);
  for (std::string line; std::getline(file, line);) out.push_back(Json::parse(line, nullptr, false));
  return out;
}

std::vector<Json> StandIn::requests(const std::string& route) const {
  std::vector<Json> out;
  for (Json& line : lines_of("requests.jsonl"))
    if (line.contains("route") && (route.empty() || line["route"] == route)) out.push_back(std::move(line));
  return out;
}

int StandIn::calls(const std::string& route) const { return static_cast<int>(requests(route).size()); }

int StandIn::connections() const {
  int count = 0;
  for (const Json& line : lines_of("connections.jsonl"))
    if (line.contains("event") && line["event"] == "tcp") ++count;
  return count;
}

std::vector<Json> StandIn::charged() const { return lines_of("ledger.jsonl"); }

bool StandIn::held(const std::string& name) const { return fs::exists(folder_ + "/log/held-" + name); }

bool StandIn::wait_until_held(const std::string& name, std::chrono::milliseconds time) const {
  const auto end = std::chrono::steady_clock::now() + time;
  while (!held(name) && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return held(name);
}

void StandIn::let_go(const std::string& name) const { std::ofstream(folder_ + "/log/release-" + name) << ""; }

}  // namespace contract
