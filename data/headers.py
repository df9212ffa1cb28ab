"""Which table a file, sheet or row of headers speaks of, and which of its columns a header means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePath

from data import tables

_UNIT = re.compile(r"[(\[【]([^()\[\]【】]*)[)\]】]$")


@dataclass(frozen=True)
class HeaderMapping:
    """How files of another system map onto one table.

    `columns`: foreign header → our column; `codes`: our column → foreign value → our code. As kept in the table
    `mappings`.
    """

    table: str
    columns: Mapping[str, str]
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Match:
    """A header row against one table: our column → place in the row, columns met twice, and units in brackets."""

    table: str
    places: Mapping[str, int]
    twice: Sequence[tuple[str, int]]
    units: Mapping[str, str]

    @property
    def missing(self) -> list[str]:
        """Required columns that no header names."""
        return [name for name in tables.BY_NAME[self.table].required if name not in self.places]


def table_of_title(name: str) -> str | None:
    """Return the table whose title, English or Chinese, begins the name of a file or sheet: the longest that fits."""
    key = _title_key(PurePath(name.replace("\\", "/")).name)
    fitting = [(len(title), table) for title, table in _titles().items() if key.startswith(title)]
    return max(fitting)[1] if fitting else None


def match(table: str, headers: Sequence[str | None], mapping: HeaderMapping | None = None) -> Match:
    """Compare a row of headers with `table`'s columns, each by its English or Chinese name, or the mapping's."""
    ours = _columns(table)
    foreign = {_header_key(h)[0]: c for h, c in mapping.columns.items()} if mapping and mapping.table == table else {}
    places: dict[str, int] = {}
    units: dict[str, str] = {}
    twice: list[tuple[str, int]] = []
    for place, header in enumerate(headers):
        whole, key, unit = _header_key(header or "")
        column = foreign.get(whole) or foreign.get(key) or ours.get(whole) or ours.get(key)
        if column is None:
            continue
        if column in places:
            twice.append((column, place))
            continue
        places[column] = place
        if unit:
            units[column] = unit
    return Match(table, places, twice, units)


def known(header: str, mapping: HeaderMapping | None = None) -> bool:
    """Say whether any table has a column of this name."""
    whole, key, _ = _header_key(header)
    foreign = {_header_key(h)[0] for h in mapping.columns} if mapping else set()
    return any(name in foreign or any(name in _columns(t.name) for t in tables.TABLES) for name in (whole, key))


def _title_key(name: str) -> str:
    # NFKC also joins what macOS takes apart, and turns full-width brackets and digits into the usual ones.
    return re.sub(r"[\s-]+", "_", unicodedata.normalize("NFKC", name).strip().lower())


def _header_key(header: str) -> tuple[str, str, str]:
    # The header without marks, the same without its unit in brackets, and the unit.
    text = re.sub(r"[\s_\u200b\ufeff]", "", unicodedata.normalize("NFKC", header).lower())
    whole = text.strip("*:")
    found = _UNIT.search(whole)
    if not found:
        return whole, whole, ""
    return whole, whole[: found.start()].strip("*:"), found[1]


@cache
def _titles() -> dict[str, str]:
    titles = {_title_key(table.zh): table.name for table in tables.TABLES}
    return titles | {table.name: table.name for table in tables.TABLES}


@cache
def _columns(table: str) -> dict[str, str]:
    columns = tables.BY_NAME[table].columns
    return {_header_key(text)[0]: c.name for c in columns for text in (c.zh, c.name)}
