// SPDX-License-Identifier: GPL-2.0-or-later
// What the person sees of the jobs, and what is asked.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "log.h"
#include "obs_host.h"

namespace inset_obs {
namespace {

constexpr char kVisible[] = "visible_at_once";

}  // namespace

std::string value_of(const Values& values, const char* key) {
  const auto found = values.find(key);
  return found == values.end() ? std::string() : found->second;
}

void ObsHost::show(Job& job, std::int64_t key, const std::string& kind, const Values& values) {
  if (kind == "told") {
    const int level = std::atoi(value_of(values, "level").c_str());
    return windows_->tell(ui_, level, value_of(values, "title").c_str(), value_of(values, "text").c_str());
  }
  if (!job.with_windows) return;
  if (kind == "progress") {
    const std::string stage = value_of(values, "stage");
    job.asks = stage == "signing_in" || stage == "listing_sizes";
    if (job.asks && !forms_.empty()) return;
    const std::string fraction = value_of(values, "fraction");
    return windows_->progress(ui_, key, value_of(values, "text").c_str(),
                              fraction.empty() ? -1.0 : std::strtod(fraction.c_str(), nullptr));
  }
  if (show_end_of_account_job(job, kind, values)) return windows_->finished(ui_, key, nullptr);
  const std::string message = value_of(values, "message");
  if (kind == "rests") {
    windows_->tell(ui_, EASEL_WARNING, word("Message.Rests"), message.c_str());
  } else if (kind == "failed") {
    windows_->finished(ui_, key, nullptr);
    // The person's own cancel is no error. That it came too late for the charge stays until it has been read.
    if (value_of(values, "cause") == "cancelled") {
      if (value_of(values, "paid") == "no") return;
      return windows_->tell(ui_, EASEL_WARNING, word("Message.Rests"), message.c_str());
    }
    windows_->tell(ui_, EASEL_ERROR, word("Message.Failed"), message.c_str());
  } else if (kind == "placed") {
    const std::string name = value_of(values, "name");
    const std::string note = value_of(values, "note");
    const std::string text = std::string(word("Notice.Placed")) + " " + name + " (" + value_of(values, "width") +
                             " × " + value_of(values, "height") + ")" + (note.empty() ? "" : "\n" + note);
    notices_[key] += (notices_[key].empty() ? "" : "\n") + text;
  } else if (kind == "done") {
    std::string text = std::exchange(notices_[key], {});
    notices_.erase(key);
    if (text.empty()) text = value_of(values, "text");
    windows_->finished(ui_, key, text.c_str());
  }
}

// What became of a sign-in is read by someone who comes back from the browser, so it stays until it is closed. False:
// this is not the end of one, or nothing is to be said.
bool ObsHost::show_end_of_account_job(const Job& job, const std::string& kind, const Values& values) {
  if (job.action != "sign-in" && job.action != "sign-out" && job.action != "status") return false;
  if (kind != "done" && kind != "failed") return false;
  const std::string cause = value_of(values, "cause");
  const std::string text = value_of(values, kind == "done" ? "text" : "message");
  if (cause == "cancelled" || text.empty()) return false;
  std::string title = label_of(job.action);
  if (title.ends_with("…")) title.resize(title.size() - std::string_view("…").size());
  // That nobody is signed in, or that the person said no, is no fault.
  const bool fault = kind == "failed" && cause != "not_signed_in";
  windows_->tell(ui_, fault ? EASEL_ERROR : EASEL_INFO, title.c_str(), text.c_str());
  return true;
}

// ---- questions ----

easel_status ObsHost::ask(std::uint64_t request, const char* title, const char* accept, const easel_field* fields,
                          size_t count) {
  const bool fresh = std::find(forms_.begin(), forms_.end(), request) == forms_.end();
  const bool for_a_picture = std::any_of(
      fields, fields + count, [](const easel_field& field) { return std::string_view(field.key) == "generation"; });
  const easel_qt_option option{kVisible, word("Form.Visible"), word("Form.Visible.Help"),
                               preferences_.visible_at_once && !is_live()};
  const easel_status status =
      windows_->ask(ui_, request, title, accept, fields, count, for_a_picture ? &option : nullptr);
  if (status >= 0 && fresh) forms_.push_back(request);
  for (const auto& [key, job] : jobs_) {
    if (job.asks) windows_->finished(ui_, key, nullptr);
  }
  return status;
}

void ObsHost::answered(std::uint64_t request, bool accepted, const easel_pair* pairs, size_t count) {
  std::erase(forms_, request);
  windows_->dismiss(ui_, request);
  const auto clicked = targets_.find(clicked_target_);
  Target* const target = clicked == targets_.end() ? nullptr : &clicked->second;
  LastValues filled_in;
  std::vector<easel_pair> answers;
  for (size_t i = 0; i < count; ++i) {
    const std::string_view key = pairs[i].key;
    if (key != kVisible) {
      answers.push_back(pairs[i]);
      const bool kept = std::any_of(std::begin(kRememberedKeys), std::end(kRememberedKeys),
                                    [&](const char* remembered) { return key == remembered; });
      if (kept && *pairs[i].value) filled_in[std::string(key)] = pairs[i].value;
      continue;
    }
    const bool visible = std::string_view(pairs[i].value) == "yes";
    if (target) target->visible = visible;
    // While OBS is live the box was not ticked by the person, and says nothing about other days.
    if (is_live()) continue;
    Preferences now = preferences_;
    now.visible_at_once = visible;
    remember(now);
  }
  if (target && !filled_in.empty()) target->filled_in = std::move(filled_in);
  {
    const Busy busy(*this);
    plugin_->answer(plugin_, request, accepted ? 1 : 0, answers.data(), answers.size());
  }
  attend();
}

}  // namespace inset_obs
