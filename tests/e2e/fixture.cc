// SPDX-License-Identifier: GPL-2.0-or-later
#include "fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <ostream>
#include <set>
#include <sstream>

#include "digest.h"

namespace e2e {
namespace {

// Not letters and digits alone, so that forms and headers have to encode it.
constexpr const char* kKey = "inset-e2e-key-7Qm2xLw9";
constexpr const char* kSecret = "inset-e2e-secret-W+8/v&=%41z";

bool is_link_file(const fs::path& path) {
  const std::string name = path.filename();
  return name.ends_with(".link") || name.ends_with(".link.new");
}

// "/x/y?signature=abc" → "signature=abc".
std::string query_of(const std::string& address) {
  const std::size_t mark = address.find('?');
  return mark == std::string::npos ? std::string() : address.substr(mark + 1);
}

}  // namespace

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const fs::path& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

std::string sha256_of(std::string_view bytes) { return inset::sha256_hex(bytes); }

Json Ended::last(const std::string& kind) const {
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (event->value("event", "") == kind) return *event;
  }
  return Json::object();
}

int Ended::count(const std::string& kind) const {
  return static_cast<int>(
      std::count_if(events.begin(), events.end(), [&](const Json& e) { return e.value("event", "") == kind; }));
}

std::ostream& operator<<(std::ostream& out, const Ended& ended) {
  out << "status " << ended.status << ", signal " << ended.signal << "\n" << ended.err;
  const std::size_t first = ended.events.size() > 6 ? ended.events.size() - 6 : 0;
  for (std::size_t i = first; i < ended.events.size(); ++i) out << ended.events[i] << "\n";
  return out;
}

void E2e::SetUp() {
  char name[] = "/tmp/inset_e2e.XXXXXX";
  ASSERT_NE(mkdtemp(name), nullptr);
  folder_ = name;
  fs::create_directory(folder_ / "home");
  fresh();
  environment_ = {{"HOME", folder_ / "home"}, {"PATH", "/usr/bin:/bin"}};
  for (const char* kept : {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "LD_LIBRARY_PATH"}) {
    if (const char* value = std::getenv(kept)) environment_[kept] = value;
  }
}

void E2e::TearDown() {
  if (service_) {
    expect_no_secrets();
    expect_no_leak_to_file_hosts();
  }
  expect_private_files();
  expect_nobody_left();
  EXPECT_TRUE(fs::is_empty(folder_ / "home")) << "something was written to the home folder";
  service_.reset();
  std::error_code code;
  fs::remove_all(folder_, code);
}

void E2e::serve(Json scenario) {
  for (const auto& [key, value] : {std::pair("api_key", Json(kKey)), std::pair("client_secret", Json(kSecret)),
                                   std::pair("ready_polls", Json(1))}) {
    if (!scenario.contains(key)) scenario[key] = value;
  }
  if (scenario.contains("rules")) scenario["rules"] = as_list(scenario["rules"]);
  service_.reset();  // its log must not be mistaken for the new one's
  service_ = std::make_unique<StandIn>(scenario);
  ASSERT_TRUE(service_->facts().contains("api_url")) << "the stand-in did not start";
  environment_["INSET_API_URL"] = fact("api_url");
  environment_["INSET_AUTH_URL"] = fact("auth_url");
  environment_["INSET_CA_FILE"] = fact("ca_file");
  environment_["INSET_API_KEY"] = fact("api_key");
  environment_["INSET_CLIENT_SECRET"] = fact("client_secret");
}

void E2e::serve_at_once(const Json& rules, Json more) {
  more["put_answer"] = 200;
  more["rules"] = as_list(rules);
  serve(std::move(more));
}

Json E2e::many_pictures(int count, Json more) {
  Json pictures = Json::array();
  for (int i = 0; i < count; ++i)
    pictures.push_back({{"index", i}, {"photograph", "dandelions"}, {"kind", "baseline"}});
  more["generations"] = {{{"id", kMany}, {"prompt", "many"}, {"date", "2026-01-02T03:04:05Z"}, {"pictures", pictures}}};
  return more;
}

