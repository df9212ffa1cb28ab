"""Definition X-ray: a rate counted by each of its rival definitions, side by side with numerators and denominators."""

from __future__ import annotations

from html import escape

import streamlit as st

from pages.shared import formats, view
from pages.shared.view import View
from pages.shared.words import _, metric_name
from queries import metrics


def panel(seen: View, names: tuple[str, ...], key: str) -> None:
    """Draw the switch between rates and, for the one chosen, all its definitions; one can be made the dashboard's."""
    with st.container(border=True, key=f"xray_{key}"):
        chosen = st.segmented_control(
            _("Rate"), list(names), key=f"xray_rate_{key}", format_func=metric_name, required=True, default=names[0],
            label_visibility="collapsed",
        )  # fmt: skip
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
    rows = []
    for definition in found.definitions:
        row = seen.ask(metric, definition=definition.id).frame.row(0, named=True)
        value = formats.value(found.unit, row["value"], suppressed=row["suppressed"])
        counts = ""
        if row["numerator"] is not None and row["denominator"] is not None:
            counts = f"{formats.count(row['numerator'], whole=True)} / {formats.count(row['denominator'], whole=True)}"
        words = [
            definition.formula_en if english else definition.formula_zh,
            definition.excluded_en if english else definition.excluded_zh,
        ]
        name = definition.en if english else definition.zh
        mark = f' <span class="d-word">{escape(_("in use"))}</span>' if definition is used else ""
        rows.append(
            f'<tr><th scope="row">{escape(name)}{mark}</th><td class="d-strong">{escape(value)}</td>'
            f"<td>{_bar(row['value'], row['low'], row['high'])}</td><td>{escape(counts)}</td>"
            f'<td class="d-words">{escape(" · ".join(word for word in words if word))}</td></tr>'
        )
    heads = [_("Definition"), _("Value"), "", _("Numerator / denominator"), _("How it is counted")]
    head = "".join(f'<th scope="col">{escape(text)}</th>' if text else "<td></td>" for text in heads)
    return (
        f'<div class="d-scroll"><table class="d-table d-wide"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _bar(value: float | None, low: float | None, high: float | None) -> str:
    """Return a bar from 0 to 100 % with its interval, as a picture without words: the figures stand beside it."""
    if value is None:
        return ""
    line = ""
    if low is not None and high is not None:
        line = f'<i style="left:{low * 100:.2f}%;width:{max(high - low, 0.002) * 100:.2f}%"></i>'
    return f'<span class="d-bar" aria-hidden="true"><b style="width:{value * 100:.2f}%"></b>{line}</span>'


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
