"""The kinds of charts, all of one hand. Which one answers which question:

| question | chart |
|---|---|
| how did it go over the months, against target and before | `line` |
| is a change more than noise | `xmr` |
| what came in, what went out, what is left | `flow` |
| what is a total made of over time | `stacked` |
| who or what has how much, and how sure is that | `bars` |
| where and when | `heat` |
| is a unit unlike the others beyond chance | `funnel_plot` |
| where does one stand among its like | `strip` |
| how long does it take, open cases counted | `curves` |
| what makes the difference between two figures | `waterfall` |
| how far do things get | `pipeline` |

Each returns a `Drawing`; `figure` puts it on the page.
"""

from __future__ import annotations

from pages.shared.charts_by_group import bars, funnel_plot, heat, strip
from pages.shared.charts_of_steps import curves, pipeline, waterfall
from pages.shared.charts_over_time import flow, line, stacked, xmr
from pages.shared.drawing import PICK, Drawing
from pages.shared.figure import figure

__all__ = [
    "PICK",
    "Drawing",
    "bars",
    "curves",
    "figure",
    "flow",
    "funnel_plot",
    "heat",
    "line",
    "pipeline",
    "stacked",
    "strip",
    "waterfall",
    "xmr",
]
