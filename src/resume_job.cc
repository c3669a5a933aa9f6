// SPDX-License-Identifier: GPL-2.0-or-later
// The action "resume" and the quiet work at start: both finish what was paid for and not placed. Neither ever sends a
// PUT.
#include <algorithm>
#include <deque>
#include <map>

#include "job.h"
#include "job_id.h"
#include "ledger.h"

namespace inset {
namespace {

constexpr std::size_t kAtOnce = 2;  // each holds a whole picture in memory

std::string count_text(std::size_t count) { return std::to_string(count) + (count == 1 ? " picture" : " pictures"); }

std::string entry_text(const LedgerEntry& entry) {
  return entry.job.generation + " picture " + std::to_string(entry.job.index) + ", " + entry.job.size + " (" +
         std::string(name(entry.standing)) + ")";
}

Facts entry_facts(const LedgerEntry& entry) {
  return {{"job_id", entry.id},
          {"generation", entry.job.generation},
          {"index", std::to_string(entry.job.index)},
          {"size", entry.job.size}};
}

// Not this job's to take up: bought elsewhere, or by somebody else.
std::optional<Error> stranger(const Engine& engine, const LedgerEntry& entry) {
  if (entry.fault) return with_paid(*entry.fault, Paid::maybe);
  if (entry.job.origin != engine.service.api().origin()) {
    return with_paid(
        make_error(Stage::requesting, Cause::other_service, "It was requested from " + entry.job.origin + "."),
        entry.paid());
  }
  const std::string& key = engine.service.credentials().api_key;
  if (!engine.service.credentials().complete() && entry.standing != Standing::saved) {
    const auto& problem = engine.account.problem();
    return with_paid(problem ? *problem : make_error(Stage::signing_in, Cause::not_signed_in, "Nobody is signed in."),
                     entry.paid());
  }
  if (!key.empty() && entry.job.account != account_of(key)) {
    return with_paid(make_error(Stage::requesting, Cause::other_account, "It was requested with another API key."),
                     entry.paid());
  }
  return {};
}

// Whoever is signed in, if anybody is: pictures that are saved need nobody. A keyring is not bothered for nothing.
void load_account(Engine& engine, Account::Id& call, std::function<void()> then) {
  const auto entries = read_ledger(engine.files);
  const bool needed = std::any_of(entries.begin(), entries.end(), [](const LedgerEntry& e) { return e.unfinished(); });
  if (!needed) return then();
  call = engine.account.load(Account::Manner::quiet, [&call, then = std::move(then)](const Outcome&) {
    call = 0;
    then();
  });
}

// Several runs, a few at a time, each with its ledger entry.
class Runs {
 public:
  struct Item;
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_progress(Stage stage, double fraction, std::uint64_t bytes, std::uint64_t total,
                             const std::string& text) = 0;
    virtual void on_place(int ticket, Placement placement) = 0;
    virtual void on_ended(const LedgerEntry& entry, std::optional<Error> error) = 0;
    virtual void on_all_ended() = 0;
  };

  Runs(Engine& engine, Listener& listener, bool place, bool accept_size)
      : engine_(engine), listener_(listener), place_(place), accept_size_(accept_size) {}
  ~Runs() { engine_.timers.cancel(timer_); }

  void start(std::vector<LedgerEntry> entries) {
    for (LedgerEntry& entry : entries) waiting_.push_back(std::move(entry));
    next();
  }

  void pump() {
    for (const auto& [ticket, item] : items_) item->run->pump();
  }

  void cancel() {
    for (LedgerEntry& entry : waiting_) {
      const Error error = with_paid(make_error(Stage::requesting, Cause::cancelled, "Cancelled."), entry.paid());
      listener_.on_ended(entry, error);
    }
    waiting_.clear();
    for (const auto& [ticket, item] : items_) item->run->cancel();
    if (items_.empty()) next();
  }

  void placed(int ticket, std::optional<Error> error) {
    if (const auto found = items_.find(ticket); found != items_.end()) found->second->run->placed(std::move(error));
  }

  struct Item final : Run::Owner {
    Item(Runs& runs, int ticket, LedgerEntry item_entry) : runs_(runs), ticket_(ticket), entry(std::move(item_entry)) {}
    void progress(Stage stage, double fraction, std::uint64_t bytes, std::uint64_t total,
                  const std::string& text) override {
      runs_.listener_.on_progress(stage, fraction, bytes, total, text);
    }
    void ask_again(const Error&) override { run->answered(false); }
    void place(Placement placement) override { runs_.listener_.on_place(ticket_, std::move(placement)); }
    void ended(std::optional<Error> error) override { runs_.ended(ticket_, std::move(error)); }

