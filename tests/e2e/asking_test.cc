// SPDX-License-Identifier: GPL-2.0-or-later
// What the answer to the asking GET means, one case for each line of the table.
#include "fixture.h"

namespace e2e {
namespace {

class Asking : public E2e {
 protected:
  // The PUT's answer is lost, but it was charged; `rules` are about the asking.
  void serve_after_a_lost_answer(std::vector<Json> more, Json settings = Json::object()) {
    more.push_back({{"route", "put"}, {"call", 1}, {"no_reply", "reset"}, {"charge", true}});
    settings["rules"] = more;
    serve(settings);
  }
};

TEST_F(Asking, ReadyIsFetched) {
  serve_after_a_lost_answer({});
  expect_placed(insert());
  EXPECT_EQ(records(), "job intent ready saved placed");
}

TEST_F(Asking, StillPreparingIsPolled) {
  serve_after_a_lost_answer({}, {{"ready_polls", 3}});
  expect_placed(insert());
  EXPECT_EQ(records(), "job intent pending ready saved placed");
  EXPECT_EQ(gets(), 3);
}

TEST_F(Asking, APictureOfAnotherSizeIsNotTaken) {
  serve_at_once();
  expect_placed(insert({"size=4k"}));
  // Not charged: the service still tells of the 4k, whose asset is in a journal here.
  rules({{{"route", "put"}, {"status", 500}}});
  const Ended ended = insert({"size=1k", "--timeout", "7"});
  EXPECT_EQ(ended.status, 6) << ended;
  EXPECT_EQ(ended.paid(), "maybe");
  EXPECT_EQ(calls("file"), 1) << "only the 4k";
  EXPECT_GE(gets(), 2);
  EXPECT_EQ(count(journal("1k"), "ready"), 0);
}

TEST_F(Asking, UnknownIsAskedAgainWhileADownloadIsPending) {
  serve({{"rules", {{{"route", "get"}, {"calls", {1, 3}}, {"status", 404}}}}});
  expect_placed(insert());
  EXPECT_EQ(gets(), 4);
  EXPECT_EQ(puts(), 1);
}

TEST_F(Asking, UnknownIsNotBelievedSoonAfterThePut) {
  serve_after_a_lost_answer({{{"route", "get"}, {"calls", {1, 3}}, {"status", 404}}});
  expect_placed(insert());
  EXPECT_EQ(gets(), 4);
  EXPECT_EQ(puts(), 1);
}

TEST_F(Asking, UnauthorizedRenewsOnce) {
  serve_after_a_lost_answer({{{"route", "get"}, {"call", 1}, {"status", 401}}});
  expect_placed(insert());
  EXPECT_EQ(calls("token"), 2);
  EXPECT_EQ(puts(), 1);
}

TEST_F(Asking, UnauthorizedTwiceRests) {
  serve_after_a_lost_answer({{{"route", "get"}, {"status", 401}}});
  expect_failed(insert(), 6, "credentials_refused", "maybe");
  EXPECT_EQ(gets(), 2);
  rules(Json::array());
  const Ended resumed = resume();
  expect_placed(resumed);
  EXPECT_EQ(puts(), 1);
}

TEST_F(Asking, RefusalsRest) {
  for (const auto& [status, cause] : {std::pair(400, "bad_request"), std::pair(403, "forbidden")}) {
    SCOPED_TRACE(status);
    fresh();
    serve_after_a_lost_answer({{{"route", "get"}, {"call", 1}, {"status", status}}});
    expect_failed(insert(), 6, cause, "maybe");
    EXPECT_EQ(gets(), 1);
    expect_placed(resume());
    EXPECT_EQ(puts(), 1);
  }
}

TEST_F(Asking, GoneEndsAndMayHaveBeenPaid) {
  serve_after_a_lost_answer({{{"route", "get"}, {"status", 410}}});
  expect_failed(insert(), 6, "gone", "maybe");
  EXPECT_EQ(gets(), 1);
  EXPECT_EQ(puts(), 1);
}

TEST_F(Asking, AnythingElseIsAskedAgain) {
  std::vector<Json> list;
  // Nonsense first, since it is not put up with for long: else one program could meet all of it.
  const std::vector<Json> answers = {{{"status", 200}, {"body", "{}"}},
                                     {{"status", 200}, {"body", ""}},
                                     {{"status", 200}, {"body", "{\"url\":"}},
                                     {{"status", 500}},
                                     {{"status", 502}},
                                     {{"status", 503}, {"retry_after", 1}},
                                     {{"status", 504}},
                                     {{"status", 429}},
                                     {{"no_reply", "reset"}},
                                     {{"no_reply", "clean"}}};
  const int n = static_cast<int>(answers.size());
  for (int i = 0; i < n; ++i) {
    Json each = rule("get", answers[static_cast<std::size_t>(i)]);
    each["call"] = i + 1;
    list.push_back(each);
  }
  serve(many_pictures(n, {{"rules", list}}));
  std::vector<Spawn> spawns;
  for (int i = 0; i < n; ++i) {
    fresh();
    spawns.push_back(insert_words({std::string("generation=") + kMany, "index=" + std::to_string(i)}));
  }
  for (const Ended& ended : run_all(spawns)) EXPECT_EQ(ended.status, 0) << ended;
  EXPECT_EQ(puts(), n);
  EXPECT_EQ(charges(), static_cast<std::size_t>(n));
}

TEST_F(Asking, IsNotDoneForEver) {
  serve_after_a_lost_answer({{{"route", "get"}, {"status", 500}}});
  const Ended ended = insert();
  expect_failed(ended, 6, "server_error", "maybe");
  EXPECT_EQ(gets(), 5);
  rules(Json::array());
  expect_placed(resume());
  EXPECT_EQ(puts(), 1);
}

// Redirects of a GET stay within the origin that may have the key.
TEST_F(Asking, FollowsRedirectsWithinTheOriginOnly) {
  serve({{"rules",
          {{{"route", "generation"}, {"call", 1}, {"redirect", "{self}"}},
           {{"route", "get"}, {"call", 1}, {"status", 307}, {"redirect", "{self}"}}}}});
  expect_placed(insert());
  EXPECT_EQ(calls("generation"), 2);
  fresh();
  rules({{{"route", "generation"}, {"redirect", "{mirror_url}/elsewhere"}}});
  const Ended elsewhere = insert();
  expect_failed(elsewhere, 7, "redirected", "no");
  EXPECT_NE(elsewhere.message().find("localhost"), std::string::npos) << "names the host";
  EXPECT_EQ(calls("unknown"), 0);
  fresh();
  rules({{{"route", "generation"}, {"redirect", "{self}"}}});
  const int before = calls("generation");
  expect_failed(insert(), 7, "redirected", "no");
  EXPECT_EQ(calls("generation") - before, 4) << "the call and three redirects";
}

}  // namespace
}  // namespace e2e
