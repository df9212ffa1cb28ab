"""The kinds of charts, all of one hand. Which one answers which question:

| question | chart |
|---|---|
| how did it go over the months, against target and before | `line` |
| who or what has how much, and how sure is that | `bars` |
| where and when | `heat` |
| what came in, what went out, what is left | `flow` |
| what is a total made of over time | `stacked` |
| how long does it take, open cases counted | `curves` |
| is a unit unlike the others beyond chance | `funnel_plot` |
| is a change more than noise | `xmr` |
| what makes the difference between two figures | `waterfall` |
| how far do things get | `pipeline` |
| where does one stand among its like | `strip` |
"""

from __future__ import annotations

from functools import cache
from typing import Any

import altair as alt
import polars as pl

from pages.shared import formats, theme
from pages.shared.drawing import (
    PICK,
    ROW,
    Drawing,
    Look,
    Spec,
    counted,
    finished,
    hatching,
    labels,
    look,
    names_axis,
    pick,
    time_x,
    value_axis,
    worded,
)
from pages.shared.figure import figure
from pages.shared.view import View
from pages.shared.words import _
from queries.answers import Answer
from queries.filters import Month
from queries.metric import CALENDAR

__all__ = [
    "PICK",
    "Drawing",
    "bars",
    "curves",
    "figure",
    "flow",
    "funnel_plot",
    "heat",
    "line",
    "pipeline",
    "stacked",
    "strip",
    "waterfall",
    "xmr",
]

# Pixels that an axis, a colour legend and leaning names take of a chart's height, and one step of a pipeline.
AXIS, LEGEND, SLANT, STEP = 34, 46, 44, 42
CELLS_WITH_TEXT = 260  # above that many cells the figures in a heat map no longer read


# --- over time -----------------------------------------------------------------------------------------------------


def line(
    seen: View,
    answer: Answer,
    *,
    target: float | None = None,
    before: Answer | None = None,
    maturing_from: Month | None = None,
    clicks: bool = False,
) -> Drawing:
    """Return a metric by month, quarter or year as a line.

    `before` is the same question a period or a year earlier, laid beneath place by place; `target` a dashed line;
    periods from `maturing_from` on are hatched (their cases have not had their time yet). A click returns `group`.
    """
    rows = worded(seen, answer).with_columns(pl.lit(target, pl.Float64).alias("target"))
    unit = answer.metric.unit
    earlier = before.frame["value"].to_list() if before is not None else []
    earlier = (earlier + [None] * rows.height)[: rows.height]
    last = max((i for i, value in enumerate(rows["value"]) if value is not None), default=-1)
    last_before = max((i for i, value in enumerate(earlier) if value is not None), default=-1)
    held = [maturing_from is not None and group >= str(maturing_from) for group in rows["group"]]
    rows = rows.with_columns(
        pl.Series("before", earlier, dtype=pl.Float64),
        pl.Series("end", [rows["shown"][i] if i == last else "" for i in range(rows.height)], dtype=pl.String),
        pl.Series(
            "end_before", [_before_name(seen) if i == last_before else "" for i in range(rows.height)], dtype=pl.String
        ),
        pl.Series("aim", [_aim(unit, target) if i == 0 else "" for i in range(rows.height)], dtype=pl.String),
        pl.Series("maturing", held, dtype=pl.Boolean),
    )
    whole = rows.filter(pl.any_horizontal(pl.col("value", "before").is_not_null(), pl.col("suppressed")).any())
    has_band = answer.metric.proportion and rows["low"].is_not_null().any()
    spec = _line(look(seen, unit, answer.by, clicks), before is not None, target is not None, has_band, any(held))
    wanted = ["group", "value", "said", "end"]
    wanted += ["before", "end_before"] if before is not None else []
    wanted += ["target", "aim"] if target is not None else []
    wanted += ["low", "high"] if has_band else []
    wanted += ["maturing"] if any(held) else []
    return _drawn(whole.select(wanted), spec, rows, answer, ("group",))


def _before_name(seen: View) -> str:
    return _("a year ago") if seen.compare == "year_ago" else _("the period before")


def _aim(unit: formats.Unit, target: float | None) -> str:
    return "" if target is None else _("Target {value}", value=formats.value(unit, target))


