"""Two thousand visits and two hours' traffic in minutes: the server's memory stays where it was."""

from __future__ import annotations

import asyncio
import itertools
import random
import shutil
import time
from datetime import timedelta
from statistics import median
from typing import Any

import polars as pl

from data import database, importer, tables
from data.bulk import schema as types_of
from data.schema import HANDED_IN
from queries.holding import current
from tests.bench.pages import VIEW, kpi_pages
from tests.bench.place import Place, dashboard, memory
from tests.bench.visitor import Visitor, alone

VISITS = 2_000
TOGETHER = 4  # visitors at once during the visits
CROWD, CROWD_SECONDS = 20, 120.0  # what fifty people do in two hours, without pauses
HAND_INS = 8
SETTLE = 15.0  # seconds after which a closed session is gone


def bench(place: Place, units: list[str]) -> dict[str, Any]:
    """Visit, crowd and hand in; memory in megabytes as it goes, and what failed."""
    home = place.folder / "soak"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(place.home, home)
    pages = kpi_pages()
    views = [f"{VIEW}&unit={unit}" for unit in units[:40]]
    held: list[float] = []
    with dashboard(home, STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL="5") as server:
        for page, view in itertools.product(pages, views[:10]):  # everything that is kept is there
            with alone(server.url) as visitor:
                visitor.rerun(page, view)
        questions = itertools.cycle(itertools.product(pages, views))
        for _ in range(20):
            asyncio.run(_visits(server.url, [next(questions) for _ in range(VISITS // 20)]))
            held.append(memory(server))
        time.sleep(SETTLE)
        visited = memory(server)
        asyncio.run(_mixed(server.url, home, pages, views))
        time.sleep(SETTLE)
        mixed = memory(server)
        failed = server.said().count("Traceback")
    shutil.rmtree(home)
    early, late = median(held[3:8]), median(held[-5:])
    return {
        "visits": VISITS,
        "MB as they went": held,
        "MB early": early,
        "MB late": late,
        "MB after the visits": visited,
        "MB after the traffic": mixed,
        "failed": failed,
    }


async def _visits(url: str, questions: list[tuple[str, str]]) -> None:
    """Make each visit a session of its own: open a page, change the filter, leave."""
    waiting = iter(questions)

    async def one_after_another() -> None:
        for page, view in waiting:
            async with Visitor(url) as visitor:
                await visitor.rerun(page, view)
                await visitor.rerun(page, f"{view}&compare=year_ago")

    await asyncio.gather(*(one_after_another() for _ in range(TOGETHER)))


async def _mixed(url: str, home: Any, pages: list[str], views: list[str]) -> None:
    """Let a crowd click without pause while hand-ins arrive."""
    end = time.monotonic() + CROWD_SECONDS
    dice = random.Random(3)

    async def clicking() -> None:
        async with Visitor(url) as visitor:
            while time.monotonic() < end:
                await visitor.rerun(dice.choice(pages), dice.choice(views))

    async def handing_in() -> None:
        for number in range(HAND_INS):
            await asyncio.to_thread(_hand_in, home, number)
            await asyncio.sleep(CROWD_SECONDS / HAND_INS - 2)

    await asyncio.gather(handing_in(), *(clicking() for _ in range(CROWD)))


def _hand_in(home: Any, number: int) -> None:
    """Store one more case."""
    engine = database.engine_for(f"sqlite:///{home / 'dashboard.db'}")
    snapshot = current()
    row = {
        "grievance_id": f"soak-{number}",
        "branch_id": snapshot.tree.ids[0],
        "filed_on": snapshot.data_date - timedelta(days=number),
        "category": tables.CATEGORIES[0][0],
        "channel": tables.CHANNELS[0][0],
    }
    types = types_of(HANDED_IN["grievances"])
    frame = pl.DataFrame([row], {name: types[name] for name in row})
    result = importer.store_frames({"grievances": frame}, by="bench@example.com", engine=engine)
    assert not result.refused


def shown(found: dict[str, Any]) -> list[str]:
    """Return the section's table."""
    course = " ".join(f"{value:.0f}" for value in found["MB as they went"])
    others = [f"{name:22}{value:8.0f}" for name, value in found.items() if name != "MB as they went"]
    return [f"MB every {VISITS // 20} visits: {course}", *others]


def goals(found: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Return how flat memory must stay."""
    traffic = found["MB after the traffic"] / found["MB after the visits"]
    return [
        ("memory late in 2,000 visits, against early", found["MB late"] / found["MB early"], 1.1),
        ("memory after mixed traffic, against after the visits", traffic, 1.1),
        ("runs that failed", found["failed"], 0),
    ]
