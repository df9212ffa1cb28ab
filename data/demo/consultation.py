"""Consultation: meetings, what was promised at them, and collective contracts."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from data import tables
from data.demo import stories, words
from data.demo.days import LAST
from data.demo.frames import codes, frame
from data.demo.organisation import Unit
from data.demo.world import World

CATEGORIES = codes(tables.CATEGORIES)

# kind of unit → kind of meeting → (months it falls in, how often it really takes place)
YEAR: dict[str, dict[str, tuple[tuple[int, ...], float]]] = {
    "company": {
        "joint_consultation": ((4, 9), 1.0),
        "workers_congress": ((1,), 1.0),
        "party_union_meeting": ((3, 6, 9, 12), 1.0),
        "symposium": ((5, 11), 1.0),
    },
    "division": {
        "joint_consultation": ((5, 10), 0.8),
        "workers_congress": ((3,), 0.98),
        "party_union_meeting": ((2, 5, 8, 11), 0.85),
        "symposium": ((4, 9), 0.6),
    },
    "branch": {
        "joint_consultation": ((6,), 0.5),
        "workers_congress": ((4,), 0.9),
        "party_union_meeting": ((1, 7), 0.7),
        "symposium": ((8,), 0.5),
        "other": ((12,), 0.1),
    },
}
LEAST_PEOPLE = 40  # a smaller unit holds no meetings of its own
TITLES = {
    "joint_consultation": "{unit}{year}年平等协商会议",
    "workers_congress": "{unit}{year}年职工代表大会",
    "party_union_meeting": "{unit}{year}年{month}月党群联席会",
    "symposium": "{unit}{year}年职工恳谈会",
    "other": "{unit}{year}年民主议事会",
}
# Written reply is due within twenty days of a bargaining request; most come in time.
REPLY_DAYS, REPLY_SPREAD, NEVER_REPLIED = 12.0, 0.40, 0.03
QUORUM_MISSED = 0.06
PROMISES_AT = {"joint_consultation": (2, 4), "workers_congress": (1, 3), "party_union_meeting": (0, 2)}
KEPT, KEPT_LATE = 0.80, 0.12
# Which number a promise about a category is meant to move.
METRICS = {
    "pay": "on_time_rate",
    "hours": "satisfaction_rate",
    "safety": "response_rate",
    "contract": "contract_coverage_rate",
    "insurance": "closure_rate",
    "welfare": "satisfaction_rate",
    "training": "participation_rate",
    "environment": "on_time_rate",
    "management": "resolution_rate",
}
MEASURED = 0.5

# (division, requested on) of bargaining requests without a meeting yet: one still in time, one overdue.
UNANSWERED = (("D03", date(2026, 10, 19)), ("D06", date(2026, 9, 21)))
# At this meeting the sliding division promised to close on time again.
SLIDING_MEETING = date(2026, 6, 18)

# unit, kind, first signed, years, renewed: what has just run out, and what will within months.
CONTRACTS: tuple[tuple[str, str, date, int, bool], ...] = (
    ("HQ", "other", date(2023, 3, 28), 3, True),
    ("HQ", "women", date(2024, 3, 6), 3, True),
    ("HQ", "safety", date(2023, 6, 15), 2, True),
    ("D01", "comprehensive", date(2023, 9, 12), 3, True),
    ("D02", "comprehensive", date(2024, 2, 27), 3, True),
    ("D03", "comprehensive", date(2023, 12, 29), 3, True),
    ("D04", "comprehensive", date(2023, 7, 3), 3, False),
    ("D05", "comprehensive", date(2024, 5, 16), 3, True),
    ("D06", "comprehensive", date(2024, 1, 9), 3, True),
    ("D07", "comprehensive", date(2023, 11, 21), 3, True),
    ("D08", "comprehensive", date(2024, 4, 11), 3, True),
    ("D06", "wage", date(2023, 12, 4), 1, True),
    ("D04", "wage", date(2024, 8, 29), 1, False),
)
FILE_DAYS = 10  # a signed contract is filed within ten days
EFFECTIVE_DAYS = 15  # and in force fifteen days later if nobody objects


@dataclass
class _Meeting:
    unit: int
    kind: str
    held: date | None
    requested: date | None = None
    replied: date | None = None
    delegates: int | None = None
    present: int | None = None
    favour: int | None = None
    code: str = ""

    @property
    def known(self) -> date:
        days = [day for day in (self.requested, self.held) if day is not None]
        return min(days)


def consultation(world: World) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the tables `meetings` and `commitments`."""
    rng = world.dice("meetings")
    meetings = sorted(_meetings(world, rng), key=lambda meeting: (meeting.known, meeting.unit, meeting.kind))
    for number, meeting in enumerate(meetings, 1):
        meeting.code = f"M{number:05}"
    promises = _promises(world, meetings, world.dice("commitments"))
    return _meetings_table(world, meetings), promises


