"""What is asked about: period, unit, day of knowledge and page dimensions; one object knows condition and sentence."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from functools import total_ordering
from typing import TYPE_CHECKING

from data import tables
from data.labels import label
from data.words import mark, translate
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
        parts = [
            snapshot.name(self.branch, language) if self.branch else translate(ALL_UNITS, language),
            period_words(self.start, self.end, language),
        ]
        for dimension, codes in self.where:
            shown = [label(dimension, code, language) for code in codes]
            parts.append(translate(ONLY, language, what=("、" if language == "zh" else ", ").join(shown)))
        if self.as_of is not None:
            parts.append(translate(AS_OF, language, day=self.as_of.isoformat()))
        return " · ".join(parts)


ALL_UNITS = mark("All units")
ONLY = mark("only {what}")
AS_OF = mark("as known on {day}")


def period_words(start: Month, end: Month, language: str) -> str:
    """Return the months as people write them: “2025年1–6月”, “Jan–Jun 2025”; a whole year as the year."""
    whole = start.month == 1 and end.month == 12
    if language == "zh":
        if whole:
            return f"{start.year}年" if start.year == end.year else f"{start.year}–{end.year}年"
        if start == end:
            return f"{start.year}年{start.month}月"
        until = f"{end.month}月" if start.year == end.year else f"{end.year}年{end.month}月"
        between = "–" if start.year == end.year else "月–"
        return f"{start.year}年{start.month}{between}{until}"
    if whole:
        return str(start.year) if start.year == end.year else f"{start.year}–{end.year}"
    if start == end:
        return f"{calendar.month_abbr[start.month]} {start.year}"
    first = calendar.month_abbr[start.month] + ("" if start.year == end.year else f" {start.year}")
    return f"{first}–{calendar.month_abbr[end.month]} {end.year}"
