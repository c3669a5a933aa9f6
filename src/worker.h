// SPDX-License-Identifier: GPL-2.0-or-later
// The background thread: one for each instance of the plugin, named "inset-worker". It owns the transport, the timers
// and all jobs; the host's main thread talks to it by posting commands and taking messages, and never waits for it.
//
// All of this class is for the main thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "decode/decoder.h"
#include "job.h"
#include "question.h"
#include "settings.h"

namespace inset {

// What the worker has to say. Numbers are those that the main thread gave, but for questions.
struct EventMessage {
  JobNumber job;
  std::string kind;
  Facts pairs;
};
struct PlaceMessage {
  JobNumber job;
  int ticket;
  Placement placement;
};
struct OpenedMessage {
  RequestNumber request;
  Result<Picture> picture;
};
struct AskMessage {
  JobNumber job;
  RequestNumber request;
  Question question;
};
struct DismissMessage {
  RequestNumber request;
};
struct OverMessage {
  JobNumber job;
};
struct LogMessage {
  LogLevel level;
  std::string text;
};
using Message =
    std::variant<EventMessage, PlaceMessage, OpenedMessage, AskMessage, DismissMessage, OverMessage, LogMessage>;

class Worker {
 public:
  struct Options {
    Settings settings;
    std::string host;  // the program's name, for the journal
    std::string user_agent;
    bool can_ask = false;        // the host draws forms: a person is there
    std::function<void()> wake;  // there are messages; called from the worker's thread
  };
  // Starts the thread. Touches neither disk nor network before the first command.
  explicit Worker(Options options);
  // Ends everything, and the thread.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  enum class Action { insert, resume, list, drop, sign_in, sign_out, status };
  void invoke(JobNumber job, Action action, Values parameters);
  // Begins to finish what an earlier run of the program left unfetched; see make_background_job().
  void finish_quietly();
  void cancel(JobNumber job);                                                // 0: all
  void answer(RequestNumber request, std::string accepted, Values answers);  // see Job::answered()
  void changed(RequestNumber request, std::string key, std::string value);
  void placed(JobNumber job, int ticket, std::optional<Error> error);
  void open(RequestNumber request, std::string path);

  // All messages since the last call, in order.
  std::vector<Message> take();

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace inset
