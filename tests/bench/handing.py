"""Handing in a month's ledgers: the import, the facts it touches, and when the pages know; against a full rebuild."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from typing import Any

import polars as pl
from sqlalchemy import Engine, select

from data import bulk, database, facts, importer, reader
from data.demo import ledgers
from data.schema import HANDED_IN
from queries import holding
from queries.filters import Month
from queries.warming import warm_up
from tests.bench.place import Place

NEW = {"activities": ("activity_id",), "attendance": ("activity_id",), "grievances": ("grievance_id",),
       "suggestions": ("suggestion_id",)}  # fmt: skip


class _Undone(Exception):
    """Takes a transaction back once its work has been timed."""


def bench(place: Place, _units: list[str]) -> dict[str, Any]:
    """Hand in a month's ledgers once more under new numbers, in a copy of the demo; times in seconds."""
    home = place.folder / "handing"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    shutil.copy(place.home / "dashboard.db", home / "dashboard.db")
    import os

    os.environ["DASHBOARD_HOME"] = str(home)
    engine = database.engine()
    before = holding.prepare(warm_up)
    month = before.month_range[1].back(1)
    files = ledgers.write(month_again(engine, month), home / "in")
    rows = sum(sum(1 for _ in path.open("rb")) - 1 for path in files)
    start = time.perf_counter()
    result = importer.import_files([home / "in"], by="bench@example.com", engine=engine, limits=reader.COMMAND)
    stored = time.perf_counter() - start
    if result.refused:
        raise RuntimeError(f"refused: {[fault.text('en') for fault in result.faults][:3]}")
    version = before.version + 1
    shown = _seconds(lambda: _until_shown(version))
    touched = facts.Touched(months={str(month)})
    refreshed = _taken_back(engine, lambda connection: facts.refresh(connection, touched))
    rebuilt = _taken_back(engine, facts.rebuild)
    engine.dispose()
    shutil.rmtree(home)
    return {"rows": rows, "import": stored, "until shown": shown, "one month's facts": refreshed, "all facts": rebuilt}


def month_again(engine: Engine, month: Month) -> dict[str, pl.DataFrame]:
    """Return a month's rows as they are stored, under numbers of their own."""
    days = (month.first, month.last)
    t = HANDED_IN
    held = select(t["activities"].c.activity_id).where(t["activities"].c.held_on.between(*days))
    chosen = {
        "activities": t["activities"].c.held_on.between(*days),
        "attendance": t["attendance"].c.activity_id.in_(held),
        "grievances": t["grievances"].c.filed_on.between(*days),
        "suggestions": t["suggestions"].c.submitted_on.between(*days),
    }
    found = {}
    with database.reading(engine) as connection:
        for name, condition in chosen.items():
            rows = bulk.read(connection, select(t[name]).where(condition)).drop("import_id")
            found[name] = rows.with_columns(pl.concat_str(pl.lit("again-"), key).alias(key) for key in NEW[name])
    return found


def _until_shown(version: int) -> None:
    while holding.current().version != version:
        time.sleep(0.02)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _taken_back(engine: Engine, work: Callable[[Any], object]) -> float:
    """Time work in the database in a transaction that is then undone."""
    taken = 0.0
    try:
        with database.writing(engine) as connection:
            taken = _seconds(lambda: work(connection))
            raise _Undone
    except _Undone:
        return taken


def shown(found: dict[str, Any]) -> list[str]:
    """Return the section's table."""
    return [f"{name:20}{value:>12,.2f}" for name, value in found.items()]


def goals(found: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Return what a hand-in must not cost."""
    return [("facts of one month, against all", found["one month's facts"] / found["all facts"], 0.1)]
