"""How a number is counted, on demand: formula, numerator, denominator, what is left out, open cases, rivals, source."""

from __future__ import annotations

from html import escape

import streamlit as st

from data.tables import BY_NAME
from data.words import mark
from pages.shared import formats, view
from pages.shared.navigation import entries
from pages.shared.view import View
from pages.shared.words import DIMENSION_NAMES, Language, _, definition_name, language, metric_name
from queries import metric, metrics
from queries.answers import Answer


def in_words(found: metric.Metric, definition: metric.Definition, of: Language) -> str:
    """Return a definition as one line: formula and what is left out."""
    formula = definition.formula_en if of == "en" else definition.formula_zh
    left_out = definition.excluded_en if of == "en" else definition.excluded_zh
    name, rival = (found.en, definition.en) if of == "en" else (found.zh, definition.zh)
    counted = name if not rival else f"{name}, {rival}" if of == "en" else f"{name}（{rival}）"
    return " · ".join(part for part in (f"{counted} = {formula}", left_out) if part)


def denominator(answer: Answer) -> str:
    """Return numerator and denominator of an ungrouped answer in figures: “381 of 400”; empty where there are none."""
    row = answer.frame.row(0, named=True)
    if row["suppressed"] or row["denominator"] is None or row["numerator"] is None:
        return ""
    return _(
        "{part} of {whole}",
        part=formats.count(row["numerator"], whole=True),
        whole=formats.count(row["denominator"], whole=True),
    )


def on_demand(name: str, key: str) -> None:
    """Draw the button that opens a metric's definition; what it says is worked out only when it is opened."""
    panel = st.popover(_("Definition"), type="tertiary", icon=":material/info:", key=f"define_{key}", on_change="rerun")
    if panel.open:
        with panel:
            explain(view.current(), name, key)


