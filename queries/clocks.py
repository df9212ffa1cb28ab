"""The law's clocks of collective bargaining: what is due next, for which unit, by which article."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import polars as pl
from sqlalchemy import select

from data import database, schema
from data.bulk import read
from queries import organisation
from queries.answers import ask, make_cut
from queries.disclosure import facts, minimum_group, permitted
from queries.filters import Filters
from queries.holding import current
from queries.keeping import kept
from queries.metrics import find
from queries.snapshot import Snapshot
from queries.statistics import survival
from queries.viewers import Viewer

Kind = Literal["reply", "quorum", "filing", "silence", "expiry"]
State = Literal["missed", "due", "failed", "coming"]

REPLY_DAYS = organisation.REPLY_DAYS
FILING_DAYS = 10  # a signed contract goes to the labour authority (Provisions on Collective Contracts, art. 42)
SILENCE_DAYS = organisation.SILENCE_DAYS
RENEWAL_DAYS = 90  # within the last three months either side may ask for a new one (the same, art. 38)
AHEAD_DAYS = 180  # expiries shown ahead: a round of bargaining takes about half a year
PAST_DAYS = 365  # what was missed longer ago is history, not a task

_M = schema.HANDED_IN["meetings"].c
_K = schema.HANDED_IN["contracts"].c


@dataclass(frozen=True, eq=False)
class Clocks:
    """What is due, the most overdue first: `frame` with kind, state, branch_id, reference (id of the meeting or
    contract), subject (meeting title, or the contract's kind), since (date), due (date), days (to it, negative =
    passed), present, in_favour, delegates (of a vote)."""

    frame: pl.DataFrame
    known: date


@kept
def clocks(viewer: Viewer, filters: Filters, snapshot: Snapshot | None = None) -> Clocks:
    """Return the running and missed clocks of the scope's requests, votes and contracts on the day of knowledge.

    Sources: Provisions on Collective Contracts (2004) art. 32 reply, 36 quorum, 38 renewal, 42 filing; Labour Contract
    Law art. 54 in force after 15 days. Raises NotAllowed for a unit outside the viewer's.
    """
    snapshot = snapshot or current()
    units, known = _scope(viewer, filters, snapshot)
    meetings = _within(snapshot.once("meetings stored", _meetings), units).filter(
        pl.min_horizontal("requested_on", "held_on") <= known
    )
    rows = [*_requests(meetings, known), *_votes(meetings, known), *_contracts(viewer, filters, snapshot)]
    frame = pl.DataFrame(
        rows,
        schema={
            "kind": pl.String, "state": pl.String, "branch_id": pl.String, "reference": pl.String, "subject": pl.String,
            "since": pl.Date, "due": pl.Date, "days": pl.Int64, "present": pl.Int64, "in_favour": pl.Int64,
            "delegates": pl.Int64,
        },
        orient="row",
    )  # fmt: skip
    return Clocks(frame.sort("due", "kind", "reference"), known)


def _scope(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> tuple[list[str], date]:
    metric = find("overdue_commitments")
    cut = make_cut(viewer, metric, permitted(viewer, metric, filters, snapshot), (), snapshot)
    return [unit for unit, group in zip(snapshot.tree.ids, cut.group_of, strict=True) if group >= 0], cut.known


def _within(rows: pl.DataFrame, units: list[str]) -> pl.DataFrame:
    return rows.filter(pl.col("branch_id").is_in(units))


def _meetings() -> pl.DataFrame:
    columns = (
        _M.meeting_id, _M.branch_id, _M.held_on, _M.kind, _M.title, _M.requested_on, _M.replied_on, _M.delegates,
        _M.present, _M.in_favour,
    )  # fmt: skip
    with database.reading() as connection:
        return read(connection, select(*columns))


def congresses(viewer: Viewer, filters: Filters, snapshot: Snapshot | None = None) -> dict[str, str]:
    """Return the titles of the scope's workers' congresses by number, the latest first: motions are made there."""
    snapshot = snapshot or current()
    units, known = _scope(viewer, filters, snapshot)
    rows = _within(snapshot.once("meetings stored", _meetings), units).filter(
        pl.col("kind") == "workers_congress", pl.col("held_on") <= known
    )
    rows = rows.sort("held_on", "meeting_id", descending=[True, False])
    return {row["meeting_id"]: row["title"] or "" for row in rows.iter_rows(named=True)}


def meeting(meeting_id: str, snapshot: Snapshot | None = None) -> dict[str, Any] | None:
    """Return a meeting as handed in: held_on, delegates, present, in_favour and more; None if it is not yet."""
    snapshot = snapshot or current()
    rows = snapshot.once("meetings stored", _meetings).filter(meeting_id=meeting_id)
    return rows.row(0, named=True) if rows.height else None


def valid(delegates: int, present: int, in_favour: int | None) -> bool:
    """Return whether a congress counts: two thirds of the delegates present, more than half of all in favour.

    Source: Provisions on Collective Contracts (2004), art. 36. Without votes only those present are looked at.
    """
    return 3 * present >= 2 * delegates and (in_favour is None or 2 * in_favour > delegates)


def _requests(meetings: pl.DataFrame, known: date) -> list[tuple[object, ...]]:
    """Bargaining requests without an answer by the day of knowledge; a meeting held is an answer."""
    found: list[tuple[object, ...]] = []
    open_ones = meetings.filter(
        pl.col("kind") == "joint_consultation",
        pl.col("requested_on").is_not_null(),
        (pl.col("replied_on") > known).fill_null(True),
        (pl.col("held_on") > known).fill_null(True),
    )
    for row in open_ones.iter_rows(named=True):
        due = row["requested_on"] + timedelta(REPLY_DAYS)
        days = (due - known).days
        if days >= -PAST_DAYS:
            found.append(
                ("reply", "missed" if days < 0 else "due", row["branch_id"], row["meeting_id"], row["title"],
                 row["requested_on"], due, days, None, None, None)
            )  # fmt: skip
    return found


def _votes(meetings: pl.DataFrame, known: date) -> list[tuple[object, ...]]:
    """Workers' congresses of the last year that had no quorum or no majority of all delegates."""
    voted = meetings.filter(
        pl.col("kind") == "workers_congress",
        pl.col("held_on").is_between(known - timedelta(PAST_DAYS), known),
        pl.col("delegates").is_not_null(),
        pl.col("present").is_not_null(),
    )
    valid = (3 * pl.col("present") >= 2 * pl.col("delegates")) & (
        (2 * pl.col("in_favour") > pl.col("delegates")).fill_null(True)
    )
    return [
        ("quorum", "failed", row["branch_id"], row["meeting_id"], row["title"], row["held_on"], row["held_on"],
         (row["held_on"] - known).days, row["present"], row["in_favour"], row["delegates"])
        for row in voted.filter(~valid).iter_rows(named=True)
    ]  # fmt: skip


