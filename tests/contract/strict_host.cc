// SPDX-License-Identifier: GPL-2.0-or-later
#include "strict_host.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "headless/text.h"

namespace contract {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] __attribute__((format(printf, 1, 2))) void broken(const char* format, ...) {
  std::va_list list;
  va_start(list, format);
  std::fputs("strict host: rule broken: ", stderr);
  std::vfprintf(stderr, format, list);
  std::fputs("\n", stderr);
  va_end(list);
  std::abort();
}

std::string text_of(const char* function, const char* what, const char* text) {
  if (text == nullptr) broken("%s: %s is null", function, what);
  if (!easel::valid_utf8(text)) broken("%s: %s is not UTF-8", function, what);
  return text;
}

std::string text_or_nothing(const char* function, const char* what, const char* text) {
  return text == nullptr ? std::string() : text_of(function, what, text);
}

std::vector<easel_pair> as_pairs(const Pairs& pairs) {
  std::vector<easel_pair> out;
  for (const auto& [key, value] : pairs) out.push_back({key.c_str(), value.c_str()});
  return out;
}

}  // namespace

// While it lives, the host is inside a call into the plugin.
class StrictHost::Inside {
 public:
  Inside(StrictHost& host, const char* function) : host_(host), function_(function) {
    // These two would be a fault of the test, and are caught all the same.
    if (std::this_thread::get_id() != host.main_) broken("%s() is called on another thread", function);
    if (host.inside_ != nullptr) broken("%s() is called from inside %s()", function, host.inside_);
    host.inside_ = function;
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside() {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began_);
    auto& longest = host_.longest_[function_];
    longest = std::max(longest, took);
    host_.inside_ = nullptr;
  }

 private:
  StrictHost& host_;
  const char* function_;
  Clock::time_point began_ = Clock::now();
};

// While it lives, the plugin is inside a call into the host.
class StrictHost::Callback {
 public:
  Callback(const easel_host* host, const char* function) : host_(from(checked(host, function))) {
    if (std::this_thread::get_id() != host_.main_) broken("%s is called on another thread", function);
    if (host_.destroyed_) broken("%s is called after destroy()", function);
    if (host_.inside_ == nullptr) broken("%s is called while the host is not inside a call into the plugin", function);
    if (host_.callback_ != nullptr) broken("%s is called from inside %s", function, host_.callback_);
    host_.callback_ = function;
  }
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;
  ~Callback() { host_.callback_ = nullptr; }

  StrictHost& operator*() const { return host_; }

 private:
  static const easel_host* checked(const easel_host* host, const char* function) {
    if (host == nullptr) broken("%s: the host is null", function);
    return host;
  }
  StrictHost& host_;
};

std::string Event::get(const std::string& key) const {
  for (const auto& [each, value] : pairs)
    if (each == key) return value;
  return {};
}

const Field* Form::field(const std::string& key) const {
  for (const Field& each : fields)
    if (each.key == key) return &each;
  return nullptr;
}

StrictHost::StrictHost(const easel_entry& entry, Options given) : options(std::move(given)), entry_(entry) {
  host_.version = {EASEL_VERSION_MAJOR, EASEL_VERSION_MINOR};
  host_.name = "Strict Host";
  host_.release = "1.0";
  host_.data_dir = options.data_dir.empty() ? nullptr : options.data_dir.c_str();
  host_.data = this;
  host_.get = on_get;
  host_.wake = options.wake ? on_wake : nullptr;
  host_.log = on_log;
  canvas_ = {on_place, options.opened ? on_opened : nullptr};
  report_ = {on_event};
  form_ = {on_ask, on_dismiss};
}

StrictHost::~StrictHost() {
  if (plugin_ != nullptr) destroy();
  release_images();
}

// ---- into the plugin ----

bool StrictHost::create() {
  {
    const std::lock_guard lock(mutex_);
    may_wake_ = true;
  }
  const Inside inside(*this, "create");
  plugin_ = entry_.create(&host_);
  return plugin_ != nullptr;
}

