"""Every page's rerun over the websocket, and from the filter to the last thing drawn in Chromium, beside the peers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from pages.shared.navigation import ENTRIES
from queries.holding import current
from tests.bench.place import Place, dashboard, peer
from tests.bench.recording import record
from tests.bench.visitor import alone
from tests.browser.browsing import Server, launch

RERUNS = 40
SETTLINGS = 8
# Nothing drawn for so long means that it is all there, in milliseconds.
QUIET = 700
VIEW = "lang=zh&period=last12"
# The filter bar's first box; the peers draw the same.
UNIT = "[data-testid=stMain] [data-testid=stSelectbox] input"

# Notes when a key was pressed and when last anything was drawn: in the document, or on a canvas.
WATCH = f"""
(() => {{
  window.drawn = 0; window.pressed = 0;
  const now = () => {{ window.drawn = performance.now(); }};
  const header = node => node instanceof Element && node.closest('header, [data-testid="stStatusWidget"]');
  const watch = () => new MutationObserver(changes => {{
    if (changes.some(change => !header(change.target))) now();
  }}).observe(document.body, {{subtree: true, childList: true, attributes: true, characterData: true}});
  document.body ? watch() : document.addEventListener('DOMContentLoaded', watch);
  for (const method of ['fill', 'stroke', 'fillText', 'fillRect', 'clearRect', 'drawImage']) {{
    const original = CanvasRenderingContext2D.prototype[method];
    CanvasRenderingContext2D.prototype[method] = function (...given) {{ now(); return original.apply(this, given); }};
  }}
  document.addEventListener('keydown', event => {{
    if (event.key === 'Enter' || event.target.type === 'radio') window.pressed = performance.now();
  }}, true);
  window.settled = () => window.drawn > window.pressed && performance.now() - window.drawn > {QUIET};
}})();
"""


def kpi_pages() -> list[str]:
    """Return the keys of the pages with figures, as the navigation lists them."""
    return [entry.key for entry in ENTRIES if entry.filtered]


def views(units: list[str]) -> Iterator[str]:
    """Yield one address query after another, each with another unit."""
    return (f"{VIEW}&unit={unit}" for unit in itertools.cycle(units))


def bench(place: Place, units: list[str]) -> dict[str, Any]:
    """Measure all pages; times in milliseconds, medians."""
    keys = kpi_pages()
    with dashboard(place.home) as house:
        # Of one of the two divisions that are looked at: the whole has no peers, so its page has fewer elements.
        elements = record(house.url, keys, f"{VIEW}&unit={units[1]}", place.recorded)
        with peer("floor", place) as floor:
            reruns = {key: rerun(house, floor, key, units) for key in keys}
        failed = house.said().count("Traceback")
        settled = settling(place, house, keys)
    return {"elements": elements, "reruns": reruns, "settled": settled, "failed": failed}


def rerun(house: Server, floor: Server, key: str, units: list[str]) -> dict[str, float]:
    """Time one page and its floor in turns: the same views again, and each view for the first time."""
    with alone(house.url) as here, alone(floor.url) as there:
        two = itertools.cycle([f"{VIEW}&unit={unit}" for unit in units[1:3]])
        for _ in range(4):
            here.rerun(key, next(two))
            there.rerun(key, "")
        again, first, constant, sizes = [], [], [], []
        for _, view in zip(range(RERUNS), two, strict=False):
            again.append(here.rerun(key, view))
            constant.append(there.rerun(key, ""))
        for unit in units[3 : 3 + RERUNS]:
            first.append(here.rerun(key, f"{VIEW}&unit={unit}"))
        sizes = [run.size for run in again]
    return {
        "rerun": 1000 * median(run.seconds for run in again),
        "first": 1000 * median(run.seconds for run in first),
        "floor": 1000 * median(run.seconds for run in constant),
        "kilobytes": median(sizes) / 1000,
        "floor kilobytes": median(run.size for run in constant) / 1000,
    }


def settling(place: Place, house: Server, keys: list[str]) -> dict[str, dict[str, float]]:
    """Time from the filter to the last thing drawn, each page beside its stock peer, and the Dash page."""
    found: dict[str, dict[str, float]] = {}
    with peer("stock", place) as stock, peer("dash", place) as dash, sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            for key in keys:
                first = key == keys[0]
                windows = {
                    "house": window(browser, f"{house.url}/{'' if first else key}?{VIEW}"),
                    "stock": window(browser, f"{stock.url}/{'' if first else key}"),
                }
                if first:
                    windows["dash"] = window(browser, dash.url)
                found[key] = in_turns(windows)
                for page in windows.values():
                    page.context.close()
        finally:
            browser.close()
    return found


def window(browser: Browser, url: str) -> Page:
    """Open an address in a window of its own and wait until everything is drawn."""
    page = browser.new_context(viewport={"width": 1440, "height": 2400}, locale="zh-CN", bypass_csp=True).new_page()
    page.add_init_script(WATCH)
    page.goto(url)
    page.wait_for_selector(f"{UNIT}, #unit", timeout=60_000)
    page.wait_for_function("window.settled()", timeout=60_000)
    return page


def in_turns(windows: dict[str, Page]) -> dict[str, float]:
    """Change each page's filter in turns; return the medians in milliseconds."""
    times: dict[str, list[float]] = {name: [] for name in windows}
    for _ in range(SETTLINGS):
        for name, page in windows.items():
            page.bring_to_front()
            times[name].append((choose_in_dash if name == "dash" else choose)(page))
    return {name: median(found) for name, found in times.items()}


