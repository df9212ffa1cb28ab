"""What the charts of the grievance page find, as their titles."""

from __future__ import annotations

import polars as pl

from pages.shared import formats
from pages.shared.keeping import kept
from pages.shared.view import View
from pages.shared.words import _, code_label
from queries.answers import Answer


def flow(months: pl.DataFrame) -> str:
    """Return what came in and went out over the months and what is left."""
    if months.height == 0 or months["suppressed"].any():
        return _("Cases in, out and left open, month by month")
    incoming, outgoing = (float(months[name].sum()) for name in ("incoming", "outgoing"))
    left, more = months["backlog"][-1], incoming - outgoing
    said = {
        "incoming": formats.count(incoming),
        "outgoing": formats.count(outgoing),
        "left": formats.count(left),
        "change": formats.count(abs(more), whole=True),
    }
    if more > 0:
        return _("{incoming} came in, {outgoing} were closed; {left} are left, {change} more than before", **said)
    if more < 0:
        return _("{incoming} came in, {outgoing} were closed; {left} are left, {change} fewer than before", **said)
    return _("{incoming} came in, {outgoing} were closed; {left} are left as before", **said)


@kept
def solved(seen: View) -> str:
    """Return what is recorded as resolved and what workers confirm."""
    recorded = seen.ask("resolution_rate", definition="recorded").one["value"]
    confirmed = seen.ask("resolution_rate", definition="confirmed").one["value"]
    if not isinstance(recorded, float) or not isinstance(confirmed, float):
        return _("Resolved: recorded and confirmed")
    said = {"recorded": formats.percent(recorded), "confirmed": formats.percent(confirmed)}
    if recorded > confirmed:
        return _("{recorded} recorded as resolved, but only {confirmed} confirmed by the workers asked", **said)
    return _("{recorded} recorded as resolved, {confirmed} confirmed by the workers asked", **said)


@kept
def satisfied(seen: View) -> str:
    """Return how many are satisfied, and of how many that is known."""
    rate, coverage = seen.ask("satisfaction_rate").one["value"], seen.ask("rating_coverage").one["value"]
    if not isinstance(rate, float) or not isinstance(coverage, float):
        return _("Satisfaction, with the share that was rated")
    return _(
        "{rate} of those who rated are satisfied; {coverage} of closed cases were rated",
        rate=formats.percent(rate),
        coverage=formats.percent(coverage),
    )


@kept
def leading(seen: View, answer: Answer, dimension: str, title: str, sentence: str) -> str:
    """Return which code comes up most, by `sentence` (already marked), else `title`."""
    del seen
    known = answer.frame.filter(pl.col("value") > 0)
    if known.height == 0 or answer.frame["suppressed"].any():
        return _(title)
    top = known.row(int(known["value"].arg_max() or 0), named=True)
    total = float(known["value"].sum())
    return _(
        sentence,
        name=code_label(dimension, top["group"]),
        count=formats.count(top["value"]),
        total=formats.count(total),
        share=formats.percent(top["value"] / total, 0),
    )


@kept
def stages(seen: View, answer: Answer) -> str:
    """Return how many cases went further than direct handling."""
    del seen
    found = {row["group"]: row["value"] for row in answer.frame.iter_rows(named=True)}
    if answer.frame["suppressed"].any() or not sum(value or 0 for value in found.values()):
        return _("How far cases go")
    total = sum(value or 0 for value in found.values())
    beyond = total - (found.get("direct") or 0)
    outside = (found.get("arbitration") or 0) + (found.get("court") or 0)
    return _(
        "{beyond} of {total} cases went beyond direct handling, {outside} to arbitration or court",
        beyond=formats.count(beyond),
        total=formats.count(total),
        outside=formats.count(outside),
    )
