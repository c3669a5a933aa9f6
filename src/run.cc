// SPDX-License-Identifier: GPL-2.0-or-later
#include "run.h"

#include <algorithm>
#include <random>
#include <utility>

#include "job_id.h"
#include "ledger.h"

namespace inset {
namespace {

constexpr Millis kLockRetry{200};
constexpr Millis kProgressEvery{100};
constexpr Millis kTokenTakes = std::chrono::minutes(6);  // at most, with all its tries
constexpr Millis kWorthTelling{3000};                    // a wait that long is told to the person

// The newest record of a kind, or null.
template <class T>
const T* last(const std::vector<Record>& records) {
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    if (const T* found = std::get_if<T>(&*record)) return found;
  }
  return nullptr;
}

// How long ago the last PUT was sent at least, if the computer has been up since. Its intent is written before that,
// and a token may have been waited for in between.
std::optional<Millis> since_put(const std::vector<Record>& records) {
  const auto* intent = last<IntentRecord>(records);
  if (!intent || intent->boot.empty() || intent->boot != boot_id()) return {};
  return std::max(boot_now() - intent->since_boot - kTokenTakes, Millis(0));
}

std::string seconds_text(Millis wait) { return std::to_string((wait.count() + 999) / 1000) + " s"; }

}  // namespace

Run::Run(Engine& engine, Owner& owner, Flow::Plan plan)
    : engine_(engine), owner_(owner), plan_(std::move(plan)), job_id_(job_id(plan_.job)) {}

Run::~Run() { abandon(); }

void Run::start() {
  timer_ = engine_.timers.at(awake_now(), [this] { try_lock(); });
}

// Whatever is under way ends here, without a word to the flow.
void Run::abandon() {
  engine_.timers.cancel(std::exchange(timer_, 0));
  engine_.service.cancel(std::exchange(call_, 0));
  look_up_.reset();
  reload_.reset();
  if (fetch_) fetch_->stop();
}

void Run::try_lock() {
  auto lock = engine_.files.try_lock(picture_id(plan_.job));
  if (!lock) {
    end(with_paid(lock.error(), paid()));
    return;
  }
  if (!*lock) {
    report("Another program is working on this picture; waiting for it.");
    timer_ = engine_.timers.at(awake_now() + kLockRetry, [this] { try_lock(); });
    return;
  }
  lock_ = std::move(**lock);
  open_journal();
}

// Before this run has the lock, what was requested earlier, or is being requested elsewhere, is on the disk alone.
Paid Run::paid() const {
  if (flow_) return flow_->paid();
  const auto journal = Journal::open(engine_.files.journal(job_id_));
  return journal ? summarize({}, journal->records()).paid() : Paid::maybe;
}

void Run::open_journal() {
  auto journal = Journal::open(engine_.files.journal(job_id_));
  if (!journal) {
    end(with_paid(journal.error(), Paid::maybe));
    return;
  }
  journal_ = std::move(*journal);
  const auto& records = journal_->records();
  if (const auto* job = last<JobRecord>(records)) {
    offers_ = job->offers;
    // What was asked for the first time still counts where this time nothing was said.
    if (!plan_.job.product_id) plan_.job.product_id = job->product_id;
    if (plan_.job.project_code.empty()) plan_.job.project_code = job->project_code;
    if (plan_.job.notes.empty()) plan_.job.notes = job->notes;
  }
  if (const auto* ready = last<ReadyRecord>(records)) ready_ = *ready;
  if (const auto* saved = last<SavedRecord>(records)) {
    saved_ = *saved;
    engine_.files.remove_link(job_id_);  // a program that died right after this record has left it
  }
  flow_.emplace(plan_, records, awake_now(), since_put(records), std::random_device{}());
  go();
}

void Run::go() {
  going_ = true;
  do {
    told_ = false;
    const Flow::Want want = flow_->want();
    std::visit([this](const auto& what) { carry_out(what); }, want);
  } while (told_ && !over_);
  going_ = false;
}

void Run::tell(const Flow::Event& event) {
  if (over_ || !flow_->on(event, awake_now())) return;
  told_ = true;
  if (!going_) go();
}

void Run::cancel() {
  if (over_) return;
  abandon();
  if (flow_) {
    tell(Flow::Cancelled{});
  } else {
    end(with_paid(make_error(Stage::requesting, Cause::cancelled, "Cancelled."), paid()));
  }
}

void Run::pump() {
  if (fetch_) fetch_->pump();
  if (reload_) reload_->pump();
}

void Run::answered(bool again) { tell(Flow::Answer{again}); }

void Run::placed(std::optional<Error> error) {
  if (error) {
    tell(Flow::PlaceFailed{std::move(*error)});
  } else {
    tell(Flow::Placed{engine_.host});
  }
}

void Run::report(const std::string& text) {
  const Stage stage = flow_ ? flow_->stage() : Stage::requesting;
  owner_.progress(stage, -1.0, 0, 0, text);
}

