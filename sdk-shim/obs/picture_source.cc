// SPDX-License-Identifier: GPL-2.0-or-later
#include "picture_source.h"

#include <util/platform.h>

#include <filesystem>
#include <mutex>

#include "log.h"
#include "obs_host.h"
#include "ui_thread.h"

namespace inset_obs {
namespace {

namespace fs = std::filesystem;

// Facts in the order in which people want to read them, with the key of their label.
constexpr struct {
  const char* key;
  const char* label;
} kShownFacts[] = {
    {"asset_id", "Fact.AssetId"},
    {"generation", "Fact.Generation"},
    {"index", "Fact.Index"},
    {"size", "Fact.Size"},
    {"licensed_at", "Fact.LicensedAt"},
    {"credit", "Fact.Credit"},
    {"source_type", "Fact.SourceType"},
    {"sha256", "Fact.Sha256"},
    {"note", "Fact.Note"},
};

class PictureSource {
 public:
  PictureSource(obs_data_t* settings, obs_source_t* source) : source_(source) { update(settings); }

  ~PictureSource() { picture_->close(); }

  // Any thread: OBS makes sources on several, and updates those with video on the graphics thread.
  void update(obs_data_t* settings) {
    const std::string path = obs_data_get_string(settings, "path");
    if (path.empty() && !this->path().empty()) return put_back_settings();
    {
      const std::lock_guard lock(mutex_);
      kept_ = obs_data_create();
      obs_data_apply(kept_, settings);
      width_ = static_cast<std::uint32_t>(obs_data_get_int(settings, "width"));
      height_ = static_cast<std::uint32_t>(obs_data_get_int(settings, "height"));
      if (path == path_) return;
      path_ = path;
    }
    read(path);
  }

  void read(const std::string& path) {
    if (path.empty()) return;
    picture_->expect();
    post_to_ui([waiting = std::weak_ptr(picture_), path](ObsHost* host) {
      const auto picture = waiting.lock();
      // A new picture brings its pixels along; then there is nothing to be read.
      if (host && picture && picture->state() == Picture::State::reading) host->open(path, picture);
    });
  }

  const std::shared_ptr<Picture>& picture() const { return picture_; }

  // [graphics]
  void tick() {
    picture_->tick();
    if (const Picture::State now = picture_->state(); now != told_) {
      told_ = now;
      obs_source_update_properties(source_);  // an open window of them says how far it is
    }
  }

  std::uint32_t width() const {
    const std::uint32_t known = picture_->width();
    const std::lock_guard lock(mutex_);
    return known ? known : width_;
  }
  std::uint32_t height() const {
    const std::uint32_t known = picture_->height();
    const std::lock_guard lock(mutex_);
    return known ? known : height_;
  }
  std::string path() const {
    const std::lock_guard lock(mutex_);
    return path_;
  }

  obs_missing_files_t* missing_files();
  obs_properties_t* properties();

 private:
  void put_back_settings();
  static void replaced(void*, const char* path, void* data);
  static bool another_size(obs_properties_t*, obs_property_t*, void* data);
  static bool show_original(obs_properties_t*, obs_property_t*, void* data);

