"""What a metric is: names, rival definitions, unit, direction and computation.

The catalogue itself is `queries/metrics.py`; counts that stand beside it are in `queries/supporting.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from queries.cut import Compute
from queries.errors import QueryError

Unit = Literal["rate", "count", "per_100", "per_head", "days", "yuan", "index", "score"]
Family = Literal["participation", "grievances", "suggestions", "engagement", "organisation"]
CALENDAR = ("month", "quarter", "year")
SPACE = ("branch", "unit")


@dataclass(frozen=True)
class Definition:
    """One way to count a metric; `id` is None where there are no rivals. Texts in Chinese and English."""

    id: str | None
    zh: str
    en: str
    numerator_zh: str
    numerator_en: str
    denominator_zh: str
    denominator_en: str
    compute: Compute
    excluded_zh: str = ""
    excluded_en: str = ""

    @property
    def formula_zh(self) -> str:
        """The formula in Chinese words."""
        return f"{self.numerator_zh} ÷ {self.denominator_zh}" if self.denominator_zh else self.numerator_zh

    @property
    def formula_en(self) -> str:
        """The formula in English words."""
        return f"{self.numerator_en} ÷ {self.denominator_en}" if self.denominator_en else self.numerator_en


@dataclass(frozen=True)
class Metric:
    """One number of the catalogue; `definitions[0]` is the default.

    `direction`: +1 higher is better, −1 lower is better, 0 neither. `codes` holds the dimensions it can be grouped by
    with their codes in order. `proportion`: has a Wilson interval. `over_headcount`: a rate that can exceed 1.
    """

    id: str
    zh: str
    en: str
    family: Family
    unit: Unit
    direction: int
    definitions: tuple[Definition, ...]
    codes: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    proportion: bool = False
    over_headcount: bool = False
    has_period: bool = True
    description_zh: str = ""
    description_en: str = ""

    @property
    def groupings(self) -> tuple[str, ...]:
        """The groupings it has, space and time first."""
        return (*SPACE, *(CALENDAR if self.has_period else ()), *(name for name, _ in self.codes))

    def definition(self, wanted: str | None) -> Definition:
        """Return the definition called `wanted` (None: the default); QueryError names those there are."""
        if wanted is None:
            return self.definitions[0]
        for definition in self.definitions:
            if definition.id == wanted:
                return definition
        names = ", ".join(d.id for d in self.definitions if d.id)
        raise QueryError(
            f"{self.id} has no definition {wanted!r}; " + (f"one of {names}" if names else "it has only one, unnamed")
        )


def one(
    compute: Compute,
    numerator: tuple[str, str],
    denominator: tuple[str, str] = ("", ""),
    excluded: tuple[str, str] = ("", ""),
) -> tuple[Definition, ...]:
    """Return the only definition of a metric without rivals; texts are (Chinese, English)."""
    return (rival(None, ("", ""), compute, numerator, denominator, excluded),)


def rival(
    name: str | None,
    names: tuple[str, str],
    compute: Compute,
    numerator: tuple[str, str],
    denominator: tuple[str, str] = ("", ""),
    excluded: tuple[str, str] = ("", ""),
) -> Definition:
    """Return one of several rival definitions; texts are (Chinese, English)."""
    return Definition(name, *names, *numerator, *denominator, compute, *excluded)
