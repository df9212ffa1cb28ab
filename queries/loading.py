"""From the database to a snapshot: the one place in `queries` that reads the facts."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, Select, case, false, func, select
from sqlalchemy.exc import SQLAlchemyError

from data import database, schema, tables
from data.bulk import read
from data.facts import activity_bit
from data.limits import coded, with_limits
from queries.errors import NotNow
from queries.filters import Month
from queries.organisation import REPLY_DAYS
from queries.snapshot import FOREVER, Snapshot, Stamp
from queries.units import Headcounts, Units

EMPTY_DATABASE = date(1970, 1, 1)  # nothing has happened yet: no period has begun

_MONTH = "person_months/"  # and the month: the part of the facts that changes with a month's attendance
_PERSON_MONTHS = {"person": pl.Int32, "u": pl.UInt16, "m": pl.Int16, "party_member": pl.Boolean, "mask": pl.Int64}

_T = schema.HANDED_IN
_BRANCHES = tuple(column for column in _T["branches"].c if column.name != "import_id")
_LEVELS = tuple(column for column in _T["service_levels"].c if column.name != "import_id")

# Of these tables the snapshot holds the rows themselves: the column in the database and its name in the frame.
_ROWS: dict[str, dict[str, str]] = {
    "grievances": {
        "filed_on": "filed",
        "category": "category",
        "channel": "channel",
        "people_involved": "people_involved",
        "responded_on": "responded",
        "due_on": "due",
        "closed_on": "closed",
        "outcome": "outcome",
        "stage": "stage",
        "confirmed": "confirmed",
        "satisfaction": "satisfaction",
        "reopened_on": "reopened",
    },
    "suggestions": {
        "person_id": "person",
        "submitted_on": "submitted",
        "theme": "theme",
        "decided_on": "decided",
        "decision": "decision",
        "implemented_on": "implemented",
        "expected_benefit": "expected_fen",
        "verified_benefit": "verified_fen",
        "production_linked": "production_linked",
    },
    "meetings": {
        "held_on": "held",
        "kind": "kind",
        "requested_on": "requested",
        "replied_on": "replied",
        "delegates": "delegates",
        "present": "present",
        "in_favour": "in_favour",
    },
    "contracts": {
        "kind": "kind",
        "signed_on": "signed",
        "filed_on": "filed",
        "effective_on": "effective",
        "expires_on": "expires",
        "employees_covered": "employees_covered",
        "clauses": "clauses",
        "clauses_fulfilled": "clauses_fulfilled",
    },
    "aid_cases": {"identified_on": "identified", "kind": "kind", "helped_on": "helped", "amount": "amount_fen"},
    "notices": {"published_on": "published", "kind": "kind", "readers": "readers"},
    "interests": {"topic": "topic", "recorded_on": "recorded"},
}

# The parts of the data each frame is made of; `place` of a unit depends on `branches` and is compared by itself.
PARTS: dict[str, tuple[str, ...]] = {
    "heads": ("headcounts",),
    "attendance_days": ("attendance", "activities"),
    "activities": ("activities",),
    "grievances": ("grievances", "service_levels"),
    "suggestions": ("suggestions",),
    "answers": ("survey_answers", "surveys"),
    "respondents": ("survey_answers", "surveys"),
    "surveys": ("surveys",),
    "meetings": ("meetings",),
    "commitments": ("commitments", "meetings"),
    "contracts": ("contracts",),
    "aid_cases": ("aid_cases",),
    "notices": ("notices",),
    "interests": ("interests",),
    "targets": ("targets",),
    "closings": ("closings",),
    "annotations": ("annotations",),
    "levels": ("service_levels",),
}

# What says that something happened; limits and terms say what is to happen.
_HAPPENED: dict[str, tuple[str, ...]] = {
    "activities": ("day",),
    "grievances": ("filed", "responded", "closed", "reopened"),
    "suggestions": ("submitted", "decided", "implemented"),
    "surveys": ("opened",),
    "meetings": ("held", "requested", "replied"),
    "commitments": ("done",),
    "contracts": ("signed", "filed"),
    "aid_cases": ("identified", "helped"),
    "notices": ("published",),
    "interests": ("recorded",),
}


def stamp_of(connection: Connection) -> Stamp:
    """Return what tells one state of the data from any other; version 0 in a database that never stored anything."""
    imports = schema.imports.c
    latest = select(func.max(imports.import_id)).scalar_subquery()
    statement = select(schema.data_version.c.version, imports.import_id, imports.at)
    found = connection.execute(
        statement.select_from(schema.data_version.outerjoin(schema.imports, imports.import_id == latest))
    ).first()
    return Stamp(*found) if found else Stamp(0, None, None)


def load(engine: Engine | None = None, before: Snapshot | None = None) -> Snapshot:
    """Return the snapshot of what is stored now, in one consistent view; unchanged parts are taken from `before`."""
    target = engine or database.engine()
    with database.reading(target) as connection:
        return _load(connection, target, before)


def _load(connection: Connection, engine: Engine, before: Snapshot | None) -> Snapshot:
    stamp = stamp_of(connection)
    tree = Units.of(read(connection, select(*_BRANCHES)))
    still = {} if before is None else _still_true(connection, before, stamp, tree)
    reader = _Reader(connection, tree)
    frames = {name: still[name] if name in still else reader.frame(name) for name in PARTS}
    months, people = _person_months(reader, frames["attendance_days"], still.get("person_months"), before)
    return assembled(stamp, tree, frames | {"person_months": months}, engine, people)


def assembled(
    stamp: Stamp, tree: Units, frames: Mapping[str, Any], engine: Engine, people: object = None
) -> Snapshot:
    """Return the snapshot of these frames; `engine` answers what A's month was like on a day in it."""
    return Snapshot(
        stamp=stamp,
        data_date=_data_date(frames),
        tree=tree,
        headcounts=Headcounts.of(tree, frames["heads"]),
        masks_of=lambda day: _masks_of(engine, stamp, day),
        versions_of=lambda name: _versions_of(engine, stamp, tree, name),
        loaded_at=datetime.now(UTC),
        people=people,
        **frames,
    )


