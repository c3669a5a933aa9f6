// SPDX-License-Identifier: GPL-2.0-or-later
// What a job's journal holds: one plain struct a kind of line. journal.h reads and writes them, flow.h lives by them.
//
// `time` is UTC, "2026-01-31T12:00:00Z", for people; nothing is decided by it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace inset {

// A size in which the service offers a picture. Pixels.
struct SizeOffer {
  std::string name;
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bool operator==(const SizeOffer&) const = default;
};

// At creation, and again if the service now promises other sizes.
struct JobRecord {
  std::string origin;   // of the service: "https://api.gettyimages.com"
  std::string account;  // 12 hexadecimal digits; see job_id.h
  std::string generation;
  int index = 0;
  std::string size;
  std::vector<SizeOffer> offers;  // all that were offered, the wanted one among them
  std::optional<int> product_id;
  std::string project_code;
  std::string notes;
  std::string host;
  std::string time;
};

// Before every PUT, synced. `boot` and `since_boot` say when, by a clock that nobody sets.
struct IntentRecord {
  int attempt = 0;
  std::string boot;
  std::chrono::milliseconds since_boot{0};
  std::string time;
};

// That attempt provably bought nothing. Status 0: it never left this machine.
struct RefusedRecord {
  int attempt = 0;
  int status = 0;
  std::string code;
  std::string time;
};

// The service works on it. `joined`: it said that a download of this picture, perhaps of another size, was under way
// already.
struct PendingRecord {
  bool joined = false;
  std::string time;
};

// Licensed. The signed link to the file is a secret and lies elsewhere (Files::store_link).
struct ReadyRecord {
  std::string asset_id;
  std::string time;
};

// The whole file lies on the disk, checked and decoded once.
struct SavedRecord {
  std::string path;  // relative to the data folder
  std::uint64_t bytes = 0;
  std::string sha256;
  std::string mime;
  std::uint32_t width = 0;  // as stored in the file
  std::uint32_t height = 0;
  std::string note;           // a sentence for the person, or empty
  bool size_differs = false;  // neither the promised size nor another that was offered: not to be placed unasked
  std::string time;
};

// What came was another size, and is kept under that one; this job has bought nothing.
struct OtherSizeRecord {
  std::string asset_id;
  std::string size;
  std::string time;
};

struct PlacedRecord {
  std::string host;
  std::string time;
};

// The person stopped the job after its PUT. It rests until it is taken up by hand.
struct CancelledRecord {
  std::string time;
};

// The person gave a resting job up.
struct DroppedRecord {
  std::string time;
};

using Record = std::variant<JobRecord, IntentRecord, RefusedRecord, PendingRecord, ReadyRecord, SavedRecord,
                            OtherSizeRecord, PlacedRecord, CancelledRecord, DroppedRecord>;

}  // namespace inset
