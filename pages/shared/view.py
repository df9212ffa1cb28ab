"""What a visitor looks at: period, unit, comparison, page dimensions, read from address and bar in one place.

The address holds stable ids, never labels, so that a link opens the same view in either language. The view itself
lives in the session; the bar's widgets show it and change it through callbacks.

`period` is `last12`, `month`, `quarter`, `ytd`, or months as `2025-03` or `2025-01..2025-06`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, get_args
from urllib.parse import urlencode
from weakref import ref

import streamlit as st

from data.words import mark
from pages.shared.navigation import entry
from pages.shared.words import Language, _, speak
from queries import metrics
from queries.answers import Answer, Comparison, ask, compare, grid, shifted, target
from queries.disclosure import last_closed
from queries.errors import QueryError
from queries.filters import DIMENSIONS, Filters, Month
from queries.holding import current as current_snapshot
from queries.snapshot import Snapshot
from queries.viewers import Viewer

Preset = Literal["last12", "ytd", "quarter", "month"]
PRESETS: tuple[Preset, ...] = get_args(Preset)
PRESET_NAMES: dict[Preset, str] = {
    "last12": mark("Last 12 months"),
    "ytd": mark("Year to date"),
    "quarter": mark("This quarter"),
    "month": mark("This month"),
}
# The management side sees whole calendar years and quarters, or what they are made of (`queries/lattice.py`).
CLOSED_NAMES: dict[Preset, str] = {
    "last12": mark("Last full year"),
    "ytd": mark("Year to the last full quarter"),
    "quarter": mark("Last full quarter"),
    "month": mark("Last closed month"),
}
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)
COMPARISON_NAMES: dict[Comparison, str] = {
    "previous": mark("the period before"),
    "year_ago": mark("a year ago"),
    "parent": mark("the unit above"),
    "target": mark("the target"),
}
_STATE, _SENT, _CURRENT, _SPOKEN = "view_state", "view_sent", "view_current", "view_spoken"
_LANGUAGES: dict[str, Language] = {"zh": "zh", "en": "en"}
_SINGLE = ("period", "unit", "compare", "lang")
_LISTS = (*DIMENSIONS, "definition")

Where = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Choice:
    """What the visitor chose, as the address says it: ids only, not yet held against what the visitor may see."""

    period: str = "last12"
    unit: str | None = None
    compare: Comparison = "previous"
    where: Where = ()
    definitions: tuple[tuple[str, str], ...] = ()  # (metric, its definition) where not the default
    lang: Language | None = None

    def query(self) -> dict[str, str | list[str]]:
        """Return the address parameters; the period always stands there, so an address without any is a fresh one."""
        found: dict[str, str | list[str]] = {"period": self.period}
        if self.unit:
            found["unit"] = self.unit
        if self.compare != "previous":
            found["compare"] = self.compare
        found |= {dimension: list(codes) for dimension, codes in self.where if codes}
        if self.definitions:
            found["definition"] = [f"{metric}:{name}" for metric, name in self.definitions]
        if self.lang:
            found["lang"] = self.lang
        return found


def parse(query: Mapping[str, Iterable[str]]) -> tuple[Choice, list[str]]:
    """Return the choice that address parameters (each a list of values) make, and the names of those not understood."""
    given = {name: list(values) for name, values in query.items()}
    wrong: list[str] = []
    choice = Choice()
    period = _last(given, "period")
    if period is not None:
        try:
            _months(period)
            choice = replace(choice, period=period)
        except QueryError:
            wrong.append("period")
    choice = replace(choice, unit=_last(given, "unit") or None)
    if (compared := _last(given, "compare")) in COMPARISONS:
        choice = replace(choice, compare=compared)
    elif compared is not None:
        wrong.append("compare")
    lang = _last(given, "lang")
    if lang in _LANGUAGES:
        choice = replace(choice, lang=_LANGUAGES[lang])
    elif lang is not None:
        wrong.append("lang")
    where: list[tuple[str, tuple[str, ...]]] = []
    for dimension, pairs in DIMENSIONS.items():
        codes = [code for code, _name in pairs]
        wanted = given.get(dimension, [])
        if any(code not in codes for code in wanted):
            wrong.append(dimension)
        if kept := tuple(code for code in codes if code in wanted):
            where.append((dimension, kept))
    definitions: dict[str, str] = {}
    for pair in given.get("definition", []):
        metric, _colon, name = pair.partition(":")
        try:
            if metrics.find(metric).definition(name) is not metrics.find(metric).definitions[0]:
                definitions[metric] = name
        except QueryError:
            wrong.append("definition")
    return replace(choice, where=tuple(where), definitions=tuple(sorted(definitions.items()))), wrong


@dataclass(frozen=True)
class View:
    """What one run shows: the visitor's choice held against the snapshot and what the visitor may see."""

    viewer: Viewer
    held: ref[Snapshot] = field(repr=False)  # weak: an idle session must not keep an old snapshot alive
    language: Language
    choice: Choice
    dimensions: tuple[str, ...] = ()  # those the page offers; the choice keeps the others for other pages
    notes: tuple[str, ...] = ()  # what of the address could not be followed, in words

    @property
    def snapshot(self) -> Snapshot:
        """The facts of this run; the newest ones when a fragment runs again later."""
        return self.held() or current_snapshot()

    @cached_property
    def last_month(self) -> Month:
        """The last month the viewer may ask for: the data date's, for management the last closed one."""
        return last_closed(self.snapshot) if self.closed else Month.of(self.snapshot.data_date)

    @property
    def closed(self) -> bool:
        """Whether the viewer sees closed months only."""
        return self.viewer.role == "management"

    @property
    def period_names(self) -> dict[Preset, str]:
        """What the periods to choose from are called, in English."""
        return CLOSED_NAMES if self.closed else PRESET_NAMES

    @cached_property
    def filters(self) -> Filters:
        """The filters every figure on the page is asked with."""
        start, end = self.months
        where = tuple((dimension, codes) for dimension, codes in self.choice.where if dimension in self.dimensions)
        return Filters(start, end, self.branch, where=where)

    @cached_property
    def months(self) -> tuple[Month, Month]:
        """First and last month of the period."""
        if self.closed:
            return resolve_closed(self.choice.period, self.snapshot.month_range[0], self.last_month)
        return resolve(self.choice.period, self.last_month)

    @cached_property
    def units(self) -> tuple[str, ...]:
        """The units the viewer may choose, in the order of the organisation."""
        ids = self.snapshot.tree.ids
        if not self.viewer.units:
            return tuple(ids)
        mine = {
            unit for top in self.viewer.units if top in self.snapshot.tree.index for unit in self.snapshot.subtree(top)
        }
        return tuple(unit for unit in ids if unit in mine)

    @cached_property
    def tops(self) -> tuple[str, ...]:
        """The uppermost units the viewer may choose."""
        return self.snapshot.once(("tops", self.viewer.units), self._tops)

    def _tops(self) -> tuple[str, ...]:
        tree = self.snapshot.tree
        mine = set(self.units)
        return tuple(unit for unit in self.units if tree.parent(unit) not in mine)

    @cached_property
    def branch(self) -> str | None:
        """The unit looked at with all below it; None = all the viewer may see, where they are not one unit's."""
        if self.choice.unit in self.units:
            return self.choice.unit
        return self.tops[0] if len(self.tops) == 1 else None

    @property
    def compare(self) -> Comparison:
        """What figures are compared with; the unit above only where there is one to be seen."""
        if self.choice.compare == "parent" and self.parent is None:
            return "previous"
        return self.choice.compare

    @cached_property
    def parent(self) -> str | None:
        """The unit above, if the viewer may see it."""
        above = self.snapshot.tree.parent(self.branch) if self.branch else None
        return above if above in self.units else None

    @property
    def place(self) -> str:
        """The name of the unit looked at, or of the whole."""
        if self.branch:
            return self.snapshot.name(self.branch, self.language)
        return _("My units") if self.viewer.units else _("All units")

    @property
    def sentence(self) -> str:
        """The filters as one line, as it heads the page, the downloads and the documents."""
        return self.filters.sentence(self.snapshot, self.language)

    @property
    def compared_with(self) -> str:
        """What figures are compared with, in words: “a year ago”, or the name of the unit above."""
        if self.compare == "parent" and self.parent:
            return self.snapshot.name(self.parent, self.language)
        return _(COMPARISON_NAMES[self.compare])

    def where(self, dimension: str) -> tuple[str, ...]:
        """Return the codes chosen of a page dimension; none = all."""
        return dict(self.choice.where).get(dimension, ())

    def definition(self, metric: str) -> str | None:
        """Return the definition the visitor chose for this metric; None = the default."""
        return dict(self.choice.definitions).get(metric)

    # --- questions ---------------------------------------------------------------------------------------------

    def ask(self, metric: str, by: str | None = None, definition: str | None = None, **changes: Any) -> Answer:
        """Return the metric for this view; `changes` replace parts of its filters (start, end, branch, where)."""
        filters = replace(self.filters, **changes) if changes else self.filters
        return ask(self.viewer, metric, filters, by, definition or self.definition(metric), self.snapshot)

    def grid(
        self, metric: str, rows: str = "unit", columns: str = "month", definition: str | None = None, **changes: Any
    ) -> Answer:
        """Return the metric by two groupings for this view; the frame has `group` and `column`."""
        filters = replace(self.filters, **changes) if changes else self.filters
        return grid(self.viewer, metric, filters, rows, columns, definition or self.definition(metric), self.snapshot)

    def comparison(self, metric: str, definition: str | None = None) -> Answer | None:
        """Return what the metric is compared with; None where there is nothing (for the target see `target`)."""
        chosen = definition or self.definition(metric)
        return compare(self.viewer, metric, self.filters, self.compare, chosen, self.snapshot)

    def target(self, metric: str, definition: str | None = None) -> float | None:
        """Return the target set for the unit and year; None if nobody set one."""
        chosen = definition or self.definition(metric)
        key = ("target", self.viewer, metric, chosen, self.branch, self.months[1].year)
        found = self.snapshot.once(key, lambda: (target(self.viewer, metric, self.filters, chosen, self.snapshot),))
        return found[0]

    def before(self, metric: str, by: str, definition: str | None = None) -> Answer:
        """Return the metric by `by` for the period before or, if that is compared with, the year before."""
        how: Comparison = "year_ago" if self.compare == "year_ago" else "previous"
        earlier = shifted(metrics.find(metric), self.filters, how, self.snapshot)
        return ask(self.viewer, metric, earlier, by, definition or self.definition(metric), self.snapshot)


