// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <stdexcept>

#include "files.h"
#include "json_input.h"

namespace inset {
namespace {

using Json = nlohmann::json;

constexpr int kFormat = 1;
constexpr std::size_t kLongestJournal = 4u << 20;  // is read; far beyond what a person can order
// Is begun upon. What follows a request always has room, or nobody could read that it was made.
constexpr std::size_t kLongestBegun = kLongestJournal / 2;

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;  // clang before 17 cannot see it by itself

Json offers_to_json(const std::vector<SizeOffer>& offers) {
  Json list = Json::array();
  for (const SizeOffer& o : offers) {
    list.push_back({{"name", o.name}, {"width", o.width}, {"height", o.height}});
  }
  return list;
}

// A line that is not as this version writes it ends in this exception, which stops in parse_line().
struct Unreadable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string text_of(const Json& line, const char* key) {
  const Json& value = member(line, key);
  if (!value.is_string()) throw Unreadable(key);
  return value.get<std::string>();
}

template <class T>
T number_of(const Json& line, const char* key) {
  const auto value = integer<T>(member(line, key));
  if (!value) throw Unreadable(key);
  return *value;
}

bool flag_of(const Json& line, const char* key) {
  const Json& value = member(line, key);
  if (!value.is_boolean()) throw Unreadable(key);
  return value.get<bool>();
}

JobRecord job_from_json(const Json& line) {
  if (number_of<int>(line, "format") != kFormat) throw Unreadable("format");
  JobRecord job;
  job.origin = text_of(line, "origin");
  job.account = text_of(line, "account");
  job.generation = text_of(line, "generation");
  job.index = number_of<int>(line, "index");
  job.size = text_of(line, "size");
  const Json& offers = member(line, "offers");
  if (!offers.is_array()) throw Unreadable("offers");
  for (const Json& offer : offers) {
    job.offers.push_back(
        {text_of(offer, "name"), number_of<std::uint32_t>(offer, "width"), number_of<std::uint32_t>(offer, "height")});
  }
  if (line.contains("product_id")) job.product_id = number_of<int>(line, "product_id");
  job.project_code = text_member(line, "project_code");
  job.notes = text_member(line, "notes");
  job.host = text_member(line, "host");
  job.time = text_member(line, "time");
  return job;
}

SavedRecord saved_from_json(const Json& line) {
  SavedRecord saved;
  saved.path = text_of(line, "path");
  saved.bytes = number_of<std::uint64_t>(line, "bytes");
  saved.sha256 = text_of(line, "sha256");
  saved.mime = text_of(line, "mime");
  saved.width = number_of<std::uint32_t>(line, "width");
  saved.height = number_of<std::uint32_t>(line, "height");
  saved.note = text_member(line, "note");
  saved.size_differs = line.contains("size_differs") && flag_of(line, "size_differs");
  saved.time = text_member(line, "time");
  return saved;
}

Record record_from_json(const Json& line) {
  const std::string kind = text_of(line, "record");
  const std::string time = text_member(line, "time");
  if (kind == "job") return job_from_json(line);
  if (kind == "intent") {
    return IntentRecord{number_of<int>(line, "attempt"), text_of(line, "boot"),
                        std::chrono::milliseconds(number_of<std::int64_t>(line, "since_boot_ms")), time};
  }
  if (kind == "refused") {
    return RefusedRecord{number_of<int>(line, "attempt"), number_of<int>(line, "status"), text_of(line, "code"), time};
  }
  if (kind == "pending") return PendingRecord{flag_of(line, "joined"), time};
  if (kind == "ready") return ReadyRecord{text_of(line, "asset_id"), time};
  if (kind == "saved") return saved_from_json(line);
  if (kind == "other_size") {
    return OtherSizeRecord{text_of(line, "asset_id"), text_of(line, "size"), time};
  }
  if (kind == "placed") return PlacedRecord{text_of(line, "host"), time};
  if (kind == "cancelled") return CancelledRecord{time};
  if (kind == "dropped") return DroppedRecord{time};
  throw Unreadable(kind);
}

std::optional<Record> parse_line(std::string_view text) {
  const auto json = parse_json(text);
  if (!json) return {};
  try {
    return record_from_json(*json);
  } catch (const Unreadable&) {
    return {};
  }
}

Error write_error(int error_number) {
  return disk_error(Stage::saving, Cause::journal_unwritable, "The record of the purchase could not be written.",
                    error_number);
}

}  // namespace

std::string encode_record(const Record& record) {
  Json line = std::visit(
      overloaded{
          [](const JobRecord& r) {
            Json json = {{"record", "job"},
                         {"format", kFormat},
                         {"origin", r.origin},
                         {"account", r.account},
                         {"generation", r.generation},
                         {"index", r.index},
                         {"size", r.size},
                         {"offers", offers_to_json(r.offers)},
                         {"host", r.host},
                         {"time", r.time}};
            if (r.product_id) json["product_id"] = *r.product_id;
            if (!r.project_code.empty()) json["project_code"] = r.project_code;
            if (!r.notes.empty()) json["notes"] = r.notes;
            return json;
          },
          [](const IntentRecord& r) {
            return Json{{"record", "intent"},
                        {"attempt", r.attempt},
                        {"boot", r.boot},
                        {"since_boot_ms", r.since_boot.count()},
                        {"time", r.time}};
          },
          [](const RefusedRecord& r) {
            return Json{{"record", "refused"},
                        {"attempt", r.attempt},
                        {"status", r.status},
                        {"code", r.code},
                        {"time", r.time}};
          },
          [](const PendingRecord& r) {
            return Json{{"record", "pending"}, {"joined", r.joined}, {"time", r.time}};
          },
          [](const ReadyRecord& r) {
            return Json{{"record", "ready"}, {"asset_id", r.asset_id}, {"time", r.time}};
          },
          [](const SavedRecord& r) {
            Json json = {{"record", "saved"}, {"path", r.path},   {"bytes", r.bytes},   {"sha256", r.sha256},
                         {"mime", r.mime},    {"width", r.width}, {"height", r.height}, {"time", r.time}};
            if (!r.note.empty()) json["note"] = r.note;
            if (r.size_differs) json["size_differs"] = true;
            return json;
          },
          [](const OtherSizeRecord& r) {
            return Json{{"record", "other_size"}, {"asset_id", r.asset_id}, {"size", r.size}, {"time", r.time}};
          },
          [](const PlacedRecord& r) {
            return Json{{"record", "placed"}, {"host", r.host}, {"time", r.time}};
          },
          [](const CancelledRecord& r) {
            return Json{{"record", "cancelled"}, {"time", r.time}};
          },
          [](const DroppedRecord& r) {
            return Json{{"record", "dropped"}, {"time", r.time}};
          },
      },
      record);
  // Text from a person or the service may be broken UTF-8; the journal must be written all the same.
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<JournalText> parse_journal(std::string_view text, const std::string& where) {
  JournalText journal;
  for (std::size_t number = 1;; ++number) {
    const std::size_t end = text.find('\n', journal.whole_bytes);
    if (end == std::string_view::npos) return journal;
    auto record = parse_line(text.substr(journal.whole_bytes, end - journal.whole_bytes));
    if (!record) {
      return make_error(Stage::requesting, Cause::journal_unreadable,
                        "Line " + std::to_string(number) + " of " + where + " cannot be read by this version.");
    }
    journal.records.push_back(std::move(*record));
    journal.whole_bytes = end + 1;
  }
}

Result<Journal> Journal::open(std::filesystem::path path) {
  Journal journal(std::move(path));
  const Fd file(::open(journal.path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT) return journal;
    return disk_error(Stage::requesting, Cause::journal_unreadable,
                      "The record " + journal.path_.string() + " cannot be read.", errno);
  }
  std::string text;
  char buffer[16384];
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      return disk_error(Stage::requesting, Cause::journal_unreadable,
                        "The record " + journal.path_.string() + " cannot be read.", errno);
    }
    if (count == 0) break;
    if (text.size() + static_cast<std::size_t>(count) > kLongestJournal) {
      return make_error(Stage::requesting, Cause::journal_unreadable,
                        "The record " + journal.path_.string() + " is too long to be one of Inset's.");
    }
    text.append(buffer, static_cast<std::size_t>(count));
  }
  auto parsed = parse_journal(text, journal.path_.string());
  if (!parsed) return parsed.error();
  journal.records_ = std::move(parsed->records);
  journal.whole_bytes_ = parsed->whole_bytes;
  return journal;
}

