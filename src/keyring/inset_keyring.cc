// SPDX-License-Identifier: GPL-2.0-or-later
// Talks to the Secret Service for the plugin, so that no thread of GLib enters a host and a question of the keyring
// holds nobody up. See protocol.h.
//
// A keyring that is locked looks empty to most calls of libsecret, and one that was not unlocked since login hides its
// items from a search by the schema's name. So items are found by an attribute of our own, nothing is believed to be
// absent before the keyring is known to be open, and after a removal it is searched again.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <string>
#include <utility>

#define SECRET_API_SUBJECT_TO_CHANGE
#include <libsecret/secret.h>

#include "keyring/protocol.h"

namespace inset {
namespace {

const SecretSchema kSchema = {"org.easel.Inset",
                              SECRET_SCHEMA_DONT_MATCH_NAME,
                              {{"app", SECRET_SCHEMA_ATTRIBUTE_STRING},
                               {"issuer", SECRET_SCHEMA_ATTRIBUTE_STRING},
                               {nullptr, SECRET_SCHEMA_ATTRIBUTE_STRING}},
                              0,
                              nullptr,
                              nullptr,
                              nullptr,
                              nullptr,
                              nullptr,
                              nullptr,
                              nullptr};
constexpr const char* kApp = "inset";

struct Unref {
  void operator()(void* object) const { g_object_unref(object); }
};
template <class T>
using Ref = std::unique_ptr<T, Unref>;

struct Found {
  KeyringState state = KeyringState::absent;
  std::string secret;
};

class Keyring {
 public:
  Keyring(const char* issuer, bool may_ask) : issuer_(issuer), may_ask_(may_ask) {}

  Found read() {
    Found found = search();
    if (found.state != KeyringState::locked || !may_ask_) return found;
    const KeyringState opened = unlock();
    if (opened != KeyringState::done) return {opened, {}};
    found = search();
    if (found.state == KeyringState::locked) found.state = KeyringState::refused;
    return found;
  }

  KeyringState store(const std::string& secret) {
    const auto [collection, state] = default_collection();
    if (state == KeyringState::no_service) return state;
    if (collection && secret_collection_get_locked(collection.get())) {
      if (!may_ask_) return KeyringState::locked;
      if (const KeyringState opened = unlock(); opened != KeyringState::done) return opened;
    }
    // Without any collection the service asks for the password of a new one.
    if (!collection && !may_ask_) return KeyringState::locked;
    GError* error = nullptr;
    const bool stored =
        secret_password_store_sync(&kSchema, SECRET_COLLECTION_DEFAULT, "Inset: Getty Images", secret.c_str(), nullptr,
                                   &error, "app", kApp, "issuer", issuer_, nullptr);
    g_clear_error(&error);
    if (stored) return KeyringState::done;
    return may_ask_ ? KeyringState::refused : KeyringState::locked;
  }

  KeyringState clear() {
    if (const KeyringState state = read().state; state != KeyringState::found) {
      return state == KeyringState::absent ? KeyringState::done : state;
    }
    GError* error = nullptr;
    secret_password_clear_sync(&kSchema, nullptr, &error, "app", kApp, "issuer", issuer_, nullptr);
    g_clear_error(&error);
    const KeyringState after = search().state;
    return after == KeyringState::absent  ? KeyringState::done
           : after == KeyringState::found ? KeyringState::failed
                                          : after;
  }

 private:
  // Asks for properties alone: no window.
  std::pair<Ref<SecretCollection>, KeyringState> default_collection() {
    GError* error = nullptr;
    const Ref<SecretService> service(secret_service_get_sync(SECRET_SERVICE_NONE, nullptr, &error));
    Ref<SecretCollection> collection;
    if (service) {
      collection.reset(secret_collection_for_alias_sync(service.get(), SECRET_COLLECTION_DEFAULT,
                                                        SECRET_COLLECTION_NONE, nullptr, &error));
    }
    const bool failed = error != nullptr || !service;
    g_clear_error(&error);
    return {std::move(collection), failed ? KeyringState::no_service : KeyringState::done};
  }

