"""Units on the map: where they lie, how they are drawn, and the same as a table."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Literal

import polars as pl
import pydeck as pdk
import streamlit as st

from data.outlines import KINDS, tiles
from pages.shared import downloads, formats, states, theme, view
from pages.shared.keeping import kept, sent
from pages.shared.view import View
from pages.shared.words import _, metric_name
from queries import metrics

Closeness = Literal["regions", "units"]
CLUSTER_DEGREES = 6.0  # about the width of a province: circles of one no longer lie on one another
UNITS_AT_ONCE = 25  # more circles than this at the scale of a country cover one another
LARGEST, SMALLEST = 26, 5  # pixels
MAP_HEIGHT, MAP_WIDTH = 520, 880  # pixels; a wider page shows more of the sea
NARROW, COUNTRY = 540, 60  # pixels of a small page, on which what is within a country (degrees) fits
PHONE = 330  # pixels of a telephone's map, which still shows where most people are
CLOSEST = 7  # zoom of a single unit: its province


class Map(pdk.Deck):
    """A map that is written out once, not at every rerun; it is not changed after it was made."""

    @cached_property
    def _written(self) -> str:
        return str(super().to_json())

    def to_json(self) -> str:
        """Return the map as the browser reads it."""
        return self._written


def closeness(seen: View) -> Closeness:
    """Draw the switch between regions and single units; a click on a region switches too."""
    if "map_close" not in st.session_state:
        st.session_state["map_close"] = "regions" if len(seen.units) > UNITS_AT_ONCE and _top(seen) else "units"
    names = {"regions": _("By region"), "units": _("Each unit")}
    chosen = st.segmented_control(
        _("Show"), list(names), format_func=lambda one: names[one], key="map_close", required=True
    )
    return "regions" if chosen == "regions" else "units"


def _top(seen: View) -> bool:
    return seen.branch is None or seen.branch in seen.tops


@kept
def located(seen: View, metric: str) -> pl.DataFrame:
    """Return the scope's units with a place: unit, name, longitude, latitude, people, value, shown, suppressed."""
    people = seen.ask("employees", by="unit").frame.select("group", people="value", hidden="suppressed")
    figures = seen.ask(metric, by="unit")
    rows = (
        seen.snapshot.units.select(unit="branch_id", longitude="longitude", latitude="latitude")
        .drop_nulls()
        .join(
            figures.frame.select("group", "numerator", "denominator", "value", "suppressed"),
            left_on="unit",
            right_on="group",
            maintain_order="left",
        )
        .join(people, left_on="unit", right_on="group", how="left", maintain_order="left")
    )
    unit = metrics.find(metric).unit
    shown = [formats.value(unit, row["value"], suppressed=row["suppressed"]) for row in rows.iter_rows(named=True)]
    names = [seen.snapshot.name(code, seen.language) for code in rows["unit"]]
    heads = [
        formats.value("count", row["people"], suppressed=bool(row["hidden"])) for row in rows.iter_rows(named=True)
    ]
    return rows.with_columns(
        name=pl.Series(names, dtype=pl.String),
        shown=pl.Series(shown, dtype=pl.String),
        heads=pl.Series(heads, dtype=pl.String),
        people=pl.col("people").fill_null(0.0),
    )


def nothing(seen: View) -> None:
    """Say that no unit of the scope has a place."""
    states.empty(seen)


def draw(seen: View, units: pl.DataFrame, metric: str, close: Closeness) -> None:
    """Draw the map; a click on a region looks closer, on a unit opens it."""
    chosen = st.pydeck_chart(
        _deck(seen, units, metric, close),
        height=MAP_HEIGHT,
        on_select="rerun",
        key=f"map_{close}_{metric}",
        alt=_alt(seen, units, metric),
    )
    picked = (chosen.selection.objects or {}).get("units") if chosen else None
    if picked:
        _opened(picked[0]["unit"], close)


