"""Definition X-ray: which cases make the difference between two rival definitions of one rate.

Each case has flags: counted in the numerator and denominator of the one definition, and of the other. The cases that
differ are named parts (“not yet due”, “reopened”); moving them over from the one definition to the other, part by part
in the order given, changes the value step by step, so the steps add up to the difference exactly (they are computed as
fractions). Only numbers per part are needed, so a viewer who may not see cases can have it too.

Reference: sequential (“stepwise”) decomposition, as in P. Das Gupta, Standardization and Decomposition of Rates (U.S.
Bureau of the Census 1993) ch. 1; the order is part of the statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import polars as pl


@dataclass(frozen=True)
class Part:
    """One named set of cases: how many, what they add to numerator and denominator, and the value's step in points."""

    name: str
    cases: int
    numerator: int
    denominator: int
    effect: float


@dataclass(frozen=True)
class Xray:
    """The value under each definition, with its counts, and the parts that lead from the first to the second."""

    first: float
    second: float
    difference: float
    first_counts: tuple[int, int]
    second_counts: tuple[int, int]
    parts: tuple[Part, ...]


def xray(cases: pl.DataFrame, order: Sequence[str]) -> Xray | None:
    """Return the difference between two definitions as steps; None where either has no denominator.

    `cases` has a row a case (or, with an Int column `cases`, a row per kind of case): booleans `first_numerator`,
    `first_denominator`, `second_numerator`, `second_denominator`, and `part`, the name of why it differs (null where it
    does not). `order` lists the names in the order of the steps; ValueError where a differing case has no name in it,
    or a case counts in a numerator without its denominator. Parts without a case are left out.
    Source: Das Gupta (1993), see the module.
    """
    if "cases" not in cases.columns:
        cases = cases.with_columns(pl.lit(1, pl.Int64).alias("cases"))
    for which in ("first", "second"):
        if cases.select((pl.col(f"{which}_numerator") & ~pl.col(f"{which}_denominator")).any()).item():
            raise ValueError(f"a case counts in the {which} numerator but not in its denominator")
    flags = [f"{which}_{part}" for which in ("first", "second") for part in ("numerator", "denominator")]
    sums = cases.select((pl.col(flag) * pl.col("cases")).sum().cast(pl.Int64).alias(flag) for flag in flags).row(
        0, named=True
    )
    differing = cases.filter(
        (pl.col("first_numerator") != pl.col("second_numerator"))
        | (pl.col("first_denominator") != pl.col("second_denominator"))
    )
    unnamed = differing.filter(pl.col("part").is_null() | ~pl.col("part").is_in(list(order)))
    if not unnamed.is_empty():
        raise ValueError(f"part {unnamed['part'][0]!r} of a differing case: one of {', '.join(order)}")
    if not (sums["first_denominator"] and sums["second_denominator"]):
        return None
    moved = {
        row["part"]: row
        for row in differing.group_by("part")
        .agg(
            pl.col("cases").sum(),
            *(
                ((pl.col(f"second_{part}").cast(pl.Int64) - pl.col(f"first_{part}").cast(pl.Int64)) * pl.col("cases"))
                .sum()
                .alias(part)
                for part in ("numerator", "denominator")
            ),
        )
        .iter_rows(named=True)
    }
    above, below = sums["first_numerator"], sums["first_denominator"]
    value = Fraction(above, below)
    parts = []
    for name in order:
        if name not in moved:
            continue
        row = moved[name]
        above, below = above + row["numerator"], below + row["denominator"]
        # All cases of the first definition gone and none of the second there yet: the next step shows both effects.
        following = Fraction(above, below) if below else value
        parts.append(Part(name, row["cases"], row["numerator"], row["denominator"], float(following - value)))
        value = following
    first = Fraction(sums["first_numerator"], sums["first_denominator"])
    second = Fraction(sums["second_numerator"], sums["second_denominator"])
    return Xray(
        float(first),
        float(second),
        float(second - first),
        (sums["first_numerator"], sums["first_denominator"]),
        (sums["second_numerator"], sums["second_denominator"]),
        tuple(parts),
    )