def _still_true(connection: Connection, before: Snapshot, stamp: Stamp, tree: Units) -> dict[str, pl.DataFrame]:
    """Return the frames of `before` that need not be read again, of the person-months the months; units as in `tree`.

    None at all where the database has another history, such as a backup that was put back, or has lost a unit.
    """
    imports, parts = schema.imports.c, schema.fact_versions.c
    then = connection.execute(select(imports.at).where(imports.import_id == before.stamp.import_id)).scalar()
    if stamp.version < before.stamp.version or then != before.stamp.at or not set(before.tree.ids) <= set(tree.ids):
        return {}
    changed = set(connection.scalars(select(parts.part).where(parts.version > before.stamp.version)))
    frames = {name: getattr(before, name) for name, made_of in PARTS.items() if not changed.intersection(made_of)}
    if isinstance(before.people, _People):
        months = [Month.parse(part.removeprefix(_MONTH)).index for part in changed if part.startswith(_MONTH)]
        frames["person_months"] = before.person_months.filter(~pl.col("m").is_in(months))
    if before.tree.ids == tree.ids:
        return frames
    place = pl.lit(pl.Series([tree.at(unit) for unit in before.tree.ids], dtype=pl.UInt16))
    return {
        name: frame.with_columns(u=place.gather(pl.col("u"))) if "u" in frame.columns else frame
        for name, frame in frames.items()
    }


