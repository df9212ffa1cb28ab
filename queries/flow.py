"""What came in, what went out and what was left open, month by month, such that the three add up."""

from __future__ import annotations

import polars as pl

from queries.answers import ask
from queries.filters import Filters
from queries.keeping import kept
from queries.snapshot import Snapshot
from queries.viewers import Viewer


@kept
def flow(viewer: Viewer, filters: Filters, snapshot: Snapshot | None = None) -> pl.DataFrame:
    """Return group (month), incoming, outgoing, backlog (f64 cases), suppressed, reason, up to the data date's month.

    Each backlog is that of the month before + incoming − outgoing: withdrawn cases are left out and a reopening is
    ignored, as in the closure rate's definitions `received` and `flow`, from whose denominators (filed in the month;
    open when it began plus filed in it) they are taken. No rows where nothing ever happened. Raises as `ask`.
    """
    filed = ask(viewer, "closure_rate", filters, "month", "received", snapshot).frame
    in_hand = ask(viewer, "closure_rate", filters, "month", "flow", snapshot).frame
    left = ask(viewer, "backlog", filters, "month", None, snapshot).frame
    hidden = filed["suppressed"] | in_hand["suppressed"] | left["suppressed"]
    frame = left.select(
        "group",
        incoming=filed["denominator"],
        outgoing=in_hand["denominator"] - left["value"],
        backlog=left["value"],
        suppressed=hidden,
        reason=pl.coalesce(filed["reason"], in_hand["reason"], left["reason"]),
    ).filter(pl.col("incoming").is_not_null() | pl.col("suppressed"))
    something = (pl.sum_horizontal("incoming", "outgoing", "backlog") > 0) | pl.col("suppressed")
    return frame if frame.select(something.any()).item() else frame.clear()
