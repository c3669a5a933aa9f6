// SPDX-License-Identifier: GPL-2.0-or-later
// The source type "Generated Image": a picture, where its original lies, and what is known about it. All of that is in
// the source's settings, so a scene collection brings it back; nothing there is secret.
#pragma once

#include <easel/easel.h>
#include <obs.hpp>

#include <memory>
#include <string>

#include "picture.h"

namespace inset_obs {

inline constexpr char kPictureSourceId[] = "inset_picture";

// False if libobs has refused it; it then says why in the log only.
bool register_picture_source();

// A new source for this picture, with all its facts; it has no pixels yet. Null if libobs has refused. [UI]
OBSSourceAutoRelease make_picture_source(const easel_asset& asset, std::uint32_t width, std::uint32_t height);

// Where the pixels of such a source go. Null if it is no source of ours.
std::shared_ptr<Picture> picture_of(obs_source_t* source);

}  // namespace inset_obs
