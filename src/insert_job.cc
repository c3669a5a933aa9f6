// SPDX-License-Identifier: GPL-2.0-or-later
// The action "insert": one picture, from its generation to the canvas. With everything said it starts at once; with a
// form and something missing it asks; without a form it ends with an error that names what is missing.
#include <algorithm>
#include <charconv>
#include <utility>

#include "insert_form.h"
#include "job.h"
#include "job_id.h"
#include "ledger.h"
#include "preview.h"
#include "sign_in.h"
#include "sign_in_form.h"
#include "text.h"

namespace inset {
namespace {

constexpr std::size_t kMostPreviews = 16;  // each is a transfer and a process

Error parameter_error(Cause cause, std::string what) { return make_error(Stage::requesting, cause, std::move(what)); }

std::optional<int> whole_number(const std::string& text) {
  int value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size()) return {};
  return value;
}

// The parameters as a job, or what is wrong with them. What is not there stays empty.
Result<JobRecord> read_parameters(const Values& parameters) {
  const auto value = [&](const char* key) {
    const auto found = parameters.find(key);
    return found == parameters.end() ? std::string() : std::string(trim(found->second));
  };
  JobRecord job;
  job.generation = canonical_generation(value("generation"));
  const bool odd =
      job.generation.size() > 128 || job.generation == "." || job.generation == ".." ||
      std::any_of(job.generation.begin(), job.generation.end(), [](char c) { return c <= 0x20 || c >= 0x7f; });
  if (odd) return parameter_error(Cause::parameter_wrong, "generation must be an id without blanks.");
  job.index = -1;
  if (const std::string text = value("index"); !text.empty()) {
    const auto index = whole_number(text);
    if (!index || *index < 0) return parameter_error(Cause::parameter_wrong, "index must be a number from 0.");
    job.index = *index;
  }
  job.size = value("size");
  if (const std::string text = value("product_id"); !text.empty()) {
    job.product_id = whole_number(text);
    if (!job.product_id) return parameter_error(Cause::parameter_wrong, "product_id must be a number.");
  }
  job.project_code = value("project_code");
  job.notes = value("notes");
  if (const std::string text = value("again"); !text.empty() && text != "yes" && text != "no") {
    return parameter_error(Cause::parameter_wrong, "again must be yes or no.");
  }
  return job;
}

class InsertJob final : public Job, public Run::Owner, public SignIn::Owner {
 public:
  InsertJob(JobNumber number, Engine& engine, Outbox& outbox, Values parameters)
      : Job(number, engine, outbox), values_(std::move(parameters)) {}

  ~InsertJob() override {
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
    if (run_) run_->pump();
    pump_previews();
  }

  void cancel() override {
    if (over_) return;
    cancelled_ = true;
    if (run_) {
      close_form();
      run_->cancel();
    } else {
      // Who looks at a form knows what it is about; who ran this without one may only know that it was run before.
      const Paid paid = outbox_.can_ask() ? Paid::no : paid_before();
      fail(with_paid(parameter_error(Cause::cancelled, "Cancelled."), paid));
    }
  }

  void answered(RequestNumber request, const std::string& accepted, const Values& answers) override {
    if (request != form_ || over_) return;
    form_ = 0;
    if (run_) {
      run_->answered(!accepted.empty() && at(answers, "again") == "yes");
      return;
    }
    if (sign_in_) return sign_in_->answered(!accepted.empty(), answers);
    if (accepted.empty()) {
      fail(parameter_error(Cause::cancelled, "Cancelled."));
      return;
    }
    for (const auto& [key, value] : answers) values_[key] = value;
    accepted_ = accepted;
    begin();
  }

  void changed(RequestNumber request, const std::string& key, const std::string& value) override {
    if (request != form_ || over_ || run_ || sign_in_) return;
    values_[key] = value;
    if (key == "generation" || key == "index") values_.erase("size");
    if (key == "generation") values_.erase("index");
    look_at_form();
  }

  void placed(int, std::optional<Error> error) override {
    if (!run_) return;
    placed_ = !error;
    if (!error) report_placed(placement_);
    run_->placed(std::move(error));
  }

 private:
  static std::string at(const Values& values, const char* key) {
    const auto found = values.find(key);
    return found == values.end() ? std::string() : found->second;
  }

