"""Is the change real, why did it come about, is the unit different: process chart, waterfall, funnel, silence."""

from __future__ import annotations

from html import escape

import numpy as np
import polars as pl
import streamlit as st

from pages.kpis import telling
from pages.kpis.attention import WORDS
from pages.shared import anatomy, charts, drawing, formats, view
from pages.shared.keeping import kept
from pages.shared.view import View
from pages.shared.words import _, metric_name
from queries import changes, foresight, metrics
from queries.answers import Answer
from queries.filters import Month
from queries.statistics.decomposition import rounded

LIMIT_POINTS = 60  # points along the funnel's edge: smooth at any width


def chosen(seen: View, *, compared: bool = False) -> str:
    """Draw the choice of a metric and return it."""
    names = {metric: metric_name(metric) for metric in (changes.COMPARED if compared else changes.WATCHED)}
    key = "warning_compared" if compared else "warning_metric"
    # What stands out comes first: the visitor should not have to look for it.
    first = next((i for i, metric in enumerate(names) if _stands_out(seen, metric, compared)), 0)
    return str(st.selectbox(_("Figure"), list(names), first, names.__getitem__, key=key, width=300))


def _stands_out(seen: View, metric: str, compared: bool) -> bool:
    definition = seen.definition(metric)
    if compared:
        fair = changes.between_units(seen.viewer, metric, seen.filters, definition, seen.snapshot)
        return bool(fair.frame["word"].is_in(list(WORDS)).any())
    word = changes.history(seen.viewer, metric, seen.filters, definition, seen.snapshot).chart.verdict
    return word in ("improving", "worsening")


def by_month(seen: View, metric: str) -> None:
    """Draw the metric's months with their natural limits and say whether the latest is a change."""
    found = changes.history(seen.viewer, metric, seen.filters, seen.definition(metric), seen.snapshot)
    word = telling.verdict(seen, metric)
    charts.figure(
        seen,
        _limits(seen, found),
        title=_("{metric}: {word}", metric=metric_name(metric), word=word.word if word else ""),
        subtitle=" ".join(
            part
            for part in (
                word.evidence if word else "",
                _("Dashes: the range of chance; coloured points lie outside it or belong to a run."),
            )
            if part
        ),
        key=f"process_{metric}",
    )


@kept
def _limits(seen: View, found: changes.History) -> charts.Drawing:
    """Return the months with the range of chance."""
    rows = found.chart.frame.select(
        group=found.answer.frame["group"],
        value="value",
        centre="centre",
        lower="low",
        upper="high",
        signal=pl.col("signal").is_not_null(),
        segment="segment",
    )
    marks = tuple((str(one.month), one.told(seen.snapshot, seen.language)) for one in found.breaks)
    metric = found.answer.metric.id
    target = None if metric in changes.GROWING else seen.target(metric)
    return charts.xmr(seen, found.answer, rows, target=target, marks=marks)


def reasons(seen: View, metric: str) -> None:
    """Draw what the change against the earlier period is made of, adding up exactly."""
    found = metrics.find(metric)
    if not (found.proportion or found.over_headcount):
        return
    options = ["branch", *(name for name, _codes in found.codes)] if found.proportion else ["branch"]
    names = {
        "branch": _("Unit"),
        "category": _("Category"),
        "channel": _("Channel"),
        "stage": _("Stage"),
        "theme": _("Theme"),
        "kind": _("Kind"),
        "organiser": _("Organiser"),
    }
    by = str(
        st.segmented_control(
            _("Taken apart by"),
            options,
            format_func=lambda one: names[one],
            key="why_by",
            default=options[0],
            required=True,
        )
    )
    why = foresight.why(seen.viewer, metric, seen.filters, seen.compare, by, seen.definition(metric), seen.snapshot)
    if why is None:
        st.caption(_("The change cannot be taken apart: there is no earlier period, or small groups would show."))
        return
    effects = why.frame.filter(pl.col("effect") != 0)
    labels = drawing.labels(seen, by, effects["group"].to_list())
    steps = [(_("before"), why.before, True)]
    steps += [(label, effect, False) for label, effect in zip(labels, effects["effect"], strict=True)]
    if abs(why.overlap) > 1e-12:
        steps.append((_("people counted in two units"), why.overlap, False))
    steps.append((_("now"), why.after, True))
    frame = pl.DataFrame(steps, schema={"label": pl.String, "change": pl.Float64, "total": pl.Boolean}, orient="row")
    mix, rate = rounded((why.mix, why.rate), 4) if len(steps) > 2 else (0.0, 0.0)
    charts.figure(
        seen,
        charts.waterfall(seen, frame, unit=found.unit),
        title=_(
            "{metric} changed by {change}; the largest part is {label}",
            metric=metric_name(metric),
            change=formats.change(found.unit, why.change),
            label=labels[0] if labels else _("none"),
        ),
        subtitle=_(
            "{rate} because rates changed, {mix} because the shares of the groups shifted; the steps add up exactly",
            rate=formats.change(found.unit, rate),
            mix=formats.change(found.unit, mix),
        ),
        key=f"why_{metric}_{by}",
    )


