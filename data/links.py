"""The rules that hold between rows: keys, references, the tree of units, moves, and who may hand in for whom.

Each takes the rows of one import as `Incoming` (compared with what is stored) and returns what is wrong with them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, select

from data import bulk, tables
from data.faults import KEPT, Fault, Faults, Severity, column_term, table_term
from data.metric_ids import METRIC_IDS
from data.schema import HANDED_IN, imports
from data.words import mark

TWICE = mark("The key “{key}” stands more than once with different contents (first: {first}). Keep one of the rows.")
SAME = mark("Rows that stand more than once with the same contents: {count}. Each was counted once.")
UNKNOWN = mark("{table} has no {column} “{value}”. Hand in that row as well, or correct the code.")
MOVED = mark(
    "“{key}” is stored for unit {stored} and arrives for unit {unit}. Correct the number or the unit, "
    "or allow the move (--allow-move)."
)
CIRCLE = mark("These units stand above one another in a circle: {path}. Correct {column}.")
ONE_UNIT = mark("Respondent “{respondent}” stands for units {units} in one survey. One respondent belongs to one unit.")
NOT_HELD = mark("Meeting “{meeting}” has not been held. A commitment needs a meeting with a {column}.")
PROMISED = mark("Commitments were made at this meeting, so {column} cannot be empty.")
NO_METRIC = mark("“{value}” is no metric. Perhaps {near}?")
OUTSIDE = mark("The date lies outside the life of unit {unit} ({opened} – {closed}).")
NOT_YOURS = mark("Unit {unit} is not among the units you may hand in for.")
MEANWHILE = mark(
    "{who} changed the row “{key}” while you had it open (import {number}). "
    "Load the rows anew and enter your change again."
)
GONE = mark("The row “{key}” was taken away while you had it open. Load the rows anew.")
EVERYWHERE = mark("Without a unit this holds for the whole enterprise; only an administrator may change it.")
EVERYBODYS = mark("{table} holds for the whole enterprise; only an administrator may change it.")

# The day a row stands for, where it has one of its own (the first that is filled).
OWN_DATES: dict[str, tuple[str, ...]] = {
    "headcounts": ("month",),
    "activities": ("held_on",),
    "grievances": ("filed_on",),
    "suggestions": ("submitted_on",),
    "meetings": ("requested_on", "held_on"),
    "contracts": ("signed_on",),
    "aid_cases": ("identified_on",),
    "notices": ("published_on",),
    "interests": ("recorded_on",),
}


@dataclass
class Incoming:
    """The rows of one table in one import.

    `frame` has all columns of the table as they would be stored, `_file`, `_sheet`, `_row`, the former values as
    `<column>_was` (`import_id_was` is null for a new row), `_new` and `_changed`. `stored` holds the stored rows that
    share the first part of a key with one of them.
    """

    table: tables.Table
    frame: pl.DataFrame
    stored: pl.DataFrame

    @property
    def touched(self) -> pl.DataFrame:
        """The rows that would be written: new and changed."""
        return self.frame.filter(pl.col("_new") | pl.col("_changed"))


Import = Mapping[str, Incoming]


def findings(
    rows: pl.DataFrame,
    table: str,
    column: str | None,
    rule: str,
    params: Mapping[str, object],
    severity: Severity = "fault",
) -> Faults:
    """Return one finding for each of `rows`; a parameter that is a Polars expression is taken from the row."""
    each = {name: value for name, value in params.items() if isinstance(value, pl.Expr)}
    fixed = {name: value for name, value in params.items() if name not in each}
    value = pl.col(column).cast(pl.String) if column else pl.lit(None, pl.String)
    said = rows.head(KEPT).select(
        *(pl.col(name) for name in ("_file", "_sheet", "_row")),
        _value=value,
        **{f"p_{name}": expression.cast(pl.String).fill_null("") for name, expression in each.items()},
    )
    found = Faults()
    for row in said.iter_rows(named=True):
        found.add(
            Fault(
                row["_file"],
                row["_sheet"],
                row["_row"],
                None,
                row["_value"],
                rule,
                fixed | {name: row[f"p_{name}"] for name in each},
                severity,
                table,
                column,
            )
        )
    found.count = rows.height
    return found


def key_text(table: tables.Table) -> pl.Expr:
    """Return a row's key as a person would say it."""
    return pl.concat_str([pl.col(name).cast(pl.String) for name in table.key], separator=" · ")


