"""Every page as people meet it: drawn whole, nothing jumps, readable for all, within a window half as wide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from pages.shared.navigation import Entry, entries
from queries.viewers import Viewer
from tests.browser.browsing import HEIGHTS, Visit, settle

UNION, ADMIN = "union.southwest@example.com", "admin@example.com"
HEAVIEST = ("grievances", "participation", "commitments")
SQUEEZED = ("overview", "grievances", "contracts", "hand-in")  # charts, tables, cards, forms
ZOOMED = 720  # a window of 1440 at 200 %
AA = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
JUMP = 0.1  # the largest shift that people do not take for a jump (web.dev: "good")
_WATCH = """
window.__jumps = [];
new PerformanceObserver(seen => { for (const one of seen.getEntries()) if (!one.hadRecentInput)
    window.__jumps.push([one.value, ...[...one.sources].map(part => part.node?.className ?? '')]);
}).observe({type: 'layout-shift', buffered: true});
"""
# Streamlit's own elements, each with what they do that we cannot change from outside.
NOT_OURS = {
    "list": "stSidebarNavItems",  # the navigation puts its sections as div into the list
    "listitem": "<li class",  # so its entries are not directly in one
}


def faults(page: Page, only: tuple[str, ...] = AA) -> list[tuple[str, str]]:
    """What axe finds serious or critical on our parts: rule and element."""
    options: dict[str, Any] = {"resultTypes": ["violations"], "runOnly": list(only)}
    found = []
    for rule in Axe().run(page, options=options).response["violations"]:
        if rule["impact"] not in ("serious", "critical"):
            continue
        for node in rule["nodes"]:
            if not (rule["id"] in NOT_OURS and NOT_OURS[rule["id"]] in node["html"]):
                found.append((rule["id"], node["html"][:200]))
    return found


def looked_at(window: Visit, entry: Entry, person: str) -> dict[str, object]:
    """What is wrong with a page, by kind; empty if nothing is."""
    page = window.open(entry.key, **{"as": person})
    wrong: dict[str, object] = {}
    big = [jump for jump in page.evaluate("window.__jumps") if jump[0] >= JUMP]
    if big and entry.filtered:  # a form's fields come as the browser gets to know their kinds
        wrong["jumps"] = big
    tabs = page.get_by_test_id("stMain").get_by_role("tab")
    for place in range(max(tabs.count(), 1)):
        if place:
            tabs.nth(place).click()
            settle(page)
        if page.get_by_text("此处未能显示").count():
            wrong["not drawn"] = place
        if found := faults(page):
            wrong[f"axe {place}"] = found
    if entry.key in SQUEEZED:
        page.set_viewport_size({"width": ZOOMED, "height": HEIGHTS[1440]})
        settle(page)
        if (over := page.get_by_test_id("stMain").evaluate("main => main.scrollWidth - main.clientWidth")) > 0:
            wrong["wider than the window"] = over
        page.set_viewport_size({"width": 1440, "height": HEIGHTS[1440]})
    return wrong


def test_every_page_is_drawn_without_a_jump_readable_for_all_and_at_twice_the_size(
    visit: Callable[..., Visit],
) -> None:
    window = visit(language="zh")
    window.page.add_init_script(_WATCH)
    wrong: dict[str, object] = {}
    for entry in entries(Viewer("", "union_staff")):
        if found := looked_at(window, entry, UNION):
            wrong[entry.key] = found
        assert window.errors == [], entry.key
    people = next(entry for entry in entries(Viewer("", "admin")) if entry.key == "people")
    if found := looked_at(window, people, ADMIN):
        wrong[people.key] = found
    assert wrong == {}
    assert window.page.locator("html").get_attribute("lang") == "zh-CN"


def test_text_reaches_its_contrast_on_dark_pages_too(visit: Callable[..., Visit]) -> None:
    window = visit(language="en", scheme="dark")
    assert {key: found for key in HEAVIEST if (found := faults(window.open(key), only=("color-contrast",)))} == {}
    assert window.page.locator("html").get_attribute("lang") == "en"
    # Motion is reduced for these visitors: nothing moves when a page has come to rest.
    assert window.page.evaluate("document.getAnimations().filter(one => one.playState === 'running').length") == 0


# Where the keyboard stands: the name of the thing, and whether its frame can be seen.
_FOCUS = """() => {
    const e = document.activeElement, style = getComputedStyle(e);
    const name = e.getAttribute('aria-label') || e.innerText || e.value || '';
    const around = [e, e.parentElement, e.parentElement?.parentElement].some(one => {
        const s = one && getComputedStyle(one);
        return s && (s.outlineStyle !== 'none' && s.outlineWidth !== '0px' || s.boxShadow !== 'none'
                     || s.borderColor !== getComputedStyle(document.querySelector('h1')).borderColor); });
    return [name.trim().slice(0, 60), around, e === document.body];
}"""


def test_the_keyboard_reaches_everything_and_shows_where_it_is(visit: Callable[..., Visit]) -> None:
    page = visit(language="en").open("participation", unit="D02")
    page.locator("body").evaluate("body => body.focus()")
    names, unseen = [], []
    for _step in range(90):
        page.keyboard.press("Tab")
        name, around, body = page.evaluate(_FOCUS)
        if body:
            break
        names.append(name)
        if name and not around:
            unseen.append(name)
    said = "\n".join(names)
    for thing in ("Overview", "Definitions", "Unit", "Period", "Compared with", "How to read this", "Download"):
        assert thing in said, thing
    assert unseen == []
    # Opened, read and left again by keyboard.
    how = page.get_by_role("button", name="How to read this")
    how.focus()
    page.keyboard.press("Enter")
    panel = page.get_by_test_id("stPopoverBody").last
    panel.wait_for()
    page.keyboard.press("Escape")
    panel.wait_for(state="hidden")
