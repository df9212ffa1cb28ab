"""Participation: who takes part, in what, where. Definitions: the metric catalogue, “Participation 活动参与”."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data import tables
from queries.cut import KEYS, Cut
from queries.filters import Month
from queries.units import month_number

KINDS = len(tables.ACTIVITY_KINDS)
PARTY, UNION, JOINT = range(3)
THEME_PARTY_DAY = 0
PARTY_MEMBERS_FOR_A_PARTY_DAY = 3  # fewer members than a Party branch needs hold no Theme Party Day of their own
_ALL = (1 << (KINDS * len(tables.ORGANISERS))) - 1


def _bits(kinds: tuple[int, ...] | None, organisers: tuple[int, ...] | None) -> int:
    """Return the mask of these kinds (None = all) by these organisers (None = all)."""
    return sum(
        1 << (organiser * KINDS + kind)
        for organiser in (range(len(tables.ORGANISERS)) if organisers is None else organisers)
        for kind in (range(KINDS) if kinds is None else kinds)
    )


def _person_months(cut: Cut) -> pl.LazyFrame:
    """Return the person-months of the period as they were known, one row per person, unit and month."""
    frame = cut.snapshot.person_months
    last = month_number(cut.known)
    rows = frame.lazy()
    if not cut.natural:
        # What this month held on that day; later months did not exist yet.
        rows = rows.with_columns(mask=pl.Series(cut.snapshot.once(("masks", cut.known), lambda: _masks(cut))))
    return rows.filter(pl.col("m").is_between(month_number(cut.start), min(month_number(cut.end), last)))


def _masks(cut: Cut) -> pl.Series:
    frame = cut.snapshot.person_months
    masks = frame["mask"].to_numpy().copy()
    masks[(frame["m"] == month_number(cut.known)).to_numpy()] = cut.snapshot.masks_of(cut.known)
    return pl.Series(masks)


def _people(cut: Cut, rows: pl.LazyFrame, organisers: tuple[int, ...] | None) -> pl.DataFrame:
    """Return g, p, c and the number of distinct people who attended anything the filters allow."""
    kinds, wanted = cut.where.get("kind"), cut.where.get("organiser")
    allowed = organisers if wanted is None else wanted if organisers is None else tuple(set(wanted) & set(organisers))
    rows = cut.within(rows.with_columns(p=cut.period_of_month("m")))
    if cut.code is None:
        mask = _bits(kinds, allowed)
        if mask != _ALL or not cut.natural:
            rows = rows.filter((pl.col("mask") & pl.lit(mask, pl.Int64)) != 0)
        return _distinct(rows).with_columns(c=pl.lit(None, pl.UInt8))
    found = []
    for c in range(len(cut.codes)):
        if cut.code == "kind":
            mask = _bits((c,), allowed) if kinds is None or c in kinds else 0
        else:
            mask = _bits(kinds, (c,)) if allowed is None or c in allowed else 0
        if mask:
            one = _distinct(rows.filter((pl.col("mask") & pl.lit(mask, pl.Int64)) != 0))
            found.append(one.with_columns(c=pl.lit(c, pl.UInt8)))
    return pl.concat(found) if found else _distinct(rows.filter(False)).with_columns(c=pl.lit(None, pl.UInt8))


def _distinct(rows: pl.LazyFrame) -> pl.DataFrame:
    return rows.group_by("g", "p").agg(numerator=pl.col("person").n_unique().cast(pl.Float64)).collect()


def participation_rate(cut: Cut) -> pl.DataFrame:
    """Distinct people attending any activity, over average employees."""
    return cut.per_head(_people(cut, _person_months(cut), None), cut.average(cut.employees()))


def non_party_reach(cut: Cut) -> pl.DataFrame:
    """Distinct people signed in as non-members at activities of the Party or joint ones, over average non-members."""
    rows = _person_months(cut).filter(~pl.col("party_member"))
    heads = cut.average(cut.employees(), cut.employees("party_members"))
    return cut.per_head(_people(cut, rows, (PARTY, JOINT)), heads)


def attendances_per_head(cut: Cut) -> pl.DataFrame:
    """Attendances, over average employees."""
    counted = cut.count(attendance(cut), "day", pl.col("n"))
    return cut.per_head(counted, cut.average(cut.employees()))


def attendance(cut: Cut) -> pl.LazyFrame:
    """Return the attendances known on A, counted by home unit, day, kind and organiser (`n`)."""
    return cut.snapshot.attendance_days.lazy().filter(pl.col("day") <= cut.known)


def activities(cut: Cut) -> pl.LazyFrame:
    """Return the activities known on A, counted by organising unit, day and what they were (`n`)."""
    return cut.snapshot.activities.lazy().filter(pl.col("day") <= cut.known)


def _activity_share(cut: Cut, rows: pl.LazyFrame, counts: pl.Expr) -> pl.DataFrame:
    n = pl.col("n")
    return cut.totals(cut.of_day(rows, "day"), n.filter(counts.fill_null(False)).sum(), n.sum())


def joint_activity_share(cut: Cut) -> pl.DataFrame:
    """Joint activities among all that the scope organised."""
    return _activity_share(cut, activities(cut), pl.col("organiser") == JOINT)


def shared_venue_share(cut: Cut) -> pl.DataFrame:
    """Activities held in the other side's venue, among those of Party or union in a venue of either."""
    rows = activities(cut).filter(pl.col("organiser").is_in([PARTY, UNION]), pl.col("venue").is_in([PARTY, UNION]))
    return _activity_share(cut, rows, pl.col("venue") != pl.col("organiser"))


