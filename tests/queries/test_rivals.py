"""What makes two definitions differ: cases lead from one value to the other, and only their union staff see them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import pytest

from data import database
from queries.answers import ask
from queries.errors import NotAllowed
from queries.filters import Filters, Month
from queries.metrics import METRICS
from queries.rivals import EXPLAINED, REASONS, counts, difference
from queries.snapshot import Snapshot
from queries.viewers import OPERATOR, Role, Viewer
from tests.queries.conftest import CONFORMANCE, imported

PAIRS = [
    (metric, first.id, second.id)
    for metric in EXPLAINED
    for first, second in permutations(METRICS[metric].definitions, 2)
]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    """The conformance set on the embedded database."""
    address = f"sqlite:///{tmp_path_factory.mktemp('rivals') / 'facts.db'}"
    yield from imported(address, CONFORMANCE / "tables")
    database.engine_for(address).dispose()


@pytest.mark.parametrize(("metric", "first", "second"), PAIRS)
@pytest.mark.parametrize("where", [(), (("category", ("pay", "safety")),)])
def test_the_cases_lead_from_one_value_to_the_other(
    snapshot: Snapshot, metric: str, first: str, second: str, where: tuple[tuple[str, tuple[str, ...]], ...]
) -> None:
    filters = Filters(Month(2024, 7), Month(2025, 6), "D1", where=where)
    found = difference(OPERATOR, metric, first, second, filters, snapshot)
    assert found is not None
    for definition, sums in ((first, found.first_counts), (second, found.second_counts)):
        row = ask(OPERATOR, metric, filters, None, definition, snapshot).one
        assert sums == (row["numerator"], row["denominator"])
    assert sum(part.effect for part in found.parts) == pytest.approx(found.difference, abs=1e-12)
    assert sum(part.denominator for part in found.parts) == found.second_counts[1] - found.first_counts[1]
    assert {part.name for part in found.parts} <= set(REASONS)


def test_what_the_flattering_definition_leaves_out_has_a_name(snapshot: Snapshot) -> None:
    filters = Filters(Month(2024, 7), Month(2025, 6))
    found = difference(OPERATOR, "on_time_rate", "due", "closed", filters, snapshot)
    assert found is not None
    still_open = next(part for part in found.parts if part.name == "still_open")
    assert still_open.effect > 0 and still_open.numerator == 0, "overdue and open: counted only by those due"


@pytest.mark.parametrize("role", ["executive", "management", "admin"])
def test_the_counts_are_for_those_who_may_see_the_cases(snapshot: Snapshot, role: Role) -> None:
    with pytest.raises(NotAllowed):
        difference(
            Viewer("a@b", role), "closure_rate", "due", "flow", Filters(Month(2025, 1), Month(2025, 6)), snapshot
        )


@pytest.mark.parametrize(("metric", "first", "second"), PAIRS)
def test_others_are_told_about_how_many(snapshot: Snapshot, metric: str, first: str, second: str) -> None:
    filters = Filters(Month(2024, 7), Month(2025, 6))
    exact = difference(OPERATOR, metric, first, second, filters, snapshot)
    assert exact is not None
    cases = {part.name: part.cases for part in exact.parts}
    told = dict(counts(Viewer("lin@example.com", "executive"), metric, first, second, filters, snapshot))
    assert set(told) == {name for name, count in cases.items() if count >= 5}, "fewer than five are not told"
    for name, count in told.items():
        assert count % 5 == 0 and abs(count - cases[name]) <= 2
    assert counts(Viewer("han@example.com", "management"), metric, first, second, filters, snapshot) == ()


def test_nothing_is_told_of_a_value_that_is_withheld(snapshot: Snapshot) -> None:
    leader = Viewer("lin@example.com", "executive")
    months = [Month(2025, month) for month in range(1, 7)]
    units = snapshot.tree.ids
    hidden = 0
    for unit in units:
        for month in months:
            filters = Filters(month, month, unit)
            rows = [ask(leader, "closure_rate", filters, None, name, snapshot).one for name in ("due", "received")]
            if any(row["suppressed"] for row in rows):
                hidden += 1
                assert counts(leader, "closure_rate", "due", "received", filters, snapshot) == ()
    assert hidden > 20


def test_no_case_no_difference(snapshot: Snapshot) -> None:
    filters = Filters(Month(2019, 1), Month(2019, 2))
    assert difference(OPERATOR, "closure_rate", "due", "received", filters, snapshot) is None
