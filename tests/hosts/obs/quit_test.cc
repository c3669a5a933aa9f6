// SPDX-License-Identifier: GPL-2.0-or-later
// OBS is closed in the middle of a job, in each of its phases: it ends at once, nothing of ours is left in the process,
// and the journal knows how far the job was.
#include <util/bmem.h>

#include "module_fixture.h"
#include "own_process.h"

namespace obs_test {
namespace {

struct Phase {
  const char* name;
  Json rule;          // of the stand-in
  const char* until;  // the stand-in holds there; null: until the picture is on its way to the graphics card
  std::size_t charges;
};

void PrintTo(const Phase& phase, std::ostream* out) { *out << phase.name; }

// What the stand-in serves as the picture of these tests.
constexpr char kFile[] = STAND_IN_CACHE "/pictures/mountains-4k-progressive.jpg";

class Quit : public ModuleTest, public testing::WithParamInterface<Phase> {};

TEST_P(Quit, EndsAtOnceAndLeavesNothing) {
  const Phase& phase = GetParam();
  if (!phase.rule.is_null()) {
    Json rule = phase.rule;
    // All but the end of the file: then most of it is decoded.
    if (rule.value("hold_at", 0) < 0) rule["hold_at"] = fs::file_size(kFile) - 2000;
    const bool asked = phase.name == std::string("polling");
    stand_in_.change({{"rules", Json::array({rule})}, {"put_answer", asked ? 202 : 200}});
  }
  // Once before, so that what the graphics driver opens for good is open.
  { BareObs first; }
  const auto files = open_files();
  milliseconds took{};
  {
    BareObs obs;
    ASSERT_TRUE(load_module(obs));
    ASSERT_TRUE(obs.request("insert", picture(1, "4k")).value("accepted", false));
    if (phase.until) {
      ASSERT_TRUE(obs.run_until([&] { return stand_in_.held(phase.until); })) << phase.name;
    } else {
      ASSERT_TRUE(obs.run_until([&] { return !obs.events("placed").empty(); }));
    }
    // The box that decodes has taken what it was given.
    if (phase.name == std::string("decoding")) obs.run_for(500ms);
    took = obs.shut_down();
    EXPECT_TRUE(threads_named("inset-").empty());
  }
  std::printf("closed while %s: %lld ms\n", phase.name, static_cast<long long>(took.count()));
  EXPECT_LT(took, 1s);
  EXPECT_EQ(bnum_allocs(), 0);
  EXPECT_EQ(open_files(), files);
  EXPECT_EQ(stand_in_.charged().size(), phase.charges);

  // The next run finishes what was begun, and pays no second time.
  for (const char* name : {"token", "sizes", "put", "get", "file"}) {
    if (stand_in_.held(name)) stand_in_.let_go(name);
  }
  stand_in_.change({{"rules", Json::array()}, {"ready_polls", 1}});
  BareObs obs;
  ASSERT_TRUE(load_module(obs));
  const Json end = obs.insert(picture(1, "4k"), 60s);
  EXPECT_EQ(end.value("event", ""), "done") << end;
  EXPECT_EQ(stand_in_.charged().size(), 1u);
}

Json hold(const char* route) { return {{"route", route}, {"call", 1}, {"hold", route}}; }

Json hold_in_body(const char* route, int byte) {
  Json rule = hold(route);
  rule["hold_at"] = byte;
  return rule;
}

INSTANTIATE_TEST_SUITE_P(
    Phases, Quit,
    testing::Values(Phase{"signing_in", hold("token"), "token", 0}, Phase{"before_the_put", hold("sizes"), "sizes", 0},
                    Phase{"after_the_put", hold("put"), "put", 1}, Phase{"polling", hold("get"), "get", 1},
                    Phase{"fetching", hold_in_body("file", 1 << 20), "file", 1},
                    Phase{"decoding", hold_in_body("file", -1), "file", 1}, Phase{"uploading", nullptr, nullptr, 1}),
    [](const auto& phase) { return phase.param.name; });

}  // namespace
}  // namespace obs_test
