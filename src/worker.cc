// SPDX-License-Identifier: GPL-2.0-or-later
#include "worker.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

#include "account.h"
#include "curl_transport.h"
#include "ledger.h"
#include "signals.h"

namespace inset {
namespace {

constexpr Millis kLongestSleep = std::chrono::minutes(1);
constexpr Millis kBreath{20};
constexpr std::size_t kReloadsAtOnce = 2;  // each has a process and a whole picture in memory

Error describe(const std::exception_ptr& fault) {
  const auto maybe_paid = [](Cause cause, const char* what, const char* detail) {
    return with_paid(make_error(Stage::requesting, cause, what, detail), Paid::maybe);
  };
  try {
    std::rethrow_exception(fault);
  } catch (const std::bad_alloc& e) {
    return maybe_paid(Cause::out_of_memory, "There is not enough memory.", e.what());
  } catch (const std::exception& e) {
    return maybe_paid(Cause::internal, "Inset met an unexpected fault.", e.what());
  } catch (...) {
    return maybe_paid(Cause::internal, "Inset met an unexpected fault.", "");
  }
}

}  // namespace

class Worker::Loop final : private Outbox {
 public:
  explicit Loop(Options options)
      : options_(std::move(options)),
        transport_(make_curl_transport({options_.settings.ca_file, options_.user_agent, options_.settings.proxy})) {
    const AllSignalsBlocked blocked;
    thread_ = std::thread([this] { run(); });
  }

  ~Loop() override {
    stopping_ = true;
    if (transport_) transport_->wake();
    thread_.join();
  }

  using Command = std::function<void(Loop&)>;

  // [main]
  void post(Command command) {
    {
      const std::lock_guard lock(mutex_);
      commands_.push_back(std::move(command));
    }
    if (transport_) transport_->wake();
  }

  // [main]
  std::vector<Message> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(messages_, {});
  }

  // ---- commands, carried out on the worker's thread ----

  void begin(JobNumber number, Action action, Values parameters) {
    beginning_ = number;
    if (const auto fault = prepare()) {
      report_failed(number, *fault);
      beginning_ = 0;
      return;
    }
    std::unique_ptr<Job> job;
    switch (action) {
      case Action::insert: job = make_insert_job(number, *engine_, *this, std::move(parameters)); break;
      case Action::resume: job = make_resume_job(number, *engine_, *this, std::move(parameters)); break;
      case Action::list: job = make_list_job(number, *engine_, *this); break;
      case Action::drop: job = make_drop_job(number, *engine_, *this, std::move(parameters)); break;
      case Action::sign_in: job = make_sign_in_job(number, *engine_, *this, std::move(parameters)); break;
      case Action::sign_out: job = make_sign_out_job(number, *engine_, *this); break;
      case Action::status: job = make_status_job(number, *engine_, *this); break;
    }
    add(number, std::move(job));
    beginning_ = 0;
  }

  void finish_quietly() {
    if (!prepare()) add(0, make_background_job(*engine_, *this));
  }

  void cancel(JobNumber number) {
    for (const auto& [job_number, job] : jobs_) {
      if (job_number == number || number == 0) job->cancel();
    }
  }

  void answer(RequestNumber request, const std::string& accepted, const Values& answers) {
    const auto node = questions_.extract(request);
    if (!node) return;
    if (Job* job = find(node.mapped())) job->answered(request, accepted, answers);
  }

  void changed(RequestNumber request, const std::string& key, const std::string& value) {
    const auto found = questions_.find(request);
    if (found == questions_.end()) return;
    if (Job* job = find(found->second)) job->changed(request, key, value);
  }

  void placed(JobNumber number, int ticket, std::optional<Error> error) {
    if (Job* job = find(number)) job->placed(ticket, std::move(error));
  }

  void open(RequestNumber request, const std::string& path) {
    opening_ = request;
    begin_to_open(request, path);
    opening_ = 0;
  }

 private:
  void begin_to_open(RequestNumber request, const std::string& path) {
    if (const auto fault = prepare()) {
      say(OpenedMessage{request, *fault});
      return;
    }
    const std::filesystem::path file(path);
    if (file.lexically_normal() != file || file.parent_path() != files_->root() / "originals") {
      say(OpenedMessage{request, make_error(Stage::placing, Cause::parameter_wrong,
                                            "Only files in the folder of originals can be opened.")});
      return;
    }
    // The journal knows the original's checksum, if it is one of this folder's.
    std::string sha256;
    if (const auto journal = Journal::open(files_->journal(file.stem().string()))) {
      const LedgerEntry entry = summarize({}, journal->records());
      if (entry.saved) sha256 = entry.saved->sha256;
    }
    reloads_[request] = std::make_unique<Reload>(file, sha256, engine_->limits, engine_->wake,
                                                 [this, request](Result<Picture> picture) {
                                                   say(OpenedMessage{request, std::move(picture)});
                                                   finished_reloads_.push_back(request);
                                                 });
  }