@cache
def _line(of: Look, has_before: bool, has_target: bool, has_band: bool, has_maturing: bool) -> Spec:
    colours = theme.PALETTES[of.mode]
    scale = alt.Scale(zero=False, nice=True)
    base = alt.Chart().encode(x=time_x(of))
    layers: list[alt.Chart] = []
    if has_maturing:
        layers.append(base.mark_rect(fill=hatching(of.mode), opacity=0.45).transform_filter("datum.maturing"))
    if has_band:
        layers.append(
            base.mark_area(color=colours.accent, opacity=0.11).encode(y=alt.Y("low:Q", scale=scale), y2="high:Q")
        )
    if has_before:
        dim = base.mark_line(color=colours.neutral, strokeWidth=1.5).encode(y=alt.Y("before:Q", scale=scale))
        layers += [
            dim,
            dim.mark_text(align="right", dy=-8, color=colours.muted, fontSize=theme.TINY).encode(text="end_before:N"),
        ]
    if has_target:
        aim = base.mark_line(color=colours.target, strokeDash=[5, 4], strokeWidth=1.5).encode(
            y=alt.Y("target:Q", scale=scale)
        )
        layers += [
            aim,
            aim.mark_text(align="left", dy=-7, color=colours.target, fontSize=theme.TINY).encode(text="aim:N"),
        ]
    main = base.encode(y=alt.Y("value:Q", axis=value_axis(of), scale=scale))
    points = main.mark_point(filled=True, size=42, color=colours.accent, opacity=1).encode(tooltip="said:N")
    layers += [
        main.mark_line(color=colours.accent, strokeWidth=2.25),
        points.add_params(pick("group")) if of.clicks else points,
        main.mark_text(align="center", dy=-13, fontWeight="bold", color=colours.accent, fontSize=theme.TEXT).encode(
            text="end:N"
        ),
    ]
    return finished(alt.layer(*layers).properties(height=theme.CHART_HEIGHT), of.mode)


def xmr(seen: View, answer: Answer, frame: pl.DataFrame, *, clicks: bool = False) -> Drawing:
    """Return a metric by month with its natural limits.

    `frame`: group, value, centre, lower, upper (f64), signal (bool): a point beyond what chance explains.
    """
    names = labels(seen, answer.by, frame["group"].to_list())
    unit = answer.metric.unit
    said = [
        f"{name}: {formats.value(unit, row['value'])}"
        f" ({formats.value(unit, row['lower'])}–{formats.value(unit, row['upper'])})"
        for name, row in zip(names, frame.iter_rows(named=True), strict=True)
    ]
    drawn = frame.select("group", "value", "centre", "lower", "upper", "signal").with_columns(
        pl.Series("said", said, dtype=pl.String)
    )
    return _drawn(
        drawn,
        _xmr(look(seen, unit, answer.by, clicks)),
        drawn.with_columns(pl.Series("label", names, dtype=pl.String)),
        answer,
        ("group",),
    )


@cache
def _xmr(of: Look) -> Spec:
    colours = theme.PALETTES[of.mode]
    scale = alt.Scale(zero=False)
    base = alt.Chart().encode(x=time_x(of))
    limits = [
        base.mark_line(color=colours.neutral, strokeWidth=1, strokeDash=[3, 3], interpolate="step").encode(
            y=alt.Y(f"{side}:Q", scale=scale)
        )
        for side in ("lower", "upper")
    ]
    centre = base.mark_line(color=colours.neutral, strokeWidth=1, interpolate="step").encode(
        y=alt.Y("centre:Q", scale=scale)
    )
    main = base.encode(y=alt.Y("value:Q", axis=value_axis(of), scale=scale))
    signal = alt.condition("datum.signal", alt.value(colours.accent), alt.value(colours.neutral))
    size = alt.condition("datum.signal", alt.value(110), alt.value(36))
    points = main.mark_point(filled=True, opacity=1).encode(color=signal, size=size, tooltip="said:N")
    layers = [
        *limits,
        centre,
        main.mark_line(color=colours.neutral, strokeWidth=1.5),
        points.add_params(pick("group")) if of.clicks else points,
    ]
    return finished(alt.layer(*layers).properties(height=theme.CHART_HEIGHT), of.mode)


