"""The pages there are: title, address, script, who may see it, and what its filter bar offers."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from data.words import mark
from pages.shared.words import _
from queries.viewers import Role, Viewer

ROOT = Path(__file__).parents[2]
PRODUCT = mark("Party and union dashboard")

EVERYONE: tuple[Role, ...] = ("executive", "union_staff", "management", "admin", "operator")
KEEPERS: tuple[Role, ...] = ("union_staff", "admin", "operator")  # those who hand in data
_ACTIVITY, _CASE = ("kind", "organiser"), ("category", "channel", "stage")


@dataclass(frozen=True)
class Entry:
    """One page: its key (also its address), script, title and section in English, icon, roles, and filter bar.

    `dimensions` are what the bar offers beside period, unit and comparison; `filtered` is False for a page without
    figures, which has no bar.
    """

    key: str
    script: str
    title: str
    icon: str
    section: str
    roles: tuple[Role, ...] = EVERYONE
    dimensions: tuple[str, ...] = ()
    filtered: bool = True

    @property
    def path(self) -> Path:
        """Where the script lies."""
        return ROOT / "pages" / self.script


_KPIS, _UNITS, _TABLE, _DATA = mark("Figures"), mark("Units"), mark("Consultation"), mark("Data")

# People bookmark the keys: a test holds them. The first page that a role may see is its start page.
_PLANNED: tuple[Entry, ...] = (
    Entry("overview", "kpis/overview.py", mark("Overview"), "space_dashboard", _KPIS),
    Entry("participation", "kpis/participation.py", mark("Participation"), "groups", _KPIS, dimensions=_ACTIVITY),
    Entry("grievances", "kpis/grievances.py", mark("Grievances"), "forum", _KPIS, dimensions=_CASE),
    Entry("suggestions", "kpis/suggestions.py", mark("Suggestions"), "lightbulb", _KPIS, dimensions=("theme",)),
    Entry("engagement", "kpis/engagement.py", mark("Engagement"), "favorite", _KPIS),
    Entry("early-warning", "kpis/early_warning.py", mark("Early warning"), "notifications_active", _KPIS),
    Entry("unit", "branches/unit.py", mark("One unit"), "account_tree", _UNITS),
    Entry("map", "branches/map.py", mark("Map"), "map", _UNITS),
    Entry("assessment", "branches/assessment.py", mark("Assessment sheet"), "fact_check", _UNITS),
    Entry("room", "consultation/room.py", mark("Consultation room"), "co_present", _TABLE, filtered=False),
    Entry(
        "commitments", "consultation/commitments.py", mark("Commitments"), "handshake", _TABLE, dimensions=("category",)
    ),
    Entry("contracts", "consultation/contracts.py", mark("Contracts and care"), "contract", _TABLE),
    Entry("needs", "consultation/needs.py", mark("Needs"), "volunteer_activism", _TABLE),
    Entry("hand-in", "manage/hand_in.py", mark("Hand in data"), "upload_file", _DATA, KEEPERS, filtered=False),
    Entry("correct", "manage/correct.py", mark("Correct in place"), "edit_note", _DATA, KEEPERS, filtered=False),
    Entry("quality", "manage/quality.py", mark("Data quality"), "rule", _DATA, ("executive", *KEEPERS)),
    Entry("definitions", "manage/definitions.py", mark("Definitions"), "menu_book", _DATA, filtered=False),
    Entry(
        "people", "manage/people.py", mark("People and audit"), "badge", _DATA, ("admin", "operator"), filtered=False
    ),
)


ENTRIES: tuple[Entry, ...] = tuple(entry for entry in _PLANNED if entry.path.is_file())


def entries(viewer: Viewer) -> list[Entry]:
    """Return the pages this viewer may open, in order."""
    return [entry for entry in ENTRIES if viewer.role in entry.roles]


def entry(key: str) -> Entry:
    """Return the page with this key; KeyError if there is none."""
    for found in (*ENTRIES, *_PLANNED):
        if found.key == key:
            return found
    raise KeyError(key)


def pages(viewer: Viewer) -> dict[str, list[st.Page]]:
    """Return the viewer's pages by section for `st.navigation`, titles in the session's language."""
    found: dict[str, list[st.Page]] = {}
    for place, one in enumerate(entries(viewer)):
        page = copy(_page(one, _(one.title), place == 0))
        found.setdefault(_(one.section), []).append(page)
    return found


@lru_cache(maxsize=256)
def _page(one: Entry, title: str, default: bool) -> Any:
    """Return a page whose script was looked up; each run takes a copy, for a page knows whether it may run."""
    return st.Page(one.path, title=title, icon=f":material/{one.icon}:", url_path=one.key, default=default)
