// SPDX-License-Identifier: GPL-2.0-or-later
#include "look_up.h"

#include <algorithm>
#include <utility>

namespace inset {
namespace {

Error parameter_error(Cause cause, std::string what) {
  return make_error(Stage::listing_sizes, cause, std::move(what));
}

template <class List, class Text>
std::string listed(const List& list, Text text) {
  std::string all;
  for (const auto& item : list) {
    if (!all.empty()) all += ", ";
    all += text(item);
  }
  return all;
}

}  // namespace

LookUp::LookUp(Service& service, ProductCache& cache, std::string generation, std::optional<int> index,
               std::function<void(Result<Findings>)> done)
    : service_(service), cache_(cache), generation_(std::move(generation)), index_(index), done_(std::move(done)) {
  call_ = service_.get_safely(Stage::listing_sizes, generation_url(service_.api(), generation_),
                              [this](Result<HttpReply> reply) { take_generation(std::move(reply)); });
}

void LookUp::take_generation(Result<HttpReply> reply) {
  if (!reply) return finish(reply.error());
  auto generation = read_generation(*reply);
  if (!generation) {
    Error error = generation.error();
    if (error.cause == Cause::not_found) {
      error = make_error(error.stage, Cause::picture_unknown, "The service does not know this generation.",
                         error.detail, error.http_status);
    }
    return finish(std::move(error));
  }
  if (generation->pending) {
    return finish(make_error(Stage::listing_sizes, Cause::picture_unfinished,
                             "The service is still making this generation.", {}, reply->head.status));
  }
  findings_.pictures = std::move(generation->pictures);
  if (!index_) return ask_products();
  if (auto fault = picture_fault(findings_.pictures, *index_)) return finish(std::move(*fault));
  call_ = service_.get_safely(Stage::listing_sizes, sizes_url(service_.api(), generation_, *index_),
                              [this](Result<HttpReply> sizes) { take_sizes(std::move(sizes)); });
}

void LookUp::take_sizes(Result<HttpReply> reply) {
  if (!reply) return finish(reply.error());
  auto offers = read_sizes(*reply);
  if (!offers) return finish(offers.error());
  findings_.offers = std::move(*offers);
  ask_products();
}

void LookUp::ask_products() {
  if (cache_) {
    findings_.products = *cache_;
    return finish(std::move(findings_));
  }
  call_ = service_.call(Method::get, products_url(service_.api()), {},
                        [this](Result<HttpReply> reply) { take_products(std::move(reply)); });
}

// An account that may not list its products can still license pictures, so a failure here stops nothing: the service
// itself refuses what its agreement does not allow.
void LookUp::take_products(Result<HttpReply> reply) {
  if (reply) {
    if (auto products = read_products(*reply)) {
      cache_ = std::move(*products);
      findings_.products = *cache_;
    }
  }
  finish(std::move(findings_));
}

void LookUp::finish(Result<Findings> result) {
  call_ = 0;
  const auto done = std::exchange(done_, {});
  done(std::move(result));  // may destroy this object
}

std::optional<Error> picture_fault(const std::vector<GeneratedPicture>& pictures, int index) {
  const auto picture =
      std::find_if(pictures.begin(), pictures.end(), [&](const GeneratedPicture& p) { return p.index == index; });
  if (picture == pictures.end()) {
    return parameter_error(Cause::picture_unknown,
                           "This generation has no picture " + std::to_string(index) + "; it has " +
                               listed(pictures, [](const auto& p) { return std::to_string(p.index); }) + ".");
  }
  if (picture->blocked) {
    return parameter_error(Cause::picture_blocked,
                           "The service withholds picture " + std::to_string(index) + " by its content rules.");
  }
  return {};
}

std::optional<Error> product_fault(const std::vector<Product>& products, const JobRecord& job) {
  if (products.empty()) return {};
  const auto names = [&] {
    return listed(products, [](const Product& p) { return std::to_string(p.id) + " (" + p.name + ")"; });
  };
  if (!job.product_id && products.size() > 1) {
    return parameter_error(Cause::parameter_missing,
                           "There are several agreements; product_id must name one of: " + names() + ".");
  }
  const auto product = !job.product_id ? products.begin()
                                       : std::find_if(products.begin(), products.end(),
                                                      [&](const Product& p) { return p.id == *job.product_id; });
  if (product == products.end()) {
    return parameter_error(Cause::parameter_wrong, "product_id must be one of: " + names() + ".");
  }
  if (product->needs_project_code && job.project_code.empty()) {
    return parameter_error(Cause::parameter_missing, "The agreement wants a project_code.");
  }
  if (!product->needs_project_code && !job.project_code.empty()) {
    return parameter_error(Cause::parameter_wrong, "The agreement takes no project_code; leave it out.");
  }
  const auto& codes = product->project_codes;
  if (!job.project_code.empty() && !codes.empty() &&
      std::find(codes.begin(), codes.end(), job.project_code) == codes.end()) {
    return parameter_error(Cause::parameter_wrong,
                           "project_code must be one of: " + listed(codes, [](const auto& c) { return c; }) + ".");
  }
  if (product->needs_notes && job.notes.empty()) {
    return parameter_error(Cause::parameter_missing, "The agreement wants notes.");
  }
  return {};
}

}  // namespace inset
