// SPDX-License-Identifier: GPL-2.0-or-later
// The program `easel`, run as a person or a script runs it, with the example plugin.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "headless/canvas.h"
#include "headless/png_file.h"
#include "spawn.h"

namespace contract {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using namespace std::chrono_literals;

const std::string kSketch = TEST_PLUGINS "/sketch_plugin.so";

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class Headless : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/headless_test.XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    out_ = folder_ / "out";
  }
  void TearDown() override { fs::remove_all(folder_); }

  // easel --plugin SKETCH …, in the test's folder.
  Spawn easel(std::vector<std::string> words) const {
    Spawn spawn;
    spawn.words = {EASEL_PROGRAM, "--plugin", kSketch};
    spawn.words.insert(spawn.words.end(), words.begin(), words.end());
    spawn.folder = folder_;
    return spawn;
  }

  // The same, writing to out_ as JSON.
  Spawn easel_json(std::vector<std::string> words) const {
    words.insert(words.end(), {"--json", "--out", out_});
    return easel(std::move(words));
  }

  static std::vector<Json> lines(const std::string& text) {
    std::vector<Json> out;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
      Json object = Json::parse(line, nullptr, false);
      EXPECT_TRUE(object.is_object()) << line;
      out.push_back(std::move(object));
    }
    return out;
  }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(out_)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  static ::easel::Picture picture(const fs::path& path) {
    ::easel::Picture out;
    std::string error;
    EXPECT_TRUE(::easel::read_png(path, &out, &error)) << path << ": " << error;
    return out;
  }

  // What the example plugin paints there.
  static std::vector<uint8_t> painted(uint32_t x, uint32_t y, int alpha = -1) {
    return {static_cast<uint8_t>(x), static_cast<uint8_t>(y), static_cast<uint8_t>(x ^ y),
            static_cast<uint8_t>(alpha < 0 ? 7 * x + 13 * y : static_cast<uint32_t>(alpha))};
  }

  static std::vector<uint8_t> pixel(const ::easel::Picture& from, uint32_t x, uint32_t y) {
    const uint8_t* p = from.pixels.data() + 4 * (size_t{from.width} * y + x);
    return {p, p + 4};
  }

  void write_png(const fs::path& path, uint32_t width, uint32_t height, const std::vector<uint8_t>& color) const {
    std::FILE* file = std::fopen(path.c_str(), "wb");
    ::easel::PngWriter png;
    ASSERT_TRUE(png.begin(file, width, height));
    std::vector<uint8_t> row;
    for (uint32_t x = 0; x < width; ++x) row.insert(row.end(), color.begin(), color.end());
    for (uint32_t y = 0; y < height; ++y) ASSERT_TRUE(png.row(row.data()));
    ASSERT_TRUE(png.end());
    std::fclose(file);
  }

  fs::path folder_;
  fs::path out_;
};

// ---- what it says ----

TEST_F(Headless, HelpAndVersion) {
  const Finished help = run(easel({"--help"}));
  EXPECT_EQ(help.status, 0);
  EXPECT_EQ(help.out.find("easel: "), 0u);
  EXPECT_EQ(help.err, "");
  const Finished version = run(easel({"--version"}));
  EXPECT_EQ(version.status, 0);
  EXPECT_NE(version.out.find("contract 1."), std::string::npos);
}

TEST_F(Headless, ListsActions) {
  const Finished people = run(easel({"actions"}));
  EXPECT_EQ(people.status, 0);
  EXPECT_NE(people.out.find("paint: Places a computed picture."), std::string::npos) << people.out;
  EXPECT_NE(people.out.find("required"), std::string::npos);

  const Finished json = run(easel({"actions", "--json"}));
  EXPECT_EQ(json.status, 0);
  const std::vector<Json> actions = lines(json.out);
  ASSERT_EQ(actions.size(), 5u);
  EXPECT_EQ(actions[0]["action"], "paint");
  EXPECT_EQ(actions[0]["fields"][0]["key"], "width");
  EXPECT_EQ(actions[0]["fields"][0]["kind"], "integer");
  EXPECT_EQ(actions[0]["fields"][0]["required"], true);
}

