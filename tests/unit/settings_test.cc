// SPDX-License-Identifier: GPL-2.0-or-later
#include "settings.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "temporary_folder.h"

namespace inset {
namespace {

using Environment = std::map<std::string, std::string>;

Result<Settings> read(const Environment& environment, const std::string& data_dir = {}) {
  return read_settings(
      [&](const char* name) {
        const auto found = environment.find(name);
        return found == environment.end() ? nullptr : found->second.c_str();
      },
      data_dir);
}

const Environment home = {{"HOME", "/home/ana"}};

Environment with(const std::string& name, const std::string& value) {
  Environment environment = home;
  environment[name] = value;
  return environment;
}

void expect_wrong(const Environment& environment, const std::string& name) {
  const auto settings = read(environment);
  ASSERT_FALSE(settings) << name;
  EXPECT_EQ(settings.error().cause, Cause::parameter_wrong);
  EXPECT_NE(settings.error().message.find(name), std::string::npos) << settings.error().message;
}

TEST(SettingsTest, HasDefaults) {
  const auto settings = read(home);
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->api.origin(), "https://api.gettyimages.com");
  EXPECT_EQ(settings->auth.origin(), "https://authentication.gettyimages.com");
  EXPECT_FALSE(settings->credentials.complete());
  EXPECT_EQ(settings->ca_file, "");
  EXPECT_EQ(settings->data_dir, "/home/ana/.local/share/inset");
}

TEST(SettingsTest, TheHostsFolderBeatsTheVariableWhichBeatsTheDefault) {
  Environment all = {{"HOME", "/home/ana"}, {"XDG_DATA_HOME", "/home/ana/data"}, {"INSET_DATA_DIR", "/srv/inset"}};
  EXPECT_EQ(read(all, "/tmp/own")->data_dir, "/tmp/own");
  EXPECT_EQ(read(all)->data_dir, "/srv/inset");
  all.erase("INSET_DATA_DIR");
  EXPECT_EQ(read(all)->data_dir, "/home/ana/data/inset");
  all["XDG_DATA_HOME"] = "data";  // the specification says: ignore
  EXPECT_EQ(read(all)->data_dir, "/home/ana/.local/share/inset");
  EXPECT_EQ(read(home, "/tmp/a/../b//c")->data_dir, "/tmp/b/c");
}

TEST(SettingsTest, WithoutAnyFolderThereIsNoPurchase) {
  for (const Environment& environment : {Environment{}, Environment{{"HOME", ""}}, Environment{{"HOME", "ana"}}}) {
    const auto settings = read(environment);
    ASSERT_FALSE(settings);
    EXPECT_EQ(settings.error().cause, Cause::data_folder);
  }
  ASSERT_FALSE(read(home, "relative"));
  EXPECT_EQ(read(home, "relative").error().cause, Cause::data_folder);
  EXPECT_FALSE(read(with("INSET_DATA_DIR", "./here")));
}

TEST(SettingsTest, ReadsTheCredentials) {
  Environment environment = with("INSET_API_KEY", " abc123def\n");
  environment["INSET_CLIENT_SECRET"] = "s3cr3t/+=\r\n";
  const auto settings = read(environment);
  ASSERT_TRUE(settings);
  EXPECT_TRUE(settings->credentials.complete());
  EXPECT_EQ(settings->credentials.api_key, "abc123def");
  EXPECT_EQ(settings->credentials.client_secret.view(), "s3cr3t/+=");
  environment.erase("INSET_CLIENT_SECRET");
  EXPECT_FALSE(read(environment)->credentials.complete());
}

TEST(SettingsTest, AKeyThatWouldWriteHeadersIsRefused) {
  for (const char* key : {"abc\r\nX-Evil: 1", "abc def", "abc\x7f", "ab\tc", "schlüssel"}) {
    expect_wrong(with("INSET_API_KEY", key), "INSET_API_KEY");
  }
}

TEST(SettingsTest, TheServiceMayBeAnywhereButOnlyEncrypted) {
  for (const char* name : {"INSET_API_URL", "INSET_AUTH_URL"}) {
    for (const char* url :
         {"https://localhost:8443", "https://127.0.0.1:9000", "https://[::1]:1", "https://10.0.0.7/proxy/"}) {
      EXPECT_TRUE(read(with(name, url))) << url;
    }
    for (const char* url : {"http://api.gettyimages.com", "ftp://api.gettyimages.com", "api.gettyimages.com",
                            "https://", "https://me:pw@api.gettyimages.com", "https://api.gettyimages.com?x=1",
                            "https://api.gettyimages.com/#top", "https://api .com", "nonsense"}) {
      expect_wrong(with(name, url), name);
    }
    EXPECT_TRUE(read(with(name, "")));  // empty is not set
  }
  EXPECT_EQ(read(with("INSET_API_URL", "https://localhost:8443"))->api.port, 8443);
}

TEST(SettingsTest, TheCertificateFileIsAnAbsolutePath) {
  EXPECT_EQ(read(with("INSET_CA_FILE", "/etc/ssl/company.pem"))->ca_file, "/etc/ssl/company.pem");
  expect_wrong(with("INSET_CA_FILE", "company.pem"), "INSET_CA_FILE");
}

// ---- the file ----

class SettingsFile : public testing::Test {
 protected:
  Result<Settings> read_lines(const std::string& lines, Environment environment = home) {
    std::filesystem::create_directories(folder_ / "inset");
    std::ofstream(folder_ / "inset/settings.conf") << lines;
    environment["XDG_CONFIG_HOME"] = folder_ / "";
    return read(environment);
  }
  test::TemporaryFolder folder_;
};

TEST_F(SettingsFile, NamesEverySetting) {
  const auto settings = read_lines(
      "# of our company\n\n"
      "api_url = https://getty.example.com/api\nauth_url=https://login.example.com\napi_key = k-1\n"
      "ca_file = /etc/ssl/company.pem\nproxy = http://proxy.example.com:3128\n"
      "redirect_host = localhost\nredirect_port = 8123\nredirect_path = /done\nsign_in_seconds = 300\n"
      "keyring = no\nkeyring_seconds = 5\ndata_dir = /srv/inset\n");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->api.host, "getty.example.com");
  EXPECT_EQ(settings->auth.host, "login.example.com");
  EXPECT_EQ(settings->credentials.api_key, "k-1");
  EXPECT_EQ(settings->ca_file, "/etc/ssl/company.pem");
  EXPECT_EQ(settings->proxy, "http://proxy.example.com:3128/");
  EXPECT_EQ(settings->redirect.host + settings->redirect.path, "localhost/done");
  EXPECT_EQ(settings->redirect.port, 8123);
  EXPECT_EQ(settings->sign_in_limit.count(), 300);
  EXPECT_FALSE(settings->keyring.wanted);
  EXPECT_EQ(settings->keyring.patience, std::chrono::seconds(5));
  EXPECT_EQ(settings->data_dir, "/srv/inset");
}

