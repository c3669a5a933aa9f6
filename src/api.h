// SPDX-License-Identifier: GPL-2.0-or-later
// The service's language: paths and bodies of the calls, and what each answer means. Pure: HTTP answers in, values out.
//
// Two envelopes of errors are understood: the service's own (ErrorCode, ErrorMessage) and the gateway's (message).
// Status and ErrorCode decide, never the wording; the one exception is the gateway's "Missing Authentication Token",
// which means that there is no such route and has nothing to do with authentication.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "error.h"
#include "flow.h"
#include "http.h"
#include "record.h"
#include "secret.h"
#include "url.h"

namespace inset {

// ---- addresses ----

std::string generation_url(const Url& api, const std::string& generation);
std::string sizes_url(const Url& api, const std::string& generation, int index);
std::string download_url(const Url& api, const std::string& generation, int index);
std::string products_url(const Url& api);
std::string token_url(const Url& auth);

// ---- bodies ----

// JSON; what is not set is left out, because the service tells null and absent apart.
std::string download_body(const JobRecord& job);

// application/x-www-form-urlencoded, with the secret in it.
std::string token_body(const std::string& api_key, const Secret& client_secret);

// ---- answers ----

struct GeneratedPicture {
  int index = 0;
  bool blocked = false;
  std::string preview;  // address of a small picture of it, or empty; a signed link, so not for logs
};

struct Generation {
  bool pending = false;  // still being made; no pictures yet
  std::vector<GeneratedPicture> pictures;
};

// An agreement under which pictures can be licensed.
struct Product {
  int id = 0;
  std::string name;
  bool needs_project_code = false;
  bool needs_notes = false;
  std::vector<std::string> project_codes;
};

struct TokenAnswer {
  Secret token;
  std::chrono::seconds life{0};
  Secret refresh_token;  // empty: there is none, or the old one stays good
};

// Whether the body is JSON at all; what came from somewhere on the way is not.
bool is_json(const HttpReply& reply);

Result<Generation> read_generation(const HttpReply& reply);
Result<std::vector<SizeOffer>> read_sizes(const HttpReply& reply);

// The active generative agreements.
Result<std::vector<Product>> read_products(const HttpReply& reply);
Result<TokenAnswer> read_token(const HttpReply& reply);

// The rows of the two tables that decide about money; see flow.cc.
Flow::Event read_put(const HttpReply& reply);
Flow::Event read_get(const HttpReply& reply);

// What went wrong with an answer that is not the wanted one.
Error reply_error(Stage stage, const HttpReply& reply);

// What went wrong with a transfer. `whom` is named to the person: "the service", "the file host".
Error transfer_error(Stage stage, const HttpEnd& end, const std::string& whom);

std::optional<Millis> retry_after(const HttpReply& reply);

}  // namespace inset
