// SPDX-License-Identifier: GPL-2.0-or-later
// The shipped library as the linker sees it, and as a guest in a program that goes on without it.
#include <csignal>
#include <set>
#include <sstream>

#include "fixture.h"

namespace e2e {
namespace {

std::string output_of(const Words& words) {
  Spawn spawn;
  spawn.words = words;
  spawn.environment = std::map<std::string, std::string>{{"PATH", "/usr/bin:/bin"}, {"LC_ALL", "C"}};
  const Finished finished = contract::run(spawn);
  EXPECT_EQ(finished.status, 0) << words[0] << ": " << finished.err;
  return finished.out;
}

TEST(Library, ExportsOneSymbol) {
  std::istringstream lines(output_of({"/usr/bin/nm", "-D", "--defined-only", INSET_PLUGIN}));
  std::vector<std::string> names;
  for (std::string address, kind, name; lines >> address >> kind >> name;)
    names.push_back(name.substr(0, name.find('@')));
  EXPECT_EQ(names, std::vector<std::string>{"easel_entry_v1"});
}

TEST(Library, NeedsTheOneLibcurlAndNoToolkit) {
  const std::string dynamic = output_of({"/usr/bin/readelf", "-d", "-W", INSET_PLUGIN});
  std::set<std::string> needed;
  std::istringstream lines(dynamic);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("(NEEDED)") == std::string::npos) continue;
    const auto open = line.find('[');
    needed.insert(line.substr(open + 1, line.find(']') - open - 1));
  }
  EXPECT_TRUE(needed.contains("libcurl-gnutls.so.4")) << dynamic;
  EXPECT_FALSE(needed.contains("libcurl.so.4"));
  for (const std::string& name : needed) {
    for (const char* toolkit : {"Qt", "gtk", "gdk", "glib", "X11", "wayland", "gimp", "obs", "krita", "ssl", "crypto",
                                "jpeg", "png", "lcms"}) {
      EXPECT_EQ(name.find(toolkit), std::string::npos) << name;
    }
  }
  EXPECT_NE(dynamic.find("NODELETE"), std::string::npos) << "a resolver thread of libcurl can outlive its handle";
  EXPECT_EQ(dynamic.find("RPATH"), std::string::npos);
  EXPECT_EQ(dynamic.find("TEXTREL"), std::string::npos);
}

TEST(Library, HoldsNoCurlAndNoDecoderOfItsOwn) {
  const std::string symbols = output_of({"/usr/bin/nm", "-D", INSET_PLUGIN});
  EXPECT_NE(symbols.find(" U curl_easy_init@CURL_GNUTLS_3"), std::string::npos)
      << "from the shared library, by its version";
  const std::string all = output_of({"/usr/bin/nm", INSET_PLUGIN});
  EXPECT_EQ(all.find(" T curl_"), std::string::npos);
  EXPECT_EQ(all.find(" t curl_easy_"), std::string::npos);
  EXPECT_EQ(all.find("stbi_"), std::string::npos) << "pictures are opened in the box";
}

// To copy the page tables of a host with gigabytes would hold it up.
TEST(Library, StartsProgramsWithoutACopyOfTheHost) {
  std::istringstream lines(output_of({"/usr/bin/nm", "-D", "--undefined-only", INSET_PLUGIN}));
  std::set<std::string> calls;  // without their versions
  for (std::string kind, name; lines >> kind >> name;) calls.insert(name.substr(0, name.find('@')));
  EXPECT_TRUE(calls.contains("posix_spawn"));
  for (const char* call : {"fork", "vfork", "clone", "system", "popen"}) EXPECT_FALSE(calls.contains(call)) << call;
}

// Nothing can be opened any more when the first byte comes.
TEST(Library, HasABoxThatIsBoundBeforeItBegins) {
  const std::string box = fs::path(INSET_PLUGIN).parent_path() / "inset-decode";
  const std::string dynamic = output_of({"/usr/bin/readelf", "-d", "-W", box});
  EXPECT_NE(dynamic.find("BIND_NOW"), std::string::npos) << dynamic;
  EXPECT_EQ(dynamic.find("RPATH"), std::string::npos);
  EXPECT_EQ(dynamic.find("RUNPATH"), std::string::npos);
}

TEST(Library, HoldsNoSecretOfAnybody) {
  const std::string bytes = read_file(INSET_PLUGIN);
  for (const char* word : {"client_secret=\"", "-----BEGIN", "Bearer ey"})
    EXPECT_EQ(bytes.find(word), std::string::npos) << word;
}

class Process : public E2e {};

TEST_F(Process, EndsAtOnceWhenToldTo) {
  serve({{"ready_polls", 1000}});
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    SCOPED_TRACE(signal);
    Program program(insert_words());
    ASSERT_TRUE(program.says("preparing"));
    const auto start = std::chrono::steady_clock::now();
    program.send(signal);
    const Ended ended = finish(program, 10s);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);
    EXPECT_EQ(ended.status, 6) << ended;
    EXPECT_EQ(ended.signal, 0);
  }
  EXPECT_EQ(puts(), 1);
}

TEST_F(Process, LeavesNothingBehindInTheFolders) {
  serve_at_once();
  expect_placed(insert());
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(data())) {
    if (!entry.is_regular_file()) continue;
    std::string name = entry.path().filename();
    if (name.size() > 16) name = "*" + name.substr(name.find('.'));
    names.insert(name);
  }
  names.erase("self-test.lock");
  EXPECT_EQ(names, (std::set<std::string>{"*.jpg", "*.jsonl", "*.lock"})) << "no .part, no .link";
  EXPECT_TRUE(fs::is_empty(folder() / "home"));
}

TEST_F(Process, ClosedOutputDoesNotStopAPaidDownload) {
  serve();
  Program program([&] {
    Spawn spawn = insert_words();
    std::string line = "exec \"$0\" \"$@\" >&-";
    spawn.words.insert(spawn.words.begin(), {"/bin/sh", "-c", line});
    return spawn;
  }());
  const Ended ended = finish(program);
  EXPECT_EQ(ended.signal, 0);
  EXPECT_TRUE(fs::exists(out() / "canvas.png"));
  EXPECT_EQ(charges(), 1u);
}

}  // namespace
}  // namespace e2e
