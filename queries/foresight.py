"""Which open cases will pass their limit, and why a rate changed: the statistics applied as one viewer may see them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import polars as pl

from data import tables
from queries.answers import Comparison, ask, make_cut, shifted
from queries.disclosure import minimum_group
from queries.errors import NotAllowed, QueryError
from queries.filters import Filters
from queries.holding import current
from queries.metrics import find
from queries.snapshot import Snapshot
from queries.statistics import decomposition
from queries.statistics.decomposition import Decomposition
from queries.statistics.forecast import HORIZON_DAYS, Forecast, forecast
from queries.viewers import Viewer

CODES = {
    "category": [code for code, _ in tables.CATEGORIES],
    "channel": [code for code, _ in tables.CHANNELS],
}


@dataclass(frozen=True, eq=False)
class Outlook:
    """The scope's open cases and what is expected of them within `HORIZON_DAYS`.

    `total` has open, expected, low, high (one row); `by_unit` (the units below) and `by_category` the same by `group`
    (null figures where withheld). `back_test` is that of the whole enterprise: one model, one track record.
    """

    total: dict[str, float | None]
    by_unit: pl.DataFrame
    by_category: pl.DataFrame
    forecast: Forecast


def whole(snapshot: Snapshot) -> Forecast | None:
    """Return the forecast over all cases, fitted once per data version; None with too little history."""
    return snapshot.once(("forecast",), lambda: (forecast(_cases(snapshot), snapshot.data_date),))[0]


def _cases(snapshot: Snapshot) -> pl.DataFrame:
    rows = snapshot.grievances
    is_open = pl.col("closed").is_null() | (pl.col("reopened") > pl.col("closed")).fill_null(False)
    return rows.select(
        filed_on="filed",
        closed_on=pl.when(~is_open).then("closed"),
        due="due",
        unit="u",
        category="category",
        channel="channel",
    )


def outlook(viewer: Viewer, filters: Filters, snapshot: Snapshot | None = None) -> Outlook | None:
    """Return what is expected of the scope's open cases, withheld where their number is; None with too little history.

    Raises NotAllowed for the management side: the cases open today are none of a closed month.
    """
    if viewer.role == "management":
        raise NotAllowed("forecasts are of the cases open today; the management side sees closed months")
    snapshot = snapshot or current()
    known = whole(snapshot)
    if known is None:
        return None
    key = ("outlook", viewer.role, viewer.units, filters.branch, filters.where)
    return snapshot.once(key, lambda: _outlook(viewer, filters, snapshot, known))


def _outlook(viewer: Viewer, filters: Filters, snapshot: Snapshot, known: Forecast) -> Outlook:
    cut = make_cut(viewer, find("open_grievances"), filters, (), snapshot)
    inside = pl.Series(cut.group_of >= 0)
    mine = pl.lit(inside).gather(pl.col("unit"))
    wanted = [pl.col(name).is_in(list(codes)) for name, codes in cut.where.items() if name in CODES]
    kept = known.cases.select(keep=pl.all_horizontal(mine, *wanted))["keep"].fill_null(False)
    scoped = replace(known, cases=known.cases.filter(kept), _hazard=known._hazard[kept.to_numpy()])
    until = snapshot.data_date + timedelta(days=HORIZON_DAYS)
    below = make_cut(viewer, find("open_grievances"), filters, ("branch",), snapshot)
    group = pl.lit(pl.Series(below.group_of)).gather(pl.col("unit"))
    placed = replace(scoped, cases=scoped.cases.with_columns(g=group))
    labels = pl.DataFrame({"g": range(len(below.groups)), "group": below.groups}).cast({"g": pl.Int32})
    by_unit = placed.expected(["g"], until).join(labels, on="g", how="left", maintain_order="left").drop("g")
    names = pl.DataFrame({"group": CODES["category"]}).with_row_index("category").cast({"category": pl.UInt8})
    by_category = scoped.expected(["category"], until)
    by_category = by_category.join(names, on="category", how="left", maintain_order="left").drop("category")

    def withheld(rows: pl.DataFrame, by: str | None) -> pl.DataFrame:
        """Return the rows without the figures of groups whose open cases are withheld or too few, all or not yet due.

        Where few are withheld in sum, the smallest of the others is too: the total would tell them.
        """
        told = ask(viewer, "open_grievances", filters, by, None, snapshot).frame.select("group", "suppressed")
        rows = rows.with_columns(group=pl.lit(None, pl.String)) if by is None else rows
        rows = rows.join(told, on="group", how="left", nulls_equal=True, maintain_order="left")
        if not viewer.sees_cases:
            least = minimum_group()
            hidden = pl.col("suppressed") | pl.col("open").is_between(1, least - 1)
            few = rows.filter(hidden)["open"].sum()
            smallest = rows.filter(~hidden, pl.col("open") > 0)["open"].min()
            beside = (pl.col("open") == smallest) if 0 < few < least else pl.lit(False)
            rows = rows.with_columns(suppressed=hidden | beside)
        figures = ("open", "expected", "low", "high")
        return rows.with_columns(pl.when(~pl.col("suppressed")).then(pl.col(name)).alias(name) for name in figures)

    total = withheld(scoped.expected((), until), None).drop("group")
    return Outlook(
        total.row(0, named=True), withheld(by_unit, "branch"), withheld(by_category, "category"), scoped
    )


def why(
    viewer: Viewer,
    metric: str,
    filters: Filters,
    comparison: Comparison,
    by: str,
    definition: str | None = None,
    snapshot: Snapshot | None = None,
) -> Decomposition | None:
    """Return which groups (`by`: branch or a code) made the metric change since the earlier period, adding up exactly.

    None where there is nothing to compare with, or where a group's figures are withheld. QueryError for a metric that
    is no rate.
    """
    snapshot = snapshot or current()
    found = find(metric)
    if not (found.proportion or found.over_headcount):
        raise QueryError(f"{metric} is no rate: its change does not fall apart into shares and rates")
    earlier = shifted(found, filters, "year_ago" if comparison == "year_ago" else "previous", snapshot)
    sides = [ask(viewer, metric, one, by, definition, snapshot).frame for one in (earlier, filters)]
    if any(side["suppressed"].any() for side in sides):
        return None
    totals = [ask(viewer, metric, one, None, definition, snapshot).one["value"] for one in (earlier, filters)]
    if None in totals:
        return None
    columns = ("group", "numerator", "denominator")
    before, after = (side.select(columns) for side in sides)
    return decomposition.mix_and_rate(before, after, ["group"], (totals[0], totals[1]))
