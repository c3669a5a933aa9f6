// SPDX-License-Identifier: GPL-2.0-or-later
// The main-thread half of the plugin: takes the host's calls, posts them to the worker, and in pump() hands over what
// the worker has to say. Holds no lock while the host is called, and never waits.
#pragma once

#include <easel/easel.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "error.h"
#include "host_proxy.h"
#include "worker.h"

namespace inset {

// Static; see descriptor.cc.
extern const easel_descriptor kDescriptor;

class Plugin {
 public:
  // Null if the host lacks what every host must have.
  static std::unique_ptr<Plugin> create(const easel_host& host);

  explicit Plugin(const HostProxy& host);
  ~Plugin();
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  // True on the thread that made the plugin and not from inside one of its calls into the host: the only place where
  // the functions below may be called.
  bool may_be_called() const { return std::this_thread::get_id() == main_thread_ && !calling_host_; }

  int64_t invoke(const char* id, uint64_t target, const easel_pair* pairs, size_t count);
  void answer(uint64_t request, bool accepted, const easel_pair* pairs, size_t count);
  void changed(uint64_t request, const char* key, const char* value);
  void cancel(int64_t job);
  int64_t open(const char* path);
  uint32_t pump();
  uint32_t open_count() const;

 private:
  void hand_over(EventMessage& message);
  void hand_over(PlaceMessage& message);
  void hand_over(OpenedMessage& message);
  void hand_over(AskMessage& message);
  void hand_over(DismissMessage& message);
  void hand_over(OverMessage& message);
  void hand_over(LogMessage& message);
  template <class OtherMessage>
  void give_up(const OtherMessage&) {}  // nobody waits for it
  void give_up(const EventMessage& message);
  void give_up(const PlaceMessage& message);
  void give_up(const OpenedMessage& message);
  void give_up(const AskMessage& message);

  HostProxy host_;
  std::thread::id main_thread_;
  bool calling_host_ = false;
  bool pumped_ = false;
  std::unique_ptr<Worker> worker_;  // null: the settings are wrong
  std::optional<Error> settings_fault_;
  std::filesystem::path originals_;
  int64_t next_job_ = 1;
  int64_t next_open_ = 1;
  std::map<int64_t, uint64_t> targets_;  // of open jobs
  std::set<int64_t> cancelled_;
  std::set<int64_t> stillborn_;                // jobs that fail at the next pump, because of the settings
  std::map<uint64_t, std::string> questions_;  // open ones, with the text of their button
  std::set<uint64_t> answered_;
  std::set<int64_t> opens_;
};

}  // namespace inset
