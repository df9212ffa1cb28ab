"""The design language as written is the design language in the code."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from pages.shared import charts, theme

PAGE = (Path(__file__).parents[1] / "docs" / "design-language.md").read_text("utf-8")


def written(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The colours that the page gives to a part, light and dark."""
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| {name} |"))
    light, dark = row.split("|")[2:4]
    return tuple(re.findall(r"#[0-9a-f]{6}", light)), tuple(re.findall(r"#[0-9a-f]{6}", dark))


def shades(name: str, mode: theme.Mode) -> tuple[str, ...]:
    held = getattr(theme.PALETTES[mode], name)
    return held if isinstance(held, tuple) else (held,)


@pytest.mark.parametrize("name", [part.name for part in fields(theme.Palette)])
def test_every_colour_written_is_the_colour_drawn(name: str) -> None:
    assert written(name) == (shades(name, "light"), shades(name, "dark"))


def test_every_kind_of_chart_has_its_question() -> None:
    kinds = {name for name in charts.__all__ if name[0].islower() and name != "figure"}
    assert kinds == set(re.findall(r"^\| [^|]+ \| `(\w+)` \|$", PAGE, re.MULTILINE))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_can_be_read_and_marks_be_seen_on_paper_and_panels(mode: theme.Mode) -> None:
    held = theme.PALETTES[mode]
    for ground in (held.paper, held.panel):
        for name in ("text", "muted", "accent", "good", "attention", "target"):
            assert contrast(getattr(held, name), ground) >= 4.5, (name, ground)
    for mark in (held.neutral, *held.categorical):
        assert contrast(mark, held.paper) >= 3, mark
