"""What follows from sums: given the sums that somebody was shown, which other sums are then known exactly.

A sum is a row of weights of unknown numbers. What follows from several is exactly what lies in the space of their
rows, worked out in whole numbers and fractions. Rows are kept sparse: a sum over a part of the organisation names few
unknowns once the sums over its own parts are taken off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from heapq import heapify, heappop, heappush

Number = int | Fraction
Row = dict[int, Number]  # unknown → weight, none of them zero


class Known:
    """All sums that follow from those told so far."""

    def __init__(self) -> None:
        self._rows: list[Row] = []  # each with weight 1 at its pivot and without the pivots of earlier rows
        self._pivot: dict[int, int] = {}  # unknown → place of the row whose pivot it is
        self._pivots: list[int] = []

    def __len__(self) -> int:
        """Return how many independent sums are known."""
        return len(self._rows)

    def tell(self, weights: Mapping[int, Number]) -> None:
        """Take note of a sum."""
        row = self._rest(weights)
        if not row:
            return
        pivot = next((unknown for unknown, weight in row.items() if weight in (1, -1)), next(iter(row)))
        by = row[pivot]
        if by != 1:
            row = {unknown: weight * by if by == -1 else Fraction(weight) / by for unknown, weight in row.items()}
        self._pivot[pivot] = len(self._rows)
        self._pivots.append(pivot)
        self._rows.append(row)

    def tell_all(self, sums: Iterable[Mapping[int, Number]]) -> None:
        """Take note of sums, the shortest first: they keep the longer ones short."""
        for weights in sorted(sums, key=len):
            self.tell(weights)

    def follows(self, weights: Mapping[int, Number]) -> bool:
        """Return whether the sum is known exactly."""
        return not self._rest(weights)

    def _rest(self, weights: Mapping[int, Number]) -> Row:
        """Return the sum with everything known taken off: nothing if and only if it follows."""
        row = {unknown: weight for unknown, weight in weights.items() if weight}
        due = [self._pivot[unknown] for unknown in row if unknown in self._pivot]
        heapify(due)
        # A row brings in pivots of later rows only, so each is taken off once.
        while due:
            place = heappop(due)
            if due and due[0] == place:
                continue
            known = self._rows[place]
            times = row.get(self._pivots[place])
            if not times:
                continue
            for unknown, weight in known.items():
                left = row.get(unknown, 0) - times * weight
                if left:
                    if unknown not in row and unknown in self._pivot:
                        heappush(due, self._pivot[unknown])
                    row[unknown] = left
                else:
                    row.pop(unknown, None)
        return row
