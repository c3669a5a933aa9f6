// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "http.h"

namespace inset::test {

// A network of memory. Requests are kept; run() answers them one by one by the function given.
class FakeTransport final : public Transport {
 public:
  struct Exchange {
    HttpRequest request;
    HttpSink* sink = nullptr;  // null: over or cancelled
  };
  std::function<HttpReply(const HttpRequest&)> answer;
  std::size_t piece = 0;             // of a body; 0: in one
  std::map<Id, Exchange> exchanges;  // all of them, the past ones too

  Id start(HttpRequest request, HttpSink& sink) override {
    exchanges[next_] = {std::move(request), &sink};
    return next_++;
  }
  void cancel(Id id) override {
    if (exchanges.contains(id)) exchanges[id].sink = nullptr;
  }
  void resume(Id id) override { resumed.push_back(id); }
  void wake() override {}
  Id watch(int fd, std::function<void()> readable) override {
    watches[next_watch_] = {fd, std::move(readable)};
    return next_watch_++;
  }
  void unwatch(Id id) override { watches.erase(id); }
  std::map<Id, std::pair<int, std::function<void()>>> watches;
  void run(std::chrono::milliseconds) override {
    for (Id id = 1; id < next_; ++id) {
      if (exchanges[id].sink) deliver(id, answer(exchanges[id].request));
    }
  }

  // As the real one does it: the head, the body while the sink wants it, the end.
  void deliver(Id id, const HttpReply& reply) {
    const auto sink = [&] { return exchanges[id].sink; };
    HttpEnd end = reply.end;
    bool wanted = reply.head.status == 0 || sink()->head(reply.head);
    std::string_view rest = reply.body;
    for (int pauses = 0; wanted && sink() && !rest.empty();) {
      const auto part = rest.substr(0, piece == 0 ? rest.size() : piece);
      const auto taken = sink()->body(std::as_bytes(std::span(part)));
      if (taken == HttpSink::Taken::all) rest.remove_prefix(part.size());
      if (taken == HttpSink::Taken::stop) wanted = false;
      if (taken == HttpSink::Taken::none_yet) {
        if (++pauses > 10'000) return;
        if (on_pause) on_pause();
      }
    }
    if (!wanted) end.fault = HttpFault::stopped;
    if (HttpSink* last = std::exchange(exchanges[id].sink, nullptr)) last->end(end);
  }

  const HttpRequest& request(std::size_t number) const { return exchanges.at(number).request; }
  std::size_t count() const { return exchanges.size(); }
  // How many requests went to addresses with this in them.
  std::size_t count(std::string_view part) const {
    std::size_t found = 0;
    for (const auto& [id, exchange] : exchanges) found += exchange.request.url.find(part) != std::string::npos;
    return found;
  }

  std::function<void()> on_pause;
  std::vector<Id> resumed;

 private:
  Id next_ = 1;
  Id next_watch_ = 1;
};

inline HttpReply reply_of(int status, std::string body = {},
                          std::vector<std::pair<std::string, std::string>> headers = {}) {
  HttpReply reply;
  reply.head.status = status;
  reply.head.headers = std::move(headers);
  reply.body = std::move(body);
  reply.end.exact = true;
  return reply;
}

inline HttpReply no_reply(HttpFault fault, bool nothing_sent = false, std::string text = {}) {
  HttpReply reply;
  reply.end.fault = fault;
  reply.end.nothing_sent = nothing_sent;
  reply.end.text = std::move(text);
  return reply;
}

inline bool has_header(const HttpRequest& request, std::string_view start) {
  for (const std::string& header : request.headers) {
    if (header.starts_with(start)) return true;
  }
  return false;
}

}  // namespace inset::test
