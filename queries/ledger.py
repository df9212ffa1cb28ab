"""The promise ledger: what was promised at meetings, whether it was kept, and whether its number really moved since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import polars as pl
from sqlalchemy import select

from data import database, schema
from data.bulk import read
from queries.answers import ask, make_cut
from queries.disclosure import permitted
from queries.errors import QueryError
from queries.filters import Filters, Month
from queries.holding import current
from queries.metric import Metric
from queries.metrics import find
from queries.snapshot import Snapshot
from queries.statistics import process
from queries.viewers import Viewer

State = Literal["overdue", "due", "done_late", "done"]
Effect = Literal["improved", "worsened", "moved", "unchanged", "too_early"]
STATES: tuple[State, ...] = ("overdue", "due", "done_late", "done")

BEFORE_MONTHS = 24  # the level before the promise: two of each season, not older habits
AFTER_MONTHS = 3  # with fewer whole months since, even a real change can hide in the noise
# All months since on one side of the level before: as unlikely by chance as a point outside the limits from 7 on.
SHIFT = process.SHIFT

_C = schema.HANDED_IN["commitments"].c
_M = schema.HANDED_IN["meetings"].c
_T = schema.promise_targets.c
_P = schema.promise_proofs.c


@dataclass(frozen=True)
class Since:
    """A metric since a promise: its level before and since, and whether that is more than chance."""

    effect: Effect
    before: float | None
    after: float | None
    months: int


def ledger(
    viewer: Viewer, filters: Filters, states: Sequence[State] = (), snapshot: Snapshot | None = None
) -> pl.DataFrame:
    """Return the scope's promises: all that are still open, and those due or done in the period; overdue ones first.

    Columns: commitment_id, meeting_id, meeting (its title), meeting_branch, held_on, branch_id, topic, category, owner,
    due_on, done_on, metric, target (in the metric's unit), evidence (how it is known that it was kept), state
    (`State`), days (to the due day, negative when overdue; null when done). Only promises made up to the day of
    knowledge count, done only what was done by then.
    Raises NotAllowed for a unit outside the viewer's.
    """
    snapshot = snapshot or current()
    key = ("ledger", viewer.role, viewer.units, filters, tuple(states))
    return snapshot.once(key, lambda: _ledger(viewer, filters, states, snapshot))


def _ledger(viewer: Viewer, filters: Filters, states: Sequence[State], snapshot: Snapshot) -> pl.DataFrame:
    metric = find("overdue_commitments")
    asked = permitted(viewer, metric, filters, snapshot)
    cut = make_cut(viewer, metric, asked, (), snapshot)
    units = [unit for unit, group in zip(snapshot.tree.ids, cut.group_of, strict=True) if group >= 0]
    codes = dict(filters.where).get("category", ())
    rows = snapshot.once("promises", _stored).filter(
        pl.col("branch_id").is_in(units),
        pl.col("held_on") <= cut.known,
        pl.col("category").is_in(codes) if codes else pl.lit(True),
    )
    done = pl.when(pl.col("done_on") <= cut.known).then("done_on")
    rows = rows.with_columns(done_on=done).with_columns(
        state=pl.when(pl.col("done_on") <= pl.col("due_on"))
        .then(pl.lit("done"))
        .when(pl.col("done_on").is_not_null())
        .then(pl.lit("done_late"))
        .when(pl.col("due_on") < cut.known)
        .then(pl.lit("overdue"))
        .otherwise(pl.lit("due")),
        days=pl.when(pl.col("done_on").is_null()).then((pl.col("due_on") - pl.lit(cut.known)).dt.total_days()),
    )
    within = pl.any_horizontal(
        pl.col(day).is_between(filters.start.first, filters.end.last).fill_null(False) for day in ("due_on", "done_on")
    )
    rows = rows.filter(within | pl.col("done_on").is_null())
    if states:
        rows = rows.filter(pl.col("state").is_in(states))
    order = pl.col("state").replace_strict({state: place for place, state in enumerate(STATES)}, return_dtype=pl.Int8)
    return rows.sort(order, "due_on", "commitment_id")


def made_at(meeting_id: str, snapshot: Snapshot | None = None) -> pl.DataFrame:
    """Return the promises of a meeting in order: what both sides said there, whatever month is closed since.

    Columns: commitment_id, branch_id, topic, category, owner, due_on, and more as stored.
    """
    snapshot = snapshot or current()
    return snapshot.once("promises", _stored).filter(meeting_id=meeting_id).sort("commitment_id")


def topics(branch: str, snapshot: Snapshot | None = None) -> dict[str, str]:
    """Return what was promised by number, of a unit and all below it."""
    snapshot = snapshot or current()
    rows = snapshot.once("promises", _stored).filter(pl.col("branch_id").is_in(snapshot.subtree(branch)))
    return dict(rows.select("commitment_id", "topic").iter_rows())


def _stored() -> pl.DataFrame:
    statement = (
        select(
            _C.commitment_id, _C.meeting_id, _M.title.label("meeting"), _M.branch_id.label("meeting_branch"),
            _M.held_on, _C.branch_id, _C.topic,
            _C.category, _C.owner, _C.due_on, _C.done_on, _C.metric, _T.target, _P.evidence,
        )
        .join_from(schema.HANDED_IN["commitments"], schema.HANDED_IN["meetings"], _C.meeting_id == _M.meeting_id)
        .outerjoin(schema.promise_targets, _T.commitment_id == _C.commitment_id)
        .outerjoin(schema.promise_proofs, _P.commitment_id == _C.commitment_id)
    )  # fmt: skip
    with database.reading() as connection:
        return read(connection, statement)


def since_promise(
    viewer: Viewer, metric: str, unit: str, held_on: date, filters: Filters, snapshot: Snapshot | None = None
) -> Since:
    """Return whether `metric` of `unit` (with its subtree) really changed since a promise made on `held_on`.

    The months before the promise's set the limits, the whole months after it, up to the period's end, are held against
    them. Raises QueryError for an unknown metric, NotAllowed for a unit outside the viewer's.
    """
    snapshot = snapshot or current()
    found, _colon, definition = metric.partition(":")
    key = ("since", viewer.role, viewer.units, metric, unit, held_on, filters.end)
    return snapshot.once(key, lambda: _since(viewer, find(found), definition or None, unit, held_on, filters, snapshot))


def _since(
    viewer: Viewer, metric: Metric, definition: str | None, unit: str, held_on: date, filters: Filters, held: Snapshot
) -> Since:
    if not metric.has_period:
        return Since("too_early", None, None, 0)
    promised = Month.of(held_on)
    if filters.end - promised < AFTER_MONTHS:
        return Since("too_early", None, None, max(0, filters.end - promised))
    rows = _by_month(viewer, metric, definition, unit, filters, held)
    start = promised.back(BEFORE_MONTHS)
    before = rows.filter(pl.col("group").is_between(pl.lit(str(start)), pl.lit(str(promised)), closed="left"))
    return judged(before, rows.filter(pl.col("group") > str(promised)), metric.direction, metric.proportion)


def _by_month(
    viewer: Viewer, metric: Metric, definition: str | None, unit: str, filters: Filters, held: Snapshot
) -> pl.DataFrame:
    """Return all whole months up to the period's end: one question for all promises of a unit and metric."""
    first, last = held.month_range
    last = min(filters.end, last if held.data_date >= last.last else last.back(1))
    months = Filters(min(first, last), last, unit)
    return ask(viewer, metric.id, months, "month", definition, held).frame


def judged(before: pl.DataFrame, after: pl.DataFrame, direction: int, proportion: bool) -> Since:
    """Return what the months `after` a promise say against the limits of those `before` (value, denominator).

    Changed: a month outside the limits, or all of the latest seven on one side of the level before; the limits are
    those of `queries.statistics.process`. Too early: fewer than twelve months before or three since.
    """
    past, since = before.drop_nulls("value"), after.drop_nulls("value")
    level = _level(since, proportion)
    if past.height < process.MINIMUM_POINTS or since.height < AFTER_MONTHS:
        return Since("too_early", _level(past, proportion), level, since.height)
    chart = process.chart(
        past["value"].to_list(),
        direction,
        denominators=past["denominator"].to_list() if proportion else None,
        kind="proportion" if proportion else "values",
    )
    limits = chart.frame.drop_nulls(["centre", "low", "high"])
    if limits.is_empty():
        return Since("too_early", None, level, since.height)
    centre = float(limits["centre"][-1])
    # Limits are clipped to 0..1, so the wider side is the true width; it shrinks with the root of the cases.
    width = limits.select(w=pl.max_horizontal(pl.col("high") - pl.col("centre"), pl.col("centre") - pl.col("low")))["w"]
    if proportion:
        sizes = past["denominator"].cast(pl.Float64)
        unit_width = float((width * sizes.sqrt()).max() or 0.0)  # type: ignore[arg-type]
        widths = unit_width / since["denominator"].cast(pl.Float64).sqrt()
    else:
        widths = pl.Series([float(width[-1])] * since.height)
    away = since["value"] - centre
    latest = away.tail(SHIFT)
    side = 0
    if since.height >= SHIFT and ((latest > 0).all() or (latest < 0).all()):
        side = 1 if latest[0] > 0 else -1
    outside = [1 if a > 0 else -1 for a, w in zip(away, widths, strict=True) if abs(a) > w]
    if not side and outside:
        side = outside[-1]
    if not side:
        return Since("unchanged", centre, level, since.height)
    effect: Effect = "moved" if direction == 0 else "improved" if side * direction > 0 else "worsened"
    return Since(effect, centre, level, since.height)


def _level(rows: pl.DataFrame, proportion: bool) -> float | None:
    if rows.is_empty():
        return None
    if proportion:
        whole = float(rows["denominator"].sum())
        return float(rows["numerator"].sum()) / whole if whole else None
    return float(rows["value"].mean())  # type: ignore[arg-type]


def with_effects(
    viewer: Viewer, filters: Filters, rows: pl.DataFrame, snapshot: Snapshot | None = None
) -> pl.DataFrame:
    """Return a ledger's rows with `effect` (`Effect`), `before` and `after` (levels) of each promise with a metric.

    Null where no metric was named, or one that this version does not know.
    """
    snapshot = snapshot or current()
    found: list[Since | None] = []
    for row in rows.iter_rows(named=True):
        since = None
        if row["metric"]:
            try:
                since = since_promise(viewer, row["metric"], row["branch_id"], row["held_on"], filters, snapshot)
            except QueryError:  # a metric of another version stays a word in the ledger
                since = None
        found.append(since)
    return rows.with_columns(
        pl.Series("effect", [one and one.effect for one in found], dtype=pl.String),
        pl.Series("before", [one and one.before for one in found], dtype=pl.Float64),
        pl.Series("after", [one and one.after for one in found], dtype=pl.Float64),
    )
