"""The stock peer: the dashboard's own pages on Streamlit's own settings, each chart built by Altair in each run."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import altair as alt
from streamlit.delta_generator import DeltaGenerator

HOUSE = Path(__file__).parents[3]


def altair_chart(place: DeltaGenerator, data: Any = None, spec: Any = None, **options: Any) -> Any:
    """Draw what `vega_lite_chart` would, the way `st.altair_chart` does it: a chart object, checked by its schema."""
    given = json.loads(json.dumps(spec))
    for ours in ("usermeta", "datasets", "$schema"):
        given.pop(ours, None)
    chart = alt.Chart.from_dict({"$schema": alt.SCHEMA_URL, **given}, validate=False)
    if data is not None:
        chart.data = data
    return place.altair_chart(chart, **options)


if str(HOUSE) not in sys.path:
    sys.path.insert(0, str(HOUSE))
DeltaGenerator.vega_lite_chart = altair_chart  # type: ignore[method-assign, assignment]
runpy.run_path(str(HOUSE / "app.py"))
