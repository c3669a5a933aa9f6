// SPDX-License-Identifier: GPL-2.0-or-later
// The shipped inset.so in the strict host, against the stand-in service. Everything here goes
// through the contract alone; the strict host aborts at the first broken rule, so that most of
// these tests only have to make the plugin do things.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <thread>

#include "loader/loader.h"
#include "process_state.h"
#include "stand_in.h"
#include "strict_host.h"

namespace contract {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using namespace std::chrono_literals;

// The contract says half a second. A loaded machine, and a sanitizer's bookkeeping, may make it
// longer; a plugin that waits for a time-out of the network takes far longer.
constexpr std::chrono::milliseconds kAtOnce = 1500ms;

const easel_entry& inset() {
  static const easel::Loaded loaded = easel::load(INSET_PLUGIN);
  if (loaded.entry == nullptr) {
    std::fprintf(stderr, "%s\n", loaded.error.c_str());
    std::abort();
  }
  return *loaded.entry;
}

int threads() {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/task")) ++count;
  return count;
}

class Rules : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/rules_test.XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  // The service, and a person who has signed in by the environment.
  void serve(const Json& scenario = {{"put_answer", 200}}) {
    service_.emplace(scenario);
    ASSERT_TRUE(service_->facts().contains("api_url"));
    setenv("INSET_API_URL", text("api_url").c_str(), 1);
    setenv("INSET_AUTH_URL", text("auth_url").c_str(), 1);
    setenv("INSET_CA_FILE", text("ca_file").c_str(), 1);
    setenv("INSET_API_KEY", text("api_key").c_str(), 1);
    setenv("INSET_CLIENT_SECRET", text("client_secret").c_str(), 1);
  }

  std::string text(const std::string& fact) const { return service_->facts()[fact].get<std::string>(); }

  StrictHost::Options options() const {
    StrictHost::Options out;
    out.data_dir = folder_ + "/data";
    return out;
  }

  std::unique_ptr<StrictHost> host(StrictHost::Options with) const {
    auto out = std::make_unique<StrictHost>(inset(), std::move(with));
    EXPECT_TRUE(out->create());
    return out;
  }

  // A picture by all its parameters. 0 is the smallest; 1 and 2 are other photographs.
  Pairs picture(int index = 0, const std::string& size = "1k") const {
    return {
        {"generation", text("generation")}, {"index", std::to_string(index)}, {"size", size}, {"product_id", "31415"}};
  }

  static std::string fact(const Picture& of, const std::string& key) {
    for (const auto& [each, value] : of.facts)
      if (each == key) return value;
    return {};
  }

  std::string folder_;
  std::optional<StandIn> service_;
};

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
  for (const char* id : {"insert", "resume", "jobs", "drop"}) EXPECT_TRUE(actions.count(id)) << id;
  EXPECT_EQ(threads(), before);
}

