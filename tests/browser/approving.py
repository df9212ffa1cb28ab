"""What some pages looked like when somebody approved of it: `python -m tests.browser.approving` (`make approve`).

A page is kept as its parts: where each lies, how large it is, and a coarse print of it (grey levels of blocks). Letters
that another machine draws a little otherwise, or breaks into one more line, change neither much; a part that is gone,
stands elsewhere, is cut off or empty changes one of them a lot.
"""

from __future__ import annotations

import base64
import io
import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser.browsing import Language, Scheme, Visit, launch, make_demo, start, visiting
from tests.browser.pictures import whole

APPROVED = Path(__file__).parent / "approved"
BLOCKS = (20, 14)  # of a part's print, across and down
# How much a part may differ before it is another: pixels, and a share of what it is held against.
NEAR, SHARE = 24, 0.12
INK, SPECKS = 56, 0.05  # grey levels that make a block another, and how many of the blocks may be
_PARTS = """() => {
    const main = document.querySelector('[data-testid="stMain"]');
    const wanted = '.d-head, .d-section, [class*="st-key-card_"], [class*="st-key-figure_"], .d-table, .d-state, ' +
        '[data-testid="stDataFrame"], [data-testid="stDeckGlJsonChart"], .st-key-filter_bar, [data-testid="stTabs"]';
    const count = {};
    return [...main.querySelectorAll(wanted)].filter(e => e.getBoundingClientRect().height > 1).map(e => {
        const own = [...e.classList].find(name => name.startsWith('st-key-') || name.startsWith('d-'));
        const kind = own ?? e.dataset.testid, box = e.getBoundingClientRect();
        count[kind] = (count[kind] ?? 0) + 1;
        return {name: count[kind] > 1 ? kind + ' ' + count[kind] : kind, x: box.x, y: box.y, width: box.width,
                height: box.height};
    });
}"""


@dataclass(frozen=True)
class Seen:
    """One page as somebody sees it."""

    key: str
    language: Language
    scheme: Scheme
    width: int

    @property
    def path(self) -> Path:
        """Where its approved parts lie."""
        return APPROVED / f"{self.key}-{self.language}-{self.scheme}-{self.width}.json"


# Each kind of part, both languages, light and dark, and the widths at which pages break.
VIEWS = (
    Seen("overview", "zh", "light", 1440),
    Seen("participation", "zh", "light", 390),
    Seen("grievances", "en", "dark", 1440),
    Seen("suggestions", "zh", "light", 1024),
    Seen("engagement", "en", "light", 768),
    Seen("needs", "zh", "dark", 390),
)


@dataclass(frozen=True)
class Part:
    """One part of a page: its name, its box in pixels, and its print."""

    name: str
    x: float
    y: float
    width: float
    height: float
    print: str


def parts(page: Page) -> list[Part]:
    """Return the parts of the page as it is now."""
    boxes = page.evaluate(_PARTS)
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        grey = picture.convert("L")
        return [Part(**{k: v if k == "name" else round(v) for k, v in box.items()}, print=printed(grey, box))
                for box in boxes]  # fmt: skip


def printed(grey: Image.Image, box: dict[str, float]) -> str:
    """Return the grey levels of a part's blocks."""
    left, top = box["x"], box["y"]
    piece = grey.crop((round(left), round(top), round(left + box["width"]), round(top + box["height"])))
    return base64.b85encode(piece.resize(BLOCKS, Image.Resampling.BOX).tobytes()).decode()


def differences(approved: list[Part], found: list[Part]) -> list[str]:
    """Return in words what is no longer as approved; empty if nothing is."""
    if [part.name for part in approved] != [part.name for part in found]:
        gone = [part.name for part in approved if part.name not in {one.name for one in found}]
        new = [part.name for part in found if part.name not in {one.name for one in approved}]
        return [f"missing: {gone}, new: {new}" if gone or new else "in another order"]
    said = []
    for place, (old, now) in enumerate(zip(approved, found, strict=True)):
        before = approved[place - 1], found[place - 1]
        down = (old.y - before[0].y, now.y - before[1].y) if place else (old.y, now.y)
        around = max(old.height, before[0].height if place else 0)
        if abs(old.x - now.x) > NEAR or abs(down[0] - down[1]) > NEAR + SHARE * around:
            said.append(f"{old.name} moved: {old.x:.0f}, {down[0]:.0f} down → {now.x:.0f}, {down[1]:.0f} down")
        elif abs(old.width - now.width) > NEAR or abs(old.height - now.height) > NEAR + SHARE * old.height:
            said.append(f"{old.name}: {old.width:.0f} × {old.height:.0f} → {now.width:.0f} × {now.height:.0f}")
        elif (share := unlike(old, now)) > SPECKS:
            said.append(f"{old.name} looks otherwise in {share:.0%} of its blocks")
    return said


def unlike(old: Part, now: Part) -> float:
    """Return the share of blocks that differ; a block may have slipped by one, as text and axes do."""
    was, is_ = (base64.b85decode(part.print) for part in (old, now))
    across, down = BLOCKS
    other = 0
    for place, level in enumerate(is_):
        x, y = place % across, place // across
        around = [
            was[j * across + i]
            for j in range(max(y - 1, 0), min(y + 2, down))
            for i in range(max(x - 1, 0), min(x + 2, across))
        ]
        other += not min(around) - INK <= level <= max(around) + INK
    return other / len(is_)


def shown(visit: Visit, seen: Seen) -> Page:
    """Open the page and make the window as tall as it."""
    page = visit.open(seen.key, **{"as": "executive@example.com"})
    whole(page, seen.width)
    return page


def kept(seen: Seen) -> list[Part]:
    """Return the approved parts."""
    return [Part(**part) for part in json.loads(seen.path.read_text("utf-8"))]


def approve() -> Iterator[Path]:
    """Take what the pages look like now as what they shall look like; yield the files written."""
    APPROVED.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder) / "home"
        make_demo(home)
        server = start(home)
        browser = launch(playwright)
        try:
            for seen in VIEWS:
                with visiting(browser, server, seen.language, seen.scheme, seen.width) as visit:
                    lines = [json.dumps(asdict(part)) for part in parts(shown(visit, seen))]
                seen.path.write_text("[\n" + ",\n".join(lines) + "\n]\n", "utf-8")
                yield seen.path
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    for written in approve():
        print(written.name, flush=True)
