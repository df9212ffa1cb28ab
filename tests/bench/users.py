"""Many visitors at once: how long each waits, what the server manages and holds; beside stock Streamlit."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.pages import VIEW, kpi_pages
from tests.bench.place import Place, dashboard, memory, peer
from tests.bench.recording import record
from tests.bench.visitor import Visitor
from tests.browser.browsing import Server

USERS = (1, 10, 25, 50)
# Seconds between two clicks, and how long each round lasts: a single visitor clicks too rarely for a short one.
THINKING = ((5.0, 40.0), (0.0, 12.0))
ARRIVALS = 20.0  # seconds in which all visitors open their first page, before the clock starts
UNITS = 12  # that visitors look at: an office looks at its own few


@dataclass
class Crowd:
    """What a crowd of visitors saw: seconds of each rerun after the first, and what failed."""

    waits: list[float] = field(default_factory=list)
    failed: int = 0
    seconds: float = 0.0


async def visit(url: str, clicks: Callable[[], tuple[str, str]], think: float, start: float, end: float, crowd: Crowd,
                dice: random.Random) -> None:  # fmt: skip
    """Be one visitor: open a page, then click until `end`."""
    await asyncio.sleep(dice.uniform(0, ARRIVALS / 2))
    async with Visitor(url) as visitor:
        await visitor.rerun(*clicks())
        await asyncio.sleep(max(0.0, start - time.perf_counter()) + dice.uniform(0, think))
        while time.perf_counter() < end:
            run = await visitor.rerun(*clicks())
            crowd.waits.append(run.seconds)
            crowd.failed += not run.whole or bool(run.faults)
            if think:
                await asyncio.sleep(dice.uniform(0.5 * think, 1.5 * think))


async def crowd(url: str, pages: list[str], views: list[str], users: int, think: float, seconds: float) -> Crowd:
    """Let `users` visitors click for `seconds`, each `think` seconds after the last answer on average."""
    found = Crowd()
    start = time.perf_counter() + ARRIVALS
    dice = random.Random(7)

    def clicks() -> tuple[str, str]:
        return dice.choice(pages), dice.choice(views)

    visitors = [
        visit(url, clicks, think, start, start + seconds, found, random.Random(number)) for number in range(users)
    ]
    # A server that is overrun keeps its visitors waiting long after the end.
    try:
        await asyncio.wait_for(asyncio.gather(*visitors), ARRIVALS + 3 * seconds + 60)
    except TimeoutError:
        found.failed += 1
    found.seconds = time.perf_counter() - start
    return found


def figures(found: Crowd, server: Server) -> dict[str, float]:
    """Return median and 95th percentile in milliseconds, reruns a second, megabytes, failures."""
    waits = sorted(found.waits) or [0.0]
    return {
        "p50": 1000 * waits[len(waits) // 2],
        "p95": 1000 * waits[min(len(waits) - 1, int(len(waits) * 0.95))],
        "reruns a second": len(found.waits) / found.seconds,
        "megabytes": memory(server),
        "reruns": len(found.waits),
        "failed": found.failed,
    }


def bench(place: Place, units: list[str]) -> dict[str, Any]:
    """Measure the dashboard and the stock peer with 1 to 50 visitors, thinking and not."""
    pages = kpi_pages()
    views = [f"{VIEW}&unit={unit}" for unit in units[:UNITS]]
    rounds: dict[str, list[dict[str, float]]] = {"house": [], "stock": []}
    with dashboard(place.home) as house:
        if not Path(place.recorded).is_file():
            record(house.url, pages, views[0], place.recorded)
        with peer("stock", place) as stock:
            for page in pages:  # what an office has looked at before
                asyncio.run(crowd_once(house.url, page, views))
            for think, seconds in THINKING:
                for users in USERS:
                    for name, server in (("house", house), ("stock", stock)):
                        found = asyncio.run(crowd(server.url, pages, views, users, think, seconds))
                        rounds[name].append({"users": users, "think": think, **figures(found, server)})
        failed = house.said().count("Traceback")
    return {"rounds": rounds, "failed": failed}


async def crowd_once(url: str, page: str, views: list[str]) -> None:
    """Look at every view of a page once."""
    async with Visitor(url) as visitor:
        for view in views:
            await visitor.rerun(page, view)


def shown(found: dict[str, Any]) -> list[str]:
    """Return the section's table."""
    head = f"{'users':>6}{'think s':>9}{'p50 ms':>9}{'p95':>8}{'reruns/s':>10}{'MB':>7}{'failed':>8}"
    lines = [f"{head}   | stock{head[15:]}"]
    for ours, theirs in zip(found["rounds"]["house"], found["rounds"]["stock"], strict=True):
        both = [
            f"{one['p50']:9.0f}{one['p95']:8.0f}{one['reruns a second']:10.1f}{one['megabytes']:7.0f}"
            f"{one['failed']:8.0f}"
            for one in (ours, theirs)
        ]
        lines.append(f"{ours['users']:6.0f}{ours['think']:9.0f}{both[0]}   |      {both[1]}")
    return lines


def goals(found: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Return what fifty visitors must not notice of each other."""
    ours, theirs = ({(one["users"], one["think"]): one for one in found["rounds"][name]} for name in ("house", "stock"))
    many, alone = ours[50, 5.0]["p95"], ours[1, 5.0]["p95"]
    return [
        ("p95 of 50 at 5 s, against one alone", many / alone, 4.0),
        ("p95 of 50 at 5 s, against stock", many / theirs[50, 5.0]["p95"], 1 / 20),
        ("reruns that failed", sum(one["failed"] for one in ours.values()) + found["failed"], 0),
    ]
