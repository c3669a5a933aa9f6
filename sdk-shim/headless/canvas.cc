// SPDX-License-Identifier: GPL-2.0-or-later
#include "headless/canvas.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>
#include <vector>

namespace easel {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

std::string because(const std::string& path, int code) {
  return path + " cannot be written: " + (code != 0 ? std::strerror(code) : "what it is made from cannot be read");
}

bool exists(const std::string& path) {
  struct stat facts {};
  return ::lstat(path.c_str(), &facts) == 0;
}

// Files that are to appear together. Each is written under another name, and takes its own in
// commit(); whatever has not been committed is taken away again.
class Placement {
 public:
  explicit Placement(std::string folder) : folder_(std::move(folder)) {}
  Placement(const Placement&) = delete;
  Placement& operator=(const Placement&) = delete;
  ~Placement() {
    for (const Entry& entry : entries_) ::unlink(entry.temporary.c_str());
  }

  // A new file, to be called `name`. Null: see errno.
  File add(const std::string& name) {
    Entry entry{folder_ + "/.easel-" + std::to_string(::getpid()) + "-" + std::to_string(entries_.size()) + ".part",
                folder_ + "/" + name};
    ::unlink(entry.temporary.c_str());  // of a program that was killed and had the same number
    const int fd = ::open(entry.temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return nullptr;
    entries_.push_back(std::move(entry));
    return File(::fdopen(fd, "wb"));
  }

  // Sees to it that the bytes are on the disk: a full one may show only here. False: see errno.
  static bool finish(File file) {
    const bool flushed = std::fflush(file.get()) == 0 && std::ferror(file.get()) == 0;
    // EINVAL: a kind of file system that cannot, and is not asked to.
    const bool synced = flushed && (::fsync(::fileno(file.get())) == 0 || errno == EINVAL);
    const int code = errno;
    const bool closed = std::fclose(file.release()) == 0;
    if (!synced) errno = code;
    return synced && closed;
  }

  // What was written for add() number `index`, to be read before commit().
  File written(size_t index) const { return File(std::fopen(entries_[index].temporary.c_str(), "rbe")); }

  // In the order of add(). False: see errno; what was not there before is taken away again.
  bool commit() {
    std::vector<std::string> appeared;
    for (const Entry& entry : entries_) {
      const bool was_there = exists(entry.name);
      if (::rename(entry.temporary.c_str(), entry.name.c_str()) == 0) {
        if (!was_there) appeared.push_back(entry.name);
        continue;
      }
      const int code = errno;
      for (const std::string& name : appeared) ::unlink(name.c_str());
      errno = code;
      return false;
    }
    entries_.clear();
    return true;
  }

 private:
  struct Entry {
    std::string temporary;
    std::string name;
  };
  std::string folder_;
  std::vector<Entry> entries_;
};

// While it lives, no other program of this kind places into the folder. Without a lock (some
// network file systems have none) all is as well as long as the person does not start two at once.
class FolderLock {
 public:
  explicit FolderLock(const std::string& folder) : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (fd_ < 0) return;
    while (::flock(fd_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() {
    if (fd_ >= 0) ::close(fd_);
  }

 private:
  int fd_;
};

bool write_png(std::FILE* file, const easel_image& image, const Picture& base) {
  const uint32_t width = std::max(image.width, base.width);
  const uint32_t height = std::max(image.height, base.height);
  PngWriter png;
  if (!png.begin(file, width, height)) return false;
  std::vector<uint8_t> row(size_t{4} * width);
  for (uint32_t y = 0; y < height; ++y) {
    std::fill(row.begin(), row.end(), uint8_t{0});
    if (y < base.height) {
      const size_t bytes = size_t{4} * base.width;
      std::memcpy(row.data(), base.pixels.data() + bytes * y, bytes);
    }
    if (y < image.height) blend_over(row.data(), image.pixels + image.stride * y, image.width);
    if (!png.row(row.data())) return false;
  }
  return png.end();
}

// False with errno 0: it is the source that cannot be read.
bool copy_bytes(std::FILE* from, std::FILE* to) {
  std::vector<char> buffer(size_t{1} << 18);
  for (;;) {
    const size_t got = std::fread(buffer.data(), 1, buffer.size(), from);
    if (got > 0 && std::fwrite(buffer.data(), 1, got, to) != got) return false;
    if (got < buffer.size()) break;
  }
  if (std::ferror(from) == 0) return true;
  errno = 0;
  return false;
}

bool same_bytes(const std::string& a, const std::string& b) {
  std::error_code code;
  if (fs::equivalent(a, b, code)) return true;
  const File one(std::fopen(a.c_str(), "rbe"));
  const File two(std::fopen(b.c_str(), "rbe"));
  if (!one || !two) return false;
  std::vector<char> left(size_t{1} << 16);
  std::vector<char> right(left.size());
  for (;;) {
    const size_t got = std::fread(left.data(), 1, left.size(), one.get());
    if (std::fread(right.data(), 1, right.size(), two.get()) != got) return false;
    if (std::memcmp(left.data(), right.data(), got) != 0) return false;
    if (got < left.size()) return std::ferror(one.get()) == 0 && std::ferror(two.get()) == 0;
  }
}

// The list in canvas.json; a new one if there is none. Null: the file is something else.
Json read_list(const std::string& path) {
  const File file(std::fopen(path.c_str(), "rbe"));
  if (!file) return errno == ENOENT ? Json{{"easel_canvas", 1}, {"placements", Json::array()}} : Json();
  Json list = Json::parse(file.get(), nullptr, false);
  const bool ours = list.is_object() && list.contains("easel_canvas") && list["easel_canvas"] == 1 &&
                    list.contains("placements") && list["placements"].is_array();
  return ours ? list : Json();
}

const char* or_empty(const char* text) { return text != nullptr ? text : ""; }

}  // namespace

void blend_over(uint8_t* dst, const uint8_t* src, size_t count) {
  for (size_t i = 0; i < count; ++i, dst += 4, src += 4) {
    const uint32_t above = src[3];
    if (above == 0) continue;
    if (above == 255) {
      std::memcpy(dst, src, 4);
      continue;
    }
    // Everything is scaled by 255 * 255, so that only one division rounds.
    const uint32_t front = above * 255;
    const uint32_t back = dst[3] * (255 - above);
    const uint32_t alpha = front + back;
    for (int c = 0; c < 3; ++c) dst[c] = static_cast<uint8_t>((src[c] * front + dst[c] * back + alpha / 2) / alpha);
    dst[3] = static_cast<uint8_t>((alpha + 127) / 255);
  }
}

bool Canvas::open(const std::string& folder, std::string* error) {
  folder_ = folder;
  while (folder_.size() > 1 && folder_.back() == '/') folder_.pop_back();
  std::error_code code;
  fs::create_directories(folder_, code);
  if (code && !fs::is_directory(folder_)) {
    *error = folder_ + " cannot be made: " + code.message();
    return false;
  }
  // Whether a folder can be written in is found out by doing it: modes, mounts and quotas all have
  // a say.
  Placement trial(folder_);
  File file = trial.add("trial");
  if (!file) {
    *error = folder_ + " cannot be written: " + std::strerror(errno);
    return false;
  }
  if (read_list(folder_ + "/canvas.json").is_null()) {
    *error = folder_ + "/canvas.json is not a list of placements; choose another folder";
    return false;
  }
  return true;
}

bool Canvas::read_base(const std::string& png, std::string* error) {
  if (read_png(png, &base_, error)) return true;
  *error = png + " cannot be read as a PNG: " + *error;
  return false;
}

bool Canvas::place(const easel_image& image, const easel_asset& asset, std::string* error) {
  const FolderLock lock(folder_);
  const std::string list_path = folder_ + "/canvas.json";
  Json list = read_list(list_path);
  if (list.is_null()) {
    *error = list_path + " is not a list of placements";
    return false;
  }
  uint64_t number = list["placements"].size() + 1;
  while (exists(folder_ + "/" + std::to_string(number) + ".png")) ++number;
  const std::string picture = std::to_string(number) + ".png";

  Placement files(folder_);
  const auto write = [&](const std::string& name, auto&& body) {
    File file = files.add(name);
    const bool good = file && body(file.get()) && Placement::finish(std::move(file));
    if (!good) *error = because(folder_ + "/" + name, errno);
    return good;
  };

  if (!write(picture, [&](std::FILE* file) { return write_png(file, image, base_); })) return false;

  // The original keeps its name; a different file of that name keeps its place.
  std::string original;
  const std::string path = or_empty(asset.path);
  const File source(path.empty() ? nullptr : std::fopen(path.c_str(), "rbe"));
  if (source) {
    const fs::path own = fs::path(path).filename();
    original = own.string();
    for (int i = 2; exists(folder_ + "/" + original) || original == picture || original.starts_with("canvas."); ++i) {
      if (same_bytes(folder_ + "/" + original, path)) break;
      original = own.stem().string() + "-" + std::to_string(i) + own.extension().string();
    }
    const bool there = exists(folder_ + "/" + original);
    if (!there && !write(original, [&](std::FILE* file) { return copy_bytes(source.get(), file); })) return false;
  }

  Json facts = Json::object();
  for (size_t i = 0; i < asset.fact_count; ++i)
    if (asset.facts[i].key != nullptr) facts[asset.facts[i].key] = or_empty(asset.facts[i].value);
  list["placements"].push_back({{"number", number},
                                {"file", picture},
                                {"name", or_empty(asset.name)},
                                {"width", image.width},
                                {"height", image.height},
                                {"original", original},
                                {"mime", or_empty(asset.mime)},
                                {"facts", facts}});
  const std::string text = list.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";

  const File first = files.written(0);
  if (!write("canvas.png", [&](std::FILE* file) { return first && copy_bytes(first.get(), file); })) return false;
  if (!write("canvas.json",
             [&](std::FILE* file) { return std::fwrite(text.data(), 1, text.size(), file) == text.size(); }))
    return false;
  if (!files.commit()) {
    *error = because(folder_ + "/" + picture, errno);
    return false;
  }
  pictures_[path] = folder_ + "/" + picture;
  return true;
}

std::string Canvas::picture_of(std::string_view original) const {
  const auto found = pictures_.find(original);
  return found == pictures_.end() ? std::string() : found->second;
}

}  // namespace easel
