"""What the charts of the grievance page are drawn from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import polars as pl

from pages.kpis import pairs, trend
from pages.shared import charts
from pages.shared.charts import Drawing
from pages.shared.drawing import reason_of
from pages.shared.keeping import kept
from pages.shared.view import View
from pages.shared.words import _
from queries import flow as flows
from queries import metrics
from queries.changes import MATURES
from queries.filters import Month

# A case closed late still counts as closed, and most late ones are closed within so many days; whether a case was
# closed in time is settled the day after its limit.
UNSETTLED: dict[tuple[str, str | None], timedelta] = {("closure_rate", "due"): timedelta(days=30)}


@kept
def flow(seen: View) -> tuple[pl.DataFrame, Drawing]:
    """Return the period's months (see `queries.flow`), and what came in, went out and was left, a year at least."""
    whole = flows.flow(seen.viewer, replace(seen.filters, start=trend.start(seen)), seen.snapshot)
    names = (_("Came in"), _("Closed"), _("Left open"))
    drawing = charts.flow(seen, whole, names=names, marks=trend.marks(seen, "grievances_received"))
    inside = whole.filter(pl.col("group") >= str(seen.filters.start))
    return inside, replace(drawing, suppressed=int(whole["suppressed"].sum()), reason=reason_of(whole))


@kept
def by_due_month(seen: View, metric: str) -> Drawing:
    """Return closure or on-time closure by the month in which cases were due, unsettled months hatched."""
    start = trend.start(seen)
    return charts.line(
        seen,
        seen.ask(metric, by="month", start=start),
        target=seen.target(metric),
        before=seen.before(metric, "month") if start == seen.filters.start else None,
        maturing_from=maturing_from(seen, metric),
        marks=trend.marks(seen, metric),
        clicks=True,
    )


def maturing_from(seen: View, metric: str) -> Month:
    """Return the first month whose figure may still move."""
    meant = (metric, metrics.find(metric).definition(seen.definition(metric)).id)
    known = seen.snapshot.data_date
    return min(Month.of(known - UNSETTLED.get(meant, timedelta())), Month.of(known).back(MATURES.get(meant, 0)))


@kept
def solved(seen: View) -> Drawing:
    """Return the resolution rate of each unit, by the record and in the worker's own word."""
    recorded, confirmed = (
        seen.ask("resolution_rate", by="branch", definition=definition) for definition in ("recorded", "confirmed")
    )
    return pairs.gaps(seen, recorded, confirmed, (_("Recorded"), _("Confirmed")))


@kept
def satisfied(seen: View) -> Drawing:
    """Return the satisfaction of each unit and how many of its closed cases were rated."""
    return pairs.with_coverage(
        seen, seen.ask("satisfaction_rate", by="branch"), seen.ask("rating_coverage", by="branch"), _("Rated")
    )


@kept
def categories(seen: View) -> Drawing:
    """Return cases per 100 workers and year by unit and category."""
    grid = seen.grid("grievances_per_100", rows="branch", columns="category")
    return charts.heat(seen, grid, columns="category")
