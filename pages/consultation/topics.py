"""Topics workers registered, drawn: as bars, by unit, and against what was held."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import streamlit as st

from pages.shared import charts, drawing, formats
from pages.shared.drawing import Drawing
from pages.shared.keeping import kept, sent
from pages.shared.view import View
from pages.shared.words import _
from queries import needs

TOPICS_SHOWN = 15  # what fits a screen; the download has all


@kept
def of_scope(seen: View) -> pl.DataFrame:
    """Return the topics of the whole scope: topic, people, suppressed."""
    rows = needs.wanted(seen.viewer, seen.filters, seen.snapshot)
    return rows.filter(pl.col("group").is_null()).drop("group")


@kept
def bars(seen: View, rows: pl.DataFrame) -> Drawing:
    """Return the topics as bars; what is withheld says so."""
    none = pl.lit(None, pl.Float64)
    frame = rows.head(TOPICS_SHOWN).select(
        group="topic",
        numerator="people",
        denominator=none,
        value="people",
        low=none,
        high=none,
        suppressed="suppressed",
    )
    return charts.bars(seen, replace(seen.ask("participants"), by="topic", frame=frame))


@kept
def finding(seen: View, rows: pl.DataFrame) -> str:
    """Return what stands above the bars: the topic most people want."""
    known = rows.drop_nulls("people")
    if known.is_empty():
        return _("What workers want to learn or join")
    return _(
        "Most wanted in {place}: {topic}, by {n} people",
        place=seen.place,
        topic=known["topic"][0],
        n=formats.count(known["people"][0]),
    )


def by_unit(seen: View) -> None:
    """Draw topics by unit as a table, in the order of the organisation."""
    table = _units_and_topics(seen)
    if table is None:
        st.caption(_("Nobody has registered a topic yet."))
        return
    st.dataframe(sent(seen, table), hide_index=True, width="stretch", column_config={"unit": _("Unit")})


@kept
def _units_and_topics(seen: View) -> pl.DataFrame | None:
    """Return a row a unit and a column a topic, the figures as text; None where nobody registered any."""
    rows = needs.wanted(seen.viewer, seen.filters, seen.snapshot).filter(pl.col("group").is_not_null())
    if rows.is_empty():
        return None
    cut = seen.ask("employees", by="branch").frame["group"].to_list()
    names = dict(zip(cut, drawing.labels(seen, "branch", cut, seen.branch), strict=True))
    shown = rows.with_columns(
        pl.when("suppressed")
        .then(pl.lit(formats.suppressed_sign()))
        .otherwise(pl.col("people").cast(pl.Int64).cast(pl.String))
        .alias("shown")
    )
    order = of_scope(seen)["topic"].to_list()[:TOPICS_SHOWN]
    wide: dict[str, list[str]] = {"unit": [names[unit] for unit in cut]}
    cells = {(row["group"], row["topic"]): row["shown"] for row in shown.iter_rows(named=True)}
    for topic in order:
        wide[topic] = [cells.get((unit, topic), formats.MISSING) for unit in cut]
    return pl.DataFrame(wide)


def against_offer(seen: View, rows: pl.DataFrame) -> None:
    """Draw wanted topics beside the number of activities held on them."""
    both = _wanted_and_offered(seen, rows)
    if both.is_empty():
        st.caption(_("Nobody has registered a topic yet."))
        return
    st.dataframe(
        sent(seen, both),
        hide_index=True,
        width="stretch",
        column_config={
            "topic": st.column_config.TextColumn(_("Topic")),
            "people": st.column_config.TextColumn(_("People who want it")),
            "activities": st.column_config.NumberColumn(_("Activities held on it"), format="%d"),
        },
    )


@kept
def _wanted_and_offered(seen: View, rows: pl.DataFrame) -> pl.DataFrame:
    """Return topic, people (as text) and activities of the topics most wanted."""
    rows = rows.head(TOPICS_SHOWN)
    held = needs.offered(seen.viewer, seen.filters, tuple(rows["topic"]), seen.snapshot)
    both = rows.join(held, on="topic", how="left", maintain_order="left").with_columns(
        pl.col("activities").fill_null(0)
    )
    shown = (
        pl.when("suppressed")
        .then(pl.lit(formats.suppressed_sign()))
        .otherwise(pl.col("people").cast(pl.Int64).cast(pl.String))
    )
    return both.select("topic", people=shown, activities="activities")
