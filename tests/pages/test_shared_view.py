"""The address holds the view: ids not labels, nothing believed, and a link opens what was looked at."""

from __future__ import annotations

from weakref import ref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.shared import view
from pages.shared.view import COMPARISONS, PRESETS, Choice, View
from queries import holding
from queries.filters import DIMENSIONS, Month
from queries.metrics import METRICS
from queries.snapshot import Snapshot
from queries.viewers import Viewer

months = st.builds(lambda year, month: f"{year:04d}-{month:02d}", st.integers(2000, 2099), st.integers(1, 12))
spans = st.tuples(months, months).map(lambda pair: "..".join(sorted(pair)))
where = st.dictionaries(
    st.sampled_from(list(DIMENSIONS)), st.integers(1, 2**5 - 1), max_size=4
).map(lambda picked: tuple(
    (name, tuple(code for i, (code, _zh) in enumerate(pairs) if picked[name] >> i & 1 or (i == 0 and not picked[name])))
    for name, pairs in DIMENSIONS.items() if name in picked
)).map(lambda pairs: tuple((name, codes) for name, codes in pairs if codes))  # fmt: skip
rivals = [(m.id, d.id) for m in METRICS.values() for d in m.definitions[1:] if d.id]
choices = st.builds(
    Choice,
    period=st.one_of(st.sampled_from(PRESETS), months, spans),
    unit=st.one_of(st.none(), st.text(min_size=1, max_size=8)),
    compare=st.sampled_from(COMPARISONS),
    where=where,
    definitions=st.lists(st.sampled_from(rivals), unique_by=lambda pair: pair[0], max_size=3).map(
        lambda pairs: tuple(sorted(pairs))
    ),
    lang=st.sampled_from([None, "zh", "en"]),
)


def lists(query: dict[str, str | list[str]]) -> dict[str, list[str]]:
    return {name: [values] if isinstance(values, str) else values for name, values in query.items()}


@given(choices)
def test_a_link_opens_the_view_it_was_taken_from(choice: Choice) -> None:
    assert view.parse(lists(choice.query())) == (choice, [])


@given(st.dictionaries(st.sampled_from([*view._SINGLE, *view._LISTS]), st.lists(st.text(max_size=12), max_size=3)))
def test_whatever_stands_in_the_address_is_a_view_or_named_as_wrong(query: dict[str, list[str]]) -> None:
    choice, wrong = view.parse(query)
    assert view.parse(lists(choice.query())) == (choice, [])
    assert set(wrong) <= set(query)


def test_labels_are_no_ids() -> None:
    choice, wrong = view.parse({"category": ["劳动报酬"], "compare": ["上年同期"], "period": ["近12个月"]})
    assert choice == Choice()
    assert sorted(wrong) == ["category", "compare", "period"]


def test_the_default_definition_is_not_carried_along() -> None:
    assert view.parse({"definition": ["closure_rate:due"]})[0].definitions == ()
    assert view.parse({"definition": ["closure_rate:received"]})[0].definitions == (("closure_rate", "received"),)


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("last12", Month(2024, 6), Month(2025, 5)),
        ("ytd", Month(2025, 1), Month(2025, 5)),
        ("quarter", Month(2025, 4), Month(2025, 5)),
        ("month", Month(2025, 5), Month(2025, 5)),
        ("2024-11", Month(2024, 11), Month(2024, 11)),
        ("2024-11..2025-02", Month(2024, 11), Month(2025, 2)),
    ],
)
def test_periods_end_with_the_last_month_there_is(period: str, start: Month, end: Month) -> None:
    assert view.resolve(period, Month(2025, 5)) == (start, end)


@pytest.fixture
def snapshot(demo: object) -> Snapshot:
    return holding.current()


def seen(snapshot: Snapshot, viewer: Viewer, **chosen: object) -> View:
    return View(viewer, ref(snapshot), "zh", view.changed(Choice(), **chosen), dimensions=("category",))


