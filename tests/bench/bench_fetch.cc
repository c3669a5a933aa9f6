// SPDX-License-Identifier: GPL-2.0-or-later
// One measurement in a fresh process; a line of JSON tells it.
//
//   bench_fetch get URL CA         fetches as the plugin does: to the disk, through the checks, into the box
//   bench_fetch memory URL CA      the same, and looks at the memory meanwhile
//   bench_fetch box FILE           the box alone, the file at hand
//   bench_fetch plain FILE         the same checks and decode in this process
//   bench_fetch strict FILE        the second opinion on a JPEG alone
//   bench_fetch corpus FILE...     how many of these files the box opens, and what it says of the others
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "curl_transport.h"
#include "decode/block.h"
#include "decode/box.h"
#include "decode/decode_stream.h"
#include "decode/jpeg_strict.h"
#include "decode/second_opinion.h"
#include "fetch.h"

namespace {

using namespace inset;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point then) {
  return std::chrono::duration<double, std::milli>(Clock::now() - then).count();
}

double cpu_ms(int who) {
  rusage usage{};
  getrusage(who, &usage);
  const auto ms = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

// The most memory that this process and its children have had at once, shared memory counted once (PSS), in MiB; looked
// at every few milliseconds.
class PeakMemory {
 public:
  PeakMemory() : thread_([this] { watch(); }) {}
  ~PeakMemory() { stop(); }
  // 0: the kernel has told nothing of the box, which only root may look into.
  double stop() {
    over_ = true;
    if (thread_.joinable()) thread_.join();
    return saw_a_child_ ? static_cast<double>(peak_) / 1024 : 0;
  }

 private:
  static long pss_kib(const std::string& pid) {
    std::ifstream file("/proc/" + pid + "/smaps_rollup");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("Pss:")) return std::atol(line.c_str() + 4);
    }
    return 0;
  }
  void watch() {
    const std::string self = std::to_string(getpid());
    while (!over_) {
      long sum = pss_kib(self);
      // Of the thread that started it; any of them.
      for (const std::string& task : tasks()) {
        std::ifstream children("/proc/self/task/" + task + "/children");
        for (std::string child; children >> child;) {
          const long its = pss_kib(child);
          saw_a_child_ = saw_a_child_ || its > 0;
          sum += its;
        }
      }
      peak_ = std::max(peak_, sum);
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
    }
  }
  static std::vector<std::string> tasks() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  std::atomic<bool> over_ = false;
  long peak_ = 0;
  bool saw_a_child_ = false;
  std::thread thread_;
};

class File final : public ByteSource {
 public:
  explicit File(const char* path) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
  }
  std::span<const std::byte> next() override {
    const auto all = std::as_bytes(std::span(bytes_)).subspan(at_);
    const auto piece = all.first(std::min<std::size_t>(all.size(), 64 << 10));
    at_ += piece.size();
    return piece;
  }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

