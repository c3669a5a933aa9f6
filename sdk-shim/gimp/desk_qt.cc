// SPDX-License-Identifier: GPL-2.0-or-later
// Qt and GLib share one main loop: on Linux Qt's event dispatcher is a set of sources in GLib's default main context,
// which the session turns. Where a Qt was built without that, a timeout of GLib's lets Qt work off its events.
#include "gimp/desk.h"

#include <glib.h>
#include <libgimp/gimp.h>

#include <QAbstractEventDispatcher>
#include <QApplication>
#include <QWindow>
#include <algorithm>
#include <cstring>
#include <vector>

#include "easel_qt.h"

namespace easel::gimp {
namespace {

// The window of ours whose line shows the progress; this process runs one job.
constexpr int64_t kJob = 1;

constexpr guint kEventPeriod = 20;  // milliseconds

constexpr easel_choice kPlacements[] = {{"fit", "Inside the image", nullptr},
                                        {"as-is", "In its own size", nullptr},
                                        {"fill", "Covering the image", nullptr},
                                        {"selection", "Inside the selection", nullptr}};

// The window that shows our progress, as a number of X; 0 for none. In 3.0 it is no plain number any more.
WId window_of_gimp() {
#if GIMP_MAJOR_VERSION < 3
  return static_cast<WId>(gimp_progress_get_window_handle());
#else
  return 0;
#endif
}

gboolean work_off_events(gpointer) {
  QCoreApplication::processEvents();
  return G_SOURCE_CONTINUE;
}

class QtDesk : public Desk {
 public:
  explicit QtDesk(bool asks_placement) : asks_placement_(asks_placement), application_(argument_count_, arguments_) {
    QApplication::setApplicationDisplayName("Inset");
    QApplication::setQuitOnLastWindowClosed(false);
    if (!QAbstractEventDispatcher::instance()->inherits("QEventDispatcherGlib")) {
      timer_ = g_timeout_add(kEventPeriod, work_off_events, nullptr);
    }
    listener_.data = this;
    listener_.answered = [](void* data, uint64_t request, int32_t accepted, const easel_pair* pairs, size_t count) {
      static_cast<QtDesk*>(data)->answered(request, accepted, pairs, count);
    };
    listener_.changed = [](void* data, uint64_t request, const char* key, const char* value) {
      const QtDesk* self = static_cast<QtDesk*>(data);
      if (std::strcmp(key, kPlacementKey) != 0) self->plugin_->changed(self->plugin_, request, key, value);
    };
    listener_.cancelled = [](void* data, int64_t) {
      const QtDesk* self = static_cast<QtDesk*>(data);
      self->plugin_->cancel(self->plugin_, 0);
    };
    ui_ = easel_qt_v1.create(nullptr, &listener_);
  }

  ~QtDesk() override {
    close();
    if (timer_ != 0) g_source_remove(timer_);
  }

  void open(easel_plugin* plugin) override { plugin_ = plugin; }

  void close() override {
    if (ui_ != nullptr) easel_qt_v1.destroy(ui_);
    ui_ = nullptr;
  }

  void on_accept(Accept accept) override { accept_ = std::move(accept); }

  easel_status ask(uint64_t request, const char* title, const char* accept, const easel_field* fields,
                   size_t count) override {
    if (ui_ == nullptr) return EASEL_FAILED;
    std::vector<easel_field> all(fields, fields + count);
    add_placement(all);
    const easel_status status = easel_qt_v1.ask(ui_, request, title, accept, all.data(), all.size(), nullptr);
    keep_above_gimp();
    return status;
  }

  void dismiss(uint64_t request) override {
    if (ui_ != nullptr) easel_qt_v1.dismiss(ui_, request);
  }

  void progress(const std::string& text, double fraction) override {
    if (ui_ == nullptr) return;
    easel_qt_v1.progress(ui_, kJob, text.c_str(), fraction);
    keep_above_gimp();
  }

 private:
  // Behind the sizes, once they are there: before that the person is still choosing the picture.
  void add_placement(std::vector<easel_field>& fields) const {
    const auto size = std::find_if(fields.begin(), fields.end(),
                                   [](const easel_field& field) { return std::strcmp(field.key, "size") == 0; });
    if (!asks_placement_ || size == fields.end()) return;
    easel_field placement{};
    placement.key = kPlacementKey;
    placement.label = "Placement";
    placement.help = "Nothing is cut off: what hangs over the edge stays in the layer.";
    placement.initial = "fit";
    placement.choices = kPlacements;
    placement.choice_count = std::size(kPlacements);
    placement.kind = EASEL_CHOICE;
    fields.insert(size + 1, placement);
  }

  void answered(uint64_t request, int32_t accepted, const easel_pair* pairs, size_t count) const {
    std::vector<easel_pair> own;
    for (size_t i = 0; i < count; ++i) {
      if (accepted != 0 && accept_) accept_(pairs[i].key, pairs[i].value != nullptr ? pairs[i].value : "");
      if (std::strcmp(pairs[i].key, kPlacementKey) != 0) own.push_back(pairs[i]);
    }
    plugin_->answer(plugin_, request, accepted, own.data(), own.size());
  }

  // GIMP's window is another program's; the window manager is told that ours belong to it.
  static void keep_above_gimp() {
    const WId id = window_of_gimp();
    for (QWindow* window : QGuiApplication::topLevelWindows()) {
      if (id == 0 || !window->isVisible() || window->type() == Qt::ForeignWindow ||
          window->transientParent() != nullptr)
        continue;
      window->setTransientParent(QWindow::fromWinId(id));
    }
  }

  // QApplication keeps both as long as it lives.
  int argument_count_ = 1;
  char name_[6] = "inset";
  char* arguments_[2] = {name_, nullptr};

  bool asks_placement_;
  QApplication application_;
  guint timer_ = 0;
  easel_qt_listener listener_{};
  easel_qt_ui* ui_ = nullptr;
  easel_plugin* plugin_ = nullptr;
  Accept accept_;
};

}  // namespace

std::unique_ptr<Desk> make_desk(bool asks_placement) { return std::make_unique<QtDesk>(asks_placement); }

}  // namespace easel::gimp
