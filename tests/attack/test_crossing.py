"""What one visitor was shown must not reach another: warm every cache as one, read as the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given, settings
from hypothesis import strategies as st

from data import database
from pages.shared.navigation import ENTRIES
from queries import changes, needs
from queries.answers import ask
from queries.durations import durations
from queries.errors import QueryError
from queries.filters import DIMENSIONS, Filters, Month
from queries.flow import flow
from queries.foresight import outlook
from queries.loading import load
from queries.metrics import METRICS
from queries.snapshot import Snapshot
from queries.viewers import OPERATOR, Viewer
from tests.attack.conftest import ROLES, Office
from tests.attack.intruder import Intruder
from tests.attack.test_pages import USUAL, not_for
from tests.browser.browsing import Server

PAGES = [entry for entry in ENTRIES if entry.path.is_file()]
VIEWERS = [OPERATOR, *(Viewer(email, role, units) for email, role, units in ROLES.values())]  # type: ignore[arg-type]


def test_what_one_is_shown_at_the_same_time_as_another_is_their_own(
    office: Office, fresh: Callable[..., Server]
) -> None:
    server = fresh()
    queries = (USUAL, "period=2025-01..2025-06", "period=last12&unit=D1", "period=last12&unit=D2")

    def look(role: str) -> Intruder:
        with Intruder(server.url, ROLES[role][0]) as one:
            for query in queries:
                for entry in PAGES:
                    one.run("" if entry is PAGES[0] else entry.key, query)
        return one

    # The one who sees most goes first, then all at once.
    look("union_staff")
    with ThreadPoolExecutor() as pool:
        for role, one in zip(ROLES, pool.map(look, ROLES), strict=True):
            assert not not_for(role, one.heard, office), role


asked = st.tuples(
    st.sampled_from(VIEWERS),
    st.sampled_from(sorted(METRICS)),
    st.sampled_from([None, "unit", "branch", "month", "category", "theme", "kind", "dimension"]),
    st.sampled_from([None, "HQ", "D1", "D2", "D2B1"]),
    st.sampled_from([(1, 6), (1, 12), (4, 4), (2, 13)]),
)


def answer(question: tuple[Viewer, str, str | None, str | None, tuple[int, int]], snapshot: Snapshot) -> object:
    viewer, metric, by, branch, (start, end) = question
    first = Month(2024, 1)
    try:
        filters = Filters(first + (start - 1), first + (end - 1), branch)
        return ask(viewer, metric, filters, by, None, snapshot).frame.to_dicts()
    except QueryError as refused:
        return str(refused)


_loaded: dict[str, Snapshot] = {}


def snapshot_of(office: Office) -> Snapshot:
    if "snapshot" not in _loaded:
        engine = database.engine_for(f"sqlite:///{office.home / 'dashboard.db'}")
        _loaded["snapshot"] = load(engine)
    return _loaded["snapshot"]


@given(questions=st.lists(asked, min_size=2, max_size=6))
@settings(max_examples=40, deadline=None)
def test_an_answer_does_not_depend_on_who_asked_before(questions: list, office: Office) -> None:
    held = snapshot_of(office)
    warm = held.with_frames({})
    for question in questions:
        answer(question, warm)
    for question in reversed(questions):
        assert answer(question, warm) == answer(question, held.with_frames({}))


def asked_of(viewer: Viewer, held: Snapshot) -> list[object]:
    """What a viewer gets of everything that is kept for the next who asks the same."""
    year = Filters(Month(2024, 1), Month(2024, 12))
    found: list[object] = [
        answer((viewer, metric, by, None, (1, 12)), held)
        for metric in ("grievances_received", "closure_rate", "engagement_index", "aid_amount", "proposer_rate")
        for by in (None, "unit", "branch")
    ]
    for kept in (
        lambda: durations(viewer, "grievances", year, "branch", held).groups.to_dicts(),
        lambda: durations(viewer, "suggestions", year, None, held).at_risk.to_dicts(),
        lambda: needs.wanted(viewer, year, held).to_dicts(),
        lambda: flow(viewer, year, held).to_dicts(),
        lambda: changes.history(viewer, "on_time_rate", year, None, held).answer.frame.to_dicts(),
        lambda: changes.voices(viewer, year, held).to_dicts(),
        lambda: changes.between_units(viewer, "on_time_rate", year, None, held).frame.to_dicts(),
        lambda: outlook(viewer, year, held),
    ):
        try:
            found.append(repr(kept()))
        except QueryError as refused:
            found.append(str(refused))
    return found


def test_who_asks_the_same_after_another_gets_their_own_answer(office: Office) -> None:
    held = snapshot_of(office)
    viewers = [*VIEWERS, Viewer("other@x", "union_staff", ("D2",))]
    own = [asked_of(viewer, held.with_frames({})) for viewer in viewers]
    assert len({repr(one) for one in own}) >= 5, "their answers differ"
    for order in (range(len(viewers)), reversed(range(len(viewers)))):
        warm = held.with_frames({})
        for place in order:
            assert asked_of(viewers[place], warm) == own[place], viewers[place]


odd = ["D1", "D2'; --", "=1+1", "%", "_", "\x00", "HQ/../D1", "第1分公司"]
texts = st.one_of(st.text(max_size=30), st.sampled_from(odd))


@given(branch=texts, dimension=texts, code=texts, month=texts, metric=texts, by=texts, definition=texts, role=texts)
@settings(max_examples=150, deadline=None)
def test_no_text_in_any_filter_does_anything_but_be_refused_or_answered(
    branch: str, dimension: str, code: str, month: str, metric: str, by: str, definition: str, role: str, office: Office
) -> None:
    held = snapshot_of(office)
    staff = Viewer("u@x", "union_staff", ("D1",))
    for make in (
        lambda: Filters(Month.parse(month), Month(2024, 12)),
        lambda: Filters(Month(2024, 1), Month(2024, 12), branch),
        lambda: Filters(Month(2024, 1), Month(2024, 12), where=((dimension, (code,)),)),
        lambda: Filters(Month(2024, 1), Month(2024, 12), where=((next(iter(DIMENSIONS)), (code,)),)),
    ):
        for name, grouping, meant in (
            ("grievances_received", None, None), (metric, None, None), ("closure_rate", by, None),
            ("closure_rate", None, definition),
        ):  # fmt: skip
            try:
                found = ask(staff, name, make(), grouping, meant, held).frame
            except QueryError:
                continue
            groups = set(found["group"]) - {None}
            assert grouping in ("unit", "branch") or not groups & set(held.tree.ids)
            assert not groups & (set(held.tree.ids) - set(held.subtree("D1")))


@given(units=st.lists(texts, min_size=1, max_size=3))
@settings(max_examples=50, deadline=None)
def test_units_that_do_not_exist_open_nothing(units: list[str], office: Office) -> None:
    held = snapshot_of(office)
    unknown = tuple(unit for unit in units if unit not in held.tree.index)
    stranger = Viewer("u@x", "union_staff", unknown or ("nowhere",))
    found = ask(stranger, "grievances_received", Filters(Month(2024, 1), Month(2025, 6)), "unit", None, held)
    assert found.frame.is_empty()
