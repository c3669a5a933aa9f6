/* SPDX-License-Identifier: MIT
 *
 * easel.h: how a program with a canvas (the host) and a plugin that brings pictures work together.
 *
 * This file is the whole contract. It is C11 and C++20, needs no library, and any host may use it.
 *
 * Rules that hold everywhere
 *
 *   Strings    UTF-8, zero-terminated. A null pointer means absent.
 *   Pointers   Whoever passes a pointer keeps what it points to. It stays valid until the call returns, unless the
 *              comment says more. Nothing allocated on one side is freed on the other.
 *   Status     easel_status: 0 is good, negative is bad. Some functions return a positive number; they say so.
 *   Threads    [main]  on the host's main thread, one call at a time, and never from inside a call that the plugin
 *                      is making into the host.
 *              [any]   on any thread, from create() until destroy() returns.
 *              The plugin calls the host only from inside a call that the host made, on that same thread. The one
 *              exception is easel_host.wake.
 *   C++        No exception crosses this boundary, in either direction.
 *   Versions   The major version is part of the exported name (easel_entry_v1). Structs are frozen once released. A new
 *              ability arrives as a new interface id with a revision ("easel.canvas/1"), never as a new member.
 *
 * A host in nine lines
 *
 *   entry  = dlsym(library, EASEL_ENTRY_NAME)         look at entry->version.major and entry->descriptor
 *   plugin = entry->create(&host)                     no network, no window, no question
 *   plugin->invoke(plugin, "insert", 0, pairs, n)     the person picked the menu item
 *   wake() arrives on some thread                     or a timer fires; either way the host goes on on its main thread:
 *   while (plugin->pump(plugin) > 0) wait             place(), ask() and event() are called from inside pump()
 *   plugin->destroy(plugin)                           at the end, or at any moment before
 */
#ifndef EASEL_EASEL_H
#define EASEL_EASEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define EASEL_EXPORT __declspec(dllexport)
#else
#define EASEL_EXPORT __attribute__((visibility("default")))
#endif

typedef struct easel_version {
  uint16_t major; /* differs: the library must not be used */
  uint16_t minor; /* differs: harmless; for the log */
} easel_version;

#define EASEL_VERSION_MAJOR 1
#define EASEL_VERSION_MINOR 0

typedef int32_t easel_status;
enum {
  EASEL_OK = 0,
  EASEL_UNSUPPORTED = -1, /* this side cannot do that at all */
  EASEL_INVALID = -2,     /* an argument is wrong: unknown action, null where a value is needed, unknown number */
  EASEL_GONE = -3,        /* the target was closed meanwhile; nothing was changed */
  EASEL_FAILED = -4,      /* tried, and did not work; nothing was changed */
  EASEL_BUG = -5          /* the caller broke a rule of this file, or the callee found a fault in itself */
};

typedef struct easel_host easel_host;
typedef struct easel_plugin easel_plugin;

/* A parameter, an answer of a form, a fact about a picture, or a member of an event. */
typedef struct easel_pair {
  const char *key;
  const char *value;
} easel_pair;

/* ---- pictures ------------------------------------------------------------------------------------------------- */

/* The one pixel format: 8 bits each of R, G, B, A in this order in memory, straight (not premultiplied) alpha, sRGB,
 * top row first. A host that needs another converts. */
enum { EASEL_RGBA8 = 1 };

/* A picture in memory. The struct owns its pixels through `release`:
 *   - whoever has taken the image calls image.release(&image) exactly once, on any thread, also after destroy();
 *   - the struct may be copied freely; the copy that is released counts, the others are then void;
 *   - `release` never blocks and never calls the host. It is never null in an image that is passed on. */
typedef struct easel_image {
  uint32_t width;        /* in pixels, at least 1 */
  uint32_t height;       /* in pixels, at least 1 */
  uint64_t stride;       /* bytes from one row to the next, at least 4 * width */
  int32_t format;        /* EASEL_RGBA8 */
  const uint8_t *pixels; /* stride * height bytes, read-only, valid until released */
  void (*release)(struct easel_image *image); /* [any] */
  void *release_data;    /* for `release` alone */
} easel_image;

/* What is known about a picture beside its pixels. Facts, by key (any of them may be missing):
 *   asset_id     the service's id of the licensed asset
 *   generation   the service's id of the generation, and
 *   index        the number of the picture in it, from 0
 *   size         the service's name of the size, such as "4k"
 *   licensed_at  when the service handed it over, UTC, "2026-01-31T12:00:00Z"
 *   source_type  last part of an IPTC Digital Source Type address, such as "trainedAlgorithmicMedia"
 *   credit       a credit line
 *   sha256       of the kept original, 64 hexadecimal digits
 *   note         a sentence for the person about this picture, such as a size that differs by a pixel */
