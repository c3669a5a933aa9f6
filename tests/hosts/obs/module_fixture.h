// SPDX-License-Identifier: GPL-2.0-or-later
// The built module in bare libobs, with the stand-in service and a data folder of its own.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "bare_obs.h"
#include "stand_in.h"

namespace obs_test {

namespace fs = std::filesystem;

class ModuleTest : public testing::Test {
 protected:
  // Files are ready at once, but where being asked for them is what is tested.
  explicit ModuleTest(const Json& scenario = {{"put_answer", 200}}) : stand_in_(scenario) {
    char folder[] = "/tmp/inset_obs.XXXXXX";
    if (!mkdtemp(folder)) std::abort();
    data_ = folder;
    const Json& facts = stand_in_.facts();
    const auto set = [&](const char* name, const char* member) {
      setenv(name, facts.value(member, std::string()).c_str(), 1);
    };
    set("INSET_API_URL", "api_url");
    set("INSET_AUTH_URL", "auth_url");
    set("INSET_CA_FILE", "ca_file");
    set("INSET_API_KEY", "api_key");
    set("INSET_CLIENT_SECRET", "client_secret");
    setenv("INSET_DATA_DIR", data_.c_str(), 1);
    setenv("INSET_KEYRING", "no", 1);  // not that of whoever runs the tests
  }

  ~ModuleTest() override {
    std::error_code error;
    fs::remove_all(data_, error);
  }

  static bool load_module(BareObs& obs) { return obs.load(INSET_OBS_MODULE, INSET_OBS_DATA); }

  // The first generation of the stand-in.
  Json picture(int index, const char* size) const {
    return {{"generation", stand_in_.facts().value("generation", "")}, {"index", index}, {"size", size}};
  }

  // The one file in the folder of originals.
  fs::path only_original() const {
    for (const auto& entry : fs::directory_iterator(data_ / "originals")) return entry.path();
    return {};
  }

  // The source of ours that was placed last.
  static OBSSourceAutoRelease only_source(const BareObs& obs) {
    OBSSourceAutoRelease found;
    obs_scene_enum_items(
        obs.scene(),
        [](obs_scene_t*, obs_sceneitem_t* item, void* data) {
          *static_cast<OBSSourceAutoRelease*>(data) = obs_source_get_ref(obs_sceneitem_get_source(item));
          return true;
        },
        &found);
    return found;
  }

  contract::StandIn stand_in_;
  fs::path data_;
};

// A file as the engine's decoder reads it.
Picture decode_file(const fs::path& path);

}  // namespace obs_test
