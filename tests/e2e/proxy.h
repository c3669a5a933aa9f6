// SPDX-License-Identifier: GPL-2.0-or-later
// A proxy on the loopback that knows CONNECT and nothing else.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace e2e {

class Proxy {
 public:
  // What it says to CONNECT; with a status of 200 it then passes bytes on, both ways.
  explicit Proxy(std::string status_line);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  std::string address() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // All that came before the first byte was passed on, of every connection.
  std::vector<std::string> heads() const;

 private:
  void serve(int client);

  std::string status_line_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> heads_;    // guarded
  std::vector<std::thread> clients_;  // the accepting thread's
  std::thread thread_;
};

// A port of ::1 that takes no connection: its queue is full.
class BlackHole {
 public:
  BlackHole();
  ~BlackHole();
  BlackHole(const BlackHole&) = delete;
  BlackHole& operator=(const BlackHole&) = delete;
  int port() const { return port_; }

 private:
  std::vector<int> fds_;
  int port_ = 0;
};

// A port of 127.0.0.1 where nobody listens, and nobody will as long as this lives.
class ClosedPort {
 public:
  ClosedPort();
  ~ClosedPort();
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;
  int port() const { return port_; }

 private:
  int fd_ = -1;
  int port_ = 0;
};

}  // namespace e2e
