"""Charts by unit or code: who has how much and how sure that is, where and when, who stands out beyond chance."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import altair as alt
import polars as pl

from pages.shared import formats, theme
from pages.shared.drawing import (
    AXIS,
    ROW,
    Drawing,
    Look,
    Spec,
    counted,
    drawn,
    finished,
    kept,
    labels,
    look,
    names_axis,
    pick,
    time_x,
    value_axis,
    widened,
    worded,
)
from pages.shared.view import View
from pages.shared.words import _
from queries.answers import Answer
from queries.metric import CALENDAR, Unit

# Pixels that a colour legend and leaning names take of a chart's height.
LEGEND, SLANT = 46, 64
FIGURE = 46  # pixels that a figure at the end of a bar takes
UPRIGHT = 460  # pixels of a chart below which ten Chinese names no longer stand beside each other
CELL = 30  # pixels across that a figure in a heat map takes
CELLS_WITH_TEXT = 260  # above that many cells the figures in a heat map no longer read


@kept
def bars(
    seen: View,
    answer: Answer,
    *,
    target: float | None = None,
    highlight: str | None = None,
    clicks: bool = True,
    limit: int | None = None,
) -> Drawing:
    """Return a metric by unit or code as lying bars in the order of the organisation or the code list.

    What has an interval (a proportion, a forecast) has whiskers; `target` is a dashed line, and what misses it beyond
    chance stands out; `highlight` names the group that stands out instead, all others step back. Groups too small to
    show read “<5”. A click returns `group`.
    """
    rows = worded(seen, answer)
    kept = rows.filter(pl.col("value").is_not_null() | pl.col("suppressed"))
    kept = kept if limit is None else kept[:limit]
    whiskers = kept["low"].null_count() < kept.height
    highs = kept["high"] if whiskers else kept["value"]
    missing = [False] * kept.height if highlight else _missing(answer, kept, target)
    main = [group == highlight for group in kept["group"]] if highlight else missing
    if any(missing):  # never by colour alone
        told = _("{said}, misses the target beyond chance")
        said = [told.format(said=one) if off else one for one, off in zip(kept["said"], missing, strict=True)]
        kept = kept.with_columns(said=pl.Series(said, dtype=pl.String))
    frame = widened(
        kept,
        ["group", "label", "shown", "said", *(["low", "high"] if whiskers else [])],
        numbers={
            # A bar without a length would lose its place in the order.
            "value": kept["value"].fill_null(0.0).to_list(),
            "end": [max(value or 0.0, high or 0.0, 0.0) for value, high in zip(kept["value"], highs, strict=True)],
            **({} if target is None else {"target": [target] * kept.height}),
        },
        flags={"main": main},
    )
    spec = _bars(look(seen, answer.metric.unit, clicks=clicks), whiskers, target is not None)
    return drawn(frame, {**spec, "height": frame.height * ROW + AXIS}, ("group",), answer, rows)


def _missing(answer: Answer, rows: pl.DataFrame, target: float | None) -> list[bool]:
    """Return which rows lie on the wrong side of the target with their whole interval."""
    better = answer.metric.direction
    if target is None or not better:
        return [False] * rows.height
    best = rows["high" if better > 0 else "low"]
    return [edge is not None and (edge - target) * better < 0 for edge in best]


@cache
def _bars(of: Look, whiskers: bool, has_target: bool) -> Spec:
    colours = theme.PALETTES[of.mode]
    y = alt.Y("label:N", sort=None, axis=names_axis(), scale=alt.Scale(paddingInner=0.34, paddingOuter=0.2))
    base = alt.Chart().encode(y=y)
    bar = base.mark_bar(cornerRadiusEnd=2, cursor="pointer" if of.clicks else "default").encode(
        x=alt.X("value:Q", axis=value_axis(of, grid=True), scale=alt.Scale(zero=True)),
        color=alt.condition("datum.main", alt.value(colours.accent), alt.value(colours.neutral)),
        tooltip="said:N",
    )
    layers = [bar.add_params(pick("group")) if of.clicks else bar]
    if whiskers:
        whisker = base.mark_rule(color=colours.text, opacity=0.55, strokeWidth=1.25)
        layers.append(whisker.encode(x="low:Q", x2="high:Q"))
    if has_target:
        aim = alt.Chart().mark_rule(color=colours.target, strokeDash=[5, 4], strokeWidth=1.5)
        layers.append(aim.encode(x=alt.X("target:Q", aggregate="min")))
        # The target's line does not strike a figure through.
        halo = base.mark_text(align="left", dx=6, fontSize=theme.SMALL, stroke=colours.paper, strokeWidth=4)
        layers.append(halo.encode(x="end:Q", text="shown:N"))
    text = base.mark_text(align="left", dx=6, fontSize=theme.SMALL, color=colours.text)
    layers.append(text.encode(x="end:Q", text="shown:N"))
    return finished(alt.layer(*layers).properties(padding={**theme.PADDING, "right": FIGURE}), of.mode)


@kept
def heat(
    seen: View,
    answer: Answer,
    *,
    columns: str = "month",
    middle: float | None = None,
    clicks: bool = True,
    values: bool | None = None,
) -> Drawing:
    """Return a grid as a heat map: `group` down, `column` (the grouping `columns`) across.

    With `middle` (a target, the whole's figure) colours diverge from it, else they rise from light to dark. A click
    returns `group` and `column`. `values` writes the figures into the cells (None: where they fit).
    """
    frame, unit = answer.frame, answer.metric.unit
    rows = frame["group"].unique(maintain_order=True).to_list()
    across = frame["column"].unique(maintain_order=True).to_list()
    down = dict(zip(rows, labels(seen, answer.by, rows, answer.filters.branch), strict=True))
    over = dict(zip(across, labels(seen, columns, across), strict=True))
    written = len(rows) * len(across) <= CELLS_WITH_TEXT if values is None else values
    calendar = columns in CALENDAR
    known = [value for value in frame["value"] if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    shown = [_cell(unit, value, hidden) for value, hidden in zip(frame["value"], frame["suppressed"], strict=True)]
    names = [down[group] for group in frame["group"]]
    heads = [over[column] for column in frame["column"]]
    said = [
        f"{name} · {head}: {formats.value(unit, value, suppressed=hidden)}{counted(numerator, denominator)}"
        for name, head, value, hidden, numerator, denominator in zip(
            names, heads, *(frame[c] for c in ("value", "suppressed", "numerator", "denominator")), strict=True
        )
    ]
    sent = widened(
        frame,
        ["group", "column", "value"],
        {
            "label": names,
            "said": said,
            **({} if calendar else {"over": heads}),
            **({"shown": shown} if written else {}),
        },
        flags={"dark": [_on_dark(value, low, high, middle) for value in frame["value"]]} if written else None,
    )
    spec = _heat(look(seen, unit, columns, clicks), middle, written, calendar)
    lean = 0 if calendar or seen.language == "zh" else SLANT
    table = widened(frame, frame.columns, {"label": names, "over": heads})
    sized = {**spec, "height": len(rows) * ROW + AXIS + LEGEND + lean}
    return drawn(sent, sized, ("group", "column"), answer, table)


def _cell(unit: Unit, value: float | None, hidden: bool) -> str:
    """Return what stands in a cell: short, and nothing where there is nothing."""
    if hidden:
        return formats.suppressed_sign()
    if value is None:
        return ""
    return formats.percent(value, 0) if unit == "rate" else formats.value(unit, value)


def _on_dark(value: float | None, low: float, high: float, middle: float | None) -> bool:
    if value is None or high <= low:
        return False
    if middle is None:
        return (value - low) / (high - low) > 0.55
    reach = max(high - middle, middle - low) or 1.0
    return abs(value - middle) / reach > 0.62


@cache
def _heat(of: Look, middle: float | None, written: bool, calendar: bool) -> Spec:
    colours = theme.PALETTES[of.mode]
    if calendar:
        x = time_x(of, "column")
    else:
        axis = alt.Axis(title=None, orient="top", grid=False, labelOverlap=False, labelFlush=False, **_slant(of))
        x = alt.X("over:N", sort=None, axis=axis)
    base = alt.Chart().encode(x=x, y=alt.Y("label:N", sort=None, axis=names_axis()))
    if middle is None:
        scale = alt.Scale(range=list(colours.sequential))
    else:
        scale = alt.Scale(range=list(colours.diverging), domainMid=middle)
    text = formats.axis(of.unit, of.language)
    legend = alt.Legend(title=None, orient="bottom", gradientLength=180, gradientThickness=8, labelExpr=text)
    frame: dict[str, Any] = {"stroke": colours.paper, "strokeWidth": 1.5, "cornerRadius": 2}
    cell = base.mark_rect(cursor="pointer" if of.clicks else "default", invalid="filter", **frame).encode(
        color=alt.Color("value:Q", scale=scale, legend=legend), tooltip="said:N"
    )
    layers = [
        base.mark_rect(color=colours.panel, **frame).encode(tooltip="said:N"),
        cell.add_params(pick("group", "column")) if of.clicks else cell,
    ]
    if written:
        on_dark = colours.paper  # the palettes rise away from the page: white on light pages, near black on dark ones
        ink = alt.condition("datum.dark", alt.value(on_dark), alt.value(colours.text))
        # On a telephone the cells are too narrow for figures; the colours and the tooltips stay.
        room = alt.ExprRef(f"width / length(domain('x')) < {CELL} ? 0 : 1")
        layers.append(base.mark_text(fontSize=theme.TINY, opacity=room).encode(text="shown:N", color=ink))
    # The last name leans out of the picture.
    padding = theme.PADDING if calendar else {**theme.PADDING, "right": 28}
    return finished(alt.layer(*layers).properties(padding=padding), of.mode)


def _slant(of: Look) -> dict[str, Any]:
    """Return how column names stand: Chinese ones fit upright over a column, English ones lean."""
    if of.language == "zh":
        narrow = f"width < {UPRIGHT}"
        return {
            "labelAngle": {"expr": f"{narrow} ? -50 : 0"},
            "labelAlign": {"expr": f"{narrow} ? 'left' : 'center'"},
            "labelLimit": 60,
            "labelFontSize": theme.TINY,
        }
    return {"labelAngle": -32, "labelLimit": 110, "labelAlign": "left", "labelFontSize": theme.TINY}


def funnel_plot(
    seen: View,
    answer: Answer,
    limits: pl.DataFrame,
    *,
    outliers: tuple[str, ...] = (),
    standardised: Mapping[str, float | None] | None = None,
) -> Drawing:
    """Return units by size (denominator) and rate within the limits of chance.

    `limits`: denominator, centre, low2, high2, low3, high3 (f64), ascending; `outliers` are the groups named on the
    chart; `standardised` each group's rate if its cases were about what all cases are about: it is then drawn at that
    one. A click returns `group`.
    """
    rows = table = worded(seen, answer).filter(pl.col("value").is_not_null())
    if standardised is not None:
        drawn_at = [standardised.get(group, value) for group, value in zip(rows["group"], rows["value"], strict=True)]
        same = [
            _("{said} · like all in what it is about {value}", said=said, value=formats.value(answer.metric.unit, at))
            for said, at in zip(rows["said"], drawn_at, strict=True)
        ]
        rows = rows.with_columns(pl.Series("value", drawn_at, dtype=pl.Float64), pl.Series("said", same))
    out = [group in outliers for group in rows["group"]]
    names = [label if named else "" for label, named in zip(rows["label"], out, strict=True)]
    # A name stands on the side of its point where there is room.
    sizes = rows["denominator"].fill_null(0).to_list()
    far = [size > max(sizes) / 2 for size in sizes]
    sides = {
        "name": ["" if right else name for name, right in zip(names, far, strict=True)],
        "before": [name if right else "" for name, right in zip(names, far, strict=True)],
    }
    points = widened(rows, ["group", "denominator", "value", "said"], sides, flags={"out": out})
    bounds = limits[["denominator", "centre", "low2", "high2", "low3", "high3"]]
    sent = pl.concat([points, bounds], how="diagonal") if points.height else points
    return drawn(sent, _funnel(look(seen, answer.metric.unit, clicks=True)), ("group",), answer, table)


@cache
def _funnel(of: Look) -> Spec:
    colours = theme.PALETTES[of.mode]
    text = formats.axis("count", of.language)
    x = alt.X("denominator:Q", axis=alt.Axis(title=None, grid=False, tickCount=6, labelExpr=text))
    scale = alt.Scale(zero=False)
    base = alt.Chart().encode(x=x)
    bounds = base.transform_filter("isValid(datum.centre)")
    units = base.transform_filter("isValid(datum.group)").encode(y=alt.Y("value:Q", axis=value_axis(of), scale=scale))
    points = units.mark_point(filled=True, size=60, opacity=0.9, cursor="pointer").encode(
        color=alt.condition("datum.out", alt.value(colours.accent), alt.value(colours.neutral)), tooltip="said:N"
    )
    wide = bounds.mark_area(color=colours.neutral, opacity=0.10)
    narrow = bounds.mark_area(color=colours.neutral, opacity=0.14)
    centre = bounds.mark_line(color=colours.neutral, strokeWidth=1.25)
    name = units.mark_text(align="left", dx=8, fontSize=theme.SMALL, color=colours.text)
    before = units.mark_text(align="right", dx=-8, fontSize=theme.SMALL, color=colours.text)
    layers = [
        wide.encode(y=alt.Y("low3:Q", scale=scale), y2="high3:Q"),
        narrow.encode(y=alt.Y("low2:Q", scale=scale), y2="high2:Q"),
        centre.encode(y=alt.Y("centre:Q", scale=scale)),
        points.add_params(pick("group")),
        name.encode(text="name:N"),
        before.encode(text="before:N"),
    ]
    return finished(alt.layer(*layers).properties(height=theme.CHART_HEIGHT + 40), of.mode)


@kept
def strip(seen: View, answer: Answer, *, highlight: str) -> Drawing:
    """Return groups as marks on one line, the `highlight`ed one named: where one stands among its like.

    A click returns `group`.
    """
    rows = worded(seen, answer).filter(pl.col("value").is_not_null())
    own = [group == highlight for group in rows["group"]]
    names = [
        f"{label} {shown}" if main else "" for label, shown, main in zip(rows["label"], rows["shown"], own, strict=True)
    ]
    sent = widened(rows, ["group", "value", "said"], {"name": names}, flags={"main": own})
    return drawn(sent, _strip(look(seen, answer.metric.unit, clicks=True)), ("group",), answer, rows)


@cache
def _strip(of: Look) -> Spec:
    colours = theme.PALETTES[of.mode]
    x = alt.X("value:Q", axis=value_axis(of), scale=alt.Scale(zero=False))
    base = alt.Chart().encode(x=x, y=alt.value(34))
    points = base.mark_point(filled=True, cursor="pointer").encode(
        color=alt.condition("datum.main", alt.value(colours.accent), alt.value(colours.neutral)),
        size=alt.condition("datum.main", alt.value(150), alt.value(60)),
        opacity=alt.condition("datum.main", alt.value(1), alt.value(0.5)),
        tooltip="said:N",
    )
    name = base.mark_text(dy=-16, fontWeight="bold", color=colours.accent).encode(text="name:N")
    return finished(alt.layer(points.add_params(pick("group")), name).properties(height=92), of.mode)
