"""The assessment sheet on screen: an administrator composes it, everybody reads it, each unit by itself."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from streamlit.testing.v1 import AppTest

from pages.shared import downloads
from tests.pages.conftest import HOUSE, PEOPLE


def page(role: str, lang: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(HOUSE / "app.py"), default_timeout=30)
    app.query_params.update({"as": PEOPLE[role][0], "lang": lang, **query})
    app.run()
    return app.switch_page("pages/branches/assessment.py").run()


def texts(app: AppTest) -> str:
    found = [str(one.value) for kind in ("text", "caption", "info", "html") for one in list[Any](app.get(kind))]
    return re.sub(r"<[^>]+>", "", " ".join(found))


def test_an_administrator_composes_it_and_everybody_reads_it(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "尚未编制" in texts(page("executive", "zh"))
    app = page("admin", "en")
    for what, target, post in (("duty:party_day", 90.0, ""), ("on_time_rate", 80.0, "Chair")):
        app.selectbox(key="assessment_what").set_value(what)
        app.number_input(key="assessment_target").set_value(target)
        app.text_input(key="assessment_post").input(post)
        app.button(key="assessment_put").click().run()
        assert not app.exception
    app.selectbox(key="assessment_unit").set_value("HQ")
    app.text_input(key="assessment_name").input("Cheng Hui")
    app.button(key="assessment_enter").click().run()
    assert not app.exception

    read = page("executive", "en", unit="D1")
    assert not read.exception
    said = texts(read)
    assert "target 80.0%" in said and "Answers for it: Chair · Cheng Hui" in said
    assert "times" in said, "the duty stands there with its evidence"
    matrix = read.dataframe[0].value
    assert list(matrix.columns) == ["unit", "c0", "c1"]
    assert matrix["unit"][0] == "Division 1"
    assert not any(button.key == "assessment_put" for button in read.button), "only administrators compose"

    sheets: list[downloads.Sheet] = []
    monkeypatch.setattr(downloads, "menu", lambda name, make, key: sheets.append(make()))
    page("executive", "zh", unit="D1")
    rows = list(load_workbook(io.BytesIO(downloads.as_xlsx(sheets[0]))).worksheets[0].values)
    assert rows[0] == ("单位", "考核项", "结果", "依据", "责任人")
    assert len(rows) == 1 + 2 * len(matrix)
    assert {row[2] for row in rows[1:]} <= {"达标", "未达标", "为时尚早", "不适用", "不显示"}

    app = page("admin", "en")
    app.selectbox(key="assessment_gone").set_value("on_time_rate")
    app.button(key="assessment_take").click().run()
    assert "target 80.0%" not in texts(page("executive", "en", unit="D1"))
