"""The demo's calendar: its months, its working days, and how likely something is to happen on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import holidays
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# The demo stands still: its data date never depends on the day it is made.
LAST = date(2026, 10, 31)
EPOCH = date(1970, 1, 1)
# Limits of cases filed at the very end run out after it.
AHEAD_DAYS = 150

SPRING_FESTIVALS = (date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17))

# What happens on a weekend, against a working day: sites work through, offices do not.
SATURDAY, SUNDAY = 0.6, 0.4
FESTIVAL_WEEK = 0.2
# Wages are settled before the workers travel home: claims rise from about two months before the festival.
SURGE_DAYS = 58
SURGE_PEAK = 4.5


@dataclass(frozen=True)
class Days:
    """Months and days of the demo as numbers: day 0 is the first day of the first month.

    `edges[m]` is the first day of month m (one more at the end), `last` the data date; `usual` and `pay` weigh the
    days on which grievances are filed, pay by its own; `working` lists the State Council's working days.
    """

    first: date
    months: tuple[str, ...]
    edges: Ints
    usual: Floats
    pay: Floats
    working: Ints

    @classmethod
    def ending(cls, months: int, *, surge: bool) -> Days:
        """Return the calendar of the `months` months up to LAST; `surge`: pay peaks before Spring Festival."""
        index = [LAST.year * 12 + LAST.month - months + at for at in range(months + 1)]
        starts = [date(number // 12, number % 12 + 1, 1) for number in index]
        first = starts[0]
        every = [first + timedelta(at) for at in range((LAST - first).days + 1 + AHEAD_DAYS)]
        china = holidays.country_holidays("CN", years=range(first.year, LAST.year + 2))
        usual = np.array([(1.0, 1.0, 1.0, 1.0, 1.0, SATURDAY, SUNDAY)[day.weekday()] for day in every])
        pay = np.ones(len(every))
        for festival in SPRING_FESTIVALS:
            at = (festival - first).days
            usual[max(at - 1, 0) : max(at + 7, 0)] = FESTIVAL_WEEK
            before = np.arange(at - SURGE_DAYS, at - 2)
            rise = np.sin(np.linspace(0, np.pi * 0.8, len(before)))
            inside = (before >= 0) & (before < len(pay))
            pay[before[inside]] = 1 + (SURGE_PEAK - 1) * rise[inside] if surge else 1.0
        return cls(
            first,
            tuple(f"{day:%Y-%m}" for day in starts[:-1]),
            np.array([(day - first).days for day in starts]),
            usual,
            usual * pay,
            np.array([at for at, day in enumerate(every) if china.is_working_day(day)]),
        )

    @property
    def last(self) -> int:
        """The data date as a day number."""
        return int(self.edges[-1]) - 1

    def number(self, day: date) -> int:
        """Return the day number of `day`; negative before the first month."""
        return (day - self.first).days

    def month(self, text: str) -> int:
        """Return the number of the month "2025-06"; negative before the first."""
        year, month = text.split("-")
        return (int(year) - self.first.year) * 12 + int(month) - self.first.month

    def calendar_month(self, month: int) -> int:
        """Return 1..12 for the month's number."""
        return (self.first.month - 1 + month) % 12 + 1

    def of_month(self, weights: Floats) -> Floats:
        """Return each month's sum of daily `weights`, 1.0 for a month of average working days."""
        total = np.add.reduceat(weights[: self.edges[-1]], self.edges[:-1])
        return total / 25.0

    def draw(self, month: Ints, weights: Floats, rng: np.random.Generator) -> Ints:
        """Return a day for each entry of `month` (month numbers), drawn by the daily `weights`."""
        sums = np.concatenate([[0.0], np.cumsum(weights[: self.edges[-1]])])
        low, high = sums[self.edges[month]], sums[self.edges[month + 1]]
        found = np.searchsorted(sums, low + rng.random(len(month)) * (high - low), side="right") - 1
        day: Ints = np.clip(found, self.edges[month], self.edges[month + 1] - 1)
        return day

    def working_after(self, day: Ints, count: Ints) -> Ints:
        """Return the `count`-th working day after each `day`."""
        found: Ints = self.working[np.searchsorted(self.working, day, side="right") + count - 1]
        return found
