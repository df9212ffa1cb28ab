"""The breach forecast on screen: how many, where, which cases first, and how earlier forecasts fared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import streamlit as st

from data import people
from pages.shared import anatomy, charts, formats, view
from pages.shared.keeping import kept
from pages.shared.view import View
from pages.shared.words import _, code_label
from queries import cases, foresight
from queries.answers import Answer
from queries.foresight import Outlook
from queries.statistics.forecast import HORIZON_DAYS

SAVED_FIRST = 20  # cases listed: what one officer can take up in a week


def _outlook(seen: View) -> Outlook | None:
    return None if seen.closed else foresight.outlook(seen.viewer, seen.filters, seen.snapshot)


def expected(seen: View) -> None:
    """Draw how many open cases will pass their limit within the month ahead, by unit and category."""
    if seen.closed:
        st.info(_("A forecast is of the cases open today; the management side sees closed months."))
        return
    found = _outlook(seen)
    if found is None:
        st.info(_("A forecast needs at least fifty cases closed in the last half year."))
        return
    total = found.total
    if total["expected"] is None:
        st.info(_("Fewer than five open cases: no forecast is shown."))
        return
    st.subheader(
        _(
            "About {n} of {open} open grievances will pass their limit within {days} days ({low} to {high})",
            n=formats.count(round(total["expected"])),
            open=formats.count(total["open"]),
            days=HORIZON_DAYS,
            low=formats.count(total["low"]),
            high=formats.count(total["high"]),
        )
    )
    left, right = st.columns(2, gap="medium")
    with left:
        _bars(seen, found.by_unit, "branch", _("Where they are"))
    with right:
        _bars(seen, found.by_category, "category", _("What they are about"))


def _bars(seen: View, rows: pl.DataFrame, by: str, title: str) -> None:
    """Draw expected breaches as bars with their intervals, in the order of the organisation or the code list."""
    page = {"branch": "unit", "category": "grievances"}[by]
    charts.figure(
        seen,
        charts.bars(seen, _expected(seen, rows, by)),
        title=title,
        key=f"outlook_{by}",
        subtitle=_(
            "Expected number of open cases that pass their limit within {days} days, with 95 % intervals",
            days=HORIZON_DAYS,
        ),
        on_pick=lambda group: view.go(page, branch=group) if by == "branch" else view.go(page, category=(group,)),
    )


@kept
def _expected(seen: View, rows: pl.DataFrame, by: str) -> Answer:
    """Return expected breaches as an answer, groups in the order of the organisation or the code list."""
    answer = seen.ask("open_grievances", by=by)
    order = answer.frame.select("group").join(
        rows.select("group", value="expected", low="low", high="high", numerator="expected", hidden="suppressed"),
        on="group",
        how="inner",
        maintain_order="left",
    )
    frame = order.with_columns(
        denominator=pl.lit(None, pl.Float64),
        low=pl.col("low").cast(pl.Float64),
        high=pl.col("high").cast(pl.Float64),
        suppressed=pl.col("hidden"),
    ).filter((pl.col("value") >= 0.5) | pl.col("suppressed"))
    return replace(
        answer, frame=frame.select("group", "numerator", "denominator", "value", "low", "high", "suppressed")
    )


def save_first(seen: View) -> None:
    """List the open cases with the greatest chance to breach, for those who may see single cases."""
    anatomy.section(_("Cases to save first"))
    if not seen.viewer.sees_cases:
        st.caption(_("Single cases are for the union staff of the unit."))
        return
    found = _outlook(seen)
    if found is None:
        return
    listed = cases.grievances(seen.viewer, seen.filters, status="open", limit=5000, snapshot=seen.snapshot).frame
    rows = listed.filter(pl.col("days_left") >= 0).join(
        _chances(seen, found),
        on=["branch_id", "filed_on", "category", "channel", "due"],
        how="inner",
        maintain_order="left",
    )
    rows = rows.unique("grievance_id", maintain_order=True).sort("chance", descending=True, maintain_order=True)
    rows = rows.head(SAVED_FIRST)
    if rows.is_empty():
        st.caption(_("No open case is still within its limit."))
        return
    people.audit(
        None, seen.viewer.email, "view cases", {"filters": seen.sentence, "rows": rows.height, "list": "save first"}
    )
    st.dataframe(
        rows.select(
            "grievance_id",
            unit=pl.Series([seen.snapshot.name(unit, seen.language) for unit in rows["branch_id"]], dtype=pl.String),
            category=pl.Series([code_label("category", code) for code in rows["category"]], dtype=pl.String),
            due="due",
            days_left="days_left",
            chance="chance",
            summary="summary",
        ),
        hide_index=True,
        width="stretch",
        column_config={
            "grievance_id": st.column_config.TextColumn(_("Number"), width="small"),
            "unit": st.column_config.TextColumn(_("Unit")),
            "category": st.column_config.TextColumn(_("Category"), width="small"),
            "due": st.column_config.DateColumn(_("Limit"), width="small"),
            "days_left": st.column_config.NumberColumn(_("Days left"), width="small", format="%d"),
            "chance": st.column_config.ProgressColumn(
                _("Chance to pass it"), min_value=0.0, max_value=1.0, format="percent"
            ),
            "summary": st.column_config.TextColumn(_("Summary"), width="large"),
        },
    )


def _chances(seen: View, found: Outlook) -> pl.DataFrame:
    """Return the chances with the codes the list of cases uses; cases alike in all these have the same chance."""
    tree = pl.DataFrame({"unit": range(len(seen.snapshot.tree)), "branch_id": seen.snapshot.tree.ids})
    rows = found.forecast.cases.select("unit", "filed_on", "category", "channel", "due", "chance")
    return (
        rows.join(tree.cast({"unit": rows.schema["unit"]}), on="unit", how="left")
        .with_columns(
            pl.Series("category", [foresight.CODES["category"][code] for code in rows["category"]], dtype=pl.String),
            pl.Series("channel", [foresight.CODES["channel"][code] for code in rows["channel"]], dtype=pl.String),
        )
        .drop("unit")
        .unique()
    )


def track_record(seen: View) -> None:
    """Draw what earlier forecasts said and what happened, and by how much they beat a plain guess."""
    found = _outlook(seen)
    if found is None:
        return
    test = found.forecast.back_test
    anatomy.section(_("How earlier forecasts fared"))
    if test.origins.is_empty() or test.skill is None or test.coverage is None:
        st.caption(_("There is no track record yet."))
        return
    st.text(
        _(
            "{inside} of {n} earlier forecasts held what happened within their interval. "
            "Their squared error (Brier score) is {brier} against {base} of giving every case the same chance: {skill} "
            "smaller.",
            inside=int(test.origins["inside"].sum()),
            n=test.origins.height,
            brier=formats.decimal(test.brier, 3),
            base=formats.decimal(test.brier_base, 3),
            skill=formats.percent(test.skill),
        )
    )
    origins, calibration = _record(seen, test.origins, test.calibration)
    left, right = st.columns(2, gap="medium")
    with left:
        st.dataframe(
            origins,
            hide_index=True,
            width="stretch",
            column_config={
                "origin": st.column_config.DateColumn(_("Forecast of")),
                "open": st.column_config.NumberColumn(_("Open cases"), format="%d"),
                "expected": st.column_config.NumberColumn(_("Expected"), format="%.1f"),
                "low": st.column_config.NumberColumn(_("Low"), format="%d"),
                "high": st.column_config.NumberColumn(_("High"), format="%d"),
                "observed": st.column_config.NumberColumn(_("Happened"), format="%d"),
                "inside": st.column_config.TextColumn(_("Within")),
            },
        )
    with right:
        st.dataframe(
            calibration,
            hide_index=True,
            width="stretch",
            column_config={
                "forecast": st.column_config.NumberColumn(_("It said"), format="%.0f%%"),
                "observed": st.column_config.NumberColumn(_("It happened"), format="%.0f%%"),
                "low": st.column_config.NumberColumn(_("Low"), format="%.0f%%"),
                "high": st.column_config.NumberColumn(_("High"), format="%.0f%%"),
                "cases": st.column_config.NumberColumn(_("Cases"), format="%d"),
            },
        )
        st.caption(_("Ten groups of cases by the chance that was forecast, over the whole enterprise."))


@kept
def _record(seen: View, origins: pl.DataFrame, calibration: pl.DataFrame) -> tuple[Any, Any]:
    """Return earlier forecasts, and chances against what happened, as they are sent."""
    del seen
    inside = pl.when("inside").then(pl.lit(_("yes"))).otherwise(pl.lit(_("no"))).alias("inside")
    rows = origins.select("origin", "open", "expected", "low", "high", "observed", inside)
    return rows.to_arrow(), calibration.select(pl.col("forecast", "observed", "low", "high") * 100, "cases").to_arrow()
