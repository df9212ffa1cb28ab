"""A chart to take away as PNG or SVG: finding, definition, filters and data date stand inside the picture.

A picture is made on the click, as a document's are: always light, in the faces of this machine.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import vl_convert

from pages.shared import theme
from pages.shared.drawing import Drawing, for_document

WIDTH = 760  # pixels: half a slide, the width of a page of text
DENSE = 2  # a PNG's pixels for each of the picture's: sharp on paper and on a projector
TITLE = 16
MARGIN = 20


def svg(drawing: Drawing, title: str, lines: Sequence[str]) -> bytes:
    """Return the drawing as SVG, `title` above it and `lines` (definition, filters, data date) below the title."""
    _own_fonts()
    return str(vl_convert.vegalite_to_svg(headed(drawing, title, lines))).encode()


def png(drawing: Drawing, title: str, lines: Sequence[str]) -> bytes:
    """Return the same as PNG at twice the size."""
    _own_fonts()
    return bytes(vl_convert.vegalite_to_png(headed(drawing, title, lines), scale=DENSE))


def headed(drawing: Drawing, title: str, lines: Sequence[str]) -> dict[str, Any]:
    """Return the drawing's whole specification with its words inside, broken to the picture's width."""
    colours = theme.LIGHT
    wide = WIDTH - 2 * MARGIN
    spec = for_document(drawing)
    words = {
        "text": wrapped(title, wide / TITLE),
        "subtitle": [part for line in lines if line for part in wrapped(line, wide / theme.SMALL)],
        "anchor": "start",
        "frame": "bounds",
        "align": "left",
        "fontSize": TITLE,
        "lineHeight": TITLE * 1.35,
        "color": colours.text,
        "subtitleColor": colours.muted,
        "subtitleFontSize": theme.SMALL,
        "subtitleLineHeight": theme.SMALL * 1.5,
        "subtitlePadding": 6,
        "offset": 16,
    }
    height = spec.get("height", theme.CHART_HEIGHT)
    return {
        **spec,
        "title": words,
        "width": WIDTH,
        "height": height if isinstance(height, int) else theme.CHART_HEIGHT,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": MARGIN,
    }


def wrapped(text: str, ems: float) -> list[str]:
    """Return `text` in lines of at most `ems` times the letter's height: Chinese breaks anywhere, English at blanks."""
    lines, line, used = [], "", 0.0
    for word in _pieces(text):
        width = sum(1.0 if ord(letter) > 0x2E80 else 0.56 for letter in word)
        # A line does not begin with a closing sign.
        if line and used + width > ems and word not in "，。；：、）”·":
            lines.append(line.rstrip())
            line, used = "", 0.0
        if line or word.strip():
            line, used = line + word, used + width
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> list[str]:
    """Return the text in pieces that stay whole: single Chinese characters, words with the blank behind them."""
    found: list[str] = []
    for letter in text:
        alone = ord(letter) > 0x2E80 or letter == " "
        before = found[-1][-1] if found else " "
        if alone or before == " " or ord(before) > 0x2E80:
            found.append(letter)
        else:
            found[-1] += letter
    return found


@cache
def _own_fonts() -> None:
    """Let the folder named for the documents' Chinese serve here too."""
    if named := os.environ.get("DASHBOARD_FONTS"):
        vl_convert.register_font_directory(str(Path(named).expanduser()))
