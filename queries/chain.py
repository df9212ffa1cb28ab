"""What an item of a meeting can follow from and lead to: categories, suggestions, motions, promises, clauses.

What the chain names is shown to both sides: for whoever may not see single cases a suggestion is one of so many, no
more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from data import agenda as agendas
from data import database
from data.tables import CATEGORIES
from queries import cases, clocks, ledger
from queries.filters import Filters
from queries.holding import current
from queries.snapshot import Snapshot
from queries.viewers import Viewer

MOST_SUGGESTIONS = 400  # of the last year, the newest
_CONTRACT = re.compile(r"^\S+")  # a clause is named by its contract's number, a space, and its own


@dataclass(frozen=True)
class Known:
    """What stands behind the references of chains: texts by number, and each promise's state."""

    suggestions: dict[str, str]
    motions: dict[str, str]
    topics: dict[str, str]  # of promises, also of those made since the last closed month
    commitments: dict[str, dict[str, object]]  # rows of the ledger
    contracts: dict[str, str]  # kind by number


def known(viewer: Viewer, branch: str, snapshot: Snapshot | None = None, *, suggestions: bool = False) -> Known:
    """Return what a chain of the unit's meetings can name; with suggestions only for who may see single cases.

    NotAllowed for a unit outside the viewer's.
    """
    snapshot = snapshot or current()
    first, last = snapshot.month_range
    span = Filters(first, last, branch)
    rows = ledger.ledger(viewer, span, snapshot=snapshot)
    contracts, _day = clocks.contracts(viewer, span, snapshot)
    titles: dict[str, str] = {}
    if suggestions and viewer.sees_cases:
        year = Filters(max(first, last.back(11)), last, branch)
        found = cases.suggestions(viewer, year, limit=MOST_SUGGESTIONS, snapshot=snapshot).frame
        titles = {row["suggestion_id"]: row["title"] or "" for row in found.iter_rows(named=True)}
    return Known(
        titles,
        clocks.congresses(viewer, span, snapshot),
        ledger.topics(branch, snapshot),
        {row["commitment_id"]: row for row in rows.iter_rows(named=True)},
        dict(contracts.select("contract_id", "kind").iter_rows()),
    )


def choices(found: Known) -> dict[str, list[str]]:
    """Return the references that can be chosen for each step of a chain: what exists, and what was named before."""
    with database.reading() as connection:
        named = {step: agendas.references(connection, step) for step in ("motion", "clause")}
    return {
        "category": [code for code, _name in CATEGORIES],
        "suggestion": sorted(found.suggestions, reverse=True),
        "motion": [*found.motions, *(one for one in named["motion"] if one not in found.motions)],
        "commitment": list(found.topics),
        "clause": [*found.contracts, *(one for one in named["clause"] if one not in found.contracts)],
    }


def contract_of(clause: str) -> str:
    """Return the number of the contract that a clause is of."""
    found = _CONTRACT.match(clause)
    return found.group() if found else clause
