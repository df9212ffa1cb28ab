"""The one filter bar: period, unit, comparison, and what the page offers besides.

Each control shows the view and changes it; what the view is stands in the address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from pages.shared import formats, view
from pages.shared.view import COMPARISON_NAMES, COMPARISONS, PRESETS, Choice, View
from pages.shared.words import DIMENSION_NAMES, Language, _, code_label
from queries.filters import DIMENSIONS
from queries.snapshot import Snapshot

CUSTOM = "custom"
WHOLE = ""
RESET = "Alt + 0"
_STEP = "\u2003"  # an em space for each level down the organisation


def draw(seen: View) -> None:
    """Draw the bar for this view, and what of its address could not be followed."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filter_bar"):
        _unit(seen)
        _period(seen)
        _comparison(seen)
        _dimensions(seen)
        if seen.choice != Choice(lang=seen.choice.lang):
            st.button(
                _("Reset"),
                icon=":material/restart_alt:",
                type="tertiary",
                key="bar_reset",
                on_click=view.reset,
                help=_("Back to the usual period and all units"),
                shortcut=RESET.replace(" ", ""),
            )
    for note in seen.notes:
        st.caption(note)


def _period(seen: View) -> None:
    preset = seen.choice.period in PRESETS
    names = {str(period): _(name) for period, name in seen.period_names.items()}
    names[CUSTOM] = _("Choose months…")
    _select(_("Period"), "bar_period", names, seen.choice.period if preset else CUSTOM, _pick_period, 150)
    if preset:
        return
    first, last = seen.snapshot.month_range
    start, end = seen.months
    first, last = min(first, start), max(min(last, seen.last_month), end)
    months = {str(first + i): formats.month(first + i) for i in range(last - first + 1)}
    _select(_("From"), "bar_from", months, str(start), _pick_months, 150)
    _select(_("To"), "bar_to", months, str(end), _pick_months, 150)


def _pick_period() -> None:
    wanted = st.session_state["bar_period"]
    if wanted == CUSTOM:
        start, end = view.current().months
        wanted = f"{start}..{end}"
    view.change(period=wanted)


def _pick_months() -> None:
    start, end = sorted((st.session_state["bar_from"], st.session_state["bar_to"]))
    view.change(period=start if start == end else f"{start}..{end}")


def _unit(seen: View) -> None:
    labels = unit_labels(seen.snapshot, seen.units, seen.language)
    if len(seen.tops) != 1:
        labels = {WHOLE: _("My units") if seen.viewer.units else _("All units"), **labels}
    _select(_("Unit"), "bar_unit", labels, seen.branch or WHOLE, _pick_unit, 260)


def _pick_unit() -> None:
    view.change(branch=st.session_state["bar_unit"] or None)


def unit_labels(snapshot: Snapshot, units: tuple[str, ...], language: Language) -> dict[str, str]:
    """Return a label for each unit, in order, indented by its depth below the first; no two are the same.

    A select box goes by its labels: two sections of one name are told apart by their codes.
    """
    return snapshot.once(("unit_labels", units, language), lambda: _unit_labels(snapshot, units, language))


def _unit_labels(snapshot: Snapshot, units: tuple[str, ...], language: Language) -> dict[str, str]:
    rows = {row["branch_id"]: row for row in snapshot.units.iter_rows(named=True)}
    top = min((rows[unit]["depth"] for unit in units), default=0)
    found: dict[str, str] = {}
    taken: set[str] = set()
    for unit in units:
        row = rows[unit]
        label = _STEP * (row["depth"] - top) + snapshot.name(unit, language)
        if row["closed_on"] is not None and row["closed_on"] <= snapshot.data_date:
            label += "（已撤销）" if language == "zh" else " (closed)"
        if label in taken:
            label += f" [{unit}]"
        taken.add(label)
        found[unit] = label
    return found


def _comparison(seen: View) -> None:
    names = {
        str(comparison): _("Against {what}", what=_(COMPARISON_NAMES[comparison]))
        for comparison in COMPARISONS
        if comparison != "parent" or seen.parent
    }
    _select(_("Compared with"), "bar_compare", names, seen.compare, _pick_comparison, 190)


def _pick_comparison() -> None:
    view.change(compare=st.session_state["bar_compare"])


def _dimensions(seen: View) -> None:
    if not seen.dimensions:
        return
    chosen = sum(1 for dimension in seen.dimensions if seen.where(dimension))
    names = " · ".join(_(DIMENSION_NAMES[dimension]) for dimension in seen.dimensions)
    label = _("{names} ({count} chosen)", names=names, count=chosen) if chosen else names
    with st.popover(label, icon=":material/filter_list:", key="bar_more"):
        for dimension in seen.dimensions:
            codes = {code: code_label(dimension, code) for code, _name in DIMENSIONS[dimension]}
            key = f"bar_{dimension}"
            _control(key, list(seen.where(dimension)))
            st.multiselect(
                _(DIMENSION_NAMES[dimension]),
                list(codes),
                key=key,
                placeholder=_("All"),
                format_func=codes.__getitem__,
                on_change=_pick_dimension,
                args=(dimension,),
                width=320,
            )


def _pick_dimension(dimension: str) -> None:
    view.change(**{dimension: tuple(st.session_state[f"bar_{dimension}"])})


def _select(label: str, key: str, names: Mapping[str, str], value: str, picked: Callable[[], None], width: int) -> None:
    """Draw a select box of `names` that shows `value` and calls `picked` when the visitor chooses another."""
    _control(key, value)

    def chosen() -> None:
        # What the browser still had from other labels is no choice.
        if st.session_state[key] in names:
            picked()

    st.selectbox(
        label,
        list(names),
        key=key,
        format_func=names.__getitem__,
        on_change=chosen,
        label_visibility="collapsed",
        width=width,
        placeholder=label,
    )


def _control(key: str, value: object) -> None:
    """Let the widget show what the view says, also after going back or following a link."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value
