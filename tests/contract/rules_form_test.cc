// SPDX-License-Identifier: GPL-2.0-or-later
// The rules of the contract about questions to the person.
#include <set>
#include <thread>
#include <utility>

#include "rules_fixture.h"

namespace contract {
namespace {

// A person who fills in what is asked for, as far as these tests can know it.
Reaction willing(const Form& form, const std::string& generation) {
  Reaction out{Reaction::Kind::accept, {}};
  for (const Field& field : form.fields) {
    if (field.key == "generation") out.values.emplace_back("generation", generation);
    if (field.key == "index") out.values.emplace_back("index", "0");
    if (field.key == "size" && !field.choices.empty()) out.values.emplace_back("size", field.choices[0].first);
    if (field.key == "api_key" && field.value.empty()) out.values.emplace_back("api_key", "standin-api-key");
    if (field.key == "client_secret") out.values.emplace_back("client_secret", "standin+secret/with=signs&100%");
  }
  return out;
}

TEST_F(Rules, AFormAsksForWhatIsMissing) {
  serve();
  const auto h = host(options());
  const std::string generation = text("generation");
  int shown = 0;
  h->person = [&](const Form& form) {
    EXPECT_FALSE(form.accept.empty());
    EXPECT_EQ(service_->calls("put"), 0) << "bought without a button that says so";
    return ++shown > 20 ? Reaction{Reaction::Kind::close, {}} : willing(form, generation);
  };
  const int64_t job = h->invoke("insert");
  ASSERT_TRUE(h->run({}, 60s));
  ASSERT_GE(h->asked().size(), 1u);
  EXPECT_NE(h->asked().back().accept.find("License"), std::string::npos) << h->asked().back().accept;
  const Field* account = h->asked().back().field("account");
  ASSERT_NE(account, nullptr);
  EXPECT_TRUE(account->label.starts_with("Signed in to Getty Images")) << account->label;
  EXPECT_NE(account->label.find("(31415)"), std::string::npos) << account->label;
  ASSERT_NE(h->end_of(job), nullptr);
  EXPECT_EQ(h->end_of(job)->kind, "done") << h->end_of(job)->get("message");
  EXPECT_EQ(h->images_taken(), 1);
  EXPECT_EQ(service_->charged().size(), 1u);
}

TEST_F(Rules, WhatIsBoughtIsWhatTheButtonSaid) {
  serve();
  const auto h = host(options());
  const std::string generation = text("generation");
  std::string pressed;
  h->person = [&](const Form& form) {
    EXPECT_EQ(service_->calls("put"), 0) << "bought by the button \"" << pressed << "\"";
    pressed = form.accept;
    Reaction out = willing(form, generation);
    // A hand that is faster than changed(): the other size is picked, and the button says the
    // first.
    if (form.accept.find("1024") != std::string::npos) out.values = {{"size", "4k"}};
    if (form.accept.find("4096") != std::string::npos) out.values = {};
    return out;
  };
  h->invoke("insert");
  ASSERT_TRUE(h->run({}, 60s));
  EXPECT_NE(pressed.find("4096"), std::string::npos) << pressed;
  ASSERT_EQ(service_->charged().size(), 1u);
  EXPECT_EQ(service_->charged()[0]["size"], "4k");
}

TEST_F(Rules, WhatTheButtonCalledFreeIsNotRequested) {
  serve({{"ready_polls", 1000}});
  StrictHost::Options elsewhere = options();
  elsewhere.data_dir = folder_ + "/elsewhere";
  const auto other_computer = host(elsewhere);
  other_computer->invoke("insert", picture(0, "4k"));
  ASSERT_TRUE(other_computer->run([&] { return service_->calls("put") == 1; }));
  // Joins that download, which is of another size, and has not seen its file yet.
  const auto first = host(options());
  first->invoke("insert", picture());
  ASSERT_TRUE(first->run([&] { return service_->calls("put") == 2; }));
  service_->change({{"rules", {{{"route", "file"}, {"hold", "file"}}}}, {"ready_polls", 1}});
  const auto has_link = [&] {
    for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/data/jobs")) {
      if (entry.path().extension() == ".link") return true;
    }
    return false;
  };
  ASSERT_TRUE(first->run(has_link));

