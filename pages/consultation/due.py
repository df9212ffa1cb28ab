"""The law's clocks, contracts and care in words: what is due next, by which article, and the tables that show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from data.words import mark, translate
from pages.consultation.promises import ROW_HEIGHT, called, dated
from pages.shared import downloads, formats
from pages.shared.keeping import kept
from pages.shared.view import View
from pages.shared.words import Language, _, code_label
from queries import clocks
from queries.answers import Answer

AHEAD = clocks.AHEAD_DAYS

KINDS: Mapping[str, str] = {
    "reply": mark("Written reply to a bargaining request within 20 days"),
    "quorum": mark("Two thirds present and more than half of all delegates in favour"),
    "filing": mark("Contract to the labour authority within 10 days of signing"),
    "silence": mark("In force if the authority has no objection within 15 days"),
    "expiry": mark("Contract expires; either side may ask for a new one in its last three months"),
}
# In a table beside the article, which says the rest.
SHORT: Mapping[str, str] = {
    "reply": mark("Reply to a request (20 days)"),
    "quorum": mark("Valid vote of the congress"),
    "filing": mark("Contract to the authority (10 days)"),
    "silence": mark("No objection (15 days)"),
    "expiry": mark("Contract expires"),
}
LAWS: Mapping[str, str] = {
    "reply": mark("Provisions on Collective Contracts, art. 32"),
    "quorum": mark("Provisions on Collective Contracts, art. 36"),
    "filing": mark("Provisions on Collective Contracts, art. 42"),
    "silence": mark("Labour Contract Law, art. 54"),
    "expiry": mark("Provisions on Collective Contracts, art. 38"),
}
CONTRACT_STATES: Mapping[str, str] = {
    "in_force": mark("In force"),
    "not_yet": mark("Not in force yet"),
    "expired": mark("Expired"),
}


def left(state: str, days: int, of: Language) -> str:
    """Return how a clock stands: “! 12 days late”, “… 8 days left”; a vote that did not count says so."""
    if state == "failed":
        return "! " + translate(mark("the vote does not count"), of)
    if days < 0:
        return "! " + translate(mark("{days} late"), of, days=formats.days(-days, of))
    sign = "…" if state == "due" else "·"
    return f"{sign} " + translate(mark("{days} left"), of, days=formats.days(days, of))


def subject(row: Mapping[str, object], of: Language) -> str:
    """Return what a clock is about: the meeting's title with its votes, or the kind of contract with its number."""
    if row["kind"] == "quorum":
        return translate(
            mark("{title}: {present} of {delegates} present, {favour} in favour"),
            of,
            title=row["subject"],
            present=row["present"],
            delegates=row["delegates"],
            favour=formats.MISSING if row["in_favour"] is None else row["in_favour"],
        )
    if row["kind"] == "reply":
        return str(row["subject"])
    return translate(
        mark("{kind} contract {number}"),
        of,
        kind=code_label("contract_kind", str(row["subject"]), of),
        number=row["reference"],
    )


def due_next(seen: View, found: clocks.Clocks) -> None:
    """Draw the running and missed clocks, the most overdue first, each with its article."""
    rows = found.frame
    if rows.is_empty():
        st.caption(_("Nothing is due in the coming half year, and nothing was missed in the past year."))
        return
    shown = _clocks_shown(seen, rows)
    st.dataframe(
        _sent(seen, shown),
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=(min(shown.height, 14) + 1) * ROW_HEIGHT + 3,
    )
    _download(seen, _("Statutory clocks"), shown, "clocks")


@kept
def _clocks_shown(seen: View, rows: pl.DataFrame) -> pl.DataFrame:
    return _clock_rows(rows, seen.language, _units(seen, rows)).rename(_clock_heads())


def _clock_heads() -> dict[str, str]:
    return {
        "left": _("Time left"), "due": _("Due on"), "what": _("What is due"), "unit": _("Unit"),
        "subject": _("Meeting or contract"), "law": _("Source"),
    }  # fmt: skip


