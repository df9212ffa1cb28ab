"""What the overview says first: findings as sentences, units in the order of the organisation, latest notices."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

from data.words import mark
from pages.kpis import telling
from pages.shared import formats, view
from pages.shared.keeping import kept
from pages.shared.view import View
from pages.shared.words import _, code_label, metric_name
from queries import changes, metrics, notices

NOTICES = 5
WORDS = {"needs_attention": mark("Needs attention"), "worth_learning_from": mark("Worth learning from")}
ICONS = {True: ":material/trending_up:", False: ":material/warning:", None: ":material/swap_vert:"}


# Both lists test many figures at once: seconds on the first look at a new version, so nobody waits for them.
LIST_HEIGHT = 268  # five findings; what comes later moves nothing


def findings() -> None:
    """Draw at most five findings, each a sentence that opens the page with its evidence."""
    seen = view.current()
    (_findings_now if changes.known(seen.viewer, seen.filters, seen.snapshot) else _findings_later)()


def units() -> None:
    """Draw the units that differ from what would be expected of them, in the order of the organisation."""
    (_units_now if _units.ready(view.current()) else _units_later)()


def _draw_findings() -> None:
    seen = view.current()
    found = changes.what_changed(seen.viewer, seen.filters, seen.snapshot)
    if not found:
        st.caption(_("No real change: what moved is no more than chance would move."))
    for place, finding in enumerate(found):
        st.button(
            telling.sentence(seen, finding),
            key=f"finding_{place}",
            icon=ICONS[finding.better],
            type="tertiary",
            on_click=view.go,
            args=(telling.page_of(finding),),
            kwargs={"branch": finding.unit} if finding.unit else {},
        )


def _draw_units() -> None:
    seen = view.current()
    found = _units(seen)
    if not found:
        st.caption(_("All units as expected."))
    for unit, attention, said in found:
        with st.container(gap="xxsmall"):
            st.button(
                seen.snapshot.name(unit, seen.language),
                key=f"finding_unit_{unit}",
                icon=ICONS[not attention],
                type="tertiary",
                on_click=view.go,
                args=("unit",),
                kwargs={"branch": unit},
            )
            st.caption(said)


@kept
def _units(seen: View) -> tuple[tuple[str, bool, str], ...]:
    """Return unit, whether it needs attention, and what is said of it."""
    rows: list[tuple[int, str, str, str]] = []
    for metric in changes.COMPARED:
        fair = changes.between_units(seen.viewer, metric, seen.filters, seen.definition(metric), seen.snapshot)
        for row in fair.frame.filter(pl.col("word").is_in(list(WORDS))).iter_rows(named=True):
            what = _("{metric} {value}", metric=metric_name(metric), value=_value(metric, row["value"]))
            rows.append((seen.snapshot.tree.at(row["group"]), row["group"], row["word"], what))
    quiet = changes.quiet_units(seen.viewer, seen.filters, seen.snapshot).units.filter("silent")
    rows += [(seen.snapshot.tree.at(u), u, "needs_attention", _("very quiet")) for u in quiet["unit"]]
    told: dict[tuple[int, str], dict[str, list[str]]] = {}
    for place, unit, word, what in rows:
        told.setdefault((place, unit), {}).setdefault(word, []).append(what)
    comma, stop = ("、", "；") if seen.language == "zh" else (", ", "; ")
    found = []
    for (_place, unit), words in sorted(told.items()):
        said = [_("{word}: {what}", word=_(WORDS[one]), what=comma.join(words[one])) for one in WORDS if one in words]
        found.append((unit, "needs_attention" in words, stop.join(said)))
    return tuple(found)


# What was worked out for somebody before is drawn in its turn: a thread of its own would cost more than it saves.
_findings_now, _units_now = st.fragment(_draw_findings), st.fragment(_draw_units)
_findings_later = st.fragment(_draw_findings, parallel=True)
_units_later = st.fragment(_draw_units, parallel=True)


def _value(metric: str, value: float) -> str:
    return formats.value(metrics.find(metric).unit, value)


@kept
def notices_of(seen: View) -> pl.DataFrame:
    """Return the latest notices of the scope in words."""
    found = notices.latest(seen.viewer, seen.filters, NOTICES, seen.snapshot)
    return found.select(
        pl.col("published_on"),
        pl.Series("unit", [seen.snapshot.name(unit, seen.language) for unit in found["branch_id"]], dtype=pl.String),
        pl.Series("kind", [code_label("notice_kind", kind) for kind in found["kind"]], dtype=pl.String),
        pl.col("title"),
    )


@kept
def _notices_sent(seen: View) -> Any:
    """Return the notices as they are sent; a Polars frame would take the way through pandas."""
    return notices_of(seen).to_arrow()


def notices_table(seen: View) -> None:
    """Draw the latest notices; titles are text people wrote, so they stand in a table, never in markdown."""
    rows = _notices_sent(seen)
    if not rows.num_rows:
        st.caption(_("No notices in this period."))
        return
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        column_config={
            "published_on": st.column_config.DateColumn(_("Published"), width="small"),
            "unit": st.column_config.TextColumn(_("Unit"), width="medium"),
            "kind": st.column_config.TextColumn(_("Kind"), width="small"),
            "title": st.column_config.TextColumn(_("Title"), width="large"),
        },
    )
