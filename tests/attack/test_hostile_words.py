"""Names and texts as a saboteur would hand them in: nothing of them runs, loads or calculates, anywhere."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest
from playwright.sync_api import Browser

from data import database, people
from data.importer import import_files
from pages.shared.navigation import ENTRIES, entries
from queries.viewers import Viewer
from tests.attack.conftest import CONFORMANCE
from tests.attack.intruder import TRUSTED, Intruder
from tests.browser.browsing import Server, settle, start, visiting

EVIL = "evil.invalid"
HOSTILE = (
    f'=cmd|\'/C calc\'!A0 ![a](http://{EVIL}/i.png) <img src="http://{EVIL}/x.png" onerror="window.hit=1"> '
    f"<script>window.hit=1</script><svg/onload=window.hit=1> [l](javascript:window.hit=1) "
    f'<a href="http://{EVIL}">x</a> <style>@import "http://{EVIL}/s.css"</style> '
    "$\\frac{1}{2}$ :material/bug_report: {x}"
)
# Every column that people fill with words.
WORDS = {
    "branches": ("name", "name_en", "region"),
    "grievances": ("summary",),
    "suggestions": ("title",),
    "activities": ("title", "topic"),
    "surveys": ("title",),
    "meetings": ("title",),
    "commitments": ("topic", "owner"),
    "notices": ("title",),
    "interests": ("topic",),
}
STAFF, BOSS, ADMIN = "=union@office.example", "boss@office.example", "admin@office.example"
ROLES = {STAFF: Viewer(STAFF, "union_staff", ("HQ",)), BOSS: Viewer(BOSS, "management"), ADMIN: Viewer(ADMIN, "admin")}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The conformance set with hostile words wherever there are words."""
    folder, home = tmp_path_factory.mktemp("hostile"), tmp_path_factory.mktemp("home")
    for path in CONFORMANCE.glob("*.csv"):
        frame = pl.read_csv(path, infer_schema=False)
        place = pl.int_range(pl.len()).cast(pl.String)
        # Few different topics, so that some are wanted by many.
        if path.stem == "interests":
            place = (pl.int_range(pl.len()) % 3).cast(pl.String)
        frame = frame.with_columns((pl.lit(f"{HOSTILE} ") + place).alias(name) for name in WORDS.get(path.stem, ()))
        frame.write_csv(folder / path.name)
    engine = database.engine_for(f"sqlite:///{home / 'dashboard.db'}")
    result = import_files([folder], by=STAFF, engine=engine)
    assert not result.faults, [fault.text("en") for fault in result.faults][:3]
    with database.writing(engine) as connection:
        # So that the switch “view as” lets a browser in.
        connection.exec_driver_sql("UPDATE imports SET kind = 'demo'")
        for email, viewer in ROLES.items():
            people.add(connection, email, HOSTILE, viewer.role, units=viewer.units, by=STAFF)
    engine.dispose()
    return home


@pytest.fixture(scope="module")
def served(hostile: Path) -> Iterator[Server]:
    made = start(hostile)
    yield made
    made.stop()


@pytest.mark.browser
@pytest.mark.parametrize("email", ROLES)
def test_no_words_run_or_load_anything_on_any_page(email: str, served: Server, browser: Browser) -> None:
    words_shown = 0
    with ExitStack() as stack:
        window = stack.enter_context(visiting(browser, served, "en"))
        for entry in entries(ROLES[email]):
            page = window.open(entry.key, **{"as": email, "period": "2024-01..2024-12", "lang": "en"})
            for place in range(page.get_by_role("tab").count()):
                page.get_by_role("tab").nth(place).click()
                settle(page)
                assert page.evaluate("window.hit") is None, entry.key
            words_shown += "=cmd|" in page.inner_text("body")
            bad = page.locator(f'img[src*="{EVIL}"], script:has-text("window.hit"), a[href^="javascript:"]')
            bad = bad.or_(page.locator(f'a[href*="{EVIL}"]'))
            assert bad.count() == 0, f"{email} on {entry.key}: {bad.first.evaluate('e => e.outerHTML')}"
            assert page.evaluate("window.hit") is None, entry.key
        assert window.outside == []
    assert words_shown > 3, "the words were not on the pages at all"


def cells(name: str, data: bytes) -> Iterator[str]:
    """Every cell of a downloaded table."""
    if name.lower().startswith("csv"):
        for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))):
            yield from row


def is_number(text: str) -> bool:
    try:
        float(text.replace(",", "").rstrip("%"))
    except ValueError:
        return False
    return True


def test_no_export_holds_a_formula(hostile: Path) -> None:
    tables = books = 0
    server = start(hostile, TRUSTED)
    try:
        for email in ROLES:
            with Intruder(server.url, email) as one:
                for entry in ENTRIES:
                    if entry.path.is_file():
                        asked = (entry.key if entry is not ENTRIES[0] else "", "period=2024-01..2024-12&lang=zh")
                        one.open(*asked, one.run(*asked))
                        one.download()
            for name, data in one.heard.files.items():
                for cell in cells(name, data):
                    tables += 1
                    assert not cell.startswith(("=", "+", "@", "\t", "\r")), cell[:40]
                    assert not cell.startswith("-") or is_number(cell) or cell.strip("-–") == "", cell[:40]
                if data[:2] == b"PK":
                    with ZipFile(io.BytesIO(data)) as book:
                        sheets = [part for part in book.namelist() if part.startswith("xl/worksheets/")]
                        books += len(sheets)
                        assert not [part for part in sheets if b"<f>" in book.read(part) or b"<f " in book.read(part)]
                        assert not [part for part in book.namelist() if "externalLink" in part]
    finally:
        server.stop()
    assert tables > 1000 and books > 10
