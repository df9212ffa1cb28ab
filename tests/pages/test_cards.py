"""A number that rests on fewer units than it should says so beside itself, to the eye and to the ear."""

from __future__ import annotations

from pages.shared import cards
from queries import metrics


def card(coming: tuple[int, int]) -> str:
    found = metrics.find("closure_rate")
    return cards.body(cards.Card(found, "办结率", "92%", "", "", "", (), None, (), False, coming=coming))


def test_the_mark_stands_beside_the_number_only_while_units_are_missing() -> None:
    said = card((58, 60))
    assert 'style="--part:92%"' in said, "a gap is seen, however small the part that is missing"
    assert 'style="--part:50%"' in card((30, 60))
    assert 'aria-label="60 个单位中有 58 个已报齐应报人数台账"' in said
    assert "d-part" not in card((60, 60))
    assert "d-part" not in card((0, 0))
