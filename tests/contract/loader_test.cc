// SPDX-License-Identifier: GPL-2.0-or-later
#include "loader/loader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace easel {
namespace {

std::string plugin(const std::string& name) { return TEST_PLUGINS "/" + name + ".so"; }

class Loader : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/loader_test.XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // What is said after the name of the file.
  static std::string refusal(const std::string& path) {
    const Loaded loaded = load(path);
    EXPECT_EQ(loaded.entry, nullptr);
    EXPECT_EQ(loaded.error.substr(0, path.size()), path);
    return loaded.error.substr(path.size());
  }

  std::string folder_;
};

TEST_F(Loader, LoadsAPlugin) {
  const Loaded loaded = load(plugin("sketch_plugin"));
  ASSERT_NE(loaded.entry, nullptr) << loaded.error;
  EXPECT_STREQ(loaded.entry->descriptor->id, "sketch");
  EXPECT_EQ(load(plugin("sketch_plugin")).entry, loaded.entry);
}

TEST_F(Loader, ANameWithoutASlashIsAFileHere) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(TEST_PLUGINS);
  EXPECT_NE(load("sketch_plugin.so").entry, nullptr);
  EXPECT_EQ(refusal("libpng16.so.16"), " cannot be opened: No such file or directory");
  std::filesystem::current_path(before);
}

TEST_F(Loader, SaysWhatIsWrong) {
  EXPECT_EQ(load("").error, "no plugin was named");
  EXPECT_EQ(refusal(folder_ + "/none.so"), " cannot be opened: No such file or directory");
  EXPECT_EQ(refusal(folder_), " is not a plugin: it is not a file");
  EXPECT_EQ(refusal(plugin("broken_plugin_1")), " is made for contract 2, this host speaks 1");
  EXPECT_EQ(refusal(plugin("broken_plugin_2")), " is made for contract 2, this host speaks 1");
  EXPECT_EQ(refusal(plugin("broken_plugin_3")), " is a broken plugin: its descriptor has no id");
  EXPECT_EQ(refusal(plugin("broken_plugin_6")), " is not a plugin: it does not export easel_entry_v1");

  const std::string text = folder_ + "/text.so";
  std::ofstream(text) << "not a library";
  EXPECT_EQ(refusal(text).find(" is not a plugin: "), 0u);
}

TEST_F(Loader, DoesNotWaitForAPipe) {
  const std::string pipe = folder_ + "/pipe.so";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(refusal(pipe), " is not a plugin: it is not a file");
}

TEST_F(Loader, AnInstanceMustHaveAllFunctions) {
  EXPECT_EQ(missing_function(nullptr), "it could not be started");
  const Loaded loaded = load(plugin("broken_plugin_5"));
  ASSERT_NE(loaded.entry, nullptr) << loaded.error;
  const easel_host host{};
  EXPECT_EQ(missing_function(loaded.entry->create(&host)), "it has no invoke()");
}

}  // namespace
}  // namespace easel
