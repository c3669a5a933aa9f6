// SPDX-License-Identifier: GPL-2.0-or-later
// The rules of the contract, from looking at the library to a picture on the canvas and away again.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>
#include <thread>

#include "process_state.h"
#include "rules_fixture.h"

namespace contract {
namespace {

namespace fs = std::filesystem;

int threads() {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/task")) ++count;
  return count;
}

// ---- looking at the library ----

TEST_F(Rules, ReadingTheDescriptionStartsNothing) {
  const int before = threads();
  const easel_descriptor& about = *inset().descriptor;
  EXPECT_STREQ(about.id, "inset");
  EXPECT_NE(about.vendor, nullptr);
  std::set<std::string> actions;
  for (size_t i = 0; i < about.action_count; ++i) {
    const easel_action& action = about.actions[i];
    actions.insert(action.id);
    EXPECT_NE(action.hint, nullptr) << action.id;
    std::set<std::string> keys;
    for (size_t k = 0; k < action.field_count; ++k) {
      const easel_field& field = action.fields[k];
      EXPECT_TRUE(keys.insert(field.key).second) << field.key;
      EXPECT_NE(field.label, nullptr) << field.key;
      EXPECT_GE(field.kind, EASEL_TEXT) << field.key;
      EXPECT_LE(field.kind, EASEL_NOTE) << field.key;
    }
  }
  for (const char* id : {"insert", "resume", "jobs", "drop", "sign-in", "sign-out", "status"})
    EXPECT_TRUE(actions.count(id)) << id;
  EXPECT_EQ(threads(), before);
}

TEST_F(Rules, OneExportedSymbol) {
  std::FILE* list = popen("nm -D --defined-only '" INSET_PLUGIN "' 2>/dev/null", "r");
  ASSERT_NE(list, nullptr);
  std::string text;
  for (char part[256]; std::fgets(part, sizeof part, list) != nullptr;) text += part;
  pclose(list);
  std::smatch found;
  EXPECT_TRUE(std::regex_match(text, found, std::regex("[0-9a-f]+ [A-Z] easel_entry_v1\n"))) << text;
}

// ---- without a network ----

TEST_F(Rules, CreateAsksNobody) {
  serve();
  const auto h = host(options());
  std::this_thread::sleep_for(300ms);
  h->pump();
  h->destroy();
  EXPECT_EQ(service_->connections(), 0);
  EXPECT_TRUE(h->asked().empty());
}

TEST_F(Rules, WhatIsUnknownIsRefused) {
  serve();
  const auto h = host(options());
  EXPECT_EQ(h->invoke("fly"), EASEL_INVALID);
  EXPECT_EQ(h->invoke(""), EASEL_INVALID);
  EXPECT_EQ(h->invoke("insert", {{"colour", "red"}}), EASEL_INVALID);
  h->cancel(0);
  h->cancel(12345);
  h->cancel(-1);
  EXPECT_LT(h->open("/etc/passwd"), 0);
  EXPECT_LT(h->open(""), 0);
  EXPECT_EQ(h->pump(), 0u);
}

TEST_F(Rules, WithoutAFormTheMissingParameterIsNamed) {
  serve();
  StrictHost::Options lacking = options();
  lacking.form = false;
  const auto h = host(lacking);
  const int64_t job = h->invoke("insert");
  ASSERT_GT(job, 0);
  ASSERT_TRUE(h->run());
  EXPECT_EQ(h->end_of(job)->get("cause"), "parameter_missing");
  EXPECT_EQ(h->end_of(job)->get("paid"), "no");
  EXPECT_NE(h->end_of(job)->get("message").find("generation"), std::string::npos);
  EXPECT_TRUE(service_->charged().empty());
}

TEST_F(Rules, ManyLivesAndDeaths) {
  // A thread that is asked to end while it is still starting is the case to catch: it shows about
  // once in ten.
  serve();
  for (int i = 0; i < 50; ++i) {
    const auto h = host(options());
    if (i % 2 == 0) h->invoke("jobs");
    h->destroy();
    EXPECT_LT(h->longest("destroy"), kAtOnce);
  }
}

// ---- the whole way ----

// Every combination of what a host may lack.
class RulesWithout : public Rules, public testing::WithParamInterface<int> {
 protected:
  StrictHost::Options lacking() const {
    StrictHost::Options out = options();
    out.report = (GetParam() & 1) == 0;
    out.form = (GetParam() & 2) == 0;
    out.wake = (GetParam() & 4) == 0;
    out.opened = (GetParam() & 8) == 0;
    return out;
  }
};

TEST_P(RulesWithout, APictureReachesTheCanvas) {
  serve();
  const auto h = host(lacking());
  const int64_t job = h->invoke("insert", picture(), 42);
  ASSERT_GT(job, 0);
  ASSERT_TRUE(h->run());
  ASSERT_EQ(h->pictures().size(), 1u);
  const Picture& placed = h->pictures()[0];
  EXPECT_EQ(placed.target, 42u);
  EXPECT_EQ(placed.width, 1024u);
  EXPECT_EQ(placed.height, 576u);
  EXPECT_EQ(placed.mime, "image/jpeg");
  EXPECT_TRUE(fs::exists(placed.path));
  EXPECT_EQ(fact(placed, "generation"), text("generation"));
  EXPECT_EQ(fact(placed, "index"), "0");
  EXPECT_EQ(fact(placed, "size"), "1k");
  EXPECT_FALSE(fact(placed, "asset_id").empty());
  EXPECT_EQ(fact(placed, "sha256").size(), 64u);
  EXPECT_EQ(service_->charged().size(), 1u);
  EXPECT_EQ(h->images_offered(), 1);
  EXPECT_EQ(h->images_released(), 1);
  EXPECT_EQ(h->wakes() > 0, h->options.wake);
  if (h->options.report) {
    ASSERT_NE(h->end_of(job), nullptr);
    EXPECT_EQ(h->end_of(job)->kind, "done");
    ASSERT_EQ(h->events("placed").size(), 1u);
    EXPECT_EQ(h->events("placed")[0].get("width"), "1024");
    EXPECT_EQ(h->events("placed")[0].get("original"), placed.path);
    std::set<std::string> stages;
    for (const Event& event : h->events("progress")) stages.insert(event.get("stage"));
    const std::set<std::string> known = {"signing_in", "listing_sizes", "requesting", "waiting",
                                         "fetching",   "saving",        "decoding",   "placing"};
    for (const std::string& stage : stages) EXPECT_TRUE(known.count(stage)) << stage;
    EXPECT_FALSE(stages.empty());
  }

  const int64_t request = h->open(placed.path);
  if (!h->options.opened) {
    EXPECT_LT(request, 0);
    return;
  }
  ASSERT_GT(request, 0);
  ASSERT_TRUE(h->run());
  EXPECT_EQ(h->opened().at(static_cast<uint64_t>(request)), EASEL_OK);
  ASSERT_EQ(h->pictures().size(), 2u);
  EXPECT_EQ(h->pictures()[1].pixels, h->pictures()[0].pixels);
}

INSTANTIATE_TEST_SUITE_P(Abilities, RulesWithout, testing::Range(0, 16));

TEST_F(Rules, CallsReturnAtOnce) {
  serve();
  const auto h = host(options());
  h->invoke("insert", picture());
  ASSERT_TRUE(h->run());
  EXPECT_LT(h->longest("create"), kAtOnce);
  for (const char* function : {"invoke", "pump"}) EXPECT_LT(h->longest(function), 500ms) << function;
}

TEST_F(Rules, NoFolderNamedMeansThePersonsOwn) {
  serve();
  setenv("INSET_DATA_DIR", (folder_ + "/own").c_str(), 1);
  StrictHost::Options without = options();
  without.data_dir.clear();
  const auto h = host(without);
  h->invoke("insert", picture());
  ASSERT_TRUE(h->run());
  ASSERT_EQ(h->pictures().size(), 1u);
  EXPECT_EQ(h->pictures()[0].path.find(folder_ + "/own/"), 0u) << h->pictures()[0].path;
  unsetenv("INSET_DATA_DIR");
}

// From where to where it is mapped.
std::vector<std::pair<std::uintptr_t, std::uintptr_t>> memory_of_decoders() {
  std::vector<std::pair<std::uintptr_t, std::uintptr_t>> found;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("/memfd:inset-picture") == std::string::npos) continue;
    char* end = nullptr;
    const std::uintptr_t from = std::strtoull(line.c_str(), &end, 16);
    found.emplace_back(from, std::strtoull(end + 1, nullptr, 16));
  }
  return found;
}

