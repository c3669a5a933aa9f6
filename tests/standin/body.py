"""What an answer carries: read piece by piece, so that a gigabyte needs no memory and a part can be asked for."""

import os
import zlib

PIECE = 256 * 1024


class Bytes:
    def __init__(self, data=b""):
        self.data = data if isinstance(data, bytes) else data.encode()
        self.length = len(self.data)

    def read(self, offset, count):
        return self.data[offset:offset + count]


class Repeated:
    """before, then text so many times, then after."""

    def __init__(self, text, times, before="", after=""):
        self._unit, self._before, self._after = text.encode(), before.encode(), after.encode()
        self._middle = len(self._unit) * times
        self.length = len(self._before) + self._middle + len(self._after)

    def read(self, offset, count):
        start = len(self._before)
        data = self._before[offset:offset + count]
        first, last = max(offset, start) - start, min(offset + count, start + self._middle) - start
        if last > first:
            skip = first % len(self._unit)
            copies = (skip + last - first) // len(self._unit) + 1
            data += (self._unit * copies)[skip:skip + last - first]
        end = start + self._middle
        return data + self._after[max(0, offset - end):max(0, offset + count - end)]


class File:
    """A file, or its first bytes, or the file with one byte turned over (counted from the end if negative)."""

    def __init__(self, path, truncate=None, flip=None):
        with open(path, "rb") as file:
            self._file = os.dup(file.fileno())
        size = os.fstat(self._file).st_size
        self.length = size if truncate is None else min(size, truncate)
        self._flip = flip if flip is None or flip >= 0 else size + flip

    def __del__(self):
        os.close(self._file)

    def read(self, offset, count):
        data = os.pread(self._file, min(count, max(0, self.length - offset)), offset)
        if self._flip is not None and offset <= self._flip < offset + len(data):
            damaged = bytearray(data)
            damaged[self._flip - offset] ^= 0xFF
            data = bytes(damaged)
        return data


class Part:
    def __init__(self, whole, start, length):
        self._whole, self._start, self.length = whole, start, length

    def read(self, offset, count):
        return self._whole.read(self._start + offset, min(count, self.length - offset))


def pieces(body, end=None):
    offset, end = 0, body.length if end is None else min(end, body.length)
    while offset < end:
        data = body.read(offset, min(PIECE, end - offset))
        yield data
        offset += len(data)


def gzipped(body):
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return Bytes(b"".join(packer.compress(piece) for piece in pieces(body)) + packer.flush())
