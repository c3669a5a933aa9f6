// SPDX-License-Identifier: GPL-2.0-or-later
// Why no frame is lost, without a clock: what the threads that must not be held up are given to do. The time that this
// takes is measured by frames_test.cc.
#include "module_fixture.h"
#include "own_process.h"
#include "texture_spy.h"

namespace obs_test {
namespace {

using Steps = ModuleTest;

constexpr std::uint64_t kLargestStep = 1 << 20;  // bytes to the graphics card in a frame
constexpr std::uint64_t kReadAtMost =
    64 << 10;  // by a thread that must not be held up; the picture's file has megabytes

std::vector<TextureMade> made_by_the_module() {
  std::vector<TextureMade> out = textures_made();
  std::erase_if(out, [](const TextureMade& texture) { return texture.by != "inset-obs.so"; });
  return out;
}

// The picture of 4096 × 4096 has come to the card a little each frame, on the graphics thread alone.
void expect_small_steps(const std::vector<TextureMade>& steps) {
  ASSERT_FALSE(steps.empty());
  std::uint64_t all = 0;
  std::uint32_t last_frame = ~0u;
  for (const TextureMade& step : steps) {
    all += step.bytes;
    EXPECT_LE(step.bytes, kLargestStep);
    EXPECT_NE(step.frame, last_frame) << "two steps in one frame";
    last_frame = step.frame;
    EXPECT_EQ(step.thread, steps.front().thread);
  }
  EXPECT_EQ(name_of_thread(steps.front().thread), "libobs: graphic");
  EXPECT_GE(all, std::uint64_t{4096} * 4096 * 4);
  EXPECT_LE(all, std::uint64_t{4096} * 4096 * 4 * 11 / 10);  // the rows that bands share
}

TEST_F(Steps, NeitherDrawingNorTheWindowWaitsForAPicture) {
  BareObs obs;
  ASSERT_TRUE(load_module(obs));
  // A small one first, to learn which thread draws.
  forget_textures();
  ASSERT_EQ(obs.insert(picture(0, "1k")).value("event", ""), "done");
  ASSERT_TRUE(obs.wait_until_shown(only_source(obs)));
  ASSERT_FALSE(made_by_the_module().empty());
  const int graphics = made_by_the_module().front().thread;
  const auto measure = [&] { return std::pair{bytes_read_by(graphics), obs.read_by_tasks()}; };

  // Bought and placed.
  forget_textures();
  auto before = measure();
  ASSERT_EQ(obs.insert(picture(1, "4k")).value("event", ""), "done");
  OBSSourceAutoRelease source = only_source(obs);
  ASSERT_TRUE(obs.wait_until_shown(source));
  auto after = measure();
  expect_small_steps(made_by_the_module());
  const fs::path original =
      Json::parse(obs_data_get_json(OBSDataAutoRelease(obs_source_get_settings(source)))).value("path", "");
  ASSERT_GT(fs::file_size(original), 1u << 20);
  EXPECT_LE(after.first - before.first, kReadAtMost) << "read on the graphics thread";
  EXPECT_LE(after.second - before.second, kReadAtMost) << "read on the UI thread";

  // And as it comes back with its scene collection.
  const OBSDataAutoRelease saved = obs_save_source(source);
  obs_sceneitem_remove(obs_scene_find_source(obs.scene(), obs_source_get_name(source)));
  source = nullptr;
  ASSERT_TRUE(
      obs.run_until([&] { return !OBSSourceAutoRelease(obs_get_source_by_name(obs_data_get_string(saved, "name"))); }));
  forget_textures();
  before = measure();
  source = obs_load_source(saved);
  ASSERT_TRUE(obs.wait_until_shown(source));
  after = measure();
  expect_small_steps(made_by_the_module());
  EXPECT_LE(after.first - before.first, kReadAtMost) << "read on the graphics thread";
  EXPECT_LE(after.second - before.second, kReadAtMost) << "read on the UI thread";
}

}  // namespace
}  // namespace obs_test
