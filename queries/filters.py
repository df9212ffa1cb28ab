"""What is asked about: period, unit, day of knowledge and page dimensions; one object knows condition and sentence."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from functools import total_ordering
from typing import TYPE_CHECKING

from data import tables
from queries.errors import QueryError

if TYPE_CHECKING:
    from queries.snapshot import Snapshot


@total_ordering
@dataclass(frozen=True)
class Month:
    """One calendar month."""

    year: int
    month: int

    @classmethod
    def of(cls, day: date) -> Month:
        """Return the month that holds `day`."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Month:
        """Return the month written `2024-07`; QueryError otherwise."""
        if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text) or text.startswith("0000"):
            raise QueryError(f"month {text!r}: write YYYY-MM, such as 2024-07")
        return cls(int(text[:4]), int(text[5:]))

    @classmethod
    def at(cls, index: int) -> Month:
        """Return the month with this number (months since year 0)."""
        return cls(index // 12, index % 12 + 1)

    @property
    def index(self) -> int:
        """Months since year 0: consecutive whole numbers."""
        return self.year * 12 + self.month - 1

    @property
    def first(self) -> date:
        """The month's first day."""
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        """The month's last day."""
        return date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])

    def __add__(self, months: int) -> Month:
        return Month.at(self.index + months)

    def __sub__(self, other: Month) -> int:
        return self.index - other.index

    def back(self, months: int) -> Month:
        """Return the month that many months earlier."""
        return Month.at(self.index - months)

    def __lt__(self, other: Month) -> bool:
        return self.index < other.index

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


# The page dimensions a filter may name, with their codes in the order of data/tables.py.
DIMENSIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "kind": tables.ACTIVITY_KINDS,
    "organiser": tables.ORGANISERS,
    "category": tables.CATEGORIES,
    "channel": tables.CHANNELS,
    "stage": tables.STAGES,
    "theme": tables.THEMES,
    "dimension": tables.DIMENSIONS[:7],
}


@dataclass(frozen=True)
class Filters:
    """Whole months `start`..`end`, a unit with its subtree (None = all), the day of knowledge, page dimensions.

    `where` holds (dimension, codes) pairs; a metric that does not know a dimension ignores it, and its answer says so.
    """

    start: Month
    end: Month
    branch: str | None = None
    as_of: date | None = None
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise QueryError(f"period {self.start}..{self.end}: the first month must not lie after the last")
        for dimension, codes in self.where:
            known = [code for code, _ in DIMENSIONS.get(dimension, ())]
            if not known:
                raise QueryError(f"dimension {dimension!r}: one of {', '.join(DIMENSIONS)}")
            for code in codes:
                if code not in known:
                    raise QueryError(f"{dimension} {code!r}: one of {', '.join(known)}")

    @property
    def months(self) -> int:
        """Number of months in the period."""
        return self.end - self.start + 1

    def sentence(self, snapshot: Snapshot, language: str) -> str:
        """Return the filters as one line, such as “二分公司 · 2025年1–6月 · 仅安全健康”."""
        from queries.sentences import filter_sentence

        return filter_sentence(self, snapshot, language)
