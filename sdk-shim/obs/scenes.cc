// SPDX-License-Identifier: GPL-2.0-or-later
#include "scenes.h"

#include <obs-frontend-api.h>

namespace inset_obs {

OBSSourceAutoRelease current_scene(bool has_frontend) {
  if (has_frontend) {
    if (obs_frontend_preview_program_mode_active()) {
      if (obs_source_t* preview = obs_frontend_get_current_preview_scene()) return OBSSourceAutoRelease(preview);
    }
    return OBSSourceAutoRelease(obs_frontend_get_current_scene());
  }
  OBSSourceAutoRelease shown = obs_get_output_source(0);
  if (shown && obs_source_get_type(shown) == OBS_SOURCE_TYPE_TRANSITION)
    shown = obs_transition_get_active_source(shown);
  return shown && obs_scene_from_source(shown) ? std::move(shown) : OBSSourceAutoRelease();
}

bool put_into_scene(obs_source_t* scene, obs_source_t* source, bool visible) {
  struct Work {
    obs_source_t* source;
    bool visible;
    bool done;
  } work{source, visible, false};
  // At once, so that no frame shows it unfitted.
  obs_scene_atomic_update(
      obs_scene_from_source(scene),
      [](void* data, obs_scene_t* where) {
        auto& what = *static_cast<Work*>(data);
        obs_sceneitem_t* item = obs_scene_add(where, what.source);
        if (!item) return;
        obs_video_info video{};
        if (obs_get_video_info(&video)) {
          vec2 canvas{};
          vec2_set(&canvas, static_cast<float>(video.base_width), static_cast<float>(video.base_height));
          obs_sceneitem_set_bounds_type(item, OBS_BOUNDS_SCALE_INNER);
          obs_sceneitem_set_bounds_alignment(item, OBS_ALIGN_CENTER);
          obs_sceneitem_set_bounds(item, &canvas);
        }
        obs_sceneitem_set_visible(item, what.visible);
        what.done = true;
      },
      &work);
  return work.done;
}

}  // namespace inset_obs
