// SPDX-License-Identifier: GPL-2.0-or-later
// Errors are values. An Error says at which stage a job stopped, why, whether money may have been spent, whether and
// when trying again makes sense, and it carries one message for people and one detail for the log.
//
// Whether to try again is a property of the error, not of the call that met it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace inset {

// What a job was doing. The names are part of the contract (easel.report/1).
enum class Stage {
  signing_in,
  listing_sizes,
  requesting,
  waiting,
  fetching,
  saving,
  decoding,
  placing,
};

// Why it stopped. The names are part of the command line's output (see sdk-shim/README.md); one advice each in
// error.cc.
enum class Cause {
  // The request itself
  parameter_missing,
  parameter_wrong,
  size_missing,  // no size was named; the sizes are the answer
  size_unknown,  // the service does not offer that size
  picture_unknown,
  picture_blocked,
  picture_unfinished,  // the generation itself is still being made
  sizes_unusable,      // the list of sizes is empty or senseless
  // This machine
  data_folder,
  disk_full,
  journal_unwritable,
  journal_unreadable,
  locked_elsewhere,
  out_of_memory,
  internal,
  // The way to the service
  name_lookup,
  no_connection,
  tls,
  connection_lost,
  too_slow,
  proxy,
  captive_portal,
  redirected,
  // What the service said
  not_signed_in,
  keyring_locked,
  credentials_refused,
  bad_request,
  forbidden,
  quota_used_up,
  no_such_route,
  not_found,
  gone,
  rate_limited,
  daily_limit,
  server_error,
  bad_answer,
  // The paid flow
  outcome_unknown,  // the PUT may or may not have been taken; the service has been asked and knows nothing
  still_preparing,
  other_account,
  other_service,
  some_rest,
  // The file
  link_unsafe,
  link_refused,
  file_incomplete,
  file_damaged,
  file_too_large,
  format_unexpected,
  format_unsupported,
  picture_too_large,
  decoder_failed,
  size_mismatch,
  other_size_delivered,
  // The host
  canvas_gone,
  canvas_refused,
  // The person
  cancelled,
};

// When the same thing may be tried again.
enum class Retry { now_safe, later, ask_server_first, ask_user_first, never };

// Whether the service may count a licence for this job.
enum class Paid { no, maybe, yes };

struct Error {
  Stage stage = Stage::requesting;
  Cause cause = Cause::internal;
  int http_status = 0;  // 0: no answer was involved
  Retry retry = Retry::never;
  Paid paid = Paid::no;
  std::string what;     // for people: what happened, a sentence
  std::string message;  // for people: `what`, was anything charged, what to do now
  std::string detail;   // for the log: no secret, no signed link
};

std::string_view name(Stage stage);
std::string_view name(Cause cause);
std::string_view name(Retry retry);
std::string_view name(Paid paid);

// "What was charged and what to do now" for a cause; a sentence or more for every combination. [any]
std::string advice(Cause cause, Paid paid);

// The retry class a cause has by itself. Once money may have been spent the job is to be resumed, which asks the
// service first; see with_paid().
Retry default_retry(Cause cause);

// An Error whose message is `what` (a sentence that says what happened) followed by advice(). [any]
Error make_error(Stage stage, Cause cause, std::string what, std::string detail = {}, int http_status = 0);

// The same error, told to someone whose job may have been, or has been, charged. Rewrites retry and advice. [any]
Error with_paid(Error error, Paid paid);

// A value, or the Error that stands in its place.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return std::get<0>(state_); }
  const T& operator*() const { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  Error& error() { return std::get<1>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

struct Nothing {};
using Outcome = Result<Nothing>;

}  // namespace inset
