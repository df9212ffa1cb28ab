"""Meetings being prepared: plan, agenda with each side's position, decisions, and what follows from what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from data import schema
from data.clock import now
from data.schema import HANDED_IN, agenda_items, chain_links, meeting_plans, promise_proofs, promise_targets
from data.told import Told
from data.words import mark

OUTCOMES = ("A", "B", "C", "D")  # solved · under way · planned · explained
STEPS = ("category", "suggestion", "motion", "commitment", "clause")
MINUTES = 10  # for an item, unless somebody says otherwise

NO_MEETING = mark("There is no meeting {meeting} in preparation.")

Words = dict[str, str]


class NoMeeting(Told):
    """There is no such meeting in preparation."""


@dataclass(frozen=True)
class Plan:
    """A meeting in preparation: unit, kind, title, planned day, and the months whose figures are shown."""

    meeting_id: str
    branch_id: str
    kind: str
    title: str
    planned_on: date
    first_month: str
    last_month: str


@dataclass(frozen=True)
class Item:
    """One item of an agenda; `title` and `evidence` in both languages, `links` as (step, reference) pairs."""

    item_id: str
    kind: str
    title: Words
    evidence: Words
    metric: str | None = None
    branch_id: str | None = None
    dimension: str | None = None
    code: str | None = None
    union_position: str = ""
    management_position: str = ""
    minutes: int = MINUTES
    decision: str = ""
    outcome: str | None = None
    links: tuple[tuple[str, str], ...] = field(default=())


def plan(connection: Connection, meeting_id: str) -> Plan:
    """Return a meeting's plan; NoMeeting if there is none."""
    t = meeting_plans
    row = connection.execute(select(t).where(t.c.meeting_id == meeting_id)).first()
    if row is None:
        raise NoMeeting(NO_MEETING, meeting=meeting_id)
    return _plan(row._mapping)


def plans(connection: Connection) -> list[Plan]:
    """Return all plans, the latest meeting first."""
    t = meeting_plans
    ordered = select(t).order_by(t.c.planned_on.desc(), t.c.meeting_id)
    return [_plan(row._mapping) for row in connection.execute(ordered)]


def _plan(row: RowMapping) -> Plan:
    return Plan(**{name: row[name] for name in Plan.__dataclass_fields__})


def keep_plan(connection: Connection, made: Plan, *, by: str) -> None:
    """Store a plan, or replace the one of that meeting."""
    values = {**asdict(made), "by": by, "at": now()}
    t = meeting_plans
    if connection.execute(update(t).where(t.c.meeting_id == made.meeting_id).values(values)).rowcount == 0:
        connection.execute(insert(t).values(values))


def new_id(connection: Connection, planned_on: date) -> str:
    """Return a number for a new meeting that neither a plan nor a handed-in meeting has: P20261105-1."""
    start = f"P{planned_on:%Y%m%d}-"
    taken: set[str] = set()
    for column in (meeting_plans.c.meeting_id, HANDED_IN["meetings"].c.meeting_id):
        taken |= set(connection.scalars(select(column).where(column.startswith(start))))
    return next(f"{start}{n}" for n in range(1, len(taken) + 2) if f"{start}{n}" not in taken)


def items(connection: Connection, meeting_id: str) -> list[Item]:
    """Return a meeting's agenda in its order."""
    t, links = agenda_items, chain_links
    found: dict[str, list[tuple[str, str]]] = {}
    for row in connection.execute(select(links).where(links.c.meeting_id == meeting_id)):
        found.setdefault(row.item_id, []).append((row.step, row.reference))
    rows = connection.execute(select(t).where(t.c.meeting_id == meeting_id).order_by(t.c.place, t.c.item_id))
    return [_item(row._mapping, found.get(row.item_id, [])) for row in rows]


def _item(row: RowMapping, links: Sequence[tuple[str, str]]) -> Item:
    plain = {name: row[name] for name in Item.__dataclass_fields__ if name not in ("title", "evidence", "links")}
    ordered = tuple(sorted(links, key=lambda link: (STEPS.index(link[0]), link[1])))
    return Item(**plain, title=json.loads(row["title"]), evidence=json.loads(row["evidence"]), links=ordered)


def keep_items(connection: Connection, meeting_id: str, agenda: Sequence[Item]) -> None:
    """Store a meeting's agenda in this order, in place of the one it had."""
    t = agenda_items
    connection.execute(delete(t).where(t.c.meeting_id == meeting_id))
    connection.execute(delete(chain_links).where(chain_links.c.meeting_id == meeting_id))
    rows, links = [], []
    for place, item in enumerate(agenda):
        told = {name: getattr(item, name) for name in Item.__dataclass_fields__ if name != "links"}
        texts = {name: json.dumps(told[name], ensure_ascii=False, sort_keys=True) for name in ("title", "evidence")}
        rows.append({**told, **texts, "meeting_id": meeting_id, "place": place})
        links += [
            {"meeting_id": meeting_id, "item_id": item.item_id, "step": step, "reference": reference}
            for step, reference in dict.fromkeys(item.links)
        ]
    if rows:
        connection.execute(insert(t), rows)
    if links:
        connection.execute(insert(chain_links), links)


def change_item(connection: Connection, meeting_id: str, item_id: str, **changes: Any) -> None:
    """Change parts of one item of an agenda (fields of `Item`)."""
    agenda = [replace(item, **changes) if item.item_id == item_id else item for item in items(connection, meeting_id)]
    keep_items(connection, meeting_id, agenda)


def aim(connection: Connection, commitment_id: str, target: float | None, *, by: str) -> None:
    """Write down where a promise's metric should get to, in the metric's unit (a rate as a fraction); None: nowhere."""
    t = promise_targets
    connection.execute(delete(t).where(t.c.commitment_id == commitment_id))
    if target is not None:
        connection.execute(insert(t).values(commitment_id=commitment_id, target=target, by=by, at=now()))


def prove(connection: Connection, commitment_id: str, evidence: str, *, by: str) -> None:
    """Write down how it is known that a promise was kept, in place of what stood there; an empty text takes it back."""
    t = promise_proofs
    connection.execute(delete(t).where(t.c.commitment_id == commitment_id))
    if evidence:
        connection.execute(insert(t).values(commitment_id=commitment_id, evidence=evidence, by=by, at=now()))


def references(connection: Connection, step: str) -> list[str]:
    """Return what was named before as this step of a chain, for all meetings, in order."""
    t = chain_links.c
    return list(connection.scalars(select(t.reference).where(t.step == step).distinct().order_by(t.reference)))


def next_commitment(connection: Connection, meeting_id: str) -> str:
    """Return a number for a new promise made at a meeting: its own with a running number."""
    column = schema.HANDED_IN["commitments"].c.commitment_id
    taken = set(connection.scalars(select(column).where(column.startswith(f"{meeting_id}-", autoescape=True))))
    return next(f"{meeting_id}-{n}" for n in range(1, len(taken) + 2) if f"{meeting_id}-{n}" not in taken)
