"""Membership, consultation, contracts and care. Definitions: the catalogue, “组织、民主协商与关爱”."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data import tables
from queries.cut import Cut, Sums, stock, summed
from queries.suggestions import in_yuan
from queries.units import month_number

MEETINGS = {code: i for i, (code, _) in enumerate(tables.MEETING_KINDS)}
COMPREHENSIVE = [code for code, _ in tables.CONTRACT_KINDS].index("comprehensive")
REPLY_DAYS = 20  # a written reply to a bargaining request (Provisions on Collective Contracts, art. 32)
SILENCE_DAYS = 15  # a filed contract is in force if nobody objects (Labour Contract Law, art. 54)


def _shown(rows: pl.LazyFrame, cut: Cut, *days: str) -> pl.LazyFrame:
    """Return the rows with those later days emptied that lie after A."""
    return rows.with_columns(pl.when(pl.col(day) <= cut.known).then(pl.col(day)).alias(day) for day in days)


def _reference(cut: Cut) -> list[tuple[int, date]]:
    """Return (place, reference day) of the periods that have begun."""
    return [(p, min(x.end, cut.known)) for p, x in enumerate(cut.periods) if x.start <= cut.known]


def _by_reference(cut: Cut, of_units: Callable[[date], tuple[NDArray[np.int64], NDArray[np.int64]]]) -> Sums:
    """Return sums from what `of_units` says of each unit on a reference day: numerators and denominators."""
    numerator, denominator = np.zeros(cut.shape), np.zeros(cut.shape)
    for p, day in _reference(cut):
        for sums, units in zip((numerator, denominator), of_units(day), strict=True):
            sums[:, p, 0] = cut.by_group(units)
    return Sums(numerator, denominator)


def _heads(cut: Cut, which: str, day: date) -> NDArray[np.int64]:
    month = month_number(day)
    return cut.snapshot.headcounts.over(which, range(month, month + 1))[:, 0]


def union_membership_rate(cut: Cut) -> Sums:
    """Union members over employees on the reference month."""
    return _by_reference(cut, lambda day: (_heads(cut, "union_members", day), _heads(cut, "employees", day)))


def meetings(cut: Cut) -> pl.LazyFrame:
    """Return the meetings requested or held by A, later fields empty."""
    own = pl.min_horizontal("requested", "held")
    return _shown(cut.snapshot.meetings.lazy().filter(own <= cut.known), cut, "requested", "held", "replied")


@summed
def meetings_held(cut: Cut) -> Sums:
    """Meetings held in the period."""
    return cut.count(meetings(cut), "held")


@summed
def quorum_rate(cut: Cut) -> Sums:
    """Two thirds of the delegates present, of the workers' congresses that say both."""
    rows = meetings(cut).filter(
        pl.col("kind") == MEETINGS["workers_congress"],
        pl.col("delegates").is_not_null(),
        pl.col("present").is_not_null(),
    )
    return cut.share(rows, "held", 3 * pl.col("present") >= 2 * pl.col("delegates"))


@summed
def reply_on_time_rate(cut: Cut) -> Sums:
    """Replied within 20 days, of the bargaining requests whose 20 days ended in the period."""
    rows = meetings(cut).filter(pl.col("kind") == MEETINGS["joint_consultation"])
    return cut.share(rows, "reply_due", pl.col("replied") <= pl.col("reply_due"), before=cut.known)


def promises(cut: Cut) -> pl.LazyFrame:
    """Return the commitments of meetings held by A, later fields empty."""
    return _shown(cut.snapshot.commitments.lazy().filter(pl.col("held") <= cut.known), cut, "done")


@summed
def commitments_on_time_rate(cut: Cut) -> Sums:
    """Done by the due day, of the commitments due in the period."""
    return cut.share(promises(cut), "due", pl.col("done") <= pl.col("due"), before=cut.known)


@stock
def overdue_commitments(cut: Cut) -> Sums:
    """Commitments not done at A whose due day is before A."""
    return cut.standing(promises(cut).filter(pl.col("done").is_null(), pl.col("due") < cut.known))


