// SPDX-License-Identifier: GPL-2.0-or-later
#include "proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

namespace e2e {
namespace {

// Bound to any port of 127.0.0.1.
int bound_socket(int* port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    std::abort();
  }
  *port = ntohs(address.sin_port);
  return fd;
}

int connect_to(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

// False at the end of the connection.
bool pass_on(int from, int to) {
  char bytes[65536];
  const ssize_t count = recv(from, bytes, sizeof bytes, 0);
  if (count <= 0) return false;
  for (ssize_t sent = 0; sent < count;) {
    const ssize_t now = send(to, bytes + sent, static_cast<std::size_t>(count - sent), MSG_NOSIGNAL);
    if (now <= 0) return false;
    sent += now;
  }
  return true;
}

}  // namespace

Proxy::Proxy(std::string status_line) : status_line_(std::move(status_line)) {
  listener_ = bound_socket(&port_);
  if (listen(listener_, 16) != 0) std::abort();
  thread_ = std::thread([this] {
    while (!stopping_) {
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client >= 0) clients_.emplace_back([this, client] { serve(client); });
    }
  });
}

Proxy::~Proxy() {
  stopping_ = true;
  shutdown(listener_, SHUT_RDWR);  // ends the accept()
  thread_.join();
  for (std::thread& client : clients_) client.join();
  close(listener_);
}

std::vector<std::string> Proxy::heads() const {
  const std::lock_guard lock(mutex_);
  return heads_;
}

void Proxy::serve(int client) {
  std::string head;
  char byte = 0;
  while (!head.ends_with("\r\n\r\n") && recv(client, &byte, 1, 0) == 1) head += byte;
  {
    const std::lock_guard lock(mutex_);
    heads_.push_back(head);
  }
  const std::size_t colon = head.find(':');
  const bool passes = status_line_.find(" 200 ") != std::string::npos && colon != std::string::npos;
  const int server = passes ? connect_to(std::atoi(head.c_str() + colon + 1)) : -1;
  const std::string answer = "HTTP/1.1 " + status_line_.substr(status_line_.find(' ') + 1) + "\r\n\r\n";
  send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
  while (server >= 0 && !stopping_) {
    pollfd both[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    if (poll(both, 2, 50) == 0) continue;
    if (both[0].revents && !pass_on(client, server)) break;
    if (both[1].revents && !pass_on(server, client)) break;
  }
  if (server >= 0) close(server);
  close(client);
}

BlackHole::BlackHole() {
  const int listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  socklen_t length = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), length) != 0 || listen(listener, 0) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    std::abort();
  }
  port_ = ntohs(address.sin6_port);
  fds_.push_back(listener);
  for (int i = 0; i < 4; ++i) {  // more than any kernel queues for a length of 0
    const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
    fds_.push_back(fd);
  }
}

BlackHole::~BlackHole() {
  for (const int fd : fds_) close(fd);
}

ClosedPort::ClosedPort() : fd_(bound_socket(&port_)) {}
ClosedPort::~ClosedPort() { close(fd_); }

}  // namespace e2e
