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
    widened,
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
    rows, other = worded(seen, first), worded(seen, second)
    columns = ("shown", "numerator", "denominator")
    sides = [
        [f"{name} {shown}{counted(n, d)}" for shown, n, d in zip(*(part[c] for c in columns), strict=True)]
        for name, part in zip(names, (rows, other), strict=True)
    ]
    said = [" · ".join(parts) for parts in zip(rows["label"], *sides, strict=True)]
    whole = widened(rows, rows.columns, {"said_both": said}, {"second": other["value"].to_list()})
    known = whole["value"].is_not_null() | whole["second"].is_not_null() | whole["suppressed"] | other["suppressed"]
    kept = whole.filter(known)
    both = (kept["value"].is_not_null() & kept["second"].is_not_null()).to_list()
    at = both.index(True) if True in both else 0
    sent = widened(
        kept,
        ["group", "label", "value", "second"],
        {
            "said": kept["said_both"].to_list(),
            "first_name": [names[0] if place == at else "" for place in range(kept.height)],
            "second_name": [names[1] if place == at else "" for place in range(kept.height)],
            "note": ["" if one else formats.suppressed_sign() for one in both],
        },
    )
    # The two names stand outside their marks, wherever those are.
    rising = True in both and kept["value"][at] <= kept["second"][at]
    spec = {**_gaps(look(seen, first.metric.unit, clicks=True), rising), "height": sent.height * ROW + AXIS + HEAD}
    hidden = sum(int(answer.frame["suppressed"].sum()) for answer in (first, second))
    spoken = "; ".join(said[:SAID])
    table = _beside(rows["label"].to_list(), ((first, names[0]), (second, names[1])))
    return Drawing(sent, spec, ("group",), first, hidden, spoken, table, reason_of(first.frame))


def _beside(names: list[str], parts: tuple[tuple[Answer, str], ...]) -> pl.DataFrame:
    """Return what a download holds: the figures of each answer under its name."""
    return pl.concat(
        [
            widened(answer.frame, answer.frame.columns, {"series": [name] * len(names), "label": names})
            for answer, name in parts
        ]
    )


@cache
def _gaps(of: Look, rising: bool) -> Spec:
    colours = theme.PALETTES[of.mode]
    y = alt.Y(
        "label:N",
        sort=None,
        axis=names_axis(),
        scale=alt.Scale(paddingOuter=0.9),
    )
    scale = alt.Scale(zero=False, nice=True, padding=NAME)
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
    rows, known = worded(seen, answer), worded(seen, coverage)
    said = [f"{one} · {heading} {two}" for one, two in zip(rows["said"], known["shown"], strict=True)]
    whole = widened(rows, rows.columns, {"beside": known["shown"].to_list(), "said_both": said})
    kept = whole.filter(whole["value"].is_not_null() | whole["suppressed"])
    highs = zip(kept["value"], kept["high"], strict=True)
    sent = widened(
        kept,
        ["group", "label", "shown", "low", "high", "beside"],
        {
            "said": kept["said_both"].to_list(),
            "heading": [heading if place == 0 else "" for place in range(kept.height)],
        },
        {
            # A bar without a length would lose its place in the order.
            "value": kept["value"].fill_null(0.0).to_list(),
            "end": [max(value or 0.0, high or 0.0) for value, high in highs],
        },
    )
    spec = {**_with_coverage(look(seen, answer.metric.unit, clicks=True)), "height": sent.height * ROW + AXIS + HEAD}
    table = _beside(rows["label"].to_list(), ((answer, _name(seen, answer)), (coverage, heading)))
    hidden, spoken = int(answer.frame["suppressed"].sum()), "; ".join(said[:SAID])
    return Drawing(sent, spec, ("group",), answer, hidden, spoken, table, reason_of(answer.frame))


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
