// SPDX-License-Identifier: GPL-2.0-or-later
//
// Theory of operation
//
//   Only one request of this service can cost money: the PUT that starts a download. It has no idempotency key, so a
//   PUT whose answer was lost must never be sent again blindly. The flow keeps four laws:
//
//     1. No PUT before its intent is durable.
//     2. No second PUT while an earlier intent is unresolved, that is: not proved refused, unless the person says so.
//     3. No fetch before the asset id is durable.
//     4. No PUT once an asset id of this size is known: a new link to the file is had by GET.
//
//   The usual way is
//
//     looking_up -> noting_job -> noting_intent -> putting -> noting_pending -> waiting <-> getting -> noting_ready
//       -> fetching -> noting_saved -> placing -> noting_placed -> finished
//
//   A refused PUT goes through noting_refusal, and from there to `failed`, or by way of renewing or backing_off to a
//   new intent. An unclear one goes to waiting and getting: the service is asked. If the service then knows of no
//   download, that counts as an answer only kDoubt after the PUT, because a request may still be on its way through the
//   service; and then the person decides (asking).
//
//   After a crash the records alone say where to go on: start() below. `failed` covers jobs that are over and jobs that
//   rest; the difference is in the journal, not here: a later flow takes a resting job up again.
#include "flow.h"

#include <algorithm>
#include <cstdlib>

