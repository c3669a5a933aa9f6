// SPDX-License-Identifier: GPL-2.0-or-later
// The parent's side of the box, against a program that misbehaves in every way (fake_box.cc), and the cell that the
// real program locks itself into.
#include "decode/box.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "decode/box_result.h"
#include "decode/decoder.h"
#include "decode/lock_in.h"
#include "fd.h"
#include "short_memory.h"

namespace inset {
namespace {

using Clock = std::chrono::steady_clock;

class OneByte final : public ByteSource {
 public:
  explicit OneByte(char what, bool endless = false) : what_(what), endless_(endless) {}
  std::span<const std::byte> next() override {
    if (given_ && !endless_) return {};
    given_ = true;
    return std::as_bytes(std::span(&what_, 1));
  }
  bool stopped() const override { return stop_ && Clock::now() > *stop_; }
  void stop_in(std::chrono::milliseconds wait) { stop_ = Clock::now() + wait; }

 private:
  char what_;
  bool endless_;
  bool given_ = false;
  std::optional<Clock::time_point> stop_;
};

// One that is followed by many more.
class ManyBytes final : public ByteSource {
 public:
  ManyBytes(char what, std::size_t megabytes) : piece_(1'000'000, what), left_(megabytes) {}
  std::span<const std::byte> next() override {
    if (left_ == 0) return {};
    --left_;
    return std::as_bytes(std::span(piece_));
  }

 private:
  std::string piece_;
  std::size_t left_;
};

Result<Picture> decode(char what) {
  OneByte source(what);
  return decode_in_box(source, DecodeLimits{});
}

int open_descriptors() {
  int count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder)) ++count;
  closedir(folder);
  return count;
}

bool has_children() { return ::waitpid(-1, nullptr, WNOHANG) >= 0; }

TEST(Box, HandsOverAGoodPicture) {
  const auto picture = decode('g');
  ASSERT_TRUE(picture);
  EXPECT_EQ(picture->width, 2u);
  EXPECT_EQ(picture->pixels.get()[15], 0);
  EXPECT_FALSE(has_children());
  // Where the pixels are, nobody can write.
  std::ifstream maps("/proc/self/maps");
  int seen = 0;
  for (std::string line; std::getline(maps, line);) {
    if (line.find("/memfd:inset-picture") == std::string::npos) continue;
    ++seen;
    EXPECT_NE(line.find(" r--s "), std::string::npos) << line;
  }
  EXPECT_EQ(seen, 1);
}

TEST(Box, LeavesNobodyWhoCouldChangeThePicture) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const auto picture = decode('b');
  ASSERT_TRUE(picture);
  int status = -1;
  EXPECT_GT(::waitpid(-1, &status, 0), 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

// A box with a sanitizer in it gets ten times the time before it is given up.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kSlower = 10;
#else
constexpr int kSlower = 1;
#endif

std::chrono::milliseconds computed_by_children() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  const auto ms = [](const timeval& t) { return t.tv_sec * 1000 + t.tv_usec / 1000; };
  return std::chrono::milliseconds(ms(usage.ru_utime) + ms(usage.ru_stime));
}

class BoxGoneWrong : public testing::TestWithParam<char> {};

TEST_P(BoxGoneWrong, IsAnErrorWithAReasonAndLeavesNothingBehind) {
  const int before = open_descriptors();
  const auto computed = computed_by_children();
  const auto begun = Clock::now();
  const auto picture = decode(GetParam());
  const auto took = Clock::now() - begun;
  // One that computes for ever is ended by what it has computed: a loaded machine is not its fault. The size that it
  // has named grants it more.
  const bool computes = GetParam() == 'l' || GetParam() == 'q' || GetParam() == 'L';
  const auto most = std::chrono::milliseconds(GetParam() == 'L' ? 3500 : 2000);
  if (computes) {
    EXPECT_LT(computed_by_children() - computed, most * kSlower);
    EXPECT_LT(took, std::chrono::seconds(20) * kSlower);
  } else {
    // One that does nothing is looked at for 10 s.
    EXPECT_LT(took, std::chrono::seconds(GetParam() == 'n' ? 20 : 2) * kSlower);
  }
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().cause, Cause::decoder_failed);
  EXPECT_FALSE(picture.error().message.empty());
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_FALSE(has_children()) << "a zombie, or a program that still runs";
}

