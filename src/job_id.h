// SPDX-License-Identifier: GPL-2.0-or-later
// What makes two purchases the same one. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "record.h"

namespace inset {

// Tells accounts apart without naming them: 12 hexadecimal digits of the SHA-256 of the API key.
std::string account_of(std::string_view api_key);

// Generation ids are GUIDs, whose letters mean the same in both cases: those are upper-cased. Other ids stay as they
// are.
std::string canonical_generation(std::string_view generation);

// 16 hexadecimal digits for (service, account, generation, index, size): the name of the journal.
std::string job_id(const JobRecord& job);

// The same without the size: the name of the lock, because the service runs one download of a picture at a time and
// tells the sizes apart by nothing.
std::string picture_id(const JobRecord& job);

}  // namespace inset
