"""The facts of one data version as immutable frames: what every answer is computed from.

It holds cases as dates and codes, attendance as person-months with people as integers, survey answers as counts:
no case id, no text of a case, no code of a person. Codes are small integers in the order of `data/tables.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from queries.filters import Month
from queries.kept import Kept
from queries.units import Headcounts, Units

T = TypeVar("T")

# Later than any import: the `until` of a row that nothing has replaced.
FOREVER = 2**31 - 1
# How many answers of one version are kept; an answer is a few kilobytes, a visitor's page asks some dozens.
ANSWERS_KEPT = 4096
# Bytes of tables kept (`queries/cut.py`, `queries/distinct.py`): all that the pages ask at 500 units and three years
# take about half of it.
TABLES_KEPT = 192 << 20
_UNCOUNTED = ("annotations", "levels")


class Stamp(NamedTuple):
    """What tells one state of the data from any other: the data version, and which import was the last and when.

    A backup that is put back may come to the same version again with other contents.
    """

    version: int
    import_id: int | None
    at: datetime | None


@dataclass(frozen=True)
class Snapshot:
    """One version of the facts.

    Frames share the columns `u` (place of the unit in tree order) and dates; see `queries/loading.py` for each one's
    columns. `masks_of(day)` answers what the person-months of that day's month were on that day, in frame order;
    `versions_of(name)` a frame with the former versions of its rows, None where none count in a closed month.
    """

    stamp: Stamp
    data_date: date
    tree: Units
    headcounts: Headcounts
    heads: pl.DataFrame  # u, m, employees, union_members, party_members: as handed in
    person_months: pl.DataFrame  # person, u, m, party_member, mask; by month
    attendance_days: pl.DataFrame  # u, day, kind, organiser, n
    activities: pl.DataFrame  # u, day, kind, organiser, production_linked, venue, n
    grievances: pl.DataFrame
    suggestions: pl.DataFrame
    answers: pl.DataFrame  # survey, opened, u, dimension, score, n
    respondents: pl.DataFrame  # survey, opened, u, n, n_seven
    surveys: pl.DataFrame  # survey, opened
    meetings: pl.DataFrame
    commitments: pl.DataFrame
    contracts: pl.DataFrame
    aid_cases: pl.DataFrame
    notices: pl.DataFrame
    interests: pl.DataFrame
    targets: pl.DataFrame  # metric, branch_id, year, target
    closings: pl.DataFrame  # m, import_id: closed months and the last import that counts in each
    annotations: pl.DataFrame  # on_date, branch_id (empty: everywhere), metric (empty: all), kind, text
    levels: pl.DataFrame  # category, response_days, closing_days, day_kind, valid_from: the time limits
    masks_of: Callable[[date], NDArray[np.int64]] = field(repr=False, compare=False)
    versions_of: Callable[[str], pl.DataFrame | None] = field(repr=False, compare=False)
    loaded_at: datetime = field(compare=False)
    people: object = field(
        default=None, repr=False, compare=False
    )  # the loader's numbering of people, for the next load
    stale_since: datetime | None = field(default=None, compare=False)
    _answers: Kept = field(default_factory=lambda: Kept(ANSWERS_KEPT, lambda _: 1), repr=False, compare=False)
    _tables: Kept = field(default_factory=lambda: Kept(TABLES_KEPT, _bytes), repr=False, compare=False)

    @property
    def version(self) -> int:
        """The data version."""
        return self.stamp.version

    @property
    def units(self) -> pl.DataFrame:
        """The organisation in tree order: the columns of `branches`, and `depth`."""
        return self.tree.frame

    def children(self, unit: str | None) -> list[str]:
        """Return the direct children of `unit`, or the roots."""
        return self.tree.children(unit)

    def subtree(self, unit: str) -> list[str]:
        """Return `unit` and all its descendants, in tree order."""
        span = self.tree.span(unit)
        return self.tree.ids[span.start : span.stop]

    def name(self, unit: str, language: str) -> str:
        """Return the unit's name in `language`; its Chinese name where it has no English one."""
        return self.once(("names", language), lambda: self._names(language))[self.tree.at(unit)]

    def _names(self, language: str) -> list[str]:
        rows = self.units.select("name", "name_en").iter_rows()
        return [(english if language == "en" else None) or chinese for chinese, english in rows]

    @property
    def month_range(self) -> tuple[Month, Month]:
        """The first month with an activity, a grievance or a suggestion, and the data date's month."""
        return self.once("month range", self._month_range)

    def _month_range(self) -> tuple[Month, Month]:
        firsts = [
            day
            for day in (
                self.attendance_days["day"].min(),
                self.activities["day"].min(),
                self.grievances["filed"].min(),
                self.suggestions["submitted"].min(),
            )
            if isinstance(day, date)
        ]
        last = Month.of(self.data_date)
        return (Month.of(min(firsts)) if firsts else last, last)

    @property
    def months_told(self) -> NDArray[np.int64]:
        """Numbers, ascending, of the months in which any date of the facts lies; no figure counts notes or limits."""
        return self.once("months told", self._months_told)

    def _months_told(self) -> NDArray[np.int64]:
        days = [
            frame[name]
            for frame in (getattr(self, part.name) for part in fields(self) if part.name not in _UNCOUNTED)
            if isinstance(frame, pl.DataFrame)
            for name, kind in frame.schema.items()
            if kind == pl.Date
        ]
        found = [day.dt.year().cast(pl.Int64) * 12 + day.dt.month().cast(pl.Int64) - 1 for day in days]
        return pl.concat([numbers.drop_nulls().unique() for numbers in found]).unique().sort().to_numpy()

    def with_frames(self, frames: Mapping[str, pl.DataFrame]) -> Snapshot:
        """Return the snapshot with other frames, from which everything is worked out anew."""
        changed: dict[str, Any] = dict(frames)
        for part in fields(self):
            if callable(part.default_factory):
                changed[part.name] = part.default_factory()
        return replace(self, **changed)

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what `make` gives, worked out once per version and key as long as it is asked for."""
        return self._answers.get(key, make)

    def holds(self, key: Hashable) -> bool:
        """Return whether `once` has an answer to this key without working it out."""
        return key in self._answers

    def table(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the arrays or frame that `make` gives, as `once`; what was not asked for longest goes first."""
        return self._tables.get(key, make)

    def tables(self) -> list[tuple[Hashable, object]]:
        """Return the tables worked out so far with their keys."""
        return self._tables.items()

    def keep_table(self, key: Hashable, table: object) -> None:
        """Keep a table worked out earlier from the same facts by the same program."""
        self._tables.put(key, table)


def _bytes(thing: object) -> int:
    if isinstance(thing, pl.DataFrame):
        return int(thing.estimated_size())
    if isinstance(thing, np.ndarray):
        return thing.nbytes
    return sum(_bytes(part) for part in thing) if isinstance(thing, tuple) else 0