  // ---- the thread ----

  void run() {
    pthread_setname_np(pthread_self(), "inset-worker");
    for (bool last = false; !last;) {
      last = stopping_;  // before the commands, so that all that came earlier are carried out
      try {
        if (fault_) abandon_all();
        turn(last);
      } catch (...) {
        // Nothing here throws by design; libraries and memory do. The jobs are in an unknown state, their journals are
        // not.
        fault_ = std::current_exception();
        std::this_thread::sleep_for(kBreath);
      }
    }
    jobs_.clear();
    reloads_.clear();
    engine_.reset();
    if (service_) service_->share_through(nullptr);
    account_.reset();
    service_.reset();
  }

  void turn(bool last) {
    while (true) {
      let_go();  // first, or what was cancelled before it began would still begin below
      const auto command = next_command();
      if (!command) break;
      (*command)(*this);
    }
    if (last) return;
    timers_.fire(awake_now());
    for (const auto& [number, job] : jobs_) job->pump();
    std::size_t under_way = 0;
    for (const auto& [request, reload] : reloads_) {
      if (++under_way > kReloadsAtOnce) break;  // it has not even opened its file
      reload->pump();
    }
    if (!finished_reloads_.empty()) engine_->wake();  // there is room for the next
    let_go();
    deliver();
    sleep();
  }

  // Of all that is over. Not in over() itself, which the job calls.
  void let_go() {
    for (const RequestNumber request : std::exchange(finished_reloads_, {})) reloads_.erase(request);
    for (const JobNumber number : std::exchange(finished_jobs_, {})) jobs_.erase(number);
  }

  void sleep() {
    Millis longest = kLongestSleep;
    if (const auto next = timers_.next()) {
      longest = std::clamp(*next - awake_now(), Millis(0), kLongestSleep);
    }
    if (transport_) {
      transport_->run(longest);
    } else {
      std::this_thread::sleep_for(std::min(longest, Millis(20)));
    }
  }

  std::optional<Command> next_command() {
    const std::lock_guard lock(mutex_);
    if (commands_.empty()) return {};
    std::optional<Command> command(std::move(commands_.front()));
    commands_.pop_front();
    return command;
  }

  void deliver() {
    if (said_.empty()) return;
    {
      const std::lock_guard lock(mutex_);
      messages_.insert(messages_.end(), std::make_move_iterator(said_.begin()), std::make_move_iterator(said_.end()));
    }
    said_.clear();
    if (options_.wake) options_.wake();
  }

  // May itself find no memory; then it is called again, and goes on where it was.
  void abandon_all() {
    const Error error = describe(fault_);
    if (beginning_ != 0) jobs_.try_emplace(beginning_);
    if (opening_ != 0) reloads_.try_emplace(opening_);
    while (!jobs_.empty()) {
      const JobNumber number = jobs_.begin()->first;
      if (number != 0 && std::ranges::count(finished_jobs_, number) == 0) report_failed(number, error);
      jobs_.erase(number);
    }
    while (!reloads_.empty()) {
      const RequestNumber request = reloads_.begin()->first;
      if (std::ranges::count(finished_reloads_, request) == 0) say(OpenedMessage{request, error});
      reloads_.erase(request);
    }
    finished_jobs_.clear();
    finished_reloads_.clear();
    beginning_ = 0;
    opening_ = 0;
    log(LogLevel::error, error.message + " " + error.detail);
    // A call for a token may have been lost on the way, and would be waited for for ever.
    if (service_) service_->forget_token();
    fault_ = nullptr;
    deliver();
  }

  void report_failed(JobNumber number, const Error& error) {
    said_.reserve(said_.size() + 2);  // both or neither
    event(number, "failed", error_facts(error));
    say(OverMessage{number});
  }

  // The data folder is made when it is first needed, not when the plugin is loaded.
  std::optional<Error> prepare() {
    if (engine_) return {};
    if (!transport_) return make_error(Stage::requesting, Cause::out_of_memory, "There is not enough memory.");
    auto files = Files::open(options_.settings.data_dir);
    if (!files) return files.error();
    files_ = std::move(*files);
    if (!files_->locks_work()) {
      log(LogLevel::warning,
          "Locks do not work in " + files_->root().string() +
              ". Do not fetch the same picture from two programs at once, or choose another data folder.");
    }
    if (!service_) {
      service_ = std::make_unique<Service>(*transport_, timers_, options_.settings.api, options_.settings.auth);
      service_->set_credentials(std::move(options_.settings.credentials));
    }
    service_->share_through(nullptr);
    account_ = std::make_unique<Account>(account_needs());
    service_->share_through(account_.get());
    engine_.reset(new Engine{*transport_,
                             timers_,
                             *service_,
                             *account_,
                             options_.settings,
                             *files_,
                             {},
                             {},
                             options_.host,
                             [transport = transport_.get()] { transport->wake(); }});
    return {};
  }

