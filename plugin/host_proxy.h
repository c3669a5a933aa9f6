// SPDX-License-Identifier: GPL-2.0-or-later
// The host as the plugin sees it: which abilities are there, asked once. Main thread, but for wake().
#pragma once

#include <easel/easel.h>

namespace inset {

class HostProxy {
 public:
  explicit HostProxy(const easel_host& host)
      : host_(&host),
        canvas_(find<easel_canvas>(EASEL_CANVAS)),
        report_(find<easel_report>(EASEL_REPORT)),
        form_(find<easel_form>(EASEL_FORM)) {}

  // Without a canvas there is nothing that the plugin could do.
  bool usable() const { return canvas_ && canvas_->place && host_->log; }
  bool can_ask() const { return form_ && form_->ask && form_->dismiss; }
  bool can_open() const { return canvas_->opened != nullptr; }

  const char* name() const { return host_->name ? host_->name : ""; }
  const char* release() const { return host_->release ? host_->release : ""; }
  const char* data_dir() const { return host_->data_dir ? host_->data_dir : ""; }

  easel_status place(uint64_t target, const easel_image& image, const easel_asset& asset) const {
    return canvas_->place(host_, target, &image, &asset);
  }
  easel_status opened(uint64_t request, easel_status status, const easel_image* image) const {
    return canvas_->opened(host_, request, status, image);
  }
  void event(int64_t job, const char* kind, const easel_pair* pairs, size_t count) const {
    if (report_ && report_->event) report_->event(host_, job, kind, pairs, count);
  }
  easel_status ask(uint64_t request, const char* title, const char* accept, const easel_field* fields,
                   size_t count) const {
    return form_->ask(host_, request, title, accept, fields, count);
  }
  void dismiss(uint64_t request) const { form_->dismiss(host_, request); }
  void log(int32_t level, const char* text) const { host_->log(host_, level, text); }

  // Any thread.
  void wake() const {
    if (host_->wake) host_->wake(host_);
  }

 private:
  template <class Interface>
  const Interface* find(const char* id) const {
    return host_->get ? static_cast<const Interface*>(host_->get(host_, id)) : nullptr;
  }

  const easel_host* host_;
  const easel_canvas* canvas_;
  const easel_report* report_;
  const easel_form* form_;
};

}  // namespace inset
