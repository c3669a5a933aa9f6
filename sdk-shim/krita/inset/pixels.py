# SPDX-License-Identifier: GPL-2.0-or-later
"""A picture as Krita wants it in an 8-bit RGBA layer, a band of rows at a time: BGRA in memory, perhaps scaled.

Nothing here takes longer than a few milliseconds a call, whatever the size: Krita's window stays alive in between.

Without scaling the values are the picture's own. With it they are right within the rounding of 8-bit premultiplied colours: first
the picture is made smaller by a whole number, each pixel the mean of a square; then what is left, less than half, is drawn with
bilinear filtering. Bands of one drawing meet without a seam, because each samples the same reduced picture.
"""

from PyQt5 import sip
from PyQt5.QtCore import QRectF, Qt
from PyQt5.QtGui import QImage, QPainter

BAND_BYTES = 1 << 18


def _rows(picture, top, count):
    """A view of some rows; valid as long as the picture is."""
    address = sip.voidptr(picture.pixels + top * picture.stride, count * picture.stride)
    return QImage(address, picture.width, count, picture.stride, QImage.Format_RGBA8888)


def _bytes(image):
    # In memory, on a machine with the low byte first: B, G, R, A.
    straight = image.convertToFormat(QImage.Format_ARGB32)
    return straight.constBits().asstring(straight.sizeInBytes())


def bands(picture, width, height):
    """Yields (top, rows, bytes) from above to below; or None, to give way while there is nothing to show yet."""
    if (width, height) == (picture.width, picture.height):
        step = max(1, BAND_BYTES // (4 * width))
        for top in range(0, height, step):
            count = min(step, height - top)
            yield top, count, _bytes(_rows(picture, top, count))
        return

    factor = max(1, min(picture.width // width, picture.height // height))
    reduced = yield from _reduced(picture, factor)
    # The last rows and columns of the picture may not fill a square: of their pixels only a part is the picture's.
    source = QRectF(0, 0, picture.width / factor, picture.height / factor)
    step = max(1, BAND_BYTES // (4 * width))
    for top in range(0, height, step):
        count = min(step, height - top)
        band = QImage(width, count, QImage.Format_ARGB32_Premultiplied)
        band.fill(Qt.transparent)
        painter = QPainter(band)
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        painter.setCompositionMode(QPainter.CompositionMode_Source)
        painter.drawImage(QRectF(0, -top, width, height), reduced, source)
        painter.end()
        yield top, count, _bytes(band)


def _reduced(picture, factor):
    width, height = -(-picture.width // factor), -(-picture.height // factor)
    out = QImage(width, height, QImage.Format_ARGB32_Premultiplied)
    step = max(1, BAND_BYTES // (4 * picture.width) // factor) * factor
    for top in range(0, picture.height, step):
        count = min(step, picture.height - top)
        band = _rows(picture, top, count).convertToFormat(QImage.Format_ARGB32_Premultiplied)
        painter = QPainter(out)
        painter.setCompositionMode(QPainter.CompositionMode_Source)
        for x, columns in _whole_and_rest(picture.width, factor):
            for y, rows in _whole_and_rest(count, factor):
                part = band.copy(x, y, columns, rows)
                part = part.scaled(-(-columns // factor), -(-rows // factor), Qt.IgnoreAspectRatio, Qt.SmoothTransformation)
                painter.drawImage(x // factor, (top + y) // factor, part)
        painter.end()
        yield None
    return out


def _whole_and_rest(length, factor):
    """Where the whole squares lie, and what is left of a last one. Scaled together, the squares would not be the factor's any more."""
    whole = length // factor * factor
    return [(begin, size) for begin, size in ((0, whole), (whole, length - whole)) if size]
