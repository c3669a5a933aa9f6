// SPDX-License-Identifier: GPL-2.0-or-later
// The paid download of one picture in one size, as a state machine without I/O: no clock, no network, no disk, no
// threads.
//
// want() says what is to be done next. Whoever runs the flow does it and tells the flow what happened with on().
// Rebuilding a flow from the journal's records continues where the last one was cut off.
//
// Rule 1: whatever moves a job from one state to another is in flow.cc. Nobody else decides about a PUT.
#pragma once

#include <optional>
#include <random>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "error.h"
#include "record.h"
#include "retry.h"

namespace inset {

class Flow {
 public:
  // ---- what the flow wants ----

  struct LookUp {};  // ask for the generation, its sizes and the product's rules
  struct Write {
    Record record;
    std::string link;
  };                // append, durably; the link (with ReadyRecord) first, beside it
  struct Put {};    // start the download
  struct Get {};    // ask for the download's state
  struct Renew {};  // a new token
  struct Wait {
    Time until;
  };
  struct Ask {};     // may it be requested again, and perhaps charged again?
  struct Fetch {};   // the file, from the stored link
  struct Place {};   // the kept file, to the canvas
  struct Finish {};  // all done
  struct Fail {
    Error error;
  };  // over, or resting; the error says which
  using Want = std::variant<LookUp, Write, Put, Get, Renew, Wait, Ask, Fetch, Place, Finish, Fail>;

  // ---- what happened ----

  struct Offers {
    std::vector<SizeOffer> sizes;
  };  // answer to LookUp
  struct LookUpFailed {
    Error error;
  };
  struct Written {};
  struct WriteFailed {
    Error error;
  };
  // Answers to Put and Get. `foreign`: that asset id is in the journal of another size of this picture.
  struct Ready {
    std::string link;
    std::string asset_id;
    bool foreign = false;
  };
  struct Accepted {
    bool joined = false;
    std::optional<Millis> retry_after;
  };  // PUT 202, 409; GET 202
  struct Refused {
    Error error;
    std::string code;
  };  // PUT: provably bought nothing, final. GET: it will not tell.
  struct Unauthorized {
    Error error;
  };
  struct Busy {
    Error error;
    std::optional<Millis> retry_after;
  };  // PUT: refused, for now. GET: ask again later.
  struct NotSent {
    Error error;
  };  // not a byte of the request left this machine
  struct Unclear {
    Error error;
  };  // PUT: nobody knows. GET: ask again later.
  struct Unknown {
    Error error;
  };  // GET 404
  struct Gone {
    Error error;
  };  // GET 410
  struct Renewed {};
  struct RenewFailed {
    Error error;
  };
  struct Elapsed {};
  struct Answer {
    bool again = false;
  };
  struct Fetched {
    SavedRecord file;
  };
  // `progressed`: a good part of the file came before it failed.
  struct FetchFailed {
    Error error;
    std::optional<Millis> retry_after;
    bool progressed = false;
  };
  struct Placed {
    std::string host;
  };
  struct PlaceFailed {
    Error error;
  };
  struct OriginalLost {
    Error error;
  };  // the kept file is missing or no longer the same
  struct Cancelled {};
  using Event = std::variant<Offers, LookUpFailed, Written, WriteFailed, Ready, Accepted, Refused, Unauthorized, Busy,
                             NotSent, Unclear, Unknown, Gone, Renewed, RenewFailed, Elapsed, Answer, Fetched,
                             FetchFailed, Placed, PlaceFailed, OriginalLost, Cancelled>;

  // What the person asked for.
  struct Plan {
    JobRecord job;             // which picture; its offers may be empty until the look-up
    bool may_request = true;   // false: finish what was requested, never PUT
    bool again = false;        // the person's word for one more PUT after an unclear one
    bool accept_size = false;  // place a picture whose size is none that was offered
    bool place = true;         // false: stop when the file is saved
  };

  // `since_put`: how long ago the last intent in `records` was written, if that can be told. `seed` feeds the jitter.
  Flow(Plan plan, const std::vector<Record>& records, Time now, std::optional<Millis> since_put = {},
       unsigned seed = 1);

  Want want() const;

  // False if the event does not answer what is wanted; nothing has changed then. Cancelled is always an answer.
  bool on(const Event& event, Time now);

  // What the service may count as this job's licences.
  Paid paid() const;

  // For progress: what the flow is busy with.
  Stage stage() const;

  // What the job was promised, if its sizes are known.
  std::optional<SizeOffer> promised() const;

  // A state as a short text: equal texts behave alike. For the walk over all states, and for failing tests.
  std::string fingerprint(Time now) const;

 private:
  enum class State {
    looking_up,
    noting_job,
    noting_intent,
    putting,
    noting_refusal,
    renewing,
    backing_off,
    noting_pending,
    waiting,
    getting,
    noting_ready,
    fetching,
    waiting_to_fetch,
    noting_saved,
    noting_other_size,
    placing,
    noting_placed,
    asking,
    noting_cancel,
    finished,
    failed,
  };

  // Handlers, one a state that waits for more than Written.
  bool on_looking_up(const Event& event);
  bool on_putting(const Event& event, Time now);
  bool on_getting(const Event& event, Time now);
  bool on_fetching(const Event& event, Time now);
  bool on_placing(const Event& event, Time now);
  bool on_written(Time now);

  void replay(const std::vector<Record>& records);
  void note_licence(const std::string& asset_id);
  void note_other_size(const std::string& asset_id);
  void start(Time now, std::optional<Millis> since_put);
  void begin_intent();
  void begin_polling(Time now);
  void poll_again(Time now, std::optional<Millis> retry_after);
  void wait_until(Time until);
  void refuse(Error error, std::string code, State then);
  void try_put_later(Error error, std::optional<Millis> retry_after, std::string code, Time now);
  void give_up_asking(std::string what, std::string detail, int http_status);
  void ask_later(Error error, std::optional<Millis> retry_after, Time now);
  void judge_size(SavedRecord file);
  void fail(Error error);
  double chance();
  bool unresolved() const { return !unresolved_.empty(); }

  Plan plan_;
  State state_ = State::looking_up;
  State then_ = State::failed;  // where noting_refusal, backing_off and renewing lead
  Error error_;                 // of `failed`, or of what will fail once it is written down
  Time until_{0};
  std::minstd_rand random_;

  // Facts, as far as they are on the disk.
  bool job_noted_ = false;
  std::vector<SizeOffer> offers_;
  int attempts_ = 0;
  std::set<int> unresolved_;  // intents that were not proved refused
  bool pending_ = false;
  bool joined_ = false;
  bool licensed_ = false;  // an asset id of this size is known
  std::string licence_;    // the first such one
  std::string asset_id_;   // that of the link at hand; another one if the service now names another
  std::optional<SavedRecord> saved_;

  // Facts of this run alone.
  Time put_at_{0};
  Time polling_since_{0};
  bool first_poll_ = true;
  bool put_renewed_ = false;
  bool get_renewed_ = false;
  Backoff put_backoff_;
  Backoff get_backoff_;
  Backoff fetch_backoff_;
  int damaged_ = 0;
  int links_refused_ = 0;
  bool size_refetched_ = false;
  Ready ready_;
  Accepted accepted_;
  RefusedRecord refusal_;
  SavedRecord fetched_;
  OtherSizeRecord other_size_;
  std::string placed_by_;
};

}  // namespace inset
