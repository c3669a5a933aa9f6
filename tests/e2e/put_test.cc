// SPDX-License-Identifier: GPL-2.0-or-later
// What an answer to the PUT proves, one case for each line of the table, and what the program then does. The PUT is the
// only request that costs money; the stand-in's ledger says what was charged.
#include <algorithm>
#include <set>

#include "fixture.h"

namespace e2e {
namespace {

Json api_error(int status, const std::string& code) {
  return {{"status", status},
          {"headers", Json::array({Json::array({"Content-Type", "application/vnd.getty.error+json"})})},
          {"body", R"({"ErrorCode":")" + code + R"(","ErrorMessage":"No, said the service"})"}};
}

// The PUT's fate, and whether it was charged all the same. Whatever it is, the service must be asked and never told
// again.
std::vector<Json> unclear_answers() {
  std::vector<Json> rules;
  for (const int status : {204, 300, 402, 405, 406, 408, 418, 451, 500, 501, 502, 503, 504, 520}) {
    rules.push_back({{"status", status}});
  }
  for (const int status : {301, 302, 303, 307, 308}) rules.push_back({{"status", status}, {"redirect", "{self}"}});
  rules.push_back({{"redirect", "{mirror_url}/elsewhere"}});
  for (const char* way : {"reset", "abrupt", "clean"}) rules.push_back({{"no_reply", way}});
  for (const char* body :
       {"", "{}", "<html>Welcome</html>", "{\"url\": null}", "{\"url\": \"\"}", "{\"url\":", "[1]"}) {
    rules.push_back({{"status", 200}, {"body", body}});
  }
  for (const char* way : {"reset", "abrupt"})
    rules.push_back({{"status", 200}, {"body", "{\"url\": \"x\"}"}, {"cut", 5}, {"close", way}});
  return rules;
}

class Put : public E2e {
 protected:
  // Every answer once, each to the PUT of another picture; all at the same time.
  std::vector<Ended> insert_with_every_unclear_answer(bool charged) {
    const std::vector<Json> answers = unclear_answers();
    const int count = static_cast<int>(answers.size());
    Json list = Json::array();
    for (int i = 0; i < count; ++i) {
      Json each = rule("put", answers[static_cast<std::size_t>(i)]);
      each["call"] = i + 1;
      each["charge"] = charged;
      list.push_back(each);
    }
    serve(many_pictures(count, {{"rules", list}}));
    std::vector<Spawn> spawns;
    for (int i = 0; i < count; ++i) {
      fresh();
      spawns.push_back(insert_words({std::string("generation=") + kMany, "index=" + std::to_string(i)}));
    }
    return run_all(spawns);
  }
};

TEST_F(Put, ReadyAtOnceNeedsNoPolling) {
  serve_at_once();
  expect_placed(insert());
  EXPECT_EQ(gets(), 0);
  EXPECT_EQ(records(), "job intent ready saved placed");
}

TEST_F(Put, AcceptedIsPolled) {
  serve({{"ready_polls", 3}});
  expect_placed(insert());
  EXPECT_EQ(puts(), 1);
  EXPECT_EQ(gets(), 3);
  EXPECT_EQ(records(), "job intent pending ready saved placed");
}

TEST_F(Put, ConflictJoinsTheDownloadUnderWay) {
  serve({{"rules", {{{"route", "put"}, {"status", 409}, {"charge", true}}}}});
  expect_placed(insert());
  EXPECT_EQ(puts(), 1);
  EXPECT_EQ(count(journal(), "pending"), 1);
}

TEST_F(Put, ConflictWithAnotherSizeIsKeptUnderThatSize) {
  serve({{"ready_polls", 1000}});
  const fs::path first_data = data();
  Program first(insert_words({"size=4k"}));
  ASSERT_TRUE(first.says("preparing"));
  fresh();  // another program, which knows nothing of the first
  Program second(insert_words({"size=1k"}));
  ASSERT_TRUE(second.says("preparing"));  // its request has been answered
  service().change({{"ready_polls", 1}});
  const Ended ended = finish(second);
  EXPECT_EQ(finish(first).status, 0);
  expect_failed(ended, 7, "other_size_delivered", "no");
  EXPECT_EQ(charges(), 1u);
  EXPECT_EQ(puts(), 2);
  EXPECT_EQ(records("1k"), "job intent pending ready other_size");
  EXPECT_EQ(records("4k"), "job ready saved");
  const Ended four = insert({"size=4k"});
  EXPECT_EQ(four.status, 0) << four;
  EXPECT_EQ(four.last("placed").value("width", 0), 4096);
  EXPECT_EQ(puts(), 2) << "what was kept needs no request";
  expect_placed(insert({"size=1k"}), 2);
}

TEST_F(Put, RefusalsCostNothingAndAreNotRepeated) {
  const struct {
    Json rule;
    int status;
    const char* cause;
  } cases[] = {
      {api_error(400, "InvalidParameterValue"), 4, "bad_request"},
      {api_error(403, "ProductQuotaExceeded"), 4, "quota_used_up"},
      {api_error(403, "Forbidden"), 4, "forbidden"},
      {api_error(404, "NotFound"), 4, "not_found"},
      {api_error(410, "Gone"), 4, "gone"},
      {api_error(413, ""), 4, "bad_request"},
      {api_error(415, ""), 4, "bad_request"},
      {api_error(422, "InvalidParameterValue"), 4, "bad_request"},
      {api_error(429, "DailyRequestLimitExceeded"), 5, "daily_limit"},
      {{{"status", 403}, {"body", R"({"message":"Missing Authentication Token"})"}}, 7, "no_such_route"},
  };
  serve_at_once();
  std::size_t charged = 0;
  int asked = 0;
  for (const auto& each : cases) {
    SCOPED_TRACE(each.rule.dump());
    fresh();
    rules({rule("put", each.rule)});
    const Ended ended = insert();
    expect_failed(ended, each.status, each.cause, "no");
    EXPECT_EQ(ended.last("failed").value("http_status", 0), each.rule["status"]);
    EXPECT_EQ(puts(), ++asked);
    EXPECT_EQ(gets(), 0) << "there is nothing to ask about";
    EXPECT_EQ(records(), "job intent refused");
    EXPECT_EQ(charges(), charged);
    EXPECT_EQ(resume().status, 0) << "nothing rests";
    rules(Json::array());
    expect_placed(insert(), ++charged);
    EXPECT_EQ(puts(), ++asked);
  }
}

TEST_F(Put, UnauthorizedRenewsTheTokenOnce) {
  serve_at_once({{{"route", "put"}, {"call", 1}, {"status", 401}}});
  expect_placed(insert());
  EXPECT_EQ(puts(), 2);
  EXPECT_EQ(calls("token"), 2);
  EXPECT_EQ(records(), "job intent refused intent ready saved placed");
}

TEST_F(Put, UnauthorizedTwiceIsTheEnd) {
  serve_at_once({{{"route", "put"}, {"status", 401}}});
  expect_failed(insert(), 3, "credentials_refused", "no");
  EXPECT_EQ(puts(), 2);
  EXPECT_EQ(records(), "job intent refused intent refused");
}

TEST_F(Put, TooManyRequestsWaitsAsLongAsItIsTold) {
  serve_at_once({{{"route", "put"}, {"call", 1}, {"status", 429}, {"retry_after", 3}}});
  expect_placed(insert());
  EXPECT_EQ(records(), "job intent refused intent ready saved placed");
  const auto requests = service().requests("put");
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_GE(requests[1].value("time", 0.0) - requests[0].value("time", 0.0), 2.9);
}

TEST_F(Put, TooManyRequestsFiveTimesIsTheEnd) {
  serve_at_once({{{"route", "put"}, {"status", 429}}});
  expect_failed(insert(), 5, "rate_limited", "no");
  EXPECT_EQ(puts(), 5);
  EXPECT_EQ(count(journal(), "intent"), 5);
  EXPECT_EQ(count(journal(), "refused"), 5);
}

TEST_F(Put, NothingSentIsNoRequest) {
  // The look-up's connection is the first; the PUT's own fails before a byte of HTTP.
  for (const char* way : {"accept", "handshake"}) {
    SCOPED_TRACE(way);
    fresh();
    serve_at_once({{"listener", "api"}, {"call", 2}, {way, "reset"}});
    expect_placed(insert());
    EXPECT_EQ(puts(), 1);
    EXPECT_EQ(gets(), 0);
    const auto opened = std::ranges::count_if(service().connection_events(), [](const Json& event) {
      return event.value("listener", "") == "api" && event.value("event", "") == "tcp";
    });
    EXPECT_EQ(opened, 3) << "the look-up's, the one that failed, the one that carried the PUT";
    // A connection that is reset at once may look refused to libcurl, which then takes the name's next address by
    // itself.
    if (way == std::string("accept") && records() == "job intent ready saved placed") continue;
    EXPECT_EQ(records(), "job intent refused intent ready saved placed");
    EXPECT_EQ(journal().at(2).value("code", ""), "not_sent");
  }
}

// A kept connection may have been closed by the other side, at this very moment or long ago; a PUT written to it would
// be unclear.
TEST_F(Put, DoesNotTrustAConnectionThatWasKept) {
  serve_at_once({{"route", "products"}, {"close", "clean"}});
  expect_placed(insert());
  fresh();
  rules({{{"route", "put"}, {"call", 1}, {"status", 429}, {"retry_after", 2}, {"close", "clean"}}});
  expect_placed(insert(), 2);
  EXPECT_EQ(gets(), 0) << "nothing was unclear";
  std::set<int> connections;
  for (const Json& request : service().requests()) {
    const int connection = request.value("connection", 0);
    EXPECT_TRUE(request["route"] != "put" || !connections.contains(connection)) << request;
    connections.insert(connection);
  }
}

TEST_F(Put, UnclearAndChargedIsFoundByAsking) {
  const std::vector<Ended> all = insert_with_every_unclear_answer(true);
  for (const Ended& ended : all) {
    EXPECT_EQ(ended.status, 0) << ended;
    EXPECT_EQ(ended.count("placed"), 1);
  }
  EXPECT_EQ(charges(), all.size());
  EXPECT_EQ(static_cast<std::size_t>(puts()), all.size()) << "each exactly once";
}

TEST_F(Put, UnclearAndNotChargedIsLeftToThePerson) {
  const std::vector<Ended> all = insert_with_every_unclear_answer(false);
  for (const Ended& ended : all) {
    EXPECT_EQ(ended.status, 6) << ended;
    EXPECT_EQ(ended.cause(), "outcome_unknown") << ended;
    EXPECT_EQ(ended.paid(), "maybe");
    EXPECT_NE(ended.message().find("again=yes"), std::string::npos);
  }
  EXPECT_EQ(charges(), 0u);
  EXPECT_EQ(static_cast<std::size_t>(puts()), all.size());
  // The doubt ends no sooner than 30 s after the PUT.
  double first = 0;
  double last = 0;
  for (const Json& request : service().requests()) {
    if (request["route"] == "put" && first == 0) first = request.value("time", 0.0);
    if (request["route"] == "get") last = request.value("time", 0.0);
  }
  EXPECT_GE(last - first, 30.0);
}

// libcurl repeats a request by itself if it thinks that nobody can have read it. Not this one.
TEST_F(Put, IsNotRepeatedByTheLibrary) {
  for (const char* way : {"reset", "abrupt", "clean"}) {
    SCOPED_TRACE(way);
    fresh();
    serve({{"rules", {{{"route", "put"}, {"call", 1}, {"no_reply", way}, {"charge", true}}}}});
    expect_placed(insert());
    EXPECT_EQ(puts(), 1);
    EXPECT_EQ(records(), "job intent ready saved placed");
  }
}

TEST_F(Put, IsNeverFollowedElsewhere) {
  serve({{"rules",
          {{{"route", "put"}, {"redirect", "{mirror_url}/elsewhere"}, {"charge", true}},
           {{"route", "unknown"}, {"status", 200}}}}});
  expect_placed(insert());
  EXPECT_EQ(calls("unknown"), 0);
  fresh();
  rules({{{"route", "put"}, {"status", 307}, {"redirect", "{self}"}, {"charge", true}}});
  expect_placed(insert(), 2);
  EXPECT_EQ(puts(), 2);
}

TEST_F(Put, ThePersonsWordAllowsOneMore) {
  serve_at_once({{{"route", "put"}, {"call", 1}, {"status", 500}}});
  expect_failed(insert(), 6, "outcome_unknown", "maybe");
  EXPECT_EQ(records(), "job intent");
  const Ended not_said = insert();
  expect_failed(not_said, 6, "outcome_unknown", "maybe");
  EXPECT_EQ(puts(), 1);
  const Ended resumed = resume();
  EXPECT_EQ(resumed.status, 6) << resumed;
  EXPECT_EQ(resumed.count("rests"), 1);
  EXPECT_EQ(puts(), 1) << "resume never requests";
  expect_placed(insert({"again=yes"}));
  EXPECT_EQ(puts(), 2);
  EXPECT_EQ(records(), "job intent intent ready saved placed");
}

TEST_F(Put, ThePersonsWordIsNotUsedWhereTheServiceKnowsBetter) {
  serve({{"rules", {{{"route", "put"}, {"call", 1}, {"no_reply", "reset"}, {"charge", true}}}}});
  const Ended ended = insert({"again=yes"});
  expect_placed(ended);
  EXPECT_EQ(puts(), 1);
}

TEST_F(Put, NoneOnceTheAssetIsKnown) {
  serve_at_once({{{"route", "file"}, {"status", 403}}});
  const Ended ended = insert();
  expect_failed(ended, 6, "link_refused", "yes");
  EXPECT_EQ(records(), "job intent ready ready ready ready");
  expect_failed(insert({"again=yes"}), 6, "link_refused", "yes");
  EXPECT_EQ(puts(), 1);
  rules(Json::array());
  expect_placed(insert({"again=yes"}));
  EXPECT_EQ(puts(), 1);
}

TEST_F(Put, SaysWhatTheAgreementWants) {
  serve_at_once(Json::array(), {{"product",
                                 {{"id", 77},
                                  {"is_note_required", true},
                                  {"is_project_code_required", true},
                                  {"project_codes", {"P-1", "P-2"}}}}});
  expect_failed(insert(), 2, "parameter_missing", "no");
  expect_failed(insert({"project_code=P-2"}), 2, "parameter_missing", "no");
  expect_failed(insert({"project_code=P-9", "notes=x"}), 2, "parameter_wrong", "no");
  expect_failed(insert({"project_code=P-2", "notes=x", "product_id=78"}), 2, "parameter_wrong", "no");
  EXPECT_EQ(puts(), 0);
  expect_placed(insert({"project_code=P-2", "notes=For the \"spring\" catalogue \xc3\xa4"}));
  const Json charge = service().charged()[0];
  EXPECT_EQ(charge.value("project_code", ""), "P-2");
  EXPECT_EQ(charge.value("notes", ""), "For the \"spring\" catalogue \xc3\xa4");
}

}  // namespace
}  // namespace e2e