def contracts(cut: Cut) -> pl.DataFrame:
    """Return the contracts signed by A with `in_force`, the day from which each holds."""
    return cut.snapshot.table(("contracts", cut.known), lambda: _contracts(cut))


def _contracts(cut: Cut) -> pl.DataFrame:
    rows = _shown(cut.snapshot.contracts.lazy().filter(pl.col("signed") <= cut.known), cut, "filed")
    after_silence = pl.col("filed").dt.offset_by(f"{SILENCE_DAYS}d")
    return rows.with_columns(in_force=pl.coalesce("effective", after_silence, "signed")).collect()


def _in_force(rows: pl.DataFrame) -> Callable[[date], NDArray[np.bool_]]:
    """Return what says which of the contracts are in force on a day."""
    first, last = rows["in_force"].to_numpy(), rows["expires"].to_numpy()
    return lambda day: (first <= np.datetime64(day)) & (np.datetime64(day) <= last)


def _coverage(cut: Cut, kind: int | None) -> Sums:
    sizes = np.array(cut.snapshot.tree.sizes, dtype=np.int64)
    rows = contracts(cut) if kind is None else contracts(cut).filter(pl.col("kind") == kind)
    in_force, unit = _in_force(rows), rows["u"].to_numpy().astype(np.int64)

    def of_units(day: date) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        units = unit[in_force(day)]
        covers = np.zeros(len(sizes) + 1, dtype=np.int64)
        # An ancestor's contract covers the units below.
        np.add.at(covers, units, 1)
        np.add.at(covers, units + sizes[units], -1)
        heads = _heads(cut, "employees", day)
        return np.where(np.cumsum(covers)[:-1] > 0, heads, 0), heads

    return _by_reference(cut, of_units)


def contract_coverage_rate_comprehensive(cut: Cut) -> Sums:
    """Employees under a comprehensive contract in force, their unit's or an ancestor's, over employees."""
    return _coverage(cut, COMPREHENSIVE)


def contract_coverage_rate_any(cut: Cut) -> Sums:
    """Employees under any collective contract in force, their unit's or an ancestor's, over employees."""
    return _coverage(cut, None)


def contract_fulfilment_rate(cut: Cut) -> Sums:
    """Clauses fulfilled over clauses of the scope's own contracts in force that say both."""
    rows = contracts(cut).filter(pl.col("clauses").is_not_null(), pl.col("clauses_fulfilled").is_not_null())
    in_force, unit = _in_force(rows), rows["u"].to_numpy()
    fulfilled, clauses = rows["clauses_fulfilled"].to_numpy(), rows["clauses"].to_numpy()

    def of_units(day: date) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        found = np.zeros((2, len(cut.group_of)), dtype=np.int64)
        there = in_force(day)
        np.add.at(found[0], unit[there], fulfilled[there])
        np.add.at(found[1], unit[there], clauses[there])
        return found[0], found[1]

    return _by_reference(cut, of_units)


def care(cut: Cut) -> pl.LazyFrame:
    """Return the hardship cases identified by A, later fields empty."""
    helped = pl.col("helped") <= cut.known
    return (
        cut.snapshot.aid_cases.lazy()
        .filter(pl.col("identified") <= cut.known)
        .with_columns(
            pl.when(helped).then("helped").alias("helped"), pl.when(helped).then("amount_fen").alias("amount_fen")
        )
    )


@summed
def aid_coverage_rate(cut: Cut) -> Sums:
    """Helped by A, of the cases identified in the period."""
    return cut.share(care(cut), "identified", pl.col("helped").is_not_null())


def aid_amount(cut: Cut) -> Sums:
    """Aid given in the period, in yuan."""
    return in_yuan(_aid_fen(cut))


@summed
def _aid_fen(cut: Cut) -> Sums:
    return cut.count(care(cut), "helped", pl.col("amount_fen"))


@summed
def aid_identified(cut: Cut) -> Sums:
    """Workers in hardship identified in the period."""
    return cut.count(care(cut), "identified")


@summed
def notices_published(cut: Cut) -> Sums:
    """Notices published in the period."""
    return cut.count(cut.snapshot.notices.lazy().filter(pl.col("published") <= cut.known), "published")
