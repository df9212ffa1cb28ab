"""From a sheet as it stands to one table's typed rows: its header, what is left out, what cannot be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from data import headers, tables, values
from data.faults import KEPT, Fault, Faults, Refused, Severity, column_term, table_term
from data.grid import Grid, letters
from data.headers import HeaderMapping, Match
from data.words import mark

HEADER_ROWS = 10  # the header stands within the first ten rows
SHOWN = 80  # characters of a value that a report repeats

# Sheets of a workbook that explain or list, as our templates have them; they hold no rows.
ASIDE = ("填写说明", "填表说明", "说明", "代码", "选项", "示例", "notes", "lists", "readme", "examples")

NO_HEADER = mark("No row of the first ten holds the headers of {table}; take them from the template.")
UNKNOWN_TABLE = mark(
    "Neither name nor headers tell which table this is; begin the file's or sheet's name with the table's, like {one}."
)
SEVERAL_TABLES = mark("The headers fit several tables ({tables}); begin the file's or sheet's name with the table's.")
MISSING_COLUMN = mark("The required column {needed} is missing; add it, as in the template.")
TWICE = mark("Two headers mean the column {meant}; delete one of the columns.")
RAGGED = mark("The row has {count} cells and the header {expected}; check its separators and quotation marks.")
FOREIGN_MONEY = mark("Amounts are in yuan; convert them and name the unit 元.")
PER_CENT = mark("Rates are written as fractions (0.85), not in per cent; convert them and take % out of the header.")

TITLE = mark("A title above the header; left out.")
TOTAL = mark("A row of totals; left out.")
SIGNATURE = mark("A line below the table; left out.")
REPEATED = mark("The header once more; left out.")
BLANK = mark("Blank rows left out: {count}.")
UNKNOWN_COLUMN = mark("No column of {table}; ignored.")
NAMELESS_COLUMN = mark("Column {letters} has no header; ignored.")
SCALED = mark("Amounts were read in {unit} and stored in yuan.")
ROUNDED = mark("Amounts rounded to the fen: {count}.")

_TOTAL = r"^(?:合计|总计|小计)[:：]?$"
_SIGNATURE = (
    r"^(?:填表|填报|制表|制单|编制|审核|复核|审批|负责|经办|统计|报送|联系|单位负责|分管领导|主管领导|工会主席|"
    r"签字|签名|签章|盖章|日期|注|备注|说明)(?:人|员|单位|部门|日期|时间|电话)?(?:签字|签名|签章|盖章)?[:：]"
    r"|^(?:填表人|填报人|制表人|审核人|复核人|负责人|经办人)$"
)
_YUAN = re.compile(r"^(?:单位:?)?(?:人民币)?:?(千|百万|万|亿)?元$")
_SCALES = {None: 1, "千": 1_000, "万": 10_000, "百万": 1_000_000, "亿": 100_000_000}
_CURRENCY = re.compile(r"元|万|usd|eur|gbp|jpy|hkd|\$|€|£|¥")


@dataclass
class Laid:
    """One sheet laid out as `table`.

    `frame`: the columns found, typed, in the table's order, then `_row` and `_unread` as in reader.Part; None if no
    rows can be made of it (a required column is missing). `headers` and `positions` are by our column.
    """

    table: str
    frame: pl.DataFrame | None
    headers: dict[str, str]
    positions: dict[str, int]
    faults: Faults
    notes: list[Fault]


def lay_out(grid: Grid, file: str, titled: str | None, mapping: HeaderMapping | None = None) -> Laid | None:
    """Lay out `grid`, whose file or sheet is titled as the table `titled` if any; None if nothing stands in it.

    Refused if its table or header cannot be told.
    """
    width = grid.cells.width
    cells = grid.cells.select(values.stripped(pl.all())).with_columns(
        _row=pl.int_range(1, grid.cells.height + 1, dtype=pl.Int64)
    )
    names = cells.columns[:width]
    first = cells.select(pl.coalesce(*names) if names else pl.lit(None, pl.String)).to_series()
    if first.null_count() == len(first):
        return None
    place, match = _header(cells.select(names).head(HEADER_ROWS).rows(), titled, mapping)
    return _Sheet(grid, file, cells, first, place, match, mapping).laid()


def _header(top: list[tuple[str | None, ...]], titled: str | None, mapping: HeaderMapping | None) -> tuple[int, Match]:
    rows = [(place, row) for place, row in enumerate(top) if any(row)]
    mapped = _mapped(rows, mapping) if mapping is not None else []
    for place, match in mapped:
        if not match.missing:
            return place, match
    if titled is not None:
        place, match = _best([(place, headers.match(titled, row, mapping)) for place, row in rows])
        if not match.places:
            raise Refused(NO_HEADER, table=table_term(titled))
        return place, match
    if mapped:
        return _best(mapped)
    for place, row in rows:
        matches = [headers.match(table.name, row, mapping) for table in tables.TABLES]
        whole = [match for match in matches if not match.missing]
        if len(whole) > 1:
            raise Refused(SEVERAL_TABLES, tables=[table_term(match.table) for match in whole])
        if whole:
            return place, whole[0]
    raise Refused(UNKNOWN_TABLE, one=table_term("grievances"))


def _mapped(rows: list[tuple[int, tuple[str | None, ...]]], mapping: HeaderMapping) -> list[tuple[int, Match]]:
    # The rows in which the other system's headers stand: the mapping is for this sheet.
    found = [
        (place, headers.match(mapping.table, row, mapping), headers.match(mapping.table, row)) for place, row in rows
    ]
    return [(place, with_it) for place, with_it, without in found if with_it.places != without.places]


def _best(found: list[tuple[int, Match]]) -> tuple[int, Match]:
    # The row with the most headers, the first of several.
    return max(found, key=lambda one: (len(one[1].places), -one[0]))


class _Sheet:
    # One sheet from its header on: what is left out below it, what is wrong, and the typed rows.

    def __init__(
        self,
        grid: Grid,
        file: str,
        cells: pl.DataFrame,
        first: pl.Series,
        place: int,
        match: Match,
        mapping: HeaderMapping | None,
    ) -> None:
        self.grid, self.file, self.cells, self.first = grid, file, cells, first
        self.place, self.match = place, match
        self.codes = mapping.codes if mapping is not None and mapping.table == match.table else {}
        self.table = tables.BY_NAME[match.table]
        self.header = cells.row(place)[: grid.cells.width]
        self.faults = Faults()
        self.notes: list[Fault] = []

    def laid(self) -> Laid:
        self._check_header()
        body = self._body()
        self._note_other_columns(body)
        frame = self._typed(body)
        return Laid(
            self.table.name,
            None if self.match.missing else frame,
            {name: self.header[at] or "" for name, at in self.match.places.items()},
            dict(self.match.places),
            self.faults,
            self.notes,
        )

    def _check_header(self) -> None:
        row = self.place + 1
        for name in self.match.missing:
            self.faults.add(self._found(MISSING_COLUMN, row, {"needed": column_term(self.table.name, name)}))
        for name, at in self.match.twice:
            self.faults.add(self._found(TWICE, row, {"meant": column_term(self.table.name, name)}, at=at))
        for name, unit in self.match.units.items():
            kind, at = self.table.column(name).kind, self.match.places[name]
            if kind == "money" and not _YUAN.match(unit) and _CURRENCY.search(unit):
                self.faults.add(self._found(FOREIGN_MONEY, row, at=at, field=name))
            elif kind == "money" and self._scale(name) != 1:
                self._note(SCALED, row, {"unit": unit}, at=at)
            elif kind == "number" and "%" in unit:
                self.faults.add(self._found(PER_CENT, row, at=at, field=name))

    def _scale(self, column: str) -> int:
        found = _YUAN.match(self.match.units.get(column, ""))
        return _SCALES[found[1]] if found else 1

    def _body(self) -> pl.DataFrame:
        # The rows that hold data: below the header, without blank ones, totals, repeated headers and the lines at the
        # foot. What fills every required column and begins with free text is data whatever that text says.
        frame = self.cells.with_columns(_first=self.first)
        if self.grid.widths is not None:
            frame = frame.with_columns(_width=self.grid.widths)
        for title in frame.head(self.place).filter(pl.col("_first").is_not_null()).iter_rows(named=True):
            self._note(TITLE, title["_row"], value=title["_first"])
        frame = frame.slice(self.place + 1)
        named = [(str(at), self.header[at]) for at in self.match.places.values()]
        squeezed = pl.col("_first").str.replace_all(r"\s", "")
        needed = [pl.col(str(at)) for name, at in self.match.places.items() if name in self.table.required]
        filled = pl.all_horizontal(pl.lit(True), *(value.is_not_null() for value in needed))
        data = filled & self._begins_with_words()
        kinds = frame.select(
            # What stands beside our columns alone, such as running numbers typed in advance, is no row either.
            blank=pl.all_horizontal(pl.col(at).is_null() for at, _ in named),
            repeated=pl.all_horizontal(pl.col(at) == header for at, header in named).fill_null(False),
            total=(squeezed.str.contains(_TOTAL) & ~data).fill_null(False),
            signature=(squeezed.str.contains(_SIGNATURE) & ~data).fill_null(False),
        )
        usual = kinds.select(~pl.any_horizontal(pl.all())).to_series()
        if usual.all():
            return self._even(frame)
        # Lines at the foot stand below the last row that is none of all these.
        last = usual.arg_true()
        after = int(last[-1]) + 1 if len(last) else 0
        foot = kinds["signature"] & (pl.int_range(0, len(kinds), eager=True) >= after)
        for rule, mask in ((REPEATED, kinds["repeated"]), (TOTAL, kinds["total"]), (SIGNATURE, foot & ~kinds["total"])):
            for row, value in frame.filter(mask).select("_row", "_first").head(KEPT).iter_rows():
                self._note(rule, row, value=value)
        if blank := int((kinds["blank"] & ~kinds["total"] & ~foot).sum()):
            self._note(BLANK, None, {"count": blank})
        return self._even(frame.filter(~(kinds["blank"] | kinds["repeated"] | kinds["total"] | foot)))

    def _begins_with_words(self) -> pl.Expr:
        # Whether a row's first filled cell lies in a column of free text, where a real row may say 合计.
        words = {
            str(at)
            for name, at in self.match.places.items()
            if (column := self.table.column(name)).kind == "text"
            and name not in self.table.key
            and column.references is None
        }
        told = pl.lit(False)
        for name in reversed(self.cells.columns[: self.grid.cells.width]):
            told = pl.when(pl.col(name).is_not_null()).then(pl.lit(name in words)).otherwise(told)
        return told

    def _even(self, frame: pl.DataFrame) -> pl.DataFrame:
        # A CSV row with a separator too few or too many has its values in the wrong columns.
        if self.grid.widths is None or not frame.height:
            return frame
        expected = int(self.grid.widths[self.place])
        beyond = [str(at) for at in range(expected, self.grid.cells.width)]
        more = pl.any_horizontal(pl.col(name).is_not_null() for name in beyond) if beyond else pl.lit(False)
        # Some programs end every row with a separator but not the header.
        even = frame["_width"].n_unique() == 1 and frame["_width"][0] > expected and not frame.select(more.any()).item()
        if even:
            return frame
        ragged = frame["_width"] != expected
        if not ragged.any():
            return frame
        for row, count in frame.filter(ragged).select("_row", "_width").iter_rows():
            self.faults.add(self._found(RAGGED, row, {"count": count, "expected": expected}))
        return frame.filter(~ragged)

    def _note_other_columns(self, body: pl.DataFrame) -> None:
        ours = {*self.match.places.values(), *(at for _, at in self.match.twice)}
        for at, header in enumerate(self.header):
            if at in ours:
                continue
            if header:
                self._note(UNKNOWN_COLUMN, self.place + 1, {"table": table_term(self.table.name)}, at=at)
            elif body[str(at)].null_count() < body.height:
                self._note(NAMELESS_COLUMN, self.place + 1, {"letters": letters(at)})

    def _typed(self, body: pl.DataFrame) -> pl.DataFrame:
        typed: list[pl.Series] = []
        unread = pl.repeat(0, body.height, dtype=pl.Int64, eager=True)
        bad: list[tuple[int, int, Fault]] = []
        count = 0
        for bit, column in enumerate(self.table.columns):
            if column.name not in self.match.places:
                continue
            at = self.match.places[column.name]
            texts = body[str(at)]
            parsed = values.parse(
                texts,
                column,
                epoch_1904=self.grid.epoch_1904,
                scale=self._scale(column.name),
                codes=self.codes.get(column.name),
            )
            typed.append(parsed.values.alias(column.name))
            if parsed.rounded:
                self._note(ROUNDED, None, {"count": parsed.rounded}, at=at)
            if parsed.bad.any():
                unread = unread + parsed.bad.cast(pl.Int64) * (1 << bit)
                count += int(parsed.bad.sum())
                rows = body["_row"].filter(parsed.bad).head(KEPT)
                for row, text in zip(rows, texts.filter(parsed.bad).head(KEPT), strict=True):
                    rule, params = values.rule(column, text)
                    bad.append((row, at, self._found(rule, row, params, at=at, value=text, field=column.name)))
        self._take(bad, count)
        return pl.DataFrame([*typed, body["_row"], unread.alias("_unread")])

    def _take(self, bad: list[tuple[int, int, Fault]], count: int) -> None:
        found = Faults()
        found.first = [fault for _, _, fault in sorted(bad, key=lambda one: one[:2])[:KEPT]]
        found.count = count
        self.faults.extend(found)

    def _found(
        self,
        rule: str,
        row: int | None,
        params: Mapping[str, object] | None = None,
        *,
        at: int | None = None,
        value: str | None = None,
        field: str | None = None,
        severity: Severity = "fault",
    ) -> Fault:
        column = self.header[at] if at is not None else None
        shown = value.lstrip(values.UNREAD)[:SHOWN] if value is not None else None
        return Fault(
            self.file, self.grid.sheet, row, column, shown, rule, params or {}, severity, self.table.name, field
        )

    def _note(
        self,
        rule: str,
        row: int | None,
        params: Mapping[str, object] | None = None,
        *,
        at: int | None = None,
        value: str | None = None,
    ) -> None:
        if len(self.notes) < KEPT:
            self.notes.append(self._found(rule, row, params, at=at, value=value, severity="note"))
