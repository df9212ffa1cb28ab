"""The documents of a frozen meeting, opened by independent readers: same figures, no formulas, same bytes."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook
from pptx import Presentation
from pypdf import PdfReader

from data import agenda as agendas
from data import database, importer, reader
from data.agenda import Item, Plan
from data.frozen import Frozen
from pages.consultation.frozen_view import shown
from pages.reports import __main__ as command
from pages.reports import brief, documents, told
from pages.shared.words import Language, speak
from queries import freezing, minutes
from queries.holding import current, reload
from queries.viewers import OPERATOR

pytestmark = pytest.mark.slow  # each test renders whole documents

TABLES = Path(__file__).parents[1] / "conformance" / "tables"
EVIL = '=HYPERLINK("http://x","y")'


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frozen]:
    """A frozen meeting of the conformance set whose own item tries to be a formula and typst markup."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DASHBOARD_DATABASE_URL", raising=False)
        patch.setenv("DASHBOARD_HOME", str(tmp_path_factory.mktemp("reports")))
        assert not importer.store_batch(reader.read([TABLES]), by="test", kind="demo").refused
        snapshot = current()
        start, end = freezing.default_months(snapshot)
        plan = Plan(
            "P1", "D1", "joint_consultation", '会议 #panic("x") *粗* "引"', date(2025, 7, 1), str(start), str(end)
        )
        minutes.plan(OPERATOR, plan, snapshot)
        items = [
            Item("own-1", "own", {"zh": EVIL, "en": EVIL}, {"zh": "", "en": ""}, "on_time_rate", "D1",
                 union_position="先改善", decision="同意", outcome="B"),
            Item("own-2", "own", {"zh": "承诺", "en": "Kept"}, {"zh": "依据", "en": "Why"}, "overdue_commitments"),
        ]  # fmt: skip
        with database.writing() as connection:
            agendas.keep_items(connection, "P1", items)
        speak("zh")
        made = freezing.prepare(OPERATOR, "P1", snapshot)
        assert not minutes.hold(OPERATOR, plan, snapshot.data_date, 30, 24, 20, snapshot).refused
        promised = minutes.promise(
            OPERATOR, plan, branch="D1", topic="夜班供餐到岗", owner="后勤部", due_on=date(2025, 12, 31),
            item_id="own-1", snapshot=snapshot,
        )  # fmt: skip
        assert not promised.refused
        reload()
        yield made
        database.engine().dispose()


@pytest.mark.parametrize("kind", documents.KINDS)
def test_the_same_frozen_figures_give_the_same_bytes(state: Frozen, kind: str) -> None:
    first = documents.of_meeting(kind, state, "zh")
    assert documents.of_meeting(kind, state, "zh") == first


@pytest.mark.parametrize("of", ["zh", "en"])
def test_the_brief_says_the_figures_of_the_screen_and_its_hash(state: Frozen, of: Language) -> None:
    pages = PdfReader(io.BytesIO(documents.of_meeting("brief", state, of))).pages
    text = "".join(page.extract_text() for page in pages).replace("\n", "").replace(" ", "")
    for figure in state.told["figures"]:
        assert figure["names"][of].replace(" ", "") in text
        assert shown(figure, of).replace(" ", "") in text
        assert shown(figure, of, "before").replace(" ", "") in text
    for promise in told.ledger(state.told, of)[1]:
        assert promise[1].replace(" ", "") in text
    assert state.sha256 in text
    assert "\ufffd" not in text
    assert abs(float(pages[0].mediabox.width) - 595.28) < 1  # A4
    faces = {str(face["/BaseFont"]) for page in pages for face in _fonts(page)}
    assert any("CJK" in face or "Sans" in face for face in faces)


def _fonts(page: object) -> list[dict[str, object]]:
    resources = page["/Resources"]  # type: ignore[index]
    return [font.get_object() for font in resources.get("/Font", {}).values()]


