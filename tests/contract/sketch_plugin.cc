// SPDX-License-Identifier: GPL-2.0-or-later
// The smallest whole plugin: a background thread "brings" a computed picture. It shares no line
// with Inset, so it shows that the contract can be kept by itself, and it is what the loader, the
// headless host and the strict host are tested with, without a network.
//
// Every parameter exists for a test: how slow, how large, how it fails.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "easel/easel.h"

// How many pictures have been made and not been released. [any]
extern "C" EASEL_EXPORT std::atomic<int> sketch_live_images;
std::atomic<int> sketch_live_images{0};

namespace {

using Parameters = std::map<std::string, std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr easel_field kPaintFields[] = {
    {"width", "Width", "In pixels.", "64", nullptr, 0, EASEL_INTEGER, EASEL_REQUIRED | EASEL_WATCHED},
    {"height", "Height", "In pixels.", "48", nullptr, 0, EASEL_INTEGER, 0},
    {"alpha", "Alpha", "0 to 255, or \"ramp\".", "255", nullptr, 0, EASEL_TEXT, 0},
    {"name", "Name", nullptr, "Gradient", nullptr, 0, EASEL_TEXT, 0},
    {"original", "Original", "A file to name as the original.", nullptr, nullptr, 0, EASEL_TEXT, 0},
    {"pause", "Pause", "Milliseconds for each of ten steps.", "0", nullptr, 0, EASEL_INTEGER, 0},
    {"copies", "Copies", "How many times it is placed.", "1", nullptr, 0, EASEL_INTEGER, 0},
};
constexpr easel_field kFailFields[] = {
    {"cause", "Cause", nullptr, nullptr, nullptr, 0, EASEL_TEXT, 0},
    {"paid", "Paid", nullptr, nullptr, nullptr, 0, EASEL_TEXT, 0},
    {"message", "Message", nullptr, nullptr, nullptr, 0, EASEL_TEXT, 0},
    {"rests", "Rests", "A job that rests before the end.", nullptr, nullptr, 0, EASEL_TEXT, 0},
};
constexpr easel_field kStayFields[] = {
    {"stage", "Stage", "Stays there, whatever it is told.", nullptr, nullptr, 0, EASEL_TEXT, 0},
};
constexpr easel_action kActions[] = {
    {"paint", "Paint a Gradient…", "Places a computed picture.", kPaintFields, std::size(kPaintFields)},
    {"fail", "Fail", "Ends with this cause.", kFailFields, std::size(kFailFields)},
    {"list", "List", "Lists two jobs.", nullptr, 0},
    {"stay", "Stay", "Never ends.", kStayFields, std::size(kStayFields)},
    {"vanish", "Vanish", "Ends without a word, against the contract.", nullptr, 0},
};
constexpr easel_descriptor kDescriptor = {"sketch", "Sketch", "1.0.0", "Inset", kActions, std::size(kActions)};

struct Job {
  int64_t number = 0;
  uint64_t target = 0;
  std::string action;
  Parameters parameters;

