// SPDX-License-Identifier: GPL-2.0-or-later
// The job as it is first written down: a new handle for every call, the file into a string, then stb_image as it is.
// For comparison; nothing is checked and nothing is remembered.
//
//   bench_naive GENERATION INDEX SIZE        environment as for `easel`
#include <curl/curl.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#include <stb/stb_image.h>

namespace {

std::string call(const std::string& url, const std::vector<std::string>& headers = {}, const char* method = nullptr,
                 const std::string& body = {}) {
  CURL* handle = curl_easy_init();
  std::string answer;
  curl_slist* list = nullptr;
  for (const auto& header : headers) list = curl_slist_append(list, header.c_str());
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_CAINFO, std::getenv("INSET_CA_FILE"));
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list);
  if (method != nullptr) {
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.c_str());
  }
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(
      handle, CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t one, std::size_t count, void* to) {
        static_cast<std::string*>(to)->append(data, one * count);
        return one * count;
      });
  const CURLcode result = curl_easy_perform(handle);
  if (result != CURLE_OK) {
    std::fprintf(stderr, "%s\n", curl_easy_strerror(result));
    std::exit(1);
  }
  curl_easy_cleanup(handle);
  curl_slist_free_all(list);
  return answer;
}

// The text that follows "name": in some JSON.
std::string text_of(const std::string& json, const std::string& name) {
  std::size_t begin = json.find('"' + name + '"');
  if (begin == std::string::npos) {
    std::fprintf(stderr, "no %s in %s\n", name.c_str(), json.c_str());
    std::exit(1);
  }
  begin = json.find('"', json.find(':', begin)) + 1;
  return json.substr(begin, json.find('"', begin) - begin);
}

std::string variable(const char* name) { return std::getenv(name); }

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string api = variable("INSET_API_URL");
  const std::string secret = variable("INSET_CLIENT_SECRET");
  char* escaped = curl_easy_escape(nullptr, secret.c_str(), static_cast<int>(secret.size()));
  const std::string token = text_of(
      call(variable("INSET_AUTH_URL") + "/oauth2/token", {}, "POST",
           "grant_type=client_credentials&client_id=" + variable("INSET_API_KEY") + "&client_secret=" + escaped),
      "access_token");
  std::vector<std::string> headers = {"Api-Key: " + variable("INSET_API_KEY"), "Authorization: Bearer " + token};
  const std::string picture = api + "/v3/ai/image-generations/" + argv[1] + "/images/" + argv[2];
  call(api + "/v3/products", headers);
  call(picture + "/download-sizes", headers);
  headers.push_back("Content-Type: application/json");
  std::string answer = call(picture + "/download", headers, "PUT", std::string("{\"size_name\":\"") + argv[3] + "\"}");
  headers.pop_back();
  // The polls of src/retry.h.
  for (auto wait = std::chrono::milliseconds(2500); answer.find("\"url\"") == std::string::npos;
       wait = std::chrono::milliseconds(800)) {
    std::this_thread::sleep_for(wait);
    answer = call(picture + "/download", headers);
  }
  const std::string url = text_of(answer, "url");
  const std::string file = call(url);
  int width = 0;
  int height = 0;
  int channels = 0;
  const stbi_uc* pixels = stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(file.data()),
                                                static_cast<int>(file.size()), &width, &height, &channels, 4);
  if (pixels == nullptr) return 1;
  std::printf("%d %d %u\n", width, height, pixels[0]);
  return 0;
}
