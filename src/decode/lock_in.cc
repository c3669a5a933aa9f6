// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/lock_in.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define INSET_BOX_IS_LOOSE 1
#else
#define INSET_BOX_IS_LOOSE 0
#endif

namespace inset {

namespace {

// At most this much; whoever started the host may have set less already.
bool limit(int resource, rlim_t value) {
  const auto which = static_cast<__rlimit_resource_t>(resource);
  rlimit both{};
  if (getrlimit(which, &both) != 0) return false;
  both.rlim_max = std::min(both.rlim_max, value);
  both.rlim_cur = both.rlim_max;
  return setrlimit(which, &both) == 0;
}

#if !INSET_BOX_IS_LOOSE

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "The list of system calls was never tried on this architecture."
#endif

// The library takes memory, the program reads its pipe and writes its result; that is all. mmap is allowed apart, since
// memory that can be executed is not.
constexpr int kAllowed[] = {
    SYS_read, SYS_pwrite64, SYS_munmap,     SYS_mremap,          SYS_madvise,
    SYS_brk,  SYS_futex,    SYS_exit_group, SYS_restart_syscall,
};

constexpr std::uint32_t at(std::size_t offset) { return static_cast<std::uint32_t>(offset); }

bool filter_calls() {
  sock_filter program[8 + 2 * std::size(kAllowed) + 4];
  std::size_t length = 0;
  const auto add = [&](sock_filter step) { program[length++] = step; };
  const auto load = [](std::size_t offset) { return sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at(offset)); };
  const sock_filter kill = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  const sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

  add(load(offsetof(seccomp_data, arch)));
  add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0));
  add(kill);
  add(load(offsetof(seccomp_data, nr)));
  for (const int call : kAllowed) {
    add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
    add(allow);
  }
  add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 1, 0));
  add(kill);
  add(load(offsetof(seccomp_data, args) +
           2 * sizeof(std::uint64_t)));  // the low half of the third argument, little-endian
  add(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1));
  add(kill);
  add(allow);

  const sock_fprog filter = {static_cast<unsigned short>(length), program};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) == 0;
}

#endif

}  // namespace

bool lock_in() {
  const bool modest =
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && limit(RLIMIT_CORE, 0);
#if INSET_BOX_IS_LOOSE
  return modest;
#else
  constexpr rlim_t memory = rlim_t{6} << 30;  // the largest picture of the worst kind, and some
  constexpr rlim_t result = rlim_t{1} << 30;  // above any picture that the limits of the caller allow
  constexpr rlim_t seconds = 60;              // the parent is stricter; this is for a box that lost its parent
  return modest && limit(RLIMIT_AS, memory) && limit(RLIMIT_FSIZE, result) && limit(RLIMIT_CPU, seconds) &&
         limit(RLIMIT_NOFILE, 5) && filter_calls();
#endif
}

}  // namespace inset