def production_linked_activity_share(cut: Cut) -> pl.DataFrame:
    """Production-linked ones among labour competitions and skills training that say so."""
    codes = [code for code, _ in tables.ACTIVITY_KINDS]
    rows = activities(cut).filter(
        pl.col("kind").is_in([codes.index("labour_competition"), codes.index("skills_training")]),
        pl.col("production_linked").is_not_null(),
    )
    return _activity_share(cut, rows, pl.col("production_linked"))


def _met(cut: Cut, rows: pl.LazyFrame, months: range) -> NDArray[np.bool_]:
    """Return units × months: whether the unit has a row in that month."""
    found = np.zeros((len(cut.snapshot.tree), len(months)), dtype=bool)
    number = pl.col("day").dt.year().cast(pl.Int32) * 12 + pl.col("day").dt.month().cast(pl.Int32) - 1
    pairs = (
        rows.select("u", m=number - months.start).filter(pl.col("m").is_between(0, len(months) - 1)).unique().collect()
    )
    found[pairs["u"].to_numpy(), pairs["m"].to_numpy()] = True
    return found


def _pairs(cut: Cut, counts: NDArray[np.bool_], of: NDArray[np.bool_], months: range) -> pl.DataFrame:
    numerator = cut.cells(cut.over_matrix(counts & of, months))
    denominator = cut.cells(cut.over_matrix(of, months))["numerator"].alias("denominator")
    return numerator.with_columns(denominator, c=pl.lit(None, pl.UInt8)).select(*KEYS, "numerator", "denominator")


def unit_coverage(cut: Cut) -> pl.DataFrame:
    """Unit-months with employees in which someone of the unit attended."""
    months = cut.months
    return _pairs(cut, _met(cut, attendance(cut), months), cut.employees() > 0, months)


def party_day_rate(cut: Cut) -> pl.DataFrame:
    """Whole unit-months with three Party members in which the unit held a Theme Party Day or attended one."""
    months = cut.months
    if len(months) and months[-1] == month_number(cut.known) and cut.known < Month.at(months[-1]).last:
        months = months[:-1]
    if cut.known < cut.start:
        months = months[:0]
    held = activities(cut).filter(pl.col("kind") == THEME_PARTY_DAY)
    went = attendance(cut).filter(pl.col("kind") == THEME_PARTY_DAY)
    of = cut.snapshot.headcounts.over("party_members", months) >= PARTY_MEMBERS_FOR_A_PARTY_DAY
    return _pairs(cut, _met(cut, held, months) | _met(cut, went, months), of, months)
