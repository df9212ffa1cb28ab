"""What disclosure control costs: every page as the management side and an executive, beside one who sees it whole."""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from statistics import median
from typing import Any

from data import database, people
from pages.shared.navigation import entries
from queries.viewers import Viewer
from tests.bench.pages import VIEW
from tests.bench.place import Place, dashboard
from tests.bench.visitor import Alone, alone

RERUNS = 24
WHOLE, MANAGEMENT, EXECUTIVE = "union.whole@example.com", "management@example.com", "executive@example.com"
VIEWERS = {"whole": WHOLE, "management": MANAGEMENT, "executive": EXECUTIVE}
# In milliseconds: medians of so little differ by more than a third of themselves from one run to the next.
LEAST = 2.0


def let_in(units: list[str]) -> None:
    """Enter union staff of the whole enterprise: nothing but small groups in surveys is withheld from them."""
    with database.writing() as connection:
        people.add(connection, WHOLE, "Whole", "union_staff", units=units[:1], by="bench")


def bench(place: Place, units: list[str]) -> dict[str, Any]:
    """Time each page as each of the viewers in turns; medians in milliseconds."""
    let_in(units)
    with dashboard(place.home) as house, ExitStack() as stack:
        visitors = {name: stack.enter_context(alone(house.url)) for name in VIEWERS}
        keys = [entry.key for entry in entries(Viewer(MANAGEMENT, "management")) if entry.filtered]
        found = {key: page(visitors, key, units) for key in keys}
        return {"pages": found, "failed": house.said().count("Traceback")}


def page(visitors: dict[str, Alone], key: str, units: list[str]) -> dict[str, dict[str, float]]:
    """Return for each viewer the median of the same two views again, and of views seen for the first time."""
    two = itertools.cycle([f"{VIEW}&unit={unit}" for unit in units[1:3]])
    again = [next(two) for _ in range(RERUNS + 4)]
    first = [f"{VIEW}&unit={unit}" for unit in units[3 : 3 + RERUNS]]
    times: dict[str, dict[str, list[float]]] = {name: {"again": [], "first": []} for name in visitors}
    for kind, views in (("again", again), ("first", first)):
        for place, view in enumerate(views):
            # Another goes first each time: who comes second finds facts that the first one's question has counted.
            order = list(visitors)[place % len(visitors) :] + list(visitors)[: place % len(visitors)]
            for name in order:
                run = visitors[name].rerun(key, f"{view}&as={VIEWERS[name]}")
                if run.faults or not run.whole:
                    raise RuntimeError(f"{key} failed for {name}: {run.faults}")
                times[name][kind].append(1000 * run.seconds)
    return {
        name: {"again": median(found["again"][4:]), "first": median(found["first"])} for name, found in times.items()
    }


def ratio(found: dict[str, dict[str, float]], name: str, kind: str) -> float:
    """Return how many times as long a page takes as for the one who sees it whole."""
    return found[name][kind] / max(found["whole"][kind], LEAST)


def shown(found: dict[str, Any]) -> list[str]:
    """Return the section's table."""
    lines = [f"{'page, ms':16}" + "".join(f"{kind + ' ' + name:>18}" for kind in ("again", "first") for name in VIEWERS)
             + f"{'ratio again':>13}{'first':>7}"]  # fmt: skip
    for key, times in found["pages"].items():
        figures = "".join(f"{times[name][kind]:18.1f}" for kind in ("again", "first") for name in VIEWERS)
        ratios = [ratio(times, "management", kind) for kind in ("again", "first")]
        lines.append(f"{key:16}{figures}{ratios[0]:13.2f}{ratios[1]:7.2f}")
    return lines


def goals(found: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Return what withholding must not cost."""
    pages = found["pages"].values()
    return [
        (f"rerun as {name}, against whole, {kind}", max(ratio(times, name, kind) for times in pages), 1.3)
        for name in ("management", "executive")
        for kind in ("again", "first")
    ] + [("pages that failed", found["failed"], 0)]
