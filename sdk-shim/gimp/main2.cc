// SPDX-License-Identifier: GPL-2.0-or-later
// The plug-in program of GIMP 2.10: its procedures, menu entries and run modes. GIMP starts one process for each call.
#include <libgimp/gimp.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gimp/canvas2.h"
#include "gimp/desk.h"
#include "gimp/last_values.h"
#include "gimp/placement.h"
#include "gimp/session.h"

namespace easel::gimp {
namespace {

constexpr const char* kNew = "plug-in-inset-new";
constexpr const char* kLayer = "plug-in-inset-layer";
constexpr const char* kResume = "plug-in-inset-resume";
constexpr const char* kLastValues = "plug-in-inset";

constexpr const char* kAuthors = "The Inset authors";
constexpr const char* kYear = "2026";

// libgimp's structs want writable strings, and never write to them.
gchar* text(const char* literal) { return const_cast<gchar*>(literal); }

GimpParamDef parameter(GimpPDBArgType type, const char* name, const char* about) {
  return {type, text(name), text(about)};
}

void query() {
  const GimpParamDef run_mode =
      parameter(GIMP_PDB_INT32, "run-mode",
                "The run mode { RUN-INTERACTIVE (0), RUN-NONINTERACTIVE (1), RUN-WITH-LAST-VALS (2) }");
  const GimpParamDef picture[] = {
      parameter(GIMP_PDB_STRING, "generation", "The id of a generation at Getty Images' Generative AI"),
      parameter(GIMP_PDB_INT32, "index", "The number of the picture in its generation, from 0"),
      parameter(GIMP_PDB_STRING, "size", "The name of a size, such as 4k; if empty, the error lists the sizes"),
      parameter(GIMP_PDB_INT32, "product-id", "The number of the agreement, where there are several, or 0"),
      parameter(GIMP_PDB_STRING, "project-code", "Where the agreement wants one, or empty"),
      parameter(GIMP_PDB_STRING, "notes", "Kept with the licence at Getty Images, or empty")};

  std::vector<GimpParamDef> arguments{run_mode};
  arguments.insert(arguments.end(), std::begin(picture), std::end(picture));
  const GimpParamDef image = parameter(GIMP_PDB_IMAGE, "image", "The new image");
  gimp_install_procedure(kNew, "Opens a generated picture as a new image",
                         "Licenses a picture of a generation at Getty Images' Generative AI, which may cost money, "
                         "downloads it and opens it "
                         "as a new image. A picture and size that was licensed before is opened from the disk.",
                         kAuthors, kAuthors, kYear, "Gen_erated Image…", "", GIMP_PLUGIN,
                         static_cast<gint>(arguments.size()), 1, arguments.data(), &image);
  gimp_plugin_menu_register(kNew, "<Image>/File/Create");

  arguments = {run_mode, parameter(GIMP_PDB_IMAGE, "image", "The image that gets the layer"),
               parameter(GIMP_PDB_DRAWABLE, "drawable", "Not used")};
  arguments.insert(arguments.end(), std::begin(picture), std::end(picture));
  arguments.push_back(parameter(GIMP_PDB_STRING, "placement", "fit (also if empty), as-is, fill or selection"));
  const GimpParamDef layer = parameter(GIMP_PDB_LAYER, "layer", "The new layer");
  gimp_install_procedure(
      kLayer, "Inserts a generated picture as a layer",
      "As plug-in-inset-new, but into an open image, as a layer above the active one: \"fit\" makes it at most as "
      "large "
      "as the image, \"as-is\" leaves its size alone, \"fill\" covers the image, \"selection\" fits it into the "
      "selection. It lies in the middle, nothing is cut off, and the selection is kept. If the image is closed "
      "meanwhile, the picture opens as a new one.",
      kAuthors, kAuthors, kYear, "Gen_erated Image…", "RGB*, GRAY*, INDEXED*", GIMP_PLUGIN,
      static_cast<gint>(arguments.size()), 1, arguments.data(), &layer);
  gimp_plugin_menu_register(kLayer, "<Image>/Layer/New");

  const GimpParamDef images[] = {parameter(GIMP_PDB_INT32, "num-images", "How many pictures were opened"),
                                 parameter(GIMP_PDB_INT32ARRAY, "image-ids", "The new images")};
  gimp_install_procedure(
      kResume, "Opens all pictures that were licensed and not placed",
      "Finishes every download that was cut off, and opens each as a new image. Nothing is licensed again. If one of "
      "them could not be opened, that is an error; the others stay open.",
      kAuthors, kAuthors, kYear, "_Place Finished Downloads", "", GIMP_PLUGIN, 1, 2, &run_mode, images);
  gimp_plugin_menu_register(kResume, "<Image>/File/Create");

  const GimpParamDef account[] = {
      run_mode, parameter(GIMP_PDB_STRING, "api-key", "The key of the agreement, or empty if it is set elsewhere"),
      parameter(GIMP_PDB_STRING, "keep", "Where the sign-in is kept: keyring (also if empty) or file")};
  const GimpParamDef said = parameter(GIMP_PDB_STRING, "text", "What became of it, in words");
  for (const AccountProcedure& procedure : kAccountProcedures) {
    const easel_action* action = offered(procedure.action);
    if (action == nullptr) continue;
    gimp_install_procedure(procedure.name, action->hint, action->hint, kAuthors, kAuthors, kYear, action->label, "",
                           GIMP_PLUGIN, procedure.takes_key ? 3 : 1, 1, account, &said);
    gimp_plugin_menu_register(procedure.name, "<Image>/File/Create");
  }
}

// Two answers, the status and one value or message, or three, for the images of `resume`. They live until GIMP has read
// them.
class Answer {
 public:
  void fail(GimpPDBStatusType status, const std::string& why) {
    message_ = why;
    values_[0].data.d_status = status;
    values_[1].type = GIMP_PDB_STRING;
    values_[1].data.d_string = message_.data();
    // GIMP fills up what is missing of the values that `resume` declares, with an array in the third place. It would
    // take the text's address for that array's length, and crash. So there is a third value already.
    values_[2].type = GIMP_PDB_INT32;
    values_[2].data.d_int32 = 0;
    count_ = why.empty() ? 1 : 3;
  }
  void succeed(GimpPDBArgType type, gint32 id) {
    succeed();
    values_[1].type = type;
    values_[1].data.d_int32 = id;
    count_ = 2;
  }
  void succeed(const std::string& text) {
    succeed();
    message_ = text;
    values_[1].type = GIMP_PDB_STRING;
    values_[1].data.d_string = message_.data();
    count_ = 2;
  }
  void succeed(const std::vector<gint32>& images) {
    succeed(GIMP_PDB_INT32, static_cast<gint32>(images.size()));
    images_ = images;
    values_[2].type = GIMP_PDB_INT32ARRAY;
    values_[2].data.d_int32array = images_.data();
    count_ = 3;
  }
  void give(gint* count, GimpParam** values) {
    values_[0].type = GIMP_PDB_STATUS;
    *count = count_;
    *values = values_;
  }

