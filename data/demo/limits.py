"""Time limits of the made-up group, its targets, and when a grievance is due."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from data import tables
from data.demo.days import LAST, Ints
from data.demo.frames import codes, frame
from data.demo.world import World

CATEGORIES = codes(tables.CATEGORIES)

# (category, response days, closing days, working days?, valid from)
LEVELS: tuple[tuple[str, int, int, bool, date], ...] = (
    ("pay", 3, 10, True, tables.ALWAYS),
    ("pay", 2, 10, True, date(2026, 1, 1)),
    ("hours", 3, 15, True, tables.ALWAYS),
    ("safety", 1, 5, False, tables.ALWAYS),
    ("contract", 5, 20, True, tables.ALWAYS),
    ("insurance", 5, 15, True, tables.ALWAYS),
    ("welfare", 5, 15, False, tables.ALWAYS),
    ("training", 5, 20, False, tables.ALWAYS),
    ("environment", 3, 10, False, tables.ALWAYS),
    ("management", 5, 30, False, tables.ALWAYS),
)
# Where no row fits: the usual five days to answer and fifteen to close.
USUAL_RESPONSE, USUAL_CLOSING = 5, 15

# metric → the company's target in the last year; each earlier year asked a little less.
TARGETS: dict[str, float] = {
    "participation_rate": 0.92,
    "non_party_reach": 0.75,
    "joint_activity_share": 0.20,
    "party_day_rate": 0.95,
    "unit_coverage": 0.98,
    "response_rate": 0.92,
    "closure_rate": 0.95,
    "on_time_rate": 0.88,
    "resolution_rate": 0.62,
    "resolution_rate:confirmed": 0.80,
    "satisfaction_rate": 0.85,
    "rating_coverage": 0.60,
    "adoption_rate": 0.45,
    "implementation_rate": 0.60,
    "proposer_rate": 0.25,
    "favourable_rate": 0.75,
    "survey_response_rate": 0.60,
    "union_membership_rate": 0.95,
    "quorum_rate": 1.0,
    "reply_on_time_rate": 0.90,
    "commitments_on_time_rate": 0.85,
    "contract_coverage_rate": 0.90,
    "aid_coverage_rate": 0.90,
}
YEARLY_STEP = 0.01


def service_levels() -> pl.DataFrame:
    """Return the table `service_levels`."""
    return frame(
        "service_levels",
        {
            "category": [row[0] for row in LEVELS],
            "response_days": [row[1] for row in LEVELS],
            "closing_days": [row[2] for row in LEVELS],
            "day_kind": ["working" if row[3] else "calendar" for row in LEVELS],
            "valid_from": [row[4] for row in LEVELS],
        },
    )


def targets(world: World) -> pl.DataFrame:
    """Return the table `targets`: the main KPIs of the company and its divisions, each year of the data."""
    rng = world.dice("targets")
    rows = []
    for at, unit in enumerate(world.units):
        if unit.kind not in ("company", "division"):
            continue
        # A division's own target lies near the company's, in whole points.
        own = 0.0 if at == 0 else round(float(rng.normal(0, 0.01)), 2)
        for year in range(world.days.first.year, LAST.year + 1):
            for metric, target in TARGETS.items():
                asked = target + own - YEARLY_STEP * (LAST.year - year)
                rows.append((metric, unit.id, year, 1.0 if target == 1.0 else round(min(asked, 0.99), 2)))
    columns = list(zip(*rows, strict=True))
    return frame("targets", dict(zip(("metric", "branch_id", "year", "target"), columns, strict=True)))


def due(world: World, category: Ints, filed: Ints) -> tuple[Ints, Ints]:
    """Return the days by which each grievance is to be answered and closed, by `category` and the day `filed`."""
    response, closing = filed + USUAL_RESPONSE, filed + USUAL_CLOSING
    for name, answer, close, working, valid_from in LEVELS:
        valid = (category == CATEGORIES.index(name)) & (filed >= world.days.number(valid_from))
        if working:
            response[valid] = world.days.working_after(filed[valid], np.full(int(valid.sum()), answer))
            closing[valid] = world.days.working_after(filed[valid], np.full(int(valid.sum()), close))
        else:
            response[valid], closing[valid] = filed[valid] + answer, filed[valid] + close
    return response, closing