def explain(seen: View, name: str, key: str) -> None:
    """Draw a metric's definition with this view's figures, its rivals and their values."""
    found = metrics.find(name)
    chosen = found.definition(seen.definition(name))
    answer = seen.ask(name)
    english = seen.language == "en"
    texts = [
        (_("Formula"), chosen.formula_en if english else chosen.formula_zh),
        (_("Here"), denominator(answer)),
        (_("Left out"), chosen.excluded_en if english else chosen.excluded_zh),
    ]
    if found.family == "grievances" and found.id != "open_grievances":
        still_open = seen.ask("open_grievances").frame.row(0, named=True)
        texts.append(
            (_("Still open"), formats.value("count", still_open["value"], suppressed=still_open["suppressed"]))
        )
    texts.append((_("Data up to"), formats.day(answer.data_date)))
    listed = "".join(f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>" for label, text in texts if text)
    title = metric_name(name) + (f" · {definition_name(name, chosen.id)}" if len(found.definitions) > 1 else "")
    st.html(f'<div class="d-define"><strong>{escape(title)}</strong><dl>{listed}</dl></div>')
    if len(found.definitions) > 1:
        rivals(seen, found, key)
    st.button(
        _("All definitions"),
        key=f"book_{key}",
        type="tertiary",
        icon=":material/menu_book:",
        on_click=view.go,
        args=("definitions",),
        kwargs={"params": {"metric": name}},
    )


def rivals(seen: View, found: metric.Metric, key: str) -> None:
    """Draw the rival definitions with their values here; choosing one makes the whole dashboard count by it."""
    chosen = found.definition(seen.definition(found.id)).id
    shown = {}
    for definition in found.definitions:
        row = seen.ask(found.id, definition=definition.id).frame.row(0, named=True)
        figure = formats.value(found.unit, row["value"], suppressed=row["suppressed"])
        shown[definition.id] = f"{definition.en if seen.language == 'en' else definition.zh} · {figure}"
    widget = f"rival_{key}"
    if st.session_state.get(widget) != chosen:
        st.session_state[widget] = chosen
    st.radio(
        _("Count by"),
        list(shown),
        key=widget,
        format_func=shown.__getitem__,
        on_change=_choose,
        args=(found.id, widget),
    )


def _choose(name: str, key: str) -> None:
    view.change(definition=(name, st.session_state[key]))


def more(page: str, key: str) -> None:
    """Draw the button that opens the page which says more, with the same view, if the visitor may open that page."""
    if page not in {entry.key for entry in entries(view.current().viewer)}:
        return
    st.button(
        _("More"), key=f"more_{key}", type="tertiary", icon=":material/arrow_forward:", on_click=view.go, args=(page,)
    )


# --- the book of definitions ---------------------------------------------------------------------------------------

FAMILIES: dict[metric.Family, str] = {
    "participation": mark("Participation"),
    "grievances": mark("Grievances"),
    "suggestions": mark("Suggestions"),
    "engagement": mark("Engagement"),
    "organisation": mark("Organisation, consultation and care"),
}
# The ledgers a family is counted from.
_LEDGERS: dict[metric.Family, tuple[str, ...]] = {
    "participation": ("activities", "attendance", "headcounts"),
    "grievances": ("grievances", "service_levels", "headcounts"),
    "suggestions": ("suggestions", "headcounts"),
    "engagement": ("surveys", "survey_answers", "headcounts"),
    "organisation": ("headcounts", "meetings", "commitments", "contracts", "aid_cases", "notices"),
}


def matches(found: metric.Metric, search: str) -> bool:
    """Return whether a metric's names, id, formulas or rivals hold every word of `search`."""
    texts = [found.id, found.zh, found.en, found.description_zh, found.description_en]
    for definition in found.definitions:
        texts += [definition.id or "", definition.zh, definition.en, definition.formula_zh, definition.formula_en]
    whole = " ".join(texts).casefold()
    return all(word in whole for word in search.casefold().split())


def book(found: list[metric.Metric], opened: str | None = None) -> None:
    """Draw metrics as a list to unfold; `opened` stands open."""
    st.html("".join(_entry(one, one.id == opened) for one in found))


def _entry(found: metric.Metric, opened: bool) -> str:
    english = language() == "en"
    other = found.zh if english else found.en
    parts = [f"<p>{escape(found.description_en if english else found.description_zh)}</p>"]
    for place, definition in enumerate(found.definitions):
        rows = []
        if definition.id:
            word = _("used unless another is chosen") if place == 0 else _("rival")
            rows.append((definition.en if english else definition.zh, f"{word} · {definition.id}"))
        rows.append((_("Formula"), definition.formula_en if english else definition.formula_zh))
        left_out = definition.excluded_en if english else definition.excluded_zh
        if left_out:
            rows.append((_("Left out"), left_out))
        parts.append(_list(rows))
    better = {1: _("higher is better"), -1: _("lower is better"), 0: _("neither high nor low is better")}[
        found.direction
    ]
    codes = [_(DIMENSION_NAMES.get(name, name)) for name, _codes in found.codes if name in DIMENSION_NAMES]
    ledgers = [BY_NAME[name].name if english else BY_NAME[name].zh for name in _LEDGERS[found.family]]
    about = [(_("Direction"), better), (_("Ledgers"), ", ".join(ledgers) if english else "、".join(ledgers))]
    if codes:
        about.append((_("Also by"), " · ".join(codes)))
    parts.append(_list(about))
    name = escape(found.en if english else found.zh)
    head = f"<summary><strong>{name}</strong> <span>{escape(other)} · <code>{found.id}</code></span></summary>"
    state = " open" if opened else ""
    return f'<details class="d-entry"{state}>{head}<div class="d-define">{"".join(parts)}</div></details>'


def _list(rows: list[tuple[str, str]]) -> str:
    return (
        "<dl>" + "".join(f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>" for label, text in rows if text) + "</dl>"
    )
