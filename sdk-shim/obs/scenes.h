// SPDX-License-Identifier: GPL-2.0-or-later
// Which scene the person means, and how a picture comes into it. [UI]
#pragma once

#include <obs.hpp>

namespace inset_obs {

// The scene that the person sees as the one to work on: in studio mode the preview. Without OBS' own window the scene
// on libobs' first output. Null if there is none.
OBSSourceAutoRelease current_scene(bool has_frontend);

// Puts the source into the scene, fitted into the canvas and centred. False if the scene does not take it.
bool put_into_scene(obs_source_t* scene, obs_source_t* source, bool visible);

}  // namespace inset_obs