def doubles(table: tables.Table, frame: pl.DataFrame) -> tuple[pl.DataFrame, Faults, list[Fault]]:
    """Return the frame with each row once, the keys with different contents, and a note on those left out."""
    key = list(table.key)
    whole = frame.filter(pl.all_horizontal(pl.col(key).is_not_null()))
    if whole.select(pl.struct(key).n_unique()).item() == whole.height:
        return frame, Faults(), []
    once = frame.unique(subset=[column.name for column in table.columns], keep="first", maintain_order=True)
    left_out = frame.height - once.height
    notes = []
    if left_out:
        notes.append(Fault(None, None, None, None, None, SAME, {"count": left_out}, "note", table.name))
    again = once.filter(pl.all_horizontal(pl.col(key).is_not_null()))
    place = pl.concat_str(
        [pl.col("_file"), pl.col("_sheet"), pl.col("_row").cast(pl.String)], separator=" ", ignore_nulls=True
    )
    again = again.with_columns(_first=place.first().over(key)).filter(~pl.struct(key).is_first_distinct())
    faults = findings(again, table.name, key[-1], TWICE, {"key": key_text(table), "first": pl.col("_first")})
    return once, faults, notes


def moves(incoming: Incoming) -> Faults:
    """Known keys that arrive with another `branch_id`: two units number alike, or the row really moved."""
    table = incoming.table
    if "branch_id_was" not in incoming.frame.columns:  # a unit's own id, or part of the key
        return Faults()
    moved = incoming.frame.filter(pl.col("branch_id") != pl.col("branch_id_was"))
    said = {"key": key_text(table), "stored": pl.col("branch_id_was"), "unit": pl.col("branch_id")}
    return findings(moved, table.name, "branch_id", MOVED, said)


def references(connection: Connection, coming: Import) -> Faults:
    """Foreign keys that stand neither in this import nor in the database."""
    found = Faults()
    for incoming in coming.values():
        for column in incoming.table.columns:
            if column.references is None:
                continue
            there = tables.BY_NAME[column.references]
            named = incoming.frame.select(pl.col(column.name).drop_nulls().unique().alias(there.key[0]))
            missing = named.join(present(connection, coming, there.name, named), on=there.key[0], how="anti")
            if missing.is_empty():
                continue
            rows = incoming.frame.join(missing, left_on=column.name, right_on=there.key[0], how="semi")
            said = {
                "table": table_term(there.name),
                "column": column_term(there.name, there.key[0]),
                "value": pl.col(column.name),
            }
            found.extend(findings(rows, incoming.table.name, column.name, UNKNOWN, said))
    return found


def present(connection: Connection, coming: Import, name: str, wanted: pl.DataFrame, *more: str) -> pl.DataFrame:
    """Return the keys among `wanted` that table `name` will have after this import, with the columns `more`."""
    table = HANDED_IN[name]
    key = list(tables.BY_NAME[name].key)
    columns = [*key, *more]
    if name not in coming:
        return bulk.fetch(connection, table, wanted, columns)
    arriving = coming[name].frame.select(columns).join(wanted, on=key, how="semi")
    others = wanted.join(arriving, on=key, how="anti")
    return pl.concat([arriving, bulk.fetch(connection, table, others, columns)])


def units(connection: Connection, coming: Import) -> pl.DataFrame:
    """Return all branches as they will be after this import."""
    columns = [column.name for column in tables.BY_NAME["branches"].columns]
    stored = bulk.read(connection, select(*(HANDED_IN["branches"].c[name] for name in columns)))
    if "branches" not in coming:
        return stored
    arriving = coming["branches"].frame.select(columns)
    return pl.concat([arriving, stored.join(arriving, on="branch_id", how="anti")])


def circles(coming: Import, all_units: pl.DataFrame) -> Faults:
    """Units that stand, over one or more others, above themselves."""
    if "branches" not in coming:
        return Faults()
    paths = circle_paths(all_units)
    rows = coming["branches"].frame.filter(pl.col("branch_id").is_in(list(paths)))
    if rows.is_empty():
        return Faults()
    rows = rows.with_columns(_path=pl.col("branch_id").replace_strict(paths))
    said = {"path": pl.col("_path"), "column": column_term("branches", "parent_id")}
    return findings(rows, "branches", "parent_id", CIRCLE, said)


def circle_paths(branches: pl.DataFrame) -> dict[str, str]:
    """Return each unit that stands above itself, and the way round as a text; `branches` has branch_id, parent_id."""
    above: dict[str, str | None] = dict(branches.select("branch_id", "parent_id").iter_rows())
    paths: dict[str, str] = {}
    safe: set[str] = set()
    for start in above:
        trail: dict[str, None] = {}
        unit: str | None = start
        while unit is not None and unit not in safe and unit not in trail and unit not in paths:
            trail[unit] = None
            unit = above.get(unit)
        if unit is not None and unit in trail:
            circle = list(trail)[list(trail).index(unit) :]
            lowest = circle.index(min(circle))
            circle = circle[lowest:] + circle[:lowest]
            paths |= dict.fromkeys(circle, " → ".join([*circle, circle[0]]))
        safe |= trail.keys() - paths.keys()
    return paths


