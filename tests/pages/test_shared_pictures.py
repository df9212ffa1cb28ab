"""A chart taken away as a picture carries its words: finding, filters, definition, how many, data date."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest
from PIL import Image

from pages.shared import charts, figure, formats, picture
from pages.shared.drawing import Drawing
from queries import holding
from queries.snapshot import Snapshot
from tests.pages.test_shared_charts import KINDS, looked_at

pytestmark = pytest.mark.slow  # each test draws whole pictures

TITLE = "按时办结率下降"


@pytest.fixture
def snapshot(demo: object) -> Snapshot:
    return holding.current()


def read(drawn: bytes) -> str:
    """The words of a picture without the breaks of their lines."""
    return re.sub(r"\s", "", "".join(unescape(text) for text in re.findall(r">([^<]+)<", drawn.decode())))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_picture_says_what_it_shows_of_what_and_up_to_when(snapshot: Snapshot, language: str) -> None:
    seen = looked_at(snapshot, language=language, branch="D1")
    drawing = charts.line(seen, seen.ask("closure_rate", by="month"), target=0.9)
    answer = seen.ask("closure_rate").one
    line = figure.about(seen, drawing.answer)
    made = figure._pictures(seen, drawing, TITLE, line)
    assert made is not None
    said = read(made["svg"]())
    part, whole = (formats.count(answer[name], whole=True) for name in ("numerator", "denominator"))
    of = "of" if language == "en" else "/"
    for expected in (TITLE, seen.sentence, line, f"{part}{of}{whole}"):
        assert re.sub(r"\s", "", expected) in said
    assert formats.day(snapshot.data_date).replace(" ", "") in said


@pytest.mark.parametrize("kind", ["bars", "funnel plot", "heat by code", "line"])  # each kind of width and height
def test_a_chart_becomes_a_picture_that_nothing_is_cut_off_from(snapshot: Snapshot, kind: str) -> None:
    seen = looked_at(snapshot)
    drawing = KINDS[kind](seen)
    with Image.open(io.BytesIO(picture.png(drawing, TITLE, [seen.sentence]))) as made:
        assert picture.DENSE * picture.WIDTH * 0.9 < made.width < picture.DENSE * picture.WIDTH * 1.1
        # A light page with something drawn on it, and nothing at its very edges.
        assert made.convert("RGB").getpixel((2, 2)) == (255, 255, 255)
        ink = made.convert("L").point(lambda level: 255 * (level < 200)).getbbox()
    assert ink is not None
    assert ink[0] >= 4 and ink[2] <= made.width - 4


def test_what_is_withheld_makes_no_picture(snapshot: Snapshot) -> None:
    seen = looked_at(snapshot)
    drawing = charts.line(seen, seen.ask("closure_rate", by="month"))
    nothing = Drawing(drawing.frame.clear(), drawing.spec, answer=drawing.answer)
    assert figure._pictures(seen, nothing, TITLE, "") is None


def test_long_words_are_broken_at_blanks_and_between_chinese_signs() -> None:
    lines = picture.wrapped("按时办结率 = 其中在期限内办结的 ÷ 期限落在期间内的诉求，撤回的不计入", 10)
    assert len(lines) > 2
    assert not any(line.startswith(("，", " ")) for line in lines)
    assert "".join(lines).replace(" ", "").startswith("按时办结率=其中在期限内办结的÷")
    assert picture.wrapped("closed within their deadline", 9) == ["closed within", "their deadline"]
