// SPDX-License-Identifier: GPL-2.0-or-later
// The actions "jobs" and "drop": they read and mark journals, and ask nobody.
#include "job.h"
#include "job_id.h"
#include "ledger.h"

namespace inset {
namespace {

class ListJob final : public Job {
 public:
  using Job::Job;
  ~ListJob() override { engine_.timers.cancel(timer_); }

  void start() override {
    timer_ = engine_.timers.at(awake_now(), [this] { list(); });
  }
  void cancel() override {}  // it takes no time

 private:
  void list() {
    const auto ledger = read_ledger(engine_.files);
    for (const LedgerEntry& entry : ledger) {
      Facts pairs = {{"job_id", entry.id},
                     {"state", std::string(name(entry.standing))},
                     {"generation", entry.job.generation},
                     {"index", std::to_string(entry.job.index)},
                     {"size", entry.job.size},
                     {"paid", std::string(name(entry.paid()))},
                     {"updated", entry.updated}};
      if (!entry.asset_id.empty()) pairs.emplace_back("asset_id", entry.asset_id);
      if (entry.saved) {
        pairs.emplace_back("width", std::to_string(entry.saved->width));
        pairs.emplace_back("height", std::to_string(entry.saved->height));
        pairs.emplace_back("original", (engine_.files.root() / entry.saved->path).string());
      }
      if (entry.fault) pairs.emplace_back("message", entry.fault->message);
      outbox_.event(number_, "listed", std::move(pairs));
    }
    done({{"text", ledger.empty() ? "There are no jobs." : std::to_string(ledger.size()) + " in all."}});
  }

  Timers::Id timer_ = 0;
};

class DropJob final : public Job {
 public:
  DropJob(JobNumber number, Engine& engine, Outbox& outbox, Values parameters)
      : Job(number, engine, outbox), parameters_(std::move(parameters)) {}
  ~DropJob() override { engine_.timers.cancel(timer_); }

  void start() override {
    timer_ = engine_.timers.at(awake_now(), [this] {
      if (auto error = drop()) {
        failed(*error);
      } else {
        done({{"text", "Dropped. Its record is kept."}});
      }
    });
  }
  void cancel() override {}

 private:
  std::optional<Error> drop() {
    const auto error = [](Cause cause, const char* what) { return make_error(Stage::requesting, cause, what); };
    const auto wanted = parameters_.find("job");
    if (wanted == parameters_.end()) return error(Cause::parameter_missing, "The parameter job is missing.");
    for (const LedgerEntry& entry : read_ledger(engine_.files)) {
      if (entry.id != wanted->second) continue;
      if (entry.fault) return entry.fault;
      const auto lock = engine_.files.try_lock(picture_id(entry.job));
      if (!lock) return lock.error();
      if (!*lock) return error(Cause::locked_elsewhere, "Another program is working on this picture.");
      // Read again, now that nobody else can write.
      auto journal = Journal::open(engine_.files.journal(entry.id));
      if (!journal) return journal.error();
      if (!summarize(entry.id, journal->records()).unfinished()) {
        return error(Cause::parameter_wrong, "This job does not rest, so there is nothing to drop.");
      }
      if (const auto appended = journal->append(DroppedRecord{utc_now()}); !appended) return appended.error();
      engine_.files.remove_link(entry.id);
      return {};
    }
    return error(Cause::parameter_wrong, "There is no such job.");
  }

  Values parameters_;
  Timers::Id timer_ = 0;
};

}  // namespace

std::unique_ptr<Job> make_list_job(JobNumber number, Engine& engine, Outbox& outbox) {
  return std::make_unique<ListJob>(number, engine, outbox);
}

std::unique_ptr<Job> make_drop_job(JobNumber number, Engine& engine, Outbox& outbox, Values parameters) {
  return std::make_unique<DropJob>(number, engine, outbox, std::move(parameters));
}

}  // namespace inset