 private:
  void succeed() { values_[0].data.d_status = GIMP_PDB_SUCCESS; }

  GimpParam values_[3]{};
  gint count_ = 1;
  std::string message_;
  std::vector<gint32> images_;
};

std::string string_of(const GimpParam& value) { return value.data.d_string != nullptr ? value.data.d_string : ""; }

std::optional<Request> last_request() {
  std::string bytes(static_cast<size_t>(std::max(gimp_get_data_size(kLastValues), 0)), '\0');
  if (bytes.empty() || !gimp_get_data(kLastValues, bytes.data())) return {};
  return unpacked(bytes);
}

void remember(const Request& request) {
  const std::string bytes = packed(request);
  gimp_set_data(kLastValues, bytes.data(), static_cast<guint32>(bytes.size()));
}

Request request_from(const GimpParam* first) {
  Request out;
  out.generation = string_of(first[0]);
  out.index = std::to_string(first[1].data.d_int32);
  out.size = string_of(first[2]);
  if (first[3].data.d_int32 != 0) out.product_id = std::to_string(first[3].data.d_int32);
  out.project_code = string_of(first[4]);
  out.notes = string_of(first[5]);
  return out;
}

// One call of a procedure.
class Call {
 public:
  Call(std::string name, const GimpParam* arguments, gint count)
      : name_(std::move(name)),
        arguments_(arguments),
        count_(count),
        mode_(static_cast<GimpRunMode>(arguments[0].data.d_int32)) {}

  void run(Answer& answer) {
    const bool people = mode_ == GIMP_RUN_INTERACTIVE;
    const AccountProcedure* const account = account_procedure(name_);
    // Scripts have no display. With last values somebody is there, but wants no question.
    Canvas2 canvas(mode_ != GIMP_RUN_NONINTERACTIVE);
    std::unique_ptr<Desk> desk;
    if (people) desk = make_desk(account != nullptr ? Purpose::account : is_layer() ? Purpose::layer : Purpose::image);
    if (people && !desk) {
      return answer.fail(GIMP_PDB_EXECUTION_ERROR,
                         "This build of Inset has no form. Call its procedures from a script.");
    }
    if (desk && !is_layer()) canvas.show_progress_in(*desk);
    Session session(canvas, desk.get(), "GIMP", gimp_version());
    if (account != nullptr) return ask(session, *account, answer);
    if (name_ == kResume) return resume(session, canvas, answer);
    finish(insert(session, canvas, desk.get()), canvas, answer);
  }

