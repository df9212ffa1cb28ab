"""Findings in a sentence: what the titles of the KPI pages' charts say, with numbers, in both languages."""

from __future__ import annotations

from pages.shared import formats
from pages.shared.view import View
from pages.shared.words import _, metric_name
from queries import metrics
from queries.changes import MATURES
from queries.filters import Month


def level(seen: View, metric: str, definition: str | None = None) -> str:
    """Return where a metric stands: value, whether it changed beyond chance against the comparison, and the target.

    A proportion has changed when the former value lies outside the interval of the present one.
    """
    found = metrics.find(metric)
    now = seen.ask(metric, definition=definition).frame.row(0, named=True)
    name = metric_name(metric)
    if now["value"] is None:
        return _("{name} in {place}", name=name, place=seen.place)
    value = formats.value(found.unit, now["value"])
    if not settled(seen, metric, definition):
        return _("{name} is {value} so far: the latest have not had their time", name=name, value=value)
    against = seen.comparison(metric, definition)
    before = against.frame.row(0, named=True)["value"] if against is not None else None
    if before is None:
        said = _("{name} is {value} in {place}", name=name, value=value, place=seen.place)
    elif now["low"] is not None and now["low"] <= before <= now["high"]:
        former = formats.value(found.unit, before)
        said = _(
            "{name} is {value}, no clear change against {what} ({former})",
            name=name, value=value, what=seen.compared_with, former=former,
        )  # fmt: skip
    else:
        change = formats.change(found.unit, abs(now["value"] - before)).lstrip("+")
        told = {"name": name, "value": value, "change": change, "what": seen.compared_with}
        if now["value"] > before:
            said = _("{name} is {value}, {change} above {what}", **told)
        elif now["value"] < before:
            said = _("{name} is {value}, {change} below {what}", **told)
        else:
            said = _("{name} is {value} as before", name=name, value=value)
    return said + aim(seen, metric, now["value"], definition)


def settled(seen: View, metric: str, definition: str | None = None) -> bool:
    """Return whether the period's figures are final, but for a few: its last months are not too young to judge."""
    meant = metrics.find(metric).definition(definition or seen.definition(metric)).id
    return seen.filters.end <= Month.of(seen.snapshot.data_date).back(MATURES.get((metric, meant), 0))


def aim(seen: View, metric: str, value: float, definition: str | None = None) -> str:
    """Return how the value stands against its target, as the end of a sentence; empty where nobody set one."""
    found = metrics.find(metric)
    target = seen.target(metric, definition)
    if target is None or not found.direction:
        return ""
    short = (target - value) * found.direction
    shown = formats.value(found.unit, target)
    if short <= 0:
        return _("; target {target} met", target=shown)
    gap = formats.change(found.unit, short).lstrip("+")
    return _("; {gap} short of the target {target}", gap=gap, target=shown)
