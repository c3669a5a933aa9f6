// SPDX-License-Identifier: GPL-2.0-or-later
#include "picture.h"

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "log.h"

namespace inset_obs {
namespace {

// Gives pixels back on OBS' own thread for such work: unmapping a large picture takes longer than a frame may.
void release_elsewhere(easel_image image) {
  obs_queue_task(
      OBS_TASK_DESTROY,
      [](void* data) {
        const std::unique_ptr<easel_image> taken(static_cast<easel_image*>(data));
        taken->release(taken.get());
      },
      new easel_image(image), false);
}

double thread_milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

}  // namespace

Picture::~Picture() {
  // Only what was never shown can be left: close() has taken care of the rest.
  if (brought_) brought_->release(&*brought_);
}

void Picture::bring(const easel_image& image) {
  std::optional<easel_image> dropped;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) {
      dropped = image;
    } else {
      dropped = std::exchange(brought_, image);
      state_ = State::uploading;
      width_ = image.width;
      height_ = image.height;
    }
  }
  if (dropped) release_elsewhere(*dropped);
}

void Picture::give_up(State why) { set_state(why); }

void Picture::set_state(State state) {
  const std::lock_guard lock(mutex_);
  state_ = state;
}

Picture::State Picture::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::uint32_t Picture::width() const {
  const std::lock_guard lock(mutex_);
  return width_;
}

std::uint32_t Picture::height() const {
  const std::lock_guard lock(mutex_);
  return height_;
}

void Picture::start(const easel_image& image) {
  stop_upload();
  image_ = image;
  next_ = std::make_unique<BandedTexture>(image);
  steps_.clear();
}

void Picture::stop_upload() {
  if (next_) old_.push_back(std::move(next_));
  if (image_) release_elsewhere(*std::exchange(image_, {}));
}

void Picture::tick() {
  std::optional<easel_image> brought;
  {
    const std::lock_guard lock(mutex_);
    brought = std::exchange(brought_, {});
  }
  if (brought) start(*brought);
  if (!next_ && old_.empty()) return;

  const double began = thread_milliseconds();
  obs_enter_graphics();
  if (!old_.empty()) {
    if (!old_.back()->drop_some()) old_.pop_back();
  } else if (!next_->upload_band(*image_)) {
    stop_upload();
    set_state(State::refused);
    say(LOG_ERROR, "The graphics card does not take the picture.");
  }
  obs_leave_graphics();
  if (!next_) return;
  steps_.push_back(thread_milliseconds() - began);
  if (!next_->whole()) return;

  std::sort(steps_.begin(), steps_.end());
  char text[200];
  std::snprintf(text, sizeof text,
                "shown: %u x %u in %u bands, processor time of a step: median %.2f ms, 99 of 100 below %.2f ms, "
                "longest %.2f ms",
                image_->width, image_->height, next_->bands(), steps_[steps_.size() / 2],
                steps_[(steps_.size() - 1) * 99 / 100], steps_.back());
  say(LOG_INFO, text);
  if (shown_) old_.push_back(std::move(shown_));
  shown_ = std::move(next_);
  stop_upload();
  const std::lock_guard lock(mutex_);
  if (!brought_) state_ = State::shown;
}

void Picture::draw() const {
  if (shown_) shown_->draw();
}

void Picture::close() {
  std::optional<easel_image> brought;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    brought = std::exchange(brought_, {});
  }
  if (brought) brought->release(&*brought);
  if (shown_) old_.push_back(std::move(shown_));
  if (next_) old_.push_back(std::move(next_));
  if (image_) image_->release(&*image_);
  image_.reset();
  // In pieces, so that frames come in between.
  while (!old_.empty()) {
    obs_enter_graphics();
    if (!old_.back()->drop_some()) old_.pop_back();
    obs_leave_graphics();
  }
}

}  // namespace inset_obs
