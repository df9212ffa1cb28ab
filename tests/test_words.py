"""Every text a person sees exists in English and in Chinese, once, with the same places to fill."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from data.words import LOCALE

HOUSE = Path(__file__).parents[1]
# What marks a text: `_` in pages, `mark` where it is declared, `translate` where it is shown below the pages.
MARKS: dict[str, None] = {"_": None, "mark": None, "translate": None}
CATALOGUES = sorted((LOCALE / "zh" / "LC_MESSAGES").glob("*.po"))
# The language switch names each language in itself.
OWN_NAMES = {"中文"}
# Formats of numbers and dates and the codes' English names beside the Chinese ones; pages proper have no such thing.
SPEAKS_BOTH = HOUSE / "pages" / "shared"
HAN = re.compile(r"[\u4e00-\u9fff]")


def scripts() -> list[Path]:
    inside = [path for floor in ("pages", "queries", "data") for path in (HOUSE / floor).rglob("*.py")]
    return sorted([*inside, *(path for path in (HOUSE / "app.py", HOUSE / "server.py") if path.is_file())])


@cache
def used() -> dict[str, list[str]]:
    """Every marked text and where it stands."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in scripts():
        for line, message, _comments, _context in extract_from_file("python", path, keywords=MARKS):
            first = message[0] if isinstance(message, tuple) else message
            found[first].append(f"{path.relative_to(HOUSE)}:{line}")
    return found


@cache
def translated() -> dict[str, list[tuple[str, str]]]:
    """Every message id of the catalogues with the catalogues it stands in and its Chinese."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in CATALOGUES:
        with path.open("rb") as stream:
            for message in read_po(stream, abort_invalid=True):
                if message.id:
                    found[str(message.id)].append((path.stem, str(message.string or "")))
    return found


def places(text: str) -> list[str]:
    """The names in braces that a text has to be filled with."""
    return sorted({str(name) for _, name, _, _ in Formatter().parse(text) if name is not None})


def test_there_are_texts_and_catalogues() -> None:
    assert CATALOGUES
    assert used()


def test_every_text_has_its_chinese() -> None:
    missing = {message: where[0] for message, where in used().items()
               if not any(chinese for _, chinese in translated().get(message, []))}
    assert missing == {}


def test_no_text_is_translated_twice() -> None:
    assert {message: [name for name, _ in entries] for message, entries in translated().items()
            if len(entries) > 1} == {}


def test_no_translation_outlives_its_text() -> None:
    assert sorted(set(translated()) - set(used())) == []


def test_both_languages_are_filled_with_the_same_values() -> None:
    wrong = {message: chinese for message, entries in translated().items() for _, chinese in entries
             if places(message) != places(chinese)}
    assert wrong == {}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_no_translation_is_a_guess(path: Path) -> None:
    with path.open("rb") as stream:
        catalogue = read_po(stream)
    assert [str(message.id) for message in catalogue if message.id and message.fuzzy] == []


def test_no_text_is_filled_before_it_is_translated() -> None:
    # An f-string inside a mark is looked up already filled, and never found.
    wrong = [f"{path.relative_to(HOUSE)}:{node.lineno}" for path in scripts()
             for node in ast.walk(ast.parse(path.read_text("utf-8")))
             if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in MARKS
             and node.args and isinstance(node.args[0], ast.JoinedStr)]
    assert wrong == []


def test_pages_hold_no_chinese_of_their_own() -> None:
    wrong = []
    for path in scripts():
        if not path.is_relative_to(HOUSE / "pages") or path.is_relative_to(SPEAKS_BOTH):
            continue
        module = ast.parse(path.read_text("utf-8"))
        prose = {id(node.body[0].value) for node in ast.walk(module)
                 if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node)
                 and isinstance(node.body[0], ast.Expr)}
        wrong += [f"{path.relative_to(HOUSE)}:{node.lineno} {node.value}" for node in ast.walk(module)
                  if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
                  and HAN.search(node.value) and node.value not in OWN_NAMES]
    assert wrong == []
