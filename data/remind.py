"""Who is late with which ledger, and which cases are about to run over their limit: told to those who can act.

A message names units, ledgers, numbers of cases and days; never the text of a case, never a worker.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import polars as pl
from sqlalchemy import Connection, select

from data import bulk, channels, closing, database, limits, links, people, tables
from data.schema import HANDED_IN
from data.told import Told
from data.words import mark, translate

DAYS = 3  # how far ahead cases are looked for: time enough to act, near enough to matter
# A ledger that a unit filled in at least so many of the twelve months before is expected again; headcounts always are.
HABIT = 11
# Ledgers that come every month, with the day that a row stands for.
MONTHLY = {"activities": "held_on", "grievances": "filed_on", "suggestions": "submitted_on", "notices": "published_on"}

NO_MONTH = mark("“{month}” is no month; write it like 2025-03.")
NOWHERE = mark("Nothing was sent: none of {settings} is set.")
SUBJECT = mark("Ledgers of {month} and cases due by {day}")
TITLE = mark("{product}: ledgers of {month}, cases due by {day}")
PRODUCT = mark("Party and union dashboard")
LATE = mark("Not handed in yet ({count}):")
LATE_LINE = mark("{unit}: {ledgers}")
ALL_IN = mark("Every ledger expected for {month} has come.")
DUE = mark("Cases that run over their limit within {days} days ({count}):")
DUE_CASES = mark("{unit}: {count}, the first on {day} ({cases})")
DUE_LINE = mark("{unit}: {count}, the first on {day}")
NONE_DUE = mark("No open case runs over its limit within {days} days.")
OVERDUE = mark("Cases over their limit already: {count}.")


@dataclass(frozen=True)
class Case:
    """An open case near or over its limit."""

    unit: str
    number: str
    due: date


@dataclass(frozen=True)
class Found:
    """What there is to remind of: late ledgers by unit for a month, and open cases by their limits, seen on a day."""

    month: str
    today: date
    days: int
    late: Mapping[str, tuple[str, ...]]
    due: tuple[Case, ...]
    overdue: tuple[Case, ...]
    units: pl.DataFrame

    def within(self, units: Collection[str]) -> Found:
        """Return what concerns these units."""
        return replace(
            self,
            late={unit: ledgers for unit, ledgers in self.late.items() if unit in units},
            due=tuple(case for case in self.due if case.unit in units),
            overdue=tuple(case for case in self.overdue if case.unit in units),
        )

    def __bool__(self) -> bool:
        return bool(self.late or self.due or self.overdue)


def find(connection: Connection, today: date, *, month: str | None = None, days: int = DAYS) -> Found:
    """Return who is late and what is due, as seen on `today` (the enterprise's civil day).

    `month`: like "2025-03", default the latest whose ledgers should have come by `today`; Told if it is none.
    """
    month = last_due(today) if month is None else _month(month)
    names = ("branch_id", "parent_id", "name", "name_en", "opened_on", "closed_on")
    stored = HANDED_IN["branches"].c
    units = bulk.read(connection, select(*(stored[name] for name in names)).order_by(stored.branch_id))
    cases = _open_cases(connection)
    last = today + timedelta(days=days)
    return Found(
        month,
        today,
        days,
        _late(connection, units, month),
        tuple(case for case in cases if today <= case.due <= last),
        tuple(case for case in cases if case.due < today),
        units,
    )


def last_due(today: date) -> str:
    """Return the latest month whose ledgers should have come by `today`: until the closing day of the next month."""
    back = 1 if today.day >= closing.day() else 2
    number = today.year * 12 + today.month - 1 - back
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def _month(text: str) -> str:
    try:
        date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise Told(NO_MONTH, month=text) from error
    return text


def _late(connection: Connection, units: pl.DataFrame, month: str) -> dict[str, tuple[str, ...]]:
    """Return for each living unit the ledgers expected for the month that have no row of it."""
    first = date.fromisoformat(f"{month}-01")
    living = units.filter(
        pl.col("opened_on").is_null() | (pl.col("opened_on").dt.strftime("%Y-%m") <= month),
        pl.col("closed_on").is_null() | (pl.col("closed_on") >= first),
    )["branch_id"]
    h = HANDED_IN["headcounts"].c
    heads = bulk.read(connection, select(h.branch_id, h.month).where(h.month <= month))
    # A unit that never handed in a headcount keeps none (a root above the real units, say).
    expected = {"headcounts": set(heads["branch_id"])}
    came = {"headcounts": set(heads.filter(month=month)["branch_id"])}
    start = date(first.year - 1, first.month, 1)
    for name, day in MONTHLY.items():
        t = HANDED_IN[name].c
        rows = bulk.read(connection, select(t.branch_id, t[day].label("day")).where(t[day] >= start))
        months = rows.select("branch_id", month=pl.col("day").dt.strftime("%Y-%m")).unique()
        before = months.filter(pl.col("month") < month).group_by("branch_id").len()
        expected[name] = set(before.filter(pl.col("len") >= HABIT)["branch_id"])
        came[name] = set(months.filter(month=month)["branch_id"])
    found = {}
    for unit in living:
        missing = tuple(name for name in expected if unit in expected[name] - came[name])
        if missing:
            found[unit] = missing
    return found


def _open_cases(connection: Connection) -> list[Case]:
    """Return the open cases with the day each is due, the earliest first."""
    g = HANDED_IN["grievances"].c
    still = g.closed_on.is_(None) | (g.reopened_on > g.closed_on)
    columns = (g.grievance_id, g.branch_id, g.category, g.stage, g.satisfaction, g.filed_on.label("filed"))
    rows = bulk.read(connection, select(*columns, g.due_on.label("due")).where(still))
    levels = [column for column in HANDED_IN["service_levels"].c if column.name != "import_id"]
    limited = limits.with_limits(
        limits.coded(rows, "grievances"), limits.coded(bulk.read(connection, select(*levels)), "service_levels")
    )
    ordered = limited.select("branch_id", "grievance_id", "due").sort("due", "branch_id", "grievance_id")
    return [Case(*row) for row in ordered.iter_rows()]


def text(found: Found, language: str, *, cases: bool = True) -> str:
    """Return the reminder in `language`; `cases=False` leaves the numbers of single cases out."""

    def say(message: str, **values: object) -> str:
        return translate(message, language, **values)

    names = dict(found.units.select("branch_id", "name" if language == "zh" else _english()).iter_rows())
    comma = "、" if language == "zh" else ", "
    lines = [say(TITLE, product=say(PRODUCT), month=found.month, day=_last(found))]
    lines.append(say(LATE, count=len(found.late)) if found.late else say(ALL_IN, month=found.month))
    for unit, ledgers in found.late.items():
        said = [tables.BY_NAME[name].zh if language == "zh" else name for name in ledgers]
        lines.append("- " + say(LATE_LINE, unit=names[unit], ledgers=comma.join(said)))
    due = say(DUE, days=found.days, count=len(found.due)) if found.due else say(NONE_DUE, days=found.days)
    lines.append(due)
    for unit in dict.fromkeys(case.unit for case in found.due):
        of = [case for case in found.due if case.unit == unit]
        values: dict[str, object] = {"unit": names[unit], "count": len(of), "day": of[0].due}
        if cases:
            values["cases"] = comma.join(case.number for case in of)
        lines.append("- " + say(DUE_CASES if cases else DUE_LINE, **values))
    if found.overdue:
        lines.append(say(OVERDUE, count=len(found.overdue)))
    return "\n".join(lines)


def _english() -> pl.Expr:
    return pl.coalesce("name_en", "name").alias("name")


def _last(found: Found) -> date:
    return found.today + timedelta(days=found.days)


def letters(found: Found, everyone: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """Return by address the subject and text for each union officer who has something to do in the own subtree."""
    made = {}
    for person in everyone:
        if person["role"] != "union_staff" or not people.present(person, found.today):
            continue
        mine: set[str] = set().union(*(links.subtree(found.units, top) for top in person["units"]))
        own = found.within(mine)
        if own:
            language = person["language"] or "zh"
            subject = translate(SUBJECT, language, month=found.month, day=_last(found))
            made[person["email"]] = (subject, text(own, language))
    return made


def send(found: Found, *, by: str) -> tuple[list[str], list[Told]]:
    """Send by every channel that is set; return the settings that worked and what went wrong with the others.

    Officers get their own units with the numbers of cases; groups and webhooks get counts by unit. Told if no channel
    is set.
    """
    where = channels.configured()
    if not where:
        names = (channels.SMTP, channels.WEBHOOK, *channels.ROBOTS)
        raise Told(NOWHERE, settings=", ".join(names))
    with database.reading() as connection:
        everyone = people.everyone(connection)
    worked: list[str] = []
    wrong: list[Told] = []
    for setting in where:
        try:
            if setting == channels.SMTP:
                channels.mail(letters(found, everyone))
            elif setting == channels.WEBHOOK:
                channels.post(_content(found))
            else:
                channels.tell(setting, text(found, "zh", cases=False))
        except Told as error:
            wrong.append(error)
        else:
            worked.append(setting)
    counts = {"late": len(found.late), "due": len(found.due), "overdue": len(found.overdue)}
    people.audit(None, by, "remind", {"month": found.month, "channels": worked, **counts})
    return worked, wrong


def _content(found: Found) -> dict[str, Any]:
    """Return what a webhook gets: the text and the same as numbers by unit."""
    due = {unit: sum(case.unit == unit for case in found.due) for unit in dict.fromkeys(c.unit for c in found.due)}
    return {
        "text": text(found, "zh", cases=False),
        "month": found.month,
        "day": found.today.isoformat(),
        "days": found.days,
        "late": {unit: list(ledgers) for unit, ledgers in found.late.items()},
        "due": due,
        "overdue": len(found.overdue),
    }
