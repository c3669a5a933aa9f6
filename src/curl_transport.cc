// SPDX-License-Identifier: GPL-2.0-or-later
#include "curl_transport.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <utility>

#include "text.h"
#include "url.h"

namespace inset {

std::string_view HttpHead::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

namespace {

constexpr std::size_t kMostHeaderBytes = 64 << 10;
constexpr long kConnectLimitMs = 10'000;
constexpr long kStallBytesPerSecond = 1000;
constexpr long kStallSeconds = 20;
constexpr long kReceiveBuffer = 256 << 10;
constexpr int kMostRounds = 64;

void init_curl_once() {
  static std::once_flag once;
  // Never undone: a resolver thread of libcurl can outlive everything here, and another user of the library may be in
  // the same process.
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

// With a proxy the peer that this machine sees is the proxy, so its address says nothing about the file host.
bool proxy_in_environment() {
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    const char* value = std::getenv(name);
    if (value && *value) return true;
  }
  return false;
}

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

class CurlTransport;

struct Transfer {
  HttpRequest request;
  HttpSink* sink = nullptr;  // null: cancelled
  std::unique_ptr<curl_slist, ListDeleter> headers;
  std::unique_ptr<CURL, EasyDeleter> easy;
  char error_text[CURL_ERROR_SIZE] = {};
  bool by_proxy = false;
  bool added = false;
  bool resume_wanted = false;

