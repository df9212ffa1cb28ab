"""KPI cards of one kind: name, verdict, value, change against the comparison, target, sparkline, definition on demand.

A card's body is one piece of HTML with an inline SVG: it takes the page's colours by itself and needs no chart engine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import streamlit as st

from pages.shared import definitions, formats, sparklines, states, theme, view
from pages.shared.keeping import kept
from pages.shared.navigation import entries, entry
from pages.shared.view import View
from pages.shared.words import _, metric_name
from queries import metrics, quality
from queries.changes import GROWING
from queries.metric import Metric

SPARK_MONTHS = 12
WIDTH = 168  # pixels below which a card drops into the next row: four abreast at 1440, two on a telephone


@dataclass(frozen=True)
class Verdict:
    """A word on a card, such as 需关注, with its evidence in a sentence; `tone` colours it, never alone.

    `aim` says beside the target whether it will be met.
    """

    word: str
    tone: Literal["plain", "good", "attention"] = "plain"
    evidence: str = ""
    aim: str = ""


@dataclass(frozen=True)
class Card:
    """What a card says; made by `make`, drawn by `draw`, written by the documents."""

    metric: Metric
    name: str
    value: str
    change: str
    comparison: str
    aim: str
    spark: tuple[float | None, ...]
    target: float | None  # of a month: None where the target is one of the whole year
    months: tuple[str, ...]
    suppressed: bool
    verdict: Verdict | None = None
    reason: str | None = None  # why it is suppressed, as disclosure control says
    coming: tuple[int, int] = (0, 0)  # units that have handed in all that was due, and of how many


def make(seen: View, metric: str, verdict: Verdict | None = None, definition: str | None = None) -> Card:
    """Return the card of a metric for this view: its value, the change, the target, and twelve months of it."""
    found = metrics.find(metric)
    answer = seen.ask(metric, definition=definition).frame.row(0, named=True)
    against = None if seen.compare == "target" else seen.comparison(metric, definition)
    target = seen.target(metric, definition)
    before = against.frame.row(0, named=True)["value"] if against is not None else target
    value = answer["value"]
    if value is None or before is None:
        change, comparison = "", _("No figure to compare with: {what}", what=seen.compared_with)
    else:
        change = formats.change(found.unit, value - before)
        comparison = _("against {what}, {value}", what=seen.compared_with, value=formats.value(found.unit, before))
    spark: tuple[float | None, ...] = ()
    months: tuple[str, ...] = ()
    if found.has_period:
        start = seen.filters.end.back(SPARK_MONTHS - 1)
        by_month = seen.ask(metric, by="month", definition=definition, start=start)
        spark, months = tuple(by_month.frame["value"]), tuple(by_month.frame["group"])
    aim = _("Target {value}", value=formats.value(found.unit, target)) if target is not None else ""
    return Card(
        found,
        metric_name(metric),
        formats.value(found.unit, value, suppressed=answer["suppressed"]),
        change,
        comparison,
        aim,
        spark,
        None if metric in GROWING else target,
        months,
        answer["suppressed"],
        verdict,
        answer["reason"],
        quality.coming(seen.viewer, seen.filters, seen.snapshot),
    )


def draw(card: Card, inside: str, key: str, open_page: str | None = None) -> None:
    """Draw one card, whose body is `inside`, in a frame of its own; `open_page` is the page that says more."""
    with st.container(border=True, height="stretch", vertical_alignment="distribute", gap="xsmall", key=f"card_{key}"):
        st.html(inside)
        with st.container(horizontal=True, gap="small", key=f"tools_card_{key}"):
            definitions.on_demand(card.metric.id, key)
            if open_page:
                definitions.more(open_page, key)


def row(
    seen: View,
    names: Sequence[str],
    *,
    verdicts: Callable[[str], Verdict | None] | None = None,
    pages: dict[str, str] | None = None,
    key: str = "",
) -> None:
    """Draw a row of cards that breaks with the width of the page.

    `verdicts` gives a metric's verdict, `pages` the page each opens.
    """
    with st.grid(min(len(names), 4), min_column_width=WIDTH, gap="small"):
        for name in names:
            verdict = verdicts(name) if verdicts else None
            draw(*_worded(seen, name, verdict), f"{key}{name}", (pages or {}).get(name))
    _missing(seen, f"{key}{names[0]}")


def _missing(seen: View, key: str) -> None:
    """Say below a row of cards how many units are still to hand in, with the way to which; nothing where all have."""
    whole, of = quality.coming(seen.viewer, seen.filters, seen.snapshot)
    if whole == of or entry("quality") not in entries(seen.viewer):
        return
    st.button(
        _("{whole} of {of} units have handed in every headcount due", whole=whole, of=of),
        icon=":material/incomplete_circle:",
        type="tertiary",
        key=f"missing_{key}",
        on_click=view.go,
        args=("quality",),
    )


@kept
def _worded(seen: View, metric: str, verdict: Verdict | None) -> tuple[Card, str]:
    """Return a metric's card and its body."""
    card = make(seen, metric, verdict)
    return card, body(card)


def body(card: Card) -> str:
    """Return the card as HTML; every text in it is escaped."""
    word = ""
    if card.verdict:
        word = (
            f'<span class="d-word {card.verdict.tone}" title="{escape(card.verdict.evidence)}">'
            f"{escape(card.verdict.word)}</span>"
        )
    lines = [
        f'<p class="d-name"><span>{escape(card.name)}</span>{word}</p>',
        f'<div class="d-number"><p class="d-value">{escape(card.value)}</p>{_part(card)}</div>',
    ]
    if card.suppressed:
        lines.append(f'<p class="d-change">{escape(states.why(card.reason))}</p>')
    elif card.change:
        lines.append(f'<p class="d-change"><b>{escape(card.change)}</b> {escape(card.comparison)}</p>')
    else:
        lines.append(f'<p class="d-change">{escape(card.comparison)}</p>')
    if card.aim:
        aim = " · ".join(part for part in (card.aim, card.verdict.aim if card.verdict else "") if part)
        lines.append(f'<p class="d-aim">{escape(aim)}</p>')
    lines.append(sparkline(card))
    return f'<div class="d-card" role="group" aria-label="{escape(card.name)}">{"".join(lines)}</div>'


def _part(card: Card) -> str:
    """Return the small mark beside a number that rests on fewer units than it should; nothing where all are in."""
    whole, of = card.coming
    if whole == of:
        return ""
    said = _("{whole} of {of} units have handed in every headcount due", whole=whole, of=of)
    part = f"--part:{min(whole / of, 0.92):.0%}"  # a gap that can be seen, however small the part that is missing
    return f'<span class="d-part" style="{part}" title="{escape(said)}" role="img" aria-label="{escape(said)}"></span>'


def sparkline(card: Card) -> str:
    """Return the card's twelve months as a small line with the target dashed."""
    known = [value for value in card.spark if value is not None]
    if not known:
        return ""
    said = _(
        "{name} by month from {first} to {last}: from {low} to {high}",
        name=card.name,
        first=formats.period(card.months[0]),
        last=formats.period(card.months[-1]),
        low=formats.value(card.metric.unit, min(known)),
        high=formats.value(card.metric.unit, max(known)),
    )
    return sparklines.image(card.spark, said, theme.palette(), card.target)
