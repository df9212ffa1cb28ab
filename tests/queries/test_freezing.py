"""A frozen meeting stays what it was, whatever is imported later, and a change of one stored figure is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import select, update

from data import agenda as agendas
from data import database, frozen, importer, reader
from data.__main__ import main
from data.agenda import Item, Plan
from data.schema import frozen_meetings
from queries import chain, freezing, ledger, minutes, since_frozen
from queries.errors import NotAllowed, QueryError
from queries.filters import Filters, Month
from queries.holding import current, reload
from queries.snapshot import Snapshot
from queries.viewers import Viewer
from tests.conftest import DATABASES

TABLES = Path(__file__).parents[1] / "conformance" / "tables"
STAFF = Viewer("wu@example.com", "union_staff", ("D1",))
SPAN = Filters(Month(2020, 1), Month(2025, 12), "D1")


@pytest.fixture(scope="module", params=DATABASES)
def home(
    request: pytest.FixtureRequest, new_address: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The conformance tables in a database of either kind, as the configured one; the folder of what is kept beside."""
    place = tmp_path_factory.mktemp("room")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DASHBOARD_DATABASE_URL", new_address(request.param))
        patch.setenv("DASHBOARD_HOME", str(place))
        stored = importer.store_batch(reader.read([TABLES]), by="test", kind="demo")
        assert not stored.refused
        yield place
        database.engine().dispose()


@pytest.fixture(scope="module")
def snapshot(home: Path) -> Snapshot:
    return current()


@pytest.fixture(scope="module")
def plan(snapshot: Snapshot) -> Plan:
    start, end = freezing.default_months(snapshot)
    made = Plan("P1", "D1", "joint_consultation", "一分公司平等协商", date(2025, 7, 1), str(start), str(end))
    minutes.plan(STAFF, made, snapshot)
    item = Item("own-1", "own", {"zh": "食堂", "en": "Canteen"}, {"zh": "", "en": ""}, "grievances_received", "D1")
    with database.writing() as connection:
        agendas.keep_items(connection, "P1", [item])
    return made


@pytest.fixture(scope="module")
def state(plan: Plan, snapshot: Snapshot) -> frozen.Frozen:
    return freezing.prepare(STAFF, plan.meeting_id, snapshot)


def test_everything_is_frozen_as_the_management_side_may_see_it(state: frozen.Frozen, snapshot: Snapshot) -> None:
    told = state.told
    assert told["seen_as"] == "management"
    viewer = Viewer("x", "management", ("D1",))
    filters = Filters(Month.parse(told["meeting"]["first_month"]), Month.parse(told["meeting"]["last_month"]), "D1")
    for figure in told["figures"]:
        asked = freezing.ask(viewer, figure["metric"], filters, None, None, snapshot).one
        assert figure["total"][3] == asked["value"]
        assert figure["total"][6] == asked["suppressed"]
    assert any(figure["total"][6] for figure in told["figures"]) or told["figures"]


def test_no_case_number_and_no_text_of_a_case_is_in_what_is_frozen(state: frozen.Frozen) -> None:
    cases = pl.read_csv(TABLES / "grievances.csv", infer_schema=False)
    assert not [number for number in cases["grievance_id"] if f'"{number}"' in state.content]
    assert not [text for text in cases["summary"].drop_nulls().unique() if len(text) > 3 and text in state.content]


def test_the_same_question_freezes_to_the_same_figures(state: frozen.Frozen, plan: Plan, snapshot: Snapshot) -> None:
    with database.reading() as connection:
        items = agendas.items(connection, "P1")
    again = freezing.contents(plan, items, STAFF.email, snapshot)
    told = state.told
    assert {**again, "frozen_at": ""} == {**told, "frozen_at": ""}
    assert state.sha256 == frozen.digest(frozen.canonical(told))


def test_others_may_not_prepare_a_meeting(plan: Plan, snapshot: Snapshot) -> None:
    for role in ("executive", "management", "admin"):
        with pytest.raises(NotAllowed):
            freezing.prepare(Viewer("x", role, ()), "P1", snapshot)
    with pytest.raises(NotAllowed):
        freezing.prepare(Viewer("x", "union_staff", ("D2",)), "P1", snapshot)
    with pytest.raises(NotAllowed):
        freezing.opened(Viewer("x", "management", ("D2",)), "P1", snapshot)


