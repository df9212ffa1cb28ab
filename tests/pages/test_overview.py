"""The overview says the figures that the queries answer, and its findings open the pages with their evidence."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import formats, view
from queries import changes, holding
from queries.answers import ask
from queries.filters import Filters, Month
from queries.metrics import find
from queries.statistics.findings import Finding, Kind
from queries.viewers import Viewer
from tests.pages.conftest import PEOPLE

Opened = Callable[..., AppTest]
CARD = re.compile(r'aria-label="([^"]+)".*?<p class="d-value">([^<]+)</p>', re.DOTALL)
QUARTER = Filters(Month(2025, 1), Month(2025, 3), "D1")
# A page with cards, and metrics that stand on it.
CARDS = [
    ("overview", ("participation_rate", "on_time_rate", "adoption_rate", "engagement_index", "overdue_grievances")),
    ("participation", ("participation_rate", "attendances_per_head", "unit_coverage")),
    ("engagement", ("engagement_index", "enps", "survey_response_rate")),
    ("unit", ("participation_rate", "satisfaction_rate", "union_membership_rate")),
]


def cards(app: AppTest) -> dict[str, str]:
    return {match[1]: match[2] for html in app.get("html") for match in CARD.finditer(getattr(html, "value", ""))}


@pytest.mark.parametrize(("page", "metrics"), CARDS, ids=[page for page, _metrics in CARDS])
def test_cards_show_what_the_queries_answer(page: str, metrics: tuple[str, ...], open_page: Opened) -> None:
    app = open_page(page, lang="en", period="2025-01..2025-03", unit="D1")
    shown = cards(app)
    viewer = Viewer(PEOPLE["executive"][0], "executive")
    for name in metrics:
        metric = find(name)
        answer = ask(viewer, name, QUARTER, snapshot=holding.current()).one
        wanted = formats.value(metric.unit, answer["value"], suppressed=bool(answer["suppressed"]))
        assert shown[metric.en].replace("&lt;", "<") == wanted, name


@pytest.mark.parametrize(
    ("kind", "metric", "page"),
    [("change", "on_time_rate", "grievances"), ("change", "adoption_rate", "suggestions"),
     ("unit", "engagement_index", "engagement"), ("silence", "grievances_per_100", "unit")],
)  # fmt: skip
def test_a_finding_opens_the_page_with_its_evidence_for_its_unit(
    kind: Kind, metric: str, page: str, open_page: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Finding(kind, metric, "D2", -0.1, -0.15, -0.05, 0.8, 0.001, 10.0, False, (("since", "2025-02"),))
    monkeypatch.setattr(changes, "what_changed", lambda *_given: [found])
    # The harness knows no pages while callbacks run; that the page opens is held in the browser.
    went: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(view, "go", lambda page, **changes: went.append((page, changes)))
    app = open_page(lang="en")
    button = app.button(key="finding_0")
    assert "Division 2" in button.label
    button.click().run()
    assert not app.exception
    assert went == [(page, {"branch": "D2"})]
