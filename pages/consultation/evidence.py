"""Agenda proposals in words, in both languages: a title, and the evidence as one sentence that names its figures."""

from __future__ import annotations

from data.agenda import Item, Words
from data.labels import label
from data.words import LANGUAGES, mark, translate
from pages.consultation import due
from pages.consultation.promises import EFFECTS, called
from pages.shared import formats
from pages.shared.words import Language
from queries import metrics
from queries.agenda import Proposal
from queries.filters import Month
from queries.snapshot import Snapshot

BOTH: tuple[Language, ...] = ("zh", "en")
assert set(BOTH) == set(LANGUAGES)

OWN = mark("Raised by the preparing side; no figure behind it.")


def item(found: Proposal, snapshot: Snapshot) -> Item:
    """Return a proposal as an item of an agenda."""
    title: Words = {}
    evidence: Words = {}
    for of in BOTH:
        title[of], evidence[of] = _told(found, snapshot, of)
    links: tuple[tuple[str, str], ...] = ()
    if found.dimension == "category" and found.code:
        links = (("category", found.code),)
    elif found.kind == "promise":
        links = (("commitment", str(found.facts["commitment_id"])),)
    elif found.kind == "contract":
        links = (("clause", str(found.facts["contract_id"])),)
    return Item(
        found.key, found.kind, title, evidence, found.metric, found.branch, found.dimension, found.code, links=links
    )


def own(key: str, title: str, metric: str | None, branch: str) -> Item:
    """Return an item that people add themselves, with a figure's course if they name one."""
    named: Words = {"zh": title, "en": title}
    said: Words = {of: translate(OWN, of) if metric is None else "" for of in BOTH}
    return Item(key, "own", named, said, metric, branch)


def _told(found: Proposal, snapshot: Snapshot, of: Language) -> tuple[str, str]:
    unit = snapshot.name(found.branch, of) if found.branch else ""
    facts = found.facts
    if found.kind == "finding":
        return _finding(found, unit, of)
    if found.kind == "category":
        name = label("category", str(found.code), of)
        title = translate(mark("{unit}: more grievances about {category}"), of, unit=unit, category=name)
        said = mark("{now} in this period, {then} in the same months a year ago: more than chance explains.")
        numbers = {key: formats.count(facts[key], of) for key in ("now", "then")}
        return title, translate(said, of, **numbers)
    if found.kind == "promises":
        said = mark("Of {due} promises due or done by now, {overdue} are past their day and not done.")
        return translate(mark("{unit}: promises that are overdue"), of, unit=unit), translate(said, of, **facts)
    if found.kind == "promise":
        metric = metrics.find(str(found.metric))
        said = mark("Promised on {day}. Since then {metric}: {effect} ({before} → {after}).")
        return translate(mark("Promise whose figure got worse: {topic}"), of, topic=facts["topic"]), translate(
            said,
            of,
            day=formats.day(facts["held_on"], of),
            metric=metric.en if of == "en" else metric.zh,
            effect=called(EFFECTS, facts["effect"], of),
            before=formats.value(metric.unit, facts["before"], of),
            after=formats.value(metric.unit, facts["after"], of),
        )
    if found.kind == "contract":
        kind = label("contract_kind", facts["kind"], of)
        said = mark("{fulfilled} of {clauses} clauses carried out; it expires on {day}.")
        title = translate(mark("{unit}: clauses of the contract ({kind}) not carried out"), of, unit=unit, kind=kind)
        numbers = {"fulfilled": facts["clauses_fulfilled"], "clauses": facts["clauses"]}
        return title, translate(said, of, day=formats.day(facts["expires_on"], of), **numbers)
    what = called(due.KINDS, facts["kind"], of)
    said = mark("{subject}: due on {day}, {left}. {law}.")
    return f"{unit}{'：' if of == 'zh' else ': '}{what}", translate(
        said,
        of,
        subject=due.subject(facts, of),
        day=formats.day(facts["due"], of),
        left=due.left(facts["state"], facts["days"], of).lstrip("!…· "),
        law=called(due.LAWS, facts["kind"], of),
    )


def _finding(found: Proposal, unit: str, of: Language) -> tuple[str, str]:
    finding = found.facts["finding"]
    metric = metrics.find(finding.metric)
    name = metric.en if of == "en" else metric.zh

    def figure(number: float) -> str:
        return formats.value(metric.unit, number, of)

    between = f"{figure(finding.reference + finding.low)}–{figure(finding.reference + finding.high)}"
    if finding.kind == "change":
        rose = finding.value > 0
        title = mark("{unit}: {metric} has really risen") if rose else mark("{unit}: {metric} has really fallen")
        said = mark("From {before} to {after} since {month} (95 % interval of the new level {between}).")
        return translate(title, of, unit=unit, metric=name), translate(
            said,
            of,
            before=figure(finding.reference),
            after=figure(finding.reference + finding.value),
            month=formats.month(Month.parse(dict(finding.link)["since"]), of),
            between=between,
        )
    if finding.kind == "silence":
        said = mark("About {level} of the grievances, suggestions, answers and participants of a unit of its size.")
        return translate(mark("{unit}: very quiet for its size"), of, unit=unit), translate(
            said, of, level=formats.percent(finding.value, 0)
        )
    title = mark("{unit}: {metric} beyond what its size explains")
    said = mark("About {value}, where {expected} would be expected of all units alike.")
    return translate(title, of, unit=unit, metric=name), translate(
        said, of, value=figure(finding.value), expected=figure(finding.reference)
    )
