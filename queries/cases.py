"""Single cases, read from the database page by page, only for those who may see them; never in the snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
from sqlalchemy import ColumnElement, Connection, Select, func, select

from data import database, schema
from data.bulk import read
from data.limits import coded, with_limits
from queries.answers import make_cut
from queries.errors import NotAllowed
from queries.filters import Filters
from queries.holding import current
from queries.metrics import find
from queries.snapshot import Snapshot
from queries.viewers import Viewer

Status = Literal["open", "overdue", "closed", "all"]
PAGE = 50  # rows a page of the list shows: what a person reads before narrowing the search

_G = schema.HANDED_IN["grievances"].c
_S = schema.HANDED_IN["suggestions"].c


@dataclass(frozen=True, eq=False)
class Cases:
    """One page of cases and how many there are in all."""

    frame: pl.DataFrame
    total: int


def grievances(
    viewer: Viewer,
    filters: Filters,
    *,
    status: Status = "open",
    search: str = "",
    offset: int = 0,
    limit: int = PAGE,
    snapshot: Snapshot | None = None,
) -> Cases:
    """Return cases of the scope as stored now, open and most overdue first, the latest closed after them.

    Columns: grievance_id, branch_id, filed_on, category, channel, stage, people_involved, due (by service level),
    closed_on, outcome, satisfaction, reopened_on, summary, days_left (to the limit, negative when overdue; null when
    closed). `closed` and `all` take the cases filed in the period. `search` looks in number and summary.
    Raises NotAllowed for a viewer who may not see single cases.
    """
    snapshot = snapshot or current()
    units = _scope(viewer, filters, snapshot)
    still_open = _G.closed_on.is_(None) | (_G.reopened_on > _G.closed_on)
    conditions = _conditions(_G, filters, search, (_G.grievance_id, _G.summary))
    if status in ("open", "overdue"):
        conditions.append(still_open)
    else:
        conditions.append(_G.filed_on.between(filters.start.first, filters.end.last))
        if status == "closed":
            conditions.append(~still_open)
    light = (_G.grievance_id, _G.branch_id, _G.filed_on, _G.due_on, _G.closed_on, _G.reopened_on, _G.category, _G.stage)
    with database.reading(cases_of=units) as connection:
        rows = read(connection, select(*light).where(_G.branch_id.in_(units), *conditions))
        rows = _with_due(connection, rows)
        is_open = pl.col("closed_on").is_null() | (pl.col("reopened_on") > pl.col("closed_on")).fill_null(False)
        left = (pl.col("due") - pl.lit(snapshot.data_date)).dt.total_days()
        rows = rows.with_columns(days_left=pl.when(is_open).then(left))
        if status == "overdue":
            rows = rows.filter(pl.col("days_left") < 0)
        rows = rows.sort(
            "days_left", pl.col("closed_on"), "grievance_id", descending=[False, True, False], nulls_last=True
        )
        page = rows.slice(offset, limit)
        whole = (_G.grievance_id, _G.channel, _G.people_involved, _G.outcome, _G.satisfaction, _G.summary)
        texts = read(connection, select(*whole).where(_G.grievance_id.in_(page["grievance_id"].to_list())))
    shown = page.drop("due_on").join(texts, on="grievance_id", how="left", maintain_order="left")
    return Cases(shown, rows.height)


def suggestions(
    viewer: Viewer,
    filters: Filters,
    *,
    undecided: bool = False,
    search: str = "",
    offset: int = 0,
    limit: int = PAGE,
    snapshot: Snapshot | None = None,
) -> Cases:
    """Return suggestions of the scope submitted in the period (`undecided`: all that wait), the oldest waiting first.

    Columns: suggestion_id, branch_id, submitted_on, theme, decided_on, decision, implemented_on, expected_benefit,
    verified_benefit (fen), title. Never the proposer's code. Raises NotAllowed as `grievances`.
    """
    snapshot = snapshot or current()
    units = _scope(viewer, filters, snapshot)
    conditions = _conditions(_S, filters, search, (_S.suggestion_id, _S.title))
    if undecided:
        conditions.append(_S.decided_on.is_(None))
    else:
        conditions.append(_S.submitted_on.between(filters.start.first, filters.end.last))
    columns = (
        _S.suggestion_id, _S.branch_id, _S.submitted_on, _S.theme, _S.decided_on, _S.decision, _S.implemented_on,
        _S.expected_benefit, _S.verified_benefit, _S.title,
    )  # fmt: skip
    statement = select(*columns).where(_S.branch_id.in_(units), *conditions)
    with database.reading(cases_of=units) as connection:
        total = _count(connection, statement)
        ordered = statement.order_by(_S.decided_on.isnot(None), _S.submitted_on, _S.suggestion_id)
        return Cases(read(connection, ordered.offset(offset).limit(limit)), total)


def _count(connection: Connection, statement: Select[Any]) -> int:
    return connection.execute(select(func.count()).select_from(statement.subquery())).scalar_one()


def _scope(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> list[str]:
    """Return the units whose cases are asked for; NotAllowed if this viewer may not see single cases."""
    if not viewer.sees_cases:
        raise NotAllowed("single cases are for the union staff of the unit")
    cut = make_cut(viewer, find("grievances_received"), filters, (), snapshot)
    return [unit for unit, group in zip(snapshot.tree.ids, cut.group_of, strict=True) if group >= 0]


def _conditions(
    columns: Any, filters: Filters, search: str, searched: Sequence[ColumnElement[str]]
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for name, codes in filters.where:
        if name in columns and name != "stage":
            found.append(columns[name].in_(codes))
        elif name == "stage" and name in columns:
            # An empty stage is handled directly.
            direct = columns.stage.is_(None) if "direct" in codes else columns.stage.in_(())
            found.append(columns.stage.in_(codes) | direct)
    for word in search.split():
        within = searched[0].icontains(word, autoescape=True)
        for column in searched[1:]:
            within = within | column.icontains(word, autoescape=True)
        found.append(within)
    return found


def _with_due(connection: Connection, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with `due`, the limit as given or by the service level."""
    levels = read(connection, select(*(c for c in schema.HANDED_IN["service_levels"].c if c.name != "import_id")))
    bare = coded(rows, "grievances").select(
        "grievance_id",
        "category",
        "stage",
        filed=pl.col("filed_on"),
        due=pl.col("due_on"),
        satisfaction=pl.lit(None, pl.Int64),
    )
    limits = with_limits(bare, coded(levels, "service_levels")).select("grievance_id", "due")
    return rows.join(limits, on="grievance_id", how="left")
