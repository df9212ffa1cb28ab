"""What a freshly started server may give away: nothing that app.py has not let through."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pages.shared.navigation import ENTRIES
from tests.browser.browsing import Server, Visit


def test_no_script_is_served_to_whoever_has_not_signed_in(
    new_server: Callable[..., Server], visit: Callable[..., Visit]
) -> None:
    # Nobody has opened the start page yet, so app.py has not run: a script lying directly under pages/ would answer.
    fresh = new_server(STREAMLIT_SERVER_TRUSTED_USER_HEADERS='{"X-Remote-User": "email"}')
    window = visit(language="en", server=fresh)
    # A page, a script that is no page, and one that nobody but an administrator may open.
    for name in ("overview", "navigation", "people"):
        page = window.open(name)
        assert "Nobody has told us who you are" in page.inner_text("body"), name
        for drawn in ("stMetric", "stVegaLiteChart", "stDataFrame", "stSidebarNavLink"):
            assert page.get_by_test_id(drawn).count() == 0, name
    # The browser complains that there are no such pages, which is as it should be.
    window.errors.clear()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_demo_opens_in_the_browsers_language(language: str, visit: Callable[..., Visit]) -> None:
    page = visit(language=language).open()
    titles = {entry.title for entry in ENTRIES if entry.path.is_file()}
    # An icon's name stands before the title.
    shown = {text.strip().splitlines()[-1] for text in page.get_by_test_id("stSidebarNavLink").all_inner_texts()}
    assert shown
    assert (shown <= titles) == (language == "en")
