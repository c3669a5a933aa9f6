// SPDX-License-Identifier: GPL-2.0-or-later
#include "fetch.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "encode_picture.h"
#include "fakes.h"
#include "temporary_folder.h"
#include "this_process.h"

namespace inset {
namespace {

using namespace test;
using namespace std::chrono_literals;

const std::string job = "5f0c1d2e3b4a5968";
const std::string link = "https://delivery.example.com/4096.jpg?Expires=1790000000&Signature=q7";

std::string as_text(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

const std::string& jpeg() {
  static const std::string file = as_text(encode_jpeg(make_raster(320, 240)));
  return file;
}

Digest digest_of(const std::string& text) {
  Digest digest;
  digest.update(std::as_bytes(std::span(text)));
  return digest;
}

using Headers = std::vector<std::pair<std::string, std::string>>;

HttpReply file_reply(const std::string& body, Headers more = {}) {
  more.emplace_back("content-length", std::to_string(body.size()));
  more.emplace_back("content-type", "image/jpeg");
  return reply_of(200, body, more);
}

class FetchTest : public testing::Test {
 protected:
  FetchTest() {
    auto files = Files::open(folder_ / "data");
    EXPECT_TRUE(files);
    files_.emplace(std::move(*files));
    transport_.on_pause = [this] { breathe(); };
    renew(false);
  }
  ~FetchTest() override { fetch_.reset(); }

  void renew(bool service_on_loopback) {
    fetch_ =
        std::make_unique<Fetch>(Fetch::Needs{transport_, *files_, {}, [this] { wake(); }}, job, service_on_loopback);
  }

  void wake() {
    const std::lock_guard lock(mutex_);
    awake_ = true;
    woken_.notify_all();
  }

  void breathe() {
    {
      std::unique_lock lock(mutex_);
      woken_.wait_for(lock, 20ms, [this] { return awake_; });
      awake_ = false;
    }
    fetch_->pump();
  }

  // One attempt, to its end.
  void attempt(std::function<HttpReply(const HttpRequest&)> answer, const std::string& from = link) {
    file_.reset();
    fault_.reset();
    transport_.answer = std::move(answer);
    fetch_->begin(
        from, [this](std::uint64_t bytes, std::uint64_t total) { progress_.emplace_back(bytes, total); },
        [this](std::variant<FetchedFile, FetchFault> result) {
          if (auto* fault = std::get_if<FetchFault>(&result)) {
            fault_ = std::move(*fault);
          } else {
            file_ = std::move(std::get<FetchedFile>(result));
          }
        });
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!file_ && !fault_ && std::chrono::steady_clock::now() < deadline) {
      transport_.run(0ms);
      if (!file_ && !fault_) breathe();
    }
  }
  void attempt(const HttpReply& reply) {
    attempt([=](const HttpRequest&) { return reply; });
  }

  void expect_fault(Cause cause) {
    EXPECT_FALSE(file_);
    ASSERT_TRUE(fault_);
    EXPECT_EQ(name(fault_->error.cause), name(cause)) << fault_->error.message;
    EXPECT_EQ(fault_->error.message.find("Signature"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(files_->original(job, "image/jpeg")));
  }

  std::mutex mutex_;
  std::condition_variable woken_;
  bool awake_ = false;

  TemporaryFolder folder_;
  std::optional<Files> files_;
  FakeTransport transport_;
  std::unique_ptr<Fetch> fetch_;
  std::optional<FetchedFile> file_;
  std::optional<FetchFault> fault_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> progress_;
};

TEST_F(FetchTest, AWholeFileIsThePictureAndTheBytes) {
  transport_.piece = 1000;
  attempt(file_reply(jpeg()));
  ASSERT_TRUE(file_) << fault_->error.message;
  EXPECT_EQ(file_->picture.width, 320u);
  EXPECT_EQ(file_->picture.height, 240u);
  EXPECT_EQ(file_->record.width, 320u);
  EXPECT_EQ(file_->record.bytes, jpeg().size());
  EXPECT_EQ(file_->record.sha256, to_hex(digest_of(jpeg()).sha256()));
  EXPECT_EQ(file_->record.mime, "image/jpeg");
  EXPECT_EQ(file_->record.path, "originals/5f0c1d2e3b4a5968.jpg");
  EXPECT_EQ(read_whole(files_->part(job)), jpeg());
  ASSERT_FALSE(progress_.empty());
  EXPECT_EQ(progress_.back(), (std::pair<std::uint64_t, std::uint64_t>(jpeg().size(), jpeg().size())));
}

TEST_F(FetchTest, NeitherKeyNorTokenGoesToTheFileHost) {
  attempt(file_reply(jpeg()));
  ASSERT_EQ(transport_.count(), 1u);
  EXPECT_TRUE(transport_.request(1).headers.empty());
  EXPECT_EQ(transport_.request(1).url, link);
  EXPECT_EQ(transport_.request(1).reach, Reach::the_public);
  EXPECT_FALSE(transport_.request(1).decode_body);
  EXPECT_EQ(transport_.request(1).most_bytes, 256u << 20);
}

// ---- where the file ends ----

TEST_F(FetchTest, AFileWhoseEndIsNotMarkedIsIncomplete) {
  HttpReply reply = reply_of(200, jpeg());
  reply.end.exact = false;
  attempt(reply);
  expect_fault(Cause::file_incomplete);
}

TEST_F(FetchTest, ChunksMarkTheEnd) {
  attempt(reply_of(200, jpeg(), {{"transfer-encoding", "chunked"}}));
  EXPECT_TRUE(file_);
}

TEST_F(FetchTest, AFileShorterThanAnnouncedIsNotWhole) {
  HttpReply reply = file_reply(jpeg());
  reply.body.resize(reply.body.size() - 2);
  attempt(reply);
  EXPECT_FALSE(file_);
  reply.end.fault = HttpFault::incomplete;
  attempt(reply);
  expect_fault(Cause::connection_lost);
}

TEST_F(FetchTest, ATruncatedPictureIsNotWholeEvenIfHttpSaysSo) {
  std::string cut = jpeg();
  cut.resize(cut.size() / 2);
  attempt(file_reply(cut));
  EXPECT_FALSE(file_);
  ASSERT_TRUE(fault_);
  EXPECT_TRUE(fault_->error.cause == Cause::file_incomplete || fault_->error.cause == Cause::file_damaged);
}

TEST_F(FetchTest, APackedFileIsRefused) {
  attempt(file_reply(jpeg(), {{"content-encoding", "gzip"}}));
  expect_fault(Cause::file_incomplete);
  attempt(file_reply(jpeg(), {{"content-encoding", "identity"}}));
  EXPECT_TRUE(file_);
}

TEST_F(FetchTest, AFileThatIsFarTooLargeIsNotBegun) {
  attempt(reply_of(200, "x", {{"content-length", "268435457"}}));
  expect_fault(Cause::file_too_large);
  HttpReply endless = reply_of(200, jpeg());
  endless.end.fault = HttpFault::too_large;
  attempt(endless);
  expect_fault(Cause::file_too_large);
}

// ---- checksums ----

TEST_F(FetchTest, ChecksumsThatAgreeAreFine) {
  const Digest digest = digest_of(jpeg());
  const std::string sha256 = to_base64(digest.sha256()), md5 = to_base64(digest.md5());
  for (const Headers& headers :
       {Headers{{"repr-digest", "sha-256=:" + sha256 + ":"}},
        Headers{{"content-digest", "sha-512=:AA==:, sha-256=:" + sha256 + ":"}},
        Headers{{"digest", "SHA-256=" + sha256 + ",MD5=" + md5}}, Headers{{"content-md5", md5}},
        Headers{{"x-goog-hash", "crc32c=n03x6A=="}, {"x-goog-hash", "md5=" + md5}},
        Headers{{"x-amz-checksum-sha256", sha256}}, Headers{{"x-amz-checksum-sha256", "AAAA-7"}},
        Headers{{"etag", "\"0123456789abcdef\""}}, Headers{{"repr-digest", "nonsense"}}}) {
    attempt(file_reply(jpeg(), headers));
    EXPECT_TRUE(file_) << headers[0].second;
  }
}

TEST_F(FetchTest, AChecksumThatDoesNotAgreeIsDamageAndKeptAside) {
  const std::string other = to_base64(digest_of("other").sha256()), other_md5 = to_base64(digest_of("other").md5());
  int kept = 0;
  for (const auto& header : Headers{{"repr-digest", "sha-256=:" + other + ":"},
                                    {"digest", "md5=" + other_md5},
                                    {"content-digest", "sha-256=:" + other + ":"},
                                    {"x-goog-hash", "crc32c=AA==, md5=" + other_md5},
                                    {"content-md5", other_md5},
                                    {"x-amz-checksum-sha256", other}}) {
    attempt(file_reply(jpeg(), {header}));
    expect_fault(Cause::file_damaged);
    ++kept;
    EXPECT_EQ(read_whole(files_->root() / "kept-aside" / (job + "-" + std::to_string(kept))), jpeg());
  }
}

// ---- statuses ----

TEST_F(FetchTest, StatusesMeanWhatTheyMean) {
  for (const auto& [status, cause] :
       {std::pair(400, Cause::link_refused), std::pair(401, Cause::link_refused), std::pair(403, Cause::link_refused),
        std::pair(404, Cause::link_refused), std::pair(410, Cause::link_refused), std::pair(429, Cause::rate_limited),
        std::pair(500, Cause::server_error), std::pair(503, Cause::server_error), std::pair(204, Cause::bad_answer),
        std::pair(304, Cause::bad_answer), std::pair(416, Cause::file_incomplete),
        std::pair(206, Cause::file_incomplete)}) {
    attempt(reply_of(status, "", {{"content-length", "0"}}));
    expect_fault(cause);
    EXPECT_EQ(fault_->error.http_status, status == 416 || status == 206 ? 0 : status);
  }
}

TEST_F(FetchTest, RetryAfterIsHandedOn) {
  attempt(reply_of(503, "", {{"retry-after", "21"}}));
  EXPECT_EQ(fault_->retry_after, 21s);
}

TEST_F(FetchTest, TheTransfersFaultsHaveTheirCauses) {
  attempt(no_reply(HttpFault::name_lookup, true));
  expect_fault(Cause::name_lookup);
  attempt(no_reply(HttpFault::peer_refused, true));
  expect_fault(Cause::link_unsafe);
  attempt(no_reply(HttpFault::too_slow));
  expect_fault(Cause::too_slow);
}

// ---- links and redirects ----

TEST_F(FetchTest, AnUnsafeLinkIsNotFollowed) {
  for (const char* unsafe :
       {"http://delivery.example.com/a.jpg", "https://169.254.169.254/a", "https://localhost:8443/a.jpg",
        "file:///etc/passwd", "", "https://a:b@delivery.example.com/"}) {
    attempt([](const HttpRequest&) { return file_reply(jpeg()); }, unsafe);
    expect_fault(Cause::link_unsafe);
  }
  EXPECT_EQ(transport_.count(), 0u);
}

TEST_F(FetchTest, LoopbackIsFollowedOnlyIfTheServiceIsThereToo) {
  renew(true);
  attempt([](const HttpRequest&) { return file_reply(jpeg()); }, "https://localhost:8443/a.jpg");
  EXPECT_TRUE(file_);
  EXPECT_EQ(transport_.request(1).reach, Reach::public_or_loopback);
}

TEST_F(FetchTest, ARedirectIsJudgedLikeTheLinkItself) {
  attempt([](const HttpRequest& request) {
    if (request.url == link) return reply_of(302, "", {{"location", "https://mirror.example.net/a.jpg"}});
    return file_reply(jpeg());
  });
  EXPECT_TRUE(file_);
  EXPECT_EQ(transport_.request(2).url, "https://mirror.example.net/a.jpg");
  EXPECT_TRUE(transport_.request(2).headers.empty());
  for (const char* target : {"http://mirror.example.net/a.jpg", "https://127.0.0.1/a.jpg", "https://localhost/",
                             "file:///etc/passwd", "https://me@mirror.example.net/", ""}) {
    const std::size_t before = transport_.count();
    attempt(reply_of(307, "", {{"location", target}}));
    expect_fault(Cause::link_unsafe);
    EXPECT_EQ(transport_.count(), before + 1) << target;
  }
}

TEST_F(FetchTest, AtMostThreeRedirects) {
  attempt(reply_of(302, "", {{"location", "/round.jpg"}}));
  expect_fault(Cause::link_unsafe);
  EXPECT_EQ(transport_.count(), 4u);
}

// ---- going on ----

class FetchResume : public FetchTest {
 protected:
  // The first part arrives and the connection is lost.
  void first_part(Headers headers, std::size_t size = 3000) {
    cut_ = size;
    HttpReply reply = file_reply(jpeg(), std::move(headers));
    reply.body.resize(size);
    reply.end.fault = HttpFault::lost;
    attempt(reply);
    expect_fault(Cause::connection_lost);
  }
  HttpReply rest(Headers headers = {}) const {
    headers.emplace_back("content-length", std::to_string(jpeg().size() - cut_));
    return reply_of(206, jpeg().substr(cut_), std::move(headers));
  }
  std::string range(std::size_t first, std::size_t all) const {
    return "bytes " + std::to_string(first) + "-" + std::to_string(all - 1) + "/" + std::to_string(all);
  }
  std::size_t cut_ = 0;
};

TEST_F(FetchResume, GoesOnWhereItWasCutOff) {
  first_part({{"etag", "\"v1\""}});
  attempt(rest({{"etag", "\"v1\""}, {"content-range", range(cut_, jpeg().size())}}));
  ASSERT_TRUE(file_) << fault_->error.message;
  EXPECT_TRUE(has_header(transport_.request(2), "Range: bytes=3000-"));
  EXPECT_TRUE(has_header(transport_.request(2), "If-Range: \"v1\""));
  EXPECT_EQ(read_whole(files_->part(job)), jpeg());
  EXPECT_EQ(file_->record.sha256, to_hex(digest_of(jpeg()).sha256()));
}

// In chunks neither part has a length of its own.
TEST_F(FetchResume, OneThatNamesItsLengthOnlyWhereItGoesOnIsHeldToIt) {
  const auto in_chunks = [](HttpReply reply) {
    std::erase_if(reply.head.headers, [](const auto& header) { return header.first == "content-length"; });
    return reply;
  };
  for (const bool cut : {false, true}) {
    renew(false);
    cut_ = 3000;
    HttpReply first = in_chunks(file_reply(jpeg(), {{"etag", "\"v1\""}}));
    first.body.resize(cut_);
    first.end.fault = HttpFault::lost;
    attempt(first);
    progress_.clear();
    HttpReply second = in_chunks(rest({{"etag", "\"v1\""}, {"content-range", range(cut_, jpeg().size())}}));
    if (cut) second.body.resize(second.body.size() - 1000);
    attempt(second);
    EXPECT_EQ(static_cast<bool>(file_), !cut);
    if (cut) expect_fault(Cause::file_incomplete);
    ASSERT_FALSE(progress_.empty());
    EXPECT_EQ(progress_.back().second, jpeg().size());
  }
}

TEST_F(FetchResume, WithoutAStrongTagItStartsAnew) {
  for (const Headers& headers :
       {Headers{}, Headers{{"etag", "W/\"v1\""}}, Headers{{"etag", "v1"}}, Headers{{"etag", "\"\""}},
        Headers{{"last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"}}}) {
    renew(false);
    first_part(headers);
    const std::size_t before = transport_.count();
    attempt(file_reply(jpeg()));
    EXPECT_TRUE(file_);
    EXPECT_TRUE(transport_.request(before + 1).headers.empty());
  }
}

TEST_F(FetchResume, AFileThatChangedIsTakenFromItsStart) {
  first_part({{"etag", "\"v1\""}});
  const std::string other = as_text(encode_jpeg(make_raster(64, 48, 9)));
  attempt(file_reply(other, {{"etag", "\"v2\""}}));
  ASSERT_TRUE(file_);
  EXPECT_EQ(file_->picture.width, 64u);
  EXPECT_EQ(read_whole(files_->part(job)), other);
}

TEST_F(FetchResume, APartThatDoesNotFitIsNotTaken) {
  const std::size_t all = jpeg().size();
  for (const Headers& headers :
       {Headers{{"etag", "\"v2\""}, {"content-range", range(3000, all)}}, Headers{{"content-range", range(3000, all)}},
        Headers{{"etag", "\"v1\""}, {"content-range", range(2999, all)}},
        Headers{{"etag", "\"v1\""}, {"content-range", range(3001, all)}},
        Headers{{"etag", "\"v1\""}, {"content-range", range(3000, all + 1)}}, Headers{{"etag", "\"v1\""}},
        Headers{{"etag", "\"v1\""}, {"content-range", "bytes 3000-4000/*"}},
        Headers{{"etag", "\"v1\""}, {"content-range", "bytes */500"}},
        Headers{{"etag", "\"v1\""}, {"content-range", "bytes 3000-3999/" + std::to_string(all)}},
        Headers{{"etag", "\"v1\""}, {"content-range", "lines 3000-4000/4001"}},
        Headers{{"etag", "\"v1\""}, {"content-range", "bytes x-y/z"}},
        Headers{{"etag", "\"v1\""}, {"content-range", "bytes 3000/4000-1"}}}) {
    renew(false);
    first_part({{"etag", "\"v1\""}});
    attempt(rest(headers));
    expect_fault(Cause::file_incomplete);
    attempt(file_reply(jpeg()));  // and the next one starts anew
    EXPECT_TRUE(file_);
  }
}

TEST_F(FetchResume, ARangeThatCannotBeHadStartsAnew) {
  first_part({{"etag", "\"v1\""}});
  attempt(reply_of(416, ""));
  expect_fault(Cause::file_incomplete);
  const std::size_t before = transport_.count();
  attempt(file_reply(jpeg()));
  EXPECT_TRUE(file_);
  EXPECT_TRUE(transport_.request(before + 1).headers.empty());
}

TEST_F(FetchResume, ProgressIsAGoodPartOfTheFile) {
  const std::string large = as_text(encode_png(make_raster(400, 300)));
  ASSERT_GT(large.size(), 150'000u);
  HttpReply reply = file_reply(large, {{"etag", "\"v1\""}});
  reply.body.resize(100'000);
  reply.end.fault = HttpFault::lost;
  attempt(reply);
  EXPECT_TRUE(fault_->progressed);
  reply =
      reply_of(206, large.substr(100'000, 1000), {{"etag", "\"v1\""}, {"content-range", range(100'000, large.size())}});
  reply.end.fault = HttpFault::lost;
  attempt(reply);
  EXPECT_FALSE(fault_->progressed);
}

// Or a host that always breaks off would be asked for ever.
TEST_F(FetchResume, TheSamePartAgainIsNoProgress) {
  HttpReply reply =
      file_reply(as_text(encode_png(make_raster(400, 300))));  // without an ETag: each time from the start
  for (const std::size_t size : {100'000, 100'000, 110'000}) {
    reply.body.resize(size);
    reply.end.fault = HttpFault::lost;
    attempt(reply);
    EXPECT_EQ(fault_->progressed, transport_.count() == 1);
  }
}

// ---- what is no picture ----

TEST_F(FetchTest, AnotherFormatIsKeptAsideAndSaidSo) {
  attempt(file_reply("RIFF\x24\x00\x00\x00WEBPVP8 and so on, a hundred bytes or more of it" + std::string(100, 'x')));
  expect_fault(Cause::format_unexpected);
  EXPECT_NE(fault_->error.message.find("kept-aside"), std::string::npos) << fault_->error.message;
}

TEST_F(FetchTest, AnEmptyFileIsNoPicture) {
  attempt(file_reply(""));
  EXPECT_FALSE(file_);
  EXPECT_TRUE(fault_);
}

TEST_F(FetchTest, AFullDiskEndsIt) {
  std::filesystem::create_symlink("/dev/full", files_->part(job));
  attempt(file_reply(jpeg()));
  expect_fault(Cause::disk_full);
  EXPECT_EQ(fault_->error.stage, Stage::saving);
}

TEST_F(FetchTest, AFolderThatIsGoneEndsIt) {
  std::filesystem::remove_all(files_->root() / "jobs");
  attempt(file_reply(jpeg()));
  expect_fault(Cause::data_folder);
}

TEST_F(FetchTest, WhatWasStoppedIsNotHeardOf) {
  fetch_->begin(link, {}, [](std::variant<FetchedFile, FetchFault>) { FAIL(); });
  fetch_->stop();
  transport_.answer = [](const HttpRequest&) { return file_reply(jpeg()); };
  transport_.run(0ms);
  fetch_->pump();
}

pid_t wait_for_child() {
  for (const auto deadline = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < deadline;) {
    if (const auto found = children(); !found.empty()) return found.front();
    std::this_thread::sleep_for(1ms);  // the decoder starts it in its own time and tells nobody
  }
  return 0;
}

TEST_F(FetchTest, HasTheDecoderWaitingBeforeTheFirstByte) {
  fetch_->get_ready();
  const pid_t box = wait_for_child();
  ASSERT_GT(box, 0);
  fetch_->get_ready();
  attempt([&](const HttpRequest&) {
    EXPECT_EQ(children(), std::vector<pid_t>{box}) << "another one";
    return file_reply(jpeg());
  });
  EXPECT_TRUE(file_);
}

TEST_F(FetchTest, LeavesNothingOfADecoderThatWaitedInVain) {
  fetch_->get_ready();
  ASSERT_GT(wait_for_child(), 0);
  fetch_.reset();
  EXPECT_TRUE(children().empty());
}

TEST_F(FetchTest, TakesAnotherDecoderIfTheWaitingOneDied) {
  fetch_->get_ready();
  const pid_t box = wait_for_child();
  ASSERT_GT(box, 0);
  ::kill(box, SIGKILL);
  siginfo_t end{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(box), &end, WEXITED | WNOWAIT), 0);
  attempt(file_reply(jpeg()));
  EXPECT_TRUE(file_) << fault_->error.message;
}

}  // namespace
}  // namespace inset