  HttpHead head;
  bool head_given = false;
  std::size_t header_bytes = 0;
  std::uint64_t body_bytes = 0;
  std::size_t sent = 0;  // of request.body
  bool request_begun = false;
  bool peer_refused = false;
  HttpFault own_fault = HttpFault::none;  // why a callback of ours ended it
};

// ---- callbacks, from inside curl_multi_perform() and curl_easy_pause() ----

// Nothing may be thrown through libcurl: it would take itself for being inside a callback ever after, and do nothing
// for anybody any more. What is thrown ends the one transfer.
template <class Callback>
std::size_t caught(Transfer& transfer, Callback callback) {
  try {
    return callback();
  } catch (const std::bad_alloc&) {
    transfer.own_fault = HttpFault::out_of_memory;
  } catch (...) {
    transfer.own_fault = HttpFault::other;
  }
  return 0;
}

std::size_t take_header(Transfer& transfer, const char* data, std::size_t size) {
  if (transfer.head_given) return size;  // trailers
  transfer.header_bytes += size;
  if (transfer.header_bytes > kMostHeaderBytes) {
    transfer.own_fault = HttpFault::other;
    return 0;
  }
  const std::string_view line = trim({data, size});
  if (line.substr(0, 5) == "HTTP/") {
    transfer.head = {};
    const std::size_t space = line.find(' ');
    if (space != std::string_view::npos) transfer.head.status = std::atoi(line.data() + space + 1);
    return size;
  }
  if (!line.empty()) {
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) {
      transfer.head.headers.emplace_back(to_lower(trim(line.substr(0, colon))),
                                         std::string(trim(line.substr(colon + 1))));
    }
    return size;
  }
  if (transfer.head.status < 200) return size;  // 1xx: another head follows
  transfer.head_given = true;
  if (transfer.sink && !transfer.sink->head(transfer.head)) {
    transfer.own_fault = HttpFault::stopped;
    return 0;
  }
  return size;
}

std::size_t take_body(Transfer& transfer, const char* data, std::size_t size) {
  if (!transfer.sink) return 0;
  if (transfer.body_bytes + size > transfer.request.most_bytes) {
    transfer.own_fault = HttpFault::too_large;
    return 0;
  }
  switch (transfer.sink->body(std::as_bytes(std::span(data, size)))) {
    case HttpSink::Taken::all: transfer.body_bytes += size; return size;
    case HttpSink::Taken::none_yet: return CURL_WRITEFUNC_PAUSE;
    case HttpSink::Taken::stop: break;
  }
  transfer.own_fault = HttpFault::stopped;
  return 0;
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  return caught(transfer, [&] { return take_header(transfer, data, size); });
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  return caught(transfer, [&] { return take_body(transfer, data, size); });
}

std::size_t on_send(char* buffer, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t count = std::min(size, transfer.request.body.size() - transfer.sent);
  std::memcpy(buffer, transfer.request.body.data() + transfer.sent, count);
  transfer.sent += count;
  return count;
}

// Not to be rewound: see the top of curl_transport.h.
int on_seek(void*, curl_off_t, int) { return CURL_SEEKFUNC_FAIL; }

bool may_reach(const Transfer& transfer, const sockaddr& peer) {
  const Reach reach = transfer.request.reach;
  return reach == Reach::anyone || transfer.by_proxy || is_public_peer(peer) ||
         (reach == Reach::public_or_loopback && is_loopback_peer(peer));
}

// The connection may be one that was kept, and opened for a request that may reach more.
int on_request(void* user, char* peer, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(user);
  sockaddr_storage address{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(address);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
  if (::inet_pton(AF_INET, peer, &v4.sin_addr) == 1) {
    address.ss_family = AF_INET;
  } else if (::inet_pton(AF_INET6, peer, &v6.sin6_addr) == 1) {
    address.ss_family = AF_INET6;
  }
  if (!may_reach(transfer, reinterpret_cast<const sockaddr&>(address))) {
    transfer.own_fault = HttpFault::peer_refused;
    return CURL_PREREQFUNC_ABORT;
  }
  transfer.request_begun = true;
  return CURL_PREREQFUNC_OK;
}

curl_socket_t on_open_socket(void* user, curlsocktype, curl_sockaddr* peer) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (!may_reach(transfer, peer->addr)) {
    transfer.peer_refused = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(peer->family, peer->socktype | SOCK_CLOEXEC, peer->protocol);
}

// ---- outcome ----

HttpFault fault_of(const Transfer& transfer, CURLcode code) {
  if (transfer.own_fault != HttpFault::none) return transfer.own_fault;
  switch (code) {
    case CURLE_OK: return HttpFault::none;
    case CURLE_COULDNT_RESOLVE_HOST: return HttpFault::name_lookup;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY: return HttpFault::proxy;
    case CURLE_COULDNT_CONNECT:
      if (transfer.peer_refused) return HttpFault::peer_refused;
      return transfer.by_proxy ? HttpFault::proxy : HttpFault::no_connection;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS: return HttpFault::tls;
    case CURLE_OPERATION_TIMEDOUT:
      if (std::strstr(transfer.error_text, "Resolving")) return HttpFault::name_lookup;
      return !transfer.request_begun                   ? HttpFault::no_connection
             : transfer.request.time_limit.count() > 0 ? HttpFault::time_up
                                                       : HttpFault::too_slow;
    case CURLE_PARTIAL_FILE: return HttpFault::incomplete;
    case CURLE_FILESIZE_EXCEEDED: return HttpFault::too_large;
    case CURLE_OUT_OF_MEMORY: return HttpFault::out_of_memory;
    case CURLE_SSL_CONNECT_ERROR:  // cut off in the handshake
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND: return HttpFault::lost;
    default: return HttpFault::other;
  }
}

bool marks_its_end(const HttpHead& head) {
  if (head.status == 204 || head.status == 304) return true;
  const std::string_view coding = head.header("transfer-encoding");
  if (!coding.empty()) return to_lower(coding) == "chunked";
  return !head.header("content-length").empty();
}

HttpEnd end_of(const Transfer& transfer, CURLcode code) {
  HttpEnd end;
  end.fault = fault_of(transfer, code);
  end.nothing_sent = !transfer.request_begun;
  end.exact = marks_its_end(transfer.head);
  if (code != CURLE_OK) {
    end.text = transfer.error_text[0] ? transfer.error_text : curl_easy_strerror(code);
  }
  long proxy_status = 0;
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_HTTP_CONNECTCODE, &proxy_status);
  if (code != CURLE_OK && !transfer.request_begun && proxy_status >= 300) {
    end.fault = HttpFault::proxy;
    end.proxy_status = static_cast<int>(proxy_status);
  }
  return end;
}

// ---- the transport ----

class CurlTransport final : public Transport {
 public:
  CurlTransport(TransportSettings settings, CURLM* multi) : settings_(std::move(settings)), multi_(multi) {}

  ~CurlTransport() override {
    for (auto& [id, transfer] : transfers_) remove(*transfer);
    transfers_.clear();
    curl_multi_cleanup(multi_);
  }

