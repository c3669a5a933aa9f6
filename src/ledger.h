// SPDX-License-Identifier: GPL-2.0-or-later
// What the journals say, for people and for those who look for work to finish. Reads only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "error.h"
#include "files.h"
#include "record.h"

namespace inset {

enum class Standing {
  unpaid,    // never requested, or provably refused
  unclear,   // requested; nobody knows what became of it
  pending,   // the service works on it
  licensed,  // paid, and not yet fetched
  saved,     // lies on the disk, not yet placed
  placed,
  dropped,
  unreadable,
};

std::string_view name(Standing standing);

struct LedgerEntry {
  std::string id;
  Standing standing = Standing::unpaid;
  bool cancelled = false;  // stopped by the person since its last PUT
  JobRecord job;
  std::string asset_id;
  std::optional<SavedRecord> saved;
  std::string updated;         // time of the last record
  std::optional<Error> fault;  // of an unreadable journal

  // Paid for, perhaps, and neither on a canvas nor given up.
  bool unfinished() const;
  Paid paid() const;
};

LedgerEntry summarize(std::string id, const std::vector<Record>& records);

// All journals of a data folder.
std::vector<LedgerEntry> read_ledger(const Files& files);

}  // namespace inset
