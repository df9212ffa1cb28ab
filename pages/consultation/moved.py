"""What has changed since a meeting was frozen, in words: which figure, where, from what to what."""

from __future__ import annotations

import polars as pl
import streamlit as st

from data.frozen import Frozen
from pages.consultation.frozen_view import Content, unit_of
from pages.consultation.promises import STATES, called
from pages.shared import formats
from pages.shared.view import View
from pages.shared.words import _, metric_name
from queries import since_frozen
from queries.filters import Month
from queries.since_frozen import Moved


def since(seen: View, frozen: Frozen) -> None:
    """Draw the way to what has changed; the figures are asked again only once somebody opens it."""
    panel = st.expander(
        _("What has changed since it was frozen"), icon=":material/compare:", key="room_moved", on_change="rerun"
    )
    if not panel.open:
        return
    content = frozen.told
    with panel, st.spinner(_("Asking every figure again…")):
        figures = since_frozen.figures(seen.viewer, content, seen.snapshot)
        promises = since_frozen.promises(content, seen.snapshot)
        if not figures and not promises:
            st.caption(_("Nothing: asked again today, every figure and every promise is the same."))
        if figures:
            st.caption(_told(seen))
            st.dataframe(_table(seen, content, figures), hide_index=True)
        for one in promises:
            then = called(STATES, one.then, seen.language)
            now = _("no longer in the ledger") if one.now is None else called(STATES, one.now, seen.language)
            unit = seen.snapshot.name(one.branch_id, seen.language)
            st.text(_("Promise “{topic}” ({unit}): frozen {then}, today {now}", topic=one.topic, unit=unit, then=then,
                      now=now))  # fmt: skip


def _told(seen: View) -> str:
    if seen.viewer.sees_cases:
        return _(
            "The room and the papers stay as they were frozen. “All handed in” counts what came after a month was "
            "closed; only the union staff see it."
        )
    return _(
        "The room and the papers stay as they were frozen. Where fewer than {minimum} people or cases make the "
        "difference, today's value is withheld.",
        minimum=formats.suppressed_sign().lstrip("<"),
    )


def _table(seen: View, content: Content, figures: list[Moved]) -> pl.DataFrame:
    columns = {
        _("Figure"): [metric_name(one.metric, seen.language) for one in figures],
        _("Where"): [_where(seen, content, one) for one in figures],
        _("As frozen"): [_value(one, one.then) for one in figures],
        _("Today, as both sides may see it"): [
            _("changed; withheld") if one.close else _value(one, one.now) for one in figures
        ],
    }
    if seen.viewer.sees_cases:
        columns[_("All handed in")] = [_value(one, one.whole) for one in figures]
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def _where(seen: View, content: Content, one: Moved) -> str:
    if one.by == "month":
        return formats.month(Month.parse(str(one.group)), seen.language)
    if one.by is None:
        return _("Whole period")
    names = content["units"]
    if one.group == content["meeting"]["branch_id"]:
        return _("{unit} itself", unit=names[one.group][seen.language])
    return str(names[one.group][seen.language]) if one.group in names else str(one.group)


def _value(one: Moved, told: tuple[float | None, bool] | None) -> str:
    if told is None:
        return formats.MISSING
    return formats.value(unit_of(one.metric), told[0], suppressed=told[1])