int get(const char* url, const char* ca, bool memory) {
  char folder[] = "/tmp/inset-bench-XXXXXX";
  if (mkdtemp(folder) == nullptr) return 1;
  int status = 1;
  {
    auto files = Files::open(folder);
    auto transport = make_curl_transport({ca, "inset-bench"});
    if (!files || !transport) return 1;
    std::optional<PeakMemory> peak;
    if (memory) peak.emplace();
    const std::string job = "00000000000000bb";
    Fetch fetch({*transport, *files, {}, [&] { transport->wake(); }}, job, true);
    std::optional<FetchedFile> file;
    bool over = false;
    Clock::time_point last_byte;
    double tail = 0;
    const double cpu = cpu_ms(RUSAGE_SELF) + cpu_ms(RUSAGE_CHILDREN);
    const auto begun = Clock::now();
    fetch.begin(
        url, [&](std::uint64_t, std::uint64_t) { last_byte = Clock::now(); },
        [&](std::variant<FetchedFile, FetchFault> result) {
          tail = ms_since(last_byte);
          over = true;
          if (auto* fault = std::get_if<FetchFault>(&result)) {
            std::fprintf(stderr, "%s %s\n", fault->error.message.c_str(), fault->error.detail.c_str());
          } else {
            file = std::move(std::get<FetchedFile>(result));
          }
        });
    while (!over) {
      transport->run(std::chrono::milliseconds(1000));
      fetch.pump();
    }
    const double wall = ms_since(begun);
    if (file) {
      std::printf("{\"wall\":%.3f,\"tail\":%.3f,\"cpu\":%.3f,\"peak\":%.2f,\"width\":%u,\"height\":%u}\n", wall, tail,
                  cpu_ms(RUSAGE_SELF) + cpu_ms(RUSAGE_CHILDREN) - cpu, peak ? peak->stop() : 0.0, file->picture.width,
                  file->picture.height);
      status = 0;
    }
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return status;
}

// Rows are put together; what comes as a whole lies in this process already.
class Memory final : public PixelSink {
 public:
  bool write(std::span<const std::uint8_t> rgba, std::size_t total) override {
    if (rgba.size() == total) return true;
    if (!pixels_) pixels_ = make_block(total);
    if (!pixels_) return false;
    std::copy(rgba.begin(), rgba.end(), pixels_.get() + filled_);
    filled_ += rgba.size();
    return true;
  }

 private:
  Block pixels_;
  std::size_t filled_ = 0;
};

// What has to last until the measurement is over: to give pixels back is no part of it.
using Kept = std::shared_ptr<const void>;

Outcome decode_plainly(File& file, Kept& kept) {
  const auto memory = std::make_shared<Memory>();
  kept = memory;
  SecondOpinion second;
  const Result<Picture> picture = decode_stream(file, {}, *memory, second);
  return picture ? Outcome(Nothing{}) : picture.error();
}

Outcome decode_boxed(File& file, Kept& kept) {
  const Result<Picture> picture = decode_in_box(file, {});
  if (picture) kept = picture->pixels;
  return picture ? Outcome(Nothing{}) : picture.error();
}

Outcome read_strictly(File& file, Kept&) {
  JpegStrict strict;
  for (auto bytes = file.next(); !bytes.empty(); bytes = file.next()) {
    if (Outcome good = strict.feed(bytes); !good) return good;
  }
  return strict.finish();
}

int measure(const char* path, Outcome (*work)(File&, Kept&)) {
  File file(path);
  const auto faults = [](int who) {
    rusage usage{};
    getrusage(who, &usage);
    return usage.ru_minflt;
  };
  const double cpu = cpu_ms(RUSAGE_SELF) + cpu_ms(RUSAGE_CHILDREN);
  const long faulted = faults(RUSAGE_SELF) + faults(RUSAGE_CHILDREN);
  const auto begun = Clock::now();
  Kept kept;
  const Outcome done = work(file, kept);
  const double wall = ms_since(begun);
  if (!done) {
    std::fprintf(stderr, "%s %s\n", done.error().message.c_str(), done.error().detail.c_str());
    return 1;
  }
  std::printf("{\"wall\":%.3f,\"cpu\":%.3f,\"faults\":%ld}\n", wall,
              cpu_ms(RUSAGE_SELF) + cpu_ms(RUSAGE_CHILDREN) - cpu,
              faults(RUSAGE_SELF) + faults(RUSAGE_CHILDREN) - faulted);
  return 0;
}

int corpus(std::span<char*> paths) {
  std::map<std::string, int> outcomes;
  int broken = 0;
  for (const char* path : paths) {
    File file(path);
    const Result<Picture> picture = decode_in_box(file, {});
    ++outcomes[picture ? "opened" : std::string(name(picture.error().cause))];
    if (picture) continue;
    const bool broke = picture.error().cause == Cause::decoder_failed;
    broken += broke ? 1 : 0;
    std::printf("%s%s: %s %s\n", broke ? "BROKEN " : "", path, picture.error().what.c_str(),
                picture.error().detail.c_str());
  }
  std::printf("%zu files:", paths.size());
  for (const auto& [outcome, count] : outcomes) std::printf(" %d %s,", count, outcome.c_str());
  std::printf(" the box broke down %d times\n", broken);
  return broken == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  // A box that refuses a file reads no more of it. In the plugin, the thread that feeds it has all signals blocked.
  ::signal(SIGPIPE, SIG_IGN);
  const std::string what = argc > 1 ? argv[1] : "";
  if ((what == "get" || what == "memory") && argc == 4) return get(argv[2], argv[3], what == "memory");
  if (what == "box" && argc == 3) return measure(argv[2], decode_boxed);
  if (what == "plain" && argc == 3) return measure(argv[2], decode_plainly);
  if (what == "strict" && argc == 3) return measure(argv[2], read_strictly);
  if (what == "corpus" && argc > 2) return corpus(std::span(argv + 2, static_cast<std::size_t>(argc - 2)));
  std::fprintf(stderr, "usage: see the beginning of %s\n", __FILE__);
  return 2;
}