@kept
def _deck(seen: View, units: pl.DataFrame, metric: str, close: Closeness) -> Map:
    """Return the map with its layers, the lowest first."""
    mode = theme.mode()
    shown = _clusters(units, metric, seen) if close == "regions" else units.with_columns(units=pl.lit(1))
    points = shown.with_columns(
        radius=(pl.col("people").clip(1) / pl.col("people").max().clip(1)).sqrt() * LARGEST + SMALLEST,
        fill=pl.Series(_fills(shown["value"].to_list(), units["value"], mode), dtype=pl.List(pl.Int64)),
        count=pl.when(pl.col("units") > 1).then(pl.col("units").cast(pl.String)).otherwise(pl.lit("")),
    )
    view, scale = _view(points)
    if points.height <= UNITS_AT_ONCE:
        points = _apart(points, scale)
    sent = points.select("unit", "name", "longitude", "latitude", "radius", "fill", "shown", "heads", "count")
    colours = theme.PALETTES[mode]
    layers = [_base(mode)]
    if address := tiles():
        layers.insert(0, pdk.Layer("TileLayer", id="tiles", data=address))
    layers.append(
        pdk.Layer(
            "ScatterplotLayer",
            id="units",
            data=sent.to_dicts(),
            get_position="[longitude, latitude]",
            get_radius="radius",
            radius_units="'pixels'",
            get_fill_color="fill",
            get_line_color=_rgb(colours.paper),
            stroked=True,
            line_width_units="'pixels'",
            get_line_width=1.5,
            pickable=True,
            auto_highlight=True,
        )
    )
    if close == "regions":
        layers.append(
            pdk.Layer(
                "TextLayer",
                id="counts",
                data=sent.filter(pl.col("count") != "").select("longitude", "latitude", "count").to_dicts(),
                get_position="[longitude, latitude]",
                get_text="count",
                get_size=12,
                get_color=_rgb(colours.text),
                get_pixel_offset=[0, 0],
                font_weight=600,
                outline_width=3,
            )
        )
    return Map(
        layers=layers,
        map_provider=None,  # with a style of None, Streamlit would ask a tile server for one
        initial_view_state=view,
        tooltip={"text": "{name}\n{shown}\n{heads}"},
    )


def _opened(unit: str, close: Closeness) -> None:
    if close == "regions":
        st.session_state.pop("map_close", None)
        view.change(branch=unit)
    else:
        view.go("unit", branch=unit)
    st.rerun()


def _base(mode: theme.Mode) -> pdk.Layer:
    colours = theme.PALETTES[mode]
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    kind = "properties.kind"
    fills = {"land": colours.panel, "lake": colours.paper}
    lines = {"border": colours.faint, "province": colours.line, "river": colours.line, "lake": colours.line}
    clear = [0, 0, 0, 0]
    fill = _choice(kind, {k: _rgb(fills[k]) if k in fills else clear for k in KINDS})
    line = _choice(kind, {k: _rgb(lines[k]) if k in lines else clear for k in KINDS})
    return pdk.Layer(
        "GeoJsonLayer",
        id="outlines",
        data=f"/{path}/outlines.geojson" if path else "/outlines.geojson",
        get_fill_color=fill,
        get_line_color=line,
        line_width_units="'pixels'",
        get_line_width=1,
        pickable=False,
    )


def _choice(field: str, colours: dict[str, list[int]]) -> str:
    text = "[0, 0, 0, 0]"
    for kind, colour in colours.items():
        text = f"{field} == '{kind}' ? {colour} : {text}"
    return text


