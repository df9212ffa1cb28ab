"""Charts along the calendar: how a figure went, whether that is more than noise, what flows, what it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import altair as alt
import polars as pl

from pages.shared import formats, theme
from pages.shared.drawing import (
    Drawing,
    Look,
    Spec,
    drawn,
    finished,
    hatching,
    kept,
    labels,
    look,
    pick,
    time_axis,
    time_x,
    value_axis,
    widened,
    worded,
)
from pages.shared.view import View
from pages.shared.words import _
from queries.answers import Answer
from queries.filters import Month

# A figure stands on a line or a bar as often as not: a rim in the paper's colour beneath it keeps it legible.
RIM: dict[str, Any] = {"strokeWidth": 4, "strokeJoin": "round"}
MARK_LENGTH = 190  # pixels of what is written at a mark; all of it stands in its tooltip

# Months as `2025-06` and what happened in them.
Marks = tuple[tuple[str, str], ...]


@kept
def line(
    seen: View,
    answer: Answer,
    *,
    target: float | None = None,
    before: Answer | None = None,
    maturing_from: Month | None = None,
    marks: Marks = (),
    clicks: bool = False,
) -> Drawing:
    """Return a metric by month, quarter or year as a line.

    `before` is the same question a period or a year earlier, laid beneath place by place; `target` a dashed line;
    periods from `maturing_from` on are hatched (their cases have not had their time yet); `marks` are months with what
    happened in them. A click returns `group`.
    """
    rows = worded(seen, answer)
    unit, groups = answer.metric.unit, rows["group"].to_list()
    earlier = (before.frame["value"].to_list() if before is not None else []) + [None] * len(groups)
    earlier = earlier[: len(groups)]
    maturing = [maturing_from is not None and group >= str(maturing_from) for group in groups]
    has_band = answer.metric.proportion and rows["low"].null_count() < len(groups)
    texts = {"end": _at_last(rows["value"].to_list(), rows["shown"].to_list())}
    numbers: dict[str, list[float | None]] = {}
    if before is not None:
        name = _("a year ago") if seen.compare == "year_ago" else _("the period before")
        texts["end_before"] = _at_last(earlier, [name] * len(groups))
        numbers["before"] = earlier
    if target is not None:
        aim = _("Target {value}", value=formats.value(unit, target))
        texts["aim"] = [aim if place == 0 else "" for place in range(len(groups))]
        numbers["target"] = [target] * len(groups)
    marked = _marked(groups, marks)
    frame = widened(
        rows,
        ["group", "value", "said", *(["low", "high"] if has_band else [])],
        texts | marked,
        numbers,
        {"maturing": maturing} if any(maturing) else None,
    )
    known = rows["value"].null_count() < len(groups) or rows["suppressed"].any() or any(v is not None for v in earlier)
    of = look(seen, unit, answer.by, clicks)
    spec = _line(of, before is not None, target is not None, has_band, any(maturing), bool(marked))
    return drawn(frame if known else frame.clear(), spec, ("group",), answer, rows)


def _at_last(values: list[float | None], texts: list[str]) -> list[str]:
    """Return the texts with all but the one at the last known value blank."""
    last = max((place for place, value in enumerate(values) if value is not None), default=-1)
    return [text if place == last else "" for place, text in enumerate(texts)]


def _marked(groups: Sequence[str], marks: Marks) -> dict[str, list[str]]:
    """Return what happened in each month as two columns: texts that run to the right, and those that run to the left.

    None where nothing did.
    """
    told = {month: text for month, text in marks if month in groups}
    if not told:
        return {}
    texts = [told.get(group, "") for group in groups]
    early = [place < len(groups) / 2 for place in range(len(groups))]
    return {
        "mark": [text if first else "" for text, first in zip(texts, early, strict=True)],
        "mark_late": ["" if first else text for text, first in zip(texts, early, strict=True)],
    }


def _rules(of: Look) -> list[alt.Chart]:
    """Return the layers that draw what happened: a line at the beginning of its month, and its text at the top."""
    colours = theme.PALETTES[of.mode]
    band = alt.Scale(type="band", paddingInner=0, paddingOuter=0)
    at = alt.X("group:O", axis=time_axis(of), scale=band, bandPosition=0)
    layers: list[alt.Chart] = []
    for field, align, step in (("mark", "left", 5), ("mark_late", "right", -5)):
        base = alt.Chart().transform_filter(f"datum.{field} != ''").encode(x=at)
        layers.append(
            base.mark_rule(color=colours.muted, strokeWidth=1.25, strokeDash=[2, 2]).encode(tooltip=f"{field}:N")
        )
        words: dict[str, Any] = {"align": align, "dx": step, "dy": 7, "fontSize": theme.SMALL, "limit": MARK_LENGTH}
        for colour, rim in ((colours.paper, {"stroke": colours.paper, **RIM}), (colours.muted, {})):
            text = base.mark_text(color=colour, **words, **rim)
            layers.append(text.encode(y=alt.value(0), text=f"{field}:N", tooltip=f"{field}:N"))
    return layers


@cache
def _line(
    of: Look, has_before: bool, has_target: bool, has_band: bool, has_maturing: bool, has_marks: bool
) -> Spec:
    colours = theme.PALETTES[of.mode]
    scale = alt.Scale(zero=False, nice=True)
    base = alt.Chart().encode(x=time_x(of))
    layers: list[alt.Chart] = []
    if has_maturing:
        layers.append(base.mark_rect(fill=hatching(of.mode), opacity=0.45).transform_filter("datum.maturing"))
    if has_band:
        band = base.mark_area(color=colours.accent, opacity=0.11)
        layers.append(band.encode(y=alt.Y("low:Q", scale=scale), y2="high:Q"))
    if has_before:
        dim = base.mark_line(color=colours.neutral, strokeWidth=1.5).encode(y=alt.Y("before:Q", scale=scale))
        name = dim.mark_text(align="right", dy=-8, color=colours.muted, fontSize=theme.TINY)
        layers += [dim, name.encode(text="end_before:N")]
    if has_target:
        layers += _aim(base, colours, scale)
    main = base.encode(y=alt.Y("value:Q", axis=value_axis(of), scale=scale))
    points = main.mark_point(filled=True, size=42, color=colours.accent, opacity=1).encode(tooltip="said:N")
    at_end: dict[str, Any] = {"align": "center", "dy": -13, "fontWeight": "bold", "fontSize": theme.TEXT}
    layers += [
        main.mark_line(color=colours.accent, strokeWidth=2.25),
        points.add_params(pick("group")) if of.clicks else points,
        main.mark_text(color=colours.paper, stroke=colours.paper, **RIM, **at_end).encode(text="end:N"),
        main.mark_text(color=colours.accent, **at_end).encode(text="end:N"),
    ]
    return finished(alt.layer(*layers, *_rules(of) if has_marks else ()).properties(height=theme.CHART_HEIGHT), of.mode)


def xmr(
    seen: View,
    answer: Answer,
    frame: pl.DataFrame,
    *,
    target: float | None = None,
    marks: Marks = (),
    clicks: bool = False,
) -> Drawing:
    """Return a metric by month with its natural limits.

    `frame`: group, value, centre, lower, upper (f64), signal (bool): a point beyond what chance explains; `target` a
    dashed line; `marks` are months with what happened in them, from which the limits may start anew. A click returns
    `group`.
    """
    names = labels(seen, answer.by, frame["group"].to_list())
    unit = answer.metric.unit
    said = [
        f"{name}: {formats.value(unit, value)} ({formats.value(unit, lower)}–{formats.value(unit, upper)})"
        for name, value, lower, upper in zip(names, frame["value"], frame["lower"], frame["upper"], strict=True)
    ]
    marked = _marked(frame["group"].to_list(), marks)
    texts: dict[str, list[str]] = {"said": said, **marked}
    keep = ["group", "value", "centre", "lower", "upper", "signal"]
    if "segment" in frame.columns:
        # Limits before and after a break are two pairs of lines, not one with a step.
        texts["segment"] = [str(segment) for segment in frame["segment"]]
    if target is not None:
        aim = _("Target {value}", value=formats.value(unit, target))
        texts["aim"] = [aim if place == 0 else "" for place in range(frame.height)]
    sent = widened(frame, keep, texts, {"target": [target] * frame.height} if target is not None else None)
    table = widened(sent, keep, {"label": names, "said": said})
    spec = _xmr(look(seen, unit, answer.by, clicks), "segment" in texts, target is not None, bool(marked))
    return drawn(sent, spec, ("group",), answer, table)


@cache
def _xmr(of: Look, has_segments: bool, has_target: bool, has_marks: bool) -> Spec:
    colours = theme.PALETTES[of.mode]
    scale = alt.Scale(zero=False)
    base = alt.Chart().encode(x=time_x(of))
    apart = base.encode(detail="segment:N") if has_segments else base
    limit = apart.mark_line(color=colours.neutral, strokeWidth=1, strokeDash=[3, 3], interpolate="step")
    centre = apart.mark_line(color=colours.neutral, strokeWidth=1, interpolate="step")
    main = base.encode(y=alt.Y("value:Q", axis=value_axis(of), scale=scale))
    points = main.mark_point(filled=True, opacity=1).encode(
        color=alt.condition("datum.signal", alt.value(colours.accent), alt.value(colours.neutral)),
        size=alt.condition("datum.signal", alt.value(110), alt.value(36)),
        tooltip="said:N",
    )
    layers = [
        limit.encode(y=alt.Y("lower:Q", scale=scale)),
        limit.encode(y=alt.Y("upper:Q", scale=scale)),
        centre.encode(y=alt.Y("centre:Q", scale=scale)),
        main.mark_line(color=colours.neutral, strokeWidth=1.5),
        points.add_params(pick("group")) if of.clicks else points,
    ]
    if has_target:
        layers += _aim(base, colours, scale)
    if has_marks:
        layers += _rules(of)
    return finished(alt.layer(*layers).properties(height=theme.CHART_HEIGHT), of.mode)


def _aim(base: alt.Chart, colours: theme.Palette, scale: alt.Scale) -> list[alt.Chart]:
    """Return the layers of a target: a dashed line with its figure at the beginning."""
    aim = base.mark_line(color=colours.target, strokeDash=[5, 4], strokeWidth=1.5)
    aim = aim.encode(y=alt.Y("target:Q", scale=scale))
    name = aim.mark_text(align="left", dy=-7, color=colours.target, fontSize=theme.TINY)
    return [aim, name.encode(text="aim:N")]


def flow(
    seen: View,
    frame: pl.DataFrame,
    *,
    names: tuple[str, str, str],
    by: str = "month",
    marks: Marks = (),
    clicks: bool = True,
) -> Drawing:
    """Return what came in (up), what went out (down) and what was left open (line) by period.

    `frame`: group, incoming, outgoing, backlog (f64); `names` are the three words; `marks` are months with what
    happened in them. A click returns `group`.
    """
    periods = labels(seen, by, frame["group"].to_list())
    hidden = frame["suppressed"] if "suppressed" in frame.columns else [False] * frame.height
    parts = zip(periods, hidden, frame["incoming"], frame["outgoing"], frame["backlog"], strict=True)
    said = [
        f"{period}: "
        + " · ".join(
            f"{name} {formats.value('count', n, suppressed=few and n is None)}"
            for name, n in zip(names, counts, strict=True)
        )
        for period, few, *counts in parts
    ]
    left = [f"{names[2]} {formats.count(count)}" for count in frame["backlog"]]
    marked = _marked(frame["group"].to_list(), marks)
    sent = widened(
        frame,
        ["group", "incoming", "backlog"],
        {
            "said": said,
            "in_name": [names[0], *[""] * (frame.height - 1)][: frame.height],
            "out_name": [names[1], *[""] * (frame.height - 1)][: frame.height],
            "left_name": _at_last(frame["backlog"].to_list(), left),
            **marked,
        },
        {"outgoing": [None if count is None else -count for count in frame["outgoing"]]},
    )
    table = widened(frame, frame.columns, {"label": periods})
    return drawn(sent, _flow(look(seen, "count", by, clicks), bool(marked)), ("group",), None, table)


@cache
def _flow(of: Look, has_marks: bool) -> Spec:
    colours = theme.PALETTES[of.mode]
    text = formats.axis("count", of.language).replace("datum.value", "abs(datum.value)")
    base = alt.Chart().encode(x=time_x(of, gap=0.35), tooltip="said:N")
    axis = alt.Axis(title=None, tickCount=5, labelExpr=text)
    incoming = base.mark_bar(color=colours.accent, opacity=0.75).encode(y=alt.Y("incoming:Q", axis=axis))
    outgoing = base.mark_bar(color=colours.target, opacity=0.65).encode(y="outgoing:Q")
    left = base.encode(y="backlog:Q")
    words: dict[str, Any] = {"fontSize": theme.SMALL, "opacity": 1}
    at_end: dict[str, Any] = {"dy": -11, "align": "right", "dx": 18, "fontWeight": "bold", **words}
    layers = [
        incoming.add_params(pick("group")) if of.clicks else incoming,
        outgoing,
        alt.Chart().mark_rule(color=colours.muted, strokeWidth=1).encode(y=alt.datum(0)),
        left.mark_line(color=colours.text, strokeWidth=1.75),
        left.mark_point(filled=True, size=22, color=colours.text, opacity=1),
        left.mark_text(color=colours.paper, stroke=colours.paper, **RIM, **at_end).encode(text="left_name:N"),
        left.mark_text(color=colours.text, **at_end).encode(text="left_name:N"),
        incoming.mark_text(dy=-8, color=colours.accent, **words).encode(text="in_name:N"),
        outgoing.mark_text(dy=11, color=colours.target, **words).encode(text="out_name:N"),
    ]
    if has_marks:
        layers += _rules(of)
    return finished(alt.layer(*layers).properties(height=theme.CHART_HEIGHT), of.mode)


@kept
def stacked(seen: View, answer: Answer, *, share: bool = False, clicks: bool = False) -> Drawing:
    """Return what a count is made of over time: `answer` is a grid with the code in `group`, the period in `column`.

    `share`: each period to its whole. A click returns `group` and `column`.
    """
    rows = answer.frame.filter((pl.col("value").fill_null(0) != 0) | pl.col("suppressed"))
    frame, unit = rows.filter(~pl.col("suppressed")), answer.metric.unit
    groups = answer.frame["group"].unique(maintain_order=True).to_list()
    names = dict(zip(groups, labels(seen, answer.by, groups), strict=True))
    over = [formats.period(period, seen.language) for period in rows["column"]]
    table = widened(rows, rows.columns, {"label": [names[group] for group in rows["group"]], "over": over})
    places = {group: float(place) for place, group in enumerate(groups)}
    said = [
        f"{formats.period(period)} · {names[group]}: {formats.value(unit, value)}"
        for group, period, value in zip(frame["group"], frame["column"], frame["value"], strict=True)
    ]
    texts = {"label": [names[group] for group in frame["group"]], "said": said}
    keep = ["group", "column", "value"]
    sent = widened(frame, keep, texts, {"place": [places[group] for group in frame["group"]]})
    return drawn(sent, _stacked(look(seen, unit, "month", clicks), share), ("group", "column"), answer, table)


@cache
def _stacked(of: Look, share: bool) -> Spec:
    axis = alt.Axis(title=None, format=".0%") if share else value_axis(of)
    legend = alt.Legend(orient="top", columns=6)
    chart = (
        alt.Chart()
        .mark_bar()
        .encode(
            x=time_x(of, "column", gap=0.25),
            y=alt.Y("value:Q", stack="normalize" if share else "zero", axis=axis),
            color=alt.Color("label:N", sort=alt.EncodingSortField("place", op="min"), legend=legend),
            order=alt.Order("place:Q"),
            tooltip="said:N",
        )
    )
    clicked = chart.add_params(pick("group", "column")) if of.clicks else chart
    return finished(clicked.properties(height=theme.CHART_HEIGHT), of.mode)