namespace inset {
namespace {

constexpr Millis kDoubt = std::chrono::seconds(30);
constexpr Millis kShortestPoll{250};
constexpr int kDamagedFiles = 3;
constexpr int kLinks = 3;
constexpr std::uint32_t kNear = 2;  // pixels a side that rounding may cost

template <class T>
const T* as(const Flow::Event& event) {
  return std::get_if<T>(&event);
}

bool near(std::uint32_t a, std::uint32_t b) { return (a > b ? a - b : b - a) <= kNear; }

bool fits(const SizeOffer& offer, const SavedRecord& file) {
  return near(offer.width, file.width) && near(offer.height, file.height);
}

std::string pixels(std::uint32_t width, std::uint32_t height) {
  return std::to_string(width) + " × " + std::to_string(height);
}

}  // namespace

Flow::Flow(Plan plan, const std::vector<Record>& records, Time now, std::optional<Millis> since_put, unsigned seed)
    : plan_(std::move(plan)), random_(seed) {
  replay(records);
  start(now, since_put);
}

void Flow::replay(const std::vector<Record>& records) {
  for (const Record& record : records) {
    if (const auto* job = std::get_if<JobRecord>(&record)) {
      job_noted_ = true;
      offers_ = job->offers;
    } else if (const auto* intent = std::get_if<IntentRecord>(&record)) {
      attempts_ = std::max(attempts_, intent->attempt);
      unresolved_.insert(intent->attempt);
    } else if (const auto* refused = std::get_if<RefusedRecord>(&record)) {
      unresolved_.erase(refused->attempt);
    } else if (const auto* pending = std::get_if<PendingRecord>(&record)) {
      pending_ = true;
      joined_ = pending->joined;
    } else if (const auto* ready = std::get_if<ReadyRecord>(&record)) {
      note_licence(ready->asset_id);
    } else if (const auto* saved = std::get_if<SavedRecord>(&record)) {
      licensed_ = true;
      saved_ = *saved;
    } else if (const auto* other = std::get_if<OtherSizeRecord>(&record)) {
      note_other_size(other->asset_id);
    }
    // Placed, cancelled and dropped jobs are taken up like any other once the person asks for them.
  }
}

void Flow::note_licence(const std::string& asset_id) {
  if (!licensed_ || licence_.empty()) licence_ = asset_id;
  licensed_ = true;
  pending_ = false;
  asset_id_ = asset_id;
}

// A download turned out to be another size. If this size had been licensed under another asset id before, it still is.
// If not, the last PUT was refused where the service had said so by a 409, that other download being under way; but one
// that was taken, or is unclear, stays unresolved: it may have been charged and something else have come in its place.
void Flow::note_other_size(const std::string& asset_id) {
  const bool refused = joined_;
  saved_.reset();
  pending_ = joined_ = false;
  if (licensed_ && asset_id != licence_) {
    asset_id_ = licence_;
    return;
  }
  if (refused) unresolved_.erase(attempts_);
  licensed_ = false;
  asset_id_.clear();
  licence_.clear();
}

void Flow::start(Time now, std::optional<Millis> since_put) {
  put_at_ = now - since_put.value_or(Millis(0));
  if (!unresolved()) plan_.again = false;  // said of an earlier request, not of one that is still to come
  if (saved_ && saved_->size_differs) {
    state_ = State::placing;
    judge_size(*saved_);
  } else if (saved_) {
    state_ = plan_.place ? State::placing : State::finished;
  } else if (licensed_) {
    state_ = State::fetching;
  } else if (unresolved() || pending_) {
    begin_polling(now);
    state_ = State::getting;
  } else {
    state_ = plan_.may_request ? State::looking_up : State::finished;
  }
}

Flow::Want Flow::want() const {
  switch (state_) {
    case State::looking_up: return LookUp{};
    case State::noting_job: return Write{plan_.job, {}};
    case State::noting_intent: return Write{IntentRecord{attempts_, {}, Millis(0), {}}, {}};
    case State::putting: return Put{};
    case State::noting_refusal: return Write{refusal_, {}};
    case State::renewing: return Renew{};
    case State::backing_off:
    case State::waiting:
    case State::waiting_to_fetch: return Wait{until_};
    case State::noting_pending: return Write{PendingRecord{accepted_.joined, {}}, {}};
    case State::getting: return Get{};
    case State::noting_ready: return Write{ReadyRecord{ready_.asset_id, {}}, ready_.link};
    case State::fetching: return Fetch{};
    case State::noting_saved: return Write{fetched_, {}};
    case State::noting_other_size: return Write{other_size_, {}};
    case State::placing: return Place{};
    case State::noting_placed: return Write{PlacedRecord{placed_by_, {}}, {}};
    case State::asking: return Ask{};
    case State::noting_cancel: return Write{CancelledRecord{}, {}};
    case State::finished: return Finish{};
    case State::failed: break;
  }
  return Fail{error_};
}

bool Flow::on(const Event& event, Time now) {
  if (state_ == State::finished || state_ == State::failed) return false;

  if (as<Cancelled>(event)) {
    if (state_ == State::noting_cancel) return true;
    error_ = make_error(stage(), Cause::cancelled, "Cancelled.");
    // A saved picture needs no more network, so there is nothing that a later start could finish unasked.
    const bool rests = paid() != Paid::no && !saved_;
    if (rests) {
      state_ = State::noting_cancel;
    } else {
      fail(error_);
    }
    return true;
  }

  if (as<Written>(event)) return on_written(now);
  if (const auto* failed = as<WriteFailed>(event)) {
    if (!std::holds_alternative<Write>(want())) return false;
    if (state_ == State::noting_placed) {
      state_ = State::finished;  // on the canvas it is; at worst it is offered once more
    } else if (state_ == State::noting_cancel) {
      fail(error_);
    } else {
      fail(failed->error);
    }
    return true;
  }

  switch (state_) {
    case State::looking_up: return on_looking_up(event);
    case State::putting: return on_putting(event, now);
    case State::getting: return on_getting(event, now);
    case State::fetching: return on_fetching(event, now);
    case State::placing: return on_placing(event, now);
    case State::renewing:
      if (as<Renewed>(event)) {
        if (then_ == State::noting_intent) {
          begin_intent();
        } else {
          state_ = then_;
        }
        return true;
      }
      if (const auto* failed = as<RenewFailed>(event)) {
        fail(failed->error);
        return true;
      }
      return false;
    case State::backing_off:
    case State::waiting:
    case State::waiting_to_fetch:
      if (!as<Elapsed>(event) || now < until_) return false;
      if (state_ == State::backing_off) {
        begin_intent();
      } else {
        state_ = state_ == State::waiting ? State::getting : State::fetching;
      }
      return true;
    case State::asking:
      if (const auto* answer = as<Answer>(event)) {
        if (answer->again) {
          begin_intent();
        } else {
          fail(error_);
        }
        return true;
      }
      return false;
    default: return false;
  }
}

bool Flow::on_looking_up(const Event& event) {
  if (const auto* failed = as<LookUpFailed>(event)) {
    fail(failed->error);
    return true;
  }
  const auto* offers = as<Offers>(event);
  if (!offers) return false;
  const auto wanted = std::find_if(offers->sizes.begin(), offers->sizes.end(),
                                   [&](const SizeOffer& o) { return o.name == plan_.job.size; });
  if (wanted == offers->sizes.end()) {
    fail(make_error(Stage::listing_sizes, Cause::size_unknown,
                    "The service does not offer the size \"" + plan_.job.size + "\" for this picture."));
    return true;
  }
  plan_.job.offers = offers->sizes;
  if (job_noted_ && offers_ == offers->sizes) {
    begin_intent();
  } else {
    state_ = State::noting_job;
  }
  return true;
}

bool Flow::on_written(Time now) {
  switch (state_) {
    case State::noting_job:
      job_noted_ = true;
      offers_ = plan_.job.offers;
      begin_intent();
      return true;
    case State::noting_intent:
      unresolved_.insert(attempts_);
      put_at_ = now;
      state_ = State::putting;
      return true;
    case State::noting_refusal:
      unresolved_.erase(refusal_.attempt);
      if (then_ == State::failed) {
        fail(error_);
      } else if (then_ == State::renewing) {
        then_ = State::noting_intent;
        state_ = State::renewing;
      } else {
        state_ = then_;
      }
      return true;
    case State::noting_pending:
      pending_ = true;
      joined_ = accepted_.joined;
      begin_polling(now);
      poll_again(now, accepted_.retry_after);
      return true;
    case State::noting_ready:
      note_licence(ready_.asset_id);
      state_ = State::fetching;
      return true;
    case State::noting_saved:
      saved_ = fetched_;
      if (saved_->size_differs) {
        fail(error_);
      } else {
        state_ = plan_.place ? State::placing : State::finished;
      }
      return true;
    case State::noting_other_size:
      note_other_size(other_size_.asset_id);
      fail(error_);
      return true;
    case State::noting_placed: state_ = State::finished; return true;
    case State::noting_cancel: fail(error_); return true;
    default: return false;
  }
}

// ---- the PUT ----

void Flow::begin_intent() {
  if (licensed_) {  // law 4; no way leads here with it, and none may
    state_ = State::fetching;
    return;
  }
  ++attempts_;
  state_ = State::noting_intent;
}

bool Flow::on_putting(const Event& event, Time now) {
  if (const auto* ready = as<Ready>(event)) {
    if (ready->foreign) {  // of what became of this request it says nothing
      put_at_ = now;
      begin_polling(now);
      poll_again(now, {});
    } else {
      ready_ = *ready;
      state_ = State::noting_ready;
    }
  } else if (const auto* accepted = as<Accepted>(event)) {
    accepted_ = *accepted;
    state_ = State::noting_pending;
  } else if (const auto* refused = as<Refused>(event)) {
    refuse(refused->error, refused->code, State::failed);
  } else if (const auto* unauthorized = as<Unauthorized>(event)) {
    refuse(unauthorized->error, {}, put_renewed_ ? State::failed : State::renewing);
    put_renewed_ = true;
  } else if (const auto* busy = as<Busy>(event)) {
    try_put_later(busy->error, busy->retry_after, {}, now);
  } else if (const auto* not_sent = as<NotSent>(event)) {
    try_put_later(not_sent->error, {}, "not_sent", now);
  } else if (as<Unclear>(event)) {
    put_at_ = now;
    begin_polling(now);
    poll_again(now, {});
  } else {
    return false;
  }
  return true;
}

void Flow::refuse(Error error, std::string code, State then) {
  refusal_ = {attempts_, error.http_status, std::move(code), {}};
  error_ = std::move(error);
  then_ = then;
  state_ = State::noting_refusal;
}

void Flow::try_put_later(Error error, std::optional<Millis> retry_after, std::string code, Time now) {
  const auto wait = put_backoff_.next(error, now, chance(), retry_after);
  if (wait) until_ = now + *wait;
  refuse(std::move(error), std::move(code), wait ? State::backing_off : State::failed);
}

// ---- asking the service ----

void Flow::begin_polling(Time now) {
  polling_since_ = now;
  first_poll_ = true;
  get_backoff_.reset();
}

void Flow::wait_until(Time until) {
  until_ = until;
  state_ = State::waiting;
}

void Flow::poll_again(Time now, std::optional<Millis> retry_after) {
  const Millis age = now - polling_since_;
  const auto interval = poll_interval(age, first_poll_);
  first_poll_ = false;
  get_backoff_.reset();
  get_renewed_ = false;
  if (!interval && !pending_ && !licensed_) {
    give_up_asking("The answer to the request was lost, and the service knows only of another size.", {}, 200);
    return;
  }
  if (!interval) {
    fail(make_error(Stage::waiting, Cause::still_preparing,
                    "The service is still preparing the picture after ten minutes."));
    return;
  }
  const Millis left = std::max(kPollLimit - age, kShortestPoll);
  wait_until(now + (retry_after ? std::clamp(*retry_after, kShortestPoll, left) : *interval));
}

void Flow::ask_later(Error error, std::optional<Millis> retry_after, Time now) {
  const auto wait = get_backoff_.next(error, now, chance(), retry_after);
  if (wait) {
    wait_until(now + std::max(*wait, kShortestPoll));
  } else {
    fail(std::move(error));
  }
}

// The service was asked for long enough, and knows of no download that could be ours.
void Flow::give_up_asking(std::string what, std::string detail, int http_status) {
  error_ = make_error(Stage::requesting, Cause::outcome_unknown, std::move(what), std::move(detail), http_status);
  if (!plan_.may_request) {
    fail(error_);
  } else if (plan_.again) {
    plan_.again = false;  // one word, one PUT
    begin_intent();
  } else {
    state_ = State::asking;
  }
}

bool Flow::on_getting(const Event& event, Time now) {
  const auto* ready = as<Ready>(event);
  const auto* accepted = as<Accepted>(event);
  if (ready && !ready->foreign) {
    ready_ = *ready;
    state_ = State::noting_ready;
  } else if (ready || accepted) {
    // The file of another size proves neither that our request was taken nor that it was not.
    if (pending_ || licensed_ || ready) {
      poll_again(now, accepted ? accepted->retry_after : std::nullopt);
    } else {
      accepted_ = *accepted;
      state_ = State::noting_pending;
    }
  } else if (const auto* unauthorized = as<Unauthorized>(event)) {
    if (get_renewed_) {
      fail(unauthorized->error);
    } else {
      get_renewed_ = true;
      then_ = State::getting;
      state_ = State::renewing;
    }
  } else if (const auto* refused = as<Refused>(event)) {
    fail(refused->error);
  } else if (const auto* gone = as<Gone>(event)) {
    fail(gone->error);
  } else if (const auto* busy = as<Busy>(event)) {
    ask_later(busy->error, busy->retry_after, now);
  } else if (const auto* not_sent = as<NotSent>(event)) {
    ask_later(not_sent->error, {}, now);
  } else if (const auto* unclear = as<Unclear>(event)) {
    ask_later(unclear->error, {}, now);
  } else if (const auto* unknown = as<Unknown>(event)) {
    if (pending_ || licensed_ || now - put_at_ < kDoubt) {
      poll_again(now, {});
    } else {
      give_up_asking("The answer to the request was lost, and the service knows of no download.", unknown->error.detail,
                     unknown->error.http_status);
    }
  } else {
    return false;
  }
  return true;
}

// ---- the file ----

bool Flow::on_fetching(const Event& event, Time now) {
  if (const auto* fetched = as<Fetched>(event)) {
    judge_size(fetched->file);
    return true;
  }
  const auto* failed = as<FetchFailed>(event);
  if (!failed) return false;
  const Error& error = failed->error;
  if (error.cause == Cause::link_refused) {
    if (++links_refused_ > kLinks) {
      fail(error);
    } else {
      begin_polling(now);
      state_ = State::getting;
    }
    return true;
  }
  if (failed->progressed) fetch_backoff_.reset();
  const bool damaged = error.cause == Cause::file_damaged || error.cause == Cause::file_incomplete;
  const bool hopeless = damaged && ++damaged_ >= kDamagedFiles;
  const auto wait = hopeless ? std::nullopt : fetch_backoff_.next(error, now, chance(), failed->retry_after);
  if (wait) {
    until_ = now + *wait;
    state_ = State::waiting_to_fetch;
  } else {
    fail(error);
  }
  return true;
}

void Flow::judge_size(SavedRecord file) {
  const auto promise = promised();
  const bool unpromised = !promise || promise->width == 0;
  fetched_ = std::move(file);
  fetched_.size_differs = false;
  state_ = State::noting_saved;
  if (unpromised) return;
  const std::string came = pixels(fetched_.width, fetched_.height);
  const std::string wanted = pixels(promise->width, promise->height);
  const auto add_note = [&](const std::string& note) {
    if (!fetched_.note.empty()) fetched_.note += ' ';
    fetched_.note += note;
  };
  if (fits(*promise, fetched_)) {
    if (promise->width != fetched_.width || promise->height != fetched_.height) {
      add_note("The picture has " + came + " pixels; " + wanted + " were promised.");
    }
    return;
  }
  if (plan_.accept_size) {
    add_note("The picture has " + came + " pixels; " + wanted + " were promised, and you accepted.");
    return;
  }
  // A kept file stays where it is.
  const auto other =
      saved_ ? offers_.end()
             : std::find_if(offers_.begin(), offers_.end(), [&](const SizeOffer& o) { return fits(o, fetched_); });
  if (other != offers_.end()) {
    other_size_ = {asset_id_, other->name, {}};
    error_ = make_error(Stage::saving, Cause::other_size_delivered,
                        "The service delivered the size \"" + other->name + "\" (" + came + " pixels) in place of \"" +
                            plan_.job.size + "\".");
    state_ = State::noting_other_size;
    return;
  }
  error_ = make_error(Stage::saving, Cause::size_mismatch,
                      "The picture has " + came + " pixels; " + wanted + " were promised.");
  if (saved_) {
    fail(error_);
  } else if (!size_refetched_) {
    size_refetched_ = true;
    state_ = State::fetching;
  } else {
    fetched_.size_differs = true;
  }
}

bool Flow::on_placing(const Event& event, Time) {
  if (const auto* placed = as<Placed>(event)) {
    placed_by_ = placed->host;
    state_ = State::noting_placed;
  } else if (const auto* failed = as<PlaceFailed>(event)) {
    fail(failed->error);
  } else if (as<OriginalLost>(event)) {
    saved_.reset();
    state_ = State::fetching;
  } else {
    return false;
  }
  return true;
}

// ---- what others may know ----

void Flow::fail(Error error) {
  error_ = with_paid(std::move(error), paid());
  state_ = State::failed;
}

Paid Flow::paid() const {
  if (licensed_) return Paid::yes;
  return unresolved() || pending_ ? Paid::maybe : Paid::no;
}

Stage Flow::stage() const {
  switch (state_) {
    case State::looking_up:
    case State::noting_job: return Stage::listing_sizes;
    case State::noting_intent:
    case State::putting:
    case State::noting_refusal:
    case State::renewing:
    case State::backing_off: return Stage::requesting;
    case State::noting_pending:
    case State::waiting:
    case State::getting:
    case State::asking: return Stage::waiting;
    case State::noting_ready:
    case State::fetching:
    case State::waiting_to_fetch: return Stage::fetching;
    case State::noting_saved:
    case State::noting_other_size: return Stage::saving;
    case State::placing:
    case State::noting_placed:
    case State::finished: return Stage::placing;
    case State::noting_cancel:
    case State::failed: break;
  }
  return error_.stage;
}

std::optional<SizeOffer> Flow::promised() const {
  for (const SizeOffer& offer : offers_) {
    if (offer.name == plan_.job.size) return offer;
  }
  return {};
}

double Flow::chance() { return std::uniform_real_distribution<double>(0.0, 1.0)(random_); }

std::string Flow::fingerprint(Time now) const {
  std::string text;
  const auto add = [&](auto value) { (text += std::to_string(static_cast<long long>(value))) += ' '; };
  add(state_);
  if (state_ == State::finished) return text;
  if (state_ == State::failed) {
    add(error_.cause);
    add(error_.paid);
    return text;
  }
  // Only what can still make a difference from here, but for the length of a wait.
  const bool leads_on = state_ == State::noting_refusal || state_ == State::renewing;
  const bool polls = state_ == State::waiting || state_ == State::getting || (leads_on && then_ == State::getting);
  const bool unclear = !licensed_ && !pending_;
  add(leads_on ? then_ : State::failed);
  for (const bool flag : {job_noted_, pending_, joined_, licensed_, saved_.has_value(), saved_ && saved_->size_differs,
                          polls && first_poll_, !licensed_ && put_renewed_, polls && get_renewed_, size_refetched_,
                          unclear && plan_.again, unclear && plan_.may_request, plan_.accept_size, plan_.place,
                          licence_.empty(), asset_id_.empty(), asset_id_ == licence_}) {
    add(flag);
  }
  add(unresolved_.size());
  add(unresolved_.contains(attempts_));
  add(unclear && plan_.may_request ? put_backoff_.failures() : 0);
  add(polls ? get_backoff_.failures() : 0);
  add(fetch_backoff_.failures());
  add(damaged_);
  add(links_refused_);
  add(polls && unclear && now - put_at_ >= kDoubt);
  add(polls && now - polling_since_ >= kPollLimit);
  return text;
}

}  // namespace inset
