// SPDX-License-Identifier: GPL-2.0-or-later
#include "retry.h"

#include <gtest/gtest.h>

#include <string>

namespace inset {
namespace {

using namespace std::chrono_literals;

Error an_error(Cause cause) { return make_error(Stage::listing_sizes, cause, "It failed."); }

// ---- Backoff ----

TEST(BackoffTest, FiveTriesAreFourWaits) {
  Backoff backoff;
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(backoff.next(an_error(Cause::server_error), Time(0), 0.5)) << i;
  EXPECT_FALSE(backoff.next(an_error(Cause::server_error), Time(0), 0.5));
}

TEST(BackoffTest, NonsenseIsTriedThreeTimes) {
  Backoff backoff;
  EXPECT_TRUE(backoff.next(an_error(Cause::bad_answer), Time(0), 0.5));
  EXPECT_TRUE(backoff.next(an_error(Cause::bad_answer), Time(0), 0.5));
  EXPECT_FALSE(backoff.next(an_error(Cause::bad_answer), Time(0), 0.5));
}

TEST(BackoffTest, DoublesWithFullJitter) {
  Backoff backoff;
  const Error error = an_error(Cause::no_connection);
  EXPECT_EQ(backoff.next(error, Time(0), 0.5), 1000ms);
  EXPECT_EQ(backoff.next(error, Time(0), 0.5), 2000ms);
  EXPECT_EQ(backoff.next(error, Time(0), 0.0), 0ms);
  EXPECT_EQ(backoff.next(error, Time(0), 0.999), 15984ms);
}

TEST(BackoffTest, WaitsAsLongAsItWasAsked) {
  Backoff backoff;
  EXPECT_EQ(backoff.next(an_error(Cause::rate_limited), Time(0), 0.1, 20s), 20s);
  EXPECT_EQ(backoff.next(an_error(Cause::rate_limited), Time(0), 0.5, 0s), 2000ms);
}

TEST(BackoffTest, GivesUpAfterFiveMinutes) {
  Backoff backoff;
  EXPECT_TRUE(backoff.next(an_error(Cause::server_error), Time(1000), 0.5));
  EXPECT_TRUE(backoff.next(an_error(Cause::server_error), Time(1000) + 5min - 1ms, 0.5));
  EXPECT_FALSE(backoff.next(an_error(Cause::server_error), Time(1000) + 5min, 0.5));
}

TEST(BackoffTest, WhatWaitingDoesNotHelpIsNotTried) {
  for (const Cause cause :
       {Cause::tls, Cause::proxy, Cause::captive_portal, Cause::credentials_refused, Cause::bad_request,
        Cause::forbidden, Cause::not_found, Cause::gone, Cause::link_unsafe, Cause::cancelled}) {
    Backoff backoff;
    EXPECT_FALSE(backoff.next(an_error(cause), Time(0), 0.5)) << name(cause);
  }
}

TEST(BackoffTest, StartsAnewAfterAReset) {
  Backoff backoff;
  for (int i = 0; i < 5; ++i) (void)backoff.next(an_error(Cause::too_slow), Time(0), 0.5);
  EXPECT_EQ(backoff.failures(), 5);
  backoff.reset();
  EXPECT_EQ(backoff.failures(), 0);
  EXPECT_EQ(backoff.next(an_error(Cause::too_slow), Time(0) + 1h, 0.5), 1000ms);
}

// ---- polling ----

TEST(PollInterval, FollowsTheSchedule) {
  EXPECT_EQ(poll_interval(0ms, true), 2500ms);
  EXPECT_EQ(poll_interval(11min - 61s, true), 2500ms);
  EXPECT_EQ(poll_interval(2500ms, false), 800ms);
  EXPECT_EQ(poll_interval(11'999ms, false), 800ms);
  EXPECT_EQ(poll_interval(12s, false), 1000ms);
  EXPECT_EQ(poll_interval(59'999ms, false), 1000ms);
  EXPECT_EQ(poll_interval(60s, false), 5s);
  EXPECT_EQ(poll_interval(10min - 1ms, false), 5s);
  EXPECT_EQ(poll_interval(10min, false), std::nullopt);
  EXPECT_EQ(poll_interval(10min, true), std::nullopt);
}

// ---- Retry-After ----

const char* const kDate = "Sun, 06 Nov 1994 08:49:37 GMT";

std::optional<Millis> wait_of(std::string_view value, std::string_view date = kDate) {
  return parse_retry_after(value, date);
}

TEST(RetryAfter, Seconds) {
  EXPECT_EQ(wait_of("0"), 0s);
  EXPECT_EQ(wait_of("7"), 7s);
  EXPECT_EQ(wait_of("  120 "), 120s);
  EXPECT_EQ(wait_of("0007"), 7s);
}

TEST(RetryAfter, IsAtMostFiveMinutes) {
  EXPECT_EQ(wait_of("300"), 5min);
  EXPECT_EQ(wait_of("301"), 5min);
  EXPECT_EQ(wait_of("86400"), 5min);
  EXPECT_EQ(wait_of("9223372036854775807"), 5min);
  EXPECT_EQ(wait_of(std::string(5000, '9')), 5min);
  EXPECT_EQ(wait_of("Fri, 31 Dec 9999 23:59:59 GMT"), 5min);
}

TEST(RetryAfter, ADateIsSeenFromTheAnswersOwn) {
  EXPECT_EQ(wait_of("Sun, 06 Nov 1994 08:49:47 GMT"), 10s);
  EXPECT_EQ(wait_of("Sun, 06 Nov 1994 08:51:37 GMT"), 2min);
  EXPECT_EQ(wait_of("Mon, 01 Jan 2001 00:00:30 GMT", "Sun, 31 Dec 2000 23:59:50 GMT"), 40s);
  EXPECT_EQ(wait_of("Thu, 29 Feb 2024 00:00:10 GMT", "Wed, 28 Feb 2024 23:59:59 GMT"), 11s);
  EXPECT_EQ(wait_of("Fri, 01 Mar 2024 00:00:10 GMT", "Thu, 29 Feb 2024 23:59:59 GMT"), 11s);
}

TEST(RetryAfter, ADateThatHasPassedIsNow) {
  EXPECT_EQ(wait_of("Sun, 06 Nov 1994 08:49:36 GMT"), 0s);
  EXPECT_EQ(wait_of("Thu, 01 Jan 1970 00:00:00 GMT"), 0s);
}

TEST(RetryAfter, ADateWithoutADateIsNothing) {
  EXPECT_EQ(wait_of("Sun, 06 Nov 1994 08:49:47 GMT", ""), std::nullopt);
  EXPECT_EQ(wait_of("Sun, 06 Nov 1994 08:49:47 GMT", "yesterday"), std::nullopt);
}

TEST(RetryAfter, NonsenseIsNothing) {
  for (const char* value : {"",
                            " ",
                            "soon",
                            "-1",
                            "+5",
                            "1.5",
                            "1e3",
                            "0x10",
                            "5 s",
                            "12,13",
                            "\xff",
                            "Sun, 06 Nov 1994 08:49:47",
                            "Sun, 06 Nov 1994 08:49:47 CET",
                            "Sun, 06 Foo 1994 08:49:47 GMT",
                            "Sun, 32 Oct 1994 08:49:47 GMT",
                            "Thu, 30 Feb 1995 08:49:47 GMT",
                            "Sun, 00 Nov 1994 08:49:47 GMT",
                            "Sun, 06 Nov 1994 24:49:47 GMT",
                            "Sun, 06 Nov 1994 08:60:47 GMT",
                            "Sun, 06 Nov 1994 08:49:61 GMT",
                            "Sun, -6 Nov 1994 08:49:47 GMT",
                            "Sun, 06-Nov-1994 08:49:47 GMT",
                            "Sun, 06 Nov 1969 08:49:47 GMT",
                            "Sun, 06 Nov 1994 08-49-47 GMT",
                            "Sunday, 06-Nov-94 08:49:37 GMT",
                            "Sun Nov  6 08:49:37 1994"}) {
    EXPECT_EQ(wait_of(value), std::nullopt) << value;
  }
}

}  // namespace
}  // namespace inset