def subtree(branches: pl.DataFrame, top: str) -> set[str]:
    """Return `top` and every unit below it; `branches` has branch_id, parent_id."""
    below: dict[str, list[str]] = {}
    for unit, parent in branches.select("branch_id", "parent_id").iter_rows():
        below.setdefault(parent, []).append(unit)
    found: set[str] = set()
    waiting = [top]
    while waiting:
        unit = waiting.pop()
        if unit not in found:
            found.add(unit)
            waiting += below.get(unit, [])
    return found


def meanwhile(
    connection: Connection,
    coming: Import,
    going: Mapping[str, pl.DataFrame],
    seen: Mapping[str, pl.DataFrame],
    removed: Mapping[str, pl.DataFrame],
) -> Faults:
    """Rows of a correction that are not what its author saw: somebody else changed, added or took them away.

    `going`: the stored rows to be taken away; `seen`: the rows as shown, with `import_id`; `removed`: the keys of those
    that should go.
    """
    found = Faults()
    for name, shown in seen.items():
        table = tables.BY_NAME[name]
        key = list(table.key)
        known = shown.select(*key, _seen="import_id")
        nowhere = {"_file": pl.lit(None, pl.String), "_sheet": pl.lit(None, pl.String), "_row": pl.lit(None, pl.Int64)}
        parts = []
        if name in coming:
            frame = coming[name].frame
            if "branch_id_was" in frame.columns:  # what lies with another unit is a move, and told as that
                frame = frame.filter(pl.col("_new") | pl.col("branch_id_was").eq_missing(pl.col("branch_id")))
            parts.append(frame.select(*key, "_file", "_sheet", "_row", _stored="import_id_was"))
        if name in removed:
            stored = going.get(name, shown.clear()).select(*key, _stored="import_id")
            parts.append(removed[name].join(stored, on=key, how="left").with_columns(**nowhere))
        if not parts:
            continue
        rows = pl.concat(parts, how="diagonal").join(known, on=key, how="left", maintain_order="left")
        other = rows.filter(pl.col("_stored").ne_missing(pl.col("_seen")))
        numbers = other["_stored"].drop_nulls().unique().to_list()
        records = select(imports.c.import_id, imports.c.by).where(imports.c.import_id.in_(numbers))
        people = dict(connection.execute(records).all())
        who = pl.col("_stored").replace_strict(people, default="–", return_dtype=pl.String)
        said = {"key": key_text(table), "who": who, "number": pl.col("_stored")}
        found.extend(findings(other.filter(pl.col("_stored").is_not_null()), name, key[-1], MEANWHILE, said))
        lost = other.filter(pl.col("_stored").is_null())
        found.extend(findings(lost, name, key[-1], GONE, {"key": key_text(table)}))
    return found


def respondents(coming: Import) -> Faults:
    """Respondents who would belong to two units within one survey, with what is stored of them."""
    if "survey_answers" not in coming:
        return Faults()
    incoming = coming["survey_answers"]
    who = ["survey_id", "respondent_id"]
    key = list(incoming.table.key)
    staying = incoming.stored.join(incoming.frame, on=key, how="anti").select(*who, "branch_id")
    rows = pl.concat([incoming.frame.select(*who, "branch_id"), staying])
    torn = (
        rows.group_by(who)
        .agg(pl.col("branch_id").unique().sort())
        .filter(pl.col("branch_id").list.len() > 1)
        .select(*who, _units=pl.col("branch_id").list.join(" / "))
    )
    if torn.is_empty():
        return Faults()
    wrong = incoming.frame.join(torn, on=who, how="inner", maintain_order="left")
    said = {"respondent": pl.col("respondent_id"), "units": pl.col("_units")}
    return findings(wrong, "survey_answers", "branch_id", ONE_UNIT, said)


