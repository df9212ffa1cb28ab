"""Two figures of each unit beside each other: a rate and its rival, a rate and how much is known of it."""

from __future__ import annotations

from functools import cache

import altair as alt
import polars as pl

from pages.shared import formats, theme
from pages.shared.drawing import (
    AXIS,
    ROW,
    SAID,
    Drawing,
    Look,
    Spec,
    counted,
    finished,
    look,
    names_axis,
    pick,
    reason_of,
    value_axis,
    worded,
)
from pages.shared.view import View
from queries.answers import Answer

HEAD = 20  # pixels of the line that names the two figures
NAME, COLUMN = 36, 48  # pixels beside the plot: of a name, of the column at the right
INSIDE = 0.35  # from which share on a bar holds its figure


def gaps(seen: View, first: Answer, second: Answer, names: tuple[str, str]) -> Drawing:
    """Return two rates of each unit as two marks joined by a line; `names` are what the two are called.

    Both answers are of one metric, grouped alike. A click returns `group`.
    """
    rows = worded(seen, first)
    other = worded(seen, second)
    said = [
        f"{label} · {names[0]} {one}{counted(n1, d1)} · {names[1]} {two}{counted(n2, d2)}"
        for label, one, n1, d1, two, n2, d2 in zip(
            rows["label"], rows["shown"], rows["numerator"], rows["denominator"],
            other["shown"], other["numerator"], other["denominator"], strict=True,
        )
    ]  # fmt: skip
    whole = rows.with_columns(second=other["value"], said=pl.Series(said, dtype=pl.String))
    drawn = whole.filter(pl.any_horizontal(pl.col("value", "second").is_not_null(), pl.col("suppressed")))
    both = drawn["value"].is_not_null() & drawn["second"].is_not_null()
    named = pl.Series([place == (both.arg_max() or 0) for place in range(drawn.height)], dtype=pl.Boolean)
    drawn = drawn.select(
        "group", "label", "value", "second", "said",
        first_name=pl.when(named).then(pl.lit(names[0])).otherwise(pl.lit("")),
        second_name=pl.when(named).then(pl.lit(names[1])).otherwise(pl.lit("")),
        note=pl.when(both).then(pl.lit("")).otherwise(pl.lit(formats.suppressed_sign())),
    )  # fmt: skip
    # The two names stand outside their marks, wherever those are.
    rising = drawn.filter(pl.col("first_name") != "").select((pl.col("value") <= pl.col("second")).any()).item()
    spec = {
        **_gaps(look(seen, first.metric.unit, clicks=True), bool(rising)),
        "height": drawn.height * ROW + AXIS + HEAD,
    }
    table = pl.concat(
        [
            answer.frame.with_columns(series=pl.lit(name), label=rows["label"])
            for answer, name in zip((first, second), names, strict=True)
        ]
    )
    hidden = sum(int(answer.frame["suppressed"].sum()) for answer in (first, second))
    spoken = "; ".join(said[:SAID])
    return Drawing(drawn, spec, ("group",), first, hidden, spoken, table, reason_of(first.frame))


@cache
def _gaps(of: Look, rising: bool) -> Spec:
    colours = theme.PALETTES[of.mode]
    y = alt.Y(
        "label:N",
        sort=None,
        axis=names_axis(),
        scale=alt.Scale(paddingOuter=0.9),
    )
    scale = alt.Scale(zero=False, nice=True)
    base = alt.Chart().encode(y=y, tooltip="said:N")
    joined = base.mark_rule(color=colours.faint, strokeWidth=3).encode(
        x=alt.X("value:Q", scale=scale, axis=value_axis(of, grid=True)), x2="second:Q"
    )
    first = base.mark_point(filled=True, size=80, opacity=1, color=colours.neutral, cursor="pointer").encode(
        x=alt.X("value:Q", scale=scale)
    )
    second = base.mark_point(filled=True, size=80, opacity=1, color=colours.accent, cursor="pointer").encode(
        x=alt.X("second:Q", scale=scale)
    )
    layers = [
        # First, for it has every row: the others leave out what is withheld, and would change the order.
        base.mark_text(align="left", dx=4, fontSize=theme.TINY, color=colours.muted).encode(
            x=alt.value(0), text="note:N"
        ),
        joined,
        first,
        second.add_params(pick("group")),
        base.mark_text(color=colours.muted, align="right" if rising else "left", dy=-14, fontSize=theme.TINY).encode(
            x=alt.X("value:Q", scale=scale), text="first_name:N"
        ),
        base.mark_text(color=colours.accent, align="left" if rising else "right", dy=-14, fontSize=theme.TINY).encode(
            x=alt.X("second:Q", scale=scale), text="second_name:N"
        ),
    ]
    return finished(alt.layer(*layers).properties(padding={**theme.PADDING, "right": NAME}), of.mode)


