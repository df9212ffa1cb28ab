"""Saving the whole database in one file and restoring it, row for row, with a checksum per table.

One format serves both databases, so that an embedded one can be restored into PostgreSQL: a ZIP with `manifest.json`
(what each table must hold) and the tables as Parquet, each in pieces in the order of its key. It is taken from one
consistent view while others read and write.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, Table, delete, func, select, update

from data import bulk, database, migrate, people, records, schema
from data.clock import now
from data.facts import Touched
from data.told import Told
from data.words import mark

FORMAT = 1
# Rows held in memory at a time.
PIECE = 250_000

NOT_EMPTY = mark("The database holds data already; --force replaces all of it.")
NO_BACKUP = mark("{file} is not a backup of this dashboard.")
OTHER_VERSION = mark(
    "The backup is of revision {found}, this program works with {needed}; restore it with the program it came from."
)
DAMAGED = mark("The backup is damaged: {table} does not hold what it should. Nothing was restored.")

Progress = Callable[[str, int, int], None]


class BackupError(Told):
    """Why a backup cannot be restored."""


@dataclass(frozen=True)
class Held:
    """What a backup holds of one table: rows, pieces, and the SHA-256 over the pieces."""

    rows: int
    pieces: int
    sha256: str


def backup(file: Path, engine: Engine | None = None, progress: Progress | None = None) -> dict[str, Held]:
    """Write the whole database to `file`, readable by its owner alone; return what each table holds."""
    part = file.with_name(f".{file.name}.part")
    everything = schema.metadata.sorted_tables
    held: dict[str, Held] = {}
    try:
        with database.rehearsing(engine) as connection, _private(part) as archive:
            for step, table in enumerate(everything):
                if progress:
                    progress(table.name, step, len(everything))
                held[table.name] = _save(connection, table, archive)
            manifest = {
                "format": FORMAT,
                "revision": migrate.revision(connection),
                "at": now().isoformat(),
                "tables": {name: asdict(what) for name, what in held.items()},
            }
            archive.writestr("manifest.json", json.dumps(manifest, indent=1))
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return held


def restore(
    file: Path, engine: Engine | None = None, *, force: bool = False, by: str, progress: Progress | None = None
) -> dict[str, Held]:
    """Put a backup into an empty database (`force`: in the place of what it holds), whole or not at all.

    BackupError for a file that is none, is damaged or of another version, and for a database that is not empty. What
    was stored is read back and compared before it counts.
    """
    with _opened(file) as archive:
        manifest = _manifest(file, archive)
        held = {name: Held(**what) for name, what in manifest["tables"].items()}
        tables = [table for table in schema.metadata.sorted_tables if table.name in held]
        for table in tables:
            _verify(archive, table, held[table.name])
        migrate.ensure(engine)
        with database.writing(engine) as connection:
            if not force and _filled(connection):
                raise BackupError(NOT_EMPTY)
            before = connection.scalar(select(schema.data_version.c.version)) or 0
            people.retire_audit(connection, days=-1)
            for table in reversed(schema.metadata.sorted_tables):
                connection.execute(delete(table))
            for step, table in enumerate(tables):
                if progress:
                    progress(table.name, step, len(tables))
                for piece in _pieces(archive, table, held[table.name]):
                    bulk.write(connection, table, piece)
            for table in tables:
                _compare(connection, archive, table, held[table.name])
            _go_on(connection, before)
            people.audit(connection, by, "restore", {"file": file.name, "at": manifest["at"]})
    return held


def _save(connection: Connection, table: Table, archive: zipfile.ZipFile) -> Held:
    total, number, digest = 0, 0, hashlib.sha256()
    for piece in bulk.chunks(connection, _in_order(table), PIECE):
        content = io.BytesIO()
        piece.write_parquet(content, compression="zstd")
        digest.update(content.getvalue())
        archive.writestr(_name(table, number), content.getvalue())
        total += piece.height
        number += 1
    return Held(total, number, digest.hexdigest())


def _in_order(table: Table) -> Any:
    return select(table).order_by(*table.primary_key)


def _name(table: Table, number: int) -> str:
    return f"{table.name}/{number:05d}.parquet"


def _verify(archive: zipfile.ZipFile, table: Table, held: Held) -> None:
    """BackupError if a table's pieces are not, byte for byte, what was saved."""
    digest = hashlib.sha256()
    try:
        for number in range(held.pieces):
            digest.update(archive.read(_name(table, number)))
    except (KeyError, zipfile.BadZipFile) as error:
        raise BackupError(DAMAGED, table=table.name) from error
    if digest.hexdigest() != held.sha256:
        raise BackupError(DAMAGED, table=table.name)


def _pieces(archive: zipfile.ZipFile, table: Table, held: Held) -> Iterator[pl.DataFrame]:
    for number in range(held.pieces):
        yield pl.read_parquet(io.BytesIO(archive.read(_name(table, number))))


def _compare(connection: Connection, archive: zipfile.ZipFile, table: Table, held: Held) -> None:
    """BackupError if the table, read back, is not what the backup holds."""
    stored, rows = bulk.chunks(connection, _in_order(table), PIECE), 0
    for piece in _pieces(archive, table, held):
        if not piece.equals(next(stored, pl.DataFrame())):
            raise BackupError(DAMAGED, table=table.name)
        rows += piece.height
    if rows != held.rows or next(stored, None) is not None:
        raise BackupError(DAMAGED, table=table.name)


def _go_on(connection: Connection, before: int) -> None:
    """Number lines and versions on from both what was there and what was restored, so that every page reads anew."""
    if connection.dialect.name == "postgresql":
        last = connection.scalar(select(func.max(schema.audit.c.audit_id))) or 0
        connection.execute(select(func.setval(func.pg_get_serial_sequence("audit", "audit_id"), last + 1)))
    restored = connection.scalar(select(schema.data_version.c.version)) or 0
    connection.execute(update(schema.data_version).values(version=max(before, restored)))
    months = connection.scalars(select(schema.person_months.c.month).distinct())
    records.raise_version(connection, schema.HANDED_IN, Touched(months=set(months)))


def _filled(connection: Connection) -> bool:
    """Whether anything has been stored: any table but the version's own row and the log has rows."""
    quiet = (schema.data_version, schema.audit)
    return any(
        connection.execute(select(1).select_from(table).limit(1)).first()
        for table in schema.metadata.sorted_tables
        if table not in quiet
    )


def _manifest(file: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
    except (KeyError, ValueError) as error:
        raise BackupError(NO_BACKUP, file=file.name) from error
    if manifest.get("format") != FORMAT or manifest.get("revision") != migrate.head():
        raise BackupError(OTHER_VERSION, found=manifest.get("revision"), needed=migrate.head())
    return manifest


@contextmanager
def _private(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a new archive that only its owner may read: it holds who complained about what."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        yield archive


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise BackupError(NO_BACKUP, file=path.name) from error
    with archive:
        yield archive
