"""What a meeting itself adds: that it took place, what was promised, what is done; stored like a hand-in."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import select

from data import agenda as agendas
from data import database, importer, people
from data.agenda import Plan
from data.importer import ImportResult
from data.schema import HANDED_IN, promise_proofs
from queries.errors import NotAllowed, QueryError
from queries.freezing import may_prepare
from queries.holding import current
from queries.snapshot import Snapshot
from queries.viewers import Viewer

_DAYS = ("held_on", "due_on", "done_on")


def plan(viewer: Viewer, made: Plan, snapshot: Snapshot | None = None) -> None:
    """Keep a meeting's plan; NotAllowed for whoever may not prepare meetings of its unit."""
    _allowed(viewer, made.branch_id, snapshot)
    with database.writing() as connection:
        agendas.keep_plan(connection, made, by=viewer.email)
        people.audit(connection, viewer.email, "meeting_planned", {"meeting": made.meeting_id, "unit": made.branch_id})


def hold(
    viewer: Viewer,
    planned: Plan,
    held_on: date,
    delegates: int | None = None,
    present: int | None = None,
    in_favour: int | None = None,
    snapshot: Snapshot | None = None,
) -> ImportResult:
    """Store that a meeting took place, with its votes; the result names what is wrong. NotAllowed as `plan`."""
    _allowed(viewer, planned.branch_id, snapshot)
    row = {
        "meeting_id": planned.meeting_id, "branch_id": planned.branch_id, "kind": planned.kind, "title": planned.title,
        "held_on": held_on, "delegates": delegates, "present": present, "in_favour": in_favour,
    }  # fmt: skip
    return _store(viewer, "meetings", row)


def promise(
    viewer: Viewer,
    planned: Plan,
    *,
    branch: str,
    topic: str,
    owner: str,
    due_on: date,
    category: str | None = None,
    metric: str | None = None,
    target: float | None = None,
    item_id: str | None = None,
    snapshot: Snapshot | None = None,
) -> ImportResult:
    """Store a promise made at a meeting that takes place, what it should reach, and the item it follows from.

    `target` is in the metric's unit (a rate as a fraction). NotAllowed as `plan`, also for a unit outside the viewer's.
    """
    _allowed(viewer, planned.branch_id, snapshot)
    _allowed(viewer, branch, snapshot)
    with database.reading() as connection:
        number = agendas.next_commitment(connection, planned.meeting_id)
    row = {
        "commitment_id": number, "meeting_id": planned.meeting_id, "branch_id": branch, "topic": topic.strip(),
        "category": category, "owner": owner.strip() or None, "due_on": due_on, "metric": metric,
    }  # fmt: skip
    # The aim first: whoever reads the promise reads it too.
    if metric and target is not None:
        with database.writing() as connection:
            agendas.aim(connection, number, target, by=viewer.email)
    result = _store(viewer, "commitments", row)
    with database.writing() as connection:
        if result.refused:
            agendas.aim(connection, number, None, by=viewer.email)
            return result
        for item in agendas.items(connection, planned.meeting_id):
            if item.item_id == item_id:
                links = (*item.links, ("commitment", number))
                agendas.change_item(connection, planned.meeting_id, item_id, links=links)
    return result


def done(
    viewer: Viewer, commitment_id: str, done_on: date, evidence: str = "", snapshot: Snapshot | None = None
) -> ImportResult:
    """Store that a promise was kept on a day, and how that is known.

    NotAllowed for whoever may not prepare meetings of the unit that delivers; QueryError for an unknown promise.
    """
    row, former = _promise(viewer, commitment_id, snapshot)
    with database.writing() as connection:  # first: whoever reads that it was kept reads how that is known
        agendas.prove(connection, commitment_id, evidence.strip(), by=viewer.email)
    result = _store(viewer, "commitments", row | {"done_on": done_on})
    if result.refused:
        with database.writing() as connection:
            agendas.prove(connection, commitment_id, former, by=viewer.email)
    return result


def amend(
    viewer: Viewer, commitment_id: str, *, topic: str, owner: str, due_on: date, snapshot: Snapshot | None = None
) -> ImportResult:
    """Correct what was taken down of a promise: its words, who owns it, its day. Raises as `done`."""
    row, _evidence = _promise(viewer, commitment_id, snapshot)
    return _store(
        viewer, "commitments", row | {"topic": topic.strip(), "owner": owner.strip() or None, "due_on": due_on}
    )


def _promise(viewer: Viewer, commitment_id: str, snapshot: Snapshot | None) -> tuple[dict[str, Any], str]:
    """Return what a promise's row must have, as stored now, and its evidence."""
    t, p = HANDED_IN["commitments"].c, promise_proofs.c
    statement = (
        select(t.commitment_id, t.meeting_id, t.branch_id, t.topic, t.due_on, p.evidence)
        .outerjoin(promise_proofs, p.commitment_id == t.commitment_id)
        .where(t.commitment_id == commitment_id)
    )
    with database.reading() as connection:
        found = connection.execute(statement).first()
    if found is None:
        raise QueryError(f"there is no promise {commitment_id!r}")
    row = dict(found._mapping)
    evidence = row.pop("evidence") or ""
    _allowed(viewer, row["branch_id"], snapshot)
    return row, evidence


def _allowed(viewer: Viewer, branch: str, snapshot: Snapshot | None) -> None:
    if not may_prepare(viewer, branch, snapshot or current()):
        raise NotAllowed("this is for the union staff of the unit")


def _store(viewer: Viewer, table: str, row: dict[str, Any]) -> ImportResult:
    kinds: dict[str, Any] = dict.fromkeys(_DAYS, pl.Date) | dict.fromkeys(
        ("delegates", "present", "in_favour"), pl.Int64
    )
    given = {name: value for name, value in row.items() if value is not None}
    frame = pl.DataFrame([given], schema={name: kinds.get(name, pl.String) for name in given}, orient="row")
    return importer.store_frames({table: frame}, by=viewer.email, kind="edit")