def funnel(seen: View, metric: str) -> None:
    """Draw the units within the limits of chance, those outside by name, and what is said of them."""
    fair = changes.between_units(seen.viewer, metric, seen.filters, seen.definition(metric), seen.snapshot)
    out = fair.frame.filter(pl.col("word").is_in(list(WORDS)))
    sizes = fair.frame["denominator"].drop_nulls()
    largest = float(sizes.to_numpy().max()) if len(sizes) else 0.0
    answer = seen.ask(metric, by="unit")
    if largest <= 0:
        charts.figure(seen, charts.bars(seen, answer), title=metric_name(metric), key=f"funnel_{metric}")
        return
    grid = np.unique(np.round(np.geomspace(1, largest * 1.05, LIMIT_POINTS)))
    limits = fair.limits(grid).select(
        denominator=pl.col("size"), centre=pl.lit(fair.usual), low2="low2", high2="high2", low3="low3", high3="high3"
    )
    names = drawing.labels(seen, "unit", out["group"].to_list())
    joiner = "、" if seen.language == "zh" else ", "
    title = (
        _("{metric}: {units} differ from what chance allows", metric=metric_name(metric), units=joiner.join(names))
        if names
        else _("{metric}: all units as expected", metric=metric_name(metric))
    )
    charts.figure(
        seen,
        _funnel(seen, metric, answer, limits, tuple(out["group"])),
        title=title,
        subtitle=" ".join(
            part
            for part in (
                _("Across: number of cases. Shaded: where 95 % and 99.8 % of units lie by chance."),
                telling.dispersion(fair),
                telling.mix(metric),
            )
            if part
        ),
        key=f"funnel_{metric}",
        on_pick=lambda group: view.go("unit", branch=group),
    )
    words = [WORDS[word] for word in out["word"]]
    for name, word, row in zip(names, words, out.iter_rows(named=True), strict=True):
        st.text(_("{unit} · {word}: {evidence}", unit=name, word=_(word), evidence=telling.fair(metric, row)))


@kept
def _funnel(
    seen: View, metric: str, answer: Answer, limits: pl.DataFrame, outliers: tuple[str, ...]
) -> charts.Drawing:
    fair = changes.between_units(seen.viewer, metric, seen.filters, seen.definition(metric), seen.snapshot)
    at = dict(fair.frame.select("group", "standardised").iter_rows()) if changes.mix_of(metric) else None
    return charts.funnel_plot(seen, answer, limits, outliers=outliers, standardised=at)


def quiet(seen: View) -> None:
    """List the units whose voice is too low for their size, because silence is not satisfaction."""
    anatomy.section(_("Too quiet"))
    units = changes.quiet_units(seen.viewer, seen.filters, seen.snapshot).units.filter("silent")
    for unit, why, since in changes.unheard(seen.viewer, seen.filters, seen.snapshot):
        texts = {
            "closed": _("{unit} was wound up in {month}: its silence says nothing."),
            "late": _("{unit} has handed in nothing since {month}: its figures stand still, which is not silence."),
        }
        name = seen.snapshot.name(unit, seen.language)
        said = texts[why].format(unit=name, month=formats.month(Month.of(since)))
        st.html(f'<p class="d-note">{escape(said)}</p>')
    if units.is_empty():
        st.caption(_("No unit is quieter than chance allows."))
    for row in units.iter_rows(named=True):
        st.button(
            _(
                "{unit}: about {level} of the grievances, suggestions, answers and participants expected of its size",
                unit=seen.snapshot.name(row["unit"], seen.language),
                level=formats.percent(row["level"]),
            ),
            key=f"quiet_{row['unit']}",
            icon=":material/volume_off:",
            type="tertiary",
            on_click=view.go,
            args=("unit",),
            kwargs={"branch": row["unit"]},
        )
