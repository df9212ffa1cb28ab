"""A meeting from beginning to end: prepared and held by the union, the same for both sides, followed up."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.browsing import Server, settle, start, visiting

UNION, MANAGEMENT, EXECUTIVE = "union.southwest@example.com", "management@example.com", "executive@example.com"
TITLE, TOPIC = "西南分公司2026年三季度平等协商", "三个月内按时办结率回到八成五"


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
        address = union.address
        page.locator(".st-key-room_present button").click()
        settle(page)
        expect(page.get_by_test_id("stSidebar")).to_be_hidden()
        seal = page.locator(".r-small").last.inner_text()
        for place in ("2 / 6", "3 / 6", "4 / 6"):
            page.keyboard.press("ArrowRight")
            expect(page.get_by_text(place, exact=True)).to_be_visible()
        settle_item = page.locator('[class*="st-key-promise_"]').first
        settle_item.get_by_role("button").first.click()
        page.get_by_label("承诺事项").last.fill(TOPIC)
        page.get_by_role("button", name="记入承诺台账").click()
        expect(page.get_by_text("已记入承诺台账。")).to_be_visible()
        assert union.outside == []
    query = address.partition("?")[2]
    meeting = next(part.removeprefix("meeting=") for part in query.split("&") if part.startswith("meeting="))
    for who in (MANAGEMENT, EXECUTIVE):
        with visiting(browser, own_server, width=1440) as other:
            page = other.open("room", meeting=meeting, present="1", **{"as": who})
            assert page.locator(".r-small").last.inner_text() == seal
            assert page.locator('[class*="st-key-promise_"]').count() == 0
    with visiting(browser, own_server, width=1440) as later:
        page = later.open("room", meeting=meeting, **{"as": UNION})
        expect(page.get_by_role("heading", name="承诺了什么，兑现得怎样")).to_be_visible()
        expect(page.locator('[data-testid="stDataFrame"]').last).to_contain_text(f"{meeting}-1")
