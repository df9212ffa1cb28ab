"""Why did it change? Mix and rate effects by group that add up to the change of a rate.

A rate R = Σ w·r (w = a group's share of the denominator, r = its own rate) changes because groups' rates change (rate
effect, at the mean share) and because the groups' shares change (mix effect, at the group's mean rate above or below
the mean of all, so that a growing group with a good rate raises the whole). With means of both periods as weights
nothing is left over and neither period is privileged.

Reference: E. M. Kitagawa, “Components of a difference between two rates”, Journal of the American Statistical
Association 50 (1955) 1168–1194.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Decomposition:
    """The change of a rate: `before`, `after`, their `change`, and what made it, largest first, in `frame`.

    `frame` has the group columns, `share_before`, `share_after` (of the denominator), `before`, `after` (the group's
    own rate, null without a denominator), `mix`, `rate` and `effect` = mix + rate. `overlap` is what groups that are
    not apart (people counted in two of them) leave to the total; 0 where they are.
    """

    frame: pl.DataFrame
    before: float
    after: float
    change: float
    mix: float
    rate: float
    overlap: float


def mix_and_rate(
    before: pl.DataFrame,
    after: pl.DataFrame,
    group_columns: Sequence[str],
    totals: tuple[float, float] | None = None,
) -> Decomposition | None:
    """Return why a rate changed from `before` to `after`; None where either period has no denominator.

    Both frames have the group columns, `numerator`, `denominator`, a row a group; a group may be missing in one. With
    two group columns the effects are those of each pair, and add up over either. `totals` are the two true total rates
    where groups overlap (distinct people); what the groups do not explain is then `overlap`.
    Source: Kitagawa (1955), see the module.
    """
    keys = list(group_columns)
    sides = [
        side.select(
            *keys,
            pl.col("numerator").cast(pl.Float64).alias(f"x_{name}"),
            pl.col("denominator").cast(pl.Float64).alias(f"n_{name}"),
        )
        for name, side in (("before", before), ("after", after))
    ]
    groups = (
        sides[0]
        .join(sides[1], on=keys, how="full", coalesce=True, nulls_equal=True, maintain_order="left_right")
        .with_columns(pl.selectors.starts_with("x_", "n_").fill_null(0.0))
    )
    sums = groups.select(pl.selectors.starts_with("x_", "n_").sum()).row(0, named=True)
    if not (sums["n_before"] > 0 and sums["n_after"] > 0):
        return None
    start, end = (sums[f"x_{name}"] / sums[f"n_{name}"] for name in ("before", "after"))
    rates = [
        pl.when(pl.col(f"n_{name}") > 0).then(pl.col(f"x_{name}") / pl.col(f"n_{name}")).alias(name)
        for name in ("before", "after")
    ]
    shares = [(pl.col(f"n_{name}") / sums[f"n_{name}"]).alias(f"share_{name}") for name in ("before", "after")]
    # A group that is new or gone has one rate only: its whole effect is that of its coming or going.
    first, second = pl.coalesce("before", "after", 0.0), pl.coalesce("after", "before", 0.0)
    share_change = pl.col("share_after") - pl.col("share_before")
    mean_share = (pl.col("share_after") + pl.col("share_before")) / 2
    frame = (
        groups.with_columns(*rates, *shares)
        .with_columns(
            (share_change * ((first + second) / 2 - (start + end) / 2)).alias("mix"),
            (mean_share * (second - first)).alias("rate"),
        )
        .with_columns((pl.col("mix") + pl.col("rate")).alias("effect"))
        .sort(pl.col("effect").abs(), descending=True, maintain_order=True)
        .select(*keys, "share_before", "share_after", "before", "after", "mix", "rate", "effect")
    )
    true_start, true_end = totals if totals is not None else (start, end)
    overlap = (true_end - true_start) - (end - start) if totals is not None else 0.0
    return Decomposition(
        frame,
        true_start,
        true_end,
        true_end - true_start,
        float(frame["mix"].sum()),
        float(frame["rate"].sum()),
        overlap,
    )


def rounded(parts: Sequence[float], digits: int) -> list[float]:
    """Return the parts rounded to `digits` so that they add up to their rounded sum, as a reader will check.

    The parts nearest to the next step give way (largest remainders, Hamilton's rule of apportionment, 1792).
    """
    step = 10**digits
    scaled = [part * step for part in parts]
    floors = [int(value // 1) for value in scaled]
    missing = round(sum(scaled)) - sum(floors)
    order = sorted(range(len(parts)), key=lambda place: floors[place] - scaled[place])
    for place in order[:missing]:
        floors[place] += 1
    return [whole / step for whole in floors]
