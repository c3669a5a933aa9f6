// SPDX-License-Identifier: GPL-2.0-or-later
#include "clock.h"

#include <gtest/gtest.h>

#include <regex>
#include <string>

namespace inset {
namespace {

TEST(TimersTest, CallsInOrderOfTime) {
  Timers timers;
  std::string order;
  timers.at(Time(20), [&] { order += 'b'; });
  timers.at(Time(10), [&] { order += 'a'; });
  timers.at(Time(20), [&] { order += 'c'; });
  timers.at(Time(30), [&] { order += 'd'; });
  EXPECT_EQ(timers.next(), Time(10));
  timers.fire(Time(20));
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(timers.next(), Time(30));
  timers.fire(Time(1000));
  EXPECT_EQ(order, "abcd");
  EXPECT_FALSE(timers.next());
}

TEST(TimersTest, NothingIsCalledTooEarlyOrTwice) {
  Timers timers;
  int calls = 0;
  timers.at(Time(10), [&] { ++calls; });
  timers.fire(Time(9));
  EXPECT_EQ(calls, 0);
  timers.fire(Time(10));
  timers.fire(Time(10));
  EXPECT_EQ(calls, 1);
}

TEST(TimersTest, WhatWasCancelledIsNotCalled) {
  Timers timers;
  int calls = 0;
  const auto id = timers.at(Time(10), [&] { ++calls; });
  timers.at(Time(10), [&] { calls += 10; });
  timers.cancel(id);
  timers.cancel(id);
  timers.cancel(0);
  timers.cancel(12345);
  timers.fire(Time(10));
  EXPECT_EQ(calls, 10);
}

TEST(TimersTest, ACallMayCancelTheNext) {
  Timers timers;
  int calls = 0;
  Timers::Id second = 0;
  timers.at(Time(10), [&] {
    ++calls;
    timers.cancel(second);
  });
  second = timers.at(Time(10), [&] { ++calls; });
  timers.fire(Time(10));
  EXPECT_EQ(calls, 1);
}

TEST(TimersTest, ACallMaySetAnotherThatIsDue) {
  Timers timers;
  int calls = 0;
  timers.at(Time(10), [&] {
    ++calls;
    timers.at(Time(5), [&] { ++calls; });
    timers.at(Time(50), [&] { ++calls; });
  });
  timers.fire(Time(10));
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(timers.next(), Time(50));
}

TEST(Clocks, GoForward) {
  const Time awake = awake_now();
  const Time boot = boot_now();
  EXPECT_GT(awake.count(), 0);
  EXPECT_GE(boot, awake);
  EXPECT_GE(awake_now(), awake);
  EXPECT_GE(boot_now(), boot);
}

TEST(Clocks, OneRunOfTheComputerHasOneName) {
  EXPECT_EQ(boot_id(), boot_id());
  EXPECT_TRUE(boot_id().empty() || boot_id().size() == 36) << boot_id();
}

TEST(Clocks, TheTimeOfDayIsUtcInOneForm) {
  EXPECT_TRUE(std::regex_match(utc_now(), std::regex(R"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ)"))) << utc_now();
}

}  // namespace
}  // namespace inset
