"""Survey rounds: which there were, which dimension is weakest, and what changed from one round to the next."""

from __future__ import annotations

import polars as pl

from pages.shared import charts, formats
from pages.shared.keeping import kept
from pages.shared.view import View
from pages.shared.words import _, code_label
from queries.filters import Month


@kept
def held(seen: View) -> list[Month]:
    """Return the months in which a survey was opened up to the period's end, oldest first."""
    opened = seen.snapshot.surveys.filter(pl.col("opened") <= seen.filters.end.last)["opened"]
    return sorted({Month.of(day) for day in opened})


@kept
def weakest(seen: View) -> str:
    """Return the finding of the heat map: the dimension with the fewest favourable answers."""
    rows = seen.ask("favourable_rate", by="dimension").frame.drop_nulls("value")
    if rows.is_empty():
        return _("Favourable answers by unit and dimension")
    low = rows.sort("value").row(0, named=True)
    return _(
        "{dimension} is judged least favourably: {value}",
        dimension=code_label("dimension", low["group"]),
        value=formats.percent(low["value"]),
    )


def change(seen: View, months: list[Month]) -> None:
    """Draw the favourable rate of the latest round by dimension, less that of the round before, in points."""
    inside = [month for month in months if month >= seen.filters.start]
    if not inside or months.index(inside[-1]) == 0:
        charts.figure(
            seen,
            charts.bars(
                seen, seen.ask("favourable_rate", by="dimension", start=seen.filters.end, end=seen.filters.end)
            ),
            title=_("Change between rounds: needs two rounds"),
            key="engagement_change",
        )
        return
    last, before = inside[-1], months[months.index(inside[-1]) - 1]
    title, lines = _moved(seen, last, before)
    now = seen.ask("favourable_rate", by="dimension", start=last, end=last)
    charts.figure(seen, charts.bars(seen, now), title=title, key="engagement_change", subtitle=lines)


@kept
def _moved(seen: View, last: Month, before: Month) -> tuple[str, str]:
    """Return which dimension moved most between two rounds, and by how much each did."""
    now = seen.ask("favourable_rate", by="dimension", start=last, end=last)
    then = seen.ask("favourable_rate", by="dimension", start=before, end=before)
    both = now.frame.join(then.frame.select("group", earlier="value"), on="group", how="left", maintain_order="left")
    moved = both.select(
        label=pl.Series([code_label("dimension", code) for code in both["group"]], dtype=pl.String),
        change=pl.col("value") - pl.col("earlier"),
        total=pl.lit(False),
    ).drop_nulls("change")
    top = moved.sort(pl.col("change").abs(), descending=True).head(1)
    title = _("Change between rounds")
    if top.height:
        title = _(
            "{dimension} moved most since {month}: {change}",
            dimension=top["label"][0],
            month=formats.month(before),
            change=formats.change("rate", top["change"][0]),
        )
    changes = [f"{row['label']} {formats.change('rate', row['change'])}" for row in moved.iter_rows(named=True)]
    return title, " · ".join(changes)
