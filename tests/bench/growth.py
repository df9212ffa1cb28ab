"""The same questions at one, ten and a hundred million attendances, beside Polars and DuckDB on the rows themselves.

Each size is measured in a process of its own: `python -m tests.bench.growth ATTENDANCES`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import polars as pl
import psutil
from sqlalchemy import create_engine

from data import tables
from queries.answers import ask
from queries.filters import Filters, Month
from queries.loading import PARTS, assembled
from queries.metrics import METRICS
from queries.snapshot import Snapshot, Stamp
from queries.units import Units
from queries.viewers import OPERATOR
from tests.bench.place import Place
from tests.browser.browsing import HOUSE

SIZES = (1_000_000, 10_000_000, 100_000_000)
UNITS, MONTHS = 500, 36
PER_PERSON = 50  # attendances of one person in three years
FIRST = Month(2023, 11)
KINDS, ORGANISERS = len(tables.ACTIVITY_KINDS), len(tables.ORGANISERS)
PARTICIPATION = [metric.id for metric in METRICS.values() if metric.family == "participation"]


def tree() -> Units:
    """Return a company of twelve divisions, a hundred branches below them, groups below those."""
    ids = [f"U{number:03d}" for number in range(UNITS)]
    parents = [None, *("U000" for _ in range(12)), *(ids[1 + number % 12] for number in range(100))]
    parents += [ids[13 + number % 100] for number in range(UNITS - len(parents))]
    days = pl.Series([None] * UNITS, dtype=pl.Date)
    return Units.of(
        pl.DataFrame({"branch_id": ids, "parent_id": parents, "name": ids, "opened_on": days, "closed_on": days})
    )


def facts(attendances: int) -> Snapshot:
    """Return a snapshot as that many attendances would make it; everybody comes in three of five months."""
    dice = np.random.default_rng(1)
    people = attendances // PER_PERSON
    home = np.sort(dice.integers(0, UNITS, people)).astype(np.uint16)
    moved = np.where(dice.random(people) < 0.08, dice.integers(0, UNITS, people), home).astype(np.uint16)
    when = dice.integers(0, MONTHS, people)
    party = dice.random(people) < 0.2
    months = []
    for month in range(MONTHS):
        person = np.flatnonzero(dice.random(people) < 0.6).astype(np.int32)
        bits = [np.int64(1) << dice.integers(0, KINDS * ORGANISERS, len(person)) for _ in range(2)]
        months.append(
            pl.DataFrame(
                {
                    "person": person,
                    "u": np.where(month < when[person], home[person], moved[person]),
                    "m": np.full(len(person), FIRST.index + month, dtype=np.int16),
                    "party_member": party[person],
                    "mask": bits[0] | bits[1],
                }
            )
        )
    cells = UNITS * MONTHS * 30 * KINDS * ORGANISERS
    rows = np.unique(dice.integers(0, cells, min(attendances // 40, cells)))
    days = pl.DataFrame(
        {
            "u": (rows % UNITS).astype(np.uint16),
            "day": pl.Series(rows // UNITS % (MONTHS * 30)).cast(pl.Int32),
            "kind": (rows // (UNITS * MONTHS * 30) % KINDS).astype(np.uint8),
            "organiser": (rows // (UNITS * MONTHS * 30 * KINDS)).astype(np.uint8),
            "n": np.full(len(rows), attendances / len(rows), dtype=np.uint32),
        }
    ).with_columns(day=pl.lit(FIRST.first) + pl.duration(days=pl.col("day")))
    nothing = _nothing()
    held = days.with_columns(n=pl.lit(1, pl.UInt32), production_linked=pl.lit(True), venue=pl.lit(0, pl.UInt8))
    heads = pl.DataFrame({"u": np.arange(UNITS, dtype=np.uint16)}).with_columns(
        m=pl.lit(FIRST.index, pl.Int16),
        employees=pl.lit(people // UNITS),
        union_members=pl.lit(1),
        party_members=pl.lit(3),
    )
    frames = nothing | {
        "heads": heads, "attendance_days": days, "activities": held, "person_months": pl.concat(months, rechunk=True)
    }  # fmt: skip
    return assembled(Stamp(1, None, None), tree(), frames, create_engine("sqlite://"))


def _nothing() -> dict[str, pl.DataFrame]:
    dates = {
        "grievances": ("filed", "responded", "closed", "reopened", "due", "response_due"),
        "suggestions": ("submitted", "decided", "implemented"),
        "surveys": ("opened",), "meetings": ("held", "requested", "replied"), "commitments": ("done",),
        "contracts": ("signed", "filed"), "aid_cases": ("identified", "helped"), "notices": ("published",),
        "interests": ("recorded",), "answers": (), "respondents": (), "targets": (),
    }  # fmt: skip
    return {name: pl.DataFrame(schema=dict.fromkeys(dates.get(name, ()), pl.Date)) for name in PARTS}


def questions() -> list[tuple[str, str | None]]:
    """Return the participation metrics by everything a page groups by."""
    groupings = (None, "branch", "unit", "month", "kind")
    return [
        (metric, by) for metric in PARTICIPATION for by in groupings if by is None or by in METRICS[metric].groupings
    ]


def measure(attendances: int) -> dict[str, Any]:
    """Return times in milliseconds and memory in megabytes at one size."""
    empty = psutil.Process().memory_info().rss
    snapshot = facts(attendances)
    began = time.perf_counter()
    whole = Filters(FIRST + 12, FIRST + 23)
    for metric, by in questions():
        ask(OPERATOR, metric, whole, by, snapshot=snapshot)
    first = time.perf_counter() - began
    held = sum(frame.estimated_size() for frame in vars(snapshot).values() if isinstance(frame, pl.DataFrame))
    times: dict[str, float] = {}
    for metric, by in questions():
        each = []
        for month in range(8):  # the same twelve months' width, each a question nobody asked yet
            filters = Filters(FIRST + month, FIRST + month + 11)
            start = time.perf_counter()
            ask(OPERATOR, metric, filters, by, snapshot=snapshot)
            each.append(time.perf_counter() - start)
        # The quickest: sizes are measured one after the other, and whatever else the machine does only adds.
        times[f"{metric} {by or 'whole'}"] = 1000 * min(each)
    return {
        "attendances": attendances,
        "all questions": sum(times.values()),
        "questions": times,
        "first of a version": 1000 * first,
        "facts MB": held / 1e6,
        "tables MB": sum(_bytes(thing) for _, thing in snapshot.tables()) / 1e6,
        "process MB": (psutil.Process().memory_info().rss - empty) / 1e6,
        **on_the_rows(attendances),
    }


def _bytes(thing: object) -> int:
    parts = thing if isinstance(thing, tuple) else (thing,)
    return sum(part.nbytes for part in parts if isinstance(part, np.ndarray))


def on_the_rows(attendances: int) -> dict[str, float]:
    """Time different people and attendances of twelve months on the rows themselves, in Polars and DuckDB."""
    dice = np.random.default_rng(2)
    person = dice.integers(0, attendances // PER_PERSON, attendances, dtype=np.int32)
    day = dice.integers(0, MONTHS * 30, attendances, dtype=np.int16)
    rows = pl.DataFrame({"person": person, "division": (person % 12).astype(np.uint8), "day": day})
    inside = pl.col("day").is_between(360, 719)
    asked = rows.lazy().filter(inside).group_by("division").agg(pl.col("person").n_unique(), pl.len())
    connection = duckdb.connect()
    connection.execute("SET threads TO 2")
    connection.register("sign_ins", rows.to_arrow())
    statement = (
        "SELECT division, count(DISTINCT person), count(*) FROM sign_ins WHERE day BETWEEN 360 AND 719 GROUP BY 1"
    )
    return {
        "Polars on the rows": _timed(lambda: asked.collect()),
        "DuckDB on the rows": _timed(lambda: connection.execute(statement).fetchall()),
    }


def _timed(ask_it: Callable[[], object]) -> float:
    start = time.perf_counter()
    ask_it()
    return 1000 * (time.perf_counter() - start)


def bench(_place: Place, _units: list[str]) -> dict[str, Any]:
    """Measure each size in a process of its own."""
    sizes = []
    for size in SIZES:
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.growth", str(size)],
            cwd=HOUSE,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"at {size} attendances:\n{done.stderr[-2000:]}")
        sizes.append(json.loads(done.stdout))
    return {"sizes": sizes}


def shown(found: dict[str, Any]) -> list[str]:
    """Return the section's table."""
    columns = (
        "all questions", "first of a version", "facts MB", "tables MB", "process MB", "Polars on the rows",
        "DuckDB on the rows",
    )  # fmt: skip
    lines = [f"{'attendances':>12}" + "".join(f"{name:>20}" for name in columns)]
    for size in found["sizes"]:
        lines.append(f"{size['attendances']:12,}" + "".join(f"{size[name]:20.1f}" for name in columns))
    lines.append("slowest questions at the largest, ms:")
    last = sorted(found["sizes"][-1]["questions"].items(), key=lambda pair: -pair[1])[:5]
    return [*lines, *(f"   {name}: {value:.2f}" for name, value in last)]


def goals(found: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Return what growing must not cost."""
    by_size = {size["attendances"]: size for size in found["sizes"]}
    ten, hundred = by_size[10_000_000], by_size[100_000_000]
    return [
        ("questions at 100 million, against 10 million", hundred["all questions"] / ten["all questions"], 1.2),
        ("facts and tables of 10 million in memory, MB", ten["facts MB"] + ten["tables MB"], 400),
        ("different people of 12 months, whole, ms", hundred["questions"]["participation_rate whole"], 10),
    ]


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