 private:
  bool is_layer() const { return name_ == kLayer; }

  Outcome insert(Session& session, Canvas2& canvas, Desk* desk) {
    const uint64_t target = is_layer() ? static_cast<uint64_t>(arguments_[1].data.d_image) : 0;
    Request request;
    if (mode_ == GIMP_RUN_NONINTERACTIVE) {
      const gint needed = is_layer() ? 10 : 7;
      if (count_ != needed) return wrong("The number of arguments is wrong.");
      request = request_from(arguments_ + (is_layer() ? 3 : 1));
      const auto rule = placement_from(is_layer() ? string_of(arguments_[9]) : "");
      if (!rule) return wrong("placement must be fit, as-is, fill or selection.");
      canvas.set_placement(*rule);
    } else if (const auto last = last_request()) {
      request = *last;
    } else if (mode_ == GIMP_RUN_WITH_LAST_VALS) {
      return wrong("Nothing was inserted since GIMP was started, so there is nothing to repeat.");
    }
    if (desk != nullptr) {
      desk->on_accept([&](const std::string& key, const std::string& value) {
        request.set(key, value);
        if (key == kPlacementKey) canvas.set_placement(placement_from(value).value_or(Placement::fit));
      });
    }
    const Outcome outcome = session.run("insert", target, desk != nullptr ? request.picture() : request.all());
    if (outcome.done) remember(request);
    return outcome;
  }

  // Signs in or out, or tells who is signed in.
  void ask(Session& session, const AccountProcedure& procedure, Answer& answer) const {
    Parameters parameters;
    if (procedure.takes_key && mode_ == GIMP_RUN_NONINTERACTIVE) {
      if (count_ != 3) return answer.fail(GIMP_PDB_CALLING_ERROR, "The number of arguments is wrong.");
      parameters = {{"api_key", string_of(arguments_[1])}, {"keep", string_of(arguments_[2])}};
    }
    const Outcome outcome = session.run(procedure.action, 0, parameters, title_of(procedure.action));
    if (outcome.done) return answer.succeed(outcome.message);
    fail_as_read(outcome, answer);
  }

  // What could be opened stays open, also where another picture could not.
  void resume(Session& session, const Canvas2& canvas, Answer& answer) const {
    const Outcome outcome = session.run("resume", 0, {}, title_of("resume"));
    if (outcome.done) return answer.succeed(canvas.images());
    fail_as_read(outcome, answer);
  }

  // After a run with a title. People have read it: GIMP would say it again, as an error.
  void fail_as_read(const Outcome& outcome, Answer& answer) const {
    const bool people = mode_ == GIMP_RUN_INTERACTIVE;
    answer.fail(people ? GIMP_PDB_CANCEL : GIMP_PDB_EXECUTION_ERROR, people ? "" : outcome.message);
  }

  Outcome wrong(const std::string& why) {
    misused_ = true;
    Outcome out;
    out.message = why;
    return out;
  }

  void finish(const Outcome& outcome, const Canvas2& canvas, Answer& answer) const {
    if (misused_) return answer.fail(GIMP_PDB_CALLING_ERROR, outcome.message);
    if (!outcome.done || canvas.layers().empty()) {
      // After a cancel GIMP shows nothing.
      return answer.fail(outcome.cancelled ? GIMP_PDB_CANCEL : GIMP_PDB_EXECUTION_ERROR, outcome.message);
    }
    if (is_layer()) return answer.succeed(GIMP_PDB_LAYER, canvas.layers().back());
    answer.succeed(GIMP_PDB_IMAGE, canvas.images().back());
  }

  std::string name_;
  const GimpParam* arguments_;
  gint count_;
  GimpRunMode mode_;
  bool misused_ = false;
};

void run(const gchar* name, gint count, const GimpParam* arguments, gint* value_count, GimpParam** values) {
  static Answer answer;
  try {
    // Only buffers are needed here, none of GEGL's operations: without its modules it starts in a third of the time.
    g_setenv("GEGL_PATH", "/nonexistent", TRUE);
    gegl_init(nullptr, nullptr);
    // Without this every image looks like 8 bits to a plug-in.
    gimp_plugin_enable_precision();
    Call(name, arguments, count).run(answer);
  } catch (const std::exception& problem) {
    answer.fail(GIMP_PDB_EXECUTION_ERROR, problem.what());
  }
  answer.give(value_count, values);
}

}  // namespace
}  // namespace easel::gimp

extern "C" {
const GimpPlugInInfo PLUG_IN_INFO = {nullptr, nullptr, easel::gimp::query, easel::gimp::run};
}

MAIN()