TEST_F(Rules, APictureOutlivesThePlugin) {
  serve();
  StrictHost::Options holding = options();
  holding.hold_images = true;
  const auto h = host(holding);
  h->invoke("insert", picture());
  h->invoke("insert", picture(2));
  ASSERT_TRUE(h->run());
  h->destroy();
  EXPECT_EQ(h->images_taken(), 2);
  // They lie where the decoder has left them, and nowhere else.
  EXPECT_EQ(memory_of_decoders().size(), 2u);
  for (const easel_image& image : h->held_images()) {
    const auto at = reinterpret_cast<std::uintptr_t>(image.pixels);
    EXPECT_TRUE(std::ranges::any_of(memory_of_decoders(), [&](const auto& m) { return m.first == at; }));
  }
  h->release_images();
  EXPECT_EQ(h->images_released(), 2);
  EXPECT_TRUE(memory_of_decoders().empty());
}

TEST_F(Rules, ARefusedPictureIsKeptAndNotPaidAgain) {
  for (const easel_status status : {EASEL_GONE, EASEL_FAILED}) {
    const int index = status == EASEL_GONE ? 0 : 1;
    serve();
    StrictHost::Options refusing = options();
    refusing.place_status = status;
    {
      const auto h = host(refusing);
      const int64_t job = h->invoke("insert", picture(index));
      ASSERT_TRUE(h->run());
      EXPECT_GE(h->images_offered(), 1);
      EXPECT_EQ(h->images_taken(), 0);
      EXPECT_EQ(h->end_of(job)->kind, "failed");
      EXPECT_EQ(h->end_of(job)->get("cause"), status == EASEL_GONE ? "canvas_gone" : "canvas_refused");
      EXPECT_EQ(h->end_of(job)->get("paid"), "yes");
      EXPECT_EQ(service_->charged().size(), 1u);
    }
    StrictHost::Options scripted = options();
    scripted.form = false;
    const auto h = host(scripted);
    h->run();
    EXPECT_EQ(h->images_offered(), 0) << "placed without being asked for";
    h->invoke("resume");
    ASSERT_TRUE(h->run());
    EXPECT_EQ(h->images_taken(), 1);
    EXPECT_EQ(service_->charged().size(), 1u);
    fs::remove_all(folder_ + "/data");
  }
}

