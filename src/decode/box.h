// SPDX-License-Identifier: GPL-2.0-or-later
// Decodes in a process of its own, because a decoder of files from outside must be expected to have holes. The process
// gets the bytes through a pipe, can do nothing but compute, and leaves the pixels in shared memory, which is sealed
// before it is read. A hostile file can end that process, never the host.
#pragma once

#include "decode/decode_stream.h"
#include "decode/decoder.h"

namespace inset {

// As decode_stream(), in the program "inset-decode" that lies beside this library. If that cannot be started there is
// no picture: there is no second, unsafe way. Blocks, and a box that refuses a file sends SIGPIPE; for a thread that
// may wait and has that signal blocked. Throws if there is no memory for itself. [any]
Result<Picture> decode_in_box(ByteSource& source, const DecodeLimits& limits);

}  // namespace inset
