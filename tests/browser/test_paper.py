"""Any page goes onto A4 paper: without what only a screen can use, light, nothing cut off at its edges."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader

from tests.browser.browsing import Visit

A4 = (210, 297)  # millimetres
POINTS = 72 / 25.4
WIDTH = 711  # pixels that the margins leave of A4's 794
# What leans over the paper's edge or is still dark, by the text or the part that it is.
_OFF = """() => {
    const found = [], main = document.querySelector('[data-testid="stMain"]');
    const edge = document.documentElement.clientWidth + 1;
    const shown = e => { const r = e.getBoundingClientRect(); return r.width > 1 && r.height > 1; };
    const parts = '[class*="st-key-card_"], [class*="st-key-figure_"], [data-testid="stDataFrame"], ' +
        'svg.marks, .d-table, h1, h3';
    for (const e of main.querySelectorAll(parts))
        if (shown(e) && e.getBoundingClientRect().right > edge) found.push('cut off: ' + e.className);
    const light = colour => { const [r, g, b, a] = colour.match(/[\\d.]+/g).map(Number);
        return a === 0 || 0.2126 * r + 0.7152 * g + 0.0722 * b > 140; };
    for (const e of main.querySelectorAll('*')) {
        const style = getComputedStyle(e);
        if (e.closest('svg, canvas') || !shown(e)) continue;
        if (!light(style.backgroundColor) && !e.closest('.d-dot')) found.push('dark: ' + e.outerHTML.slice(0, 90));
        const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
        if (own && light(style.color)) found.push('pale: ' + e.textContent.slice(0, 40));
    }
    return [...new Set(found)];
}"""


def pdf(page: Page) -> PdfReader:
    return PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))


def squeezed(text: str) -> str:
    """The text without its blanks, which a PDF does not know."""
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("key", ["participation", "contracts"])
def test_a_dark_page_prints_on_a4_light_and_whole(visit: Callable[..., Visit], key: str) -> None:
    page = visit(language="en", scheme="dark").open(key, unit="D02")
    title = page.locator("h1").inner_text()
    said = page.locator(".d-what").inner_text()
    figures = page.locator(".d-figure h3").all_inner_texts()
    link = page.locator("[data-testid=stSidebarNavLink]").nth(2).inner_text()
    only_on_screen = [link, "Download", "How to read this"]
    printed = pdf(page)
    for sheet in printed.pages:
        assert [round(float(side) / POINTS) for side in (sheet.mediabox.width, sheet.mediabox.height)] == list(A4)
    words = squeezed("".join(sheet.extract_text() for sheet in printed.pages))
    assert len(figures) >= 4
    for expected in (title, said, *figures):
        assert squeezed(expected) in words
    for gone in only_on_screen:
        assert squeezed(gone) not in words.replace(squeezed(title), "")
    # Sixteen cards and charts fit on few sheets, and each but the last is used.
    assert len(printed.pages) <= 4
    assert all(len(squeezed(sheet.extract_text())) > 40 for sheet in printed.pages)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": WIDTH, "height": 1000})
    page.wait_for_function(f"() => document.documentElement.clientWidth <= {WIDTH}")
    page.wait_for_function(f"() => ({_OFF})().filter(one => one.startsWith('cut off')).length === 0")
    assert page.evaluate(_OFF) == []
    # Charts of a dark page are turned light by a filter, and none is broken between two sheets.
    chart = page.locator("[data-testid=stVegaLiteChart] svg").first
    assert "invert" in chart.evaluate("svg => getComputedStyle(svg).filter")
    card = page.locator("[class*='st-key-figure_']").first
    assert card.evaluate("card => getComputedStyle(card).breakInside") == "avoid"
