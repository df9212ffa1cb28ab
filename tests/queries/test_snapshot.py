"""A snapshot read in parts is the one read anew, after any change; its copy is as good, and neither tells a person."""

from __future__ import annotations

import gc
import json
import logging
import stat
import weakref
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine, delete, update

from data import database, importer, schema, undo
from data.schema import HANDED_IN, person_months
from queries import copies
from queries.answers import ask, grid
from queries.distinct import People
from queries.errors import NotNow
from queries.filters import Filters, Month
from queries.loading import PARTS, load
from queries.snapshot import Snapshot
from queries.viewers import OPERATOR, Viewer
from queries.warming import warm_up
from tests.data.ledgers import TODAY, activity, branch, first_ledgers, frame, grievance, sign_in

PERIOD = Filters(Month(2025, 1), Month(2025, 6))


def hand_in(engine: Engine, frames: dict[str, pl.DataFrame]) -> int:
    result = importer.store_frames(frames, by="clerk@example.com", engine=engine, on=TODAY)
    assert not result.refused, [fault.text("en") for fault in result.faults]
    assert result.import_id is not None
    return result.import_id


def same(one: Snapshot, other: Snapshot) -> None:
    """Assert that two snapshots hold the same facts; which number stands for which person may differ."""
    assert one.units.equals(other.units)
    assert (one.stamp, one.data_date) == (other.stamp, other.data_date)
    for name in PARTS:
        left, right = getattr(one, name), getattr(other, name)
        assert left.sort(left.columns).equals(right.sort(right.columns)), name
        assert left.schema == right.schema, name
    here, there = one.person_months, other.person_months
    assert here.drop("person").equals(there.drop("person"))
    people = pl.DataFrame({"here": here["person"], "there": there["person"]})
    assert people.n_unique() == here["person"].n_unique() == there["person"].n_unique()


@pytest.fixture
def filled(empty: Engine) -> Engine:
    hand_in(empty, first_ledgers())
    return empty


def _more_sign_ins(engine: Engine) -> None:
    frames = {"activities": frame("activities", activity("E4", date(2025, 2, 9), organiser="joint"))}
    hand_in(engine, frames | {"attendance": frame("attendance", sign_in("E4", "P3", "B"), sign_in("E4", "P1"))})


def _a_closed_case(engine: Engine) -> None:
    closed = grievance("G1", closed_on=date(2025, 3, 20), outcome="resolved")
    hand_in(engine, {"grievances": frame("grievances", closed)})


def _a_unit_between(engine: Engine) -> None:
    hand_in(engine, {"branches": frame("branches", branch("AA", "HQ"), branch("A1", "A"))})


def _a_unit_that_moves(engine: Engine) -> None:
    hand_in(engine, {"branches": frame("branches", branch("A", "B"))})


def _an_activity_that_moves_to_another_month(engine: Engine) -> None:
    hand_in(engine, {"activities": frame("activities", activity("E3", date(2025, 4, 5)))})


def _limits(engine: Engine) -> None:
    level = {"category": "pay", "response_days": 2, "closing_days": 7, "day_kind": "working"}
    hand_in(engine, {"service_levels": frame("service_levels", level)})


def _a_hand_in_taken_back(engine: Engine) -> None:
    frames = {"activities": frame("activities", activity("E9", date(2025, 6, 9)))}
    number = hand_in(engine, frames | {"attendance": frame("attendance", sign_in("E9", "P9"))})
    load(engine)
    assert undo.undo(number, by="clerk@example.com", engine=engine)