def test_without_a_chinese_font_the_brief_says_what_to_install(
    state: Frozen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DASHBOARD_FONTS", str(tmp_path))
    brief.font.cache_clear()
    try:
        with pytest.raises(documents.NoFont) as refused:
            documents.of_meeting("brief", state, "zh")
    finally:
        brief.font.cache_clear()
    assert "fonts-noto-cjk" in refused.value.text("zh")


def test_the_workbook_holds_numbers_and_charts_and_no_formula(state: Frozen) -> None:
    book = load_workbook(io.BytesIO(documents.of_meeting("workbook", state, "zh")))
    sheet = book.worksheets[0]
    for row, figure in enumerate(state.told["figures"], 2):
        cell = sheet.cell(row, 2)
        if figure["total"][3] is None:
            assert not isinstance(cell.value, int | float)
        else:
            assert cell.value == pytest.approx(figure["total"][3])
    assert len(book.worksheets[2]._charts) == sum(bool(figure["months"]) for figure in state.told["figures"])  # type: ignore[attr-defined]
    kinds = {cell.data_type for one in book.worksheets for line in one.iter_rows() for cell in line}
    assert "f" not in kinds


@pytest.mark.parametrize("of", ["zh", "en"])
def test_the_workbook_has_every_month_and_unit_as_frozen(state: Frozen, of: Language) -> None:
    book = load_workbook(io.BytesIO(documents.of_meeting("workbook", state, of)))
    courses = [figure for figure in state.told["figures"] if figure["months"]]
    for sheet, found, name in ((1, courses, "months"), (3, state.told["figures"], "units")):
        for column, figure in enumerate(found, 2):
            assert book.worksheets[sheet].cell(1, column).value == figure["names"][of]
            for row, kept in enumerate(figure[name], 2):
                cell = book.worksheets[sheet].cell(row, column)
                if kept[3] is not None:
                    assert cell.value == pytest.approx(kept[3])
                else:  # a chart would draw the text of a withheld month as nought
                    assert cell.value in ((None,) if name == "months" else (None, "<5"))
    definitions = [cell.value for cell in book.worksheets[6]["B"]][1:]
    assert definitions == [figure["formula"][of] for figure in state.told["figures"]]


@pytest.mark.parametrize("of", ["zh", "en"])
def test_the_slides_show_the_figures_of_the_screen_and_nothing_off_the_slide(state: Frozen, of: Language) -> None:
    show = Presentation(io.BytesIO(documents.of_meeting("slides", state, of)))
    tables = [shape.table for slide in show.slides for shape in slide.shapes if shape.has_table]
    rows = [[cell.text for cell in row.cells] for table in tables for row in table.rows]
    for figure in state.told["figures"]:
        assert [figure["names"][of], shown(figure, of), shown(figure, of, "before")] in [row[:3] for row in rows]
    for promise in told.ledger(state.told, of)[1]:
        assert promise in rows
    for slide in show.slides:
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.left + shape.width <= show.slide_width
            bottom = shape.top + (sum(row.height for row in shape.table.rows) if shape.has_table else shape.height)
            assert bottom <= show.slide_height


@pytest.mark.parametrize("of", ["zh", "en"])
def test_the_minutes_show_the_promises_of_the_screen(state: Frozen, of: Language) -> None:
    paper = Document(io.BytesIO(documents.of_meeting("minutes", state, of)))
    rows = [[cell.text for cell in row.cells] for table in paper.tables for row in table.rows]
    assert told.ledger(state.told, of)[1]
    for promise in told.ledger(state.told, of)[1]:
        assert promise in rows


def test_the_slides_have_native_charts_with_the_frozen_numbers(state: Frozen) -> None:
    show = Presentation(io.BytesIO(documents.of_meeting("slides", state, "zh")))
    charts = [shape.chart for slide in show.slides for shape in slide.shapes if shape.has_chart]
    wanted = [[row[3] for row in item["chart"]["rows"]] for item in state.told["items"]]
    shown_ones = [rows for rows in wanted if any(value is not None for value in rows)]  # an empty chart is left out
    assert shown_ones
    assert [list(chart.plots[0].series[0].values) for chart in charts] == shown_ones
    texts = " ".join(shape.text_frame.text for slide in show.slides for shape in slide.shapes if shape.has_text_frame)
    assert state.sha256 in texts


def test_the_minutes_hold_decisions_and_places_to_sign(state: Frozen) -> None:
    paper = Document(io.BytesIO(documents.of_meeting("minutes", state, "zh")))
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    text = "\n".join([*(paragraph.text for paragraph in paper.paragraphs), *cells])
    assert "同意" in text
    assert "B 正在解决" in text
    assert "工会方：先改善" in text
    assert "行政方代表：" in text
    assert "代表30人，到会24人" in text
    rows = [[cell.text for cell in row.cells] for table in paper.tables for row in table.rows]
    assert ["夜班供餐到岗", "后勤部", "第1分公司", "2025-12-31"] in rows  # made after the last closed month
    assert "承诺事项 P1-1 夜班供餐到岗" in text
    assert state.sha256 in text


def test_the_command_writes_what_the_page_gives(
    state: Frozen, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["brief", "--meeting", "P1", "--out", str(tmp_path), "--language", "zh"]) == 0
    (file,) = tmp_path.iterdir()
    assert file.read_bytes() == documents.of_meeting("brief", state, "zh")
    assert command.main(["brief", "--meeting", "NONE", "--out", str(tmp_path), "--language", "en"]) == 1
    assert command.main(["minutes", "--branch", "D1", "--out", str(tmp_path), "--language", "en"]) == 2
    assert command.main(["brief", "--branch", "D99", "--out", str(tmp_path), "--language", "en"]) == 2
    assert "D99" in capsys.readouterr().err


def test_a_unit_gets_a_brief_of_any_period(state: Frozen, tmp_path: Path) -> None:
    asked = ["workbook", "--branch", "D2", "--from", "2025-01", "--to", "2025-03", "--out", str(tmp_path)]
    assert command.main([*asked, "--language", "zh"]) == 0
    (file,) = tmp_path.iterdir()
    book = load_workbook(file)
    assert "2025年1–3月" in str(book.worksheets[-1]["A2"].value)


def test_a_brief_takes_less_than_five_seconds_of_work(state: Frozen) -> None:
    start = time.process_time()
    documents.of_meeting("brief", replace(state), "zh")
    assert time.process_time() - start < 5
