"""What a visitor does with the dashboard in a browser: filter, reload, go back, click, take away, hand in, switch."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import openpyxl
from playwright.sync_api import Locator, Page, expect

from tests.browser.browsing import SETTLE_MILLISECONDS, Visit, settle

expect.set_options(timeout=SETTLE_MILLISECONDS)

Visiting = Callable[..., Visit]
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def query(visit: Visit) -> dict[str, list[str]]:
    return parse_qs(urlsplit(visit.address).query)


def sentence(page: Page) -> Locator:
    """What the page says that it shows."""
    return page.locator(".d-what")


def choose(page: Page, key: str, option: str) -> None:
    """Choose an option in one of the bar's lists."""
    box = page.locator(f".st-key-{key}").get_by_role("combobox")
    box.click()
    box.fill(option)
    page.get_by_role("option", name=option).first.click()


def figure(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-figure_{key}")


def test_filters_stand_in_the_address_survive_a_reload_and_the_way_back(visit: Visiting) -> None:
    window = visit(language="en")
    page = window.open("participation")
    whole = sentence(page).inner_text()
    choose(page, "bar_period", "Year to date")
    expect(sentence(page)).not_to_have_text(whole)
    settle(page)
    year = sentence(page).inner_text()
    assert query(window)["period"] == ["ytd"]
    page.reload()
    settle(page)
    expect(sentence(page)).to_have_text(year)
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Suggestions").click()
    expect(page.locator("h1")).to_have_text("Suggestions")
    settle(page)
    expect(sentence(page)).to_have_text(year)
    page.go_back()
    expect(page.locator("h1")).to_have_text("Participation")
    settle(page)
    expect(sentence(page)).to_have_text(year)


def test_a_link_opens_the_same_view_for_somebody_else_in_either_language(visit: Visiting) -> None:
    sender = visit(language="en")
    page = sender.open("grievances", unit="D02", period="2026-01..2026-03", category=["pay"])
    said = sentence(page).inner_text()
    assert "2026" in said
    receiver = visit(language="zh")
    # A link names no language unless its sender has switched.
    other = receiver.open("grievances", **{k: v for k, v in query(sender).items() if k != "lang"})
    assert "2026年1–3月" in sentence(other).inner_text()
    assert query(receiver)["unit"] == ["D02"]
    assert query(receiver)["category"] == ["pay"]


def test_a_click_on_a_bar_opens_that_unit(visit: Visiting) -> None:
    window = visit(language="en")
    page = window.open("overview")
    chart = figure(page, "overview_units").get_by_test_id("stVegaLiteChart")
    chart.scroll_into_view_if_needed()
    settle(page)
    size = chart.bounding_box()
    assert size is not None
    # In the first bar: beside the names, below the top.
    chart.click(position={"x": size["width"] * 0.45, "y": 24})
    expect(page.locator("h1")).not_to_have_text("Overview")
    settle(page)
    assert urlsplit(window.address).path == "/unit"
    assert re.fullmatch(r"D\d\d", query(window)["unit"][0])


def test_a_finding_opens_the_page_with_its_evidence(visit: Visiting) -> None:
    window = visit(language="en")
    page = window.open("overview")
    finding = page.locator("[class*='st-key-finding_']").get_by_role("button").first
    said = finding.inner_text()
    finding.click()
    expect(page.locator("h1")).not_to_have_text("Overview")
    settle(page)
    # The sentence names the unit; the page is about it.
    assert sentence(page).inner_text().split(" · ")[0] in said


def test_a_figure_can_be_taken_away_as_a_table_and_as_a_picture(visit: Visiting) -> None:
    window = visit(language="zh")
    page = window.open("participation", unit="D02")
    said = sentence(page).inner_text()
    menu = figure(page, "participation_by_unit").get_by_role("button", name="下载")
    saved: dict[str, bytes] = {}
    for kind in ("CSV", "XLSX", "PNG", "SVG"):
        button = page.get_by_role("button", name=kind, exact=True)
        expect(button).to_have_count(0)  # what was open before has gone
        menu.click()
        expect(button).to_be_visible()
        settle(page)
        with page.expect_download() as waiting:
            button.click()
        saved[kind] = Path(waiting.value.path()).read_bytes()
        assert waiting.value.suggested_filename.endswith(f".{kind.lower()}")
        settle(page)
        page.keyboard.press("Escape")
    title = figure(page, "participation_by_unit").locator("h3").inner_text()
    assert title in saved["SVG"].decode() and saved["PNG"].startswith(b"\x89PNG")
    raw = saved["CSV"]
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    table, about = rows[: rows.index([])], rows[rows.index([]) + 1 :]
    assert len(table) > 3
    assert said in [cell for row in about for cell in row]
    book = openpyxl.load_workbook(io.BytesIO(saved["XLSX"]))
    cells: list[list[object]] = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    assert [row[0] for row in cells] == [row[0] for row in table]
    written = [cell for row in rows for cell in row] + [cell for row in cells for cell in row if isinstance(cell, str)]
    numbers = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
    assert [text for text in written if text.startswith(FORMULA) and not numbers.fullmatch(text)] == []


def test_the_map_is_drawn_without_asking_anybody_outside(visit: Visiting) -> None:
    window = visit(language="zh")
    with window.page.expect_response("**/outlines.geojson") as outlines:
        page = window.open("map")
    assert outlines.value.ok
    canvas = page.get_by_test_id("stDeckGlJsonChart").locator("canvas").first
    expect(canvas).to_be_visible()
    # A drawn canvas compresses worse than an empty one of one colour.
    page.wait_for_function("() => document.querySelector('[data-testid=stDeckGlJsonChart] canvas')?.width > 300")
    assert len(canvas.screenshot()) > 10_000
    # `visit` holds that nobody but the server was asked and that nothing complained.


def test_a_wrong_file_shows_its_faults_and_cannot_be_stored(visit: Visiting) -> None:
    window = visit(language="en")
    page = window.open("hand-in", **{"as": "admin@example.com"})
    ledger = "编号,单位编码,发布日期,类型,标题\nN900,D02,2025-13-40,工作动态,新动态\n".encode("gbk")
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": "工作动态.csv", "mimeType": "text/csv", "buffer": ledger}
    )
    expect(page.get_by_test_id("stAlert").first).to_be_visible()
    settle(page)
    expect(page.get_by_test_id("stDataFrame").last).to_be_visible()
    expect(page.locator(".st-key-hand_in_store")).to_have_count(0)


