"""Single cases are for the union staff of the unit, whatever asks for them, and only those of their own units."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from data import database
from queries import cases
from queries.errors import NotAllowed
from queries.filters import Filters, Month
from queries.loading import load
from queries.snapshot import Snapshot
from queries.viewers import Role, Viewer
from tests.queries.conftest import CONFORMANCE, imported

YEAR = Filters(Month(2024, 1), Month(2025, 6))
LISTS = (cases.grievances, cases.suggestions)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """The conformance set as the configured database, where single cases are read from."""
    home: Path = tmp_path_factory.mktemp("cases")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DASHBOARD_DATABASE_URL", raising=False)
        patch.setenv("DASHBOARD_HOME", str(home))
        for _ in imported(f"sqlite:///{home / 'dashboard.db'}", CONFORMANCE / "tables"):
            yield load(database.engine())
        database.engine().dispose()


@pytest.mark.parametrize("role", ["executive", "management", "admin"])
@pytest.mark.parametrize("listed", LISTS, ids=lambda one: one.__name__)
def test_nobody_but_union_staff_gets_single_cases(
    listed: Callable[..., cases.Cases], role: Role, snapshot: Snapshot
) -> None:
    for units in ((), ("D1",)):
        with pytest.raises(NotAllowed):
            listed(Viewer("x@x", role, units), YEAR, snapshot=snapshot)


def test_union_staff_get_those_of_their_own_units(snapshot: Snapshot) -> None:
    staff, mine = Viewer("u@x", "union_staff", ("D2",)), set(snapshot.subtree("D2"))
    found = cases.grievances(staff, YEAR, status="all", limit=5000, snapshot=snapshot)
    proposed = cases.suggestions(staff, YEAR, limit=5000, snapshot=snapshot)
    for one in (found, proposed):
        assert one.total == one.frame.height > 20
        assert set(one.frame["branch_id"]) <= mine
    assert "person_id" not in proposed.frame.columns
    for listed in LISTS:
        with pytest.raises(NotAllowed):
            listed(staff, Filters(YEAR.start, YEAR.end, "D1"), snapshot=snapshot)
    # Whoever searches finds no more: a number of another unit's case leads nowhere.
    others = cases.grievances(Viewer("u@x", "union_staff", ("D1",)), YEAR, status="all", limit=5, snapshot=snapshot)
    for number in others.frame["grievance_id"]:
        hits = cases.grievances(staff, YEAR, status="all", search=number, snapshot=snapshot).frame
        assert number not in hits["grievance_id"].to_list()