INSTANTIATE_TEST_SUITE_P(Ways, BoxGoneWrong,
                         testing::Values('c', 'k', 'l', 'L', 'n', 's', 'w', 'p', 'z', 'o', 'x', 'm', 'e', 'v', 'q',
                                         '?'),
                         [](const testing::TestParamInfo<char>& way) {
                           if (way.param == '?') return std::string("Unknown");
                           return (way.param == 'L' ? "WithASize_" : "Way_") + std::string(1, way.param);
                         });

// A large file may cost more than its pixels tell: of 16 bits, or with a profile.
TEST(Box, TakesLongerForALargeFile) {
  ManyBytes source('t', 40);
  const auto picture = decode_in_box(source, DecodeLimits{});
  EXPECT_TRUE(picture) << picture.error().what;
}

TEST(Box, NamesTheWrongVersion) {
  const auto picture = decode('v');
  ASSERT_FALSE(picture);
  EXPECT_NE(picture.error().what.find("version"), std::string::npos);
}

TEST(Box, EndsWhenNobodyWantsThePictureAnyMore) {
  OneByte source('l', /*endless=*/true);  // never reads on, so the pipe fills
  source.stop_in(std::chrono::milliseconds(100));
  const auto begun = Clock::now();
  const auto picture = decode_in_box(source, DecodeLimits{});
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().cause, Cause::cancelled);
  EXPECT_LT(Clock::now() - begun, std::chrono::seconds(5));
  EXPECT_FALSE(has_children());
}

TEST(Box, WorksInAHostThatReapsEveryChild) {
  std::atomic<bool> over = false;
  std::thread host([&] {
    while (!over) {
      ::waitpid(-1, nullptr, WNOHANG);
    }
  });
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(decode('g')) << i;
    EXPECT_FALSE(decode('c')) << i;
  }
  over = true;
  host.join();
}

TEST(Box, WorksInAHostThatIgnoresItsChildren) {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  struct sigaction before {};
  sigaction(SIGCHLD, &ignore, &before);
  EXPECT_TRUE(decode('g'));
  EXPECT_FALSE(decode('c'));
  sigaction(SIGCHLD, &before, nullptr);
}

// The numbers of what is handed to the box are anything, where the host has many files open.
TEST(Box, WorksWhateverNumbersItsDescriptorsHave) {
  std::vector<Fd> others;
  while (others.size() < 250) {
    const auto picture = decode('g');
    EXPECT_TRUE(picture) << "with " << others.size() << " more: " << picture.error().detail;
    others.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(others.back());
  }
}

