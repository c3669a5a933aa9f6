// SPDX-License-Identifier: GPL-2.0-or-later
// The shipped programs against the stand-in service: what every end-to-end test starts from, and what is true after
// each of them whatever it was about (see TearDown).
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "spawn.h"
#include "stand_in.h"

namespace e2e {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using contract::Finished;
using contract::Program;
using contract::Spawn;
using contract::StandIn;
using Words = std::vector<std::string>;
using namespace std::chrono_literals;

// Generations of the stand-in.
inline constexpr const char* kPending = "A94D20F7-1B6C-4E83-B7D5-08C3E6152F4A";
inline constexpr const char* kMany = "33333333-2222-4333-8444-555555555555";
inline constexpr const char* kGone = "E17F83B2-6A05-49DC-9C31-7B2E4D8056CF";

std::string read_file(const fs::path& path);
void write_file(const fs::path& path, std::string_view text);
std::string sha256_of(std::string_view bytes);

// What a run of `easel` said.
struct Ended : Finished {
  std::vector<Json> events;

  // The last event of this kind; an empty object if there was none.
  Json last(const std::string& kind) const;
  int count(const std::string& kind) const;
  // Of the event `failed`.
  std::string cause() const { return last("failed").value("cause", ""); }
  std::string stage() const { return last("failed").value("stage", ""); }
  std::string paid() const { return last("failed").value("paid", ""); }
  std::string retry() const { return last("failed").value("retry", ""); }
  std::string message() const { return last("failed").value("message", ""); }
};
// For failing tests: status, standard error and the last events.
std::ostream& operator<<(std::ostream& out, const Ended& ended);

class E2e : public testing::Test {
 protected:
  void SetUp() override;
  // Nothing of a secret is left anywhere, files are private, no program still runs.
  void TearDown() override;

  // Starts the stand-in. Settings that a test does not name: the key and the secret of these tests, ready at the first
  // poll.
  void serve(Json scenario = Json::object());
  // The same, and a PUT answers with the link: nothing of a test's time goes into polls that it is not about.
  void serve_at_once(const Json& rules = Json::array(), Json more = Json::object());
  // Settings for one generation, kMany, with so many pictures; for runs that must not meet each other.
  static Json many_pictures(int count, Json more = Json::object());
  StandIn& service() { return *service_; }
  void rules(const Json& rules) { service().change({{"rules", as_list(rules)}}); }
  std::string fact(const std::string& name) const { return service_->facts().value(name, ""); }

  // A new data folder and canvas, for the next case of the same test.
  void fresh();
  const fs::path& folder() const { return folder_; }
  const fs::path& data() const { return data_; }
  const fs::path& out() const { return out_; }
  std::map<std::string, std::string>& environment() { return environment_; }

  // easel run ACTION … --json --verbose --data-dir … --out …
  Spawn easel(const std::string& action, const Words& more = {}) const;
  // Of the first generation: index 0, size 1k, unless `more` says otherwise.
  Spawn insert_words(const Words& more = {}) const;
  Ended run(const Spawn& spawn, std::chrono::milliseconds time = 100s);
  Ended finish(Program& program, std::chrono::milliseconds time = 100s);
  Ended insert(const Words& more = {}) { return run(insert_words(more)); }
  Ended resume(const Words& more = {}) { return run(easel("resume", more)); }
  // All at once; answers in the same order.
  std::vector<Ended> run_all(const std::vector<Spawn>& spawns);

  // What the service saw.
  int calls(const std::string& route) const { return service_->calls(route); }
  int puts() const { return service_->calls("put"); }
  int gets() const { return service_->calls("get"); }
  std::size_t charges() const { return service_->charged().size(); }

  // The records of the only journal, or of the one of this size.
  std::vector<Json> journal(const std::string& size = {}) const;
  static int count(const std::vector<Json>& records, const std::string& kind);
  // Their kinds in order: "job intent pending ready saved placed".
  std::string records(const std::string& size = {}) const;
  // Files below the data folder with this ending.
  std::vector<fs::path> data_files(const std::string& ending) const;

  // The file that the stand-in serves for "dandelions-1k-baseline.jpg" and so on.
  static fs::path picture_file(const std::string& name);

  // Placed, once, and charged that often in all.
  void expect_placed(const Ended& ended, std::size_t charged = 1);
  // Not placed, with this cause, mark and exit status.
  void expect_failed(const Ended& ended, int status, const std::string& cause, const std::string& paid);

  // What must not be found anywhere, as far as it is known by now.
  std::vector<std::string> secrets() const;

  // What a link of this test must not be left lying about for: a test that kills programs may leave it beside `saved`.
  bool killed_ = false;

 private:
  // One rule stands for a list of one.
  static Json as_list(const Json& rules) { return rules.is_object() ? Json::array({rules}) : rules; }
  void note(const Finished& finished);
  void expect_no_secrets() const;
  void expect_private_files() const;
  void expect_nobody_left() const;
  void expect_no_leak_to_file_hosts() const;

  fs::path folder_;
  fs::path data_;
  fs::path out_;
  int round_ = 0;
  std::map<std::string, std::string> environment_;
  std::unique_ptr<StandIn> service_;
  std::vector<std::string> said_;
};

// {"route": "put", "status": 500} and so on, for tests that list many.
inline Json rule(const char* route, Json more) {
  more["route"] = route;
  return more;
}

}  // namespace e2e