def _contracts(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> list[tuple[object, ...]]:
    rows, known = contracts(viewer, filters, snapshot)
    found: list[tuple[object, ...]] = []

    def told(row: dict[str, object], kind: Kind, state: State, since: date, due: date) -> None:
        days = (due - known).days
        found.append(
            (kind, state, row["branch_id"], row["contract_id"], row["kind"], since, due, days, None, None, None)
        )

    for row in rows.iter_rows(named=True):
        filed, signed, expires = row["filed_on"], row["signed_on"], row["expires_on"]
        if filed is None and expires >= known:
            due = signed + timedelta(FILING_DAYS)
            if (due - known).days >= -PAST_DAYS:
                told(row, "filing", "missed" if due < known else "due", signed, due)
        if filed is not None and row["effective_on"] is None and row["in_force"] > known:
            told(row, "silence", "coming", filed, row["in_force"])
        if row["renewed"]:
            continue
        left = (expires - known).days
        if left < 0 and -left <= PAST_DAYS:
            told(row, "expiry", "missed", signed, expires)
        elif 0 <= left <= AHEAD_DAYS:
            told(row, "expiry", "due" if left <= RENEWAL_DAYS else "coming", signed, expires)
    return found


@kept
def contracts(viewer: Viewer, filters: Filters, snapshot: Snapshot | None = None) -> tuple[pl.DataFrame, date]:
    """Return the scope's own contracts signed by the day of knowledge, and that day.

    Columns: contract_id, branch_id, kind, signed_on, filed_on, effective_on, in_force (the day from which it holds),
    expires_on, employees_covered, clauses, clauses_fulfilled, renewed (a later one of the unit and kind is signed),
    state: `in_force`, `not_yet`, `expired`. The latest expiry stands last.
    """
    snapshot = snapshot or current()
    units, known = _scope(viewer, filters, snapshot)
    rows = _within(snapshot.once("contracts stored", _stored), units).filter(pl.col("signed_on") <= known)
    rows = rows.with_columns(filed_on=pl.when(pl.col("filed_on") <= known).then("filed_on"))
    later = pl.col("signed_on").max().over("branch_id", "kind")
    rows = rows.with_columns(
        in_force=pl.coalesce("effective_on", pl.col("filed_on").dt.offset_by(f"{SILENCE_DAYS}d"), "signed_on"),
        renewed=later > pl.col("signed_on"),
    ).with_columns(
        state=pl.when(pl.col("expires_on") < known)
        .then(pl.lit("expired"))
        .when(pl.col("in_force") > known)
        .then(pl.lit("not_yet"))
        .otherwise(pl.lit("in_force"))
    )
    return rows.sort("expires_on", "contract_id"), known


def _stored() -> pl.DataFrame:
    columns = [column for column in _K if column.name != "import_id"]
    with database.reading() as connection:
        return read(connection, select(*columns))


@dataclass(frozen=True)
class Help:
    """How long workers identified in hardship wait for help: the median in days, how many, and whether too few."""

    median: int | None
    cases: int | None
    suppressed: bool


@kept
def time_to_help(viewer: Viewer, filters: Filters, snapshot: Snapshot | None = None) -> Help:
    """Return the median days from identification to help of those identified in the period, waiting ones counted.

    Suppressed like the count it rests on, and below the minimum group for everyone who may not see single cases.
    Source: Kaplan and Meier (1958), `queries/statistics/survival.py`.
    """
    snapshot = snapshot or current()
    answer = ask(viewer, "aid_coverage_rate", filters, None, None, snapshot)
    row = answer.one
    if row["suppressed"] or (not viewer.sees_cases and 0 < (row["denominator"] or 0) < minimum_group()):
        return Help(None, None, True)
    cut = make_cut(viewer, find("aid_coverage_rate"), answer.filters, (), facts(viewer, snapshot))
    rows = (
        cut.of_day(organisation.care(cut), "identified")
        .select(
            days=(pl.coalesce("helped", pl.lit(cut.known)) - pl.col("identified")).dt.total_days(),
            event=pl.col("helped").is_not_null(),
        )
        .collect()
    )
    found = survival.medians(rows).row(0, named=True)
    return Help(found["median"], found["cases"], False)
