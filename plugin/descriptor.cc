// SPDX-License-Identifier: GPL-2.0-or-later
// What Inset offers, as static data.
#include "plugin.h"

namespace inset {
namespace {

constexpr easel_field kInsertFields[] = {
    {"generation", "Generation", "The id of a generation at Getty Images' Generative AI.", nullptr, nullptr, 0,
     EASEL_TEXT, EASEL_REQUIRED},
    {"index", "Picture", "The number of the picture in its generation, from 0.", nullptr, nullptr, 0, EASEL_INTEGER,
     EASEL_REQUIRED},
    {"size", "Size", "The name of a size, such as 4k. Without it the sizes are listed and nothing is bought.", nullptr,
     nullptr, 0, EASEL_TEXT, EASEL_REQUIRED},
    {"product_id", "Agreement", "The number of the agreement, where there are several.", nullptr, nullptr, 0,
     EASEL_INTEGER, 0},
    {"project_code", "Project code", "Only where the agreement wants one.", nullptr, nullptr, 0, EASEL_TEXT, 0},
    {"notes", "Notes", "Kept with the licence at Getty Images.", nullptr, nullptr, 0, EASEL_TEXT, EASEL_MULTILINE},
    {"again", "Request again", "\"yes\" requests once more what may have been charged already.", nullptr, nullptr, 0,
     EASEL_TEXT, 0},
};

constexpr easel_field kResumeFields[] = {
    {"accept_size", "Accept another size", "\"yes\" places pictures whose size is not the one promised.", nullptr,
     nullptr, 0, EASEL_TEXT, 0},
};

constexpr easel_field kDropFields[] = {
    {"job", "Job", "The id of a resting job, as \"jobs\" lists it.", nullptr, nullptr, 0, EASEL_TEXT, EASEL_REQUIRED},
};

constexpr easel_field kSignInFields[] = {
    {"api_key", "API key", "The key of your agreement with Getty Images.", nullptr, nullptr, 0, EASEL_TEXT, 0},
    {"keep", "Keep it", "Where: keyring, file or session. Without it in the keyring.", nullptr, nullptr, 0, EASEL_TEXT,
     0},
};

constexpr easel_action kActions[] = {
    {"insert", "Insert Generated Image…", "Licenses a generated picture and places it.", kInsertFields,
     std::size(kInsertFields)},
    {"resume", "Place Finished Downloads", "Finishes and places what was licensed and is not on a canvas yet.",
     kResumeFields, std::size(kResumeFields)},
    {"jobs", "List Downloads", "Lists all downloads and what became of them.", nullptr, 0},
    {"drop", "Drop Download", "Gives a resting download up. Its record is kept.", kDropFields, std::size(kDropFields)},
    {"sign-in", "Sign In to Getty Images…", "Signs in with the browser, once for all programs.", kSignInFields,
     std::size(kSignInFields)},
    {"sign-out", "Sign Out of Getty Images", "Ends the sign-in and removes what is kept of it.", nullptr, 0},
    {"status", "Who Is Signed In…", "Tells who is signed in, under which agreement, and where that is kept.", nullptr,
     0},
};

}  // namespace

const easel_descriptor kDescriptor = {
    "inset", "Inset", INSET_RELEASE, "The Inset authors", kActions, std::size(kActions)};

}  // namespace inset
