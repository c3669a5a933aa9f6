// SPDX-License-Identifier: GPL-2.0-or-later
// Answers that are good HTTP and good JSON and still make no sense, or bad news. Rows 39 to 50 of tests/faults.md.
#include "fixture.h"

namespace e2e {
namespace {

class Meaning : public E2e {
 protected:
  // Inserts with this as the list of sizes.
  Ended insert_offered(const Json& sizes, const Words& more = {}) {
    fresh();
    service().change({{"sizes", sizes}});
    return insert(more);
  }
  static Json size(const Json& name, const Json& width, const Json& height) {
    return {{"size_name", name}, {"width", width}, {"height", height}};
  }
};

TEST_F(Meaning, PreparingForALongTimeCanBeLeftAndTakenUpAgain) {
  serve({{"ready_polls", 1000}});
  const Ended ended = insert({"--timeout", "6"});
  expect_failed(ended, 6, "cancelled", "maybe");
  EXPECT_EQ(puts(), 1);
  service().change({{"ready_polls", 1}});
  expect_placed(resume());
  EXPECT_EQ(puts(), 1);
}

TEST_F(Meaning, LinkMissingIsAskedForAgainAndThenRests) {
  const std::vector<Json> links = {nullptr, "", 7, Json::array(), "not/absolute"};
  for (const Json& link : links) {
    SCOPED_TRACE(link.dump());
    fresh();
    serve({{"rules", {{{"route", "get"}, {"calls", {1, 40}}, {"link", link}}}}});
    const Ended ended = insert();
    EXPECT_EQ(ended.status, 6) << ended;
    EXPECT_NE(ended.paid(), "no");
    EXPECT_EQ(ended.count("placed"), 0);
    EXPECT_EQ(calls("file"), 0);
    rules(Json::array());
    expect_placed(resume());
    EXPECT_EQ(puts(), 1);
  }
}

TEST_F(Meaning, UnsafeLinksAreNotFollowed) {
  serve_at_once();
  const std::vector<std::string> links = {"http://localhost:{file_port}{link_path}",
                                          "file:///etc/passwd",
                                          "ftp://localhost/x",
                                          "data:image/png;base64,AAAA",
                                          "gopher://localhost:{file_port}/",
                                          "dict://localhost:{file_port}/",
                                          "https://user@localhost:{file_port}{link_path}",
                                          "https://user:pw@localhost:{file_port}{link_path}",
                                          "https://169.254.169.254/latest/meta-data",
                                          "https://10.0.0.1/x",
                                          "https://192.168.1.1/x",
                                          "https://172.16.0.1/x",
                                          "https://0.0.0.0:{file_port}/x",
                                          "https://[::ffff:10.0.0.1]/x",
                                          "https://[fe80::1]/x",
                                          "https://2130706433.example:{file_port}/x",
                                          "https://8.8.8.8/x",
                                          "https://example.com:8443/x",
                                          "https://example.com:22/x",
                                          "https://localhost.:{file_port}{link_path}",
                                          "https://LOCALHOST.example.com:{file_port}/x",
                                          "//localhost:{file_port}{link_path}",
                                          "https:///x",
                                          "https://",
                                          "javascript:alert(1)",
                                          "https://localhost:{file_port}{link_path}\r\nX-Bad: 1",
                                          "https://exa mple.com/x",
                                          "https://127.0.0.1.example.com:{file_port}/x",
                                          "https://[::]:{file_port}/x",
                                          "https://0x7f.1.example:{file_port}/",
                                          "smb://localhost/x",
                                          "\\\\localhost\\x",
                                          "https://localhost:99999/x"};
  int asked = 0;
  for (const std::string& link : links) {
    SCOPED_TRACE(link);
    fresh();
    rules({{"route", "put"}, {"link", link}});
    const Ended ended = insert();
    expect_failed(ended, 6, "link_unsafe", "yes");
    EXPECT_EQ(puts(), ++asked);
    EXPECT_EQ(ended.out.find("169.254"), std::string::npos) << "the address is not shown";
  }
  EXPECT_EQ(calls("file"), 0);
  for (const Json& event : service().connection_events()) {
    EXPECT_EQ(event.value("listener", "") == "file" || event.value("listener", "") == "mirror", false) << event;
  }
  // A better link by GET, and no second licence.
  rules(Json::array());
  EXPECT_TRUE(data_files(".link").empty());
  const auto charged = charges();
  expect_placed(resume(), charged);
}

TEST_F(Meaning, LoopbackLinksAreForLoopbackServicesOnly) {
  serve_at_once({{"route", "put"}, {"link", "https://127.0.0.1:{file_port}{link_path}"}});
  expect_placed(insert());
  fresh();
  rules({{"route", "put"}, {"link", "https://[::1]:{file_port}{link_path}"}});
  expect_placed(insert(), 2);
}

TEST_F(Meaning, RedirectsOfTheFileAreJudgedLikeTheLink) {
  serve_at_once({{"route", "file"}, {"call", 1}, {"redirect", "{mirror_url}/elsewhere"}});
  expect_placed(insert());  // the mirror does not know that address; another link by GET
  EXPECT_EQ(gets(), 1);
  for (const char* target :
       {"http://localhost:{file_port}/x", "file:///etc/passwd", "https://user@localhost:{file_port}/x",
        "https://169.254.169.254/x", "https://10.1.2.3/x", "https://example.com:8443/x", ""}) {
    SCOPED_TRACE(target);
    fresh();
    rules({{"route", "file"}, {"redirect", target}});
    const int before = calls("file");
    expect_failed(insert(), 6, "link_unsafe", "yes");
    EXPECT_EQ(calls("file") - before, 1);
  }
  fresh();
  rules({{"route", "file"}, {"redirect", "{self}"}});
  const int before = calls("file");
  expect_failed(insert(), 6, "link_unsafe", "yes");
  EXPECT_EQ(calls("file") - before, 4) << "the link and three redirects";
  fresh();
  rules({{"route", "file"}, {"calls", {1, 3}}, {"redirect", "{self}"}});
  const auto charged = charges();
  expect_placed(insert(), charged + 1);
}

TEST_F(Meaning, SizesThatMakeNoSenseOrderNothing) {
  serve_at_once();
  const std::vector<Json> lists = {Json::object(),
                                   Json::array(),
                                   "1k",
                                   7,
                                   Json::array({nullptr, 3, "1k", Json::array()}),
                                   Json::array({size("1k", 0, 0)}),
                                   Json::array({size("1k", -1024, 576)}),
                                   Json::array({size("1k", 2147483648u, 576)}),
                                   Json::array({size("1k", 1024, nullptr)}),
                                   Json::array({size("1k", "1024", "576")}),
                                   Json::array({size("1k", 1024.5, 576)}),
                                   Json::array({size("", 1024, 576)}),
                                   Json::array({size(nullptr, 1024, 576)}),
                                   Json::array({size(std::string(100, 'k'), 1024, 576)}),
                                   Json::array({size("1k", 1024, 576), size("1k", 4096, 2304)})};
  for (const Json& list : lists) {
    SCOPED_TRACE(list.dump());
    expect_failed(insert_offered(list), 7, "sizes_unusable", "no");
  }
  EXPECT_EQ(puts(), 0);
  EXPECT_EQ(charges(), 0u);
}

TEST_F(Meaning, UsableSizesAmongOthersAreKept) {
  serve_at_once();
  const Json list =
      Json::array({size("0k", 0, 0), size("1k", 1024, 576), nullptr, size("1k", 1024, 576), size("9k", -1, 5)});
  expect_placed(insert_offered(list));
  const Ended ended = run(easel("insert", {"generation=" + fact("generation"), "index=0"}));
  EXPECT_EQ(ended.last("failed")["choices"].size(), 1u) << ended;
}

TEST_F(Meaning, NoOtherSizeIsTakenUnasked) {
  serve_at_once();
  const Ended ended = insert_offered(Json::array({size("4k", 4096, 2304)}));
  expect_failed(ended, 2, "size_unknown", "no");
  ASSERT_EQ(ended.last("failed")["choices"].size(), 1u);
  EXPECT_EQ(ended.last("failed")["choices"][0]["name"], "4k");
  EXPECT_EQ(puts(), 0);
}

TEST_F(Meaning, UnknownAndBlockedPicturesOrderNothing) {
  serve_at_once();
  for (const char* index : {"9", "4", "2147483647"}) {
    const Ended ended = insert({std::string("index=") + index});
    expect_failed(ended, 2, "picture_unknown", "no");
  }
  const Ended blocked = insert({"index=3"});
  expect_failed(blocked, 4, "picture_blocked", "no");
  EXPECT_NE(blocked.message().find("content rules"), std::string::npos);
  expect_failed(insert({"index=-1"}), 2, "parameter_wrong", "no");
  expect_failed(insert({"index=one"}), 2, "parameter_wrong", "no");
  EXPECT_EQ(puts(), 0);
  EXPECT_TRUE(data_files(".jsonl").empty());
}

TEST_F(Meaning, GenerationThatIsNotReadyOrdersNothing) {
  serve_at_once({{"route", "generation"}, {"status", 202}});
  expect_failed(insert(), 5, "picture_unfinished", "no");
  EXPECT_EQ(puts(), 0);
}

TEST_F(Meaning, ExpiredLinkIsRenewedByAsking) {
  for (const int status : {403, 404, 410}) {
    SCOPED_TRACE(status);
    fresh();
    serve_at_once({{"route", "file"}, {"calls", {1, 2}}, {"status", status}});
    expect_placed(insert());
    EXPECT_EQ(puts(), 1);
    EXPECT_EQ(gets(), 2);
    EXPECT_EQ(calls("file"), 3);
  }
}

TEST_F(Meaning, LinkThatExpiresBeforeAResumeIsRenewed) {
  serve_at_once({{"route", "file"}, {"status", 503}, {"retry_after", 200}});
  Program program(insert_words());
  for (int i = 0; i < 2000 && calls("file") == 0; ++i) std::this_thread::sleep_for(10ms);
  program.send(SIGINT);
  expect_failed(finish(program), 6, "cancelled", "yes");
  service().control({{"do", "expire_links"}});
  rules(Json::array());
  expect_placed(resume());
  EXPECT_EQ(puts(), 1);
  EXPECT_EQ(gets(), 1);
}

TEST_F(Meaning, LinkThatKeepsExpiringRests) {
  serve_at_once({{"route", "file"}, {"status", 403}});
  expect_failed(insert(), 6, "link_refused", "yes");
  EXPECT_EQ(gets(), 3) << "three new links";
  EXPECT_EQ(calls("file"), 4);
}

TEST_F(Meaning, FileHostWithAFaultIsTriedAgain) {
  serve_at_once({{{"route", "file"}, {"call", 1}, {"status", 503}, {"retry_after", 1}},
                 {{"route", "file"}, {"call", 2}, {"status", 429}, {"retry_after", 1}},
                 {{"route", "file"}, {"call", 3}, {"status", 500}, {"retry_after", 1}}});
  expect_placed(insert());
  EXPECT_EQ(calls("file"), 4);
  EXPECT_EQ(puts(), 1);
  EXPECT_EQ(gets(), 0) << "the link is still good";
}

TEST_F(Meaning, AssetIdMayBeAbsentOrStrange) {
  for (const Json& id : {Json(nullptr), Json(""), Json(7), Json("../../etc/passwd"), Json("a\x1b[2Jb")}) {
    SCOPED_TRACE(id.dump());
    fresh();
    serve_at_once({{"route", "put"}, {"asset_id", id}});
    const Ended ended = insert();
    EXPECT_EQ(ended.status, 0) << ended;
    EXPECT_EQ(data_files(".jpg").size(), 1u);
    EXPECT_EQ(data_files(".jpg")[0].parent_path(), data() / "originals");
  }
}

}  // namespace
}  // namespace e2e
