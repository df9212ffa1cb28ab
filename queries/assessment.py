"""The assessment sheet: for each unit what is met, not met, too early to say or not applicable, and on what evidence.

No points, no ranks, no sum: each line stands by itself. A share is judged only where chance is ruled out: a target
within the interval of a rate is neither met nor missed, so a small unit neither wins nor loses by luck.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

import polars as pl

from data import assessment as stored
from data import database
from data.assessment import Item
from data.words import mark
from queries import clocks, quality
from queries.answers import ask, grid, make_cut, target
from queries.changes import GROWING
from queries.errors import NotAllowed, QueryError
from queries.filters import Filters, Month
from queries.holding import current
from queries.metrics import METRICS, find
from queries.snapshot import Snapshot
from queries.viewers import Viewer

State = Literal["met", "not_met", "too_early", "not_applicable", "withheld"]
Every = Literal["month", "quarter", "year", "always"]
Why = Literal["", "chance", "no_case", "no_target", "part_of_year", "young", "not_whole", "renew", "expired", "none"]

DUTY = "duty:"
YEAR = 12
ON_A_PAGE = 30  # units: more are a wall nobody reads; a click on a unit opens those below it
STEP: dict[Every, int] = {"month": 1, "quarter": 3, "year": 12, "always": 1}


@dataclass(frozen=True)
class Duty:
    """Something a rule asks for: id, name, the rule in words, how often, and the activity that shows it was done."""

    id: str
    name: str
    rule: str
    every: Every
    activity: str | None = None


_DUTIES = (
    Duty(
        "party_day",
        mark("Theme Party Day"),
        mark("Every month, held or attended, where there are three Party members or more."),
        "month",
    ),
    Duty(
        "party_meeting",
        mark("Members' meeting"),
        mark("Every quarter, by the Regulations on the Work of Party Branches."),
        "quarter",
        "party_meeting",
    ),
    Duty(
        "committee_meeting",
        mark("Branch committee"),
        mark("Every month, by the Regulations on the Work of Party Branches."),
        "month",
        "committee_meeting",
    ),
    Duty(
        "group_meeting",
        mark("Group meeting"),
        mark("Every month, by the Regulations on the Work of Party Branches."),
        "month",
        "group_meeting",
    ),
    Duty(
        "party_lecture",
        mark("Party lecture"),
        mark("Every quarter; the Regulations ask for lectures at regular times."),
        "quarter",
        "party_lecture",
    ),
    Duty(
        "workers_congress",
        mark("Workers' congress"),
        mark("At least once a year, by the Provisions on the Democratic Management of Enterprises."),
        "year",
    ),
    Duty(
        "contract_renewal",
        mark("Contracts renewed"),
        mark(
            "No collective contract of the unit's own runs out without a new one; "
            "either side may ask for one in its last three months."
        ),
        "always",
    ),
    Duty(
        "headcount_ledger",
        mark("Headcount ledger handed in"),
        mark("Every month, by the tenth of the next."),
        "month",
    ),
)
DUTIES: dict[str, Duty] = {duty.id: duty for duty in _DUTIES}


@dataclass(frozen=True)
class Line:
    """One line of the sheet for one unit: the state and what it rests on.

    `value` with `low`, `high` (a rate or another figure; of a duty the share of times), `numerator` of `denominator`,
    `target`; `missing` the periods in which a duty was not done; `day` a contract's last one; `why` what the state
    rests on beside the figures; `name` who answers for it.
    """

    unit: str
    what: str
    state: State
    value: float | None = None
    low: float | None = None
    high: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    target: float | None = None
    missing: tuple[str, ...] = ()
    day: date | None = None
    why: Why = ""
    responsible: str = ""
    name: str = ""


@dataclass(frozen=True, eq=False)
class Sheet:
    """The sheet of a scope: its items in order, units in the order of the organisation, and a line for each pair."""

    items: tuple[Item, ...]
    units: tuple[str, ...]
    lines: tuple[Line, ...]
    _at: dict[tuple[str, str], Line] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._at.update({(line.unit, line.what): line for line in self.lines})

    def line(self, unit: str, what: str) -> Line:
        """Return the line of a unit and an item."""
        return self._at[unit, what]


def items(snapshot: Snapshot | None = None) -> tuple[Item, ...]:
    """Return what the sheet holds, in order."""
    snapshot = snapshot or current()
    return snapshot.once("assessment items", _stored)[0]


def people(snapshot: Snapshot | None = None) -> dict[tuple[str, str], str]:
    """Return who holds which post in which unit."""
    snapshot = snapshot or current()
    return snapshot.once("assessment items", _stored)[1]


def _stored() -> tuple[tuple[Item, ...], dict[tuple[str, str], str]]:
    with database.reading() as connection:
        return tuple(stored.items(connection)), stored.people(connection)


def may_compose(viewer: Viewer) -> bool:
    """Return whether this viewer composes the sheet."""
    return viewer.role in ("admin", "operator")


def compose(viewer: Viewer, sheet: Sequence[Item]) -> None:
    """Store the sheet; NotAllowed for anybody but an administrator, QueryError for a line that cannot be assessed."""
    if not may_compose(viewer):
        raise NotAllowed("the assessment sheet is composed by administrators")
    for item in sheet:
        meaning(item)
    if len({item.what for item in sheet}) < len(sheet):
        raise QueryError("each metric and each duty stands on the sheet once")
    with database.writing() as connection:
        stored.keep(connection, sheet, by=viewer.email)


def appoint(viewer: Viewer, unit: str, post: str, name: str, snapshot: Snapshot | None = None) -> None:
    """Write down who holds a post in a unit; NotAllowed for anybody but an administrator."""
    if not may_compose(viewer):
        raise NotAllowed("the assessment sheet is composed by administrators")
    (snapshot or current()).tree.at(unit)
    with database.writing() as connection:
        stored.name(connection, unit, post, name.strip(), by=viewer.email)


def offered() -> tuple[str, ...]:
    """Return what can stand on a sheet: duties, and metrics with a better end (each by its default definition)."""
    return (*(DUTY + duty for duty in DUTIES), *(name for name, metric in METRICS.items() if metric.direction))


def meaning(item: Item) -> tuple[str, str | None] | Duty:
    """Return the metric and definition an item is about, or its duty; QueryError for one that does not exist."""
    if item.what.startswith(DUTY):
        duty = DUTIES.get(item.what.removeprefix(DUTY))
        if duty is None:
            raise QueryError(f"duty {item.what.removeprefix(DUTY)!r}: one of {', '.join(DUTIES)}")
        return duty
    metric, _colon, definition = item.what.partition(":")
    if not find(metric).direction:
        raise QueryError(f"{metric} has no better end: nobody can be assessed by it")
    return metric, find(metric).definition(definition or None).id


def sheet(viewer: Viewer, filters: Filters, snapshot: Snapshot | None = None) -> Sheet:
    """Return the sheet for the units of the scope that are open at the end of the period.

    All units where they fit on a page (`ON_A_PAGE`), else the scope's unit and those directly below it.

    Metrics count a unit with all below it, duties what the unit itself did. The period is that of the filters (their
    other parts do not matter); what is asked for once a year is looked for in the twelve months up to its end. For the
    management side as far as closed months and small groups allow. Raises as `ask`.
    """
    snapshot = snapshot or current()
    whole = Filters(filters.start, filters.end, filters.branch)
    key = ("assessment", viewer.role, viewer.units, whole)
    return snapshot.once(key, lambda: _sheet(viewer, whole, snapshot))


def _sheet(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> Sheet:
    listed = items(snapshot)
    cut = make_cut(viewer, find("employees"), filters, ("unit",), snapshot)
    opened, closed = snapshot.tree.opened_on, snapshot.tree.closed_on
    kinds = dict(snapshot.units.select("branch_id", "kind").iter_rows())
    inside = [unit for unit in cut.groups if unit is not None]
    if len(inside) > ON_A_PAGE:
        inside = _uppers(filters.branch, inside, snapshot)
    units = tuple(
        unit
        for unit in inside
        if not ((day := closed[unit]) is not None and day <= filters.end.last)
        and not ((day := opened[unit]) is not None and day > filters.end.last)
    )
    sides = _Sides(viewer, filters, snapshot, units, opened)
    lines: list[Line] = []
    for item in listed:
        meant = meaning(item)
        found = sides.duty(item, meant) if isinstance(meant, Duty) else sides.metric(item, *meant)
        for unit in units:
            line = found.get(unit) or Line(unit, item.what, "not_applicable", why="none")
            if item.unit_kinds and kinds[unit] not in item.unit_kinds:
                line = Line(unit, item.what, "not_applicable")
            lines.append(replace(line, responsible=item.responsible, name=_who(unit, item.responsible, snapshot)))
    return Sheet(listed, units, tuple(lines))


def _uppers(branch: str | None, inside: list[str], snapshot: Snapshot) -> list[str]:
    """Return the scope's unit with those directly below it, or its uppermost units with theirs."""
    known = set(inside)
    tops = [branch] if branch else [unit for unit in inside if snapshot.tree.parent(unit) not in known]
    wanted = {unit for top in tops for unit in (top, *snapshot.children(top))}
    return [unit for unit in inside if unit in wanted]