def _clock_rows(rows: pl.DataFrame, of: Language, units: Mapping[str, str]) -> pl.DataFrame:
    listed = rows.to_dicts()
    texts = {
        "left": [left(row["state"], row["days"], of) for row in listed],
        "what": [called(SHORT, row["kind"], of) for row in listed],
        "subject": [subject(row, of) for row in listed],
        "unit": [units[row["branch_id"]] for row in listed],
        "law": [called(LAWS, row["kind"], of) for row in listed],
    }
    frame = pl.DataFrame(texts, schema=dict.fromkeys(texts, pl.String)).with_columns(rows["due"])
    return frame.select("left", "due", "what", "unit", "subject", "law")


def contracts_told(rows: pl.DataFrame, known: date) -> str:
    """Return how many contracts hold, how many of them run out soon, and how many ran out without a new one."""
    holding = rows.filter(state="in_force")
    soon = holding.filter(~pl.col("renewed"), (pl.col("expires_on") - pl.lit(known)).dt.total_days() <= AHEAD)
    lapsed = rows.filter(~pl.col("renewed"), pl.col("state") == "expired")
    return _(
        "{holding} in force · {soon} of them expire within {days} · {lapsed} expired without a new one",
        holding=formats.count(holding.height),
        soon=formats.count(soon.height),
        days=formats.days(AHEAD),
        lapsed=formats.count(lapsed.height),
    )


def contract_table(seen: View, rows: pl.DataFrame, known: date) -> None:
    """Draw the contracts that hold or have just run out: what of them was carried out, and until when they hold."""
    shown = _contracts_shown(seen, rows, known)
    if shown.is_empty():
        st.caption(_("No collective contract of its own here; one of the unit above may cover it."))
        return
    st.dataframe(
        _sent(seen, shown),
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=(min(shown.height, 12) + 1) * ROW_HEIGHT + 3,
    )
    _download(seen, _("Collective contracts"), shown, "contracts")


@kept
def _contracts_shown(seen: View, rows: pl.DataFrame, known: date) -> pl.DataFrame:
    """Return the contracts in words, under the headings of the table."""
    current = rows.filter(~pl.col("renewed") | (pl.col("state") != "expired"))
    units = _units(seen, current)
    listed = current.to_dicts()
    return pl.DataFrame(
        {
            _("State"): [called(CONTRACT_STATES, row["state"], seen.language) for row in listed],
            _("Kind"): [code_label("contract_kind", row["kind"]) for row in listed],
            _("Unit"): [units[row["branch_id"]] for row in listed],
            _("In force from"): current["in_force"],
            _("Expires on"): current["expires_on"],
            _("Days left"): pl.Series([max(0, (row["expires_on"] - known).days) for row in listed], dtype=pl.Int64),
            _("Clauses"): current["clauses"],
            _("Fulfilled"): current["clauses_fulfilled"],
            _("Employees covered"): current["employees_covered"],
            _("Signed on"): current["signed_on"],
            _("Handed to the authority on"): current["filed_on"],
            _("Number"): current["contract_id"],
        }
    )


@kept
def helped_by_kind(seen: View) -> Answer:
    """Return how many were helped by kind of hardship, under the names of those kinds."""
    return replace(seen.ask("aid_coverage_rate", by="kind"), by="aid_kind")


@kept
def _sent(seen: View, shown: pl.DataFrame) -> Any:
    """Return a table as it is sent, its days as text."""
    return dated(shown).to_arrow()


def _units(seen: View, rows: pl.DataFrame) -> dict[str, str]:
    return {unit: seen.snapshot.name(unit, seen.language) for unit in rows["branch_id"].unique()}


def _download(seen: View, title: str, shown: pl.DataFrame, key: str) -> None:
    sentence, day, tongue = seen.sentence, seen.snapshot.data_date, seen.language

    def make() -> downloads.Sheet:
        return downloads.Sheet(title, shown, {name: name for name in shown.columns}, sentence, day, tongue)

    downloads.menu(f"{title} · {sentence}", make, f"{key}_download")
