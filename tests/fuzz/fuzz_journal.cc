// SPDX-License-Identifier: GPL-2.0-or-later
// What is read from a journal is written back so that it reads the same, and every reader of it comes to an end.
#include <cstdlib>
#include <string>

#include "flow.h"
#include "journal.h"
#include "ledger.h"

namespace {

using namespace inset;

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = parse_journal(text, "here");
  if (!parsed) return 0;
  check(parsed->whole_bytes <= size);
  std::string written;
  for (const Record& record : parsed->records) written += encode_record(record) + '\n';
  const auto again = parse_journal(written, "here");
  check(again && again->records.size() == parsed->records.size() && again->whole_bytes == written.size());
  std::string twice;
  for (const Record& record : again->records) twice += encode_record(record) + '\n';
  check(twice == written);

  // Flow and ledger agree about money, whatever the order of the records.
  const LedgerEntry entry = summarize({}, parsed->records);
  Flow::Plan plan;
  plan.may_request = false;
  const Flow flow(plan, parsed->records, Time(0));
  const auto want = flow.want();
  check(!std::holds_alternative<Flow::Put>(want) && !std::holds_alternative<Flow::LookUp>(want));
  if (flow.paid() != Paid::no && entry.standing != Standing::dropped) check(entry.paid() != Paid::no);
  return 0;
}
