// SPDX-License-Identifier: GPL-2.0-or-later
// No frame is lost for a picture: real libobs at 30 frames a second under a software renderer, the largest picture
// there is, and the same time without one as the control. Beside it OBS' own Image source with the same file, for
// comparison.
#include <algorithm>
#include <cstdlib>

#include "module_fixture.h"

namespace obs_test {
namespace {

constexpr int kRuns = 5;
constexpr milliseconds kTime = 5s;  // of a run: the picture has come, and has been drawn for a while

using Frames = ModuleTest;

int median(std::vector<int> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Frames lagged in this time. A lag is counted when the long frame is over.
int lagged_during(BareObs& obs, const std::function<void()>& begin, milliseconds time) {
  const std::uint32_t before = obs_get_lagged_frames();
  const auto end = std::chrono::steady_clock::now() + time;
  begin();
  obs.run_until([&] { return std::chrono::steady_clock::now() >= end; }, time);
  obs.run_for(300ms);
  return static_cast<int>(obs_get_lagged_frames() - before);
}

void clear_scene(BareObs& obs) {
  obs_scene_enum_items(
      obs.scene(),
      [](obs_scene_t*, obs_sceneitem_t* item, void*) {
        obs_sceneitem_remove(item);
        return true;
      },
      nullptr);
  obs.run_for(700ms);
}

TEST_F(Frames, NoneIsLostForAPicture) {
  BareObs obs;
  ASSERT_TRUE(load_module(obs));
  ASSERT_TRUE(
      obs.load("/usr/lib/x86_64-linux-gnu/obs-plugins/image-source.so", "/usr/share/obs/obs-plugins/image-source"));
  // The purchase itself, and the first draw, which compiles shaders.
  ASSERT_EQ(obs.insert(picture(1, "4k")).value("event", ""), "done");
  obs.run_for(kTime);
  clear_scene(obs);
  const std::string original = only_original();

  std::vector<int> ours;
  std::vector<int> theirs;
  double held = 0;
  for (int run = 0; run < kRuns; ++run) {
    const int idle = lagged_during(
        obs, [] {}, kTime);
    const int with = lagged_during(
        obs, [&] { EXPECT_TRUE(obs.request("insert", picture(1, "4k")).value("accepted", false)); }, kTime);
    EXPECT_TRUE(only_source(obs));
    clear_scene(obs);
    const int image = lagged_during(
        obs,
        [&] {
          const double began = thread_milliseconds();
          const OBSDataAutoRelease settings = obs_data_create();
          obs_data_set_string(settings, "file", original.c_str());
          const OBSSourceAutoRelease source = obs_source_create("image_source", "Image", settings, nullptr);
          obs_scene_add(obs.scene(), source);
          held = std::max(held, thread_milliseconds() - began);
        },
        kTime);
    clear_scene(obs);
    std::printf("run %d: lagged idle %d, with our 4096 × 4096 picture %d, with OBS' Image source %d\n", run + 1, idle,
                with, image);
    ours.push_back(with - idle);
    theirs.push_back(image - idle);
  }
  std::printf("median of the difference: ours %d, OBS' Image source %d\n", median(ours), median(theirs));
  std::printf("longest on the UI thread: ours %.2f ms of processor time (%.2f ms), OBS' Image source %.0f ms\n",
              obs.longest_task(), obs.longest_task_wall(), held);
  for (const std::string& line : obs.log("shown: 4096")) {
    std::printf("%s\n", line.c_str());
    EXPECT_LT(std::strtod(line.c_str() + line.find("longest") + 7, nullptr), 8.0) << "a graphics step is too long";
  }
  EXPECT_LE(median(ours), 1);
  EXPECT_LT(obs.longest_task(), 8.0);
  ASSERT_GE(obs.log("shown: 4096").size(), static_cast<std::size_t>(kRuns));
}

}  // namespace
}  // namespace obs_test
