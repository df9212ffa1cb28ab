"""A clerk's month in a browser: template, slips, the marked workbook, stored, seen in a figure, undone, corrected."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
from playwright.sync_api import Locator, Page, expect

from tests.browser.browsing import SETTLE_MILLISECONDS, Server, Visit, settle

expect.set_options(timeout=SETTLE_MILLISECONDS)

CLERK = {"as": "union.southwest@example.com"}
HEAD, ROW = 35, 35  # pixels of a table's header and of a row, as Streamlit draws them
OVERDUE = ".st-key-card_overdue_grievances .d-value"


def taken(page: Page, button: Locator) -> openpyxl.Workbook:
    """Return the workbook that a button hands over."""
    # Without it Chromium asks a person where to keep the file.
    page.evaluate("() => { delete window.showSaveFilePicker }")
    with page.expect_download() as download:
        button.click()
    return openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))


def hand_in(page: Page, name: str, book: openpyxl.Workbook) -> None:
    """Drop a workbook on the page and wait for what is said of it."""
    content = io.BytesIO()
    book.save(content)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    file = {"name": name, "mimeType": kind, "buffer": content.getvalue()}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(page.get_by_text("校验完毕")).to_be_visible()
    settle(page)


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()
    settle(page)


def overdue(visit: Visit) -> int:
    page = visit.open("grievances", **CLERK)
    return int(page.locator(OVERDUE).inner_text().replace(",", ""))


def row_of(table: Locator, number: int, across: float) -> tuple[float, float]:
    """Return where on the screen the middle of a table's row is, `across` of its width from the left."""
    box = table.bounding_box()
    assert box is not None
    return box["x"] + box["width"] * across, box["y"] + HEAD + ROW * (number + 0.5)


def type_into(page: Page, number: int, across: float, text: str) -> None:
    page.mouse.dblclick(*row_of(page.get_by_test_id("stDataFrame").first, number, across))
    typed = page.locator("#portal input, #portal textarea").first
    typed.fill(text)
    expect(typed).to_have_value(text)
    typed.press("Enter")


def test_a_clerks_month(visit: Callable[..., Visit], new_server: Callable[..., Server]) -> None:
    window = visit(language="zh", server=new_server())
    before = overdue(window)

    # The template has the clerk's own units in it.
    page = window.open("hand-in", **CLERK)
    tab(page, "模板")
    book = taken(page, page.locator(".st-key-template_grievances button"))
    sheet = book["职工诉求"]
    places = {str(cell.value).rstrip("*"): cell.column for cell in sheet[1]}
    unit = str(book["选项"]["A2"].value)

    def fill(row: int, **cells: str | date) -> None:
        for name, value in cells.items():
            sheet.cell(row, places[name] or 0, value)

    for row in (2, 3, 4):
        fill(row, 诉求编号=f"SQ-{row}", 单位编码=unit, 提出日期=date(2026, 3, row))
        fill(row, 诉求类别="安全健康", 来源渠道="热线")
    fill(3, 提出日期="2026-13-40", 诉求类别="八卦")
    fill(4, 单位编码="HQ")

    # Wrong: nothing is stored, and the workbook comes back with its cells marked.
    tab(page, "报送")
    hand_in(page, "职工诉求.xlsx", book)
    expect(page.get_by_test_id("stAlert").first).to_contain_text("没有保存任何数据")
    expect(page.locator(".st-key-hand_in_store")).to_have_count(0)
    marked = taken(page, page.locator(".st-key-faults_marked_0 button"))["职工诉求"]
    below = [cell for cells in marked.iter_rows(min_row=2) for cell in cells]
    comments = {(cell.row, cell.column): cell.comment.text for cell in below if cell.comment}
    assert set(comments) == {(3, places["提出日期"]), (3, places["诉求类别"]), (4, places["单位编码"])}
    assert "安全健康" in comments[3, places["诉求类别"]]
    assert "2025-03-05" in comments[3, places["提出日期"]]

    # Right: stored, and the figure moves at once.
    fill(3, 提出日期=date(2026, 3, 3), 诉求类别="安全健康")
    fill(4, 单位编码=unit)
    page = window.open("hand-in", **CLERK)
    hand_in(page, "职工诉求.xlsx", book)
    page.locator(".st-key-hand_in_store button").click()
    expect(page.get_by_test_id("stAlert").first).to_contain_text("已保存为第")
    settle(page)
    assert overdue(window) == before + 3

    # Undone: the figure is what it was.
    page = window.open("hand-in", **CLERK)
    tab(page, "历史")
    x, y = row_of(page.get_by_test_id("stDataFrame").first, 0, 0)
    page.mouse.click(x + 15, y)
    page.get_by_role("button", name="撤销第").click()
    expect(page.get_by_role("button", name="撤销第")).to_have_count(0)
    settle(page)
    assert overdue(window) == before

    # Corrected where it stands: a slip is told in words and keeps the button shut.
    page = window.open("correct", **CLERK)
    store = page.locator(".st-key-correct_store button")
    type_into(page, 0, 0.45, "-4")
    expect(page.get_by_test_id("stAlert").first).to_contain_text("没有保存任何数据")
    expect(store).to_be_disabled()
    type_into(page, 0, 0.45, "88")
    expect(page.get_by_test_id("stAlert").first).to_contain_text("变更 1 行")
    store.click()
    expect(page.get_by_test_id("stAlert").first).to_contain_text("已保存为第")
    settle(page)
