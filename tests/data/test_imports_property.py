"""Whatever is handed in, in whatever order: what is stored is the sum of it, twice is once, and undone is undone."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from data import check, importer, undo
from data.tables import ACTIVITY_KINDS, BY_NAME, ORGANISERS
from tests.data.ledgers import TODAY, activity, branch, empty_tables, everything, frame, stored

pytestmark = pytest.mark.slow  # many whole imports

DAYS = st.dates(date(2025, 1, 1), date(2025, 3, 31))
ACTIVITIES = [f"E{number}" for number in range(4)]
PEOPLE = [f"P{number}" for number in range(3)]

OPTIONAL = {"title": st.none() | st.sampled_from(["甲", "乙"]), "production_linked": st.none() | st.booleans()}


@st.composite
def ledgers(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Draw activities and sign-ins; each ledger of activities has its own choice of optional columns."""
    columns = draw(st.lists(st.sampled_from(sorted(OPTIONAL)), unique=True))
    held = [
        {
            "activity_id": number,
            "branch_id": "A",
            "held_on": draw(DAYS),
            "kind": draw(st.sampled_from([code for code, _ in ACTIVITY_KINDS])),
            "organiser": draw(st.sampled_from([code for code, _ in ORGANISERS])),
            **{name: draw(OPTIONAL[name]) for name in columns},
        }
        for number in draw(st.lists(st.sampled_from(ACTIVITIES), unique=True))
    ]
    signed = [
        {
            "activity_id": number,
            "person_id": person,
            "branch_id": draw(st.sampled_from(["A", "B"])),
            "party_member": draw(st.booleans()),
        }
        for number, person in draw(
            st.lists(st.tuples(st.sampled_from(ACTIVITIES), st.sampled_from(PEOPLE)), unique=True)
        )
    ]
    return {"activities": held, "attendance": signed}


def key(table: str, row: dict[str, Any]) -> tuple[Any, ...]:
    return (row["activity_id"],) if table == "activities" else (row["activity_id"], row["person_id"])


@settings(max_examples=12, deadline=None)
@given(hand_ins=st.lists(ledgers(), min_size=1, max_size=4))
def test_the_database_is_the_sum_of_what_was_handed_in(
    engine: Engine, hand_ins: list[dict[str, list[dict[str, Any]]]]
) -> None:
    empty_tables(engine)
    first = {
        "branches": frame("branches", branch("A"), branch("B")),
        "activities": frame("activities", *(activity(number, date(2025, 1, 1)) for number in ACTIVITIES)),
    }
    assert not importer.store_frames(first, by="x", engine=engine, on=TODAY).refused
    model: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {
        name: {key(name, row): row for row in stored(engine, name)} for name in ("activities", "attendance")
    }
    for hand_in in hand_ins:
        frames = {name: frame(name, *rows) for name, rows in hand_in.items() if rows}
        before = {name: stored(engine, name) for name in model}
        facts = everything(engine)["person_months"]
        result = importer.store_frames(frames, by="x", engine=engine, on=TODAY, allow_move=True)
        assert not result.refused, [fault.text("en") for fault in result.faults]
        for name, rows in hand_in.items():
            for row in rows:
                known = model[name].get(key(name, row), {})
                model[name][key(name, row)] = known | row
        after = {name: stored(engine, name) for name in model}
        assert after == {
            name: [
                {column.name: row.get(column.name) for column in BY_NAME[name].columns}
                for _, row in sorted(rows.items())
            ]
            for name, rows in model.items()
        }
        assert importer.store_frames(frames, by="x", engine=engine, on=TODAY).unchanged
        if not result.unchanged:
            assert result.import_id is not None
            assert not undo.undo(result.import_id, by="x", engine=engine).faults
            assert {name: stored(engine, name) for name in model} == before
            assert everything(engine)["person_months"] == facts
            again = importer.store_frames(frames, by="x", engine=engine, on=TODAY, allow_move=True)
            assert again.counts == result.counts
    assert [problem.text("en") for problem in check.problems(engine)] == []
