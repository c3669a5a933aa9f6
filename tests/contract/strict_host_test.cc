// SPDX-License-Identifier: GPL-2.0-or-later
// The strict host aborts where it should. The plugin here is a few lines that break one rule each.
#include "strict_host.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <thread>

#include "process_state.h"

namespace contract {
namespace {

// What each call into the plugin does. One plugin at a time.
struct Script {
  std::function<int64_t()> invoke = [] { return int64_t{1}; };
  std::function<uint32_t()> pump = [] { return 1u; };
  std::function<void()> cancel = [] {};
  std::function<int64_t()> open = [] { return int64_t{1}; };
} script;

const easel_host* given = nullptr;
const easel_canvas* canvas = nullptr;
const easel_report* report = nullptr;
const easel_form* form = nullptr;

easel_plugin* create(const easel_host* host) {
  static easel_plugin plugin{};
  given = host;
  canvas = static_cast<const easel_canvas*>(host->get(host, EASEL_CANVAS));
  report = static_cast<const easel_report*>(host->get(host, EASEL_REPORT));
  form = static_cast<const easel_form*>(host->get(host, EASEL_FORM));
  plugin.invoke = [](easel_plugin*, const char*, uint64_t, const easel_pair*, size_t) { return script.invoke(); };
  plugin.answer = [](easel_plugin*, uint64_t, int32_t, const easel_pair*, size_t) {};
  plugin.changed = [](easel_plugin*, uint64_t, const char*, const char*) {};
  plugin.cancel = [](easel_plugin*, int64_t) { script.cancel(); };
  plugin.open = [](easel_plugin*, const char*) { return script.open(); };
  plugin.pump = [](easel_plugin*) { return script.pump(); };
  plugin.destroy = [](easel_plugin*) {};
  return &plugin;
}

constexpr easel_descriptor kAbout = {"script", "Script", "1", "Inset", nullptr, 0};
constexpr easel_entry kEntry = {{1, 0}, &kAbout, create};

uint8_t pixels[4 * 4 * 4];

easel_image image() {
  return {4, 4, 16, EASEL_RGBA8, pixels, [](easel_image*) {}, nullptr};
}
easel_asset asset() { return {"A fox", "/originals/fox.png", "image/png", nullptr, 0}; }

class StrictHostDeath : public testing::Test {
 protected:
  void SetUp() override {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    script = Script();
    ASSERT_TRUE(host_.create());
  }

  // What a pump that does this makes the host say.
  void expect_from_pump(std::function<void()> what, const char* message) {
    script.pump = [what] {
      what();
      return 1u;
    };
    EXPECT_DEATH(host_.pump(), message);
  }

