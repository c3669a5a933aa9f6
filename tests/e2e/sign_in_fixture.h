// SPDX-License-Identifier: GPL-2.0-or-later
// What every test of signing in starts from: a public key, a person with a browser (browser.py plays both), and a
// session bus of its own with the real keyring, if a test wants them.
#pragma once

#include <sys/stat.h>

#include <map>
#include <string>
#include <thread>

#include "fixture.h"

namespace e2e {

class SignIn : public E2e {
 protected:
  void SetUp() override {
    E2e::SetUp();
    for (const char* name : {"bin", "run", "ring"}) fs::create_directory(folder() / name);
    fs::permissions(folder() / "run", fs::perms::owner_all);
    serve();
    environment().erase("INSET_CLIENT_SECRET");
    environment()["INSET_API_KEY"] = fact("public_api_key");
    environment()["PATH"] = (folder() / "bin").string() + ":/usr/bin:/bin";
    environment()["XDG_RUNTIME_DIR"] = folder() / "run";
    environment()["INSET_KEYRING_SECONDS"] = "30";  // a busy computer is not what is tested
    person("allow");
  }

  void TearDown() override {
    bus_.reset();
    // The keyring's daemon ends with its bus, though not at once.
    for (int i = 0; i < 600 && somebody_runs(); ++i) std::this_thread::sleep_for(50ms);
    E2e::TearDown();
  }

  // The programs of this test that run just now, and their command lines.
  std::map<pid_t, std::string> programs() const {
    std::map<pid_t, std::string> all;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const std::string name = entry.path().filename();
      if (name.find_first_not_of("0123456789") != std::string::npos) continue;
      if (read_file(entry.path() / "environ").find(folder()) == std::string::npos) continue;
      all[std::stoi(name)] = read_file(entry.path() / "cmdline");
    }
    return all;
  }

  bool somebody_runs() const { return !programs().empty(); }

  // One whose command line has this in it; 0: none.
  pid_t find_program(const std::string& part) const {
    for (const auto& [pid, line] : programs()) {
      if (line.find(part) != std::string::npos) return pid;
    }
    return 0;
  }

  bool runs(const std::string& part) const { return find_program(part) != 0; }

  fs::path log() const { return folder() / "browser.log"; }

  // What xdg-open does from now on. Its arguments are written down, and searched for secrets like everything else.
  void person(const std::string& how) {
    const fs::path script = folder() / "bin/xdg-open";
    write_file(script, "#!/bin/sh\nprintf '%s\\n' \"$@\" >>" + (folder() / "arguments").string() +
                           "\nexec " PYTHON " " E2E_FOLDER "/browser.py " + how + " " + log().string() + " \"$1\"\n");
    fs::permissions(script, fs::perms::owner_all);
  }

  Spawn in_session(const Words& words) const {
    Spawn spawn;
    spawn.words = words;
    spawn.environment = {{"PATH", "/usr/bin:/bin"},
                         {"HOME", folder() / "ring"},
                         {"XDG_RUNTIME_DIR", folder() / "run"},
                         {"XDG_DATA_HOME", folder() / "ring"},
                         {"LANG", "C.UTF-8"}};
    if (!display_.empty()) spawn.environment->insert({{"DISPLAY", display_}, {"NO_AT_BRIDGE", "1"}});
    if (const auto bus = environment_of_bus(); !bus.empty()) (*spawn.environment)["DBUS_SESSION_BUS_ADDRESS"] = bus;
    spawn.folder = folder();
    return spawn;
  }

  std::string environment_of_bus() const { return address_; }

  // A session bus; with the services of this computer, or without any.
  void start_bus(bool services = true) {
    const fs::path config = folder() / "bus.conf";
    write_file(config, std::string("<busconfig><type>session</type><listen>unix:dir=") + (folder() / "run").string() +
                           "</listen><auth>EXTERNAL</auth>" + (services ? "<standard_session_servicedirs/>" : "") +
                           "<policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>"
                           "<allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>");
    bus_ = std::make_unique<Program>(
        in_session({"/usr/bin/dbus-daemon", "--nofork", "--print-address=1", "--config-file=" + config.string()}));
    ASSERT_TRUE(bus_->says("\n"));
    // The address it printed cannot be had from Program, so it is found where it was told to be.
    for (const auto& entry : fs::directory_iterator(folder() / "run")) {
      if (entry.is_socket() && entry.path().filename().string().starts_with("dbus-"))
        address_ = "unix:path=" + entry.path().string();
    }
    ASSERT_FALSE(address_.empty());
    environment()["DBUS_SESSION_BUS_ADDRESS"] = address_;
  }

  // And an open keyring in it.
  void start_keyring() {
    start_bus();
    const Finished up = contract::run(in_session(
        {"/bin/sh", "-c",
         "printf ring-password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1 </dev/stdin"}));
    ASSERT_EQ(up.status, 0);
  }

  void ring(const Words& words) {
    Words all = {PYTHON, E2E_FOLDER "/ring.py"};
    all.insert(all.end(), words.begin(), words.end());
    const Finished done = contract::run(in_session(all));
    ASSERT_EQ(done.status, 0) << done.err;
  }

  // What is kept, as another program sees it.
  std::string kept() {
    return contract::run(in_session({"/usr/bin/secret-tool", "lookup", "app", "inset", "issuer", fact("auth_url")}))
        .out;
  }

  Ended sign_in(const Words& more = {}) { return run(easel("sign-in", more)); }
  Ended status() { return run(easel("status")); }

  std::vector<Json> service_requests(const std::string& route) { return service().requests(route); }

  int grants(const std::string& kind) {
    int count = 0;
    for (const Json& request : service_requests("token"))
      count += request.value("body", "").find("grant_type=" + kind) != std::string::npos;
    return count;
  }

  std::unique_ptr<Program> bus_;
  std::string address_;
  std::string display_;  // where the keyring's window appears; empty: nowhere, and it asks nobody
};

}  // namespace e2e
