"""The history of imports, the differences each made, and undoing one while nothing later touched its rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, func, select, update

from data import bulk, check, closing, database, facts, records, schema, tables
from data.faults import Fault, Faults, table_term
from data.records import Counts
from data.schema import STORED
from data.words import mark

NO_IMPORT = mark("There is no import {number}.")
UNDONE = mark("Import {number} has been undone already.")
NO_UNDO = mark("Import {number} cannot be undone: it is an undo or generated data. Import the rows again instead.")
LATER = mark("Rows of {table} that were touched again later: {count} (imports {imports}). Undo those first.")
NEEDED = mark("Rows of {table} from elsewhere that name rows of this import: {count}. Undo their import first.")


@dataclass
class UndoResult:
    """What an undo did, or why it could not be (`faults`)."""

    faults: Faults = field(default_factory=Faults)
    counts: dict[str, Counts] = field(default_factory=dict)
    import_id: int | None = None
    version: int | None = None


def impossible(fault: Fault) -> UndoResult:
    """Return the result of an undo that could not take place."""
    return UndoResult(Faults([fault]))


def history(connection: Connection, limit: int = 100, before: int | None = None) -> list[dict[str, Any]]:
    """Return the records of imports, newest first, older than import `before` where given.

    Each has `import_id`, `at` (UTC), `by`, `kind`, `files`, `counts` ({table: {new, changed, unchanged, removed}}),
    `warnings` (list of Fault), `version` and `undone_by`.
    """
    chosen = select(schema.imports).order_by(schema.imports.c.import_id.desc()).limit(limit)
    if before is not None:
        chosen = chosen.where(schema.imports.c.import_id < before)
    return [_record(row._mapping) for row in connection.execute(chosen)]


def _record(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        **row,
        "files": json.loads(row["files"]),
        "counts": json.loads(row["counts"]),
        "warnings": [Fault.from_dict(warning) for warning in json.loads(row["warnings"])],
    }


def differences(connection: Connection, import_id: int, table_name: str, limit: int = 1000) -> pl.DataFrame:
    """Return what an import did to a table, row by row in the order of the key, at most `limit` rows.

    Columns: those of the table as the import left them, `<column>_was` (key apart) as they were before, and `change`:
    new, changed, or removed (by an undo; then only the former values are there).
    """
    table = tables.BY_NAME[table_name]
    key = list(table.key)
    others = [column.name for column in table.columns if column.name not in key]
    stored = STORED[table_name]
    order = [stored.c[name] for name in key]
    now = bulk.read(connection, select(stored).where(stored.c.import_id == import_id).order_by(*order).limit(limit))
    # Where a later import went over a row, what this one left stands among what that one found.
    left = pl.concat([now, records.former(connection, table, of=import_id)]).unique(key, keep="first")
    was = records.former(connection, table, by=import_id)
    undone = select(schema.imports.c.import_id).where(schema.imports.c.undone_by == import_id)
    if (target := connection.scalar(undone)) is not None:
        # An undo leaves no rows of its own: they are as before the import it undid.
        left = records.former(connection, table, by=target)
    frame = left.select(*key, *others, _left=True).join(
        was.select(*key, *(pl.col(name).alias(f"{name}_was") for name in others), _was=True),
        on=key,
        how="full",
        coalesce=True,
    )
    kept = pl.when(pl.col("_left").is_null()).then(pl.lit("removed")).otherwise(pl.lit("changed"))
    change = pl.when(pl.col("_was").is_null()).then(pl.lit("new")).otherwise(kept)
    return frame.with_columns(change=change).drop("_left", "_was").sort(key).head(limit)


def undo(import_id: int, *, by: str, engine: Engine | None = None) -> UndoResult:
    """Take an import back: its new rows go, its changed rows are again what they were, the facts follow.

    Refused, with reasons, where a later import touched or needs its rows. The rows get the import numbers back that
    they had before, so that the import before this one can be undone next.
    """
    result = UndoResult()
    with database.writing(engine) as connection:
        row = connection.execute(select(schema.imports).where(schema.imports.c.import_id == import_id)).first()
        result.faults = _possible(import_id, row._mapping if row else None)
        if row is None or result.faults:
            return result
        counts = {name: Counts(**numbers) for name, numbers in json.loads(row.counts).items()}
        written = {
            table.name: bulk.read(
                connection, select(STORED[table.name]).where(STORED[table.name].c.import_id == import_id)
            )
            for table in tables.STORED
            if table.name in counts and counts[table.name].written
        }
        before = {name: records.former(connection, tables.BY_NAME[name], by=import_id) for name in written}
        going = {name: written[name].join(before[name], on=tables.BY_NAME[name].key, how="anti") for name in written}
        result.faults.extend(_later(connection, import_id, counts, written, before))
        result.faults.extend(_needed(connection, import_id, going))
        if result.faults:
            return result
        _take_back(connection, import_id, by, result, written, before, going)
        for problem in check.contradictions(connection, set(written)):
            result.faults.add(problem)
        if result.faults:
            raise database.RolledBack
    return result


def _possible(import_id: int, row: Mapping[Any, Any] | None) -> Faults:
    if row is None:
        return Faults([_fault(NO_IMPORT, number=import_id)])
    if row["undone_by"] is not None:
        return Faults([_fault(UNDONE, number=import_id)])
    if row["kind"] not in ("import", "edit"):
        return Faults([_fault(NO_UNDO, number=import_id)])
    return Faults()


def _fault(rule: str, **params: object) -> Fault:
    return Fault(None, None, None, None, None, rule, params)


def _later(
    connection: Connection,
    import_id: int,
    counts: Mapping[str, Counts],
    written: Mapping[str, pl.DataFrame],
    before: Mapping[str, pl.DataFrame],
) -> Faults:
    """Rows of this import that were touched again, or that it took away and are there again."""
    found = Faults()
    kept = schema.import_before.c
    for name, rows in written.items():
        missing = counts[name].new + counts[name].changed - rows.height
        others: set[int] = set()
        if missing:
            later = select(kept.import_id).where(kept.former_id == import_id, kept.table_name == name).distinct()
            others.update(connection.scalars(later))
        elif counts[name].removed:
            # What it took away may have been entered anew.
            taken = before[name].join(rows, on=tables.BY_NAME[name].key, how="anti")
            back = bulk.fetch(connection, STORED[name], taken.select(tables.BY_NAME[name].key), ["import_id"])
            missing = back.height
            others.update(back["import_id"])
        if missing:
            since = ", ".join(str(number) for number in sorted(others))
            found.add(_fault(LATER, count=missing, table=table_term(name), imports=since))
    return found


def _needed(connection: Connection, import_id: int, going: Mapping[str, pl.DataFrame]) -> Faults:
    """Rows of other imports that name a row which would go."""
    found = Faults()
    for table in tables.STORED:
        for column in table.columns:
            rows = going.get(column.references or "")
            if rows is None or rows.is_empty():
                continue
            there, here = STORED[tables.BY_NAME[column.references or ""].name], STORED[table.name]
            key = tables.BY_NAME[there.name].key[0]
            with bulk.coming(connection, there, rows, [key]) as gone:
                naming = select(func.count()).select_from(here.join(gone, here.c[column.name] == gone.c[key]))
                count = connection.scalar(naming.where(here.c.import_id != import_id))
            if count:
                found.add(_fault(NEEDED, count=count, table=table_term(table.name)))
    return found


def _take_back(
    connection: Connection,
    import_id: int,
    by: str,
    result: UndoResult,
    written: Mapping[str, pl.DataFrame],
    before: Mapping[str, pl.DataFrame],
    going: Mapping[str, pl.DataFrame],
) -> None:
    result.import_id = records.next_import(connection)
    touched = facts.Touched()
    touched.months |= _months(connection, written, before)
    # What refers goes before what it refers to.
    for table in reversed(tables.STORED):
        if table.name not in written:
            continue
        name, stored = table.name, STORED[table.name]
        records.keep_former(connection, result.import_id, table, written[name])
        bulk.replace(connection, stored, before[name])
        bulk.remove(connection, stored, going[name])
        changed = written[name].height - going[name].height
        result.counts[name] = Counts(before[name].height - changed, changed, 0, going[name].height)
    if "survey_answers" in written:
        touched.surveys.update(written["survey_answers"]["survey_id"].unique())
    facts.refresh(connection, touched)
    closing.reopen(connection, import_id)
    result.version = records.record(connection, result.import_id, by, "undo", result.counts, touched)
    undone = update(schema.imports).where(schema.imports.c.import_id == import_id)
    connection.execute(undone.values(undone_by=result.import_id))


def _months(
    connection: Connection, written: Mapping[str, pl.DataFrame], before: Mapping[str, pl.DataFrame]
) -> set[str]:
    """Return the months whose facts change: of the activities as they are and as they were."""
    days = [frames["activities"]["held_on"] for frames in (written, before) if "activities" in frames]
    if "attendance" in written:
        named = written["attendance"].select(pl.col("activity_id").unique())
        days.append(bulk.fetch(connection, STORED["activities"], named, ["held_on"])["held_on"])
    return {month for held_on in days for month in held_on.dt.to_string("%Y-%m").unique()}
