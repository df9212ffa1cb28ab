"""What the charts are made from: a drawing is a small frame and a specification made once; here are their common parts.

A specification is built with Altair once per look (mode, language, unit, options), kept as a dictionary, and sent with
new data each run: building and validating it is what makes a stock chart slow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec

import altair as alt
import polars as pl

from data.labels import CHINESE, label
from pages.shared import formats, theme
from pages.shared.theme import Mode
from pages.shared.view import View
from pages.shared.words import Language, _
from queries.answers import Answer
from queries.metric import CALENDAR, SPACE, Unit

Spec = dict[str, Any]
PICK = "pick"
FIGURES = {"value", "incoming", "outgoing", "backlog", "count"}  # the columns of a drawing's table that hold figures
ADDED = ("count", "yuan", "per_100", "per_head")  # units in which zero means that nothing happened
# Pixels of a row in charts that go down the page, and of an axis beneath them.
ROW, AXIS = 26, 34
SAID = 24  # figures read out in an alternative text: two years of months
_MONTHS = "['Jan','Feb','Mar','Apr','May','Jun','Jul','Aug','Sep','Oct','Nov','Dec']"


@dataclass(frozen=True, eq=False)
class Drawing:
    """A chart ready to be drawn: only the columns drawn, the specification, what a click returns, what to take away.

    `answer` says which metric it shows, for the subtitle and the download; `suppressed` counts the cells shown as “<5”;
    `said` is the figure in words for those who cannot see it.
    """

    frame: pl.DataFrame
    spec: Spec
    picks: tuple[str, ...] = ()
    answer: Answer | None = None
    suppressed: int = 0
    said: str = ""
    table: pl.DataFrame | None = None  # what the download holds, if not the answer's frame
    reason: str | None = None  # why most of what is withheld is, as disclosure control says

    @cached_property
    def sent(self) -> Any:
        """The frame as it goes to the browser, turned into Arrow once however often it is drawn."""
        return self.frame.to_arrow()

    @property
    def withheld(self) -> bool:
        """Whether everything it would show is too small to be shown."""
        held = self.table if self.table is not None else self.frame
        return self.suppressed > 0 and all(held[name].null_count() == held.height for name in FIGURES & {*held.columns})

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return self.frame.height == 0


P = ParamSpec("P")


def kept(draw: Callable[Concatenate[View, Answer, P], Drawing]) -> Callable[Concatenate[View, Answer, P], Drawing]:
    """Let a drawing be made once for all who see the same answer in the same look, as long as the data stay.

    What it depends on beside its arguments is the language, the mode and what is compared with. A drawing of frames
    that were made for this run alone is not kept: they never come again.
    """

    @wraps(draw)
    def drawn_once(seen: View, answer: Answer, *args: P.args, **options: P.kwargs) -> Drawing:
        given = (answer, *args, *sorted(options.items()))
        if any(isinstance(one, pl.DataFrame) for one in (*args, *options.values())):
            return draw(seen, answer, *args, **options)
        key = ("drawing", draw.__name__, theme.mode(), seen.language, seen.compare, given)
        return seen.snapshot.once(key, lambda: draw(seen, answer, *args, **options))

    return drawn_once


@dataclass(frozen=True)
class Look:
    """What a specification depends on beside its data; the key under which it is kept."""

    mode: Mode
    language: Language
    unit: Unit = "count"
    by: str = "month"
    clicks: bool = False


def look(seen: View, unit: Unit = "count", by: str | None = "month", clicks: bool = False) -> Look:
    """Return the look for this visitor."""
    return Look(theme.mode(), seen.language, unit, by or "month", clicks)


def finished(chart: alt.TopLevelMixin, of: Mode) -> Spec:
    """Return the specification of a chart, dressed for the mode; its data comes with each drawing."""
    spec: Spec = chart.to_dict()
    for part in (spec, *spec.get("layer", ())):
        # Altair names an empty data set in every layer; without it a layer takes the chart's data.
        part.pop("data", None)
    for name in ("$schema", "datasets"):
        spec.pop(name, None)
    return {**spec, "config": theme.page_config(of)}


def for_document(drawing: Drawing, of: Mode = "light") -> Spec:
    """Return the drawing's specification with its data inside and fully dressed, for pictures and documents."""
    return {**drawing.spec, "config": theme.vega_config(of), "data": {"values": drawing.frame.to_dicts()}}


def pick(*fields: str) -> alt.Parameter:
    """Return the click that returns `fields` of the mark clicked."""
    return alt.selection_point(name=PICK, fields=list(fields), on="click", toggle=False, clear=False)


def value_axis(of: Look, **more: Any) -> alt.Axis:
    """Return the axis of a metric's values."""
    return alt.Axis(title=None, labelExpr=formats.axis(of.unit, of.language), tickCount=5, **more)


def names_axis() -> alt.Axis:
    """Return the axis of names down the page; every row is named."""
    return alt.Axis(title=None, labelLimit=190, labelOverlap=False, labelFlush=False, grid=False)


