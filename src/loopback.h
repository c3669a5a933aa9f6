// SPDX-License-Identifier: GPL-2.0-or-later
// Waits on this machine for the browser to bring the answer of a sign-in: a web server for exactly one request, at
// 127.0.0.1 and ::1 alone. Whatever does not bring the right state is answered and forgotten. One thread, the worker's;
// it has none of its own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clock.h"
#include "error.h"
#include "http.h"
#include "oauth.h"

namespace inset {

struct RedirectSettings {
  std::string host = "127.0.0.1";  // or "localhost", "[::1]": as it was registered
  int port = 0;                    // 0: any that is free
  std::string path = "/callback";
};

class Loopback {
 public:
  // Listens at once; see problem().
  Loopback(Transport& transport, Timers& timers, const RedirectSettings& settings);
  ~Loopback();
  Loopback(const Loopback&) = delete;
  Loopback& operator=(const Loopback&) = delete;

  // Why it does not listen, if it does not.
  const std::optional<Error>& problem() const { return problem_; }

  // "http://127.0.0.1:41234/callback"
  std::string redirect() const;

  // `belongs` says whether an answer is the awaited one; the first of which it does is given to `came`, once, after the
  // page has been sent to the browser. `came` may destroy this.
  void await(std::function<bool(const Callback&)> belongs, std::function<void(Callback)> came);

 private:
  struct Server;
  friend struct Server;
  void add(bool v6);
  void turn();

  Transport& transport_;
  Timers& timers_;
  RedirectSettings settings_;
  std::optional<Error> problem_;
  std::vector<std::unique_ptr<Server>> servers_;
  Timers::Id timer_ = 0;
  std::function<bool(const Callback&)> belongs_;
  std::function<void(Callback)> came_;
  std::optional<Callback> answer_;
  bool answered_ = false;  // the page has been sent
};

}  // namespace inset
