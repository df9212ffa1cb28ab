"""What can be set, called or handed in is documented, and what is documented exists."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from data.tables import TABLES, Table

HOUSE = Path(__file__).parents[1]
READMES = ("README.md", "README.zh.md")
NAME = re.compile(r"\b(?:DASHBOARD_[A-Z_]+[A-Z])\b")


@cache
def text(name: str) -> str:
    return (HOUSE / name).read_text("utf-8")


def documents() -> list[Path]:
    return [*(HOUSE / name for name in READMES), *sorted((HOUSE / "docs").glob("*.md")),
            HOUSE / "data" / "outlines" / "README.md"]


def settings_in_code() -> set[str]:
    found: set[str] = set()
    for path in [HOUSE / "app.py", HOUSE / "server.py", *(p for floor in ("data", "queries", "pages")
                                                         for p in (HOUSE / floor).rglob("*.py"))]:
        found |= set(NAME.findall(path.read_text("utf-8")))
    return found


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    listed = set(re.findall(r"^\| `(DASHBOARD_\w+)`", text("docs/configuration.md"), re.MULTILINE))
    assert listed == settings_in_code()


def test_no_document_names_a_setting_that_is_not() -> None:
    deployed = [path for path in (HOUSE / "deploy").iterdir() if path.is_file()]
    named = {name for path in [*documents(), *deployed] for name in NAME.findall(path.read_text("utf-8"))}
    assert named - settings_in_code() == set()


@cache
def commands() -> tuple[str, ...]:
    """The sub-commands of `python -m data`, as its own help lists them."""
    shown = subprocess.run([sys.executable, "-m", "data", "--help"], cwd=HOUSE, capture_output=True,
                           check=True, text=True)
    listed = re.search(r"\{([\w,-]+)\}", shown.stdout)
    assert listed, shown.stdout
    return tuple(listed[1].split(","))


def test_every_command_is_documented_in_both_languages() -> None:
    missing = {(name, command) for name in READMES for command in commands()
               if f"python -m data {command}" not in text(name)}
    assert missing == set()


def test_no_document_names_a_command_that_is_not() -> None:
    named = {command for path in documents()
             for command in re.findall(r"python -m data (\w+)", path.read_text("utf-8"))}
    assert named - set(commands()) == set()


@pytest.mark.parametrize("name", READMES)
def test_every_make_command_is_in_the_readme(name: str) -> None:
    targets = re.findall(r"^([a-z]+):.*## ", text("Makefile"), re.MULTILINE)
    assert [target for target in targets if target != "lint" and f"make {target}" not in text(name)] == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_and_column_is_documented(table: Table) -> None:
    section = rf"^## {table.name} · {table.zh}$(.*?)(?=^## |\Z)"
    part = re.search(section, text("docs/tables.md"), re.MULTILINE | re.DOTALL)
    assert part, f"{table.name} has no section"
    rows = re.findall(r"^\| `(\w+)`( \*)? \| ([^|]+) \| [^|]+ \| ([^|]*) \|$", part[1], re.MULTILINE)
    assert [(name, bool(star), zh) for name, star, zh, _ in rows] == [(c.name, c.required, c.zh) for c in table.columns]
    for (_, _, _, values), column in zip(rows, table.columns, strict=True):
        assert [tuple(pair) for pair in re.findall(r"`(\w+)` (\S+)", values)] == list(column.codes)


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(HOUSE)))
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", path.read_text("utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_both_readmes_hold_the_same_commands() -> None:
    blocks = [re.findall(r"^(?:python|make|py|\.venv\S+) ?.*?(?=  |$)", text(name), re.MULTILINE) for name in READMES]
    assert blocks[0] == blocks[1]
