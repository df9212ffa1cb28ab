"""A copy of the snapshot on this machine: a restart need not wait for the database, nor even find it.

One folder a database below the machine's own (`DASHBOARD_HOME`), in it one for the version last held: its frames as
Parquet, the tables worked out from them, and `about.json`. Readable by the owner only; like the snapshot itself it
holds no code of a person, no case number and no text of a case. Another program, or another version of the libraries
that facts depend on, does not take it up.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
from ast import literal_eval
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile

import numpy as np
import polars as pl
from sqlalchemy import Engine, make_url

from data import database
from queries.loading import PARTS, assembled
from queries.snapshot import Snapshot, Stamp
from queries.units import Units

FRAMES = (*PARTS, "person_months")
ABOUT, TABLES = "about.json", "tables.npz"

log = logging.getLogger("dashboard.snapshot")


@dataclass(frozen=True)
class _Folder:
    """Where the copies of one database lie."""

    path: Path

    @classmethod
    def of(cls, address: str) -> _Folder:
        place = make_url(address).set(password=None).render_as_string()
        return cls(database.home() / "snapshots" / sha256(place.encode()).hexdigest()[:16])

    def copies(self) -> list[Path]:
        """Return the whole copies of this program, the latest first."""
        found = [path.parent for path in self.path.glob(f"{_program()}-*/{ABOUT}")]
        return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def keep(snapshot: Snapshot, address: str) -> None:
    """Write the copy of a snapshot in the place of the former one."""
    folder = _Folder.of(address)
    target = folder.path / f"{_program()}-{_name(snapshot.stamp)}"
    if not target.exists():
        folder.path.mkdir(parents=True, mode=0o700, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=".", dir=folder.path))
        for name in FRAMES:
            with _private(making / f"{name}.parquet") as file:
                getattr(snapshot, name).write_parquet(file, compression="lz4")
        with _private(making / "units.parquet") as file:
            snapshot.units.write_parquet(file)
        with _private(making / ABOUT) as file:
            about = {"stamp": _plain(snapshot.stamp), "loaded_at": snapshot.loaded_at.isoformat()}
            file.write(json.dumps(about).encode())
        try:
            making.rename(target)
        except OSError:  # another process of this machine was faster
            shutil.rmtree(making)
    for former in folder.path.iterdir():
        if former != target and not former.name.startswith("."):
            shutil.rmtree(former, ignore_errors=True)


def keep_tables(snapshot: Snapshot, address: str) -> None:
    """Write the tables worked out so far beside the snapshot's copy."""
    target = _Folder.of(address).path / f"{_program()}-{_name(snapshot.stamp)}"
    if not target.is_dir():
        return
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    keys = []
    for key, thing in snapshot.tables():
        parts = thing if isinstance(thing, tuple) else (thing,)
        if all(isinstance(part, np.ndarray) for part in parts if part is not None):
            keys.append([repr(key), isinstance(thing, tuple), [part is not None for part in parts]])
            arrays |= {f"{len(keys)}.{i}": part for i, part in enumerate(parts) if part is not None}
    arrays["keys"] = np.frombuffer(json.dumps(keys).encode(), dtype=np.uint8)
    making = target / f".{os.getpid()}.npz"
    with _private(making) as file:
        np.savez(file, allow_pickle=False, **arrays)
    making.replace(target / TABLES)


def find(address: str, engine: Engine) -> Snapshot | None:
    """Return the latest copy of this database's snapshot; None where there is none that this program wrote."""
    for path in _Folder.of(address).copies():
        try:
            return _read(path, engine)
        except FileNotFoundError:
            continue  # another process of this machine has just replaced it
        except (OSError, ValueError, KeyError, BadZipFile, pl.exceptions.PolarsError) as error:
            log.error("the copy %s cannot be read and is not used: %s", path, error)
    return None


def _read(path: Path, engine: Engine) -> Snapshot:
    about = json.loads((path / ABOUT).read_text("utf-8"))
    version, import_id, at = about["stamp"]
    frames = {name: pl.read_parquet(path / f"{name}.parquet") for name in FRAMES}
    frames["person_months"] = frames["person_months"].rechunk()
    tree = Units.of(pl.read_parquet(path / "units.parquet").drop("depth"))
    stamp = Stamp(version, import_id, datetime.fromisoformat(at) if at else None)
    snapshot = replace(assembled(stamp, tree, frames, engine), loaded_at=datetime.fromisoformat(about["loaded_at"]))
    if (path / TABLES).is_file():
        with np.load(path / TABLES, allow_pickle=False) as arrays:
            _take_up(snapshot, arrays)
    return snapshot


def _take_up(snapshot: Snapshot, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    for number, (key, several, given) in enumerate(json.loads(arrays["keys"].tobytes()), 1):
        parts = tuple(arrays[f"{number}.{i}"] if there else None for i, there in enumerate(given))
        snapshot.keep_table(literal_eval(key), parts if several else parts[0])


@cache
def _program() -> str:
    """Return a short name of everything that facts and tables depend on beside the data."""
    digest = sha256("".join(f"{name} {version(name)}\n" for name in ("polars", "numpy", "holidays")).encode())
    house = Path(__file__).parents[1]
    for path in sorted([*(house / "queries").rglob("*.py"), *(house / "data").glob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _name(stamp: Stamp) -> str:
    return sha256(json.dumps(_plain(stamp)).encode()).hexdigest()[:16]


def _plain(stamp: Stamp) -> list[int | str | None]:
    return [stamp.version, stamp.import_id, stamp.at.isoformat() if stamp.at else None]


def _private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
