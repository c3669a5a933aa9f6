// SPDX-License-Identifier: GPL-2.0-or-later
#include "files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "temporary_folder.h"

namespace {
std::mutex mutex;
std::vector<std::filesystem::path> synced;  // guarded
}  // namespace

// In front of the C library: what has been made durable, in order.
extern "C" int fsync(int fd) {
  {
    const std::lock_guard lock(mutex);
    std::error_code error;
    synced.push_back(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), error));
  }
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

namespace inset {
namespace {

using namespace test;

const std::string job = "5f0c1d2e3b4a5968";

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

class FilesTest : public testing::Test {
 protected:
  Files files_or_die() {
    auto files = Files::open(folder_ / "data");
    EXPECT_TRUE(files) << files.error().message;
    return std::move(*files);
  }
  TemporaryFolder folder_;
  Files files_ = files_or_die();
};

TEST_F(FilesTest, TheFoldersArePrivateWhateverTheMask) {
  const mode_t old = umask(0);
  auto files = Files::open(folder_ / "deep/er/inset");
  umask(old);
  ASSERT_TRUE(files);
  for (const char* name : {"", "jobs", "originals"}) EXPECT_EQ(mode_of(files->root() / name), 0700u) << name;
}

TEST_F(FilesTest, AFolderThatIsNewIsDurableWithAllThatIsNewAboveIt) {
  const auto is_synced = [](const std::filesystem::path& path) {
    const std::lock_guard lock(mutex);
    return std::ranges::count(synced, path) > 0;
  };
  const std::filesystem::path root = folder_ / "deep/er/inset";
  {
    const std::lock_guard lock(mutex);
    synced.clear();
  }
  ASSERT_TRUE(Files::open(root));
  for (std::filesystem::path path = root; path != folder_.path().parent_path(); path = path.parent_path()) {
    EXPECT_TRUE(is_synced(path)) << path << " holds a new name";
  }
}

TEST_F(FilesTest, AFolderThatIsThereIsUsed) { EXPECT_TRUE(Files::open(files_.root())); }

TEST_F(FilesTest, APathBelowAFileIsNoDataFolder) {
  write_whole(folder_ / "file", "");
  for (const auto& path : {folder_ / "file", folder_ / "file/inset"}) {
    const auto files = Files::open(path);
    ASSERT_FALSE(files);
    EXPECT_EQ(files.error().cause, Cause::data_folder);
    EXPECT_NE(files.error().message.find(path.string()), std::string::npos);
  }
}

TEST_F(FilesTest, ARelativePathIsNoDataFolder) {
  ASSERT_FALSE(Files::open("inset"));
  EXPECT_FALSE(std::filesystem::exists("inset"));
}

TEST_F(FilesTest, NamesTheFilesOfAJob) {
  EXPECT_EQ(files_.journal(job), files_.root() / "jobs/5f0c1d2e3b4a5968.jsonl");
  EXPECT_EQ(files_.part(job), files_.root() / "jobs/5f0c1d2e3b4a5968.part");
  EXPECT_EQ(files_.original(job, "image/png"), files_.root() / "originals/5f0c1d2e3b4a5968.png");
  EXPECT_EQ(files_.original(job, "image/jpeg"), files_.root() / "originals/5f0c1d2e3b4a5968.jpg");
  // Nothing that a server says becomes part of a path.
  EXPECT_EQ(files_.original(job, "image/../../etc/passwd"), files_.root() / "originals/5f0c1d2e3b4a5968.jpg");
}

TEST_F(FilesTest, ListsJournalsAndNothingElse) {
  for (const char* name : {"00000000000000ff.jsonl", "5f0c1d2e3b4a5968.jsonl", "5f0c1d2e3b4a5968.link",
                           "5F0C1D2E3B4A5968.jsonl", "short.jsonl", "5f0c1d2e3b4a59681.jsonl", "self-test.lock"}) {
    write_whole(files_.root() / "jobs" / name, "");
  }
  EXPECT_EQ(files_.jobs(), (std::vector<std::string>{"00000000000000ff", job}));
}

TEST_F(FilesTest, KeepsALinkPrivatelyUntilItIsRemoved) {
  EXPECT_FALSE(files_.read_link(job));
  ASSERT_TRUE(files_.store_link(job, "https://delivery.example.com/1.jpg?Signature=a"));
  ASSERT_TRUE(files_.store_link(job, "https://delivery.example.com/1.jpg?Signature=b"));
  EXPECT_EQ(files_.read_link(job), "https://delivery.example.com/1.jpg?Signature=b");
  EXPECT_EQ(mode_of(files_.root() / "jobs/5f0c1d2e3b4a5968.link"), 0600u);
  files_.remove_link(job);
  EXPECT_FALSE(files_.read_link(job));
  for (const auto& entry : std::filesystem::directory_iterator(files_.root() / "jobs")) ADD_FAILURE() << entry.path();
  files_.remove_link(job);  // twice is once
}

TEST_F(FilesTest, ALinkThatCannotBeStoredIsSaid) {
  std::filesystem::remove_all(files_.root() / "jobs");
  const auto stored = files_.store_link(job, "https://delivery.example.com/1.jpg");
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().cause, Cause::journal_unwritable);
  EXPECT_EQ(stored.error().message.find("delivery"), std::string::npos);
}

TEST_F(FilesTest, KeepsAFetchedFileAsTheOriginal) {
  write_whole(files_.part(job), "pixels");
  ASSERT_TRUE(files_.keep_original(job, "00000000000000ff", "image/png"));
  EXPECT_EQ(read_whole(files_.original("00000000000000ff", "image/png")), "pixels");
  EXPECT_FALSE(std::filesystem::exists(files_.part(job)));
  const auto again = files_.keep_original(job, job, "image/png");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().stage, Stage::saving);
}

