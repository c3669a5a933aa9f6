// SPDX-License-Identifier: GPL-2.0-or-later
#include "headless/exit_code.h"

namespace easel {
namespace {

struct Row {
  std::string_view cause;
  ExitCode code;
};

constexpr Row kTable[] = {
    {"parameter_missing", kUsage},
    {"parameter_wrong", kUsage},
    {"size_missing", kUsage},
    {"size_unknown", kUsage},
    {"picture_unknown", kUsage},
    {"picture_blocked", kRefused},
    {"picture_unfinished", kLater},
    {"sizes_unusable", kUnusableData},

    {"data_folder", kThisMachine},
    {"disk_full", kThisMachine},
    {"journal_unwritable", kThisMachine},
    {"journal_unreadable", kThisMachine},
    {"locked_elsewhere", kThisMachine},
    {"out_of_memory", kThisMachine},
    {"internal", kThisMachine},

    {"name_lookup", kLater},
    {"no_connection", kLater},
    {"tls", kLater},
    {"connection_lost", kLater},
    {"too_slow", kLater},
    {"proxy", kLater},
    {"captive_portal", kLater},
    {"redirected", kUnusableData},

    {"not_signed_in", kSignIn},
    {"keyring_locked", kSignIn},
    {"credentials_refused", kSignIn},
    {"bad_request", kRefused},
    {"forbidden", kRefused},
    {"quota_used_up", kRefused},
    {"no_such_route", kUnusableData},
    {"not_found", kRefused},
    {"gone", kRefused},
    {"rate_limited", kLater},
    {"daily_limit", kLater},
    {"server_error", kLater},
    {"bad_answer", kUnusableData},

    // These two are 6 whatever else is said: nobody knows, or several jobs of which one has been
    // paid for.
    {"outcome_unknown", kMayBePaid},
    {"some_rest", kMayBePaid},
    {"still_preparing", kLater},
    {"other_account", kSignIn},
    {"other_service", kThisMachine},

    {"link_unsafe", kUnusableData},
    {"link_refused", kUnusableData},
    {"file_incomplete", kUnusableData},
    {"file_damaged", kUnusableData},
    {"file_too_large", kUnusableData},
    {"format_unexpected", kUnusableData},
    {"format_unsupported", kUnusableData},
    {"picture_too_large", kUnusableData},
    {"decoder_failed", kThisMachine},
    {"size_mismatch", kUnusableData},
    {"other_size_delivered", kUnusableData},

    {"canvas_gone", kThisMachine},
    {"canvas_refused", kThisMachine},

    {"cancelled", kCancelled},
};

// The stages at which nothing has been ordered yet.
bool before_the_order(std::string_view stage) {
  return stage.empty() || stage == "signing_in" || stage == "listing_sizes";
}

}  // namespace

ExitCode code_of_cause(std::string_view cause) {
  for (const Row& row : kTable)
    if (row.cause == cause) return row.code;
  return kThisMachine;
}

void Verdict::hear(const Event& event) {
  if (event.kind == "progress") {
    if (!before_the_order(event.get("stage"))) may_have_ordered_ = true;
  } else if (event.kind == "placed") {
    placed_ = true;
  } else if (event.kind == "rests") {
    some_rest_ = true;
  } else if (event.kind == "done") {
    ended_ = true;
  } else if (event.kind == "failed") {
    ended_ = failed_ = true;
    const std::string_view cause = event.get("cause");
    of_cause_ = code_of_cause(cause);
    cancelled_ = cause == "cancelled";
    // A plugin that says nothing about money has not said "no".
    maybe_paid_ = event.get("paid") != "no";
  }
}

ExitCode Verdict::code() const {
  if (!ended_ && may_have_ordered_) return kMayBePaid;
  if (!ended_) return interrupted_ ? kCancelled : timed_out_ ? kLater : kThisMachine;
  if (some_rest_) return kMayBePaid;
  if (!failed_) return kDone;
  if (maybe_paid_ && !placed_) return kMayBePaid;
  return cancelled_ && timed_out_ && !interrupted_ ? kLater : of_cause_;
}

}  // namespace easel
