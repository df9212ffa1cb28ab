"""Demo data worth looking at: a made-up hydropower construction group whose figures tell planted stories.

`generate` makes the tables, `main` stores them; `stories` declares what they tell, `ledgers` cuts out a month.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict

import polars as pl
from sqlalchemy import Engine, select

from data import database, importer, migrate, schema
from data.demo import (
    activities,
    care,
    company,
    consultation,
    grievances,
    limits,
    organisation,
    suggestions,
    surveys,
    workforce,
)
from data.demo import world as worlds
from data.demo.stories import LATE_REPORTING
from data.reader import File
from data.records import Counts
from data.words import mark

SIZES = tuple(worlds.SIZES)
NOT_EMPTY = mark(
    "The database holds data already; the demo goes into an empty one. "
    "Name another by DASHBOARD_DATABASE_URL or DASHBOARD_HOME."
)


class NotEmpty(Exception):
    """The database holds other data; demo rows among them would be taken for real ones."""


def generate(size: str = "small", seed: int = 1, *, stories: bool = True) -> dict[str, pl.DataFrame]:
    """Return the sixteen tables as typed full-width frames; the same size and seed give the same rows in order.

    `size` is small (60 units, 9,000 workers, 30 months), medium (ten times the rows) or large (500 units, 200,000
    workers, 36 months); `stories=False` leaves the planted stories out, so that nothing but chance is left to find.
    Values are as the database holds them: months "2026-10", money in fen. ValueError for an unknown size.
    """
    if size not in worlds.SIZES:
        raise ValueError(f"size {size!r}: one of {', '.join(SIZES)}")
    world = worlds.build(worlds.SIZES[size], seed, stories)
    held, attendance = activities.activities(world)
    rounds, answers = surveys.surveys(world)
    meetings, commitments = consultation.consultation(world)
    return {
        "branches": organisation.branches(world.units),
        "headcounts": workforce.headcounts(
            world.units, world.people, world.days, world.told(LATE_REPORTING), world.dice("headcounts")
        ),
        "service_levels": limits.service_levels(),
        "activities": held,
        "attendance": attendance,
        "grievances": grievances.grievances(world),
        "suggestions": suggestions.suggestions(world),
        "surveys": rounds,
        "survey_answers": answers,
        "meetings": meetings,
        "commitments": commitments,
        "contracts": consultation.contracts(world),
        "aid_cases": care.aid_cases(world),
        "notices": care.notices(world),
        "interests": care.interests(world),
        "targets": limits.targets(world),
    }


def main(
    size: str = "small",
    seed: int = 1,
    *,
    engine: Engine | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> importer.ImportResult:
    """Store the demo with its people and annotations in an empty database; the same demo twice changes nothing.

    Raises NotEmpty if other data is stored, ValueError for an unknown size.
    """
    migrate.ensure(engine)
    frames = generate(size, seed)
    file = File(f"demo-{size}-{seed}", fingerprint(frames), sum(frame.height for frame in frames.values()))
    result = _already(frames, file, engine)
    if result is None:
        with database.writing(engine) as connection:
            company.annotate(connection)
            company.assess(connection)
        # Made by us and into empty tables: its rules are held by a test, not checked again row by row.
        result = importer.store_frames(
            frames, by=company.BY, kind="demo", files=(file,), engine=engine, validate=False, progress=progress
        )
    with database.writing(engine) as connection:
        company.invite(connection)
    return result


def fingerprint(frames: dict[str, pl.DataFrame]) -> str:
    """Return a SHA-256 of all rows in their order."""
    found = hashlib.sha256()
    for name, frame in frames.items():
        found.update(name.encode())
        found.update(frame.hash_rows().to_numpy().tobytes())
    return found.hexdigest()


def _already(frames: dict[str, pl.DataFrame], file: File, engine: Engine | None) -> importer.ImportResult | None:
    """Return what storing changes if this very demo is stored: nothing; None if the database is empty."""
    with database.reading(engine) as connection:
        if connection.execute(select(schema.HANDED_IN["branches"].c.branch_id).limit(1)).first() is None:
            return None
        demos = select(schema.imports.c.files).where(schema.imports.c.kind == "demo")
        if json.dumps([asdict(file)]) not in connection.scalars(demos):
            raise NotEmpty(NOT_EMPTY)
    counts = {name: Counts(unchanged=frame.height) for name, frame in frames.items()}
    return importer.ImportResult(counts=counts, files=[file])
