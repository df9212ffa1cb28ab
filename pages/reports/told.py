"""What all documents say: the same rows in words, from a meeting's frozen content alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from data.frozen import Frozen
from data.labels import label
from data.words import mark, translate
from pages.consultation import due, promises
from pages.consultation.frozen_view import Content, shown
from pages.kpis.telling import WORDS
from pages.shared import formats
from pages.shared.words import Language

Table = tuple[list[str], list[list[str]]]


def breadth(text: str) -> int:
    """Return how wide a text is in halves of its size: a Chinese character is twice as wide as a letter."""
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)


def say(message: str, of: Language, **values: object) -> str:
    """Return a text in the document's language."""
    return translate(message, of, **values)


def kind(content: Content, of: Language) -> str:
    """Return the kind of meeting; for a brief of a unit without a meeting its own word."""
    code = content["meeting"]["kind"]
    return label("meeting_kind", code, of) if code else translate(mark("Brief"), of)


def sentence(content: Content, of: Language) -> str:
    """Return unit and period."""
    return str(content["sentence"][of])


def seal(frozen: Frozen, of: Language) -> str:
    """Return the one stated moment, the data version and the hash that both sides can compare."""
    return translate(
        mark("Frozen {at} UTC · data version {version} · SHA-256 {sha256}"),
        of,
        at=frozen.told["frozen_at"].replace("T", " ")[:16],
        version=frozen.data_version,
        sha256=frozen.sha256,
    )


def until(content: Content, of: Language) -> str:
    """Return the data date in words."""
    return translate(mark("Data up to {day}"), of, day=formats.day(date.fromisoformat(content["data_date"]), of))


def verdict(figure: Content, of: Language) -> str:
    """Return whether a figure's latest month is a real change, in words; empty for one without months."""
    if figure["verdict"] is None:
        return ""
    word, _tone = WORDS[figure["verdict"]]
    return translate(word, of)


def figures(content: Content, of: Language) -> Table:
    """Return name, value, the period before, target and verdict of every figure."""
    heads = (mark("Figure"), mark("Value"), mark("Period before"), mark("Target"), mark("Verdict"))
    rows = [
        [
            figure["names"][of], shown(figure, of), shown(figure, of, "before"),
            formats.MISSING if figure["target"] is None else formats.value(figure["unit"], figure["target"], of),
            verdict(figure, of),
        ]
        for figure in content["figures"]
    ]  # fmt: skip
    return [translate(head, of) for head in heads], rows


def states(content: Content, of: Language) -> list[tuple[str, str]]:
    """Return how many promises are overdue, still in time, done late and done in time."""
    found = [row["state"] for row in content["ledger"]]
    return [(formats.count(found.count(state), of), translate(promises.STATES[state], of)) for state in promises.STATES]


def ledger(content: Content, of: Language) -> Table:
    """Return state, promise, what its figure did since, owner, unit and due day of every promise."""
    heads = (
        mark("State"), mark("Promise"), mark("Since the promise"), mark("Owner"), mark("Unit"), mark("Due on"),
    )  # fmt: skip
    rows = [
        [
            promises.state(row, of), _topic(row, of), promises.effect(row, of), row["owner"] or formats.MISSING,
            unit(content, row["branch_id"], of), row["due_on"],
        ]
        for row in content["ledger"]
    ]  # fmt: skip
    return [translate(head, of) for head in heads], rows


def _topic(row: Mapping[str, Any], of: Language) -> str:
    """Return a promise's words, and how it is known that it was kept where somebody wrote it down."""
    if not row.get("evidence"):
        return str(row["topic"])
    return translate(mark("{topic} (known by: {evidence})"), of, topic=row["topic"], evidence=row["evidence"])


def clocks(content: Content, of: Language) -> Table:
    """Return what the law asks for next: time left, what, about which meeting or contract, unit, source."""
    heads = (mark("Time left"), mark("What is due"), mark("Meeting or contract"), mark("Unit"), mark("Source"))
    rows = [
        [
            due.left(row["state"], row["days"], of), promises.called(due.SHORT, row["kind"], of), due.subject(row, of),
            unit(content, row["branch_id"], of), promises.called(due.LAWS, row["kind"], of),
        ]
        for row in content["clocks"]
    ]  # fmt: skip
    return [translate(head, of) for head in heads], rows


def definitions(content: Content, of: Language) -> Table:
    """Return how every figure is counted."""
    heads = (mark("Figure"), mark("Definition"), mark("Left out"), mark("Data up to"))
    rows = []
    for figure in content["figures"]:
        name = figure["names"][of]
        if figure["definition_names"][of]:
            name += f" · {figure['definition_names'][of]}"
        rows.append([name, figure["formula"][of], figure["excluded"][of], figure["data_date"]])
    return [translate(head, of) for head in heads], rows


def unit(content: Content, code: str, of: Language) -> str:
    """Return a unit's name as it was."""
    names: Mapping[str, Any] = content["units"]
    return str(names[code][of]) if code in names else code


def withheld(content: Content, of: Language) -> str:
    """Return what “<5” stands for."""
    return translate(
        mark("“{sign}” and gaps: withheld, because the group is too small or a difference would give it away."),
        of,
        sign=formats.suppressed_sign(),
    )
