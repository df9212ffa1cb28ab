"""PostgreSQL's own fence: what a login of the pages may do, whatever the program asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import polars as pl
import psycopg
import pytest
from sqlalchemy import Engine, make_url, select, text
from sqlalchemy.exc import ProgrammingError

from data import database, people, undo
from data.importer import import_files, store_frames
from data.row_security import CASES, IMPORTER, OF_PEOPLE, READER, TEXTS
from data.schema import HANDED_IN, metadata
from queries import cases
from queries.answers import ask
from queries.filters import Filters, Month
from queries.loading import load
from queries.viewers import OPERATOR, Viewer
from tests.queries.conftest import CONFORMANCE

pytestmark = pytest.mark.postgres
YEAR = Filters(Month(2024, 1), Month(2025, 6))
LOGIN = "dashboard_pages_test"


@pytest.fixture(scope="module")
def owner(new_postgres: Callable[[], str]) -> Iterator[Engine]:
    """The owner's engine on a database with the conformance set."""
    made = database.engine_for(new_postgres())
    assert not import_files([CONFORMANCE / "tables"], by="test", engine=made).faults
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def address(owner: Engine, postgres: str) -> str:
    """The address under which the pages sign in: a login that owns nothing and is a member of the three roles."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            f"DO $$ BEGIN CREATE ROLE {LOGIN} LOGIN NOINHERIT; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
        connection.execute(f"GRANT {READER}, {CASES}, {IMPORTER} TO {LOGIN}")
    found = make_url(owner.url.render_as_string(hide_password=False)).set(username=LOGIN)
    return found.render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def pages(address: str) -> Iterator[Engine]:
    """The pages' engine."""
    made = database.engine_for(address)
    yield made
    made.dispose()


def refused(statement: str, engine: Engine, **how: object) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), database.reading(engine, **how) as connection:  # type: ignore[arg-type]
        connection.execute(text(statement))


def test_without_taking_on_a_role_the_login_may_do_nothing(pages: Engine) -> None:
    for table in metadata.tables:
        with pytest.raises(ProgrammingError, match="permission denied"), pages.connect() as connection:
            connection.execute(text(f"SELECT * FROM {table}"))


def test_pages_read_all_facts_and_the_answers_are_the_owners(owner: Engine, pages: Engine) -> None:
    mine, theirs = load(pages), load(owner)
    for metric in ("grievances_received", "participation_rate", "proposer_rate", "enps", "aid_amount"):
        for by in (None, "unit"):
            found = ask(OPERATOR, metric, YEAR, by, None, mine).frame
            assert found.equals(ask(OPERATOR, metric, YEAR, by, None, theirs).frame)


def test_pages_read_no_text_of_a_case_no_former_row_and_no_file(pages: Engine) -> None:
    for table, columns in TEXTS.items():
        for column in columns:
            refused(f"SELECT {column} FROM {table}", pages)
        refused(f"SELECT * FROM {table}", pages)


def test_what_reads_cannot_write(pages: Engine) -> None:
    # Not only because the transaction is a reading one: the roles may not.
    for role in (READER, CASES):
        for statement in (*(f"DELETE FROM {table}" for table in HANDED_IN), "CREATE TABLE own (id int)"):
            with pytest.raises(ProgrammingError, match="permission denied"), pages.connect() as connection:
                connection.exec_driver_sql(f"SET ROLE {role}")
                connection.execute(text(statement))


def test_single_rows_are_those_of_the_units_named_and_without_a_name_none(owner: Engine, pages: Engine) -> None:
    mine = ("D1", "D1B1", "D1B2", "D1B3", "D1B4")
    for table in OF_PEOPLE:
        rows = select(HANDED_IN[table])
        with database.reading(owner) as connection:
            every = {row.branch_id for row in connection.execute(rows)}
        with database.reading(pages, cases_of=mine) as connection:
            found = [row.branch_id for row in connection.execute(rows)]
        assert found and set(found) == every & set(mine)
        with database.reading(pages, cases_of=()) as connection:
            assert connection.execute(rows).first() is None
    # A unit whose id begins like another's is another unit.
    with database.reading(pages, cases_of=("D",)) as connection:
        assert connection.execute(select(HANDED_IN["grievances"])).first() is None


def test_the_next_transaction_on_the_same_connection_begins_with_nothing(pages: Engine) -> None:
    with database.reading(pages, cases_of=database.EVERY_UNIT) as connection:
        assert connection.execute(select(HANDED_IN["grievances"])).first() is not None
    with pages.connect() as connection:
        connection.exec_driver_sql(f"SET ROLE {CASES}")
        assert connection.execute(select(HANDED_IN["grievances"])).first() is None


def test_union_staff_get_their_cases_through_the_fence(
    pages: Engine, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHBOARD_DATABASE_URL", address)
    snapshot = load(pages)
    staff = Viewer("u@x", "union_staff", ("D2",))
    found = cases.grievances(staff, YEAR, status="all", snapshot=snapshot)
    assert found.total and set(found.frame["branch_id"]) <= set(snapshot.subtree("D2"))
    assert found.frame["summary"].null_count() < found.frame.height
    # Even a question that forgot its units would find nothing but the viewer's.
    with database.reading(cases_of=snapshot.subtree("D2")) as connection:
        everything = connection.execute(select(HANDED_IN["grievances"].c.branch_id)).scalars().all()
    assert set(everything) <= set(snapshot.subtree("D2"))


def test_an_import_and_its_undo_go_through_as_the_importer(pages: Engine) -> None:
    case = {"branch_id": "D1B1", "category": "pay", "channel": "hotline", "filed_on": date(2025, 6, 1)}
    result = store_frames({"grievances": pl.DataFrame([{"grievance_id": "FENCE1", **case}])}, by="test", engine=pages)
    assert not result.refused and result.import_id
    with database.reading(pages, cases_of=("D1B1",)) as connection:
        assert undo.differences(connection, result.import_id, "grievances").height == 1
    assert load(pages).closings.height
    assert not undo.undo(result.import_id, by="test", engine=pages).faults


def test_nobody_but_the_retention_rule_takes_lines_from_the_log(pages: Engine) -> None:
    people.audit(pages, "a@x", "signed_in", {})
    for statement in ("UPDATE audit SET who = 'b@x'", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(Exception, match=r"append-only|permission denied"), database.writing(pages) as connection:
            connection.execute(text(statement))
