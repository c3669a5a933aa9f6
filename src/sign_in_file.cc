// SPDX-License-Identifier: GPL-2.0-or-later
#include "sign_in_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "fd.h"
#include "files.h"

namespace inset {
namespace {

Error failure(const std::filesystem::path& path, const std::string& what, int error = 0) {
  return disk_error(Stage::signing_in, Cause::data_folder,
                    "The file with the sign-in, " + path.string() + ", " + what + ".", error);
}

}  // namespace

Result<std::optional<Secret>> read_sign_in_file(const std::filesystem::path& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::optional<Secret>();
  if (!file) return failure(path, "cannot be read", errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return failure(path, "is no file", errno);
  if (status.st_uid != ::geteuid() || (status.st_mode & 077) != 0) {
    return failure(path, "can be read by others and is not used: say \"chmod 600\", or sign in again");
  }
  std::array<char, 32 << 10> text{};
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  if (size < 0) return failure(path, "cannot be read", errno);
  std::optional<Secret> secret(Secret(std::string_view(text.data(), static_cast<std::size_t>(size))));
  explicit_bzero(text.data(), text.size());
  return secret;
}

Outcome write_sign_in_file(const std::filesystem::path& path, const Secret& text) {
  const std::filesystem::path draft = path.string() + ".new";
  ::unlink(draft.c_str());
  {
    const Fd file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) return failure(path, "cannot be written", errno);
    if (const int error = write_all(file.get(), text.view())) return failure(path, "cannot be written", error);
    if (::fsync(file.get()) != 0) return failure(path, "cannot be written", errno);
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) return failure(path, "cannot be written", errno);
  if (const int error = sync_folder_of(path)) return failure(path, "cannot be written", error);
  return Nothing{};
}

Outcome remove_sign_in_file(const std::filesystem::path& path) {
  ::unlink((path.string() + ".new").c_str());
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failure(path, "cannot be removed", errno);
  return Nothing{};
}

}  // namespace inset
