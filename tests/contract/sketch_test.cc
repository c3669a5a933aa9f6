// SPDX-License-Identifier: GPL-2.0-or-later
// The example plugin in the strict host: the contract can be kept, with and without each optional
// ability, and the strict host sees what happens.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>

#include "loader/loader.h"
#include "process_state.h"
#include "strict_host.h"

namespace contract {
namespace {

using namespace std::chrono_literals;

const std::string kPlugin = TEST_PLUGINS "/sketch_plugin.so";

const easel_entry& sketch() {
  static const easel::Loaded loaded = easel::load(kPlugin);
  return *loaded.entry;
}

int live_images() {
  void* library = dlopen(kPlugin.c_str(), RTLD_NOW | RTLD_NOLOAD);
  return static_cast<std::atomic<int>*>(dlsym(library, "sketch_live_images"))->load();
}

Reaction accept(Pairs values) { return {Reaction::Kind::accept, std::move(values)}; }

// Every combination of what a host may lack.
class Abilities : public testing::TestWithParam<int> {
 protected:
  StrictHost::Options options() const {
    StrictHost::Options out;
    out.report = (GetParam() & 1) == 0;
    out.form = (GetParam() & 2) == 0;
    out.wake = (GetParam() & 4) == 0;
    out.opened = (GetParam() & 8) == 0;
    return out;
  }
};

TEST_P(Abilities, PaintsWithWhatThereIs) {
  StrictHost host(sketch(), options());
  ASSERT_TRUE(host.create());
  ASSERT_GT(host.invoke("paint", {{"width", "20"}, {"height", "10"}, {"alpha", "ramp"}}, 77), 0);
  ASSERT_TRUE(host.run());
  ASSERT_EQ(host.pictures().size(), 1u);
  const Picture& picture = host.pictures()[0];
  EXPECT_EQ(picture.target, 77u);
  EXPECT_EQ(picture.width, 20u);
  EXPECT_EQ(picture.height, 10u);
  const uint8_t* pixel = picture.pixels.data() + 4 * (20 * 9 + 19);
  EXPECT_EQ(pixel[0], 19);
  EXPECT_EQ(pixel[1], 9);
  EXPECT_EQ(pixel[2], 19 ^ 9);
  EXPECT_EQ(pixel[3], static_cast<uint8_t>(7 * 19 + 13 * 9));
  EXPECT_EQ(host.events("done").size(), host.options.report ? 1u : 0u);
}

TEST_P(Abilities, AQuestionIsAskedWhereItCanBe) {
  StrictHost host(sketch(), options());
  host.person = [](const Form& form) {
    return form.asked == 1 ? Reaction{Reaction::Kind::change, {{"width", "31"}}} : accept({});
  };
  ASSERT_TRUE(host.create());
  const int64_t job = host.invoke("paint");
  ASSERT_TRUE(host.run());
  if (host.options.form) {
    ASSERT_EQ(host.pictures().size(), 1u);
    EXPECT_EQ(host.pictures()[0].width, 31u);
    ASSERT_EQ(host.asked().size(), 2u);
    EXPECT_EQ(host.asked()[1].field("note")->label, "31 pixels wide");
    EXPECT_EQ(host.asked()[1].field("width")->value, "31");
  } else {
    EXPECT_TRUE(host.pictures().empty());
    if (host.options.report) {
      EXPECT_EQ(host.end_of(job)->get("cause"), "parameter_missing");
    }
  }
}

TEST_P(Abilities, AnOldPictureIsReadBack) {
  const std::string original = std::filesystem::temp_directory_path() / ("sketch_" + std::to_string(getpid()));
  std::ofstream(original) << "the file";
  StrictHost host(sketch(), options());
  ASSERT_TRUE(host.create());
  host.invoke("paint", {{"width", "5"}, {"original", original}});
  ASSERT_TRUE(host.run());
  EXPECT_LT(host.open("/etc/passwd"), 0);
  const int64_t request = host.open(original);
  if (!host.options.opened) {
    EXPECT_EQ(request, EASEL_UNSUPPORTED);
    std::filesystem::remove(original);
    return;
  }
  ASSERT_GT(request, 0);
  ASSERT_TRUE(host.run());
  EXPECT_EQ(host.opened().at(static_cast<uint64_t>(request)), EASEL_OK);
  EXPECT_EQ(host.images_taken(), 2);

  std::filesystem::remove(original);
  const int64_t second = host.open(original);
  ASSERT_TRUE(host.run());
  EXPECT_EQ(host.opened().at(static_cast<uint64_t>(second)), EASEL_GONE);
}

INSTANTIATE_TEST_SUITE_P(All, Abilities, testing::Range(0, 16));

TEST(Sketch, AClosedFormEndsTheJob) {
  StrictHost host(sketch());
  host.person = [](const Form&) { return Reaction{Reaction::Kind::close, {}}; };
  ASSERT_TRUE(host.create());
  const int64_t job = host.invoke("paint");
  ASSERT_TRUE(host.run());
  EXPECT_EQ(host.end_of(job)->get("cause"), "cancelled");
}

TEST(Sketch, AFormThatNobodyAnswersIsTakenAway) {
  StrictHost host(sketch());
  ASSERT_TRUE(host.create());
  const int64_t job = host.invoke("paint");
  ASSERT_TRUE(host.run([&] { return host.forms().size() == 1; }));
  host.cancel(job);
  EXPECT_TRUE(host.forms().empty());
  ASSERT_TRUE(host.run());
  EXPECT_EQ(host.end_of(job)->get("cause"), "cancelled");

  host.invoke("paint");
  ASSERT_TRUE(host.run([&] { return host.forms().size() == 1; }));
  host.destroy();
  EXPECT_TRUE(host.forms().empty());
  EXPECT_EQ(host.dismissed().size(), 2u);
}

TEST(Sketch, ARefusedPictureStaysThePlugins) {
  for (const easel_status status : {EASEL_GONE, EASEL_FAILED}) {
    StrictHost host(sketch());
    host.options.place_status = status;
    ASSERT_TRUE(host.create());
    const int64_t job = host.invoke("paint", {{"width", "8"}});
    ASSERT_TRUE(host.run());
    EXPECT_EQ(host.images_offered(), 1);
    EXPECT_EQ(host.images_taken(), 0);
    EXPECT_EQ(host.end_of(job)->get("cause"), status == EASEL_GONE ? "canvas_gone" : "canvas_refused");
    EXPECT_EQ(live_images(), 0);
  }
}

TEST(Sketch, APictureOutlivesItsPlugin) {
  StrictHost host(sketch());
  host.options.hold_images = true;
  ASSERT_TRUE(host.create());
  host.invoke("paint", {{"width", "8"}, {"copies", "3"}});
  ASSERT_TRUE(host.run());
  host.destroy();
  EXPECT_EQ(live_images(), 3);
  host.release_images();
  EXPECT_EQ(host.images_released(), 3);
  EXPECT_EQ(live_images(), 0);
}

TEST(Sketch, CancelAndDestroyAtOnce) {
  StrictHost host(sketch());
  ASSERT_TRUE(host.create());
  const int64_t first = host.invoke("paint", {{"width", "8"}, {"pause", "5000"}});
  const int64_t second = host.invoke("paint", {{"width", "8"}, {"pause", "5000"}});
  host.cancel(first);
  ASSERT_TRUE(host.run([&] { return host.end_of(first) != nullptr; }));
  EXPECT_EQ(host.end_of(second), nullptr);
  host.destroy();
  EXPECT_LT(host.longest("destroy"), 2s);
}

TEST(Sketch, LeavesTheProcessAsItWas) {
  sketch();
  const ProcessState before = ProcessState::take();
  {
    StrictHost host(sketch());
    ASSERT_TRUE(host.create());
    host.invoke("paint", {{"width", "8"}});
    ASSERT_TRUE(host.run());
  }
  EXPECT_EQ(ProcessState::difference(before, ProcessState::take()), "");
}

}  // namespace
}  // namespace contract
