// SPDX-License-Identifier: GPL-2.0-or-later
// What the plugin and the program "inset-keyring" say to each other.
//
//   inset-keyring RELEASE read|store|clear quiet|ask ISSUER
//
// quiet: no window may appear, and what would need one is answered "locked". ask: the person has just pressed a button,
// so the keyring may ask for its password, for as long as that takes; whoever does not want to wait kills the program,
// which is safe, while a call of libsecret that is cancelled takes the person's whole keyring service with it.
//
// A quiet store replaces what is spent already. So it leaves its parent at once and goes on, for kStoreSeconds at most,
// even if the plugin, the host and the terminal end; a lock that was passed on is held as long.
//
// `store` reads the secret from its standard input. The answer on standard output is one of the words below and a line
// end, then for "found" the secret up to the end of the file. Nothing secret is ever an argument, an attribute or a
// message.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace inset {

enum class KeyringState {
  found,       // read: here it is
  absent,      // read: the keyring is open and has none
  done,        // store, clear: durably so
  locked,      // would have to ask, and may not
  refused,     // asked; the person said no, or nobody could be asked
  no_service,  // no bus, or nobody on it keeps secrets
  failed,      // anything else
};

inline constexpr std::array<std::string_view, 7> kKeyringWords = {"found",   "absent",     "done",  "locked",
                                                                  "refused", "no-service", "failed"};
inline constexpr std::size_t kMostSecret = 16 << 10;  // bytes
inline constexpr int kKeyringWrongCall = 64;          // its exit status when called by another release
inline constexpr unsigned kStoreSeconds = 20;         // the longest that a quiet store takes
inline constexpr int kKeyringLock = 3;                // the descriptor of the lock, if there is one

}  // namespace inset
