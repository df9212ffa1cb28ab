"""Demo data worth looking at: a made-up hydropower construction group whose figures tell planted stories.

`generate` makes the tables, `main` stores them; `stories` declares what they tell, `ledgers` cuts out a month.
"""

from __future__ import annotations

import polars as pl

from data.demo import activities, care, consultation, grievances, limits, organisation, suggestions, surveys, workforce
from data.demo import world as worlds
from data.demo.stories import LATE_REPORTING


def generate(size: str = "small", seed: int = 1, *, stories: bool = True) -> dict[str, pl.DataFrame]:
    """Return the sixteen tables as typed full-width frames; the same size and seed give the same rows in order.

    `size` is small (60 units, 9,000 workers, 30 months), medium (ten times the rows) or large (500 units, 200,000
    workers, 36 months); `stories=False` leaves the planted stories out, so that nothing but chance is left to find.
    Values are as the database holds them: months "2026-10", money in fen. ValueError for an unknown size.
    """
    if size not in worlds.SIZES:
        raise ValueError(f"size {size!r}: one of {', '.join(worlds.SIZES)}")
    world = worlds.build(worlds.SIZES[size], seed, stories)
    held, attendance = activities.activities(world)
    rounds, answers = surveys.surveys(world)
    meetings, commitments = consultation.consultation(world)
    return {
        "branches": organisation.branches(world.units),
        "headcounts": workforce.headcounts(
            world.units, world.people, world.days, world.told(LATE_REPORTING), world.dice("headcounts")
        ),
        "service_levels": limits.service_levels(),
        "activities": held,
        "attendance": attendance,
        "grievances": grievances.grievances(world),
        "suggestions": suggestions.suggestions(world),
        "surveys": rounds,
        "survey_answers": answers,
        "meetings": meetings,
        "commitments": commitments,
        "contracts": consultation.contracts(world),
        "aid_cases": care.aid_cases(world),
        "notices": care.notices(world),
        "interests": care.interests(world),
        "targets": limits.targets(world),
    }
