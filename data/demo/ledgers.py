"""A month's ledgers out of whole tables: what units would have handed in by a day, and in a month."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl

from data import tables

# A row with a later own date does not exist yet.
_OWN: dict[str, pl.Expr] = {
    "activities": pl.col("held_on"),
    "grievances": pl.col("filed_on"),
    "suggestions": pl.col("submitted_on"),
    "surveys": pl.col("opened_on"),
    "meetings": pl.min_horizontal("requested_on", "held_on"),
    "contracts": pl.col("signed_on"),
    "aid_cases": pl.col("identified_on"),
    "notices": pl.col("published_on"),
    "interests": pl.col("recorded_on"),
}
# A later date is still empty, with what depends on it.
_LATER: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "grievances": (("responded_on", ()), ("closed_on", ("outcome", "confirmed", "satisfaction", "reopened_on")),
                   ("reopened_on", ())),
    "suggestions": (("decided_on", ("decision",)), ("implemented_on", ("verified_benefit",))),
    "meetings": (("held_on", ("delegates", "present", "in_favour")), ("replied_on", ())),
    "commitments": (("done_on", ()),),
    "contracts": (("filed_on", ()),),
    "aid_cases": (("helped_on", ("amount",)),),
}  # fmt: skip
# Rows that exist when the row they belong to does: the other table and their common column.
_WITH = {
    "attendance": ("activities", "activity_id"),
    "survey_answers": ("surveys", "survey_id"),
    "commitments": ("meetings", "meeting_id"),
}
_FIXED = ("attendance", "survey_answers")


def as_of(tables_: dict[str, pl.DataFrame], day: date) -> dict[str, pl.DataFrame]:
    """Return the tables as they stood at the end of `day`: later rows are gone, later fields empty again."""
    found = {}
    for name, frame in tables_.items():
        if name in _OWN:
            frame = frame.filter(_OWN[name] <= day)
        if name == "headcounts":
            frame = frame.filter(pl.col("month") <= f"{day:%Y-%m}")
        for column, dependents in _LATER.get(name, ()):
            known = pl.col(column) <= day
            frame = frame.with_columns(pl.when(known).then(pl.col(one)).alias(one) for one in (*dependents, column))
        found[name] = frame
    for name, (other, key) in _WITH.items():
        if name in found and other in found:
            there = found[other].filter(pl.col("held_on").is_not_null()) if other == "meetings" else found[other]
            found[name] = found[name].join(there, on=key, how="semi", maintain_order="left")
    return found


def ledgers(tables_: dict[str, pl.DataFrame], month: str) -> dict[str, pl.DataFrame]:
    """Return the rows that are new or changed in `month` ("2026-10"), as known at its end; empty tables left out."""
    first = date.fromisoformat(f"{month}-01")
    last = (first + timedelta(31)).replace(day=1) - timedelta(1)
    now, before = as_of(tables_, last), as_of(tables_, first - timedelta(1))
    found = {}
    for name, frame in now.items():
        if name in _FIXED:
            # Such rows never change: those of the month's new activities or surveys are all.
            other, key = _WITH[name]
            fresh = now[other].join(before[other], on=key, how="anti")
            frame = frame.join(fresh, on=key, how="semi", maintain_order="left")
        else:
            frame = frame.join(before[name], on=frame.columns, how="anti", nulls_equal=True, maintain_order="left")
        if frame.height:
            found[name] = frame
    return found


def write(frames: dict[str, pl.DataFrame], folder: Path, suffix: str = "") -> list[Path]:
    """Write one CSV per table as a clerk would: Chinese headers and codes, yuan, 是/否; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, frame in frames.items():
        table = tables.BY_NAME[name]
        path = folder / f"{table.zh}{suffix}.csv"
        frame.select(_as_typed(column) for column in table.columns).write_csv(path, include_bom=True)
        written.append(path)
    return written


def _as_typed(column: tables.Column) -> pl.Expr:
    value = pl.col(column.name)
    if column.kind == "code":
        value = value.replace_strict(dict(column.codes), default=None)
    elif column.kind == "money":
        value = value / 100
    elif column.kind == "bool":
        value = pl.when(value).then(pl.lit("是")).when(~value).then(pl.lit("否"))
    elif column.empty == tables.ALWAYS:
        value = pl.when(value != tables.ALWAYS).then(value)
    return value.alias(column.zh)
