"""Handing in: files are previewed, every fault is named, and nothing of a faulty file is stored."""

from __future__ import annotations

import io
import sqlite3
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError
from streamlit.testing.v1 import AppTest

from data import bulk, database, importer, mappings
from data.faults import Fault
from data.importer import ImportResult
from data.marking import marked
from data.schema import HANDED_IN
from data.silence import attempted
from tests.pages.conftest import HOUSE, PEOPLE


def hand_in_page(role: str = "union_staff", lang: str = "zh") -> AppTest:
    app = AppTest.from_file(str(HOUSE / "app.py"), default_timeout=30)
    app.query_params.update({"as": PEOPLE[role][0], "lang": lang})
    app.run()
    return app.switch_page("pages/manage/hand_in.py").run()


def notice(number: str, unit: str, day: str = "2025-06-10") -> bytes:
    return f"编号,单位编码,发布日期,类型,标题\n{number},{unit},{day},工作动态,新动态\n".encode("gbk")


def test_a_right_ledger_is_previewed_stored_and_seen(own_home: Path) -> None:
    app = hand_in_page()
    app.file_uploader[0].upload("工作动态.csv", notice("N900", "D1B1"), "text/csv")
    app.run()
    assert not app.exception
    assert app.dataframe[0].value["new"].tolist() == [1]
    app.button(key="hand_in_store").click().run()
    assert "入库" in app.success[0].value or "导入" in app.success[0].value
    again = hand_in_page()
    again.file_uploader[0].upload("工作动态.csv", notice("N900", "D1B1"), "text/csv")
    again.run()
    assert again.dataframe[0].value["unchanged"].tolist() == [1]
    assert not [button for button in again.button if button.key == "hand_in_store"]


def test_another_units_row_is_refused_and_cannot_be_stored(own_home: Path) -> None:
    app = hand_in_page()
    app.file_uploader[0].upload("工作动态.csv", notice("N901", "D2B1"), "text/csv")
    app.run()
    assert app.error
    assert not [button for button in app.button if button.key == "hand_in_store"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_fault_stands_with_its_row(own_home: Path, lang: str) -> None:
    app = hand_in_page(lang=lang)
    app.file_uploader[0].upload("工作动态.csv", notice("N902", "D1B1", "2025-13-40"), "text/csv")
    app.run()
    table = app.dataframe[-1].value
    assert table["row"].tolist() == [2]
    assert "2025-13-40" in table["value"].tolist()
    assert app.error


@pytest.mark.parametrize("role", ["executive", "management"])
def test_who_may_not_hand_in_has_no_such_page(own_home: Path, role: str) -> None:
    app = AppTest.from_file(str(HOUSE / "app.py"), default_timeout=30)
    app.query_params.update({"as": PEOPLE[role][0]})
    app.run()
    with pytest.raises(ValueError, match="navigation page"):
        app.switch_page("pages/manage/hand_in.py").run()


def test_the_faulty_workbook_comes_back_with_the_cell_marked() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "工作动态"
    sheet.append(["编号", "发布日期"])
    sheet.append(["N1", "2025-13-40"])
    out = io.BytesIO()
    book.save(out)
    fault = Fault("a.xlsx", "工作动态", 2, "发布日期", "2025-13-40", "No such day; write it as 2025-03-05.")
    back = marked("a.xlsx", out.getvalue(), [fault], "en")
    assert back is not None
    cell = openpyxl.load_workbook(io.BytesIO(back))["工作动态"]["B2"]
    assert cell.comment is not None and "2025-03-05" in cell.comment.text
    assert openpyxl.load_workbook(io.BytesIO(back))["工作动态"]["A2"].comment is None


def test_a_file_of_another_system_is_mapped_once_and_then_handed_in_as_it_is(own_home: Path) -> None:
    ours = {"N930": "福利", "N931": "政策"}
    lines = [f"{number},D1B1,2025-06-10 09:00,{kind},通知" for number, kind in ours.items()]
    content = "\n".join(["编码,发布部门,发布时间,信息类别,标题", *lines]).encode("gbk")
    app = hand_in_page()
    app.file_uploader[0].upload("OA导出.csv", content, "text/csv")
    app.run()
    assert app.error
    app.button(key="hand_in_map").click().run()
    assert not app.exception
    app.selectbox[0].set_value("notices").run()
    assert not app.exception
    assert [error.value for error in app.error] == []
    app.text_input(key="mapping_name").set_value("OA公告")
    app.button(key="mapping_store").click().run()
    assert not app.exception
    with database.reading() as connection:
        made = mappings.load(connection, "OA公告")
    assert made.table == "notices"
    assert made.columns == {"编码": "notice_id", "发布部门": "branch_id", "发布时间": "published_on",
                            "信息类别": "kind", "标题": "title"}  # fmt: skip
    assert made.codes["kind"] == {"福利": "welfare", "政策": "policy"}
    again = hand_in_page()
    again.file_uploader[0].upload("OA导出.csv", content, "text/csv")
    again.run()
    again.selectbox(key="hand_in_mapping").set_value("OA公告").run()
    again.button(key="hand_in_store").click().run()
    assert again.success
    with database.reading() as connection:
        frame = bulk.read(connection, select(HANDED_IN["notices"]))
    stored = frame.filter(pl.col("notice_id").is_in(list(ours))).sort("notice_id")
    assert stored["kind"].to_list() == ["welfare", "policy"]


def test_a_mapping_without_a_required_column_says_which(own_home: Path) -> None:
    app = hand_in_page()
    app.file_uploader[0].upload("导出.csv", "部门,在岗人数\nD1B1,120\n".encode(), "text/csv")
    app.run()
    app.button(key="hand_in_map").click().run()
    assert not app.exception
    assert ["月份" in error.value for error in app.error] == [True]
    assert not [field for field in app.text_input if field.key == "mapping_name"]


def test_a_full_disk_is_told_on_the_page_and_the_same_click_works_once_there_is_room(own_home: Path) -> None:
    rows = "".join(f"N9{number},D1B1,2025-06-10,工作动态,{'长' * 300}\n" for number in range(3000))
    content = f"编号,单位编码,发布日期,类型,标题\n{rows}".encode()
    app = hand_in_page()
    app.file_uploader[0].upload("工作动态.csv", content, "text/csv")
    app.run()
    engine = database.engine()

    def fill(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count=1")

    engine.dispose()
    event.listen(engine, "connect", fill)
    try:
        app.button(key="hand_in_store").click().run()
    finally:
        event.remove(engine, "connect", fill)
        engine.dispose()
    assert not app.exception
    assert "空间已满" in app.error[0].value
    with database.reading() as connection:
        stored = select(func.count()).select_from(HANDED_IN["notices"]).where(HANDED_IN["notices"].c.notice_id > "N9")
        assert connection.scalar(stored) == 0
    app.button(key="hand_in_store").click().run()
    assert app.success
    with database.reading() as connection:
        assert connection.scalar(stored) == 3000


def test_a_silent_database_is_told_and_nothing_else_of_it() -> None:
    def silent() -> ImportResult:
        raise OperationalError("SELECT secret", {}, Exception("connection refused at 10.1.2.3"))

    result = attempted(silent, importer.unstored)
    assert [fault.text("zh") for fault in result.faults] == [
        "数据库没有响应，没有保存任何数据。请过几分钟再试，已填内容仍在。"
    ]
