"""Lists of single cases, for those who may see them: opened on demand, with search and pages, each look logged.

What people wrote stands in a dataframe, never in markdown: it cannot load pictures or make links there.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import polars as pl
import streamlit as st

from data import people
from pages.shared import downloads, formats, states, view
from pages.shared.view import View
from pages.shared.words import _, code_label
from queries import cases
from queries.cases import PAGE, Cases, Status

ROW_HEIGHT, ROWS = 35, 15  # pixels of a row; rows seen at once, the others of a page are scrolled to
TAKEN_AWAY = 5000  # rows a download holds: more is not read, and filters narrow it
_TOLD = "cases_told"


@st.fragment
def grievances() -> None:
    """Draw the list of grievances: open ones first, the most overdue at the top."""
    seen = view.current()
    if not seen.viewer.sees_cases:
        _not_yours()
        return
    panel = st.expander(_open_label(seen), key="cases_grievances", on_change="rerun", icon=":material/list:")
    if not panel.open:
        return
    with panel:
        statuses: dict[Status, str] = {
            "open": _("Open"), "overdue": _("Overdue"), "closed": _("Closed"), "all": _("All of the period"),
        }  # fmt: skip
        left, right = st.columns((3, 2), vertical_alignment="bottom")
        with left:
            status = st.segmented_control(
                _("Status"), list(statuses), key="cases_status", format_func=statuses.__getitem__, required=True,
                default="open",
            )  # fmt: skip
        search = right.text_input(_("Search"), key="cases_search", placeholder=_("Number or words of the summary"))

        def ask(offset: int, limit: int = PAGE) -> Cases:
            return cases.grievances(
                seen.viewer, seen.filters, status=status, search=search or "", offset=offset, limit=limit,
                snapshot=seen.snapshot,
            )  # fmt: skip

        _listed(seen, "grievances", ask, _grievance_columns, {"status": status, "searched": bool(search)})


@st.fragment
def suggestions() -> None:
    """Draw the list of suggestions: those that wait longest for a decision first."""
    seen = view.current()
    if not seen.viewer.sees_cases:
        _not_yours()
        return
    waiting = seen.ask("undecided_suggestions").frame["value"][0]
    label = _("{count} suggestions await a decision: the list, the longest waiting first", count=formats.count(waiting))
    panel = st.expander(label, key="cases_suggestions", on_change="rerun", icon=":material/list:")
    if not panel.open:
        return
    with panel:
        kinds = {"waiting": _("Undecided"), "all": _("All of the period")}
        left, right = st.columns((3, 2), vertical_alignment="bottom")
        with left:
            kind = st.segmented_control(
                _("Status"), list(kinds), key="suggestions_kind", format_func=kinds.__getitem__, required=True,
                default="waiting",
            )  # fmt: skip
        search = right.text_input(_("Search"), key="suggestions_search", placeholder=_("Number or words of the title"))

        def ask(offset: int, limit: int = PAGE) -> Cases:
            return cases.suggestions(
                seen.viewer, seen.filters, undecided=kind == "waiting", search=search or "", offset=offset,
                limit=limit, snapshot=seen.snapshot,
            )  # fmt: skip

        _listed(seen, "suggestions", ask, _suggestion_columns, {"status": kind, "searched": bool(search)})


def _open_label(seen: View) -> str:
    still_open = seen.ask("open_grievances").frame["value"][0]
    overdue = seen.ask("overdue_grievances").frame["value"][0]
    return _(
        "{open} open cases, {overdue} of them overdue: the list",
        open=formats.count(still_open),
        overdue=formats.count(overdue),
    )


def _not_yours() -> None:
    title = _("Single cases are not shown here")
    text = _("Only the union staff of a unit can open its cases: whoever speaks up must not be recognised.")
    st.html(
        '<div class="d-state" role="note"><span class="d-sign" aria-hidden="true">·</span>'
        f"<div><strong>{escape(title)}</strong><p>{escape(text)}</p></div></div>"
    )


def _listed(
    seen: View,
    subject: str,
    ask: Callable[..., Cases],
    columns: Callable[[View, pl.DataFrame], pl.DataFrame],
    about: dict[str, Any],
) -> None:
    """Draw a page of the list, the way to the others and the download, and log the look."""
    key = f"{subject}_page"
    asked = (seen.filters, tuple(about.items()), st.session_state.get(f"{subject}_search"))
    if st.session_state.get(f"{key}_of") != asked:  # another question begins at its first page
        st.session_state[f"{key}_of"], st.session_state[key] = asked, 0
    found = ask(st.session_state[key] * PAGE)
    if found.total == 0:
        states.empty(seen) if not about["searched"] else st.caption(_("No case matches your search."))
        return
    _tell(seen, subject, about, st.session_state[key])
    shown = columns(seen, found.frame)
    shown = shown.select(name for name in shown.columns if shown[name].is_not_null().any())
    rows = min(shown.height, ROWS) + 1
    st.dataframe(
        shown,
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=rows * ROW_HEIGHT + 3,
        column_config=_widths(shown),
        placeholder=formats.MISSING,
    )
    first, pages = st.session_state[key] * PAGE + 1, -(-found.total // PAGE)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            _(
                "{first}–{last} of {total}",
                first=formats.count(first, whole=True),
                last=formats.count(first + shown.height - 1, whole=True),
                total=formats.count(found.total, whole=True),
            )
        )
        for name, icon, step in ((_("Back"), "chevron_left", -1), (_("Next"), "chevron_right", 1)):
            st.button(
                name, icon=f":material/{icon}:", key=f"{key}_{icon}", on_click=_turn, args=(key, step), type="tertiary",
                disabled=not 0 <= st.session_state[key] + step < pages,
            )  # fmt: skip
        downloads.menu(*_sheet(seen, subject, ask, columns), key=f"{key}_download")


def _widths(shown: pl.DataFrame) -> dict[str, Any]:
    """Return how wide columns are, days as days: the one that people wrote takes what it needs."""
    text = {_("Summary"), _("Title")}
    days = [name for name, kind in shown.schema.items() if kind == pl.Date]
    return {name: st.column_config.TextColumn(width="large") for name in shown.columns if name in text} | {
        name: st.column_config.DateColumn(format="YYYY-MM-DD") for name in days
    }


def _turn(key: str, step: int) -> None:
    st.session_state[key] += step


def _sheet(
    seen: View, subject: str, ask: Callable[..., Cases], columns: Callable[[View, pl.DataFrame], pl.DataFrame]
) -> tuple[str, Callable[[], downloads.Sheet]]:
    title = {"grievances": _("List of grievances"), "suggestions": _("List of suggestions")}[subject]
    named = columns(seen, ask(0, 0).frame).columns
    sentence, day, tongue = seen.sentence, seen.snapshot.data_date, seen.language

    def make() -> downloads.Sheet:
        frame = columns(seen, ask(0, TAKEN_AWAY).frame)
        return downloads.Sheet(title, frame, {name: name for name in named}, sentence, day, tongue)

    return f"{title} · {sentence}", make


def _tell(seen: View, subject: str, about: dict[str, Any], page: int) -> None:
    """Log what was looked at, once a session and question: units, period and status, never a text or a search word."""
    told = st.session_state.setdefault(_TOLD, set())
    line = (subject, seen.filters, tuple(about.items()), page)
    if line in told:
        return
    told.add(line)
    months = f"{seen.filters.start}..{seen.filters.end}"
    detail = {"table": subject, "unit": seen.branch, "months": months, "page": page}
    people.audit(None, seen.viewer.email, "cases_viewed", detail | about)


def _units(seen: View, frame: pl.DataFrame) -> pl.Series:
    names = {unit: seen.snapshot.name(unit, seen.language) for unit in frame["branch_id"].unique()}
    return frame["branch_id"].replace_strict(names, return_dtype=pl.String)


def _codes(seen: View, frame: pl.DataFrame, kind: str) -> pl.Series:
    names = {code: code_label(kind, code, seen.language) for code in frame[kind].drop_nulls().unique()}
    return frame[kind].replace_strict(names, default=None, return_dtype=pl.String)


def _grievance_columns(seen: View, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns shown, in order, under their headings."""
    left = [_left(days) for days in frame["days_left"]]
    return pl.DataFrame(
        {
            _("Case number"): frame["grievance_id"],
            _("Time left"): pl.Series(left, dtype=pl.String),
            _("Unit"): _units(seen, frame),
            _("Category"): _codes(seen, frame, "category"),
            _("Summary"): frame["summary"],
            _("Filed on"): frame["filed_on"],
            _("Due on"): frame["due"],
            _("Stage"): _codes(seen, frame.with_columns(pl.col("stage").fill_null("direct")), "stage"),
            _("Channel"): _codes(seen, frame, "channel"),
            _("People involved"): frame["people_involved"],
            _("Outcome"): _codes(seen, frame, "outcome"),
        }
    )


def _left(days: int | None) -> str:
    if days is None:
        return _("closed")
    if days < 0:
        return _("overdue by {days}", days=formats.days(-days))
    return _("{days} left", days=formats.days(days))


def _suggestion_columns(seen: View, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns shown, in order, under their headings."""
    waited = [
        "" if decided else formats.days((seen.snapshot.data_date - submitted).days)
        for submitted, decided in frame.select("submitted_on", "decided_on").iter_rows()
    ]
    return pl.DataFrame(
        {
            _("Case number"): frame["suggestion_id"],
            _("Waiting so far"): pl.Series(waited, dtype=pl.String),
            _("Unit"): _units(seen, frame),
            _("Theme"): _codes(seen, frame, "theme"),
            _("Title"): frame["title"],
            _("Submitted on"): frame["submitted_on"],
            _("Decision"): _codes(seen, frame, "decision"),
            _("Implemented on"): frame["implemented_on"],
            _("Expected benefit (yuan)"): frame["expected_benefit"] / 100,
            _("Verified benefit (yuan)"): frame["verified_benefit"] / 100,
        }
    )
