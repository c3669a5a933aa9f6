// SPDX-License-Identifier: GPL-2.0-or-later
// The shipped inset.so in the strict host, against the stand-in service. Everything goes through the contract alone;
// the strict host aborts at the first broken rule, so that most of these tests only have to make the plugin do things.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "loader/loader.h"
#include "stand_in.h"
#include "strict_host.h"

namespace contract {

using Json = nlohmann::json;
using namespace std::chrono_literals;

// The contract says half a second. A loaded machine, and a sanitizer's bookkeeping, may make it
// longer; a plugin that waits for a time-out of the network takes far longer.
inline constexpr std::chrono::milliseconds kAtOnce = 1500ms;

inline const easel_entry& inset() {
  static const easel::Loaded loaded = easel::load(INSET_PLUGIN);
  if (loaded.entry == nullptr) {
    std::fprintf(stderr, "%s\n", loaded.error.c_str());
    std::abort();
  }
  return *loaded.entry;
}

class Rules : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/rules_test.XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    setenv("INSET_KEYRING", "no", 1);  // not that of whoever runs the tests
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

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

}  // namespace contract
