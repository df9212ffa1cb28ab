"""A backup holds everything, is compared when it is restored, and never overwrites data by surprise."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from data import backup, check, database, importer, migrate, people, schema
from tests.data.ledgers import TODAY, branch, everything, first_ledgers, frame, grievance

# What a restore writes on top: the line in the log, and versions that make every page read anew.
OWN = {"audit", "data_version", "fact_versions"}


@pytest.fixture
def filled(empty: Engine) -> Engine:
    importer.store_frames(first_ledgers(), by="clerk@example.com", engine=empty, on=TODAY)
    with database.writing(empty) as connection:
        connection.execute(
            schema.originals.insert().values(import_id=1, name="a.csv", sha256="0" * 64, content=b"\x00\xff")
        )
        people.add(
            connection, "Chair@Example.com", "主席", "union_staff", units=["A"], valid_until=date(2026, 1, 1), by="op"
        )
    return empty


@pytest.mark.parametrize("other", ["sqlite", "postgresql"])
def test_everything_comes_back_in_either_database(
    filled: Engine, other: str, new_address: Callable[[str], str], tmp_path: Path
) -> None:
    file = tmp_path / "monday.backup"
    held = backup.backup(file, filled)
    assert held["attendance"].rows == 4
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    target = database.engine_for(new_address(other))
    backup.restore(file, target, by="op")
    before, after = everything(filled), everything(target)
    assert {name for name in before if before[name] != after[name]} == OWN
    assert check.problems(target) == []
    with database.reading(target) as connection:
        assert connection.scalar(select(schema.data_version.c.version)) == 2
        assert connection.scalars(select(schema.audit.c.action).order_by(schema.audit.c.audit_id)).all() == [
            "import",
            "person_added",
            "restore",
        ]
    target.dispose()


def test_a_database_with_data_is_replaced_only_by_force(filled: Engine, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    backup.backup(file, filled)
    importer.store_frames(
        {"grievances": frame("grievances", grievance("G7"))}, by="clerk@example.com", engine=filled, on=TODAY
    )
    before = everything(filled)
    with pytest.raises(backup.BackupError, match="--force"):
        backup.restore(file, filled, by="op")
    assert everything(filled) == before
    backup.restore(file, filled, force=True, by="op")
    after = everything(filled)
    assert [row[0] for row in after["grievances"]] == ["G1", "G2"]
    # Pages that stand at version 2 must see that something happened.
    assert after["data_version"] == [(1, 3)]


def test_what_is_stored_meanwhile_is_not_half_in_it(
    filled: Engine, new_address: Callable[[str], str], tmp_path: Path
) -> None:
    before = {name: rows for name, rows in everything(filled).items() if name not in OWN}

    def hand_in(_table: str, step: int, _steps: int) -> None:
        if step == 2:  # the view stands since the first table was read
            late = {"branches": frame("branches", branch("Z")), "grievances": frame("grievances", grievance("G8", "Z"))}
            importer.store_frames(late, by="clerk@example.com", engine=filled, on=TODAY)

    backup.backup(tmp_path / "x.backup", filled, hand_in)
    assert len(everything(filled)["grievances"]) == 3
    target = database.engine_for(new_address("sqlite"))
    backup.restore(tmp_path / "x.backup", target, by="op")
    assert {name: rows for name, rows in everything(target).items() if name not in OWN} == before
    target.dispose()


@pytest.mark.parametrize("spoil", ["piece lost", "piece changed", "rows lost", "not a backup", "another version"])
def test_a_damaged_backup_restores_nothing(
    filled: Engine, spoil: str, new_address: Callable[[str], str], tmp_path: Path
) -> None:
    file, bad = tmp_path / "good.backup", tmp_path / "bad.backup"
    backup.backup(file, filled)
    with zipfile.ZipFile(file) as good, zipfile.ZipFile(bad, "w") as copy:
        for entry in good.namelist():
            content = good.read(entry)
            if entry == "grievances/00000.parquet":
                if spoil == "piece lost":
                    continue
                if spoil == "piece changed":
                    content = good.read("branches/00000.parquet")
            if entry == "manifest.json" and spoil == "another version":
                content = content.replace(migrate.head().encode(), b"9999")
            if entry == "manifest.json" and spoil == "rows lost":
                content = content.replace(b'"rows": 4', b'"rows": 5')
            copy.writestr(entry, content)
    if spoil == "not a backup":
        bad.write_text("PK, or not")
    target = database.engine_for(new_address("sqlite"))
    migrate.migrate(target)
    before = everything(target)
    with pytest.raises(backup.BackupError):
        backup.restore(bad, target, by="op")
    assert everything(target) == before
    target.dispose()


def test_a_backup_that_fails_leaves_no_half_file(
    filled: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup.json, "dumps", lambda *_a, **_k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        backup.backup(tmp_path / "x.backup", filled)
    assert list(tmp_path.iterdir()) == []
