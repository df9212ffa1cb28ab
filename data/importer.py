"""The import: what was handed in is compared with what is stored, checked, and stored whole or not at all.

Rules: the project's table specification, "Import rules" (README, "Handing in data").
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import polars as pl
from sqlalchemy import Connection, Engine

from data import bulk, database, facts, links, migrate, reader, records, rules, tables
from data.clock import today
from data.faults import Fault, Faults
from data.headers import HeaderMapping
from data.links import Incoming
from data.records import ORIGINAL_BYTES, Counts
from data.schema import STORED

# PostgreSQL plans the refresh by what it knows of a table; after this many rows it is told anew.
ANALYZE_ROWS = 10_000


@dataclass
class ImportResult:
    """What an import did, or would do (`dry_run`), or why it was refused (`faults`)."""

    counts: dict[str, Counts] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    warnings: Faults = field(default_factory=Faults)
    notes: list[Fault] = field(default_factory=list)
    files: list[reader.File] = field(default_factory=list)
    dry_run: bool = False
    import_id: int | None = None
    version: int | None = None

    @property
    def refused(self) -> bool:
        """Whether a fault kept everything out."""
        return bool(self.faults)

    @property
    def unchanged(self) -> bool:
        """Whether every row was there already, so that nothing changed."""
        return not self.refused and not any(counts.written for counts in self.counts.values())


@dataclass(frozen=True)
class Correction:
    """What somebody who corrects rows on the page had in view, by table.

    `seen`: the rows as they were shown, all columns and `import_id`; `removed`: the keys of those taken away. Only
    tables that no other names and that no fact is made of can lose rows.
    """

    seen: Mapping[str, pl.DataFrame]
    removed: Mapping[str, pl.DataFrame]


def unstored(fault: Fault) -> ImportResult:
    """Return the result of an import that could not take place."""
    return ImportResult(faults=Faults([fault]))


def import_files(
    sources: Sequence[Path | tuple[str, bytes]],
    *,
    by: str,
    engine: Engine | None = None,
    dry_run: bool = False,
    allow_move: bool = False,
    allowed_units: Iterable[str] | None = None,
    limits: reader.Limits = reader.UPLOAD,
    mapping: HeaderMapping | None = None,
    on: date | None = None,
    progress: reader.Progress | None = None,
) -> ImportResult:
    """Read files, folders or uploads `(name, bytes)` and store them as one import; see `store_batch`."""
    batch = reader.read(sources, limits=limits, mapping=mapping, progress=progress)
    return store_batch(
        batch,
        by=by,
        engine=engine,
        dry_run=dry_run,
        allow_move=allow_move,
        allowed_units=allowed_units,
        originals=_originals(sources, batch.files),
        on=on,
        progress=progress,
    )


def store_batch(
    batch: reader.Batch,
    *,
    by: str,
    kind: str = "import",
    engine: Engine | None = None,
    dry_run: bool = False,
    allow_move: bool = False,
    allowed_units: Iterable[str] | None = None,
    originals: Mapping[str, bytes] | None = None,
    on: date | None = None,
    progress: reader.Progress | None = None,
    correction: Correction | None = None,
) -> ImportResult:
    """Compare, check and store what the reader made of one hand-in.

    `allowed_units` (None = all) refuses every row of another unit, as it arrives or as it is stored; `on` is the day
    that counts as today; `originals` are the files to keep, by name; `correction` says what its author had in view.
    Returns what was done; with any fault nothing.
    """
    result = ImportResult(notes=list(batch.notes), files=list(batch.files), dry_run=dry_run)
    result.faults.extend(batch.faults)
    parts: dict[str, list[pl.DataFrame]] = {}
    for part in batch.parts:
        parts.setdefault(part.table, []).append(part.frame)
    migrate.ensure(engine)
    opened = database.rehearsing(engine) if dry_run or result.refused else database.writing(engine)
    with opened as connection:
        coming = _compare(connection, parts, result)
        _check(connection, coming, result, on or today(), allow_move, allowed_units)
        result.counts = {name: _count(incoming) for name, incoming in coming.items()}
        going = {}
        if correction is not None:
            going = _going(connection, correction, allowed_units)
            result.faults.extend(links.meanwhile(connection, coming, going, correction.seen, correction.removed))
            for name, rows in going.items():
                result.counts[name] = replace(result.counts.get(name, Counts()), removed=rows.height)
        if result.refused:
            raise database.RolledBack
        if not dry_run:
            _store(connection, coming, going, result, by, kind, originals or {}, progress)
    result.faults = _sorted(result.faults.located(batch.headers))
    result.warnings = result.warnings.located(batch.headers)
    return result


def store_frames(
    frames: Mapping[str, pl.DataFrame | Iterable[pl.DataFrame]],
    *,
    by: str,
    kind: str = "import",
    files: Sequence[reader.File] = (),
    engine: Engine | None = None,
    validate: bool = True,
    dry_run: bool = False,
    allow_move: bool = False,
    allowed_units: Iterable[str] | None = None,
    on: date | None = None,
    progress: reader.Progress | None = None,
) -> ImportResult:
    """Store typed frames by table name, as `store_batch` stores files; a missing optional column keeps what is stored.

    Columns are typed as `reader.Part` says. `validate=False` is for generated data into empty tables: nothing is
    compared or checked, and a table may come as many frames, so that it never stands in memory whole.
    """
    if validate:
        parts = [
            reader.Part(
                table=name,
                frame=piece,
                present=frozenset(piece.columns),
                file="",
                sheet=None,
                headers={},
                positions={},
            )
            for name, frame in frames.items()
            for piece in ([frame] if isinstance(frame, pl.DataFrame) else frame)
        ]
        return store_batch(
            reader.Batch(parts=parts, files=list(files)),
            by=by,
            kind=kind,
            engine=engine,
            dry_run=dry_run,
            allow_move=allow_move,
            allowed_units=allowed_units,
            on=on,
            progress=progress,
        )
    migrate.ensure(engine)
    result = ImportResult(files=list(files))
    with database.writing(engine) as connection:
        result.import_id = records.next_import(connection)
        for table in tables.TABLES:
            frame = frames.get(table.name, ())
            rows = 0
            for piece in [frame] if isinstance(frame, pl.DataFrame) else frame:
                whole = _filled(table, _whole(table, piece)).with_columns(import_id=pl.lit(result.import_id))
                told = _telling(progress, rows, None)
                bulk.write(connection, STORED[table.name], _ordered(connection, table, whole), told)
                rows += whole.height
            if rows:
                result.counts[table.name] = Counts(new=rows)
                _analyze(connection, table.name, rows)
        facts.rebuild(connection)
        touched = facts.Touched(months=set(facts.all_months(connection)))
        result.version = records.record(
            connection, result.import_id, by, kind, result.counts, touched, files=result.files
        )
    return result


# --- comparing ---------------------------------------------------------------------------------------------------


def _compare(
    connection: Connection, parts: Mapping[str, Sequence[pl.DataFrame]], result: ImportResult
) -> dict[str, Incoming]:
    coming = {}
    for table in tables.STORED:
        if table.name not in parts:
            continue
        key = list(table.key)
        pieces = [_typed(table, piece) for piece in parts[table.name]]
        # The start of a key finds a few rows too many (all sign-ins of one activity), but in far fewer look-ups.
        leading = key[:-1] or key
        wanted = pl.concat([piece.select(leading) for piece in pieces]).drop_nulls().unique()
        stored = bulk.fetch(connection, STORED[table.name], wanted)
        frame = pl.concat([_merged(table, piece, stored) for piece in pieces])
        frame, faults, notes = links.doubles(table, frame)
        result.faults.extend(faults)
        result.notes.extend(notes)
        coming[table.name] = Incoming(table, _marked(table, frame, stored), stored)
    return coming


def _typed(table: tables.Table, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with its columns' types made sure of, keys and provenance filled in."""
    types = bulk.schema(STORED[table.name]) | {"_file": pl.String(), "_sheet": pl.String()}
    types |= {"_row": pl.Int64(), "_unread": pl.Int64()}
    missing = {
        "_file": pl.lit(None),
        "_sheet": pl.lit(None),
        "_row": pl.int_range(1, pl.len() + 1),
        "_unread": pl.lit(0),
    }
    missing |= {name: pl.lit(None) for name in table.key}
    frame = frame.with_columns(**{name: value for name, value in missing.items() if name not in frame.columns})
    kept = [column.name for column in table.columns if column.name in frame.columns]
    names = [*kept, "_file", "_sheet", "_row", "_unread"]
    return _filled(table, frame.select(pl.col(name).cast(types[name]) for name in names))


