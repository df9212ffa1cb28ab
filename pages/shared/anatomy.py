"""The parts every page has: style, header with the filter sentence and data date, sections, “how to read this”."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

from pages.shared import formats, states, theme, view
from pages.shared.words import _

# Charts, tables and map that a dark page has drawn turn light on paper: lightness is turned round, hues stay.
_TURNED = "filter: invert(1) hue-rotate(180deg) brightness(1.08) contrast(1.1)"
_DARK_ON_PAPER = (
    f'<style>@media print {{ canvas, [data-testid="stVegaLiteChart"] svg {{ {_TURNED}; }} }}</style>'
)


def style() -> None:
    """Say how a dark page is printed; the style sheet itself stands in the page (`opening.py`) before all else.

    A light page gets an empty sheet: the first piece of HTML makes the browser ready to draw the others at once.
    """
    st.html(_DARK_ON_PAPER if theme.mode() == "dark" else "<style></style>")


def header(title: str, how: str | None = None, beside: Callable[[], None] | None = None) -> None:
    """Draw the page's title, the filter sentence with comparison and data date, and what is wrong with the data.

    `how` says in a few sentences how the page is read; it opens on demand. `beside` draws what stands before it.
    """
    seen = view.current()
    about = _(
        "Compared with {what} · data up to {day}", what=seen.compared_with, day=formats.day(seen.snapshot.data_date)
    )
    _head(title, f'<span class="d-what">{escape(seen.sentence)}</span> · {escape(about)}', how, _("Figures"), beside)
    if seen.snapshot.stale_since is not None:
        states.stale(seen.snapshot.stale_since)


def plain_header(title: str, about: str, how: str | None = None) -> None:
    """Draw the header of a page without figures: title and a line saying what it is for."""
    _head(title, escape(about), how)


def _head(
    title: str, line: str, how: str | None, heard: str = "", beside: Callable[[], None] | None = None
) -> None:
    # Charts bear headings of the third level: a second stands before them also where the page draws no section.
    part = f'<h2 class="d-heard">{escape(heard)}</h2>' if heard else ""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", wrap=False, key="page_head"):
        st.html(f'<div class="d-head"><h1>{escape(title)}</h1><p>{line}</p>{part}</div>', width="stretch")
        if beside:
            beside()
        if how:
            with st.popover(_("How to read this"), type="tertiary", icon=":material/help:", key="tools_how"):
                st.text(how)


def section(title: str) -> None:
    """Draw the title of a part of the page."""
    st.html(f'<h2 class="d-section">{escape(title)}</h2>')