  // The lock belongs to the person, not to one of several data folders.
  Account::Needs account_needs() {
    std::filesystem::path locks = files_->root();
    for (const std::string& pair : options_.settings.environment) {
      if (pair.starts_with("XDG_RUNTIME_DIR=/")) locks = pair.substr(pair.find('=') + 1);
    }
    return {*transport_,
            timers_,
            *service_,
            options_.settings.auth.origin(),
            options_.settings.keyring,
            files_->root() / "sign-in",
            locks / "inset-sign-in.lock",
            [this](std::string text) { log(LogLevel::warning, std::move(text)); }};
  }

  void add(JobNumber number, std::unique_ptr<Job> job) {
    const auto [at, is_new] = jobs_.emplace(number, std::move(job));
    if (is_new) at->second->start();
  }

  Job* find(JobNumber number) {
    const auto found = jobs_.find(number);
    return found == jobs_.end() ? nullptr : found->second.get();
  }

  void say(Message message) { said_.push_back(std::move(message)); }

  // ---- Outbox ----

  void event(JobNumber job, const std::string& kind, Facts pairs) override {
    say(EventMessage{job, kind, std::move(pairs)});
    // Progress must reach the person while the loop is busy with one long transfer.
    if (kind == "progress") deliver();
  }
  void log(LogLevel level, std::string text) override { say(LogMessage{level, std::move(text)}); }
  void place(JobNumber job, int ticket, Placement placement) override {
    say(PlaceMessage{job, ticket, std::move(placement)});
  }
  bool can_ask() const override { return options_.can_ask; }
  RequestNumber ask(JobNumber job, RequestNumber request, Question question) override {
    if (request == 0) request = next_request_++;
    questions_[request] = job;
    say(AskMessage{job, request, std::move(question)});
    return request;
  }
  void dismiss(RequestNumber request) override {
    if (questions_.erase(request)) say(DismissMessage{request});
  }
  void over(JobNumber job) override {
    finished_jobs_.reserve(finished_jobs_.size() + 1);
    say(OverMessage{job});
    finished_jobs_.push_back(job);
  }

  Options options_;
  std::unique_ptr<Transport> transport_;

  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::deque<Command> commands_;   // guarded
  std::vector<Message> messages_;  // guarded

  // The worker's own. Jobs use the engine, which uses the service, so they go first.
  std::exception_ptr fault_;   // why all that was under way has to be given up
  JobNumber beginning_ = 0;    // not yet among the jobs
  RequestNumber opening_ = 0;  // not yet among the reloads
  Timers timers_;
  std::optional<Files> files_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<Account> account_;
  std::unique_ptr<Engine> engine_;
  std::map<JobNumber, std::unique_ptr<Job>> jobs_;
  std::map<RequestNumber, std::unique_ptr<Reload>> reloads_;
  std::vector<JobNumber> finished_jobs_;
  std::vector<RequestNumber> finished_reloads_;
  std::map<RequestNumber, JobNumber> questions_;
  // Questions count from here; requests of open() come from the main thread and stay below.
  RequestNumber next_request_ = RequestNumber{1} << 32;
  std::vector<Message> said_;

  std::thread thread_;  // last: it uses all of the above
};

Worker::Worker(Options options) : loop_(std::make_unique<Loop>(std::move(options))) {}
Worker::~Worker() = default;

void Worker::invoke(JobNumber job, Action action, Values parameters) {
  loop_->post([=](Loop& loop) { loop.begin(job, action, parameters); });
}
void Worker::finish_quietly() {
  loop_->post([](Loop& loop) { loop.finish_quietly(); });
}
void Worker::cancel(JobNumber job) {
  loop_->post([=](Loop& loop) { loop.cancel(job); });
}
void Worker::answer(RequestNumber request, std::string accepted, Values answers) {
  loop_->post([=](Loop& loop) { loop.answer(request, accepted, answers); });
}
void Worker::changed(RequestNumber request, std::string key, std::string value) {
  loop_->post([=](Loop& loop) { loop.changed(request, key, value); });
}
void Worker::placed(JobNumber job, int ticket, std::optional<Error> error) {
  loop_->post([=](Loop& loop) { loop.placed(job, ticket, error); });
}
void Worker::open(RequestNumber request, std::string path) {
  loop_->post([=](Loop& loop) { loop.open(request, path); });
}
std::vector<Message> Worker::take() { return loop_->take(); }

}  // namespace inset
