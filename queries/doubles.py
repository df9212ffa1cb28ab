"""Rows that look handed in twice, or hang in the air: cases alike, activities nobody signed in to, unknown units.

Read from the database and kept by version: texts of cases are never in the snapshot, and only those who may see single
cases are told of alike ones.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl
from sqlalchemy import exists, func, select

from data import database, schema
from data.bulk import read
from queries.filters import Filters
from queries.snapshot import Snapshot
from queries.viewers import Viewer

# Of the pairs of neighbouring characters that two texts have, the part they share: above it people wrote the same
# matter twice; about the same matter in other words share a third.
ALIKE = 0.6
# Activities of the last days may still get their sign-in lists.
WAITING_DAYS = 31

_G = schema.HANDED_IN["grievances"].c
_S = schema.HANDED_IN["suggestions"].c
_E = schema.HANDED_IN["activities"].c
_A = schema.HANDED_IN["attendance"].c


def alike(viewer: Viewer, units: list[str], filters: Filters, snapshot: Snapshot) -> pl.DataFrame:
    """Return pairs of cases of one unit, category and day whose texts are alike: table, branch_id, day, code, and
    number and text of each (`one`, `one_text`, `other`, `other_text`), at most one line a pair.

    Empty for whoever may not see single cases.
    """
    if not viewer.sees_cases:
        return _pairs("grievances", pl.DataFrame(schema=_ROWS))
    key = ("alike", viewer.role, viewer.units, filters.branch, filters.start, filters.end)
    return snapshot.once(key, lambda: _alike(units, filters))


_ROWS = {"number": pl.String, "branch_id": pl.String, "day": pl.Date, "code": pl.String, "text": pl.String}


def _alike(units: list[str], filters: Filters) -> pl.DataFrame:
    cases = (
        ("grievances", (_G.grievance_id, _G.branch_id, _G.filed_on, _G.category, _G.summary)),
        ("suggestions", (_S.suggestion_id, _S.branch_id, _S.submitted_on, _S.theme, _S.title)),
    )
    found = []
    with database.reading(cases_of=units) as connection:
        for table, columns in cases:
            named = [column.label(name) for column, name in zip(columns, _ROWS, strict=True)]
            within = columns[2].between(filters.start.first, filters.end.last)
            rows = read(connection, select(*named).where(within, columns[4].is_not(None)))
            found.append(_pairs(table, rows.filter(pl.col("branch_id").is_in(units))))
    return pl.concat(found)


def _pairs(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the alike pairs among rows with number, branch_id, day, code and text."""
    place = ["branch_id", "day", "code"]
    close = rows.filter(pl.len().over(place) > 1).sort("number")
    pairs = close.join(close, on=place, suffix="_other").filter(pl.col("number") < pl.col("number_other"))
    pairs = pairs.with_row_index("pair")
    texts = [_bigrams(pairs, name) for name in ("text", "text_other")]
    shared = texts[0].join(texts[1], on=["pair", "two"]).group_by("pair").len("both")
    sizes = [text.group_by("pair").len(name) for text, name in zip(texts, ("text", "text_other"), strict=True)]
    scored = shared.join(sizes[0], on="pair").join(sizes[1], on="pair")
    of = pl.col("text") + pl.col("text_other") - pl.col("both")
    good = scored.filter(pl.col("both") / of >= ALIKE)["pair"]
    return (
        pairs.filter(pl.col("pair").is_in(good.implode()))
        .select(
            "branch_id",
            "day",
            "code",
            table=pl.lit(table),
            one="number",
            one_text="text",
            other="number_other",
            other_text="text_other",
        )
        .sort("branch_id", "day", "one", "other")
    )


def _bigrams(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return each pair's different twos of neighbouring characters, marks and blanks aside, case too."""
    plain = pl.col(column).str.to_lowercase().str.replace_all(r"[\s\p{P}]", "")
    letters = rows.select("pair", letter=plain.str.split("")).explode("letter")
    two = pl.col("letter") + pl.col("letter").shift(-1).over("pair")
    return letters.select("pair", two=two).drop_nulls().unique()


def unattended(units: list[str], filters: Filters, snapshot: Snapshot) -> dict[str, int]:
    """Return for each unit how many activities of the period, the last month apart, nobody signed in to."""
    last = min(filters.end.last, snapshot.data_date - timedelta(days=WAITING_DAYS))
    key = ("unattended", filters.start, last)

    def count() -> pl.DataFrame:
        nobody = ~exists().where(_A.activity_id == _E.activity_id)
        within = _E.held_on.between(filters.start.first, last)
        counted = select(_E.branch_id, func.count().label("n")).where(within, nobody).group_by(_E.branch_id)
        with database.reading() as connection:
            return read(connection, counted)

    rows = snapshot.once(key, count)
    mine = set(units)
    return {unit: n for unit, n in rows.iter_rows() if unit in mine}


def homeless(snapshot: Snapshot) -> int:
    """Return how many sign-ins and answers name a unit that does not exist."""

    def count() -> int:
        total = 0
        days, answers = schema.attendance_days.c, schema.answer_counts.c
        with database.reading() as connection:
            for unit, n in ((days.branch_id, days.attendances), (answers.branch_id, answers.answers)):
                rows = read(connection, select(unit, func.sum(n).label("n")).group_by(unit))
                total += int(rows.filter(~pl.col("branch_id").is_in(snapshot.tree.ids))["n"].sum())
        return total

    return snapshot.once("homeless rows", count)