def _clusters(units: pl.DataFrame, metric: str, seen: View) -> pl.DataFrame:
    """Return the units' divisions as circles at their people's middle, with the divisions' own figures."""
    tops = [top for top in seen.snapshot.children(seen.branch) if top in seen.units] or list(seen.tops)
    rows = []
    for top in tops:
        inside = units.filter(pl.col("unit").is_in(seen.snapshot.subtree(top)))
        if inside.is_empty():
            continue
        answer, people = seen.ask(metric, branch=top).one, seen.ask("employees", branch=top).one
        for cell in _cells(inside):
            rows.append(
                {
                    "unit": top,
                    "name": seen.snapshot.name(top, seen.language),
                    "longitude": sum(cell["longitude"]) / cell.height,
                    "latitude": sum(cell["latitude"]) / cell.height,
                    "people": float(cell["people"].sum()),
                    "value": answer["value"],
                    "shown": formats.value(
                        metrics.find(metric).unit, answer["value"], suppressed=bool(answer["suppressed"])
                    ),
                    "heads": formats.value("count", people["value"], suppressed=bool(people["suppressed"])),
                    "units": cell.height,
                }
            )
    return pl.DataFrame(rows, infer_schema_length=None) if rows else units.with_columns(units=pl.lit(1))


def _cells(inside: pl.DataFrame) -> list[pl.DataFrame]:
    """Return one division's units by the part of the world they lie in, so that no circle stands in the sea between."""
    near = inside.with_columns(
        x=(pl.col("longitude") / (4 * CLUSTER_DEGREES)).floor(), y=(pl.col("latitude") / (4 * CLUSTER_DEGREES)).floor()
    )
    return near.partition_by("x", "y", maintain_order=True)


def _fills(values: list[float | None], spread: pl.Series, mode: theme.Mode) -> list[list[int]]:
    """Return each value's colour on the sequential scale; grey where there is none."""
    ramp, grey = theme.PALETTES[mode].sequential, _rgb(theme.PALETTES[mode].faint)
    low, high = _range(spread)
    found = []
    for value in values:
        if value is None:
            found.append(grey)
            continue
        step = 0.5 if high == low else (value - low) / (high - low)
        found.append(_rgb(ramp[min(max(int(step * (len(ramp) - 1)), 2), len(ramp) - 1)]))
    return found


def _range(values: pl.Series) -> tuple[float, float]:
    known = values.drop_nulls()
    if known.is_empty():
        return 0.0, 0.0
    return float(known.quantile(0.05) or 0), float(known.quantile(0.95) or 0)


@kept
def _ends(_seen: View, units: pl.DataFrame) -> tuple[float, float]:
    return _range(units["value"])


def _rgb(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)] + [235]


def _view(points: pl.DataFrame) -> tuple[pdk.ViewState, float]:
    """Return the view that holds all points on a wide page and most people on a telephone, and its pixels to a degree.

    All on the map's own (Mercator's) scale.
    """
    longitudes, heights = sorted(points["longitude"]), sorted(_mercator(one) for one in points["latitude"])
    west, east = longitudes[0], longitudes[-1]
    tall = heights[-1] - heights[0]
    home, away = _heart(points)
    width = MAP_WIDTH if east - west > COUNTRY else NARROW
    scale = min(width / max(east - west, 1e-6), (MAP_HEIGHT - 4 * LARGEST) / max(tall, 1e-6))
    while True:
        reach = (PHONE / 2 - LARGEST) / scale
        nearest, farthest = away - reach, home + reach
        whole = (west + east) / 2
        middle = (home + away) / 2 if nearest > farthest else min(max(whole, nearest), farthest)
        if max(middle - west, east - middle) * scale <= width / 2 + 1:
            break
        scale *= 0.95
    state = pdk.ViewState(
        longitude=middle,
        latitude=_latitude((heights[0] + heights[-1]) / 2),
        zoom=min(math.log2(scale * 360 / 512), CLOSEST),
    )
    return state, min(scale, 2**CLOSEST * 512 / 360)


def _heart(points: pl.DataFrame) -> tuple[float, float]:
    """Return between which longitudes eight of ten people are."""
    ordered = points.sort("longitude")
    share = (ordered["people"].clip(1).cum_sum() / ordered["people"].clip(1).sum()).to_list()
    places = ordered["longitude"].to_list()
    return (
        next(place for place, part in zip(places, share, strict=True) if part >= 0.1),
        next(place for place, part in zip(places, share, strict=True) if part >= 0.9 or place == places[-1]),
    )


