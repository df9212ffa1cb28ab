"""One truth for a meeting: every figure, definition and filter frozen as the management side may see it."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from typing import Any

import polars as pl

from data import agenda as agendas
from data import database, frozen
from data.agenda import Item, Plan
from data.clock import now
from data.frozen import Frozen
from queries import changes, clocks, ledger
from queries.agenda import management_of
from queries.answers import Answer, ask, shifted, target
from queries.disclosure import last_closed
from queries.errors import NotAllowed
from queries.filters import Filters, Month
from queries.holding import current
from queries.metrics import find
from queries.snapshot import Snapshot
from queries.viewers import Viewer

FORMAT = 1
LANGUAGES = ("zh", "en")
MONTHS = 24  # of each figure's course: two of each season
# What both sides look at in every meeting, in this order.
FIGURES = (
    "participation_rate",
    "joint_activity_share",
    "grievances_received",
    "on_time_rate",
    "satisfaction_rate",
    "overdue_grievances",
    "suggestions_submitted",
    "adoption_rate",
    "engagement_index",
    "commitments_on_time_rate",
    "overdue_commitments",
    "contract_coverage_rate",
    "contract_fulfilment_rate",
    "aid_amount",
)
ROW = ("group", "numerator", "denominator", "value", "low", "high", "suppressed")
_LEDGER = (
    "commitment_id", "meeting", "held_on", "branch_id", "topic", "category", "owner", "due_on", "done_on", "metric",
    "target", "evidence", "state", "days", "effect", "before", "after",
)  # fmt: skip


def may_prepare(viewer: Viewer, branch: str, snapshot: Snapshot | None = None) -> bool:
    """Return whether this viewer prepares and minutes meetings of the unit: union staff of it or of one above."""
    snapshot = snapshot or current()
    if not viewer.sees_cases or branch not in snapshot.tree.index:
        return False
    return not viewer.units or snapshot.tree.covers(viewer.units, branch)


def may_see(viewer: Viewer, branch: str, snapshot: Snapshot | None = None) -> bool:
    """Return whether this viewer may open what is frozen for a meeting of the unit."""
    snapshot = snapshot or current()
    return branch in snapshot.tree.index and (not viewer.units or snapshot.tree.covers(viewer.units, branch))


def default_months(snapshot: Snapshot) -> tuple[Month, Month]:
    """Return the months shown unless somebody chooses others: the last closed quarter.

    The management side gets figures of people and of small groups for calendar months, quarters and years only.
    """
    last = last_closed(snapshot)
    last = last.back(last.month % 3)
    return last.back(2), last


def filters_of(plan: Plan) -> Filters:
    """Return the filters of a meeting's figures."""
    return Filters(Month.parse(plan.first_month), Month.parse(plan.last_month), plan.branch_id)


def prepare(viewer: Viewer, meeting_id: str, snapshot: Snapshot | None = None) -> Frozen:
    """Freeze a meeting's figures and agenda as they are now and store them; NotAllowed for whoever may not prepare it.

    Raises NoMeeting for a meeting that is not in preparation.
    """
    snapshot = snapshot or current()
    with database.reading() as connection:
        plan, items = agendas.plan(connection, meeting_id), agendas.items(connection, meeting_id)
    if not may_prepare(viewer, plan.branch_id, snapshot):
        raise NotAllowed("meetings are prepared by the union staff of the unit")
    content = contents(plan, items, viewer.email, snapshot)
    with database.writing() as connection:
        return frozen.freeze(connection, meeting_id, content, data_version=snapshot.version, by=viewer.email)


def opened(viewer: Viewer, meeting_id: str, snapshot: Snapshot | None = None) -> Frozen | None:
    """Return what is frozen for a meeting, None if nothing; NotAllowed for a unit outside the viewer's."""
    with database.reading() as connection:
        found = frozen.latest(connection, meeting_id)
    if found is not None and not may_see(viewer, found.told["meeting"]["branch_id"], snapshot):
        raise NotAllowed("this meeting is of a unit that is not yours")
    return found


