"""What a visitor reads, in the visitor's language: texts, code labels, names of metrics and definitions.

The browser's language decides, the person's own setting beats it, and the switch on the page beats both.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Literal

import streamlit as st

from data import tables
from data.labels import label
from data.words import mark, translate
from queries import metrics

Language = Literal["zh", "en"]
_KEY = "language"
# A run asks for its language a thousand times; a thread serves one session only.
_spoken: ContextVar[Language | None] = ContextVar("spoken", default=None)

# The dimensions as a person calls them.
DIMENSION_NAMES = {
    "category": mark("Category"),
    "channel": mark("Channel"),
    "stage": mark("Stage"),
    "kind": mark("Kind of activity"),
    "organiser": mark("Organiser"),
    "theme": mark("Theme"),
    "dimension": mark("Dimension"),
}


def browser_language() -> Language:
    """Return Chinese for a browser set to any Chinese, else English; Chinese where there is no browser."""
    locale = st.context.locale
    return "zh" if not locale or locale.lower().startswith("zh") else "en"


def speak(language: Language) -> None:
    """Make `language` the session's; called once per run, before anything is shown."""
    st.session_state[_KEY] = language
    _spoken.set(language)


def language() -> Language:
    """Return the session's language."""
    found = _spoken.get() or st.session_state.get(_KEY)
    return found or browser_language()


def _(message: str, **values: object) -> str:
    """Return `message` in the session's language, its `{names}` filled from `values`."""
    return translate(message, language(), **values)


def code_label(kind: str, code: str, of: Language | None = None) -> str:
    """Return the name of a code, such as ("category", "pay") → 劳动报酬; KeyError for one that does not exist."""
    return label(kind, code, of or language())


def table_name(table: str) -> str:
    """Return what a ledger is called: its Chinese name, in English the table's own."""
    return tables.BY_NAME[table].zh if language() == "zh" else table


def column_name(column: tables.Column) -> str:
    """Return what a ledger's column is called: its Chinese header, in English the column's own."""
    return column.zh if language() == "zh" else column.name


def metric_name(metric: str, of: Language | None = None) -> str:
    """Return the metric's name; QueryError if there is none with this id."""
    found = metrics.find(metric)
    return found.en if (of or language()) == "en" else found.zh


def definition_name(metric: str, definition: str | None, of: Language | None = None) -> str:
    """Return the name of one of the metric's rival definitions; empty where it has only one."""
    found = metrics.find(metric).definition(definition)
    return found.en if (of or language()) == "en" else found.zh
