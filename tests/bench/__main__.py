"""`python -m tests.bench`: what the dashboard is measured by, in one run; prints tables and writes bench.json.

`--only` names sections, `--size` the demo (built once below `--folder`), `--quick` halves the patience. Everything
happens on this machine's own loopback.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from tests.bench import access, growth, handing, million, pages, soak, starting, users
from tests.bench.place import Place

Goal = tuple[str, float, float]  # words, measured, at most
Section = tuple[
    Callable[[Place, list[str]], dict[str, Any]],
    Callable[[dict[str, Any]], list[str]],
    Callable[[dict[str, Any]], list[Goal]],
]
SECTIONS: dict[str, Section] = {
    "growth": (growth.bench, growth.shown, growth.goals),
    "start": (starting.bench, starting.shown, starting.goals),
    "pages": (pages.bench, pages.shown, pages.goals),
    "access": (access.bench, access.shown, access.goals),
    "users": (users.bench, users.shown, users.goals),
    "handing": (handing.bench, handing.shown, handing.goals),
    "million": (million.bench, million.shown, million.goals),
    "soak": (soak.bench, soak.shown, soak.goals),
    "install": (starting.bench_install, starting.shown_install, starting.goals_install),
}


def main() -> int:
    """Run the sections asked for; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").split(";")[0])
    parser.add_argument("--only", help=f"sections, by commas: {', '.join(SECTIONS)}")
    parser.add_argument("--size", default="large", choices=("small", "medium", "large"))
    parser.add_argument("--folder", type=Path, default=Path(".var/bench"), help="where the demo is built, once")
    parser.add_argument("--out", type=Path, default=Path("bench.json"))
    given = parser.parse_args()
    wanted = given.only.split(",") if given.only else list(SECTIONS)
    if unknown := [name for name in wanted if name not in SECTIONS]:
        parser.error(f"no section {unknown[0]!r}; one of {', '.join(SECTIONS)}")
    given.folder.mkdir(parents=True, exist_ok=True)
    place = Place(given.folder.absolute(), given.size)
    built = place.build()
    print(f"demo {given.size}: {'there already' if not built else f'built in {built:.0f} s'}", flush=True)
    units = pages.units_of(place)
    results: dict[str, Any] = {"machine": machine(), "size": given.size, "sections": {}}
    missed = 0
    for name in wanted:
        measure, show, aim = SECTIONS[name]
        began = time.perf_counter()
        print(f"\n== {name}", flush=True)
        found = measure(place, units)
        goals = aim(found)
        print(*show(found), sep="\n")
        for words, measured, most in goals:
            met = measured <= most
            missed += not met
            print(f"   {'met   ' if met else 'MISSED'} {words}: {measured:.2f}, at most {most:g}")
        print(f"   ({time.perf_counter() - began:.0f} s)", flush=True)
        results["sections"][name] = found | {
            "goals": [{"goal": words, "measured": value, "at most": most} for words, value, most in goals]
        }
        given.out.write_text(json.dumps(results, indent=1, ensure_ascii=False), "utf-8")
    return int(missed > 0)


def machine() -> dict[str, Any]:
    """Return what the figures depend on beside the code."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "memory GB": round(psutil.virtual_memory().total / 1e9, 1),
        "load before": os.getloadavg()[0],
        "python": platform.python_version(),
        "system": platform.platform(),
    }


if __name__ == "__main__":
    sys.exit(main())