Outcome Journal::open_for_append() {
  const bool is_new = whole_bytes_ == 0;
  file_ = Fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!file_) return write_error(errno);
  // Cuts off a tail that was never acted upon.
  if (::ftruncate(file_.get(), static_cast<off_t>(whole_bytes_)) != 0) return write_error(errno);
  if (::lseek(file_.get(), 0, SEEK_END) < 0) return write_error(errno);
  if (is_new) {
    if (const int error = sync_folder_of(path_)) return write_error(error);
  }
  return Nothing{};
}

Outcome Journal::append(const Record& record) {
  if (broken_) return write_error(EIO);
  const std::string line = encode_record(record) + '\n';
  const bool begins = std::holds_alternative<JobRecord>(record) || std::holds_alternative<IntentRecord>(record);
  if (begins && whole_bytes_ + line.size() > kLongestBegun) {
    return make_error(Stage::saving, Cause::journal_unwritable,
                      "The record of the purchase, " + path_.string() + ", is full.");
  }
  broken_ = true;  // until all of it has gone well
  if (!file_) {
    auto opened = open_for_append();
    if (!opened) return opened;
  }
  int error = write_all(file_.get(), line);
  if (error == 0 && ::fsync(file_.get()) != 0) error = errno;
  if (error != 0) {
    // No request follows an intent that is not durable, so if it can be taken back, nobody has to doubt later. What
    // other records say is true whether or not they will be found.
    [[maybe_unused]] const bool taken_back =
        std::holds_alternative<IntentRecord>(record) && ::ftruncate(file_.get(), static_cast<off_t>(whole_bytes_)) == 0;
    return write_error(error);
  }
  broken_ = false;
  whole_bytes_ += line.size();
  records_.push_back(record);
  return Nothing{};
}

}  // namespace inset