int64_t StrictHost::invoke(const std::string& action, const Pairs& pairs, uint64_t target) {
  int64_t job = 0;
  {
    const Inside inside(*this, "invoke");
    const std::vector<easel_pair> passed = as_pairs(pairs);
    job = plugin_->invoke(plugin_, action.c_str(), target, passed.data(), passed.size());
  }
  if (job == 0) broken("invoke() returns 0");
  if (job > 0 && !jobs_.insert(job).second) broken("invoke() returns job %lld again", static_cast<long long>(job));
  react();
  return job;
}

void StrictHost::cancel(int64_t job) {
  {
    const Inside inside(*this, "cancel");
    plugin_->cancel(plugin_, job);
  }
  react();
}

int64_t StrictHost::open(const std::string& path) {
  int64_t request = 0;
  {
    const Inside inside(*this, "open");
    request = plugin_->open(plugin_, path.c_str());
  }
  if (request == 0) broken("open() returns 0");
  if (request > 0 && !opening_.insert(static_cast<uint64_t>(request)).second)
    broken("open() returns request %lld again", static_cast<long long>(request));
  react();
  return request;
}

uint32_t StrictHost::pump() {
  uint32_t open = 0;
  {
    const Inside inside(*this, "pump");
    open = plugin_->pump(plugin_);
  }
  if (open == 0) {
    if (options.report) {
      for (const int64_t job : jobs_)
        if (ended_.count(job) == 0)
          broken("pump() says that nothing is open, and job %lld has not ended", static_cast<long long>(job));
    }
    if (!forms_.empty()) broken("pump() says that nothing is open, and a form is");
    if (opened_.size() != opening_.size()) broken("pump() says that nothing is open, and open() has not been answered");
  }
  react();
  return open;
}

void StrictHost::destroy() {
  {
    const Inside inside(*this, "destroy");
    plugin_->destroy(plugin_);
  }
  plugin_ = nullptr;
  destroyed_ = true;
  const std::lock_guard lock(mutex_);
  may_wake_ = false;
}

void StrictHost::accept(uint64_t request, const Pairs& values) {
  const auto found = forms_.find(request);
  if (found == forms_.end())
    broken("the test accepts form %llu, which is not open", static_cast<unsigned long long>(request));
  Form form = std::move(found->second);
  forms_.erase(found);
  closed_forms_.insert(request);

  for (const auto& [key, value] : values) {
    if (form.field(key) == nullptr)
      broken("the test fills in %s, which form \"%s\" lacks", key.c_str(), form.title.c_str());
    for (Field& field : form.fields)
      if (field.key == key) field.value = value;
  }
  Pairs answers;
  for (const Field& field : form.fields) {
    if (field.kind == EASEL_NOTE) continue;
    if ((field.flags & EASEL_REQUIRED) != 0 && field.value.empty())
      broken("the test accepts form \"%s\" without %s, which is required", form.title.c_str(), field.key.c_str());
    answers.emplace_back(field.key, field.value);
  }
  {
    const Inside inside(*this, "answer");
    const std::vector<easel_pair> passed = as_pairs(answers);
    plugin_->answer(plugin_, request, 1, passed.data(), passed.size());
  }
  react();
}

void StrictHost::close(uint64_t request) {
  if (forms_.erase(request) == 0)
    broken("the test closes form %llu, which is not open", static_cast<unsigned long long>(request));
  closed_forms_.insert(request);
  {
    const Inside inside(*this, "answer");
    plugin_->answer(plugin_, request, 0, nullptr, 0);
  }
  react();
}

void StrictHost::change(uint64_t request, const std::string& key, const std::string& value) {
  const auto found = forms_.find(request);
  if (found == forms_.end() || found->second.field(key) == nullptr)
    broken("the test changes %s in form %llu, where it is not", key.c_str(), static_cast<unsigned long long>(request));
  bool watched = false;
  for (Field& field : found->second.fields) {
    if (field.key != key) continue;
    field.value = value;
    watched = (field.flags & EASEL_WATCHED) != 0;
  }
  if (!watched) return;
  {
    const Inside inside(*this, "changed");
    plugin_->changed(plugin_, request, key.c_str(), value.c_str());
  }
  react();
}