TEST_F(Rules, TwoInstancesInOneProcess) {
  serve();
  StrictHost::Options other = options();
  other.data_dir = folder_ + "/other";
  const auto a = host(options());
  const auto b = host(other);
  a->invoke("insert", picture(0));
  b->invoke("insert", picture(2));
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (a->pump() + b->pump() > 0 && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(a->images_taken(), 1);
  EXPECT_EQ(b->images_taken(), 1);
  a->destroy();
  b->invoke("jobs");
  ASSERT_TRUE(b->run());
  EXPECT_EQ(b->events("listed").size(), 1u);
}

TEST_F(Rules, JobsAreListedAndDropped) {
  serve();
  StrictHost::Options refusing = options();
  refusing.place_status = EASEL_GONE;
  refusing.form = false;
  const auto h = host(refusing);
  h->invoke("insert", picture());
  ASSERT_TRUE(h->run());
  int64_t job = h->invoke("jobs");
  ASSERT_TRUE(h->run());
  EXPECT_EQ(h->end_of(job)->kind, "done");
  ASSERT_EQ(h->events("listed").size(), 1u);
  const Event listed = h->events("listed")[0];
  EXPECT_EQ(listed.get("generation"), text("generation"));
  EXPECT_EQ(listed.get("size"), "1k");
  EXPECT_EQ(listed.get("paid"), "yes");
  job = h->invoke("drop", {{"job", listed.get("job_id")}});
  ASSERT_TRUE(h->run());
  EXPECT_EQ(h->end_of(job)->kind, "done");
  job = h->invoke("drop", {{"job", "0000000000000000"}});
  ASSERT_TRUE(h->run());
  EXPECT_EQ(h->end_of(job)->kind, "failed");
  job = h->invoke("resume");
  ASSERT_TRUE(h->run());
  EXPECT_EQ(h->images_offered(), 1);
}

TEST_F(Rules, AnOriginalThatIsGone) {
  serve();
  const auto h = host(options());
  h->invoke("insert", picture());
  ASSERT_TRUE(h->run());
  const std::string path = h->pictures().at(0).path;
  {
    // Half of it: damaged, and nothing that could be shown.
    const auto size = fs::file_size(path);
    fs::permissions(path, fs::perms::owner_all);
    fs::resize_file(path, size / 2);
  }
  const int64_t damaged = h->open(path);
  ASSERT_GT(damaged, 0);
  ASSERT_TRUE(h->run());
  EXPECT_EQ(h->opened().at(static_cast<uint64_t>(damaged)), EASEL_FAILED);
  fs::remove(path);
  const int64_t gone = h->open(path);
  ASSERT_GT(gone, 0);
  ASSERT_TRUE(h->run());
  EXPECT_EQ(h->opened().at(static_cast<uint64_t>(gone)), EASEL_GONE);

  // A way out of the folder is refused, now or by opened(); what is there does not matter.
  const std::string outside = fs::path(path).parent_path().string() + "/../../../../etc/hostname";
  const int64_t refused = h->open(outside);
  ASSERT_TRUE(h->run());
  if (refused > 0) {
    EXPECT_LT(h->opened().at(static_cast<uint64_t>(refused)), 0);
  }
  EXPECT_EQ(h->images_offered(), 1);
}

TEST_F(Rules, SettingsThatCannotWorkEndTheJobInWords) {
  serve();
  StrictHost::Options nowhere = options();
  nowhere.data_dir = "/proc/nowhere";
  const auto h = host(nowhere);
  const int64_t job = h->invoke("insert", picture());
  ASSERT_TRUE(h->run());
  EXPECT_EQ(h->end_of(job)->get("cause"), "data_folder");
  h->destroy();

  setenv("INSET_API_URL", "not an address", 1);
  const auto wrong = host(options());
  const int64_t second = wrong->invoke("insert", picture());
  ASSERT_TRUE(wrong->run());
  EXPECT_EQ(wrong->end_of(second)->kind, "failed");
  EXPECT_EQ(wrong->end_of(second)->get("paid"), "no");
}

// ---- the process belongs to the host ----

TEST_F(Rules, TheProcessIsLeftAsItWas) {
  serve();
  const auto live = [&](int index) {
    const auto h = host(options());
    h->invoke("insert", picture(index));
    ASSERT_TRUE(h->run());
    ASSERT_EQ(h->images_taken(), 1);
    ASSERT_GT(h->open(h->pictures()[0].path), 0);
    ASSERT_TRUE(h->run());
  };
  // What libraries do once, at their first use, is done after the first life; all but that must be
  // the same even there.
  inset();
  const ProcessState before = ProcessState::take();
  live(0);
  const ProcessState between = ProcessState::take();
  live(2);
  const ProcessState after = ProcessState::take();
  EXPECT_EQ(ProcessState::difference(between, after), "");
  EXPECT_EQ(ProcessState::difference(before, between), "");
}

}  // namespace
}  // namespace contract
