// SPDX-License-Identifier: GPL-2.0-or-later
// A job is what the person started: an insert, a resume, a list. It speaks to the outside through an Outbox and ends
// exactly once. Everything here belongs to the worker's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "error.h"
#include "question.h"
#include "run.h"

namespace inset {

using JobNumber = std::int64_t;
using RequestNumber = std::uint64_t;

enum class LogLevel { debug, info, warning, error };

// What jobs say. The numbers of jobs and pictures are the sender's.
class Outbox {
 public:
  virtual ~Outbox() = default;
  virtual void event(JobNumber job, const std::string& kind, Facts pairs) = 0;
  virtual void log(LogLevel level, std::string text) = 0;
  virtual void place(JobNumber job, int ticket, Placement placement) = 0;  // Job::placed() answers with the ticket
  virtual bool can_ask() const = 0;
  // Asks, or replaces what is asked under the same number (0: a new one). The number, for Job::answered().
  virtual RequestNumber ask(JobNumber job, RequestNumber request, Question question) = 0;
  virtual void dismiss(RequestNumber request) = 0;
  // The job is over. It is destroyed later, not from in here.
  virtual void over(JobNumber job) = 0;
};

class Job {
 public:
  Job(JobNumber number, Engine& engine, Outbox& outbox) : number_(number), engine_(engine), outbox_(outbox) {}
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  virtual void start() = 0;
  virtual void pump() {}
  virtual void cancel() = 0;
  // `accepted`: the text of the button that was pressed, as the person saw it; empty if the form was closed.
  virtual void answered(RequestNumber, const std::string& /*accepted*/, const Values&) {}
  virtual void changed(RequestNumber, const std::string& /*key*/, const std::string& /*value*/) {}
  virtual void placed(int /*ticket*/, std::optional<Error>) {}

 protected:
  void progress(Stage stage, double fraction, std::uint64_t bytes, std::uint64_t total, const std::string& text);
  void report_placed(const Placement& placement);
  // The two ends.
  void done(Facts pairs);
  void failed(const Error& error, Facts more = {});

  JobNumber number_;
  Engine& engine_;
  Outbox& outbox_;
};

// The pairs of a `failed` or `rests` event.
Facts error_facts(const Error& error);

// The actions, by their names in the contract. Parameters were checked for unknown keys already; wrong values end the
// job with an error.
std::unique_ptr<Job> make_insert_job(JobNumber number, Engine& engine, Outbox& outbox, Values parameters);
std::unique_ptr<Job> make_resume_job(JobNumber number, Engine& engine, Outbox& outbox, Values parameters);
std::unique_ptr<Job> make_list_job(JobNumber number, Engine& engine, Outbox& outbox);
std::unique_ptr<Job> make_drop_job(JobNumber number, Engine& engine, Outbox& outbox, Values parameters);

std::unique_ptr<Job> make_sign_in_job(JobNumber number, Engine& engine, Outbox& outbox, Values parameters);
std::unique_ptr<Job> make_sign_out_job(JobNumber number, Engine& engine, Outbox& outbox);
std::unique_ptr<Job> make_status_job(JobNumber number, Engine& engine, Outbox& outbox);

// Finishes what an earlier run of the program left unfetched, without placing anything, and tells how many pictures are
// ready. Not a job that anybody started: its number is 0 and it has no other events.
std::unique_ptr<Job> make_background_job(Engine& engine, Outbox& outbox);

}  // namespace inset
