"""The assessment sheet on screen: states in words, evidence in sentences, who answers for it, and where it leads."""

from __future__ import annotations

from html import escape

import polars as pl
import streamlit as st

from data.assessment import Item
from data.words import mark
from pages.shared import downloads, formats, navigation, view
from pages.shared.keeping import kept, sent
from pages.shared.view import View
from pages.shared.words import _, language, metric_name
from queries import metrics
from queries.assessment import DUTIES, DUTY, Line, Sheet

# A sign beside the word: colour alone tells nothing.
STATES = {
    "met": (mark("Met"), "✓", "good"),
    "not_met": (mark("Not met"), "✗", "attention"),
    "too_early": (mark("Too early to tell"), "…", "plain"),
    "not_applicable": (mark("Not applicable"), "–", "plain"),
    "withheld": (mark("Withheld"), "·", "plain"),
}
PAGES = {
    "party_day": "participation",
    "workers_congress": "room",
    "contract_renewal": "contracts",
    "headcount_ledger": "quality",
}
MOST_MISSING = 6  # periods named in a sentence
WIDE = 430  # pixels below which two lines stand under each other
LIST_HEIGHT = 640  # pixels: some eighteen units; more scroll
INDENT = "\u2003"


def name_of(item: Item) -> str:
    """Return what a line of the sheet is called."""
    if item.what.startswith(DUTY):
        return _(DUTIES[item.what.removeprefix(DUTY)].name)
    return metric_name(item.what.partition(":")[0])


def rule_of(item: Item) -> str:
    """Return the rule a duty comes from, for a metric nothing."""
    return _(DUTIES[item.what.removeprefix(DUTY)].rule) if item.what.startswith(DUTY) else ""


def evidence(line: Line) -> str:
    """Return what a line's state rests on, as a sentence."""
    if line.state == "withheld":
        return _("Withheld: it would show a small group, or what the management side does not see.")
    if line.why == "" and line.state == "not_applicable":
        return _("Does not apply to units of this kind.")
    return _of_duty(line) if line.what.startswith(DUTY) else _of_metric(line)


def _of_metric(line: Line) -> str:
    unit = metrics.find(line.what.partition(":")[0]).unit
    if line.why == "no_target":
        return _("No target is set for this year.")
    if line.why == "no_case":
        return _("There was no case to count in this period.")
    told = {"value": formats.value(unit, line.value), "target": formats.value(unit, line.target)}
    if line.low is not None:
        told |= {
            "numerator": formats.count(line.numerator, whole=True),
            "denominator": formats.count(line.denominator, whole=True),
            "low": formats.value(unit, line.low),
            "high": formats.value(unit, line.high),
        }
        if line.why == "chance":
            return _(
                "{numerator} of {denominator}, {value} ({low} to {high}): the target {target} lies within the range of "
                "chance.",
                **told,
            )
        return _("{numerator} of {denominator}, {value} ({low} to {high}); target {target}.", **told)
    if line.why == "part_of_year":
        return _("{value} so far; the target {target} is one of a whole year.", **told)
    return _("{value}; target {target}.", **told)


def _of_duty(line: Line) -> str:
    what = line.what.removeprefix(DUTY)
    if what == "contract_renewal":
        if line.day is None:
            return _("The unit has no collective contract of its own.")
        texts = {
            "expired": _("The contract ran out on {day} and no new one is signed."),
            "renew": _("The contract runs out on {day}; the new one can be asked for now."),
        }
        return texts.get(line.why, _("The contract that runs out first holds until {day}.")).format(
            day=formats.day(line.day)
        )
    if what == "workers_congress":
        since = formats.day(line.day) if line.day else ""
        if line.state == "met":
            return _("{n} held since {day}.", n=formats.count(line.numerator), day=since)
        if line.why == "young":
            return _("None held yet; the unit has been open for less than a year.")
        return _("None held since {day}.", day=since) if line.day else _("Nothing is recorded for this unit.")
    if not line.denominator:
        if line.why == "not_whole":
            return _("No quarter lies whole in this period.")
        return _("Was not due in this period.")
    told = {"done": formats.count(line.numerator), "due": formats.count(line.denominator)}
    if not line.missing:
        return _("{done} of {due} times.", **told)
    missing = [formats.period(period) for period in line.missing[:MOST_MISSING]]
    more = len(line.missing) - len(missing)
    told["missing"] = ("、" if language() == "zh" else ", ").join(missing)
    if more:
        return _("{done} of {due} times; missing: {missing} and {more} more.", more=more, **told)
    return _("{done} of {due} times; missing: {missing}.", **told)


