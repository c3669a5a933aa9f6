// SPDX-License-Identifier: GPL-2.0-or-later
// The data folder: where everything lies, and how a file gets there so that a crash leaves either the old state or the
// new.
//
//   jobs/<job>.jsonl        the journal
//   jobs/<job>.link         the signed link to the file, only while the file is not yet saved
//   jobs/<job>.part         what has come of the file so far
//   jobs/<picture>.lock     held by whoever works on that picture; never deleted
//   originals/<job>.jpg     the file as it was downloaded; kept until the person deletes it
//   kept-aside/<job>-<n>    a file that could not be used, for support
//
// Folders are 0700, files 0600. No text of the service becomes part of a path. All calls may wait for the disk: they
// are for the worker thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "error.h"
#include "fd.h"

namespace inset {

// Fails as `stage`, with disk_full for ENOSPC, EDQUOT and EFBIG, else with `cause`.
Error disk_error(Stage stage, Cause cause, std::string what, int error_number);

// Writes all of it, whatever short writes and interruptions come. 0, or an errno.
int write_all(int fd, std::string_view bytes);

// fsync of the folder that holds `path`, so that the file's name survives a power cut. 0, or an errno.
int sync_folder_of(const std::filesystem::path& path);

class Files {
 public:
  // Makes the folders, durably: what lies in them must survive a power cut. `root` is absolute.
  static Result<Files> open(std::filesystem::path root);

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path journal(const std::string& job) const;
  std::filesystem::path part(const std::string& job) const;
  std::filesystem::path original(const std::string& job, std::string_view mime) const;

  // Job ids of all journals.
  std::vector<std::string> jobs() const;

  // The signed link. Stored durably; gone after remove_link().
  Outcome store_link(const std::string& job, const std::string& link) const;
  std::optional<std::string> read_link(const std::string& job) const;
  void remove_link(const std::string& job) const;

  // Makes a fetched file the job's original: synced, renamed, the folder synced.
  Outcome keep_original(const std::string& from_job, const std::string& to_job, std::string_view mime) const;

  // Moves a .part that cannot be used to where support can ask for it, and says where. Best effort: empty if it did
  // not.
  std::filesystem::path keep_aside(const std::string& job) const;

  // Tries the lock of a picture once. Empty: somebody else holds it.
  Result<std::optional<Fd>> try_lock(const std::string& picture) const;

  // Whether locks work in this folder at all: on some network file systems two programs could both hold one.
  bool locks_work() const;

 private:
  explicit Files(std::filesystem::path root) : root_(std::move(root)) {}
  std::filesystem::path root_;
};

}  // namespace inset