def time_axis(of: Look) -> alt.Axis:
    """Return the axis of calendar groups: the month under each place, the year under each January and the first."""
    if of.by == "month":
        number = "toNumber(slice(datum.value, 5, 7))"
        name = f"{number} + '月'" if of.language == "zh" else f"{_MONTHS}[{number} - 1]"
        year = "slice(datum.value, 0, 4)" + (" + '年'" if of.language == "zh" else "")
        # Beyond fourteen months one label a quarter reads calmer than whatever fits.
        every = f"length(domain('x')) <= 14 || {number} % 3 == 1"
        text = f"{every} ? [{name}, {number} == 1 || datum.index == 0 ? {year} : ''] : ''"
    elif of.by == "quarter":
        text = (
            "[slice(datum.value, 5), slice(datum.value, 6) == '1' || datum.index == 0 ? slice(datum.value, 0, 4) : '']"
        )
    else:
        text = "datum.value"
    return alt.Axis(title=None, labelExpr=text, labelAngle=0, labelOverlap="greedy", labelFlush=False, grid=False)


def time_x(of: Look, field: str = "group", gap: float = 0.0) -> alt.X:
    """Return the place along the calendar; bands, so that a period can be hatched, with `gap` between bars."""
    return alt.X(f"{field}:O", axis=time_axis(of), scale=alt.Scale(type="band", paddingInner=gap, paddingOuter=0))


def hatching(of: Mode) -> dict[str, Any]:
    """Return the fill of periods that are still maturing: slanted stripes, in SVG, canvas and documents alike."""
    colours = theme.PALETTES[of]
    stops, count = [], 12
    for i in range(count):
        for edge, colour in ((0.0, colours.faint), (0.42, colours.faint), (0.42, colours.paper), (1.0, colours.paper)):
            stops.append({"offset": min(1.0, (i + edge) / count), "color": colour})
    return {"gradient": "linear", "x1": 0, "y1": 0, "x2": 1, "y2": 1, "stops": stops}


def labels(seen: View, by: str | None, groups: Sequence[str | None], own: str | None = None) -> list[str]:
    """Return what groups are called: units, codes or periods; `own` is the unit whose own rows form a group.

    No two are the same: a chart goes by its labels.
    """
    found: list[str] = []
    for group in groups:
        if group is None:
            name = _("Total")
        elif by in SPACE:
            own_rows = group == own and by == "branch"
            name = _("The unit itself") if own_rows else seen.snapshot.name(group, seen.language)
        elif by in CALENDAR:
            name = formats.period(group, seen.language)
        elif by in CHINESE:
            name = label(by, group, seen.language)
        else:
            name = group  # text of the ledgers, such as a topic
        found.append(name if name not in found else f"{name} [{group}]")
    return found


def widened(
    frame: pl.DataFrame,
    keep: Sequence[str],
    texts: Mapping[str, Sequence[str | None]] | None = None,
    numbers: Mapping[str, Sequence[float | None]] | None = None,
    flags: Mapping[str, Sequence[bool]] | None = None,
) -> pl.DataFrame:
    """Return the columns `keep` of a frame with new ones beside them, typed also where they are empty."""
    more = [pl.Series(name, values, dtype=pl.String) for name, values in (texts or {}).items()]
    more += [pl.Series(name, values, dtype=pl.Float64) for name, values in (numbers or {}).items()]
    more += [pl.Series(name, values, dtype=pl.Boolean) for name, values in (flags or {}).items()]
    return frame[list(keep)].hstack(more)


def worded(seen: View, answer: Answer) -> pl.DataFrame:
    """Return the answer's rows with `label`, `shown` (the value as text) and `said` (what the tooltip says)."""
    frame, unit = answer.frame, answer.metric.unit
    names = labels(seen, answer.by, frame["group"].to_list(), answer.filters.branch)
    shown = [
        formats.value(unit, value, suppressed=hidden)
        for value, hidden in zip(frame["value"], frame["suppressed"], strict=True)
    ]
    parts = zip(names, shown, frame["numerator"], frame["denominator"], strict=True)
    said = [f"{name}: {text}{counted(numerator, denominator)}" for name, text, numerator, denominator in parts]
    return widened(frame, frame.columns, {"label": names, "shown": shown, "said": said})


def counted(numerator: float | None, denominator: float | None) -> str:
    """Return numerator and denominator in brackets, as a tooltip shows them; empty where there are none."""
    if numerator is None or denominator is None:
        return ""
    whole = round(denominator, 1)
    return f" ({formats.count(numerator, whole=True)} / {formats.count(whole, whole=True)})"


def drawn(
    frame: pl.DataFrame, spec: Spec, picks: tuple[str, ...], answer: Answer | None, table: pl.DataFrame
) -> Drawing:
    """Return the drawing of a frame; `table` is what a download of it holds."""
    hidden = int(answer.frame["suppressed"].sum()) if answer is not None else 0
    if answer is not None and not hidden:
        values = answer.frame["value"]
        # Where figures add up, nothing but zeros is nothing too.
        known = values.fill_null(0) != 0 if answer.metric.unit in ADDED else values.is_not_null()
        if not known.any():
            frame = frame.clear()  # the page says which filter left it so
    said = "; ".join(frame["said"].drop_nulls()[:SAID]) if "said" in frame.columns else ""
    return Drawing(frame, spec, picks, answer, hidden, said, table, reason_of(answer.frame) if answer else None)


def reason_of(frame: pl.DataFrame) -> str | None:
    """Return the reason for which most of a frame's figures are withheld; None where none are."""
    if "reason" not in frame.columns or frame["reason"].null_count() == frame.height:
        return None
    return str(frame["reason"].drop_nulls().mode().sort()[0])
