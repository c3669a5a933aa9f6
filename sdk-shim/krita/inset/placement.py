# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a picture lies in an open document, and how large. One rule in words, so that nothing is ever cut off silently:

  fit        the default: at most as large as the document, in the middle. A picture that fits is not scaled.
  as-is      never scaled, in the middle. What hangs over the edge stays in the layer.
  fill       scaled until the document is covered, in the middle. What hangs over the edge stays in the layer.
  selection  scaled to fit inside the selection's bounds, in their middle; without a selection, as `fit`.
"""

RULES = (("fit", "Inside the document"), ("as-is", "In its own size"), ("fill", "Covering the document"),
         ("selection", "Inside the selection"))


def _centred(width, height, box):
    left, top, room_width, room_height = box
    return left + (room_width - width) // 2, top + (room_height - height) // 2, width, height


def _scaled(width, height, factor, box):
    return _centred(max(1, int(width * factor + 0.5)), max(1, int(height * factor + 0.5)), box)


def place(rule, width, height, document, selection=None):
    """Left, top, width and height of a picture of that size. `document` and `selection` are (left, top, width, height)."""
    def ratios(box):
        return sorted((box[2] / width, box[3] / height))

    if rule == "as-is":
        return _centred(width, height, document)
    if rule == "fill":
        return _scaled(width, height, ratios(document)[1], document)
    if rule == "selection" and selection:
        return _scaled(width, height, ratios(selection)[0], selection)
    return _scaled(width, height, min(1, ratios(document)[0]), document)
