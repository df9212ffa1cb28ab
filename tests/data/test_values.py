"""What people type is read as what they mean, and what means nothing is told apart."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import tables, values
from data.tables import Column

DAYS = st.dates(date(1930, 1, 1), date(2170, 12, 31))
FULL_WIDTH = str.maketrans("0123456789-/.,:", "０１２３４５６７８９－／．，：")
CODED = [(table.name, column) for table in tables.TABLES for column in table.columns if column.codes]


def texts(*given: str | None) -> pl.Series:
    return pl.Series(list(given), dtype=pl.String)


def read(column: Column, *given: str | None) -> list[object]:
    return values.parse(texts(*given), column).values.to_list()


def forms(day: date) -> list[str]:
    """A date in every form that people type."""
    dates = [
        f"{day:%Y-%m-%d}",
        f"{day:%Y}-{day.month}-{day.day}",
        f"{day:%Y}/{day.month}/{day.day}",
        f"{day:%Y/%m/%d}",
        f"{day:%Y}.{day.month}.{day.day}",
        f"{day:%Y%m%d}",
        f"{day:%Y}年{day.month}月{day.day}日",
        f"{day:%Y} 年 {day:%m} 月 {day:%d} 日",
    ]
    timed = [f"{one} {behind}" for one in dates for behind in ("0:00", "08:30:15", "下午3:05", "12:00 PM", "9时30分")]
    return [*dates, *timed, f"{day.isoformat()}T00:00:00", f"{day.isoformat()}T00:00:00.000+08:00"]


@settings(deadline=None)
@given(DAYS)
def test_a_date_is_the_same_in_every_form(day: date) -> None:
    typed = forms(day)
    typed += [one.translate(FULL_WIDTH) for one in typed if "T" not in one]
    assert read(Column("d", "日", "date"), *typed) == [day] * len(typed)


@settings(deadline=None)
@given(DAYS)
def test_a_serial_is_the_day_of_its_epoch(day: date) -> None:
    since_1900 = str((day - date(1899, 12, 30)).days)
    assert values.as_date(texts(since_1900, since_1900 + ".75")).to_list() == [day, day]
    since_1904 = (day - date(1904, 1, 1)).days
    if since_1904 >= 10_000:
        assert values.as_date(texts(str(since_1904)), epoch_1904=True).to_list() == [day]


@pytest.mark.parametrize(
    "typed",
    ["2025-02-30", "2025-13-01", "2025-3/5", "25-3-5", "3/5/2025", "2025-03", "0205-03-05", "2925-03-05", "昨天",
     "2025-03-05T00:00:00Z", "2025-03-05 99", "123", "2025年3月", "1e5", "-45000", "2025-03-05至2025-03-06"],
)  # fmt: skip
def test_what_is_no_date(typed: str) -> None:
    assert read(Column("d", "日", "date"), typed) == [None]


@settings(deadline=None)
@given(DAYS)
def test_a_month_is_the_same_in_every_form(day: date) -> None:
    month = f"{day:%Y-%m}"
    typed = [month, f"{day:%Y}/{day.month}", f"{day:%Y%m}", f"{day:%Y}年{day.month}月", f"{day:%Y}年{day:%m}月份"]
    typed += [*forms(day), str((day - date(1899, 12, 30)).days)]
    assert read(Column("m", "月份", "month"), *typed) == [month] * len(typed)


@pytest.mark.parametrize("typed", ["2025.1", "2025-13", "3月", "2025", "2025-00", "1/2025"])
def test_what_is_no_month(typed: str) -> None:
    # 2025.1 is what a spreadsheet makes of October typed as 2025.10.
    assert read(Column("m", "月份", "month"), typed) == [None]


@settings(deadline=None)
@given(st.integers(-(2**62), 2**62))
def test_a_whole_number_is_the_same_in_every_form(number: int) -> None:
    typed = [str(number), f"{number:,}", f"{number}.00", str(number).translate(FULL_WIDTH), f"{number:+}"]
    assert read(Column("n", "数", "int"), *typed) == [number] * len(typed)


@settings(deadline=None)
@given(st.decimals(-(10**12), 10**12, places=6))
def test_a_number_is_the_same_in_every_form(number: Decimal) -> None:
    typed = [f"{number:f}", f"{number:,f}", f"{number:,f}".translate(FULL_WIDTH)]
    assert read(Column("n", "数", "number"), *typed) == [float(number)] * 3


@pytest.mark.parametrize(
    "typed", ["12,34", "1,2345", "1 234", "12人", "1e5", "0x10", "--1", ".", "+", "９９％", "nan", "inf"]
)
def test_what_is_no_number(typed: str) -> None:
    for kind in ("int", "number", "money"):
        assert read(Column("n", "数", kind), typed) == [None]


def test_what_is_no_whole_number() -> None:
    assert read(Column("n", "数", "int"), "1.5", "9" * 19, "9" * 40) == [None, None, None]


@settings(deadline=None)
@given(st.decimals(-(10**11), 10**11, places=2))
def test_an_amount_is_exact_to_the_fen(yuan: Decimal) -> None:
    fen = int(yuan * 100)
    assert values.as_fen(texts(f"{yuan:f}", f"{yuan:,f}"))[0].to_list() == [fen, fen]
    assert values.as_fen(texts(f"{yuan:f}"), scale=10_000)[0].to_list() == [fen * 10_000]
    # As a spreadsheet hands over its binary fractions.
    assert values.as_fen(texts(values.cell_text(float(yuan))))[0].to_list() == [fen]


@settings(deadline=None)
@given(st.decimals(-(10**9), 10**9, places=5))
def test_more_than_fen_are_rounded_and_counted(yuan: Decimal) -> None:
    fen, rounded = values.as_fen(texts(f"{yuan:f}"))
    # Half a fen goes away from zero.
    assert fen.to_list() == [int((yuan * 100).quantize(Decimal(1), ROUND_HALF_UP))]
    assert rounded == (yuan * 100 % 1 != 0)


def test_yes_and_no() -> None:
    yes, no = ["1", "是", "true", "TRUE", "Yes", "Y", "y", "１", "ＹＥＳ"], ["0", "否", "False", "NO", "n", "０"]
    column = Column("b", "否", "bool")
    assert read(column, *yes) == [True] * len(yes)
    assert read(column, *no) == [False] * len(no)
    assert read(column, "√", "对", "2", "有", "1.0") == [None] * 5


@pytest.mark.parametrize(("table", "column"), CODED, ids=lambda one: one if isinstance(one, str) else one.name)
def test_every_code_is_read_in_both_languages(table: str, column: Column) -> None:
    for code, chinese in column.codes:
        typed = [code, chinese, code.upper(), code.replace("_", " "), code.title(), f"{chinese[:1]} {chinese[1:]}"]
        assert read(column, *typed) == [code] * len(typed), table
    assert read(column, "无此代码") == [None]


def test_another_systems_codes_stand_beside_ours() -> None:
    column = tables.BY_NAME["grievances"].column("channel")
    parsed = values.parse(texts("12345工单", "热线", "工单"), column, codes={"12345工单": "hotline"})
    assert parsed.values.to_list() == ["hotline", "hotline", None]
    assert parsed.bad.to_list() == [False, False, True]


def test_empty_is_no_fault() -> None:
    for kind in values.DTYPES:
        parsed = values.parse(texts(None, None), Column("c", "列", kind))  # type: ignore[arg-type]
        assert parsed.values.dtype == values.DTYPES[kind]
        assert parsed.values.null_count() == 2
        assert not parsed.bad.any()


@pytest.mark.parametrize("kind", list(values.DTYPES))
def test_a_spoilt_cell_is_no_value_of_any_kind(kind: str) -> None:
    column = Column("c", "列", kind)  # type: ignore[arg-type]
    for typed in ("#N/A", "#REF!", "#DIV/0!", values.UNREAD + "#VALUE!"):
        assert values.parse(texts(typed), column).bad.to_list() == [True]
        assert values.rule(column, typed)[0] == values.ERROR_CELL
    assert values.parse(texts(values.UNCALCULATED), column).bad.to_list() == [True]
    assert values.rule(column, values.UNCALCULATED)[0] == values.UNCALCULATED_CELL


@settings(deadline=None)
@given(st.lists(st.sampled_from(["2025-01-01", "x", None, "2025/1/2", "45000", "a", "b", "c"]), max_size=40))
def test_many_rows_are_read_as_one_by_one(typed: list[str | None]) -> None:
    column = Column("d", "日", "date")
    parsed = values.parse(texts(*typed), column)
    alone = [values.parse(texts(one), column) for one in typed]
    assert parsed.values.to_list() == [one.values[0] for one in alone]
    assert parsed.bad.to_list() == [one.bad[0] for one in alone]


def test_blanks_around_a_text_are_nobodys_meaning() -> None:
    frame = pl.DataFrame({"t": ["\u3000 D1\u00a0", "\ufeffD1\u200b", "\t", "\u3000", "", None, "D 1"]})
    assert frame.select(values.stripped(pl.all()))["t"].to_list() == ["D1", "D1", None, None, None, None, "D 1"]


def test_a_spreadsheets_cells_as_a_person_would_type_them() -> None:
    cells: list[tuple[object, str | None]] = [
        (float(2**58), "288230376151711744"),  # its digits, or an identity number would pass
        (20.0, "20"),
        (0.00001, "0.00001"),
        (50626.61, "50626.61"),
        (True, "TRUE"),
        (datetime(2025, 3, 5, 13, 1), "2025-03-05"),
        (date(2025, 3, 5), "2025-03-05"),
        (time(8, 30), "08:30:00"),
        (timedelta(hours=1), "1:00:00"),
        (None, None),
    ]
    assert [values.cell_text(cell) for cell, _ in cells] == [text for _, text in cells]
