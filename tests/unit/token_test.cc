// SPDX-License-Identifier: GPL-2.0-or-later
#include "token.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace inset {
namespace {

using namespace std::chrono_literals;

TEST(TokenTest, NoneIsNotFresh) { EXPECT_FALSE(Token().is_fresh(Time(0))); }

TEST(TokenTest, IsRenewedFiveMinutesAhead) {
  const Token token(Secret("eyJhbGciOi"), 1800s, Time(1000));
  EXPECT_TRUE(token.is_fresh(Time(1000)));
  EXPECT_TRUE(token.is_fresh(Time(1000) + 25min - 1ms));
  EXPECT_FALSE(token.is_fresh(Time(1000) + 25min));
  EXPECT_EQ(token.view(), "eyJhbGciOi");
}

TEST(TokenTest, AShortOneIsRenewedAFifthAhead) {
  const Token token(Secret("eyJ"), 10s, Time(0));
  EXPECT_TRUE(token.is_fresh(Time(7999)));
  EXPECT_FALSE(token.is_fresh(Time(8000)));
}

TEST(TokenTest, ADroppedOneIsGone) {
  Token token(Secret("eyJ"), 1800s, Time(0));
  token.drop();
  EXPECT_FALSE(token.is_fresh(Time(0)));
  EXPECT_EQ(token.view(), "");
}

TEST(TokenTest, AnEmptyOneIsNeverFresh) { EXPECT_FALSE(Token(Secret(), 1800s, Time(0)).is_fresh(Time(0))); }

TEST(SecretTest, MovesAndLeavesNothingBehind) {
  Secret first("a-long-client-secret-that-lies-on-the-heap-0123456789");
  Secret second(std::move(first));
  EXPECT_TRUE(first.empty());  // NOLINT: that is the point
  EXPECT_EQ(second.view(), "a-long-client-secret-that-lies-on-the-heap-0123456789");
  Secret third("short");
  third = std::move(second);
  EXPECT_TRUE(second.empty());  // NOLINT
  EXPECT_EQ(third.copy().view(), third.view());
  Secret& same = third;
  third = std::move(same);
  EXPECT_FALSE(third.empty());
}

TEST(SecretTest, IsNotCopiedByAccident) {
  EXPECT_FALSE(std::is_copy_constructible_v<Secret>);
  EXPECT_FALSE(std::is_copy_assignable_v<Secret>);
  EXPECT_FALSE((std::is_convertible_v<Secret, std::string>));
}

}  // namespace
}  // namespace inset