def contents(plan: Plan, items: list[Item], by: str, snapshot: Snapshot) -> dict[str, Any]:
    """Return everything that is shown for a meeting, as plain JSON values: what `data.frozen` keeps."""
    viewer, filters = management_of(plan.branch_id), filters_of(plan)
    figures = [_figure(viewer, name, filters, snapshot) for name in FIGURES]
    shown = [_item(viewer, item, filters, snapshot) for item in items]
    promises = _promises(viewer, filters, snapshot)
    due = clocks.clocks(viewer, filters, snapshot)
    units = {plan.branch_id, *snapshot.children(plan.branch_id), *promises["branch_id"], *due.frame["branch_id"]}
    units |= {item.branch_id for item in items if item.branch_id}
    tops = snapshot.units.filter(pl.col("branch_id").is_in(sorted(units)))["branch_id"].to_list()
    return {
        "format": FORMAT,
        "meeting": {**asdict(plan), "planned_on": plan.planned_on.isoformat()},
        "frozen_at": now().isoformat(timespec="seconds"),
        "by": by,
        "data_version": snapshot.version,
        "data_date": snapshot.data_date.isoformat(),
        "seen_as": viewer.role,
        "sentence": {tongue: filters.sentence(snapshot, tongue) for tongue in LANGUAGES},
        "units": {unit: {tongue: snapshot.name(unit, tongue) for tongue in LANGUAGES} for unit in tops},
        "figures": figures,
        "items": shown,
        "ledger": [_plain(row) for row in promises.select(_LEDGER).iter_rows(named=True)],
        "clocks": [_plain(row) for row in due.frame.iter_rows(named=True)],
        "known": due.known.isoformat(),
    }


def _figure(viewer: Viewer, name: str, filters: Filters, snapshot: Snapshot) -> dict[str, Any]:
    """Return one figure: its value, the period before, target, verdict, course by month and by unit, definition."""
    answer = ask(viewer, name, filters, None, None, snapshot)
    metric, definition = answer.metric, answer.definition
    before = ask(viewer, name, shifted(metric, filters, "previous", snapshot), None, None, snapshot)
    months: list[list[Any]] = []
    verdict = None
    if metric.has_period:
        course = replace(filters, start=filters.end.back(MONTHS - 1))
        months = _rows(ask(viewer, name, course, "month", None, snapshot))
        verdict = changes.history(viewer, name, filters, None, snapshot).chart.verdict
    return {
        "metric": name,
        "definition": definition.id,
        "names": {"zh": metric.zh, "en": metric.en},
        "definition_names": {"zh": definition.zh, "en": definition.en},
        "formula": {"zh": definition.formula_zh, "en": definition.formula_en},
        "excluded": {"zh": definition.excluded_zh, "en": definition.excluded_en},
        "unit": metric.unit,
        "total": _rows(answer)[0],
        "data_date": answer.data_date.isoformat(),
        "before": _rows(before)[0],
        "target": target(viewer, name, filters, None, snapshot),
        "verdict": verdict,
        "months": months,
        "units": _rows(ask(viewer, name, filters, "branch", None, snapshot)),
    }


def _item(viewer: Viewer, item: Item, filters: Filters, snapshot: Snapshot) -> dict[str, Any]:
    """Return an item with the figures of its chart: by month, or for a metric without a period by unit."""
    told = {**asdict(item), "links": [list(link) for link in item.links], "chart": None}
    for name in ("decision", "outcome", "links"):  # what the meeting itself will say
        told.pop(name)
    if item.metric is None:
        return told
    metric = find(item.metric)
    where = ((item.dimension, (item.code,)),) if item.dimension and item.code else ()
    asked = replace(filters, branch=item.branch_id or filters.branch, where=where)
    by = "month" if metric.has_period else "branch"
    if metric.has_period:
        asked = replace(asked, start=asked.end.back(MONTHS - 1))
    rows = _rows(ask(viewer, metric.id, asked, by, None, snapshot))
    aim = target(viewer, metric.id, asked, None, snapshot)
    told["chart"] = {"metric": metric.id, "by": by, "branch": asked.branch, "rows": rows, "target": aim}
    return told


def _promises(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> pl.DataFrame:
    """Return what the meeting opens with: promises of the unit's own meetings, and what is overdue below it."""
    rows = ledger.ledger(viewer, filters, snapshot=snapshot)
    kept = rows.filter((pl.col("meeting_branch") == filters.branch) | (pl.col("state") == "overdue"))
    return ledger.with_effects(viewer, filters, kept, snapshot)


def _rows(answer: Answer) -> list[list[Any]]:
    return [list(row) for row in answer.frame.select(ROW).iter_rows()]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}


def answer_of(
    metric: str, by: str | None, rows: list[list[Any]], filters: Filters, data_date: date, definition: str | None = None
) -> Answer:
    """Return frozen rows as the answer they once were, to be drawn like any other; QueryError for an unknown metric."""
    found = find(metric)
    kinds = dict.fromkeys(ROW, pl.Float64) | {"group": pl.String, "suppressed": pl.Boolean}
    frame = pl.DataFrame(rows, schema={name: kinds[name] for name in ROW}, orient="row")
    frame = frame.with_columns(reason=pl.lit(None, pl.String))
    return Answer(found, found.definition(definition), by, filters, data_date, frame)