TEST_F(Rules, OneExportedSymbol) {
  std::FILE* list = popen("nm -D --defined-only '" INSET_PLUGIN "' 2>/dev/null", "r");
  ASSERT_NE(list, nullptr);
  std::string text;
  for (char part[256]; std::fgets(part, sizeof part, list) != nullptr;) text += part;
  pclose(list);
  if (text.empty()) GTEST_SKIP() << "there is no nm here";
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
  h->release_images();
  EXPECT_EQ(h->images_released(), 2);
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

// ---- cancel and destroy, in every phase ----

struct Phase {
  const char* name;
  const char* rule;   // holds the job there
  const char* route;  // asked once it is there
  bool may_be_paid;
};

const Phase kPhases[] = {
    {"SigningIn", R"({"route": "token", "hold": "x"})", "token", false},
    {"ListingSizes", R"({"route": "sizes", "hold": "x"})", "sizes", false},
    {"Requesting", R"({"route": "put", "hold": "x"})", "put", true},
    {"Waiting", R"({"route": "get", "hold": "x"})", "get", true},
    {"Fetching", R"({"route": "file", "hold": "x", "hold_at": 20000})", "file", true},
};

class RulesInPhase : public Rules, public testing::WithParamInterface<Phase> {
 protected:
  // A job that stands still in this phase.
  int64_t stuck(StrictHost& h) {
    const int64_t job = h.invoke("insert", picture());
    EXPECT_TRUE(h.run([this] { return service_->held("x"); }, 30s))
        << "the service is never asked for " << GetParam().route;
    return job;
  }
  void serve_phase() {
    Json scenario = {{"put_answer", GetParam().route == std::string("get") ? 202 : 200}};
    scenario["rules"] = Json::array({Json::parse(GetParam().rule)});
    serve(scenario);
  }
  // run() looks at its condition after each wake-up only, and a job that stands still gives none.
  StrictHost::Options polling() const {
    StrictHost::Options out = options();
    out.wake = false;
    return out;
  }
};

TEST_P(RulesInPhase, CancelIsAnsweredAtOnce) {
  serve_phase();
  const auto h = host(polling());
  const int64_t job = stuck(*h);
  const auto began = std::chrono::steady_clock::now();
  h->cancel(job);
  ASSERT_TRUE(h->run({}, 10s));
  EXPECT_LT(std::chrono::steady_clock::now() - began, kAtOnce);
  ASSERT_NE(h->end_of(job), nullptr);
  EXPECT_EQ(h->end_of(job)->kind, "failed");
  EXPECT_EQ(h->end_of(job)->get("cause"), "cancelled");
  EXPECT_EQ(h->end_of(job)->get("paid") != "no", GetParam().may_be_paid);
  EXPECT_EQ(h->images_offered(), 0);
}

TEST_P(RulesInPhase, DestroyTakesEffectAtOnce) {
  serve_phase();
  {
    const auto h = host(polling());
    stuck(*h);
    h->destroy();
    EXPECT_LT(h->longest("destroy"), kAtOnce);
    service_->let_go("x");
    std::this_thread::sleep_for(200ms);
    EXPECT_EQ(h->images_offered(), 0);
  }
  // The next life finishes it, if there is something to finish, for one licence.
  service_->change({{"rules", Json::array()}});
  StrictHost::Options scripted = options();
  scripted.form = false;
  const auto h = host(scripted);
  const int64_t job = h->invoke("resume");
  ASSERT_TRUE(h->run({}, 90s));
  ASSERT_NE(h->end_of(job), nullptr);
  EXPECT_EQ(h->images_taken(), GetParam().may_be_paid ? 1 : 0);
  EXPECT_EQ(service_->charged().size(), GetParam().may_be_paid ? 1u : 0u);
}

INSTANTIATE_TEST_SUITE_P(Phases, RulesInPhase, testing::ValuesIn(kPhases),
                         [](const auto& each) { return std::string(each.param.name); });

TEST_F(Rules, WhatWasCutOffIsMadeReadyAndNotPlacedUnasked) {
  serve({{"put_answer", 200}, {"rules", Json::parse(R"([{"route": "file", "hold": "x", "hold_at": 20000}])")}});
  StrictHost::Options polling = options();
  polling.wake = false;
  {
    const auto h = host(polling);
    h->invoke("insert", picture());
    ASSERT_TRUE(h->run([this] { return service_->held("x"); }));
  }
  service_->let_go("x");
  service_->change({{"rules", Json::array()}});
  const auto h = host(polling);
  const auto told = [&] { return !h->events("told").empty(); };
  for (int i = 0; i < 500 && !told(); ++i) {
    h->pump();
    std::this_thread::sleep_for(20ms);
  }
  ASSERT_TRUE(told());
  EXPECT_EQ(h->events("told")[0].job, 0);
  EXPECT_EQ(h->images_offered(), 0);
  h->person = [](const Form&) { return Reaction{Reaction::Kind::accept, {}}; };
  h->invoke("resume");
  ASSERT_TRUE(h->run());
  EXPECT_EQ(h->images_taken(), 1);
  EXPECT_EQ(service_->charged().size(), 1u);
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

// ---- questions ----

// A person who fills in what is asked for, as far as these tests can know it.
Reaction willing(const Form& form, const std::string& generation) {
  Reaction out{Reaction::Kind::accept, {}};
  for (const Field& field : form.fields) {
    if (field.key == "generation") out.values.emplace_back("generation", generation);
    if (field.key == "index") out.values.emplace_back("index", "0");
    if (field.key == "size" && !field.choices.empty()) out.values.emplace_back("size", field.choices[0].first);
    if (field.key == "api_key" && field.value.empty()) out.values.emplace_back("api_key", "standin-api-key");
    if (field.key == "client_secret") out.values.emplace_back("client_secret", "standin+secret/with=signs&100%");
  }
  return out;
}

TEST_F(Rules, AFormAsksForWhatIsMissing) {
  serve();
  const auto h = host(options());
  const std::string generation = text("generation");
  int shown = 0;
  h->person = [&](const Form& form) {
    EXPECT_FALSE(form.accept.empty());
    EXPECT_EQ(service_->calls("put"), 0) << "bought without a button that says so";
    return ++shown > 20 ? Reaction{Reaction::Kind::close, {}} : willing(form, generation);
  };
  const int64_t job = h->invoke("insert");
  ASSERT_TRUE(h->run({}, 60s));
  ASSERT_GE(h->asked().size(), 1u);
  EXPECT_NE(h->asked().back().accept.find("License"), std::string::npos) << h->asked().back().accept;
  ASSERT_NE(h->end_of(job), nullptr);
  EXPECT_EQ(h->end_of(job)->kind, "done") << h->end_of(job)->get("message");
  EXPECT_EQ(h->images_taken(), 1);
  EXPECT_EQ(service_->charged().size(), 1u);
}

TEST_F(Rules, WhatIsBoughtIsWhatTheButtonSaid) {
  serve();
  const auto h = host(options());
  const std::string generation = text("generation");
  std::string pressed;
  h->person = [&](const Form& form) {
    EXPECT_EQ(service_->calls("put"), 0) << "bought by the button \"" << pressed << "\"";
    pressed = form.accept;
    Reaction out = willing(form, generation);
    // A hand that is faster than changed(): the other size is picked, and the button says the
    // first.
    if (form.accept.find("1024") != std::string::npos) out.values = {{"size", "4k"}};
    if (form.accept.find("4096") != std::string::npos) out.values = {};
    return out;
  };
  h->invoke("insert");
  ASSERT_TRUE(h->run({}, 60s));
  EXPECT_NE(pressed.find("4096"), std::string::npos) << pressed;
  ASSERT_EQ(service_->charged().size(), 1u);
  EXPECT_EQ(service_->charged()[0]["size"], "4k");
}

TEST_F(Rules, AnAnswerAndNewFieldsMayCross) {
  // New fields are on their way to the host while the person has closed the form already: it stays
  // closed.
  for (const bool accepted : {false, true}) {
    serve();
    const auto h = host(options());
    h->invoke("insert");
    ASSERT_TRUE(h->run([&] { return !h->forms().empty(); }));
    const uint64_t request = h->forms().begin()->first;
    h->change(request, "generation", text("generation"));
    std::this_thread::sleep_for(300ms);
    if (accepted)
      h->accept(request);
    else
      h->close(request);
    h->run([&] { return !h->forms().empty(); }, 5s);
    EXPECT_EQ(h->forms().count(request), 0u);
    h->destroy();
  }
}

TEST_F(Rules, AClosedFormCostsNothing) {
  serve();
  const auto h = host(options());
  h->person = [](const Form&) { return Reaction{Reaction::Kind::close, {}}; };
  const int64_t job = h->invoke("insert");
  ASSERT_TRUE(h->run());
  EXPECT_GE(h->asked().size(), 1u);
  ASSERT_NE(h->end_of(job), nullptr);
  EXPECT_EQ(h->end_of(job)->get("cause"), "cancelled");
  EXPECT_EQ(h->end_of(job)->get("paid"), "no");
  EXPECT_EQ(service_->calls("put"), 0);
}

TEST_F(Rules, AFormThatNobodyAnswersIsTakenAway) {
  serve();
  const auto h = host(options());
  const int64_t job = h->invoke("insert");
  ASSERT_TRUE(h->run([&] { return !h->forms().empty(); }));
  h->cancel(job);
  ASSERT_TRUE(h->run({}, 10s));
  EXPECT_TRUE(h->forms().empty());
  EXPECT_EQ(h->end_of(job)->get("cause"), "cancelled");

  h->invoke("insert");
  ASSERT_TRUE(h->run([&] { return !h->forms().empty(); }));
  h->destroy();
  EXPECT_TRUE(h->forms().empty()) << "destroy() leaves a form on the screen";
}

TEST_F(Rules, EveryWatchedFieldMayChange) {
  serve();
  const auto h = host(options());
  const std::string generation = text("generation");
  std::set<std::string> edited;
  h->person = [&](const Form& form) {
    for (const Field& field : form.fields) {
      if ((field.flags & EASEL_WATCHED) == 0 || !edited.insert(form.title + "/" + field.key).second) continue;
      std::string value = "nonsense \xE2\x82\xAC";
      if (field.kind == EASEL_CHOICE) value = field.choices.back().first;
      if (field.key == "generation") value = generation;
      return Reaction{Reaction::Kind::change, {{field.key, value}}};
    }
    return Reaction{};
  };
  h->invoke("insert");
  // Whatever comes of it: the rules hold, and nothing is bought by typing.
  h->run([] { return false; }, 3s);
  h->destroy();
  EXPECT_FALSE(h->asked().empty());
  EXPECT_EQ(service_->calls("put"), 0);
}

TEST_F(Rules, NonsenseFromTheHostIsHarmless) {
  serve();
  const auto h = host(options());
  h->invoke("insert",
            {{"generation", "../../etc"}, {"index", "-1"}, {"size", "\xF0\x9F\xA6\x8A"}, {"product_id", "x"}});
  h->invoke("insert", {{"generation", std::string(100000, 'g')}, {"index", "99999999999999999999"}, {"size", "1k"}});
  h->invoke("insert", {{"generation", text("generation")}, {"index", "3"}, {"size", "1k"}, {"product_id", "31415"}});
  h->invoke("drop", {{"job", "../../../etc/passwd"}});
  h->person = [](const Form&) { return Reaction{Reaction::Kind::close, {}}; };
  ASSERT_TRUE(h->run());
  for (const Event& event : h->events("failed")) EXPECT_EQ(event.get("paid"), "no") << event.get("message");
  EXPECT_EQ(h->events("failed").size(), 4u);
  EXPECT_TRUE(service_->charged().empty());
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