def flow(seen: View, frame: pl.DataFrame, *, names: tuple[str, str, str], by: str = "month") -> Drawing:
    """Return what came in (up), what went out (down) and what was left open (line) by period.

    `frame`: group, incoming, outgoing, backlog (f64); `names` are the three words. A click returns `group`.
    """
    periods = labels(seen, by, frame["group"].to_list())
    said = [
        f"{period}: "
        + " · ".join(
            f"{name} {formats.count(row[column])}"
            for name, column in zip(names, ("incoming", "outgoing", "backlog"), strict=True)
        )
        for period, row in zip(periods, frame.iter_rows(named=True), strict=True)
    ]
    last = frame.height - 1
    drawn = frame.select(
        "group",
        "incoming",
        "backlog",
        outgoing=-pl.col("outgoing"),
    ).with_columns(
        pl.Series("said", said, dtype=pl.String),
        pl.Series("in_name", [names[0] if i == last else "" for i in range(frame.height)], dtype=pl.String),
        pl.Series("out_name", [names[1] if i == last else "" for i in range(frame.height)], dtype=pl.String),
        pl.Series(
            "left_name",
            [f"{names[2]} {formats.count(frame['backlog'][i])}" if i == last else "" for i in range(frame.height)],
            dtype=pl.String,
        ),
    )
    table = frame.with_columns(pl.Series("label", periods, dtype=pl.String))
    return _drawn(drawn, _flow(look(seen, "count", by, True)), table, None, ("group",))


@cache
def _flow(of: Look) -> Spec:
    colours = theme.PALETTES[of.mode]
    base = alt.Chart().encode(x=time_x(of, gap=0.35), tooltip="said:N")
    axis = alt.Axis(
        title=None, tickCount=5, labelExpr=formats.axis("count", of.language).replace("datum.value", "abs(datum.value)")
    )
    incoming = base.mark_bar(color=colours.accent, opacity=0.75).encode(y=alt.Y("incoming:Q", axis=axis))
    outgoing = base.mark_bar(color=colours.target, opacity=0.65).encode(y="outgoing:Q")
    words: dict[str, Any] = {"fontSize": theme.TINY, "align": "right", "dx": 14}
    left = base.encode(y="backlog:Q")
    layers = [
        incoming.add_params(pick("group")) if of.clicks else incoming,
        outgoing,
        alt.Chart().mark_rule(color=colours.muted, strokeWidth=1).encode(y=alt.datum(0)),
        left.mark_line(color=colours.text, strokeWidth=1.75),
        left.mark_point(filled=True, size=22, color=colours.text, opacity=1),
        left.mark_text(dy=-10, color=colours.text, **words).encode(text="left_name:N"),
        incoming.mark_text(dy=-5, color=colours.accent, opacity=1, **words).encode(text="in_name:N"),
        outgoing.mark_text(dy=10, color=colours.target, opacity=1, **words).encode(text="out_name:N"),
    ]
    return finished(alt.layer(*layers).properties(height=theme.CHART_HEIGHT), of.mode)


def stacked(seen: View, answer: Answer, *, share: bool = False, clicks: bool = False) -> Drawing:
    """Return what a count is made of over time: `answer` is a grid with the code in `group`, the period in `column`.

    `share`: each period to its whole. A click returns `group` and `column`.
    """
    frame = answer.frame.filter(pl.col("value").fill_null(0) != 0)
    names = dict(
        zip(
            groups := answer.frame["group"].unique(maintain_order=True).to_list(),
            labels(seen, answer.by, groups),
            strict=True,
        )
    )
    periods = [formats.period(column) for column in frame["column"]]
    said = [
        f"{period} · {names[row['group']]}: {formats.value(answer.metric.unit, row['value'])}"
        for period, row in zip(periods, frame.iter_rows(named=True), strict=True)
    ]
    order = {group: place for place, group in enumerate(groups)}
    drawn = frame.select("group", "column", "value").with_columns(
        pl.Series("label", [names[group] for group in frame["group"]], dtype=pl.String),
        pl.Series("said", said, dtype=pl.String),
        pl.Series("place", [order[group] for group in frame["group"]], dtype=pl.Int32),
    )
    return _drawn(
        drawn, _stacked(look(seen, answer.metric.unit, "month", clicks), share), drawn, answer, ("group", "column")
    )


@cache
def _stacked(of: Look, share: bool) -> Spec:
    axis = alt.Axis(title=None, format=".0%") if share else value_axis(of)
    chart = (
        alt.Chart()
        .mark_bar()
        .encode(
            x=time_x(of, "column", gap=0.25),
            y=alt.Y("value:Q", stack="normalize" if share else "zero", axis=axis),
            color=alt.Color(
                "label:N", sort=alt.EncodingSortField("place", op="min"), legend=alt.Legend(orient="top", columns=6)
            ),
            order=alt.Order("place:Q"),
            tooltip="said:N",
        )
    )
    return finished(
        (chart.add_params(pick("group", "column")) if of.clicks else chart).properties(height=theme.CHART_HEIGHT),
        of.mode,
    )


