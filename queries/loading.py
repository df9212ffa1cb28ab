"""From the database to a snapshot: the one place in `queries` that reads the facts."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import holidays
import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, Select, bindparam, case, func, select

from data import database, schema, tables
from data.frames import read
from queries.filters import Month
from queries.organisation import REPLY_DAYS
from queries.participation import KINDS
from queries.snapshot import Snapshot
from queries.units import Headcounts, Units

RESPONSE_DAYS = 5  # first answer, where no service level is set (grievance regulations of the trade)
CLOSING_DAYS = 15  # ordinary cases, where no service level is set; mediation must end in 15 days as well
CALENDAR, WORKING = range(2)
EMPTY_DATABASE = date(1970, 1, 1)  # nothing has happened yet: no period has begun

_T = schema.HANDED_IN


def version_of(connection: Connection) -> int:
    """Return the data version; 0 in a database that never stored anything."""
    return connection.execute(select(schema.data_version.c.version)).scalar() or 0


def load(engine: Engine | None = None, before: Snapshot | None = None) -> Snapshot:
    """Return the snapshot of what is stored now, in one consistent view; unchanged parts are taken from `before`."""
    target = engine or database.engine()
    with database.reading(target) as connection:
        return _load(connection, target, before)


def _load(connection: Connection, engine: Engine, before: Snapshot | None) -> Snapshot:
    version = version_of(connection)
    versions = select(schema.fact_versions.c.part, schema.fact_versions.c.version)
    parts: dict[str, int] = dict(connection.execute(versions).tuples().all())

    def kept(name: str, tables_read: tuple[str, ...], fresh: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        if before is not None and all(parts.get(part, 0) <= before.version for part in tables_read):
            old: pl.DataFrame = getattr(before, name)
            return old
        return fresh()

    branches = read(connection, select(*(c for c in _T["branches"].c if c.name != "import_id")))
    tree = Units.of(branches)
    same_tree = before is not None and before.tree.ids == tree.ids
    if not same_tree:
        before = None  # places in the tree moved: everything is read again
    place = pl.DataFrame(
        {"branch_id": tree.ids, "u": range(len(tree))}, schema={"branch_id": pl.String, "u": pl.UInt16}
    )

    def rows(
        table: str, columns: Mapping[str, str], extra: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    ) -> pl.DataFrame:
        t = _T[table]
        frame = coded(
            read(connection, select(t.c.branch_id, *(t.c[name].label(label) for name, label in columns.items()))), table
        )
        frame = frame.join(place, on="branch_id", how="inner").drop("branch_id")
        return extra(frame) if extra else frame

    heads = read(
        connection,
        select(*(_T["headcounts"].c[c] for c in ("branch_id", "month", "employees", "union_members", "party_members"))),
    )
    heads = heads.join(place, on="branch_id").with_columns(
        m=pl.col("month").str.slice(0, 4).cast(pl.Int32) * 12 + pl.col("month").str.slice(5, 2).cast(pl.Int32) - 1
    )
    levels = read(connection, select(*(c for c in _T["service_levels"].c if c.name != "import_id")))
    surveys = (
        read(connection, select(_T["surveys"].c.survey_id, _T["surveys"].c.opened_on.label("opened")))
        .sort("opened", "survey_id")
        .with_row_index("survey")
    )
    numbered = surveys.select("survey_id", pl.col("survey").cast(pl.UInt16), "opened")

    def counted(fact: str, columns: tuple[str, ...]) -> pl.DataFrame:
        t = schema.metadata.tables[fact]
        frame = read(connection, select(t.c.survey_id, t.c.branch_id, *(t.c[c] for c in columns)))
        return (
            coded(frame, "survey_answers")
            .join(place, on="branch_id")
            .join(numbered, on="survey_id")
            .drop("survey_id", "branch_id")
            .rename(
                {
                    c: n
                    for c, n in (("answers", "n"), ("respondents", "n"), ("respondents_seven", "n_seven"))
                    if c in frame.columns
                }
            )
        )

    person_months, people = _person_months(connection, place, parts, before)
    return Snapshot(
        version=version,
        data_date=_data_date(connection),
        tree=tree,
        headcounts=Headcounts.of(tree, heads),
        person_months=person_months,
        people=people,
        attendance_days=kept(
            "attendance_days", ("attendance", "activities"), lambda: _attendance_days(connection, place)
        ),
        activities=kept("activities", ("activities",), lambda: _activities(connection, place)),
        grievances=kept(
            "grievances",
            ("grievances", "service_levels"),
            lambda: with_limits(
                rows(
                    "grievances",
                    {
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
                ),
                coded(levels, "service_levels"),
            ),
        ),
        suggestions=kept(
            "suggestions",
            ("suggestions",),
            lambda: rows(
                "suggestions",
                {
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
                _people_as_numbers,
            ),
        ),
        answers=kept(
            "answers",
            ("survey_answers", "surveys"),
            lambda: counted("answer_counts", ("dimension", "score", "answers")),
        ),
        respondents=kept(
            "respondents",
            ("survey_answers", "surveys"),
            lambda: counted("respondent_counts", ("respondents", "respondents_seven")),
        ),
        surveys=numbered.drop("survey_id"),
        meetings=rows(
            "meetings",
            {
                "held_on": "held",
                "kind": "kind",
                "requested_on": "requested",
                "replied_on": "replied",
                "delegates": "delegates",
                "present": "present",
                "in_favour": "in_favour",
            },
            lambda rows: rows.with_columns(reply_due=pl.col("requested").dt.offset_by(f"{REPLY_DAYS}d")),
        ),
        commitments=_commitments(connection, place),
        contracts=rows(
            "contracts",
            {
                "kind": "kind",
                "signed_on": "signed",
                "filed_on": "filed",
                "effective_on": "effective",
                "expires_on": "expires",
                "employees_covered": "employees_covered",
                "clauses": "clauses",
                "clauses_fulfilled": "clauses_fulfilled",
            },
        ),
        aid_cases=rows(
            "aid_cases", {"identified_on": "identified", "kind": "kind", "helped_on": "helped", "amount": "amount_fen"}
        ),
        notices=rows("notices", {"published_on": "published", "kind": "kind", "readers": "readers"}),
        interests=rows("interests", {"topic": "topic", "recorded_on": "recorded"}),
        targets=read(connection, select(*(_T["targets"].c[c] for c in ("metric", "branch_id", "year", "target")))),
        masks_of=lambda day: _masks_of(engine, version, day),
        loaded_at=datetime.now(UTC),
    )


def coded(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    """Return the frame with each code as its small integer in the order of `data/tables.py`."""
    codes = {c.name: c.codes for c in tables.BY_NAME[table].columns if c.codes and c.name in frame.columns}
    return frame.with_columns(
        pl.col(name).replace_strict({code: i for i, (code, _) in enumerate(pairs)}, return_dtype=pl.UInt8)
        for name, pairs in codes.items()
    )


def _people_as_numbers(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("person").rank("dense").cast(pl.Int32))


def _activities(connection: Connection, place: pl.DataFrame) -> pl.DataFrame:
    t = _T["activities"]
    keys = (t.c.branch_id, t.c.held_on.label("day"), t.c.kind, t.c.organiser, t.c.production_linked, t.c.venue_owner)
    frame = coded(read(connection, select(*keys, func.count().label("n")).group_by(*keys)), "activities")
    return frame.join(place, on="branch_id").drop("branch_id").rename({"venue_owner": "venue"})


def _attendance_days(connection: Connection, place: pl.DataFrame) -> pl.DataFrame:
    t = schema.attendance_days
    frame = read(
        connection, select(t.c.branch_id, t.c.held_on.label("day"), t.c.kind, t.c.organiser, t.c.attendances.label("n"))
    )
    return coded(frame, "activities").join(place, on="branch_id").drop("branch_id")


def _commitments(connection: Connection, place: pl.DataFrame) -> pl.DataFrame:
    c, m = _T["commitments"].c, _T["meetings"].c
    statement = select(
        c.branch_id, m.held_on.label("held"), c.category, c.due_on.label("due"), c.done_on.label("done"), c.metric
    ).join_from(_T["commitments"], _T["meetings"])
    return coded(read(connection, statement), "commitments").join(place, on="branch_id").drop("branch_id")


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
    connection: Connection, place: pl.DataFrame, parts: Mapping[str, int], before: Snapshot | None
) -> tuple[pl.DataFrame, _People]:
    """Return the person-months sorted by month, person's code, unit and membership; only changed months are read."""
    t = schema.person_months
    columns = (t.c.person_id, t.c.branch_id, t.c.month, t.c.party_member, t.c.mask)
    prefix = "person_months/"
    if before is None or not isinstance(before.people, _People):
        people, months, kept = _People.nobody(), None, None
    else:
        changed = [p.removeprefix(prefix) for p, v in parts.items() if p.startswith(prefix) and v > before.version]
        numbers = [Month.parse(month).index for month in changed]
        people, months, kept = before.people, changed, before.person_months.filter(~pl.col("m").is_in(numbers))
    statement = _in_order(select(*columns) if months is None else select(*columns).where(t.c.month.in_(months)))
    people, frame = people.number(read(connection, statement))
    number = pl.col("month").str.slice(0, 4).cast(pl.Int32) * 12 + pl.col("month").str.slice(5, 2).cast(pl.Int32) - 1
    fresh = (
        frame.with_columns(m=number)
        .join(place, on="branch_id", how="left", maintain_order="left")
        .select("person", "u", "m", "party_member", "mask")
    )
    if kept is not None:
        fresh = pl.concat([kept, fresh]).sort("m", maintain_order=True)
    return fresh, people


