"""The sizes of the demo, and what all its generators share: calendar, units, workers, stories, dice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data.demo import organisation, workforce
from data.demo.days import Days, Floats, Ints
from data.demo.ledgers import as_of
from data.demo.organisation import Unit
from data.demo.stories import LATE_REPORTING, TOO_QUIET, Story
from data.demo.workforce import Workforce

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Size:
    """How much demo data: units by kind, workers in an average month, and about how many rows."""

    name: str
    months: int
    divisions: int
    branches: int
    groups: int
    workers: int
    attendances: int
    grievances: int
    suggestions: int
    survey_months: tuple[int, ...]  # a survey opens in these months of the year
    response: float  # usual share of the workers who answer


SIZES = {
    size.name: size
    for size in (
        Size("small", 30, 8, 34, 17, 9_000, 300_000, 9_000, 7_000, (4, 10), 0.62),
        Size("medium", 30, 10, 112, 177, 90_000, 3_000_000, 90_000, 70_000, (4, 10), 0.62),
        # Yearly, so that two million answers and a plausible response fit together.
        Size("large", 36, 12, 190, 297, 200_000, 10_000_000, 500_000, 500_000, (10,), 0.435),
    )
}


@dataclass(frozen=True)
class World:
    """One demo before its rows are drawn. Arrays by unit are in the order of `units`."""

    size: Size
    seed: int
    stories: bool
    days: Days
    units: list[Unit]
    people: Workforce
    ids: pl.Series

    def dice(self, part: str) -> np.random.Generator:
        """Return the part's own random numbers, so that one part's changes leave the others as they are."""
        return np.random.default_rng([self.seed, *part.encode()])

    def told(self, story: Story) -> Flags:
        """Return which units the story is about, its units with their subtrees; none when no stories are told."""
        return _told(self.units, story, self.stories)

    def since(self, story: Story) -> int:
        """Return the number of the month in which the story begins."""
        return self.days.month(story.months[0])

    @property
    def silent_from(self) -> Ints:
        """The month by unit from which nothing is handed in: that of the late reporter, else after the end."""
        late = self.told(LATE_REPORTING)
        return np.where(late, self.since(LATE_REPORTING), len(self.days.months))

    def handed_in(self, table: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the table's rows as handed in: a late reporter's stand still at the end of its last month."""
        late = pl.col("branch_id").is_in(self.ids.filter(self.told(LATE_REPORTING)).to_list())
        if not self.stories:
            return frame
        day = self.days.first + timedelta(int(self.days.edges[self.since(LATE_REPORTING)]) - 1)
        stopped = as_of({table: frame.filter(late)}, day)[table]
        return pl.concat([frame.filter(~late), stopped]).sort(frame.columns[0])


def build(size: Size, seed: int, stories: bool) -> World:
    """Return the world of one demo: its calendar, units and workforce."""
    days = Days.ending(size.months, surge=stories)
    units = organisation.units(size.divisions, size.branches, size.groups, days, stories)
    rng = np.random.default_rng([seed, *b"workforce"])
    people = workforce.workforce(units, size.workers, days, _told(units, TOO_QUIET, stories), rng)
    ids = pl.Series("branch_id", [unit.id for unit in units], dtype=pl.String)
    return World(size, seed, stories, days, units, people, ids)


def effects(scale: float, count: int, rng: np.random.Generator) -> Floats:
    """Return one lasting difference per unit, normal with the given scale."""
    return rng.normal(0, scale, count)


def _told(units: list[Unit], story: Story, stories: bool) -> Flags:
    if not stories:
        return np.zeros(len(units), bool)
    whole = "HQ" in story.units
    return np.array([whole or unit.id.startswith(story.units) for unit in units])
