// SPDX-License-Identifier: GPL-2.0-or-later
#include "api.h"

#include <gtest/gtest.h>

#include "fakes.h"

namespace inset {
namespace {

using namespace test;
using namespace std::chrono_literals;

const std::string guid = "2F7A3C1E-91B4-4D8E-A1C5-0D9B7E3F6A52";
const Url api = *parse_url("https://api.gettyimages.com/");

HttpReply json(int status, std::string body) {
  return reply_of(status, std::move(body), {{"content-type", "application/json"}});
}

HttpReply web_page(int status = 200) {
  return reply_of(status, "<!DOCTYPE html><html><body>Sign in to Hotel Wi-Fi</body></html>",
                  {{"content-type", "text/html"}});
}

template <class T>
const T* as(const Flow::Event& event) {
  return std::get_if<T>(&event);
}

// Answers that no reader may take for a good one, nor stumble over.
std::vector<HttpReply> rubbish() {
  std::vector<HttpReply> all;
  for (const std::string& body :
       {std::string(), std::string("null"), std::string("[]"), std::string("{}"), std::string("3"),
        std::string("\"x\""), std::string("{"), std::string("{\"url\":"), std::string(100'000, '['),
        std::string("{\"a\":") + std::string(500, '['), std::string("\xff\xfe{}"), std::string("\0\0\0", 3),
        std::string("not json at all")}) {
    all.push_back(json(200, body));
  }
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += R"({"results":[)";
  for (int i = 0; i < 100; ++i) deep += "]}";
  all.push_back(json(200, deep));
  all.push_back(web_page());
  return all;
}

// ---- addresses and bodies ----

TEST(ApiPaths, AreThoseOfTheContract) {
  EXPECT_EQ(generation_url(api, guid), "https://api.gettyimages.com/v3/ai/image-generations/" + guid);
  EXPECT_EQ(sizes_url(api, guid, 2),
            "https://api.gettyimages.com/v3/ai/image-generations/" + guid + "/images/2/download-sizes");
  EXPECT_EQ(download_url(api, guid, 0),
            "https://api.gettyimages.com/v3/ai/image-generations/" + guid + "/images/0/download");
  EXPECT_EQ(products_url(api), "https://api.gettyimages.com/v3/products");
  EXPECT_EQ(token_url(*parse_url("https://authentication.gettyimages.com")),
            "https://authentication.gettyimages.com/oauth2/token");
  EXPECT_EQ(generation_url(api, "../../secrets?x"),
            "https://api.gettyimages.com/v3/ai/image-generations/..%2F..%2Fsecrets%3Fx");
}

TEST(ApiBodies, LeaveOutWhatIsNotSet) {
  JobRecord job;
  job.size = "4k";
  EXPECT_EQ(download_body(job), R"({"size_name":"4k"})");
  job.product_id = 92214;
  job.project_code = "SPRING-26";
  job.notes = "For \"the cover\"\n";
  EXPECT_EQ(download_body(job),
            R"({"notes":"For \"the cover\"\n","product_id":92214,"project_code":"SPRING-26","size_name":"4k"})");
}

TEST(ApiBodies, BrokenTextIsMendedNotDropped) {
  JobRecord job;
  job.size = "4k";
  job.notes = "caf\xe9";
  EXPECT_EQ(download_body(job), "{\"notes\":\"caf\xef\xbf\xbd\",\"size_name\":\"4k\"}");
}

TEST(ApiBodies, TheSecretIsEncodedForAForm) {
  EXPECT_EQ(token_body("abc123", Secret("s/c+r=t&x y%")),
            "grant_type=client_credentials&client_id=abc123&client_secret=s%2Fc%2Br%3Dt%26x%20y%25");
}

// ---- a generation ----

TEST(ReadGeneration, ListsItsPictures) {
  const auto generation = read_generation(json(200, R"({
    "generation_request_id": "2F7A3C1E-91B4-4D8E-A1C5-0D9B7E3F6A52", "seed": 42, "some_later_member": {"x": [1]},
    "results": [
      {"index": 0, "is_blocked": false, "preview_urls": [
        {"image_url": "https://d.example.com/0-800.jpg", "width": 800, "height": 600},
        {"image_url": "https://d.example.com/0-300.jpg", "width": 300, "height": 225},
        {"image_url": "https://d.example.com/0-100.jpg", "width": 100, "height": 75}]},
      {"index": 1, "is_blocked": true}, {"index": -1}, {"index": "2"}, {"index": 3.0}, 7, null]})"));
  ASSERT_TRUE(generation);
  EXPECT_FALSE(generation->pending);
  ASSERT_EQ(generation->pictures.size(), 2u);
  EXPECT_EQ(generation->pictures[0].index, 0);
  EXPECT_EQ(generation->pictures[0].preview, "https://d.example.com/0-300.jpg");
  EXPECT_TRUE(generation->pictures[1].blocked);
  EXPECT_EQ(generation->pictures[1].preview, "");
}

TEST(ReadGeneration, A202IsStillBeingMade) {
  const auto generation = read_generation(json(202, ""));
  ASSERT_TRUE(generation);
  EXPECT_TRUE(generation->pending);
}

TEST(ReadGeneration, RubbishIsAnError) {
  for (const HttpReply& reply : rubbish()) EXPECT_FALSE(read_generation(reply)) << reply.body.substr(0, 80);
  EXPECT_FALSE(read_generation(json(200, R"({"results":[]})")));
  EXPECT_FALSE(read_generation(json(200, R"({"results":[{"index":99999999999}]})")));
}

TEST(ReadGeneration, OfAFloodOfPicturesSomeAreEnough) {
  std::string body = R"({"results":[)";
  for (int i = 0; i < 10'000; ++i) body += (i > 0 ? "," : "") + (R"({"index":)" + std::to_string(i)) + "}";
  const auto generation = read_generation(json(200, body + "]}"));
  ASSERT_TRUE(generation);
  EXPECT_EQ(generation->pictures.size(), 64u);
}

// ---- sizes ----

TEST(ReadSizes, KeepsThoseThatMakeSense) {
  const auto sizes = read_sizes(json(200, R"({"download_sizes":[
    {"size_name":"1k","width":1024,"height":768,"bytes":1}, {"size_name":"4k","width":4096,"height":3072},
    {"size_name":"","width":10,"height":10}, {"size_name":"zero","width":0,"height":10},
    {"size_name":"minus","width":-5,"height":10}, {"size_name":"huge","width":2147483648,"height":10},
    {"size_name":"float","width":10.5,"height":10}, {"size_name":"text","width":"10","height":10},
    {"size_name":"half","width":10}, {"width":10,"height":10}, {"size_name":null,"width":10,"height":10},
    {"size_name":"bell\u0007","width":10,"height":10}, null, 7]})"));
  ASSERT_TRUE(sizes);
  EXPECT_EQ(*sizes, (std::vector<SizeOffer>{{"1k", 1024, 768}, {"4k", 4096, 3072}}));
}

TEST(ReadSizes, ANameTwiceIsOneIfItMeansTheSame) {
  const auto same = read_sizes(json(200, R"({"download_sizes":[
    {"size_name":"4k","width":4096,"height":3072},{"size_name":"4k","width":4096,"height":3072}]})"));
  ASSERT_TRUE(same);
  EXPECT_EQ(same->size(), 1u);
}

TEST(ReadSizes, ANameWithTwoMeaningsIsNone) {
  const auto sizes = read_sizes(json(200, R"({"download_sizes":[{"size_name":"4k","width":4096,"height":3072},
    {"size_name":"1k","width":1024,"height":768},{"size_name":"4k","width":4096,"height":4096}]})"));
  ASSERT_TRUE(sizes);
  EXPECT_EQ(*sizes, (std::vector<SizeOffer>{{"1k", 1024, 768}}));
}

TEST(ReadSizes, AFloodMakesNoSense) {
  const auto of = [](int count) {
    std::string body = R"({"download_sizes":[)";
    for (int i = 0; i < count; ++i) {
      body += (i > 0 ? "," : "") + (R"({"size_name":")" + std::to_string(i)) + R"(","width":10,"height":10})";
    }
    return read_sizes(json(200, body + "]}"));
  };
  const auto many = of(64);
  ASSERT_TRUE(many);
  EXPECT_EQ(many->size(), 64u);
  for (const int count : {65, 20'000}) {
    const auto flood = of(count);
    ASSERT_FALSE(flood) << count;
    EXPECT_EQ(flood.error().cause, Cause::sizes_unusable);
  }
}

TEST(ReadSizes, WithoutAnyItIsUnusable) {
  for (const char* body : {R"({"download_sizes":[]})", R"({"download_sizes":null})", R"({})",
                           R"({"download_sizes":[{"size_name":"4k","width":0,"height":0}]})"}) {
    const auto sizes = read_sizes(json(200, body));
    ASSERT_FALSE(sizes);
    EXPECT_EQ(sizes.error().cause, Cause::sizes_unusable) << body;
  }
  for (const HttpReply& reply : rubbish()) EXPECT_FALSE(read_sizes(reply)) << reply.body.substr(0, 80);
}

// ---- products ----

TEST(ReadProducts, ListsTheActiveGenerativeOnes) {
  const auto products = read_products(json(200, R"({"products":[
    {"id":92214,"name":"AI\u001b[31m Team","type":"aigen","status":"active","ai_gen_requirements":
      {"is_project_code_required":true,"is_note_required":true,"project_codes":["SPRING-26","AUTUMN-26",7]}},
    {"id":2,"type":"AIGEN","status":null,"name":null}, {"id":3,"type":"aigen","status":"expired"},
    {"id":4,"type":"easyaccess","status":"active"}, {"id":"5","type":"aigen"}, {"type":"aigen"}, null]})"));
  ASSERT_TRUE(products);
  ASSERT_EQ(products->size(), 2u);
  EXPECT_EQ((*products)[0].id, 92214);
  EXPECT_EQ((*products)[0].name, "AI [31m Team");
  EXPECT_TRUE((*products)[0].needs_project_code && (*products)[0].needs_notes);
  EXPECT_EQ((*products)[0].project_codes, (std::vector<std::string>{"SPRING-26", "AUTUMN-26"}));
  EXPECT_EQ((*products)[1].id, 2);
  EXPECT_FALSE((*products)[1].needs_notes);
}

TEST(ReadProducts, RubbishIsAnError) {
  for (const HttpReply& reply : rubbish()) EXPECT_FALSE(read_products(reply)) << reply.body.substr(0, 80);
}

// ---- the token ----

TEST(ReadToken, TakesTokenAndLife) {
  const auto token = read_token(
      json(200, R"({"access_token":"eyJhbGciOiJSUzI1NiJ9.e30.sig","token_type":"Bearer","expires_in":1799})"));
  ASSERT_TRUE(token);
  EXPECT_EQ(token->token.view(), "eyJhbGciOiJSUzI1NiJ9.e30.sig");
  EXPECT_EQ(token->life, 1799s);
}

TEST(ReadToken, ALifeWithoutSenseIsHalfAnHour) {
  for (const char* life :
       {"0", "-1", "86401", "1e9", "null", "true", "\"\"", "\"x\"", "99999999999999999999", "1.5", "[]"}) {
    const auto token = read_token(json(200, std::string(R"({"access_token":"t","expires_in":)") + life + "}"));
    ASSERT_TRUE(token) << life;
    EXPECT_EQ(token->life, 1800s) << life;
  }
  EXPECT_EQ(read_token(json(200, R"({"access_token":"t"})"))->life, 1800s);
  EXPECT_EQ(read_token(json(200, R"({"access_token":"t","expires_in":"900"})"))->life, 900s);
  EXPECT_EQ(read_token(json(200, R"({"access_token":"t","expires_in":86400})"))->life, 86400s);
}

TEST(ReadToken, OneThatWouldWriteHeadersIsNone) {
  for (const char* text : {R"("")", R"("a b")", R"("a\r\nX-Evil: 1")", R"("a\u0000b")", R"("ü")", "null", "7"}) {
    const auto token = read_token(json(200, std::string(R"({"access_token":)") + text + "}"));
    ASSERT_FALSE(token) << text;
    EXPECT_EQ(token.error().cause, Cause::bad_answer);
  }
  for (const HttpReply& reply : rubbish()) EXPECT_FALSE(read_token(reply)) << reply.body.substr(0, 80);
}

TEST(ReadToken, RefusedCredentialsAreSaidToBe) {
  for (const int status : {400, 401, 403}) {
    const auto token =
        read_token(json(status, R"({"error":"invalid_client","error_description":"Client authentication failed"})"));
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().cause, Cause::credentials_refused);
    EXPECT_EQ(token.error().stage, Stage::signing_in);
    EXPECT_EQ(token.error().detail, "Client authentication failed");
  }
}

TEST(ReadToken, ItsTextIsInNoError) {
  const auto token = read_token(json(200, R"({"access_token":"top secret","expires_in":5})"));
  ASSERT_FALSE(token);
  EXPECT_EQ((token.error().message + token.error().detail).find("secret"), std::string::npos);
}

// ---- PUT and GET download: the two tables ----

const std::string ready_body =
    R"({"url":"https://delivery.example.com/4096.jpg?Signature=q7","generated_asset_id":"1456789012"})";

TEST(ReadPut, A200NamesTheFile) {
  const auto event = read_put(json(200, ready_body));
  ASSERT_NE(as<Flow::Ready>(event), nullptr);
  EXPECT_EQ(as<Flow::Ready>(event)->link, "https://delivery.example.com/4096.jpg?Signature=q7");
  EXPECT_EQ(as<Flow::Ready>(event)->asset_id, "1456789012");
}

TEST(ReadPut, A200WithoutAnIdIsTakenAllTheSame) {
  for (const char* id : {"null", "7", "[]"}) {
    const auto event =
        read_put(json(200, std::string(R"({"url":"https://d.example.com/a","generated_asset_id":)") + id + "}"));
    ASSERT_NE(as<Flow::Ready>(event), nullptr);
    EXPECT_EQ(as<Flow::Ready>(event)->asset_id, "");
  }
}

TEST(ReadPut, A200ThatNamesNoFileProvesNothing) {
  for (const HttpReply& reply : rubbish())
    EXPECT_NE(as<Flow::Unclear>(read_put(reply)), nullptr) << reply.body.substr(0, 80);
  for (const char* body : {R"({"url":null})", R"({"url":""})", R"({"url":7})", R"({"generated_asset_id":"1"})"}) {
    EXPECT_NE(as<Flow::Unclear>(read_put(json(200, body))), nullptr) << body;
  }
  HttpReply cut = json(200, ready_body);
  cut.end.fault = HttpFault::incomplete;
  EXPECT_NE(as<Flow::Unclear>(read_put(cut)), nullptr);
}

TEST(ReadPut, A202IsAcceptedEvenIfTheRestIsLost) {
  HttpReply reply = reply_of(202, "", {{"retry-after", "4"}});
  reply.end.fault = HttpFault::lost;
  const auto event = read_put(reply);
  ASSERT_NE(as<Flow::Accepted>(event), nullptr);
  EXPECT_FALSE(as<Flow::Accepted>(event)->joined);
  EXPECT_EQ(as<Flow::Accepted>(event)->retry_after, 4s);
}

TEST(ReadPut, A409IsJoined) {
  const auto event = read_put(json(409, R"({"ErrorCode":"ConcurrencyConflict"})"));
  ASSERT_NE(as<Flow::Accepted>(event), nullptr);
  EXPECT_TRUE(as<Flow::Accepted>(event)->joined);
}

TEST(ReadPut, TheRefusals) {
  for (const int status : {400, 403, 404, 410, 413, 415, 422}) {
    const auto event = read_put(json(status, R"({"ErrorCode":"InvalidProduct","ErrorMessage":"Not this product"})"));
    ASSERT_NE(as<Flow::Refused>(event), nullptr) << status;
    EXPECT_EQ(as<Flow::Refused>(event)->code, "InvalidProduct");
    EXPECT_EQ(as<Flow::Refused>(event)->error.http_status, status);
    EXPECT_NE(as<Flow::Refused>(event)->error.message.find("Not this product"), std::string::npos);
  }
  EXPECT_NE(as<Flow::Unauthorized>(read_put(json(401, R"({"message":"Unauthorized"})"))), nullptr);
}

TEST(ReadPut, ARateLimitPassesAndADailyOneDoesNot) {
  const auto rate = read_put(reply_of(429, R"({"message":"Too Many Requests"})", {{"retry-after", "12"}}));
  ASSERT_NE(as<Flow::Busy>(rate), nullptr);
  EXPECT_EQ(as<Flow::Busy>(rate)->retry_after, 12s);
  const auto daily = read_put(json(429, R"({"ErrorCode":"DailyRequestLimitExceeded","ErrorMessage":"Come back"})"));
  ASSERT_NE(as<Flow::Refused>(daily), nullptr);
  EXPECT_EQ(as<Flow::Refused>(daily)->error.cause, Cause::daily_limit);
}

TEST(ReadPut, EverythingElseProvesNothing) {
  for (const int status :
       {100, 201, 203, 204, 205, 206, 301, 302, 303, 304, 307, 308, 402, 405, 406, 407, 408, 411, 412, 414, 416, 417,
        418, 421, 423, 424, 425, 426, 428, 431, 451, 499, 500, 501, 502, 503, 504, 507, 511, 520, 599, 600, 999}) {
    EXPECT_NE(as<Flow::Unclear>(read_put(json(status, R"({"ErrorCode":"X"})"))), nullptr) << status;
  }
  for (const HttpFault fault : {HttpFault::lost, HttpFault::time_up, HttpFault::incomplete, HttpFault::too_slow,
                                HttpFault::tls, HttpFault::out_of_memory, HttpFault::other, HttpFault::no_connection}) {
    EXPECT_NE(as<Flow::Unclear>(read_put(no_reply(fault, false))), nullptr);
  }
}

TEST(ReadPut, OnlyProofIsNotSent) {
  EXPECT_NE(as<Flow::NotSent>(read_put(no_reply(HttpFault::no_connection, true))), nullptr);
  // A status line proves that something was sent, whatever the transfer says.
  HttpReply odd = json(500, "");
  odd.end.nothing_sent = true;
  EXPECT_NE(as<Flow::Unclear>(read_put(odd)), nullptr);
}

TEST(ReadGet, TheTable) {
  ASSERT_NE(as<Flow::Ready>(read_get(json(200, ready_body))), nullptr);
  EXPECT_NE(as<Flow::Accepted>(read_get(json(202, ""))), nullptr);
  EXPECT_FALSE(as<Flow::Accepted>(read_get(json(202, "")))->joined);
  EXPECT_NE(as<Flow::Unauthorized>(read_get(json(401, ""))), nullptr);
  EXPECT_NE(as<Flow::Unknown>(read_get(json(404, R"({"ErrorCode":"GenerationRequestIdNotFound"})"))), nullptr);
  EXPECT_NE(as<Flow::Gone>(read_get(json(410, ""))), nullptr);
  for (const int status : {400, 403}) EXPECT_NE(as<Flow::Refused>(read_get(json(status, ""))), nullptr) << status;
  EXPECT_NE(as<Flow::Refused>(read_get(json(429, R"({"ErrorCode":"DailyRequestLimitExceeded"})"))), nullptr);
  const auto busy = read_get(reply_of(503, "", {{"retry-after", "30"}}));
  ASSERT_NE(as<Flow::Busy>(busy), nullptr);
  EXPECT_EQ(as<Flow::Busy>(busy)->retry_after, 30s);
  for (const int status : {201, 204, 302, 405, 409, 413, 415, 422, 429, 500, 502, 504}) {
    EXPECT_NE(as<Flow::Busy>(read_get(json(status, ""))), nullptr) << status;
  }
}

TEST(ReadGet, WhatNamesNoFileIsAskedAgain) {
  for (const HttpReply& reply : rubbish())
    EXPECT_NE(as<Flow::Unclear>(read_get(reply)), nullptr) << reply.body.substr(0, 80);
  EXPECT_NE(as<Flow::Unclear>(read_get(no_reply(HttpFault::lost))), nullptr);
  HttpReply cut = json(200, ready_body.substr(0, 30));
  cut.end.fault = HttpFault::lost;
  const auto event = read_get(cut);
  ASSERT_NE(as<Flow::Unclear>(event), nullptr);
  EXPECT_EQ(as<Flow::Unclear>(event)->error.cause, Cause::connection_lost);
}

// ---- errors ----

TEST(ReplyError, BothEnvelopesAreUnderstood) {
  const Error service = reply_error(
      Stage::listing_sizes, json(403, R"({"ErrorCode":"ProductQuotaExceeded","ErrorMessage":"No downloads left"})"));
  EXPECT_EQ(service.cause, Cause::quota_used_up);
  EXPECT_EQ(service.detail, "ProductQuotaExceeded");
  const Error gateway = reply_error(Stage::listing_sizes, json(403, R"({"message":"Forbidden"})"));
  EXPECT_EQ(gateway.cause, Cause::forbidden);
  EXPECT_NE(gateway.message.find("\"Forbidden\""), std::string::npos);
  EXPECT_EQ(reply_error(Stage::listing_sizes, json(403, "")).cause, Cause::forbidden);
}

TEST(ReplyError, TheGatewaysOddWordsMeanNoSuchRoute) {
  const Error error = reply_error(Stage::requesting, json(403, R"({"message":"Missing Authentication Token"})"));
  EXPECT_EQ(error.cause, Cause::no_such_route);
}

TEST(ReplyError, EveryStatusHasItsCause) {
  const std::vector<std::pair<int, Cause>> rows = {{400, Cause::bad_request},         {413, Cause::bad_request},
                                                   {415, Cause::bad_request},         {422, Cause::bad_request},
                                                   {401, Cause::credentials_refused}, {403, Cause::forbidden},
                                                   {404, Cause::not_found},           {407, Cause::proxy},
                                                   {409, Cause::server_error},        {410, Cause::gone},
                                                   {429, Cause::rate_limited},        {500, Cause::server_error},
                                                   {503, Cause::server_error},        {302, Cause::redirected},
                                                   {204, Cause::bad_answer},          {418, Cause::bad_answer}};
  for (const auto& [status, cause] : rows) {
    EXPECT_EQ(name(reply_error(Stage::waiting, json(status, "")).cause), name(cause)) << status;
  }
  EXPECT_EQ(reply_error(Stage::waiting, web_page(511)).cause, Cause::captive_portal);
}

TEST(ReplyError, ARedirectNamesTheHostAlone) {
  const Error error =
      reply_error(Stage::requesting, reply_of(302, "", {{"location", "https://login.example.com/x?session=s3cr3t"}}));
  EXPECT_EQ(error.cause, Cause::redirected);
  EXPECT_NE(error.message.find("login.example.com"), std::string::npos);
  EXPECT_EQ((error.message + error.detail).find("s3cr3t"), std::string::npos);
}

TEST(ReplyError, WhatTheServiceSaysIsMadeFitToBeShown) {
  const Error error = reply_error(
      Stage::requesting,
      json(400, R"({"ErrorMessage":"evil \u001b]0;title\u0007 \u202e text)" + std::string(5000, 'x') + "\"}"));
  EXPECT_EQ(error.message.find('\x1b'), std::string::npos);
  EXPECT_EQ(error.message.find('\x07'), std::string::npos);
  EXPECT_EQ(error.message.find("\u202e"), std::string::npos);
  EXPECT_LT(error.message.size(), 500u);
}

TEST(ReplyError, AWebPageIsAPortal) {
  for (const HttpReply& page :
       {web_page(), reply_of(200, "<html>", {}), reply_of(200, "\n <!DOCTYPE HTML PUBLIC", {})}) {
    const auto sizes = read_sizes(page);
    ASSERT_FALSE(sizes);
    EXPECT_EQ(sizes.error().cause, Cause::captive_portal);
  }
}

TEST(TransferError, EveryFaultHasItsCause) {
  const std::vector<std::pair<HttpFault, Cause>> rows = {{HttpFault::name_lookup, Cause::name_lookup},
                                                         {HttpFault::no_connection, Cause::no_connection},
                                                         {HttpFault::tls, Cause::tls},
                                                         {HttpFault::proxy, Cause::proxy},
                                                         {HttpFault::peer_refused, Cause::link_unsafe},
                                                         {HttpFault::lost, Cause::connection_lost},
                                                         {HttpFault::incomplete, Cause::connection_lost},
                                                         {HttpFault::too_slow, Cause::too_slow},
                                                         {HttpFault::time_up, Cause::too_slow},
                                                         {HttpFault::too_large, Cause::bad_answer},
                                                         {HttpFault::out_of_memory, Cause::out_of_memory},
                                                         {HttpFault::stopped, Cause::bad_answer},
                                                         {HttpFault::other, Cause::bad_answer}};
  for (const auto& [fault, cause] : rows) {
    HttpEnd end;
    end.fault = fault;
    EXPECT_EQ(name(transfer_error(Stage::fetching, end, "the file host").cause), name(cause));
  }
  HttpEnd login;
  login.fault = HttpFault::proxy;
  login.proxy_status = 407;
  EXPECT_NE(transfer_error(Stage::waiting, login, "the service").message.find("login"), std::string::npos);
}

}  // namespace
}  // namespace inset
