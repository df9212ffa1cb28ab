"""Grievances: how many are filed where, when and about what, and how each of them goes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from data import tables
from data.demo import limits, stories, words
from data.demo.days import Floats, Ints
from data.demo.frames import codes, dates, draw, empty, frame, numbered, pick
from data.demo.limits import CATEGORIES
from data.demo.world import Flags, World, effects

CHANNELS = codes(tables.CHANNELS)
OUTCOMES = codes(tables.OUTCOMES)
STAGES = codes(tables.STAGES)

# What workers on sites and in offices raise, in the order of the categories.
SITE_MIX = np.array([0.22, 0.13, 0.14, 0.07, 0.06, 0.14, 0.06, 0.09, 0.06, 0.03])
OFFICE_MIX = np.array([0.12, 0.15, 0.05, 0.07, 0.09, 0.20, 0.14, 0.06, 0.08, 0.04])
# Heat, dust and floods make summer cases.
SUMMER = {"environment": 1.7, "safety": 1.25, "welfare": 1.15}
CHANNEL_MIX = np.array([0.16, 0.12, 0.05, 0.02, 0.25, 0.08, 0.13, 0.02, 0.05, 0.09, 0.03])
# Once the hotline is there a fifth of the cases comes by it, and a few more come at all.
HOTLINE_SHARE, HOTLINE_MORE = 0.20, 1.06

# Time to close as a part of the limit: median, spread, and what moves it (logarithms).
MEDIAN, SPREAD = 0.385, 0.58
BY_CATEGORY = np.array([-0.05, 0.05, -0.10, 0.20, 0.15, -0.15, -0.10, 0.10, 0.25, 0.0])
BY_CHANNEL = np.array([0.0, -0.05, 0.10, -0.15, -0.10, 0.10, -0.10, 0.10, 0.25, 0.0, 0.0])
BY_UNIT = 0.14
COLLECTIVE = 0.35
BY_STAGE = np.array([0.0, 0.35, 1.2, 1.5])
# A few cases get stuck and take months.
STUCK, STUCK_DAYS, STUCK_SPREAD = 0.042, 150.0, 0.8
# The story of the reorganised division: closing takes longer by this with each month since.
SLIDE, SLIDE_STUCK = 0.095, 0.008

WITHDRAWN = 0.025
MEDIATED = {"pay": 0.09, "hours": 0.05, "contract": 0.14, "insurance": 0.06, "management": 0.05}
DISPUTED = {"pay": 0.020, "contract": 0.045, "insurance": 0.012, "hours": 0.008}

# resolved, partly resolved, explained, not resolved
OUTCOME_MIX = np.array([0.63, 0.15, 0.17, 0.05])
MEDIATED_MIX = np.array([0.52, 0.28, 0.08, 0.12])
FAST_MIX = np.array([0.12, 0.10, 0.72, 0.06])
CONFIRMED = np.array([0.94, 0.72, 0.45, 0.08])
SATISFIED = np.array([0.97, 0.91, 0.82, 0.35])
LATE_DISPLEASES = 0.18
RATED, ASKED_BACK = 0.63, 0.48
REOPENED = 0.035

# The story of the fast unit: how readily its workers are content, and how often a case comes back.
FAST_MEDIAN, FAST_CONTENT, FAST_REOPENED = 0.14, 0.42, 0.17

# (month, category, channel): the three cases of the small unit.
SMALL_CASES = (("welfare", "symposium"), ("environment", "party_branch"), ("training", "reception"))


def grievances(world: World) -> pl.DataFrame:
    """Return the table `grievances`."""
    rng = world.dice("grievances")
    filed = _filed(world, rng)
    course = _course(world, filed, rng)
    count = len(filed.unit)
    made = frame(
        "grievances",
        {
            "grievance_id": numbered("G", count, 7),
            "branch_id": world.ids.gather(filed.unit),
            "filed_on": dates(world.days, filed.day),
            "category": pick(CATEGORIES, filed.category),
            "channel": pick(CHANNELS, filed.channel),
            "people_involved": _involved(world, filed, rng),
            "responded_on": dates(world.days, course.responded, course.responded_known),
            "due_on": dates(world.days, course.due, course.due_given),
            "closed_on": dates(world.days, course.closed, course.is_closed),
            "outcome": pick(OUTCOMES, course.outcome, course.is_closed),
            "stage": pick(STAGES, course.stage, course.stage_given),
            "confirmed": empty(pl.Series(course.confirmed), course.confirmed_known),
            "satisfaction": empty(pl.Series(course.satisfaction), course.rated),
            "reopened_on": dates(world.days, course.reopened, course.is_reopened),
            "summary": words.write(words.GRIEVANCES, CATEGORIES, filed.category, rng, rng.random(count) < 0.97),
        },
    )
    return world.handed_in("grievances", made)


@dataclass(frozen=True)
class _Filed:
    """Cases as filed, by day: unit, month, day, category and channel as numbers, and how many workers stand behind."""

    unit: Ints
    month: Ints
    day: Ints
    category: Ints
    channel: Ints
    many: Floats  # one roll of the dice per case


def _filed(world: World, rng: np.random.Generator) -> _Filed:
    days = world.days
    count = len(days.months)
    site = np.array([unit.site for unit in world.units])
    mean = np.where(site[:, None], SITE_MIX, OFFICE_MIX)[:, None, :] * np.ones((1, count, 1))
    usual, pay = days.of_month(days.usual), days.of_month(days.pay)
    mean = mean * np.where(np.array(CATEGORIES) == "pay", pay[:, None], usual[:, None])
    for name, factor in SUMMER.items():
        summer = [days.calendar_month(month) in (6, 7, 8) for month in range(count)]
        mean[:, summer, CATEGORIES.index(name)] *= factor
    told = np.arange(count) >= world.since(stories.HOTLINE)
    mean[:, told & world.stories] *= HOTLINE_MORE
    voice = np.exp(effects(0.16, len(world.units), rng))
    voice = voice * np.where(world.told(stories.FAST_UNSATISFYING), 1.5, 1.0)
    voice = voice * np.where(world.told(stories.TOO_QUIET), 0.05, 1.0)
    small = world.told(stories.SMALL_PERFECT)
    people = world.people.employees * (np.arange(count) < world.silent_from[:, None])
    mean = mean * (people * (voice * ~small)[:, None])[:, :, None]
    number = rng.poisson(mean * (world.size.grievances * 1.01 / mean.sum()))
    for place, (name, _) in enumerate(SMALL_CASES):
        number[small, days.month(stories.SMALL_PERFECT.months[place]), CATEGORIES.index(name)] = 1
    unit, month, category = np.nonzero(number)
    times = number[unit, month, category]
    unit, month, category = (np.repeat(values, times) for values in (unit, month, category))
    by_pay = category == CATEGORIES.index("pay")
    day = np.where(by_pay, days.draw(month, days.pay, rng), days.draw(month, days.usual, rng))
    day[small[unit]] = np.minimum(day[small[unit]], days.edges[month[small[unit]]] + 20)
    order = np.lexsort((category, unit, day))
    unit, month, day, category = unit[order], month[order], day[order], category[order]
    return _Filed(unit, month, day, category, _channels(world, month, unit, category, rng), rng.random(len(unit)))


def _channels(world: World, month: Ints, unit: Ints, category: Ints, rng: np.random.Generator) -> Ints:
    hotline = CHANNELS.index("hotline")
    after = CHANNEL_MIX * (1 - HOTLINE_SHARE) / (1 - CHANNEL_MIX[hotline])
    after[hotline] = HOTLINE_SHARE
    opened = (month >= world.since(stories.HOTLINE)) & world.stories
    chosen = draw(np.where(opened[:, None], after, CHANNEL_MIX), rng)
    small = world.told(stories.SMALL_PERFECT)[unit]
    for name, channel in SMALL_CASES:
        chosen[small & (category == CATEGORIES.index(name))] = CHANNELS.index(channel)
    return chosen


def _involved(world: World, filed: _Filed, rng: np.random.Generator) -> pl.Series:
    count = len(filed.unit)
    few = np.select([filed.many < 0.70, filed.many < 0.93, filed.many < 0.97], [1, rng.integers(2, 6, count),
                    rng.integers(6, 10, count)], 10 + rng.geometric(0.09, count))  # fmt: skip
    people = world.people.employees[filed.unit, filed.month]
    return empty(pl.Series(np.clip(few, 1, np.maximum(people, 1))), rng.random(count) < 0.95)


@dataclass(frozen=True)
class _Course:
    """How each case went up to the data date; a `…known` or `is_…` flag says whether the field is filled."""

    responded: Ints
    responded_known: Flags
    due: Ints
    due_given: Flags
    closed: Ints
    is_closed: Flags
    outcome: Ints
    stage: Ints
    stage_given: Flags
    confirmed: Flags
    confirmed_known: Flags
    satisfaction: Ints
    rated: Flags
    reopened: Ints
    is_reopened: Flags


def _course(world: World, filed: _Filed, rng: np.random.Generator) -> _Course:
    count, last = len(filed.unit), world.days.last
    fast = world.told(stories.FAST_UNSATISFYING)[filed.unit]
    small = world.told(stories.SMALL_PERFECT)[filed.unit]
    answer, close, due_given = _limits(world, filed, rng)
    stage, stage_given = _stages(filed, fast | small, rng)
    part, stuck_days = _pace(world, filed, stage, rng)
    withdrawn = (rng.random(count) < WITHDRAWN) & ~fast & ~small
    limit = close - filed.day
    took = np.maximum(np.ceil(part * limit), 1) + stuck_days
    took = np.where(withdrawn, rng.integers(1, 12, count), took).astype(np.int64)
    first = np.minimum(filed.day + took, _end_of_unit(world, filed))
    outcome = _outcomes(stage, withdrawn, fast, small, rng)
    closed, reopened, is_reopened = _reopenings(world, filed, first, withdrawn, fast, small, rng)
    is_closed = first <= last
    closed = np.where(is_closed, closed, 0)
    late = closed > close
    counted = is_closed & ~withdrawn
    content = np.where(fast, FAST_CONTENT, 1.0)
    odds = effects(0.03, len(world.units), rng)[filed.unit]
    pleased = rng.random(count) < (SATISFIED[np.minimum(outcome, 3)] - LATE_DISPLEASES * late + odds) * content
    pleased |= small
    roll = rng.random(count)
    satisfaction = np.where(pleased, np.where(roll < 0.55, 5, 4), np.select([roll < 0.52, roll < 0.83], [3, 2], 1))
    agreed = rng.random(count) < CONFIRMED[np.minimum(outcome, 3)] * np.where(fast, 0.45, 1.0)
    ratio = rng.lognormal(np.log(0.38), 0.72, count)
    responded = filed.day + np.ceil(ratio * (answer - filed.day)).astype(np.int64)
    responded = np.where(fast | small, filed.day + 1, responded)
    responded = np.where(is_closed, np.minimum(responded, first), responded)
    return _Course(
        responded=responded,
        responded_known=(responded <= last) & (rng.random(count) < 0.95),
        due=close,
        due_given=due_given,
        closed=closed,
        is_closed=is_closed,
        outcome=outcome,
        stage=stage,
        stage_given=stage_given,
        confirmed=agreed | small,
        confirmed_known=counted & ((rng.random(count) < ASKED_BACK) | small),
        satisfaction=satisfaction,
        rated=counted & ((rng.random(count) < RATED) | small),
        reopened=reopened,
        is_reopened=is_reopened,
    )


def _limits(world: World, filed: _Filed, rng: np.random.Generator) -> tuple[Ints, Ints, Flags]:
    """Return until when to answer and to close, and which cases carry a closing limit of their own."""
    count = len(filed.unit)
    answer, close = limits.due(world, filed.category, filed.day)
    petition = filed.channel == CHANNELS.index("petition")
    agreed = rng.random(count) < 0.08
    own = np.where(petition, filed.day + 60, filed.day + rng.choice([10, 15, 20, 30], count))
    given = petition | agreed
    return answer, np.where(given, own, close), given


def _stages(filed: _Filed, plain: Flags, rng: np.random.Generator) -> tuple[Ints, Flags]:
    mediated = np.array([MEDIATED.get(name, 0.005) for name in CATEGORIES])[filed.category]
    disputed = np.array([DISPUTED.get(name, 0.0) for name in CATEGORIES])[filed.category]
    roll = rng.random(len(filed.unit))
    stage = np.select([roll < disputed * 0.35, roll < disputed, roll < disputed + mediated], [3, 2, 1], 0)
    stage = np.where(plain, 0, stage)
    return stage, (stage > 0) | (rng.random(len(stage)) < 0.05)


def _pace(world: World, filed: _Filed, stage: Ints, rng: np.random.Generator) -> tuple[Floats, Ints]:
    """Return the time to close as a part of the limit, and the extra days of cases that got stuck."""
    count = len(filed.unit)
    own = effects(BY_UNIT, len(world.units), rng)
    pull = BY_CATEGORY[filed.category] + BY_CHANNEL[filed.channel] + BY_STAGE[stage] + own[filed.unit]
    pull = pull + COLLECTIVE * (filed.many >= 0.97)
    since = np.clip(filed.month - world.since(stories.REORGANISATION) + 1, 0, None)
    since = since * world.told(stories.REORGANISATION)[filed.unit]
    fast = world.told(stories.FAST_UNSATISFYING)[filed.unit]
    small = world.told(stories.SMALL_PERFECT)[filed.unit]
    part = MEDIAN * np.exp(pull + SLIDE * since + SPREAD * rng.standard_normal(count))
    part = np.where(fast, FAST_MEDIAN * np.exp(0.35 * rng.standard_normal(count)), part)
    part = np.where(small, 0.4, part)
    chance = STUCK * np.exp(pull) + SLIDE_STUCK * since
    stuck = (rng.random(count) < chance) & ~fast & ~small
    extra = np.ceil(rng.lognormal(np.log(STUCK_DAYS), STUCK_SPREAD, count))
    return part, np.where(stuck, extra, 0).astype(np.int64)


def _end_of_unit(world: World, filed: _Filed) -> Ints:
    """Return the day by which a case is settled because its unit is wound up, far away for the others."""
    never = world.days.last + 10_000
    ends = np.array([world.days.number(unit.closed) if unit.closed else never for unit in world.units])
    found: Ints = np.maximum(ends[filed.unit], filed.day)
    return found


def _outcomes(stage: Ints, withdrawn: Flags, fast: Flags, small: Flags, rng: np.random.Generator) -> Ints:
    mix = np.where((stage == 1)[:, None], MEDIATED_MIX, OUTCOME_MIX)
    mix = np.where(fast[:, None], FAST_MIX, mix)
    found = np.where(small, 0, draw(mix, rng))
    return np.where(withdrawn, OUTCOMES.index("withdrawn"), found)


def _reopenings(
    world: World, filed: _Filed, first: Ints, withdrawn: Flags, fast: Flags, small: Flags, rng: np.random.Generator
) -> tuple[Ints, Ints, Flags]:
    """Return the latest closing, the reopening, and whether the case was reopened by the data date."""
    count, last = len(first), world.days.last
    chosen = (rng.random(count) < np.where(fast, FAST_REOPENED, REOPENED)) & ~withdrawn & ~small
    reopened = first + rng.integers(2, 26, count)
    again = reopened + np.maximum(rng.lognormal(np.log(9), 0.6, count), 1).astype(np.int64)
    # A unit that was wound up takes no case up again.
    back = chosen & (reopened <= last) & (again <= _end_of_unit(world, filed))
    return np.where(back & (again <= last), again, first), reopened, back