def _in_order(statement: Select[tuple[object, ...]]) -> Select[tuple[object, ...]]:
    t = schema.person_months
    return statement.order_by(t.c.month, t.c.person_id, t.c.branch_id, t.c.party_member)


def _masks_of(engine: Engine, version: int, day: date) -> NDArray[np.int64]:
    """Return the masks of the day's month as they were at the end of `day`, in the order of the person-months."""
    a, w, pm = _T["activities"], _T["attendance"], schema.person_months
    kinds = {code: i for i, (code, _) in enumerate(tables.ACTIVITY_KINDS)}
    organisers = {code: i for i, (code, _) in enumerate(tables.ORGANISERS)}
    bit = case(
        *(
            ((a.c.organiser == organiser) & (a.c.kind == kind), 1 << (o * KINDS + k))
            for organiser, o in organisers.items()
            for kind, k in kinds.items()
        )
    )
    month = Month.of(day)
    seen = (
        select(w.c.person_id, w.c.branch_id, w.c.party_member, func.sum(bit.distinct()).label("mask"))
        .join_from(w, a)
        .where(a.c.held_on.between(month.first, bindparam("day", day)))
        .group_by(w.c.person_id, w.c.branch_id, w.c.party_member)
        .subquery()
    )
    statement = (
        select(func.coalesce(seen.c.mask, 0).label("mask"))
        .select_from(
            pm.outerjoin(
                seen,
                (pm.c.person_id == seen.c.person_id)
                & (pm.c.branch_id == seen.c.branch_id)
                & (pm.c.party_member == seen.c.party_member),
            )
        )
        .where(pm.c.month == str(month))
    )
    with database.reading(engine) as connection:
        if version_of(connection) != version:
            raise LookupError(f"version {version} is no longer what is stored")
        return read(connection, _in_order(statement))["mask"].cast(pl.Int64).to_numpy()


