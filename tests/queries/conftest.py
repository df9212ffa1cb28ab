"""The conformance set in a database: once as clean tables, once as branches hand it in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from data import database
from data.importer import import_files
from queries.loading import load
from queries.snapshot import Snapshot

CONFORMANCE = Path(__file__).parents[1] / "conformance"


@pytest.fixture(scope="session")
def conformance() -> Path:
    """The folder of the conformance set."""
    return CONFORMANCE


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def snapshot(request: pytest.FixtureRequest, new_address: Callable[[str], str]) -> Iterator[Snapshot]:
    """The clean tables of the conformance set, imported into an empty database, as a snapshot."""
    yield from imported(new_address(request.param), CONFORMANCE / "tables")


def imported(address: str, folder: Path) -> Iterator[Snapshot]:
    """Yield the snapshot of an empty database into which `folder` was imported."""
    engine = database.engine_for(address)
    result = import_files([folder], by="test", engine=engine)
    assert not result.faults, [fault.text("en") for fault in result.faults][:5]
    yield load(engine)
    engine.dispose()