def choose(page: Page) -> float:
    """Choose the next unit in the first select box of a Streamlit page; return the milliseconds until all is drawn."""
    page.locator(UNIT).first.click()
    page.wait_for_timeout(150)  # the list drops down
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    return _until_drawn(page)


def choose_in_dash(page: Page) -> float:
    """Choose the next unit on the Dash page."""
    page.locator("#unit input:checked").focus()
    page.keyboard.press("ArrowDown")
    return _until_drawn(page)


def _until_drawn(page: Page) -> float:
    page.wait_for_timeout(50)
    page.wait_for_function("window.settled()", timeout=60_000)
    return float(page.evaluate("window.drawn - window.pressed"))


def shown(found: dict[str, Any]) -> list[str]:
    """Return the section's table."""
    lines = [f"{'page':16}{'elements':>9}{'rerun ms':>10}{'floor':>8}{'ratio':>7}{'new view':>10}{'kB':>7}{'floor':>7}"
             f"{'settled':>9}{'stock':>8}{'ratio':>7}"]  # fmt: skip
    for key, times in found["reruns"].items():
        settled = found["settled"].get(key, {})
        drawn = [settled.get("house", 0.0), settled.get("stock", 0.0)]
        lines.append(
            f"{key:16}{found['elements'][key]:9}{times['rerun']:10.1f}{times['floor']:8.1f}"
            f"{times['rerun'] / times['floor']:7.2f}{times['first']:10.1f}{times['kilobytes']:7.0f}"
            f"{times['floor kilobytes']:7.0f}{drawn[0]:9.0f}{drawn[1]:8.0f}"
            f"{drawn[0] / drawn[1] if drawn[1] else 0:7.2f}"
        )
    dash = [times["dash"] for times in found["settled"].values() if "dash" in times]
    lines += [f"Dash, five cards and six charts: settled after {value:.0f} ms" for value in dash]
    return lines


def goals(found: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Return what the pages must show: (words, measured, at most)."""
    rerun = max(times["rerun"] / times["floor"] for times in found["reruns"].values())
    settled = found["settled"]
    worst = [("rerun of every page, against the floor", rerun, 1.5), ("pages that failed", found["failed"], 0)]
    if settled:
        dash = [times["dash"] for times in settled.values() if "dash" in times]
        worst.append(("filter to settled, against Dash", max(t["house"] for t in settled.values()) / dash[0], 1.0))
        worst.append(("filter to settled, against stock", max(t["house"] / t["stock"] for t in settled.values()), 0.7))
    return worst


Section = Callable[[Place, list[str]], dict[str, Any]]


def units_of(place: Place) -> list[str]:
    """Return units of the demo to look at: the whole and its parts, from large to small."""
    import os

    os.environ["DASHBOARD_HOME"] = str(place.home)
    os.environ.pop("DASHBOARD_DATABASE_URL", None)
    tree = current().tree
    order = sorted(range(len(tree)), key=lambda unit: -tree.sizes[unit])
    return [tree.ids[unit] for unit in order][:80]