void E2e::fresh() {
  const std::string number = std::to_string(++round_);
  data_ = folder_ / ("data" + number);
  out_ = folder_ / ("out" + number);
}

Spawn E2e::easel(const std::string& action, const Words& more) const {
  Spawn spawn;
  spawn.words = {EASEL_PROGRAM, "run", action};
  spawn.words.insert(spawn.words.end(), more.begin(), more.end());
  spawn.words.insert(spawn.words.end(), {"--json", "--verbose", "--data-dir", data_, "--out", out_});
  spawn.environment = environment_;
  spawn.folder = folder_;
  return spawn;
}

Spawn E2e::insert_words(const Words& more) const {
  Words words = more;
  const std::pair<std::string, std::string> defaults[] = {
      {"generation=", fact("generation")}, {"index=", "0"}, {"size=", "1k"}};
  for (const auto& [key, value] : defaults) {
    const bool given = std::any_of(more.begin(), more.end(), [&, k = key](const auto& w) { return w.starts_with(k); });
    if (!given) words.push_back(key + value);
  }
  return easel("insert", words);
}

Ended E2e::run(const Spawn& spawn, std::chrono::milliseconds time) {
  Program program(spawn);
  return finish(program, time);
}

Ended E2e::finish(Program& program, std::chrono::milliseconds time) {
  Ended ended;
  static_cast<Finished&>(ended) = program.finish(time);
  note(ended);
  std::istringstream lines(ended.out);
  for (std::string line; std::getline(lines, line);) {
    Json event = Json::parse(line, nullptr, false);
    const bool whole = event.is_object() && event.contains("event");
    // A program that was killed may have been in the middle of a line.
    EXPECT_TRUE(whole || ended.signal != 0) << "no event: " << line;
    if (whole) ended.events.push_back(std::move(event));
  }
  return ended;
}

std::vector<Ended> E2e::run_all(const std::vector<Spawn>& spawns) {
  std::vector<std::unique_ptr<Program>> programs;
  for (const Spawn& spawn : spawns) programs.push_back(std::make_unique<Program>(spawn));
  std::vector<Ended> all;
  for (const auto& program : programs) all.push_back(finish(*program));
  return all;
}

void E2e::note(const Finished& finished) {
  said_.push_back(finished.out);
  said_.push_back(finished.err);
}

std::vector<Json> E2e::journal(const std::string& size) const {
  for (const fs::path& path : data_files(".jsonl")) {
    std::vector<Json> lines;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) lines.push_back(Json::parse(line, nullptr, false));
    if (size.empty() || (!lines.empty() && lines[0].is_object() && lines[0].value("size", "") == size)) return lines;
  }
  return {};
}

int E2e::count(const std::vector<Json>& records, const std::string& kind) {
  return static_cast<int>(std::count_if(records.begin(), records.end(),
                                        [&](const Json& r) { return r.is_object() && r.value("record", "") == kind; }));
}

std::string E2e::records(const std::string& size) const {
  std::string kinds;
  for (const Json& record : journal(size)) {
    if (!kinds.empty()) kinds += ' ';
    kinds += record.is_object() ? record.value("record", "?") : "?";
  }
  return kinds;
}

