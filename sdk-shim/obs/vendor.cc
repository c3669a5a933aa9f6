// SPDX-License-Identifier: GPL-2.0-or-later
#include "vendor.h"

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <set>
#include <sstream>
#include <string_view>

#include "log.h"
#include "ui_thread.h"

namespace inset_obs {
namespace {

using namespace std::chrono_literals;
constexpr auto kPatience = 2s;  // for the list of jobs

// obs-websocket's own handlers; null: it is not there.
proc_handler_t* websocket = nullptr;
void* vendor = nullptr;

std::mutex mutex;
std::condition_variable changed;
bool closing = false;

class Call {
 public:
  Call() = default;
  ~Call() { calldata_free(&data_); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  calldata_t* operator*() { return &data_; }

 private:
  calldata_t data_{};
};

bool is_number(std::string_view key) {
  static const std::set<std::string_view> keys{"bytes", "height", "http_status", "index", "total", "width"};
  return keys.contains(key);
}

// "4k 4096 4096": a name, width and height.
OBSDataAutoRelease choice_of(const std::string& text) {
  OBSDataAutoRelease choice = obs_data_create();
  std::istringstream words(text);
  std::string name;
  long long width = 0;
  long long height = 0;
  words >> name >> width >> height;
  obs_data_set_string(choice, "name", name.c_str());
  if (words) {
    obs_data_set_int(choice, "width", width);
    obs_data_set_int(choice, "height", height);
  }
  return choice;
}

OBSDataAutoRelease data_of(const Pairs& pairs) {
  OBSDataAutoRelease data = obs_data_create();
  const OBSDataArrayAutoRelease choices = obs_data_array_create();
  for (const auto& [key, value] : pairs) {
    if (key == "choice") {
      obs_data_array_push_back(choices, choice_of(value));
    } else if (key == "fraction") {
      obs_data_set_double(data, key.c_str(), std::strtod(value.c_str(), nullptr));
    } else if (is_number(key) && !value.empty()) {
      obs_data_set_int(data, key.c_str(), std::strtoll(value.c_str(), nullptr, 10));
    } else {
      obs_data_set_string(data, key.c_str(), value.c_str());
    }
  }
  if (obs_data_array_count(choices) > 0) obs_data_set_array(data, "choices", choices);
  return data;
}

// A parameter of a request: people write numbers with and without quotes.
std::string text_of(obs_data_t* request, const char* key) {
  obs_data_item_t* item = obs_data_item_byname(request, key);
  if (!item) return {};
  std::string text;
  switch (obs_data_item_gettype(item)) {
    case OBS_DATA_STRING: text = obs_data_item_get_string(item); break;
    case OBS_DATA_NUMBER: text = std::to_string(obs_data_item_get_int(item)); break;
    case OBS_DATA_BOOLEAN: text = obs_data_item_get_bool(item) ? "yes" : "no"; break;
    default: break;
  }
  obs_data_item_release(&item);
  return text;
}

Values values_of(obs_data_t* request, std::initializer_list<const char*> keys) {
  Values values;
  for (const char* key : keys) {
    if (std::string text = text_of(request, key); !text.empty()) values[key] = std::move(text);
  }
  return values;
}

bool refuse(obs_data_t* response, const std::string& why) {
  obs_data_set_bool(response, "accepted", false);
  obs_data_set_string(response, "error", why.c_str());
  return false;
}

bool is_open(obs_data_t* response) {
  const std::lock_guard lock(mutex);
  return !closing || refuse(response, "OBS is closing.");
}

void start(obs_data_t* response, const char* action, Values values, std::optional<bool> visible = {}) {
  const std::int64_t job = ObsHost::next_job();
  obs_data_set_bool(response, "accepted", true);
  obs_data_set_int(response, "job", job);
  post_to_ui([job, action = std::string(action), values = std::move(values), visible](ObsHost* host) {
    if (host) host->run(job, action, values, visible, {});
  });
}

// ---- requests ----

void on_insert(obs_data_t* request, obs_data_t* response) {
  Values values = values_of(request, {"generation", "index", "size", "product_id", "project_code", "notes", "again"});
  for (const char* key : {"generation", "index", "size"}) {
    if (!values.contains(key))
      return static_cast<void>(refuse(response, std::string("The parameter ") + key + " is missing."));
  }
  std::optional<bool> visible;
  if (const std::string text = text_of(request, "visible"); !text.empty()) visible = text == "yes";
  start(response, "insert", std::move(values), visible);
}

void on_resume(obs_data_t* request, obs_data_t* response) {
  start(response, "resume", values_of(request, {"accept_size"}));
}

void on_drop(obs_data_t* request, obs_data_t* response) {
  Values values = values_of(request, {"job"});
  if (values.empty()) return static_cast<void>(refuse(response, "The parameter job is missing."));
  start(response, "drop", std::move(values));
}

void on_cancel(obs_data_t* request, obs_data_t* response) {
  std::int64_t job = 0;  // all of them, which nobody means who names one
  if (obs_data_has_user_value(request, "job")) {
    const std::string text = text_of(request, "job");
    char* end = nullptr;
    job = std::strtoll(text.c_str(), &end, 10);
    if (job <= 0 || *end != '\0') return static_cast<void>(refuse(response, "job must be the number of a job."));
  }
  obs_data_set_bool(response, "accepted", true);
  post_to_ui([job](ObsHost* host) {
    if (host) host->cancel(job);
  });
}

void on_jobs(obs_data_t*, obs_data_t* response) {
  // The answer is waited for, and on these nothing may be. A batch of obs-websocket that runs by frames comes here.
  if (ObsHost::is_ui_thread() || obs_in_task_thread(OBS_TASK_GRAPHICS)) {
    refuse(response, "jobs cannot be asked for on a thread that OBS draws with; ask outside of a batch by frames.");
    return;
  }
  struct List {
    std::vector<Pairs> jobs;
    std::string error;
    bool done = false;
  };
  const auto list = std::make_shared<List>();
  post_to_ui([list](ObsHost* host) {
    if (!host) return;
    host->run(ObsHost::next_job(), "jobs", {}, {}, [list](const std::string& kind, const Pairs& pairs) {
      const std::lock_guard lock(mutex);
      if (kind == "listed") list->jobs.push_back(pairs);
      if (kind == "failed") list->error = Values(pairs.begin(), pairs.end())["message"];
      if (kind != "done" && kind != "failed") return;
      list->done = true;
      changed.notify_all();
    });
  });
  std::unique_lock lock(mutex);
  changed.wait_for(lock, kPatience, [&] { return list->done || closing; });
  if (!list->done || !list->error.empty()) {
    refuse(response, list->error.empty() ? "OBS does not answer." : list->error);
    return;
  }
  const OBSDataArrayAutoRelease jobs = obs_data_array_create();
  for (const Pairs& pairs : list->jobs) obs_data_array_push_back(jobs, data_of(pairs));
  obs_data_set_bool(response, "accepted", true);
  obs_data_set_array(response, "jobs", jobs);
}

// ---- obs-websocket's interface ----

using Handler = void (*)(obs_data_t* request, obs_data_t* response);

// As obs-websocket has it; it copies this.
struct RequestCallback {
  void (*callback)(obs_data_t* request, obs_data_t* response, void* data);
  void* data;
};

bool add_request(const char* type, Handler handler) {
  RequestCallback callback{[](obs_data_t* request, obs_data_t* response, void* data) {
                             try {
                               if (is_open(response)) reinterpret_cast<Handler>(data)(request, response);
                             } catch (const std::exception& failure) {
                               refuse(response, failure.what());
                             }
                           },
                           reinterpret_cast<void*>(handler)};
  Call call;
  calldata_set_ptr(*call, "vendor", vendor);
  calldata_set_string(*call, "type", type);
  calldata_set_ptr(*call, "callback", &callback);
  return proc_handler_call(websocket, "vendor_request_register", *call) && calldata_bool(*call, "success");
}

}  // namespace

void Vendor::announce() {
  // A program that starts libobs a second time finds this library as it left it.
  vendor = nullptr;
  closing = false;
  Call call;
  if (!proc_handler_call(obs_get_proc_handler(), "obs_websocket_api_get_ph", *call)) {
    say(LOG_INFO, "no obs-websocket: no automation");
    return;
  }
  websocket = static_cast<proc_handler_t*>(calldata_ptr(*call, "ph"));
  if (!websocket) return;
  Call registration;
  calldata_set_string(*registration, "name", "inset");
  proc_handler_call(websocket, "vendor_register", *registration);
  vendor = calldata_ptr(*registration, "vendor");
  const bool good = vendor && add_request("insert", on_insert) && add_request("resume", on_resume) &&
                    add_request("jobs", on_jobs) && add_request("drop", on_drop) && add_request("cancel", on_cancel);
  if (!good) say(LOG_WARNING, "obs-websocket has not taken all requests.");
}

void Vendor::close() {
  {
    const std::lock_guard lock(mutex);
    closing = true;
  }
  changed.notify_all();
}

void Vendor::event(std::int64_t job, const std::string& kind, const Pairs& pairs) {
  if (!vendor) return;
  const OBSDataAutoRelease data = data_of(pairs);
  obs_data_set_int(data, "job", job);
  Call call;
  calldata_set_ptr(*call, "vendor", vendor);
  calldata_set_string(*call, "type", kind.c_str());
  calldata_set_ptr(*call, "data", data.Get());
  proc_handler_call(websocket, "vendor_event_emit", *call);
}

}  // namespace inset_obs