void StrictHost::react() {
  // An answer may bring the next form; that one waits in shown_ until the loop comes to it.
  while (person && !shown_.empty() && inside_ == nullptr) {
    const uint64_t request = shown_.front();
    shown_.erase(shown_.begin());
    const auto found = forms_.find(request);
    if (found == forms_.end()) continue;
    const Form form = found->second;
    const Reaction reaction = person(form);
    switch (reaction.kind) {
      case Reaction::Kind::nothing: break;
      case Reaction::Kind::accept: accept(request, reaction.values); break;
      case Reaction::Kind::close: close(request); break;
      case Reaction::Kind::change:
        for (const auto& [key, value] : reaction.values) change(request, key, value);
        break;
    }
  }
}

bool StrictHost::run(const std::function<bool()>& until, std::chrono::milliseconds time) {
  const auto end = Clock::now() + time;
  for (;;) {
    if (pump() == 0) return !until || until();
    if (until && until()) return true;
    if (Clock::now() >= end) return false;
    std::unique_lock lock(mutex_);
    if (options.wake) {
      woken_.wait_until(lock, end, [this] { return awake_; });
      awake_ = false;
    } else {
      woken_.wait_for(lock, std::chrono::milliseconds(20));
    }
  }
}

void StrictHost::release_images() {
  if (held_.empty()) return;
  std::thread([this] {
    for (easel_image& image : held_) image.release(&image);
  }).join();
  images_released_ += static_cast<int>(held_.size());
  held_.clear();
}

std::vector<Event> StrictHost::events(const std::string& kind) const {
  std::vector<Event> out;
  std::copy_if(events_.begin(), events_.end(), std::back_inserter(out), [&](const Event& e) { return e.kind == kind; });
  return out;
}

const Event* StrictHost::end_of(int64_t job) const {
  const auto found = ended_.find(job);
  return found == ended_.end() ? nullptr : &events_[found->second];
}

int StrictHost::wakes() const {
  const std::lock_guard lock(mutex_);
  return wakes_;
}

std::chrono::milliseconds StrictHost::longest(const std::string& function) const {
  const auto found = longest_.find(function);
  return found == longest_.end() ? std::chrono::milliseconds(0) : found->second;
}

// ---- out of the plugin ----

const void* StrictHost::on_get(const easel_host* host, const char* id) {
  const Callback callback(host, "get()");
  StrictHost& self = *callback;
  const std::string name = text_of("get()", "the id", id);
  if (std::strcmp(self.inside_, "create") != 0) broken("get(%s) is called from inside %s()", id, self.inside_);
  if (!self.asked_for_.insert(name).second) broken("get(%s) is called twice", id);
  if (name == EASEL_CANVAS) return &self.canvas_;
  if (name == EASEL_REPORT) return self.options.report ? &self.report_ : nullptr;
  if (name == EASEL_FORM) return self.options.form ? &self.form_ : nullptr;
  return nullptr;
}

void StrictHost::on_wake(const easel_host* host) {
  if (host == nullptr) broken("wake(): the host is null");
  StrictHost& self = from(host);
  {
    const std::lock_guard lock(self.mutex_);
    if (!self.may_wake_) broken("wake() is called after destroy()");
    self.awake_ = true;
    ++self.wakes_;
    // Inside the lock: once destroy() has returned the host may be gone.
    self.woken_.notify_all();
  }
}

void StrictHost::on_log(const easel_host* host, int32_t level, const char* text) {
  const Callback callback(host, "log()");
  StrictHost& self = *callback;
  if (level < EASEL_DEBUG || level > EASEL_ERROR) broken("log(): there is no level %d", level);
  const std::string line = text_of("log()", "the text", text);
  if (line.find('\n') != std::string::npos) broken("log(): a line end in \"%s\"", text);
  self.log_.emplace_back(level, line);
}

Pairs StrictHost::checked_pairs(const char* function, const easel_pair* pairs, size_t count) const {
  if (pairs == nullptr && count > 0) broken("%s: the pairs are null", function);
  Pairs out;
  for (size_t i = 0; i < count; ++i) {
    const std::string key = text_of(function, "a key", pairs[i].key);
    if (key.empty()) broken("%s: a key is empty", function);
    out.emplace_back(key, text_or_nothing(function, key.c_str(), pairs[i].value));
  }
  return out;
}