def with_coverage(seen: View, answer: Answer, coverage: Answer, heading: str) -> Drawing:
    """Return a rate by unit as bars with whiskers and, in a column at the right, how much of it is known.

    `heading` names the column. A click returns `group`.
    """
    rows = worded(seen, answer)
    known = worded(seen, coverage)
    whole = rows.with_columns(
        beside=known["shown"],
        said=pl.Series(
            [f"{one} · {heading} {two}" for one, two in zip(rows["said"], known["shown"], strict=True)], dtype=pl.String
        ),
    )
    kept = whole.filter(pl.col("value").is_not_null() | pl.col("suppressed"))
    drawn = kept.select(
        "group", "label", "shown", "said", "low", "high", "beside",
        # A bar without a length would lose its place in the order.
        value=pl.col("value").fill_null(0.0),
        end=pl.max_horizontal("value", "high").fill_null(0.0),
        heading=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit(heading)).otherwise(pl.lit("")),
    )  # fmt: skip
    spec = {**_with_coverage(look(seen, answer.metric.unit, clicks=True)), "height": drawn.height * ROW + AXIS + HEAD}
    table = pl.concat(
        [
            one.frame.with_columns(series=pl.lit(name), label=rows["label"])
            for one, name in ((answer, _name(seen, answer)), (coverage, heading))
        ]
    )
    hidden, spoken = int(answer.frame["suppressed"].sum()), "; ".join(whole["said"][:SAID])
    return Drawing(drawn, spec, ("group",), answer, hidden, spoken, table, reason_of(answer.frame))


def _name(seen: View, answer: Answer) -> str:
    return answer.metric.en if seen.language == "en" else answer.metric.zh


@cache
def _with_coverage(of: Look) -> Spec:
    colours = theme.PALETTES[of.mode]
    y = alt.Y(
        "label:N",
        sort=None,
        axis=names_axis(),
        scale=alt.Scale(paddingInner=0.34, paddingOuter=0.9),
    )
    base = alt.Chart().encode(y=y)
    axis = value_axis(of, grid=True, values=[0, 0.25, 0.5, 0.75, 1])
    x = alt.X("value:Q", scale=alt.Scale(domain=[0, 1], nice=False), axis=axis)
    bar = base.mark_bar(color=colours.accent, cornerRadiusEnd=2, cursor="pointer").encode(x=x, tooltip="said:N")
    at_right = alt.value({"expr": f"width + {COLUMN - 8}"})
    layers = [
        bar.add_params(pick("group")),
        base.mark_rule(color=colours.text, opacity=0.55, strokeWidth=1.25).encode(x="low:Q", x2="high:Q"),
        base.mark_text(align="left", dx=6, fontSize=theme.SMALL, color=colours.paper)
        .encode(x=alt.value(0), text="shown:N")
        .transform_filter(f"datum.value >= {INSIDE}"),
        base.mark_text(align="left", dx=6, fontSize=theme.SMALL, color=colours.text)
        .encode(x="end:Q", text="shown:N")
        .transform_filter(f"datum.value < {INSIDE}"),
        base.mark_text(align="right", fontSize=theme.SMALL, color=colours.muted).encode(x=at_right, text="beside:N"),
        base.mark_text(align="right", dy=-18, fontSize=theme.TINY, color=colours.muted).encode(
            x=at_right, text="heading:N"
        ),
    ]
    return finished(alt.layer(*layers).properties(padding={**theme.PADDING, "right": COLUMN}), of.mode)