def _filled(table: tables.Table, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with what an empty cell means where it means something."""
    return frame.with_columns(
        pl.col(column.name).fill_null(pl.lit(column.empty))
        for column in table.columns
        if column.empty is not None and column.name in frame.columns
    )


def _whole(table: tables.Table, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with all columns of the table in their order; what it lacks is empty."""
    types = bulk.schema(STORED[table.name])
    return frame.select(
        pl.col(column.name).cast(types[column.name])
        if column.name in frame.columns
        else pl.lit(None, types[column.name]).alias(column.name)
        for column in table.columns
    )


def _merged(table: tables.Table, frame: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """Return the rows at full width: a column that the file does not have keeps what is stored."""
    key = list(table.key)
    absent = [column.name for column in table.columns if column.name not in frame.columns]
    keeping = [name for name in absent if name not in key]
    if keeping and not stored.is_empty():
        frame = frame.join(stored.select(*key, *keeping), on=key, how="left", maintain_order="left")
    provenance = frame.select("_file", "_sheet", "_row", "_unread")
    return pl.concat([_filled(table, _whole(table, frame)), provenance], how="horizontal")


def _marked(table: tables.Table, frame: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with each row's former values (`…_was`), and whether it is new or changed."""
    key = list(table.key)
    was = stored.rename({name: f"{name}_was" for name in stored.columns if name not in key})
    if stored.is_empty():
        former = [pl.lit(None, kind).alias(name) for name, kind in was.schema.items() if name not in key]
        return frame.with_columns(*former, _new=pl.lit(value=True), _changed=pl.lit(value=False))
    frame = frame.join(was, on=key, how="left", maintain_order="left")
    others = [column.name for column in table.columns if column.name not in key]
    known = pl.col("import_id_was").is_not_null()
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}_was")) for name in others)
    return frame.with_columns(_new=~known, _changed=known & ~same)


def _going(
    connection: Connection, correction: Correction, allowed_units: Iterable[str] | None
) -> dict[str, pl.DataFrame]:
    """Return the stored rows, all columns and `import_id`, that a correction takes away; none of foreign units."""
    mine = None if allowed_units is None else list(allowed_units)
    found = {}
    for name, keys in correction.removed.items():
        rows = bulk.fetch(connection, STORED[name], keys.select(tables.BY_NAME[name].key))
        if mine is not None:
            rows = rows.filter(pl.col("branch_id").is_in(mine))
        if rows.height:
            found[name] = rows
    return found


def _count(incoming: Incoming) -> Counts:
    new, changed = (int(incoming.frame[name].sum()) for name in ("_new", "_changed"))
    return Counts(new, changed, incoming.frame.height - new - changed)


# --- checking ----------------------------------------------------------------------------------------------------


def _check(
    connection: Connection,
    coming: Mapping[str, Incoming],
    result: ImportResult,
    on: date,
    allow_move: bool,
    allowed_units: Iterable[str] | None,
) -> None:
    for name, incoming in coming.items():
        columns = [*(column.name for column in incoming.table.columns), "_file", "_sheet", "_row", "_unread"]
        rows = incoming.frame.select(columns)
        result.faults.extend(rules.check_rows(name, rows, on))
        result.warnings.extend(rules.warn_rows(name, rows))
        if not allow_move:
            result.faults.extend(links.moves(incoming))
    units = links.units(connection, coming)
    result.faults.extend(links.references(connection, coming))
    result.faults.extend(links.circles(coming, units))
    result.faults.extend(links.respondents(coming))
    result.faults.extend(links.promises(connection, coming))
    result.faults.extend(links.metrics(coming))
    result.warnings.extend(links.lives(coming, units))
    if allowed_units is not None:
        result.faults.extend(links.scope(coming, units, allowed_units))


def _sorted(faults: Faults) -> Faults:
    """Return the findings in the order of the files, as far as they are kept."""
    ordered = Faults(sorted(faults, key=lambda f: (f.file or "", f.sheet or "", f.row or 0)))
    ordered.count = faults.count
    return ordered


# --- storing -----------------------------------------------------------------------------------------------------


def _store(
    connection: Connection,
    coming: Mapping[str, Incoming],
    going: Mapping[str, pl.DataFrame],
    result: ImportResult,
    by: str,
    kind: str,
    originals: Mapping[str, bytes],
    progress: reader.Progress | None,
) -> None:
    result.import_id = records.next_import(connection)
    total = sum(counts.new + counts.changed for counts in result.counts.values())
    done = 0
    touched = facts.Touched()
    for name, incoming in coming.items():
        table = incoming.table
        columns = [column.name for column in table.columns]
        stamped = incoming.frame.with_columns(import_id=pl.lit(result.import_id, pl.Int64))
        new = stamped.filter("_new").select(*columns, "import_id")
        changed = stamped.filter("_changed")
        told = _telling(progress, done, total)
        bulk.write(connection, STORED[name], _ordered(connection, table, new), told)
        records.keep_former(connection, result.import_id, table, _former(table, changed))
        bulk.replace(connection, STORED[name], changed.select(*columns, "import_id"), told)
        done += new.height + changed.height
        _analyze(connection, name, new.height + changed.height)
        _touch(connection, incoming, touched)
    for name, rows in going.items():
        records.keep_former(connection, result.import_id, tables.BY_NAME[name], rows)
        bulk.remove(connection, STORED[name], rows)
    if progress and total:
        progress("facts", 0, 1)
    facts.refresh(connection, touched)
    if progress and total:
        progress("facts", 1, 1)
    result.version = records.record(
        connection,
        result.import_id,
        by,
        kind,
        result.counts,
        touched,
        files=result.files,
        warnings=result.warnings,
        originals=originals,
    )


def _ordered(connection: Connection, table: tables.Table, frame: pl.DataFrame) -> pl.DataFrame:
    # SQLite fills a table that lies in the order of its key several times faster in that order.
    return frame.sort(table.key) if connection.dialect.name == "sqlite" else frame


def _telling(progress: reader.Progress | None, before: int, total: int | None) -> bulk.Told | None:
    if progress is None:
        return None
    done = before

    def told(rows: int) -> None:
        nonlocal done
        done += rows
        progress("store", done, total or 0)

    return told


def _former(table: tables.Table, changed: pl.DataFrame) -> pl.DataFrame:
    """Return the changed rows as they were, all columns and `import_id`."""
    others = [column.name for column in table.columns if column.name not in table.key]
    return changed.select(*table.key, *(pl.col(f"{name}_was").alias(name) for name in [*others, "import_id"]))


def _analyze(connection: Connection, name: str, rows: int) -> None:
    if connection.dialect.name == "postgresql" and rows >= ANALYZE_ROWS:
        connection.exec_driver_sql(f"ANALYZE {connection.dialect.identifier_preparer.quote(name)}")


def _touch(connection: Connection, incoming: Incoming, touched: facts.Touched) -> None:
    """Note the months and surveys whose facts the rows reach."""
    rows = incoming.touched
    if rows.is_empty():
        return
    if incoming.table.name == "survey_answers":
        touched.surveys.update(rows["survey_id"].unique())
    elif incoming.table.name == "activities":
        # A new activity has no attendance yet; one that is changed takes its attendance along, out of one month
        # into another.
        moved = rows.filter("_changed").filter(
            pl.any_horizontal(pl.col(name) != pl.col(f"{name}_was") for name in ("held_on", "kind", "organiser"))
        )
        for name in ("held_on", "held_on_was"):
            touched.months.update(moved[name].dt.to_string("%Y-%m").unique())
    elif incoming.table.name == "attendance":
        named = rows.select(pl.col("activity_id").unique())
        held = bulk.fetch(connection, STORED["activities"], named, ["held_on"])
        touched.months.update(held["held_on"].dt.to_string("%Y-%m").unique())


def _originals(sources: Sequence[Path | tuple[str, bytes]], files: Sequence[reader.File]) -> dict[str, bytes]:
    """Return the contents to keep, by the names the reader gave the files; hashes tell which is which."""
    wanted = {file.sha256: file.name for file in files if file.size <= ORIGINAL_BYTES}
    sizes = {file.size for file in files}
    found = {}
    for source in sources:
        if isinstance(source, tuple):
            contents = [source[1]]
        else:
            paths = source.rglob("*") if source.is_dir() else [source]
            contents = [p.read_bytes() for p in paths if p.is_file() and p.stat().st_size in sizes]
        for content in contents:
            name = wanted.get(hashlib.sha256(content).hexdigest())
            if name is not None:
                found[name] = content
    return found
