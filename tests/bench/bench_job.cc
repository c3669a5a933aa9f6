// SPDX-License-Identifier: GPL-2.0-or-later
// The whole job without a host, up to pixels in memory: for comparison with other programs that do the same.
//
//   bench_job GENERATION INDEX SIZE        the service and the key are in the environment, as for `easel`
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>

#include "worker.h"

int main(int argc, char** argv) {
  using namespace inset;
  if (argc != 4) return 2;
  auto settings = read_settings([](const char* name) -> const char* { return std::getenv(name); }, "");
  if (!settings) return 2;
  std::mutex mutex;
  std::condition_variable changed;
  bool awake = false;
  const auto wake = [&] {
    const std::lock_guard lock(mutex);
    awake = true;
    changed.notify_one();
  };
  Worker::Options options{std::move(*settings), "bench", "inset-bench", false, wake};
  Worker worker(std::move(options));
  worker.invoke(1, Worker::Action::insert, {{"generation", argv[1]}, {"index", argv[2]}, {"size", argv[3]}});
  bool placed = false;
  while (true) {
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return awake; });
      awake = false;
    }
    for (Message& message : worker.take()) {
      if (auto* place = std::get_if<PlaceMessage>(&message)) {
        const Picture& picture = place->placement.picture;
        std::printf("%u %u %u\n", picture.width, picture.height, picture.pixels.get()[0]);
        placed = true;
        worker.placed(1, place->ticket, {});
      } else if (auto* event = std::get_if<EventMessage>(&message); event != nullptr && event->kind == "failed") {
        for (const auto& [key, value] : event->pairs) std::fprintf(stderr, "%s: %s\n", key.c_str(), value.c_str());
      } else if (std::holds_alternative<OverMessage>(message)) {
        return placed ? 0 : 1;
      }
    }
  }
}