TEST_F(Headless, JsonIsOneObjectALineAndNothingElse) {
  const Finished done = run(easel_json({"run", "paint", "width=30", "height=20", "name=A fox"}));
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_EQ(done.err, "");
  const std::vector<Json> events = lines(done.out);
  ASSERT_GE(events.size(), 4u);
  const Json& progress = events[1];
  EXPECT_EQ(progress["event"], "progress");
  EXPECT_EQ(progress["stage"], "fetching");
  EXPECT_TRUE(progress["fraction"].is_number());
  EXPECT_TRUE(progress["bytes"].is_number_unsigned());
  EXPECT_EQ(progress["total"], 2700000);
  const Json& placed = events[events.size() - 2];
  EXPECT_EQ(placed["event"], "placed");
  EXPECT_EQ(placed["width"], 30);
  EXPECT_EQ(placed["height"], 20);
  EXPECT_EQ(placed["name"], "A fox");
  EXPECT_EQ(placed["asset_id"], "sketch-1");
  EXPECT_EQ(placed["canvas"], out_.string() + "/canvas.png");
  EXPECT_EQ(placed["picture"], out_.string() + "/1.png");
  EXPECT_EQ(events.back()["event"], "done");
}

TEST_F(Headless, SizesAreNumbersInJsonAndATableForPeople) {
  const Finished json = run(easel_json({"run", "fail", "cause=size_missing"}));
  EXPECT_EQ(json.status, 2);
  const Json failed = lines(json.out).back();
  EXPECT_EQ(failed["event"], "failed");
  EXPECT_EQ(failed["http_status"], 0);
  EXPECT_EQ(failed["choices"], Json::parse(R"([{"name":"1k","width":1024,"height":768},
                                               {"name":"very large","width":4096,"height":3072}])"));

  const Finished people = run(easel({"run", "fail", "cause=size_missing", "message=Which size?"}));
  EXPECT_EQ(people.status, 2);
  EXPECT_NE(people.err.find("Which size?\n"), std::string::npos);
  EXPECT_EQ(people.out, "  1k          1024 × 768\n  very large  4096 × 3072\n");
}

TEST_F(Headless, ForPeopleALineAStageAndOneClosingSentence) {
  const Finished done = run(easel({"run", "paint", "width=30", "height=20"}));
  EXPECT_EQ(done.status, 0);
  EXPECT_EQ(done.err, "signing in\nfetching\n");
  EXPECT_EQ(done.out, "Placed Gradient (30 × 20) on ./1.png.\n");

  const Finished three = run(easel({"run", "paint", "width=30", "height=20", "copies=2"}));
  EXPECT_EQ(three.out,
            "Placed Gradient (30 × 20) on ./2.png.\nPlaced Gradient (30 × 20) on ./3.png.\nAll "
            "painted.\n");
}

TEST_F(Headless, JobsAreATable) {
  const Finished people = run(easel({"run", "list"}));
  EXPECT_EQ(people.status, 0);
  EXPECT_NE(people.out.find("0123456789abcdef  saved  G-1         2      4k    4096 × 3072  yes"), std::string::npos)
      << people.out;
  EXPECT_NE(people.out.find("2 pictures.\n"), std::string::npos);
  const std::vector<Json> events = lines(run(easel_json({"run", "list"})).out);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[1]["event"], "listed");
  EXPECT_EQ(events[1]["index"], 2);
  EXPECT_EQ(events[1]["job_id"], "fedcba9876543210");
}

TEST_F(Headless, TheLogIsOnStandardError) {
  EXPECT_EQ(run(easel_json({"run", "fail"})).err, "easel: about to fail badly\n");
  EXPECT_EQ(run(easel_json({"run", "fail", "--verbose"})).err, "easel: about to fail\neasel: about to fail badly\n");
}

