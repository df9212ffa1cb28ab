"""Draws recorded pages by Streamlit's public commands with constant data: the same elements in the same places."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import streamlit as st
from streamlit.proto.Block_pb2 import Block
from streamlit.proto.Element_pb2 import Element

Draw = Callable[[Any], None]


@dataclass
class Drawn:
    """One recorded element or block, ready to be drawn."""

    kind: str
    draw: Draw
    label: str = ""
    children: list[Drawn] = field(default_factory=list)


@cache
def pages() -> dict[str, dict[str, Drawn]]:
    """Return each recorded page's main part and sidebar."""
    recorded = json.loads(Path(os.environ["BENCH_RECORDED"]).read_text("utf-8"))
    return {page: _parts(tree) for page, tree in recorded.items()}


def _parts(tree: dict[str, Any]) -> dict[str, Drawn]:
    names = {"0": "main", "1": "sidebar"}
    found = {}
    for place, name in names.items():
        if place in tree["children"]:
            found[name] = _drawn(tree["children"][place], f"{name}")
    return found


def _drawn(node: dict[str, Any], key: str) -> Drawn:
    content = base64.b64decode(node["proto"])
    children = [_drawn(child, f"{key}.{place}") for place, child in sorted(_numbered(node["children"]))]
    if node["children"] or node["kind"] in BLOCKS:
        block = Block.FromString(content)
        kind = node["kind"]
        label = getattr(getattr(block, kind, None), "label", "") if kind in ("popover", "expandable", "tab") else ""
        return Drawn(kind, lambda _: None, label, children)
    element = Element.FromString(content)
    return Drawn(node["kind"], _element(node["kind"], element, key))


def _numbered(children: dict[str, Any]) -> list[tuple[int, Any]]:
    return [(int(place), child) for place, child in children.items()]


BLOCKS = {
    "container", "vertical", "horizontal", "column", "expandable", "form", "tab_container", "tab", "popover", "dialog",
    "flex_container", "transparent", "grid_container", "chat_message",
}  # fmt: skip


def _element(kind: str, element: Element, key: str) -> Draw:
    one: Any = getattr(element, kind) if kind != "container" else None
    if kind == "vega_lite_chart":
        return _chart(one, key)
    if kind == "dataframe":
        frame = _frame(one.arrow_data.data or one.lazy_data.initial_chunk.data)
        return lambda place: place.dataframe(frame, key=key)
    if kind == "deck_gl_json_chart":
        deck = _Deck(one.json)
        return lambda place: place.pydeck_chart(deck)
    if kind in ("selectbox", "multiselect", "radio"):
        options = list(one.options)
        return lambda place: getattr(place, kind)(one.label or key, options, key=key, label_visibility="collapsed")
    if kind == "button_group":
        options = [f"{option.content} {number}" for number, option in enumerate(one.options)]
        return lambda place: place.segmented_control(one.label or key, options, key=key)
    if kind == "download_button":
        return lambda place: place.download_button(one.label or key, data=_nothing, key=key, on_click="ignore")
    if kind == "button":
        return lambda place: place.button(one.label or key, key=key)
    if kind in ("text_input", "checkbox"):
        return lambda place: getattr(place, kind)(one.label or key, key=key)
    if kind == "metric":
        return lambda place: place.metric(one.label, one.body, one.delta or None)
    if kind in ("html", "markdown", "text", "heading"):
        body = one.body
        return lambda place: getattr(place, "markdown" if kind == "heading" else kind)(body)
    if kind == "alert":
        return lambda place: place.info(one.body)
    return lambda place: place.text(kind)


def _chart(chart: Any, key: str) -> Draw:
    spec = json.loads(chart.spec)
    frames = {data.name: _frame(data.data.data) for data in chart.datasets}
    frame = _frame(chart.data.data) if chart.HasField("data") else next(iter(frames.values()), pa.table({}))
    spec.pop("datasets", None)
    return lambda place: place.vega_lite_chart(frame, spec, key=key)


def _frame(data: bytes) -> pa.Table:
    if not data:
        return pa.table({})
    with pa.ipc.open_stream(data) as stream:
        return stream.read_all()


@dataclass(frozen=True)
class _Deck:
    json: str

    def to_json(self) -> str:
        return self.json


def _nothing() -> bytes:
    return b""


def draw(node: Drawn, place: Any) -> None:
    """Draw a node's children into `place`."""
    columns = [child for child in node.children if child.kind == "column"]
    tabs = [child for child in node.children if child.kind == "tab"]
    beside = iter(place.columns(len(columns)) if columns else ())
    cards = iter(place.tabs([tab.label or str(number) for number, tab in enumerate(tabs)]) if tabs else ())
    for child in node.children:
        if child.kind == "column":
            draw(child, next(beside))
        elif child.kind == "tab":
            draw(child, next(cards))
        elif child.kind == "popover":
            draw(child, place.popover(child.label or "…"))
        elif child.kind == "expandable":
            draw(child, place.expander(child.label or "…"))
        elif child.kind in BLOCKS:
            draw(child, place.container())
        else:
            child.draw(place)


def app() -> None:
    """Draw the page that the address names, under a navigation with all recorded pages."""
    found = pages()

    def page(name: str) -> Callable[[], None]:
        def run() -> None:
            draw(found[name]["main"], st)

        run.__name__ = name.replace("-", "_")
        return run

    listed = [st.Page(page(name), title=name, url_path=name, default=i == 0) for i, name in enumerate(found)]
    chosen = st.navigation(listed)
    key = chosen.url_path or next(iter(found))
    if "sidebar" in found[key]:
        draw(found[key]["sidebar"], st.sidebar)
    chosen.run()
