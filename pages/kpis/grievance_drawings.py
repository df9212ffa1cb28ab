"""What the charts of the grievance page are drawn from."""

from __future__ import annotations

from datetime import timedelta

from pages.kpis import pairs
from pages.shared import charts
from pages.shared.charts import Drawing
from pages.shared.view import View
from pages.shared.words import _, definition_name
from queries.filters import Month

# Days before the data date in which a rate by due month may still move. A case closed late still counts as closed,
# and most late ones are closed within a month; whether a case was closed in time is settled the day after its limit.
UNSETTLED = {"closure_rate": 30, "on_time_rate": 0}


def by_due_month(seen: View, metric: str) -> Drawing:
    """Return closure or on-time closure by the month in which cases were due, unsettled months hatched."""
    return charts.line(
        seen,
        seen.ask(metric, by="month"),
        target=seen.target(metric),
        before=seen.before(metric, "month"),
        maturing_from=Month.of(seen.snapshot.data_date - timedelta(days=UNSETTLED[metric])),
        clicks=True,
    )


def solved(seen: View) -> Drawing:
    """Return the resolution rate of each unit, by the record and in the worker's own word."""
    recorded, confirmed = (
        seen.ask("resolution_rate", by="branch", definition=definition) for definition in ("recorded", "confirmed")
    )
    names = (definition_name("resolution_rate", "recorded"), definition_name("resolution_rate", "confirmed"))
    return pairs.gaps(seen, recorded, confirmed, names)


def satisfied(seen: View) -> Drawing:
    """Return the satisfaction of each unit and how many of its closed cases were rated."""
    return pairs.with_coverage(
        seen, seen.ask("satisfaction_rate", by="branch"), seen.ask("rating_coverage", by="branch"), _("Rated")
    )


def categories(seen: View) -> Drawing:
    """Return cases per 100 workers and year by unit and category."""
    grid = seen.grid("grievances_per_100", rows="branch", columns="category")
    return charts.heat(seen, grid, columns="category")