TEST_F(Headless, NoNameReachesATerminalRaw) {
  const std::string name =
      "name=\x1b]0;owned\x07 fox\xc2\x9b"
      "2J\xe2\x80\xae"
      "gpj\r\n";
  const auto harmless = [](const std::string& text) {
    for (const char c : text)
      if (static_cast<unsigned char>(c) < 0x20 && c != '\n') return false;
    return text.find("\xc2\x9b") == std::string::npos && text.find("\xe2\x80\xae") == std::string::npos &&
           text.find('\x7f') == std::string::npos;
  };
  const Finished people = run(easel({"run", "paint", "width=4", name}));
  EXPECT_EQ(people.status, 0);
  EXPECT_NE(people.out.find("fox"), std::string::npos);
  EXPECT_TRUE(harmless(people.out)) << people.out;
  const Finished failed = run(easel({"run", "fail", "message=" + name, "cause=\x1b[2J"}));
  EXPECT_TRUE(harmless(failed.out + failed.err));
  const Finished json = run(easel_json({"run", "paint", "width=4", name}));
  EXPECT_TRUE(harmless(json.out)) << json.out;
  EXPECT_EQ(lines(json.out)[lines(json.out).size() - 2]["name"], name.substr(5));
  // Neither may a word of the command line.
  EXPECT_TRUE(harmless(run(easel({"run", "paint", "\x1b[2J"})).err));
  EXPECT_TRUE(harmless(run(easel({"run", "\x1b[2J"})).err));
}

TEST_F(Headless, ABarOnATerminal) {
  Spawn spawn = easel({"run", "paint", "width=30", "height=20", "pause=60"});
  spawn.terminal = true;
  setenv("TERM", "xterm", 1);
  const Finished done = run(spawn);
  EXPECT_EQ(done.status, 0);
  EXPECT_NE(done.out.find("fetching      [#"), std::string::npos) << done.out;
  EXPECT_NE(done.out.find(" of 2.7 MB"), std::string::npos);
  // Redrawn in place and taken away before the result; never wider than the terminal.
  EXPECT_NE(done.out.find("\r\x1b[KPlaced Gradient (30 × 20)"), std::string::npos) << done.out;
  EXPECT_EQ(done.out.find('\n'), done.out.rfind('\n'));
  int drawn = 0;
  for (size_t at = 0, next = 0; (next = done.out.find("\r\x1b[K", at)) != std::string::npos; at = next + 4) {
    ++drawn;
    EXPECT_LT(next - at, 60u);
  }
  EXPECT_GE(drawn, 4);
  EXPECT_LE(drawn, 14);  // 660 ms, ten a second at most, and a loaded machine makes it longer
}

// ---- the canvas ----

TEST_F(Headless, ThePictureIsExact) {
  ASSERT_EQ(run(easel_json({"run", "paint", "width=300", "height=70", "alpha=ramp"})).status, 0);
  const ::easel::Picture canvas = picture(out_ / "canvas.png");
  ASSERT_EQ(canvas.width, 300u);
  ASSERT_EQ(canvas.height, 70u);
  for (uint32_t y = 0; y < 70; ++y)
    for (uint32_t x = 0; x < 300; ++x) {
      // Where nothing is to be seen there is no colour either: the canvas was empty.
      const std::vector<uint8_t> expected = painted(x, y)[3] == 0 ? std::vector<uint8_t>(4, 0) : painted(x, y);
      ASSERT_EQ(pixel(canvas, x, y), expected) << x << " " << y;
    }
  EXPECT_EQ(read_file(out_ / "1.png"), read_file(out_ / "canvas.png"));
}

TEST_F(Headless, OntoIsBlendedAndTheCanvasHoldsBoth) {
  const std::vector<uint8_t> base = {200, 100, 0, 128};
  write_png(folder_ / "base.png", 10, 60, base);
  ASSERT_EQ(
      run(easel_json({"run", "paint", "width=40", "height=20", "alpha=ramp", "--onto", folder_ / "base.png"})).status,
      0);
  const ::easel::Picture canvas = picture(out_ / "canvas.png");
  ASSERT_EQ(canvas.width, 40u);
  ASSERT_EQ(canvas.height, 60u);
  for (uint32_t y = 0; y < 60; ++y)
    for (uint32_t x = 0; x < 40; ++x) {
      std::vector<uint8_t> expected = x < 10 ? base : std::vector<uint8_t>(4, 0);
      if (y < 20) ::easel::blend_over(expected.data(), painted(x, y).data(), 1);
      ASSERT_EQ(pixel(canvas, x, y), expected) << x << " " << y;
    }
}

TEST_F(Headless, EachPlacementStartsFromTheBaseAgain) {
  write_png(folder_ / "base.png", 8, 8, {0, 0, 255, 255});
  ASSERT_EQ(
      run(easel_json({"run", "paint", "width=4", "height=4", "alpha=100", "copies=2", "--onto", "base.png"})).status,
      0);
  EXPECT_EQ(read_file(out_ / "1.png"), read_file(out_ / "2.png"));
}

