// SPDX-License-Identifier: GPL-2.0-or-later
// The journal of a job:
//   - it is the flow's memory: after a crash the flow is rebuilt from it;
//   - it is the proof of intent: no PUT leaves before its record is durable;
//   - it is the licence ledger: it is appended to, never rewritten, never compacted, never deleted.
//
// One file a job, one JSON object a line. An append that did not end (power loss, kill) leaves a tail without a
// newline, which was never acted upon and is cut off before the next append. Anything else that cannot be read makes
// the whole file read-only: a newer version may know better.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "error.h"
#include "fd.h"
#include "record.h"

namespace inset {

// One line, without the newline.
std::string encode_record(const Record& record);

struct JournalText {
  std::vector<Record> records;
  std::size_t whole_bytes = 0;  // up to and including the last newline
};

// Reads what a journal holds. Fails with Cause::journal_unreadable; `where` names the file in the message. Pure.
Result<JournalText> parse_journal(std::string_view text, const std::string& where);

class Journal {
 public:
  // Reads the file, if there is one. Writes nothing yet. The caller holds the picture's lock.
  static Result<Journal> open(std::filesystem::path path);

  const std::vector<Record>& records() const { return records_; }

  // Appends durably: when this returns well the line survives a power cut. A failure means: not written; nothing is
  // retried, and no later append is tried, since nobody knows what a failed fsync left behind. A journal that is half
  // as long as can be read takes no job and no intent any more, only what became of earlier ones.
  Outcome append(const Record& record);

 private:
  explicit Journal(std::filesystem::path path) : path_(std::move(path)) {}
  Outcome open_for_append();

  std::filesystem::path path_;
  std::vector<Record> records_;
  std::size_t whole_bytes_ = 0;
  Fd file_;
  bool broken_ = false;
};

}  // namespace inset
