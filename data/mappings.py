"""Saved mappings: how files of another system (OA, hotline, HR) translate into one of our tables."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from data import database
from data.clock import now
from data.headers import HeaderMapping
from data.people import audit
from data.schema import mappings
from data.silence import attempted


def names(connection: Connection) -> list[str]:
    """Return the names of all saved mappings in order."""
    return list(connection.scalars(select(mappings.c.name).order_by(mappings.c.name)))


def known() -> list[str]:
    """Return the names of all saved mappings, none while the database does not answer."""

    def read() -> list[str]:
        with database.reading() as connection:
            return names(connection)

    return attempted(read, lambda _fault: [])


def load(connection: Connection, name: str) -> HeaderMapping:
    """Return the mapping saved under `name`; KeyError with the names there are if it is none of them."""
    row = connection.execute(select(mappings).where(mappings.c.name == name)).first()
    if row is None:
        raise KeyError(f"{name}: {', '.join(names(connection)) or '–'}")
    return HeaderMapping(row.table_name, json.loads(row.columns), json.loads(row.codes))


def listed(connection: Connection) -> list[dict[str, Any]]:
    """Return name, table_name, by and at (UTC) of all saved mappings, by name."""
    chosen = select(mappings.c.name, mappings.c.table_name, mappings.c.by, mappings.c.at).order_by(mappings.c.name)
    return [dict(row._mapping) for row in connection.execute(chosen)]


def remove(connection: Connection, name: str, by: str) -> None:
    """Forget the mapping saved under `name`; what was handed in with it stays."""
    connection.execute(delete(mappings).where(mappings.c.name == name))
    audit(connection, by, "mapping_removed", {"name": name})


def save(connection: Connection, name: str, mapping: HeaderMapping, by: str) -> None:
    """Keep a mapping under `name`, in the place of one that was kept there before."""
    connection.execute(delete(mappings).where(mappings.c.name == name))
    connection.execute(
        insert(mappings).values(
            name=name,
            table_name=mapping.table,
            columns=json.dumps(dict(mapping.columns), ensure_ascii=False),
            codes=json.dumps({column: dict(codes) for column, codes in mapping.codes.items()}, ensure_ascii=False),
            by=by,
            at=now(),
        )
    )
    audit(connection, by, "mapping_saved", {"name": name, "table": mapping.table})