  StrictHost host_{kEntry};
};

TEST_F(StrictHostDeath, Threads) {
  expect_from_pump([] { std::thread([] { given->log(given, EASEL_INFO, "x"); }).join(); }, "on another thread");
  EXPECT_DEATH(given->log(given, EASEL_INFO, "x"), "not inside a call into the plugin");
  EXPECT_DEATH(std::thread([this] { host_.pump(); }).join(), "on another thread");
  expect_from_pump([this] { host_.pump(); }, "from inside pump");
  std::thread([] { given->wake(given); }).join();
  EXPECT_EQ(host_.wakes(), 1);
}

TEST_F(StrictHostDeath, AfterTheEnd) {
  host_.destroy();
  EXPECT_DEATH(given->wake(given), "after destroy");
  EXPECT_DEATH(given->log(given, EASEL_INFO, "x"), "after destroy");
}

TEST_F(StrictHostDeath, AbilitiesAreAskedForOnce) {
  expect_from_pump([] { given->get(given, EASEL_REPORT); }, "from inside pump");
}

TEST_F(StrictHostDeath, LogLines) {
  expect_from_pump([] { given->log(given, EASEL_INFO, nullptr); }, "text is null");
  expect_from_pump([] { given->log(given, EASEL_INFO, "\xff"); }, "not UTF-8");
  expect_from_pump([] { given->log(given, EASEL_INFO, "a\nb"); }, "line end");
  expect_from_pump([] { given->log(given, 4, "a"); }, "no level 4");
}

TEST_F(StrictHostDeath, Images) {
  const auto with = [](void (*change)(easel_image&)) {
    return [change] {
      easel_image wrong = image();
      change(wrong);
      const easel_asset about = asset();
      canvas->place(given, 0, &wrong, &about);
    };
  };
  expect_from_pump(with([](easel_image& i) { i.release = nullptr; }), "without release");
  expect_from_pump(with([](easel_image& i) { i.stride = 15; }), "stride of 15");
  expect_from_pump(with([](easel_image& i) { i.height = 0; }), "without pixels");
  expect_from_pump(with([](easel_image& i) { i.pixels = nullptr; }), "pixels are null");
  expect_from_pump(with([](easel_image& i) { i.format = 2; }), "no format 2");
  expect_from_pump(
      [] {
        const easel_asset about = asset();
        canvas->place(given, 0, nullptr, &about);
      },
      "image is null");
  expect_from_pump(
      [] {
        const easel_image good = image();
        canvas->place(given, 0, &good, nullptr);
      },
      "asset is null");
}

TEST_F(StrictHostDeath, Assets) {
  const auto with = [](void (*change)(easel_asset&)) {
    return [change] {
      const easel_image good = image();
      easel_asset wrong = asset();
      change(wrong);
      canvas->place(given, 0, &good, &wrong);
    };
  };
  expect_from_pump(with([](easel_asset& a) { a.name = nullptr; }), "name is null");
  expect_from_pump(with([](easel_asset& a) { a.path = "fox.png"; }), "not absolute");
  expect_from_pump(with([](easel_asset& a) { a.mime = "image/gif"; }), "no type image/gif");
  expect_from_pump(with([](easel_asset& a) { a.fact_count = 1; }), "pairs are null");
}

TEST_F(StrictHostDeath, PicturesComeFromPump) {
  script.invoke = [] {
    const easel_image good = image();
    const easel_asset about = asset();
    canvas->place(given, 0, &good, &about);
    return 1;
  };
  EXPECT_DEATH(host_.invoke("x"), "from inside invoke");
}

TEST_F(StrictHostDeath, JobsAndTheirEnds) {
  expect_from_pump([] { report->event(given, 1, "done", nullptr, 0); }, "job 1 was never given out");
  expect_from_pump([] { report->event(given, 0, "progress", nullptr, 0); }, "job 0 was never given out");
  ASSERT_EQ(host_.invoke("x"), 1);
  EXPECT_DEATH(host_.invoke("x"), "job 1 again");
  expect_from_pump([] { report->event(given, 1, "failed", nullptr, 0); }, "paid is \"\"");
  expect_from_pump(
      [] {
        report->event(given, 1, "done", nullptr, 0);
        report->event(given, 1, "done", nullptr, 0);
      },
      "job 1 has ended");
  script.pump = [] { return 0u; };
  EXPECT_DEATH(host_.pump(), "nothing is open, and job 1 has not ended");
  script.invoke = [] { return 0; };
  EXPECT_DEATH(host_.invoke("x"), "returns 0");
}

TEST_F(StrictHostDeath, Forms) {
  static easel_field field = {"width", "Width", nullptr, nullptr, nullptr, 0, EASEL_TEXT, EASEL_REQUIRED};
  static easel_field fields[2] = {field, field};
  expect_from_pump([] { form->ask(given, 0, "t", "OK", &field, 1); }, "request 0");
  expect_from_pump([] { form->ask(given, 1, "t", nullptr, &field, 1); }, "button is null");
  expect_from_pump([] { form->ask(given, 1, "t", "OK", fields, 2); }, "two fields width");
  expect_from_pump(
      [] {
        easel_field wrong = field;
        wrong.kind = EASEL_CHOICE;
        form->ask(given, 1, "t", "OK", &wrong, 1);
      },
      "no choices");
  script.pump = [] {
    form->ask(given, 1, "t", "OK", &field, 1);
    return 1u;
  };
  host_.pump();
  ASSERT_EQ(host_.forms().size(), 1u);
  EXPECT_DEATH(host_.accept(1), "without width, which is required");
  script.pump = [] { return 0u; };
  EXPECT_DEATH(host_.pump(), "a form is");
  host_.close(1);
  expect_from_pump([] { form->ask(given, 1, "t", "OK", &field, 1); }, "request 1 is used again");
}

TEST_F(StrictHostDeath, Opening) {
  expect_from_pump([] { canvas->opened(given, 1, EASEL_GONE, nullptr); }, "request 1 was never made");
  ASSERT_EQ(host_.open("/x"), 1);
  script.pump = [] { return 0u; };
  EXPECT_DEATH(host_.pump(), "open\\(\\) has not been answered");
  expect_from_pump([] { canvas->opened(given, 1, EASEL_OK, nullptr); }, "image is null");
}

TEST(ProcessStateTest, SeesWhatIsLeftBehind) {
  const ProcessState before = ProcessState::take();
  EXPECT_EQ(ProcessState::difference(before, ProcessState::take()), "");

  const int fd = open("/dev/null", O_RDONLY);
  setenv("LEFT_BEHIND", "1", 1);
  struct sigaction old {};
  sigaction(SIGUSR2, nullptr, &old);
  std::signal(SIGUSR2, SIG_IGN);
  const std::string difference = ProcessState::difference(before, ProcessState::take());
  EXPECT_NE(difference.find("was nothing, is /dev/null"), std::string::npos) << difference;
  EXPECT_NE(difference.find("LEFT_BEHIND"), std::string::npos) << difference;
  EXPECT_NE(difference.find("signal " + std::to_string(SIGUSR2)), std::string::npos) << difference;

  sigaction(SIGUSR2, &old, nullptr);
  unsetenv("LEFT_BEHIND");
  close(fd);
  EXPECT_EQ(ProcessState::difference(before, ProcessState::take()), "");
}

}  // namespace
}  // namespace contract
