// SPDX-License-Identifier: GPL-2.0-or-later
// The plug-in program of GIMP 3.0, with the same procedures as main2.cc. Last values are GIMP's own affair there.
#include <libgimp/gimp.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gimp/canvas3.h"
#include "gimp/desk.h"
#include "gimp/last_values.h"
#include "gimp/placement.h"
#include "gimp/session.h"

namespace {

using namespace easel::gimp;

constexpr const char* kNew = "plug-in-inset-new";
constexpr const char* kLayer = "plug-in-inset-layer";
constexpr const char* kResume = "plug-in-inset-resume";

std::string text_of(GimpProcedureConfig* config, const char* name) {
  gchar* value = nullptr;
  g_object_get(config, name, &value, nullptr);
  std::string out = value != nullptr ? value : "";
  g_free(value);
  return out;
}

int number_of(GimpProcedureConfig* config, const char* name) {
  gint value = 0;
  g_object_get(config, name, &value, nullptr);
  return value;
}

Request request_from(GimpProcedureConfig* config) {
  Request out;
  out.generation = text_of(config, "generation");
  if (const int index = number_of(config, "index"); index >= 0) out.index = std::to_string(index);
  out.size = text_of(config, "size");
  if (const int product = number_of(config, "product-id"); product != 0) out.product_id = std::to_string(product);
  out.project_code = text_of(config, "project-code");
  out.notes = text_of(config, "notes");
  return out;
}

// What the person filled in is what "last values" are.
void keep(GimpProcedureConfig* config, const Request& request) {
  g_object_set(config, "generation", request.generation.c_str(), "index", std::atoi(request.index.c_str()), "size",
               request.size.c_str(), "product-id", std::atoi(request.product_id.c_str()), "project-code",
               request.project_code.c_str(), "notes", request.notes.c_str(), nullptr);
}

GimpValueArray* failed(GimpProcedure* procedure, GimpPDBStatusType status, const std::string& why) {
  return gimp_procedure_new_return_values(procedure, status, g_error_new(GIMP_PLUG_IN_ERROR, 0, "%s", why.c_str()));
}

// The images as a value that GIMP takes over.
GimpValueArray* done_with_images(GimpProcedure* procedure, const std::vector<GimpImage*>& images) {
  GimpValueArray* values = gimp_procedure_new_return_values(procedure, GIMP_PDB_SUCCESS, nullptr);
  const gsize count = images.size();
  auto** array = g_new0(GObject*, count + 1);
  for (gsize i = 0; i < count; ++i) array[i] = G_OBJECT(images[i]);
  GimpCoreObjectArray objects = array;
  g_value_set_boxed(gimp_value_array_index(values, 1), objects);
  g_free(array);
  return values;
}

GimpValueArray* insert(GimpProcedure* procedure, GimpRunMode mode, GimpImage* image, GimpProcedureConfig* config,
                       bool layer) {
  Canvas3 canvas(mode != GIMP_RUN_NONINTERACTIVE);
  std::unique_ptr<Desk> desk;
  if (mode == GIMP_RUN_INTERACTIVE) {
    desk = make_desk(layer ? Purpose::layer : Purpose::image);
    if (!desk) return failed(procedure, GIMP_PDB_EXECUTION_ERROR, "This build of Inset has no form.");
  }
  Request request = request_from(config);
  if (layer) {
    const auto rule = placement_from(text_of(config, "placement"));
    if (!rule) return failed(procedure, GIMP_PDB_CALLING_ERROR, "placement must be fit, as-is, fill or selection.");
    canvas.set_placement(*rule);
  }
  if (desk) {
    desk->on_accept([&](const std::string& key, const std::string& value) {
      request.set(key, value);
      if (key != kPlacementKey) return;
      canvas.set_placement(placement_from(value).value_or(Placement::fit));
      g_object_set(config, "placement", value.c_str(), nullptr);
    });
  }
  Session session(canvas, desk.get(), "GIMP", gimp_version());
  const uint64_t target = image != nullptr ? static_cast<uint64_t>(gimp_image_get_id(image)) : 0;
  const Outcome outcome = session.run("insert", target, desk ? request.picture() : request.all());
  if (!outcome.done || canvas.layers().empty()) {
    return failed(procedure, outcome.cancelled ? GIMP_PDB_CANCEL : GIMP_PDB_EXECUTION_ERROR, outcome.message);
  }
  keep(config, request);
  GimpValueArray* values = gimp_procedure_new_return_values(procedure, GIMP_PDB_SUCCESS, nullptr);
  if (layer) {
    GIMP_VALUES_SET_LAYER(values, 1, canvas.layers().back());
  } else {
    GIMP_VALUES_SET_IMAGE(values, 1, canvas.images().back());
  }
  return values;
}

void begin() {
  // Only buffers are needed here, none of GEGL's operations: without its modules it starts in a third of the time.
  g_setenv("GEGL_PATH", "/nonexistent", TRUE);
  gegl_init(nullptr, nullptr);
}

GimpRunMode mode_of(GimpProcedureConfig* config) {
  GimpRunMode mode = GIMP_RUN_NONINTERACTIVE;
  g_object_get(config, "run-mode", &mode, nullptr);
  return mode;
}

GimpValueArray* run_new(GimpProcedure* procedure, GimpProcedureConfig* config, gpointer) try {
  begin();
  return insert(procedure, mode_of(config), nullptr, config, false);
} catch (const std::exception& problem) {
  return failed(procedure, GIMP_PDB_EXECUTION_ERROR, problem.what());
}

GimpValueArray* run_layer(GimpProcedure* procedure, GimpRunMode mode, GimpImage* image, GimpDrawable**,
                          GimpProcedureConfig* config, gpointer) try {
  begin();
  return insert(procedure, mode, image, config, true);
} catch (const std::exception& problem) {
  return failed(procedure, GIMP_PDB_EXECUTION_ERROR, problem.what());
}

GimpValueArray* run_resume(GimpProcedure* procedure, GimpProcedureConfig* config, gpointer) try {
  begin();
  const GimpRunMode mode = mode_of(config);
  Canvas3 canvas(mode != GIMP_RUN_NONINTERACTIVE);
  std::unique_ptr<Desk> desk;
  if (mode == GIMP_RUN_INTERACTIVE) desk = make_desk(Purpose::image);
  Session session(canvas, desk.get(), "GIMP", gimp_version());
  const Outcome outcome = session.run("resume", 0, {}, title_of("resume"));
  if (outcome.done) return done_with_images(procedure, canvas.images());
  // What could be opened stays open. People have read it: GIMP would say it again, as an error.
  if (desk) return gimp_procedure_new_return_values(procedure, GIMP_PDB_CANCEL, nullptr);
  return failed(procedure, GIMP_PDB_EXECUTION_ERROR, outcome.message);
} catch (const std::exception& problem) {
  return failed(procedure, GIMP_PDB_EXECUTION_ERROR, problem.what());
}

// Signs in or out, or tells who is signed in.
GimpValueArray* run_account(GimpProcedure* procedure, GimpProcedureConfig* config, gpointer which) try {
  begin();
  const auto& about = *static_cast<const AccountProcedure*>(which);
  const bool people = mode_of(config) == GIMP_RUN_INTERACTIVE;
  Canvas3 canvas(mode_of(config) != GIMP_RUN_NONINTERACTIVE);
  std::unique_ptr<Desk> desk;
  if (people) {
    desk = make_desk(Purpose::account);
    if (!desk) return failed(procedure, GIMP_PDB_EXECUTION_ERROR, "This build of Inset has no form.");
  }
  Parameters parameters;
  if (about.takes_key && !people) {
    parameters = {{"api_key", text_of(config, "api-key")}, {"keep", text_of(config, "keep")}};
  }
  Session session(canvas, desk.get(), "GIMP", gimp_version());
  const Outcome outcome = session.run(about.action, 0, parameters, title_of(about.action));
  if (outcome.done) {
    GimpValueArray* values = gimp_procedure_new_return_values(procedure, GIMP_PDB_SUCCESS, nullptr);
    g_value_set_string(gimp_value_array_index(values, 1), outcome.message.c_str());
    return values;
  }
  // People have read it: GIMP would say it again, as an error.
  if (people) return gimp_procedure_new_return_values(procedure, GIMP_PDB_CANCEL, nullptr);
  return failed(procedure, GIMP_PDB_EXECUTION_ERROR, outcome.message);
} catch (const std::exception& problem) {
  return failed(procedure, GIMP_PDB_EXECUTION_ERROR, problem.what());
}

// ---- the plug-in as GIMP 3.0 wants to see it ----

struct Inset {
  GimpPlugIn parent;
};
struct InsetClass {
  GimpPlugInClass parent;
};
G_DEFINE_TYPE(Inset, inset, GIMP_TYPE_PLUG_IN)

GList* query_procedures(GimpPlugIn*) {
  GList* names = nullptr;
  for (const char* name : {kResume, kLayer, kNew}) names = g_list_prepend(names, g_strdup(name));
  for (const AccountProcedure& procedure : kAccountProcedures) {
    if (offered(procedure.action) != nullptr) names = g_list_append(names, g_strdup(procedure.name));
  }
  return names;
}

void add_run_mode(GimpProcedure* procedure) {
  gimp_procedure_add_enum_argument(procedure, "run-mode", "Run mode", "The run mode", GIMP_TYPE_RUN_MODE,
                                   GIMP_RUN_NONINTERACTIVE, G_PARAM_READWRITE);
}

void add_picture(GimpProcedure* procedure) {
  const auto add_text = [&](const char* name, const char* label, const char* about) {
    gimp_procedure_add_string_argument(procedure, name, label, about, "", G_PARAM_READWRITE);
  };
  add_text("generation", "Generation", "The id of a generation at Getty Images' Generative AI");
  gimp_procedure_add_int_argument(procedure, "index", "Picture", "The number of the picture in its generation, from 0",
                                  -1, G_MAXINT, -1, G_PARAM_READWRITE);
  add_text("size", "Size", "The name of a size, such as 4k; if empty, the error lists the sizes");
  gimp_procedure_add_int_argument(procedure, "product-id", "Agreement",
                                  "The number of the agreement, where there are several, or 0", G_MININT, G_MAXINT, 0,
                                  G_PARAM_READWRITE);
  add_text("project-code", "Project code", "Where the agreement wants one, or empty");
  add_text("notes", "Notes", "Kept with the licence at Getty Images, or empty");
}

GimpProcedure* make_layer_procedure(GimpPlugIn* plug_in) {
  GimpProcedure* procedure =
      gimp_image_procedure_new(plug_in, kLayer, GIMP_PDB_PROC_TYPE_PLUGIN, run_layer, nullptr, nullptr);
  gimp_procedure_set_image_types(procedure, "*");
  gimp_procedure_set_sensitivity_mask(procedure, GIMP_PROCEDURE_SENSITIVE_DRAWABLE |
                                                     GIMP_PROCEDURE_SENSITIVE_DRAWABLES |
                                                     GIMP_PROCEDURE_SENSITIVE_NO_DRAWABLES);
  gimp_procedure_set_menu_label(procedure, "Gen_erated Image…");
  gimp_procedure_add_menu_path(procedure, "<Image>/Layer/[New]");
  gimp_procedure_set_documentation(procedure, "Inserts a generated picture as a layer",
                                   "Licenses a picture, which may cost money, and adds it above the selected layer.",
                                   kLayer);
  add_picture(procedure);
  gimp_procedure_add_string_argument(procedure, "placement", "Placement",
                                     "fit (also if empty), as-is, fill or selection", "fit", G_PARAM_READWRITE);
  gimp_procedure_add_layer_return_value(procedure, "layer", "Layer", "The new layer", FALSE, G_PARAM_READWRITE);
  return procedure;
}

GimpProcedure* make_new_procedure(GimpPlugIn* plug_in) {
  GimpProcedure* procedure = gimp_procedure_new(plug_in, kNew, GIMP_PDB_PROC_TYPE_PLUGIN, run_new, nullptr, nullptr);
  gimp_procedure_set_menu_label(procedure, "Gen_erated Image…");
  gimp_procedure_add_menu_path(procedure, "<Image>/File/[Create]");
  gimp_procedure_set_documentation(procedure, "Opens a generated picture as a new image",
                                   "Licenses a picture, which may cost money, and opens it as a new image.", kNew);
  add_run_mode(procedure);
  add_picture(procedure);
  gimp_procedure_add_image_return_value(procedure, "image", "Image", "The new image", FALSE, G_PARAM_READWRITE);
  return procedure;
}

GimpProcedure* make_resume_procedure(GimpPlugIn* plug_in) {
  GimpProcedure* procedure =
      gimp_procedure_new(plug_in, kResume, GIMP_PDB_PROC_TYPE_PLUGIN, run_resume, nullptr, nullptr);
  gimp_procedure_set_menu_label(procedure, "_Place Finished Downloads");
  gimp_procedure_add_menu_path(procedure, "<Image>/File/[Create]");
  gimp_procedure_set_documentation(procedure, "Opens all pictures that were licensed and not placed",
                                   "Finishes every download that was cut off. Nothing is licensed again. If one of "
                                   "them could not be opened, that is an error; the others stay open.",
                                   kResume);
  add_run_mode(procedure);
  gimp_procedure_add_core_object_array_return_value(procedure, "images", "Images", "The new images", GIMP_TYPE_IMAGE,
                                                    G_PARAM_READWRITE);
  return procedure;
}

GimpProcedure* make_account_procedure(GimpPlugIn* plug_in, const AccountProcedure& about) {
  const easel_action* action = offered(about.action);
  if (action == nullptr) return nullptr;
  GimpProcedure* procedure = gimp_procedure_new(plug_in, about.name, GIMP_PDB_PROC_TYPE_PLUGIN, run_account,
                                                const_cast<AccountProcedure*>(&about), nullptr);
  gimp_procedure_set_menu_label(procedure, action->label);
  gimp_procedure_add_menu_path(procedure, "<Image>/File/[Create]");
  gimp_procedure_set_documentation(procedure, action->hint, action->hint, about.name);
  add_run_mode(procedure);
  if (about.takes_key) {
    gimp_procedure_add_string_argument(procedure, "api-key", "API key",
                                       "The key of the agreement, or empty if it is set elsewhere", "",
                                       G_PARAM_READWRITE);
    gimp_procedure_add_string_argument(procedure, "keep", "Keep it",
                                       "Where the sign-in is kept: keyring (also if empty) or file", "",
                                       G_PARAM_READWRITE);
  }
  gimp_procedure_add_string_return_value(procedure, "text", "Text", "What became of it, in words", "",
                                         G_PARAM_READWRITE);
  return procedure;
}

GimpProcedure* create_procedure(GimpPlugIn* plug_in, const gchar* name) {
  const AccountProcedure* const account = account_procedure(name);
  GimpProcedure* procedure = account != nullptr               ? make_account_procedure(plug_in, *account)
                             : std::strcmp(name, kLayer) == 0 ? make_layer_procedure(plug_in)
                             : std::strcmp(name, kNew) == 0   ? make_new_procedure(plug_in)
                                                              : make_resume_procedure(plug_in);
  if (procedure == nullptr) return nullptr;
  gimp_procedure_set_attribution(procedure, "The Inset authors", "The Inset authors", "2026");
  return procedure;
}

void inset_class_init(InsetClass* type) {
  GIMP_PLUG_IN_CLASS(type)->query_procedures = query_procedures;
  GIMP_PLUG_IN_CLASS(type)->create_procedure = create_procedure;
  GIMP_PLUG_IN_CLASS(type)->set_i18n = nullptr;
}

void inset_init(Inset*) {}

}  // namespace

GIMP_MAIN(inset_get_type())