typedef struct easel_asset {
  const char *name; /* short, for a layer or a source */
  const char *path; /* of the original file as it was downloaded; absolute; keep the path, never change the file */
  const char *mime; /* "image/jpeg" or "image/png" */
  const easel_pair *facts;
  size_t fact_count;
} easel_asset;

/* ---- what a plugin offers --------------------------------------------------------------------------------------- */

enum {
  EASEL_TEXT = 1,    /* a line of text */
  EASEL_SECRET = 2,  /* a line of text that is never shown, logged or stored by the host */
  EASEL_INTEGER = 3, /* decimal digits, perhaps with a sign */
  EASEL_CHOICE = 4,  /* one of `choices` */
  EASEL_NOTE = 5     /* `label` is text to read; there is nothing to fill in, and it is not part of the answer */
};

enum {
  EASEL_REQUIRED = 1,  /* the form cannot be accepted while it is empty */
  EASEL_WATCHED = 2,   /* the host calls changed() 300 ms after the last edit */
  EASEL_DISABLED = 4,  /* shown, cannot be edited, still part of the answer */
  EASEL_MULTILINE = 8  /* EASEL_TEXT with several lines */
};

typedef struct easel_choice {
  const char *value;
  const char *label;
  const easel_image *thumbnail; /* or null. Not taken and not released: a host that shows it later copies it. */
} easel_choice;

typedef struct easel_field {
  const char *key;
  const char *label;
  const char *help;    /* a sentence, or null */
  const char *initial; /* or null */
  const easel_choice *choices; /* for EASEL_CHOICE. Without `initial` nothing is chosen, or the first, as the host likes. */
  size_t choice_count;
  int32_t kind;
  uint32_t flags;
} easel_field;

typedef struct easel_action {
  const char *id;    /* for invoke() and for scripts: "insert" */
  const char *label; /* for a menu: "Insert Generated Image…" */
  const char *hint;  /* a sentence */
  const easel_field *fields; /* the parameters invoke() takes. Static, because some hosts ask before any run. */
  size_t field_count;
} easel_action;

typedef struct easel_descriptor {
  const char *id;      /* "inset"; fit for a file name */
  const char *name;    /* "Inset" */
  const char *release; /* "1.2.3" */
  const char *vendor;
  const easel_action *actions;
  size_t action_count;
} easel_descriptor;

/* ---- what a host offers ------------------------------------------------------------------------------------------ */

enum { EASEL_DEBUG = 0, EASEL_INFO = 1, EASEL_WARNING = 2, EASEL_ERROR = 3 };

/* Filled in by the host; must stay as it is until destroy() has returned. */
struct easel_host {
  easel_version version;
  const char *name;     /* "OBS Studio" */
  const char *release;  /* "29.0.2" */
  const char *data_dir; /* the folder for everything the plugin keeps, or null for the plugin's default, which all
                         * hosts of this person share */
  void *data;           /* the host's own */

  /* The interface with this id, or null. Owned by the host, valid until destroy() returns. Asked once, in create().
   * [main] */
  const void *(*get)(const easel_host *host, const char *id);

  /* There is something to pump. Must only notify: set a flag, post a message; it must not call the plugin, and several
   * calls may count as one. May be null: then the host calls pump() by itself, some times a second.
   * [any] */
  void (*wake)(const easel_host *host);

  /* One line for the host's log, without a line end. Holds no secret and no signed link.
   * [main] */
  void (*log)(const easel_host *host, int32_t level, const char *text);
};

/* Where pictures go. Every host has it. */
#define EASEL_CANVAS "easel.canvas/1"
typedef struct easel_canvas {
  /* Puts a picture on an open canvas. `target` is the number that the host gave to invoke(), or 0 for the host's
   * default. A result of 0 or more: the host has taken the image (see easel_image) and copies of `asset` it wants.
   * Negative: it has not, and the canvas is as it was. EASEL_GONE: the target was closed meanwhile.
   * [main] */
  easel_status (*place)(const easel_host *host, uint64_t target, const easel_image *image, const easel_asset *asset);

  /* The answer to open(). Good status: as place(), the host takes the image by returning 0 or more. Bad status: `image`
   * is null, and `status` says whether the file is not there (EASEL_GONE) or damaged (EASEL_FAILED). May be null in a
   * host that never calls open().
   * [main] */
  easel_status (*opened)(const easel_host *host, uint64_t request, easel_status status, const easel_image *image);
} easel_canvas;

