"""A unit's facts in one line, and where it stands among its peers."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import streamlit as st

from pages.shared import charts, formats, view
from pages.shared.keeping import kept
from pages.shared.view import View
from pages.shared.words import _, code_label, metric_name
from queries.answers import Answer
from queries.peers import peers


def facts(seen: View) -> None:
    """Draw what the unit is: kind, region, people, since when, and the unit above as a link."""
    if seen.branch is None:
        st.caption(_("Choose a unit in the filter bar."))
        return
    row = seen.snapshot.units.row(seen.snapshot.tree.at(seen.branch), named=True)
    people = seen.ask("employees").one
    said = [
        code_label("branch_kind", row["kind"]),
        row["region"],
        _("{n} employees", n=formats.value("count", people["value"], suppressed=bool(people["suppressed"]))),
        _("opened {day}", day=formats.day(row["opened_on"])) if row["opened_on"] else None,
        _("closed {day}", day=formats.day(row["closed_on"])) if row["closed_on"] else None,
    ]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(" · ".join(part for part in said if part))
        if seen.parent is not None:
            st.button(
                seen.snapshot.name(seen.parent, seen.language),
                key="unit_parent",
                icon=":material/arrow_upward:",
                type="tertiary",
                on_click=view.go,
                args=("unit",),
                kwargs={"branch": seen.parent},
            )


def among_peers(seen: View, metrics: tuple[str, ...]) -> None:
    """Draw one strip a metric: the peers as dots, this unit marked."""
    if seen.branch is None:
        return
    alike = _alike(seen, seen.branch)
    if len(alike) < 2:
        st.caption(_("No units of similar size among those you may see."))
        return
    for pair in (metrics[:2], metrics[2:]):
        for column, metric in zip(st.columns(2, gap="medium"), pair, strict=False):
            with column:
                charts.figure(
                    seen,
                    charts.strip(seen, _of_each(seen, metric, alike), highlight=seen.branch),
                    title=_("{metric} among {n} units of similar size", metric=metric_name(metric), n=len(alike)),
                    key=f"peers_{metric}",
                    on_pick=lambda group: view.go("unit", branch=group),
                )


@kept
def _alike(seen: View, unit: str) -> tuple[str, ...]:
    return tuple(other for other in peers(seen.snapshot, unit) if other in seen.units)


@kept
def _of_each(seen: View, metric: str, units: tuple[str, ...]) -> Answer:
    """Return the metric of each unit with all below it, as one answer by unit."""
    answers = [seen.ask(metric, branch=unit) for unit in units]
    frame = pl.concat(
        answer.frame.with_columns(group=pl.lit(unit, pl.String)) for unit, answer in zip(units, answers, strict=True)
    )
    return replace(answers[0], by="unit", frame=frame)
