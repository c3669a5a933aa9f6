// SPDX-License-Identifier: GPL-2.0-or-later
// Carries out what the flow of one picture wants: takes the lock, reads the journal, and then turns every want into I/O
// and every outcome into an event, until the flow is over or rests. It decides nothing itself.
//
// Belongs to the worker's thread. Callbacks of Owner come on it, never from inside a call that the owner is making.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "account.h"
#include "clock.h"
#include "fetch.h"
#include "files.h"
#include "flow.h"
#include "journal.h"
#include "look_up.h"
#include "reload.h"
#include "service.h"
#include "settings.h"

namespace inset {

// What all runs of a worker share.
struct Engine {
  Transport& transport;
  Timers& timers;
  Service& service;
  Account& account;
  const Settings& settings;
  const Files& files;
  ProductCache products;
  DecodeLimits limits;
  std::string host;            // the program's name, for the journal
  std::function<void()> wake;  // makes the worker call pump() of everything; [any]
};

// Pairs for people and for easel_asset.
using Facts = std::vector<std::pair<std::string, std::string>>;

// A picture on its way to the canvas.
struct Placement {
  Picture picture;
  std::string job_id;
  std::string name;
  std::string path;  // absolute
  Facts facts;
};

class Run {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // fraction below 0: unknown.
    virtual void progress(Stage stage, double fraction, std::uint64_t bytes, std::uint64_t total,
                          const std::string& text) = 0;
    virtual void ask_again(const Error& why) = 0;        // Run::answered() answers
    virtual void place(Placement placement) = 0;         // Run::placed() answers
    virtual void ended(std::optional<Error> error) = 0;  // empty: well. The owner may destroy the run in here.
  };

  Run(Engine& engine, Owner& owner, Flow::Plan plan);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Begins; nothing happens before.
  void start();
  void pump();
  void cancel();
  void answered(bool again);
  void placed(std::optional<Error> error);

  const JobRecord& job() const { return plan_.job; }
  // Whether this run sent a PUT, rather than finding the picture licensed before.
  bool requested() const { return requested_; }
  // What the service offers for this picture, as far as it is known: the answer to an unknown size.
  const std::vector<SizeOffer>& offers() const { return offers_; }

 private:
  void try_lock();
  Paid paid() const;
  void open_journal();
  void abandon();
  void go();
  void tell(const Flow::Event& event);
  void carry_out(const Flow::LookUp&);
  void carry_out(const Flow::Write& want);
  void carry_out(const Flow::Put&);
  void carry_out(const Flow::Get&);
  void carry_out(const Flow::Renew&);
  void carry_out(const Flow::Wait& wait);
  void carry_out(const Flow::Ask&);
  void carry_out(const Flow::Fetch&);
  void carry_out(const Flow::Place&);
  void carry_out(const Flow::Finish&);
  void carry_out(const Flow::Fail& fail);

  Outcome write(const Record& wanted, const std::string& link);
  Outcome write_other_size(const OtherSizeRecord& record);
  Flow::Event answer_of(const Result<HttpReply>& reply, bool put) const;
  bool is_foreign(const std::string& asset_id) const;
  void report(const std::string& text);
  Fetch& fetch();
  void hand_over(Picture picture);
  void end(std::optional<Error> error);

  Engine& engine_;
  Owner& owner_;
  Flow::Plan plan_;
  std::string job_id_;
  Fd lock_;
  std::optional<Journal> journal_;
  std::optional<Flow> flow_;
  bool going_ = false;
  bool told_ = false;
  bool over_ = false;
  bool requested_ = false;
  std::vector<SizeOffer> offers_;

  // Whatever is under way; at most one of them.
  Timers::Id timer_ = 0;
  Service::Id call_ = 0;
  std::unique_ptr<LookUp> look_up_;
  std::unique_ptr<Fetch> fetch_;
  std::unique_ptr<Reload> reload_;

  std::optional<FetchedFile> fetched_;  // until it is placed
  std::optional<SavedRecord> saved_;
  ReadyRecord ready_;
  Time last_progress_{-1000};
};

}  // namespace inset
