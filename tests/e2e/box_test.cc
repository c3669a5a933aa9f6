// SPDX-License-Identifier: GPL-2.0-or-later
// The program that opens pictures breaks down, hangs, is missing or is another's. Rows 55 and 64 of tests/faults.md.
// The picture has been paid for: its bytes are kept, and with a good program it comes without another request.
#include <csignal>
#include <thread>

#include "fixture.h"

namespace e2e {
namespace {

class BoxFault : public E2e {
 protected:
  void SetUp() override {
    E2e::SetUp();
    fs::create_directory(folder() / "plugin");
    fs::copy_file(INSET_PLUGIN, folder() / "plugin/inset.so");
  }
  fs::path box() const { return folder() / "plugin/inset-decode"; }

  // The plugin beside a box that is this script, or none.
  Ended insert_with_box(const std::string& script) {
    fresh();
    fs::remove(box());
    if (!script.empty()) {
      write_file(box(), script);
      fs::permissions(box(), fs::perms::owner_all);
    }
    return run(with_plugin(insert_words()));
  }
  Spawn with_plugin(Spawn spawn) const {
    spawn.words.insert(spawn.words.begin() + 1, {"--plugin", folder() / "plugin/inset.so"});
    return spawn;
  }
  void expect_kept_and_placed_by_a_good_box(const Ended& ended) {
    expect_failed(ended, 6, "decoder_failed", "yes");
    const std::string original = read_file(picture_file("dandelions-1k-baseline.jpg"));
    bool kept = false;
    for (const auto& entry : fs::recursive_directory_iterator(data())) {
      kept |= entry.is_regular_file() && read_file(entry.path()) == original;
    }
    EXPECT_TRUE(kept) << "the bytes were paid for";
    const auto charged = charges();
    fs::remove(box());
    fs::copy_file(fs::path(INSET_PLUGIN).parent_path() / "inset-decode", box());
    expect_placed(run(with_plugin(easel("resume"))), charged);
    EXPECT_EQ(static_cast<std::size_t>(puts()), charged);
  }
};

TEST_F(BoxFault, CrashLeavesTheHostAlive) {
  serve_at_once();
  for (const char* script : {"#!/bin/sh\nkill -SEGV $$\n", "#!/bin/sh\nkill -SYS $$\n", "#!/bin/sh\nkill -KILL $$\n",
                             "#!/bin/sh\ncat >/dev/null <&3\nkill -ABRT $$\n", "#!/bin/sh\nexit 0\n",
                             "#!/bin/sh\nexit 1\n", "#!/bin/sh\ncat >/dev/null <&3\n"}) {
    SCOPED_TRACE(script);
    expect_kept_and_placed_by_a_good_box(insert_with_box(script));
  }
}

TEST_F(BoxFault, EndlessLoopIsEnded) {
  serve_at_once();
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr auto longest = 300s;  // 15 s of the processor's time
#else
  constexpr auto longest = 30s;  // 1.5 s of the processor's time
#endif
  const auto start = std::chrono::steady_clock::now();
  const Ended ended = insert_with_box("#!/bin/sh\nwhile :; do :; done\n");
  EXPECT_LT(std::chrono::steady_clock::now() - start, longest);
  expect_kept_and_placed_by_a_good_box(ended);
}

TEST_F(BoxFault, ResultThatIsALieIsNotBelieved) {
  serve_at_once();
  // A header that promises a picture of 2^31 pixels, or one without pixels behind it.
  for (const char* words :
       {"INSB\\002\\000\\000\\000\\377\\377\\000\\000\\377\\377\\000\\000\\377\\377\\000\\000\\377\\377\\000\\000",
        "INSB\\002\\000\\000\\000\\000\\004\\000\\000\\100\\002\\000\\000\\000\\004\\000\\000\\100\\002\\000\\000"}) {
    expect_kept_and_placed_by_a_good_box(insert_with_box(std::string("#!/bin/sh\ncat >/dev/null <&3\n{ printf '") +
                                                         words + "'; head -c 5000 /dev/zero; } >&4\n"));
  }
}

TEST_F(BoxFault, IsThereBeforeTheFileIs) {
  serve({{"ready_polls", 1000}});
  const fs::path mark = folder() / "begun";
  write_file(box(), "#!/bin/sh\n: >'" + mark.string() + "'\nexec cat <&3 >/dev/null\n");
  fs::permissions(box(), fs::perms::owner_all);
  Program program(with_plugin(insert_words()));
  ASSERT_TRUE(program.says("preparing"));
  for (int i = 0; i < 400 && !fs::exists(mark); ++i) std::this_thread::sleep_for(50ms);
  EXPECT_TRUE(fs::exists(mark));
  EXPECT_EQ(calls("file"), 0);
  program.send(SIGINT);
  EXPECT_EQ(finish(program).status, 6);
}

TEST_F(BoxFault, MissingOrUnusableIsSaid) {
  serve_at_once();
  // A good one that is found by a search must not do.
  fs::create_directory(folder() / "bin");
  fs::copy_file(fs::path(INSET_PLUGIN).parent_path() / "inset-decode", folder() / "bin/inset-decode");
  environment()["PATH"] = (folder() / "bin").string() + ":/usr/bin:/bin";
  const Ended missing = insert_with_box("");
  EXPECT_NE(missing.message().find("inset-decode"), std::string::npos);
  expect_kept_and_placed_by_a_good_box(missing);
  expect_kept_and_placed_by_a_good_box(insert_with_box("no program at all"));
  const Ended other = insert_with_box("#!/bin/sh\nexit 64\n");
  EXPECT_NE(other.message().find("another version"), std::string::npos);
  expect_kept_and_placed_by_a_good_box(other);
}

}  // namespace
}  // namespace e2e
