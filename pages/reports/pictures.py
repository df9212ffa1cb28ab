"""Charts as vectors for documents: the specifications of the pages, always light, with the fonts of the machine."""

from __future__ import annotations

import contextvars
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import vl_convert

from pages.consultation.frozen_view import Content, FrozenView, item_chart
from pages.shared import charts, drawing, theme
from pages.shared.drawing import Drawing

WIDTH, HEIGHT, LOW = 400, 190, 140  # points of a chart in two columns of an A4 page; low: beside what is said to it
COURSES = ("on_time_rate", "satisfaction_rate", "participation_rate", "adoption_rate")


def courses(seen: FrozenView, names: Sequence[str] = COURSES) -> list[tuple[Content, str]]:
    """Return figures with the picture of their course over the months as SVG; those without one are left out."""
    found = [figure for figure in seen.content["figures"] if figure["metric"] in names]
    made = _light(lambda: [(f, charts.line(seen, seen.answer(f, "month"), target=f["target"])) for f in found])
    return [(figure, svg(one)) for figure, one in made if not one.empty and not one.withheld]


def of_items(seen: FrozenView) -> dict[str, str]:
    """Return the pictures of the agenda's items as SVG, by item."""
    made = _light(lambda: {item["item_id"]: item_chart(seen, item) for item in seen.content["items"]})
    drawn: dict[str, str] = {}  # items about the same figure share their picture
    return {key: _once(drawn, one) for key, one in made.items() if one is not None and not one.empty}


def _once(drawn: dict[str, str], one: Drawing) -> str:
    what = json.dumps(_spec(one, LOW), sort_keys=True, default=str)
    if what not in drawn:
        drawn[what] = svg(one, LOW)
    return drawn[what]


def _light(make: Any) -> Any:
    """Return what `make` gives away from the visitor's session: a document is light whatever the page is."""
    context = contextvars.copy_context()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(context.run, make).result()


def svg(one: Drawing, height: int = HEIGHT) -> str:
    """Return a drawing as an SVG picture of one width, whatever its labels take of it."""
    return str(vl_convert.vegalite_to_svg(_spec(one, height)))


def _spec(one: Drawing, height: int) -> dict[str, Any]:
    spec = drawing.for_document(one)
    spec = {
        **spec,
        "width": WIDTH,
        "height": min(int(spec.get("height", height)), 3 * height),
        "autosize": {"type": "fit-x", "contains": "padding"},
    }
    if spec["height"] == theme.CHART_HEIGHT:
        spec["height"] = height
    return spec
