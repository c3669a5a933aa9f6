// SPDX-License-Identifier: GPL-2.0-or-later
// Windows of the plug-in's own process: the forms, and a progress window for the entries that work without an image,
// where GIMP 2.10 shows no progress. They exist in interactive runs alone: a script needs no display.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "easel/easel.h"

namespace easel::gimp {

// The one field of the form that is this host's own; the plugin never sees it.
inline constexpr const char* kPlacementKey = "gimp-placement";

// Main thread.
class Desk {
 public:
  using Accept = std::function<void(const std::string& key, const std::string& value)>;

  virtual ~Desk() = default;
  virtual void open(easel_plugin* plugin) = 0;  // before the first ask()
  virtual easel_status ask(uint64_t request, const char* title, const char* accept, const easel_field* fields,
                           size_t count) = 0;
  virtual void dismiss(uint64_t request) = 0;
  virtual void on_accept(Accept accept) = 0;  // called for each value of a form that is accepted
  virtual void progress(const std::string& text, double fraction) = 0;
  virtual void tell(int32_t level, const std::string& title, const std::string& text) = 0;  // returns when it was read
  virtual void close() = 0;  // before the plugin is destroyed
};

// A layer's form also asks where in the image the picture goes. `account` is for signing in and out.
enum class Purpose { image, layer, account };

// Null in a build without Qt.
std::unique_ptr<Desk> make_desk(Purpose purpose);

}  // namespace easel::gimp
