"""Killed at any moment or pressed from all sides, an import is there whole or not at all."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine, func, select

from data import check, database, importer, schema
from data.schema import HANDED_IN
from tests.data.ledgers import activity, branch, frame

HOUSE = Path(__file__).parents[2]
# Each kill costs a start of Python; the long run of issue lists and releases sets a hundred.
KILLS = int(os.environ.get("TEST_KILLS", "6"))
PEOPLE = 12_000

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, new_address: Callable[[str], str]) -> Iterator[Engine]:
    engine = database.engine_for(new_address(request.param))
    units = frame("branches", branch("HQ"))
    held = frame("activities", activity("E1", date(2025, 1, 10), "HQ"), activity("E2", date(2025, 2, 10), "HQ"))
    importer.store_frames({"branches": units, "activities": held}, by="test", engine=engine)
    yield engine
    engine.dispose()


def sign_ins(folder: Path, number: int) -> Path:
    """Write ledger `number`: new sign-ins, and one row that every ledger changes again."""
    people = [f"{number}-{person}" for person in range(PEOPLE)]
    rows = pl.DataFrame({"activity_id": [f"E{1 + person % 2}" for person in range(PEOPLE)], "person_id": people})
    rows = rows.with_columns(branch_id=pl.lit("HQ"), party_member=pl.lit(1))
    again = pl.DataFrame({"activity_id": ["E1"], "person_id": ["P"], "branch_id": ["HQ"], "party_member": [number % 2]})
    path = folder / f"attendance_{number}.csv"
    pl.concat([rows, again.cast(rows.schema)]).write_csv(path)
    return path


def start(engine: Engine, file: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, HOUSE / "tests" / "data" / "hand_in_once.py", file],
        cwd=HOUSE,
        env=os.environ
        | {
            "DASHBOARD_DATABASE_URL": engine.url.render_as_string(hide_password=False),
            "PYTHONPATH": str(HOUSE),
            "DASHBOARD_HOME": str(file.parent),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def sizes(engine: Engine) -> list[int]:
    """Return how many sign-ins each import touched last; every one of them has a record."""
    sign_in = HANDED_IN["attendance"].c
    with database.reading(engine) as connection:
        rows = connection.execute(select(sign_in.import_id, func.count()).group_by(sign_in.import_id)).all()
        recorded = set(connection.scalars(select(schema.imports.c.import_id)))
    assert {number for number, _ in rows} <= recorded
    return sorted(count for _number, count in rows)


def test_a_killed_import_leaves_all_or_nothing(target: Engine, tmp_path: Path) -> None:
    dice = random.Random(20251)
    first = start(target, sign_ins(tmp_path, 0))
    assert first.stdout is not None
    assert first.stdout.readline() == "begins\n"
    began = time.monotonic()
    said, complaints = first.communicate(timeout=120)
    whole = time.monotonic() - began
    assert first.returncode == 0, said + complaints
    for number in range(1, KILLS + 1):
        process = start(target, sign_ins(tmp_path, number))
        assert process.stdout is not None
        process.stdout.readline()
        moment = dice.uniform(0, 1.1 * whole)
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        assert [problem.text("en") for problem in check.problems(target)] == []
        # Every import that is there is there with all its rows; the last one also has the row that all of them change.
        found = sizes(target)
        assert found == [*[PEOPLE] * (len(found) - 1), PEOPLE + 1]
    # What was cut off goes in whole the second time.
    result = start(target, tmp_path / f"attendance_{KILLS}.csv")
    said, complaints = result.communicate(timeout=120)
    assert result.returncode == 0, said + complaints
    assert check.problems(target) == []


def test_of_six_imports_of_one_file_one_stores_and_five_say_unchanged(target: Engine, tmp_path: Path) -> None:
    file = sign_ins(tmp_path, 0)
    processes = [start(target, file) for _ in range(6)]
    said = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0] * 6, said
    assert sum("Stored as import" in out for out, _ in said) == 1
    assert sum("Nothing changed" in out for out, _ in said) == 5
    assert check.problems(target) == []
    with database.reading(target) as connection:
        assert connection.scalar(select(schema.data_version.c.version)) == 2
