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
#include <sys/wait.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

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

// On a loaded machine; 2 s on a quiet one. A box with a sanitizer in it gets ten times the time, before it is given up.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::chrono::seconds kLongest{115};
#else
constexpr std::chrono::seconds kLongest{20};
#endif

class BoxGoneWrong : public testing::TestWithParam<char> {};

TEST_P(BoxGoneWrong, IsAnErrorWithAReasonAndLeavesNothingBehind) {
  const int before = open_descriptors();
  const auto begun = Clock::now();
  const auto picture = decode(GetParam());
  EXPECT_LT(Clock::now() - begun, kLongest);
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().cause, Cause::decoder_failed);
  EXPECT_FALSE(picture.error().message.empty());
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_FALSE(has_children()) << "a zombie, or a program that still runs";
}

INSTANTIATE_TEST_SUITE_P(Ways, BoxGoneWrong,
                         testing::Values('c', 'k', 'l', 's', 'w', 'p', 'z', 'o', 'x', 'm', 'e', 'v', 'q', '?'),
                         [](const testing::TestParamInfo<char>& way) {
                           return way.param == '?' ? std::string("Unknown") : "Way_" + std::string(1, way.param);
                         });

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

TEST(LockIn, TakesTheRest) {
  if (kLoose) return;  // a sanitizer's runtime needs more than the cell allows; the release build shows this
  EXPECT_EQ(dies_of([] { ::open("/etc/passwd", O_RDONLY); }), SIGSYS);
  EXPECT_EQ(dies_of([] { ::socket(AF_INET, SOCK_STREAM, 0); }), SIGSYS);
  EXPECT_EQ(dies_of([] { ::fork(); }), SIGSYS);
  EXPECT_EQ(dies_of([] { ::execl("/bin/true", "true", nullptr); }), SIGSYS);
  EXPECT_EQ(dies_of([] { ::kill(::getppid(), 0); }), SIGSYS);
  EXPECT_EQ(dies_of([] { ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }), SIGSYS);
  EXPECT_EQ(dies_of([] { ::write(2, "x", 1); }), SIGSYS);
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
