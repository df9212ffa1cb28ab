"""Correcting rows where they are shown: what changed between the rows as seen and as left is stored as an import.

The cells go through the same reading and the same rules as a handed-in file, so that neither way lets through what the
other refuses; the record, the differences and the undo are those of an import.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from uuid import uuid4

import polars as pl
from sqlalchemy import Engine, select

from data import bulk, database, importer, reader, tables, values
from data.faults import Fault, Faults
from data.importer import Correction, ImportResult
from data.schema import STORED

# What a clerk keeps by hand; activities, cases and sign-ins come from ledgers. No other table names these and no fact
# is made of them, so their rows can also be taken away.
CORRECTED: tuple[str, ...] = ("headcounts", "targets", "notices", "contracts", "annotations")
# Numbers that no clerk gives and nobody reads.
NUMBERED = {"annotations": "annotation_id"}


def rows_of(table: str, unit: str | None, engine: Engine | None = None) -> pl.DataFrame:
    """Return a unit's own rows of one of the `CORRECTED` tables, newest key last, all columns and `import_id`.

    `unit` None: the rows of no unit (notes that hold for the whole enterprise).
    """
    stored = STORED[table]
    with database.reading(engine) as connection:
        mine = stored.c.branch_id.is_(None) if unit is None else stored.c.branch_id == unit
        return bulk.read(connection, select(stored).where(mine).order_by(*stored.primary_key))


def columns(table: str) -> list[tables.Column]:
    """Return the columns that are edited: all but the unit; the one of `NUMBERED` is kept out of sight."""
    return [column for column in tables.BY_NAME[table].columns if column.name != "branch_id"]


def correct(
    table: str,
    unit: str | None,
    seen: pl.DataFrame,
    left: pl.DataFrame,
    *,
    by: str,
    allowed_units: Iterable[str] | None = None,
    dry_run: bool = False,
    engine: Engine | None = None,
    on: date | None = None,
) -> ImportResult:
    """Store what differs between `seen`, a unit's rows as `rows_of` gave them, and `left`, as somebody left them.

    `left` has the columns of `columns(table)`, its values of any type that a spreadsheet's cell can have. Faults carry
    the row's position in `left`, from 1. Refused where a stored row is no longer as it was seen.
    """
    declared = tables.BY_NAME[table]
    key, names = list(declared.key), [column.name for column in declared.columns]
    found = Faults()
    frame = _typed(declared, unit, left, found)
    readable = pl.col("_unread") == 0
    same = frame.filter(readable).join(seen.select(names), on=names, how="semi", nulls_equal=True)
    twice = frame.filter(pl.struct(key).is_duplicated())
    changed = frame.join(same.select("_row"), on="_row", how="anti")
    changed = pl.concat([changed, twice]).unique("_row").sort("_row")
    # A row whose key cannot be read is at fault, not gone.
    removed = seen.select(key).clear() if found else seen.select(key).join(frame, on=key, how="anti")
    part = reader.Part(table, changed, frozenset(names), "", None, {}, {})
    batch = reader.Batch(parts=[part] if changed.height else [], faults=found)
    return importer.store_batch(
        batch,
        by=by,
        kind="edit",
        engine=engine,
        dry_run=dry_run,
        allowed_units=allowed_units,
        on=on,
        correction=Correction({table: seen}, {table: removed} if removed.height else {}),
    )


def _typed(table: tables.Table, unit: str | None, left: pl.DataFrame, found: Faults) -> pl.DataFrame:
    """Return the rows that hold anything as the reader types those of a file; what cannot be read goes to `found`."""
    number = NUMBERED.get(table.name)
    texts = {column.name: [_text(value) for value in left[column.name]] for column in columns(table.name)}
    filled = [any(cells[at] for name, cells in texts.items() if name != number) for at in range(left.height)]
    if number is not None:
        texts[number] = [said or f"N-{uuid4().hex[:12]}" for said in texts[number]]
    made: dict[str, pl.Series] = {}
    unread = pl.repeat(0, left.height, dtype=pl.Int64, eager=True)
    for bit, column in enumerate(table.columns):
        if column.name == "branch_id":
            made[column.name] = pl.repeat(unit, left.height, dtype=pl.String, eager=True)
            continue
        cells = pl.DataFrame({"": pl.Series(texts[column.name], dtype=pl.String)})
        read = cells.select(values.stripped(pl.col(""))).to_series()
        parsed = values.parse(read, column)
        made[column.name] = parsed.values
        unread = unread + parsed.bad.cast(pl.Int64) * (1 << bit)
        for at in parsed.bad.arg_true():
            rule, params = values.rule(column, read[at])
            found.add(Fault(None, None, at + 1, None, read[at][:80], rule, params, "fault", table.name, column.name))
    frame = pl.DataFrame(made).with_columns(_row=pl.int_range(1, pl.len() + 1, dtype=pl.Int64), _unread=unread)
    return frame.filter(pl.Series(filled, dtype=pl.Boolean))


def _text(value: object) -> str | None:
    """Return a cell as a person would have typed it; None for an empty one."""
    if isinstance(value, float) and math.isnan(value):
        return None
    text = values.cell_text(value)
    return text if text is None or text.strip() else None