TEST_F(SettingsFile, TheEnvironmentBeatsIt) {
  EXPECT_EQ(read_lines("api_key = k-1\n", with("INSET_API_KEY", "k-2"))->credentials.api_key, "k-2");
}

TEST_F(SettingsFile, AWrongLineIsNamedWithWhatIsAllowed) {
  const struct {
    const char* line;
    const char* allowed;
  } cases[] = {
      {"api_url = http://getty.example.com", "must be an https address"},
      {"ca_file = company.pem", "must be an absolute path"},
      {"data_dir = here", "must be an absolute path"},
      {"proxy = socks4://x", "http://HOST:PORT"},
      {"proxy = http://me:pw@proxy:1", "without user and password"},
      {"redirect_host = 0.0.0.0", "must be 127.0.0.1, localhost or [::1]"},
      {"redirect_port = 65536", "from 0 to 65535"},
      {"redirect_path = done", "must begin with /"},
      {"sign_in_seconds = 0", "from 1 to 600"},
      {"keyring = maybe", "must be yes or no"},
      {"verify = no", "there are api_url, auth_url"},
      {"client_secret = s", "does not belong into this file"},
      {"just words", "name = value"},
      {"keyring = yes\nkeyring = no", "twice"},
  };
  for (const auto& [line, allowed] : cases) {
    const auto settings = read_lines(std::string("# first\n") + line + "\n");
    ASSERT_FALSE(settings) << line;
    EXPECT_EQ(settings.error().cause, Cause::parameter_wrong);
    const std::string where = (folder_ / "inset/settings.conf").string() + ", line ";
    EXPECT_NE(settings.error().message.find(where), std::string::npos) << settings.error().message;
    EXPECT_NE(settings.error().message.find(allowed), std::string::npos) << settings.error().message;
  }
}

TEST(SettingsTest, WhatIsStartedGetsNeitherSecretsNorTheHostsLibraries) {
  const char* environment[] = {"PATH=/usr/bin",
                               "LD_LIBRARY_PATH=/tmp/.mount/lib",
                               "LD_PRELOAD=/x.so",
                               "QT_PLUGIN_PATH=/x",
                               "INSET_CLIENT_SECRET=s",
                               "INSET_API_KEY=k",
                               "DISPLAY=:0",
                               "BROWSER=firefox",
                               nullptr};
  EXPECT_EQ(environment_for_others(environment),
            (std::vector<std::string>{"PATH=/usr/bin", "DISPLAY=:0", "BROWSER=firefox"}));
}

}  // namespace
}  // namespace inset