  std::string get(const std::string& key, const char* otherwise = "") const {
    const auto found = parameters.find(key);
    return found == parameters.end() ? otherwise : found->second;
  }
  uint32_t number_of(const std::string& key, uint32_t otherwise) const {
    const std::string text = get(key);
    return text.empty() ? otherwise : static_cast<uint32_t>(std::strtoul(text.c_str(), nullptr, 10));
  }
};

void release(easel_image* image) {
  delete[] static_cast<uint8_t*>(image->release_data);
  --sketch_live_images;
}

// Red is x, green is y, blue is both; the rows are a little apart, as they may be.
easel_image gradient(const Job& job) {
  easel_image image{};
  image.width = std::max(job.number_of("width", 64), 1u);
  image.height = std::max(job.number_of("height", 48), 1u);
  image.stride = uint64_t{4} * image.width + 16;
  image.format = EASEL_RGBA8;
  auto* pixels = new uint8_t[image.stride * image.height]();
  const bool ramp = job.get("alpha") == "ramp";
  const uint32_t alpha = job.number_of("alpha", 255);
  for (uint32_t y = 0; y < image.height; ++y) {
    uint8_t* p = pixels + image.stride * y;
    for (uint32_t x = 0; x < image.width; ++x, p += 4) {
      p[0] = static_cast<uint8_t>(x);
      p[1] = static_cast<uint8_t>(y);
      p[2] = static_cast<uint8_t>(x ^ y);
      p[3] = static_cast<uint8_t>(ramp ? 7 * x + 13 * y : alpha);
    }
  }
  image.pixels = pixels;
  image.release = release;
  image.release_data = pixels;
  ++sketch_live_images;
  return image;
}

class Sketch {
 public:
  explicit Sketch(const easel_host* host) : host_(host) {
    canvas_ = static_cast<const easel_canvas*>(host->get(host, EASEL_CANVAS));
    report_ = static_cast<const easel_report*>(host->get(host, EASEL_REPORT));
    form_ = static_cast<const easel_form*>(host->get(host, EASEL_FORM));
    plugin.data = this;
    plugin.invoke = [](easel_plugin* p, const char* action, uint64_t target, const easel_pair* pairs, size_t n) {
      return self(p).invoke(action, target, pairs, n);
    };
    plugin.answer = [](easel_plugin* p, uint64_t request, int32_t accepted, const easel_pair* pairs, size_t n) {
      self(p).answer(request, accepted != 0, pairs, n);
    };
    plugin.changed = [](easel_plugin* p, uint64_t request, const char*, const char* value) {
      self(p).changed(request, value);
    };
    plugin.cancel = [](easel_plugin* p, int64_t job) { self(p).cancel(job); };
    plugin.open = [](easel_plugin* p, const char* path) { return self(p).open(path); };
    plugin.pump = [](easel_plugin* p) { return self(p).pump(); };
    plugin.destroy = [](easel_plugin* p) { delete &self(p); };
    worker_ = std::thread([this] { work(); });
  }

  easel_plugin plugin{};

 private:
  using Post = std::function<void()>;

  static Sketch& self(easel_plugin* p) { return *static_cast<Sketch*>(p->data); }

  ~Sketch() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    stirred_.notify_all();
    worker_.join();
    for (const auto& [request, job] : questions_) form_->dismiss(host_, request);
  }

  // ---- on the main thread ----

  int64_t invoke(const char* action, uint64_t target, const easel_pair* pairs, size_t count) {
    const auto* known = std::find_if(std::begin(kActions), std::end(kActions),
                                     [&](const easel_action& each) { return std::string_view(each.id) == action; });
    if (known == std::end(kActions)) return EASEL_INVALID;
    Job job{++last_job_, target, action, {}};
    for (size_t i = 0; i < count; ++i) {
      const bool is_field = std::any_of(known->fields, known->fields + known->field_count,
                                        [&](const easel_field& f) { return std::string_view(f.key) == pairs[i].key; });
      if (!is_field) return EASEL_INVALID;
      job.parameters[pairs[i].key] = pairs[i].value;
    }
    ++open_;
    if (job.action == "paint" && job.get("width").empty()) {
      const std::lock_guard lock(mutex_);
      outbox_.push_back([this, job] { need_width(job); });
    } else {
      start(std::move(job));
    }
    wake();
    return last_job_;
  }

  void need_width(const Job& job) {
    if (cancelled_.count(job.number) > 0) return fail(job.number, "cancelled", "no", "Cancelled.");
    if (form_ == nullptr) return fail(job.number, "parameter_missing", "no", "The width is missing.");
    questions_[++last_request_] = job;
    ask(last_request_, "How wide, in pixels?");
  }

  void ask(uint64_t request, const std::string& note) {
    easel_field fields[3] = {
        {"note", note.c_str(), nullptr, nullptr, nullptr, 0, EASEL_NOTE, 0}, kPaintFields[0], kPaintFields[1]};
    form_->ask(host_, request, "Paint a Gradient", "Paint", fields, 3);
  }

  void changed(uint64_t request, const char* value) {
    if (questions_.count(request) > 0) ask(request, std::string(value) + " pixels wide");
  }

