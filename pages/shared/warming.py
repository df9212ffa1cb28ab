"""What is done once at start-up, so that no visitor waits for it."""

from __future__ import annotations

import importlib

import polars as pl
from streamlit import dataframe_util

from data import words
from data.words import LANGUAGES
from pages.shared import formats, theme
from pages.shared.navigation import ENTRIES, ROOT
from queries.filters import Month
from queries.holding import prepare
from queries.warming import warm_up, work_ahead

# What is imported by name or on a click only.
MODULES = ("altair", "pandas", "babel.dates", "pyarrow", "scipy.stats", "xlsxwriter")


def warm() -> None:
    """Import, read the catalogues, format once in each language, compile the page scripts, warm up the facts."""
    for module in (*MODULES, *beside_pages()):
        importlib.import_module(module)
    for language in LANGUAGES:
        words.catalogue(language)
    for tongue in ("zh", "en"):
        formats.month(Month(2025, 1), tongue)
    for mode in theme.PALETTES:
        theme.vega_config(mode)
    dataframe_util.convert_anything_to_arrow_bytes(pl.DataFrame({"text": ["a"], "number": [1.0]}))
    for entry in ENTRIES:
        compile(entry.path.read_text("utf-8"), str(entry.path), "exec")
    prepare(warm_up, work_ahead)


def beside_pages() -> list[str]:
    """Return the modules that page scripts are made of; the scripts themselves would draw when imported."""
    scripts = {entry.path for entry in ENTRIES}
    paths = sorted(path for path in (ROOT / "pages").glob("*/*.py") if path not in scripts and path.stem[0] != "_")
    return [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