def _data_date(connection: Connection) -> date:
    """Return A: the latest day on which anything is said to have happened; 1970 in an empty database."""
    latest: list[date] = []
    for table in tables.TABLES:
        happened = [func.max(_T[table.name].c[c.name]) for c in table.columns if c.happened]
        if happened:
            latest.extend(day for day in connection.execute(select(*happened)).one() if day is not None)
    return max(latest, default=EMPTY_DATABASE)


def with_limits(cases: pl.DataFrame, levels: pl.DataFrame) -> pl.DataFrame:
    """Return the cases with `due` and `response_due` by the service level in force on the day each was filed.

    A due day as given stands; without a level 15 and 5 calendar days run. `working` days are the State Council's.
    """
    cases = cases.with_columns(pl.col("stage").fill_null(0), pl.col("satisfaction").cast(pl.Int8)).sort("filed")
    levels = levels.sort("valid_from").with_columns(
        pl.col("day_kind").fill_null(CALENDAR),
        pl.col("response_days").cast(pl.Int64),
        pl.col("closing_days").cast(pl.Int64),
    )
    cases = cases.join_asof(
        levels, left_on="filed", right_on="valid_from", by="category", strategy="backward", check_sortedness=False
    )
    cases = cases.with_columns(
        pl.col("response_days").fill_null(RESPONSE_DAYS),
        pl.col("closing_days").fill_null(CLOSING_DAYS),
        pl.col("day_kind").fill_null(CALENDAR),
    )
    working = working_days(cases["filed"])
    found = {}
    for name, days in (("response_due", "response_days"), ("limit", "closing_days")):
        found[name] = (
            pl.when(pl.col("day_kind") == WORKING)
            .then(pl.Series(name, _nth_working_day(working, cases["filed"], cases[days])))
            .otherwise(pl.col("filed") + pl.duration(days=pl.col(days)))
        )
    return (
        cases.with_columns(**found)
        .with_columns(due=pl.coalesce("due", "limit"))
        .drop("limit", "response_days", "closing_days", "day_kind", "valid_from")
    )


def working_days(days: pl.Series) -> NDArray[np.int64]:
    """Return, as days since 1970, all working days in China from the first of `days` to a year after the last."""
    first, last = days.min(), days.max()
    if not isinstance(first, date) or not isinstance(last, date):
        return np.zeros(0, dtype=np.int64)
    calendar = holidays.country_holidays("CN", years=range(first.year, last.year + 3))
    every = pl.date_range(first, date(last.year + 2, 12, 31), eager=True)
    kept = [calendar.is_working_day(day) for day in every]
    return every.filter(pl.Series(kept)).to_physical().cast(pl.Int64).to_numpy()


def _nth_working_day(working: NDArray[np.int64], filed: pl.Series, n: pl.Series) -> pl.Series:
    if not len(working):
        return pl.Series([], dtype=pl.Date)
    start = np.searchsorted(working, filed.to_physical().cast(pl.Int64).to_numpy(), side="right")
    at = np.minimum(start + n.to_numpy() - 1, len(working) - 1)
    return pl.Series(working[at]).cast(pl.Int32).cast(pl.Date)
