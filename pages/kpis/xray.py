"""Definition X-ray: a rate counted by each of its rival definitions, side by side with numerators and denominators."""

from __future__ import annotations

from html import escape
from math import ceil, floor
from typing import Any

import streamlit as st

from pages.shared import formats, view
from pages.shared.view import View
from pages.shared.words import _, metric_name
from queries import metrics
from queries.disclosure import minimum_group
from queries.rivals import EXPLAINED, REASONS, counts, difference


def panel(seen: View, names: tuple[str, ...], key: str) -> None:
    """Draw the switch between rates and, for the one chosen, all its definitions; one can be made the dashboard's."""
    with st.container(border=True, key=f"xray_{key}"):
        called = {name: metric_name(name) for name in names}
        chosen = st.segmented_control(
            _("Rate"),
            list(called),
            key=f"xray_rate_{key}",
            format_func=called.__getitem__,
            required=True,
            default=names[0],
            label_visibility="collapsed",
        )
        st.html(f'<div class="d-figure"><h3>{escape(title(seen, chosen))}</h3><p>{escape(about())}</p></div>')
        st.html(rivals(seen, chosen))
        _switch(seen, chosen, key)


def title(seen: View, metric: str) -> str:
    """Return how far apart the rivals lie."""
    values = [
        value
        for definition in metrics.find(metric).definitions
        if (value := seen.ask(metric, definition=definition.id).frame["value"][0]) is not None
    ]
    if len(values) < 2:
        return _("{name} by each definition", name=metric_name(metric))
    return _(
        "The same cases, counted in {count} ways: {name} from {low} to {high}",
        count=len(values),
        name=metric_name(metric),
        low=formats.percent(min(values)),
        high=formats.percent(max(values)),
    )


def about() -> str:
    """Return what the table shows."""
    return _("Numerator and denominator under each definition; the line is the 95 % interval")


def rivals(seen: View, metric: str) -> str:
    """Return the rivals as HTML: value with its interval as a bar, numerator and denominator in figures and words."""
    found = metrics.find(metric)
    english = seen.language == "en"
    used = found.definition(seen.definition(metric))
    answers = [seen.ask(metric, definition=definition.id).frame.row(0, named=True) for definition in found.definitions]
    span = _span(answers)
    rows = []
    for definition, row in zip(found.definitions, answers, strict=True):
        value = formats.value(found.unit, row["value"], suppressed=row["suppressed"])
        counts = ""
        if row["numerator"] is not None and row["denominator"] is not None:
            counts = f"{formats.count(row['numerator'], whole=True)} / {formats.count(row['denominator'], whole=True)}"
        words = [
            definition.formula_en if english else definition.formula_zh,
            definition.excluded_en if english else definition.excluded_zh,
        ]
        told = escape(" · ".join(word for word in words if word))
        if definition is not used and (step := _difference(seen, metric, used.id, definition.id)):
            told += f"<br><strong>{escape(step)}</strong>"
        name = definition.en if english else definition.zh
        word = _("in use")
        mark = f' <span class="d-word">{escape(word)}</span>' if definition is used else ""
        rows.append(
            f'<tr><th scope="row">{escape(name)}{mark}</th><td class="d-strong">{escape(value)}</td>'
            f"<td>{_mark(row, span)}</td><td>{escape(counts)}</td>"
            f'<td class="d-words">{told}</td></tr>'
        )
    scale = f"{formats.percent(span[0], 0)}–{formats.percent(span[1], 0)}"
    heads = [_("Definition"), _("Value"), scale, _("Numerator / denominator"), _("How it is counted")]
    kinds = ["", "", "d-middle", "", "d-words"]
    head = "".join(
        f'<th scope="col" class="{kind}">{escape(text)}</th>' for text, kind in zip(heads, kinds, strict=True)
    )
    return (
        f'<div class="d-scroll"><table class="d-table d-wide"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _difference(seen: View, metric: str, used: str | None, other: str | None) -> str:
    """Return which cases lead from the definition in use to another, in a line, as far as the viewer may see them."""
    if metric not in EXPLAINED or used is None or other is None:
        return ""
    if not seen.viewer.sees_cases:
        return _about_how_many(seen, metric, used, other)
    found = difference(seen.viewer, metric, used, other, seen.filters, seen.snapshot)
    if found is None or not found.parts:
        return ""
    parts = [
        _(
            "{count} {reason} ({effect})",
            count=formats.count(part.cases, whole=True),
            reason=_(REASONS[part.name]),
            effect=formats.points(part.effect),
        )
        for part in found.parts
    ]
    return _(
        "{difference} against the definition in use: {parts}",
        difference=formats.points(found.difference),
        parts=(", " if seen.language == "en" else "，").join(parts),
    )


def _about_how_many(seen: View, metric: str, used: str, other: str) -> str:
    """Return about how many cases make the difference and why, for whoever may not see single cases."""
    found = counts(seen.viewer, metric, used, other, seen.filters, seen.snapshot)
    if not found:
        return ""
    parts = [
        _("about {count} {reason}", count=formats.count(count, whole=True), reason=_(REASONS[name]))
        for name, count in found
    ]
    return _(
        "Against the definition in use: {parts} (rounded to {step}, fewer left out)",
        parts=(", " if seen.language == "en" else "，").join(parts),
        step=minimum_group(),
    )


def _span(rows: list[dict[str, Any]]) -> tuple[float, float]:
    """Return the range that the intervals are drawn over: the tenths that hold them all."""
    ends = [row[end] for row in rows for end in ("low", "high") if row[end] is not None]
    if not ends:
        return 0.0, 1.0
    return floor(min(ends) * 10) / 10, max(ceil(max(ends) * 10) / 10, floor(min(ends) * 10) / 10 + 0.1)


def _mark(row: dict[str, Any], span: tuple[float, float]) -> str:
    """Return value and interval as a dot on a line, a picture without words: the figures stand beside it."""
    if row["value"] is None or row["low"] is None:
        return ""
    left, low, high = ((row[name] - span[0]) / (span[1] - span[0]) * 100 for name in ("value", "low", "high"))
    return (
        f'<span class="d-dot" aria-hidden="true"><i style="left:{low:.1f}%;width:{high - low:.1f}%"></i>'
        f'<b style="left:{left:.1f}%"></b></span>'
    )


def _switch(seen: View, metric: str, key: str) -> None:
    found = metrics.find(metric)
    names = {one.id: one.en if seen.language == "en" else one.zh for one in found.definitions}
    widget = f"xray_use_{key}_{metric}"
    used = found.definition(seen.definition(metric)).id
    if st.session_state.get(widget) != used:
        st.session_state[widget] = used
    st.radio(
        _("Count the whole dashboard by"), list(names), key=widget, format_func=names.__getitem__, horizontal=True,
        on_change=lambda: view.change(definition=(metric, st.session_state[widget])),
    )  # fmt: skip