    Runs& runs_;
    int ticket_;
    LedgerEntry entry;
    std::unique_ptr<Run> run;
  };

 private:
  void next() {
    while (!waiting_.empty() && items_.size() < kAtOnce) {
      const int ticket = next_ticket_++;
      auto item = std::make_unique<Item>(*this, ticket, std::move(waiting_.front()));
      waiting_.pop_front();
      Flow::Plan plan;
      plan.job = item->entry.job;
      plan.may_request = false;
      plan.place = place_;
      plan.accept_size = accept_size_;
      item->run = std::make_unique<Run>(engine_, *item, std::move(plan));
      item->run->start();
      items_.emplace(ticket, std::move(item));
    }
    if (items_.empty() && !timer_) timer_ = engine_.timers.at(awake_now(), [this] { listener_.on_all_ended(); });
  }

  void ended(int ticket, std::optional<Error> error) {
    const auto node = items_.extract(ticket);  // destroyed at the end of this scope; its run is done with its callback
    listener_.on_ended(node.mapped()->entry, std::move(error));
    next();
  }

  Engine& engine_;
  Listener& listener_;
  bool place_;
  bool accept_size_;
  std::deque<LedgerEntry> waiting_;
  std::map<int, std::unique_ptr<Item>> items_;
  int next_ticket_ = 1;
  Timers::Id timer_ = 0;
};

class ResumeJob final : public Job, public Runs::Listener {
 public:
  ResumeJob(JobNumber number, Engine& engine, Outbox& outbox, Values parameters)
      : Job(number, engine, outbox), parameters_(std::move(parameters)) {}
  ~ResumeJob() override {
    engine_.timers.cancel(timer_);
    engine_.account.cancel(account_call_);
  }

  void start() override {
    timer_ = engine_.timers.at(awake_now(), [this] {
      timer_ = 0;
      begin();
    });
  }

  void pump() override {
    if (runs_) runs_->pump();
  }

  void cancel() override {
    if (over_) return;
    cancelled_ = true;
    engine_.account.cancel(std::exchange(account_call_, 0));
    if (runs_) {
      runs_->cancel();
    } else {
      if (form_) outbox_.dismiss(form_);
      finish();
    }
  }

  void answered(RequestNumber request, const std::string& accepted, const Values&) override {
    if (request != form_ || over_) return;
    form_ = 0;
    if (!accepted.empty()) {
      run();
    } else {
      cancelled_ = true;
      finish();
    }
  }

  void placed(int ticket, std::optional<Error> error) override {
    if (!runs_) return;
    if (const auto found = placements_.find(ticket); found != placements_.end() && !error) {
      report_placed(found->second);
      ++placed_;
    }
    runs_->placed(ticket, std::move(error));
  }

 private:
  void begin() {
    const auto given = parameters_.find("accept_size");
    const std::string accept = given == parameters_.end() ? "" : given->second;
    if (!accept.empty() && accept != "yes" && accept != "no") {
      over_ = true;
      failed(make_error(Stage::requesting, Cause::parameter_wrong, "accept_size must be yes or no."));
      return;
    }
    accept_size_ = accept == "yes";
    load_account(engine_, account_call_, [this] { sort_out(); });
  }

  void collect() {
    collected_ = true;
    for (LedgerEntry& entry : read_ledger(engine_.files)) {
      if (entry.standing != Standing::unreadable && !entry.unfinished()) continue;
      if (auto why = stranger(engine_, entry)) {
        on_ended(entry, std::move(why));
      } else {
        entries_.push_back(std::move(entry));
      }
    }
  }

  void sort_out() {
    collect();
    if (entries_.empty()) {
      finish();
    } else if (outbox_.can_ask()) {
      Question question{
          .title = "Place Finished Downloads", .accept = "Place " + count_text(entries_.size()), .fields = {}};
      for (std::size_t i = 0; i < entries_.size(); ++i) {
        question.fields.push_back(
            {.key = "entry" + std::to_string(i), .label = entry_text(entries_[i]), .kind = Question::Kind::note});
      }
      form_ = outbox_.ask(number_, 0, std::move(question));
    } else {
      run();
    }
  }

  void run() {
    runs_ = std::make_unique<Runs>(engine_, *this, true, accept_size_);
    runs_->start(std::exchange(entries_, {}));
  }

  void on_progress(Stage stage, double fraction, std::uint64_t bytes, std::uint64_t total,
                   const std::string& text) override {
    progress(stage, fraction, bytes, total, text);
  }

