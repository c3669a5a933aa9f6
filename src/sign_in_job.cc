// SPDX-License-Identifier: GPL-2.0-or-later
// The actions "sign-in", "sign-out" and "status".
#include <utility>

#include "job.h"
#include "sign_in.h"
#include "sign_in_form.h"
#include "text.h"

namespace inset {
namespace {

// What the three have in common: they begin from the worker's loop, end once, and may ask the service who is signed in.
class AccountJob : public Job {
 public:
  AccountJob(JobNumber number, Engine& engine, Outbox& outbox) : Job(number, engine, outbox) {}
  ~AccountJob() override {
    engine_.timers.cancel(timer_);
    engine_.account.cancel(account_call_);
    engine_.service.cancel(service_call_);
  }

  void start() override {
    timer_ = engine_.timers.at(awake_now(), [this] { begin(); });
  }

  void cancel() override { fail(make_error(Stage::signing_in, Cause::cancelled, "Cancelled.")); }

 protected:
  virtual void begin() = 0;

  void finish(const std::string& text) {
    if (std::exchange(over_, true)) return;
    close_form();
    done({{"text", text}});
  }

  void fail(const Error& error) {
    if (std::exchange(over_, true)) return;
    close_form();
    failed(error);
  }

  // Under which agreements; an account that may not list them is signed in all the same.
  void ask_agreement(std::function<void(std::string)> then) {
    progress(Stage::signing_in, -1.0, 0, 0, "Asking who is signed in");
    service_call_ = engine_.service.get_safely(
        Stage::signing_in, products_url(engine_.service.api()),
        [this, then = std::move(then)](Result<HttpReply> reply) {
          service_call_ = 0;
          if (!reply) return refused(reply.error());
          if (reply->head.status == 0 || reply->head.status == 401) {
            return refused(reply_error(Stage::signing_in, *reply));
          }
          auto products = read_products(*reply);
          if (products) engine_.products = *products;
          then(products ? agreement_text(*products) : "The service does not tell its agreements.");
        });
  }

  // The service did not say under which.
  virtual void refused(const Error& error) { fail(error); }

  std::string account() const {
    return account_text(engine_.service.credentials().api_key, engine_.account.place_text());
  }

  void close_form() {
    if (form_) outbox_.dismiss(std::exchange(form_, 0));
  }

  RequestNumber form_ = 0;
  bool over_ = false;
  Timers::Id timer_ = 0;
  Account::Id account_call_ = 0;
  Service::Id service_call_ = 0;
};

class SignInJob final : public AccountJob, public SignIn::Owner {
 public:
  SignInJob(JobNumber number, Engine& engine, Outbox& outbox, Values parameters)
      : AccountJob(number, engine, outbox), parameters_(std::move(parameters)) {}

  void answered(RequestNumber request, const std::string& accepted, const Values& answers) override {
    if (request != form_ || over_) return;
    form_ = 0;
    if (sign_in_) sign_in_->answered(!accepted.empty(), answers);
  }

  void cancel() override {
    sign_in_.reset();
    AccountJob::cancel();
  }

 private:
  void begin() override { sign_in({}); }

  void sign_in(std::string fault) {
    SignIn::Wish wish;
    wish.api_key = trim(parameters_["api_key"]);
    wish.keep = trim(parameters_["keep"]);
    wish.fault = std::move(fault);
    sign_in_ = std::make_unique<SignIn>(engine_, *this, outbox_.can_ask(), std::move(wish));
    sign_in_->start();
  }

  // What is kept of a sign-in is good no longer: that is what this job is for. Once; a second time it is something
  // else.
  void refused(const Error& error) override {
    const bool stale = error.cause == Cause::credentials_refused || error.cause == Cause::not_signed_in;
    if (!stale || engine_.account.place() == Account::Place::settings || std::exchange(again_, true))
      return fail(error);
    sign_in(error.what);
  }

  void show(Question question) override { form_ = outbox_.ask(number_, form_, std::move(question)); }
  void hide() override { close_form(); }
  void show_page(const std::string& address) override {
    outbox_.event(number_, "told",
                  {{"level", "1"},
                   {"title", "Sign in with your browser, on this computer"},
                   {"text", address},
                   {"address", address}});
  }
  void busy(const std::string& text) override { progress(Stage::signing_in, -1.0, 0, 0, text); }
  void signed_in(Outcome outcome, const std::string& remark) override {
    const auto keep = std::move(sign_in_);
    if (!outcome) return fail(outcome.error());
    remark_ = remark;
    ask_agreement([this](const std::string& agreement) {
      finish(account() + " " + agreement + (remark_.empty() ? "" : " " + remark_));
    });
  }

  Values parameters_;
  std::unique_ptr<SignIn> sign_in_;
  bool again_ = false;
  std::string remark_;
};

class SignOutJob final : public AccountJob {
 public:
  using AccountJob::AccountJob;

 private:
  void begin() override {
    progress(Stage::signing_in, -1.0, 0, 0, "Signing out");
    engine_.products.reset();
    account_call_ = engine_.account.forget([this](Outcome outcome) {
      account_call_ = 0;
      if (!outcome) return fail(outcome.error());
      finish(engine_.account.place() == Account::Place::settings
                 ? "Nothing of a sign-in is kept any more. API key and client secret still come from the environment."
                 : "Signed out. Nothing of the sign-in is kept any more.");
    });
  }
};

class StatusJob final : public AccountJob {
 public:
  using AccountJob::AccountJob;

  void answered(RequestNumber request, const std::string& accepted, const Values&) override {
    if (request != form_ || over_) return;
    form_ = 0;
    if (accepted.empty()) return finish({});  // it has been read
    engine_.products.reset();
    account_call_ = engine_.account.forget([this](Outcome outcome) {
      account_call_ = 0;
      if (!outcome) return fail(outcome.error());
      finish("Signed out. Nothing of the sign-in is kept any more.");
    });
  }

 private:
  void begin() override {
    account_call_ = engine_.account.load(Account::Manner::quiet, [this](Outcome outcome) {
      account_call_ = 0;
      if (!outcome) return fail(outcome.error());
      engine_.products.reset();
      ask_agreement([this](const std::string& agreement) { tell(agreement); });
    });
  }

  void tell(const std::string& agreement) {
    std::vector<std::string> lines = {account(), agreement};
    if (const auto life = engine_.service.token_life()) {
      const auto minutes = std::chrono::ceil<std::chrono::minutes>(*life).count();
      lines.push_back("The access token is good for " + std::to_string(minutes) +
                      (minutes == 1 ? " minute" : " minutes") + " more, and is renewed by itself.");
    }
    for (const std::string& line : lines) text_ += (text_.empty() ? "" : " ") + line;
    if (!outbox_.can_ask() || engine_.account.place() == Account::Place::settings) return finish(text_);
    form_ = outbox_.ask(number_, 0, status_question(lines));
  }

  std::string text_;
};

}  // namespace

std::unique_ptr<Job> make_sign_in_job(JobNumber number, Engine& engine, Outbox& outbox, Values parameters) {
  return std::make_unique<SignInJob>(number, engine, outbox, std::move(parameters));
}
std::unique_ptr<Job> make_sign_out_job(JobNumber number, Engine& engine, Outbox& outbox) {
  return std::make_unique<SignOutJob>(number, engine, outbox);
}
std::unique_ptr<Job> make_status_job(JobNumber number, Engine& engine, Outbox& outbox) {
  return std::make_unique<StatusJob>(number, engine, outbox);
}

}  // namespace inset
