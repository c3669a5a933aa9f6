// SPDX-License-Identifier: GPL-2.0-or-later
// What the main loop sleeps on: the plugin's wake(), which comes from any thread, and the signals
// that ask the program to end. One descriptor serves both.
#pragma once

namespace easel {

class WakeUp {
 public:
  // Takes SIGINT, SIGTERM and SIGHUP unless they were ignored when the program began. The second of
  // them is the last that is caught: a third ends the program as if there were no handler. One
  // object a process.
  WakeUp();
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;

  bool works() const { return fd_ >= 0; }

  // [any], also from a signal handler.
  void notify() const;

  // Sleeps until somebody notifies, or for that many milliseconds (-1: without end).
  void wait(int milliseconds) const;

  // How many signals have asked the program to end.
  static int interrupts();

 private:
  int fd_ = -1;
};

}  // namespace easel
