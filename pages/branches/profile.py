"""A unit's facts in one line, and where it stands among its peers."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import polars as pl
import streamlit as st

from data.words import mark
from pages.kpis import attention, telling
from pages.shared import anatomy, charts, formats, view
from pages.shared.keeping import kept
from pages.shared.view import View
from pages.shared.words import _, code_label, metric_name
from queries import changes
from queries.answers import Answer
from queries.filters import Month
from queries.peers import peers

# A sign beside the word: colour alone tells nothing.
SAID = {
    "as_expected": (mark("As expected"), "·", "plain"),
    "needs_attention": (attention.WORDS["needs_attention"], "!", "attention"),
    "worth_learning_from": (attention.WORDS["worth_learning_from"], "✓", "good"),
}


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


def verdicts(seen: View) -> None:
    """Draw what is said of the unit among all units of the enterprise, each word with its evidence."""
    if seen.branch is None:
        return
    anatomy.section(_("Different from other units, or chance?"))
    about = _(
        "The unit's own cases, without those of units below it, against all units you may see: what it handles is "
        "allowed for, and a small number of cases weighs little."
    )
    st.html(f'<p class="d-note">{escape(about)}</p>')
    rows = _said(seen, seen.branch)
    if not rows:
        st.caption(_("The unit has no cases of its own in this period, or too few to show."))
    for name, sign, tone, word, evidence in rows:
        st.html(
            f'<p class="d-note"><strong>{escape(name)}</strong> <span class="d-word {tone}">{escape(sign)} '
            f"{escape(word)}</span> {escape(evidence)}</p>"
        )


@kept
def _said(seen: View, unit: str) -> tuple[tuple[str, str, str, str, str], ...]:
    """Return metric, sign, tone, word and evidence of each metric that compares units."""
    # Among all units the viewer may see: a division's own handful would be their own yardstick.
    wide = replace(seen.filters, branch=seen.tops[0] if len(seen.tops) == 1 else None)
    found = []
    for metric in changes.COMPARED:
        fair = changes.between_units(seen.viewer, metric, wide, seen.definition(metric), seen.snapshot).frame
        row = fair.row(by_predicate=pl.col("group") == unit, named=True) if unit in fair["group"] else None
        if row is None or row["word"] is None:
            continue
        word, sign, tone = SAID[row["word"]]
        found.append((metric_name(metric), sign, tone, _(word), telling.fair(metric, row)))
    for one, why, since in changes.unheard(seen.viewer, seen.filters, seen.snapshot):
        if one == unit and why == "late":
            text = _("Nothing has been handed in since {month}.", month=formats.month(Month.of(since)))
            found.append((_("Voice"), "…", "plain", _("Too early to tell"), text))
    quiet = changes.quiet_units(seen.viewer, wide, seen.snapshot).units
    for row in quiet.filter(pl.col("unit") == unit).drop_nulls("level").iter_rows(named=True):
        word, sign, tone = SAID["needs_attention" if row["silent"] else "as_expected"]
        text = _(
            "about {level} of the grievances, suggestions, answers and participants expected of its size; chance alone "
            "leaves {low}",
            level=formats.percent(row["level"]),
            low=formats.percent(row["low2"]),
        )
        found.append((_("Voice"), sign, tone, _(word), text))
    return tuple(found)


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
