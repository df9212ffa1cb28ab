"""Findings and verdicts in words: what the statistics say, as a sentence a person reads aloud."""

from __future__ import annotations

from data.words import mark
from pages.shared import formats
from pages.shared.cards import Verdict
from pages.shared.view import View
from pages.shared.words import _, metric_name
from queries import changes, metrics
from queries.filters import Month
from queries.statistics.findings import Finding

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
    if past.answer.filters.end < seen.filters.end:
        evidence.append(
            _("Judged up to {month}: later months are not settled yet.", month=formats.month(past.answer.filters.end))
        )
    return Verdict(_(word), tone, " ".join(evidence))  # type: ignore[arg-type]


def sentence(seen: View, finding: Finding) -> str:
    """Return a finding as one sentence with its number and interval."""
    metric = metrics.find(finding.metric)
    unit = seen.snapshot.name(finding.unit, seen.language) if finding.unit else seen.place
    link = dict(finding.link)
    if finding.kind == "change":
        after = finding.reference + finding.value
        rose = finding.value > 0
        text = (
            _("{unit}: {metric} has risen from {before} to {after} since {month}")
            if rose
            else _("{unit}: {metric} has fallen from {before} to {after} since {month}")
        )
        return text.format(
            unit=unit,
            metric=metric_name(metric.id),
            before=formats.value(metric.unit, finding.reference),
            after=formats.value(metric.unit, after),
            month=formats.month(Month.parse(link["since"])),
        )
    if finding.kind == "silence":
        return _(
            "{unit} is very quiet: about {level} of the voice one would expect of its size",
            unit=unit,
            level=formats.percent(finding.value),
        )
    return _(
        "{unit}: {metric} about {value}, where {expected} would be expected",
        unit=unit,
        metric=metric_name(metric.id),
        value=formats.value(metric.unit, finding.value),
        expected=formats.value(metric.unit, finding.reference),
    )


def page_of(finding: Finding) -> str:
    """Return the key of the page that shows a finding's evidence."""
    if finding.kind == "silence":
        return "unit"
    return metrics.find(finding.metric).family
