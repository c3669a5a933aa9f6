// SPDX-License-Identifier: GPL-2.0-or-later
#include "plugin.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "forms.h"
#include "job.h"

namespace inset {
namespace {

// An image of the contract that keeps the pixels alive until the host lets go.
easel_image make_image(const Picture& picture) {
  easel_image image{};
  image.width = picture.width;
  image.height = picture.height;
  image.stride = std::uint64_t{picture.width} * 4;
  image.format = EASEL_RGBA8;
  image.pixels = picture.pixels.get();
  image.release_data = new std::shared_ptr<const std::uint8_t>(picture.pixels);
  image.release = [](easel_image* taken) {
    delete static_cast<std::shared_ptr<const std::uint8_t>*>(taken->release_data);
    taken->release_data = nullptr;
    taken->pixels = nullptr;
  };
  return image;
}

std::vector<easel_pair> make_pairs(const Facts& facts) {
  std::vector<easel_pair> pairs;
  pairs.reserve(facts.size());
  for (const auto& [key, value] : facts) pairs.push_back({key.c_str(), value.c_str()});
  return pairs;
}

std::optional<Values> read_pairs(const easel_pair* pairs, size_t count) {
  Values values;
  if (count > 0 && !pairs) return {};
  for (size_t i = 0; i < count; ++i) {
    if (!pairs[i].key) return {};
    values[pairs[i].key] = pairs[i].value ? pairs[i].value : "";
  }
  return values;
}

const easel_action* find_action(const char* id) {
  for (size_t i = 0; id && i < kDescriptor.action_count; ++i) {
    if (std::strcmp(kDescriptor.actions[i].id, id) == 0) return &kDescriptor.actions[i];
  }
  return nullptr;
}

bool takes(const easel_action& action, const std::string& key) {
  for (size_t i = 0; i < action.field_count; ++i) {
    if (key == action.fields[i].key) return true;
  }
  return false;
}

Worker::Action action_of(const easel_action& action) {
  const std::string_view id = action.id;
  return id == "insert"     ? Worker::Action::insert
         : id == "resume"   ? Worker::Action::resume
         : id == "jobs"     ? Worker::Action::list
         : id == "drop"     ? Worker::Action::drop
         : id == "sign-in"  ? Worker::Action::sign_in
         : id == "sign-out" ? Worker::Action::sign_out
                            : Worker::Action::status;
}

Error no_memory() { return make_error(Stage::placing, Cause::out_of_memory, "There is not enough memory."); }

// Marks the time in which the host may be called, and must not call.
class CallingHost {
 public:
  explicit CallingHost(bool& flag) : flag_(flag) { flag_ = true; }
  ~CallingHost() { flag_ = false; }
  CallingHost(const CallingHost&) = delete;
  CallingHost& operator=(const CallingHost&) = delete;

 private:
  bool& flag_;
};

int32_t level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return EASEL_DEBUG;
    case LogLevel::info: return EASEL_INFO;
    case LogLevel::warning: return EASEL_WARNING;
    case LogLevel::error: break;
  }
  return EASEL_ERROR;
}

}  // namespace

std::unique_ptr<Plugin> Plugin::create(const easel_host& host) {
  const HostProxy proxy(host);
  if (!proxy.usable()) return nullptr;
  return std::make_unique<Plugin>(proxy);
}

Plugin::Plugin(const HostProxy& host) : host_(host), main_thread_(std::this_thread::get_id()) {
  auto settings = read_settings([](const char* name) -> const char* { return std::getenv(name); }, host_.data_dir());
  if (!settings) {
    settings_fault_ = settings.error();
    return;
  }
  settings->environment = environment_for_others(environ);
  settings->keyring.environment = settings->environment;
  originals_ = settings->data_dir / "originals";
  Worker::Options options;
  options.settings = std::move(*settings);
  options.host = host_.name();
  options.user_agent = std::string(kDescriptor.name) + "/" + kDescriptor.release;
  options.can_ask = host_.can_ask();
  options.wake = [this] { host_.wake(); };
  worker_ = std::make_unique<Worker>(std::move(options));
}

Plugin::~Plugin() {
  // First the thread, so that nothing can call wake() any more; then the forms.
  worker_.reset();
  for (const auto& [request, accept] : questions_) host_.dismiss(request);
}

int64_t Plugin::invoke(const char* id, uint64_t target, const easel_pair* pairs, size_t count) {
  const easel_action* action = find_action(id);
  auto values = read_pairs(pairs, count);
  if (!action || !values) return EASEL_INVALID;
  for (const auto& [key, value] : *values) {
    if (!takes(*action, key)) return EASEL_INVALID;
  }
  const int64_t job = next_job_++;
  targets_[job] = target;
  try {
    if (worker_) {
      worker_->invoke(job, action_of(*action), std::move(*values));
    } else {
      stillborn_.insert(job);
      host_.wake();
    }
  } catch (...) {
    targets_.erase(job);  // or the host would wait for it for ever
    throw;
  }
  return job;
}

void Plugin::answer(uint64_t request, bool accepted, const easel_pair* pairs, size_t count) {
  auto values = read_pairs(pairs, count);
  const auto question = questions_.extract(request);
  if (!question) return;
  answered_.insert(request);
  worker_->answer(request, accepted && values ? question.mapped() : std::string(),
                  values ? std::move(*values) : Values());
}