TEST_F(FilesTest, KeepsAtMostNineSpoiltFilesAside) {
  for (int i = 1; i <= 12; ++i) {
    write_whole(files_.part(job), std::to_string(i));
    const auto kept = files_.keep_aside(job);
    EXPECT_EQ(kept.empty(), i > 9) << i;
    EXPECT_FALSE(std::filesystem::exists(files_.part(job))) << i;
    if (kept.empty()) continue;
    EXPECT_EQ(read_whole(kept), std::to_string(i));
  }
  EXPECT_EQ(mode_of(files_.root() / "kept-aside"), 0700u);
}

TEST_F(FilesTest, KeepingAsideWhatIsNotThereIsNoHarm) { EXPECT_TRUE(files_.keep_aside(job).empty()); }

TEST_F(FilesTest, ALockIsHeldByOne) {
  auto first = files_.try_lock("aa");
  ASSERT_TRUE(first && *first);
  auto second = files_.try_lock("aa");
  ASSERT_TRUE(second);
  EXPECT_FALSE(*second);
  EXPECT_TRUE(*files_.try_lock("bb"));
  first->reset();
  EXPECT_TRUE(*files_.try_lock("aa"));
}

TEST_F(FilesTest, ALockEndsWithItsProcess) {
  const pid_t child = fork();
  if (child == 0) {
    auto lock = files_.try_lock("aa");
    _exit(lock && *lock ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(*files_.try_lock("aa"));
}

TEST_F(FilesTest, ALockThatCannotBeMadeIsAnError) {
  std::filesystem::remove_all(files_.root() / "jobs");
  EXPECT_FALSE(files_.try_lock("aa"));
  EXPECT_FALSE(files_.locks_work());
}

TEST_F(FilesTest, LocksWorkHere) {
  EXPECT_TRUE(files_.locks_work());
  EXPECT_TRUE(files_.locks_work());
}

TEST(DiskError, FullIsFullByWhicheverNumber) {
  for (const int number : {ENOSPC, EDQUOT, EFBIG}) {
    EXPECT_EQ(disk_error(Stage::saving, Cause::journal_unwritable, "It failed.", number).cause, Cause::disk_full);
  }
  const Error other = disk_error(Stage::saving, Cause::journal_unwritable, "It failed.", EIO);
  EXPECT_EQ(other.cause, Cause::journal_unwritable);
  EXPECT_EQ(other.detail, "Input/output error");
}

TEST(WriteAll, SaysWhyItCouldNot) {
  const Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(write_all(full.get(), "x"), ENOSPC);
  EXPECT_EQ(write_all(-1, "x"), EBADF);
  EXPECT_EQ(write_all(-1, ""), 0);
}

TEST(SyncFolder, OfAFolderThatIsNotThereFails) { EXPECT_EQ(sync_folder_of("/nowhere/at/all"), ENOENT); }

TEST(FdTest, ClosesOnceAndMoves) {
  Fd a(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = a.get();
  Fd b(std::move(a));
  EXPECT_EQ(b.get(), number);
  Fd c;
  EXPECT_FALSE(c);
  c = std::move(b);
  EXPECT_EQ(fcntl(number, F_GETFD), FD_CLOEXEC);
  c.reset();
  EXPECT_EQ(fcntl(number, F_GETFD), -1);
}

}  // namespace
}  // namespace inset