  // Sinks may call start(), cancel() and resume() from inside a callback of libcurl, where its own functions must not
  // be called; so all three only take notes, and run() acts on them.
  Id start(HttpRequest request, HttpSink& sink) override {
    auto transfer = std::make_unique<Transfer>();
    transfer->request = std::move(request);
    transfer->sink = &sink;
    const Id id = next_id_++;
    transfers_.emplace(id, std::move(transfer));
    return id;
  }

  void cancel(Id id) override {
    if (const auto found = transfers_.find(id); found != transfers_.end()) {
      found->second->sink = nullptr;
    }
  }

  void resume(Id id) override {
    if (const auto found = transfers_.find(id); found != transfers_.end()) {
      found->second->resume_wanted = true;
    }
  }

  Id watch(int fd, std::function<void()> readable) override {
    const Id id = next_id_++;
    watches_.emplace(id, Watch{fd, std::move(readable)});
    return id;
  }

  void unwatch(Id id) override { watches_.erase(id); }

  void run(std::chrono::milliseconds longest) override {
    if (turn()) return;
    std::vector<Id> ids;
    std::vector<curl_waitfd> waited;
    std::vector<pollfd> watched;
    for (const auto& [id, watch] : watches_) {
      ids.push_back(id);
      waited.push_back({watch.fd, CURL_WAIT_POLLIN, 0});
      watched.push_back({watch.fd, POLLIN, 0});
    }
    curl_multi_poll(multi_, waited.data(), static_cast<unsigned>(waited.size()), static_cast<int>(longest.count()),
                    nullptr);
    ::poll(watched.data(), watched.size(), 0);  // libcurl wakes for an end of file, and does not say so
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const auto found = watches_.find(ids[i]);
      if (watched[i].revents == 0 || found == watches_.end()) continue;
      const auto readable = found->second.readable;  // it may end its own watch
      readable();
    }
    turn();
  }

  void wake() override { curl_multi_wakeup(multi_); }

 private:
  // Acts on the notes, moves all transfers on, tells the sinks of those that ended. True if any did.
  bool turn() {
    act();
    int running = 0;
    curl_multi_perform(multi_, &running);
    bool ended = false;
    for (int round = 0; round < kMostRounds; ++round) {
      int left = 0;
      const CURLMsg* message = curl_multi_info_read(multi_, &left);
      if (!message) break;
      if (message->msg != CURLMSG_DONE) continue;
      finish(message->easy_handle, message->data.result);
      ended = true;
    }
    return act() || ended;
  }

  // True if something was begun or ended that may need another look.
  bool act() {
    bool acted = false;
    for (auto at = transfers_.begin(); at != transfers_.end();) {
      Transfer& transfer = *at->second;
      if (!transfer.sink) {
        remove(transfer);
        at = transfers_.erase(at);
        continue;
      }
      if (!transfer.added) {
        begin(transfer);
        acted = true;
      }
      if (transfer.resume_wanted) {
        transfer.resume_wanted = false;
        curl_easy_pause(transfer.easy.get(), CURLPAUSE_CONT);
        acted = true;
      }
      ++at;
    }
    return acted;
  }

  void begin(Transfer& transfer) {
    transfer.added = true;
    transfer.easy.reset(curl_easy_init());
    if (transfer.easy) {
      configure(transfer);
      curl_easy_setopt(transfer.easy.get(), CURLOPT_PRIVATE, &transfer);
      if (curl_multi_add_handle(multi_, transfer.easy.get()) == CURLM_OK) return;
    }
    HttpEnd end;
    end.fault = HttpFault::out_of_memory;
    end.nothing_sent = true;
    HttpSink* sink = std::exchange(transfer.sink, nullptr);
    sink->end(end);
  }

