// SPDX-License-Identifier: GPL-2.0-or-later
#include "decode/decode_stream.h"

#include <algorithm>
#include <array>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "decode/block.h"
#include "decode/colour.h"
#include "decode/container_check.h"
#include "decode/second_opinion.h"
#include "decode/stb_decode.h"
#include "decode/turn.h"
#include "decode/verdict.h"

namespace inset {

namespace {

// Ends a decode from within stb_image's callbacks. Never leaves this file.
struct Refused {
  Error error;
};

// Stands between the source and the decoder: no byte goes on before the checks have seen it and found
// nothing wrong.
class Gate final : public StbInput {
 public:
  Gate(ByteSource& source, const DecodeLimits& limits, SecondOpinion& second)
      : source_(source), check_(limits), second_(second) {}

  // A PNG's header fills the first 33 bytes, and no whole JPEG is shorter. Whether a PNG has 16
  // bits must be known before the decoder is called.
  void read_head() { head_left_ = std::span(head_).first(fill(head_)); }

  std::size_t read(std::span<std::byte> into) override {
    const auto from_head = head_left_.first(std::min(head_left_.size(), into.size()));
    std::copy(from_head.begin(), from_head.end(), into.begin());
    head_left_ = head_left_.subspan(from_head.size());
    return from_head.size() + fill(into.subspan(from_head.size()));
  }

  void breathe() override {
    if (source_.stopped()) {
      throw Refused{make_error(Stage::decoding, Cause::cancelled, "Opening the picture was cancelled.")};
    }
  }

  // What is left of the file goes through the checks alone; then they have the word.
  Outcome finish() {
    while (next_chunk()) {
    }
    Outcome whole = check_.finish();
    return whole ? second_.finish() : std::move(whole);
  }

  bool at_end() const { return ended_; }
  const PictureFacts& facts() const { return check_.facts(); }

 private:
  std::size_t fill(std::span<std::byte> into) {
    std::size_t filled = 0;
    while (filled < into.size()) {
      if (chunk_.empty() && !next_chunk()) break;
      const auto part = chunk_.first(std::min(chunk_.size(), into.size() - filled));
      std::copy(part.begin(), part.end(), into.begin() + static_cast<std::ptrdiff_t>(filled));
      chunk_ = chunk_.subspan(part.size());
      filled += part.size();
    }
    return filled;
  }

  bool next_chunk() {
    if (ended_) return false;
    chunk_ = source_.next();
    breathe();
    ended_ = chunk_.empty();
    if (Outcome good = check_.feed(chunk_); !good) throw Refused{good.error()};
    if (Outcome good = ask_second(chunk_); !good) throw Refused{good.error()};
    if (!size_told_ && check_.facts().width > 0) {
      size_told_ = true;
      source_.size_known(check_.facts().width, check_.facts().height);
    }
    return !ended_;
  }

  // libjpeg wants a JPEG from its first byte, and what begins here is known only some bytes later.
  Outcome ask_second(std::span<const std::byte> bytes) {
    if (check_.facts().container == Container::unknown) unnamed_.insert(unnamed_.end(), bytes.begin(), bytes.end());
    if (check_.facts().container != Container::jpeg) return Nothing{};
    if (!unnamed_.empty()) {
      if (Outcome good = second_.feed(std::exchange(unnamed_, {})); !good) return good;
    }
    return second_.feed(bytes);
  }

  ByteSource& source_;
  ContainerCheck check_;
  SecondOpinion& second_;
  std::vector<std::byte> unnamed_;
  std::array<std::byte, 33> head_{};
  std::span<const std::byte> head_left_;
  std::span<const std::byte> chunk_;  // what the check has passed and nobody has read
  bool ended_ = false;
  bool size_told_ = false;
};

Error no_memory() {
  return make_error(Stage::decoding, Cause::out_of_memory, "There is not enough memory to open the picture.");
}

void add_sentence(std::string& text, const std::string& sentence) {
  if (!text.empty() && !sentence.empty()) text += ' ';
  text += sentence;
}

std::string notes_about(const PictureFacts& facts) {
  std::string note;
  if (facts.bits == 16) add_sentence(note, "The picture has 16 bits per channel and was reduced to 8.");
  if (facts.animated) add_sentence(note, "The picture is animated; only its first frame is shown.");
  if (facts.passes_missing) add_sentence(note, "The file leaves out the last details of the picture.");
  if (facts.trailing_bytes > 0) {
    add_sentence(note, std::to_string(facts.trailing_bytes) + " bytes after the end of the picture were ignored.");
  }
  return note;
}

// The check has the first word on a whole file: it knows better than the decoder what is wrong. But
// when the decoder fails long before the end, the rest is not waited for.
Outcome judge(Gate& gate, const StbPixels& decoded) {
  using Status = StbPixels::Status;
  const PictureFacts& facts = gate.facts();
  if (decoded.status == Status::no_memory) return no_memory();
  if (decoded.status == Status::good || gate.at_end()) {
    if (Outcome whole = gate.finish(); !whole) return whole;
  }
  switch (decoded.status) {
    case Status::good: break;
    case Status::read_past_end: return incomplete("the decoder found no end");
    case Status::over_budget: return damaged("the data unpacks to more than the picture");
    default: return damaged("the decoder: " + decoded.reason);
  }
  if (decoded.width == facts.width && decoded.height == facts.height) return Nothing{};
  return make_error(Stage::decoding, Cause::decoder_failed, "The picture could not be opened.",
                    "the decoder found another size than the check");
}

// Between the decoder and the sink: colours, and turning.
class Finish final : public StbRowSink {
 public:
  Finish(Gate& gate, PixelSink& sink) : gate_(gate), sink_(sink) {}