  void begin() {
    auto job = read_parameters(values_);
    const bool can_ask = outbox_.can_ask();
    if (!job) {
      if (can_ask && asked_) return show_form(job.error().what);
      return fail(job.error());
    }
    if (!engine_.service.credentials().complete() && !looked_for_sign_in_) {
      if (can_ask) return sign_in("");
      account_call_ = engine_.account.load(Account::Manner::quiet, [this](Outcome outcome) {
        account_call_ = 0;
        looked_for_sign_in_ = true;
        if (!outcome && !was_ordered()) return fail(with_paid(outcome.error(), paid_before()));
        begin();
      });
      return;
    }
    const bool complete = !job->generation.empty() && job->index >= 0 && !job->size.empty();
    if (can_ask && (!complete || asked_) && !ready_to_run(*job)) return look_at_form();
    if (job->generation.empty())
      return fail(parameter_error(Cause::parameter_missing, "The parameter generation is missing."));
    if (job->index < 0) return fail(parameter_error(Cause::parameter_missing, "The parameter index is missing."));
    if (job->size.empty()) return list_sizes(*job);
    run(std::move(*job));
  }

  // It was ordered before, and its journal knows more than that nobody is signed in: the picture may lie on this disk,
  // and if not, it may be paid for.
  bool was_ordered() const {
    const auto job = read_parameters(values_);
    if (!job || engine_.service.credentials().api_key.empty()) return false;
    const auto journal = Journal::open(engine_.files.journal(job_id(identify(*job))));
    return journal && summarize({}, journal->records()).paid() != Paid::no;
  }

  // The same while it is not known whose order it would be: the most that any journal says of this picture and size.
  Paid paid_before() const {
    const auto job = read_parameters(values_);
    Paid most = Paid::no;
    if (!job) return most;
    const std::string& key = engine_.service.credentials().api_key;
    for (const LedgerEntry& entry : read_ledger(engine_.files)) {
      const JobRecord& other = entry.job;
      if (other.origin != engine_.service.api().origin() || other.generation != job->generation ||
          other.index != job->index || other.size != job->size || (!key.empty() && other.account != account_of(key))) {
        continue;
      }
      if (entry.unfinished()) most = std::max(most, entry.paid());
    }
    return most;
  }

  // ---- without a form: the sizes are the answer ----

  void list_sizes(const JobRecord& job) {
    progress(Stage::listing_sizes, -1.0, 0, 0, "Asking for the sizes");
    look_up_ = std::make_unique<LookUp>(
        engine_.service, engine_.products, job.generation, job.index, [this](Result<Findings> found) {
          const auto keep = std::move(look_up_);
          if (!found) return fail(found.error());
          offers_ = std::move(found->offers);
          fail(make_error(Stage::listing_sizes, Cause::size_missing, "No size was named."));
        });
  }

  // ---- with a form ----

  // What was filled in stays in values_, so the insert goes on by itself afterwards.
  void sign_in(const std::string& fault) {
    sign_in_ = std::make_unique<SignIn>(engine_, *this, true, SignIn::Wish{.api_key = {}, .keep = {}, .fault = fault});
    sign_in_->start();
  }

  void show(Question question) override { form_ = outbox_.ask(number_, form_, std::move(question)); }
  void hide() override { close_form(); }
  void show_page(const std::string&) override {}
  void busy(const std::string& text) override { progress(Stage::signing_in, -1.0, 0, 0, text); }

  void signed_in(Outcome outcome, const std::string& remark) override {
    const auto keep = std::move(sign_in_);
    if (!outcome) return fail(outcome.error());
    if (!remark.empty()) {
      outbox_.event(number_, "told", {{"level", "2"}, {"title", "Signed in"}, {"text", remark}});
    }
    begin();
  }

  // The form was accepted, what it says is what the last look-up found to be on offer, and the button that was pressed
  // named just that: a person may be quicker than the form and press a button that still names what was chosen before.
  bool ready_to_run(const JobRecord& job) {
    const std::string pressed = std::exchange(accepted_, {});
    if (pressed.empty() || !found_ || found_for_ != look_up_key(job)) return false;
    const auto offered = [&](const SizeOffer& o) { return o.name == job.size; };
    free_ = is_licensed(job);
    return std::any_of(found_->offers.begin(), found_->offers.end(), offered) &&
           !product_fault(found_->products, job) &&
           pressed == insert_question(values_, &*found_, thumbnails_, free_, {}).accept;
  }