@dataclass(frozen=True)
class _Reader:
    """Reads tables as frames with units as places in the tree and codes as small whole numbers."""

    connection: Connection
    tree: Units

    def frame(self, name: str) -> pl.DataFrame:
        """Return the frame `name` of a snapshot."""
        if name in _ROWS:
            t = _T[name]
            labelled = (t.c[column].label(label) for column, label in _ROWS[name].items())
            return self.finished(read(self.connection, select(t.c.branch_id, *labelled)), name)
        made: Callable[[], pl.DataFrame] = getattr(self, f"_{name}")
        return made()

    def finished(self, rows: pl.DataFrame, name: str) -> pl.DataFrame:
        """Return rows of a table, labelled as in `_ROWS`, as the frame of a snapshot has them."""
        rows = self._of_units(rows, name)
        return _FINISH[name](self, rows) if name in _FINISH else rows

    def placed(self, statement: Select[Any], coding: str) -> pl.DataFrame:
        """Return the rows of a statement with `branch_id` as `u`, and the codes of the table `coding` as numbers."""
        return self._of_units(read(self.connection, statement), coding)

    def _of_units(self, rows: pl.DataFrame, coding: str) -> pl.DataFrame:
        place = pl.DataFrame(
            {"branch_id": self.tree.ids, "u": range(len(self.tree))}, schema={"branch_id": pl.String, "u": pl.UInt16}
        )
        return coded(rows, coding).join(place, on="branch_id", maintain_order="left").drop("branch_id")

    def _heads(self) -> pl.DataFrame:
        t = _T["headcounts"].c
        rows = self.placed(select(t.branch_id, t.month, t.employees, t.union_members, t.party_members), "headcounts")
        return rows.select("u", pl.exclude("u", "month"), m=month_index("month"))

    def _activities(self) -> pl.DataFrame:
        t = _T["activities"].c
        keys = (t.branch_id, t.held_on.label("day"), t.kind, t.organiser, t.production_linked, t.venue_owner)
        rows = self.placed(select(*keys, func.count().label("n")).group_by(*keys), "activities")
        return rows.rename({"venue_owner": "venue"}).with_columns(pl.col("n").cast(pl.UInt32))

    def _attendance_days(self) -> pl.DataFrame:
        t = schema.attendance_days.c
        count = t.attendances.label("n")
        rows = self.placed(select(t.branch_id, t.held_on.label("day"), t.kind, t.organiser, count), "activities")
        return rows.with_columns(pl.col("n").cast(pl.UInt32))

    def _commitments(self) -> pl.DataFrame:
        c, m = _T["commitments"].c, _T["meetings"].c
        columns = (c.branch_id, m.held_on.label("held"), c.category, c.due_on.label("due"), c.done_on.label("done"))
        return self.placed(select(*columns, c.metric).join_from(_T["commitments"], _T["meetings"]), "commitments")

    def _numbered_surveys(self) -> pl.DataFrame:
        t = _T["surveys"].c
        rows = read(self.connection, select(t.survey_id, t.opened_on.label("opened"))).sort("opened", "survey_id")
        return rows.with_columns(survey=pl.int_range(pl.len(), dtype=pl.UInt16))

    def _surveys(self) -> pl.DataFrame:
        return self._numbered_surveys().select("survey", "opened")

    def _answers(self) -> pl.DataFrame:
        t = schema.answer_counts.c
        return self._of_surveys(t.survey_id, t.branch_id, t.dimension, t.score, t.answers.label("n"))

    def _respondents(self) -> pl.DataFrame:
        t = schema.respondent_counts.c
        counts = (t.respondents.label("n"), t.respondents_seven.label("n_seven"))
        return self._of_surveys(t.survey_id, t.branch_id, *counts)

    def _of_surveys(self, *columns: Any) -> pl.DataFrame:
        return self.of_surveys(read(self.connection, select(*columns)))

    def of_surveys(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return counts by survey_id and branch_id with surveys, units and codes as numbers."""
        placed = self._of_units(rows, "survey_answers")
        return placed.join(self._numbered_surveys(), on="survey_id", maintain_order="left").drop("survey_id")

    def _targets(self) -> pl.DataFrame:
        t = _T["targets"].c
        return read(self.connection, select(t.metric, t.branch_id, t.year, t.target))

    def _closings(self) -> pl.DataFrame:
        t = schema.closings.c
        return read(self.connection, select(t.month, t.import_id)).select(m=month_index("month"), import_id="import_id")

    def _annotations(self) -> pl.DataFrame:
        t = schema.annotations.c
        columns = (t.on_date, t.branch_id, t.metric, t.kind, t.text)
        return read(self.connection, select(*columns).order_by(t.on_date, t.annotation_id))

    def _levels(self) -> pl.DataFrame:
        return coded(read(self.connection, select(*_LEVELS)), "service_levels")


def _with_levels(reader: _Reader, cases: pl.DataFrame) -> pl.DataFrame:
    levels = read(reader.connection, select(*_LEVELS))
    return with_limits(cases.with_columns(pl.col("people_involved").cast(pl.Int32)), coded(levels, "service_levels"))


def _people_as_numbers(_reader: _Reader, rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("person").rank("dense").cast(pl.Int32))


def _with_reply_due(_reader: _Reader, rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(reply_due=pl.col("requested").dt.offset_by(f"{REPLY_DAYS}d"))


_FINISH: dict[str, Callable[[_Reader, pl.DataFrame], pl.DataFrame]] = {
    "grievances": _with_levels,
    "suggestions": _people_as_numbers,
    "meetings": _with_reply_due,
}


def month_index(column: str) -> pl.Expr:
    """Return the number of a month written `2024-07`."""
    return (
        pl.col(column).str.slice(0, 4).cast(pl.Int32) * 12 + pl.col(column).str.slice(5, 2).cast(pl.Int32) - 1
    ).cast(pl.Int16)


def _data_date(frames: Mapping[str, pl.DataFrame]) -> date:
    """Return A: the latest day on which anything is said to have happened; 1970 in an empty database."""
    latest = [frames[name][day].max() for name, days in _HAPPENED.items() for day in days]
    return max((day for day in latest if isinstance(day, date)), default=EMPTY_DATABASE)


# --- people ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _People:
    """Which number stands for which person, kept as salted hashes so that no code of a person is held.

    `frame` has two 64-bit hashes, far too wide for two people to share, and `person`.
    """

    frame: pl.DataFrame
    salt: tuple[int, int]

    @classmethod
    def nobody(cls) -> _People:
        empty = pl.DataFrame(schema={"a": pl.UInt64, "b": pl.UInt64, "person": pl.Int32})
        return cls(empty, (secrets.randbits(63), secrets.randbits(63)))

    def number(self, rows: pl.DataFrame) -> tuple[_People, pl.DataFrame]:
        """Return the rows with `person` instead of `person_id`, and everybody known so far."""
        code = pl.col("person_id")
        rows = rows.with_columns(a=code.hash(self.salt[0]), b=code.hash(self.salt[1])).drop("person_id")
        new = (
            rows.select("a", "b")
            .unique(maintain_order=True)
            .join(self.frame, on=["a", "b"], how="anti", maintain_order="left")
        )
        numbered = new.with_columns(
            person=pl.int_range(self.frame.height, self.frame.height + new.height, dtype=pl.Int32)
        )
        people = replace(self, frame=pl.concat([self.frame, numbered]))
        return people, rows.join(people.frame, on=["a", "b"], how="left", maintain_order="left").drop("a", "b")


def _person_months(
    reader: _Reader, days: pl.DataFrame, kept: pl.DataFrame | None, before: Snapshot | None
) -> tuple[pl.DataFrame, _People]:
    """Return the person-months sorted by month, person's code, unit and membership; months `kept` are not read."""
    people = before.people if kept is not None and before is not None else None
    if kept is None or not isinstance(people, _People):
        kept, people = pl.DataFrame(schema=_PERSON_MONTHS), _People.nobody()
    pieces = {Month.at(month): kept.slice(*_span(kept["m"], month)) for month in kept["m"].unique()}
    t = schema.person_months.c
    # One whole number for both: what crosses the wire is what a month costs.
    packed = (t.mask * 2 + case((t.party_member, 1), else_=0)).label("packed")
    for month in sorted({Month.of(day) for day in days["day"].unique()} - pieces.keys()):
        statement = _in_order(select(t.person_id, t.branch_id, packed).where(t.month == str(month)))
        people, rows = people.number(reader.placed(statement, "attendance"))
        pieces[month] = rows.select(
            "person",
            "u",
            m=pl.lit(month.index, pl.Int16),
            party_member=pl.col("packed") % 2 == 1,
            mask=pl.col("packed") // 2,
        )
    return pl.concat([kept.clear(), *(pieces[month] for month in sorted(pieces))], rechunk=True), people


def _span(months: pl.Series, month: int) -> tuple[int, int]:
    """Return where the rows of a month begin among sorted ones, and how many there are."""
    start, stop = np.searchsorted(months.to_numpy(), [month, month + 1])
    return int(start), int(stop - start)


def _in_order(statement: Select[Any]) -> Select[Any]:
    t = schema.person_months.c
    return statement.order_by(t.month, t.person_id, t.branch_id, t.party_member)


def _versions_of(engine: Engine, stamp: Stamp, tree: Units, name: str) -> pl.DataFrame | None:
    """Return the rows of a frame in all versions that count in closed months, with `since` and `until`.

    None where every row that is stored was there when the first month closed and has not changed. Of `answers` and
    `respondents` the counts of those surveys alone to which answers came, or changed, after their month had closed.
    """
    if name in ("answers", "respondents"):
        return _surveys_when_closed(engine, stamp, tree, name)
    t, kept = _T[name], schema.import_before.c
    table = tables.BY_NAME[name]
    try:
        with database.reading(engine, cases_of=database.EVERY_UNIT) as connection:
            if stamp_of(connection) != stamp:
                raise NotNow("the data have just changed; ask again")
            first = connection.scalar(select(func.min(schema.closings.c.import_id)))
            later = connection.scalar(select(func.max(t.c.import_id)).where(t.c.import_id > (first or 0)))
            replaced = select(kept.import_id, kept.former_id, kept.before).where(
                kept.table_name == name, kept.import_id > (first or 0)
            )
            former = read(connection, replaced)
            if first is None or (later is None and former.is_empty()):
                return None
            stored = read(connection, select(t)).rename({"import_id": "since"})
            rows = _in_versions(stored, former, table)
            labelled = rows.select("branch_id", "since", "until", *(pl.col(c).alias(n) for c, n in _ROWS[name].items()))
            return _Reader(connection, tree).finished(labelled, name)
    except SQLAlchemyError as error:
        raise NotNow("the database does not answer: closed months cannot be told as they were") from error


def _surveys_when_closed(engine: Engine, stamp: Stamp, tree: Units, name: str) -> pl.DataFrame | None:
    """Return `answers` or `respondents` of the surveys that changed after their month had closed, as they were then.

    A survey's month is the one it opened in; where its first answers came later, it is as they were handed in first.
    """
    table, answers, surveys = tables.BY_NAME["survey_answers"], _T["survey_answers"], _T["surveys"]
    kept = schema.import_before.c
    try:
        with database.reading(engine, cases_of=database.EVERY_UNIT) as connection:
            if stamp_of(connection) != stamp:
                raise NotNow("the data have just changed; ask again")
            closings = connection.execute(select(schema.closings.c.month, schema.closings.c.import_id))
            closed: dict[str, int] = {month: number for month, number in closings}  # noqa: C416 - rows are no pairs
            if not closed:
                return None
            former = read(
                connection,
                select(kept.import_id, kept.former_id, kept.before).where(
                    kept.table_name == table.name, kept.import_id > min(closed.values())
                ),
            )
            handed_in = select(schema.imports.c.counts).where(schema.imports.c.import_id > min(closed.values()))
            if former.is_empty() and not any(table.name in json.loads(one) for one in connection.scalars(handed_in)):
                return None  # without a look at millions of answers
            opened = connection.execute(select(surveys.c.survey_id, surveys.c.opened_on))
            month = {one: str(Month.of(day)) for one, day in opened}
            touched = connection.execute(
                select(answers.c.survey_id, func.max(answers.c.import_id)).group_by(answers.c.survey_id)
            )
            late = {one for one, last in touched if last > closed.get(month[one], last)}
            stored = read(connection, select(answers).where(false())).rename({"import_id": "since"})
            replaced = set(_in_versions(stored, former, table)["survey_id"]) if former.height else set()
            wanted = sorted(one for one in late | replaced if month.get(one) in closed)
            if not wanted:
                return None
            stored = read(connection, select(answers).where(answers.c.survey_id.in_(wanted)))
            rows = _in_versions(stored.rename({"import_id": "since"}), former, table)
            rows = rows.filter(pl.col("survey_id").is_in(wanted))
            at_close = pl.col("survey_id").replace_strict({one: closed[month[one]] for one in wanted})
            upto = pl.max_horizontal(at_close, pl.col("since").min().over("survey_id"))
            then = rows.filter(pl.col("since") <= upto, upto < pl.col("until"))
            return _Reader(connection, tree).of_surveys(_counted(then, name))
    except SQLAlchemyError as error:
        raise NotNow("the database does not answer: closed months cannot be told as they were") from error


def _counted(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return rows of answers as `data.facts` counts them: by unit and score, or by unit the people who answered."""
    if name == "answers":
        return rows.group_by("survey_id", "branch_id", "dimension", "score").agg(n=pl.len().cast(pl.Int64))
    people = pl.col("respondent_id")
    return rows.group_by("survey_id", "branch_id").agg(
        n=people.n_unique().cast(pl.Int64),
        n_seven=people.filter(pl.col("dimension") != "recommend").n_unique().cast(pl.Int64),
    )


def _in_versions(stored: pl.DataFrame, former: pl.DataFrame, table: tables.Table) -> pl.DataFrame:
    """Return stored and former rows of a table, each with the imports that brought (`since`) and replaced it."""
    whole = pl.Struct({column: stored.schema[column] for column in stored.columns if column != "since"})
    past = former.select(
        pl.col("before").str.json_decode(whole).alias("row"), since="former_id", until="import_id"
    ).unnest("row")
    # After an undo a row is again what it was before: from then on, not from when it first came.
    put_back = past.group_by(table.key).agg(back=pl.col("until").max())
    now = stored.join(put_back, on=table.key, how="left").with_columns(
        since=pl.max_horizontal("since", "back"), until=pl.lit(FOREVER, pl.Int64)
    )
    columns = [*whole.to_schema(), "since", "until"]
    return pl.concat([now.select(columns), past.select(columns)])


def _masks_of(engine: Engine, stamp: Stamp, day: date) -> NDArray[np.int64]:
    """Return the masks of the day's month as they were at the end of `day`, in the order of the person-months.

    Raises NotNow when the database cannot tell, or holds another version by now.
    """
    a, w, pm = _T["activities"].c, _T["attendance"].c, schema.person_months.c
    month = Month.of(day)
    seen = (
        select(w.person_id, w.branch_id, w.party_member, func.sum(activity_bit().distinct()).label("mask"))
        .join_from(_T["attendance"], _T["activities"])
        .where(a.held_on.between(month.first, day))
        .group_by(w.person_id, w.branch_id, w.party_member)
        .subquery()
    )
    same = (
        (pm.person_id == seen.c.person_id)
        & (pm.branch_id == seen.c.branch_id)
        & (pm.party_member == seen.c.party_member)
    )
    statement = (
        select(func.coalesce(seen.c.mask, 0).label("mask"))
        .select_from(schema.person_months.outerjoin(seen, same))
        .where(pm.month == str(month))
    )
    try:
        with database.reading(engine) as connection:
            if stamp_of(connection) == stamp:
                return read(connection, _in_order(statement))["mask"].cast(pl.Int64).to_numpy()
    except SQLAlchemyError as error:
        raise NotNow(
            f"{day}: how things stood within a month is read from the database, which does not answer"
        ) from error
    raise NotNow(f"{day}: how things stood within a month is read from the database, which has just changed; ask again")