void StrictHost::check_image(const char* function, const easel_image* image) const {
  if (image == nullptr) broken("%s: the image is null", function);
  if (image->width == 0 || image->height == 0) broken("%s: an image without pixels", function);
  if (image->stride < uint64_t{4} * image->width)
    broken("%s: a stride of %llu for a width of %u", function, static_cast<unsigned long long>(image->stride),
           image->width);
  if (image->stride > SIZE_MAX / image->height) broken("%s: an image larger than memory", function);
  if (image->format != EASEL_RGBA8) broken("%s: there is no format %d", function, image->format);
  if (image->pixels == nullptr) broken("%s: the pixels are null", function);
  if (image->release == nullptr) broken("%s: an image without release", function);
}

void StrictHost::take(const easel_image& image, Picture picture) {
  picture.width = image.width;
  picture.height = image.height;
  picture.pixels.resize(size_t{4} * image.width * image.height);
  for (uint32_t y = 0; y < image.height; ++y)
    std::memcpy(picture.pixels.data() + size_t{4} * image.width * y, image.pixels + image.stride * y,
                size_t{4} * image.width);
  pictures_.push_back(std::move(picture));
  ++images_taken_;
  easel_image copy = image;
  if (options.hold_images) {
    held_.push_back(copy);
    return;
  }
  copy.release(&copy);
  ++images_released_;
}

easel_status StrictHost::on_place(const easel_host* host, uint64_t target, const easel_image* image,
                                  const easel_asset* asset) {
  const Callback callback(host, "place()");
  StrictHost& self = *callback;
  if (std::strcmp(self.inside_, "pump") != 0) broken("place() is called from inside %s()", self.inside_);
  self.check_image("place()", image);
  ++self.images_offered_;
  if (asset == nullptr) broken("place(): the asset is null");
  Picture picture;
  picture.target = target;
  picture.name = text_of("place()", "the name", asset->name);
  picture.path = text_or_nothing("place()", "the path", asset->path);
  if (!picture.path.empty() && picture.path[0] != '/') broken("place(): the path %s is not absolute", asset->path);
  picture.mime = text_of("place()", "the mime type", asset->mime);
  if (picture.mime != "image/png" && picture.mime != "image/jpeg") broken("place(): there is no type %s", asset->mime);
  picture.facts = self.checked_pairs("place()", asset->facts, asset->fact_count);
  if (self.options.place_status >= 0) self.take(*image, std::move(picture));
  return self.options.place_status;
}

easel_status StrictHost::on_opened(const easel_host* host, uint64_t request, easel_status status,
                                   const easel_image* image) {
  const Callback callback(host, "opened()");
  StrictHost& self = *callback;
  if (std::strcmp(self.inside_, "pump") != 0) broken("opened() is called from inside %s()", self.inside_);
  if (self.opening_.count(request) == 0)
    broken("opened(): request %llu was never made", static_cast<unsigned long long>(request));
  if (!self.opened_.emplace(request, status).second)
    broken("opened(): request %llu is answered twice", static_cast<unsigned long long>(request));
  if (status < 0) {
    if (image != nullptr) broken("opened(): an image with a bad status");
    return EASEL_OK;
  }
  self.check_image("opened()", image);
  ++self.images_offered_;
  Picture picture;
  picture.request = request;
  if (self.options.place_status >= 0) self.take(*image, std::move(picture));
  return self.options.place_status;
}

void StrictHost::on_event(const easel_host* host, int64_t job, const char* kind, const easel_pair* pairs,
                          size_t count) {
  const Callback callback(host, "event()");
  StrictHost& self = *callback;
  Event event{job, text_of("event()", "the kind", kind), self.checked_pairs("event()", pairs, count)};
  // What is told may belong to no job.
  const bool of_no_job = job == 0 && event.kind == "told";
  if (!of_no_job && self.jobs_.count(job) == 0)
    broken("event(%s): job %lld was never given out", kind, static_cast<long long>(job));
  if (self.ended_.count(job) > 0) broken("event(%s): job %lld has ended", kind, static_cast<long long>(job));
  if (event.kind == "done" || event.kind == "failed") self.ended_[job] = self.events_.size();
  if (event.kind == "failed" || event.kind == "rests") {
    const std::string paid = event.get("paid");
    if (paid != "no" && paid != "maybe" && paid != "yes") broken("event(%s): paid is \"%s\"", kind, paid.c_str());
    if (event.get("message").empty()) broken("event(%s): no message for the person", kind);
  }
  self.events_.push_back(std::move(event));
}

