"""Pages look as somebody approved of them; `make approve` approves of what they look like now."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.approving import VIEWS, Part, Seen, differences, kept, parts, shown
from tests.browser.browsing import Visit, settle

FIGURE = "[class*='st-key-figure_']"
# What may happen to a page, as its style would do it, and what is said then.
HARM = {
    "moved": (f"{FIGURE} {{ transform: translateX(60px); }}", "moved"),
    "missing": ("[class*='st-key-card_'] { display: none; }", "missing"),
    "clipped": (f"{FIGURE} {{ max-height: 150px; overflow: hidden; }}", "×"),
    "empty": (f"{FIGURE} svg .mark-rect, {FIGURE} svg .mark-line, {FIGURE} svg .mark-area {{ display: none; }}",
              "looks otherwise"),
}  # fmt: skip
# What another machine's faces do: letters a little wider, smoothed otherwise, of another cut.
HINTING = "* { letter-spacing: 0.12px; text-rendering: geometricPrecision; -webkit-font-smoothing: antialiased; }"


@pytest.mark.parametrize("seen", VIEWS, ids=lambda seen: seen.path.stem)
def test_a_page_looks_as_approved(visit: Callable[..., Visit], seen: Seen) -> None:
    page = shown(visit(seen.language, seen.scheme, seen.width), seen)
    approved = kept(seen)
    assert differences(approved, parts(page)) == []
    if seen is VIEWS[0]:
        assert differences(approved, styled(page, HINTING)) == []
        for kind, (style, said) in HARM.items():
            found = differences(approved, styled(page, style))
            assert any(said in one for one in found), (kind, found)


def styled(page: Page, style: str) -> list[Part]:
    """The parts of the page as they are with more style."""
    sheet = page.add_style_tag(content=style)
    settle(page)
    found = parts(page)
    sheet.evaluate("sheet => sheet.remove()")
    return found