// The owner may destroy the run when it hears of the end, so it hears of it from the timers.
void Run::end(std::optional<Error> error) {
  abandon();
  over_ = true;
  lock_.reset();
  timer_ = engine_.timers.at(awake_now(), [this, error = std::move(error)] {
    timer_ = 0;
    owner_.ended(error);
  });
}

// ---- the wants ----

void Run::carry_out(const Flow::LookUp&) {
  report("Asking for the sizes");
  look_up_ = std::make_unique<LookUp>(engine_.service, engine_.products, plan_.job.generation, plan_.job.index,
                                      [this](Result<Findings> found) {
                                        const auto keep = std::move(look_up_);  // it is still running this callback
                                        if (!found) {
                                          tell(Flow::LookUpFailed{found.error()});
                                          return;
                                        }
                                        offers_ = found->offers;
                                        if (auto fault = product_fault(found->products, plan_.job)) {
                                          tell(Flow::LookUpFailed{std::move(*fault)});
                                        } else {
                                          tell(Flow::Offers{std::move(found->offers)});
                                        }
                                      });
}

void Run::carry_out(const Flow::Write& want) {
  const Outcome written = write(want.record, want.link);
  if (written) {
    tell(Flow::Written{});
  } else {
    tell(Flow::WriteFailed{written.error()});
  }
}

Outcome Run::write(const Record& wanted, const std::string& link) {
  Record record = wanted;
  const std::string now = utc_now();
  std::visit([&](auto& r) { r.time = now; }, record);
  if (auto* job = std::get_if<JobRecord>(&record)) job->host = engine_.host;
  if (auto* intent = std::get_if<IntentRecord>(&record)) {
    intent->boot = boot_id();
    intent->since_boot = boot_now();
  }
  if (auto* ready = std::get_if<ReadyRecord>(&record)) {
    ready_ = *ready;
    // The link first: a `ready` without a link could still get a new one, but why ask for it.
    if (auto stored = engine_.files.store_link(job_id_, link); !stored) return stored;
  }
  if (const auto* saved = std::get_if<SavedRecord>(&record)) {
    if (fetched_) {
      if (auto kept = engine_.files.keep_original(job_id_, job_id_, saved->mime); !kept) return kept;
    }
    saved_ = *saved;
  }
  if (const auto* other = std::get_if<OtherSizeRecord>(&record)) {
    if (auto kept = write_other_size(*other); !kept) return kept;
  }
  if (auto appended = journal_->append(record); !appended) return appended;
  if (std::holds_alternative<SavedRecord>(record) || std::holds_alternative<OtherSizeRecord>(record)) {
    engine_.files.remove_link(job_id_);
  }
  return Nothing{};
}

// Files what came under the size that it is, as if that had been asked for. The picture's lock covers all its sizes.
Outcome Run::write_other_size(const OtherSizeRecord& record) {
  JobRecord job = plan_.job;
  job.size = record.size;
  job.offers = offers_;
  job.host = engine_.host;
  job.time = utc_now();
  const std::string other = job_id(job);
  if (auto kept = engine_.files.keep_original(job_id_, other, fetched_->record.mime); !kept) return kept;
  auto journal = Journal::open(engine_.files.journal(other));
  if (!journal) return journal.error();
  SavedRecord saved = fetched_->record;
  saved.path = std::filesystem::path("originals") / engine_.files.original(other, saved.mime).filename();
  saved.time = job.time;
  for (const Record& line : {Record(job), Record(ReadyRecord{record.asset_id, job.time}), Record(saved)}) {
    if (auto appended = journal->append(line); !appended) return appended;
  }
  return Nothing{};
}

void Run::carry_out(const Flow::Put&) {
  requested_ = true;
  report("Requesting the picture");
  const JobRecord& job = plan_.job;
  call_ = engine_.service.call(
      Method::put, download_url(engine_.service.api(), job.generation, job.index), download_body(job),
      [this](Result<HttpReply> reply) {
        call_ = 0;
        tell(answer_of(reply, true));
      },
      job.account);
}

Fetch& Run::fetch() {
  if (!fetch_) {
    fetch_ = std::make_unique<Fetch>(Fetch::Needs{engine_.transport, engine_.files, engine_.limits, engine_.wake},
                                     job_id_, engine_.service.on_loopback());
  }
  return *fetch_;
}

void Run::carry_out(const Flow::Get&) {
  report("The service is preparing the picture");
  fetch().get_ready();
  const JobRecord& job = plan_.job;
  call_ = engine_.service.call(
      Method::get, download_url(engine_.service.api(), job.generation, job.index), {},
      [this](Result<HttpReply> reply) {
        call_ = 0;
        tell(answer_of(reply, false));
      },
      job.account);
}

Flow::Event Run::answer_of(const Result<HttpReply>& reply, bool put) const {
  if (!reply) return Flow::NotSent{reply.error()};
  Flow::Event event = put ? read_put(*reply) : read_get(*reply);
  if (auto* ready = std::get_if<Flow::Ready>(&event)) ready->foreign = is_foreign(ready->asset_id);
  return event;
}