std::vector<fs::path> E2e::data_files(const std::string& ending) const {
  std::vector<fs::path> paths;
  std::error_code code;
  for (fs::recursive_directory_iterator at(data_, code), end; !code && at != end; at.increment(code)) {
    if (at->is_regular_file() && at->path().string().ends_with(ending)) paths.push_back(at->path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

fs::path E2e::picture_file(const std::string& name) { return fs::path(STAND_IN_CACHE) / "pictures" / name; }

void E2e::expect_placed(const Ended& ended, std::size_t charged) {
  EXPECT_EQ(ended.status, 0) << ended;
  EXPECT_EQ(ended.count("placed"), 1) << ended;
  EXPECT_EQ(ended.count("failed"), 0) << ended;
  EXPECT_TRUE(fs::exists(out_ / "canvas.png"));
  EXPECT_EQ(charges(), charged);
}

void E2e::expect_failed(const Ended& ended, int status, const std::string& cause, const std::string& paid) {
  EXPECT_EQ(ended.status, status) << ended;
  EXPECT_EQ(ended.cause(), cause) << ended;
  EXPECT_EQ(ended.paid(), paid) << ended;
  EXPECT_EQ(ended.count("failed"), 1) << ended;
  EXPECT_FALSE(ended.message().empty());
  EXPECT_EQ(ended.count("placed"), 0) << ended;
  EXPECT_FALSE(fs::exists(out_ / "canvas.png")) << ended;
}

// ---- what is always true ----

std::vector<std::string> E2e::secrets() const {
  std::set<std::string> all = {kKey, kSecret, "inset-e2e-secret-W%2B8%2Fv%26%3D%2541z"};
  for (const Json& request : service_->requests()) {
    const std::string authorization = request["headers"].value("authorization", "");
    if (authorization.starts_with("Bearer ")) all.insert(authorization.substr(7));
    if (request["route"] == "token") {
      for (const char* field : {"code=", "code_verifier=", "refresh_token="}) {
        const std::string form = "&" + request.value("body", "");
        const std::size_t at = form.find(std::string("&") + field);
        if (at == std::string::npos) continue;
        const std::size_t begin = at + 1 + std::string(field).size();
        all.insert(form.substr(begin, form.find('&', begin) - begin));
      }
    }
    if (request["route"] == "file") all.insert(query_of(request.value("path", "")));
  }
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    if (entry.is_regular_file() && is_link_file(entry.path())) all.insert(query_of(read_file(entry.path())));
  }
  all.erase("");
  return {all.begin(), all.end()};
}

void E2e::expect_no_secrets() const {
  const std::vector<std::string> words = secrets();
  const auto look = [&](const std::string& text, const std::string& where, bool is_link) {
    for (const std::string& word : words) {
      if (is_link && word != kKey && word != kSecret) continue;  // the link is what this file is for
      EXPECT_EQ(text.find(word), std::string::npos) << "a secret in " << where << ": " << word;
    }
  };
  for (const std::string& text : said_) look(text, "the output", false);
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    if (entry.path().filename() == "sign-in") continue;  // where a person chose to have it
    if (entry.is_regular_file()) look(read_file(entry.path()), entry.path(), is_link_file(entry.path()));
  }
}

void E2e::expect_private_files() const {
  for (int round = 1; round <= round_; ++round) {
    const fs::path root = folder_ / ("data" + std::to_string(round));
    if (!fs::is_directory(root)) continue;
    std::vector<fs::path> paths = {root};
    for (const auto& entry : fs::recursive_directory_iterator(root)) paths.push_back(entry.path());
    for (const fs::path& path : paths) {
      struct stat status {};
      if (stat(path.c_str(), &status) != 0) continue;
      const mode_t most = S_ISDIR(status.st_mode) ? 0700 : 0600;
      EXPECT_EQ(status.st_mode & 0777 & ~most, 0u) << path << " is not private";
    }
    for (const fs::path& path : paths) {
      if (!is_link_file(path) || killed_) continue;
      const std::string journal = read_file(fs::path(path).replace_extension("").replace_extension(".jsonl"));
      EXPECT_EQ(journal.find("\"record\":\"saved\""), std::string::npos)
          << "the link of a saved picture is still there: " << path;
    }
  }
}

void E2e::expect_nobody_left() const {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string words = read_file(entry.path() / "cmdline");
    EXPECT_EQ(words.find(folder_), std::string::npos) << "process " << name << " still runs: " << words;
  }
}

void E2e::expect_no_leak_to_file_hosts() const {
  for (const Json& request : service_->requests()) {
    if (!request.contains("leaked")) continue;
    EXPECT_TRUE(request["leaked"].empty()) << "the file host was sent " << request["leaked"];
  }
}

}  // namespace e2e
