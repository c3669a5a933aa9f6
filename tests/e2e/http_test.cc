// SPDX-License-Identifier: GPL-2.0-or-later
// Faults of HTTP and of the JSON in it. Rows 16 to 38 of tests/faults.md, as far as they are not about the PUT
// (put_test.cc) or the file (file_test.cc).
#include "fixture.h"

namespace e2e {
namespace {

class Http : public E2e {
 protected:
  double pause_between(const std::string& route) {
    const auto requests = service().requests(route);
    if (requests.size() < 2) return -1;
    return requests[1].value("time", 0.0) - requests[0].value("time", 0.0);
  }
};

const Json kJsonType = Json::array({Json::array({"Content-Type", "application/json"})});

TEST_F(Http, UnauthorizedRenewsOnceForEveryCall) {
  for (const char* route : {"generation", "sizes", "get"}) {
    SCOPED_TRACE(route);
    fresh();
    serve({{"rules", {{"route", route}, {"call", 1}, {"status", 401}}}});
    expect_placed(insert());
    EXPECT_EQ(calls("token"), 2);
    EXPECT_EQ(puts(), 1);
  }
}

TEST_F(Http, UnauthorizedTwiceAsksToSignIn) {
  serve_at_once({{"route", "generation"}, {"status", 401}});
  expect_failed(insert(), 3, "credentials_refused", "no");
  EXPECT_EQ(calls("generation"), 2);
  EXPECT_EQ(calls("token"), 2);
}

TEST_F(Http, TokenThatEndsWhilePollingIsRenewedAhead) {
  serve({{"token_life", 4}, {"ready_seconds", 9}});
  expect_placed(insert());
  EXPECT_EQ(puts(), 1);
  EXPECT_GE(calls("token"), 2);
  for (const Json& line : service().requests("get")) EXPECT_TRUE(line["headers"].contains("authorization"));
}

TEST_F(Http, TokenThatIsRevokedWhilePollingIsRenewed) {
  serve({{"ready_polls", 4}});
  Program program(insert_words());
  ASSERT_TRUE(program.says("preparing"));
  service().control({{"do", "expire_tokens"}});
  expect_placed(finish(program));
  EXPECT_EQ(puts(), 1);
  EXPECT_EQ(calls("token"), 2);
}

TEST_F(Http, TokenLifeThatMakesNoSenseIsHalfAnHour) {
  for (const Json& life : {Json(0), Json(-5), Json(100000000), Json("soon"), Json("900")}) {
    SCOPED_TRACE(life.dump());
    fresh();
    serve_at_once(Json::array(), {{"expires_in", life}});
    expect_placed(insert());
    EXPECT_EQ(calls("token"), 1);
  }
}

TEST_F(Http, WrongSecretIsTriedOnce) {
  serve_at_once();
  environment()["INSET_CLIENT_SECRET"] = "not-the-secret";
  expect_failed(insert(), 3, "credentials_refused", "no");
  EXPECT_EQ(calls("token"), 1);
  EXPECT_EQ(calls("generation"), 0);
}

TEST_F(Http, RefusedRequestShowsTheServicesWords) {
  for (const int status : {400, 422}) {
    SCOPED_TRACE(status);
    fresh();
    serve_at_once({{"route", "sizes"},
                   {"status", status},
                   {"headers", kJsonType},
                   {"body", R"({"ErrorCode":"InvalidParameterValue","ErrorMessage":"The colour must be blue"})"}});
    const Ended ended = insert();
    expect_failed(ended, 4, "bad_request", "no");
    EXPECT_NE(ended.message().find("The colour must be blue"), std::string::npos);
    EXPECT_NE(ended.err.find("InvalidParameterValue"), std::string::npos) << "the code is in the log";
    EXPECT_EQ(calls("sizes"), 1);
  }
}

TEST_F(Http, QuotaUsedUpIsSaid) {
  serve_at_once(Json::array(), {{"quota", 0}});
  const Ended ended = insert();
  expect_failed(ended, 4, "quota_used_up", "no");
  EXPECT_NE(ended.message().find("no downloads left"), std::string::npos);
  EXPECT_EQ(puts(), 1);
  service().change({{"quota", 5}});
  expect_placed(insert());
}

TEST_F(Http, MissingAuthenticationTokenIsNoQuota) {
  serve_at_once();
  environment()["INSET_API_URL"] = fact("api_url") + "/wrong/base";
  const Ended ended = insert();
  expect_failed(ended, 7, "no_such_route", "no");
  EXPECT_EQ(ended.message().find("downloads left"), std::string::npos);
  EXPECT_NE(ended.message().find("INSET_API_URL"), std::string::npos);
}

TEST_F(Http, UnknownGenerationAndExpiredGeneration) {
  serve_at_once();
  const Ended unknown = insert({"generation=00000000-1111-4222-8333-444444444444"});
  expect_failed(unknown, 2, "picture_unknown", "no");
  const Ended gone = insert({std::string("generation=") + kGone});
  expect_failed(gone, 4, "gone", "no");
  EXPECT_NE(gone.message().find("six months"), std::string::npos);
  const Ended strange = insert({"generation=../../../etc/passwd"});
  expect_failed(strange, 2, "picture_unknown", "no");
  EXPECT_EQ(puts(), 0);
  EXPECT_TRUE(data_files(".jsonl").empty());
}

TEST_F(Http, TooManyRequestsWaitsTheSecondsThatItIsTold) {
  serve_at_once({{"route", "sizes"}, {"call", 1}, {"status", 429}, {"retry_after", 4}});
  expect_placed(insert());
  EXPECT_GE(pause_between("sizes"), 3.9);
}

TEST_F(Http, TooManyRequestsWaitsUntilTheDateThatItIsTold) {
  serve_at_once({{"route", "sizes"}, {"call", 1}, {"status", 429}, {"retry_after", "+5"}});
  expect_placed(insert());
  EXPECT_GE(pause_between("sizes"), 3.9);  // a date has whole seconds
}

TEST_F(Http, RetryAfterThatIsPastOrNonsenseIsBackOff) {
  for (const Json& value : {Json("-5"), Json("soon"), Json(""), Json("Thu, 99 Jan 2026 00:00:00 GMT")}) {
    SCOPED_TRACE(value.dump());
    fresh();
    serve_at_once({{"route", "sizes"}, {"call", 1}, {"status", 429}, {"retry_after", value}});
    expect_placed(insert());
    EXPECT_LT(pause_between("sizes"), 4.0) << "2 s at most, and the machine's own time";
  }
}

TEST_F(Http, FaultOfTheServerIsTriedAgain) {
  for (const int status : {500, 502, 503, 504}) {
    SCOPED_TRACE(status);
    fresh();
    serve_at_once({{{"route", "generation"}, {"call", 1}, {"status", status}},
                   {{"route", "token"}, {"call", 1}, {"status", status}, {"retry_after", 0}}});
    expect_placed(insert());
    EXPECT_EQ(calls("generation"), 2);
    EXPECT_EQ(calls("token"), 2);
  }
}

TEST_F(Http, FaultOfTheServerHonoursRetryAfter) {
  serve_at_once({{"route", "sizes"}, {"call", 1}, {"status", 503}, {"retry_after", 4}});
  expect_placed(insert());
  EXPECT_GE(pause_between("sizes"), 3.9);
}

TEST_F(Http, FaultOfTheServerFiveTimesIsTheEnd) {
  serve_at_once({{"route", "generation"}, {"status", 503}});
  expect_failed(insert(), 5, "server_error", "no");
  EXPECT_EQ(calls("generation"), 5);
}

TEST_F(Http, NonsenseIsTriedTwiceMoreAndThenGivenUp) {
  for (const char* body : {"", "{\"download_sizes\":", "nothing"}) {
    SCOPED_TRACE(body);
    fresh();
    serve_at_once({{"route", "generation"}, {"status", 200}, {"headers", kJsonType}, {"body", body}});
    expect_failed(insert(), 7, "bad_answer", "no");
    EXPECT_EQ(calls("generation"), 3) << "twice more";
    EXPECT_EQ(puts(), 0);
  }
}

TEST_F(Http, HugeAndDeepJsonIsRefused) {
  const std::vector<Json> bodies = {
      {{"before", "{\"results\":\""}, {"text", "aaaaaaaaaaaaaaaa"}, {"times", 4000000}, {"after", "\"}"}},
      {{"before", ""}, {"text", "["}, {"times", 1000000}, {"after", ""}},
      {{"before", "{\"results\":"}, {"text", "[{\"a\":"}, {"times", 100000}, {"after", "1"}},
  };
  for (const Json& body : bodies) {
    SCOPED_TRACE(body["text"].dump());
    fresh();
    serve_at_once({{"route", "generation"}, {"status", 200}, {"headers", kJsonType}, {"body_repeat", body}});
    expect_failed(insert(), 7, "bad_answer", "no");
    EXPECT_EQ(puts(), 0);
  }
}

TEST_F(Http, NumbersBeyondAllBoundsAreNoNumbers) {
  serve_at_once(
      {{"route", "generation"},
       {"status", 200},
       {"headers", kJsonType},
       {"body",
        R"({"results":[{"index":1e400,"is_blocked":false},{"index":-1},{"index":4294967296},{"index":18446744073709551616},)"
        R"({"index":0.5},{"index":"0"},{"index":0,"is_blocked":"no"},{"index":0}],"results2":1})"}});
  const Ended ended = insert();
  EXPECT_TRUE(ended.status == 0 || ended.status == 7) << ended;
  EXPECT_EQ(ended.status == 0 ? 1 : 0, puts());
}

TEST_F(Http, WordsOfTheServiceCannotSteerTheTerminal) {
  const std::string body =
      "{\"ErrorCode\":\"X\\u001b[2J\",\"ErrorMessage\":\"red \\u001b[31m \\u0000 \\u0007 \\u009b2J \\u202e end "
      "\xff\xfe\"}";
  serve_at_once({{"route", "sizes"},
                 {"status", 400},
                 {"headers", kJsonType},
                 {"body_base64",
                  "eyJFcnJvckNvZGUiOiJYXHUwMDFiWzJKIiwiRXJyb3JNZXNzYWdlIjoicmVkIFx1MDAxYlszMW0gXHUwMDAwIFx1MDAwNyBcdTAw"
                  "OWIySiBcdTIwMmUgZW5kIP/+In0="}});
  const Ended json = insert();
  EXPECT_EQ(json.status, 4) << json;
  Spawn people = insert_words();
  std::erase(people.words, "--json");
  Ended shown;
  static_cast<Finished&>(shown) = contract::run(people);
  EXPECT_EQ(shown.status, 4);
  for (const std::string& text : {json.message(), json.err, shown.out, shown.err}) {
    for (const char* bad : {"\x1b", "\x07", "\xc2\x9b", "\xe2\x80\xae", "\xff", "\xfe"})
      EXPECT_EQ(text.find(bad), std::string::npos) << text;
    EXPECT_EQ(text.find('\0'), std::string::npos);
  }
}

TEST_F(Http, UnknownMembersAreIgnored) {
  serve_at_once(
      {{{"route", "sizes"},
        {"status", 200},
        {"headers", kJsonType},
        {"body",
         R"({"new":{"a":[1,2]},"download_sizes":[{"size_name":"1k","width":1024,"height":576,"dpi":300,"bytes":null}]})"}}});
  expect_placed(insert());
}

TEST_F(Http, MissingMembersAreNonsense) {
  serve_at_once(
      {{"route", "generation"}, {"status", 200}, {"headers", kJsonType}, {"body", R"({"generation_request_id":"x"})"}});
  expect_failed(insert(), 7, "bad_answer", "no");
  fresh();
  serve_at_once({{"route", "token"},
                 {"status", 200},
                 {"headers", kJsonType},
                 {"body", R"({"token_type":"Bearer","expires_in":1800})"}});
  expect_failed(insert(), 7, "bad_answer", "no");
}

TEST_F(Http, PackedJsonIsUnpackedButNotWithoutBounds) {
  serve({{"rules",
          {{{"route", "generation"}, {"gzip", true}},
           {{"route", "sizes"}, {"gzip", true}},
           {{"route", "get"}, {"gzip", true}}}}});
  expect_placed(insert());
  fresh();
  serve_at_once({{"route", "sizes"},
                 {"status", 200},
                 {"gzip", true},
                 {"headers", kJsonType},
                 {"body_repeat",
                  {{"before", "{\"x\":\""},
                   {"text", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
                   {"times", 1000000},
                   {"after", "\"}"}}}});
  expect_failed(insert(), 7, "bad_answer", "no");
}

TEST_F(Http, ChunksAndTrailersAreFine) {
  const Json trailers = Json::array({Json::array({"X-Checksum", "1"})});
  serve({{"rules",
          {{{"route", "sizes"}, {"chunked", true}, {"trailers", trailers}},
           {{"route", "get"}, {"chunked", true}},
           {{"route", "file"}, {"chunked", true}, {"trailers", trailers}}}}});
  expect_placed(insert());
}

TEST_F(Http, EarlyHeadsAreFine) {
  serve(
      {{"rules", {{{"route", "put"}, {"informational", {102, 103}}}, {{"route", "file"}, {"informational", {103}}}}}});
  expect_placed(insert());
  EXPECT_EQ(puts(), 1);
}

TEST_F(Http, FloodOfHeadersIsCutOff) {
  serve_at_once({{"route", "generation"}, {"header_flood", 400000}});
  expect_failed(insert(), 7, "bad_answer", "no");
  fresh();
  serve_at_once({{"route", "file"}, {"header_flood", 400000}});
  const Ended ended = insert();
  EXPECT_EQ(ended.status, 6) << ended;
  EXPECT_EQ(ended.paid(), "yes");
  rules(Json::array());
  expect_placed(resume());
}

TEST_F(Http, FloodOfEarlyHeadsIsCutOff) {
  const auto start = std::chrono::steady_clock::now();
  serve_at_once({{"route", "generation"}, {"informational", {{"status", 103}, {"times", 100000}}}});
  expect_failed(insert(), 7, "bad_answer", "no");
  EXPECT_LT(std::chrono::steady_clock::now() - start, 25s);
}

TEST_F(Http, FloodAtThePutIsUnclear) {
  serve({{"rules", {{{"route", "put"}, {"call", 1}, {"header_flood", 400000}, {"charge", true}}}}});
  expect_placed(insert());
  EXPECT_EQ(puts(), 1);
}

}  // namespace
}  // namespace e2e