// One descriptor more each time, up to where a box can be watched: before that it neither runs on nor is believed.
TEST(Box, IsAnErrorWhereThereAreTooManyOpenFiles) {
  ASSERT_TRUE(decode('g'));  // also because a sanitizer wants descriptors when it first sees a type
  const int before = open_descriptors();
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const Fd next(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const auto lowest_free = static_cast<rlim_t>(next.get()) + 1;
  bool enough = false;
  for (rlim_t more = 0; more < 8 && !enough; ++more) {
    SCOPED_TRACE(more);
    const rlimit low{lowest_free + more, limit.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    const auto good = decode('g');
    const auto picture = decode('q');  // a whole picture, and it goes on
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_FALSE(picture) << "it could still be changed";
    EXPECT_FALSE(has_children()) << "a zombie, or a program that still runs";
    enough = static_cast<bool>(good);
    if (good) continue;
    EXPECT_EQ(good.error().cause, Cause::decoder_failed);
    EXPECT_EQ(good.error().what.find("install"), std::string::npos) << good.error().what;
  }
  EXPECT_TRUE(enough);
  EXPECT_EQ(open_descriptors(), before + 1);
}

// Not even for the words that say so.
TEST(Box, IsAnErrorWhereThereIsNoMemoryAtAll) {
  test::is_spared = true;
  test::memory_is_short = true;
  std::atomic<bool> woken = false;
  const auto decoder = start_decoder(DecodeLimits{}, [&] {
    woken = true;
    woken.notify_one();
  });
  decoder->finish();
  woken.wait(false);
  test::memory_is_short = false;
  const auto picture = decoder->take();
  ASSERT_TRUE(picture && !*picture);
  EXPECT_EQ(picture->error().cause, Cause::out_of_memory);
  EXPECT_FALSE(picture->error().message.empty());
}

// What a locked-in process tries, and the signal it dies of; 0: it may.
int dies_of(void (*attempt)()) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (!lock_in()) ::_exit(2);
    attempt();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return WTERMSIG(status);
  return WEXITSTATUS(status) == 0 ? 0 : -1;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kLoose = true;
#else
constexpr bool kLoose = false;
#endif

TEST(LockIn, LeavesComputingAndMemory) {
  EXPECT_EQ(dies_of([] {
              std::string text(8u << 20, 'x');
              text += text;
              if (text.size() != 16u << 20) ::_exit(1);
            }),
            0);
}

// The kernel's own word on it.
TEST(LockIn, IsWhatTheKernelKnowsOfIt) {
  if (kLoose) return;
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    // Not even root could look into a process of somebody else's, if it were not for what is tested.
    if (::getuid() == 0 && ::setuid(65534) != 0) ::_exit(3);
    ::prctl(PR_SET_DUMPABLE, 1);
    if (!lock_in()) ::_exit(2);
    char byte = 0;
    ::_exit(::read(pipe[0], &byte, 1) == 1 ? 0 : 1);
  }
  const std::string folder = "/proc/" + std::to_string(child);
  const auto text_of = [&](const char* name) {
    std::ifstream file(folder + name);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  // Whoever runs the tests may have a filter already.
  const auto filters_of = [](const std::string& status) {
    const std::size_t at = status.find("Seccomp_filters:");
    return at == std::string::npos ? -1 : std::atoi(status.c_str() + at + 16);
  };
  std::ifstream own("/proc/self/status");
  const int before = filters_of(std::string(std::istreambuf_iterator<char>(own), {}));
  const auto is_filtered = [&] { return filters_of(text_of("/status")) > before; };
  for (int i = 0; i < 2000 && !is_filtered(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(is_filtered());
  EXPECT_NE(text_of("/status").find("NoNewPrivs:\t1"), std::string::npos);
  // What cannot be dumped belongs to root there.
  struct stat status {};
  ASSERT_EQ(::stat((folder + "/status").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 0u);
  const auto limit_of = [limits = text_of("/limits")](const std::string& resource) {
    const std::size_t at = limits.find(resource + "  ");
    std::istringstream numbers(limits.substr(std::min(at, limits.size())).substr(resource.size()));
    rlim_t soft = 0;
    rlim_t hard = 0;
    EXPECT_TRUE(numbers >> soft >> hard) << resource << " is unlimited";
    return std::max(soft, hard);
  };
  EXPECT_EQ(limit_of("Max core file size"), 0u);
  EXPECT_LE(limit_of("Max address space"), rlim_t{6} << 30);
  EXPECT_LE(limit_of("Max file size"), rlim_t{1} << 30);
  EXPECT_LE(limit_of("Max cpu time"), 60u);
  EXPECT_LE(limit_of("Max open files"), 5u);
  EXPECT_EQ(::write(pipe[1], "x", 1), 1);
  int end = 0;
  ::waitpid(child, &end, 0);
  EXPECT_TRUE(WIFEXITED(end) && WEXITSTATUS(end) == 0) << end;
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(LockIn, TakesTheRest) {
  if (kLoose) return;  // a sanitizer's runtime needs more than the cell allows; the release build shows this
  EXPECT_EQ(dies_of([] { ::open("/etc/passwd", O_RDONLY); }), SIGSYS);
  EXPECT_EQ(dies_of([] { ::socket(AF_INET, SOCK_STREAM, 0); }), SIGSYS);
  EXPECT_EQ(dies_of([] { ::fork(); }), SIGSYS);
  EXPECT_EQ(dies_of([] { ::execl("/bin/true", "true", nullptr); }), SIGSYS);
  EXPECT_EQ(dies_of([] { ::kill(::getppid(), 0); }), SIGSYS);
  EXPECT_EQ(dies_of([] { ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }), SIGSYS);
  EXPECT_EQ(dies_of([] { ::write(2, "x", 1); }), SIGSYS);
  EXPECT_EQ(dies_of([] { ::ftruncate(kBoxOutput, 0); }), SIGSYS);
  EXPECT_EQ(dies_of([] { ::syscall(SYS_exit, 0); }), SIGSYS);
  EXPECT_EQ(dies_of([] { ::syscall(SYS_rt_sigreturn); }), SIGSYS);
}

TEST(LockIn, TakesItFromThreadsThatRunAlready) {
  if (kLoose) return;
  const pid_t child = ::fork();
  if (child == 0) {
    std::atomic<bool> locked = false;
    std::thread thread([&] {
      locked.wait(false);
      ::open("/etc/passwd", O_RDONLY);
      ::_exit(0);
    });
    if (!lock_in()) ::_exit(2);
    locked = true;
    locked.notify_one();
    thread.join();
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << status;
}

}  // namespace
}  // namespace inset