// Whether an asset id is already that of another size of this picture: the service tells the sizes apart by nothing
// else.
bool Run::is_foreign(const std::string& asset_id) const {
  if (asset_id.empty()) return false;
  return std::any_of(offers_.begin(), offers_.end(), [&](const SizeOffer& offer) {
    if (offer.name == plan_.job.size) return false;
    JobRecord sibling = plan_.job;
    sibling.size = offer.name;
    const auto journal = Journal::open(engine_.files.journal(job_id(sibling)));
    if (!journal) return false;
    return summarize({}, journal->records()).asset_id == asset_id;
  });
}

void Run::carry_out(const Flow::Renew&) {
  owner_.progress(Stage::signing_in, -1.0, 0, 0, "Signing in again");
  call_ = engine_.service.renew([this](Outcome outcome) {
    call_ = 0;
    if (outcome) {
      tell(Flow::Renewed{});
    } else {
      tell(Flow::RenewFailed{outcome.error()});
    }
  });
}

void Run::carry_out(const Flow::Wait& wait) {
  const Millis left = wait.until - awake_now();
  if (left >= kWorthTelling) report("Trying again in " + seconds_text(left));
  timer_ = engine_.timers.at(wait.until, [this] {
    timer_ = 0;
    tell(Flow::Elapsed{});
  });
}

void Run::carry_out(const Flow::Ask&) {
  owner_.ask_again(with_paid(make_error(Stage::requesting, Cause::outcome_unknown,
                                        "The answer to the request was lost, and the service knows of no download."),
                             Paid::maybe));
}

void Run::carry_out(const Flow::Fetch&) {
  fetched_.reset();
  const auto link = engine_.files.read_link(job_id_);
  if (!link) {
    tell(Flow::FetchFailed{
        make_error(Stage::fetching, Cause::link_refused, "The link to the picture is not at hand."), {}, false});
    return;
  }
  report("Fetching");
  fetch().begin(
      *link,
      [this](std::uint64_t bytes, std::uint64_t total) {
        const Time now = awake_now();
        if (now - last_progress_ < kProgressEvery && bytes != total) return;
        last_progress_ = now;
        const double fraction = total > 0 ? static_cast<double>(bytes) / static_cast<double>(total) : -1.0;
        owner_.progress(Stage::fetching, fraction, bytes, total, "Fetching");
      },
      [this](std::variant<FetchedFile, FetchFault> result) {
        if (auto* fault = std::get_if<FetchFault>(&result)) {
          tell(Flow::FetchFailed{std::move(fault->error), fault->retry_after, fault->progressed});
          return;
        }
        fetched_ = std::move(std::get<FetchedFile>(result));
        tell(Flow::Fetched{fetched_->record});
      });
}

void Run::carry_out(const Flow::Place&) {
  if (fetched_) {
    Picture picture = std::move(fetched_->picture);
    fetched_.reset();
    hand_over(std::move(picture));
    return;
  }
  owner_.progress(Stage::decoding, -1.0, 0, 0, "Opening the kept picture");
  const auto path = engine_.files.original(job_id_, saved_->mime);
  reload_ =
      std::make_unique<Reload>(path, saved_->sha256, engine_.limits, engine_.wake, [this](Result<Picture> picture) {
        const auto keep = std::move(reload_);
        if (picture) {
          hand_over(std::move(*picture));
          return;
        }
        const Cause cause = picture.error().cause;
        if (cause == Cause::not_found || cause == Cause::file_damaged || cause == Cause::format_unexpected) {
          tell(Flow::OriginalLost{picture.error()});
        } else {
          tell(Flow::PlaceFailed{picture.error()});
        }
      });
  engine_.wake();
}

void Run::hand_over(Picture picture) {
  const JobRecord& job = plan_.job;
  Placement placement;
  placement.job_id = job_id_;
  placement.path = engine_.files.original(job_id_, saved_->mime).string();
  const std::string which = ready_.asset_id.empty()
                                ? canonical_generation(job.generation) + "-" + std::to_string(job.index)
                                : ready_.asset_id;
  placement.name = "Generated Image " + which;
  placement.facts = {{"asset_id", ready_.asset_id},
                     {"generation", job.generation},
                     {"index", std::to_string(job.index)},
                     {"size", job.size},
                     {"licensed_at", ready_.time},
                     {"source_type", "trainedAlgorithmicMedia"},
                     {"credit", "Generative AI by Getty Images"},
                     {"sha256", saved_->sha256}};
  if (!saved_->note.empty()) placement.facts.emplace_back("note", saved_->note);
  placement.picture = std::move(picture);
  owner_.place(std::move(placement));
}

void Run::carry_out(const Flow::Finish&) { end({}); }
void Run::carry_out(const Flow::Fail& fail) { end(fail.error); }

}  // namespace inset
