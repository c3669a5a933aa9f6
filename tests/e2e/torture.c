// SPDX-License-Identifier: GPL-2.0-or-later
// Put in front of the C library by LD_PRELOAD. Counts the system calls that a program makes on the files below one
// folder, and lets the n-th of them fail.
//
//   TORTURE_FOLDER  the folder
//   TORTURE_AT      which call fails, from 1; 0: none, only count
//   TORTURE_HOW     ENOSPC, EIO, EINTR: that error; SHORT: a write takes half, the others succeed; ALWAYS: all calls
//                   from the n-th on fail with ENOSPC; KILL: the program is killed before the n-th; KILL_AFTER_INTENT: it is
//                   killed when an intent has become durable, wherever that is
//   TORTURE_COUNT   a file for the number of calls there were
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define REAL(type, name) ((type)dlsym(RTLD_NEXT, name))

static atomic_long calls;

static int is_below(const char* path) {
  const char* folder = getenv("TORTURE_FOLDER");
  return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_open_below(int fd) {
  char link[64];
  char path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_below(path);
}

// 0, or the errno with which this call is to fail; -1: a short write.
static int fate(void) {
  const long call = atomic_fetch_add(&calls, 1) + 1;
  const char* at = getenv("TORTURE_AT");
  const char* how = getenv("TORTURE_HOW");
  const long wanted = at ? strtol(at, NULL, 10) : 0;
  if (wanted == 0 || !how || call < wanted) return 0;
  if (strcmp(how, "KILL") == 0) kill(getpid(), SIGKILL);
  if (strcmp(how, "ALWAYS") == 0) return ENOSPC;
  if (call > wanted) return 0;
  if (strcmp(how, "EIO") == 0) return EIO;
  if (strcmp(how, "EINTR") == 0) return EINTR;
  if (strcmp(how, "SHORT") == 0) return -1;
  return ENOSPC;
}

static int fails(void) {
  const int error = fate();
  if (error <= 0) return 0;
  errno = error;
  return 1;
}

EXPORT ssize_t write(int fd, const void* bytes, size_t count) {
  ssize_t (*real)(int, const void*, size_t) = REAL(ssize_t(*)(int, const void*, size_t), "write");
  if (!is_open_below(fd)) return real(fd, bytes, count);
  const int error = fate();
  if (error > 0) {
    errno = error;
    return -1;
  }
  return real(fd, bytes, error < 0 && count > 1 ? count / 2 : count);
}

static void die_after_an_intent(int fd) {
  char link[64];
  char text[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const int file = REAL(int (*)(const char*, int, mode_t), "open")(link, O_RDONLY | O_CLOEXEC, 0);
  if (file < 0) return;
  const ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  text[length > 0 ? length : 0] = 0;
  if (strstr(text, "\"record\":\"intent\"")) kill(getpid(), SIGKILL);
}

EXPORT int fsync(int fd) {
  const int ours = is_open_below(fd);
  if (ours && fails()) return -1;
  const int status = REAL(int (*)(int), "fsync")(fd);
  const char* how = getenv("TORTURE_HOW");
  if (ours && how && strcmp(how, "KILL_AFTER_INTENT") == 0) die_after_an_intent(fd);
  return status;
}

EXPORT int ftruncate(int fd, off_t length) {
  if (is_open_below(fd) && fails()) return -1;
  return REAL(int (*)(int, off_t), "ftruncate")(fd, length);
}

EXPORT int ftruncate64(int fd, off64_t length) { return ftruncate(fd, (off_t)length); }

EXPORT int rename(const char* from, const char* to) {
  if (is_below(from) && fails()) return -1;
  return REAL(int (*)(const char*, const char*), "rename")(from, to);
}

EXPORT int unlink(const char* path) {
  if (is_below(path) && fails()) return -1;
  return REAL(int (*)(const char*), "unlink")(path);
}

EXPORT int mkdir(const char* path, mode_t mode) {
  if (is_below(path) && fails()) return -1;
  return REAL(int (*)(const char*, mode_t), "mkdir")(path, mode);
}

EXPORT int flock(int fd, int operation) {
  if (is_open_below(fd) && fails()) return -1;
  return REAL(int (*)(int, int), "flock")(fd, operation);
}

static int open_as(const char* name, const char* path, int flags, mode_t mode) {
  if (is_below(path) && fails()) return -1;
  return REAL(int (*)(const char*, int, mode_t), name)(path, flags, mode);
}

EXPORT int open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
  va_end(list);
  return open_as("open", path, flags, mode);
}

EXPORT int open64(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
  va_end(list);
  return open_as("open64", path, flags, mode);
}

__attribute__((destructor)) static void tell(void) {
  const char* path = getenv("TORTURE_COUNT");
  if (!path) return;
  char text[64];
  const int length = snprintf(text, sizeof text, "%ld\n", atomic_load(&calls));
  const int fd = REAL(int (*)(const char*, int, mode_t), "open")(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return;
  REAL(ssize_t(*)(int, const void*, size_t), "write")(fd, text, (size_t)length);
  close(fd);
}