TEST_F(Headless, TheFolderGoesOnFromRunToRun) {
  std::ofstream(folder_ / "fox.jpg") << "the original";
  const std::string original = "original=" + (folder_ / "fox.jpg").string();
  ASSERT_EQ(run(easel_json({"run", "paint", "width=9", "height=7", original, "name=One"})).status, 0);
  const std::string first = read_file(out_ / "1.png");
  ASSERT_EQ(run(easel_json({"run", "paint", "width=5", original, "name=Two"})).status, 0);
  EXPECT_EQ(files(), (std::vector<std::string>{"1.png", "2.png", "canvas.json", "canvas.png", "fox.jpg"}));
  EXPECT_EQ(read_file(out_ / "1.png"), first);
  EXPECT_EQ(read_file(out_ / "2.png"), read_file(out_ / "canvas.png"));
  EXPECT_EQ(read_file(out_ / "fox.jpg"), "the original");

  const Json list = Json::parse(read_file(out_ / "canvas.json"));
  ASSERT_EQ(list["placements"].size(), 2u);
  const Json& one = list["placements"][0];
  EXPECT_EQ(one["number"], 1);
  EXPECT_EQ(one["file"], "1.png");
  EXPECT_EQ(one["name"], "One");
  EXPECT_EQ(one["width"], 9);
  EXPECT_EQ(one["height"], 7);
  EXPECT_EQ(one["original"], "fox.jpg");
  EXPECT_EQ(one["facts"]["asset_id"], "sketch-1");
  EXPECT_EQ(one["facts"]["source_type"], "algorithmicMedia");
  EXPECT_EQ(list["placements"][1]["name"], "Two");
}

TEST_F(Headless, NobodysFileIsWrittenOver) {
  fs::create_directory(out_);
  std::ofstream(out_ / "1.png") << "mine";
  std::ofstream(out_ / "fox.jpg") << "mine too";
  std::ofstream(folder_ / "fox.jpg") << "the original";
  std::ofstream(folder_ / "canvas.json") << "also an original";
  ASSERT_EQ(run(easel_json({"run", "paint", "width=4", "original=" + (folder_ / "fox.jpg").string()})).status, 0);
  ASSERT_EQ(run(easel_json({"run", "paint", "width=4", "original=" + (folder_ / "canvas.json").string()})).status, 0);
  EXPECT_EQ(read_file(out_ / "1.png"), "mine");
  EXPECT_EQ(read_file(out_ / "fox.jpg"), "mine too");
  EXPECT_EQ(read_file(out_ / "fox-2.jpg"), "the original");
  EXPECT_EQ(read_file(out_ / "canvas-2.json"), "also an original");
  EXPECT_TRUE(fs::exists(out_ / "3.png"));
  EXPECT_EQ(Json::parse(read_file(out_ / "canvas.json"))["placements"].size(), 2u);

  std::ofstream(out_ / "canvas.json") << "[\"somebody else's\"]";
  const Finished refused = run(easel_json({"run", "paint", "width=4"}));
  EXPECT_EQ(refused.status, 1);
  EXPECT_NE(refused.err.find("not a list of placements"), std::string::npos) << refused.err;
  EXPECT_EQ(read_file(out_ / "canvas.json"), "[\"somebody else's\"]");
}

