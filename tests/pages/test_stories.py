"""What the demo tells is told on screen: each planted story stands in words on the page it belongs to."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from data import database, people
from data.demo import stories
from pages.shared.navigation import entry
from tests.pages.conftest import HOUSE

pytestmark = pytest.mark.slow  # the whole demo is made for it

Read = Callable[..., str]
LEADER, STAFF = "executive@example.com", "union.central@example.com"
# The page of each story and what must stand there together, in one element.
TOLD: dict[str, tuple[str, tuple[str, ...]]] = {
    stories.WAGES.id: ("grievances", ("劳动报酬", "2026年1月", "2025年1月也是如此")),
    stories.REORGANISATION.id: ("overview", ("西南分公司", "按时办结率", "降至", "西南分公司项目管理机构合并")),
    stories.FAST_UNSATISFYING.id: ("overview", ("云麓引水隧洞项目部", "满意率约为")),
    stories.TOO_QUIET.id: ("overview", ("榕湾水利枢纽项目部", "声音过少")),
    stories.LATE_REPORTING.id: ("early-warning", ("奥姆巴拉水电站项目部", "2026年8月", "未报送台账")),
    stories.SUGGESTION_DRIVE.id: ("overview", ("华中分公司", "百人建议数", "2025年9月", "升至")),
    stories.CLOSED_UNIT.id: ("early-warning", ("丹湖大坝加固工程项目部", "2025年12月", "撤销")),
    stories.HOTLINE.id: ("grievances", ("热线占比", "2025年6月", "变的是渠道", "集团职工热线开通")),
    stories.SMALL_PERFECT.id: ("unit", ("按时办结率", "无异常", "3 件中 100.0%")),
}


@pytest.fixture
def read(small_demo: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read a page of the demo: `read("unit", unit="D02")` returns what it says, an element a line."""
    monkeypatch.delenv("DASHBOARD_DATABASE_URL", raising=False)
    monkeypatch.setenv("DASHBOARD_HOME", str(small_demo))
    logging.getLogger("streamlit").setLevel(logging.ERROR)

    def reading(page: str, who: str = LEADER, **query: str) -> str:
        app = AppTest.from_file(str(HOUSE / "app.py"), default_timeout=60)
        app.query_params.update({"as": who, "lang": "zh", "unit": "HQ", **query})
        if page == "early-warning":
            app.session_state["warning_tab"] = "哪个单位不同"
        app.run()
        app.switch_page(str(entry(page).path.relative_to(HOUSE))).run()
        assert not app.exception
        said = [str(one.value) for kind in ("text", "caption", "html", "info") for one in list[Any](app.get(kind))]
        said += [str(button.label) for button in app.button]
        return "\n".join(re.sub(r"<[^>]+>", "", one).replace("\n", " ") for one in said)

    return reading


def test_every_story_has_its_place() -> None:
    assert set(TOLD) == {story.id for story in stories.STORIES}


@pytest.mark.parametrize("page", ["overview", "grievances", "early-warning"])
def test_each_story_is_named_on_the_page_it_belongs_to(page: str, read: Read) -> None:
    said = read(page)
    for story, (told_on, words) in TOLD.items():
        if told_on == page:
            assert any(all(word in line for word in words) for line in said.splitlines()), story


def test_a_small_perfect_unit_is_as_expected_to_who_may_see_its_cases(
    read: Read, small_demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, words = TOLD[stories.SMALL_PERFECT.id]
    unit = stories.SMALL_PERFECT.units[0]
    assert "3 件中" not in read(page, unit=unit), "three cases are too few for an executive"
    shutil.copy(small_demo / "dashboard.db", tmp_path)
    monkeypatch.setenv("DASHBOARD_HOME", str(tmp_path))
    engine = database.engine()
    with database.writing(engine) as connection:
        people.add(connection, STAFF, "江宁", "union_staff", units=("D05",), by="demo")
    said = read(page, STAFF, unit=unit)
    assert any(all(word in line for word in words) for line in said.splitlines())
    engine.dispose()
