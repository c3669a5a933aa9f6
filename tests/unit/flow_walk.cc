// SPDX-License-Identifier: GPL-2.0-or-later
// Walks over every state that the flow can reach, in every world that it can meet: each answer of the service, each
// failure, each crash, each time that may pass, each thing that the person may do. At every step the laws of the paid
// download must hold.
//
// Who judges is the world, never the flow. The world knows what is durable, which PUTs were handed over, which of them
// were proved refused (by a table of its own, of statuses) and whether the person gave their word; it asks the flow for
// nothing but what it wants. The flow's fingerprint only tells states apart that the walk has already seen.
//
// Exit 0: all laws hold. 1: one is broken; the way there is printed. Variants of this program are built from flow.cc
// and api.cc with a fault each (seeded_faults/), and those must exit with 1.
#include <algorithm>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "api.h"
#include "flow.h"

namespace {

using namespace inset;
using namespace std::chrono_literals;

constexpr Millis kDoubt = 30s;
constexpr std::size_t kMostOpen = 2;  // intents with unknown outcomes, one upon the other, that the walk looks at

// Assets by what the world knows of them.
const std::string ours = "1456789012";       // what a download of this size yields
const std::string siblings = "1400000001";   // in the journal of another size of this picture
const std::string strangers = "1499999999";  // of another size too, but bought on another computer: in no journal here

const std::vector<SizeOffer> offers = {{"1k", 1024, 768}, {"4k", 4096, 3072}};

// ---- what the service may say ----

struct Reply {
  std::string name;
  HttpReply reply;
  bool refuses = false;  // by the contract of the service: a PUT answered like this bought nothing
  bool to_get = true;    // worth trying as an answer to a GET too: no other one is read like it
};

HttpReply answer(int status, std::string body = {}, std::vector<std::pair<std::string, std::string>> headers = {}) {
  HttpReply reply;
  reply.head.status = status;
  reply.head.headers = std::move(headers);
  reply.head.headers.emplace_back("content-type", "application/json");
  reply.body = std::move(body);
  reply.end.exact = true;
  return reply;
}

HttpReply file_answer(const std::string& asset) {
  const std::string id = asset.empty() ? "null" : '"' + asset + '"';
  return answer(200, R"({"url":"https://delivery.example.com/4096.jpg?Signature=q7","generated_asset_id":)" + id + "}");
}

HttpReply no_answer(HttpFault fault, bool nothing_sent) {
  HttpReply reply;
  reply.end.fault = fault;
  reply.end.nothing_sent = nothing_sent;
  return reply;
}

const std::vector<Reply>& replies() {
  static const std::vector<Reply> all = [] {
    std::vector<Reply> list = {
        {"200 with our file", file_answer(ours)},
        {"200 with our file and no id", file_answer({})},
        {"200 with the file of another size", file_answer(siblings)},
        {"200 with a stranger's file", file_answer(strangers)},
        {"200 without a link", answer(200, R"({"url":null,"generated_asset_id":null})")},
        {"200 with a web page", answer(200, "<html>Sign in to this network</html>")},
        {"202", answer(202)},
        {"202 with Retry-After", answer(202, {}, {{"retry-after", "20"}})},
        {"409", answer(409, R"({"ErrorCode":"ConcurrencyConflict","ErrorMessage":"in progress"})")},
        {"403 quota", answer(403, R"({"ErrorCode":"ProductQuotaExceeded","ErrorMessage":"none left"})"), true},
        {"429", answer(429, {}, {{"retry-after", "3"}}), true},
        {"429 for today", answer(429, R"({"ErrorCode":"DailyRequestLimitExceeded"})"), true},
        {"503 with Retry-After", answer(503, {}, {{"retry-after", "20"}})},
        {"lost", no_answer(HttpFault::lost, false)},
        {"timed out", no_answer(HttpFault::time_up, false)},
        {"not sent", no_answer(HttpFault::no_connection, true), true},
    };
    for (const int status : {400, 401, 403, 404, 410, 413, 415, 422}) {
      const bool to_get = status <= 404 || status == 410;
      list.push_back({std::to_string(status), answer(status, R"({"message":"no"})"), true, to_get});
    }
    for (const int status : {204, 301, 302, 307, 405, 408, 418, 423, 425, 500, 502, 503, 504}) {
      list.push_back({std::to_string(status), answer(status), false, status == 302});
    }
    // A cut body takes nothing back from a status line.
    Reply cut{"200, cut off", file_answer(ours)};
    cut.reply.end.fault = HttpFault::incomplete;
    cut.reply.body.resize(20);
    list.push_back(cut);
    return list;
  }();
  return all;
}

// ---- the world ----

struct World {
  // The program, if it runs.
  std::optional<Flow> flow;
  bool places = true;
  bool placed = false;               // in this run
  std::optional<Cause> fetch_fault;  // a run meets one kind of fault while fetching; mixed ones would only cost time

  Time now{100'000'000};
  std::shared_ptr<const std::vector<Record>> disk = std::make_shared<std::vector<Record>>();

  // What the world knows and nobody tells the flow.
  int sent = 0;                  // the last attempt whose PUT was handed over
  std::map<int, Time> unproved;  // those that may have been accepted, and when they were handed over
  bool word = false;             // the person's word for one more PUT, not used yet
  int word_used_by = 0;          // the attempt it was used for
  bool known = false;            // a durable asset id of this size
  std::string known_id;          // the first such one
  Time intent_at{0};             // when the last intent became durable

  std::size_t parent = 0;
  std::string step;
};

template <class T>
const T* as(const Record& record) {
  return std::get_if<T>(&record);
}

// The durable intents that no durable record resolves; `last` becomes the last intent of all.
std::set<int> open_intents(const World& world, int& last) {
  std::set<int> open;
  bool licensed = false, joined = false;
  std::string first_id;
  for (const Record& record : *world.disk) {
    if (const auto* r = as<IntentRecord>(record)) open.insert(last = r->attempt);
    if (const auto* r = as<RefusedRecord>(record)) open.erase(r->attempt);
    if (const auto* r = as<PendingRecord>(record)) joined = r->joined;
    if (const auto* r = as<ReadyRecord>(record)) {
      if (!licensed || first_id.empty()) first_id = r->asset_id;
      licensed = true;
    }
    if (const auto* r = as<OtherSizeRecord>(record)) {
      if (r->asset_id == first_id) {
        if (joined) open.erase(last);
        licensed = false;
        first_id.clear();
      }
      joined = false;
    }
  }
  return open;
}

// What is durable, in the world's own words: the key under which two disks are the same to any later run.
std::string disk_text(const World& world) {
  int last = 0;
  const std::set<int> open = open_intents(world, last);
  bool job = false, pending = false, joined = false, saved = false, differs = false, licensed = false;
  std::string first_id, id;
  for (const Record& record : *world.disk) {
    if (as<JobRecord>(record)) job = true;
    if (const auto* r = as<PendingRecord>(record)) pending = true, joined = r->joined;
    if (const auto* r = as<ReadyRecord>(record)) {
      if (!licensed || first_id.empty()) first_id = r->asset_id;
      id = r->asset_id;
      licensed = true;
    }
    if (const auto* r = as<SavedRecord>(record)) saved = true, differs = r->size_differs;
    if (as<OtherSizeRecord>(record)) {
      pending = joined = saved = false;
      if (id == first_id) licensed = false, first_id.clear();
      id = first_id;
    }
  }
  std::string text;
  for (const bool flag : {job, pending, joined, saved, differs, licensed, open.contains(last)})
    text += flag ? '1' : '0';
  // The two ids that are in no journal are alike; what matters is whether the first one is known, and still the one.
  for (const bool flag : {first_id.empty(), id.empty(), id == first_id}) text += flag ? '1' : '0';
  return text + ' ' + std::to_string(open.size());
}

std::string key_of(const World& world) {
  std::string key = disk_text(world);
  const auto add = [&](auto value) { (key += ' ') += std::to_string(static_cast<long long>(value)); };
  add(world.unproved.size());
  add(world.known);
  // Times and words matter until the picture is known to be licensed.
  if (!world.known) {
    for (const auto& [attempt, put_at] : world.unproved) add(world.now - put_at >= kDoubt);
    add(world.now - world.intent_at >= kDoubt);
  }
  add(world.known_id.empty());
  if (!world.flow) return key + " idle";
  const auto want = world.flow->want();
  const bool over = std::holds_alternative<Flow::Finish>(want) || std::holds_alternative<Flow::Fail>(want);
  add(world.places && !over);
  add(world.placed && !over);
  add(world.fetch_fault && !over ? static_cast<int>(*world.fetch_fault) : -1);
  if (!world.known && !over) {
    add(world.word);
    add(world.word_used_by != 0 && world.word_used_by == world.sent);
  }
  (key += " | ") += world.flow->fingerprint(world.now);
  if (const auto* write = std::get_if<Flow::Write>(&want)) {
    const auto add_id = [&](const std::string& id) {
      add(id.empty() ? 0 : id == world.known_id ? 1 : id == siblings ? 2 : 3);
    };
    if (const auto* r = as<ReadyRecord>(write->record)) add_id(r->asset_id);
    if (const auto* r = as<OtherSizeRecord>(write->record)) add_id(r->asset_id);
    if (const auto* r = as<PendingRecord>(write->record)) add(r->joined);
    if (const auto* r = as<SavedRecord>(write->record)) add(r->size_differs);
  }
  return key;
}

bool may_be_charged(const World& world) { return world.known || !world.unproved.empty(); }

// ---- the walk ----

struct Broken {
  std::string law;
};

class Walk {
 public:
  int run() {
    World start;
    start.step = "the beginning";
    push(std::move(start));
    try {
      while (!todo_.empty()) {
        current_ = std::move(todo_.front());
        todo_.pop_front();
        ++index_;
        visit();
      }
    } catch (const Broken& broken) {
      std::printf("broken law: %s\n", broken.law.c_str());
      print_way();
      return 1;
    }
    std::printf("all laws hold: %zu states, %zu edges, %zu PUTs, %zu ways back to a paid picture\n", steps_.size(),
                edges_, puts_, ways_back_.size());
    return 0;
  }

 private:
  void check(bool holds, const char* law) const {
    if (!holds) throw Broken{law};
  }

  void print_way() const {
    std::vector<std::string> way = {current_.step};
    for (std::size_t at = current_.parent; at != 0; at = steps_[at - 1].first) way.push_back(steps_[at - 1].second);
    for (auto step = way.rbegin(); step != way.rend(); ++step) std::printf("  %s\n", step->c_str());
    if (current_.flow) std::printf("  flow: %s\n", current_.flow->fingerprint(current_.now).c_str());
  }

  void push(World world) {
    ++edges_;
    if (!seen_.insert(key_of(world)).second) return;
    steps_.emplace_back(world.parent, world.step);
    todo_.push_back(std::move(world));
  }

  World next(std::string step) const {
    World world = current_;
    world.parent = index_;
    world.step = std::move(step);
    return world;
  }

  void visit() {
    if (may_be_charged(current_)) check_way_back();
    if (!current_.flow) {
      start_programs();
      return;
    }
    int last = 0;
    if (open_intents(current_, last).size() > kMostOpen) {
      if (std::holds_alternative<Flow::Put>(current_.flow->want())) check_put();
      return;
    }
    crash("crash");
    const Flow::Want want = current_.flow->want();
    if (!std::holds_alternative<Flow::Finish>(want) && !std::holds_alternative<Flow::Fail>(want)) {
      World world = next("cancel");
      tell(world, Flow::Cancelled{});
      push(std::move(world));
    }
    std::visit([this](const auto& what) { meet(what); }, want);
  }

  static void tell(World& world, const Flow::Event& event) {
    if (!world.flow->on(event, world.now)) throw Broken{"an answer to what was wanted is taken"};
  }

  void crash(const std::string& step) {
    World world = next(step);
    world.flow.reset();
    push(std::move(world));
  }

  // The person, or the next start of the program.
  void start_programs() {
    struct Start {
      const char* name;
      bool may_request, again, accept_size, place;
    };
    for (const Start& start :
         {Start{"insert", true, false, false, true}, Start{"insert again=yes", true, true, false, true},
          Start{"resume", false, false, false, true}, Start{"resume accept_size=yes", false, false, true, true},
          Start{"finish quietly", false, false, false, false}}) {
      for (const Millis later : {Millis(0), Millis(31s), Millis(11min)}) {
        for (const bool rebooted : {false, true}) {
          World world = next(start.name + std::string(", ") + std::to_string(later / 1s) + " s later" +
                             (rebooted ? ", after a reboot" : ""));
          world.now += later;
          Flow::Plan plan;
          plan.job.size = "4k";
          plan.may_request = start.may_request;
          plan.again = start.again;
          plan.accept_size = start.accept_size;
          plan.place = start.place;
          int last = 0;
          world.word =
              start.again && !open_intents(world, last).empty();  // a word about what is open, not about what comes
          world.word_used_by = 0;
          world.places = start.place;
          world.placed = false;
          world.fetch_fault.reset();
          const bool requested = world.intent_at.count() != 0;
          world.flow.emplace(plan, *world.disk, world.now,
                             requested && !rebooted ? std::optional(world.now - world.intent_at) : std::nullopt);
          push(std::move(world));
        }
      }
    }
  }

  // From here a truthful service and a healthy disk lead to the canvas, without a PUT.
  void check_way_back() {
    if (!ways_back_.insert(disk_text(current_)).second) return;
    Time now = current_.now;
    Flow::Plan plan;
    plan.job.size = "4k";
    plan.may_request = false;
    plan.accept_size = true;
    Flow flow(plan, *current_.disk, now);
    bool link_is_fresh = false;
    for (int step = 0; step < 50; ++step) {
      const Flow::Want want = flow.want();
      if (std::holds_alternative<Flow::Place>(want)) return;
      Flow::Event event = Flow::Cancelled{};
      if (std::holds_alternative<Flow::Write>(want)) {
        event = Flow::Written{};
      } else if (std::holds_alternative<Flow::Get>(want)) {
        // Whatever asset the service calls it by: if this size was known under one, that is the one.
        event = read_get(file_answer(current_.known ? current_.known_id : ours));
        link_is_fresh = true;
      } else if (const auto* wait = std::get_if<Flow::Wait>(&want)) {
        now = wait->until;
        event = Flow::Elapsed{};
      } else if (std::holds_alternative<Flow::Fetch>(want)) {
        if (link_is_fresh) {
          event = fetched(4096, 3072);
        } else {
          event = Flow::FetchFailed{make_error(Stage::fetching, Cause::link_refused, "403"), {}, false};
        }
      } else {
        break;
      }
      if (!flow.on(event, now)) break;
    }
    check(false, "a paid picture can be had");
  }

  // ---- each want ----

  void meet(const Flow::LookUp&) {
    const std::vector<std::pair<const char*, Flow::Event>> events = {
        {"the sizes", Flow::Offers{offers}},
        {"other sizes", Flow::Offers{{{"1k", 1024, 768}}}},
        {"a failed look-up", Flow::LookUpFailed{make_error(Stage::listing_sizes, Cause::server_error, "503")}}};
    for (const auto& [name, event] : events) happen(name, event);
  }

  void meet(const Flow::Write& write) {
    if (const auto* refused = as<RefusedRecord>(write.record)) {
      check(!current_.unproved.contains(refused->attempt), "no refusal is noted that was none");
    }
    if (const auto* ready = as<ReadyRecord>(write.record)) {
      check(ready->asset_id != siblings, "no picture of another size is taken");
    }
    const Flow::Event failed = Flow::WriteFailed{make_error(Stage::saving, Cause::disk_full, "full")};
    for (const bool durable : {true, false}) {
      World world = next(durable ? "a write" : "a write that fails");
      if (durable) store(world, write.record);
      World dead = world;  // the machine stops before the flow hears of it
      dead.flow.reset();
      dead.step += ", and a crash";
      if (durable) {
        World failing = world;  // fsync failed, and yet the line is there
        failing.step = "a write that says it failed";
        tell(failing, failed);
        push(std::move(failing));
        tell(world, Flow::Written{});
      } else {
        tell(world, failed);
      }
      push(std::move(world));
      push(std::move(dead));
    }
  }

  // Whether the last PUT was answered by a 409, as the disk has it.
  static bool joined(const World& world) {
    bool last = false;
    for (const Record& record : *world.disk) {
      if (const auto* pending = as<PendingRecord>(record)) last = pending->joined;
      if (as<OtherSizeRecord>(record)) last = false;
    }
    return last;
  }

  static void store(World& world, const Record& record) {
    const bool was_refused = joined(world);
    auto disk = *world.disk;
    disk.push_back(record);
    world.disk = std::make_shared<std::vector<Record>>(std::move(disk));
    if (as<IntentRecord>(record)) world.intent_at = world.now;
    if (const auto* ready = as<ReadyRecord>(record)) {
      if (!world.known || world.known_id.empty()) world.known_id = ready->asset_id;
      world.known = true;
    }
    if (const auto* other = as<OtherSizeRecord>(record)) {
      // One download was another size. If the last PUT was refused because of it, it was not accepted. Of any other it
      // says nothing, nor of a picture that was licensed under another asset id before.
      if (!world.known || world.known_id == other->asset_id) {
        if (was_refused) world.unproved.erase(world.sent);
        world.known = false;
        world.known_id.clear();
      }
    }
  }

  // The laws of the PUT. Its attempt.
  int check_put() const {
    int attempt = 0;
    for (const Record& record : *current_.disk) {
      if (const auto* intent = as<IntentRecord>(record)) attempt = intent->attempt;
    }
    check(attempt > current_.sent, "no PUT without a durable intent of its own");
    check(!current_.known, "no PUT once an asset id of this size is known");
    const bool second = !current_.unproved.empty();
    check(!second || current_.word, "no second PUT without proof of refusal or the person's word");
    check(!second || doubt_is_over(), "no second PUT within the time of doubt");
    return attempt;
  }

  void meet(const Flow::Put&) {
    ++puts_;
    const int attempt = check_put();
    const bool second = !current_.unproved.empty();
    const auto hand_over = [&](World& world) {
      world.sent = attempt;
      world.unproved[attempt] = world.now;
      if (second) {
        world.word = false;
        world.word_used_by = attempt;
      }
    };
    World dead = next("PUT, and a crash before its answer");
    hand_over(dead);
    dead.flow.reset();
    push(std::move(dead));
    World stopped = next("PUT, and a cancel before its answer");
    hand_over(stopped);
    tell(stopped, Flow::Cancelled{});
    push(std::move(stopped));

    for (const Reply& reply : replies()) {
      for (const Millis later : {Millis(0), Millis(31s)}) {
        World world = next("PUT: " + reply.name + (later.count() ? ", late" : ""));
        hand_over(world);
        world.now += later;
        if (reply.refuses) {
          world.unproved.erase(attempt);
          if (world.word_used_by == attempt) world.word = true;
        }
        tell(world, event_of(read_put(reply.reply)));
        push(std::move(world));
      }
    }
    World no_token = next("PUT: no token, so not sent");
    hand_over(no_token);
    no_token.unproved.erase(attempt);
    if (no_token.word_used_by == attempt) no_token.word = true;
    tell(no_token, Flow::NotSent{make_error(Stage::signing_in, Cause::credentials_refused, "401", {}, 401)});
    push(std::move(no_token));
  }

  void meet(const Flow::Get&) {
    for (const Reply& reply : replies()) {
      if (!reply.to_get) continue;
      for (const Millis later : {Millis(0), Millis(31s), Millis(11min)}) {
        if (later.count() != 0 && (reply.reply.head.status > 202 && reply.reply.head.status != 404)) continue;
        happen("GET: " + reply.name + (later.count() ? ", late" : ""), event_of(read_get(reply.reply)), later);
      }
    }
  }

  // What run.cc knows beside the answer: which asset ids are in the journals of other sizes.
  static Flow::Event event_of(Flow::Event event) {
    if (auto* ready = std::get_if<Flow::Ready>(&event)) ready->foreign = ready->asset_id == siblings;
    return event;
  }

  void meet(const Flow::Renew&) {
    happen("a new token", Flow::Renewed{});
    happen("no new token", Flow::RenewFailed{make_error(Stage::signing_in, Cause::credentials_refused, "401")});
  }

  void meet(const Flow::Wait& wait) {
    const Millis needed = std::max(wait.until - current_.now, Millis(0));
    for (const Millis more : {Millis(0), Millis(31s), Millis(11min)}) {
      happen("time passes: " + std::to_string((needed + more).count()) + " ms", Flow::Elapsed{}, needed + more);
    }
  }

  bool doubt_is_over() const {
    return std::all_of(current_.unproved.begin(), current_.unproved.end(),
                       [&](const auto& put) { return current_.now - put.second >= kDoubt; });
  }

  void meet(const Flow::Ask&) {
    check(doubt_is_over(), "no question within the time of doubt");
    check(!current_.known, "no question about a picture that is known to be licensed");
    for (const bool yes : {true, false}) {
      World world = next(yes ? "the person says yes" : "the person says no");
      world.word = world.word || yes;
      tell(world, Flow::Answer{yes});
      push(std::move(world));
    }
  }

  static Flow::Event fetched(std::uint32_t width, std::uint32_t height) {
    SavedRecord file;
    file.mime = "image/jpeg";
    file.width = width;
    file.height = height;
    return Flow::Fetched{file};
  }

  void meet(const Flow::Fetch&) {
    check(current_.known, "no fetch before the asset id is durable");
    happen("the file", fetched(4096, 3072));
    happen("the file, a pixel smaller", fetched(4095, 3072));
    happen("the file of another size", fetched(1024, 768));
    happen("a file of no size that was offered", fetched(2000, 1500));
    for (const Cause cause : {Cause::link_refused, Cause::server_error, Cause::file_damaged, Cause::link_unsafe,
                              Cause::disk_full, Cause::connection_lost}) {
      if (current_.fetch_fault.value_or(cause) != cause) continue;
      World world = next("a fetch that fails: " + std::string(name(cause)));
      world.fetch_fault = cause;
      tell(world,
           Flow::FetchFailed{make_error(Stage::fetching, cause, "It failed."), {}, cause == Cause::connection_lost});
      push(std::move(world));
    }
  }

  void meet(const Flow::Place&) {
    bool saved = false;
    for (const Record& record : *current_.disk) saved = saved || as<SavedRecord>(record);
    check(saved, "nothing is placed before it is saved");
    World world = next("placed");
    world.placed = true;
    tell(world, Flow::Placed{"headless"});
    push(std::move(world));
    happen("a canvas that is gone", Flow::PlaceFailed{make_error(Stage::placing, Cause::canvas_gone, "gone")});
    happen("a lost original", Flow::OriginalLost{make_error(Stage::placing, Cause::not_found, "gone")});
  }

  void meet(const Flow::Finish&) {
    const bool kept = !current_.places && current_.known;
    check(current_.placed || kept || !may_be_charged(current_), "what may be paid and is not placed does not end well");
    check(current_.places || !current_.placed, "nothing is placed unasked");
  }

  void meet(const Flow::Fail& fail) {
    check(!may_be_charged(current_) || fail.error.paid != Paid::no, "nobody whose money may be gone is told otherwise");
    check(!fail.error.message.empty(), "every end has words");
  }

  void happen(std::string step, const Flow::Event& event, Millis later = Millis(0)) {
    World world = next(std::move(step));
    world.now += later;
    tell(world, event);
    push(std::move(world));
  }

  std::deque<World> todo_;
  std::unordered_set<std::string> seen_;
  std::vector<std::pair<std::size_t, std::string>> steps_;  // parent (from 1) and how it came
  std::set<std::string> ways_back_;
  World current_;
  std::size_t index_ = 0;
  std::size_t edges_ = 0;
  std::size_t puts_ = 0;
};

}  // namespace

int main() { return Walk().run(); }