EXECUTIVE, STAFF = Viewer("a@b", "executive"), Viewer("a@b", "union_staff", ("D1",))
MANAGEMENT = Viewer("a@b", "management")


def test_a_viewer_may_choose_only_units_of_their_own(snapshot: Snapshot) -> None:
    assert seen(snapshot, EXECUTIVE).units == tuple(snapshot.tree.ids)
    assert set(seen(snapshot, STAFF).units) == set(snapshot.subtree("D1"))


def test_a_unit_of_somebody_else_is_not_looked_at(snapshot: Snapshot) -> None:
    assert seen(snapshot, STAFF, branch="D2").branch == "D1"
    assert seen(snapshot, STAFF, branch="D2").filters.branch == "D1"
    assert seen(snapshot, EXECUTIVE, branch="D2").filters.branch == "D2"
    assert seen(snapshot, EXECUTIVE, branch="nowhere").filters.branch == "HQ"


def test_the_unit_above_is_compared_with_only_where_it_may_be_seen(snapshot: Snapshot) -> None:
    assert seen(snapshot, EXECUTIVE, branch="D1", compare="parent").compare == "parent"
    assert seen(snapshot, STAFF, branch="D1", compare="parent").compare == "previous"
    assert seen(snapshot, STAFF, branch="D1", compare="parent").parent is None


def test_management_sees_closed_months_only(snapshot: Snapshot) -> None:
    # The conformance data ends on 17 June 2025: June is not over.
    assert seen(snapshot, EXECUTIVE).last_month == Month(2025, 6)
    assert seen(snapshot, MANAGEMENT).last_month == Month(2025, 5)


def test_a_page_applies_only_the_dimensions_it_offers_and_the_others_are_kept(snapshot: Snapshot) -> None:
    chosen = seen(snapshot, EXECUTIVE, category="pay", theme=("safety", "cost"))
    assert chosen.filters.where == (("category", ("pay",)),)
    assert chosen.choice.query()["theme"] == ["safety", "cost"]


def test_a_chosen_rival_definition_is_what_is_asked(snapshot: Snapshot) -> None:
    chosen = seen(snapshot, EXECUTIVE, definition=("closure_rate", "received"))
    assert chosen.ask("closure_rate").definition.id == "received"
    assert seen(snapshot, EXECUTIVE).ask("closure_rate").definition.id == "due"
    assert view.changed(chosen.choice, definition=("closure_rate", "due")).definitions == ()


def test_the_period_before_is_as_long_and_the_year_before_a_year_earlier(snapshot: Snapshot) -> None:
    half = seen(snapshot, EXECUTIVE, period="2025-01..2025-03")
    assert half.before("closure_rate", "month").frame["group"].to_list() == ["2024-10", "2024-11", "2024-12"]
    year = seen(snapshot, EXECUTIVE, period="2025-01..2025-03", compare="year_ago")
    assert year.before("closure_rate", "month").frame["group"].to_list() == ["2024-01", "2024-02", "2024-03"]


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("last12", Month(2024, 1), Month(2024, 12)),
        ("ytd", Month(2025, 1), Month(2025, 3)),
        ("quarter", Month(2025, 1), Month(2025, 3)),
        ("month", Month(2025, 5), Month(2025, 5)),
        ("2024-11", Month(2024, 11), Month(2024, 11)),
    ],
)
def test_the_management_sides_periods_are_whole_years_and_quarters(period: str, start: Month, end: Month) -> None:
    assert view.resolve_closed(period, Month(2024, 1), Month(2025, 5)) == (start, end)


def test_without_a_full_year_the_management_side_begins_with_what_is_closed() -> None:
    assert view.resolve_closed("last12", Month(2025, 2), Month(2025, 5)) == (Month(2025, 1), Month(2025, 3))
    assert view.resolve_closed("last12", Month(2025, 4), Month(2025, 5)) == (Month(2024, 6), Month(2025, 5))
