"""Reading a page as a visitor does: its words, cards, tables and charts."""

from __future__ import annotations

import re
from html import unescape

from streamlit.testing.v1 import AppTest

_TAGS = re.compile(r"<[^>]+>")


def htmls(app: AppTest) -> list[str]:
    """The pieces of HTML on the page."""
    return [str(getattr(html, "value", "")) for html in app.main.get("html")]


def words(app: AppTest) -> str:
    """Everything that the page's own HTML and captions say, without tags."""
    return " ".join(
        [*(unescape(_TAGS.sub(" ", html)) for html in htmls(app)), *(caption.value for caption in app.main.caption)]
    )


def card(app: AppTest, name: str) -> str:
    """The value on the card of this name."""
    found = next(html for html in htmls(app) if f'class="d-card" role="group" aria-label="{name}"' in html)
    match = re.search(r'<p class="d-value">(.*?)</p>', found)
    assert match
    return unescape(match[1])


def titles(app: AppTest) -> list[str]:
    """The findings that head the charts."""
    return [unescape(match[1]) for html in htmls(app) if (match := re.search(r'd-figure"><h3>(.*?)</h3>', html))]


def table(app: AppTest, heading: str) -> dict[str, list[str]]:
    """The small table in which `heading` stands: its rows by name."""
    found = next(html for html in htmls(app) if "d-table" in html and heading in html)
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', found)
    return {
        unescape(_TAGS.sub("", name)).strip(): [
            unescape(_TAGS.sub("", cell)).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", cells)
        ]
        for name, cells in rows
    }
