"""Files of other systems: what their headers and codes mean is suggested, and never more than suggested."""

from __future__ import annotations

import io

import openpyxl
import pytest

from data import reader, similar, tables

# A hotline's export, as such systems write them: a title, other words for everything, days with times.
HOTLINE = """12351热线工单导出,,,,,,,
工单号,责任部门,受理时间,问题类别,受理渠道,办结时间,处理结果,诉求内容
GD1,西南分公司,2025-03-01 08:30,工资,电话,2025-03-09,已办结,食堂
GD2,D02,2025-03-02,安全生产,微信,,,
GD3,D02,2025-03-02,劳动报酬,微信小程序,2025-03-08,撤单,
"""
MEANT = {
    "工单号": "grievance_id",
    "责任部门": "branch_id",
    "受理时间": "filed_on",
    "问题类别": "category",
    "受理渠道": "channel",
    "办结时间": "closed_on",
    "处理结果": "outcome",
    "诉求内容": "summary",
}


def seen(name: str, content: bytes) -> reader.Sheet:
    sheets, faults = reader.look(name, content)
    assert not faults
    return sheets[0]


def test_headers_below_a_title_are_found_with_what_stands_below_them() -> None:
    sheet = seen("导出.csv", HOTLINE.encode("gbk"))
    assert list(sheet.columns) == list(MEANT)
    assert sheet.rows == 3
    assert sheet.columns["责任部门"][0] == "D02"  # the commonest first


def test_each_sheet_of_a_workbook_is_looked_at() -> None:
    book = openpyxl.Workbook()
    book.active.append(["工号", "姓名"])  # type: ignore[union-attr]
    book.create_sheet("第二").append(["部门", "统计月份", "在岗人数"])
    book["第二"].append(["D02", "2025年3月", 120])
    out = io.BytesIO()
    book.save(out)
    sheets, faults = reader.look("人事.xlsx", out.getvalue())
    assert not faults
    assert [(sheet.name, list(sheet.columns)) for sheet in sheets] == [
        ("Sheet", ["工号", "姓名"]),
        ("第二", ["部门", "统计月份", "在岗人数"]),
    ]
    assert similar.columns_for(sheets[1].columns, similar.table_for(sheets[1].columns)) == {
        "部门": "branch_id",
        "统计月份": "month",
        "在岗人数": "employees",
    }


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02\x03" * 50, b"PK\x03\x04" + b"\x00" * 60])
def test_what_cannot_be_read_is_told(content: bytes) -> None:
    sheets, faults = reader.look("导出.csv", content)
    assert sheets == []
    assert [fault.severity for fault in faults] == ["fault"]


def test_table_columns_and_codes_are_suggested() -> None:
    columns = seen("导出.csv", HOTLINE.encode()).columns
    assert similar.table_for(columns) == "grievances"
    assert similar.columns_for(columns, "grievances") == MEANT
    table = tables.BY_NAME["grievances"]
    codes = {header: similar.codes_for(columns[header], table.column(MEANT[header]))
             for header in ("问题类别", "受理渠道", "处理结果")}  # fmt: skip
    assert codes == {
        "问题类别": {"工资": "pay", "安全生产": "safety"},  # 劳动报酬 is our own word
        "受理渠道": {"电话": "hotline", "微信": "online", "微信小程序": "online"},
        "处理结果": {"已办结": "resolved", "撤单": "withdrawn"},
    }
    units = {"D01": "西南分公司", "D02": "华东分公司"}
    assert similar.codes_for(columns["责任部门"], table.column("branch_id"), units) == {"西南分公司": "D01"}


def test_nothing_is_suggested_for_what_resembles_nothing() -> None:
    assert similar.columns_for({"备用字段三": ["x"], "序号": ["1"]}, "headcounts") == {}
    assert similar.codes_for(["@@@"], tables.BY_NAME["notices"].column("kind")) == {}
