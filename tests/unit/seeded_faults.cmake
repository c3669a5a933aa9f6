# SPDX-License-Identifier: GPL-2.0-or-later
# Faults that flow_walk must catch: name, source in src/, the law that breaks, the text that stands there once, the text that
# takes its place. A text that is no longer there stops the build, so that no fault goes stale unseen.

seeded_fault(server_fault_taken_for_refusal api.cc "no refusal is noted that was none"
  [==[default: return Flow::Unclear{reply_error(stage, reply)};]==]
  [==[default: return Flow::Refused{reply_error(stage, reply), code()};]==])

seeded_fault(conflict_taken_for_refusal api.cc "no refusal is noted that was none"
  [==[case 409: return Flow::Accepted{true, retry_after(reply)};]==]
  [==[case 409: return Flow::Busy{reply_error(stage, reply), retry_after(reply)};]==])

seeded_fault(lost_answer_taken_for_not_sent api.cc "no refusal is noted that was none"
  [==[if (reply.end.nothing_sent) return Flow::NotSent{std::move(error)};]==]
  [==[return Flow::NotSent{std::move(error)};]==])

seeded_fault(answer_without_link_taken_for_refusal api.cc "no refusal is noted that was none"
  [==[      if (auto ready = read_ready(reply)) return *ready;
      return Flow::Unclear{bad_answer(]==]
  [==[      if (auto ready = read_ready(reply)) return *ready;
      if (reply.head.status == 200) return Flow::Refused{bad_answer(stage, reply, "it names no file"), {}};
      return Flow::Unclear{bad_answer(]==])

seeded_fault(put_straight_after_a_crash flow.cc "no PUT without a durable intent of its own"
  [==[    begin_polling(now);
    state_ = State::getting;
  } else {
    state_ = plan_]==]
  [==[    state_ = plan_.may_request ? State::putting : State::getting;
  } else {
    state_ = plan_]==])

seeded_fault(intent_not_written flow.cc "no PUT without a durable intent of its own"
  [==[  ++attempts_;
  state_ = State::noting_intent;]==]
  [==[  ++attempts_;
  state_ = State::putting;]==])

seeded_fault(intent_forgotten_at_a_restart flow.cc "a paid picture can be had"
  [==[      unresolved_.insert(intent->attempt);
]==]
  [==[
]==])

seeded_fault(no_time_of_doubt flow.cc "no question within the time of doubt"
  [==[kDoubt = std::chrono::seconds(30)]==]
  [==[kDoubt = std::chrono::seconds(0)]==])

seeded_fault(word_never_used_up flow.cc "no second PUT without proof of refusal or the person's word"
  [==[    plan_.again = false;  // one word, one PUT
]==]
  [==[
]==])

seeded_fault(nobody_is_asked flow.cc "no second PUT without proof of refusal or the person's word"
  [==[    state_ = State::asking;
]==]
  [==[    begin_intent();
]==])

seeded_fault(token_renewed_for_a_get_leads_to_a_put flow.cc "no second PUT without proof of refusal or the person's word"
  [==[      then_ = State::getting;
      state_ = State::renewing;]==]
  [==[      then_ = State::noting_intent;
      state_ = State::renewing;]==])

seeded_fault(one_refusal_clears_all_intents flow.cc "nobody whose money may be gone is told otherwise"
  [==[unresolved_.erase(refusal_.attempt);]==]
  [==[unresolved_.clear();]==])

seeded_fault(unclear_intents_count_as_unpaid flow.cc "nobody whose money may be gone is told otherwise"
  [==[return unresolved() || pending_ ? Paid::maybe : Paid::no;]==]
  [==[return pending_ ? Paid::maybe : Paid::no;]==])

seeded_fault(other_size_clears_all_intents flow.cc "nobody whose money may be gone is told otherwise"
  [==[if (refused) unresolved_.erase(attempts_);]==]
  [==[if (refused) unresolved_.clear();]==])

seeded_fault(other_size_resolves_what_was_taken flow.cc "nobody whose money may be gone is told otherwise"
  [==[if (refused) unresolved_.erase(attempts_);]==]
  [==[unresolved_.erase(attempts_);]==])

seeded_fault(strangers_size_ends_the_licence flow.cc "nobody whose money may be gone is told otherwise"
  [==[if (licensed_ && asset_id != licence_) {]==]
  [==[if (licensed_ && asset_id.empty() && !licence_.empty()) {]==])

seeded_fault(picture_of_another_size_taken flow.cc "no picture of another size is taken"
  [==[if (ready && !ready->foreign) {]==]
  [==[if (ready) {]==])

seeded_fault(fetch_before_the_asset_id_is_durable flow.cc "no fetch before the asset id is durable"
  [==[      ready_ = *ready;
      state_ = State::noting_ready;]==]
  [==[      ready_ = *ready;
      state_ = State::fetching;]==])

seeded_fault(refused_link_bought_again flow.cc "no PUT once an asset id of this size is known"
  [==[    if (++links_refused_ > kLinks) {
      fail(error);]==]
  [==[    if (++links_refused_ > kLinks) {
      licensed_ = false;
      begin_intent();]==])

seeded_fault(lost_original_bought_again flow.cc "no PUT once an asset id of this size is known"
  [==[    saved_.reset();
    state_ = State::fetching;]==]
  [==[    saved_.reset();
    licensed_ = false;
    begin_intent();]==])

seeded_fault(refused_link_is_the_end flow.cc "a paid picture can be had"
  [==[if (++links_refused_ > kLinks) {]==]
  [==[if (++links_refused_ > 0) {]==])

seeded_fault(placed_before_it_is_saved flow.cc "nothing is placed before it is saved"
  [==[  fetched_.size_differs = false;
  state_ = State::noting_saved;]==]
  [==[  fetched_.size_differs = false;
  state_ = State::placing;]==])

seeded_fault(word_for_what_is_still_to_come flow.cc "no second PUT without proof of refusal or the person's word"
  [==[  if (!unresolved()) plan_.again = false;]==]
  [==[  // if (!unresolved()) plan_.again = false;]==])
