"""What has changed since a meeting was frozen: which figures, from what to what, and which promises stand otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from queries import ledger
from queries.agenda import management_of
from queries.answers import ask
from queries.disclosure import minimum_group
from queries.errors import QueryError
from queries.filters import Filters, Month
from queries.freezing import MONTHS, ROW
from queries.holding import current
from queries.metrics import find
from queries.snapshot import Snapshot
from queries.viewers import Viewer

_NUMERATOR, _DENOMINATOR, _VALUE, _SUPPRESSED = map(
    ROW.index, ("numerator", "denominator", "value", "suppressed")
)
_COUNTED = ("rate", "count", "per_100")  # units whose numerator and denominator count people or cases
_GONE = [None, None, None, None, None, None, False]

Row = list[Any]


@dataclass(frozen=True)
class Moved:
    """A frozen figure that is another today.

    `by` None for the whole period, else `branch` or `month` with its `group`; `then` as frozen, `now` as the management
    side may see it today, `whole` with everything handed in (for whoever sees single cases, else None): each a value
    and whether it is withheld. `close`: it changed by so little that today's value would give few people away.
    """

    metric: str
    definition: str | None
    by: str | None
    group: str | None
    then: tuple[float | None, bool]
    now: tuple[float | None, bool]
    whole: tuple[float | None, bool] | None
    close: bool


@dataclass(frozen=True)
class Settled:
    """A frozen promise whose state is another today."""

    topic: str
    branch_id: str
    then: str
    now: str | None  # None: no longer in the ledger


def figures(viewer: Viewer, content: dict[str, Any], snapshot: Snapshot | None = None) -> list[Moved]:
    """Return which of a meeting's figures are others today, asked again in the same way; whole periods first.

    Whoever sees single cases also learns what the figure is with everything handed in since a month was closed.
    """
    snapshot = snapshot or current()
    found = [moved for figure in content["figures"] for moved in _figure(viewer, content, figure, snapshot)]
    return sorted(found, key=lambda moved: (None, "branch", "month").index(moved.by))


def _figure(viewer: Viewer, content: dict[str, Any], figure: dict[str, Any], snapshot: Snapshot) -> Iterator[Moved]:
    name, definition = figure["metric"], figure["definition"]
    unit = figure["unit"]
    frozen = {None: [figure["total"]], "branch": figure["units"], "month": figure["months"]}
    for by, rows in frozen.items():
        now = _asked(management_of(content["meeting"]["branch_id"]), content, figure, by, snapshot)
        whole = _asked(viewer, content, figure, by, snapshot) if viewer.sees_cases else None
        for then in rows:
            group = then[0]
            today = now.get(group, _GONE)
            all_of_it = None if whole is None else whole.get(group, _GONE)
            late = all_of_it is not None and not then[_SUPPRESSED] and _differ(then, all_of_it)
            if _differ(then, today) or late:
                close = whole is None and _close(then, today, unit)
                told = None if all_of_it is None else _told(all_of_it)
                yield Moved(name, definition, by, group, _told(then), _told(today), told, close)


def _asked(
    viewer: Viewer, content: dict[str, Any], figure: dict[str, Any], by: str | None, snapshot: Snapshot
) -> dict[str | None, Row]:
    meeting = content["meeting"]
    filters = Filters(Month.parse(meeting["first_month"]), Month.parse(meeting["last_month"]), meeting["branch_id"])
    if by == "month":
        filters = replace(filters, start=filters.end.back(MONTHS - 1))
    if not find(figure["metric"]).has_period:
        filters = replace(filters, as_of=date.fromisoformat(figure["data_date"]))  # how things stood on that day
    try:
        answer = ask(viewer, figure["metric"], filters, by, figure["definition"], snapshot)
    except QueryError:  # a unit, metric or definition that is gone has no figure today
        return {}
    return {row[0]: list(row) for row in answer.frame.select(ROW).iter_rows()}


def _told(row: Row) -> tuple[float | None, bool]:
    return row[_VALUE], bool(row[_SUPPRESSED])


def _differ(then: Row, now: Row) -> bool:
    if bool(then[_SUPPRESSED]) != bool(now[_SUPPRESSED]):
        return True
    before, after = then[_VALUE], now[_VALUE]
    if before is None or after is None:
        return before is not after
    return bool(abs(before - after) > 1e-12)


def _close(then: Row, now: Row, unit: str) -> bool:
    """Whether so few people or cases make the difference that both values together would tell of them."""
    if unit not in _COUNTED or then[_SUPPRESSED] or now[_SUPPRESSED]:
        return True
    for place in (_NUMERATOR, _DENOMINATOR):
        before, after = then[place] or 0, now[place] or 0
        if 0 < abs(before - after) < minimum_group():
            return True
    return False


def promises(content: dict[str, Any], snapshot: Snapshot | None = None) -> list[Settled]:
    """Return which frozen promises are done, late or gone by now, as the management side may see them."""
    snapshot = snapshot or current()
    branch = content["meeting"]["branch_id"]
    first, last = snapshot.month_range
    try:
        rows = ledger.ledger(management_of(branch), Filters(first, last, branch), snapshot=snapshot)
    except QueryError:  # the unit is gone
        return []
    states = dict(rows.select("commitment_id", "state").iter_rows())
    return [
        Settled(row["topic"], row["branch_id"], row["state"], states.get(row["commitment_id"]))
        for row in content["ledger"]
        if states.get(row["commitment_id"]) != row["state"]
    ]