  void on_place(int ticket, Placement placement) override {
    Placement& kept = placements_[ticket] = placement;
    kept.picture.pixels.reset();
    outbox_.place(number_, ticket, std::move(placement));
  }

  void on_ended(const LedgerEntry& entry, std::optional<Error> error) override {
    if (!error) return;
    ++resting_;
    paid_ = std::max(paid_, error->paid);
    Facts pairs = error_facts(*error);
    const Facts about = entry_facts(entry);
    pairs.insert(pairs.end(), about.begin(), about.end());
    outbox_.event(number_, "rests", std::move(pairs));
  }

  void on_all_ended() override { finish(); }

  void finish() {
    over_ = true;
    if (cancelled_ && !collected_) collect();    // so that nothing is left unsaid
    for (const LedgerEntry& entry : entries_) {  // not begun
      ++resting_;
      paid_ = std::max(paid_, entry.paid());
    }
    if (resting_ > 0) {
      failed(with_paid(make_error(Stage::placing, cancelled_ ? Cause::cancelled : Cause::some_rest,
                                  count_text(resting_) + " could not be placed."),
                       paid_));
      return;
    }
    done({{"text", placed_ == 0 ? "There is nothing to finish." : count_text(placed_) + " placed."},
          {"placed", std::to_string(placed_)}});
  }

  Values parameters_;
  Timers::Id timer_ = 0;
  Account::Id account_call_ = 0;
  RequestNumber form_ = 0;
  bool accept_size_ = false;
  bool collected_ = false;
  bool cancelled_ = false;
  bool over_ = false;
  std::vector<LedgerEntry> entries_;
  std::unique_ptr<Runs> runs_;
  std::map<int, Placement> placements_;  // without their pixels
  std::size_t placed_ = 0;
  std::size_t resting_ = 0;
  Paid paid_ = Paid::no;  // the most that is so of what rests
};

class BackgroundJob final : public Job, public Runs::Listener {
 public:
  BackgroundJob(Engine& engine, Outbox& outbox) : Job(0, engine, outbox) {}
  ~BackgroundJob() override {
    engine_.timers.cancel(timer_);
    engine_.account.cancel(account_call_);
  }

  void start() override {
    timer_ = engine_.timers.at(awake_now(), [this] {
      timer_ = 0;
      load_account(engine_, account_call_, [this] { begin(); });
    });
  }
  void pump() override {
    if (runs_) runs_->pump();
  }
  void cancel() override {
    if (runs_) runs_->cancel();
  }

 private:
  void begin() {
    std::vector<LedgerEntry> entries;
    for (LedgerEntry& entry : read_ledger(engine_.files)) {
      if (!entry.unfinished() || entry.standing == Standing::saved || entry.cancelled) continue;
      if (!stranger(engine_, entry)) entries.push_back(std::move(entry));
    }
    if (entries.empty()) return on_all_ended();
    runs_ = std::make_unique<Runs>(engine_, *this, false, false);
    runs_->start(std::move(entries));
  }

  void on_progress(Stage, double, std::uint64_t, std::uint64_t, const std::string&) override {}
  void on_place(int, Placement) override {}
  void on_ended(const LedgerEntry&, std::optional<Error>) override {}
  void on_all_ended() override {
    // Looked up now: what was waited for may have been placed meanwhile, by whoever had it.
    const auto ledger = read_ledger(engine_.files);
    const auto ready = std::ranges::count_if(ledger, [this](const LedgerEntry& entry) {
      return entry.standing == Standing::saved && !stranger(engine_, entry);
    });
    if (ready > 0) {
      outbox_.event(
          0, "told",
          {{"level", "1"},
           {"title", "Finished downloads"},
           {"text", count_text(static_cast<std::size_t>(ready)) + (ready == 1 ? " is" : " are") +
                        " ready. Choose \"Place Finished Downloads\" to place " + (ready == 1 ? "it." : "them.")}});
    }
    outbox_.over(0);
  }

  Timers::Id timer_ = 0;
  Account::Id account_call_ = 0;
  std::unique_ptr<Runs> runs_;
};

}  // namespace

std::unique_ptr<Job> make_resume_job(JobNumber number, Engine& engine, Outbox& outbox, Values parameters) {
  return std::make_unique<ResumeJob>(number, engine, outbox, std::move(parameters));
}

std::unique_ptr<Job> make_background_job(Engine& engine, Outbox& outbox) {
  return std::make_unique<BackgroundJob>(engine, outbox);
}

}  // namespace inset