def contracts(world: World) -> pl.DataFrame:
    """Return the table `contracts`."""
    rng = world.dice("contracts")
    place = {unit.id: at for at, unit in enumerate(world.units)}
    chains = list(CONTRACTS)
    for unit in world.units:
        if unit.kind == "division" and unit.id > "D08":
            chains.append((unit.id, "comprehensive", date(2023, int(rng.integers(1, 13)), 15), 3, True))
        if unit.kind == "division" and unit.id not in ("D04", "D06"):
            chains.append((unit.id, "wage", date(2023, int(rng.integers(1, 13)), 20), 1, True))
        if unit.kind == "branch" and unit.opened < date(2023, 1, 1) and rng.random() < 0.15:
            chains.append((unit.id, "safety", date(2023, int(rng.integers(1, 13)), 10), 2, True))
    rows = [
        row for unit, kind, first, years, again in chains
        for row in _chain(world, place[unit], kind, first, years, again, rng)
    ]  # fmt: skip
    rows.sort(key=lambda row: (row["signed_on"], row["branch_id"], row["kind"]))
    for number, row in enumerate(rows, 1):
        row["contract_id"] = f"K{number:04}"
    return frame("contracts", {name: [row[name] for row in rows] for name in rows[0]})


def _meetings(world: World, rng: np.random.Generator) -> list[_Meeting]:
    found = []
    for at, unit in enumerate(world.units):
        for kind, (calendar, often) in YEAR.get(unit.kind, {}).items():
            for year in range(world.days.first.year, LAST.year + 1):
                for month in calendar:
                    roll, day = rng.random(), int(rng.integers(4, 27))
                    held = date(year, month, day) + timedelta(int(rng.integers(0, 20)))
                    if roll < often and _takes_place(world, at, held):
                        found.append(_meeting(world, at, kind, held, rng))
    if world.stories:
        sliding = world.ids.to_list().index(stories.REORGANISATION.units[0])
        found.append(_meeting(world, sliding, "joint_consultation", SLIDING_MEETING, rng))
    ids = world.ids.to_list()
    for unit_id, requested in UNANSWERED:
        found.append(_Meeting(ids.index(unit_id), "joint_consultation", None, requested))
    return found


def _takes_place(world: World, at: int, held: date) -> bool:
    month = world.days.month(f"{held:%Y-%m}")
    # What is held just after the data date may have been requested before it.
    if not 0 <= month < len(world.days.months) + 1:
        return False
    last = min(month, len(world.days.months) - 1)
    if month >= world.silent_from[at]:
        return False
    small = world.people.employees[at, last] < LEAST_PEOPLE
    return not (small and world.units[at].kind == "branch") and bool(world.people.employees[at, last])


def _meeting(world: World, at: int, kind: str, held: date, rng: np.random.Generator) -> _Meeting:
    made = _Meeting(at, kind, held)
    if kind == "joint_consultation":
        requested = held - timedelta(int(rng.integers(22, 48)))
        took = int(np.ceil(rng.lognormal(np.log(REPLY_DAYS), REPLY_SPREAD)))
        replied = min(requested + timedelta(took), held)
        made.requested = requested if requested >= world.days.first else None
        made.replied = replied if made.requested and rng.random() > NEVER_REPLIED else None
    workers = int(_below(world, at, held))
    if kind in ("workers_congress", "joint_consultation", "party_union_meeting"):
        size = {"workers_congress": max(15, min(180, round(workers * 0.09))), "joint_consultation": 18}
        made.delegates = size.get(kind, 12) + int(rng.integers(0, 5))
        share = rng.uniform(0.72, 0.98)
        if kind == "workers_congress" and rng.random() < QUORUM_MISSED:
            share = rng.uniform(0.52, 0.65)
        made.present = round(made.delegates * share)
        if kind != "party_union_meeting":
            made.favour = round(made.present * rng.uniform(0.78, 1.0))
    if held > LAST:
        made.held = made.delegates = made.present = made.favour = None
    if made.replied is not None and made.replied > LAST:
        made.replied = None
    return made


def _meetings_table(world: World, meetings: list[_Meeting]) -> pl.DataFrame:
    def title(meeting: _Meeting) -> str:
        unit = world.units[meeting.unit]
        day = meeting.held or LAST
        return TITLES[meeting.kind].format(unit=_title(unit), year=day.year, month=day.month)

    return frame(
        "meetings",
        {
            "meeting_id": [one.code for one in meetings],
            "branch_id": [world.units[one.unit].id for one in meetings],
            "held_on": [one.held for one in meetings],
            "kind": [one.kind for one in meetings],
            "title": [title(one) for one in meetings],
            "requested_on": [one.requested for one in meetings],
            "replied_on": [one.replied for one in meetings],
            "delegates": [one.delegates for one in meetings],
            "present": [one.present for one in meetings],
            "in_favour": [one.favour for one in meetings],
        },
    )


