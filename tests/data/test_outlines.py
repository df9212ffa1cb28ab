"""The base map lies in the house, is small enough to send, and gives way to the operator's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from data.outlines import BUNDLED, KINDS, outlines, tiles
from data.outlines.make import cut, inside, is_near, simplify

LINE = {"type": "LineString", "coordinates": [[100, 30], [101, 31]]}


@pytest.fixture(autouse=True)
def bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DASHBOARD_OUTLINES", raising=False)
    monkeypatch.delenv("DASHBOARD_TILES", raising=False)


def lines(feature: dict[str, Any]) -> Iterator[list[tuple[float, float]]]:
    for part in feature["geometry"]["coordinates"]:
        yield from part if feature["geometry"]["type"] == "MultiPolygon" else [part]


def land() -> list[list[list[tuple[float, float]]]]:
    found: list[list[list[tuple[float, float]]]] = outlines()["features"][0]["geometry"]["coordinates"]
    return found


def test_every_kind_is_there_in_drawing_order() -> None:
    assert [feature["properties"] for feature in outlines()["features"]] == [{"kind": kind} for kind in KINDS]


def test_it_is_small_enough_to_travel() -> None:
    assert BUNDLED.stat().st_size < 1_500_000


def test_points_are_degrees_and_no_line_jumps_across_the_world() -> None:
    for feature in outlines()["features"]:
        for line in lines(feature):
            assert all(-180 <= x <= 180 and -90 <= y <= 90 for x, y in line)
            assert all(abs(bx - ax) < 180 for (ax, _), (bx, _) in pairwise(line))


def test_polygons_are_closed() -> None:
    for feature in outlines()["features"]:
        if feature["geometry"]["type"] == "MultiPolygon":
            assert all(ring[0] == ring[-1] and len(ring) >= 4 for ring in lines(feature))


@pytest.mark.parametrize(("place", "x", "y"), [
    ("Beijing", 116.4, 39.9), ("Chengdu", 104.07, 30.67), ("Haikou", 110.2, 19.6), ("Lhasa", 91.1, 29.65),
    ("Kunming", 102.7, 25.0), ("Islamabad", 73.06, 33.7), ("Vientiane", 102.6, 18.2), ("Addis Ababa", 38.74, 9.03),
    ("Quito", -78.5, -0.2), ("Anadyr, beyond which the world begins anew", 177.0, 65.0),
])
def test_places_on_land_are_on_land(place: str, x: float, y: float) -> None:
    assert any(inside((x, y), part) for part in land())


@pytest.mark.parametrize(("x", "y"), [(124.0, 30.0), (150.0, 30.0), (-150.0, 20.0), (66.0, 0.0), (0.0, 0.0)])
def test_the_sea_is_not_land(x: float, y: float) -> None:
    assert not any(inside((x, y), part) for part in land())


def test_the_operators_own_map_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "approved.geojson"
    own.write_text(json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"surveyor": "not for the browser"}, "geometry": LINE},
        {"type": "Feature", "properties": {"kind": "land"}, "geometry": {**LINE, "coordinates": [[1, 2], [3, 4]]}},
    ]}), "utf-8")
    monkeypatch.setenv("DASHBOARD_OUTLINES", str(own))
    assert [f["properties"] for f in outlines()["features"]] == [{"kind": "land"}, {"kind": "border"}]
    assert "surveyor" not in json.dumps(outlines())


@pytest.mark.parametrize(("content", "what"), [
    (None, "is not a file"),
    ("<html>", "is not JSON"),
    ("[]", "is not a GeoJSON FeatureCollection"),
    ('{"type": "FeatureCollection", "features": []}', "has no features"),
    ('{"type": "FeatureCollection", "features": [{"geometry": {"type": "Point"}}]}', "feature 1 is Point"),
    ('{"type": "FeatureCollection", "features": [{"geometry": null}]}', "feature 1 is None"),
])
def test_a_wrong_map_says_what_is_wrong(
    content: str | None, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.geojson"
    if content is not None:
        own.write_text(content, "utf-8")
    monkeypatch.setenv("DASHBOARD_OUTLINES", str(own))
    with pytest.raises(ValueError, match=what):
        outlines()


def test_a_tile_server_needs_its_three_places(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tiles() is None
    monkeypatch.setenv("DASHBOARD_TILES", "http://tiles.internal/{z}/{x}/{y}.png")
    assert tiles() == "http://tiles.internal/{z}/{x}/{y}.png"
    monkeypatch.setenv("DASHBOARD_TILES", "http://tiles.internal/map.png")
    with pytest.raises(ValueError, match="must hold"):
        tiles()


def test_simplifying_keeps_ends_and_what_stands_out() -> None:
    assert simplify([(0, 0), (1, 0.01), (2, 0), (3, 5), (4, 0)], 0.1) == [(0, 0), (2, 0), (3, 5), (4, 0)]
    assert is_near([(0.0, 0.0), (100.0, 30.0)])
    assert not is_near([(0.0, 0.0), (10.0, 30.0)])


def test_a_polygon_across_the_antimeridian_becomes_two() -> None:
    fiji = [(177.0, -18.0), (-179.0, -18.0), (-179.0, -16.0), (177.0, -16.0), (177.0, -18.0)]
    west, east = cut([fiji])
    assert {x for x, _ in west[0]} == {177.0, 180.0}
    assert {x for x, _ in east[0]} == {-180.0, -179.0}
