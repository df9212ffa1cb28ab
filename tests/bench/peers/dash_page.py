"""The same figures on a Dash page with five cards and six charts: `python -m tests.bench.peers.dash_page PORT`."""

from __future__ import annotations

import sys
from typing import Any

import plotly.express as px
from dash import Dash, Input, Output, dcc, html

from queries.answers import Answer, ask, last_twelve_months
from queries.filters import Filters
from queries.holding import current
from queries.metrics import METRICS
from queries.viewers import OPERATOR
from queries.warming import warm_up

CARDS = ("participation_rate", "closure_rate", "on_time_rate", "satisfaction_rate", "adoption_rate")
UNITS = 30  # to choose from
CHARTS = (
    ("participation_rate", "month"),
    ("participation_rate", "branch"),
    ("closure_rate", "month"),
    ("grievances_received", "category"),
    ("attendances_per_head", "kind"),
    ("suggestions_submitted", "theme"),
)


def figure(answer: Answer) -> Any:
    """Return a line for months, bars for anything else."""
    rows = answer.frame.select("group", "value")
    draw = px.line if answer.by == "month" else px.bar
    return draw(x=rows["group"].to_list(), y=rows["value"].to_list(), title=answer.metric.zh, height=320)


def page() -> Dash:
    """Return the page; one callback answers the filter."""
    snapshot = current()
    warm_up(snapshot)
    app = Dash(__name__, serve_locally=True)
    units = [{"label": snapshot.name(unit, "zh"), "value": unit} for unit in snapshot.tree.ids[:UNITS]]
    app.layout = html.Div(
        [
            dcc.RadioItems(units, units[0]["value"], id="unit", inline=True),
            html.Div(id="cards"),
            html.Div([dcc.Graph(id=f"chart{i}") for i in range(len(CHARTS))]),
        ]
    )

    @app.callback(
        Output("cards", "children"),
        *(Output(f"chart{i}", "figure") for i in range(len(CHARTS))),
        Input("unit", "value"),
    )
    def answer(unit: str) -> list[Any]:
        held = current()
        months = last_twelve_months(held)
        filters = Filters(months.start, months.end, unit)
        cards = []
        for metric in CARDS:
            value = ask(OPERATOR, metric, filters, snapshot=held).one["value"]
            cards.append(html.Div([html.H4(METRICS[metric].zh), html.P("–" if value is None else f"{value:.1%}")]))
        return [cards, *(figure(ask(OPERATOR, metric, filters, by, snapshot=held)) for metric, by in CHARTS)]

    return app


if __name__ == "__main__":
    page().run(host="127.0.0.1", port=int(sys.argv[1]), debug=False)
