"""Activities and who came: each month, every worker of an invited unit comes or not, the keen ones more often."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
import polars as pl

from data import tables
from data.demo import stories, words
from data.demo.days import Floats, Ints
from data.demo.frames import codes, dates, frame, numbered, pick
from data.demo.world import World

KINDS = codes(tables.ACTIVITY_KINDS)
ORGANISERS = codes(tables.ORGANISERS)
VENUES = codes(tables.VENUES)

# Party life needs at least this many members in a unit.
PARTY_LEAST = 3
COMMITTEE = 6  # people at a committee meeting


@dataclass(frozen=True)
class Plan:
    """How a kind of activity goes: how often a month, who organises (party, union, joint), which share comes.

    `fixed`: once a month with that chance (Party life); else the number grows with the root of the unit's size from
    `often` at 150 workers.
    """

    kind: str
    often: float
    fixed: bool
    organisers: tuple[float, float, float]
    members: float
    others: float


PLANS = (
    Plan("theme_party_day", 0.955, True, (0.80, 0.0, 0.20), 0.78, 0.05),
    Plan("party_lecture", 0.33, True, (0.88, 0.0, 0.12), 0.70, 0.06),
    Plan("party_meeting", 0.34, True, (1.0, 0.0, 0.0), 0.74, 0.0),
    Plan("committee_meeting", 0.92, True, (1.0, 0.0, 0.0), 0.0, 0.0),
    Plan("group_meeting", 0.90, True, (1.0, 0.0, 0.0), 0.50, 0.0),
    Plan("study_exchange", 0.28, True, (0.6, 0.1, 0.3), 0.40, 0.06),
    Plan("labour_competition", 0.45, False, (0.0, 0.6, 0.4), 0.20, 0.19),
    Plan("skills_training", 0.85, False, (0.08, 0.74, 0.18), 0.17, 0.17),
    Plan("volunteering", 0.40, False, (0.25, 0.25, 0.50), 0.26, 0.11),
    Plan("culture_sports", 0.80, False, (0.0, 0.78, 0.22), 0.20, 0.20),
    Plan("symposium", 0.40, False, (0.10, 0.70, 0.20), 0.09, 0.08),
    Plan("home_visit", 0.30, False, (0.20, 0.60, 0.20), 0.04, 0.04),
    Plan("other", 0.15, False, (0.1, 0.6, 0.3), 0.10, 0.10),
)
# What a division or the company holds for its sub-units: so many a month, and this share of an invited unit comes.
UPPER_OFTEN, UPPER_SHARE, UPPER_INVITES = 1.3, 0.035, 4
UPPER_KINDS = ("culture_sports", "labour_competition", "party_lecture", "volunteering", "skills_training")

# July is the Party's month, May and June the labour competitions', around Spring Festival the sites are empty.
SEASON = {1: 0.85, 2: 0.60, 5: 1.12, 6: 1.12, 7: 1.20, 9: 1.08, 10: 1.05, 12: 1.04}
# A quiet unit holds little more than its Party life.
QUIET = 0.15


def activities(world: World) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the tables `activities` and `attendance`."""
    rng = world.dice("activities")
    held = _held(world, rng)
    invited = _invitations(world, held, rng)
    attendance = _attendance(world, held, invited, rng)
    return _activities(world, held, rng), attendance


@dataclass(frozen=True)
class _Held:
    """Activities by month, unit and day: organising unit, month, plan, day, organiser; all as numbers."""

    unit: Ints
    month: Ints
    plan: Ints
    day: Ints
    organiser: Ints
    upper: Ints  # 1 = held for the units below


