"""Delimited text (CSV) as a grid: its encoding, its delimiter, its quotes, and every row with its number."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from itertools import zip_longest

import polars as pl

from data.faults import Refused
from data.formats import EMPTY
from data.grid import Grid, names
from data.words import mark

# A ledger has some twenty columns; a row of thousands is not one.
COLUMNS = 1000

_CONTROL = bytes(set(range(32)) - {9, 10, 11, 12, 13})
_SEPARATOR_LINE = re.compile(r"^sep=(.)\n", re.IGNORECASE)
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)

BINARY = mark("This is not a table as text; hand in .xlsx, .xls, .ods, or .csv in UTF-8 or GBK.")
NUL = mark("The file contains NUL characters; save it anew as “CSV UTF-8” or as .xlsx.")
ENCODING = mark("The text is neither UTF-8 nor GBK nor GB18030; save it anew as “CSV UTF-8” or as .xlsx.")
DAMAGED = mark("The text is UTF-8 but damaged in row {row}; save it anew as “CSV UTF-8” or as .xlsx.")
QUOTES = mark("The quotation marks in row {row} do not match; save the file as .xlsx.")
TOO_WIDE = mark("Row {row} has {count} columns, more than {limit}; delete what lies beside the table.")


def read(data: bytes, known: Callable[[str], bool]) -> Grid:
    """Return the grid of a CSV file; `known` tells a header from other text. Refused if it cannot be read as text."""
    text = decode(data.rstrip(b"\x1a")).replace("\r\n", "\n").replace("\r", "\n")
    delimiter = None
    if found := _SEPARATOR_LINE.match(text):
        delimiter, text = found[1], text[found.end() :]
    delimiter = delimiter or _delimiter(text, known)
    text = text.rstrip("\n")  # blank rows at the end are nobody's concern
    if not text:
        raise Refused(EMPTY)
    if '"' in text and not _simple(text, delimiter):
        return _by_record(text, delimiter)
    head = text[:65536].split("\n")[:10]
    width = _checked(pl.Series([len(record) for record in csv.reader(head, delimiter=delimiter)]))
    try:
        cells = _cells(text, delimiter, width)
    except pl.exceptions.ComputeError:  # a later row is wider than the first ones
        width = _checked(_widths(_lines(text), delimiter))
        cells = _cells(text, delimiter, width)
    if cells.height != text.count("\n") + 1:
        return _by_record(text, delimiter)
    # Polars fills a row that is too short with nulls, so only rows without a last cell have to be counted.
    short = cells[str(width - 1)].is_null()
    if not short.any():
        return Grid(None, _unwrapped(cells, text))
    widths = pl.select(pl.when(short).then(0).otherwise(pl.lit(width, pl.Int64))).to_series()
    widths = widths.scatter(short.arg_true(), _widths(_lines(text).filter(short), delimiter))
    return Grid(None, _unwrapped(cells, text), widths if widths.n_unique() > 1 else None)


def decode(data: bytes) -> str:
    """Return the text: by its byte order mark, else strict UTF-8, else strict GB18030. Refused otherwise."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            try:
                text = data[len(bom) :].decode(encoding)
            except UnicodeDecodeError as error:
                if encoding != "utf-8":
                    raise Refused(ENCODING) from error
                raise Refused(DAMAGED, row=data.count(b"\n", 0, error.start) + 1) from error
            if "\x00" in text:
                raise Refused(NUL)
            return text
    if b"\x00" in data:
        # A text that merely holds some is a damaged export; else it was no text to begin with.
        raise Refused(BINARY if data.count(b"\x00") * 50 > len(data) and not _wide(data) else NUL)
    if len(data.translate(None, _CONTROL)) != len(data):
        raise Refused(BINARY)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        spoilt = error
    # GB18030 would also read a UTF-8 text with one bad byte, as nonsense: real GBK hardly ever looks like UTF-8.
    around = data[max(0, spoilt.start - 50_000) : spoilt.start + 50_000].decode("utf-8", errors="replace")
    wrong = around.count("\ufffd")
    right = sum(c > "\x7f" for c in around) - wrong
    if right > 10 * wrong:
        raise Refused(DAMAGED, row=data.count(b"\n", 0, spoilt.start) + 1)
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError as error:
        raise Refused(ENCODING) from error


def _wide(data: bytes) -> bool:
    # UTF-16 without its mark: every other byte of an English text is NUL.
    return max(data[::2].count(0), data[1::2].count(0)) * 5 > len(data)


def _lines(text: str) -> pl.Series:
    return pl.Series([text]).str.split("\n").explode()


def _simple(text: str, delimiter: str) -> bool:
    # Each record on one line, each cell with quotes around it or with none at all: so polars reads it right.
    sep = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]|"")*"|[^"{sep}]*)'
    lines = _lines(text)
    return bool(lines.filter(lines.str.contains('"', literal=True)).str.contains(f"^{cell}(?:{sep}{cell})*$").all())


def _widths(lines: pl.Series, delimiter: str) -> pl.Series:
    sep = re.escape(delimiter)
    if lines.str.contains('"', literal=True).any():
        lines = lines.str.replace_all(rf'(^|{sep})"(?:[^"]|"")*"', "$1")
    return lines.str.count_matches(delimiter, literal=True).cast(pl.Int64) + 1


def _cells(text: str, delimiter: str, width: int) -> pl.DataFrame:
    return pl.read_csv(
        text.encode(),
        has_header=False,
        schema=dict.fromkeys(names(max(width, 2)), pl.String),  # with one column it would skip blank rows
        separator=delimiter,
        quote_char='"' if '"' in text else None,
        missing_columns="insert",
    )


def _delimiter(text: str, known: Callable[[str], bool]) -> str:
    head = text[:65536].split("\n")[:10]
    best, most = ",", (0, 0)
    for delimiter in (",", "\t", ";"):
        parsed = csv.reader(head, delimiter=delimiter)
        try:
            rows = list(parsed)
        except csv.Error:
            continue
        headers = max((sum(known(cell) for cell in row) for row in rows), default=0)
        score = (headers, max((len(row) for row in rows), default=0))
        if score > most:
            best, most = delimiter, score
    return best


def _checked(widths: pl.Series) -> int:
    place = widths.arg_max() or 0
    if widths[place] > COLUMNS:
        raise Refused(TOO_WIDE, row=place + 1, count=widths[place], limit=COLUMNS)
    return int(widths[place])


def _by_record(text: str, delimiter: str) -> Grid:
    # Line breaks inside quotes, or quotes that polars and a spreadsheet would read differently: record by record.
    csv.field_size_limit(1 << 20)
    records: list[list[str]] = []
    try:
        for record in csv.reader(
            io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
        ):
            records.append(record)
    except csv.Error as error:
        raise Refused(QUOTES, row=len(records) + 1) from error
    widths = pl.Series([len(record) for record in records], dtype=pl.Int64)
    width = _checked(widths)
    cells = pl.DataFrame(
        [pl.Series(name, column, pl.String) for name, column in zip(names(width), zip_longest(*records), strict=True)]
    )
    return Grid(None, _unwrapped(cells, text), widths if widths.n_unique() > 1 else None)


def _unwrapped(cells: pl.DataFrame, text: str) -> pl.DataFrame:
    # Programs write ="0012" to keep a spreadsheet from taking the zeros away.
    if '="' not in text:
        return cells
    return cells.with_columns(pl.all().str.replace(r'^="([^"]*)"$', "$1"))