def test_the_language_switches_and_stays_on_every_page(visit: Visiting) -> None:
    window = visit(language="zh")
    page = window.open("engagement")
    expect(page.locator("h1")).to_have_text("职工满意度")
    page.get_by_test_id("stSidebar").get_by_text("English", exact=True).click()
    expect(page.locator("h1")).to_have_text("Engagement")
    settle(page)
    assert query(window)["lang"] == ["en"]
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Map").click()
    expect(page.locator("h1")).to_have_text("Map")
    settle(page)
    # What was chosen in one language is still chosen in the other, and can be chosen anew.
    assert query(window)["period"] == ["last12"]
    choose(page, "bar_period", "Year to date")
    expect(sentence(page)).to_contain_text("Jan–")
    settle(page)
    assert query(window)["period"] == ["ytd"]
    page.get_by_test_id("stSidebar").get_by_text("中文", exact=True).click()
    expect(page.locator("h1")).to_have_text("地图")
    settle(page)
    assert query(window)["period"] == ["ytd"]


def test_a_dark_system_gets_a_dark_page(visit: Visiting) -> None:
    background = "app => getComputedStyle(app).backgroundColor"
    shades = {}
    for scheme in ("light", "dark"):
        page = visit(scheme=scheme).open("definitions")
        shades[scheme] = sum(map(int, re.findall(r"\d+", page.get_by_test_id("stApp").evaluate(background))[:3]))
    assert shades["light"] > 600
    assert shades["dark"] < 200
