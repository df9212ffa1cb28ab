"""The design language in one place: faces, sizes, colours for light and dark, and how a Vega chart is dressed.

`.streamlit/config.toml` says the same to Streamlit; a test holds the two together. Red, amber and green speak only of
what needs attention or went well, never alone: a word or a sign stands beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import streamlit as st

Mode = Literal["light", "dark"]

# Latin letters and figures come from the face that Streamlit carries, Chinese from what the machine has.
FACES = (
    "Source Sans",
    "Noto Sans SC",
    "Noto Sans CJK SC",
    "PingFang SC",
    "Microsoft YaHei",
    "Hiragino Sans GB",
    "WenQuanYi Micro Hei",
    "system-ui",
    "sans-serif",
)
FONT = ", ".join(f"'{face}'" if " " in face else face for face in FACES)

# Pixels: three sizes of text inside charts, heights that fit a grid of two.
TEXT, SMALL, TINY = 13, 12, 11
CHART_HEIGHT = 300
SPARK_HEIGHT = 36
PADDING = {"left": 2, "right": 8, "top": 8, "bottom": 2}


@dataclass(frozen=True)
class Palette:
    """The colours of one mode, all as #rrggbb; text colours reach a contrast of 4.5 on `paper`, marks 3."""

    paper: str
    panel: str
    text: str
    muted: str  # captions, axis labels
    line: str  # borders, grid
    accent: str  # the deep red: the one series that matters, links, buttons
    neutral: str  # what the accent is compared with
    faint: str  # what is there but not meant: other units, maturing periods
    good: str
    attention: str
    target: str
    categorical: tuple[str, ...]
    sequential: tuple[str, ...]
    diverging: tuple[str, ...]


# Categorical: after Okabe and Ito and Tol's "bright", told apart by the three common kinds of colour blindness.
# Sequential and diverging: exactly ten steps (Streamlit takes no other number), lightness falling or rising evenly.
# Sequential ones are blue: a high figure is no alarm, and red is kept for where to look.
LIGHT = Palette(
    paper="#ffffff",
    panel="#f6f5f3",
    text="#1c1e21",
    muted="#5b6068",
    line="#dfddd8",
    accent="#a3262a",
    neutral="#6f7f91",
    faint="#c3c6cb",
    good="#1c6e4a",
    attention="#9a5b00",
    target="#1f5f8b",
    categorical=(
        "#a3262a",
        "#2a6f97",
        "#b4840c",
        "#3c8d6e",
        "#7b5ea7",
        "#6b7178",
        "#c96a30",
        "#3d94a6",
        "#8a4f7d",
        "#7a8b2f",
    ),
    sequential=(
        "#f1f5f8",
        "#dfe9ef",
        "#c9dae4",
        "#afc8d6",
        "#92b3c6",
        "#7299b2",
        "#54809c",
        "#3a6784",
        "#264f6b",
        "#153850",
    ),
    diverging=(
        "#1d4f73",
        "#35708f",
        "#6394ad",
        "#9bbaca",
        "#d3e0e6",
        "#f3ddd8",
        "#e5aca4",
        "#cf7a73",
        "#b0484a",
        "#87252a",
    ),
)
DARK = Palette(
    paper="#15171a",
    panel="#1e2125",
    text="#eceae6",
    muted="#a9adb3",
    line="#363a40",
    accent="#e4777a",
    neutral="#93a1b1",
    faint="#555a62",
    good="#5fc394",
    attention="#e0a84a",
    target="#7fb9dd",
    categorical=(
        "#e4777a",
        "#6fb3d9",
        "#e3b94d",
        "#69c3a0",
        "#b49ade",
        "#a4a9b0",
        "#eb9d6b",
        "#7ccbd9",
        "#d391c4",
        "#bccb72",
    ),
    sequential=(
        "#1d262d",
        "#233341",
        "#2b4256",
        "#35536b",
        "#416681",
        "#507b98",
        "#6391ad",
        "#7ba8c1",
        "#99c0d4",
        "#bdd8e5",
    ),
    diverging=(
        "#7cc0e6",
        "#5fa0c6",
        "#487f9f",
        "#365f77",
        "#2a414f",
        "#4d3033",
        "#7a4044",
        "#a85457",
        "#d17375",
        "#f0a3a0",
    ),
)
PALETTES: dict[Mode, Palette] = {"light": LIGHT, "dark": DARK}


def mode() -> Mode:
    """Return the mode the visitor sees; light where there is no browser (tests, documents)."""
    return "dark" if st.context.theme.type == "dark" else "light"


def palette(of: Mode | None = None) -> Palette:
    """Return the colours of the mode asked for, or of the visitor's."""
    return PALETTES[of or mode()]


@cache
def page_config(of: Mode) -> dict[str, Any]:
    """Return the Vega-Lite `config` of a chart on a page: what Streamlit does not set from its own theme already."""
    colours = PALETTES[of]
    label = {"labelColor": colours.muted, "labelFontSize": SMALL, "titleColor": colours.muted, "titleFontSize": SMALL}
    return {
        "padding": {"left": 2, "right": 8, "top": 8, "bottom": 2},
        "axis": {**label, "gridColor": colours.line, "labelPadding": 6, "titlePadding": 8, "labelLimit": 180},
        "legend": {**label, "orient": "top", "title": None, "symbolType": "square", "columnPadding": 12},
        "text": {"fontSize": SMALL, "color": colours.text},
        "rule": {"aria": False},  # whiskers and targets are told with the bar or in the chart's own text
    }


@cache
def vega_config(of: Mode) -> dict[str, Any]:
    """Return the whole Vega-Lite `config`, for pictures and documents, where there is no Streamlit."""
    colours = PALETTES[of]
    page = page_config(of)
    return {
        **page,
        "font": FONT,
        "background": colours.paper,
        "axis": {**page["axis"], "titleFontWeight": "normal", "domain": False, "ticks": False},
        "view": {"stroke": None},
        "range": {
            "category": list(colours.categorical),
            "ramp": list(colours.sequential),
            "heatmap": list(colours.sequential),
            "diverging": list(colours.diverging),
        },
    }
