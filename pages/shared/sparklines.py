"""A small line without axes, as an image inside a piece of HTML: no chart engine, an alternative text, no request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from urllib.parse import quote

from pages.shared.theme import Palette

HEIGHT = 38
_TOP, _BOTTOM = 4, HEIGHT - 4


def svg(values: Sequence[float | None], colours: Palette, target: float | None = None) -> str:
    """Return the line as SVG that stretches with its frame: gaps stay gaps, the last value is dotted, a target dashed.

    Empty if fewer than two values are known.
    """
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    low, high = (edge([*known, *([] if target is None else [target])]) for edge in (min, max))
    step = 100 / (len(values) - 1)

    def at(value: float) -> str:
        return (
            f"{(_TOP + _BOTTOM) / 2 if high == low else _BOTTOM - (_BOTTOM - _TOP) * (value - low) / (high - low):.1f}"
        )

    runs = list(_runs(values))
    line = "".join(
        f"{'L' if i else 'M'}{place * step:.1f} {at(value)}" for run in runs for i, (place, value) in enumerate(run)
    )
    alone = "".join(f"M{run[0][0] * step:.1f} {at(run[0][1])}h0" for run in runs if len(run) == 1)
    place, value = runs[-1][-1]
    # The picture is stretched to the card's width; strokes, and so the dot, keep their shape.
    same = 'fill="none" vector-effect="non-scaling-stroke" stroke-linecap="round" stroke-linejoin="round"'
    goal = ""
    if target is not None:
        dashes = f'stroke="{colours.target}" stroke-width="1.25" stroke-dasharray="1 4"'
        goal = f'<path {same} {dashes} d="M0 {at(target)}H100"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 0 104 {HEIGHT}" preserveAspectRatio="none">{goal}'
        f'<path {same} stroke="{colours.neutral}" stroke-width="1.75" d="{line}"/>'
        f'<path {same} stroke="{colours.neutral}" stroke-width="4" d="{alone or "M0 0"}"/>'
        f'<path {same} stroke="{colours.accent}" stroke-width="6" d="M{place * step:.1f} {at(value)}h0"/></svg>'
    )


def image(values: Sequence[float | None], said: str, colours: Palette, target: float | None = None) -> str:
    """Return the line as an HTML image with `said` as its alternative text; empty if there is nothing to draw."""
    drawn = svg(values, colours, target)
    return f'<img class="d-spark" alt="{escape(said)}" src="data:image/svg+xml,{quote(drawn)}">' if drawn else ""


def _runs(values: Sequence[float | None]) -> Iterator[list[tuple[int, float]]]:
    """Return the unbroken stretches of known values with their places."""
    run: list[tuple[int, float]] = []
    for place, value in enumerate(values):
        if value is not None:
            run.append((place, value))
        elif run:
            yield run
            run = []
    if run:
        yield run
