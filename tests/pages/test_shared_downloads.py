"""What is taken away opens as figures in a spreadsheet, and never as a formula."""

from __future__ import annotations

import csv
import io
from datetime import date

import openpyxl
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.shared import downloads
from pages.shared.downloads import Sheet

# What spreadsheets start a formula with, behind blanks and in full width too.
EVIL = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=cmd|' /C calc'!A0",
    " =1",
    "\u200b=1",
    "\ufeff=1",
    "＝1",
    "＋1",
    "－1",
    "＠x",
]


def sheet(*texts: str, language: str = "zh") -> Sheet:
    frame = pl.DataFrame({"label": list(texts), "value": [-0.5] * len(texts), "hidden": ["secret"] * len(texts)})
    return Sheet(
        "参与率", frame, {"label": "单位", "value": "数值"}, "二分公司 · 2025年1–6月", date(2025, 6, 17),
        "en" if language == "en" else "zh", "公式", ("value",),
    )  # fmt: skip


def rows_of_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.parametrize("text", EVIL)
def test_no_cell_starts_a_formula_in_csv(text: str) -> None:
    cell = rows_of_csv(downloads.as_csv(sheet(text)))[1][0]
    assert cell == "'" + text.replace("\r\n", "\n")


@pytest.mark.parametrize("text", EVIL)
def test_no_cell_is_a_formula_in_xlsx(text: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(downloads.as_xlsx(sheet(text))))
    cell = book.worksheets[0]["A2"]
    assert cell.data_type == "s"
    assert str(cell.value).startswith("'")


@given(st.text(max_size=20))
def test_no_text_at_all_starts_with_a_formula_sign(text: str) -> None:
    assert (
        not str(downloads.safe(text))
        .lstrip(" \t\r\n\u200b\ufeff")
        .startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    )


def test_ordinary_names_are_left_alone() -> None:
    assert downloads.safe("第二分公司 (本级) a=b") == "第二分公司 (本级) a=b"


def test_numbers_stay_numbers_and_columns_not_named_stay_here() -> None:
    content = downloads.as_csv(sheet("甲"))
    assert rows_of_csv(content)[:2] == [["单位", "数值"], ["甲", "-0.5"]]
    assert "secret" not in content.decode("utf-8-sig")
    table = openpyxl.load_workbook(io.BytesIO(downloads.as_xlsx(sheet("甲")))).worksheets[0]
    assert table["B2"].value == -0.5
    assert table["B2"].number_format == "0.0%"
    assert [cell.value for cell in table[1]] == ["单位", "数值"]


def test_a_withheld_figure_is_no_blank_in_a_file() -> None:
    frame = pl.DataFrame(
        {
            "label": ["甲", "乙", "丙"], "value": [None, None, 0.5], "low": [None, None, 0.4],
            "suppressed": [True, False, False], "why": ["人数过少", None, None],
        }
    )  # fmt: skip
    columns = {"label": "单位", "value": "数值", "low": "下限", "why": "原因"}
    held = Sheet("参与率", frame, columns, "", date(2025, 6, 17), "zh", "", ("value",))
    assert rows_of_csv(downloads.as_csv(held))[1:4] == [
        ["甲", "<5", "", "人数过少"], ["乙", "", "", ""], ["丙", "0.5", "0.4", ""],
    ]  # fmt: skip
    table = openpyxl.load_workbook(io.BytesIO(downloads.as_xlsx(held))).worksheets[0]
    assert [cell.value for cell in table["B"]] == ["数值", "<5", None, 0.5]
    assert table["B4"].number_format == "0.0%"


def test_csv_opens_in_excel_as_chinese() -> None:
    assert downloads.as_csv(sheet("甲")).startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    ("language", "filters", "day"), [("zh", "筛选条件", "数据截至"), ("en", "Filters", "Data up to")]
)
def test_filters_definition_and_data_date_go_with_the_table(language: str, filters: str, day: str) -> None:
    about = [["二分公司 · 2025年1–6月", filters], ["2025-06-17", day]]
    ends = rows_of_csv(downloads.as_csv(sheet("甲", language=language)))
    lines = [
        [row[0].value, row[1].value]
        for row in openpyxl.load_workbook(io.BytesIO(downloads.as_xlsx(sheet("甲", language=language))))
        .worksheets[1]
        .iter_rows(max_col=2)
    ]
    for text, label in about:
        assert [label, text] in ends
        assert [label, text] in lines


@pytest.mark.parametrize("title", ['a/b\\c:d*e?f"g<h>i|j', "x" * 400, "...", "参与率 · 全部单位"])
def test_a_file_name_fits_every_system(title: str) -> None:
    name = downloads.safe_name(title)
    assert name and len(name) <= downloads.NAME_LENGTH
    assert not set(name) & set('\\/:*?"<>|') and not name.endswith((" ", "."))
