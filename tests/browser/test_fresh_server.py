"""What a freshly started server may give away: nothing that app.py has not let through, and nothing from outside."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pages.shared.navigation import ENTRIES
from tests.browser.browsing import Server, Visit


@pytest.mark.parametrize("script", ["overview", "kpis/overview", "shared/people", "pages/kpis/overview"])
def test_no_script_is_served_by_its_file_name_before_anybody_opened_the_start_page(
    script: str, new_server: Callable[..., Server], visit: Callable[..., Visit]
) -> None:
    # No embedded demo database and nobody signed in: whatever is opened first must be the refusal.
    fresh = new_server(STREAMLIT_SERVER_TRUSTED_USER_HEADERS='{"X-Remote-User": "email"}')
    page = visit(server=fresh).open(script)
    assert page.get_by_test_id("stMetric").count() == 0
    assert page.get_by_test_id("stVegaLiteChart").count() == 0
    assert page.get_by_test_id("stSidebarNavLink").count() == 0


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_demo_opens_in_the_browsers_language(language: str, visit: Callable[..., Visit]) -> None:
    opened = visit(language=language)
    page = opened.open()
    titles = {entry.title for entry in ENTRIES if entry.path.is_file()}
    shown = set(page.get_by_test_id("stSidebarNavLink").all_inner_texts())
    assert shown
    assert (shown <= titles) == (language == "en")
