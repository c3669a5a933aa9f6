/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preloaded into a client: connections to some ports of the loopback go to others, where the slow road begins (slow_road.py).
 * INSET_BENCH_VIA is "PORT=PORT PORT=PORT ...". */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static unsigned short instead_of(unsigned short port) {
  const char* at = getenv("INSET_BENCH_VIA");
  while (at && *at) {
    char* end;
    const long from = strtol(at, &end, 10);
    if (*end != '=') break;
    const long to = strtol(end + 1, &end, 10);
    if (from == port) return (unsigned short)to;
    at = end + strspn(end, " ");
  }
  return port;
}

int connect(int fd, const struct sockaddr* address, socklen_t length) {
  int (*real)(int, const struct sockaddr*, socklen_t) = dlsym(RTLD_NEXT, "connect");
  struct sockaddr_in6 copy;
  if (length <= sizeof copy && address->sa_family == AF_INET) {
    memcpy(&copy, address, length);
    struct sockaddr_in* v4 = (struct sockaddr_in*)&copy;
    v4->sin_port = htons(instead_of(ntohs(v4->sin_port)));
    return real(fd, (const struct sockaddr*)&copy, length);
  }
  if (length <= sizeof copy && address->sa_family == AF_INET6) {
    memcpy(&copy, address, length);
    copy.sin6_port = htons(instead_of(ntohs(copy.sin6_port)));
    return real(fd, (const struct sockaddr*)&copy, length);
  }
  return real(fd, address, length);
}