TEST_F(Headless, TwoAtOnceShareAFolder) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([this] { EXPECT_EQ(run(easel_json({"run", "paint", "width=600", "height=600"})).status, 0); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(files(), (std::vector<std::string>{"1.png", "2.png", "3.png", "4.png", "canvas.json", "canvas.png"}));
  EXPECT_EQ(Json::parse(read_file(out_ / "canvas.json"))["placements"].size(), 4u);
}

TEST_F(Headless, AFullDiskLeavesNothingHalf) {
  Spawn spawn = easel_json({"run", "paint", "width=2000", "height=600", "alpha=ramp"});
  spawn.most_bytes_in_a_file = 20000;
  const Finished full = run(spawn);
  // The example plugin says that the picture was paid for.
  EXPECT_EQ(full.status, 6);
  EXPECT_EQ(lines(full.out).back()["cause"], "canvas_refused");
  EXPECT_NE(full.err.find("/1.png cannot be written: File too large"), std::string::npos) << full.err;
  EXPECT_TRUE(files().empty());

  // The second time there is a canvas; it stays as it was.
  ASSERT_EQ(run(easel_json({"run", "paint", "width=10", "height=10"})).status, 0);
  const std::string before = read_file(out_ / "canvas.png");
  EXPECT_EQ(run(spawn).status, 6);
  EXPECT_EQ(read_file(out_ / "canvas.png"), before);
  EXPECT_EQ(files().size(), 3u);
}

TEST_F(Headless, APictureThatCannotTakeItsNameLeavesNothingHalf) {
  fs::create_directories(out_ / "canvas.png");
  const Finished refused = run(easel_json({"run", "paint", "width=4"}));
  EXPECT_EQ(refused.status, 6);
  EXPECT_EQ(files(), (std::vector<std::string>{"canvas.png"}));
}

// ---- what is wrong is found before anything starts ----

TEST_F(Headless, Usage) {
  const std::vector<std::vector<std::string>> mistakes = {
      {},
      {"run"},
      {"run", "paint", "width"},
      {"run", "paint", "--fast"},
      {"run", "sing"},
      {"run", "paint", "colour=red"},
      {"run", "paint", "--onto", "none.png"},
      {"run", "paint", "--onto", kSketch},
  };
  for (const auto& words : mistakes) {
    const Finished finished = run(easel_json(words));
    EXPECT_EQ(finished.status, 2) << (words.empty() ? "" : words.back());
    EXPECT_EQ(finished.out, "");
    EXPECT_NE(finished.err, "");
    EXPECT_FALSE(fs::exists(out_));
  }
  EXPECT_NE(run(easel({"run", "sing"})).err.find("there are: paint, fail, list, stay, vanish"), std::string::npos);
  EXPECT_NE(run(easel({"run", "paint", "colour=red"})).err.find("it takes: width, height"), std::string::npos);
}

TEST_F(Headless, AFolderThatCannotBeWritten) {
  std::ofstream(folder_ / "file") << "x";
  for (const std::string& folder :
       {(folder_ / "file").string(), (folder_ / "file/below").string(), std::string("/proc/none")}) {
    const Finished finished = run(easel({"run", "paint", "width=4", "--json", "--out", folder}));
    EXPECT_EQ(finished.status, 1) << folder;
    EXPECT_EQ(finished.out, "") << folder;
    EXPECT_EQ(finished.err.find("easel: " + folder), 0u) << finished.err;
  }
}

TEST_F(Headless, PluginsThatAreNone) {
  const auto refusal = [&](const std::string& file) {
    Spawn spawn = easel({"run", "paint", "--json"});
    spawn.words[2] = file;
    const Finished finished = run(spawn);
    EXPECT_EQ(finished.status, 1) << file;
    EXPECT_EQ(finished.out, "") << file;
    return finished.err;
  };
  const std::string broken = TEST_PLUGINS "/broken_plugin_";
  EXPECT_EQ(refusal("none.so"), "easel: none.so cannot be opened: No such file or directory\n");
  EXPECT_EQ(refusal(broken + "1.so"), "easel: " + broken + "1.so is made for contract 2, this host speaks 1\n");
  EXPECT_EQ(refusal(broken + "4.so"), "easel: Broken cannot be used: it could not be started\n");
  EXPECT_EQ(refusal(broken + "5.so"), "easel: Broken cannot be used: it has no invoke()\n");
  EXPECT_NE(refusal(broken + "6.so").find("does not export easel_entry_v1"), std::string::npos);
}

TEST_F(Headless, NoPluginBesideTheProgram) {
  fs::create_directories(folder_ / "bin");
  fs::copy_file(EASEL_PROGRAM, folder_ / "bin/easel");
  Spawn spawn;
  spawn.words = {folder_ / "bin/easel", "actions"};
  const Finished none = run(spawn);
  EXPECT_EQ(none.status, 1);
  EXPECT_EQ(none.err,
            "easel: " + (folder_ / "lib/inset/inset.so").string() + " cannot be opened: No such file or directory\n");

  fs::create_directories(folder_ / "lib/inset");
  fs::copy_file(kSketch, folder_ / "lib/inset/inset.so");
  EXPECT_EQ(run(spawn).status, 0);
  fs::rename(folder_ / "lib/inset/inset.so", folder_ / "bin/inset.so");
  EXPECT_EQ(run(spawn).status, 0);
}

// ---- how it ends ----

TEST_F(Headless, CausesBecomeStatuses) {
  const std::vector<std::pair<std::string, int>> table = {
      {"disk_full", 1},     {"parameter_missing", 2}, {"not_signed_in", 3}, {"quota_used_up", 4},
      {"no_connection", 5}, {"bad_answer", 7},        {"cancelled", 8},     {"some_rest", 6}};
  for (const auto& [cause, status] : table) {
    EXPECT_EQ(run(easel_json({"run", "fail", "cause=" + cause})).status, status) << cause;
    EXPECT_EQ(run(easel_json({"run", "fail", "paid=maybe", "cause=" + cause})).status, 6) << cause;
  }
  EXPECT_EQ(run(easel_json({"run", "fail", "rests=0123456789abcdef"})).status, 6);
}

TEST_F(Headless, AJobThatEndsWithoutAWord) {
  const Finished finished = run(easel_json({"run", "vanish"}));
  EXPECT_EQ(finished.status, 1);
  EXPECT_EQ(finished.err, "easel: left before the end\n");
}

TEST_F(Headless, SignalsCancel) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    Program program(easel_json({"run", "paint", "width=9", "pause=10000"}));
    ASSERT_TRUE(program.says("fetching"));
    program.send(signal);
    const Finished finished = program.finish();
    EXPECT_EQ(finished.status, 8) << signal;
    EXPECT_EQ(lines(finished.out).back()["cause"], "cancelled");
  }
}

