"""The parts every page has: style, header with the filter sentence and data date, sections, “how to read this”."""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from pages.shared import formats, states, theme, view
from pages.shared.words import _

# Charts, tables and map that a dark page has drawn turn light on paper: lightness is turned round, hues stay.
_TURNED = "filter: invert(1) hue-rotate(180deg) brightness(1.08) contrast(1.1)"
_DARK_ON_PAPER = (
    f'<style>@media print {{ canvas, [data-testid="stVegaLiteChart"] svg {{ {_TURNED}; }} }}</style>'
)
STYLE = f"<style>{(Path(__file__).parent / 'style.css').read_text('utf-8')}</style>"


def style() -> None:
    """Lay the style sheet under the page; it takes no room."""
    st.html(STYLE + _DARK_ON_PAPER if theme.mode() == "dark" else STYLE)


def header(title: str, how: str | None = None) -> None:
    """Draw the page's title, the filter sentence with comparison and data date, and what is wrong with the data.

    `how` says in a few sentences how the page is read; it opens on demand.
    """
    seen = view.current()
    about = _(
        "Compared with {what} · data up to {day}", what=seen.compared_with, day=formats.day(seen.snapshot.data_date)
    )
    _head(title, f'<span class="d-what">{escape(seen.sentence)}</span> · {escape(about)}', how)
    if seen.snapshot.stale_since is not None:
        states.stale(seen.snapshot.stale_since)


def plain_header(title: str, about: str, how: str | None = None) -> None:
    """Draw the header of a page without figures: title and a line saying what it is for."""
    _head(title, escape(about), how)


def _head(title: str, line: str, how: str | None) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", wrap=False):
        st.html(f'<div class="d-head"><h1>{escape(title)}</h1><p>{line}</p></div>', width="stretch")
        if how:
            with st.popover(_("How to read this"), type="tertiary", icon=":material/help:", key="tools_how"):
                st.text(how)


def section(title: str) -> None:
    """Draw the title of a part of the page."""
    st.html(f'<h2 class="d-section">{escape(title)}</h2>')