CHANGES = (
    _more_sign_ins, _a_closed_case, _a_unit_between, _a_unit_that_moves, _an_activity_that_moves_to_another_month,
    _limits, _a_hand_in_taken_back,
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
def test_read_in_parts_it_is_the_one_read_anew(filled: Engine, change: Callable[[Engine], None]) -> None:
    before = load(filled)
    change(filled)
    after = load(filled, before)
    assert after.version > before.version
    same(after, load(filled))


def test_after_many_changes_too(filled: Engine) -> None:
    snapshot = load(filled)
    for change in CHANGES:
        change(filled)
        snapshot = load(filled, snapshot)
    same(snapshot, load(filled))


def test_months_that_did_not_change_are_not_read_again(filled: Engine) -> None:
    before = load(filled)
    with database.writing(filled) as connection:  # nobody told: the version stays
        connection.execute(delete(person_months).where(person_months.c.month == "2025-01"))
        connection.execute(update(HANDED_IN["grievances"]).values(channel="mailbox"))
    _more_sign_ins(filled)
    after = load(filled, before)
    january = pl.col("m") == Month(2025, 1).index
    assert after.person_months.filter(january).height == before.person_months.filter(january).height == 2
    assert after.grievances.equals(before.grievances)
    assert after.person_months.filter(~january).height == 3


def test_a_backup_that_was_put_back_is_read_whole(filled: Engine) -> None:
    snapshot = load(filled)
    _a_closed_case(filled)
    later = load(filled, snapshot)
    # As a restore leaves it: the same version again, reached by other hand-ins.
    with database.writing(filled) as connection:
        connection.execute(update(HANDED_IN["grievances"]).values(channel="mailbox"))
        at = datetime(2025, 7, 1, 8)
        connection.execute(update(schema.imports).values(at=at))
    restored = load(filled, later)
    assert restored.version == later.version and restored.stamp != later.stamp
    same(restored, load(filled))


def test_an_old_snapshot_is_let_go_at_once(filled: Engine) -> None:
    snapshot = load(filled)
    warm_up(snapshot)
    for viewer in (OPERATOR, Viewer("chair", "executive")):
        for metric in ("closure_rate", "participation_rate"):
            grid(viewer, metric, PERIOD, "unit", "month", snapshot=snapshot)
    gone = weakref.ref(snapshot)
    gc.disable()  # nothing it keeps may point back at it: a collection can be minutes away
    try:
        del snapshot
        assert gone() is None
    finally:
        gc.enable()


def test_everything_in_it_is_small(snapshot: Snapshot) -> None:
    held = snapshot.person_months
    assert held.schema == {
        "person": pl.Int32, "u": pl.UInt16, "m": pl.Int16, "party_member": pl.Boolean, "mask": pl.Int64
    }  # fmt: skip
    assert held["m"].is_sorted() and held.n_chunks() == 1
    for name in ("grievances", "suggestions", "activities", "attendance_days", "answers"):
        codes = getattr(snapshot, name).select(pl.selectors.by_dtype(pl.String))
        assert codes.columns == [], name


@pytest.fixture
def telling(empty: Engine) -> Engine:
    """People and cases that could be told by their codes and words, were any of them held."""
    hand_in(empty, first_ledgers())
    words = {"summary": "SECRET summary"}
    idea = {"suggestion_id": "SECRET-S1", "branch_id": "A", "person_id": "SECRET-P7", "submitted_on": date(2025, 3, 1)}
    hand_in(
        empty,
        {
            "activities": frame("activities", activity("SECRET-E8", date(2025, 3, 9), title="SECRET title")),
            "attendance": frame("attendance", sign_in("SECRET-E8", "SECRET-P8")),
            "grievances": frame("grievances", grievance("SECRET-G8", **words)),
            "suggestions": frame("suggestions", {**idea, "theme": "safety", "title": "SECRET idea"}),
            "interests": frame(
                "interests",
                {"person_id": "SECRET-P8", "branch_id": "A", "topic": "瑜伽", "recorded_on": date(2025, 3, 9)},
            ),
        },
    )
    return empty


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DASHBOARD_HOME", str(tmp_path))
    return tmp_path / "snapshots"


def address_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_neither_snapshot_nor_copy_holds_a_person_or_the_words_of_a_case(telling: Engine, home: Path) -> None:
    snapshot = load(telling)
    assert snapshot.grievances.height == 3 and snapshot.suggestions.height == 1
    warm_up(snapshot)
    copies.keep(snapshot, address_of(telling))
    copies.keep_tables(snapshot, address_of(telling))
    held = [frame for frame in vars(snapshot).values() if isinstance(frame, pl.DataFrame)]
    assert "瑜伽" in str([frame.rows() for frame in held]) and "SECRET" not in str([frame.rows() for frame in held])
    written = [pl.read_parquet(path) for path in files(home) if path.suffix == ".parquet"]
    assert "瑜伽" in str([frame.rows() for frame in written])
    assert "SECRET" not in str([frame.rows() for frame in written])
    assert not any(b"SECRET" in path.read_bytes() for path in files(home))


def test_a_copy_is_as_good_as_the_snapshot(snapshot: Snapshot, home: Path) -> None:
    address = "postgresql://user:password@db.example/dashboard"
    warm_up(snapshot)
    copies.keep(snapshot, address)
    copies.keep_tables(snapshot, address)
    engine = database.engine_for("sqlite:////nowhere/at/all.db")
    found = copies.find(address, engine)
    assert found is not None
    same(found, snapshot)
    assert found.loaded_at == snapshot.loaded_at
    for metric in ("participation_rate", "closure_rate", "median_days_to_close", "union_membership_rate"):
        for by in (None, "unit", "month"):
            wanted = ask(OPERATOR, metric, PERIOD, by, snapshot=snapshot).frame
            assert ask(OPERATOR, metric, PERIOD, by, snapshot=found).frame.equals(wanted), (metric, by)


def test_what_was_worked_out_is_not_worked_out_again(
    snapshot: Snapshot, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm_up(snapshot)
    copies.keep(snapshot, "sqlite:///a.db")
    copies.keep_tables(snapshot, "sqlite:///a.db")
    found = copies.find("sqlite:///a.db", database.engine_for("sqlite:////nowhere/at/all.db"))
    assert found is not None
    monkeypatch.setattr(People, "counts", lambda *_: pytest.fail("people were counted again"))
    wanted = ask(OPERATOR, "participation_rate", PERIOD, "kind", snapshot=snapshot).frame
    assert ask(OPERATOR, "participation_rate", PERIOD, "kind", snapshot=found).frame.equals(wanted)


def test_a_copy_is_for_its_owner_only(snapshot: Snapshot, home: Path) -> None:
    warm_up(snapshot)
    copies.keep(snapshot, "sqlite:///a.db")
    copies.keep_tables(snapshot, "sqlite:///a.db")
    assert len(files(home)) > len(PARTS)
    assert {stat.S_IMODE(path.stat().st_mode) for path in files(home)} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.rglob("*") if path.is_dir()} == {0o700}


def test_one_copy_a_database_and_no_password_in_its_name(filled: Engine, home: Path) -> None:
    address = "postgresql://user:{}@db.example/dashboard"
    before = load(filled)
    copies.keep(before, address.format("old"))
    _more_sign_ins(filled)
    copies.keep(load(filled, before), address.format("new"))
    copies.keep(before, "sqlite:///another.db")
    found = copies.find(address.format("new"), filled)
    assert found is not None and found.version > before.version
    assert len(list(home.glob("*/*"))) == len(list(home.glob("*"))) == 2


def test_a_copy_of_another_program_is_not_taken_up(
    snapshot: Snapshot, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies.keep(snapshot, "sqlite:///a.db")
    engine = database.engine_for("sqlite:////nowhere/at/all.db")
    assert copies.find("sqlite:///a.db", engine) is not None
    monkeypatch.setattr(copies, "_program", lambda: "another")
    assert copies.find("sqlite:///a.db", engine) is None
    copies.keep(snapshot, "sqlite:///a.db")
    assert len(list(home.glob("*/*"))) == 1


@pytest.mark.parametrize("harm", ["cut off", "gone", "not ours"])
def test_a_damaged_copy_is_left_aside(
    snapshot: Snapshot, home: Path, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    copies.keep(snapshot, "sqlite:///a.db")
    (frame_,) = home.rglob("grievances.parquet")
    if harm == "cut off":
        frame_.write_bytes(frame_.read_bytes()[:100])
    elif harm == "gone":
        frame_.unlink()
    else:
        (about,) = home.rglob("about.json")
        about.write_text(json.dumps({"stamp": "?"}))
    with caplog.at_level(logging.ERROR):
        assert copies.find("sqlite:///a.db", database.engine_for("sqlite:////nowhere/at/all.db")) is None
    assert (harm == "gone") == (not caplog.records)


def test_a_day_within_a_month_needs_the_database_of_that_version(filled: Engine) -> None:
    snapshot = load(filled)
    early = Filters(Month(2025, 1), Month(2025, 1), as_of=date(2025, 1, 15))
    assert ask(OPERATOR, "participants", early, snapshot=snapshot).one["value"] == 2
    assert ask(OPERATOR, "attendances", early, snapshot=snapshot).one["value"] == 2
    fresh = load(filled)
    _more_sign_ins(filled)
    with pytest.raises(NotNow, match="has just changed"):
        ask(OPERATOR, "participants", early, snapshot=fresh)
    # A month that is over needs nobody.
    over = Filters(Month(2025, 1), Month(2025, 2), as_of=date(2025, 1, 31))
    assert ask(OPERATOR, "participants", over, snapshot=fresh).one["value"] == 2


def test_a_day_within_a_month_without_the_database(snapshot: Snapshot, home: Path) -> None:
    copies.keep(snapshot, "sqlite:///a.db")
    alone = copies.find("sqlite:///a.db", database.engine_for("sqlite:////nowhere/at/all.db"))
    assert alone is not None
    early = Filters(Month(2025, 1), Month(2025, 6), as_of=date(2025, 6, 10))
    with pytest.raises(NotNow, match="does not answer"):
        ask(OPERATOR, "participation_rate", early, snapshot=alone)


def test_an_empty_database_has_a_snapshot(empty: Engine) -> None:
    snapshot = load(empty)
    assert (snapshot.version, snapshot.units.height, snapshot.person_months.height) == (0, 0, 0)
    assert snapshot.loaded_at.tzinfo is UTC
    frame_ = ask(OPERATOR, "participation_rate", Filters(Month(1970, 1), Month(1970, 1)), snapshot=snapshot).frame
    assert frame_["value"].to_list() == [None]
    same(load(empty, snapshot), snapshot)
    hand_in(empty, first_ledgers())
    same(load(empty, snapshot), load(empty))