  bool takes_rows() override { return gate_.facts().orientation == 1; }

  void take_rows(std::span<std::uint8_t> rgba) override {
    change_colours(rgba);
    write(rgba);
  }

  // Of a picture that came as a whole. False: no memory.
  bool take_whole(Block pixels, Picture& picture) {
    const std::size_t size = std::size_t{picture.width} * picture.height * 4;
    change_colours(std::span(pixels.get(), size));
    if (!turn(pixels, picture.width, picture.height, gate_.facts().orientation)) return false;
    gate_.breathe();
    write(std::span(pixels.get(), size));
    return true;
  }

  const std::string& note() const { return change_->note; }

 private:
  void change_colours(std::span<std::uint8_t> rgba) {
    if (!change_) change_ = change_to_srgb(gate_.facts());
    constexpr std::size_t band = 1u << 20;
    while (change_->apply && !rgba.empty()) {
      const auto part = rgba.first(std::min(band, rgba.size()));
      change_->apply(part.data(), part.size() / 4);
      rgba = rgba.subspan(part.size());
      gate_.breathe();
    }
  }

  void write(std::span<const std::uint8_t> rgba) {
    const std::size_t total = std::size_t{gate_.facts().width} * gate_.facts().height * 4;
    if (!sink_.write(rgba, total)) throw Refused{no_memory()};
  }

  Gate& gate_;
  PixelSink& sink_;
  std::optional<ColourChange> change_;
};

Result<Picture> decode(ByteSource& source, const DecodeLimits& limits, PixelSink& sink, SecondOpinion& second) {
  Gate gate(source, limits, second);
  const PictureFacts& facts = gate.facts();
  gate.read_head();
  if (facts.container == Container::unknown) {
    Outcome verdict = gate.finish();
    return verdict ? damaged("no picture") : std::move(verdict.error());
  }
  Finish finish(gate, sink);
  StbPixels decoded = stb_decode(gate, facts, finish);
  if (Outcome good = judge(gate, decoded); !good) return std::move(good.error());

  Picture picture;
  picture.stored_width = picture.width = decoded.width;
  picture.stored_height = picture.height = decoded.height;
  picture.mime = facts.container == Container::png ? "image/png" : "image/jpeg";
  if (decoded.pixels && !finish.take_whole(std::move(decoded.pixels), picture)) return no_memory();
  picture.note = notes_about(facts);
  add_sentence(picture.note, finish.note());
  return picture;
}

class MemorySink final : public PixelSink {
 public:
  bool write(std::span<const std::uint8_t> rgba, std::size_t total) override {
    if (!pixels_) pixels_ = make_block(total);
    if (!pixels_) return false;
    std::copy(rgba.begin(), rgba.end(), pixels_.get() + filled_);
    filled_ += rgba.size();
    return true;
  }
  Block take() { return std::move(pixels_); }

 private:
  Block pixels_;
  std::size_t filled_ = 0;
};

}  // namespace

Result<Picture> decode_stream(ByteSource& source, const DecodeLimits& limits, PixelSink& sink, SecondOpinion& second) {
  try {
    return decode(source, limits, sink, second);
  } catch (Refused& refused) {
    return std::move(refused.error);
  } catch (const std::bad_alloc&) {
    return no_memory();
  } catch (const std::exception& exception) {
    return make_error(Stage::decoding, Cause::decoder_failed, "The picture could not be opened.", exception.what());
  }
}

Result<Picture> decode_stream(ByteSource& source, const DecodeLimits& limits) {
  SecondOpinion second;
  MemorySink sink;
  Result<Picture> picture = decode_stream(source, limits, sink, second);
  if (picture) picture->pixels = sink.take();
  return picture;
}

}  // namespace inset