  // Without SECRET_SEARCH_UNLOCK: no window.
  Found search() {
    GError* error = nullptr;
    GList* items = secret_password_search_sync(
        &kSchema, static_cast<SecretSearchFlags>(SECRET_SEARCH_ALL | SECRET_SEARCH_LOAD_SECRETS), nullptr, &error,
        "app", kApp, "issuer", issuer_, nullptr);
    if (error) {
      g_clear_error(&error);
      return {KeyringState::no_service, {}};
    }
    Found found;
    guint64 newest = 0;  // there may be others, in collections that were the default once
    for (GList* at = items; at; at = at->next) {
      gboolean locked = FALSE;
      if (g_object_class_find_property(G_OBJECT_GET_CLASS(at->data), "locked")) {
        g_object_get(at->data, "locked", &locked, nullptr);
      }
      if (locked) {
        if (found.state == KeyringState::absent) found.state = KeyringState::locked;
        continue;
      }
      const guint64 modified = secret_retrievable_get_modified(SECRET_RETRIEVABLE(at->data));
      if (found.state == KeyringState::found && modified <= newest) continue;
      SecretValue* value = secret_retrievable_retrieve_secret_sync(SECRET_RETRIEVABLE(at->data), nullptr, nullptr);
      if (!value) continue;
      gsize length = 0;
      const char* text = secret_value_get(value, &length);
      found = {KeyringState::found, std::string(text, length)};
      secret_value_unref(value);
      newest = modified;
    }
    g_list_free_full(items, g_object_unref);
    if (found.state != KeyringState::absent) return found;
    // Some services hide the items of a locked collection.
    const auto [collection, state] = default_collection();
    if (collection && secret_collection_get_locked(collection.get())) found.state = KeyringState::locked;
    return found;
  }

  KeyringState unlock() {
    const auto [collection, state] = default_collection();
    if (!collection) return state == KeyringState::done ? KeyringState::refused : state;
    GError* error = nullptr;
    const Ref<SecretService> service(secret_service_get_sync(SECRET_SERVICE_NONE, nullptr, &error));
    g_clear_error(&error);
    if (!service) return KeyringState::no_service;
    GList one{collection.get(), nullptr, nullptr};
    // Never with a cancellable: see protocol.h.
    const gint opened = secret_service_unlock_sync(service.get(), &one, nullptr, nullptr, &error);
    g_clear_error(&error);
    return opened > 0 ? KeyringState::done : KeyringState::refused;
  }

  const char* issuer_;
  bool may_ask_;
};

bool write_whole(const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t count = ::write(STDOUT_FILENO, data, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    data += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

int answer(KeyringState state, std::string secret = {}) {
  std::string text(kKeyringWords[static_cast<std::size_t>(state)]);
  text += '\n';
  text += secret;
  const bool said = write_whole(text.data(), text.size());
  explicit_bzero(text.data(), text.size());
  explicit_bzero(secret.data(), secret.size());
  return said ? 0 : 1;
}

// The secret to be stored; empty if there is none, or too much.
std::string read_secret() {
  std::string secret(kMostSecret + 1, '\0');
  std::size_t size = 0;
  while (size < secret.size()) {
    const ssize_t count = ::read(STDIN_FILENO, secret.data() + size, secret.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    size += static_cast<std::size_t>(count);
  }
  secret.resize(size > kMostSecret ? 0 : size);
  return secret;
}

// True in the process that is to end now, so that whoever started it need not wait for the other one. Where there can
// be no other, this one goes on.
bool leave_parent() {
  if (::fork() > 0) return true;
  ::setsid();  // what ends the programs of a terminal does not end it
  ::alarm(kStoreSeconds);
  return false;
}

int run(int count, char** words) {
  if (count != 5 || std::string_view(words[1]) != INSET_RELEASE) return kKeyringWrongCall;
  ::prctl(PR_SET_DUMPABLE, 0);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  const std::string_view verb = words[2];
  const bool may_ask = std::string_view(words[3]) == "ask";
  if (verb == "store" && !may_ask) {
    if (leave_parent()) return 0;
  } else {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  }
  Keyring keyring(words[4], may_ask);
  if (verb == "read") {
    Found found = keyring.read();
    return answer(found.state, std::move(found.secret));
  }
  if (verb == "store") {
    std::string secret = read_secret();
    const KeyringState state = secret.empty() ? KeyringState::failed : keyring.store(secret);
    explicit_bzero(secret.data(), secret.size());
    return answer(state);
  }
  if (verb == "clear") return answer(keyring.clear());
  return kKeyringWrongCall;
}

}  // namespace
}  // namespace inset

int main(int count, char** words) { return inset::run(count, words); }
