"""Reading what was handed in: files or uploads become typed frames and findings, parsed in a child process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from data.faults import Fault, Faults

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What one file may take: bytes as handed in, memory and seconds of the child that reads it, rows and cells."""

    bytes: int = 20 * MEGABYTE
    memory: int = 2048 * MEGABYTE
    seconds: float = 60
    unpacked: int = 600 * MEGABYTE
    cells: int = 30_000_000


UPLOAD = Limits()
COMMAND = Limits(bytes=1024 * MEGABYTE, memory=8192 * MEGABYTE, seconds=900, unpacked=4096 * MEGABYTE, cells=400_000_000)


@dataclass(frozen=True)
class Mapping_:
    """How files of another system map onto one table: foreign header → column, column → foreign value → code."""

    table: str
    columns: Mapping[str, str]
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """What one sheet (or CSV file) says about one table.

    `frame` has the table's columns in `present` (in the table's order, typed: date Date, month Utf8 "2024-07",
    int and money (fen) Int64, number Float64, bool Boolean, else Utf8; an empty cell is null and `Column.empty` is not
    filled in), then `_file`, `_sheet` (null for CSV), `_row` (Int64, from 1) and `_unread` (Int64: bit i = the
    table's i-th column had a value that could not be read; check_rows is silent about such cells).
    `headers` gives each present column's header as it stands in the file, `positions` its place (0 = column A).
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
    """All files of one hand-in. With any fault nothing may be stored; the parts that could be read are there all the same."""

    parts: list[Part] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    notes: list[Fault] = field(default_factory=list)
    files: list[File] = field(default_factory=list)

    @property
    def headers(self) -> dict[tuple[str | None, str | None], Mapping[str, str]]:
        """(file, sheet) → {our column: header in the file}, for Faults.located."""
        return {(part.file, part.sheet): part.headers for part in self.parts}


def read(
    sources: Sequence[Path | tuple[str, bytes]],
    *,
    limits: Limits = UPLOAD,
    mapping: Mapping_ | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Batch: ...
