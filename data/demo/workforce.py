"""Who works where and when: headcounts by unit and month, and the pseudonymous workers behind them.

Each unit has a queue of workers; a month's workers are a window on it that only moves on, so people leave at its
start and join at its end. Some who join a unit are those who left a sister unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data.demo import stories
from data.demo.days import Days, Floats, Ints
from data.demo.frames import empty, frame, numbered
from data.demo.organisation import Unit

Flags = NDArray[np.bool_]

# Share of a unit's workers who leave in a month, sites and offices.
LEAVING_SITE, LEAVING_OFFICE = 0.007, 0.003
# Of those who join, how many come from a sister unit.
TRANSFERRED = 0.3
# Who never comes to anything that is open to all: on leave, far away, not interested.
NEVER_COMING = 0.08
# Ledgers have gaps: cells of union and Party members left empty.
EMPTY_CELLS = 0.01


@dataclass(frozen=True)
class Workforce:
    """The workers. `employees`, `start` are units × months: how many, and where the month's window begins in `person`.

    `person[i]` is the worker's number (transferred workers stand in two queues), `party`, `union` and `keen` (how
    readily he or she takes part, mean 1) are by place in the queue.
    """

    employees: Ints
    start: Ints
    person: Ints
    party: Flags
    union: Flags
    keen: Floats
    codes: pl.Series

    def members(self, flags: Flags) -> Ints:
        """Return units × months: how many of the month's workers have the flag."""
        sums = np.concatenate([[0], np.cumsum(flags)])
        found: Ints = sums[self.start + self.employees] - sums[self.start]
        return found


def workforce(units: list[Unit], workers: int, days: Days, quiet: Flags, rng: np.random.Generator) -> Workforce:
    """Return a workforce of `workers` people in an average month; `quiet` units' people hardly take part."""
    employees = _employees(units, workers, days, rng)
    site = np.array([unit.site for unit in units])
    start, end = _windows(employees, np.where(site, LEAVING_SITE, LEAVING_OFFICE), rng)
    sizes = end[:, -1]
    base = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    unit_of = np.repeat(np.arange(len(units)), sizes)
    kind = np.array([unit.kind for unit in units])
    share = np.select([kind == "company", kind == "division", ~site], [0.46, 0.40, 0.34], 0.16)
    share = np.clip(share * rng.lognormal(0, 0.18, len(units)), 0.05, 0.6)
    joined = np.select([kind == "company", kind == "division", kind == "branch"], [0.99, 0.98, 0.94], 0.88)
    party = rng.random(len(unit_of)) < share[unit_of]
    union = party | (rng.random(len(unit_of)) < joined[unit_of])
    keen = rng.gamma(0.8, 1 / 0.8, len(unit_of)) * (rng.random(len(unit_of)) > NEVER_COMING) / (1 - NEVER_COMING)
    keen *= np.where(quiet[unit_of], 0.22, 1.0)
    person = np.arange(len(unit_of))
    for to, came in _transfers(units, start, end, base, rng):
        person[to], party[to], union[to], keen[to] = person[came], party[came], union[came], keen[came]
    return Workforce(
        employees, start + base[:, None], person, party, union, keen, numbered("P", len(person), 6)
    )


def headcounts(units: list[Unit], people: Workforce, days: Days, late: Flags, rng: np.random.Generator) -> pl.DataFrame:
    """Return the table `headcounts`; `late` units have not handed in since the story's month."""
    count = len(days.months)
    told = days.month(stories.LATE_REPORTING.months[0])
    there = (people.employees > 0) & ~(late[:, None] & (np.arange(count) >= told))
    unit, month = np.nonzero(there)
    ids = pl.Series([one.id for one in units], dtype=pl.String)
    return frame(
        "headcounts",
        {
            "branch_id": ids.gather(unit),
            "month": pl.Series(days.months, dtype=pl.String).gather(month),
            "employees": people.employees[unit, month],
            "union_members": empty(people.members(people.union)[unit, month], rng.random(len(unit)) > EMPTY_CELLS),
            "party_members": empty(people.members(people.party)[unit, month], rng.random(len(unit)) > EMPTY_CELLS),
        },
    )


def _employees(units: list[Unit], workers: int, days: Days, rng: np.random.Generator) -> Ints:
    months = np.arange(len(days.months))
    calendar = np.array([days.calendar_month(month) for month in months.tolist()])
    site = np.array([unit.site for unit in units])[:, None]
    abroad = np.array([unit.abroad for unit in units])[:, None]
    exact = np.array([unit.exact for unit in units])
    # Sites grow and shrink with the works; offices hardly change.
    slope = np.where(site, rng.normal(0.03, 0.22, (len(units), 1)), rng.normal(0, 0.04, (len(units), 1)))
    level = 1 + slope * (months / len(months) - 0.5)
    level = level * np.where(site & ~abroad & (calendar == 2), 0.94, 1.0)
    level = level * np.exp(np.cumsum(rng.normal(0, 0.008, level.shape), axis=1))
    for at, unit in enumerate(units):
        opened = days.month(f"{unit.opened:%Y-%m}")
        if opened >= 0:
            level[at] *= np.clip((months - opened + 2) / 7, 0, 1) * (months >= opened)
        if unit.closed is not None:
            closed = days.month(f"{unit.closed:%Y-%m}")
            level[at] *= np.clip((closed - months + 3) / 9, 0, 1) * (months <= closed)
    base = np.array([unit.people for unit in units], float)[:, None]
    level[exact] = 1.0
    wanted = base * level
    rest = workers - wanted[exact].sum() / len(months)
    wanted[~exact] *= rest / (wanted[~exact].sum() / len(months))
    # A unit that is open has somebody in it.
    found: Ints = np.where(wanted > 0, np.maximum(np.rint(wanted), 4), 0).astype(np.int64)
    return found


def _windows(employees: Ints, leaving: Floats, rng: np.random.Generator) -> tuple[Ints, Ints]:
    start, end = np.zeros_like(employees), np.zeros_like(employees)
    end[:, 0] = employees[:, 0]
    for month in range(1, employees.shape[1]):
        left = rng.poisson(employees[:, month - 1] * leaving)
        start[:, month] = np.maximum(start[:, month - 1] + left, end[:, month - 1] - employees[:, month])
        end[:, month] = start[:, month] + employees[:, month]
    return start, end


def _transfers(
    units: list[Unit], start: Ints, end: Ints, base: Ints, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Return pairs of places (who joins, who had left a sister unit by then)."""
    sisters: dict[str, list[int]] = {}
    for at, unit in enumerate(units):
        sisters.setdefault(unit.id[:3], []).append(at)
    found: list[tuple[int, int]] = []
    for members in sisters.values():
        free: list[tuple[int, int]] = []  # (unit, place) of those who left and are not placed again
        for month in range(1, start.shape[1]):
            for at in members:
                free += [(at, int(base[at]) + place) for place in range(start[at, month - 1], start[at, month])]
            for at in members:
                for place in range(end[at, month - 1], end[at, month]):
                    if free and rng.random() < TRANSFERRED:
                        chosen = int(rng.integers(len(free)))
                        left, came = free[chosen]
                        if left != at:
                            free.pop(chosen)
                            found.append((int(base[at]) + place, came))
    return found
