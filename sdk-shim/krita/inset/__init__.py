# SPDX-License-Identifier: GPL-2.0-or-later
"""Inset for Krita. This file registers the extension; extension.py is where to begin reading."""

from krita import Krita

from .extension import Inset

Krita.instance().addExtension(Inset(Krita.instance()))
