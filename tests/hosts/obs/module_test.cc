// SPDX-License-Identifier: GPL-2.0-or-later
// The module in libobs: pictures come, are exact, come back, go missing, and leave nothing behind.
#include <unistd.h>
#include <util/bmem.h>

#include <algorithm>
#include <fstream>

#include "module_fixture.h"
#include "own_process.h"

namespace obs_test {
namespace {

using Module = ModuleTest;

std::string settings_of(obs_source_t* source) {
  const OBSDataAutoRelease settings = obs_source_get_settings(source);
  return obs_data_get_json(settings);
}

// What the source tells the person about itself.
std::string inset_state(obs_source_t* source) {
  obs_properties_t* page = obs_source_properties(source);
  obs_property_t* line = obs_properties_get(page, "info_state");
  const std::string text = line ? obs_property_description(line) : "";
  obs_properties_destroy(page);
  for (const char* word : {"missing", "damaged", "outside Inset's folder"}) {
    if (text.find(word) != std::string::npos) return word;
  }
  return text;
}

TEST_F(Module, InsertsExactlyTheFile) {
  BareObs obs;
  ASSERT_TRUE(load_module(obs));
  ASSERT_NE(obs_source_get_display_name("inset_picture"), nullptr);
  // Baseline JPEG, progressive JPEG, PNG with alpha.
  for (const int index : {0, 1, 2}) {
    const char* size = index == 1 ? "4k" : "1k";
    const Json end = obs.insert(picture(index, size));
    ASSERT_EQ(end.value("event", ""), "done") << end;
    const OBSSourceAutoRelease source = only_source(obs);
    ASSERT_TRUE(source);
    ASSERT_TRUE(obs.wait_until_shown(source));
    const Json settings = Json::parse(settings_of(source));
    const Picture expected = decode_file(settings.value("path", ""));
    EXPECT_EQ(obs_source_get_width(source), expected.width);
    EXPECT_EQ(largest_difference(expected, BareObs::read_back(source)), 0) << "picture " << index;
    EXPECT_EQ(settings["facts"].value("size", ""), size);
    EXPECT_EQ(settings["facts"].value("index", ""), std::to_string(index));
    EXPECT_FALSE(settings["facts"].value("asset_id", "").empty());
    EXPECT_EQ(settings["facts"].value("source_type", ""), "trainedAlgorithmicMedia");
    EXPECT_EQ(settings["facts"].value("sha256", "").size(), 64u);
  }
  std::printf("longest UI task: %.2f ms of processor time, %.2f ms\n", obs.longest_task(), obs.longest_task_wall());
  EXPECT_LT(obs.longest_task(), 8.0);
  EXPECT_EQ(stand_in_.charged().size(), 3u);

  // Events for programs, and nothing secret anywhere.
  const auto placed = obs.events("placed");
  ASSERT_EQ(placed.size(), 3u);
  EXPECT_EQ(placed[1].value("width", 0), 4096);
  EXPECT_FALSE(obs.events("progress").empty());
  const OBSDataArrayAutoRelease saved = obs_save_sources();
  const OBSDataAutoRelease whole = obs_data_create();
  obs_data_set_array(whole, "sources", saved);
  std::string everything = obs_data_get_json(whole);
  for (const Json& event : obs.events()) everything += event.dump();
  for (const std::string& line : obs.log("")) everything += line;
  for (const char* name : {"api_key", "client_secret"}) {
    EXPECT_EQ(everything.find(stand_in_.facts().value(name, "?")), std::string::npos) << name;
  }
  EXPECT_EQ(everything.find("Signature"), std::string::npos);
}

TEST_F(Module, FitsThePictureIntoTheCanvas) {
  BareObs obs;
  ASSERT_TRUE(load_module(obs));
  Json request = picture(1, "1k");
  request["visible"] = false;
  ASSERT_EQ(obs.insert(request).value("event", ""), "done");
  const OBSSourceAutoRelease source = only_source(obs);
  obs_sceneitem_t* item = obs_scene_find_source(obs.scene(), obs_source_get_name(source));
  ASSERT_NE(item, nullptr);
  EXPECT_FALSE(obs_sceneitem_visible(item));
  EXPECT_EQ(obs_sceneitem_get_bounds_type(item), OBS_BOUNDS_SCALE_INNER);
  vec2 bounds{};
  obs_sceneitem_get_bounds(item, &bounds);
  EXPECT_EQ(bounds.x, 1280);
  EXPECT_EQ(bounds.y, 720);
}

TEST_F(Module, SaysWhatIsMissingInARequest) {
  BareObs obs;
  ASSERT_TRUE(load_module(obs));
  Json request = picture(0, "1k");
  request.erase("size");
  const Json answer = obs.request("insert", request);
  EXPECT_FALSE(answer.value("accepted", true));
  EXPECT_NE(answer.value("error", "").find("size"), std::string::npos);
  EXPECT_FALSE(obs.request("drop").value("accepted", true));
  // What is there, but wrong, ends the job.
  const Json end = obs.insert(picture(0, "9k"));
  EXPECT_EQ(end.value("event", ""), "failed");
  EXPECT_EQ(end.value("cause", ""), "size_unknown");
  EXPECT_EQ(end.value("paid", ""), "no");
  EXPECT_TRUE(stand_in_.charged().empty());
}

TEST_F(Module, TheListOfJobsIsWaitedForOnNoThreadOfObs) {
  BareObs obs;
  ASSERT_TRUE(load_module(obs));
  struct Call {
    BareObs& obs;
    Json answer;
  } call{obs, obs.request_here("jobs")};
  EXPECT_FALSE(call.answer.value("accepted", true));
  EXPECT_NE(call.answer.value("error", "").find("batch by frames"), std::string::npos) << call.answer;
  const auto ask = [](void* data) {
    auto& here = *static_cast<Call*>(data);
    here.answer = here.obs.request_here("jobs");
  };
  call.answer = {};
  obs_queue_task(OBS_TASK_GRAPHICS, ask, &call, true);
  EXPECT_FALSE(call.answer.value("accepted", true));
  EXPECT_NE(call.answer.value("error", "").find("batch by frames"), std::string::npos) << call.answer;
  EXPECT_TRUE(obs.request("jobs").value("accepted", false));
}

TEST_F(Module, ListsAndDropsJobs) {
  stand_in_.change({{"rules", Json::array({{{"route", "file"}, {"call", 2}, {"hold", "file"}, {"hold_at", 2000}}})}});
  BareObs obs;
  ASSERT_TRUE(load_module(obs));
  ASSERT_EQ(obs.insert(picture(0, "1k")).value("event", ""), "done");
  // A second one that does not come to its end.
  const Json answer = obs.request("insert", picture(1, "1k"));
  ASSERT_TRUE(obs.run_until([&] { return stand_in_.held("file"); }));
  for (const Json& odd : {Json("job-3"), Json(""), Json(0), Json(-1), Json(true), Json("1x"), Json::object()}) {
    EXPECT_FALSE(obs.request("cancel", {{"job", odd}}).value("accepted", true)) << odd;
  }
  obs.run_for(200ms);
  EXPECT_TRUE(obs.events("failed").empty()) << "nothing was cancelled";
  ASSERT_TRUE(obs.request("cancel", {{"job", answer["job"]}}).value("accepted", false));
  ASSERT_TRUE(obs.run_until([&] { return !obs.events("failed").empty(); }));
  stand_in_.let_go("file");

  const auto listed = [&] {
    const Json list = obs.request("jobs");
    EXPECT_TRUE(list.value("accepted", false)) << list;
    return list.value("jobs", Json::array());
  };
  const Json jobs = listed();
  ASSERT_EQ(jobs.size(), 2u) << jobs;
  const Json& resting = jobs[jobs[0].value("index", 9) == 1 ? 0 : 1];
  EXPECT_EQ(resting.value("index", 9), 1);
  EXPECT_EQ(resting.value("size", ""), "1k");
  EXPECT_EQ(resting.value("paid", ""), "yes");
  const Json drop = obs.request("drop", {{"job", resting["job_id"]}});
  ASSERT_TRUE(drop.value("accepted", false)) << drop;
  ASSERT_TRUE(obs.run_until([&] {
    const auto ends = obs.events("done");
    return std::any_of(ends.begin(), ends.end(), [&](const Json& end) { return end["job"] == drop["job"]; });
  })) << Json(obs.events());

  // Given up: there is nothing left to place, and nothing was charged for that.
  const std::size_t placed = obs.events("placed").size();
  const Json resume = obs.request("resume");
  ASSERT_TRUE(obs.run_until([&] {
    const auto ends = obs.events();
    return std::any_of(ends.begin(), ends.end(), [&](const Json& end) {
      return end["job"] == resume["job"] && (end["event"] == "done" || end["event"] == "failed");
    });
  }));
  EXPECT_EQ(obs.events("placed").size(), placed);
  EXPECT_EQ(stand_in_.charged().size(), 2u);
}

TEST_F(Module, ComesBackWithItsSceneCollection) {
  BareObs obs;
  ASSERT_TRUE(load_module(obs));
  ASSERT_EQ(obs.insert(picture(2, "1k")).value("event", ""), "done");
  const fs::path original = only_original();
  OBSDataAutoRelease saved;
  {
    const OBSSourceAutoRelease source = only_source(obs);
    ASSERT_TRUE(obs.wait_until_shown(source));
    saved = obs_save_source(source);
    obs_sceneitem_remove(obs_scene_find_source(obs.scene(), obs_source_get_name(source)));
  }
  ASSERT_TRUE(
      obs.run_until([&] { return !OBSSourceAutoRelease(obs_get_source_by_name(obs_data_get_string(saved, "name"))); }));
  const int calls = stand_in_.calls("file");

  const OBSSourceAutoRelease again = obs_load_source(saved);
  ASSERT_TRUE(again);
  ASSERT_TRUE(obs.wait_until_shown(again));
  EXPECT_EQ(largest_difference(decode_file(original), BareObs::read_back(again)), 0);
  EXPECT_EQ(stand_in_.calls("file"), calls);  // from the disk
  EXPECT_EQ(stand_in_.charged().size(), 1u);
}

TEST_F(Module, ShowsWhatIsMissingOrDamaged) {
  BareObs obs;
  ASSERT_TRUE(load_module(obs));
  ASSERT_EQ(obs.insert(picture(0, "1k")).value("event", ""), "done");
  const fs::path original = only_original();
  const fs::path elsewhere = data_ / ("found" + original.extension().string());
  OBSDataAutoRelease saved;
  {
    const OBSSourceAutoRelease source = only_source(obs);
    saved = obs_save_source(source);
    obs_sceneitem_remove(obs_scene_find_source(obs.scene(), obs_source_get_name(source)));
  }
  obs.run_for(200ms);
  const auto missing_in = [](obs_source_t* source) {
    obs_missing_files_t* files = obs_source_get_missing_files(source);
    const std::size_t count = obs_missing_files_count(files);
    obs_missing_files_destroy(files);
    return count;
  };

  // Gone, found again, and put back.
  fs::rename(original, elsewhere);
  {
    const OBSSourceAutoRelease source = obs_load_source(saved);
    EXPECT_TRUE(obs.run_until([&] { return inset_state(source) == "missing"; }));
    obs_missing_files_t* files = obs_source_get_missing_files(source);
    ASSERT_EQ(obs_missing_files_count(files), 1u);
    obs_missing_file_t* file = obs_missing_files_get_file(files, 0);
    EXPECT_EQ(obs_missing_file_get_path(file), original.string());
    obs_missing_file_issue_callback(file, elsewhere.c_str());
    ASSERT_TRUE(obs.wait_until_shown(source));
    EXPECT_EQ(missing_in(source), 0u);
    EXPECT_EQ(largest_difference(decode_file(elsewhere), BareObs::read_back(source)), 0);
    obs_missing_files_destroy(files);
  }
  obs.run_for(200ms);

  // Damaged: another byte in the middle, or cut off.
  for (const bool cut : {false, true}) {
    fs::copy_file(elsewhere, original, fs::copy_options::overwrite_existing);
    if (cut) {
      fs::resize_file(original, fs::file_size(original) / 2);
    } else {
      std::fstream(original, std::ios::in | std::ios::out | std::ios::binary).write("not a picture", 13);
    }
    const OBSSourceAutoRelease source = obs_load_source(saved);
    ASSERT_TRUE(obs.run_until([&] { return inset_state(source) == "damaged"; }, 10s)) << cut;
    EXPECT_EQ(missing_in(source), 1u);
    obs_properties_t* page = obs_source_properties(source);
    EXPECT_NE(obs_properties_get(page, "info_state"), nullptr);
    obs_properties_destroy(page);
    // Drawn all the same, as nothing.
    obs.run_for(100ms);
  }

  fs::copy_file(elsewhere, original, fs::copy_options::overwrite_existing);

  // A path that is not the plugin's is not read at all, nor is anything written there.
  const fs::path theirs = data_ / "theirs";
  std::ofstream(theirs) << "mine";
  const OBSDataAutoRelease settings = obs_data_get_obj(saved, "settings");
  obs_data_set_string(settings, "path", theirs.c_str());
  const OBSSourceAutoRelease foreign = obs_load_source(saved);
  EXPECT_TRUE(obs.run_until([&] { return inset_state(foreign) == "outside Inset's folder"; }, 10s));
  EXPECT_EQ(missing_in(foreign), 0u);
  // Listed before it was known whose it is.
  fs::remove(theirs);
  const OBSSourceAutoRelease early = obs_load_source(saved);
  obs_missing_files_t* files = obs_source_get_missing_files(early);
  ASSERT_EQ(obs_missing_files_count(files), 1u);
  std::ofstream(theirs) << "mine";
  obs_missing_file_issue_callback(obs_missing_files_get_file(files, 0), elsewhere.c_str());
  obs_missing_files_destroy(files);
  obs.run_for(300ms);
  EXPECT_EQ(fs::file_size(theirs), 4u);
  EXPECT_FALSE(fs::exists(theirs.string() + ".damaged"));
}

TEST_F(Module, KeepsItsSettingsWhenOBSTakesThemAway) {
  BareObs obs;
  ASSERT_TRUE(load_module(obs));
  ASSERT_EQ(obs.insert(picture(0, "1k")).value("event", ""), "done");
  const OBSSourceAutoRelease source = only_source(obs);
  ASSERT_TRUE(obs.wait_until_shown(source));
  const Json before = Json::parse(settings_of(source));
  // As "Defaults" in the window of the properties does.
  const OBSDataAutoRelease settings = obs_source_get_settings(source);
  obs_data_clear(settings);
  obs_source_update(source, nullptr);
  EXPECT_TRUE(obs.run_until([&] { return Json::parse(settings_of(source)) == before; }, 10s)) << settings_of(source);
  const OBSDataAutoRelease saved = obs_save_source(source);
  obs_data_set_string(saved, "name", "again");
  const OBSSourceAutoRelease again = obs_load_source(saved);
  EXPECT_TRUE(obs.wait_until_shown(again));
}

TEST_F(Module, KeepsThePictureWhenTheSceneIsDeleted) {
  stand_in_.change({{"rules", Json::array({{{"route", "file"}, {"hold", "file"}, {"hold_at", 2000}}})}});
  BareObs obs;
  ASSERT_TRUE(load_module(obs));
  const Json answer = obs.request("insert", picture(0, "1k"));
  ASSERT_TRUE(answer.value("accepted", false));
  ASSERT_TRUE(obs.run_until([&] { return stand_in_.held("file"); }));
  obs.drop_scene();
  stand_in_.let_go("file");
  ASSERT_TRUE(obs.run_until([&] { return !obs.events("failed").empty(); }));
  const Json failed = obs.events("failed")[0];
  EXPECT_EQ(failed.value("cause", ""), "canvas_gone");
  EXPECT_EQ(failed.value("paid", ""), "yes");
  EXPECT_FALSE(failed.value("message", "").empty());
  // What was paid for is kept, whole.
  const Picture kept = decode_file(only_original());
  EXPECT_EQ(std::pair(kept.width, kept.height), std::pair(1024u, 576u));
}

TEST_F(Module, CanBeCancelled) {
  stand_in_.change({{"rules", Json::array({{{"route", "put"}, {"hold", "put"}}})}});
  BareObs obs;
  ASSERT_TRUE(load_module(obs));
  const Json answer = obs.request("insert", picture(0, "1k"));
  ASSERT_TRUE(obs.run_until([&] { return stand_in_.held("put"); }));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(obs.request("cancel", {{"job", answer["job"]}}).value("accepted", false));
  ASSERT_TRUE(obs.run_until([&] { return !obs.events("failed").empty(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 1s);
  EXPECT_EQ(obs.events("failed")[0].value("cause", ""), "cancelled");
  EXPECT_EQ(obs.events("failed")[0].value("paid", ""), "maybe");
}

TEST_F(Module, NamesTwoSourcesOfOnePictureApart) {
  BareObs obs;
  ASSERT_TRUE(load_module(obs));
  ASSERT_EQ(obs.insert(picture(0, "1k")).value("event", ""), "done");
  const std::string first = obs_source_get_name(only_source(obs));
  ASSERT_EQ(obs.insert(picture(0, "1k")).value("event", ""), "done");
  EXPECT_EQ(std::string(obs_source_get_name(only_source(obs))), first + " 2");
  EXPECT_EQ(stand_in_.charged().size(), 1u);
}

TEST_F(Module, LeavesMemoryAsItWas) {
  BareObs obs;
  ASSERT_TRUE(load_module(obs));
  long after_ten = 0;
  for (int round = 1; round <= 30; ++round) {
    ASSERT_EQ(obs.insert(picture(1, "1k")).value("event", ""), "done") << round;
    OBSWeakSourceAutoRelease weak;
    {
      const OBSSourceAutoRelease source = only_source(obs);
      weak = obs_source_get_weak_source(source);
      ASSERT_TRUE(obs.wait_until_shown(source));
      obs_sceneitem_remove(obs_scene_find_source(obs.scene(), obs_source_get_name(source)));
    }
    ASSERT_TRUE(obs.run_until([&] { return obs_weak_source_expired(weak); }));
    if (round == 10) after_ten = resident_kib();
  }
  const long after_thirty = resident_kib();
  std::printf("memory after 10 rounds %ld KiB, after 30 %ld KiB\n", after_ten, after_thirty);
  EXPECT_LE(after_thirty, after_ten + 8 * 1024);
}

TEST(ModuleAlone, SaysInOneLineThatThePluginIsNotThere) {
  const fs::path folder = fs::temp_directory_path() / ("inset_alone." + std::to_string(getpid()));
  fs::create_directories(folder);
  fs::copy_file(INSET_OBS_MODULE, folder / "inset-obs.so");
  {
    BareObs obs;
    ASSERT_TRUE(obs.load((folder / "inset-obs.so").string(), INSET_OBS_DATA));
    EXPECT_EQ(obs.log("[inset]").size(), 1u);
    EXPECT_EQ(obs.log("[inset] not available").size(), 1u);
    EXPECT_NE(obs_source_get_display_name("inset_picture"), nullptr);
    obs.run_for(100ms);
  }
  EXPECT_EQ(bnum_allocs(), 0);
  fs::remove_all(folder);
}

// What was paid for is kept, though nothing here can read it; the host goes on.
TEST_F(Module, WithoutItsDecoderKeepsWhatWasPaid) {
  const fs::path folder = data_ / "installed";
  fs::create_directories(folder / "inset");
  fs::copy_file(INSET_OBS_MODULE, folder / "inset-obs.so");
  fs::copy_file(INSET_PLUGIN, folder / "inset" / "inset.so");
  {
    BareObs obs;
    ASSERT_TRUE(obs.load((folder / "inset-obs.so").string(), INSET_OBS_DATA));
    const Json end = obs.insert(picture(0, "1k"));
    EXPECT_EQ(end.value("event", ""), "failed") << end;
    EXPECT_EQ(end.value("cause", ""), "decoder_failed") << end;
    EXPECT_EQ(end.value("paid", ""), "yes") << end;
    EXPECT_FALSE(only_source(obs));
    // There is no window to say it in.
    obs.request("resume");
    ASSERT_TRUE(obs.run_until([&] { return !obs.events("rests").empty(); }));
    EXPECT_EQ(obs.log("[inset] rests: decoder_failed").size(), 1u);
  }
  // With the decoder back, it comes without another charge.
  fs::copy_file(fs::path(INSET_PLUGIN).parent_path() / "inset-decode", folder / "inset" / "inset-decode");
  BareObs obs;
  ASSERT_TRUE(obs.load((folder / "inset-obs.so").string(), INSET_OBS_DATA));
  EXPECT_EQ(obs.insert(picture(0, "1k")).value("event", ""), "done");
  EXPECT_EQ(stand_in_.charged().size(), 1u);
}

TEST_F(Module, DoesWithoutObsWebsocket) {
  {
    BareObs obs(false);
    ASSERT_TRUE(load_module(obs));
    EXPECT_EQ(obs.log("no obs-websocket").size(), 1u);
    obs.run_for(100ms);
  }
  EXPECT_EQ(bnum_allocs(), 0);
}

}  // namespace
}  // namespace obs_test
