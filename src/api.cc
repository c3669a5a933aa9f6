// SPDX-License-Identifier: GPL-2.0-or-later
#include "api.h"

#include <algorithm>
#include <set>

#include "json_input.h"
#include "text.h"

namespace inset {
namespace {

using Json = nlohmann::json;

constexpr std::uint32_t kLongestSide = 1u << 20;  // of an offer that makes sense at all
// Of one generation, and of one picture. The service has a handful of either; each costs a line of a form, a transfer,
// a place in the journal.
constexpr std::size_t kMostPictures = 64;
constexpr std::size_t kMostSizes = 64;
constexpr std::chrono::seconds kUsualLife{1800};
constexpr std::chrono::seconds kLongestLife{86400};

// What the body of an error says, from whichever envelope.
struct ErrorBody {
  std::string code;     // ErrorCode
  std::string message;  // of the service or the gateway, fit to be shown
};

ErrorBody read_error_body(const HttpReply& reply) {
  const auto json = parse_json(reply.body);
  if (!json) return {};
  ErrorBody body;
  body.code = plain_text(text_member(*json, "ErrorCode"), 80);
  for (const char* key : {"ErrorMessage", "message", "error_description", "error"}) {
    if (body.message.empty()) body.message = plain_text(text_member(*json, key));
  }
  return body;
}

bool is_html(const HttpReply& reply) {
  if (to_lower(reply.head.header("content-type")).find("html") != std::string::npos) return true;
  const std::string start = to_lower(trim(reply.body).substr(0, 15));
  return start.starts_with("<!doctype html") || start.starts_with("<html");
}

bool is_daily_limit(const HttpReply& reply) { return read_error_body(reply).code == "DailyRequestLimitExceeded"; }

Error bad_answer(Stage stage, const HttpReply& reply, const std::string& what) {
  if (is_html(reply)) {
    return make_error(stage, Cause::captive_portal,
                      "A web page came in place of the service's answer; this network may want a sign-in.", {},
                      reply.head.status);
  }
  // Not the body itself: it may hold a token or a signed link.
  const std::string detail =
      plain_text(reply.head.header("content-type"), 60) + ", " + std::to_string(reply.body.size()) + " bytes";
  return make_error(stage, Cause::bad_answer, "The service's answer makes no sense: " + what + ".", detail,
                    reply.head.status);
}

// The smallest preview that is still worth looking at.
std::string preview_of(const Json& result) {
  constexpr std::uint32_t worth_looking_at = 200;  // pixels along the longer side
  std::string best;
  std::uint32_t best_side = 0;
  const Json& previews = member(result, "preview_urls");
  if (!previews.is_array()) return best;
  for (const Json& preview : previews) {
    const std::string link = text_member(preview, "image_url");
    const std::uint32_t side = std::max(integer<std::uint32_t>(member(preview, "width")).value_or(0),
                                        integer<std::uint32_t>(member(preview, "height")).value_or(0));
    if (link.empty()) continue;
    const bool better = best.empty() || (best_side < worth_looking_at ? side > best_side
                                                                      : side >= worth_looking_at && side < best_side);
    if (!better) continue;
    best = link;
    best_side = side;
  }
  return best;
}

// Whether the head alone decides. A body that was cut off takes nothing back from a status line.
bool has_status(const HttpReply& reply) { return reply.head.status != 0; }
bool whole(const HttpReply& reply) { return reply.end.fault == HttpFault::none; }

// The 200 of PUT and GET download.
std::optional<Flow::Ready> read_ready(const HttpReply& reply) {
  if (!whole(reply)) return {};
  const auto json = parse_json(reply.body);
  if (!json) return {};
  Flow::Ready ready;
  ready.link = text_member(*json, "url");
  // The contract lets the id be null. A picture with a link has been paid for, so it is taken all the same.
  ready.asset_id = plain_text(text_member(*json, "generated_asset_id"));
  if (ready.link.empty()) return {};
  return ready;
}

}  // namespace

std::string generation_url(const Url& api, const std::string& generation) {
  return join_path(api, {"v3", "ai", "image-generations", generation});
}

std::string sizes_url(const Url& api, const std::string& generation, int index) {
  return join_path(api,
                   {"v3", "ai", "image-generations", generation, "images", std::to_string(index), "download-sizes"});
}

std::string download_url(const Url& api, const std::string& generation, int index) {
  return join_path(api, {"v3", "ai", "image-generations", generation, "images", std::to_string(index), "download"});
}

std::string products_url(const Url& api) { return join_path(api, {"v3", "products"}); }
std::string token_url(const Url& auth) { return join_path(auth, {"oauth2", "token"}); }

std::string download_body(const JobRecord& job) {
  Json body = {{"size_name", job.size}};
  if (job.product_id) body["product_id"] = *job.product_id;
  if (!job.project_code.empty()) body["project_code"] = job.project_code;
  if (!job.notes.empty()) body["notes"] = job.notes;
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string token_body(const std::string& api_key, const Secret& client_secret) {
  return "grant_type=client_credentials&client_id=" + percent_encode(api_key) +
         "&client_secret=" + percent_encode(client_secret.view());
}

bool is_json(const HttpReply& reply) { return parse_json(reply.body).has_value(); }

Result<Generation> read_generation(const HttpReply& reply) {
  if (reply.head.status == 202) return Generation{.pending = true, .pictures = {}};
  if (reply.head.status != 200 || !whole(reply)) return reply_error(Stage::listing_sizes, reply);
  const auto json = parse_json(reply.body);
  const Json& results = json ? member(*json, "results") : Json();
  if (!json || !results.is_array()) {
    return bad_answer(Stage::listing_sizes, reply, "the generation has no list of pictures");
  }
  Generation generation;
  for (const Json& result : results) {
    const auto index = integer<int>(member(result, "index"));
    const Json& blocked = member(result, "is_blocked");
    if (!index || *index < 0) continue;
    if (generation.pictures.size() == kMostPictures) break;
    generation.pictures.push_back({*index, blocked.is_boolean() && blocked.get<bool>(), preview_of(result)});
  }
  if (generation.pictures.empty()) {
    return bad_answer(Stage::listing_sizes, reply, "the generation has no pictures");
  }
  return generation;
}

Result<std::vector<SizeOffer>> read_sizes(const HttpReply& reply) {
  if (reply.head.status != 200 || !whole(reply)) return reply_error(Stage::listing_sizes, reply);
  const auto json = parse_json(reply.body);
  if (!json || !json->is_object()) {
    return bad_answer(Stage::listing_sizes, reply, "the list of sizes is no JSON object");
  }
  const Json& list = member(*json, "download_sizes");
  std::vector<SizeOffer> offers;
  std::set<std::string> twice;
  // Not the first of too many: a name that comes twice must be seen twice.
  if (list.is_array() && list.size() <= kMostSizes) {
    for (const Json& row : list) {
      const std::string size = text_member(row, "size_name");
      const auto width = integer<std::uint32_t>(member(row, "width"));
      const auto height = integer<std::uint32_t>(member(row, "height"));
      const bool sane = !size.empty() && size == plain_text(size, 40) && width && height && *width > 0 && *height > 0 &&
                        *width <= kLongestSide && *height <= kLongestSide;
      if (!sane) continue;
      const auto same = std::find_if(offers.begin(), offers.end(), [&](const SizeOffer& o) { return o.name == size; });
      if (same == offers.end()) {
        offers.push_back({size, *width, *height});
      } else if (same->width != *width || same->height != *height) {
        twice.insert(size);  // one name, two meanings: nobody could say what is bought
      }
    }
  }
  std::erase_if(offers, [&](const SizeOffer& o) { return twice.contains(o.name); });
  if (offers.empty()) {
    return make_error(Stage::listing_sizes, Cause::sizes_unusable,
                      "The service lists no size for this picture that makes sense.", {}, reply.head.status);
  }
  return offers;
}

Result<std::vector<Product>> read_products(const HttpReply& reply) {
  if (reply.head.status != 200 || !whole(reply)) return reply_error(Stage::listing_sizes, reply);
  const auto json = parse_json(reply.body);
  const Json& list = json ? member(*json, "products") : Json();
  if (!list.is_array()) return bad_answer(Stage::listing_sizes, reply, "there is no list of products");
  std::vector<Product> products;
  for (const Json& row : list) {
    const auto id = integer<int>(member(row, "id"));
    const std::string status = to_lower(text_member(row, "status"));
    if (!id || to_lower(text_member(row, "type")) != "aigen") continue;
    if (!status.empty() && status != "active") continue;
    const Json& rules = member(row, "ai_gen_requirements");
    const auto flag = [&](const char* key) {
      const Json& value = member(rules, key);
      return value.is_boolean() && value.get<bool>();
    };
    Product product;
    product.id = *id;
    product.name = plain_text(text_member(row, "name"), 80);
    product.needs_project_code = flag("is_project_code_required");
    product.needs_notes = flag("is_note_required");
    if (const Json& codes = member(rules, "project_codes"); codes.is_array()) {
      for (const Json& code : codes) {
        if (code.is_string()) product.project_codes.push_back(plain_text(code.get<std::string>()));
      }
    }
    products.push_back(std::move(product));
  }
  return products;
}

Result<TokenAnswer> read_token(const HttpReply& reply) {
  const int status = reply.head.status;
  if (status == 400 || status == 401 || status == 403) {
    const ErrorBody body = read_error_body(reply);
    return make_error(Stage::signing_in, Cause::credentials_refused,
                      "The service refused the API key or the client secret.", body.message, status);
  }
  if (status != 200 || !whole(reply)) return reply_error(Stage::signing_in, reply);
  const auto json = parse_json(reply.body);
  TokenAnswer answer;
  if (json) answer.token = Secret(text_member(*json, "access_token"));
  if (json) answer.refresh_token = Secret(text_member(*json, "refresh_token"));
  // The token goes into a header line: anything but printable ASCII would let the answer write headers of its own. The
  // other one goes into a file of lines.
  const auto printable = [](const Secret& secret) {
    const std::string_view text = secret.view();
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  };
  if (answer.token.empty() || !printable(answer.token) || !printable(answer.refresh_token)) {
    return bad_answer(Stage::signing_in, reply, "there is no access token in it");
  }
  const Json& life = member(*json, "expires_in");
  std::optional<std::int64_t> seconds = integer<std::int64_t>(life);
  if (life.is_string()) {  // as the older token address had it
    const auto text = parse_json(life.get<std::string>());
    if (text) seconds = integer<std::int64_t>(*text);
  }
  answer.life =
      seconds && *seconds > 0 && *seconds <= kLongestLife.count() ? std::chrono::seconds(*seconds) : kUsualLife;
  return answer;
}

Flow::Event read_put(const HttpReply& reply) {
  constexpr Stage stage = Stage::requesting;
  if (!has_status(reply)) {
    Error error = transfer_error(stage, reply.end, "the service");
    if (reply.end.nothing_sent) return Flow::NotSent{std::move(error)};
    return Flow::Unclear{std::move(error)};
  }
  const auto code = [&] { return read_error_body(reply).code; };
  switch (reply.head.status) {
    case 200:
      if (auto ready = read_ready(reply)) return *ready;
      return Flow::Unclear{bad_answer(stage, reply, "it names no file")};
    case 202: return Flow::Accepted{false, retry_after(reply)};
    case 409: return Flow::Accepted{true, retry_after(reply)};
    case 400:
    case 403:
    case 404:
    case 410:
    case 413:
    case 415:
    case 422: return Flow::Refused{reply_error(stage, reply), code()};
    case 401: return Flow::Unauthorized{reply_error(stage, reply)};
    case 429:
      if (is_daily_limit(reply)) return Flow::Refused{reply_error(stage, reply), code()};
      return Flow::Busy{reply_error(stage, reply), retry_after(reply)};
    default: return Flow::Unclear{reply_error(stage, reply)};
  }
}

Flow::Event read_get(const HttpReply& reply) {
  constexpr Stage stage = Stage::waiting;
  if (!has_status(reply)) {
    return Flow::Unclear{transfer_error(stage, reply.end, "the service")};
  }
  switch (reply.head.status) {
    case 200:
      if (auto ready = read_ready(reply)) return *ready;
      if (!whole(reply)) return Flow::Unclear{transfer_error(stage, reply.end, "the service")};
      return Flow::Unclear{bad_answer(stage, reply, "it names no file")};
    case 202: return Flow::Accepted{false, retry_after(reply)};
    case 401: return Flow::Unauthorized{reply_error(stage, reply)};
    case 404: return Flow::Unknown{reply_error(stage, reply)};
    case 410: return Flow::Gone{reply_error(stage, reply)};
    case 400:
    case 403: return Flow::Refused{reply_error(stage, reply), read_error_body(reply).code};
    case 429:
      if (is_daily_limit(reply)) {
        return Flow::Refused{reply_error(stage, reply), read_error_body(reply).code};
      }
      return Flow::Busy{reply_error(stage, reply), retry_after(reply)};
    default: return Flow::Busy{reply_error(stage, reply), retry_after(reply)};
  }
}

Error reply_error(Stage stage, const HttpReply& reply) {
  if (!has_status(reply)) return transfer_error(stage, reply.end, "the service");
  const int status = reply.head.status;
  const ErrorBody body = read_error_body(reply);
  const auto error = [&](Cause cause, std::string what) {
    if (!body.message.empty()) what += " It says: \"" + body.message + "\".";
    return make_error(stage, cause, std::move(what), body.code, status);
  };
  switch (status) {
    case 400:
    case 413:
    case 415:
    case 422: return error(Cause::bad_request, "The service did not accept the request.");
    case 401: return error(Cause::credentials_refused, "The service did not accept the sign-in.");
    case 403:
      if (body.message == "Missing Authentication Token") {
        return make_error(stage, Cause::no_such_route,
                          "The service has no such address; that has nothing to do with the sign-in or a quota.",
                          body.message, status);
      }
      if (to_lower(body.code).find("quota") != std::string::npos) {
        return error(Cause::quota_used_up, "The agreement has no downloads left.");
      }
      return error(Cause::forbidden, "The agreement does not allow this.");
    case 404: return error(Cause::not_found, "The service does not know this generation or picture.");
    case 407: return make_error(stage, Cause::proxy, "The proxy wants a login.", {}, status);
    case 410: return error(Cause::gone, "The service no longer has this generation.");
    case 429:
      if (is_daily_limit(reply)) return error(Cause::daily_limit, "The limit of requests for today is reached.");
      return error(Cause::rate_limited, "The service is asked too often.");
    case 511: return bad_answer(stage, reply, "the network wants a sign-in");
    default: break;
  }
  if (status >= 500) return error(Cause::server_error, "The service has a fault (" + std::to_string(status) + ").");
  if (status == 409) return error(Cause::server_error, "The service is busy with this generation.");
  if (status >= 300 && status < 400) {
    const auto target = parse_url(reply.head.header("location"));
    return make_error(stage, Cause::redirected,
                      "The service sent the request elsewhere" +
                          (target ? ", to " + plain_text(target->host, 80) : std::string()) +
                          ", and it was not followed.",
                      {}, status);
  }
  if (!whole(reply)) return transfer_error(stage, reply.end, "the service");
  return bad_answer(stage, reply, "status " + std::to_string(status));
}

Error transfer_error(Stage stage, const HttpEnd& end, const std::string& whom) {
  const auto error = [&](Cause cause, std::string what) {
    return make_error(stage, cause, std::move(what), plain_text(end.text), 0);
  };
  switch (end.fault) {
    case HttpFault::name_lookup:
      return error(Cause::name_lookup, "The address of " + whom + " cannot be found; this computer may be offline.");
    case HttpFault::no_connection: return error(Cause::no_connection, "No connection to " + whom + ".");
    case HttpFault::tls:
      return error(Cause::tls, "The certificate of " + whom + " cannot be trusted: " + plain_text(end.text) + ".");
    case HttpFault::proxy:
      if (end.proxy_status == 407) return error(Cause::proxy, "The proxy wants a login.");
      return error(Cause::proxy, "The proxy does not let the connection through: " + plain_text(end.text) + ".");
    case HttpFault::peer_refused:
      return error(Cause::link_unsafe, "The link to the picture leads into a private network.");
    case HttpFault::lost: return error(Cause::connection_lost, "The connection to " + whom + " was lost.");
    case HttpFault::incomplete: return error(Cause::connection_lost, "The answer of " + whom + " was cut off.");
    case HttpFault::too_slow:
    case HttpFault::time_up: return error(Cause::too_slow, "There was no answer from " + whom + " in time.");
    case HttpFault::too_large: return error(Cause::bad_answer, "The answer of " + whom + " is far too large.");
    case HttpFault::out_of_memory: return error(Cause::out_of_memory, "There is not enough memory.");
    case HttpFault::none:
    case HttpFault::stopped:
    case HttpFault::other: break;
  }
  return error(Cause::bad_answer, "The answer of " + whom + " breaks the rules of HTTP.");
}

std::optional<Millis> retry_after(const HttpReply& reply) {
  return parse_retry_after(reply.head.header("retry-after"), reply.head.header("date"));
}

}  // namespace inset
