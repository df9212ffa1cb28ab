"""The snapshot a process holds: loaded once, reloaded in the background when the data changed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from threading import Condition, Event, Lock, Thread
from time import monotonic

from sqlalchemy.exc import SQLAlchemyError

from data import database
from queries import copies
from queries.loading import load, stamp_of
from queries.snapshot import Snapshot, Stamp

# However many visitors click, the database is asked for its version at most this often, in seconds; short enough that
# what was handed in through another process is there in the next rerun.
LOOK_EVERY = 0.2
# How long a rerun waits for the look, and for a small reload that follows; afterwards the old snapshot serves.
PATIENCE = 0.4
# A look without an answer for so many seconds counts as none, though the connection may still be open.
SILENCE = 3.0
# Seconds before a look or reload that failed is tried again.
RETRY_EVERY = 2.0

log = logging.getLogger("dashboard.snapshot")


def current() -> Snapshot:
    """Return the snapshot of the configured database, after a look whether the version changed.

    The first call takes up the copy on this machine or loads; it raises SQLAlchemyError where neither can be had.
    Later the old snapshot serves while a new one is loaded. If the database does not answer, or a reload failed, the
    last one serves and says when it was last known to be up to date (`stale_since`).
    """
    return _holder().current()


def reload() -> Snapshot:
    """Look, load what changed and wait for it (commands, tests, and after a hand-in by the one who made it)."""
    return _holder().reload()


def prepare(warm_up: Callable[[Snapshot], None], ahead: Callable[[Snapshot], None] | None = None) -> Snapshot:
    """Load and `warm_up` before the first visitor; from then on do so with every new version, and keep a copy of it.

    `ahead` is what takes seconds: it is worked out beside, while pages are served already.
    """
    return _holder().prepare(warm_up, ahead)


class _Holder:
    """Keeps one database's snapshot; a thread of its own looks and loads, so that no rerun hangs on the database."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._held: Snapshot | None = None
        self._answered = datetime.now(UTC)  # when the held snapshot was last known to be what is stored
        self._next_look = 0.0
        self._busy_since: float | None = None  # when the round under way began; a round is a look and perhaps a reload
        self._looking = False
        self._rounds = 0
        self._state = Condition()  # guards all of the above
        self._one_round = Lock()
        self._wanted = Event()
        self._worker: Thread | None = None
        self._warm_up: Callable[[Snapshot], None] | None = None
        self._ahead: Callable[[Snapshot], None] | None = None
        self._settled: Stamp | None = None

    def current(self) -> Snapshot:
        """Return the snapshot to answer from, as `current` above."""
        held = self._first()
        with self._state:
            if monotonic() >= self._next_look:
                rounds = self._rounds
                self._wake()
                began = monotonic() if self._busy_since is None else self._busy_since
                self._state.wait_for(lambda: self._rounds > rounds, max(0.0, began + PATIENCE - monotonic()))
                if self._looking and self._busy_since is not None and monotonic() - self._busy_since > SILENCE:
                    self._stale()
            return self._held or held

    def reload(self) -> Snapshot:
        """Return what is stored now; raises where it cannot be read."""
        held = self._first()
        with self._one_round:
            self._round(held)
        self._settle()
        return self._held or held

    def prepare(self, warm_up: Callable[[Snapshot], None], ahead: Callable[[Snapshot], None] | None = None) -> Snapshot:
        """Warm up and let the worker do so from now on."""
        held = self._first()
        warm_up(held)
        self._warm_up, self._ahead = warm_up, ahead
        self._settle()
        return held

    def _first(self) -> Snapshot:
        if self._held is None:
            with self._one_round:
                if self._held is None:
                    self._begin()
        assert self._held is not None
        return self._held

    def _begin(self) -> None:
        engine = database.engine_for(self._address)
        copy = copies.find(self._address, engine)
        try:
            with database.reading(engine) as connection:
                stamp = stamp_of(connection)
            self._held = copy if copy is not None and copy.stamp == stamp else load(engine, copy)
            self._answered = datetime.now(UTC)
        except SQLAlchemyError as error:
            if copy is None:
                raise
            log.error("the database does not answer; the copy of %s serves: %s", copy.loaded_at, error)
            self._held = replace(copy, stale_since=copy.loaded_at)
            self._answered = copy.loaded_at
        self._next_look = monotonic() + LOOK_EVERY

    def _wake(self) -> None:
        self._wanted.set()
        if self._worker is None:
            self._worker = Thread(target=self._work, daemon=True, name="snapshot")
            self._worker.start()

    def _work(self) -> None:
        while self._wanted.wait():
            self._wanted.clear()
            if self._held is None:
                continue
            if monotonic() >= self._next_look:
                # Whatever went wrong was said and logged; the next round tries again.
                with self._one_round, suppress(Exception):
                    self._round(self._held)
            self._settle()

    def _round(self, held: Snapshot) -> None:
        """Look and load what changed; raises what went wrong."""
        began = monotonic()
        with self._state:
            self._busy_since, self._looking = began, True
        retry = RETRY_EVERY
        try:
            engine = database.engine_for(self._address)
            with database.reading(engine) as connection:
                stamp = stamp_of(connection)
            with self._state:
                self._looking = False
            fresh = held if stamp == held.stamp else load(engine, held)
            with self._state:
                self._held = fresh if fresh.stale_since is None else replace(fresh, stale_since=None)
                self._answered = datetime.now(UTC)
            retry = LOOK_EVERY
        except Exception as error:
            if held.stale_since is None:
                log.exception("the snapshot could not be renewed, the old one serves: %s", error)
            with self._state:
                self._stale()
            raise
        finally:
            now = monotonic()
            with self._state:
                self._busy_since, self._looking = None, False
                # A reload that fails after minutes is not begun again at once.
                self._next_look = now + (retry if retry == LOOK_EVERY else max(retry, now - began))
                self._rounds += 1
                self._state.notify_all()

    def _stale(self) -> None:
        if self._held is not None and self._held.stale_since is None:
            self._held = replace(self._held, stale_since=self._answered)

    def _settle(self) -> None:
        """Have a new snapshot warmed up and copied, in a thread of its own: looks go on meanwhile."""
        held, warm_up = self._held, self._warm_up
        if held is not None and warm_up is not None and held.stamp != self._settled and held.stale_since is None:
            self._settled = held.stamp
            Thread(target=self._prepare, args=(held, warm_up), daemon=True, name="snapshot copy").start()

    def _prepare(self, held: Snapshot, warm_up: Callable[[Snapshot], None]) -> None:
        try:
            copies.keep(held, self._address)
            warm_up(held)
            copies.keep_tables(held, self._address)
            if self._ahead is not None:
                self._ahead(held)
        except Exception as error:  # a full disk must not stop the figures
            log.exception("no copy of the snapshot was kept: %s", error)


_holders: dict[str, _Holder] = {}
_lock = Lock()


def _holder() -> _Holder:
    address = database.url().render_as_string(hide_password=False)
    with _lock:
        if address not in _holders:
            _holders[address] = _Holder(address)
        return _holders[address]
