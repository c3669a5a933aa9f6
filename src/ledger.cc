// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger.h"

#include <array>
#include <set>
#include <utility>

#include "journal.h"

namespace inset {

std::string_view name(Standing standing) {
  constexpr std::array<std::string_view, 8> names = {"unpaid", "unclear", "pending", "licensed",
                                                     "saved",  "placed",  "dropped", "unreadable"};
  return names[static_cast<std::size_t>(standing)];
}

bool LedgerEntry::unfinished() const {
  return standing == Standing::unclear || standing == Standing::pending || standing == Standing::licensed ||
         standing == Standing::saved;
}

Paid LedgerEntry::paid() const {
  switch (standing) {
    case Standing::unpaid: return Paid::no;
    case Standing::licensed:
    case Standing::saved:
    case Standing::placed: return Paid::yes;
    case Standing::dropped: return asset_id.empty() ? Paid::maybe : Paid::yes;
    case Standing::unclear:
    case Standing::pending:
    case Standing::unreadable: break;
  }
  return Paid::maybe;
}

LedgerEntry summarize(std::string id, const std::vector<Record>& records) {
  LedgerEntry entry;
  entry.id = std::move(id);
  std::set<int> unresolved;
  int last_attempt = 0;
  bool licensed = false;
  bool pending = false;
  bool joined = false;
  for (const Record& record : records) {
    std::visit([&](const auto& r) { entry.updated = r.time; }, record);
    if (const auto* job = std::get_if<JobRecord>(&record)) {
      entry.job = *job;
    } else if (const auto* intent = std::get_if<IntentRecord>(&record)) {
      unresolved.insert(last_attempt = intent->attempt);
      entry.standing = Standing::unclear;
      entry.cancelled = false;
    } else if (const auto* refused = std::get_if<RefusedRecord>(&record)) {
      // It takes back its own request, and nothing that was granted otherwise.
      unresolved.erase(refused->attempt);
      if (entry.standing != Standing::unclear && entry.standing != Standing::unpaid) continue;
      entry.standing = licensed             ? Standing::licensed
                       : pending            ? Standing::pending
                       : unresolved.empty() ? Standing::unpaid
                                            : Standing::unclear;
    } else if (const auto* accepted = std::get_if<PendingRecord>(&record)) {
      entry.standing = Standing::pending;
      pending = true;
      joined = accepted->joined;
    } else if (const auto* ready = std::get_if<ReadyRecord>(&record)) {
      entry.standing = Standing::licensed;
      if (!licensed || entry.asset_id.empty()) entry.asset_id = ready->asset_id;
      licensed = true;
      pending = false;
    } else if (const auto* saved = std::get_if<SavedRecord>(&record)) {
      entry.standing = Standing::saved;
      entry.saved = *saved;
      licensed = true;
    } else if (const auto* other = std::get_if<OtherSizeRecord>(&record)) {
      // As the flow reads it; see Flow::note_other_size().
      entry.saved.reset();
      entry.standing = Standing::licensed;
      pending = false;
      const bool was_refused = std::exchange(joined, false);
      if (licensed && other->asset_id != entry.asset_id) continue;
      licensed = false;
      entry.asset_id.clear();
      if (was_refused) unresolved.erase(last_attempt);
      entry.standing = unresolved.empty() ? Standing::unpaid : Standing::unclear;
    } else if (std::holds_alternative<PlacedRecord>(record)) {
      entry.standing = Standing::placed;
    } else if (std::holds_alternative<CancelledRecord>(record)) {
      entry.cancelled = true;
    } else if (std::holds_alternative<DroppedRecord>(record)) {
      entry.standing = Standing::dropped;
    }
  }
  return entry;
}

std::vector<LedgerEntry> read_ledger(const Files& files) {
  std::vector<LedgerEntry> ledger;
  for (const std::string& id : files.jobs()) {
    const auto journal = Journal::open(files.journal(id));
    if (journal) {
      ledger.push_back(summarize(id, journal->records()));
    } else {
      LedgerEntry entry;
      entry.id = id;
      entry.standing = Standing::unreadable;
      entry.fault = journal.error();
      ledger.push_back(std::move(entry));
    }
  }
  return ledger;
}

}  // namespace inset
