"""Charts of durations and steps: how long things take, what makes a difference, how far things get."""

from __future__ import annotations

from functools import cache

import altair as alt
import polars as pl

from data.words import mark
from pages.shared import formats, theme
from pages.shared.drawing import (
    AXIS,
    ROW,
    Drawing,
    Look,
    Spec,
    drawn,
    finished,
    look,
    names_axis,
    pick,
    value_axis,
    widened,
)
from pages.shared.view import View
from pages.shared.words import _
from queries.metric import Unit

STEP = 42  # pixels of one step of a pipeline
COUNTED = 84  # pixels that count and share take beside a bar
DAYS = [0, 15, 30, 60, 90, 120, 150, 180, 270, 365]  # marked on the axis of days: the limits people count in
STILL_OPEN = mark("{series}, day {day}: {share} still open")


def curves(seen: View, frame: pl.DataFrame, *, days: int | None = None, words: str = STILL_OPEN) -> Drawing:
    """Return the share still open by days since the start, as steps.

    `frame`: series (name), day (f64), value (share still open) and, if there is a band, low and high; ascending days.
    `days` is where the axis ends; `words` (marked) says one point, with the places of `STILL_OPEN`.
    """
    if days is not None:
        frame = frame.filter(pl.col("day") <= days)
    said = [
        _(words, series=name, day=formats.count(day), share=formats.percent(value))
        for name, day, value in zip(frame["series"], frame["day"], frame["value"], strict=True)
    ]
    banded = {"low", "high"} <= set(frame.columns)
    keep = ["series", "day", "value", *(["low", "high"] if banded else [])]
    sent = widened(frame, keep, {"said": said})
    return drawn(sent, _curves(look(seen, "rate"), banded, frame["series"].n_unique() > 1), (), None, frame)


@cache
def _curves(of: Look, banded: bool, several: bool) -> Spec:
    colours = theme.PALETTES[of.mode]
    x = alt.X("day:Q", axis=alt.Axis(title="天" if of.language == "zh" else "days", grid=True, values=DAYS))
    # Curves end close to each other at the bottom: names at their ends would lie on one another.
    legend = alt.Legend(orient="top", columns=3) if several else None
    base = alt.Chart().encode(x=x, color=alt.Color("series:N", sort=None, legend=legend))
    y = alt.Y("value:Q", axis=value_axis(of), scale=alt.Scale(domain=[0, 1]))
    half = alt.Chart().mark_rule(color=colours.neutral, strokeDash=[2, 3]).encode(y=alt.datum(0.5))
    layers: list[alt.Chart] = [half]
    if banded:
        layers.append(base.mark_area(interpolate="step-after", opacity=0.12).encode(y="low:Q", y2="high:Q"))
    layers += [
        base.mark_line(interpolate="step-after").encode(y=y),
        base.mark_point(filled=True, size=60, opacity=0).encode(y=y, tooltip="said:N"),
    ]
    return finished(alt.layer(*layers).properties(height=theme.CHART_HEIGHT), of.mode)


def waterfall(seen: View, frame: pl.DataFrame, *, unit: Unit = "count") -> Drawing:
    """Return what leads from one figure to another, step by step.

    `frame`: label, change (f64), total (bool: its `change` is the level itself). A level is a mark, not a bar: without
    bars from zero the axis may begin where the steps are, and they can be seen.
    """
    level = 0.0
    starts, ends, shown, kinds = [], [], [], []
    for change, total in zip(frame["change"], frame["total"], strict=True):
        start, level = (change, change) if total else (level, level + change)
        starts.append(start)
        ends.append(level)
        shown.append(formats.value(unit, change) if total else formats.change(unit, change))
        kinds.append("total" if total else "up" if change >= 0 else "down")
    sent = widened(
        frame,
        ["label"],
        {
            "shown": shown,
            "kind": kinds,
            "said": [f"{label}: {text}" for label, text in zip(frame["label"], shown, strict=True)],
        },
        {"start": starts, "end": ends, "top": [max(pair) for pair in zip(starts, ends, strict=True)]},
    )
    spec = _waterfall(look(seen, unit))
    return drawn(sent, {**spec, "height": sent.height * ROW + AXIS}, (), None, frame)


@cache
def _waterfall(of: Look) -> Spec:
    colours = theme.PALETTES[of.mode]
    y = alt.Y("label:N", sort=None, axis=names_axis(), scale=alt.Scale(paddingInner=0.3))
    base = alt.Chart().encode(y=y)
    axis = value_axis(of, grid=True)
    if of.unit == "rate":
        axis.tickMinStep = 0.01  # an axis says whole per cents: between them two marks would read the same
    scale = alt.Scale(domain=["total", "up", "down"], range=[colours.neutral, colours.accent, colours.target])
    bar = base.mark_bar().encode(
        x=alt.X("start:Q", axis=axis, scale=alt.Scale(zero=False)),
        x2="end:Q",
        color=alt.Color("kind:N", legend=None, scale=scale),
        tooltip="said:N",
    )
    level = base.transform_filter("datum.kind == 'total'").mark_tick(thickness=4, color=colours.text)
    text = base.mark_text(align="left", dx=6, color=colours.text).encode(x="top:Q", text="shown:N")
    layers = alt.layer(bar, level.encode(x="end:Q", tooltip="said:N"), text)
    return finished(layers.properties(padding={**theme.PADDING, "right": COUNTED}), of.mode)


def pipeline(seen: View, frame: pl.DataFrame, *, clicks: bool = True) -> Drawing:
    """Return how far things get: one bar a step, beside it its share of the first.

    `frame`: group, label, count (f64), in order. A click returns `group`.
    """
    first = frame["count"][0] if frame.height else 0.0
    shown, said = [], []
    before: float | None = None
    for label, count in zip(frame["label"], frame["count"], strict=True):
        share = formats.percent(count / first, 0) if first and before is not None else ""
        step = _("{share} of the step before", share=formats.percent(count / before, 0)) if before else ""
        shown.append(" · ".join(part for part in (formats.count(count), share) if part))
        said.append(f"{label}: " + " · ".join(part for part in (formats.count(count), step) if part))
        before = count
    sent = widened(frame, ["group", "label", "count"], {"shown": shown, "said": said})
    spec = {**_pipeline(look(seen, clicks=clicks)), "height": frame.height * STEP}
    return drawn(sent if first else sent.clear(), spec, ("group",), None, frame)


@cache
def _pipeline(of: Look) -> Spec:
    colours = theme.PALETTES[of.mode]
    y = alt.Y("label:N", sort=None, axis=names_axis(), scale=alt.Scale(paddingInner=0.25))
    base = alt.Chart().encode(y=y)
    bar = base.mark_bar(color=colours.accent, cornerRadiusEnd=2, cursor="pointer" if of.clicks else "default").encode(
        x=alt.X("count:Q", axis=None),
        opacity=alt.Opacity("count:Q", legend=None, scale=alt.Scale(range=[0.55, 1])),
        tooltip="said:N",
    )
    text = base.mark_text(align="left", dx=7, color=colours.text, fontSize=theme.TEXT)
    clicked = bar.add_params(pick("group")) if of.clicks else bar
    layers = alt.layer(clicked, text.encode(x="count:Q", text="shown:N"))
    return finished(layers.properties(padding={**theme.PADDING, "right": COUNTED}), of.mode)
