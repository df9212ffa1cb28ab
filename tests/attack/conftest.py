"""An office full of canaries: a mark stands in every field that names a person or tells of a case, with its unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from data import database, people
from data.importer import import_files
from tests.attack.intruder import TRUSTED
from tests.browser.browsing import Server, start

HERE = Path(__file__).parent
CONFORMANCE = HERE.parent / "conformance" / "tables"
MARK = "ZQX"  # stands nowhere else in the data
ROLES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "executive": ("leader@office.example", "executive", ()),
    "union_staff": ("union@office.example", "union_staff", ("D1",)),
    "management": ("boss@office.example", "management", ()),
    "management_of_a_unit": ("site@office.example", "management", ("D2",)),
    "admin": ("admin@office.example", "admin", ()),
}
# Columns that name a person or tell of a case; `branch_id` of the same row goes into the mark.
MARKED = {
    "grievances": ("grievance_id", "summary"),
    "suggestions": ("suggestion_id", "person_id", "title"),
    "attendance": ("person_id",),
    "survey_answers": ("respondent_id",),
    "aid_cases": ("case_id",),
    "interests": ("person_id",),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here `slow`: most attacks have a server of their own."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.slow)


@dataclass(frozen=True)
class Office:
    """Where the database lies, and to which division each unit belongs."""

    home: Path
    divisions: dict[str, str]


def marked(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table with marks such as `ZQX-D1B2-summary-17`; the same value gets the same mark."""
    unit = pl.col("branch_id")
    return frame.with_columns(
        pl.when(pl.col(column).is_not_null())
        .then(pl.format(f"{MARK}-{{}}-{column}-{{}}", unit, pl.col(column).rank("dense").cast(pl.Int64)))
        .alias(column)
        for column in MARKED.get(name, ())
    )


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """The conformance set with marks, people of every role, and a topic that one person alone wants."""
    folder, home = tmp_path_factory.mktemp("tables"), tmp_path_factory.mktemp("office")
    for path in CONFORMANCE.glob("*.csv"):
        frame = marked(path.stem, pl.read_csv(path, infer_schema=False))
        if path.stem == "interests":
            lone = {"person_id": f"{MARK}-D1B1-lone-1", "branch_id": "D1B1", "topic": f"{MARK}-D1B1-topic-1"}
            frame = pl.concat([frame, pl.DataFrame([{**lone, "recorded_on": "2024-05-05"}])], how="diagonal")
        frame.write_csv(folder / path.name)
    engine = database.engine_for(f"sqlite:///{home / 'dashboard.db'}")
    result = import_files([folder], by=f"{MARK}-ALL-importer-1@office.example", engine=engine)
    assert not result.faults, [fault.text("en") for fault in result.faults][:3]
    with database.writing(engine) as connection:
        for email, role, units in ROLES.values():
            people.add(connection, email, f"Name of {email}", role, units=units, by="test")
        people.add(connection, f"{MARK}-all-person-1@office.example", f"{MARK}-ALL-name-1", "executive", by="test")
        people.add(connection, "gone@office.example", "Gone", "executive", by="test")
        people.disable(connection, "gone@office.example", by="test")
        ids = [row[0] for row in connection.exec_driver_sql("SELECT branch_id FROM branches")]
    engine.dispose()
    return Office(home, {unit: unit[:2] for unit in ids})


@pytest.fixture
def fresh(office: Office) -> Iterator[Callable[..., Server]]:
    """Start servers on which nobody has opened anything yet; all are stopped at the end."""
    with ExitStack() as stack:

        def make(**environment: str) -> Server:
            server = start(office.home, {**TRUSTED, **environment})
            stack.callback(server.stop)
            return server

        yield make


@pytest.fixture(scope="module")
def server(office: Office) -> Iterator[Server]:
    """One server for the attacks that need no fresh one."""
    made = start(office.home, TRUSTED)
    yield made
    made.stop()
