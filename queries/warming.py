"""What every page asks is worked out before the first visitor comes, and again for every new version of the data."""

from __future__ import annotations

from queries.answers import ask, last_twelve_months
from queries.metrics import METRICS
from queries.snapshot import Snapshot
from queries.viewers import OPERATOR


def warm_up(snapshot: Snapshot) -> None:
    """Work out the tables behind every metric, whole and by each of its codes: what pages ask is then a sum of them."""
    filters = last_twelve_months(snapshot)
    for metric in METRICS.values():
        for definition in metric.definitions:
            for by in (None, *(name for name, _ in metric.codes)):
                ask(OPERATOR, metric.id, filters, by, definition.id, snapshot)
