"""When months close: from then on the management side sees their figures as they were, whatever is handed in later.

A month closes with the first import that says something happened on or after `DASHBOARD_CLOSING_DAY` of the next one.
Whoever compares what they saw then with what they see now must not learn of a case that came late. What came late is
taken in where somebody closes the month again, which the log tells.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, delete, func, insert, select, update

from data import schema, tables
from data.schema import HANDED_IN, closings
from data.told import Told
from data.whole import whole
from data.words import mark

# Ledgers of a month are usually due in the first days of the next; those a few days late still count.
DAY = ("DASHBOARD_CLOSING_DAY", 10)

NO_DAY = mark("{setting} is “{value}”; set it to a day of the month, 1 to 28.")
NOT_CLOSED = mark("{month} is not closed. Closed months: {first} to {last}.")
NONE_CLOSED = mark("No month is closed yet.")


def day() -> int:
    """Return the day of the next month from which a month is closed; Told if the setting is none."""
    return whole(*DAY, NO_DAY, most=28)


def close(connection: Connection, import_id: int) -> bool:
    """Close the months that this import makes complete; return whether there were any.

    Months before the first closed one, handed in afterwards, close with the import that brings them.
    """
    first, last = _told(connection)
    if first is None or last is None:
        return False
    upto = _back(last, 1 if last.day >= day() else 2)
    there = set(connection.scalars(select(closings.c.month)))
    new = [month for month in _months(first, upto) if month not in there]
    if new:
        connection.execute(insert(closings), [{"month": month, "import_id": import_id} for month in new])
    return bool(new)


def reopen(connection: Connection, import_id: int) -> None:
    """Open the months again that closed with an import which is being undone."""
    connection.execute(delete(closings).where(closings.c.import_id == import_id))


def close_again(connection: Connection, month: str) -> None:
    """Let all imports so far count in a closed month; Told if the month (`2025-05`) is not closed."""
    changed = connection.execute(
        update(closings)
        .where(closings.c.month == month)
        .values(import_id=select(func.max(schema.imports.c.import_id)).scalar_subquery())
    )
    if changed.rowcount == 0:
        first, last = connection.execute(select(func.min(closings.c.month), func.max(closings.c.month))).one()
        raise Told(NOT_CLOSED, month=month, first=first, last=last) if first else Told(NONE_CLOSED)


def _told(connection: Connection) -> tuple[date | None, date | None]:
    """Return the first and last day on which anything is said to have happened."""
    days: list[date] = []
    for table in tables.TABLES:
        happened = [column.name for column in table.columns if column.happened]
        if happened:
            columns = HANDED_IN[table.name].c
            ends = [end(columns[name]) for name in happened for end in (func.min, func.max)]
            days.extend(found for found in connection.execute(select(*ends)).one() if found is not None)
    return min(days, default=None), max(days, default=None)


def _back(day_in: date, months: int) -> str:
    number = day_in.year * 12 + day_in.month - 1 - months
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def _months(first: date, last: str) -> list[str]:
    found = []
    number = first.year * 12 + first.month - 1
    while (month := f"{number // 12:04d}-{number % 12 + 1:02d}") <= last:
        found.append(month)
        number += 1
    return found