def _held(world: World, rng: np.random.Generator) -> _Held:
    days, people = world.days, world.people
    count = len(days.months)
    season = np.array([SEASON.get(days.calendar_month(month), 1.0) for month in range(count)])
    members = people.members(people.party)
    open_ = (people.employees > 0) & (np.arange(count) < world.silent_from[:, None])
    quiet = world.told(stories.TOO_QUIET)[:, None]
    diligent = np.clip(rng.normal(1.0, 0.03, len(world.units)), 0.9, 1.04)[:, None]
    lively = rng.lognormal(0, 0.15, (len(world.units), 1))
    numbers = []
    for plan in PLANS:
        if plan.fixed:
            chance = plan.often * diligent * (0.97 if plan.kind == "theme_party_day" else season.clip(0.7, 1.1))
            held = (rng.random(open_.shape) < chance) & (members >= PARTY_LEAST)
            numbers.append((held & open_).astype(np.int64))
        else:
            mean = plan.often * np.sqrt(people.employees / 150) * season * lively * np.where(quiet, QUIET, 1.0)
            numbers.append(rng.poisson(mean * open_))
    below = np.array([unit.kind in ("company", "division") for unit in world.units])[:, None]
    above = rng.poisson(UPPER_OFTEN * season * below * open_)
    cells = [np.nonzero(number) for number in numbers]
    unit = np.concatenate([np.repeat(u, numbers[at][u, m]) for at, (u, m) in enumerate(cells)])
    month = np.concatenate([np.repeat(m, numbers[at][u, m]) for at, (u, m) in enumerate(cells)])
    plan_ = np.repeat(np.arange(len(PLANS)), [int(number.sum()) for number in numbers])
    u, m = np.nonzero(above)
    unit = np.concatenate([unit, np.repeat(u, above[u, m])])
    month = np.concatenate([month, np.repeat(m, above[u, m])])
    upper = np.concatenate([np.zeros(len(plan_), np.int64), np.ones(int(above.sum()), np.int64)])
    kinds = [plan.kind for plan in PLANS]
    chosen = rng.choice([kinds.index(kind) for kind in UPPER_KINDS], int(above.sum()))
    plan_ = np.concatenate([plan_, chosen])
    shares = np.array([plan.organisers for plan in PLANS])[plan_]
    organiser = (rng.random(len(plan_))[:, None] > np.cumsum(shares, axis=1)[:, :2]).sum(axis=1)
    day = days.draw(month, days.usual, rng)
    order = np.lexsort((plan_, day, unit, month))
    return _Held(*(values[order] for values in (unit, month, plan_, day, organiser, upper)))


def _activities(world: World, held: _Held, rng: np.random.Generator) -> pl.DataFrame:
    count = len(held.unit)
    kind = np.array([KINDS.index(plan.kind) for plan in PLANS])[held.plan]
    competing = np.isin(kind, [KINDS.index("labour_competition"), KINDS.index("skills_training")])
    linked = rng.random(count) < np.where(kind == KINDS.index("labour_competition"), 0.74, 0.55)
    asked = rng.random(count) < np.where(competing, 0.93, 0.15)
    # Mostly at home, sometimes in the other side's rooms, else in the company's.
    home = np.where(held.organiser == 0, 0, 1)
    roll = rng.random(count)
    venue = np.select([roll < 0.55, roll < 0.76, roll < 0.94], [home, 1 - home, 2], 3)
    topics = np.array([[words.TOPICS.index(one) for one in words.TOPICS_OF.get(name, words.TOPICS[:2])]
                       for name in KINDS])  # fmt: skip
    return frame(
        "activities",
        {
            "activity_id": numbered("A", count, 7),
            "branch_id": world.ids.gather(held.unit),
            "held_on": dates(world.days, held.day),
            "kind": pick(KINDS, kind),
            "organiser": pick(ORGANISERS, held.organiser),
            "title": words.write(words.ACTIVITIES, KINDS, kind, rng),
            "topic": pick(words.TOPICS, topics[kind, rng.integers(2, size=count)], rng.random(count) < 0.7),
            "production_linked": pl.select(
                pl.when(pl.Series(asked)).then(pl.Series(linked & (competing | (roll < 0.3))))
            ).to_series(),
            "venue_owner": pick(VENUES, venue, rng.random(count) < 0.88),
        },
    )


@dataclass(frozen=True)
class _Invited:
    """Which activity invites which unit, and the share of Party members and of others who come; by activity."""

    activity: Ints
    unit: Ints
    members: Floats
    others: Floats