  const auto h = host(options());
  std::vector<std::string> pressed;
  h->person = [&](const Form& form) {
    if (form.accept != "Continue") pressed.push_back(form.accept);
    if (form.accept.starts_with("License")) return Reaction{Reaction::Kind::close, {}};
    return willing(form, text("generation"));
  };
  h->invoke("insert");
  ASSERT_TRUE(h->run([&] { return !pressed.empty(); }));
  h->run([] { return false; }, 1s);  // it waits for the other one
  EXPECT_EQ(pressed, std::vector<std::string>{"Insert 1024 × 576"});
  service_->let_go("file");
  ASSERT_TRUE(h->run());
  ASSERT_EQ(pressed.size(), 2u);
  EXPECT_EQ(pressed[1], "License and Insert 1024 × 576");
  const Field* fault = h->asked().back().field("fault");
  ASSERT_NE(fault, nullptr);
  EXPECT_NE(fault->label.find("Nothing was charged"), std::string::npos) << fault->label;
  EXPECT_EQ(service_->calls("put"), 2);
}

TEST_F(Rules, AnAnswerAndNewFieldsMayCross) {
  // New fields are on their way to the host while the person has closed the form already: it stays
  // closed.
  for (const bool accepted : {false, true}) {
    serve();
    const auto h = host(options());
    h->invoke("insert");
    ASSERT_TRUE(h->run([&] { return !h->forms().empty(); }));
    const uint64_t request = h->forms().begin()->first;
    h->change(request, "generation", text("generation"));
    std::this_thread::sleep_for(300ms);
    if (accepted)
      h->accept(request);
    else
      h->close(request);
    h->run([&] { return !h->forms().empty(); }, 5s);
    EXPECT_EQ(h->forms().count(request), 0u);
    h->destroy();
  }
}

TEST_F(Rules, AClosedFormCostsNothing) {
  serve();
  const auto h = host(options());
  h->person = [](const Form&) { return Reaction{Reaction::Kind::close, {}}; };
  const int64_t job = h->invoke("insert");
  ASSERT_TRUE(h->run());
  EXPECT_GE(h->asked().size(), 1u);
  ASSERT_NE(h->end_of(job), nullptr);
  EXPECT_EQ(h->end_of(job)->get("cause"), "cancelled");
  EXPECT_EQ(h->end_of(job)->get("paid"), "no");
  EXPECT_EQ(service_->calls("put"), 0);
}

TEST_F(Rules, WhatMayHaveBeenChargedIsRequestedAgainOnlyIfSomebodySaysSo) {
  for (const std::string word : {"", "yes"}) {
    serve();
    service_->change(
        {{"rules", {{{"route", "put"}, {"call", 1}, {"no_reply", "abrupt"}, {"charge", false}}}}, {"ready_polls", 1}});
    const auto h = host(options());
    int asked = 0;
    h->person = [&](const Form& form) {
      Reaction out{Reaction::Kind::accept, {}};
      if (form.field("again") != nullptr) ++asked;
      if (form.field("again") != nullptr && !word.empty()) out.values = {{"again", word}};
      return out;
    };
    const int64_t job = h->invoke("insert", {{"generation", text("generation")}, {"index", "0"}, {"size", "1k"}});
    ASSERT_TRUE(h->run({}, 120s));
    EXPECT_EQ(asked, 1);
    EXPECT_EQ(service_->calls("put"), word == "yes" ? 2 : 1);
    ASSERT_NE(h->end_of(job), nullptr);
    EXPECT_EQ(h->end_of(job)->kind, word == "yes" ? "done" : "failed");
  }
}

TEST_F(Rules, AFormThatNobodyAnswersIsTakenAway) {
  serve();
  const auto h = host(options());
  const int64_t job = h->invoke("insert");
  ASSERT_TRUE(h->run([&] { return !h->forms().empty(); }));
  h->cancel(job);
  ASSERT_TRUE(h->run({}, 10s));
  EXPECT_TRUE(h->forms().empty());
  EXPECT_EQ(h->end_of(job)->get("cause"), "cancelled");

  h->invoke("insert");
  ASSERT_TRUE(h->run([&] { return !h->forms().empty(); }));
  h->destroy();
  EXPECT_TRUE(h->forms().empty()) << "destroy() leaves a form on the screen";
}

TEST_F(Rules, EveryWatchedFieldMayChange) {
  serve();
  const auto h = host(options());
  const std::string generation = text("generation");
  std::set<std::string> edited;
  h->person = [&](const Form& form) {
    for (const Field& field : form.fields) {
      if ((field.flags & EASEL_WATCHED) == 0 || !edited.insert(form.title + "/" + field.key).second) continue;
      std::string value = "nonsense \xE2\x82\xAC";
      if (field.kind == EASEL_CHOICE) value = field.choices.back().first;
      if (field.key == "generation") value = generation;
      return Reaction{Reaction::Kind::change, {{field.key, value}}};
    }
    return Reaction{};
  };
  h->invoke("insert");
  // Whatever comes of it: the rules hold, and nothing is bought by typing.
  h->run([] { return false; }, 3s);
  h->destroy();
  EXPECT_FALSE(h->asked().empty());
  EXPECT_EQ(service_->calls("put"), 0);
}

// Each is a transfer and a process. The others can be chosen without one.
TEST_F(Rules, OfManyPicturesTheFirstSixteenAreShown) {
  const std::string many = "33333333-2222-4333-8444-555555555555";
  Json pictures = Json::array();
  for (int i = 0; i < 40; ++i) pictures.push_back({{"index", i}, {"photograph", "dandelions"}, {"kind", "baseline"}});
  serve({{"generations",
          {{{"id", many}, {"prompt", "many"}, {"date", "2026-01-02T03:04:05Z"}, {"pictures", pictures}}}}});
  const auto h = host(options());
  bool named = false;
  int shown = 0;
  std::size_t offered = 0;
  h->person = [&](const Form& form) {
    if (const Field* index = form.field("index")) {
      shown = index->thumbnails;
      offered = index->choices.size();
    }
    return std::exchange(named, true) ? Reaction{} : Reaction{Reaction::Kind::change, {{"generation", many}}};
  };
  h->invoke("insert");
  EXPECT_TRUE(h->run([&] { return shown >= 16; }, 60s));  // those come first that are there first
  EXPECT_EQ(shown, 16);
  EXPECT_EQ(offered, 40u);
  EXPECT_EQ(service_->calls("preview"), 16);
  h->destroy();
}

TEST_F(Rules, NonsenseFromTheHostIsHarmless) {
  serve();
  const auto h = host(options());
  h->invoke("insert",
            {{"generation", "../../etc"}, {"index", "-1"}, {"size", "\xF0\x9F\xA6\x8A"}, {"product_id", "x"}});
  h->invoke("insert", {{"generation", std::string(100000, 'g')}, {"index", "99999999999999999999"}, {"size", "1k"}});
  h->invoke("insert", {{"generation", text("generation")}, {"index", "3"}, {"size", "1k"}, {"product_id", "31415"}});
  h->invoke("drop", {{"job", "../../../etc/passwd"}});
  h->person = [](const Form&) { return Reaction{Reaction::Kind::close, {}}; };
  ASSERT_TRUE(h->run());
  for (const Event& event : h->events("failed")) EXPECT_EQ(event.get("paid"), "no") << event.get("message");
  EXPECT_EQ(h->events("failed").size(), 4u);
  EXPECT_TRUE(service_->charged().empty());
}

}  // namespace
}  // namespace contract
