"""Every role on every page, with everything forged: no foreign row, no mark of a person or case, on a fresh server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pages.shared.navigation import ENTRIES, entries
from queries.viewers import Viewer
from tests.attack.conftest import MARK, MARKED, ROLES, Office
from tests.attack.intruder import ROW, Heard, Intruder, found_in
from tests.browser.browsing import HOUSE, Server

PAGES = [entry for entry in ENTRIES if entry.path.is_file()]
# A mark: the unit to which it belongs, and of what it is.
MARKS = rf"(?i){MARK}-(\w+)-(\w+)"
USUAL = "period=2024-01..2024-12&lang=en"
FORGED = (
    "unit=D2&period=last12", "unit=HQ&period=2024-01..2024-12", "as=admin@office.example", "unit=D2B1&unit=D1",
    "period=2025-06&unit=D3B1G1", "category=pay&channel=hotline&stage=court&period=2024-03", "lang=xx&compare=self",
    "definition=closure_rate:flow&definition=nonsense", "period=9999-99&unit=%00", "unit=../../D2&period[]=1",
)  # fmt: skip


def may_open(role: str) -> set[str]:
    email, named, units = ROLES[role]
    return {entry.key for entry in entries(Viewer(email, named, units))}  # type: ignore[arg-type]


def not_for(role: str, heard: Heard, office: Office) -> set[tuple[str, ...]]:
    """The marks that this role was sent and must not be."""
    sent = found_in(heard.text(), MARKS)
    if role == "union_staff":
        # Cases and wishes of their own units; never who proposed, attended, answered or is in hardship.
        told = {"grievance_id", "summary", "suggestion_id", "title", "topic"}
        return {(unit, kind) for unit, kind in sent if office.divisions.get(unit) != "D1" or kind not in told}
    if role == "admin":
        return {(unit, kind) for unit, kind in sent if kind not in ("person", "name", "importer")}
    return sent


@pytest.mark.parametrize("role", ROLES)
def test_no_page_sends_what_is_not_for_the_role_whatever_is_forged(
    role: str, office: Office, fresh: Callable[..., Server]
) -> None:
    server = fresh()
    for entry in PAGES:
        key = "" if entry.key == PAGES[0].key else entry.key
        with Intruder(server.url, ROLES[role][0]) as one:
            opened = one.run(key, USUAL)
            one.operate(key, USUAL, opened)
            one.download()
            for query in FORGED:
                one.run(key, query)
        bad = not_for(role, one.heard, office)
        assert not bad, f"{role} on {entry.key}: {sorted(bad)[:5]}"
        assert not one.heard.faults, entry.key
        assert opened.not_found == (entry.key not in may_open(role)), entry.key
        assert opened.elements
    # Streamlit stumbles over a value of another kind than its widget's; our own code must not.
    ours = [fault for fault in server.said().split("a page failed") if f'File "{HOUSE}/pages' in fault]
    assert not ours, ours[0][-3000:]


@pytest.mark.parametrize("role", ["admin", "union_staff"])
def test_what_an_import_did_to_single_rows_is_for_those_who_may_see_them(role: str, server: Server) -> None:
    told: list[str] = []
    with Intruder(server.url, ROLES[role][0]) as one:
        tabs = next(name for name, label in one.run("hand-in", USUAL).tabs if label == "History")
        kept = [(tabs, "string_value", "History")]
        listed = one.run("hand-in", USUAL, kept)
        kept += [(name, "string_value", ROW) for name in listed.widgets("history_table")]
        for box in one.run("hand-in", USUAL, kept).widgets("history_1_table"):
            told += [one.run("hand-in", USUAL, [*kept, (box, "string_value", table)]).text() for table in MARKED]
    # Union staff see the imports that they handed in themselves, and these rows came from somebody else.
    assert len(told) == (len(MARKED) if role == "admin" else 0)
    for text in told:
        assert not {kind for _, kind in found_in(text, MARKS)} - {"importer"}
