"""From files to rows: messy ledgers make the same database as clean ones, and the same files again change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from data import check, database, importer, reader, schema
from data.importer import ImportResult
from tests.data.ledgers import stored

pytestmark = pytest.mark.slow  # a child process reads both folders, once for each database

CONFORMANCE = Path(__file__).parents[1] / "conformance"


def hand_in(engine: Engine, folder: str) -> ImportResult:
    return importer.import_files([CONFORMANCE / folder], by="clerk@example.com", engine=engine, limits=reader.COMMAND)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, new_address: Callable[[str], str]) -> Iterator[dict[str, Engine]]:
    """One database with the clean ledgers, one with the messy ones, each empty before, without tables."""
    engines = {folder: database.engine_for(new_address(request.param)) for folder in ("tables", "messy")}
    for folder, engine in engines.items():
        result = hand_in(engine, folder)
        assert not result.refused, [fault.line("en") for fault in result.faults]
    yield engines
    for engine in engines.values():
        engine.dispose()


@pytest.mark.parametrize("table", schema.HANDED_IN)
def test_messy_ledgers_make_the_same_rows(databases: dict[str, Engine], table: str) -> None:
    clean, messy = (stored(databases[folder], table) for folder in ("tables", "messy"))
    assert clean
    assert messy == clean


@pytest.mark.parametrize("folder", ["tables", "messy"])
def test_the_same_folder_again_changes_nothing(databases: dict[str, Engine], folder: str) -> None:
    result = hand_in(databases[folder], folder)
    assert result.unchanged
    assert result.version == 1


def test_messy_over_clean_changes_nothing_either(databases: dict[str, Engine]) -> None:
    assert hand_in(databases["tables"], "messy").unchanged


def test_nothing_is_wrong_afterwards(databases: dict[str, Engine]) -> None:
    assert [problem.text("en") for engine in databases.values() for problem in check.problems(engine)] == []


def test_what_was_skipped_is_told(databases: dict[str, Engine]) -> None:
    said = {note.rule for note in hand_in(databases["messy"], "messy").notes}
    assert len(said) >= 4  # titles above the header, blank rows, totals, signatures, an unknown column