void Plugin::changed(uint64_t request, const char* key, const char* value) {
  if (!key || !questions_.contains(request)) return;
  worker_->changed(request, key, value ? value : "");
}

void Plugin::cancel(int64_t job) {
  // What is finished but not yet handed over must not turn up on the canvas after the person has said stop.
  for (const auto& [number, target] : targets_) {
    if (job == 0 || job == number) cancelled_.insert(number);
  }
  if (worker_) worker_->cancel(job);
}

int64_t Plugin::open(const char* path) {
  const std::filesystem::path file(path ? path : "");
  if (file.lexically_normal() != file || file.parent_path() != originals_) return EASEL_INVALID;
  if (!host_.can_open() || !worker_) return EASEL_UNSUPPORTED;
  const int64_t request = next_open_++;
  opens_.insert(request);
  try {
    worker_->open(static_cast<RequestNumber>(request), path);
  } catch (...) {
    opens_.erase(request);
    throw;
  }
  return request;
}

uint32_t Plugin::open_count() const {
  return static_cast<uint32_t>(targets_.size() + questions_.size() + opens_.size());
}

uint32_t Plugin::pump() {
  const CallingHost calling(calling_host_);
  for (const int64_t job : std::exchange(stillborn_, {})) {
    EventMessage message{job, "failed", error_facts(*settings_fault_)};
    hand_over(message);
    targets_.erase(job);
  }
  if (worker_) {
    // A person is there, so what an earlier run left unfetched can be made ready for them.
    if (!std::exchange(pumped_, true) && host_.can_ask()) worker_->finish_quietly();
    for (Message& message : worker_->take()) {
      try {
        std::visit([this](auto& what) { hand_over(what); }, message);
      } catch (const std::bad_alloc&) {
        // The rest of the messages still count. Whoever waits for this one must hear of it.
        std::visit([this](auto& what) { give_up(what); }, message);
      }
    }
  }
  return open_count();
}

// ---- messages ----

void Plugin::hand_over(EventMessage& message) {
  const auto pairs = make_pairs(message.pairs);
  host_.event(message.job, message.kind.c_str(), pairs.data(), pairs.size());
}

void Plugin::hand_over(PlaceMessage& message) {
  if (cancelled_.contains(message.job)) return;  // the run has been told; the picture stays saved
  const auto target = targets_.find(message.job);
  if (target == targets_.end()) return;
  const Placement& placement = message.placement;
  easel_image image = make_image(placement.picture);
  const auto facts = make_pairs(placement.facts);
  const easel_asset asset{placement.name.c_str(), placement.path.c_str(), placement.picture.mime.c_str(), facts.data(),
                          facts.size()};
  const easel_status status = host_.place(target->second, image, asset);
  if (status < 0) image.release(&image);
  std::optional<Error> error;
  if (status == EASEL_GONE) {
    error = make_error(Stage::placing, Cause::canvas_gone, "The canvas was closed meanwhile.");
  } else if (status < 0) {
    error = make_error(Stage::placing, Cause::canvas_refused, "The program could not take the picture.");
  }
  worker_->placed(message.job, message.ticket, std::move(error));
}

void Plugin::hand_over(OpenedMessage& message) {
  opens_.erase(static_cast<int64_t>(message.request));
  if (message.picture) {
    easel_image image = make_image(*message.picture);
    if (host_.opened(message.request, EASEL_OK, &image) < 0) image.release(&image);
    return;
  }
  const bool missing = message.picture.error().cause == Cause::not_found;
  host_.log(EASEL_WARNING, message.picture.error().what.c_str());
  host_.opened(message.request, missing ? EASEL_GONE : EASEL_FAILED, nullptr);
}

void Plugin::hand_over(AskMessage& message) {
  // New fields for a form may cross the answer to the old ones; then they come too late.
  if (cancelled_.contains(message.job) || answered_.contains(message.request)) return;
  const FormFields fields(message.question);
  questions_[message.request] = message.question.accept;
  const easel_status status = host_.ask(message.request, message.question.title.c_str(),
                                        message.question.accept.c_str(), fields.data(), fields.size());
  if (status < 0) {
    questions_.erase(message.request);
    worker_->answer(message.request, {}, {});
  }
}

void Plugin::hand_over(DismissMessage& message) {
  if (questions_.erase(message.request)) host_.dismiss(message.request);
}

void Plugin::hand_over(OverMessage& message) {
  targets_.erase(message.job);
  cancelled_.erase(message.job);
}

void Plugin::hand_over(LogMessage& message) { host_.log(level_of(message.level), message.text.c_str()); }

// ---- messages for which there was no memory ----

// Without a vector. Only sizes to choose from come in greater numbers, and they come last.
void Plugin::give_up(const EventMessage& message) {
  std::array<easel_pair, 16> some{};
  const std::size_t count = std::min(some.size(), message.pairs.size());
  for (std::size_t i = 0; i < count; ++i) some[i] = {message.pairs[i].first.c_str(), message.pairs[i].second.c_str()};
  host_.event(message.job, message.kind.c_str(), some.data(), count);
}

void Plugin::give_up(const PlaceMessage& message) { worker_->placed(message.job, message.ticket, no_memory()); }

void Plugin::give_up(const OpenedMessage& message) { host_.opened(message.request, EASEL_FAILED, nullptr); }

// As if the form had been closed.
void Plugin::give_up(const AskMessage& message) {
  questions_.erase(message.request);
  worker_->answer(message.request, {}, {});
}

}  // namespace inset
