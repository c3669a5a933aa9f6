// SPDX-License-Identifier: GPL-2.0-or-later
// What is to be known before anything is bought: which pictures a generation has, in which sizes one of them is
// offered, and what the agreement wants to be told. Three calls that cost nothing.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api.h"
#include "service.h"

namespace inset {

struct Findings {
  std::vector<GeneratedPicture> pictures;
  std::vector<SizeOffer> offers;  // of the picture asked for
  std::vector<Product> products;  // empty if the service does not tell
};

// Products hardly ever change, so they are asked for once.
using ProductCache = std::optional<std::vector<Product>>;

class LookUp {
 public:
  // Without an index the offers stay empty. `cache` must outlive this. [worker]
  LookUp(Service& service, ProductCache& cache, std::string generation, std::optional<int> index,
         std::function<void(Result<Findings>)> done);
  ~LookUp() { service_.cancel(call_); }
  LookUp(const LookUp&) = delete;
  LookUp& operator=(const LookUp&) = delete;

 private:
  void take_generation(Result<HttpReply> reply);
  void take_sizes(Result<HttpReply> reply);
  void ask_products();
  void take_products(Result<HttpReply> reply);
  void finish(Result<Findings> result);

  Service& service_;
  ProductCache& cache_;
  std::string generation_;
  std::optional<int> index_;
  std::function<void(Result<Findings>)> done_;
  Findings findings_;
  Service::Id call_ = 0;
};

// The picture is among those found and may be shown, or why not. Pure.
std::optional<Error> picture_fault(const std::vector<GeneratedPicture>& pictures, int index);

// The product, project code and notes of a job are what its agreement wants, or why not. Pure.
std::optional<Error> product_fault(const std::vector<Product>& products, const JobRecord& job);

}  // namespace inset
