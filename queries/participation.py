"""Participation: who takes part, in what, where. Definitions: the metric catalogue, “Participation 活动参与”."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data import tables
from queries.cut import Array, Cut, Sums, summed
from queries.distinct import People
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


def _distinct(cut: Cut, organisers: tuple[int, ...] | None = None, *, non_members: bool = False) -> Array:
    """Return how many different people attended anything the filters (and `organisers`) allow."""
    kinds, wanted = cut.where.get("kind"), cut.where.get("organiser")
    allowed = organisers if wanted is None else wanted if organisers is None else tuple(set(wanted) & set(organisers))
    if cut.code is None:
        return _attended(cut, _bits(kinds, allowed), non_members)[:, :, None]
    found = []
    for c in range(len(cut.codes)):
        if cut.code == "kind":
            mask = _bits((c,), allowed) if kinds is None or c in kinds else 0
        else:
            mask = _bits(kinds, (c,)) if allowed is None or c in allowed else 0
        found.append(_attended(cut, mask, non_members))
    return np.stack(found, axis=2)


def _attended(cut: Cut, mask: int, non_members: bool) -> Array:
    """Return groups × periods: different people with any bit of `mask`, in months up to A's as it was on A."""
    if not mask:
        return np.zeros(cut.shape[:2])
    snapshot = cut.snapshot
    frame = snapshot.person_months
    # A month that is over holds all it ever will; only the one in which A lies is looked up as it was on that day.
    known = None if cut.natural or cut.known == Month.of(cut.known).last else cut.known
    people = snapshot.once(
        "people", lambda: People.of(snapshot.tree, *(frame[name].to_numpy() for name in ("person", "u", "m")))
    )

    def rows() -> NDArray[np.bool_] | None:
        if mask == _ALL and known is None and not non_members:
            return None
        found: NDArray[np.bool_] = (_masks(cut, known) & mask) != 0
        return found & ~frame["party_member"].to_numpy() if non_members else found

    counts = snapshot.table(("people", mask, non_members, known and known.isoformat()), lambda: people.counts(rows()))
    return people.over(cut, rows, counts)


def _masks(cut: Cut, known: date | None) -> NDArray[np.int64]:
    frame = cut.snapshot.person_months
    masks: NDArray[np.int64] = frame["mask"].to_numpy()
    if known is not None:
        masks = masks.copy()
        masks[(frame["m"] == month_number(known)).to_numpy()] = cut.snapshot.masks_of(known)
    return masks


def participation_rate(cut: Cut) -> Sums:
    """Distinct people attending any activity, over average employees."""
    return Sums(_distinct(cut), cut.average(cut.employees()))


def non_party_reach(cut: Cut) -> Sums:
    """Distinct people signed in as non-members at activities of the Party or joint ones, over average non-members."""
    heads = cut.average(cut.employees(), cut.employees("party_members"))
    return Sums(_distinct(cut, (PARTY, JOINT), non_members=True), heads)


def attendances_per_head(cut: Cut) -> Sums:
    """Attendances, over average employees."""
    return Sums(attendances(cut).numerator, cut.average(cut.employees()))


@summed
def attendances(cut: Cut) -> Sums:
    """Attendances in the period, by home unit."""
    return cut.count(attendance(cut), "day", pl.col("n"))


def attendance(cut: Cut) -> pl.LazyFrame:
    """Return the attendances known on A, counted by home unit, day, kind and organiser (`n`)."""
    return cut.snapshot.attendance_days.lazy().filter(pl.col("day") <= cut.known)


def activities(cut: Cut) -> pl.LazyFrame:
    """Return the activities known on A, counted by organising unit, day and what they were (`n`)."""
    return cut.snapshot.activities.lazy().filter(pl.col("day") <= cut.known)


@summed
def activities_held(cut: Cut) -> Sums:
    """Activities organised in the period."""
    return cut.count(activities(cut), "day", pl.col("n"))


def _activity_share(cut: Cut, rows: pl.LazyFrame, counts: pl.Expr) -> Sums:
    n = pl.col("n")
    return cut.sums(cut.of_day(rows, "day"), n.filter(counts.fill_null(False)).sum(), n.sum())


@summed
def joint_activity_share(cut: Cut) -> Sums:
    """Joint activities among all that the scope organised."""
    return _activity_share(cut, activities(cut), pl.col("organiser") == JOINT)


@summed
def shared_venue_share(cut: Cut) -> Sums:
    """Activities held in the other side's venue, among those of Party or union in a venue of either."""
    rows = activities(cut).filter(pl.col("organiser").is_in([PARTY, UNION]), pl.col("venue").is_in([PARTY, UNION]))
    return _activity_share(cut, rows, pl.col("venue") != pl.col("organiser"))


@summed
def production_linked_activity_share(cut: Cut) -> Sums:
    """Production-linked ones among labour competitions and skills training that say so."""
    codes = [code for code, _ in tables.ACTIVITY_KINDS]
    rows = activities(cut).filter(
        pl.col("kind").is_in([codes.index("labour_competition"), codes.index("skills_training")]),
        pl.col("production_linked").is_not_null(),
    )
    return _activity_share(cut, rows, pl.col("production_linked"))


@summed
def _organised_party_days(cut: Cut) -> Sums:
    return cut.count(activities(cut).filter(pl.col("kind") == THEME_PARTY_DAY), "day", pl.col("n"))


@summed
def _attended_party_days(cut: Cut) -> Sums:
    return cut.count(attendance(cut).filter(pl.col("kind") == THEME_PARTY_DAY), "day", pl.col("n"))


def _pairs(cut: Cut, counts: NDArray[np.bool_], of: NDArray[np.bool_]) -> Sums:
    """Return how many (unit, month) pairs `of` have `counts`, and how many there are."""
    numbers = np.array(cut.months[: of.shape[1]], dtype=np.int64)
    numerator, denominator = (cut.by_period(cut.by_group(pairs), numbers)[:, :, None] for pairs in (counts & of, of))
    return Sums(numerator, denominator)


def unit_coverage(cut: Cut) -> Sums:
    """Unit-months with employees in which someone of the unit attended."""
    return _pairs(cut, cut.by_month(attendances) > 0, cut.employees() > 0)


def party_day_rate(cut: Cut) -> Sums:
    """Whole unit-months with three Party members in which the unit held a Theme Party Day or attended one."""
    of = cut.employees("party_members") >= PARTY_MEMBERS_FOR_A_PARTY_DAY
    if month_number(cut.known) in cut.months and cut.known < Month.of(cut.known).last:
        of[:, -1] = False  # A's month is not over
    return _pairs(cut, cut.by_month(_organised_party_days) + cut.by_month(_attended_party_days) > 0, of)