  void answer(uint64_t request, bool accepted, const easel_pair* pairs, size_t count) {
    const auto found = questions_.find(request);
    if (found == questions_.end()) return;
    Job job = std::move(found->second);
    questions_.erase(found);
    for (size_t i = 0; i < count; ++i) job.parameters[pairs[i].key] = pairs[i].value;
    if (accepted) return start(std::move(job));
    post([this, number = job.number] { fail(number, "cancelled", "no", "Cancelled."); });
  }

  void cancel(int64_t number) {
    for (auto next = questions_.begin(); next != questions_.end();) {
      const auto question = next++;
      const int64_t asking = question->second.number;
      if (number != 0 && number != asking) continue;
      form_->dismiss(host_, question->first);
      questions_.erase(question);
      post([this, asking] { fail(asking, "cancelled", "no", "Cancelled."); });
    }
    const std::lock_guard lock(mutex_);
    for (int64_t each = 1; each <= last_job_; ++each)
      if (number == 0 || number == each) cancelled_.insert(each);
    stirred_.notify_all();
  }

  int64_t open(const char* path) {
    const auto found = originals_.find(path);
    if (canvas_->opened == nullptr) return EASEL_UNSUPPORTED;
    if (found == originals_.end()) return EASEL_INVALID;
    ++open_;
    const uint64_t request = ++last_request_;
    post([this, request, path = std::string(path), job = found->second] {
      --open_;
      if (access(path.c_str(), R_OK) != 0) {
        canvas_->opened(host_, request, EASEL_GONE, nullptr);
        return;
      }
      easel_image image = gradient(job);
      if (canvas_->opened(host_, request, EASEL_OK, &image) < 0) image.release(&image);
    });
    return static_cast<int64_t>(request);
  }

  uint32_t pump() {
    std::vector<Post> posts;
    {
      const std::lock_guard lock(mutex_);
      posts.swap(outbox_);
    }
    for (const Post& post : posts) post();
    return open_;
  }

  void tell(int64_t job, const char* kind, const Pairs& pairs) {
    if (report_ == nullptr) return;
    std::vector<easel_pair> out;
    for (const auto& [key, value] : pairs) out.push_back({key.c_str(), value.c_str()});
    report_->event(host_, job, kind, out.data(), out.size());
  }

  void end(int64_t job, const char* kind, const Pairs& pairs) {
    tell(job, kind, pairs);
    --open_;
  }

  void fail(int64_t job, const std::string& cause, const std::string& paid, const std::string& message) {
    Pairs pairs = {{"stage", "fetching"}, {"cause", cause},   {"http_status", "0"},
                   {"paid", paid},        {"retry", "never"}, {"message", message}};
    if (cause == "size_missing") {
      pairs.emplace_back("choice", "1k 1024 768");
      pairs.emplace_back("choice", "very large 4096 3072");
    }
    end(job, "failed", pairs);
  }

  // True if it is on the canvas; else the job has ended.
  bool place(const Job& job, easel_image image, bool last) {
    const std::string name = job.get("name", "Gradient");
    const std::string original = job.get("original");
    const easel_pair facts[] = {{"asset_id", "sketch-1"}, {"index", "0"}, {"source_type", "algorithmicMedia"}};
    const easel_asset asset{name.c_str(), original.empty() ? nullptr : original.c_str(), "image/png", facts, 3};
    const std::string width = std::to_string(image.width);
    const std::string height = std::to_string(image.height);
    const easel_status status = canvas_->place(host_, job.target, &image, &asset);
    if (status < 0) {
      image.release(&image);
      fail(job.number, status == EASEL_GONE ? "canvas_gone" : "canvas_refused", "yes", "It was kept.");
      return false;
    }
    originals_[original] = job;
    tell(job.number, "placed",
         {{"asset_id", "sketch-1"}, {"name", name}, {"width", width}, {"height", height}, {"original", original}});
    if (last) end(job.number, "done", {{"text", job.get("copies").empty() ? "Painted." : "All painted."}});
    return true;
  }

  // ---- on either ----

  void wake() {
    if (host_->wake != nullptr) host_->wake(host_);
  }

  void post(Post what) {
    {
      const std::lock_guard lock(mutex_);
      outbox_.push_back(std::move(what));
    }
    wake();
  }

  void start(Job job) {
    {
      const std::lock_guard lock(mutex_);
      todo_.push_back(std::move(job));
    }
    stirred_.notify_all();
  }

