"""Suggestions: from submitted to decided, implemented and verified benefit."""

from __future__ import annotations

import numpy as np
import polars as pl

from data import tables
from data.demo import stories, words
from data.demo.days import Floats, Ints
from data.demo.frames import codes, dates, draw, empty, frame, numbered, pick
from data.demo.world import Flags, World, effects

THEMES = codes(tables.THEMES)
DECISIONS = codes(tables.DECISIONS)

THEME_MIX = np.array([0.18, 0.13, 0.14, 0.17, 0.13, 0.08, 0.08, 0.06, 0.03])
# Fewer while the sites are empty, more in the safety month and when the year's proposals are collected.
SEASON = {1: 0.85, 2: 0.60, 6: 1.25, 11: 1.10}
# Adopted in whole or part, by theme, and which part of those is adopted in full.
ADOPTED = np.array([0.52, 0.46, 0.44, 0.45, 0.40, 0.46, 0.38, 0.34, 0.30])
IN_FULL = 0.72
IMPLEMENTED = np.array([0.82, 0.74, 0.70, 0.70, 0.60, 0.70, 0.64, 0.60, 0.55])
# Which part names the benefit expected, and its usual size in yuan.
BENEFIT = np.array([0.15, 0.40, 0.85, 0.70, 0.65, 0.25, 0.05, 0.10, 0.05])
BENEFIT_YUAN, BENEFIT_SPREAD = 26_000.0, 1.1
VERIFIED = 0.72
PRODUCTION = np.array([0.70, 0.85, 0.80, 0.88, 0.85, 0.45, 0.05, 0.20, 0.10])
DECISION_DAYS, DECISION_SPREAD = 24.0, 0.65
IMPLEMENTING_DAYS, IMPLEMENTING_SPREAD = 42.0, 0.75
# Some are never decided upon; nobody says so.
FORGOTTEN = 0.03
NAMED = 0.93
# The story of the drive: so many times as many, and so much more readily adopted.
DRIVE_MORE, DRIVE_ADOPTED = 2.2, 0.19


def suggestions(world: World) -> pl.DataFrame:
    """Return the table `suggestions`."""
    rng = world.dice("suggestions")
    days, people, last = world.days, world.people, world.days.last
    unit, month, day = _submitted(world, rng)
    count = len(unit)
    theme = draw(np.broadcast_to(THEME_MIX, (count, len(THEMES))), rng)
    drive = world.told(stories.SUGGESTION_DRIVE)[unit] & (month >= world.since(stories.SUGGESTION_DRIVE))
    pace = np.exp(effects(0.15, len(world.units), rng))[unit]
    decided = day + np.ceil(rng.lognormal(np.log(DECISION_DAYS), DECISION_SPREAD, count) * pace).astype(np.int64)
    is_decided = (decided <= last) & (rng.random(count) > FORGOTTEN)
    chance = ADOPTED[theme] + effects(0.04, len(world.units), rng)[unit] + DRIVE_ADOPTED * drive
    adopted = rng.random(count) < chance
    decision = np.where(adopted, np.where(rng.random(count) < IN_FULL, 0, 1), 2)
    took = np.ceil(rng.lognormal(np.log(IMPLEMENTING_DAYS), IMPLEMENTING_SPREAD, count)).astype(np.int64)
    implemented = decided + took
    is_implemented = is_decided & adopted & (rng.random(count) < IMPLEMENTED[theme]) & (implemented <= last)
    expected, is_expected = _benefit(theme, rng)
    # A unit's accounts find most of the promised benefit, seldom more.
    found = (expected * np.clip(rng.normal(0.82, 0.25, count), 0.05, 1.4) / 100_00).astype(np.int64) * 100_00
    # Older hands, at the start of the unit's queue, propose more.
    place = (rng.random(count) ** 1.6 * people.employees[unit, month]).astype(np.int64)
    made = frame(
        "suggestions",
        {
            "suggestion_id": numbered("S", count, 7),
            "branch_id": world.ids.gather(unit),
            "person_id": empty(
                people.codes.gather(people.person[people.start[unit, month] + place]), rng.random(count) < NAMED
            ),
            "submitted_on": dates(days, day),
            "theme": pick(THEMES, theme),
            "decided_on": dates(days, decided, is_decided),
            "decision": pick(DECISIONS, decision, is_decided),
            "implemented_on": dates(days, implemented, is_implemented),
            "expected_benefit": empty(pl.Series(expected), is_expected),
            "verified_benefit": empty(
                pl.Series(found), is_implemented & is_expected & (rng.random(count) < VERIFIED)
            ),
            "production_linked": empty(
                pl.Series(rng.random(count) < PRODUCTION[theme]), rng.random(count) < 0.85
            ),
            "title": words.write(words.SUGGESTIONS, THEMES, theme, rng),
        },
    )
    return world.handed_in("suggestions", made)


def _submitted(world: World, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Return unit, month and day of each suggestion, by day."""
    days, people = world.days, world.people
    count = len(days.months)
    season = np.array([SEASON.get(days.calendar_month(month), 1.0) for month in range(count)])
    voice = np.exp(effects(0.20, len(world.units), rng)) * np.where(world.told(stories.TOO_QUIET), 0.05, 1.0)
    mean = people.employees * season * voice[:, None] * (np.arange(count) < world.silent_from[:, None])
    drive: Flags = world.told(stories.SUGGESTION_DRIVE)[:, None] & (
        np.arange(count) >= world.since(stories.SUGGESTION_DRIVE)
    )
    mean = mean * np.where(drive, DRIVE_MORE, 1.0)
    number = rng.poisson(mean * (world.size.suggestions * 1.01 / mean.sum()))
    unit, month = np.nonzero(number)
    unit, month = (np.repeat(values, number[unit, month]) for values in (unit, month))
    day = days.draw(month, days.usual, rng)
    order = np.lexsort((unit, day))
    return unit[order], month[order], day[order]


def _benefit(theme: Ints, rng: np.random.Generator) -> tuple[Ints, Flags]:
    """Return the expected benefit in fen, whole hundreds of yuan, and which suggestions name one."""
    yuan: Floats = rng.lognormal(np.log(BENEFIT_YUAN), BENEFIT_SPREAD, len(theme))
    hundreds = np.clip(np.rint(yuan / 100), 5, 30_000).astype(np.int64)
    return hundreds * 100_00, rng.random(len(theme)) < BENEFIT[theme]
