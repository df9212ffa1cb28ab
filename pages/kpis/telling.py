"""Findings and verdicts in words: what the statistics say, as a sentence a person reads aloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from data.words import mark
from pages.shared import formats
from pages.shared.cards import Verdict
from pages.shared.view import View
from pages.shared.words import _, metric_name
from queries import changes, metrics
from queries.breaks import Break
from queries.filters import Filters, Month
from queries.metric import Metric
from queries.statistics.findings import Finding
from queries.statistics.funnel import Funnel

WORDS = {
    "improving": (mark("Improving"), "good"),
    "worsening": (mark("Worsening"), "attention"),
    "higher": (mark("Higher"), "plain"),
    "lower": (mark("Lower"), "plain"),
    "no_real_change": (mark("No real change"), "plain"),
    "too_early": (mark("Too early to tell"), "plain"),
}
SIGNALS = {
    "outside": mark("The latest month lies outside what the months before would lead one to expect."),
    "shift": mark("The latest months all lie on one side of the level before."),
    "trend": mark("The latest months move in one direction without a break."),
    "two_of_three": mark("Two of the latest three months lie close to the edge of the usual range."),
}
AIMS = {
    "will_pass": mark("will pass"),
    "may_pass_or_fail": mark("may pass or fail"),
    "will_fail": mark("will fail"),
}
PASSING = {
    "will_pass": mark("If nothing changes it will meet its target."),
    "may_pass_or_fail": mark("If nothing changes it may meet or miss its target from month to month."),
    "will_fail": mark("If nothing changes it will miss its target."),
}


def verdict(seen: View, name: str) -> Verdict | None:
    """Return the word on a metric's card: whether its latest month is a real change, with the evidence."""
    metric = metrics.find(name)
    if not metric.has_period or seen.filters.start > seen.last_month:
        return None  # of months nobody has measured nothing can be said
    past = changes.history(seen.viewer, name, seen.filters, seen.definition(name), seen.snapshot)
    chart = past.chart
    word, tone = WORDS[chart.verdict]
    evidence = [_(SIGNALS[chart.signal])] if chart.signal in SIGNALS else []
    if chart.passing is not None:
        evidence.append(_(PASSING[chart.passing]))
    if chart.verdict == "too_early":
        evidence = [_("At least twelve whole months are needed; there are {n}.", n=chart.points)]
    if past.breaks:
        evidence.append(_broken(seen, metric, past))
    if past.answer.filters.end < seen.filters.end:
        evidence.append(
            _("Judged up to {month}: later months are not settled yet.", month=formats.month(past.answer.filters.end))
        )
    aim = _(AIMS[chart.passing]) if chart.passing in AIMS else ""
    return Verdict(_(word), tone, " ".join(evidence), aim)  # type: ignore[arg-type]


def _broken(seen: View, metric: Metric, past: changes.History) -> str:
    """Return where the limits started anew and why, with the levels on either side."""
    last = past.breaks[-1]
    told = {"month": formats.month(last.month), "what": last.told(seen.snapshot, seen.language)}
    if past.levels is None:
        return _("Limits start anew in {month}: {what}.", **told)
    before, since = (formats.value(metric.unit, level) for level in past.levels)
    return _(
        "Limits start anew in {month}: {what}; on average {before} before and {since} since.",
        **told, before=before, since=since,
    )  # fmt: skip


def sentence(seen: View, finding: Finding) -> str:
    """Return a finding as one sentence with its number and interval, and what was noted when it began."""
    metric = metrics.find(finding.metric)
    unit = seen.snapshot.name(finding.unit, seen.language) if finding.unit else seen.place
    if finding.kind == "change":
        since = Month.parse(dict(finding.link)["since"])
        rose = finding.value > 0
        text = (
            _("{unit}: {metric} has risen from {before} to {after} since {month} (by {low} to {high})")
            if rose
            else _("{unit}: {metric} has fallen from {before} to {after} since {month} (by {low} to {high})")
        )
        # The interval is that of the size of the change, whichever way it went.
        nearer, farther = sorted((abs(finding.low), abs(finding.high)))
        told = text.format(
            unit=unit,
            metric=metric_name(metric.id),
            before=formats.value(metric.unit, finding.reference),
            after=formats.value(metric.unit, finding.reference + finding.value),
            month=formats.month(since),
            low=formats.change(metric.unit, 0.0 if finding.low < 0 < finding.high else nearer).lstrip("+"),
            high=formats.change(metric.unit, farther).lstrip("+"),
        )
        return told + _noted(seen, metric, replace(seen.filters, branch=finding.unit), since)
    if finding.kind == "silence":
        return _(
            "{unit} is very quiet: about {level} of the voice one would expect of its size, chance alone leaves {low}",
            unit=unit,
            level=formats.percent(finding.value),
            low=formats.percent(finding.low),
        )
    return _(
        "{unit}: {metric} about {value} ({low} to {high}), where {expected} would be expected",
        unit=unit,
        metric=metric_name(metric.id),
        value=formats.value(metric.unit, finding.value),
        low=formats.value(metric.unit, finding.low),
        high=formats.value(metric.unit, finding.high),
        expected=formats.value(metric.unit, finding.reference),
    )


def _noted(seen: View, metric: Metric, filters: Filters, since: Month) -> str:
    """Return what was noted about the month from which a figure changed, as the end of a sentence."""
    near = changes.reason_near(seen.viewer, metric.id, filters, since, seen.snapshot)
    return "" if near is None else noted(seen, near)


def noted(seen: View, one: Break) -> str:
    """Return a note as the end of a sentence."""
    what = one.told(seen.snapshot, seen.language)
    return _("; noted for {month}: {what}", month=formats.month(one.month), what=what)


def dispersion(fair: Funnel) -> str:
    """Return whether units differ by more than chance, in words, and what that does to the limits."""
    phi = formats.decimal(fair.phi)
    if fair.tau <= 0:
        return _("Units differ no more than chance allows (dispersion {phi}): the limits are those of chance.", phi=phi)
    return _(
        "Units differ from one another by more than chance (dispersion {phi}, where 1 is chance): the limits are "
        "widened for it, so only units beyond the usual differences stand out.",
        phi=phi,
    )


def mix(metric: str) -> str:
    """Return that units are set against what their cases are about; empty where a metric's cases have no such code."""
    code = changes.mix_of(metric)
    if code is None:
        return ""
    return _("Each unit is drawn as if its cases were about what all cases are about.")


def fair(metric: str, row: Mapping[str, Any]) -> str:
    """Return the evidence of one unit among all: its rate, what its cases lead one to expect, and the estimate."""
    return _(
        "{value} of {n} cases, where {expected} would be expected of what they are about; with so many cases the rate "
        "is estimated at {shrunken} ({low} to {high})",
        value=formats.percent(row["value"]),
        n=formats.count(row["denominator"]),
        expected=formats.percent(row["expected"] / row["denominator"]),
        shrunken=formats.percent(row["shrunken"]),
        low=formats.percent(row["shrunken_low"]),
        high=formats.percent(row["shrunken_high"]),
    )


def page_of(finding: Finding) -> str:
    """Return the key of the page that shows a finding's evidence."""
    if finding.kind == "silence":
        return "unit"
    return metrics.find(finding.metric).family