def promises(connection: Connection, coming: Import) -> Faults:
    """Commitments of meetings that were not held, and meetings with commitments that lose their date."""
    found = Faults()
    held = column_term("meetings", "held_on")
    made = coming["commitments"].frame if "commitments" in coming else None
    if made is not None:
        named = made.select(pl.col("meeting_id").drop_nulls().unique())
        unheld = present(connection, coming, "meetings", named, "held_on").filter(pl.col("held_on").is_null())
        rows = made.join(unheld, on="meeting_id", how="semi")
        said = {"meeting": pl.col("meeting_id"), "column": held}
        found.extend(findings(rows, "commitments", "meeting_id", NOT_HELD, said))
    if "meetings" in coming:
        emptied = coming["meetings"].frame.filter(
            ~pl.col("_new") & pl.col("held_on").is_null() & pl.col("held_on_was").is_not_null()
        )
        if not emptied.is_empty():
            commitments = HANDED_IN["commitments"]
            stored = bulk.read(connection, select(commitments.c.meeting_id).distinct())
            rows = emptied.join(stored, on="meeting_id", how="semi")
            found.extend(findings(rows, "meetings", "held_on", PROMISED, {"column": held}))
    return found


def metrics(coming: Import) -> Faults:
    """Targets and commitments that name no metric of ours."""
    found = Faults()
    for incoming in coming.values():
        if "metric" not in incoming.frame.columns:
            continue
        rows = incoming.frame.filter(pl.col("metric").is_not_null() & ~pl.col("metric").is_in(list(METRIC_IDS)))
        if rows.is_empty():
            continue
        near = {value: _near(value) for value in rows["metric"].unique()}
        rows = rows.with_columns(_near=pl.col("metric").replace_strict(near))
        said = {"value": pl.col("metric"), "near": pl.col("_near")}
        found.extend(findings(rows, incoming.table.name, "metric", NO_METRIC, said))
    return found


def _near(value: str) -> str:
    close = difflib.get_close_matches(value, METRIC_IDS, 2, 0.3)
    return " / ".join(close or METRIC_IDS[:2])


def lives(coming: Import, all_units: pl.DataFrame) -> Faults:
    """Warnings about rows dated before their unit was opened or after it was closed."""
    found = Faults()
    life = all_units.select("branch_id", _opened=pl.col("opened_on"), _closed=pl.col("closed_on")).filter(
        pl.col("_opened").is_not_null() | pl.col("_closed").is_not_null()
    )
    for name, columns in OWN_DATES.items():
        if name not in coming:
            continue
        rows = coming[name].frame.join(life, on="branch_id", how="inner", maintain_order="left")
        if columns == ("month",):
            day = pl.col("month")
            opened, closed = (pl.col(limit).dt.to_string("%Y-%m") for limit in ("_opened", "_closed"))
        else:
            day, opened, closed = pl.coalesce(columns), pl.col("_opened"), pl.col("_closed")
        rows = rows.filter((day < opened).fill_null(value=False) | (day > closed).fill_null(value=False))
        said = {"unit": pl.col("branch_id"), "opened": pl.col("_opened"), "closed": pl.col("_closed")}
        found.extend(findings(rows, name, columns[0], OUTSIDE, said, "warning"))
    return found


def scope(coming: Import, all_units: pl.DataFrame, allowed: Iterable[str]) -> Faults:
    """Rows, as they arrive or as they are stored, of units outside `allowed` (with the units new below those)."""
    found = Faults()
    mine = set(allowed)
    if "branches" in coming:
        below = coming["branches"].frame.filter("_new").select("branch_id", "parent_id").iter_rows()
        fresh: dict[str, str | None] = dict(below)
        while more := {unit for unit, parent in fresh.items() if parent in mine} - mine:
            mine |= more
    inside = list(mine)
    for name, incoming in coming.items():
        named = pl.col("branch_id")
        if name == "branches":
            # The own top unit's parent lies outside; it may stay what it is, and nothing may move out or in.
            moved = ~pl.col("_new") & pl.col("_changed") & pl.col("parent_id").ne_missing(pl.col("parent_id_was"))
            outside = ~pl.col("branch_id").is_in(inside) | (moved & ~pl.col("parent_id").is_in(inside))
        elif "branch_id" in incoming.frame.columns:
            outside = ~pl.col("branch_id").is_in(inside)
            if "branch_id_was" in incoming.frame.columns:
                outside |= ~pl.col("branch_id_was").is_in(inside).fill_null(value=True)
                named = pl.when(pl.col("branch_id").is_in(inside)).then("branch_id_was").otherwise("branch_id")
        else:
            rows = incoming.touched
            found.extend(findings(rows, name, None, EVERYBODYS, {"table": table_term(name)}))
            continue
        if name != "branches" and not incoming.table.column("branch_id").required:
            everywhere = pl.col("branch_id").is_null() | (~pl.col("_new") & pl.col("branch_id_was").is_null())
            found.extend(findings(incoming.frame.filter(everywhere), name, "branch_id", EVERYWHERE, {}))
        rows = incoming.frame.filter(pl.col("branch_id").is_not_null() & outside.fill_null(value=True))
        found.extend(findings(rows, name, "branch_id", NOT_YOURS, {"unit": named}))
    return found
