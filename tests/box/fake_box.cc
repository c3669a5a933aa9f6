// SPDX-License-Identifier: GPL-2.0-or-later
// Stands where inset-decode should, and misbehaves as the first byte of its input says.
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "decode/box_result.h"

using inset::BoxResult;
using inset::kBoxInput;
using inset::kBoxOutput;
using inset::kPixelsAt;

namespace {

void leave(const BoxResult& result, off_t size) {
  if (::ftruncate(kBoxOutput, size) != 0) _exit(9);
  if (::pwrite(kBoxOutput, &result, sizeof result, 0) < 0) _exit(9);
}

[[noreturn]] void spin() {
  ::alarm(300);  // longer than anybody has patience, but a test that fails leaves nothing for ever
  volatile unsigned turns = 0;
  while (true) {
    const unsigned next = turns + 1;
    turns = next;
  }
}

// What a real box cannot do: leaves a child behind that holds the memory. It ends with 0 once it can write there no
// more.
void leave_a_writer() {
  if (::fork() != 0) return;
  for (int tries = 0; tries < 1000; ++tries) {
    const bool written = ::pwrite(kBoxOutput, "w", 1, kPixelsAt) == 1;
    if (!written && errno == EPERM) {
      const bool mapped = ::mmap(nullptr, 1, PROT_WRITE, MAP_SHARED, kBoxOutput, 0) != MAP_FAILED;
      _exit(!mapped && ::ftruncate(kBoxOutput, 0) != 0 ? 0 : 1);
    }
    ::usleep(10'000);
  }
  _exit(2);
}

void compute_for(int milliseconds) {
  timespec now{};
  do {
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  } while (now.tv_sec * 1000 + now.tv_nsec / 1'000'000 < milliseconds);
}

// What a real box says when it knows the size.
void begin(std::uint32_t width, std::uint32_t height) {
  BoxResult result;
  result.state = BoxResult::State::begun;
  result.width = width;
  result.height = height;
  if (::pwrite(kBoxOutput, &result, sizeof result, 0) < 0) _exit(9);
}

void read_all() {
  static char piece[1 << 16];
  while (::read(kBoxInput, piece, sizeof piece) > 0) {
  }
}

BoxResult picture(std::uint32_t width, std::uint32_t height) {
  BoxResult result;
  result.state = BoxResult::State::picture;
  result.width = result.stored_width = width;
  result.height = result.stored_height = height;
  return result;
}

}  // namespace

int main(int, char**) {
  ::prctl(PR_SET_DUMPABLE, 0);  // a crash is nothing for anybody who gathers them
  char what = 0;
  if (::read(kBoxInput, &what, 1) != 1) return 8;
  const off_t tiny = kPixelsAt + 2 * 2 * 4;
  switch (what) {
    case 'g': leave(picture(2, 2), tiny); return 0;
    case 'b':
      leave(picture(2, 2), tiny);
      leave_a_writer();
      return 0;
    case 'c': ::raise(SIGSEGV); return 0;
    case 'k': ::kill(::getpid(), SIGKILL); return 0;
    case 'l': spin();
    case 's': return 0;  // silent
    case 'n':
      ::alarm(300);
      ::pause();
      return 0;  // does nothing
    case 'L': begin(4096, 4096); spin();
    case 't':
      read_all();
      begin(1000, 1000);
      compute_for(2500);
      leave(picture(2, 2), tiny);
      return 0;
    case 'w': leave(picture(40000, 2), kPixelsAt + 40000 * 2 * 4); return 0;
    case 'p': leave(picture(2, 2), kPixelsAt + 4); return 0;  // fewer pixels than it says
    case 'z': leave(picture(0, 2), kPixelsAt); return 0;
    case 'o': leave(picture(16000, 16000), kPixelsAt); return 0;  // beyond the budget
    case 'x': {
      BoxResult result = picture(2, 2);
      result.stored_width = 7;
      leave(result, tiny);
      return 0;
    }
    case 'm': {
      BoxResult result = picture(2, 2);
      result.magic = 1;
      leave(result, tiny);
      return 0;
    }
    case 'e': {
      BoxResult result;
      result.state = BoxResult::State::error;
      result.cause = 4711;
      std::memset(result.note, 'A', sizeof result.note);  // no end
      leave(result, sizeof result);
      return 1;
    }
    case 'v': return inset::kBoxWrongCall;
    case 'q': {  // whole result, but it goes on
      leave(picture(2, 2), tiny);
      spin();
    }
    default: return 7;
  }
}
