"""How long handed-in files and the log are kept, and taking away what is older."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, delete, select

from data import people, schema
from data.clock import now
from data.whole import whole
from data.words import mark

# A year and a quarter: the yearly audit can still look at the year's ledgers as they were handed in.
FILES = ("DASHBOARD_KEEP_FILES_DAYS", 460)
# Three years, the usual limit for records of access.
AUDIT = ("DASHBOARD_KEEP_AUDIT_DAYS", 1096)

NO_DAYS = mark("{setting} is “{value}”; set it to a number of days, 1 or more.")


def days(setting: tuple[str, int]) -> int:
    """Return for how many days something is kept, as its environment variable says, else by default; Told if wrong."""
    return whole(*setting, NO_DAYS)


def retire(connection: Connection) -> None:
    """Take away handed-in files and lines of the log that are older than they are kept."""
    before = now() - timedelta(days=days(FILES))
    old = select(schema.imports.c.import_id).where(schema.imports.c.at < before)
    connection.execute(delete(schema.originals).where(schema.originals.c.import_id.in_(old)))
    people.retire_audit(connection, days(AUDIT))
