// SPDX-License-Identifier: GPL-2.0-or-later
// Every reader of the service's answers, on any status, headers and body.
#include <cstdlib>
#include <string>

#include "api.h"
#include "text.h"

namespace {

using namespace inset;

void check(bool holds) {
  if (!holds) std::abort();
}

// What is shown to people and written to logs.
void check_error(const Error& error) {
  check(!error.message.empty());
  check(plain_text(error.message, 100'000) == error.message);
  check(plain_text(error.detail, 100'000) == error.detail);
}

void check_event(const Flow::Event& event, int status) {
  if (const auto* ready = std::get_if<Flow::Ready>(&event)) {
    check(status == 200 && !ready->link.empty());
    check(plain_text(ready->asset_id) == ready->asset_id);
  }
  if (std::holds_alternative<Flow::Accepted>(event)) check(status == 202 || status == 409);
  if (const auto* refused = std::get_if<Flow::Refused>(&event)) {
    check(status >= 400 && status < 500);
    check_error(refused->error);
    check(plain_text(refused->code) == refused->code);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int statuses[] = {200, 200, 200, 200, 202, 302, 400, 401, 403, 404, 409, 410, 422, 429, 500, 503, 0};
  if (size < 3) return 0;
  HttpReply reply;
  reply.head.status = statuses[data[0] % std::size(statuses)];
  reply.end.fault = data[1] % 8 == 0 ? static_cast<HttpFault>(data[1] / 8 % 14) : HttpFault::none;
  reply.end.nothing_sent = data[2] & 1;
  std::string_view text(reinterpret_cast<const char*>(data + 3), size - 3);
  if (data[2] & 2) {
    const std::size_t line = text.find('\n');
    reply.head.headers = {{"retry-after", std::string(text.substr(0, line))},
                          {"date", "Sun, 06 Nov 1994 08:49:37 GMT"},
                          {"content-type", std::string(text.substr(0, line))},
                          {"location", std::string(text.substr(0, line))}};
    text.remove_prefix(line == std::string_view::npos ? text.size() : line + 1);
  }
  reply.body = text;
  const int status = reply.head.status;

  if (const auto generation = read_generation(reply)) {
    check(generation->pending || !generation->pictures.empty());
    for (const GeneratedPicture& picture : generation->pictures) check(picture.index >= 0);
  } else {
    check_error(generation.error());
  }
  if (const auto sizes = read_sizes(reply)) {
    check(!sizes->empty());
    for (const SizeOffer& offer : *sizes) check(!offer.name.empty() && offer.width > 0 && offer.height > 0);
  } else {
    check_error(sizes.error());
  }
  if (const auto products = read_products(reply)) {
    for (const Product& product : *products) check(plain_text(product.name) == product.name);
  } else {
    check_error(products.error());
  }
  if (const auto token = read_token(reply)) {
    check(!token->token.empty() && token->life.count() > 0 && token->life.count() <= 86400);
    check(token->token.view().find_first_of("\r\n ") == std::string_view::npos);
  } else {
    check_error(token.error());
  }
  check_event(read_put(reply), status);
  check_event(read_get(reply), status);
  // Nothing but these may be taken for a proof that a PUT bought nothing.
  const Flow::Event put = read_put(reply);
  const bool refused = std::holds_alternative<Flow::Refused>(put) || std::holds_alternative<Flow::Unauthorized>(put) ||
                       std::holds_alternative<Flow::Busy>(put);
  check(refused == (status == 400 || status == 401 || status == 403 || status == 404 || status == 410 ||
                    status == 422 || status == 429));
  check(std::holds_alternative<Flow::NotSent>(put) == (status == 0 && reply.end.nothing_sent));
  check_error(reply_error(Stage::waiting, reply));
  return 0;
}
