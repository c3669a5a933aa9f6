// SPDX-License-Identifier: GPL-2.0-or-later
// What the engine needs from HTTP, and nothing of how it is done. curl_transport.h does it; tests bring 20 lines.
//
// Everything here belongs to one thread, the worker's, but for wake().
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace inset {

enum class Method { get, post, put };

// Who may be at the other end of the connection.
enum class Reach {
  anyone,              // addresses that the person configured
  the_public,          // addresses that came from outside: public ones alone
  public_or_loopback,  // the same while the service itself is on this machine, for tests and the try-out
};

struct HttpRequest {
  Method method = Method::get;
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string body;                  // sent once: a request with a body is never repeated by the transport on its own
  Reach reach = Reach::anyone;
  std::uint64_t most_bytes = 1 << 20;       // of the body
  std::chrono::milliseconds time_limit{0};  // for all of it; 0: none but the stall limit (1 kB/s over 20 s)
  bool decode_body = false;                 // a gzip body is decoded; else it comes as it is
};

struct HttpHead {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case

  // The first header of this name (lower case), or empty.
  std::string_view header(std::string_view name) const;
};

enum class HttpFault {
  none,
  name_lookup,
  no_connection,
  tls,
  proxy,         // the proxy refused, or cannot be reached
  peer_refused,  // the address is not within Request.reach
  lost,          // reset, cut off, empty reply
  incomplete,    // shorter than the length it announced
  too_slow,
  time_up,
  too_large,
  out_of_memory,
  stopped,  // the sink wanted no more
  other,
};

struct HttpEnd {
  HttpFault fault = HttpFault::none;
  bool nothing_sent = false;  // proved: not a byte of the request left this machine
  bool exact = false;    // the end of the body is marked by a length or a last chunk, not by the end of the connection
  int proxy_status = 0;  // what a proxy answered to CONNECT, if it refused
  std::string text;      // the library's words, without the address
};

// A whole answer, for those who want it in one piece.
struct HttpReply {
  HttpHead head;  // status 0: none came
  std::string body;
  HttpEnd end;
};

// Receives one answer. After end(), or Transport::cancel(), no more calls. What head() or body() throw ends the answer:
// with out_of_memory if it is bad_alloc, else with other.
class HttpSink {
 public:
  virtual ~HttpSink() = default;
  // The final head; 1xx heads are dropped. False: enough.
  virtual bool head(const HttpHead& head) = 0;
  enum class Taken { all, none_yet, stop };
  // none_yet: the transfer pauses, and the same bytes come again after Transport::resume().
  virtual Taken body(std::span<const std::byte> bytes) = 0;
  virtual void end(const HttpEnd& end) = 0;
};

class Transport {
 public:
  virtual ~Transport() = default;
  using Id = std::uint64_t;

  // The sink must live until its end(), or until cancel().
  virtual Id start(HttpRequest request, HttpSink& sink) = 0;
  virtual void cancel(Id id) = 0;
  virtual void resume(Id id) = 0;

  // Calls back from run() whenever there is something to read, or an end. The descriptor stays the caller's, open until
  // unwatch().
  virtual Id watch(int fd, std::function<void()> readable) = 0;
  virtual void unwatch(Id id) = 0;  // 0 or a past id: nothing

  // Waits at most this long for something to happen, then lets it happen: sinks are called from in here.
  virtual void run(std::chrono::milliseconds longest) = 0;

  // Makes run() return. [any]
  virtual void wake() = 0;
};

}  // namespace inset
