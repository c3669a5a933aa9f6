// SPDX-License-Identifier: GPL-2.0-or-later
// What the host hears where the memory for it fails: each time that the plugin hands over what it has, one request of
// the main thread. Whoever waits for an answer gets one.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "files.h"
#include "plugin.h"
#include "short_memory.h"

namespace inset {
namespace {

using test::failing_request;

class PluginMemory : public testing::TestWithParam<int> {
 protected:
  PluginMemory() {
    char name[] = "/tmp/inset_memory.XXXXXX";
    folder_ = mkdtemp(name);
    data_ = folder_ / "data";
    host_.version = {EASEL_VERSION_MAJOR, EASEL_VERSION_MINOR};
    host_.name = "test";
    host_.data_dir = data_.c_str();
    host_.data = this;
    host_.get = [](const easel_host*, const char* id) -> const void* {
      static const easel_canvas canvas = {
          [](const easel_host*, uint64_t, const easel_image*, const easel_asset*) -> easel_status {
            return EASEL_FAILED;
          },
          [](const easel_host* host, uint64_t, easel_status, const easel_image* image) -> easel_status {
            ++of(host).opened_;
            if (!image) return EASEL_OK;
            easel_image taken = *image;
            taken.release(&taken);
            return EASEL_OK;
          }};
      static const easel_report report = {[](const easel_host* host, int64_t, const char* kind, const easel_pair* pairs,
                                             size_t count) { of(host).take_event(kind, pairs, count); }};
      static const easel_form form = {[](const easel_host* host, uint64_t request, const char*, const char*,
                                         const easel_field*, size_t) -> easel_status {
                                        of(host).asked_ = request;
                                        return EASEL_OK;
                                      },
                                      [](const easel_host* host, uint64_t) { of(host).asked_ = 0; }};
      const std::string_view wanted = id;
      return wanted == EASEL_CANVAS   ? static_cast<const void*>(&canvas)
             : wanted == EASEL_REPORT ? static_cast<const void*>(&report)
             : wanted == EASEL_FORM   ? static_cast<const void*>(&form)
                                      : nullptr;
    };
    host_.log = [](const easel_host*, int32_t, const char*) {};
    ::setenv("INSET_API_URL", "https://127.0.0.1:9", 1);
    ::setenv("INSET_KEYRING", "no", 1);
    plugin_ = Plugin::create(host_);
  }
  ~PluginMemory() override {
    plugin_.reset();
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
  }

  static PluginMemory& of(const easel_host* host) { return *static_cast<PluginMemory*>(host->data); }

  void take_event(const std::string_view kind, const easel_pair* pairs, size_t count) {
    if (kind != "failed" && kind != "done") return;
    ++ends_;
    for (size_t i = 0; i < count; ++i) says_why_ = says_why_ || std::string_view(pairs[i].key) == "message";
  }

  // Until nothing is open any more. A form is closed.
  void run() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (plugin_->open_count() > 0 && std::chrono::steady_clock::now() < deadline) {
      failing_request = GetParam();
      try {
        plugin_->pump();
      } catch (const std::bad_alloc&) {  // stays within the library; see entry.cc
      }
      failing_request = 0;
      if (asked_ != 0) plugin_->answer(std::exchange(asked_, 0), false, nullptr, 0);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(plugin_->open_count(), 0u) << "somebody waits for ever";
  }

  std::filesystem::path folder_;
  std::filesystem::path data_;
  easel_host host_{};
  std::unique_ptr<Plugin> plugin_;
  int opened_ = 0;
  int ends_ = 0;
  bool says_why_ = false;
  uint64_t asked_ = 0;
};

TEST_P(PluginMemory, AnEndIsHeardOfWithItsReason) {
  ASSERT_TRUE(plugin_);
  plugin_->invoke("drop", 0, nullptr, 0);
  run();
  EXPECT_EQ(ends_, 1);
  EXPECT_TRUE(says_why_);
}

TEST_P(PluginMemory, AFormThatCannotBeShownIsNotWaitedFor) {
  ASSERT_TRUE(plugin_);
  plugin_->invoke("sign-in", 0, nullptr, 0);
  run();
  EXPECT_EQ(ends_, 1);
}

TEST_P(PluginMemory, APictureThatCannotBeHandedOverIsNotWaitedFor) {
  ASSERT_TRUE(plugin_);
  const auto files = Files::open(data_);
  ASSERT_TRUE(files);
  const std::string path = files->original("0123456789abcdef", "image/png");
  std::ofstream(path) << 'g';
  ASSERT_GT(plugin_->open(path.c_str()), 0);
  run();
  EXPECT_EQ(opened_, 1);
}

INSTANTIATE_TEST_SUITE_P(Requests, PluginMemory, testing::Range(1, 13));

}  // namespace
}  // namespace inset