  obs_source_t* source_;
  const std::shared_ptr<Picture> picture_ = std::make_shared<Picture>();
  Picture::State told_ = Picture::State::empty;  // [graphics]
  mutable std::mutex mutex_;                     // guards these
  OBSDataAutoRelease kept_;                      // the settings that belong to the picture
  std::string path_;
  std::uint32_t width_ = 0;
  std::uint32_t height_ = 0;
};

// "Defaults" in the properties takes all settings away, and what they say is nowhere else. They are put back, on the
// thread on which OBS changes them.
void PictureSource::put_back_settings() {
  const OBSDataAutoRelease kept = obs_data_create();
  {
    const std::lock_guard lock(mutex_);
    obs_data_apply(kept, kept_);
  }
  post_to_ui([source = OBSGetWeakRef(source_), kept = OBSData(kept.Get())](ObsHost*) {
    const OBSSourceAutoRelease alive = obs_weak_source_get_source(source);
    if (!alive) return;
    obs_source_update(alive, kept);
    obs_source_update_properties(alive);
  });
}

// ---- missing files ----

obs_missing_files_t* PictureSource::missing_files() {
  obs_missing_files_t* files = obs_missing_files_create();
  const std::string file = path();
  const Picture::State state = picture_->state();
  const bool bad = state == Picture::State::missing || state == Picture::State::damaged;
  if (!file.empty() && state != Picture::State::foreign && (bad || !os_file_exists(file.c_str()))) {
    obs_missing_files_add_file(files,
                               obs_missing_file_create(file.c_str(), replaced, OBS_MISSING_FILE_SOURCE, source_, this));
  }
  return files;
}

// Puts the file that the person has found back to where it belongs: the plugin reads nothing but its own folder. What
// lies there is kept under another name. Not on the UI thread.
bool put_back(const fs::path& found, const fs::path& home) {
  std::error_code error;
  if (fs::equivalent(found, home, error)) return true;
  fs::create_directories(home.parent_path(), error);
  const fs::path part = home.string() + ".part";
  if (!fs::copy_file(found, part, fs::copy_options::overwrite_existing, error)) return false;
  if (fs::exists(home, error)) fs::rename(home, home.string() + ".damaged", error);
  fs::rename(part, home, error);
  return !error;
}

void PictureSource::replaced(void*, const char* path, void* data) {
  auto& self = *static_cast<PictureSource*>(data);
  if (!path || !*path) return;
  struct Errand {
    std::string found, home;
    std::shared_ptr<Picture> picture;
  };
  post_to_ui([errand = Errand{path, self.path(), self.picture_}](ObsHost* host) {
    if (!host) return;
    // A scene collection of somebody else may name any file.
    if (!host->keeps(errand.home)) return host->complain(word("Source.Foreign"));
    errand.picture->expect();
    // libobs has a thread for work that must hold up nobody.
    obs_queue_task(
        OBS_TASK_DESTROY,
        [](void* what) {
          const std::unique_ptr<Errand> taken(static_cast<Errand*>(what));
          const bool there = put_back(taken->found, taken->home);
          post_to_ui([there, home = taken->home, picture = taken->picture](ObsHost* host_then) {
            if (host_then && there) return host_then->open(home, picture);
            picture->give_up(Picture::State::missing);
            if (host_then) host_then->complain(word("Source.NotPutBack") + std::string(" ") + home);
          });
        },
        new Errand(errand), false);
  });
}

// ---- properties ----

bool PictureSource::another_size(obs_properties_t*, obs_property_t*, void* data) {
  auto& self = *static_cast<PictureSource*>(data);
  const OBSDataAutoRelease settings = obs_source_get_settings(self.source_);
  const OBSDataAutoRelease facts = obs_data_get_obj(settings, "facts");
  Values values{{"generation", obs_data_get_string(facts, "generation")},
                {"index", obs_data_get_string(facts, "index")}};
  post_to_ui([values = std::move(values)](ObsHost* host) {
    if (host) host->at_click("insert", values);
  });
  return false;
}

bool PictureSource::show_original(obs_properties_t*, obs_property_t*, void* data) {
  post_to_ui([path = static_cast<PictureSource*>(data)->path()](ObsHost* host) {
    if (host) host->show_file(path);
  });
  return false;
}

obs_properties_t* PictureSource::properties() {
  obs_properties_t* page = obs_properties_create();
  const auto line = [&](const char* name, const std::string& text, obs_text_info_type type = OBS_TEXT_INFO_NORMAL) {
    obs_property_t* info = obs_properties_add_text(page, name, text.c_str(), OBS_TEXT_INFO);
    obs_property_text_set_info_type(info, type);
    obs_property_text_set_info_word_wrap(info, true);
  };
  const std::string file = path();
  if (file.empty()) {
    line("info_empty", word("Source.Empty"));
    return page;
  }
  switch (picture_->state()) {
    case Picture::State::missing: line("info_state", word("Source.Missing"), OBS_TEXT_INFO_ERROR); break;
    case Picture::State::damaged: line("info_state", word("Source.Damaged"), OBS_TEXT_INFO_ERROR); break;
    case Picture::State::foreign: line("info_state", word("Source.Foreign"), OBS_TEXT_INFO_ERROR); break;
    case Picture::State::refused: line("info_state", word("Source.Refused"), OBS_TEXT_INFO_ERROR); break;
    case Picture::State::reading:
    case Picture::State::uploading: line("info_state", word("Source.Loading")); break;
    case Picture::State::empty:
    case Picture::State::shown: break;
  }
  const OBSDataAutoRelease settings = obs_source_get_settings(source_);
  const OBSDataAutoRelease facts = obs_data_get_obj(settings, "facts");
  line("info_pixels",
       std::string(word("Fact.Pixels")) + ": " + std::to_string(width()) + " × " + std::to_string(height()));
  for (const auto& fact : kShownFacts) {
    const std::string value = obs_data_get_string(facts, fact.key);
    if (!value.empty()) line((std::string("info_") + fact.key).c_str(), std::string(word(fact.label)) + ": " + value);
  }
  line("info_path", std::string(word("Fact.Original")) + ": " + file);
  obs_properties_add_button2(page, "another_size", word("Source.AnotherSize"), another_size, this);
  obs_properties_add_button2(page, "show_original", word("Source.ShowOriginal"), show_original, this);
  return page;
}

// ---- the table for libobs ----

PictureSource& of(void* data) { return *static_cast<PictureSource*>(data); }

}  // namespace

bool register_picture_source() {
  obs_source_info info{};
  info.id = kPictureSourceId;
  info.type = OBS_SOURCE_TYPE_INPUT;
  // It draws several textures, so filters must not draw it with an effect made for one. It is not in the "+" menu: an
  // empty one would be of no use, and pictures come by the Tools menu.
  info.output_flags = OBS_SOURCE_VIDEO | OBS_SOURCE_CUSTOM_DRAW | OBS_SOURCE_SRGB | OBS_SOURCE_CAP_DISABLED;
  info.icon_type = OBS_ICON_TYPE_IMAGE;
  info.get_name = [](void*) { return word("Source.Name"); };
  info.create = [](obs_data_t* settings, obs_source_t* source) -> void* { return new PictureSource(settings, source); };
  info.destroy = [](void* data) { delete &of(data); };
  info.update = [](void* data, obs_data_t* settings) { of(data).update(settings); };
  info.get_width = [](void* data) { return of(data).width(); };
  info.get_height = [](void* data) { return of(data).height(); };
  info.get_properties = [](void* data) { return of(data).properties(); };
  info.missing_files = [](void* data) { return of(data).missing_files(); };
  info.video_tick = [](void* data, float) { of(data).tick(); };
  info.video_render = [](void* data, gs_effect_t*) { of(data).picture()->draw(); };
  obs_register_source(&info);
  return obs_source_get_display_name(kPictureSourceId) != nullptr;
}

OBSSourceAutoRelease make_picture_source(const easel_asset& asset, std::uint32_t width, std::uint32_t height) {
  const OBSDataAutoRelease settings = obs_data_create();
  obs_data_set_string(settings, "path", asset.path ? asset.path : "");
  obs_data_set_string(settings, "mime", asset.mime ? asset.mime : "");
  obs_data_set_int(settings, "width", width);
  obs_data_set_int(settings, "height", height);
  const OBSDataAutoRelease facts = obs_data_create();
  for (std::size_t i = 0; i < asset.fact_count; ++i) {
    if (asset.facts[i].value) obs_data_set_string(facts, asset.facts[i].key, asset.facts[i].value);
  }
  obs_data_set_obj(settings, "facts", facts);

  // Names of sources are unique in OBS' user interface, though libobs does not ask for it.
  const std::string wanted = asset.name && *asset.name ? asset.name : word("Source.Name");
  std::string name = wanted;
  for (int n = 2; OBSSourceAutoRelease(obs_get_source_by_name(name.c_str())); ++n)
    name = wanted + " " + std::to_string(n);
  return OBSSourceAutoRelease(obs_source_create(kPictureSourceId, name.c_str(), settings, nullptr));
}

std::shared_ptr<Picture> picture_of(obs_source_t* source) {
  const char* id = obs_source_get_unversioned_id(source);
  if (!id || std::string_view(id) != kPictureSourceId) return nullptr;
  void* data = obs_obj_get_data(source);
  return data ? of(data).picture() : nullptr;
}

}  // namespace inset_obs