def _invitations(world: World, held: _Held, rng: np.random.Generator) -> _Invited:
    people = world.people
    members = np.array([plan.members for plan in PLANS])[held.plan]
    others = np.array([plan.others for plan in PLANS])[held.plan] * np.where(held.organiser == 2, 1.3, 1.0)
    committee = np.array([plan.kind == "committee_meeting" for plan in PLANS])[held.plan]
    party = people.members(people.party)[held.unit, held.month]
    members = np.where(committee, COMMITTEE / np.maximum(party, COMMITTEE), members)
    own = np.nonzero(held.upper == 0)[0]
    above = np.nonzero(held.upper == 1)[0]
    # The upper unit's own staff come as to any event of theirs; of the invited units a delegation.
    activity = [own, above]
    unit = [held.unit[own], held.unit[above]]
    shares = [np.stack([members[own], others[own]]), np.full((2, len(above)), 0.15)]
    below = _below(world)
    for _ in range(UPPER_INVITES):
        chosen = (rng.random(len(above)) * below.count[held.unit[above]]).astype(np.int64)
        activity.append(above)
        unit.append(below.units[below.first[held.unit[above]] + chosen])
        shares.append(np.full((2, len(above)), UPPER_SHARE))
    found = _Invited(np.concatenate(activity), np.concatenate(unit), *np.concatenate(shares, axis=1))
    # A unit is invited once, by each activity, while it exists and hands in.
    pair = np.unique(found.activity * len(world.units) + found.unit, return_index=True)[1]
    month = held.month[found.activity[pair]]
    there = (people.employees[found.unit[pair], month] > 0) & (month < world.silent_from[found.unit[pair]])
    keep = pair[there]
    return _Invited(found.activity[keep], found.unit[keep], found.members[keep], found.others[keep])


@dataclass(frozen=True)
class _Below:
    first: Ints
    count: Ints
    units: Ints


def _below(world: World) -> _Below:
    """Return for each unit the stretch of `units` that lies anywhere below it."""
    ids = world.ids.to_list()
    lists = [
        [at for at, code in enumerate(ids) if code != own and (own == "HQ" or code.startswith(own))] for own in ids
    ]
    count = np.array([len(one) for one in lists])
    return _Below(np.concatenate([[0], np.cumsum(count)[:-1]]), count, np.array(list(chain.from_iterable(lists))))


def _attendance(world: World, held: _Held, invited: _Invited, rng: np.random.Generator) -> pl.DataFrame:
    people = world.people
    month = held.month[invited.activity]
    scale = _scale(world, invited, month)
    # Party life is as it is; what is open to all makes up the wanted number of attendances.
    members = np.where(invited.others > 0, np.minimum(invited.members * np.maximum(scale, 0.9), 0.9), invited.members)
    others = invited.others * scale
    edges = np.searchsorted(month, np.arange(len(world.days.months) + 1))
    activity, place, unit = [], [], []
    for low, high in pairwise(edges.tolist()):
        # One month at a time: at the largest size a month has some four million invited workers.
        start = people.start[invited.unit[low:high], month[low:high]]
        size = people.employees[invited.unit[low:high], month[low:high]]
        row = np.repeat(np.arange(high - low, dtype=np.int32), size)
        ends = np.cumsum(size)
        who = np.arange(ends[-1] if len(ends) else 0) + np.repeat(start - (ends - size), size)
        chance = np.where(people.party[who], members[low:high][row], others[low:high][row] * people.keen[who])
        came = np.nonzero(rng.random(len(who), dtype=np.float32) < chance)[0]
        activity.append(invited.activity[low:high][row[came]])
        unit.append(invited.unit[low:high][row[came]])
        place.append(who[came])
    at = np.concatenate(place)
    return frame(
        "attendance",
        {
            "activity_id": numbered("A", len(held.unit), 7).gather(np.concatenate(activity)),
            "person_id": people.codes.gather(people.person[at]),
            "branch_id": world.ids.gather(np.concatenate(unit)),
            "party_member": people.party[at],
        },
    )


def _scale(world: World, invited: _Invited, month: Ints) -> float:
    """Return the factor on open events' shares that brings about the size's number of attendances."""
    people = world.people
    party = people.members(people.party)[invited.unit, month]
    rest = people.employees[invited.unit, month] - party
    open_ = invited.others > 0
    fixed = float((invited.members * party)[~open_].sum())
    free = float((invited.members * party + invited.others * rest)[open_].sum())
    return (world.size.attendances * 1.01 - fixed) / free
