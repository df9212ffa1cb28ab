"""A process always has a snapshot to answer from: the newest that could be had, and it says when it is not."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from data import database
from queries import copies, holding, loading
from queries.holding import current, prepare, reload
from queries.snapshot import Snapshot, Stamp
from queries.warming import warm_up
from tests.data.ledgers import activity, first_ledgers, frame, sign_in
from tests.queries.test_snapshot import hand_in, same

MOMENT = 10.0  # seconds that a test waits for what happens in the background, at most
DOWN = OperationalError("SELECT", {}, Exception("connection refused"))


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a process of its own, which looks at every rerun and tries again at once."""
    monkeypatch.setattr(holding, "_holders", {})
    monkeypatch.setattr(holding, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(holding, "RETRY_EVERY", 0.0)
    monkeypatch.setattr(holding, "PATIENCE", MOMENT)


@pytest.fixture
def filled(configured: Engine, empty: Engine) -> Engine:
    hand_in(empty, first_ledgers())
    return empty


def more(engine: Engine, number: int = 4) -> None:
    held = activity(f"E{number}", date(2025, 2, number))
    frames = {"activities": frame("activities", held), "attendance": frame("attendance", sign_in(f"E{number}", "P3"))}
    hand_in(engine, frames)


def awaited(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + MOMENT
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


class Database:
    """Stands between the process and its database: counts looks and loads, and fails or falls silent on demand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.looks = self.loads = 0
        self.broken: Exception | None = None
        self.load_broken: Exception | None = None
        self.answers = threading.Event()
        self.answers.set()
        self.loading = threading.Event()
        self.loading.set()
        monkeypatch.setattr(holding, "stamp_of", self.stamp_of)
        monkeypatch.setattr(holding, "load", self.load)

    def stamp_of(self, connection: Connection) -> Stamp:
        self.looks += 1
        assert self.answers.wait(MOMENT)
        if self.broken:
            raise self.broken
        return loading.stamp_of(connection)

    def load(self, engine: Engine, before: Snapshot | None = None) -> Snapshot:
        self.loads += 1
        assert self.loading.wait(MOMENT)
        if self.load_broken:
            raise self.load_broken
        return loading.load(engine, before)


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    made = Database(monkeypatch)
    yield made
    made.answers.set()
    made.loading.set()


def test_the_next_rerun_shows_what_another_process_stored(filled: Engine) -> None:
    before = current()
    more(filled)
    after = current()
    assert after.version == before.version + 1
    same(after, loading.load(filled))


def test_who_handed_in_sees_it_at_once(filled: Engine, between: Database) -> None:
    before = current()
    more(filled)
    assert reload().version == before.version + 1
    assert between.loads == 2


def test_unchanged_data_is_not_loaded_again(filled: Engine, between: Database) -> None:
    held = current()
    assert all(current() is held for _ in range(5))
    assert (between.loads, between.looks) == (1, 1 + 6)


def test_however_many_click_the_database_is_asked_rarely(
    filled: Engine, between: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "LOOK_EVERY", 60.0)
    with ThreadPoolExecutor(8) as pool:
        held = {id(snapshot) for snapshot in pool.map(lambda _: current(), range(200))}
    assert len(held) == between.loads == between.looks == 1


def test_the_old_snapshot_serves_while_a_new_one_is_loaded(
    filled: Engine, between: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = current()
    more(filled)
    between.loading.clear()
    monkeypatch.setattr(holding, "PATIENCE", 0.05)
    assert all(current() is before for _ in range(3))
    assert awaited(lambda: between.loads == 2)
    assert current() is before
    between.loading.set()
    assert awaited(lambda: current().version == before.version + 1)
    assert between.loads == 2


def test_a_database_that_does_not_answer_is_said_and_the_last_figures_stay(
    filled: Engine, between: Database, caplog: pytest.LogCaptureFixture
) -> None:
    before = current()
    between.broken = DOWN
    stale = current()
    assert stale.stale_since is not None and stale.loaded_at <= stale.stale_since
    assert stale.person_months is before.person_months
    assert {current().stale_since for _ in range(4)} == {stale.stale_since}
    assert len([record for record in caplog.records if record.levelno >= logging.ERROR]) == 1
    more(filled)
    between.broken = None
    after = current()
    assert (after.stale_since, after.version) == (None, before.version + 1)


def test_it_says_so_also_when_nothing_had_changed_meanwhile(filled: Engine, between: Database) -> None:
    before = current()
    between.broken = DOWN
    assert current().stale_since is not None
    between.broken = None
    after = current()
    assert after.stale_since is None and after.stamp == before.stamp and between.loads == 1


def test_a_silent_link_makes_nobody_wait(filled: Engine, between: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    current()
    monkeypatch.setattr(holding, "PATIENCE", 0.05)
    monkeypatch.setattr(holding, "SILENCE", 0.2)
    between.answers.clear()
    looks = between.looks
    began = time.monotonic()
    assert current().stale_since is None  # it may still answer
    assert awaited(lambda: current().stale_since is not None)
    assert time.monotonic() - began < MOMENT / 2
    assert between.looks <= looks + 1
    between.answers.set()
    assert awaited(lambda: current().stale_since is None)


def test_a_reload_that_fails_is_logged_and_tried_again(
    filled: Engine, between: Database, caplog: pytest.LogCaptureFixture
) -> None:
    before = current()
    more(filled)
    between.load_broken = ValueError("a fault of ours")
    stale = current()
    assert stale.stale_since is not None and stale.version == before.version
    assert "a fault of ours" in caplog.text
    current()
    assert between.loads == 3
    between.load_broken = None
    assert (current().version, current().stale_since) == (before.version + 1, None)


def test_a_failed_reload_is_not_tried_at_every_click(
    filled: Engine, between: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    current()
    more(filled)
    between.load_broken = ValueError("a fault of ours")
    monkeypatch.setattr(holding, "RETRY_EVERY", 60.0)
    for _ in range(20):
        current()
    assert between.loads == 2


def test_the_first_visitors_load_it_once(filled: Engine, between: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        held = list(pool.map(lambda _: current(), range(8)))
    assert len({snapshot.stamp for snapshot in held}) == between.loads == 1


def test_without_database_and_copy_there_is_nothing_to_serve(filled: Engine, between: Database) -> None:
    between.broken = DOWN
    with pytest.raises(OperationalError):
        current()
    between.broken = None
    assert current().version == 1


def kept(engine: Engine) -> bool:
    """Whether a copy with tables lies on this machine."""
    return any((database.home() / "snapshots").rglob("tables.npz"))


def restart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "_holders", {})


def test_a_restart_takes_up_the_copy(filled: Engine, between: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    before = prepare(warm_up)
    assert awaited(lambda: kept(filled))
    restart(monkeypatch)
    after = current()
    assert between.loads == 1
    same(after, before)
    assert len(after.tables()) > 0


def test_a_restart_after_a_hand_in_reads_what_changed(
    filled: Engine, between: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(warm_up)
    assert awaited(lambda: kept(filled))
    more(filled)
    restart(monkeypatch)
    same(current(), loading.load(filled))


def test_a_restart_without_the_database_serves_the_copy_and_says_since_when(
    filled: Engine, between: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = prepare(warm_up)
    assert awaited(lambda: kept(filled))
    restart(monkeypatch)
    between.broken = DOWN
    alone = current()
    assert alone.stale_since == before.loaded_at
    same(alone, before)
    more(filled)
    between.broken = None
    again = current()
    assert (again.stale_since, again.version) == (None, before.version + 1)
    same(again, loading.load(filled))


def test_each_new_version_is_copied(filled: Engine, between: Database) -> None:
    prepare(warm_up)
    more(filled)
    newer = current()
    address = filled.url.render_as_string(hide_password=False)

    def copied() -> bool:
        found = copies.find(address, filled)
        return found is not None and found.stamp == newer.stamp and len(found.tables()) > 0

    assert awaited(copied)


def test_a_full_disk_does_not_stop_the_figures(
    filled: Engine, between: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copies, "keep", full)
    before = prepare(warm_up)
    more(filled)
    assert current().version == before.version + 1
    assert awaited(lambda: sum("No space left" in record.getMessage() for record in caplog.records) == 2)


def test_a_command_leaves_no_copy_behind(filled: Engine, tmp_path: Path) -> None:
    current()
    current()
    assert not (tmp_path / "snapshots").exists()
