"""Membership, consultation, contracts and care. Definitions: the catalogue, “组织、民主协商与关爱”."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data import tables
from queries.cut import Cut
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


def _cells(cut: Cut, found: dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]]) -> pl.DataFrame:
    """Return rows from, for each period, numerators and denominators by unit."""
    rows = [
        {
            "g": g,
            "p": p,
            "c": None,
            "numerator": float(numerator[cut.group_of == g].sum()),
            "denominator": float(denominator[cut.group_of == g].sum()),
        }
        for p, (numerator, denominator) in found.items()
        for g in range(len(cut.groups))
    ]
    schema = {"g": pl.Int32, "p": pl.Int32, "c": pl.UInt8, "numerator": pl.Float64, "denominator": pl.Float64}
    return pl.DataFrame(rows, schema=schema)


def _heads(cut: Cut, which: str, day: date) -> NDArray[np.int64]:
    month = month_number(day)
    return cut.snapshot.headcounts.over(which, range(month, month + 1))[:, 0]


def union_membership_rate(cut: Cut) -> pl.DataFrame:
    """Union members over employees on the reference month."""
    return _cells(
        cut,
        {p: (_heads(cut, "union_members", day), _heads(cut, "employees", day)) for p, day in _reference(cut)},
    )


def meetings(cut: Cut) -> pl.LazyFrame:
    """Return the meetings requested or held by A, later fields empty."""
    own = pl.min_horizontal("requested", "held")
    return _shown(cut.snapshot.meetings.lazy().filter(own <= cut.known), cut, "requested", "held", "replied")


def meetings_held(cut: Cut) -> pl.DataFrame:
    """Meetings held in the period."""
    return cut.count(meetings(cut), "held")


def quorum_rate(cut: Cut) -> pl.DataFrame:
    """Two thirds of the delegates present, of the workers' congresses that say both."""
    rows = meetings(cut).filter(
        pl.col("kind") == MEETINGS["workers_congress"],
        pl.col("delegates").is_not_null(),
        pl.col("present").is_not_null(),
    )
    return cut.share(rows, "held", 3 * pl.col("present") >= 2 * pl.col("delegates"))


def reply_on_time_rate(cut: Cut) -> pl.DataFrame:
    """Replied within 20 days, of the bargaining requests whose 20 days ended in the period."""
    rows = (
        meetings(cut)
        .filter(pl.col("kind") == MEETINGS["joint_consultation"])
        .with_columns(reply_due=pl.col("requested").dt.offset_by(f"{REPLY_DAYS}d"))
    )
    return cut.share(rows, "reply_due", pl.col("replied") <= pl.col("reply_due"), before=cut.known)


def promises(cut: Cut) -> pl.LazyFrame:
    """Return the commitments of meetings held by A, later fields empty."""
    return _shown(cut.snapshot.commitments.lazy().filter(pl.col("held") <= cut.known), cut, "done")


def commitments_on_time_rate(cut: Cut) -> pl.DataFrame:
    """Done by the due day, of the commitments due in the period."""
    return cut.share(promises(cut), "due", pl.col("done") <= pl.col("due"), before=cut.known)


def overdue_commitments(cut: Cut) -> pl.DataFrame:
    """Commitments not done at A whose due day is before A."""
    return cut.standing(promises(cut).filter(pl.col("done").is_null(), pl.col("due") < cut.known), pl.len())


def contracts(cut: Cut) -> pl.LazyFrame:
    """Return the contracts signed by A with `in_force`, the day from which each holds."""
    rows = _shown(cut.snapshot.contracts.lazy().filter(pl.col("signed") <= cut.known), cut, "filed")
    after_silence = pl.col("filed").dt.offset_by(f"{SILENCE_DAYS}d")
    return rows.with_columns(in_force=pl.coalesce("effective", after_silence, "signed"))


def _in_force(cut: Cut, day: date) -> pl.DataFrame:
    return contracts(cut).filter(pl.col("in_force") <= day, pl.col("expires") >= day).collect()


def _coverage(cut: Cut, kind: int | None) -> pl.DataFrame:
    sizes = cut.snapshot.tree.sizes
    found = {}
    for p, day in _reference(cut):
        force = _in_force(cut, day)
        covered = np.zeros(len(sizes), dtype=bool)
        for u in (force if kind is None else force.filter(pl.col("kind") == kind))["u"]:
            covered[u : u + sizes[u]] = True  # an ancestor's contract covers the units below
        heads = _heads(cut, "employees", day)
        found[p] = (np.where(covered, heads, 0), heads)
    return _cells(cut, found)


def contract_coverage_rate_comprehensive(cut: Cut) -> pl.DataFrame:
    """Employees under a comprehensive contract in force, their unit's or an ancestor's, over employees."""
    return _coverage(cut, COMPREHENSIVE)


def contract_coverage_rate_any(cut: Cut) -> pl.DataFrame:
    """Employees under any collective contract in force, their unit's or an ancestor's, over employees."""
    return _coverage(cut, None)


def contract_fulfilment_rate(cut: Cut) -> pl.DataFrame:
    """Clauses fulfilled over clauses of the scope's own contracts in force that say both."""
    found = {}
    for p, day in _reference(cut):
        force = _in_force(cut, day).filter(pl.col("clauses").is_not_null(), pl.col("clauses_fulfilled").is_not_null())
        sums = np.zeros((2, len(cut.group_of)), dtype=np.int64)
        np.add.at(sums[0], force["u"].to_numpy(), force["clauses_fulfilled"].to_numpy())
        np.add.at(sums[1], force["u"].to_numpy(), force["clauses"].to_numpy())
        found[p] = (sums[0], sums[1])
    return _cells(cut, found)


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


def aid_coverage_rate(cut: Cut) -> pl.DataFrame:
    """Helped by A, of the cases identified in the period."""
    return cut.share(care(cut), "identified", pl.col("helped").is_not_null())


def aid_amount(cut: Cut) -> pl.DataFrame:
    """Aid given in the period, in yuan."""
    return in_yuan(cut.count(care(cut), "helped", pl.col("amount_fen")))


def notices_published(cut: Cut) -> pl.DataFrame:
    """Notices published in the period."""
    return cut.count(cut.snapshot.notices.lazy().filter(pl.col("published") <= cut.known), "published")
