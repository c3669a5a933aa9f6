// SPDX-License-Identifier: GPL-2.0-or-later
#include "loopback.h"

#include <microhttpd.h>
#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

namespace inset {
namespace {

constexpr unsigned kSecondsWithoutWord = 10;
constexpr unsigned kConnections = 16;
constexpr std::size_t kMemoryEach = 16 << 10;  // a longer address is refused

constexpr std::string_view kPage =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Inset</title>"
    "<meta name=\"viewport\" content=\"width=device-width\"><style>body{font:1.1em "
    "sans-serif;max-width:34em;margin:4em "
    "auto;padding:0 1em}</style></head><body><h1 id=\"said\">";

MHD_Result send_page(MHD_Connection* connection, unsigned status, std::string_view title, std::string_view text) {
  std::string page(kPage);
  page += title;
  page += "</h1><p>";
  page += text;
  page += "</p></body></html>\n";
  MHD_Response* response = MHD_create_response_from_buffer(page.size(), page.data(), MHD_RESPMEM_MUST_COPY);
  if (!response) return MHD_NO;
  for (const auto& [name, value] :
       {std::pair("Content-Type", "text/html; charset=utf-8"), std::pair("Cache-Control", "no-store"),
        std::pair("Referrer-Policy", "no-referrer"), std::pair("X-Content-Type-Options", "nosniff"),
        std::pair("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
        std::pair("Connection", "close")}) {
    MHD_add_response_header(response, name, value);
  }
  const MHD_Result queued = MHD_queue_response(connection, status, response);
  MHD_destroy_response(response);
  return queued;
}

std::string argument(MHD_Connection* connection, const char* name) {
  const char* value = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
  return value ? value : "";
}

char awaited_one;  // its address marks the request that brought the answer

}  // namespace

struct Loopback::Server {
  explicit Server(Loopback& loopback) : owner(loopback) {}
  ~Server() {
    owner.transport_.unwatch(watch);
    if (daemon) MHD_stop_daemon(daemon);
  }

  bool listen(bool v6, int port) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v4.sin_port = htons(static_cast<std::uint16_t>(port));
    sockaddr_in6 address6{};
    address6.sin6_family = AF_INET6;
    address6.sin6_addr = in6addr_loopback;
    address6.sin6_port = v4.sin_port;
    const void* address = v6 ? static_cast<const void*>(&address6) : &v4;
    // No thread of its own: the worker turns it.
    const unsigned flags = MHD_USE_EPOLL | (v6 ? static_cast<unsigned>(MHD_USE_IPv6) : 0u);
    daemon = MHD_start_daemon(flags, 0, nullptr, nullptr, &Server::on_request, this, MHD_OPTION_SOCK_ADDR, address,
                              MHD_OPTION_CONNECTION_TIMEOUT, kSecondsWithoutWord, MHD_OPTION_CONNECTION_LIMIT,
                              kConnections, MHD_OPTION_CONNECTION_MEMORY_LIMIT, kMemoryEach,
                              MHD_OPTION_NOTIFY_COMPLETED, &Server::on_completed, this, MHD_OPTION_END);
    if (!daemon) return false;
    const MHD_DaemonInfo* descriptor = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    watch = owner.transport_.watch(descriptor->epoll_fd, [this] { owner.turn(); });
    return true;
  }

  int port() const { return MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port; }

  // Nothing may be thrown through libmicrohttpd; the browser then sees a connection that is closed.
  static MHD_Result on_request(void* user, MHD_Connection* connection, const char* path, const char* method,
                               const char*, const char*, std::size_t* size, void** mark) {
    *size = 0;
    try {
      return static_cast<Server*>(user)->answer(connection, path, method, mark);
    } catch (...) {
      return MHD_NO;
    }
  }

  MHD_Result answer(MHD_Connection* connection, const char* path, const char* method, void** mark) {
    if (std::strcmp(method, "GET") != 0 || owner.settings_.path != path || owner.answer_) {
      return send_page(connection, 404, "Nothing here", "This page belongs to no sign-in.");
    }
    Callback callback{.state = argument(connection, "state"),
                      .code = argument(connection, "code"),
                      .error = argument(connection, "error"),
                      .issuer = argument(connection, "iss")};
    if (!owner.belongs_ || !owner.belongs_(callback)) {
      return send_page(connection, 400, "Not this sign-in", "This answer belongs to another sign-in. It was not used.");
    }
    *mark = &awaited_one;
    const bool declined = !callback.error.empty();
    owner.answer_ = std::move(callback);
    return declined ? send_page(connection, 200, "Not signed in", "You can close this page.")
                    : send_page(connection, 200, "Thank you",
                                "You can close this page and go back to the program that you came from.");
  }

  static void on_completed(void* user, MHD_Connection*, void** mark, MHD_RequestTerminationCode) {
    if (*mark == &awaited_one) static_cast<Server*>(user)->owner.answered_ = true;
  }

  Loopback& owner;
  MHD_Daemon* daemon = nullptr;
  Transport::Id watch = 0;
};

Loopback::Loopback(Transport& transport, Timers& timers, const RedirectSettings& settings)
    : transport_(transport), timers_(timers), settings_(settings) {
  auto v4 = std::make_unique<Server>(*this);
  errno = 0;
  const bool listens = v4->listen(false, settings_.port);
  const int error = errno;
  if (listens) {
    settings_.port = v4->port();
    servers_.push_back(std::move(v4));
  }
  // Where a browser takes "localhost" for ::1. Not every machine has it.
  auto v6 = std::make_unique<Server>(*this);
  if (settings_.port != 0 && v6->listen(true, settings_.port)) servers_.push_back(std::move(v6));
  const bool wants_v6 = settings_.host == "[::1]";
  if (!listens || (wants_v6 && servers_.size() < 2)) {
    problem_ =
        make_error(Stage::signing_in, Cause::parameter_wrong,
                   settings_.port == 0
                       ? "This computer lets no program listen for the browser's answer."
                       : "The port " + std::to_string(settings_.port) +
                             ", where the browser is to bring its answer (redirect_port), is taken by another program.",
                   std::generic_category().message(error));
    servers_.clear();
    return;
  }
  turn();
}

Loopback::~Loopback() {
  came_ = {};
  servers_.clear();  // while all that they may still touch is there
  timers_.cancel(timer_);
}

std::string Loopback::redirect() const {
  return "http://" + settings_.host + ":" + std::to_string(settings_.port) + settings_.path;
}

void Loopback::await(std::function<bool(const Callback&)> belongs, std::function<void(Callback)> came) {
  belongs_ = std::move(belongs);
  came_ = std::move(came);
}

void Loopback::turn() {
  timers_.cancel(std::exchange(timer_, 0));
  std::optional<Millis> next;
  for (const auto& server : servers_) {
    MHD_run(server->daemon);
    MHD_UNSIGNED_LONG_LONG wait = 0;
    if (MHD_get_timeout(server->daemon, &wait) == MHD_YES) {
      const Millis millis(static_cast<Millis::rep>(wait));
      next = next ? std::min(*next, millis) : millis;
    }
  }
  if (answer_ && answered_ && came_) {
    const auto came = std::exchange(came_, {});
    came(std::move(*answer_));  // may destroy this
    return;
  }
  if (next) timer_ = timers_.at(awake_now() + *next, [this] { turn(); });
}

}  // namespace inset