def resolve(period: str, last: Month) -> tuple[Month, Month]:
    """Return first and last month of a period that ends at the latest with `last`; QueryError if it cannot be read."""
    if period == "last12":
        return last.back(11), last
    if period == "ytd":
        return Month(last.year, 1), last
    if period == "quarter":
        return Month(last.year, (last.month - 1) // 3 * 3 + 1), last
    if period == "month":
        return last, last
    start, end = _months(period) or (last, last)
    return start, end


def resolve_closed(period: str, first: Month, last: Month) -> tuple[Month, Month]:
    """Return first and last month of a period made of whole years or quarters that are closed, where there are any."""
    quarter = last.back(last.month % 3)
    year = Month(last.year if last.month == 12 else last.year - 1, 12)
    if period == "last12" and year >= first:
        return Month(year.year, 1), year
    if period in ("last12", "ytd") and quarter >= first:
        return Month(quarter.year, 1), quarter
    if period == "quarter" and quarter >= first:
        return quarter.back(2), quarter
    return resolve(period, last)


def _months(period: str) -> tuple[Month, Month] | None:
    """Return the months a period names itself, None for a preset; QueryError if it is neither."""
    if period in PRESETS:
        return None
    first, dots, second = period.partition("..")
    start = Month.parse(first)
    end = Month.parse(second) if dots else start
    if end < start:
        raise QueryError(f"period {period!r}: the first month must not lie after the last")
    return start, end


def _last(given: Mapping[str, list[str]], name: str) -> str | None:
    values = given.get(name)
    return values[-1] if values else None


# --- the session ---------------------------------------------------------------------------------------------------


def choice() -> Choice:
    """Return what the visitor has chosen so far."""
    found: Choice = st.session_state.get(_STATE, Choice())
    return found


def take_up() -> list[str]:
    """Bring session and address together at the start of a run; return the names of parameters not understood.

    An address that differs from what we last wrote there was opened, or gone back to, by the visitor: it wins. One
    without any parameter of ours is a fresh start or a click in the navigation: the session's choice wins.
    """
    given = {name: st.query_params.get_all(name) for name in (*_SINGLE, *_LISTS) if name in st.query_params}
    wrong: list[str] = []
    if given and given != st.session_state.get(_SENT):
        st.session_state[_STATE], wrong = parse(given)
    return wrong


def settle() -> None:
    """Write the choice into the address, beside a page's own parameters, if it is not there already.

    Must happen before `st.navigation`: then a click in the navigation makes one entry in the browser's history.
    """
    query = choice().query()
    wanted = {name: [values] if isinstance(values, str) else values for name, values in query.items()}
    ours = {*_SINGLE, *_LISTS}
    given = {name: st.query_params.get_all(name) for name in ours if name in st.query_params}
    if given != wanted:
        others = {name: st.query_params.get_all(name) for name in st.query_params if name not in ours}
        st.query_params.from_dict({**query, **others})
    st.session_state[_SENT] = wanted


def begin(viewer: Viewer, snapshot: Snapshot, tongue: Language, wrong: list[str]) -> View:
    """Make the run's view; pages get it from `current`. `wrong` names parameters that were not understood."""
    speak(tongue)
    if st.session_state.get(_SPOKEN, tongue) != tongue:
        _say_again()
    st.session_state[_SPOKEN] = tongue
    view = View(viewer, ref(snapshot), tongue, choice())
    notes = [
        _("The address names something under “{name}” that does not exist; it is left out.", name=name)
        for name in wrong
    ]
    if view.choice.unit and view.choice.unit != view.branch:
        notes.append(
            _("The address names a unit that does not exist or is not yours; {place} is shown.", place=view.place)
        )
    view = replace(view, notes=tuple(notes))
    st.session_state[_CURRENT] = view
    return view


def _say_again() -> None:
    """Have every widget send its choice to the browser again, in the new language.

    The browser knows a choice by its label; the old language's would come back with the next click as one that does
    not exist.
    """
    for key, value in list(st.session_state.items()):
        chosen = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        if chosen and all(isinstance(one, str) for one in chosen) and not str(key).endswith("_tab"):
            st.session_state[key] = value


def on_page(view: View, dimensions: tuple[str, ...]) -> View:
    """Return the view with the dimensions that the page offers, and make it the run's."""
    view = replace(view, dimensions=dimensions)
    st.session_state[_CURRENT] = view
    return view


def current() -> View:
    """Return the view of this run."""
    view: View = st.session_state[_CURRENT]
    return view


# --- changing it ---------------------------------------------------------------------------------------------------


def changed(of: Choice, **changes: Any) -> Choice:
    """Return the choice with some of it replaced.

    `changes`: `period`, `branch`, `compare`, `lang`, `definition` = (metric, name), or codes by dimension.
    """
    for name, wanted in changes.items():
        if name in DIMENSIONS:
            codes = (wanted,) if isinstance(wanted, str) else tuple(wanted or ())
            where = {**dict(of.where), name: codes}
            of = replace(of, where=tuple((d, where[d]) for d in DIMENSIONS if where.get(d)))
        elif name == "branch":
            of = replace(of, unit=wanted)
        elif name == "definition":
            metric, rival = wanted
            chosen = {**dict(of.definitions), metric: rival}
            if rival in (None, metrics.find(metric).definitions[0].id):
                del chosen[metric]
            of = replace(of, definitions=tuple(sorted(chosen.items())))
        else:
            of = replace(of, **{name: wanted})
    return of


def change(**changes: Any) -> None:
    """Change the view on this page: a callback for buttons, widgets and clicks in charts."""
    st.session_state[_STATE] = changed(choice(), **changes)


def reset() -> None:
    """Go back to the view that a fresh visit has; the language stays. A callback."""
    st.session_state[_STATE] = Choice(lang=choice().lang)


def go(page: str, *, params: Mapping[str, str] | None = None, **changes: Any) -> None:
    """Open another page with the view changed: a callback. `params` are that page's own address parameters."""
    change(**changes)
    # A callback that leaves the page ends the run before the demo's switch is drawn, and its state goes with it.
    person = {"as": st.query_params["as"]} if "as" in st.query_params else {}
    st.switch_page(str(entry(page).path), query_params={**choice().query(), **person, **(params or {})})


def link(page: str, *, params: Mapping[str, str] | None = None, **changes: Any) -> str:
    """Return the address of a page with the view changed, to hand on; within the page use `go`."""
    query = {**changed(choice(), **changes).query(), **(params or {})}
    return f"{entry(page).key}?{urlencode(query, doseq=True)}"
