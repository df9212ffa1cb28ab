"""Every page as a picture: `python -m tests.browser.pictures` (`make pictures`) fills docs/pictures.

A picture is named PAGE-LANGUAGE-SCHEME-WIDTH.png as the executive sees it, with -ROLE behind for the others. A contact
sheet for each page lays its pictures side by side, and one shows all pages in Chinese. Options choose some of them:
--page, --language, --scheme, --width, --role.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import select

from data import database
from data.schema import people
from pages.shared.navigation import ENTRIES
from queries.viewers import ROLES
from tests.browser.browsing import HEIGHTS, HOUSE, Language, Scheme, launch, make_demo, settle, start, visiting

PICTURES = HOUSE / "docs" / "pictures"
LANGUAGES: tuple[Language, ...] = ("zh", "en")
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WIDTHS = (1440, 390)
# A page longer than this is cut off; Chromium's pictures end at 16,384 pixels.
TALLEST = 12_000
THUMBNAIL = 360


def whole(page: Page, width: int) -> None:
    """Make the window as tall as the page, which scrolls inside itself and would otherwise be cut off."""
    page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
    settle(page)
    height = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
    page.set_viewport_size({"width": width, "height": max(HEIGHTS[width], min(math.ceil(height), TALLEST))})
    settle(page)


def personas(home: Path) -> dict[str, str]:
    """Return for each role the demo's first person in it, as “view as” takes them in the address."""
    with database.reading(database.engine_for(f"sqlite:///{home / 'dashboard.db'}")) as connection:
        rows = connection.execute(select(people.c.role, people.c.email).order_by(people.c.email.desc())).all()
    return {str(role): str(email) for role, email in rows}


def take(options: argparse.Namespace) -> Iterator[Path]:
    """Yield the pictures as they are taken."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder) / "home"
        make_demo(home)
        persona = personas(home)
        server = start(home)
        browser = launch(playwright)
        try:
            for language, scheme, width in product(options.language, options.scheme, options.width):
                with visiting(browser, server, language, scheme, width) as visit:
                    for entry, role in product(ENTRIES, options.role):
                        if role not in entry.roles or not entry.path.is_file() or entry.key not in options.page:
                            continue
                        page = visit.open(entry.key, **{"as": persona[role]})
                        whole(page, width)
                        behind = "" if role == "executive" else f"-{role}"
                        path = PICTURES / f"{entry.key}-{language}-{scheme}-{width}{behind}.png"
                        page.screenshot(path=path)
                        yield path
        finally:
            browser.close()
            server.stop()


def sheet(pictures: list[Path], target: Path) -> None:
    """Lay pictures side by side with their names, scaled to one width and cut below one height."""
    columns = min(6, len(pictures))
    height = THUMBNAIL * 3 // 2
    rows = math.ceil(len(pictures) / columns)
    laid = Image.new("RGB", (columns * (THUMBNAIL + 12) + 12, rows * (height + 32) + 12), "#808080")
    draw = ImageDraw.Draw(laid)
    for place, path in enumerate(pictures):
        x, y = 12 + place % columns * (THUMBNAIL + 12), 12 + place // columns * (height + 32)
        with Image.open(path) as picture:
            small = picture.convert("RGB").resize((THUMBNAIL, picture.height * THUMBNAIL // picture.width))
        laid.paste(small.crop((0, 0, THUMBNAIL, min(height, small.height))), (x, y + 18))
        draw.text((x, y), path.stem, fill="white")
    laid.save(target)


def main() -> None:
    """Take the pictures the options choose, by default all, and lay out the contact sheets."""
    keys = [entry.key for entry in ENTRIES]
    parser = argparse.ArgumentParser(prog="python -m tests.browser.pictures", description="Every page as a picture.")
    parser.add_argument("--page", nargs="+", choices=keys, default=keys)
    parser.add_argument("--language", nargs="+", choices=LANGUAGES, default=LANGUAGES)
    parser.add_argument("--scheme", nargs="+", choices=SCHEMES, default=SCHEMES)
    parser.add_argument("--width", nargs="+", type=int, choices=sorted(HEIGHTS), default=WIDTHS)
    parser.add_argument("--role", nargs="+", choices=ROLES, default=ROLES)
    options = parser.parse_args()
    PICTURES.mkdir(parents=True, exist_ok=True)
    taken: dict[str, list[Path]] = {}
    for path in take(options):
        print(path.relative_to(HOUSE), flush=True)
        taken.setdefault(next(key for key in keys if path.name.startswith(f"{key}-")), []).append(path)
    for key, pictures in taken.items():
        sheet(pictures, PICTURES / f"sheet-{key}.png")
    chosen = [path for pictures in taken.values() for path in pictures if path.stem.endswith("-zh-light-1440")]
    if chosen:
        sheet(chosen, PICTURES / "sheet.png")
    print(f"{sum(map(len, taken.values()))} pictures, {len(taken)} contact sheets in {PICTURES.relative_to(HOUSE)}")


if __name__ == "__main__":
    main()
