// SPDX-License-Identifier: GPL-2.0-or-later
#include "error.h"

#include <array>
#include <cstddef>

namespace inset {
namespace {

// One row a cause. `now` is what to do while nothing has been charged; once something may have been, the way on is
// nearly always to resume the job, unless `now_paid` says better.
struct CauseRow {
  Cause cause;
  std::string_view name;
  Retry retry;
  std::string_view now;
  std::string_view now_paid;
};

constexpr std::string_view kResume =
    "Choose \"Place Finished Downloads\" (resume) to go on; that takes no second licence.";

constexpr std::array kCauses = {
    CauseRow{Cause::parameter_missing, "parameter_missing", Retry::ask_user_first, "Fill it in and try again.",
             kResume},
    CauseRow{Cause::parameter_wrong, "parameter_wrong", Retry::ask_user_first, "Correct it and try again.", kResume},
    CauseRow{Cause::size_missing, "size_missing", Retry::ask_user_first, "Name one of the sizes.", kResume},
    CauseRow{Cause::size_unknown, "size_unknown", Retry::ask_user_first,
             "Name one of the sizes that the service offers.", kResume},
    CauseRow{Cause::picture_unknown, "picture_unknown", Retry::ask_user_first,
             "Check the generation and the number of the picture.", kResume},
    CauseRow{Cause::picture_blocked, "picture_blocked", Retry::never, "Choose another picture of this generation.",
             kResume},
    CauseRow{Cause::picture_unfinished, "picture_unfinished", Retry::later, "Try again in a minute.", kResume},
    CauseRow{Cause::sizes_unusable, "sizes_unusable", Retry::later,
             "Try again later; if it stays so, tell Getty Images' support.", kResume},
    CauseRow{Cause::data_folder, "data_folder", Retry::ask_user_first,
             "Make the folder writable, or name another one (INSET_DATA_DIR).",
             "Make the folder writable again, then resume."},
    CauseRow{Cause::disk_full, "disk_full", Retry::ask_user_first, "Make room and try again.",
             "Make room, then choose \"Place Finished Downloads\" (resume)."},
    CauseRow{Cause::journal_unwritable, "journal_unwritable", Retry::ask_user_first,
             "Without a record nothing is bought. Make the folder writable and try again.",
             "Make the data folder writable, then choose \"Place Finished Downloads\" (resume)."},
    CauseRow{Cause::journal_unreadable, "journal_unreadable", Retry::ask_user_first,
             "The record was left as it is. Look at the file, or use the version that wrote it.",
             "The record was left as it is. Look at the file, or use the version that wrote it."},
    CauseRow{Cause::locked_elsewhere, "locked_elsewhere", Retry::later, "Try again when the other program is done.",
             kResume},
    CauseRow{Cause::out_of_memory, "out_of_memory", Retry::later, "Close something and try again.", kResume},
    CauseRow{Cause::internal, "internal", Retry::later, "This is a fault in Inset. Please report it with the log.",
             kResume},
    CauseRow{Cause::name_lookup, "name_lookup", Retry::now_safe, "Check the network connection and try again.",
             kResume},
    CauseRow{Cause::no_connection, "no_connection", Retry::now_safe, "Check the network connection and try again.",
             kResume},
    CauseRow{Cause::tls, "tls", Retry::ask_user_first,
             "Check the clock of this computer; behind a company proxy, name its certificate file "
             "(INSET_CA_FILE).",
             "Check the clock of this computer, then resume."},
    CauseRow{Cause::connection_lost, "connection_lost", Retry::now_safe, "Try again.", kResume},
    CauseRow{Cause::too_slow, "too_slow", Retry::now_safe, "Try again.", kResume},
    CauseRow{Cause::proxy, "proxy", Retry::ask_user_first, "Check the proxy's address and login.",
             "Check the proxy's address and login, then resume."},
    CauseRow{Cause::captive_portal, "captive_portal", Retry::ask_user_first,
             "Open a web page to sign in to this network, then try again.",
             "Open a web page to sign in to this network, then resume."},
    CauseRow{Cause::redirected, "redirected", Retry::ask_user_first,
             "Check the address of the service (INSET_API_URL).", kResume},
    CauseRow{Cause::not_signed_in, "not_signed_in", Retry::ask_user_first,
             "Sign in from the menu or with \"easel sign-in\", or set INSET_API_KEY and INSET_CLIENT_SECRET.",
             "Sign in again, then resume."},
    CauseRow{Cause::keyring_locked, "keyring_locked", Retry::ask_user_first,
             "Unlock it yourself, or with \"easel sign-in\", and try again.", "Unlock the keyring, then resume."},
    CauseRow{Cause::credentials_refused, "credentials_refused", Retry::ask_user_first,
             "Sign in again, or check the API key and client secret.", "Sign in again, then resume."},
    CauseRow{Cause::bad_request, "bad_request", Retry::never, "Check the product, project code and notes.", kResume},
    CauseRow{Cause::forbidden, "forbidden", Retry::never, "Ask whoever keeps the agreement with Getty Images.",
             kResume},
    CauseRow{Cause::quota_used_up, "quota_used_up", Retry::later,
             "Ask whoever keeps the agreement with Getty Images for more downloads.", kResume},
    CauseRow{Cause::no_such_route, "no_such_route", Retry::never,
             "The address of the service is wrong (INSET_API_URL), or Inset is out of date.", kResume},
    CauseRow{Cause::not_found, "not_found", Retry::never, "Check the generation and the number of the picture.",
             kResume},
    CauseRow{Cause::gone, "gone", Retry::never,
             "The service keeps generated pictures for six months. Generate it anew.",
             "The service no longer has it. Ask Getty Images' support about the licence."},
    CauseRow{Cause::rate_limited, "rate_limited", Retry::later, "Try again in a few minutes.", kResume},
    CauseRow{Cause::daily_limit, "daily_limit", Retry::later, "Try again tomorrow.",
             "Resume tomorrow; that takes no second licence."},
    CauseRow{Cause::server_error, "server_error", Retry::later, "Try again in a few minutes.", kResume},
    CauseRow{Cause::bad_answer, "bad_answer", Retry::later,
             "Try again later; if it stays so, Inset may be out of date.", kResume},
    CauseRow{Cause::outcome_unknown, "outcome_unknown", Retry::ask_user_first, "Try again.",
             "The service knows of no download. To request it once more, which may be charged "
             "again, say so (again=yes)."},
    CauseRow{Cause::still_preparing, "still_preparing", Retry::later, "Try again later.", kResume},
    CauseRow{Cause::other_account, "other_account", Retry::ask_user_first,
             "Sign in with the key it was requested with.", "Sign in with the key it was licensed with, then resume."},
    CauseRow{Cause::other_service, "other_service", Retry::ask_user_first,
             "Use the service address it was requested from (INSET_API_URL).",
             "Use the service address it was licensed from (INSET_API_URL), then resume."},
    CauseRow{Cause::some_rest, "some_rest", Retry::later, "Resume again later.",
             "Resume again later; that takes no second licence."},
    CauseRow{Cause::link_unsafe, "link_unsafe", Retry::ask_server_first,
             "The link was not followed. Tell Getty Images' support.",
             "The link was not followed. Resume later for a new one; that takes no second licence."},
    CauseRow{Cause::link_refused, "link_refused", Retry::ask_server_first, "Try again later.", kResume},
    CauseRow{Cause::file_incomplete, "file_incomplete", Retry::now_safe, "Try again.", kResume},
    CauseRow{Cause::file_damaged, "file_damaged", Retry::now_safe, "Try again.",
             "What arrived was kept for support. Resume to fetch it anew; that takes no second "
             "licence."},
    CauseRow{Cause::file_too_large, "file_too_large", Retry::never, "Choose a smaller size.",
             "Choose a smaller size, or ask Getty Images' support."},
    CauseRow{Cause::format_unexpected, "format_unexpected", Retry::never,
             "Inset shows JPEG and PNG. The file was kept.",
             "Inset shows JPEG and PNG. The file was kept and can be opened with another program."},
    CauseRow{Cause::format_unsupported, "format_unsupported", Retry::never, "The file was kept.",
             "The file was kept and can be opened with another program."},
    CauseRow{Cause::picture_too_large, "picture_too_large", Retry::never, "Choose a smaller size.",
             "The file was kept and can be opened with another program."},
    CauseRow{Cause::decoder_failed, "decoder_failed", Retry::never, "The file was kept.",
             "The file was kept and can be opened with another program."},
    CauseRow{Cause::size_mismatch, "size_mismatch", Retry::ask_user_first, "Try again.",
             "To place it all the same, resume with accept_size=yes."},
    CauseRow{Cause::other_size_delivered, "other_size_delivered", Retry::ask_user_first,
             "The picture that came is kept under its own size. Insert again to request the size "
             "you wanted.",
             "The picture that came is kept under its own size. Insert again: the service is asked for the size "
             "you wanted, which is requested once more only if you say so."},
    CauseRow{Cause::canvas_gone, "canvas_gone", Retry::ask_user_first, "Open a canvas and try again.",
             "The picture is kept. Open a canvas and choose \"Place Finished Downloads\" (resume)."},
    CauseRow{Cause::canvas_refused, "canvas_refused", Retry::ask_user_first, "Try again.",
             "The picture is kept. Choose \"Place Finished Downloads\" (resume) to try again."},
    CauseRow{Cause::cancelled, "cancelled", Retry::ask_user_first, "Start it again at any time.", kResume},
};

// cause_row() indexes the table by the enumerator, so the rows stand in the order of the enumeration and none is
// missing.
constexpr bool in_order() {
  for (std::size_t i = 0; i < kCauses.size(); ++i) {
    if (static_cast<std::size_t>(kCauses[i].cause) != i) return false;
  }
  return kCauses.size() == static_cast<std::size_t>(Cause::cancelled) + 1;
}
static_assert(in_order());

const CauseRow& cause_row(Cause cause) { return kCauses[static_cast<std::size_t>(cause)]; }

constexpr std::string_view charged(Paid paid) {
  switch (paid) {
    case Paid::no: return "Nothing was charged.";
    case Paid::maybe: return "A licence may have been charged.";
    case Paid::yes: return "The licence has been charged once and stays yours.";
  }
  return {};
}

}  // namespace

std::string_view name(Stage stage) {
  constexpr std::array<std::string_view, 8> names = {"signing_in", "listing_sizes", "requesting", "waiting",
                                                     "fetching",   "saving",        "decoding",   "placing"};
  return names[static_cast<std::size_t>(stage)];
}

std::string_view name(Cause cause) { return cause_row(cause).name; }

std::string_view name(Retry retry) {
  constexpr std::array<std::string_view, 5> names = {"now_safe", "later", "ask_server_first", "ask_user_first",
                                                     "never"};
  return names[static_cast<std::size_t>(retry)];
}

std::string_view name(Paid paid) {
  constexpr std::array<std::string_view, 3> names = {"no", "maybe", "yes"};
  return names[static_cast<std::size_t>(paid)];
}

std::string advice(Cause cause, Paid paid) {
  std::string text(charged(paid));
  text += ' ';
  text += paid == Paid::no ? cause_row(cause).now : cause_row(cause).now_paid;
  return text;
}

Retry default_retry(Cause cause) { return cause_row(cause).retry; }

namespace {

// Resuming asks the service before anything else, so a job that may have been paid is safe to take up whatever stopped
// it.
Retry retry_for(Cause cause, Paid paid) {
  const Retry retry = default_retry(cause);
  if (paid != Paid::no && (retry == Retry::now_safe || retry == Retry::later)) {
    return Retry::ask_server_first;
  }
  return retry;
}

}  // namespace

Error make_error(Stage stage, Cause cause, std::string what, std::string detail, int http_status) {
  Error error;
  error.stage = stage;
  error.cause = cause;
  error.http_status = http_status;
  error.what = std::move(what);
  error.detail = std::move(detail);
  return with_paid(std::move(error), Paid::no);
}

Error with_paid(Error error, Paid paid) {
  error.paid = paid;
  error.retry = retry_for(error.cause, paid);
  error.message = error.what + ' ' + advice(error.cause, paid);
  return error;
}

}  // namespace inset
