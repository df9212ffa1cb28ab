"""What people type into a cell, as the value they mean: dates, months, numbers, yes and no, codes.

All functions take and return whole Polars series; a value that cannot be read becomes null. The accepted forms are
those of the table specification (README, "Handing in data").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import polars as pl

from data.faults import Term
from data.tables import Column
from data.words import mark

# A cell that the spreadsheet itself could not compute, or never did, begins with this; it cannot be typed or stored.
UNREAD = "\x01"
UNCALCULATED = UNREAD + "="

# The enterprise's ledgers lie in between; 0205-03-05 or 2925-03-05 is a slip of the finger.
FIRST_YEAR, LAST_YEAR = 1900, 2199

ERROR_CELL = mark("The cell shows an error of the spreadsheet; correct its formula or type the value.")
UNCALCULATED_CELL = mark("The formula was never calculated; open the file in Excel or WPS, save it, hand it in again.")
NOT_TEXT = mark("The text contains characters that cannot be stored; type it anew.")
NOT_DATE = mark("This is not a date; type it like 2025-03-05.")
NOT_MONTH = mark("This is not a month; type it like 2025-03.")
NOT_INT = mark("This is not a whole number; type digits only, like 1200.")
NOT_NUMBER = mark("This is not a number; type it like 0.85 (a rate as a fraction, not in per cent).")
NOT_MONEY = mark("This is not an amount in yuan; type it like 1200.50.")
NOT_BOOL = mark("This is neither yes nor no; type 是 or 否.")
NOT_CODE = mark("This is not on the list; choose one of: {codes}.")

_RULES = {
    "text": NOT_TEXT,
    "date": NOT_DATE,
    "month": NOT_MONTH,
    "int": NOT_INT,
    "number": NOT_NUMBER,
    "money": NOT_MONEY,
    "bool": NOT_BOOL,
    "code": NOT_CODE,
}

DTYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "code": pl.String(),
    "month": pl.String(),
    "date": pl.Date(),
    "int": pl.Int64(),
    "number": pl.Float64(),
    "money": pl.Int64(),
    "bool": pl.Boolean(),
}

_ERRORS = r"^\x01|^#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|GETTING_DATA|SPILL!|CALC!|BUSY!|FIELD!)$"
_HALF = r"(?:上午|下午|am|pm)?"
_TIME = rf"{_HALF}\s*\d{{1,2}}[:时点](?:\d{{1,2}}分?)?(?::?\d{{1,2}}(?:\.\d+)?秒?)?\s*{_HALF}(?:\+08:00)?"
_WEEKDAY = r"(?:\s*(?:星期|周)[一二三四五六日天])?"
_DATE = (
    r"(?i)^(\d{4})(?:"
    r"-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})|(\d{2})(\d{2})"
    rf"){_WEEKDAY}(?:(?:\s+|T){_TIME})?$"
)
_DATE_ZH = rf"(?i)^(\d{{4}})\s*年\s*(\d{{1,2}})\s*月\s*(\d{{1,2}})\s*[日号]{_WEEKDAY}(?:[\sT]*{_TIME})?$"
# Five digits: 1927 to 2173. Fewer would also be a day to Excel, but in a ledger they are a slip.
_SERIAL = r"^(\d{5})(?:\.\d+)?$"
_MONTH = r"^(\d{4})(?:-(\d{1,2})|/(\d{1,2})|\s*年\s*(\d{1,2})\s*月份?|(\d{2}))$"
# Separators stand between groups of three: 1,23 may be somebody's decimal comma.
_NUMBER = r"^([+-]?)(\d{1,3}(?:,\d{3})+|\d*)(?:\.(\d*))?$"
# Unicode's white space, and what is not even seen.
_BLANKS = "".join(map(chr, (*range(9, 14), 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200E), 0x2028, 0x2029)))
_BLANKS += "\u202f\u205f\u2060\u3000\ufeff"
_BOOLS = {"1": True, "是": True, "true": True, "yes": True, "y": True}
_BOOLS |= {"0": False, "否": False, "false": False, "no": False, "n": False}


@dataclass(frozen=True)
class Parsed:
    """One column read: typed `values`, `bad` (a filled cell that could not be read), and how many were `rounded`."""

    values: pl.Series
    bad: pl.Series
    rounded: int = 0


def stripped(texts: pl.Expr) -> pl.Expr:
    """Return `texts` without blanks at both ends (full-width and invisible ones too), empty as null."""
    bare = texts.str.strip_chars(_BLANKS)
    return pl.when(bare != "").then(bare)


def parse(
    texts: pl.Series,
    column: Column,
    *,
    epoch_1904: bool = False,
    scale: int = 1,
    codes: Mapping[str, str] | None = None,
) -> Parsed:
    """Read stripped `texts` as `column`'s kind.

    `epoch_1904`: serials count from 1904, as the workbook says. `scale`: how many yuan (a power of ten) one unit of a
    money column is. `codes`: another system's values → our codes, beside our own.
    """
    if column.kind == "text":
        bad = texts.str.contains(r"\x00") | texts.str.contains(_ERRORS)
        bad = bad.fill_null(False)
        if codes:  # another system's numbers or names of units, say
            texts = texts.replace(dict(codes))
        return Parsed(texts if not bad.any() else texts.set(bad, None), bad)
    distinct = texts.drop_nulls().unique()
    # Most columns repeat few values: reading each once is several times quicker than reading every row.
    few = len(distinct) * 2 < len(texts)
    known = plain(distinct if few else texts)
    rounded = 0
    if column.kind == "code":
        read = _as_code(known, column, codes or {})
    elif column.kind == "bool":
        read = as_bool(known)
    elif column.kind == "date":
        read = as_date(known, epoch_1904=epoch_1904)
    elif column.kind == "month":
        read = as_month(known, epoch_1904=epoch_1904)
    elif column.kind == "int":
        read = as_int(known)
    elif column.kind == "number":
        read = as_number(known)
    else:
        read, rounded = as_fen(known, scale=scale)
    values = texts.replace_strict(distinct, read, default=None, return_dtype=DTYPES[column.kind]) if few else read
    return Parsed(values, texts.is_not_null() & values.is_null(), rounded)


def rule(column: Column, text: str) -> tuple[str, dict[str, object]]:
    """Return the rule that `text` broke in `column`, with the rule's parameters."""
    if text.startswith(UNCALCULATED):
        return UNCALCULATED_CELL, {}
    if re.search(_ERRORS, text):
        return ERROR_CELL, {}
    if column.kind == "code":
        terms: list[Term] = [{"zh": zh, "en": code} for code, zh in column.codes]
        return NOT_CODE, {"codes": terms}
    return _RULES[column.kind], {}