  void configure(Transfer& transfer) {
    CURL* easy = transfer.easy.get();
    const HttpRequest& request = transfer.request;
    const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(easy, option, value); };

    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_PROTOCOLS_STR, "https");
    set(CURLOPT_REDIR_PROTOCOLS_STR, "https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    trust(easy);
    if (!settings_.proxy.empty()) set(CURLOPT_PROXY, settings_.proxy.c_str());
    transfer.by_proxy = !settings_.proxy.empty() || proxy_in_environment();
    // Who may be reached is then left to the proxy, so what came from outside goes through it, whatever no_proxy says.
    if (transfer.by_proxy && request.reach != Reach::anyone) set(CURLOPT_NOPROXY, "");
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);  // a hanging name look-up must not hold up a cancel
    set(CURLOPT_USERAGENT, settings_.user_agent.c_str());
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, kConnectLimitMs);
    set(CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, 200L);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_BUFFERSIZE, kReceiveBuffer);
    set(CURLOPT_ERRORBUFFER, transfer.error_text);
    set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request.most_bytes));
    if (request.time_limit.count() > 0) {
      set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.time_limit.count()));
    } else {
      set(CURLOPT_LOW_SPEED_LIMIT, kStallBytesPerSecond);
      set(CURLOPT_LOW_SPEED_TIME, kStallSeconds);
    }
    if (request.decode_body) set(CURLOPT_ACCEPT_ENCODING, "gzip");

    set(CURLOPT_HEADERFUNCTION, &on_header);
    set(CURLOPT_HEADERDATA, &transfer);
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, &transfer);
    set(CURLOPT_PREREQFUNCTION, &on_request);
    set(CURLOPT_PREREQDATA, &transfer);
    set(CURLOPT_OPENSOCKETFUNCTION, &on_open_socket);
    set(CURLOPT_OPENSOCKETDATA, &transfer);

    curl_slist* list = nullptr;
    for (const std::string& header : request.headers) list = curl_slist_append(list, header.c_str());
    if (request.method != Method::get) {
      list = curl_slist_append(list, "Expect:");  // 417 would make libcurl send the request again
      // For PUT and POST alike the body comes from a callback that cannot be rewound.
      set(CURLOPT_UPLOAD, 1L);
      set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set(CURLOPT_READFUNCTION, &on_send);
      set(CURLOPT_READDATA, &transfer);
      set(CURLOPT_SEEKFUNCTION, &on_seek);
      set(CURLOPT_SEEKDATA, &transfer);
      if (request.method == Method::post) set(CURLOPT_CUSTOMREQUEST, "POST");
      // What is written to a kept connection that the other side has just closed is written to nobody, and nobody can
      // prove that. With GnuTLS libcurl takes even one closed long ago for alive (the unread farewell looks like data).
      if (request.method == Method::put) set(CURLOPT_FRESH_CONNECT, 1L);
    }
    transfer.headers.reset(list);
    set(CURLOPT_HTTPHEADER, list);
  }

  // One file of authorities, the person's or the system's. libcurl would read the system's folder besides: whoever
  // names a file would trust more than it holds, and reading the same hundred certificates again, each from a file of
  // its own, takes longer than the rest of a connection.
  void trust(CURL* easy) const {
    if (!settings_.ca_file.empty()) {
      curl_easy_setopt(easy, CURLOPT_CAINFO, settings_.ca_file.c_str());
      curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, settings_.ca_file.c_str());
    } else {
      char* bundle = nullptr;
      curl_easy_getinfo(easy, CURLINFO_CAINFO, &bundle);
      if (!bundle || ::access(bundle, R_OK) != 0) return;  // then the folder is all there is
    }
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, nullptr);
  }

  void finish(CURL* easy, CURLcode code) {
    Transfer* transfer = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    const HttpEnd end = end_of(*transfer, code);
    HttpSink* sink = std::exchange(transfer->sink, nullptr);  // act() takes it away
    if (sink) sink->end(end);
  }

  void remove(Transfer& transfer) {
    if (transfer.easy) curl_multi_remove_handle(multi_, transfer.easy.get());
    transfer.easy.reset();
  }

  TransportSettings settings_;
  CURLM* multi_;
  struct Watch {
    int fd;
    std::function<void()> readable;
  };

  Id next_id_ = 1;
  std::map<Id, std::unique_ptr<Transfer>> transfers_;
  std::map<Id, Watch> watches_;
};

}  // namespace

std::unique_ptr<Transport> make_curl_transport(TransportSettings settings) {
  init_curl_once();
  CURLM* multi = curl_multi_init();
  if (!multi) return nullptr;
  return std::make_unique<CurlTransport>(std::move(settings), multi);
}

}  // namespace inset