  bool is_licensed(const JobRecord& job) const {
    const auto journal = Journal::open(engine_.files.journal(job_id(identify(job))));
    return journal && summarize({}, journal->records()).paid() == Paid::yes;
  }

  static std::string look_up_key(const JobRecord& job) { return job.generation + "/" + std::to_string(job.index); }

  // Brings the form up to date with what was typed, looking up what has to be known first.
  void look_at_form() {
    const auto job = read_parameters(values_);
    if (!job || job->generation.empty()) return show_form(job ? "" : job.error().what);
    if (found_ && found_for_ == look_up_key(*job)) {
      const auto fault = accepted_missing(*job);
      return show_form(fault);
    }
    if (look_up_ && looking_for_ == look_up_key(*job)) return;
    looking_for_ = look_up_key(*job);
    show_form("");
    look_up_ = std::make_unique<LookUp>(engine_.service, engine_.products, job->generation,
                                        job->index < 0 ? std::nullopt : std::optional(job->index),
                                        [this](Result<Findings> found) {
                                          const auto keep = std::move(look_up_);
                                          if (!found) {
                                            found_.reset();
                                            const Cause cause = found.error().cause;
                                            if (cause == Cause::credentials_refused || cause == Cause::not_signed_in) {
                                              looking_for_.clear();
                                              return sign_in(found.error().what);
                                            }
                                            return show_form(found.error().message);
                                          }
                                          found_ = std::move(*found);
                                          found_for_ = looking_for_;
                                          fetch_previews();
                                          const auto now = read_parameters(values_);
                                          if (now && now->index < 0) {
                                            // The first picture that may be shown is a good guess, and brings its sizes
                                            // into the form.
                                            for (const GeneratedPicture& picture : found_->pictures) {
                                              if (picture.blocked) continue;
                                              values_["index"] = std::to_string(picture.index);
                                              return look_at_form();
                                            }
                                          }
                                          show_form("");
                                        });
  }

  // ---- previews ----

  void fetch_previews() {
    const auto job = read_parameters(values_);
    if (!job || job->generation == previews_of_) return;
    previews_of_ = job->generation;
    previews_.clear();
    thumbnails_.clear();
    for (const GeneratedPicture& picture : found_->pictures) {
      if (picture.preview.empty()) continue;
      if (previews_.size() == kMostPreviews) break;
      const int index = picture.index;
      previews_[index] = std::make_unique<Preview>(engine_.transport, picture.preview, engine_.service.on_loopback(),
                                                   engine_.wake, [this, index](std::optional<Picture> preview) {
                                                     if (preview)
                                                       thumbnails_[index] =
                                                           std::make_shared<const Picture>(std::move(*preview));
                                                     previews_done_.push_back(index);
                                                   });
    }
  }

  // The form is drawn anew once for all that have come, not once for each.
  void pump_previews() {
    for (const auto& [index, preview] : previews_) preview->pump();
    if (previews_done_.empty()) return;
    for (const int index : std::exchange(previews_done_, {})) previews_.erase(index);
    if (form_ && !run_ && !sign_in_ && previews_.empty()) show_form(fault_);
  }

  std::string accepted_missing(const JobRecord& job) {
    if (!asked_ || job.size.empty()) return {};
    const auto fault = product_fault(found_->products, job);
    return fault ? fault->what : std::string();
  }

  void show_form(const std::string& fault) {
    asked_ = true;
    fault_ = fault;
    auto job = read_parameters(values_);
    const bool current = job && found_ && found_for_ == look_up_key(*job);
    bool licensed = false;
    if (current && job->size.empty() && !found_->offers.empty()) {
      // A guess that cannot be expensive; the person sees it and may choose another.
      const auto smallest = std::min_element(found_->offers.begin(), found_->offers.end(),
                                             [](const auto& a, const auto& b) { return a.width < b.width; });
      job->size = values_["size"] = smallest->name;
    }
    if (current && !job->size.empty()) licensed = is_licensed(*job);
    // While something new is looked up the fields stay as they are; what they offer is not for sale meanwhile.
    const bool same_generation = job && found_for_.starts_with(job->generation + "/");
    form_ =
        outbox_.ask(number_, form_,
                    insert_question(values_, found_ ? &*found_ : nullptr, same_generation ? thumbnails_ : Thumbnails(),
                                    licensed, fault, found_ && !current, account()));
  }

