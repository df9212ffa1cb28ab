"""The snapshot a process holds: loaded once, reloaded in the background when the data changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock, Thread

from sqlalchemy.exc import SQLAlchemyError

from data import database
from queries.loading import load, stamp_of
from queries.snapshot import Snapshot

_held: dict[str, Snapshot] = {}
_loading: set[str] = set()
_lock = Lock()


def current() -> Snapshot:
    """Return the snapshot of the configured database.

    The first call loads it. Later ones look once whether the version changed; if so the old one goes on serving while
    the new one is loaded. If the database does not answer, the last one serves and says since when (`stale_since`).
    """
    address = database.url().render_as_string(hide_password=False)
    held = _held.get(address)
    if held is None:
        with _lock:
            if address not in _held:
                _held[address] = load()
            return _held[address]
    try:
        with database.reading() as connection:
            version = stamp_of(connection).version
    except SQLAlchemyError:
        if held.stale_since is None:
            held = replace(held, stale_since=datetime.now(UTC))
            _held[address] = held
        return held
    if held.stale_since is not None:
        held = replace(held, stale_since=None)
        _held[address] = held
    if version != held.version and address not in _loading:
        _loading.add(address)
        Thread(target=_reload, args=(address, held), daemon=True, name="snapshot").start()
    return held


def _reload(address: str, held: Snapshot) -> None:
    try:
        _held[address] = load(before=held)
    finally:
        _loading.discard(address)


def reload() -> Snapshot:
    """Load the snapshot anew and wait for it (commands, tests, and after a hand-in by the one who made it)."""
    address = database.url().render_as_string(hide_password=False)
    _held[address] = load(before=_held.get(address))
    return _held[address]
