"""The base map: outlines that lie in the house, so that a map needs no request to anybody.

The bundled ones are Natural Earth's (see README.md beside this file). `DASHBOARD_OUTLINES` names the operator's own
approved GeoJSON instead, `DASHBOARD_TILES` a tile server inside the network to draw beneath the units.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

BUNDLED = Path(__file__).with_name("outlines.geojson")
# Drawn in this order, one style each. A feature of the operator's own file with another kind, or none, is a border.
KINDS = ("land", "lake", "river", "province", "border")
SHAPES = ("Polygon", "MultiPolygon", "LineString", "MultiLineString")
# A browser has to take it all in; an approved national map in full detail belongs on a tile server.
LARGEST_BYTES = 20_000_000


def outlines() -> dict[str, Any]:
    """Return the base map as a GeoJSON FeatureCollection in WGS84 degrees; every `properties.kind` is one of KINDS.

    The same object every time until the file changes: read it, do not change it. ValueError, in one line, if the
    operator's file is missing or is no GeoJSON of lines and polygons.
    """
    path = Path(os.environ.get("DASHBOARD_OUTLINES") or BUNDLED)
    if not path.is_file():
        raise ValueError(f"DASHBOARD_OUTLINES: {path} is not a file")
    status = path.stat()
    if status.st_size > LARGEST_BYTES:
        raise ValueError(f"DASHBOARD_OUTLINES: {path} is larger than {LARGEST_BYTES // 1_000_000} MB; simplify it")
    return _read(path, status.st_mtime_ns)


@lru_cache(maxsize=2)
def _read(path: Path, _changed: int) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8-sig"))
    except ValueError as fault:
        raise ValueError(f"DASHBOARD_OUTLINES: {path} is not JSON in UTF-8") from fault
    if not isinstance(found, dict) or found.get("type") != "FeatureCollection":
        raise ValueError(f"DASHBOARD_OUTLINES: {path} is not a GeoJSON FeatureCollection")
    features = []
    for number, feature in enumerate(found.get("features") or (), start=1):
        shape = (feature.get("geometry") or {}).get("type")
        if shape not in SHAPES:
            raise ValueError(f"DASHBOARD_OUTLINES: {path}: feature {number} is {shape}, not one of {', '.join(SHAPES)}")
        kind = (feature.get("properties") or {}).get("kind")
        # The file's other properties stay here: everything drawn can be read by who looks at it.
        features.append({"type": "Feature", "geometry": feature["geometry"],
                         "properties": {"kind": kind if kind in KINDS else "border"}})
    if not features:
        raise ValueError(f"DASHBOARD_OUTLINES: {path} has no features")
    features.sort(key=lambda feature: KINDS.index(feature["properties"]["kind"]))
    return {"type": "FeatureCollection", "features": features}


def tiles() -> str | None:
    """Return the address of the operator's tile server or None; ValueError without {z}, {x} and {y} in it."""
    address = os.environ.get("DASHBOARD_TILES") or None
    if address and not all(part in address for part in ("{z}", "{x}", "{y}")):
        raise ValueError("DASHBOARD_TILES: the address must hold {z}, {x} and {y}")
    return address