def _apart(points: pl.DataFrame, scale: float) -> pl.DataFrame:
    """Return circles pushed apart until none lies on another: what cannot be seen cannot be clicked."""
    x, y = points["longitude"].to_list(), [_mercator(one) for one in points["latitude"]]
    radius = [(one + 1) / scale for one in points["radius"]]
    for _turn in range(60):
        moved = False
        for i in range(len(x)):
            for j in range(i):
                dx, dy = x[i] - x[j], y[i] - y[j]
                distance = math.hypot(dx, dy)
                missing = radius[i] + radius[j] - distance
                if missing <= 1e-6:
                    continue
                moved = True
                # The smaller one gives way; two on one spot part sideways.
                step_x, step_y = (dx / distance, dy / distance) if distance > 1e-6 else (1.0, 0.0)
                part = radius[j] ** 2 / (radius[i] ** 2 + radius[j] ** 2)
                x[i], y[i] = x[i] + step_x * missing * part, y[i] + step_y * missing * part
                x[j], y[j] = x[j] - step_x * missing * (1 - part), y[j] - step_y * missing * (1 - part)
        if not moved:
            break
    return points.with_columns(longitude=pl.Series(x), latitude=pl.Series([_latitude(one) for one in y]))


def _mercator(latitude: float) -> float:
    return math.degrees(math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2)))


def _latitude(height: float) -> float:
    """Return the latitude that `_mercator` puts at this height."""
    return math.degrees(2 * math.atan(math.exp(math.radians(height))) - math.pi / 2)


def _alt(seen: View, units: pl.DataFrame, metric: str) -> str:
    return _(
        "Map of {n} units of {place}, coloured by {metric}; the table below says the same",
        n=units.height,
        place=seen.place,
        metric=metric_name(metric),
    )


def legend(seen: View, units: pl.DataFrame, metric: str) -> None:
    """Say what the colours mean, from which figure to which, and what grey is."""
    unit = metrics.find(metric).unit
    low, high = _ends(seen, units)
    ramp = theme.palette().sequential[2:]
    swatches = "".join(
        f'<span style="background:{colour};width:16px;height:10px;display:inline-block"></span>' for colour in ramp
    )
    text = _(
        "{metric}: {low} to {high} · grey: withheld (fewer than five) or no figure · data up to {day}",
        metric=metric_name(metric),
        low=formats.value(unit, low),
        high=formats.value(unit, high),
        day=formats.day(seen.snapshot.data_date),
    )
    st.html(f'<div style="font-size:0.85rem">{swatches}</div>')
    st.caption(text)


def table(seen: View, metric: str) -> None:
    """Draw the same as a table in the order of the organisation, units without a place among them."""
    rows = _rows(seen, metric)
    headings = {"name": _("Unit"), "people": _("Employees"), "figure": metric_name(metric), "place": _("On the map")}
    with st.expander(_("The same as a table, in the order of the organisation")):
        st.dataframe(sent(seen, rows), hide_index=True, width="stretch", column_config=headings)
        sentence, date, language = seen.sentence, seen.snapshot.data_date, seen.language
        title = metric_name(metric)
        downloads.menu(title, lambda: downloads.Sheet(title, rows, headings, sentence, date, language), "map_table")


@kept
def _rows(seen: View, metric: str) -> pl.DataFrame:
    """Return the table: name, people, figure, place."""
    figures = seen.ask(metric, by="unit")
    people = seen.ask("employees", by="unit").frame
    unit = metrics.find(metric).unit
    placed = set(seen.snapshot.units.drop_nulls(["longitude", "latitude"])["branch_id"])
    return pl.DataFrame(
        {
            "name": [seen.snapshot.name(code, seen.language) for code in figures.frame["group"]],
            "people": [
                formats.value("count", row["value"], suppressed=row["suppressed"])
                for row in people.iter_rows(named=True)
            ],
            "figure": [
                formats.value(unit, row["value"], suppressed=row["suppressed"])
                for row in figures.frame.iter_rows(named=True)
            ],
            "place": [_("yes") if code in placed else _("no place given") for code in figures.frame["group"]],
        }
    )
