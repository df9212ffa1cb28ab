"""The arrows of the house, held: app → pages → queries → data, and never back."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from pages.shared.navigation import ENTRIES

HOUSE = Path(__file__).parents[1]
# What each floor may stand on; `app` is app.py and the server entry.
FLOORS = {"app": {"app", "server", "pages", "queries", "data"}, "pages": {"pages", "queries", "data"},
          "queries": {"queries", "data"}, "data": {"data"}}
OURS = {"app", "server", "pages", "queries", "data", "tests"}
# A page is read from top to bottom on one screen and a half; what does not fit belongs into pages/shared or queries.
LONGEST_PAGE = 120
# Required, though no line of ours imports them: another package does, by name.
UNDERSTOOD = {"pyarrow": "Streamlit sends frames with it", "authlib": "st.login signs in with it",
              "psycopg": "SQLAlchemy reaches PostgreSQL with it"}


@cache
def files() -> tuple[Path, ...]:
    """Every file that belongs to the project, those not yet committed too."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=HOUSE,
                            capture_output=True, check=True, text=True).stdout
    return tuple(path for name in sorted(listed.split("\0")) if name and (path := HOUSE / name).is_file())


def name_of(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def floor_of(path: Path) -> str:
    first = path.relative_to(HOUSE).parts[0]
    return "app" if first in ("app.py", "server.py", "server") else first


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), name_of(path))


def scripts(*floors: str) -> list[Path]:
    return [path for path in files() if path.suffix == ".py" and floor_of(path) in floors]


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of every module that `path` imports, inside functions too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = [*path.relative_to(HOUSE).parent.parts][: len(path.relative_to(HOUSE).parts) - node.level]
            yield node.lineno, ".".join([*package, node.module or ""]) if node.level else node.module or ""


def importing(module: str, *floors: str) -> list[str]:
    """Where on `floors` the package `module` is imported."""
    return [f"{name_of(path)}:{line}" for path in scripts(*floors) for line, name in imports(path)
            if name == module or name.startswith(module + ".")]


@pytest.mark.parametrize("floor", FLOORS)
def test_no_floor_leans_on_the_one_above(floor: str) -> None:
    wrong = [f"{name_of(path)}:{line} imports {name}" for path in scripts(floor) for line, name in imports(path)
             if name.split(".")[0] in OURS - FLOORS[floor]]
    assert not wrong


def test_below_the_pages_nobody_knows_streamlit() -> None:
    assert not importing("streamlit", "queries", "data")


def test_pages_ask_queries_not_the_database() -> None:
    assert not importing("sqlalchemy", "app", "pages")


def test_one_place_makes_an_engine() -> None:
    calls = ("create_engine", "create_async_engine", "engine_from_config")
    makers = {name_of(path) for path in scripts("app", "pages", "queries", "data") for node in ast.walk(tree(path))
              if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in calls}
    assert makers == {"data/database.py"}


def test_only_folders_lie_directly_under_pages() -> None:
    # Streamlit serves pages/*.py on a fresh server without running app.py, that is without sign-in.
    assert [name_of(path) for path in (HOUSE / "pages").iterdir() if not path.is_dir()] == []


def test_page_scripts_are_short() -> None:
    lengths = {name_of(page.path): len(page.path.read_text("utf-8").splitlines()) for page in ENTRIES}
    assert {name: length for name, length in lengths.items() if length > LONGEST_PAGE} == {}


def test_each_module_says_what_it_is_for() -> None:
    silent = [name_of(path) for path in scripts("app", "pages", "queries", "data")
              if path.name != "__init__.py" and not ast.get_docstring(tree(path))]
    assert not silent


def test_requirements_are_pinned_and_each_is_used() -> None:
    lines = (HOUSE / "requirements.txt").read_text("utf-8").splitlines()
    pinned = [re.fullmatch(r"([\w-]+)(?:\[\w+\])?==[\w.]+ *# .+", line) for line in lines if not line.startswith("#")]
    assert all(pinned), "every line is name==version  # its job"
    required = {match[1].lower() for match in pinned if match}
    of_package = packages_distributions()
    imported: set[str] = set()
    for path in scripts("app", "pages", "queries", "data"):
        for _, name in imports(path):
            top = name.split(".")[0]
            if top not in OURS and top not in sys.stdlib_module_names:
                imported |= {found.lower() for found in of_package.get(top, [top])} & required or {top}
    assert imported - required == set(), "imported, but not in requirements.txt"
    assert required - imported - set(UNDERSTOOD) == set(), "in requirements.txt, but without a job"


def test_nothing_names_a_place_that_only_one_machine_has() -> None:
    place = re.compile(r"(?<![\w.~/-])/(?:work|root|home/\w+|Users/\w+)/\w")
    wrong = []
    for path in files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        wrong += [f"{name_of(path)}:{number}" for number, line in enumerate(text.splitlines(), start=1)
                  if place.search(line) and path != Path(__file__)]
    assert not wrong


def test_packages_come_from_wherever_the_machine_says() -> None:
    chosen = re.compile(r"--(?:extra-)?index-url|--find-links|--registry\b|sources\.list")
    assert [name_of(path) for path in files()
            if path.suffix in ("", ".txt", ".toml", ".yaml", ".md") and chosen.search(path.read_text("utf-8"))] == []
