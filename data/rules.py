"""The rules that one row alone can break: what must be filled, ranges, the order of dates, what goes together.

Source: the table specification (README, "Handing in data"). Rules that need other rows or the database are the
importer's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache

import polars as pl

from data import tables
from data.faults import KEPT, Fault, Faults, Severity, Term, column_term
from data.tables import Column
from data.values import DTYPES
from data.words import mark

REQUIRED = mark("This must be filled in.")
TOO_SMALL = mark("This is less than {low}; correct it.")
TOO_LARGE = mark("This is more than {high}; correct it.")
FUTURE = mark("This day is still to come; enter it when it has happened (today is {today}).")
IDENTITY = mark("This looks like an identity number; use a code that tells nobody who the person is.")
BEFORE = mark("This is before {earlier} ({day}); correct one of the two.")
NEEDS = mark("This needs {other}; fill that in or leave this empty.")
NEEDED = mark("{other} is filled in, so this must be too.")
NEEDS_ADOPTION = mark("This needs one of {decisions} as {other}; correct one of the two.")
REQUESTED = mark("Without {other} this must be filled in: a meeting was held or requested.")
ABOVE = mark("This is more than {other} ({limit}); correct one of the two.")
SCORE = mark("Scores run from 1 to 5, for {dimension} from 0 to 10; correct it.")

MORE_THAN_WORKERS = mark("This is more than {other} ({limit}); stored, but look at it again.")
LATE_RESPONSE = mark("This is after {other} ({day}); stored, but look at it again.")

# Seventeen digits and a digit or X, as on the identity card, whatever its check digit says.
_IDENTITY = r"^\d{17}[\dXx]$"
_PEOPLE = ("person_id", "respondent_id")
_ADOPTING = ("adopted", "partly_adopted")


@dataclass(frozen=True)
class _Rule:
    # `broken`: true for rows that break it; a null is no breach. `on`: the column at fault; `reads`: the others that
    # it needs to have been read. `shown`: parameters of the text taken from the row.
    on: str
    text: str
    broken: pl.Expr
    reads: tuple[str, ...] = ()
    params: dict[str, object] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)


def check_rows(table: str, frame: pl.DataFrame, today: date) -> Faults:
    """Return what rows of `table` break, ordered by file, sheet and row.

    `frame`: all columns of the table, typed as reader.Part says (absent ones may be missing if not required); with
    `_file`, `_sheet`, `_row` and `_unread` where they came from a file. `today`: the civil day in Asia/Shanghai.
    """
    return _applied(table, frame, [*_column_rules(table, today), *_row_rules(table)], "fault")


def warn_rows(table: str, frame: pl.DataFrame) -> Faults:
    """Return what is doubtful in rows of `table` and stored all the same; `frame` as in check_rows."""
    return _applied(table, frame, list(_doubts(table)), "warning")


def _column_rules(table: str, today: date) -> Iterable[_Rule]:
    for column in tables.BY_NAME[table].columns:
        value = pl.col(column.name)
        if column.required:
            yield _Rule(column.name, REQUIRED, value.is_null())
        if column.low is not None and table != "survey_answers":
            yield _Rule(column.name, TOO_SMALL, value < _bound(column, column.low), params={"low": _plain(column.low)})
        if column.high is not None and table != "survey_answers":
            yield _Rule(
                column.name, TOO_LARGE, value > _bound(column, column.high), params={"high": _plain(column.high)}
            )
        if column.happened:
            yield _Rule(column.name, FUTURE, value > today, params={"today": today.isoformat()})
        if column.name in _PEOPLE:
            bare = value.str.normalize("NFKC").str.replace_all(r"[\s='\"-]", "")
            yield _Rule(column.name, IDENTITY, bare.str.contains(_IDENTITY))


@cache
def _row_rules(table: str) -> tuple[_Rule, ...]:
    if table == "branches":
        return (_before(table, "closed_on", "opened_on"),)
    if table == "grievances":
        late = ("closed_on", "responded_on", "reopened_on", "due_on")
        return (
            *(_before(table, name, "filed_on") for name in late),
            *_together(table, "outcome", "closed_on"),
            *(_needs(table, name, "closed_on") for name in ("confirmed", "satisfaction", "reopened_on")),
        )
    if table == "suggestions":
        return (
            *_together(table, "decision", "decided_on"),
            _before(table, "decided_on", "submitted_on"),
            _Rule(
                "implemented_on",
                NEEDS_ADOPTION,
                pl.col("implemented_on").is_not_null() & ~pl.col("decision").is_in(_ADOPTING).fill_null(False),
                ("decision",),
                {"other": column_term(table, "decision"), "decisions": _terms(tables.DECISIONS, *_ADOPTING)},
            ),
            _before(table, "implemented_on", "decided_on"),
            _needs(table, "verified_benefit", "implemented_on"),
        )
    if table == "survey_answers":
        recommends, score = pl.col("dimension") == "recommend", pl.col("score")
        least, most = pl.when(recommends).then(0).otherwise(1), pl.when(recommends).then(10).otherwise(5)
        names = _terms(tables.DIMENSIONS, "recommend")
        return (_Rule("score", SCORE, ~score.is_between(least, most), ("dimension",), {"dimension": names}),)
    if table == "meetings":
        return (
            _Rule(
                "requested_on",
                REQUESTED,
                pl.col("held_on").is_null() & pl.col("requested_on").is_null(),
                ("held_on",),
                {"other": column_term(table, "held_on")},
            ),
            _before(table, "replied_on", "requested_on"),
            _above(table, "present", "delegates"),
            _above(table, "in_favour", "present"),
        )
    if table == "contracts":
        return (_before(table, "expires_on", "signed_on"), _above(table, "clauses_fulfilled", "clauses"))
    if table == "aid_cases":
        return (_needs(table, "amount", "helped_on"),)
    return ()


def _doubts(table: str) -> Iterable[_Rule]:
    if table == "headcounts":
        for name in ("union_members", "party_members"):
            yield _above(table, name, "employees", MORE_THAN_WORKERS)
    if table == "grievances":
        other = "closed_on"
        yield _Rule(
            "responded_on",
            LATE_RESPONSE,
            pl.col("responded_on") > pl.col(other),
            (other,),
            {"other": column_term(table, other)},
            {"day": other},
        )


def _before(table: str, later: str, earlier: str) -> _Rule:
    broken = pl.col(later) < pl.col(earlier)
    return _Rule(later, BEFORE, broken, (earlier,), {"earlier": column_term(table, earlier)}, {"day": earlier})


def _above(table: str, part: str, whole: str, text: str = ABOVE) -> _Rule:
    return _Rule(
        part, text, pl.col(part) > pl.col(whole), (whole,), {"other": column_term(table, whole)}, {"limit": whole}
    )


def _needs(table: str, name: str, other: str) -> _Rule:
    broken = pl.col(name).is_not_null() & pl.col(other).is_null()
    return _Rule(name, NEEDS, broken, (other,), {"other": column_term(table, other)})


def _together(table: str, one: str, other: str) -> tuple[_Rule, _Rule]:
    pairs = ((one, other), (other, one))
    return tuple(  # type: ignore[return-value]
        _Rule(
            empty,
            NEEDED,
            pl.col(empty).is_null() & pl.col(filled).is_not_null(),
            (filled,),
            {"other": column_term(table, filled)},
        )
        for empty, filled in pairs
    )


def _terms(codes: tuple[tuple[str, str], ...], *wanted: str) -> list[Term]:
    return [{"zh": zh, "en": code} for code, zh in codes if code in wanted]


def _bound(column: Column, bound: float) -> float:
    return bound * 100 if column.kind == "money" else bound  # in fen


def _plain(bound: float) -> str:
    return f"{bound:g}"


def _applied(table: str, frame: pl.DataFrame, rules: list[_Rule], severity: Severity) -> Faults:
    found = Faults()
    if not rules or not frame.height:
        return found
    frame = _whole(table, frame)
    bits = {column.name: 1 << bit for bit, column in enumerate(tables.BY_NAME[table].columns)}
    unread = bool((frame["_unread"] != 0).any())
    masks = {}
    for number, rule in enumerate(rules):
        mask = rule.broken.fill_null(False)
        if unread:
            mask &= (pl.col("_unread") & sum(bits[name] for name in (rule.on, *rule.reads))) == 0
        masks[str(number)] = mask
    counts = frame.select(mask.sum().alias(name) for name, mask in masks.items()).row(0, named=True)
    kept: list[tuple[tuple[str, str, int], int, Fault]] = []
    for number, rule in enumerate(rules):
        if not counts[str(number)]:
            continue
        found.count += counts[str(number)]
        rows = frame.filter(masks[str(number)]).sort("_file", "_sheet", "_row", nulls_last=False).head(KEPT)
        kept += [(_place(row), number, _fault(table, rule, row, severity)) for row in rows.iter_rows(named=True)]
    found.first = [fault for _, _, fault in sorted(kept, key=lambda one: one[:2])[:KEPT]]
    return found


def _whole(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    # A frame without provenance (an editor's) or without an optional column has them empty.
    missing = {
        c.name: pl.lit(None, DTYPES[c.kind]) for c in tables.BY_NAME[table].columns if c.name not in frame.columns
    }
    where = {"_file": pl.String(), "_sheet": pl.String(), "_row": pl.Int64()}
    missing |= {name: pl.lit(None, dtype) for name, dtype in where.items() if name not in frame.columns}
    if "_unread" not in frame.columns:
        missing["_unread"] = pl.lit(0, pl.Int64)
    return frame.with_columns(**missing)


def _place(row: dict[str, object]) -> tuple[str, str, int]:
    return str(row["_file"] or ""), str(row["_sheet"] or ""), int(row["_row"] or 0)  # type: ignore[call-overload]


def _fault(table: str, rule: _Rule, row: dict[str, object], severity: Severity) -> Fault:
    params = rule.params | {name: _text(table, column, row[column]) for name, column in rule.shown.items()}
    value = row[rule.on]
    shown = None if value is None else _text(table, rule.on, value)
    if rule.text == IDENTITY and shown is not None:
        shown = shown[:4] + "…" + shown[-2:]  # a report goes round; the number must not
    return Fault(
        _or_none(row["_file"]),
        _or_none(row["_sheet"]),
        row["_row"],  # type: ignore[arg-type]
        None,
        shown,
        rule.text,
        params,
        severity,
        table,
        rule.on,
    )


def _or_none(value: object) -> str | None:
    return None if value is None else str(value)


def _text(table: str, column: str, value: object) -> str:
    kind = tables.BY_NAME[table].column(column).kind
    if kind == "money" and isinstance(value, int):
        return f"{value / 100:.2f}"
    if isinstance(value, bool):
        return "是" if value else "否"
    if kind == "code":
        return dict(tables.BY_NAME[table].column(column).codes).get(str(value), str(value))
    return str(value)
