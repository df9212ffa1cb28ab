"""What every page asks is worked out before the first visitor comes, and again for every new version of the data."""

from __future__ import annotations

from dataclasses import replace

from queries import changes, foresight, patterns
from queries.answers import ask, last_twelve_months
from queries.metrics import METRICS
from queries.snapshot import Snapshot
from queries.viewers import OPERATOR, Role, Viewer

# Who sees the whole enterprise and looks for ten seconds: they do not wait for its findings.
AHEAD: tuple[Role, ...] = ("executive", "admin")


def warm_up(snapshot: Snapshot) -> None:
    """Work out the tables behind every metric, whole and by each of its codes: what pages ask is then a sum of them."""
    filters = last_twelve_months(snapshot)
    for metric in METRICS.values():
        for definition in metric.definitions:
            for by in (None, *(name for name, _ in metric.codes)):
                ask(OPERATOR, metric.id, filters, by, definition.id, snapshot)


def work_ahead(snapshot: Snapshot) -> None:
    """Work out the forecast, and what changed in the whole enterprise: seconds that the first visitor need not wait."""
    foresight.whole(snapshot)
    roots = snapshot.children(None)
    filters = replace(last_twelve_months(snapshot), branch=roots[0] if len(roots) == 1 else None)
    for role in AHEAD:
        viewer = Viewer("", role)
        changes.what_changed(viewer, filters, snapshot)
        patterns.surges(viewer, "grievances_received", "category", filters, snapshot)
        patterns.shifts(viewer, "grievances_received", "channel", filters, snapshot)
