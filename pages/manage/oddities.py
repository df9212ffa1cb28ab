"""The data's oddities in words, and the calendar of what was handed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import streamlit as st

from data import database, people
from data.words import mark
from pages.shared import downloads, formats, view
from pages.shared.keeping import kept, sent
from pages.shared.navigation import entries, entry
from pages.shared.view import View
from pages.shared.words import _, code_label
from queries import quality
from queries.filters import Month
from queries.quality import Finding

CAME, LATE = "✓", "○"
SAID = {
    "late": mark("Not handed in since {month}: {count} months late"),
    "carried": mark("{count} of {of} months have no headcount; the month before stands in"),
    "outlier": mark("Headcount of {month} is {count}, usually {of}"),
    "on_the_limit": mark("Most cases are closed on the very day of their limit"),
    "same_day": mark("Most cases are closed on the day they were filed"),
    "always_best": mark("Nearly all ratings are 5"),
    "alike": mark("Pairs of cases of one day and category in nearly the same words: {count}"),
    "unattended": mark("Activities without a single sign-in: {count}"),
    "homeless": mark("Sign-ins and answers that name a unit that does not exist: {count}"),
}
# Where the rows of a finding are looked at or put right.
HEADS = ("late", "carried", "outlier")
PLACES = {
    **dict.fromkeys(HEADS, "correct"),
    **dict.fromkeys(("on_the_limit", "same_day", "always_best"), "grievances"),
    "unattended": "participation",
}


def calendar(seen: View, states: pl.DataFrame) -> None:
    """Draw units by month with a mark for each: came, late, or not due; at first only units with something late."""
    every = st.toggle(_("All units"), key="quality_all", value=False)
    wide = _wide(seen, states, every)
    if wide is None:
        st.caption(_("Every headcount that was due has come."))
        return
    months = {month: formats.month(Month.parse(month)) for month in wide.column_names if month != "unit"}
    st.dataframe(wide, hide_index=True, width="stretch", column_config={"unit": _("Unit"), **months})


@kept
def _wide(seen: View, states: pl.DataFrame, every: bool) -> Any:
    """Return a row a unit and a column a month as they are sent; None where nothing is to be shown."""
    late = states.filter(pl.col("state") == 0)["group"].unique().to_list()
    wanted = states.drop_nulls("state")["group"].unique().to_list() if every else late
    rows = states.filter(pl.col("group").is_in(wanted))
    if rows.is_empty():
        return None
    marks = {1.0: CAME, 0.0: f"{LATE} " + _("late"), None: ""}
    wide: dict[str, list[str]] = {"unit": []}
    for (unit,), of in rows.group_by(["group"], maintain_order=True):
        wide["unit"].append(seen.snapshot.name(str(unit), seen.language))
        for month, state in zip(of["column"], of["state"], strict=True):
            wide.setdefault(month, []).append(marks[state])
    return pl.DataFrame(wide).to_arrow()


def table(seen: View, found: Sequence[Finding]) -> None:
    """Draw the findings in the order of the organisation, with whom to ask."""
    if not found:
        st.caption(_("Nothing is late and nothing looks odd."))
        return
    rows = _worded(seen, tuple(found), tuple(_clerks(seen).items()))
    headings = {"unit": _("Unit"), "what": _("What looks odd"), "ask": _("Whom to ask")}
    chosen = st.dataframe(
        sent(seen, rows),
        hide_index=True,
        width="stretch",
        column_config=headings,
        on_select="rerun",
        selection_mode="single-row",
        key="quality_findings",
    )
    if chosen.selection.rows and chosen.selection.rows[0] < len(found):
        _rows(seen, found[chosen.selection.rows[0]])
    else:
        st.caption(_("Choose a line to see its rows."))
    title, sentence, day, language = _("What to ask about"), seen.sentence, seen.snapshot.data_date, seen.language
    downloads.menu(title, lambda: downloads.Sheet(title, rows, headings, sentence, day, language), "quality_table")


def _rows(seen: View, one: Finding) -> None:
    """Draw the rows that a finding rests on, as far as this person may see them, and the way to where they stand."""
    with st.container(border=True):
        st.text(f"{seen.snapshot.name(one.unit, seen.language)} · {_said(one)}")
        if one.kind == "alike":
            _alike(seen, one.unit)
        elif one.kind in HEADS:
            _months(seen, one.unit)
        place = PLACES.get(one.kind)
        if place and entry(place) in entries(seen.viewer):
            st.button(
                _("Go to these rows"),
                icon=":material/arrow_forward:",
                key="quality_go",
                on_click=_go,
                args=(place, one),
            )


def _go(place: str, one: Finding) -> None:
    if place == "correct":
        st.session_state["correct_unit"], st.session_state["correct_table"] = one.unit, "headcounts"
        view.go(place)
    else:
        view.go(place, branch=one.unit)


def _alike(seen: View, unit: str) -> None:
    pairs = quality.alike(seen.viewer, seen.filters, seen.snapshot).filter(branch_id=unit)
    codes = {"grievances": "category", "suggestions": "theme"}
    shown = pl.DataFrame(
        {
            "day": pairs["day"],
            "code": [code_label(codes[table], code) for table, code in pairs.select("table", "code").iter_rows()],
            **{name: pairs[name] for name in ("one", "one_text", "other", "other_text")},
        }
    )
    st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        column_config={
            "day": st.column_config.DateColumn(_("Day"), format="YYYY-MM-DD"),
            "code": _("Category"),
            "one": _("One"),
            "one_text": st.column_config.TextColumn(_("In words"), width="medium"),
            "other": _("The other"),
            "other_text": st.column_config.TextColumn(_("In its words"), width="medium"),
        },
    )


def _months(seen: View, unit: str) -> None:
    heads = seen.snapshot.headcounts
    months = [seen.filters.start + step for step in range(seen.filters.months)]
    months = [month for month in months if month <= Month.of(seen.snapshot.data_date)]
    place = seen.snapshot.tree.at(unit)
    counts = heads.over("employees", range(months[0].index, months[-1].index + 1))[place] if months else []
    came = [heads.handed_in(place, month) for month in months]
    st.dataframe(
        pl.DataFrame(
            {
                "month": [formats.month(month) for month in months],
                "count": [int(count) for count in counts],
                "came": [_("handed in") if there else _("carried forward") for there in came],
            }
        ).reverse(),
        hide_index=True,
        column_config={"month": _("Month"), "count": _("Employees"), "came": _("State")},
    )


@kept
def _worded(seen: View, found: tuple[Finding, ...], clerks: tuple[tuple[str, str], ...]) -> pl.DataFrame:
    """Return unit, what looks odd, and whom to ask, of each finding."""
    asked = dict(clerks)
    return pl.DataFrame(
        {
            "unit": [seen.snapshot.name(one.unit, seen.language) for one in found],
            "what": [_said(one) for one in found],
            "ask": [asked.get(one.unit, "") for one in found],
        }
    )


def _said(one: Finding) -> str:
    return _(
        SAID[one.kind],
        month=formats.month(Month.parse(one.month)) if one.month else "",
        count=formats.count(one.count),
        of=formats.count(one.of),
    )


def _clerks(seen: View) -> dict[str, str]:
    """Return for each unit the union staff nearest above it, by name and address."""
    with database.reading() as connection:
        staff = [one for one in people.everyone(connection) if one["role"] == "union_staff" and one["active"]]
    found: dict[str, str] = {}
    for one in sorted(staff, key=lambda one: -min((_depth(seen, unit) for unit in one["units"]), default=0)):
        for top in one["units"]:
            if top in seen.snapshot.tree.index:
                for unit in seen.snapshot.subtree(top):
                    found.setdefault(unit, f"{one['name']} · {one['email']}")
    return found


def _depth(seen: View, unit: str) -> int:
    if unit not in seen.snapshot.tree.index:
        return 0
    return int(seen.snapshot.units["depth"][seen.snapshot.tree.at(unit)])
