"""The assessment sheet as it is stored: what units are assessed by, and who answers for it in which unit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select

from data.facts import Touched
from data.people import audit
from data.records import raise_version
from data.schema import assessment_items, assessment_people

PART = "assessment"  # of the data version: pages that keep a sheet read it anew


@dataclass(frozen=True)
class Item:
    """One line of the sheet: a metric id (`metric:definition`) or `duty:` and a duty's id, and from where on it is met.

    `target` None: the unit's own target of the year; for a duty every time. `unit_kinds`: kinds of units it applies
    to, none = all. `responsible`: the post that answers for it.
    """

    what: str
    target: float | None = None
    unit_kinds: tuple[str, ...] = ()
    responsible: str = ""


def items(connection: Connection) -> list[Item]:
    """Return the sheet's lines in their order."""
    t = assessment_items.c
    rows = connection.execute(select(t.what, t.target, t.unit_kinds, t.responsible).order_by(t.place, t.what))
    return [Item(what, target, tuple(json.loads(kinds)), post) for what, target, kinds, post in rows]


def keep(connection: Connection, sheet: Sequence[Item], *, by: str) -> None:
    """Store the sheet in the place of the former one, write it down in the log and raise the data version."""
    connection.execute(delete(assessment_items))
    rows = [
        {**asdict(item), "unit_kinds": json.dumps(list(item.unit_kinds)), "place": place}
        for place, item in enumerate(sheet)
    ]
    if rows:
        connection.execute(insert(assessment_items), rows)
    audit(connection, by, "assessment_changed", {"items": [item.what for item in sheet]})
    raise_version(connection, [PART], Touched())


def people(connection: Connection) -> dict[tuple[str, str], str]:
    """Return who answers for what: (unit, post) → name."""
    t = assessment_people.c
    return {(unit, post): name for unit, post, name in connection.execute(select(t.branch_id, t.responsible, t.name))}


def name(connection: Connection, branch_id: str, responsible: str, person: str, *, by: str) -> None:
    """Write down who holds a post in a unit, or that nobody does (empty), and raise the data version."""
    t = assessment_people
    connection.execute(delete(t).where(t.c.branch_id == branch_id, t.c.responsible == responsible))
    if person:
        connection.execute(insert(t).values(branch_id=branch_id, responsible=responsible, name=person))
    audit(connection, by, "assessment_person", {"unit": branch_id, "post": responsible, "name": person})
    raise_version(connection, [PART], Touched())
