"""What is written down about every change: the import's record, the rows as they were, the files, the version."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import polars as pl
from sqlalchemy import Connection, delete, func, insert, select, update

from data import bulk, closing, facts, retention, schema, tables
from data.clock import now
from data.facts import Touched
from data.faults import Fault
from data.people import audit
from data.reader import File

# A month's workbooks weigh a few hundred kilobytes; what is larger is a bulk load whose sender has the file.
ORIGINAL_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True)
class Counts:
    """Rows of one table in one import; only a correction or an undo removes any."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0

    @property
    def written(self) -> int:
        """Rows that were touched."""
        return self.new + self.changed + self.removed


def next_import(connection: Connection) -> int:
    """Return the number of the import that is about to be stored; the caller is the only writer."""
    return (connection.scalar(select(func.max(schema.imports.c.import_id))) or 0) + 1


def keep_former(connection: Connection, import_id: int, table: tables.Table, rows: pl.DataFrame) -> None:
    """Keep stored rows, all columns and `import_id`, as they were before import `import_id` touched them."""
    kept = rows.select(
        pl.lit(import_id, pl.Int64).alias("import_id"),
        pl.lit(table.name).alias("table_name"),
        pl.struct(table.key).struct.json_encode().alias("row_key"),
        pl.struct(column.name for column in table.columns).struct.json_encode().alias("before"),
        pl.col("import_id").alias("former_id"),
    )
    bulk.write(connection, schema.import_before, kept)


def former(
    connection: Connection, table: tables.Table, *, by: int | None = None, of: int | None = None
) -> pl.DataFrame:
    """Return kept rows, all columns and `import_id`: as import `by` found them, or as import `of` had left them."""
    kept = schema.import_before
    chosen = select(kept.c.before, kept.c.former_id).where(kept.c.table_name == table.name)
    if by is not None:
        chosen = chosen.where(kept.c.import_id == by)
    if of is not None:
        chosen = chosen.where(kept.c.former_id == of)
    types = bulk.schema(schema.STORED[table.name])
    whole = pl.Struct({name: kind for name, kind in types.items() if name != "import_id"})
    kept_rows = bulk.read(connection, chosen)
    rows = kept_rows.select(pl.col("before").str.json_decode(whole).alias("row"), import_id="former_id")
    return rows.unnest("row").select(*types)


def record(
    connection: Connection,
    import_id: int,
    by: str,
    kind: str,
    counts: Mapping[str, Counts],
    touched: Touched,
    *,
    files: Sequence[File] = (),
    warnings: Iterable[Fault] = (),
    originals: Mapping[str, bytes] | None = None,
) -> int:
    """Write down an import, edit, undo or demo load, raise the version if anything changed, and return the version."""
    parts = [name for name, rows in counts.items() if rows.written]
    closed = closing.close(connection, import_id) if parts else False
    version = raise_version(connection, [*parts, *(["closings"] if closed or kind == "undo" else [])], touched)
    numbers = {name: asdict(rows) for name, rows in counts.items()}
    connection.execute(
        insert(schema.imports).values(
            import_id=import_id,
            at=now(),
            by=by,
            kind=kind,
            files=json.dumps([asdict(file) for file in files], ensure_ascii=False),
            counts=json.dumps(numbers),
            warnings=json.dumps([warning.as_dict() for warning in warnings], ensure_ascii=False, default=str),
            version=version,
        )
    )
    if parts:
        for file in files:
            content = (originals or {}).get(file.name)
            if content is not None:
                kept = {"import_id": import_id, "name": file.name, "sha256": file.sha256, "content": content}
                connection.execute(insert(schema.originals).values(kept))
        retention.retire(connection)
    audit(connection, by, kind, {"import_id": import_id, "counts": numbers})
    return version


def raise_version(connection: Connection, parts: Iterable[str], touched: Touched) -> int:
    """Raise the data version if `parts` (names of tables) or facts changed, and return the one that holds now."""
    version = int(connection.execute(select(schema.data_version.c.version)).scalar_one())
    names = [*parts, *(f"person_months/{month}" for month in sorted(touched.months))]
    if not names:
        return version
    version += 1
    connection.execute(update(schema.data_version).values(version=version))
    connection.execute(delete(schema.fact_versions).where(schema.fact_versions.c.part.in_(names)))
    connection.execute(insert(schema.fact_versions), [{"part": name, "version": version} for name in names])
    return version


def close_again(connection: Connection, month: str, *, by: str) -> int:
    """Take into a closed month (`2025-05`) what came late, and return the version; Told if it is not closed."""
    closing.close_again(connection, month)
    audit(connection, by, "month_closed_again", {"month": month})
    return raise_version(connection, ["closings"], Touched())


def rebuild_facts(connection: Connection) -> int:
    """Make all facts again and raise the version of every part, so that pages read everything anew; return it."""
    parts = schema.fact_versions.c.part
    known = connection.scalars(select(parts).where(parts.startswith("person_months/")))
    touched = Touched(months={part.removeprefix("person_months/") for part in known})
    facts.rebuild(connection)
    touched.months.update(facts.all_months(connection))
    return raise_version(connection, schema.STORED, touched)
