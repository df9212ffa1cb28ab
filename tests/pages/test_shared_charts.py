"""Charts send only what they draw, hide what is too small, and are what Vega-Lite understands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from weakref import ref

import polars as pl
import pytest
import vl_convert

from data.words import translate
from pages.shared import cards, charts, figure, sparklines, states, theme, view
from pages.shared.drawing import Drawing, labels
from pages.shared.view import Choice, View
from queries import holding
from queries.filters import Month
from queries.snapshot import Snapshot
from queries.viewers import OPERATOR, Viewer

Drawn = Callable[[View], Drawing]
STEPS = pl.DataFrame({"group": ["a", "b"], "label": ["A", "B"], "count": [9.0, 4.0]})
CURVE = pl.DataFrame({"series": ["a"] * 2, "day": [0.0, 5], "value": [1.0, 0.5], "low": [1.0, 0.4], "high": [1.0, 0.6]})
MONTHS = [f"2025-{month:02d}" for month in range(1, 7)]


def limits(seen: View) -> pl.DataFrame:
    sizes = pl.DataFrame({"denominator": [5.0, 10.0, 20.0, 40.0]})
    return sizes.with_columns(
        centre=pl.lit(0.8), low2=pl.lit(0.6), high2=pl.lit(0.9), low3=pl.lit(0.5), high3=pl.lit(1.0)
    )


def monthly(seen: View) -> pl.DataFrame:
    return pl.DataFrame(
        {"group": MONTHS, "incoming": [9.0] * 6, "outgoing": [8.0] * 6, "backlog": [1.0, 2, 3, 4, 5, 6]}
    )


def natural(seen: View) -> pl.DataFrame:
    held = seen.ask("closure_rate", by="month").frame.select("group", "value")
    return held.with_columns(centre=pl.lit(0.8), lower=pl.lit(0.5), upper=pl.lit(1.0), signal=pl.col("value") < 0.5)


KINDS: dict[str, Drawn] = {
    "line": lambda seen: charts.line(
        seen, seen.ask("closure_rate", by="month"), target=0.9, before=seen.before("closure_rate", "month"),
        maturing_from=Month(2025, 5), clicks=True,
    ),
    "line alone": lambda seen: charts.line(seen, seen.ask("grievances_received", by="quarter")),
    "bars": lambda seen: charts.bars(seen, seen.ask("closure_rate", by="branch"), target=0.9, highlight="D1"),
    "bars by code": lambda seen: charts.bars(seen, seen.ask("grievances_received", by="category")),
    "heat": lambda seen: charts.heat(seen, seen.grid("closure_rate", rows="branch", columns="month")),
    "heat by code": lambda seen: charts.heat(
        seen, seen.grid("closure_rate", rows="branch", columns="category"), columns="category", middle=0.8
    ),
    "flow": lambda seen: charts.flow(seen, monthly(seen), names=("in", "out", "left")),
    "stacked": lambda seen: charts.stacked(
        seen, seen.grid("grievances_received", rows="category", columns="month"), share=True, clicks=True
    ),
    "curves": lambda seen: charts.curves(seen, CURVE),
    "funnel plot": lambda seen: charts.funnel_plot(
        seen, seen.ask("closure_rate", by="unit"), limits(seen), outliers=("D1B1",)
    ),
    "xmr": lambda seen: charts.xmr(seen, seen.ask("closure_rate", by="month"), natural(seen), clicks=True),
    "waterfall": lambda seen: charts.waterfall(
        seen, pl.DataFrame({"label": ["a", "b", "c"], "change": [9.0, -2.0, 7.0], "total": [True, False, True]})
    ),
    "pipeline": lambda seen: charts.pipeline(seen, STEPS),
    "strip": lambda seen: charts.strip(seen, seen.ask("closure_rate", by="branch"), highlight="D1"),
}  # fmt: skip


@pytest.fixture
def snapshot(demo: object) -> Snapshot:
    return holding.current()


def looked_at(snapshot: Snapshot, viewer: Viewer = OPERATOR, language: str = "zh", **chosen: object) -> View:
    tongue: view.Language = "en" if language == "en" else "zh"
    return View(viewer, ref(snapshot), tongue, view.changed(Choice(), **chosen), dimensions=("category",))


def fields(spec: object) -> set[str]:
    """Every column that a specification uses: fields of encodings and clicks, and those named in expressions."""
    text = json.dumps(spec)
    found = set(re.findall(r"datum\.(\w+)", text)) - {"value", "index"}
    if "datum.value" in json.dumps(_encodings(spec)):
        found.add("value")

    def walk(part: object) -> None:
        if isinstance(part, dict):
            if isinstance(part.get("field"), str):
                found.add(part["field"])
            if isinstance(part.get("fields"), list):
                found.update(part["fields"])
            for inner in part.values():
                walk(inner)
        elif isinstance(part, list):
            for inner in part:
                walk(inner)

    walk({key: inner for key, inner in spec.items() if key != "config"} if isinstance(spec, dict) else spec)
    return found


def _encodings(spec: object) -> list[object]:
    return [layer.get("encoding") for layer in spec.get("layer", [spec])] if isinstance(spec, dict) else []


@pytest.mark.parametrize("kind", KINDS)
def test_a_chart_is_sent_the_columns_it_draws_and_no_other(snapshot: Snapshot, kind: str) -> None:
    drawing = KINDS[kind](looked_at(snapshot))
    assert set(drawing.frame.columns) - fields(drawing.spec) == set()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_chart_is_understood_by_vega_lite(snapshot: Snapshot, kind: str, language: str) -> None:
    drawing = KINDS[kind](looked_at(snapshot, language=language))
    whole = {**drawing.spec, "data": {"values": drawing.frame.to_dicts()}, "width": 600}
    assert vl_convert.vegalite_to_vega(whole)["marks"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_specification_is_built_once_and_no_drawing_changes_it(snapshot: Snapshot, kind: str) -> None:
    first = KINDS[kind](looked_at(snapshot))
    before = json.dumps(first.spec, sort_keys=True)
    again = KINDS[kind](looked_at(snapshot, period="2025-02..2025-06"))
    assert json.dumps(first.spec, sort_keys=True) == before
    assert again.spec.get("encoding") is first.spec.get("encoding")
    assert again.spec.get("layer") is first.spec.get("layer")


def test_a_click_returns_what_the_chart_promises(snapshot: Snapshot) -> None:
    for kind, drawn in KINDS.items():
        drawing = drawn(looked_at(snapshot))
        chosen = [param for param in drawing.spec.get("params", []) if param["name"] == charts.PICK]
        if chosen:
            assert tuple(chosen[0]["select"]["fields"]) == drawing.picks, kind
            assert set(drawing.picks) <= set(drawing.frame.columns), kind


def test_a_group_too_small_to_show_reads_less_than_five_and_its_figure_is_nowhere(snapshot: Snapshot) -> None:
    seen = looked_at(snapshot, Viewer("a@b", "management"))
    answer = seen.grid("closure_rate", rows="unit", columns="category")
    hidden = answer.frame.filter("suppressed")
    assert hidden.height, "the conformance data has small groups"
    drawing = charts.heat(seen, answer, columns="category", values=True)
    cells = drawing.frame.filter(pl.col("shown") == "<5")
    assert cells.height == hidden.height == drawing.suppressed
    assert cells["value"].null_count() == cells.height
    assert not any(re.search(r"\d+ / \d+", said) for said in cells["said"])


@pytest.mark.parametrize("kind", ["line", "bars", "bars by code", "heat", "heat by code", "stacked"])
def test_what_is_withheld_is_taken_away_as_withheld_and_why(snapshot: Snapshot, kind: str) -> None:
    seen = looked_at(snapshot, Viewer("a@b", "management"), unit="D3")
    drawing = KINDS[kind](seen)
    assert drawing.answer is not None
    sheet = figure.table(seen, drawing, "x")
    taken = [dict(zip(sheet.columns, cells, strict=True)) for cells in sheet.cells()]
    withheld = [row for row in taken if row["value"] == "<5"]
    assert len(withheld) == drawing.answer.frame["suppressed"].sum() > 0
    reasons = {translate(reason, "zh") for reason in states.REASONS.values()}
    assert {row["why"] for row in withheld} <= reasons
    assert not [row for row in taken if row not in withheld and row["why"] is not None]


def test_nothing_is_drawn_where_there_is_nothing(snapshot: Snapshot) -> None:
    seen = looked_at(snapshot, period="2031-01..2031-03")
    assert charts.line(seen, seen.ask("closure_rate", by="month")).empty
    assert charts.bars(seen, seen.ask("closure_rate", by="branch")).empty


def test_a_units_own_rows_are_not_taken_for_the_whole_unit(snapshot: Snapshot) -> None:
    seen = looked_at(snapshot, branch="D1")
    names = labels(seen, "branch", ["D1B1", "D1"], own="D1")
    assert names[1] != seen.snapshot.name("D1", "zh")


def test_units_of_one_name_stay_apart(snapshot: Snapshot) -> None:
    rows = snapshot.units.with_columns(name=pl.lit("综合队"))
    same = replace(snapshot, tree=type(snapshot.tree).of(rows.drop("depth")))
    seen = looked_at(same)
    assert len(set(labels(seen, "unit", same.tree.ids))) == len(same.tree)


def test_bars_stand_in_the_order_of_the_organisation(snapshot: Snapshot) -> None:
    drawing = charts.bars(looked_at(snapshot), looked_at(snapshot).ask("participation_rate", by="branch"))
    order = drawing.frame["group"].to_list()
    assert order == [unit for unit in [*snapshot.children("HQ"), "HQ"] if unit in order]
    assert drawing.spec["layer"][0]["encoding"]["y"]["sort"] is None


def test_a_sparkline_leaves_gaps_and_marks_the_last_known_month() -> None:
    drawn = sparklines.svg([0.5, None, 0.6, 0.7, None], theme.LIGHT, target=0.9)
    assert drawn.count("M0.0 ") >= 1
    line = re.findall(r' d="([^"]+)"', drawn)
    assert line[1] == "M0.0 34.0M50.0 26.5L75.0 19.0"  # the gap is not bridged
    assert line[-1].startswith("M75.0 19.0")
    assert sparklines.svg([None, 0.5, None], theme.LIGHT) == ""


def test_a_card_says_value_change_and_target_in_words(snapshot: Snapshot) -> None:
    seen = looked_at(snapshot, period="2025-01..2025-03", branch="D1")
    card = cards.make(seen, "closure_rate")
    value = seen.ask("closure_rate").frame["value"][0]
    assert card.value == f"{value:.1%}"
    body = cards.body(card)
    assert card.value in body and card.name in body and "<script" not in body


def test_a_card_for_a_small_group_shows_no_figure(snapshot: Snapshot) -> None:
    seen = looked_at(snapshot, Viewer("a@b", "management"), category="training", branch="D1B1", period="2025-03")
    answer = seen.ask("closure_rate").frame.row(0, named=True)
    assert answer["suppressed"], "one of the small groups of the conformance data"
    card = cards.make(seen, "closure_rate")
    assert card.value == "<5" and card.change == ""


def test_names_that_people_wrote_are_text_on_a_card(snapshot: Snapshot) -> None:
    card = cards.make(
        looked_at(snapshot), "closure_rate", cards.Verdict("<img src=x onerror=alert(1)>", evidence='"><b>')
    )
    assert "<img src=x" not in cards.body(card)
    assert "&lt;img src=x" in cards.body(card)


def test_a_bar_stands_out_only_if_it_misses_its_target_beyond_chance_and_says_so(snapshot: Snapshot) -> None:
    seen = looked_at(snapshot, language="en")
    answer = seen.ask("closure_rate", by="branch")
    rows = answer.frame.drop_nulls(["low", "high"])
    target = 0.5 * float(rows["low"].to_numpy().min() + rows["high"].to_numpy().max())
    frame = charts.bars(seen, answer, target=target).frame
    for row in frame.iter_rows(named=True):
        missed = row["high"] is not None and row["high"] < target
        assert row["main"] == missed
        assert ("beyond chance" in row["said"] or "并非偶然" in row["said"] or "非偶然" in row["said"]) == missed
    assert charts.bars(seen, answer).frame["main"].sum() == 0
