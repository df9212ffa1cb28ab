"""How long cases wait, open ones counted: the curve, medians, shares in time, and how many still wait."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape

import polars as pl
import streamlit as st

from data.words import mark
from pages.shared import anatomy, charts, downloads, drawing, formats, view
from pages.shared.keeping import kept
from pages.shared.view import View
from pages.shared.words import DIMENSION_NAMES, _
from queries.disclosure import minimum_group
from queries.durations import AT_RISK, WITHIN, Durations, Subject, durations

WHOLE = "whole"
SERIES_DRAWN = 6  # curves that can still be told apart; the table has all groups
WIDE = 430  # pixels below which the tables stand under the curve
DAYS_DRAWN = 120  # what lies beyond four months is a tail of a few cases


@dataclass(frozen=True)
class Wording:
    """What waiting and its end are called; texts to be translated."""

    median: str  # the finding, whole
    median_open: str  # the finding where not even half have ended
    title: str  # where there is no figure
    about: str
    waiting: str
    ended_only: str
    said: str
    groupings: tuple[str, ...]


WORDINGS: dict[Subject, Wording] = {
    "grievances": Wording(
        mark("Half of the cases are closed within {median}; {first} within 15 days, {second} within 30"),
        mark("Fewer than half of the cases are closed yet; {first} within 15 days, {second} within 30"),
        mark("How long it takes to close a case"),
        mark("Share of the period's cases still open, by days since filing; open ones counted (Kaplan–Meier)"),
        mark("Still open after (days)"),
        mark("Closed ones only"),
        mark("{series}, day {day}: {share} still open"),
        ("stage", "category", "channel", "branch"),
    ),
    "suggestions": Wording(
        mark("Half of the suggestions are decided within {median}; {first} within 15 days, {second} within 30"),
        mark("Fewer than half of the suggestions are decided yet; {first} within 15 days, {second} within 30"),
        mark("How long a decision takes"),
        mark("Share of the period's suggestions undecided, by days; undecided ones counted (Kaplan–Meier)"),
        mark("Still undecided after (days)"),
        mark("Decided ones only"),
        mark("{series}, day {day}: {share} still undecided"),
        ("theme", "branch"),
    ),
}  # fmt: skip


@st.fragment
def panel(subject: Subject) -> None:
    """Draw curve and tables; the choice of groups reruns this part alone."""
    seen = view.current()
    words = WORDINGS[subject]
    names = {WHOLE: _("All together")} | {
        name: _("Unit") if name == "branch" else _(DIMENSION_NAMES[name]) for name in words.groupings
    }
    by = st.segmented_control(
        _("Split by"),
        list(names),
        key=f"waiting_{subject}",
        format_func=names.__getitem__,
        required=True,
        default=WHOLE,
    )
    whole = durations(seen.viewer, subject, seen.filters, None, seen.snapshot)
    found = whole if by == WHOLE else durations(seen.viewer, subject, seen.filters, by, seen.snapshot)
    if seen.closed:  # no curve: the whole one less those of its parts would tell of single cases
        anatomy.section(_title(whole, words))
        tables(seen, found, words)
        return
    with st.grid(2, min_column_width=WIDE, gap="small"):
        charts.figure(
            seen,
            _drawing(seen, found, words),
            title=_title(whole, words),
            subtitle=f"{_(words.about)} · {_drawn_while()}",
            key=f"waiting_{subject}",
            sheet=_sheet(seen, found, words),
        )
        tables(seen, found, words)


def _drawn_while() -> str:
    return _("drawn while at least {least} are watched", least=minimum_group())


def _title(whole: Durations, words: Wording) -> str:
    row = whole.groups.row(0, named=True)
    first, second = (row[f"within_{days}"] for days in WITHIN)
    if row["suppressed"] or not row["cases"]:
        return _(words.title)
    said = {"first": formats.percent(first, 0), "second": formats.percent(second, 0)}
    if row["median"] is None:
        return _(words.median_open, **said)
    return _(words.median, median=formats.days(row["median"]), **said)


def _labels(seen: View, found: Durations) -> dict[str | None, str]:
    groups = found.groups["group"].to_list()
    names = drawing.labels(seen, found.answer.by, groups, found.answer.filters.branch)
    return dict(zip(groups, names if found.answer.by else [_("All together")], strict=True))


@kept
def _drawing(seen: View, found: Durations, words: Wording) -> charts.Drawing:
    names = _labels(seen, found)
    most = found.groups.filter(pl.col("cases") > 0).sort("cases", descending=True, maintain_order=True)
    kept = set(most["group"].head(SERIES_DRAWN).to_list())
    rows = found.curves[[row for row, group in enumerate(found.curves["group"]) if group in kept]]
    rows = rows.with_columns(series=pl.Series([names[group] for group in rows["group"]], dtype=pl.String))
    if found.answer.by is not None:
        rows = rows.drop("low", "high")  # bands of several curves hide each other
    drawn = charts.curves(seen, rows.drop("group"), days=DAYS_DRAWN, words=words.said)
    hidden = int(found.groups["suppressed"].sum())
    return replace(drawn, suppressed=hidden, reason=drawing.reason_of(found.groups))


def tables(seen: View, found: Durations, words: Wording) -> None:
    """Draw medians and shares in time, and how many were still waiting on certain days."""
    drawn = _tables(seen, found, words)
    if drawn:
        with st.container(border=True, height="stretch", key=f"tables_{found.answer.metric.id}"):
            for one in drawn:
                st.html(one)


@kept
def _tables(seen: View, found: Durations, words: Wording) -> tuple[str, ...]:
    """Return the tables as HTML; none where there are no cases."""
    groups = found.groups.filter((pl.col("cases") > 0) | pl.col("suppressed"))
    if groups.height == 0:
        return ()
    names, hidden = _labels(seen, found), formats.value("count", None, suppressed=True)
    heads = [_("Cases"), _("Median"), _("In 15 days"), _("In 30 days"), _(words.ended_only)]
    rows = []
    for row in groups.iter_rows(named=True):
        if row["suppressed"]:
            rows.append([names[row["group"]]] + [hidden] * 5)
            continue
        naive = formats.days(row["naive"]) + (" ⚠" if row["misleads"] else "")
        shares = [formats.percent(row[f"within_{days}"], 0) for days in WITHIN]
        rows.append([names[row["group"]], formats.count(row["cases"]), formats.days(row["median"]), *shares, naive])
    note = (
        _("⚠ The median of the ended ones alone misleads: it leaves out those that still wait.")
        if any(row["misleads"] for row in groups.iter_rows(named=True))
        else ""
    )
    waiting = {
        group: dict(part.select("day", "waiting").iter_rows())
        for (group,), part in found.at_risk.group_by("group", maintain_order=True)
    }
    watched = [
        [names[group]] + [hidden if days[day] is None else formats.count(days[day]) for day in AT_RISK]
        for group, days in waiting.items()
        if days[0] != 0
    ]
    medians = table(_("Median and shares"), heads, rows) + f'<p class="d-note">{escape(note)}</p>'
    if not watched:
        return (medians,)
    return medians, table(_(words.waiting), [str(day) for day in AT_RISK], watched)


def table(title: str, heads: list[str], rows: list[list[str]]) -> str:
    """Return a small table as HTML: names down, figures to the right; every text is escaped."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
        for name, *cells in rows
    )
    return (
        f'<table class="d-table"><caption>{escape(title)}</caption>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


@kept
def _sheet(seen: View, found: Durations, words: Wording) -> downloads.Sheet:
    names = _labels(seen, found)
    labels = pl.Series([names[group] for group in found.groups["group"]], dtype=pl.String)
    frame = found.groups.with_columns(label=labels)
    columns = {
        "label": _("Group"), "cases": _("Cases"), "events": _("Ended"), "median": _("Median (days)"),
        "low": _("Lower bound (95 %)"), "high": _("Upper bound (95 %)"), "within_15": _("Ended within 15 days"),
        "within_30": _("Ended within 30 days"), "naive": _("Median of the ended ones only (days)"),
        "suppressed": _("Too small to show"),
    }  # fmt: skip
    return downloads.Sheet(
        _(words.title), frame, columns, seen.sentence, seen.snapshot.data_date, seen.language,
        _(words.about), ("within_15", "within_30"),
    )  # fmt: skip
