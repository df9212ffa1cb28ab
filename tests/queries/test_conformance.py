"""The conformance set: every row of `expected.json`, on both databases, from clean tables and from messy ledgers."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from queries.__main__ import answer
from queries.metrics import METRICS
from queries.snapshot import Snapshot
from tests.queries.conftest import CONFORMANCE, imported

EXPECTED = json.loads((CONFORMANCE / "expected.json").read_text("utf-8"))
FIGURES = ("numerator", "denominator", "value", "low", "high")


@pytest.fixture(
    scope="module",
    params=[(kind, folder) for kind in ("sqlite", "postgresql") for folder in ("tables", "messy")],
    ids=str,
)
def stored(request: pytest.FixtureRequest, new_address: Callable[[str], str]) -> Iterator[Snapshot]:
    """The conformance set from clean tables and from messy ledgers, on both databases."""
    kind, folder = request.param
    yield from imported(new_address(kind), CONFORMANCE / folder)


def same(expected: float | None, found: float | None) -> bool:
    """Whether two figures are equal to 1e-9 relative or 1e-12 absolute; null only equals null."""
    if expected is None or found is None:
        return expected is found
    return math.isclose(expected, found, rel_tol=1e-9, abs_tol=1e-12)


def nothing_in_it(row: Mapping[str, Any]) -> bool:
    """Whether a row says that nothing was there, which an answer by code may leave out."""
    return not row["numerator"] and not row["value"]


def test_every_expected_row_is_answered_and_no_other(stored: Snapshot) -> None:
    assert stored.data_date.isoformat() == EXPECTED["data_date"]
    wrong = []
    for case in EXPECTED["answers"]:
        found = {row["group"]: row for row in answer(case["query"], stored)["rows"]}
        expected = {row["group"]: row for row in case["rows"]}
        for group, row in expected.items():
            there = found.get(group)
            if there is None or not all(same(row.get(name), there.get(name)) for name in FIGURES):
                wrong.append((case["query"], row, there))
        wrong.extend(
            (case["query"], None, row)
            for group, row in found.items()
            if group not in expected and not nothing_in_it(row)
        )
        assert not any(row["suppressed"] for row in found.values())
    assert not wrong, f"{len(wrong)} rows differ, first {wrong[0]}"


def test_the_set_asks_every_metric_and_rival_definition() -> None:
    asked = {(c["query"]["metric"], c["query"].get("definition")) for c in EXPECTED["answers"]}
    for metric in METRICS.values():
        assert (metric.id, None) in asked
        assert all((metric.id, rival.id) in asked for rival in metric.definitions[1:])
    assert len(METRICS) == 48
    assert len(EXPECTED["answers"]) == 1089