  // ---- on the worker ----

  void work() {
    for (;;) {
      Job job;
      {
        std::unique_lock lock(mutex_);
        stirred_.wait(lock, [this] { return stop_ || !todo_.empty(); });
        if (stop_) return;
        job = std::move(todo_.front());
        todo_.pop_front();
      }
      run(job);
    }
  }

  // False if the job is to end before that time is over.
  bool pause(const Job& job, std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return !stirred_.wait_for(lock, time, [&] { return stop_ || cancelled_.count(job.number) > 0; });
  }

  void run(const Job& job) {
    const int64_t number = job.number;
    if (job.action == "fail") {
      post([this, job, number] {
        host_->log(host_, EASEL_INFO, "about to fail");
        host_->log(host_, EASEL_WARNING, "about to fail badly");
        tell(number, "told", {{"level", "1"}, {"title", "Told"}, {"text", "something"}});
        const std::string rests = job.get("rests");
        if (!rests.empty()) tell(number, "rests", {{"job_id", rests}, {"message", "It rests."}, {"paid", "yes"}});
        fail(number, job.get("cause", "internal"), job.get("paid", "no"), job.get("message", "It failed."));
      });
    } else if (job.action == "list") {
      post([this, number] {
        for (const char* id : {"0123456789abcdef", "fedcba9876543210"})
          tell(number, "listed",
               {{"job_id", id},
                {"state", "saved"},
                {"generation", "G-1"},
                {"index", "2"},
                {"size", "4k"},
                {"width", "4096"},
                {"height", "3072"},
                {"paid", "yes"},
                {"updated", "2026-01-31T12:00:00Z"}});
        end(number, "done", {{"text", "2 pictures."}});
      });
    } else if (job.action == "vanish") {
      post([this] { --open_; });
    } else if (job.action == "stay") {
      post([this, job, number] { tell(number, "progress", {{"stage", job.get("stage", "signing_in")}}); });
    } else {
      paint(job);
    }
  }

  void paint(const Job& job) {
    const int64_t number = job.number;
    const std::chrono::milliseconds step(job.number_of("pause", 0));
    post([this, number] { tell(number, "progress", {{"stage", "signing_in"}}); });
    for (int i = 0; i <= 10; ++i) {
      post([this, number, i] {
        tell(number, "progress",
             {{"stage", "fetching"},
              {"fraction", std::to_string(i / 10.0)},
              {"bytes", std::to_string(270000 * i)},
              {"total", "2700000"}});
      });
      if (pause(job, step)) continue;
      post([this, number] { fail(number, "cancelled", "no", "Cancelled; nothing was charged."); });
      return;
    }
    const uint32_t copies = job.number_of("copies", 1);
    // A post that is never run, because the instance ends first, must still release its picture.
    const auto image = std::shared_ptr<easel_image>(new easel_image(gradient(job)), [](easel_image* left) {
      if (left->release != nullptr) left->release(left);
      delete left;
    });
    post([this, job, image, copies] {
      const easel_image passed = *image;
      image->release = nullptr;
      bool good = place(job, passed, copies <= 1);
      for (uint32_t i = 2; good && i <= copies; ++i) good = place(job, gradient(job), i == copies);
    });
  }

  const easel_host* host_;
  const easel_canvas* canvas_ = nullptr;
  const easel_report* report_ = nullptr;
  const easel_form* form_ = nullptr;

  int64_t last_job_ = 0;
  uint64_t last_request_ = 0;
  uint32_t open_ = 0;
  std::map<uint64_t, Job> questions_;
  std::map<std::string, Job> originals_;

  std::mutex mutex_;  // of what follows
  std::condition_variable stirred_;
  std::deque<Job> todo_;
  std::set<int64_t> cancelled_;
  std::vector<Post> outbox_;
  bool stop_ = false;
  std::thread worker_;
};

easel_plugin* create(const easel_host* host) { return &(new Sketch(host))->plugin; }

}  // namespace

extern "C" const easel_entry easel_entry_v1 = {{EASEL_VERSION_MAJOR, EASEL_VERSION_MINOR}, &kDescriptor, create};