def plain(texts: pl.Series) -> pl.Series:
    """Return `texts` with full-width digits, letters and signs as the usual ones."""
    return texts.str.normalize("NFKC").str.replace_all("\u2212", "-", literal=True)


def as_date(texts: pl.Series, *, epoch_1904: bool = False) -> pl.Series:
    """Read dates as people type them, with or without a time behind, and Excel serials."""
    groups = pl.DataFrame({"": texts}).select(
        a=pl.col("").str.extract_groups(_DATE), zh=pl.col("").str.extract_groups(_DATE_ZH)
    )
    frame = groups.select(
        year=pl.coalesce(pl.col("a").struct["1"], pl.col("zh").struct["1"]),
        month=pl.coalesce(*(pl.col("a").struct[str(i)] for i in (2, 4, 6, 8)), pl.col("zh").struct["2"]),
        day=pl.coalesce(*(pl.col("a").struct[str(i)] for i in (3, 5, 7, 9)), pl.col("zh").struct["3"]),
    )
    typed = _civil(frame)
    days = texts.str.extract(_SERIAL).cast(pl.Int64)
    first = date(1904, 1, 1) if epoch_1904 else date(1899, 12, 30)
    counted = pl.lit(first) + pl.duration(days=pl.col("days"))
    frame = pl.DataFrame({"typed": typed, "days": days})
    return frame.select(pl.coalesce("typed", counted.cast(pl.Date))).to_series()