  std::string account() const {
    const Credentials& credentials = engine_.service.credentials();
    return credentials.complete() ? account_text(credentials.api_key, engine_.account.place_text()) : std::string();
  }

  // ---- the run ----

  JobRecord identify(JobRecord job) const {
    job.origin = engine_.service.api().origin();
    job.account = account_of(engine_.service.credentials().api_key);
    return job;
  }

  void run(JobRecord job) {
    Flow::Plan plan;
    plan.job = identify(std::move(job));
    plan.again = at(values_, "again") == "yes";
    plan.may_request = !free_;
    previews_.clear();
    run_ = std::make_unique<Run>(engine_, *this, std::move(plan));
    run_->start();
  }

  void progress(Stage stage, double fraction, std::uint64_t bytes, std::uint64_t total,
                const std::string& text) override {
    Job::progress(stage, fraction, bytes, total, text);
  }

  void ask_again(const Error& why) override {
    if (outbox_.can_ask()) {
      form_ = outbox_.ask(number_, 0, again_question(why.message));
    } else {
      run_->answered(false);
    }
  }

  void place(Placement placement) override {
    Job::progress(Stage::placing, -1.0, 0, 0, "Placing");
    // For the report; the pixels themselves go on.
    placement_ = placement;
    placement_.picture.pixels.reset();
    outbox_.place(number_, 1, std::move(placement));
  }

  void ended(std::optional<Error> error) override {
    if (!error && free_ && !placed_) {
      // Another program had the picture until now, and found that its file is of another size.
      run_.reset();
      if (cancelled_) return cancel();
      previews_of_.clear();
      fetch_previews();
      return show_form(
          "What had come of this picture is another size, so this one is not licensed yet. Nothing was charged.");
    }
    if (!error) {
      over_ = true;
      close_form();
      done({{"text", run_->requested() ? "One licence was taken." : "It was licensed before; nothing was charged."}});
      return;
    }
    if (error->cause == Cause::size_unknown) offers_ = run_->offers();
    fail(*error);
  }

  void fail(const Error& error) {
    over_ = true;
    close_form();
    sign_in_.reset();
    look_up_.reset();
    previews_.clear();
    Facts choices;
    for (const SizeOffer& offer : offers_) {
      choices.emplace_back("choice",
                           offer.name + " " + std::to_string(offer.width) + " " + std::to_string(offer.height));
    }
    failed(error, std::move(choices));
  }

  void close_form() {
    if (form_) outbox_.dismiss(std::exchange(form_, 0));
  }

  Values values_;
  Timers::Id timer_ = 0;
  bool over_ = false;
  std::unique_ptr<LookUp> look_up_;
  std::unique_ptr<Run> run_;
  std::vector<SizeOffer> offers_;  // to be named in the error
  Placement placement_;            // without its pixels

  RequestNumber form_ = 0;
  std::unique_ptr<SignIn> sign_in_;
  Account::Id account_call_ = 0;
  bool looked_for_sign_in_ = false;
  bool asked_ = false;    // the form has been shown
  std::string accepted_;  // what the button said that was pressed
  bool free_ = false;     // it said that nothing would be charged
  bool placed_ = false;
  bool cancelled_ = false;
  std::optional<Findings> found_;
  std::string found_for_;
  std::string looking_for_;
  std::string fault_;                                 // what the form says is wrong
  std::map<int, std::unique_ptr<Preview>> previews_;  // under way
  std::vector<int> previews_done_;
  Thumbnails thumbnails_;
  std::string previews_of_;
};

}  // namespace

std::unique_ptr<Job> make_insert_job(JobNumber number, Engine& engine, Outbox& outbox, Values parameters) {
  return std::make_unique<InsertJob>(number, engine, outbox, std::move(parameters));
}

}  // namespace inset