def page_of(what: str) -> str:
    """Return the key of the page with more about a line."""
    if what.startswith(DUTY):
        return PAGES.get(what.removeprefix(DUTY), "participation")
    family = metrics.find(what.partition(":")[0]).family
    return "unit" if family == "organisation" else family


def _answers(line: Line) -> str:
    return " · ".join(part for part in (line.responsible, line.name) if part)


def one_unit(seen: View, sheet: Sheet, unit: str) -> None:
    """Draw a unit's lines: name and link, state, evidence, who answers for it."""
    with st.grid(2, min_column_width=WIDE, gap="small"):
        for item in sheet.items:
            _line(seen, item, sheet.line(unit, item.what))


def _line(seen: View, item: Item, line: Line) -> None:
    word, sign, tone = STATES[line.state]
    page = page_of(item.what)
    with st.container(border=True, height="stretch", gap="xxsmall", key=f"assessed_{item.what.replace(':', '_')}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if page in {entry.key for entry in navigation.entries(seen.viewer)}:
                st.button(
                    name_of(item),
                    key=f"assessed_open_{item.what}",
                    type="tertiary",
                    icon=":material/arrow_forward:",
                    on_click=view.go,
                    args=(page,),
                    kwargs={"branch": line.unit},
                )
            else:
                st.text(name_of(item))
            st.html(f'<span class="d-word {tone}">{escape(sign)} {escape(_(word))}</span>')
        st.text(evidence(line))
        about = [rule_of(item), _("Answers for it: {who}", who=_answers(line)) if _answers(line) else ""]
        if any(about):
            st.html(f'<p class="d-note">{escape(" ".join(part for part in about if part))}</p>')


def all_units(seen: View, sheet: Sheet) -> None:
    """Draw every unit's states side by side; a click on a unit opens its lines. The download has the evidence."""
    rows = matrix(seen, sheet)
    headings = {f"c{place}": name_of(item) for place, item in enumerate(sheet.items)}
    st.dataframe(
        sent(seen, rows),
        hide_index=True,
        width="stretch",
        height=min(LIST_HEIGHT, 38 + 35 * rows.height),
        column_config={
            "unit": st.column_config.TextColumn(_("Unit"), width="medium", pinned=True),
            **{column: st.column_config.TextColumn(heading, ) for column, heading in headings.items()},
        },
        key="assessed_units",
        on_select=lambda: _opened(sheet.units),
        selection_mode="single-row",
    )
    title, sentence, day, tongue = _("Assessment sheet"), seen.sentence, seen.snapshot.data_date, seen.language
    whole = listed(seen, sheet)
    columns = {
        "unit": _("Unit"),
        "what": _("Line"),
        "state": _("Assessed as"),
        "evidence": _("Evidence"),
        "responsible": _("Answers for it"),
    }
    downloads.menu(title, lambda: downloads.Sheet(title, whole, columns, sentence, day, tongue), "assessment")


def _opened(units: tuple[str, ...]) -> None:
    chosen = st.session_state["assessed_units"].selection.rows
    if chosen and chosen[0] < len(units):
        view.change(branch=units[chosen[0]])


@kept
def matrix(seen: View, sheet: Sheet) -> pl.DataFrame:
    """Return a row a unit: its name, set in by its depth, and its state by each line of the sheet in words."""
    depths = dict(zip(seen.snapshot.units["branch_id"], seen.snapshot.units["depth"], strict=True))
    least = min((depths[unit] for unit in sheet.units), default=0)
    told = {state: f"{sign} {_(word)}" for state, (word, sign, _tone) in STATES.items()}
    columns = {
        "unit": [INDENT * (depths[unit] - least) + seen.snapshot.name(unit, seen.language) for unit in sheet.units]
    }
    for place, item in enumerate(sheet.items):
        columns[f"c{place}"] = [told[sheet.line(unit, item.what).state] for unit in sheet.units]
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


@kept
def listed(seen: View, sheet: Sheet) -> pl.DataFrame:
    """Return every line of every unit in words: unit, what, state, evidence, responsible."""
    rows = [
        (
            seen.snapshot.name(unit, seen.language),
            name_of(item),
            _(STATES[line.state][0]),
            evidence(line),
            _answers(line),
        )
        for unit in sheet.units
        for item in sheet.items
        for line in [sheet.line(unit, item.what)]
    ]
    names = ("unit", "what", "state", "evidence", "responsible")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
