"""Survey rounds and their answers: who answers, and how each unit feels about each dimension."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from data import tables
from data.demo import stories
from data.demo.days import Floats, Ints
from data.demo.frames import codes, frame
from data.demo.world import World, effects

DIMENSIONS = codes(tables.DIMENSIONS)
SEVEN = len(DIMENSIONS) - 1
OPENS_ON, OPEN_DAYS = 9, 14

# A feeling above these levels gives 2, 3, 4, 5.
STEPS = np.array([-1.85, -1.20, -0.58, 0.62])
FEELING = {"trust": 0.10, "voice": -0.16, "care": 0.05, "growth": -0.14, "fairness": -0.08, "belonging": 0.14,
           "safety": 0.12}  # fmt: skip
BY_UNIT, BY_UNIT_DIMENSION, BY_ROUND = 0.14, 0.08, 0.03
# What one person's answers have in common, and what each has of its own.
COMMON, OWN = 0.65, 0.76
SKIPPED = 0.015
# (story, dimensions, shift): what else a reader finds in the rounds since the story began.
FELT = (
    (stories.FAST_UNSATISFYING, ("voice", "fairness", "trust"), -0.45),
    (stories.REORGANISATION, ("trust", "voice"), -0.28),
    (stories.SUGGESTION_DRIVE, ("voice", "growth"), 0.22),
)
QUIET_RESPONSE = 0.09


def surveys(world: World) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the tables `surveys` and `survey_answers`."""
    rng = world.dice("surveys")
    opened = [
        date.fromisoformat(f"{month}-{OPENS_ON:02}")
        for at, month in enumerate(world.days.months)
        if world.days.calendar_month(at) in world.size.survey_months
    ]
    ids = [f"V{day:%Y%m}" for day in opened]
    rounds = frame(
        "surveys",
        {
            "survey_id": ids,
            "title": [f"{day.year}年{'春' if day.month < 7 else '秋'}季职工满意度问卷" for day in opened],
            "opened_on": opened,
            "closed_on": [day + timedelta(OPEN_DAYS) for day in opened],
        },
    )
    lasting = effects(BY_UNIT, len(world.units), rng)[:, None] + rng.normal(
        0, BY_UNIT_DIMENSION, (len(world.units), len(DIMENSIONS))
    )
    lasting += np.array([FEELING.get(name, 0.0) for name in DIMENSIONS])
    willing = rng.normal(world.size.response, 0.06, len(world.units))
    quiet = world.told(stories.TOO_QUIET)
    answers = []
    for survey, day in zip(ids, opened, strict=True):
        month = world.days.month(f"{day:%Y-%m}")
        share = np.clip(willing + rng.normal(0, 0.015) + rng.normal(0, 0.03, len(quiet)), 0.25, 0.85)
        answered = rng.binomial(world.people.employees[:, month], np.where(quiet, QUIET_RESPONSE, share))
        feeling = lasting + rng.normal(0, BY_ROUND, lasting.shape)
        for story, dimensions, shift in FELT:
            if month >= world.since(story):
                for name in dimensions:
                    feeling[world.told(story), DIMENSIONS.index(name)] += shift
        answers.append(_answers(world, survey, answered, feeling, rng))
    return rounds, pl.concat(answers)


def _answers(world: World, survey: str, answered: Ints, feeling: Floats, rng: np.random.Generator) -> pl.DataFrame:
    unit = np.repeat(np.arange(len(answered)), answered)
    count = len(unit)
    common = rng.standard_normal(count)
    felt = feeling[unit] + COMMON * common[:, None] + OWN * rng.standard_normal((count, len(DIMENSIONS)))
    score = np.empty(felt.shape, np.int64)
    score[:, :SEVEN] = 1 + np.searchsorted(STEPS, felt[:, :SEVEN])
    score[:, SEVEN] = np.clip(np.rint(7.7 + 2.0 * felt[:, SEVEN]), 0, 10)
    # Answer sheets carry numbers drawn by lot, so their order tells nothing about who filled them in.
    sheet = rng.permutation(count)
    by_sheet = np.argsort(sheet)
    unit, score = unit[by_sheet], score[by_sheet]
    given = rng.random(score.shape) > SKIPPED
    row, dimension = np.nonzero(given)
    names = pl.select(
        pl.format("{}-{}", pl.lit(survey), pl.int_range(1, count + 1).cast(pl.String).str.zfill(6))
    ).to_series()
    return frame(
        "survey_answers",
        {
            "survey_id": pl.repeat(survey, len(row), eager=True),
            "respondent_id": names.gather(row),
            "branch_id": world.ids.gather(unit[row]),
            "dimension": pl.Series(DIMENSIONS, dtype=pl.String).gather(dimension),
            "score": score[row, dimension],
        },
    )
