// SPDX-License-Identifier: GPL-2.0-or-later
// What was asked for last, kept by GIMP until it ends: for the run mode "with last values", and to begin a form with.
#pragma once

#include <optional>
#include <string>

#include "gimp/session.h"

namespace easel::gimp {

// The parameters of the plugin's action "insert" that GIMP's procedures take.
struct Request {
  std::string generation;
  std::string index;
  std::string size;
  std::string product_id;
  std::string project_code;
  std::string notes;

  // For invoke(); what is empty is left out.
  Parameters all() const;
  // Only what names the picture: the rest, and the button that may cost money, are left to the form.
  Parameters picture() const;

  // Takes over what the person filled in.
  void set(const std::string& key, const std::string& value);
};

std::string packed(const Request& request);
std::optional<Request> unpacked(const std::string& bytes);

}  // namespace easel::gimp
