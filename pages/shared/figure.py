"""A chart on a page: the finding as its title, definition and data date beneath, download, alt text, and its states."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Literal

import polars as pl
import streamlit as st

from data.words import mark, translate
from pages.shared import definitions, downloads, formats, picture, states
from pages.shared.downloads import Sheet
from pages.shared.drawing import PICK, Drawing
from pages.shared.view import View
from pages.shared.words import _
from queries.answers import Answer, ask

SAID_LENGTH = 500  # of an alternative text; what is longer nobody listens to


def figure(
    seen: View,
    drawing: Drawing,
    *,
    title: str,
    key: str,
    subtitle: str | None = None,
    on_pick: Callable[..., None] | None = None,
    sheet: Sheet | None = None,
    border: bool = True,
) -> None:
    """Draw a chart with everything that belongs to it.

    `title` states the finding; `subtitle` (None: the metric's definition and data date) says what is counted; a click
    calls `on_pick` with what the drawing's mark stands for (`group`, `column`) as keywords; `sheet` is the download
    where it is not the drawing's own table. `key` is unique on the page.
    """
    with st.container(border=border, gap="small", height="stretch", key=f"figure_{key}"):
        _head(seen, drawing, title, key, subtitle, sheet)
        if drawing.withheld:
            states.withheld(drawing.suppressed, drawing.reason)
            return
        if drawing.empty:
            states.empty(seen)
            return
        # A click that was followed must be possible again: the chart starts anew after each.
        turn = st.session_state.get(f"turn_{key}", 0)
        name = f"chart_{key}_{turn}"
        # The chart's place is kept until it is drawn.
        given = drawing.spec.get("height")
        room: int | Literal["content"] = given if isinstance(given, int) else "content"
        alt = f"{title}. {drawing.said}"[:SAID_LENGTH]
        if on_pick is None:
            st.vega_lite_chart(drawing.sent, drawing.spec, height=room, key=name, alt=alt)
        else:
            st.vega_lite_chart(
                drawing.sent,
                drawing.spec,
                height=room,
                key=name,
                alt=alt,
                on_select=lambda: _picked(key, name, drawing.picks, on_pick),
                selection_mode=PICK,
            )
        if drawing.suppressed:
            states.suppressed(drawing.suppressed)


def _picked(key: str, name: str, fields: tuple[str, ...], on_pick: Callable[..., None]) -> None:
    chosen = st.session_state[name].selection.get(PICK) or []
    if chosen and all(field in chosen[0] for field in fields):
        st.session_state[f"turn_{key}"] = st.session_state.get(f"turn_{key}", 0) + 1
        on_pick(**{field: chosen[0][field] for field in fields})


def _head(seen: View, drawing: Drawing, title: str, key: str, subtitle: str | None, sheet: Sheet | None) -> None:
    line = subtitle if subtitle is not None else about(seen, drawing.answer)
    with st.container(horizontal=True, gap="small", vertical_alignment="top", wrap=False):
        st.html(f'<div class="d-figure"><h3>{escape(title)}</h3><p>{escape(line)}</p></div>', width="stretch")
        make = (lambda: sheet) if sheet is not None else (lambda: table(seen, drawing, title))
        downloads.menu(f"{title} · {sentence(seen, drawing)}", make, key, _pictures(seen, drawing, title, line))


def _pictures(seen: View, drawing: Drawing, title: str, line: str) -> dict[str, Callable[[], bytes]] | None:
    """Return how the chart is made into each kind of picture, on the click; None where no chart is drawn."""
    if drawing.withheld or drawing.empty:
        return None
    # The session speaks now; on the click nobody does.
    note = states.suppressed_note(drawing.suppressed) if drawing.suppressed else ""

    def words() -> list[str]:
        return [sentence(seen, drawing), line, in_all(seen, drawing.answer), note]

    return {
        "png": lambda: picture.png(drawing, title, words()),
        "svg": lambda: picture.svg(drawing, title, words()),
    }


def in_all(seen: View, answer: Answer | None) -> str:
    """Return numerator and denominator of all that a figure shows, as a picture says them; empty without any.

    A figure of other units than the view's, such as peers, has no whole of its own.
    """
    if answer is None or answer.filters.branch != seen.filters.branch:
        return ""
    whole = ask(seen.viewer, answer.metric.id, answer.filters, definition=answer.definition.id, snapshot=seen.snapshot)
    row = whole.frame.row(0, named=True)
    if row["suppressed"] or row["denominator"] is None or row["numerator"] is None:
        return ""
    return translate(
        mark("In all {part} of {whole}"),
        seen.language,
        part=formats.count(row["numerator"], seen.language, whole=True),
        whole=formats.count(row["denominator"], seen.language, whole=True),
    )


def sentence(seen: View, drawing: Drawing) -> str:
    """Return the filters the drawing was asked with, which may reach further back than the page's."""
    return drawing.answer.filters.sentence(seen.snapshot, seen.language) if drawing.answer else seen.sentence


def about(seen: View, answer: Answer | None) -> str:
    """Return what a figure counts and up to when: definition and data date."""
    day = _("Data up to {day}", day=formats.day(seen.snapshot.data_date))
    if answer is None:
        return day
    return f"{definitions.in_words(answer.metric, answer.definition, seen.language)} · {day}"


# What a drawing's columns are called in a download, in the order they stand there.
_HEADINGS = {
    "series": mark("Series"),
    "label": mark("Group"),
    "over": mark("Column"),
    "day": mark("Day"),
    "numerator": mark("Numerator"),
    "denominator": mark("Denominator"),
    "value": mark("Value"),
    "low": mark("Lower bound (95 %)"),
    "high": mark("Upper bound (95 %)"),
    "centre": mark("Mean"),
    "lower": mark("Lower limit"),
    "upper": mark("Upper limit"),
    "incoming": mark("Came in"),
    "outgoing": mark("Went out"),
    "backlog": mark("Left open"),
    "count": mark("Count"),
    "change": mark("Change"),
    "target": mark("Target"),
    "why": mark("Why it is withheld"),
}
_RATES = ("value", "low", "high", "centre", "lower", "upper", "target")


def table(seen: View, drawing: Drawing, title: str) -> Sheet:
    """Return the drawing's figures as a table to take away: names, numerators, denominators, values, bounds."""
    frame, answer = drawing.table if drawing.table is not None else drawing.frame, drawing.answer
    if "reason" in frame.columns:
        words = [reason and translate(states.REASONS[reason], seen.language) for reason in frame["reason"]]
        frame = frame.with_columns(pl.Series("why", words, dtype=pl.String))
    columns = {name: translate(heading, seen.language) for name, heading in _HEADINGS.items() if _filled(frame, name)}
    return Sheet(
        title,
        frame,
        columns,
        sentence(seen, drawing),
        seen.snapshot.data_date,
        seen.language,
        definitions.in_words(answer.metric, answer.definition, seen.language) if answer else "",
        _RATES if answer and answer.metric.unit == "rate" else (),
    )


def _filled(frame: pl.DataFrame, name: str) -> bool:
    """Whether the frame has the column and something in it worth taking away."""
    if name not in frame.columns:
        return False
    held = frame[name]
    return name == "value" or bool(held.any() if held.dtype == pl.Boolean else held.is_not_null().any())