/* News about jobs. Optional.
 *
 *   kind      keys
 *   progress  stage, fraction (0 to 1; absent while unknown; may go backwards), bytes, total, text
 *   placed    job_id, asset_id, name, width, height, original (a path), sha256; note, if there is one
 *   failed    stage, cause, http_status (0: none), paid ("no", "maybe", "yes"), retry ("now_safe", "later",
 *             "ask_server_first", "ask_user_first", "never"), message; and, where the sizes are the answer, one pair
 *             "choice" for each of them with the value "NAME WIDTH HEIGHT"
 *   told      level (as for log), title, text; address, if there is a page to open: something to show to the person. It
 *             ends no job; job 0 is none.
 *   listed    for the action "jobs", one event a job: job_id, state, generation, index, size, width, height, paid,
 *             asset_id, original, updated
 *   rests     as `failed`, and job_id: one picture of several could not be placed; the job goes on with the others
 *   done      the job has ended well; text. Follows `placed` too.
 *
 * `stage` is one of signing_in, listing_sizes, requesting, waiting, fetching, saving, decoding, placing. Every job ends
 * with exactly one `done` or `failed`, its last event. `resume` may place several pictures before it.
 * Unknown kinds and keys are to be ignored. */
#define EASEL_REPORT "easel.report/1"
typedef struct easel_report {
  /* [main] */
  void (*event)(const easel_host *host, int64_t job, const char *kind, const easel_pair *pairs, size_t count);
} easel_report;

/* Questions to the person. Optional: without it every parameter must come with invoke(), and a job that needs an answer
 * ends with an error that names the missing parameter. */
#define EASEL_FORM "easel.form/1"
typedef struct easel_form {
  /* Shows a form; copies everything before it returns, and returns without waiting for the person. `accept` is the text
   * of the button that accepts ("License and Insert 4096 × 4096"). `request` is the plugin's number, above 0, never
   * reused. A request that is already open gets new fields: keys that stay keep what was typed and the focus;
   * `initial` counts for new keys alone. Each request gets exactly one answer(), unless it is dismissed: then none.
   * [main] */
  easel_status (*ask)(const easel_host *host, uint64_t request, const char *title, const char *accept,
                      const easel_field *fields, size_t count);

  /* Takes the form away. A number that is not open is ignored.
   * [main] */
  void (*dismiss)(const easel_host *host, uint64_t request);
} easel_form;

/* ---- the plugin ------------------------------------------------------------------------------------------------- */

struct easel_plugin {
  void *data; /* the plugin's own */

  /* Starts a job and returns at once, in microseconds. `pairs` are the action's parameters; unknown keys are refused.
   * A number above 0 is the job's, unique in this instance; negative: EASEL_INVALID for an unknown action or key.
   * [main] */
  int64_t (*invoke)(easel_plugin *plugin, const char *action, uint64_t target, const easel_pair *pairs, size_t count);

  /* The person's answer to ask(). `accepted` is 0 if the form was closed, or its window went away. The pairs are all
   * fields that can be filled in, by key.
   * [main] */
  void (*answer)(easel_plugin *plugin, uint64_t request, int32_t accepted, const easel_pair *pairs, size_t count);

  /* A field marked EASEL_WATCHED has a new value.
   * [main] */
  void (*changed)(easel_plugin *plugin, uint64_t request, const char *key, const char *value);

  /* Ends a job as soon as possible, within half a second; 0 ends all of them. What was paid for is kept. The job still
   * ends with its own `failed` event.
   * [main] */
  void (*cancel)(easel_plugin *plugin, int64_t job);

  /* Reads a picture back from a file that an easel_asset named; opened() answers, from a later pump(). Paths outside
   * the plugin's folder of originals are refused. A number above 0 is the request's, in a series of its own, else a bad
   * status.
   * [main] */
  int64_t (*open)(easel_plugin *plugin, const char *path);

  /* Hands over what is finished: pictures, questions, events, log lines; place(), opened(), ask() and event() are called
   * from in here alone. Never blocks. Returns how many jobs, questions and open() requests there are: 0 means that nothing
   * the host asked for is left. News may still come: wake() says so, and a host without it keeps pumping, slowly.
   * [main] */
  uint32_t (*pump)(easel_plugin *plugin);

  /* Ends everything and returns within half a second; no call into the host comes after it. Jobs that were under way
   * can be taken up again by a later instance. The library stays loaded.
   * [main] */
  void (*destroy)(easel_plugin *plugin);
};

/* The one exported symbol of a plugin library. Static; reading it starts nothing. */
typedef struct easel_entry {
  easel_version version;
  const easel_descriptor *descriptor;

  /* A new instance, or null. No network, no window, no question. `host` must outlive it.
   * [main] */
  easel_plugin *(*create)(const easel_host *host);
} easel_entry;

#define EASEL_ENTRY_NAME "easel_entry_v1"
extern EASEL_EXPORT const easel_entry easel_entry_v1;

#ifdef __cplusplus
}
#endif

#endif /* EASEL_EASEL_H */
