// SPDX-License-Identifier: GPL-2.0-or-later
#include "spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

namespace contract {

using Clock = std::chrono::steady_clock;

Program::Program(const Spawn& spawn) {
  std::vector<char*> words;
  for (const std::string& word : spawn.words) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  std::vector<std::string> settings;
  std::vector<char*> environment;
  if (spawn.environment) {
    for (const auto& [name, value] : *spawn.environment) settings.push_back(name + "=" + value);
    for (std::string& setting : settings) environment.push_back(setting.data());
    environment.push_back(nullptr);
  }

  int out[2] = {-1, -1};
  int err[2] = {-1, -1};
  if (spawn.terminal) {
    winsize size{};
    size.ws_row = 24;
    size.ws_col = 60;
    if (openpty(&out[0], &out[1], nullptr, nullptr, &size) != 0) std::abort();
    fcntl(out[0], F_SETFD, FD_CLOEXEC);
  } else if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
    std::abort();
  }

  pid_ = fork();
  if (pid_ == 0) {
    // Only what may be called between fork and exec.
    if (!spawn.folder.empty() && chdir(spawn.folder.c_str()) != 0) _exit(126);
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(nothing, 0);
    dup2(out[1], 1);
    dup2(spawn.terminal ? out[1] : err[1], 2);
    if (spawn.most_bytes_in_a_file > 0) {
      const rlimit limit{spawn.most_bytes_in_a_file, spawn.most_bytes_in_a_file};
      setrlimit(RLIMIT_FSIZE, &limit);
    }
    if (spawn.ignores_interrupt) std::signal(SIGINT, SIG_IGN);
    execve(words[0], words.data(), spawn.environment ? environment.data() : environ);
    _exit(127);
  }
  close(out[1]);
  if (err[1] >= 0) close(err[1]);
  out_ = out[0];
  err_ = err[0];
}

Program::~Program() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (const int fd : {out_, err_})
    if (fd >= 0) close(fd);
}

void Program::send(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

// False once both outputs have ended.
bool Program::read_some(std::chrono::milliseconds time) {
  pollfd entries[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
  if (out_ < 0 && err_ < 0) return false;
  if (poll(entries, 2, static_cast<int>(time.count())) <= 0) return true;
  char text[4096];
  for (const pollfd& entry : entries) {
    if (entry.fd < 0 || entry.revents == 0) continue;
    const ssize_t got = read(entry.fd, text, sizeof text);
    if (got > 0) {
      (entry.fd == out_ ? finished_.out : finished_.err).append(text, static_cast<size_t>(got));
      continue;
    }
    close(entry.fd);
    (entry.fd == out_ ? out_ : err_) = -1;
  }
  return out_ >= 0 || err_ >= 0;
}

bool Program::says(const std::string& text, std::chrono::milliseconds time) {
  const auto end = Clock::now() + time;
  const auto said = [&] {
    return finished_.out.find(text) != std::string::npos || finished_.err.find(text) != std::string::npos;
  };
  while (!said() && Clock::now() < end)
    if (!read_some(std::chrono::milliseconds(50))) break;
  return said();
}

Finished Program::finish(std::chrono::milliseconds time) {
  const auto end = Clock::now() + time;
  while (read_some(std::chrono::milliseconds(50)))
    if (Clock::now() >= end) kill(pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  if (WIFEXITED(status)) finished_.status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) finished_.signal = WTERMSIG(status);
  return finished_;
}

Finished run(const Spawn& spawn) { return Program(spawn).finish(); }

}  // namespace contract
