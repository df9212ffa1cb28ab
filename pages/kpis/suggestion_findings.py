"""What the charts of the suggestion page find, as their titles, and the frame of its pipeline."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from pages.shared import charts, formats
from pages.shared.keeping import kept
from pages.shared.view import View
from pages.shared.words import _, code_label, metric_name
from queries.answers import Answer

STEPS = (
    "suggestions_submitted",
    "submitted_decided",
    "submitted_adopted",
    "submitted_implemented",
    "submitted_verified",
)


@kept
def steps(seen: View) -> tuple[pl.DataFrame, int, str | None]:
    """Return group, label, count of each step of those submitted in the period; how many are withheld, and why.

    The frame ends before the first step withheld: a share of an unknown step says nothing.
    """
    rows = [(step, seen.ask(step).frame.row(0, named=True)) for step in STEPS]
    frame = pl.DataFrame(
        {
            "group": [step for step, _row in rows],
            "label": [_("Submitted"), *(metric_name(step) for step in STEPS[1:])],
            "count": [row["value"] for _step, row in rows],
        },
        schema={"group": pl.String, "label": pl.String, "count": pl.Float64},
    )
    reasons = [row["reason"] for _step, row in rows if row["suppressed"]]
    known = frame["count"].is_not_null().cum_min()
    return frame.filter(known.cast(pl.Boolean)), len(reasons), reasons[0] if reasons else None


@kept
def drawn(seen: View) -> charts.Drawing:
    """Return the steps as a pipeline."""
    frame, withheld, reason = steps(seen)
    return replace(charts.pipeline(seen, frame, clicks=False), suppressed=withheld, reason=reason)


def pipeline(frame: pl.DataFrame) -> str:
    """Return how far the suggestions of the period got."""
    counts = dict(frame.select("group", "count").iter_rows())
    if frame.height < len(STEPS) or not counts[STEPS[0]]:
        return _("How far suggestions get")
    whole = counts[STEPS[0]]
    return _(
        "Of {whole} suggestions {adopted} were adopted, {implemented} implemented, {verified} with verified benefit",
        whole=formats.count(whole),
        adopted=formats.percent(counts["submitted_adopted"] / whole, 0),
        implemented=formats.percent(counts["submitted_implemented"] / whole, 0),
        verified=formats.percent(counts["submitted_verified"] / whole, 0),
    )


@kept
def span(seen: View, answer: Answer, high_first: str, title: str) -> str:
    """Return which theme stands highest and lowest, where their intervals say that they differ; else `title`."""
    rows = answer.frame.filter(pl.col("low").is_not_null())
    if rows.height < 2:
        return _(title)
    high = rows.row(int(rows["value"].arg_max() or 0), named=True)
    low = rows.row(int(rows["value"].arg_min() or 0), named=True)
    if high["low"] <= low["high"]:
        return _("{title}: no clear differences", title=_(title))
    return _(
        high_first,
        high=code_label("theme", high["group"]),
        high_value=formats.percent(high["value"], 0),
        low=code_label("theme", low["group"]),
        low_value=formats.percent(low["value"], 0),
    )


@kept
def benefit(seen: View) -> str:
    """Return the benefit verified in the period."""
    row = seen.ask("verified_benefit").frame.row(0, named=True)
    if not row["value"]:
        return _("Verified benefit by month")
    return _("{amount} verified in {place}", amount=formats.yuan(row["value"]), place=seen.place)


@kept
def benefit_by_unit(seen: View, answer: Answer) -> str:
    """Return how much of the benefit comes from the unit with the most."""
    known = answer.frame.filter(pl.col("value") > 0)
    total = answer.frame["value"].sum()
    if known.height < 2 or answer.frame["suppressed"].any():
        return _("Verified benefit by unit")
    top = known.row(int(known["value"].arg_max() or 0), named=True)
    return _(
        "{share} of the benefit comes from {unit}",
        share=formats.percent(top["value"] / total, 0),
        unit=seen.snapshot.name(top["group"], seen.language),
    )
