"""Who a visitor is by the people table, also while the database does not answer; and whether this is the demo."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from data import database, people
from data.clock import SHANGHAI, today
from data.schema import imports

log = logging.getLogger(__name__)

# How long somebody who was let in goes on when the database falls silent: long enough to end a meeting.
GRACE = timedelta(hours=1)

_seen: dict[tuple[str, str], tuple[datetime, dict[str, Any]]] = {}
_demos: set[str] = set()  # addresses known to hold demo data; they do not lose it


class Unreachable(Exception):
    """The database does not answer, and this person was not seen lately."""


def visitor(email: str) -> dict[str, Any] | None:
    """Return the row of the people table for this address (`units` as a tuple), None if that person may not look.

    Raises Unreachable if the database does not answer and nobody was found under that address within `GRACE`.
    """
    key = (database.url().render_as_string(hide_password=False), people.normal(email))
    now = datetime.now(SHANGHAI)
    try:
        with database.reading() as connection:
            found = people.lookup(connection, email, now.date())
    except SQLAlchemyError as error:
        at, known = _seen.get(key, (datetime.min.replace(tzinfo=SHANGHAI), None))
        if known is None or now - at > GRACE:
            raise Unreachable from error
        return known
    if found is None:
        _seen.pop(key, None)
    else:
        _seen[key] = (now, found)
    return found


def tell(email: str, action: str) -> None:
    """Log a visit or a refusal; while the database does not answer, to the server's log."""
    try:
        people.audit(None, email, action, {})
    except SQLAlchemyError:
        log.warning("%s: %s, not in the audit log: the database does not answer", action, email)


def everyone() -> list[dict[str, Any]]:
    """Return the rows of all people who may look today, by role, then by address (for the demo's switch)."""
    with database.reading() as connection:
        rows = people.everyone(connection)
    held = [row for row in rows if people.present(row, today())]
    return sorted(held, key=lambda row: (people.ROLES.index(row["role"]), row["email"]))


def holds_demo() -> bool:
    """Return whether the configured database is the embedded one and was filled with demo data."""
    address = database.url()
    if address.get_backend_name() != "sqlite" or address.database != str(database.embedded_path()):
        return False
    path = str(address.database)
    if path not in _demos:
        with database.reading() as connection:
            if connection.scalar(select(imports.c.import_id).where(imports.c.kind == "demo").limit(1)) is not None:
                _demos.add(path)
    return path in _demos