def test_a_promise_made_at_the_meeting_stands_in_the_ledger(
    plan: Plan, state: frozen.Frozen, snapshot: Snapshot
) -> None:
    before = state.sha256
    held = minutes.hold(STAFF, plan, snapshot.data_date, 30, 24, 20, snapshot)
    assert not held.refused
    made = minutes.promise(
        STAFF, plan, branch="D1", topic="改善食堂", owner="综合部", due_on=date(2025, 12, 31), metric="on_time_rate",
        target=0.9, item_id="own-1", snapshot=snapshot,
    )  # fmt: skip
    assert not made.refused
    with database.reading() as connection:
        (item,) = agendas.items(connection, "P1")
        kept = frozen.latest(connection, "P1")
    assert item.links == (("commitment", "P1-1"),)
    row = ledger._stored().filter(commitment_id="P1-1").row(0, named=True)
    assert (row["topic"], row["target"], row["meeting_branch"]) == ("改善食堂", 0.9, "D1")
    assert kept is not None
    assert kept.sha256 == before


def test_a_promise_is_marked_as_done_with_its_evidence_and_corrected(state: frozen.Frozen, plan: Plan) -> None:
    def row() -> dict[str, Any]:
        rows = ledger.ledger(STAFF, SPAN, snapshot=reload())
        return rows.row(by_predicate=pl.col("commitment_id") == "P1-1", named=True)

    assert row()["state"] == "due"
    with pytest.raises(NotAllowed):
        minutes.done(Viewer("x", "management", ("D1",)), "P1-1", date(2025, 6, 30), "看过")
    with pytest.raises(NotAllowed):
        minutes.amend(Viewer("x", "union_staff", ("D2",)), "P1-1", topic="别的", owner="", due_on=date(2026, 1, 1))
    assert not minutes.amend(STAFF, "P1-1", topic="改善夜班供餐", owner="后勤部", due_on=date(2025, 6, 29)).refused
    assert not minutes.done(STAFF, "P1-1", date(2025, 6, 30), " 夜班窗口已开放 ").refused
    after = row()
    assert (after["topic"], after["owner"], after["due_on"]) == ("改善夜班供餐", "后勤部", date(2025, 6, 29))
    assert (after["done_on"], after["evidence"], after["state"]) == (date(2025, 6, 30), "夜班窗口已开放", "done_late")
    assert (after["metric"], after["target"]) == ("on_time_rate", 0.9)  # what was not corrected stays
    with pytest.raises(QueryError):
        minutes.done(STAFF, "P1-99", date(2025, 6, 30))


def test_the_chain_names_what_exists_and_tells_the_other_side_no_suggestion(state: frozen.Frozen) -> None:
    ours = chain.known(STAFF, "D1", suggestions=True)
    theirs = chain.known(Viewer("x", "management", ("D1",)), "D1", suggestions=True)
    assert ours.suggestions
    assert not theirs.suggestions
    choices = chain.choices(ours)
    assert "P1-1" in choices["commitment"]
    with database.writing() as connection:
        agendas.change_item(connection, "P1", "own-1", links=(("motion", "提案7号"), ("clause", "K1 第3条")))
    again = chain.choices(ours)
    assert "提案7号" in again["motion"]  # named once, offered from then on
    assert "K1 第3条" in again["clause"]
    assert chain.contract_of("K1 第3条") == "K1"


def test_later_grievances_leave_the_frozen_meeting_as_it_was(state: frozen.Frozen, snapshot: Snapshot) -> None:
    first = Month.parse(state.told["meeting"]["first_month"]).first
    rows = pl.DataFrame(
        {
            "grievance_id": [f"NEW{n}" for n in range(1000)],
            "branch_id": ["D1"] * 1000,
            "filed_on": [first] * 1000,
            "category": ["pay"] * 1000,
            "channel": ["hotline"] * 1000,
        }
    )
    assert not importer.store_frames({"grievances": rows}, by="test").refused
    with database.reading() as connection:
        kept = frozen.latest(connection, "P1")
    assert kept is not None
    assert kept.content == state.content
    assert main(["--language", "en", "verify", "P1"]) == 0