def _who(unit: str | None, post: str, snapshot: Snapshot) -> str:
    """Return who holds the post in the unit, or in the nearest one above that names anybody."""
    named = people(snapshot)
    while unit is not None:
        if (unit, post) in named:
            return named[unit, post]
        unit = snapshot.tree.parent(unit)
    return ""


@dataclass(frozen=True)
class _Sides:
    """One question to the sheet: who asks, about what, for which units."""

    viewer: Viewer
    filters: Filters
    snapshot: Snapshot
    units: tuple[str, ...]
    opened: dict[str, date | None]

    def metric(self, item: Item, metric: str, definition: str | None) -> dict[str, Line]:
        """Return each unit's line for a metric, the unit counted with all below it."""
        found: dict[str, Line] = {}
        for unit, row in self._with_below(metric, definition):
            aim = item.target
            if aim is None:
                aim = target(self.viewer, metric, replace(self.filters, branch=unit), definition, self.snapshot)
            line = Line(
                unit, item.what, "met", row["value"], row["low"], row["high"], row["numerator"], row["denominator"], aim
            )
            state, why = self._judged(metric, line, bool(row["suppressed"]))
            found[unit] = replace(line, state=state, why=why)
        return found

    def _with_below(self, metric: str, definition: str | None) -> Iterable[tuple[str, dict[str, float | None]]]:
        """Return each unit with its row, asked for a whole branch of siblings at once."""
        tree, wanted = self.snapshot.tree, set(self.units)
        uppers = [unit for unit in self.units if tree.parent(unit) not in wanted]
        for unit in uppers:
            one = replace(self.filters, branch=unit)
            yield unit, ask(self.viewer, metric, one, None, definition, self.snapshot).one
        for unit in self.units:
            below = set(tree.children(unit)) & wanted
            if below:
                one = replace(self.filters, branch=unit)
                rows = ask(self.viewer, metric, one, "branch", definition, self.snapshot).frame
                yield from ((row["group"], row) for row in rows.iter_rows(named=True) if row["group"] in below)

    def _judged(self, metric: str, line: Line, suppressed: bool) -> tuple[State, Why]:
        if suppressed:
            return "withheld", ""
        if line.target is None:
            return "not_applicable", "no_target"
        if line.value is None:
            return "not_applicable", "no_case"
        direction = find(metric).direction
        ahead = (line.value - line.target) * direction >= 0
        if line.low is not None and line.high is not None:
            worst, best = (line.low, line.high) if direction > 0 else (line.high, line.low)
            if (worst - line.target) * direction >= 0:
                return "met", ""
            return ("not_met", "") if (best - line.target) * direction < 0 else ("too_early", "chance")
        # The target of a figure that grows with the period is one of a whole year.
        if metric in GROWING and self.filters.months < YEAR and not (ahead and direction > 0):
            return "too_early", "part_of_year"
        return ("met" if ahead else "not_met"), ""

    def duty(self, item: Item, duty: Duty) -> dict[str, Line]:
        """Return each unit's line for a duty."""
        made: dict[str, Callable[[Item, Duty], dict[str, Line]]] = {
            "party_day": self._party_days,
            "workers_congress": self._congresses,
            "contract_renewal": self._contracts,
            "headcount_ledger": self._ledgers,
        }
        return made.get(duty.id, self._activities)(item, duty)

    def _months(self) -> tuple[Month, Month]:
        """Return the first and last month of the period that are over."""
        last = Month.of(self.snapshot.data_date)
        last = last if self.snapshot.data_date == last.last else last.back(1)
        return self.filters.start, min(self.filters.end, last)

    def _by_month(self, metric: str, where: tuple[tuple[str, tuple[str, ...]], ...] = ()) -> pl.DataFrame:
        first, last = self._months()
        one = replace(self.filters, start=min(first, last), end=last, where=where)
        return grid(self.viewer, metric, one, "unit", "month", None, self.snapshot).frame

    def _party_days(self, item: Item, duty: Duty) -> dict[str, Line]:
        return self._kept(item, duty, self._by_month("party_day_rate"), None)

    def _activities(self, item: Item, duty: Duty) -> dict[str, Line]:
        # A Party branch is where a Theme Party Day is due: three members or more.
        due = self._by_month("party_day_rate").filter(pl.col("denominator") > 0).select("group", "column")
        rows = self._by_month("activities_held", (("kind", (duty.activity or "",)),))
        return self._kept(item, duty, rows, set(due.iter_rows()))

    def _ledgers(self, item: Item, duty: Duty) -> dict[str, Line]:
        if self.viewer.role == "management":
            return {unit: Line(unit, item.what, "withheld") for unit in self.units}
        first, last = self._months()
        one = replace(self.filters, start=min(first, last), end=last)
        rows = quality.handed_in(self.viewer, one, self.snapshot)
        frame = rows.select(
            "group", "column", numerator="state", denominator=pl.col("state").is_not_null().cast(pl.Float64),
            suppressed=pl.lit(False),
        )  # fmt: skip
        return self._kept(item, duty, frame, None)

    def _kept(self, item: Item, duty: Duty, rows: pl.DataFrame, due: set[tuple[str, str]] | None) -> dict[str, Line]:
        """Return how often a duty was done of the times it was due.

        `rows` by unit and month: done where the numerator is above 0, due where the denominator is or as `due` says.
        """
        step = STEP[duty.every]
        rows = rows.filter(pl.col("group").is_in(list(self.units)))
        asked = 1.0 if item.target is None else item.target
        found: dict[str, Line] = {}
        for (unit,), months in rows.group_by(["group"], maintain_order=True):
            if months["suppressed"].any():
                found[str(unit)] = Line(str(unit), item.what, "withheld")
                continue
            done: dict[str, list[bool]] = {}
            for row in months.iter_rows(named=True):
                was_due = row["denominator"] if due is None else (unit, row["column"]) in due
                if was_due:
                    done.setdefault(_period(row["column"], step), []).append((row["numerator"] or 0) > 0)
            # A quarter that is not all in the period may have had, or may still get, what it needs in its other months.
            whole = {period: any(parts) for period, parts in done.items() if len(parts) == step}
            missing = tuple(period for period, was in whole.items() if not was)
            count = len(whole)
            line = Line(
                str(unit), item.what, "not_applicable", numerator=count - len(missing), denominator=count,
                target=asked, missing=missing,
            )  # fmt: skip
            if not count:
                found[str(unit)] = replace(
                    line, state="too_early" if done else "not_applicable", why="not_whole" if done else "none"
                )
                continue
            share = (count - len(missing)) / count
            found[str(unit)] = replace(line, value=share, state="met" if share >= asked else "not_met")
        return found

    def _congresses(self, item: Item, duty: Duty) -> dict[str, Line]:
        _first, last = self._months()
        one = replace(self.filters, start=last.back(YEAR - 1), end=last)
        rows = grid(self.viewer, "meetings_held", one, "unit", "kind", None, self.snapshot).frame
        found: dict[str, Line] = {}
        for row in rows.filter(pl.col("column") == "workers_congress").iter_rows(named=True):
            unit, held = row["group"], row["value"] or 0
            opened = self.opened.get(unit)
            young = opened is not None and opened > one.start.first
            state: State = "withheld" if row["suppressed"] else "met" if held else "too_early" if young else "not_met"
            why: Why = "young" if state == "too_early" else ""
            found[unit] = Line(unit, item.what, state, numerator=held, why=why, day=one.start.first)
        return found

    def _contracts(self, item: Item, duty: Duty) -> dict[str, Line]:
        rows, known = clocks.contracts(self.viewer, self.filters, self.snapshot)
        found: dict[str, Line] = {}
        for row in rows.filter(~pl.col("renewed")).iter_rows(named=True):
            unit, expires = row["branch_id"], row["expires_on"]
            left = (expires - known).days
            state: State = "not_met" if left < 0 else "too_early" if left <= clocks.RENEWAL_DAYS else "met"
            why: Why = "expired" if left < 0 else "renew" if left <= clocks.RENEWAL_DAYS else ""
            former = found.get(unit)
            # The one that runs out first, or ran out, says where the unit stands.
            if former is None or (former.day is not None and expires < former.day):
                found[unit] = Line(unit, item.what, state, why=why, day=expires)
        return found


def _period(month: str, step: int) -> str:
    return month if step == 1 else f"{month[:4]}-Q{(int(month[5:7]) - 1) // 3 + 1}"
