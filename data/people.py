"""Who may look at what (the people table), and the log of what was done."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, delete, insert, select, update

from data import database
from data.clock import now
from data.schema import HANDED_IN, audit_gate, people
from data.schema import audit as audit_table
from data.told import Told
from data.words import mark

ROLES = ("executive", "union_staff", "management", "admin")

NO_ROLE = mark("There is no role {role}; it is one of {roles}.")
NO_UNITS = mark("Union staff need at least one unit.")
NO_UNIT = mark("There is no unit {unit}.")
NO_ADDRESS = mark("“{email}” is no address; write it like name@example.com.")
NOBODY = mark("Nobody has the address {email}.")


class Unfit(Told):
    """What is said of a person cannot be so."""


def audit(target: Connection | Engine | None, who: str, action: str, detail: Mapping[str, object]) -> None:
    """Add one line to the log: who did what, with what filters or numbers; never the text of a case.

    On a connection the line belongs to its transaction; on an engine (None = the configured database) it stands alone.
    """
    line = insert(audit_table).values(
        at=now(), who=who, action=action, detail=json.dumps(detail, ensure_ascii=False, default=str)
    )
    if isinstance(target, Connection):
        target.execute(line)
        return
    with database.writing(target) as connection:
        connection.execute(line)


def retire_audit(connection: Connection, days: int) -> int:
    """Take away log lines older than `days`; return how many. Nothing else can delete from the log."""
    connection.execute(insert(audit_gate).values(id=1))
    gone = connection.execute(delete(audit_table).where(audit_table.c.at < now() - timedelta(days=days))).rowcount
    connection.execute(delete(audit_gate))
    return gone


def add(
    connection: Connection,
    email: str,
    name: str,
    role: str,
    *,
    units: Sequence[str] = (),
    language: str | None = None,
    valid_until: date | None = None,
    by: str,
) -> None:
    """Add a person or replace what is known of them; `units` are branch ids, none = all.

    Unfit for an unknown role, for union staff without units, for an unknown unit and for what is no address.
    """
    if role not in ROLES:
        raise Unfit(NO_ROLE, role=role, roles=", ".join(ROLES))
    if role == "union_staff" and not units:
        raise Unfit(NO_UNITS)
    branches = HANDED_IN["branches"].c.branch_id
    known = set(connection.scalars(select(branches).where(branches.in_(list(units)))))
    unknown = [unit for unit in units if unit not in known]
    if unknown:
        raise Unfit(NO_UNIT, unit=unknown[0])
    email = normal(email)
    if "@" not in email:
        raise Unfit(NO_ADDRESS, email=email)
    values = {
        "name": name,
        "role": role,
        "units": json.dumps(list(units), ensure_ascii=False),
        "language": language,
        "active": True,
        "valid_until": valid_until,
        "updated_at": now(),
        "updated_by": by,
    }
    if connection.execute(update(people).where(people.c.email == email).values(values)).rowcount == 0:
        connection.execute(insert(people).values(email=email, **values))
    audit(connection, by, "person_added", {"email": email, "role": role, "units": list(units)})


def disable(connection: Connection, email: str, *, by: str) -> None:
    """Let a person in no longer; Unfit if nobody has that address."""
    changed = connection.execute(
        update(people).where(people.c.email == normal(email)).values(active=False, updated_at=now(), updated_by=by)
    )
    if changed.rowcount == 0:
        raise Unfit(NOBODY, email=normal(email))
    audit(connection, by, "person_disabled", {"email": normal(email)})


def everyone(connection: Connection) -> list[dict[str, Any]]:
    """Return all people, active or not, by e-mail; `units` as a tuple."""
    return [_person(row._mapping) for row in connection.execute(select(people).order_by(people.c.email))]


def log(connection: Connection, limit: int, search: str = "", actions: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return the latest lines of the log, newest first: at (UTC), who, action, detail (JSON).

    `search` keeps those whose person or action holds the word, or whose action is one of `actions`.
    """
    c = audit_table.c
    statement = select(c.at, c.who, c.action, c.detail).order_by(c.audit_id.desc()).limit(limit)
    if search:
        statement = statement.where(
            c.who.icontains(search, autoescape=True)
            | c.action.icontains(search, autoescape=True)
            | c.action.in_(list(actions))
        )
    return [dict(row._mapping) for row in connection.execute(statement)]


def lookup(connection: Connection, email: str, today: date) -> dict[str, Any] | None:
    """Return the person with this address if they may look today (active, not expired), else None."""
    row = connection.execute(select(people).where(people.c.email == normal(email))).first()
    person = None if row is None else _person(row._mapping)
    return person if person is not None and present(person, today) else None


def present(person: Mapping[str, Any], today: date) -> bool:
    """Return whether a person may look today: active and not expired."""
    return bool(person["active"]) and (person["valid_until"] is None or person["valid_until"] >= today)


def normal(email: str) -> str:
    """Return an address as the table holds it: no spaces around, lower case."""
    return email.strip().lower()


def _person(row: RowMapping) -> dict[str, Any]:
    return {**row, "units": tuple(json.loads(row["units"]))}