# --- by unit or code -----------------------------------------------------------------------------------------------


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

    A proportion has whiskers (its Wilson interval); `target` is a dashed line; `highlight` names the group that stands
    out, all others step back. Groups too small to show read “<5”. A click returns `group`.
    """
    rows = worded(seen, answer)
    kept = rows.filter(pl.col("value").is_not_null() | pl.col("suppressed"))
    if limit is not None:
        kept = kept.head(limit)
    whiskers = answer.metric.proportion and kept["low"].is_not_null().any()
    end = pl.max_horizontal("value", "high") if whiskers else pl.col("value")
    drawn = kept.select(
        "group",
        "label",
        "value",
        "shown",
        "said",
        *(["low", "high"] if whiskers else []),
        end=end.fill_null(0.0).clip(lower_bound=0.0),
        main=pl.lit(True) if highlight is None else pl.col("group") == highlight,
        target=pl.lit(target, pl.Float64),
    )
    if target is None:
        drawn = drawn.drop("target")
    spec = _bars(look(seen, answer.metric.unit, clicks=clicks), bool(whiskers), target is not None)
    sized = {**spec, "height": drawn.height * ROW + AXIS}
    return _drawn(drawn, sized, rows, answer, ("group",))


@cache
def _bars(of: Look, whiskers: bool, has_target: bool) -> Spec:
    colours = theme.PALETTES[of.mode]
    y = alt.Y(
        "label:N",
        sort=None,
        axis=names_axis(),
        scale=alt.Scale(paddingInner=0.34, paddingOuter=0.2),
    )
    base = alt.Chart().encode(y=y)
    x = alt.X("value:Q", axis=value_axis(of, grid=True), scale=alt.Scale(zero=True))
    colour = alt.condition("datum.main", alt.value(colours.accent), alt.value(colours.faint))
    bar = base.mark_bar(cornerRadiusEnd=2, cursor="pointer" if of.clicks else "default").encode(
        x=x, color=colour, tooltip="said:N"
    )
    layers = [bar.add_params(pick("group")) if of.clicks else bar]
    if whiskers:
        layers.append(base.mark_rule(color=colours.text, opacity=0.55, strokeWidth=1.25).encode(x="low:Q", x2="high:Q"))
    if has_target:
        layers.append(
            alt.Chart()
            .mark_rule(color=colours.target, strokeDash=[5, 4], strokeWidth=1.5)
            .encode(x=alt.X("target:Q", aggregate="min"))
        )
    layers.append(
        base.mark_text(align="left", dx=6, fontSize=theme.SMALL, color=colours.text).encode(x="end:Q", text="shown:N")
    )
    return finished(alt.layer(*layers), of.mode)


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
    known = [value for value in frame["value"] if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    shown, said, dark = [], [], []
    for row in frame.iter_rows(named=True):
        text = formats.value(unit, row["value"], suppressed=row["suppressed"])
        shown.append(
            (formats.percent(row["value"], 0) if unit == "rate" and not row["suppressed"] else text)
            if row["value"] is not None or row["suppressed"]
            else ""
        )
        said.append(
            f"{down[row['group']]} · {over[row['column']]}: {text}" + counted(row["numerator"], row["denominator"])
        )
        dark.append(_on_dark(row["value"], low, high, middle))
    drawn = frame.select("group", "column", "value").with_columns(
        pl.Series("label", [down[group] for group in frame["group"]], dtype=pl.String),
        pl.Series("over", [over[column] for column in frame["column"]], dtype=pl.String),
        pl.Series("shown", shown, dtype=pl.String),
        pl.Series("said", said, dtype=pl.String),
        pl.Series("dark", dark, dtype=pl.Boolean),
    )
    calendar = columns in CALENDAR
    spec = _heat(look(seen, unit, columns, clicks), middle, written, calendar)
    if not written:
        drawn = drawn.drop("shown", "dark")
    table = frame.with_columns(drawn["label"], drawn["over"])
    if calendar:
        drawn = drawn.drop("over")
    return _drawn(
        drawn,
        {**spec, "height": len(rows) * ROW + AXIS + LEGEND + (0 if calendar or seen.language == "zh" else SLANT)},
        table,
        answer,
        ("group", "column"),
    )


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
        x = alt.X(
            "over:N", sort=None, axis=alt.Axis(title=None, orient="top", grid=False, labelOverlap=False, **_slant(of))
        )
    base = alt.Chart().encode(x=x, y=alt.Y("label:N", sort=None, axis=names_axis()))
    if middle is None:
        scale = alt.Scale(range=list(colours.sequential))
    else:
        scale = alt.Scale(range=list(colours.diverging), domainMid=middle)
    legend = alt.Legend(
        title=None,
        orient="bottom",
        gradientLength=180,
        gradientThickness=8,
        labelExpr=formats.axis(of.unit, of.language),
    )
    cell = base.mark_rect(
        stroke=colours.paper,
        strokeWidth=1.5,
        cornerRadius=2,
        cursor="pointer" if of.clicks else "default",
        invalid="filter",
    ).encode(color=alt.Color("value:Q", scale=scale, legend=legend), tooltip="said:N")
    void = base.mark_rect(color=colours.panel, stroke=colours.paper, strokeWidth=1.5, cornerRadius=2).encode(
        tooltip="said:N"
    )
    layers = [void, cell.add_params(pick("group", "column")) if of.clicks else cell]
    if written:
        light, dark = (colours.text, colours.paper) if of.mode == "light" else (colours.text, "#15171a")
        ink = alt.condition("datum.dark", alt.value(dark), alt.value(light))
        layers.append(base.mark_text(fontSize=theme.TINY).encode(text="shown:N", color=ink))
    return finished(alt.layer(*layers), of.mode)


def _slant(of: Look) -> dict[str, Any]:
    """Return how column names stand: Chinese ones fit upright over a column, English ones lean."""
    if of.language == "zh":
        return {"labelAngle": 0, "labelLimit": 60, "labelFontSize": theme.TINY}
    return {"labelAngle": -32, "labelLimit": 110, "labelAlign": "left", "labelFontSize": theme.TINY}


def funnel_plot(seen: View, answer: Answer, limits: pl.DataFrame, *, outliers: tuple[str, ...] = ()) -> Drawing:
    """Return units by size (denominator) and rate within the limits of chance.

    `limits`: denominator, centre, low2, high2, low3, high3 (f64), ascending; `outliers` are the groups named on the
    chart. A click returns `group`.
    """
    rows = worded(seen, answer).filter(pl.col("value").is_not_null())
    points = rows.select(
        "group",
        "denominator",
        "value",
        "said",
        name=pl.when(pl.col("group").is_in(list(outliers))).then("label").otherwise(pl.lit("")),
        out=pl.col("group").is_in(list(outliers)),
    )
    drawn = pl.concat(
        [points, limits.select("denominator", "centre", "low2", "high2", "low3", "high3")], how="diagonal"
    )
    return _drawn(
        drawn if points.height else points,
        _funnel(look(seen, answer.metric.unit, clicks=True)),
        rows,
        answer,
        ("group",),
    )


@cache
def _funnel(of: Look) -> Spec:
    colours = theme.PALETTES[of.mode]
    x = alt.X(
        "denominator:Q",
        axis=alt.Axis(title=None, grid=False, tickCount=6, labelExpr=formats.axis("count", of.language)),
        scale=alt.Scale(zero=True),
    )
    scale = alt.Scale(zero=False)
    base = alt.Chart().encode(x=x)
    bounds = base.transform_filter("isValid(datum.centre)")
    layers = [
        bounds.mark_area(color=colours.neutral, opacity=opacity).encode(y=alt.Y(f"{a}:Q", scale=scale), y2=f"{b}:Q")
        for a, b, opacity in (("low3", "high3", 0.10), ("low2", "high2", 0.14))
    ]
    layers.append(bounds.mark_line(color=colours.neutral, strokeWidth=1.25).encode(y=alt.Y("centre:Q", scale=scale)))
    units = base.transform_filter("isValid(datum.group)").encode(y=alt.Y("value:Q", axis=value_axis(of), scale=scale))
    colour = alt.condition("datum.out", alt.value(colours.accent), alt.value(colours.neutral))
    layers.append(
        units.mark_point(filled=True, size=60, opacity=0.9, cursor="pointer")
        .encode(color=colour, tooltip="said:N")
        .add_params(pick("group"))
    )
    layers.append(units.mark_text(align="left", dx=8, fontSize=theme.SMALL, color=colours.text).encode(text="name:N"))
    return finished(alt.layer(*layers).properties(height=theme.CHART_HEIGHT + 40), of.mode)


def strip(seen: View, answer: Answer, *, highlight: str) -> Drawing:
    """Return groups as marks on one line, the `highlight`ed one named: where one stands among its like."""
    rows = worded(seen, answer).filter(pl.col("value").is_not_null())
    own = pl.col("group") == highlight
    drawn = rows.select(
        "group",
        "value",
        "said",
        main=own,
        name=pl.when(own).then(pl.format("{} {}", "label", "shown")).otherwise(pl.lit("")),
    )
    return _drawn(drawn, _strip(look(seen, answer.metric.unit, clicks=True)), rows, answer, ("group",))


@cache
def _strip(of: Look) -> Spec:
    colours = theme.PALETTES[of.mode]
    x = alt.X("value:Q", axis=value_axis(of), scale=alt.Scale(zero=False))
    base = alt.Chart().encode(x=x, y=alt.value(34))
    colour = alt.condition("datum.main", alt.value(colours.accent), alt.value(colours.neutral))
    size = alt.condition("datum.main", alt.value(150), alt.value(60))
    points = base.mark_point(filled=True, cursor="pointer").encode(
        color=colour, size=size, tooltip="said:N", opacity=alt.condition("datum.main", alt.value(1), alt.value(0.5))
    )
    name = base.mark_text(dy=-16, fontWeight="bold", color=colours.accent).encode(text="name:N")
    return finished(alt.layer(points.add_params(pick("group")), name).properties(height=92), of.mode)


# --- parts, steps and durations ------------------------------------------------------------------------------------


def curves(seen: View, frame: pl.DataFrame, *, days: int | None = None) -> Drawing:
    """Return the share still open by days since the start, as steps.

    `frame`: series (name), day (f64), value (share still open) and, if there is a band, low and high; ascending days.
    """
    if days is not None:
        frame = frame.filter(pl.col("day") <= days)
    ends = frame.group_by("series", maintain_order=True).agg(pl.col("day").last())
    banded = {"low", "high"} <= set(frame.columns)
    drawn = (
        frame.select("series", "day", "value", *(["low", "high"] if banded else []))
        .join(ends.with_columns(end=pl.col("series")), on=["series", "day"], how="left")
        .with_columns(
            pl.col("end").fill_null(""),
            pl.Series(
                "said",
                [
                    _(
                        "{series}, day {day}: {share} still open",
                        series=row["series"],
                        day=formats.count(row["day"]),
                        share=formats.percent(row["value"]),
                    )
                    for row in frame.iter_rows(named=True)
                ],
                dtype=pl.String,
            ),
        )
    )
    return _drawn(drawn, _curves(look(seen, "rate"), banded), frame, None, ())


@cache
def _curves(of: Look, banded: bool) -> Spec:
    colours = theme.PALETTES[of.mode]
    x = alt.X("day:Q", axis=alt.Axis(title="天" if of.language == "zh" else "days", grid=False, tickCount=8))
    colour = alt.Color("series:N", sort=None, legend=None)
    base = alt.Chart().encode(x=x, color=colour)
    y = alt.Y("value:Q", axis=value_axis(of), scale=alt.Scale(domain=[0, 1]))
    layers: list[alt.Chart] = [alt.Chart().mark_rule(color=colours.neutral, strokeDash=[2, 3]).encode(y=alt.datum(0.5))]
    if banded:
        layers.append(base.mark_area(interpolate="step-after", opacity=0.12).encode(y="low:Q", y2="high:Q"))
    layers += [
        base.mark_line(interpolate="step-after").encode(y=y),
        base.mark_point(filled=True, size=60, opacity=0).encode(y=y, tooltip="said:N"),
        base.mark_text(align="right", dy=-8, fontSize=theme.SMALL).encode(y=y, text="end:N"),
    ]
    return finished(alt.layer(*layers).properties(height=theme.CHART_HEIGHT), of.mode)


def waterfall(seen: View, frame: pl.DataFrame, *, unit: formats.Unit = "count") -> Drawing:
    """Return what leads from one figure to another, step by step.

    `frame`: label, change (f64), total (bool: a bar from zero, its `change` the level itself).
    """
    level, starts, ends, shown = 0.0, [], [], []
    for row in frame.iter_rows(named=True):
        start, level = (0.0, row["change"]) if row["total"] else (level, level + row["change"])
        starts.append(start)
        ends.append(level)
        shown.append(formats.value(unit, row["change"]) if row["total"] else formats.change(unit, row["change"]))
    kinds = ["total" if row["total"] else "up" if row["change"] >= 0 else "down" for row in frame.iter_rows(named=True)]
    drawn = (
        frame.select("label")
        .with_columns(
            pl.Series("start", starts, dtype=pl.Float64),
            pl.Series("end", ends, dtype=pl.Float64),
            pl.Series("shown", shown, dtype=pl.String),
            pl.Series("kind", kinds, dtype=pl.String),
            pl.Series(
                "said", [f"{label}: {text}" for label, text in zip(frame["label"], shown, strict=True)], dtype=pl.String
            ),
        )
        .with_columns(top=pl.max_horizontal("start", "end"))
    )
    spec = _waterfall(look(seen, unit))
    return _drawn(drawn, {**spec, "height": drawn.height * ROW + AXIS}, frame, None, ())


@cache
def _waterfall(of: Look) -> Spec:
    colours = theme.PALETTES[of.mode]
    y = alt.Y("label:N", sort=None, axis=names_axis(), scale=alt.Scale(paddingInner=0.3))
    base = alt.Chart().encode(y=y)
    colour = alt.Color(
        "kind:N",
        legend=None,
        scale=alt.Scale(domain=["total", "up", "down"], range=[colours.neutral, colours.accent, colours.target]),
    )
    bar = base.mark_bar().encode(
        x=alt.X("start:Q", axis=value_axis(of, grid=True)), x2="end:Q", color=colour, tooltip="said:N"
    )
    text = base.mark_text(align="left", dx=6, color=colours.text).encode(x="top:Q", text="shown:N")
    return finished(alt.layer(bar, text), of.mode)


def pipeline(seen: View, frame: pl.DataFrame) -> Drawing:
    """Return how far things get: one bar a step, the share of the first and of the step before beside it.

    `frame`: group, label, count (f64), in order. A click returns `group`.
    """
    first = frame["count"][0] if frame.height else 0.0
    shown, said, before = [], [], None
    for row in frame.iter_rows(named=True):
        text = formats.count(row["count"])
        share = formats.percent(row["count"] / first, 0) if first and before is not None else ""
        step = _("{share} of the step before", share=formats.percent(row["count"] / before, 0)) if before else ""
        shown.append(f"{text}  {share}".strip())
        said.append(f"{row['label']}: " + " · ".join(part for part in (text, step) if part))
        before = row["count"]
    drawn = frame.select("group", "label", "count").with_columns(
        pl.Series("shown", shown, dtype=pl.String), pl.Series("said", said, dtype=pl.String)
    )
    return _drawn(
        drawn if first else drawn.clear(),
        {**_pipeline(look(seen, clicks=True)), "height": frame.height * STEP},
        frame,
        None,
        ("group",),
    )


@cache
def _pipeline(of: Look) -> Spec:
    colours = theme.PALETTES[of.mode]
    base = alt.Chart().encode(
        y=alt.Y(
            "label:N",
            sort=None,
            axis=names_axis(),
            scale=alt.Scale(paddingInner=0.25),
        )
    )
    bar = base.mark_bar(color=colours.accent, cornerRadiusEnd=2, cursor="pointer").encode(
        x=alt.X("count:Q", axis=None),
        tooltip="said:N",
        opacity=alt.Opacity("count:Q", legend=None, scale=alt.Scale(range=[0.55, 1])),
    )
    text = base.mark_text(align="left", dx=7, color=colours.text, fontSize=theme.TEXT).encode(
        x="count:Q", text="shown:N"
    )
    return finished(alt.layer(bar.add_params(pick("group")), text), of.mode)


def _drawn(
    frame: pl.DataFrame, spec: Spec, rows: pl.DataFrame, answer: Answer | None, picks: tuple[str, ...]
) -> Drawing:
    hidden = answer.frame["suppressed"].sum() if answer is not None else 0
    said = "; ".join(rows["said"].head(40)) if "said" in rows.columns else ""
    return Drawing(frame, spec, picks, answer, int(hidden), said, rows)
