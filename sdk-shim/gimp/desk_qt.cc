// SPDX-License-Identifier: GPL-2.0-or-later
// Qt and GLib share one main loop: on Linux Qt's event dispatcher is a set of sources in GLib's default main context,
// which the session turns. Where a Qt was built without that, a timeout of GLib's lets Qt work off its events.
#include "gimp/desk.h"

#include <glib.h>
#include <libgimp/gimp.h>

#include <QAbstractEventDispatcher>
#include <QApplication>
#include <QWidget>
#include <QWindow>
#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "easel_qt.h"

namespace easel::gimp {
namespace {

// The window of ours whose line shows the progress; this process runs one job.
constexpr int64_t kJob = 1;

constexpr guint kEventPeriod = 20;  // milliseconds

// What is over sooner needs no progress window: one that flashes says nothing. A person who pressed a button sees it at
// once.
constexpr guint kPatience = 1000;  // milliseconds

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
  explicit QtDesk(Purpose purpose) : purpose_(purpose), application_(argument_count_, arguments_) {
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
    listener_.text = [](void* data, const char* key) -> const char* {
      const bool account = static_cast<QtDesk*>(data)->purpose_ == Purpose::account;
      return account && std::strcmp(key, "Progress.Title") == 0 ? "Getty Images" : nullptr;
    };
    ui_ = easel_qt_v1.create(nullptr, &listener_);
    patience_ = g_timeout_add(
        kPatience,
        [](gpointer self) -> gboolean {
          static_cast<QtDesk*>(self)->patience_ = 0;
          static_cast<QtDesk*>(self)->show_progress();
          return G_SOURCE_REMOVE;
        },
        this);
  }

  ~QtDesk() override {
    close();
    for (const guint source : {timer_, patience_}) {
      if (source != 0) g_source_remove(source);
    }
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
    easel_qt_v1.finished(ui_, kJob, nullptr);
    form_ = request;
    std::vector<easel_field> all(fields, fields + count);
    add_placement(all);
    std::vector<easel_choice> lasting;
    if (purpose_ == Purpose::account) leave_out_memory(all, lasting);
    const easel_status status = easel_qt_v1.ask(ui_, request, title, accept, all.data(), all.size(), nullptr);
    keep_above_gimp();
    return status;
  }

  void dismiss(uint64_t request) override {
    if (request == form_) form_ = 0;
    if (ui_ != nullptr) easel_qt_v1.dismiss(ui_, request);
  }

  // Not GIMP's own message: that may come as a line below the canvas, which is easily missed.
  void tell(int32_t level, const std::string& title, const std::string& text) override {
    if (ui_ == nullptr) return;
    progress_text_.clear();
    easel_qt_v1.finished(ui_, kJob, nullptr);
    easel_qt_v1.tell(ui_, level, title.c_str(), text.c_str());
    keep_above_gimp();
    const auto is_message = [](const QWidget* window) {
      return window->isVisible() && window->objectName() == "inset-message";
    };
    const auto is_shown = [&] {
      const QWidgetList windows = QApplication::topLevelWidgets();
      return std::any_of(windows.begin(), windows.end(), is_message);
    };
    while (is_shown()) g_main_context_iteration(nullptr, TRUE);
  }

  void progress(const std::string& text, double fraction) override {
    progress_text_ = text;
    progress_ = fraction;
    show_progress();
  }

 private:
  // Never beside a form: while a person is asked nothing goes on.
  void show_progress() {
    if (ui_ == nullptr || form_ != 0 || patience_ != 0 || progress_text_.empty()) return;
    easel_qt_v1.progress(ui_, kJob, progress_text_.c_str(), progress_);
    keep_above_gimp();
  }

  // Behind the sizes, once they are there: before that the person is still choosing the picture.
  void add_placement(std::vector<easel_field>& fields) const {
    const auto size = std::find_if(fields.begin(), fields.end(),
                                   [](const easel_field& field) { return std::strcmp(field.key, "size") == 0; });
    if (purpose_ != Purpose::layer || size == fields.end()) return;
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

  // A sign-in that lasts as long as this process would be over before it was used.
  static void leave_out_memory(std::vector<easel_field>& fields, std::vector<easel_choice>& lasting) {
    constexpr const char* kMemory = "session";
    for (easel_field& field : fields) {
      if (std::strcmp(field.key, "keep") != 0) continue;
      std::copy_if(field.choices, field.choices + field.choice_count, std::back_inserter(lasting),
                   [](const easel_choice& choice) { return std::strcmp(choice.value, kMemory) != 0; });
      field.choices = lasting.data();
      field.choice_count = lasting.size();
      if (field.initial != nullptr && std::strcmp(field.initial, kMemory) == 0) field.initial = nullptr;
      field.flags |= EASEL_REQUIRED;
    }
  }

  void answered(uint64_t request, int32_t accepted, const easel_pair* pairs, size_t count) {
    form_ = 0;
    progress_text_.clear();
    if (patience_ != 0) g_source_remove(std::exchange(patience_, 0));
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

  Purpose purpose_;
  uint64_t form_ = 0;  // the one that is open
  guint patience_ = 0;
  std::string progress_text_;
  double progress_ = -1;
  QApplication application_;
  guint timer_ = 0;
  easel_qt_listener listener_{};
  easel_qt_ui* ui_ = nullptr;
  easel_plugin* plugin_ = nullptr;
  Accept accept_;
};

}  // namespace

std::unique_ptr<Desk> make_desk(Purpose purpose) { return std::make_unique<QtDesk>(purpose); }

}  // namespace easel::gimp
