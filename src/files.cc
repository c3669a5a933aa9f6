// SPDX-License-Identifier: GPL-2.0-or-later
#include "files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace inset {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0600;

bool is_job_id(std::string_view text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// 0, or an errno. A folder that is new is also durable, with all that are new above it.
int make_folder(const fs::path& folder, mode_t mode) {
  if (::mkdir(folder.c_str(), mode) != 0) {
    if (errno != ENOENT) return errno;
    const fs::path above = folder.parent_path();
    const int error = make_folder(above, 0777);
    if (error != 0 && error != EEXIST) return error;
    if (::mkdir(folder.c_str(), mode) != 0) return errno;
  }
  return sync_folder_of(folder);
}

// 0, or an errno. Folders above the data folder get the usual mode; only ours are private.
int make_private_folder(const fs::path& folder) {
  const int error = make_folder(folder, kFolderMode);
  if (error != EEXIST) return error;
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) return errno;
  return S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
}

Error folder_error(const fs::path& folder, int error_number) {
  return disk_error(Stage::requesting, Cause::data_folder, "The data folder " + folder.string() + " cannot be used.",
                    error_number);
}

std::string_view extension(std::string_view mime) { return mime == "image/png" ? ".png" : ".jpg"; }

}  // namespace

Error disk_error(Stage stage, Cause cause, std::string what, int error_number) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
  return make_error(stage, full ? Cause::disk_full : cause, std::move(what),
                    std::generic_category().message(error_number));
}

int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

int sync_folder_of(const fs::path& path) {
  const Fd folder(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return errno;
  return ::fsync(folder.get()) == 0 ? 0 : errno;
}

Result<Files> Files::open(fs::path root) {
  if (!root.is_absolute()) {
    return make_error(Stage::requesting, Cause::data_folder,
                      "The data folder must be an absolute path: " + root.string() + ".");
  }
  if (!root.has_filename()) root = root.parent_path();  // "folder/" is "folder"
  Files files(std::move(root));
  for (const fs::path& folder : {files.root_, files.root_ / "jobs", files.root_ / "originals"}) {
    if (const int error = make_private_folder(folder)) return folder_error(folder, error);
  }
  return files;
}

fs::path Files::journal(const std::string& job) const { return root_ / "jobs" / (job + ".jsonl"); }
fs::path Files::part(const std::string& job) const { return root_ / "jobs" / (job + ".part"); }

fs::path Files::original(const std::string& job, std::string_view mime) const {
  return root_ / "originals" / (job + std::string(extension(mime)));
}

std::vector<std::string> Files::jobs() const {
  std::vector<std::string> ids;
  std::error_code error;
  for (fs::directory_iterator entry(root_ / "jobs", error), end; !error && entry != end; entry.increment(error)) {
    const fs::path& path = entry->path();
    if (path.extension() == ".jsonl" && is_job_id(path.stem().string())) {
      ids.push_back(path.stem().string());
    }
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

Outcome Files::store_link(const std::string& job, const std::string& link) const {
  const fs::path path = root_ / "jobs" / (job + ".link");
  const fs::path draft = root_ / "jobs" / (job + ".link.new");
  const auto failed = [](int error) {
    return disk_error(Stage::saving, Cause::journal_unwritable, "The link to the picture could not be stored.", error);
  };
  {
    const Fd file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode));
    if (!file) return failed(errno);
    if (const int error = write_all(file.get(), link)) return failed(error);
    if (::fsync(file.get()) != 0) return failed(errno);
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) return failed(errno);
  if (const int error = sync_folder_of(path)) return failed(error);
  return Nothing{};
}

std::optional<std::string> Files::read_link(const std::string& job) const {
  constexpr std::size_t longest = 16384;
  const Fd file(::open((root_ / "jobs" / (job + ".link")).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return {};
  std::string link(longest, '\0');
  const ssize_t count = ::read(file.get(), link.data(), link.size());
  if (count <= 0) return {};
  link.resize(static_cast<std::size_t>(count));
  return link;
}

void Files::remove_link(const std::string& job) const {
  for (const char* ending : {".link", ".link.new"}) {
    ::unlink((root_ / "jobs" / (job + ending)).c_str());
  }
}

Outcome Files::keep_original(const std::string& from_job, const std::string& to_job, std::string_view mime) const {
  const fs::path from = part(from_job);
  const fs::path to = original(to_job, mime);
  const auto failed = [](int error) {
    return disk_error(Stage::saving, Cause::journal_unwritable, "The picture could not be stored in the data folder.",
                      error);
  };
  {
    const Fd file(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return failed(errno);
    if (::fsync(file.get()) != 0) return failed(errno);
  }
  if (::rename(from.c_str(), to.c_str()) != 0) return failed(errno);
  if (const int error = sync_folder_of(to)) return failed(error);
  return Nothing{};
}

fs::path Files::keep_aside(const std::string& job) const {
  constexpr int most = 9;  // of one job; a server that keeps sending rubbish must not fill the disk
  const fs::path folder = root_ / "kept-aside";
  if (make_private_folder(folder) != 0) return {};
  for (int number = 1; number <= most; ++number) {
    const fs::path to = folder / (job + "-" + std::to_string(number));
    if (::access(to.c_str(), F_OK) == 0) continue;
    return ::rename(part(job).c_str(), to.c_str()) == 0 ? to : fs::path();
  }
  ::unlink(part(job).c_str());
  return {};
}

Result<std::optional<Fd>> Files::try_lock(const std::string& picture) const {
  const fs::path path = root_ / "jobs" / (picture + ".lock");
  Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode));
  if (!file) {
    return disk_error(Stage::requesting, Cause::journal_unwritable, "The lock of the picture cannot be made.", errno);
  }
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK) return std::optional<Fd>{};
    return disk_error(Stage::requesting, Cause::journal_unwritable, "The lock of the picture cannot be taken.", errno);
  }
  return std::optional<Fd>{std::move(file)};
}

bool Files::locks_work() const {
  const fs::path path = root_ / "jobs" / "self-test.lock";
  const Fd first(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode));
  const Fd second(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!first || !second) return false;
  // Another program may be running the same test at this moment; that it holds the lock is proof enough.
  if (::flock(first.get(), LOCK_EX | LOCK_NB) != 0) return errno == EWOULDBLOCK;
  return ::flock(second.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace inset