def _title(unit: Unit) -> str:
    return "集团" if unit.kind == "company" else unit.name


def _promises(world: World, meetings: list[_Meeting], rng: np.random.Generator) -> pl.DataFrame:
    rows: list[dict[str, object]] = []
    pools = {category: [text for pattern in words.PROMISES[category] for text in words.filled(pattern)]
             for category in CATEGORIES}  # fmt: skip
    sliding = world.ids.to_list().index(stories.REORGANISATION.units[0])
    for meeting in meetings:
        if meeting.held is None:
            continue
        low, high = PROMISES_AT.get(meeting.kind, (0, 1))
        for _ in range(int(rng.integers(low, high + 1))):
            category = CATEGORIES[int(rng.integers(len(CATEGORIES)))]
            due = meeting.held + timedelta(int(rng.choice([30, 45, 60, 90, 120, 180])))
            due = due.replace(day=monthrange(due.year, due.month)[1])
            unit = world.units[_who_delivers(world, meeting.unit, rng)]
            done = _done(meeting.held, due, rng)
            if unit.closed is not None and (done is None or done > unit.closed):
                done = unit.closed  # nothing stays promised by a unit that is wound up
            rows.append(
                {
                    "meeting_id": meeting.code,
                    "branch_id": unit.id,
                    "topic": pools[category][int(rng.integers(len(pools[category])))],
                    "category": category,
                    "owner": words.OWNERS[category],
                    "due_on": due,
                    "done_on": done,
                    "metric": METRICS.get(category) if rng.random() < MEASURED else None,
                }
            )
        if world.stories and meeting.held == SLIDING_MEETING and meeting.unit == sliding:
            rows.append(
                {
                    "meeting_id": meeting.code,
                    "branch_id": world.units[sliding].id,
                    "topic": "理顺合并后的派单职责，三个月内按时办结率恢复到88%",
                    "category": None,
                    "owner": "项目管理部",
                    "due_on": date(2026, 9, 30),
                    "done_on": None,
                    "metric": "on_time_rate",
                }
            )
    made = {"commitment_id": [f"C{number:05}" for number in range(1, len(rows) + 1)]}
    return frame("commitments", made | {name: [row[name] for row in rows] for name in rows[0]})


def _who_delivers(world: World, at: int, rng: np.random.Generator) -> int:
    """Return the meeting's own unit, or now and then one directly below it."""
    own = world.units[at].id
    below = [place for place, unit in enumerate(world.units) if unit.parent == own and unit.closed is None
             and world.silent_from[place] >= len(world.days.months)]  # fmt: skip
    return int(rng.choice(below)) if below and rng.random() < 0.3 else at


def _done(held: date, due: date, rng: np.random.Generator) -> date | None:
    roll = rng.random()
    if roll < KEPT:
        done = held + timedelta(round((due - held).days * rng.uniform(0.35, 1.0)))
    elif roll < KEPT + KEPT_LATE:
        done = due + timedelta(int(rng.integers(2, 60)))
    else:
        return None
    return done if done <= LAST else None


def _chain(
    world: World, at: int, kind: str, first: date, years: int, again: bool, rng: np.random.Generator
) -> list[dict[str, object]]:
    """Return one contract and those that renew it, up to the data date."""
    rows: list[dict[str, object]] = []
    signed = first
    while signed <= (world.units[at].closed or LAST):
        expires = date(signed.year + years, signed.month, min(signed.day, 28)) - timedelta(1)
        roll = rng.random()
        filed = signed + timedelta(int(rng.integers(2, FILE_DAYS + 1)))
        if roll > 0.80:
            filed = signed + timedelta(int(rng.integers(FILE_DAYS + 1, 45)))
        known = roll < 0.94 and filed <= LAST
        clauses = int(rng.integers(18, 46))
        fulfilled = int(rng.binomial(clauses, rng.uniform(0.82, 0.99)))
        rows.append(
            {
                "branch_id": world.units[at].id,
                "kind": kind,
                "signed_on": signed,
                "filed_on": filed if known else None,
                "effective_on": filed + timedelta(EFFECTIVE_DAYS) if known and rng.random() < 0.6 else None,
                "expires_on": expires,
                "employees_covered": int(_below(world, at, signed)),
                "clauses": clauses,
                # Fulfilment is assessed half a year after signing.
                "clauses_fulfilled": fulfilled if signed + timedelta(182) <= LAST else None,
            }
        )
        if not again:
            break
        signed = expires + timedelta(int(rng.integers(-25, 12)))
    return rows


def _below(world: World, at: int, day: date) -> int:
    """Return the workers of a unit and all below it in the month of `day`, in the data's months."""
    month = min(max(world.days.month(f"{day:%Y-%m}"), 0), len(world.days.months) - 1)
    own = world.units[at].id
    rows = np.array([own == "HQ" or unit.id.startswith(own) for unit in world.units])
    return int(world.people.employees[rows, month].sum())
