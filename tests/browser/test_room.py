"""A meeting from beginning to end: prepared and held by the union, the same for both sides, followed up."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, expect
from pypdf import PdfReader

from tests.browser.browsing import Server, Visit, settle, start, visiting

UNION, MANAGEMENT, EXECUTIVE = "union.southwest@example.com", "management@example.com", "executive@example.com"
TITLE, TOPIC = "西南分公司2026年三季度平等协商", "三个月内按时办结率回到八成五"
SOON = 30_000  # milliseconds: what a busy machine may take
DECISION, EVIDENCE = "成立专项小组，按月公布进度", "十月按时办结率已达八成六"


@pytest.fixture(scope="module")
def own_server(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on a copy of the demo: this test stores what a meeting decides."""
    home = tmp_path_factory.mktemp("room") / "home"
    shutil.copytree(demo, home)
    server = start(home)
    yield server
    server.stop()


def test_a_meeting_is_prepared_held_and_followed_up(own_server: Server, browser: Browser) -> None:
    with visiting(browser, own_server, width=1920) as union:
        meeting = prepare(union)
        seal = hold(union)
        assert union.outside == []
    for who in (MANAGEMENT, EXECUTIVE):
        with visiting(browser, own_server, width=1024) as other:
            look(other, who, meeting, seal)
    with visiting(browser, own_server, width=1440) as later:
        follow_up(later, meeting)


def prepare(union: Visit) -> str:
    """Plan a meeting, choose two items from the evidence, freeze, take down that it takes place; return its number."""
    union.open()
    page = union.open("room", unit="D02", **{"as": UNION})
    page.get_by_role("button", name="筹备会议").click()
    page.get_by_label("标题").first.fill(TITLE)
    # Not Tab: it opens the calendar beside the title, which then lies over the button.
    page.get_by_label("标题").first.press("Enter")
    settle(page)
    page.get_by_role("button", name="开始筹备").click()
    settle(page)
    for _time in range(2):
        page.locator('[class*="st-key-add_"] button').first.click()
        settle(page)
    page.locator(".st-key-room_freeze button").click()
    page.get_by_text("SHA-256").first.wait_for()
    page.get_by_role("button", name="会议召开").click()
    settle(page)
    return parse_qs(urlsplit(union.address).query)["meeting"][0]


def hold(union: Visit) -> str:
    """Show the slides with the keys, take down a decision and a promise at the first item; return the seal."""
    page = union.page
    page.locator(".st-key-room_present button").click()
    settle(page)
    expect(page.get_by_test_id("stSidebar")).to_be_hidden(timeout=SOON)
    seal = page.locator(".r-small").last.inner_text()
    assert re.search(r"SHA-256 [0-9a-f]{64}", seal)
    page.keyboard.press("ArrowRight")
    # The last promises come first: how many are overdue, and a row each.
    expect(page.locator(".r-four")).to_contain_text("逾期未完成", timeout=SOON)
    expect(page.locator(".r-table tr").nth(1)).to_be_visible(timeout=SOON)
    bar = page.locator(".st-key-room_bar")
    record = page.locator('[class*="st-key-promise_"]').first
    place = 2
    while record.count() == 0:
        place += 1
        page.keyboard.press("ArrowRight")
        expect(bar.get_by_text(re.compile(rf"^{place} / \d+$"))).to_be_visible(timeout=SOON)
        settle(page)
    expect(bar.get_by_text(re.compile(r"^\d\d:\d\d / 10:00$"))).to_be_visible(timeout=SOON)
    page.keyboard.press("ArrowLeft")
    expect(bar.get_by_text(re.compile(rf"^{place - 1} / \d+$"))).to_be_visible(timeout=SOON)
    page.keyboard.press("ArrowRight")
    expect(bar.get_by_text(re.compile(rf"^{place} / \d+$"))).to_be_visible(timeout=SOON)
    settle(page)
    page.locator('[class*="st-key-decide_"] button').first.click()
    page.get_by_label("议定事项").last.fill(DECISION)
    page.get_by_text("B 正在解决", exact=True).last.click()
    page.get_by_role("button", name="保存").last.click()
    expect(bar.get_by_text(f"{DECISION} · B 正在解决")).to_be_visible(timeout=SOON)
    record.get_by_role("button").first.click()
    page.get_by_label("承诺事项").last.fill(TOPIC)
    page.get_by_role("button", name="记入承诺台账").click()
    expect(page.get_by_text("已记入承诺台账。")).to_be_visible(timeout=SOON)
    return seal


def look(other: Visit, who: str, meeting: str, seal: str) -> None:
    """Look as the other side: the same slide with the same seal, nothing to take down, what has changed since."""
    page = other.open("room", meeting=meeting, present="1", **{"as": who})
    assert page.locator(".r-small").last.inner_text() == seal
    assert page.locator('[class*="st-key-promise_"]').count() == 0
    page = other.open("room", meeting=meeting, **{"as": who})
    expect(page.get_by_text(TOPIC).first).to_be_visible(timeout=SOON)  # the chain tells of the promise made
    assert page.locator(".st-key-room_follow").count() == 0
    page.get_by_text("冻结后有何变化").click()
    settle(page)
    expect(page.locator(".st-key-room_moved")).to_contain_text("冻结", timeout=SOON)
    assert "含补报" not in page.locator(".st-key-room_moved").inner_text()


def follow_up(later: Visit, meeting: str) -> None:
    """Begin the next time with the ledger: the promise is there, is marked as done with its evidence; the papers."""
    page = later.open("room", meeting=meeting, **{"as": UNION})
    expect(page.get_by_role("heading").nth(1)).to_have_text("承诺了什么，兑现得怎样", timeout=SOON)
    expect(page.locator(".c-chain").first).to_contain_text(TOPIC, timeout=SOON)
    expect(page.locator(".c-chain").first).to_contain_text("B 正在解决", timeout=SOON)
    page.locator(".st-key-room_follow button").first.click()
    settle(page)
    box = page.get_by_role("combobox", name="承诺事项")
    box.click()
    box.fill(f"{meeting}-1")
    page.get_by_role("option").filter(has_text=TOPIC).click()
    settle(page)
    page.get_by_label("兑现依据").fill(EVIDENCE)
    page.get_by_role("button", name="标记为已完成").click()
    expect(page.get_by_text("已标记为完成。")).to_be_visible(timeout=SOON)
    settle(page)
    # The verdict on its figure: too early, for the meeting was just held.
    expect(page.locator(".c-chain").first).to_contain_text("按期完成", timeout=SOON)
    page.locator(".st-key-room_papers button").click()
    brief = page.locator(".st-key-paper_brief button")
    expect(brief).to_be_visible(timeout=SOON)
    page.evaluate("() => { delete window.showSaveFilePicker }")
    with page.expect_download() as download:
        brief.click()
    text = "".join(sheet.extract_text() for sheet in PdfReader(download.value.path()).pages)
    assert re.search(r"SHA-256\s*[0-9a-f]{64}", text)
    assert TITLE in text.replace("\n", "").replace(" ", "")
    for kind in ("workbook", "slides", "minutes"):
        expect(page.locator(f".st-key-paper_{kind} button")).to_be_visible(timeout=SOON)
