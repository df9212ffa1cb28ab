"""Aid cases, notices and interests."""

from __future__ import annotations

import numpy as np
import polars as pl

from data import tables
from data.demo import words
from data.demo.days import Ints
from data.demo.frames import codes, dates, draw, empty, frame, numbered, pick
from data.demo.world import World

AID_KINDS = codes(tables.AID_KINDS)
NOTICE_KINDS = codes(tables.NOTICE_KINDS)

AID_MIX = np.array([0.42, 0.08, 0.22, 0.22, 0.06])
AID_YUAN = np.array([6_000, 4_000, 3_000, 2_500, 2_000])
AID_A_YEAR = 0.011  # cases per worker and year
# Warmth visits before Spring Festival, school fees in August: when hardship is looked for.
AID_SEASON = {1: 1.9, 2: 1.2, 8: 1.5, 12: 1.5}
HELPED = 0.94

NOTICES_A_MONTH = {"company": 9.0, "division": 3.5, "branch": 1.2, "group": 0.0}
NOTICE_MIX = np.array([0.46, 0.14, 0.10, 0.12, 0.18])
READERS = 0.97  # notices whose readers were counted

INTERESTED = 0.14


def aid_cases(world: World) -> pl.DataFrame:
    """Return the table `aid_cases`."""
    rng = world.dice("aid")
    unit, month = _cells(world, world.people.employees * (AID_A_YEAR / 12) * _season(world, AID_SEASON), rng)
    day = world.days.draw(month, world.days.usual, rng)
    count = len(unit)
    kind = draw(np.broadcast_to(AID_MIX, (count, len(AID_KINDS))), rng)
    helped = day + np.ceil(rng.lognormal(np.log(16), 0.7, count)).astype(np.int64)
    is_helped = (helped <= world.days.last) & (rng.random(count) < HELPED)
    hundreds = np.maximum(np.rint(AID_YUAN[kind] * rng.lognormal(0, 0.45, count) / 100), 5).astype(np.int64)
    made = frame(
        "aid_cases",
        {
            "case_id": numbered("H", count, 6),
            "branch_id": world.ids.gather(unit),
            "identified_on": dates(world.days, day),
            "kind": pick(AID_KINDS, kind),
            "helped_on": dates(world.days, helped, is_helped),
            "amount": empty(pl.Series(hundreds * 100_00), is_helped & (rng.random(count) < 0.98)),
        },
    )
    return world.handed_in("aid_cases", made)


def notices(world: World) -> pl.DataFrame:
    """Return the table `notices`."""
    rng = world.dice("notices")
    often = np.array([NOTICES_A_MONTH[unit.kind] for unit in world.units])[:, None]
    there = world.people.employees > 0
    unit, month = _cells(world, often * there * rng.lognormal(0, 0.2, (len(world.units), 1)), rng)
    day = world.days.draw(month, world.days.usual, rng)
    count = len(unit)
    kind = draw(np.broadcast_to(NOTICE_MIX, (count, len(NOTICE_KINDS))), rng)
    reach = _reach(world)[unit, month]
    readers = rng.binomial(reach, np.clip(rng.beta(2.2, 3.0, count), 0.02, 0.95))
    made = frame(
        "notices",
        {
            "notice_id": numbered("N", count, 6),
            "branch_id": world.ids.gather(unit),
            "published_on": dates(world.days, day),
            "kind": pick(NOTICE_KINDS, kind),
            "title": words.write(words.NOTICES, NOTICE_KINDS, kind, rng),
            "readers": empty(pl.Series(readers), rng.random(count) < READERS),
        },
    )
    return world.handed_in("notices", made)


def interests(world: World) -> pl.DataFrame:
    """Return the table `interests`: what today's workers would like to learn or join."""
    rng = world.dice("interests")
    people, count = world.people, len(world.days.months)
    # Asked of those still there in the last month, and of a wound-up unit's nobody.
    size = people.employees[:, -1] * (world.silent_from >= count)
    ends = np.cumsum(size)
    place = np.arange(ends[-1]) + np.repeat(people.start[:, -1] - (ends - size), size)
    unit = np.repeat(np.arange(len(size)), size)
    asked = rng.random(len(place)) < INTERESTED
    place, unit = place[asked], unit[asked]
    popular = 1 / (1 + np.arange(len(words.INTERESTS)) * 0.12)
    first = rng.choice(len(words.INTERESTS), len(place), p=popular / popular.sum())
    second = (first + rng.integers(1, len(words.INTERESTS), len(place))) % len(words.INTERESTS)
    both = rng.random(len(place)) < 0.3
    month = rng.integers(count - 12, count, len(place))
    # Not before the unit was there.
    opened = np.array([world.days.month(f"{one.opened:%Y-%m}") for one in world.units])
    day = world.days.draw(np.maximum(month, opened[unit]), world.days.usual, rng)
    rows = np.concatenate([np.arange(len(place)), np.nonzero(both)[0]])
    topic = np.concatenate([first, second[both]])
    order = np.lexsort((topic, rows))
    return frame(
        "interests",
        {
            "person_id": people.codes.gather(people.person[place[rows[order]]]),
            "branch_id": world.ids.gather(unit[rows[order]]),
            "topic": pick(words.INTERESTS, topic[order]),
            "recorded_on": dates(world.days, day[rows[order]]),
        },
    )


def _season(world: World, season: dict[int, float]) -> np.ndarray:
    return np.array([season.get(world.days.calendar_month(month), 1.0) for month in range(len(world.days.months))])


def _cells(world: World, mean: np.ndarray, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return unit and month of each row, so many as the Poisson dice give around `mean`, by month and unit."""
    silent = np.arange(len(world.days.months)) < world.silent_from[:, None]
    number = rng.poisson(mean * silent).T
    month, unit = np.nonzero(number)
    times = number[month, unit]
    return np.repeat(unit, times), np.repeat(month, times)


def _reach(world: World) -> Ints:
    """Return units × months: the workers of the unit and all below it."""
    ids = world.ids.to_list()
    below = np.array([[own == "HQ" or code.startswith(own) for code in ids] for own in ids])
    found: Ints = below.astype(np.int64) @ world.people.employees
    return found