Field StrictHost::checked_field(const easel_field& field) const {
  Field out;
  out.key = text_of("ask()", "the key of a field", field.key);
  out.label = text_of("ask()", "the label of a field", field.label);
  text_or_nothing("ask()", "a help", field.help);
  out.value = text_or_nothing("ask()", "an initial value", field.initial);
  out.kind = field.kind;
  out.flags = field.flags;
  if (field.kind < EASEL_TEXT || field.kind > EASEL_NOTE) broken("ask(): there is no kind of field %d", field.kind);
  if ((field.flags & ~uint32_t{15}) != 0) broken("ask(): there are no flags %x", field.flags);
  if (field.choices == nullptr && field.choice_count > 0) broken("ask(): the choices of %s are null", field.key);
  if (field.kind == EASEL_CHOICE && field.choice_count == 0) broken("ask(): %s has no choices", field.key);
  for (size_t i = 0; i < field.choice_count; ++i) {
    const easel_choice& choice = field.choices[i];
    out.choices.emplace_back(text_of("ask()", "a choice", choice.value), text_of("ask()", "a choice", choice.label));
    if (choice.thumbnail == nullptr) continue;
    ++out.thumbnails;
    const easel_image& image = *choice.thumbnail;
    if (image.width == 0 || image.height == 0 || image.stride < uint64_t{4} * image.width || image.pixels == nullptr ||
        image.format != EASEL_RGBA8)
      broken("ask(): a choice of %s has a thumbnail that cannot be", field.key);
    // Readable to the end: a sanitizer, or the kernel, says so if not.
    volatile uint8_t last = image.pixels[image.stride * (image.height - 1) + uint64_t{4} * image.width - 1];
    static_cast<void>(last);
  }
  // What a choice shows while nothing is chosen is the host's affair: mostly the first.
  if (field.kind == EASEL_CHOICE && out.value.empty()) out.value = out.choices.front().first;
  return out;
}

easel_status StrictHost::on_ask(const easel_host* host, uint64_t request, const char* title, const char* accept,
                                const easel_field* fields, size_t count) {
  const Callback callback(host, "ask()");
  StrictHost& self = *callback;
  if (request == 0) broken("ask(): request 0");
  if (self.closed_forms_.count(request) > 0)
    broken("ask(): request %llu is used again", static_cast<unsigned long long>(request));
  if (fields == nullptr && count > 0) broken("ask(): the fields are null");
  if (std::strcmp(self.inside_, "destroy") == 0) broken("ask() is called from inside destroy()");

  Form form;
  form.request = request;
  form.title = text_of("ask()", "the title", title);
  form.accept = text_of("ask()", "the button", accept);
  std::set<std::string> keys;
  for (size_t i = 0; i < count; ++i) {
    form.fields.push_back(self.checked_field(fields[i]));
    if (!keys.insert(form.fields.back().key).second) broken("ask(): two fields %s", fields[i].key);
  }
  Form& shown = self.forms_[request];
  form.asked = shown.asked + 1;
  for (Field& field : form.fields) {
    const Field* before = shown.field(field.key);
    if (before == nullptr || before->kind != field.kind || field.kind == EASEL_NOTE) continue;
    const bool offered =
        field.kind != EASEL_CHOICE || std::any_of(field.choices.begin(), field.choices.end(),
                                                  [&](const auto& choice) { return choice.first == before->value; });
    if (offered) field.value = before->value;
  }
  shown = form;
  self.asked_.push_back(form);
  self.shown_.push_back(request);
  return EASEL_OK;
}

void StrictHost::on_dismiss(const easel_host* host, uint64_t request) {
  const Callback callback(host, "dismiss()");
  StrictHost& self = *callback;
  if (self.forms_.erase(request) == 0) return;
  self.closed_forms_.insert(request);
  self.dismissed_.insert(request);
}

}  // namespace contract
