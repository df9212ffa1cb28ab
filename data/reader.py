"""Reading what was handed in: files or uploads become typed frames and findings, parsed in a child process.

The parent never opens a file's content: it counts, hashes and hands the path on, and takes back Arrow frames of known
types. A file that kills the child loses only itself.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any

import polars as pl

from data.faults import Fault, Faults
from data.headers import HeaderMapping
from data.whole import whole
from data.words import mark

MEGABYTE = 1024 * 1024

# What a folder is searched for; .et is what WPS calls an .xls. A file named outright is read whatever its name.
SUFFIXES = (".csv", ".tsv", ".xlsx", ".xlsm", ".xls", ".et", ".ods")

LOCK_FILE = mark("A lock file that Excel or WPS leaves while a workbook is open; left out.")
OTHER_FILE = mark("Not a spreadsheet; left out.")
MISSING = mark("There is no such file or folder; check its name.")
UNREADABLE = mark("The file cannot be opened; close it elsewhere and check who may read it.")
NO_FILES = mark("The folder holds no spreadsheets; hand in .xlsx, .xls, .ods or .csv.")
TOO_MANY_FILES = mark("These are {count} files, more than {limit} at once; hand them in in several parts.")
TOO_LARGE = mark("The file has {size} MB, more than {limit} MB; hand it in in parts.")
TOO_SLOW = mark("Reading the file takes longer than {seconds} seconds; hand it in in parts or as .csv.")
BROKE_READER = mark("The file is damaged in a way that its reader cannot bear; save it anew as .xlsx or .csv.")
TOO_MUCH_MEMORY = mark(
    "Reading the file takes more than {limit} MB of memory; delete what lies far from the table or hand it in in parts."
)
OUR_SLIP = mark("The file could not be read because of an error in the program; its log says which. Tell the operator.")

_MEMORY_ENDS = (-6, -9)  # SIGABRT, SIGKILL
# What the child may know of our environment: a hostile file has no business with the database's address.
_HANDED_ON = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT")
_ROOT = Path(__file__).resolve().parent.parent
_log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Limits:
    """What one hand-in may take: files; of each its bytes, memory and seconds of its reading, bytes unpacked, cells."""

    files: int = 50
    size: int = 20 * MEGABYTE
    memory: int = 2048 * MEGABYTE
    seconds: float = 60
    unpacked: int = 600 * MEGABYTE
    cells: int = 30_000_000


UPLOAD = Limits()
# Whoever may run a command on the machine may hand in a whole enterprise's year.
COMMAND = Limits(
    files=100_000, size=1024 * MEGABYTE, memory=8192 * MEGABYTE, seconds=900, unpacked=4096 * MEGABYTE,
    cells=200_000_000,
)  # fmt: skip
# What an operator may set of the page's, and the least with which ledgers can be read at all.
FILES, MEMORY, SECONDS = "DASHBOARD_UPLOAD_FILES", "DASHBOARD_UPLOAD_MEMORY", "DASHBOARD_UPLOAD_SECONDS"
LEAST_MEMORY, LEAST_SECONDS = 256, 5
NO_LIMIT = mark("{setting} is “{value}”; set it to a whole number, {least} or more.")


def upload_limits(megabytes: int = UPLOAD.size // MEGABYTE) -> Limits:
    """Return what one hand-in on the page may take: files of so many megabytes, the rest as set; Told if set wrongly.

    `DASHBOARD_UPLOAD_FILES`, `DASHBOARD_UPLOAD_MEMORY` (megabytes), `DASHBOARD_UPLOAD_SECONDS`.
    """
    return replace(
        UPLOAD,
        files=whole(FILES, UPLOAD.files, NO_LIMIT),
        size=megabytes * MEGABYTE,
        memory=whole(MEMORY, UPLOAD.memory // MEGABYTE, NO_LIMIT, least=LEAST_MEMORY) * MEGABYTE,
        seconds=whole(SECONDS, round(UPLOAD.seconds), NO_LIMIT, least=LEAST_SECONDS),
    )


@dataclass(frozen=True)
class Part:
    """What one sheet (or CSV file) says about one table.

    `frame` has the table's columns found in it, in the table's order, typed (date Date, month Utf8 "2024-07", int and
    money Int64, money in fen, number Float64, bool Boolean, else Utf8; an empty cell is null, `Column.empty` is not
    filled in), then `_file` and `_sheet` (Utf8; null for CSV), `_row` (Int64, from 1 as the spreadsheet counts) and
    `_unread` (Int64: bit i is set where the table's i-th column held a value that could not be read; rules are silent
    about such cells). `present`: the columns found; an empty cell of theirs clears what is stored, an absent column
    keeps it. `headers`: our column → header as in the file; `positions`: our column → 0 for column A.
    """

    table: str
    frame: pl.DataFrame
    present: frozenset[str]
    file: str
    sheet: str | None
    headers: Mapping[str, str]
    positions: Mapping[str, int]


@dataclass(frozen=True)
class File:
    """One file that was handed in, as it is kept on record."""

    name: str
    sha256: str
    size: int


@dataclass
class Batch:
    """All files of one hand-in. With a fault among them nothing may be stored; parts that could be read are there."""

    parts: list[Part] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    notes: list[Fault] = field(default_factory=list)
    files: list[File] = field(default_factory=list)

    @property
    def headers(self) -> dict[tuple[str | None, str | None], Mapping[str, str]]:
        """(file, sheet) → {our column: header in the file}, for Faults.located."""
        return {(part.file, part.sheet): part.headers for part in self.parts}


@dataclass(frozen=True)
class Sheet:
    """A sheet as some other system wrote it: its headers, each with the values that stand most often below it."""

    name: str | None
    rows: int
    columns: Mapping[str, Sequence[str]]


def look(name: str, content: bytes, *, limits: Limits = UPLOAD) -> tuple[list[Sheet], Faults]:
    """Return what stands in one upload, without asking which of our tables it is; or why it cannot be read."""
    batch = Batch()
    sheets: list[Sheet] = []
    with tempfile.TemporaryDirectory(prefix="look-") as folder:
        child = _Child(limits)
        try:
            for told, path in _listed([(name, content)], Path(folder), batch):
                if _accepted(told, path, limits, batch):
                    job = {"path": str(path.resolve()), "name": told, "look": True}
                    answer = child.read(job | {"unpacked": limits.unpacked, "cells": limits.cells}, None)
                    sheets += [Sheet(**sheet) for sheet in answer.get("sheets", [])]
                    _take(batch, told, answer, limits)
        finally:
            child.stop()
    return sheets, batch.faults


def read(
    sources: Sequence[Path | tuple[str, bytes]],
    *,
    limits: Limits = UPLOAD,
    mapping: HeaderMapping | None = None,
    progress: Progress | None = None,
) -> Batch:
    """Read all of one hand-in: files, folders (searched through), or uploads as (name, content).

    `mapping` translates another system's headers and codes; `progress(file, rows, of)` is called as rows are read.
    Never raises for what a file holds: that is in the batch's faults.
    """
    batch = Batch()
    if len(sources) > limits.files:
        told = {"count": len(sources), "limit": limits.files}
        batch.faults.add(Fault(None, None, None, None, None, TOO_MANY_FILES, told))
        return batch
    with tempfile.TemporaryDirectory(prefix="hand-in-") as folder:
        child = _Child(limits)
        try:
            for number, (name, path) in enumerate(_listed(sources, Path(folder), batch)):
                if not _accepted(name, path, limits, batch):
                    continue
                job = {
                    "path": str(path.resolve()),
                    "name": name,
                    "out": str(Path(folder) / f"part-{number}"),
                    "unpacked": limits.unpacked,
                    "cells": limits.cells,
                    "mapping": asdict(mapping) if mapping else None,
                }
                _take(batch, name, child.read(job, progress), limits)
        finally:
            child.stop()
    return batch


def _listed(sources: Sequence[Path | tuple[str, bytes]], folder: Path, batch: Batch) -> Iterable[tuple[str, Path]]:
    # Every file to be read with the name it is told by, each name once.
    used: Counter[str] = Counter()
    seen: set[Path] = set()

    def named(name: str) -> str:
        used[name] += 1
        return name if used[name] == 1 else f"{name} ({used[name]})"

    for number, source in enumerate(sources):
        if isinstance(source, tuple):
            name, content = source
            # Some browsers send the path on the clerk's machine.
            name = PurePath(name.replace("\\", "/")).name
            path = folder / f"upload-{number}"
            path.write_bytes(content)
            yield from _unlocked(named(name), path, batch)
        elif source.is_dir():
            found = sorted(path for path in source.rglob("*") if path.is_file())
            if not any(path.suffix.lower() in SUFFIXES for path in found):
                batch.faults.add(_about(str(source), NO_FILES))
            for path in found:
                if path.resolve() in seen:
                    continue
                seen.add(path.resolve())
                if path.suffix.lower() in SUFFIXES:
                    yield from _unlocked(named(path.relative_to(source).as_posix()), path, batch)
                elif not path.name.startswith("."):
                    batch.notes.append(_about(path.relative_to(source).as_posix(), OTHER_FILE, "note"))
        elif source.resolve() not in seen:
            seen.add(source.resolve())
            yield from _unlocked(named(source.name), source, batch)


def _unlocked(name: str, path: Path, batch: Batch) -> Iterable[tuple[str, Path]]:
    if PurePath(name).name.startswith(("~$", ".~")):
        batch.notes.append(_about(name, LOCK_FILE, "note"))
    else:
        yield name, path


def _accepted(name: str, path: Path, limits: Limits, batch: Batch) -> bool:
    try:
        size = path.stat().st_size
        if size > limits.size:
            batch.faults.add(_about(name, TOO_LARGE, size=-(-size // MEGABYTE), limit=limits.size // MEGABYTE))
            return False
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        batch.faults.add(_about(name, MISSING))
        return False
    except OSError:
        batch.faults.add(_about(name, UNREADABLE))
        return False
    batch.files.append(File(name, digest, size))
    return True


def _take(batch: Batch, name: str, answer: dict[str, Any], limits: Limits) -> None:
    if "late" in answer:
        batch.faults.add(_about(name, TOO_SLOW, seconds=round(limits.seconds)))
    elif "memory" in answer:
        batch.faults.add(_about(name, TOO_MUCH_MEMORY, limit=limits.memory // MEGABYTE))
    elif "broke" in answer:
        batch.faults.add(_about(name, BROKE_READER))
    elif "error" in answer:
        _log.error("reading %s: %s", name, answer["error"])
        batch.faults.add(_about(name, OUR_SLIP))
    else:
        for part in answer["parts"]:
            # From memory: a mapped file could not be deleted everywhere.
            frame = pl.read_ipc(Path(part["frame"]).read_bytes())
            Path(part["frame"]).unlink()
            where = frame.with_columns(_file=pl.lit(name, pl.String), _sheet=pl.lit(part["sheet"], pl.String)).select(
                pl.exclude("_row", "_unread"), "_row", "_unread"
            )
            headers, positions = part["headers"], part["positions"]
            batch.parts.append(Part(part["table"], where, frozenset(headers), name, part["sheet"], headers, positions))
        found = Faults()
        found.first, found.count = [Fault.from_dict(one) for one in answer["faults"]], answer["count"]
        batch.faults.extend(found)
        batch.notes += [Fault.from_dict(one) for one in answer["notes"]]


def _about(name: str, rule: str, severity: Any = "fault", **params: object) -> Fault:
    return Fault(name, None, None, None, None, rule, params, severity)


class _Child:
    # The reading process, started when first needed and again after it died or filled its memory.

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.process: subprocess.Popen[str] | None = None

    def read(self, job: dict[str, Any], progress: Progress | None) -> dict[str, Any]:
        process = self._started()
        late = threading.Event()

        def kill() -> None:
            late.set()
            process.kill()

        clock = threading.Timer(self.limits.seconds, kill)
        clock.start()
        answer: dict[str, Any] | None = None
        try:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
            for line in process.stdout:
                message = json.loads(line)
                if "progress" not in message:
                    answer = message
                    break
                if progress is not None:
                    progress(job["name"], *message["progress"])
        except (BrokenPipeError, json.JSONDecodeError):
            answer = None  # it died while it spoke
        finally:
            clock.cancel()
        if answer is None:
            # Its end explains itself: allocation failures abort, and the system kills who takes too much.
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            answer = (
                {"late": True} if late.is_set() else {"memory" if process.poll() in _MEMORY_ENDS else "broke": True}
            )
            self.stop()
        elif answer.get("spent") or "memory" in answer:
            self.stop()
        return answer

    def _started(self) -> subprocess.Popen[str]:
        if self.process is None:
            # Few threads: each takes address space that counts against the limit.
            threads = str(min(4, os.cpu_count() or 1))
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "data.reader_child", str(self.limits.memory)],
                cwd=_ROOT,
                env={name: os.environ[name] for name in _HANDED_ON if name in os.environ}
                | {"POLARS_MAX_THREADS": threads, "PYTHONIOENCODING": "utf-8"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
            )
            assert self.process.stdout is not None
            if '"ready"' not in self.process.stdout.readline():
                self.stop()
                raise RuntimeError("the reading process does not start: try `python -m data.reader_child 2000000000`")
        return self.process

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                assert pipe is not None
                pipe.close()
            self.process = None