def as_month(texts: pl.Series, *, epoch_1904: bool = False) -> pl.Series:
    """Read months as people type them, and any date as its month; the result is like "2025-03"."""
    groups = texts.str.extract_groups(_MONTH).struct.unnest()
    frame = groups.select(year="1", month=pl.coalesce("2", "3", "4", "5"), day=pl.lit("1"))
    typed = _civil(frame)
    days = as_date(texts, epoch_1904=epoch_1904)
    return pl.select(pl.coalesce(typed, days).dt.strftime("%Y-%m")).to_series()


def as_int(texts: pl.Series) -> pl.Series:
    """Read whole numbers, with thousands separators or zeros behind the point."""
    sign, whole, rest = _digits(texts)
    return pl.select(pl.when(rest.str.contains("^0*$")).then((sign + whole).cast(pl.Int64, strict=False))).to_series()


def as_number(texts: pl.Series) -> pl.Series:
    """Read numbers with a decimal point."""
    sign, whole, rest = _digits(texts)
    return (sign + whole + "." + rest + "0").cast(pl.Float64, strict=False)


def as_fen(texts: pl.Series, *, scale: int = 1) -> tuple[pl.Series, int]:
    """Read amounts in yuan (times `scale`, a power of ten) as fen, half a fen upwards; and how many were rounded."""
    sign, whole, rest = _digits(texts)
    places = 1 + len(str(scale))  # digits behind the point that still make whole fen
    # Eighteen digits are what an Int64 holds for certain.
    fits = whole.str.len_bytes() + places <= 18
    digits = (whole + rest.str.slice(0, places).str.pad_end(places, "0")).cast(pl.Int64, strict=False)
    upwards = rest.str.slice(places, 1).cast(pl.Int64, strict=False).fill_null(0) >= 5
    more = rest.str.slice(places).str.contains("[1-9]").fill_null(False)
    fen = pl.select(
        pl.when(fits).then(
            (digits + upwards.cast(pl.Int64)) * pl.when(sign == "-").then(pl.lit(-1)).otherwise(pl.lit(1))
        )
    ).to_series()
    return fen.cast(pl.Int64), int(more.sum())


def as_bool(texts: pl.Series) -> pl.Series:
    """Read yes and no in the accepted spellings, in any case."""
    return texts.str.to_lowercase().replace_strict(_BOOLS, default=None, return_dtype=pl.Boolean)


def code_key(text: str) -> str:
    """Return `text` as codes are compared: without case, blanks, hyphens, underscores and full-width forms."""
    return re.sub(r"[\s_-]", "", unicodedata.normalize("NFKC", text).lower())


def _as_code(texts: pl.Series, column: Column, others: Mapping[str, str]) -> pl.Series:
    meant = {code_key(other): code for other, code in others.items()}
    for code, zh in column.codes:
        meant |= {code_key(code): code, code_key(zh): code}
    keys = texts.str.to_lowercase().str.replace_all(r"[\s_-]", "")
    return keys.replace_strict(meant, default=None, return_dtype=pl.String)


def cell_text(value: object) -> str | None:
    """Return a spreadsheet's typed cell as the text that a person would have typed; None for an empty one."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        # Never as 1e+16: an identity number must look like one, and a small rate like a number.
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (int, timedelta)):
        return str(value)
    return None


def _civil(frame: pl.DataFrame) -> pl.Series:
    text = pl.concat_str("year", pl.lit("-"), pl.col("month").str.zfill(2), pl.lit("-"), pl.col("day").str.zfill(2))
    day = text.str.to_date("%Y-%m-%d", strict=False)
    return frame.select(pl.when(day.dt.year().is_between(FIRST_YEAR, LAST_YEAR)).then(day)).to_series()


def _digits(texts: pl.Series) -> tuple[pl.Series, pl.Series, pl.Series]:
    # Sign, digits before and behind the point; all null where it is no number.
    groups = texts.str.extract_groups(_NUMBER).struct.unnest()
    whole, rest = groups["2"].str.replace_all(",", "", literal=True), groups["3"].fill_null("")
    found = whole.is_not_null() & ((whole != "") | (rest != ""))
    frame = pl.DataFrame({"sign": groups["1"], "whole": whole, "rest": rest, "found": found}).select(
        pl.when("found").then(c) for c in ("sign", pl.col("whole").str.pad_start(1, "0"), "rest")
    )
    sign, digits, behind = frame.get_columns()
    return sign, digits, behind
