"""What a page consists of, taken down from its own messages, so that peers can draw the same elements."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from tests.bench.visitor import Screen, alone

Node = dict[str, Any]


def record(url: str, pages: list[str], query: str, target: Path) -> dict[str, int]:
    """Write down each page of the dashboard at `url`; return their numbers of elements and blocks."""
    found: dict[str, Node] = {}
    counts = {}
    with alone(url) as visitor:
        for page in pages:
            run = visitor.rerun(page, query)
            if run.faults or not run.whole:
                raise RuntimeError(f"{page} failed: {run.faults}")
            found[page] = tree(visitor.screen)
            counts[page] = run.elements
    target.write_text(json.dumps(found), "utf-8")
    return counts


def tree(screen: Screen) -> Node:
    """Return the screen's elements and blocks as nested nodes: `kind`, the message as `proto`, `children`."""
    root: Node = {"kind": "root", "proto": "", "children": {}}
    for path, delta in sorted(screen.deltas.items()):
        node = root
        for step in path[:-1]:
            node = node["children"].setdefault(str(step), {"kind": "container", "proto": "", "children": {}})
        which = delta.WhichOneof("type")
        if which == "new_transient":
            continue
        content = delta.new_element if which == "new_element" else delta.add_block
        kind = content.WhichOneof("type") or "container"
        proto = base64.b64encode(content.SerializeToString()).decode()
        children = node["children"].get(str(path[-1]), {}).get("children", {})
        node["children"][str(path[-1])] = {"kind": kind, "proto": proto, "children": children}
    return root
