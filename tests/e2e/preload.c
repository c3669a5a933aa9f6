// SPDX-License-Identifier: GPL-2.0-or-later
// Put in front of the C library by LD_PRELOAD, to be what no network on this machine can be: a name service that hangs
// or knows nothing, an IPv6 route into nowhere, a file system without locks, a clock that is a year off. Each is asked
// for by an environment variable; without one all is as it was.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static long number_of(const char* name) {
  const char* text = getenv(name);
  return text ? strtol(text, NULL, 10) : 0;
}

// Names that end in ".test" are those of this machine. TEST_LOOKUPS_HANG: they are never found, nor not found;
// TEST_LOOKUPS_FAIL: so many of them, from the first, are not found. (libcurl does not look up "localhost".)
EXPORT int getaddrinfo(const char* node, const char* service, const struct addrinfo* hints, struct addrinfo** result) {
  static atomic_long calls;
  const size_t length = node ? strlen(node) : 0;
  if (length > 5 && strcmp(node + length - 5, ".test") == 0) {
    const long call = atomic_fetch_add(&calls, 1) + 1;
    if (number_of("TEST_LOOKUPS_HANG")) sleep(120);
    if (call <= number_of("TEST_LOOKUPS_FAIL")) return EAI_NONAME;
    node = "localhost";
  }
  int (*real)(const char*, const char*, const struct addrinfo*, struct addrinfo**) =
      (int (*)(const char*, const char*, const struct addrinfo*, struct addrinfo**))dlsym(RTLD_NEXT, "getaddrinfo");
  return real(node, service, hints, result);
}

// TEST_BLACK_HOLE: a port on ::1 where nobody answers, to which all IPv6 connections go instead.
EXPORT int connect(int fd, const struct sockaddr* address, socklen_t length) {
  int (*real)(int, const struct sockaddr*, socklen_t) =
      (int (*)(int, const struct sockaddr*, socklen_t))dlsym(RTLD_NEXT, "connect");
  const long port = number_of("TEST_BLACK_HOLE");
  if (port == 0 || address->sa_family != AF_INET6) return real(fd, address, length);
  struct sockaddr_in6 hole;
  memcpy(&hole, address, sizeof hole);
  hole.sin6_port = htons((unsigned short)port);
  return real(fd, (const struct sockaddr*)&hole, sizeof hole);
}

// TEST_NO_LOCKS: as on some network file systems.
EXPORT int flock(int fd, int operation) {
  if (number_of("TEST_NO_LOCKS")) {
    errno = ENOLCK;
    return -1;
  }
  int (*real)(int, int) = (int (*)(int, int))dlsym(RTLD_NEXT, "flock");
  return real(fd, operation);
}

// TEST_YEARS_OFF: of the wall clock; the others go on as they do. After TEST_YEARS_AFTER seconds, if that is set.
static time_t seconds_off(void) {
  const long years = number_of("TEST_YEARS_OFF");
  if (years == 0) return 0;
  static struct timespec first;
  struct timespec now;
  int (*real)(clockid_t, struct timespec*) = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  real(CLOCK_MONOTONIC, &now);
  if (first.tv_sec == 0) first = now;
  return now.tv_sec - first.tv_sec < number_of("TEST_YEARS_AFTER") ? 0 : years * 31557600;
}

EXPORT int clock_gettime(clockid_t which, struct timespec* time) {
  int (*real)(clockid_t, struct timespec*) = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  const int status = real(which, time);
  if (status == 0 && which == CLOCK_REALTIME) time->tv_sec += seconds_off();
  return status;
}

EXPORT time_t time(time_t* result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result) *result = now.tv_sec;
  return now.tv_sec;
}

EXPORT int gettimeofday(struct timeval* restrict result, void* restrict zone) {
  (void)zone;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  result->tv_sec = now.tv_sec;
  result->tv_usec = now.tv_nsec / 1000;
  return 0;
}
