// SPDX-License-Identifier: GPL-2.0-or-later
#include "job_id.h"

#include <gtest/gtest.h>

#include <set>

namespace inset {
namespace {

JobRecord a_job() {
  JobRecord job;
  job.origin = "https://api.gettyimages.com";
  job.account = "0f1e2d3c4b5a";
  job.generation = "2F7A3C1E-91B4-4D8E-A1C5-0D9B7E3F6A52";
  job.index = 1;
  job.size = "4k";
  return job;
}

TEST(JobId, IsSixteenHexadecimalDigits) {
  const std::string id = job_id(a_job());
  EXPECT_EQ(id.size(), 16u);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(id, job_id(a_job()));
}

TEST(JobId, NeverChangesBetweenVersions) {
  // Journals are found by it: another id for the same picture would be another purchase.
  EXPECT_EQ(job_id(a_job()), "f6fefa32c43474f5");
  EXPECT_EQ(picture_id(a_job()), "b4e7685a5704e635");
}

TEST(JobId, EveryPartCounts) {
  std::set<std::string> ids = {job_id(a_job())};
  const auto add = [&](auto change) {
    JobRecord job = a_job();
    change(job);
    EXPECT_TRUE(ids.insert(job_id(job)).second);
  };
  add([](JobRecord& job) { job.origin = "https://localhost:8443"; });
  add([](JobRecord& job) { job.account = "0f1e2d3c4b5b"; });
  add([](JobRecord& job) { job.generation = "2F7A3C1E-91B4-4D8E-A1C5-0D9B7E3F6A53"; });
  add([](JobRecord& job) { job.index = 2; });
  add([](JobRecord& job) { job.size = "1k"; });
}

TEST(JobId, NothingElseCounts) {
  JobRecord job = a_job();
  job.product_id = 92214;
  job.project_code = "SPRING-26";
  job.notes = "For the cover";
  job.host = "GIMP";
  job.time = "2026-03-01T09:30:00Z";
  job.offers = {{"4k", 4096, 3072}};
  EXPECT_EQ(job_id(job), job_id(a_job()));
}

TEST(JobId, PartsDoNotRunTogether) {
  JobRecord one = a_job(), two = a_job();
  one.generation = "ab";
  one.index = 11;
  two.generation = "ab1";
  two.index = 1;
  EXPECT_NE(picture_id(one), picture_id(two));
  one = two = a_job();
  one.account = "a2:bc";
  one.generation = "";
  two.account = "a";
  two.generation = "bc0:";
  EXPECT_NE(picture_id(one), picture_id(two));
}

TEST(JobId, AGuidIsTheSameInBothCases) {
  JobRecord lower = a_job();
  lower.generation = "2f7a3c1e-91b4-4d8e-a1c5-0d9b7e3f6a52";
  EXPECT_EQ(job_id(lower), job_id(a_job()));
  EXPECT_EQ(canonical_generation(lower.generation), a_job().generation);
}

TEST(JobId, WhatIsNoGuidStaysAsItIs) {
  for (const char* id : {"gen_abc123", "2f7a3c1e91b44d8ea1c50d9b7e3f6a52", "2f7a3c1e-91b4-4d8e-a1c5-0d9b7e3f6a5g",
                         "2f7a3c1e-91b4-4d8e-a1c5-0d9b7e3f6a521", "2f7a3c1e-91b44-d8e-a1c5-0d9b7e3f6a52", ""}) {
    EXPECT_EQ(canonical_generation(id), id);
  }
}

TEST(JobId, AllSizesOfAPictureShareItsLock) {
  JobRecord other = a_job();
  other.size = "1k";
  EXPECT_EQ(picture_id(other), picture_id(a_job()));
  other.index = 2;
  EXPECT_NE(picture_id(other), picture_id(a_job()));
}

TEST(Account, IsTwelveDigitsThatDoNotTellTheKey) {
  const std::string account = account_of("abc");
  EXPECT_EQ(account, "ba7816bf8f01");  // of the SHA-256 of "abc"
  EXPECT_NE(account_of("abd"), account);
}

}  // namespace
}  // namespace inset