def test_what_has_changed_since_is_told_in_figures_and_to_the_other_side_without_open_ones(
    state: frozen.Frozen,
) -> None:
    now = reload()
    ours = since_frozen.figures(STAFF, state.told, now)
    (total,) = [one for one in ours if one.metric == "grievances_received" and one.by is None]
    assert total.whole is not None
    then, whole = total.then[0], total.whole[0]
    assert then is not None
    assert whole == then + 1000  # the months are closed: only the union sees what came late
    assert total.now == total.then
    theirs = since_frozen.figures(Viewer("x", "management", ("D1",)), state.told, now)
    assert not [one for one in theirs if one.metric == "grievances_received"]
    assert all(one.whole is None for one in theirs)


def test_a_change_by_few_cases_is_told_without_todays_value(state: frozen.Frozen) -> None:
    told = state.told
    (figure,) = [one for one in told["figures"] if one["metric"] == "grievances_received"]
    for difference, close in ((2, True), (50, False)):
        total = figure["total"]
        figure["total"] = [total[0], *[None if one is None else one + difference for one in total[1:4]], *total[4:]]
        figure["total"][2] = total[2]
        theirs = since_frozen.figures(Viewer("x", "management", ("D1",)), told, current())
        (moved,) = [one for one in theirs if one.metric == "grievances_received" and one.by is None]
        assert moved.close == close


def test_a_promise_kept_since_is_told(state: frozen.Frozen) -> None:
    told = state.told
    assert told["ledger"]
    told["ledger"][0]["state"] = "due" if told["ledger"][0]["state"] != "due" else "overdue"
    told["ledger"][-1]["commitment_id"] = "GONE"
    settled = since_frozen.promises(told, current())
    assert [one.now for one in settled if one.topic == told["ledger"][-1]["topic"]][-1] is None
    assert settled[0].then == told["ledger"][0]["state"]


def test_tampering_with_one_figure_is_found(state: frozen.Frozen, capsys: pytest.CaptureFixture[str]) -> None:
    told = state.told
    told["figures"][2]["total"][3] = 1.0
    forged = frozen.canonical(told)
    t = frozen_meetings
    for values in ({"content": forged}, {"content": forged, "sha256": frozen.digest(forged)}):
        with database.writing() as connection:  # the second forger changes the hash as well; the log still knows
            connection.execute(update(t).where(t.c.meeting_id == "P1").values(values))
        assert main(["--language", "en", "verify", "P1"]) == 1
        assert state.sha256 in capsys.readouterr().err
    with database.writing() as connection:
        connection.execute(update(t).values(content=state.content, sha256=state.sha256))
    with database.reading() as connection:
        assert json.loads(connection.scalar(select(t.c.content)) or "{}") == state.told


def test_a_meeting_without_anything_frozen_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--language", "en", "verify", "NONE"]) == 1
    assert "NONE" in capsys.readouterr().err


def _months(values: list[float], denominator: int = 200) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "value": values,
            "numerator": [value * denominator for value in values],
            "denominator": [float(denominator)] * len(values),
        }
    )


STEADY = [0.80, 0.82, 0.79, 0.81, 0.80, 0.78, 0.81, 0.83, 0.79, 0.80, 0.82, 0.80]


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        (STEADY, [0.81, 0.79, 0.80], "unchanged"),
        (STEADY, [0.95, 0.96, 0.97], "improved"),
        (STEADY, [0.60, 0.58, 0.59], "worsened"),
        (STEADY, [0.95, 0.96], "too_early"),  # two months since: not yet
        (STEADY[:11], [0.95, 0.96, 0.97], "too_early"),  # eleven months before: no limits yet
    ],
)
def test_a_promised_figure_has_changed_only_beyond_chance(before: list[float], after: list[float], effect: str) -> None:
    assert ledger.judged(_months(before), _months(after), 1, proportion=True).effect == effect


def test_seven_months_above_the_level_before_are_a_change_without_any_outside() -> None:
    small = [value + 0.012 for value in [0.80] * 7]
    assert ledger.judged(_months(STEADY), _months(small), 1, proportion=False).effect == "improved"
    assert ledger.judged(_months(STEADY), _months(small[:6]), 1, proportion=False).effect == "unchanged"