TEST_F(Headless, ASignalThatWasIgnoredStaysIgnored) {
  Spawn spawn = easel_json({"run", "paint", "width=9", "pause=100"});
  spawn.ignores_interrupt = true;
  Program program(spawn);
  ASSERT_TRUE(program.says("fetching"));
  program.send(SIGINT);
  EXPECT_EQ(program.finish().status, 0);
}

TEST_F(Headless, TheSecondSignalEndsHarder) {
  for (const auto& [stage, status] : std::vector<std::pair<std::string, int>>{{"signing_in", 8}, {"waiting", 6}}) {
    Program program(easel_json({"run", "stay", "stage=" + stage}));
    ASSERT_TRUE(program.says(stage));
    program.send(SIGINT);
    std::this_thread::sleep_for(300ms);
    program.send(SIGINT);
    const Finished finished = program.finish(8s);
    EXPECT_EQ(finished.status, status) << stage;
    EXPECT_NE(finished.err.find("left before the end"), std::string::npos);
  }
}

TEST_F(Headless, TheTimeIsUp) {
  const auto began = std::chrono::steady_clock::now();
  const Finished finished = run(easel_json({"run", "paint", "width=9", "pause=20000", "--timeout", "0.3"}));
  EXPECT_EQ(finished.status, 5);
  EXPECT_EQ(lines(finished.out).back()["cause"], "cancelled");
  EXPECT_LT(std::chrono::steady_clock::now() - began, 8s);
  EXPECT_EQ(run(easel_json({"run", "paint", "width=9", "--timeout", "30"})).status, 0);
}

TEST_F(Headless, AReaderThatHasGoneDoesNotEndTheJob) {
  Spawn spawn;
  spawn.words = {"/bin/sh", "-c",
                 std::string(EASEL_PROGRAM) + " --plugin " + kSketch + " run paint width=9 pause=60 --json --out " +
                     out_.string() + " | head -n 1 > /dev/null"};
  run(spawn);
  EXPECT_TRUE(fs::exists(out_ / "canvas.json"));
}

TEST_F(Headless, OutputThatIsLostIsNoSuccess) {
  const auto to_full = [&](const std::string& words) {
    Spawn spawn;
    spawn.words = {"/bin/sh", "-c", std::string(EASEL_PROGRAM) + " --plugin " + kSketch + " " + words + " > /dev/full"};
    spawn.folder = folder_;
    return run(spawn);
  };
  EXPECT_EQ(to_full("actions").status, 1);
  EXPECT_EQ(to_full("run list --json").status, 1);
  EXPECT_EQ(to_full("run list").status, 1);
  const Finished placed = to_full("run paint width=9 --json");
  EXPECT_EQ(placed.status, 0);
  EXPECT_NE(placed.err.find("standard output cannot be written"), std::string::npos);
}

}  // namespace
}  // namespace contract
