// SPDX-License-Identifier: GPL-2.0-or-later
#include "settings.h"

#include <gtest/gtest.h>

#include <map>

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

}  // namespace
}  // namespace inset
