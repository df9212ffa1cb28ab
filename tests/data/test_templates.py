"""The empty workbooks say what to fill in, and filled in they can be handed in."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import Engine

from data import importer, reader, tables, templates
from data.records import Counts
from tests.data.ledgers import TODAY, branch, first_ledgers, frame

pytestmark = pytest.mark.slow  # a child process reads each of the files


@pytest.fixture
def folder(empty: Engine, tmp_path: Path) -> Path:
    importer.store_frames(
        {"branches": frame("branches", branch("HQ"), branch("D1B2", "HQ"), branch("D2", "HQ"), branch("D21", "D2"))},
        by="op",
        engine=empty,
    )
    templates.write(tmp_path, "zh", engine=empty)
    return tmp_path


def test_there_is_one_for_each_table_and_it_is_empty(folder: Path, empty: Engine) -> None:
    assert {path.stem for path in folder.iterdir()} == {table.zh for table in tables.TABLES}
    batch = reader.read([folder])
    assert not batch.faults, [fault.line("en") for fault in batch.faults]
    assert sum(part.frame.height for part in batch.parts) == 0
    result = importer.import_files([folder], by="clerk@example.com", engine=empty, on=TODAY)
    assert result.unchanged


def test_filled_with_the_examples_they_are_stored(folder: Path, empty: Engine) -> None:
    """The examples are moved to where a clerk types, by an independent library."""
    rows = 0
    for path in folder.iterdir():
        book = openpyxl.load_workbook(path)
        ledger, examples = book.worksheets[0], book[templates.EXAMPLES]
        for row in examples.iter_rows(min_row=2, values_only=True):
            ledger.append(row)
            rows += 1
        book.save(path)
    result = importer.import_files([folder], by="clerk@example.com", engine=empty, on=TODAY, allow_move=True)
    assert not result.refused, [fault.line("en") for fault in result.faults]
    assert result.warnings.count == 0
    counts = Counts(
        *(sum(getattr(c, name) for c in result.counts.values()) for name in ("new", "changed", "unchanged"))
    )
    # The two example units are stored already, under other names.
    assert counts == Counts(new=rows - 2, changed=2)
    assert set(result.counts) == {table.name for table in tables.TABLES}


def sheets(table: str, engine: Engine, language: str, unit: str | None = None) -> openpyxl.Workbook:
    units = templates.stored_units(unit, engine)
    return openpyxl.load_workbook(io.BytesIO(templates.workbook(tables.BY_NAME[table], language, units)))


def test_coded_columns_offer_their_codes_and_required_ones_a_star(folder: Path, empty: Engine) -> None:
    ledger = sheets("grievances", empty, "zh").worksheets[0]
    assert [cell.value for cell in ledger[1]][:3] == ["诉求编号*", "单位编码*", "提出日期*"]
    offered = {str(rule.sqref).split(":")[0]: rule.formula1 for rule in ledger.data_validations.dataValidation}
    place = [cell.value for cell in ledger[1]].index("来源渠道*")
    assert "座谈会" in offered[ledger.cell(2, place + 1).coordinate]
    assert offered["B2"] == "选项!$A$2:$A$5"


def test_one_unit_gets_its_own_units_in_the_list(folder: Path, empty: Engine) -> None:
    lists = sheets("grievances", empty, "zh", "D2")[templates.LISTS]
    assert [row[0] for row in lists.iter_rows(min_row=2, values_only=True) if row[0]] == ["D2", "D21"]
    with pytest.raises(KeyError):
        templates.stored_units("D9", empty)


@pytest.mark.parametrize(("language", "says"), [("zh", "必填"), ("en", "required")])
def test_the_notes_explain_every_column(folder: Path, empty: Engine, language: str, says: str) -> None:
    rows = list(sheets("suggestions", empty, language)[templates.NOTES].iter_rows(values_only=True))
    explained = {row[1]: row for row in rows if row[1]}
    assert {column.name for column in tables.BY_NAME["suggestions"].columns} <= set(explained)
    assert explained["theme"][2] == says
    assert explained["title"][2] is None


def test_before_anything_is_stored_templates_can_be_had(new_address, tmp_path: Path) -> None:
    from data import database

    engine = database.engine_for(new_address("sqlite"))
    assert len(templates.write(tmp_path / "new" / "folder", "en", engine=engine)) == len(tables.TABLES)
    engine.dispose()


def test_no_template_can_be_mistaken_for_another_table() -> None:
    for table in first_ledgers():
        book = templates.workbook(tables.BY_NAME[table], "zh", templates.NO_UNITS)
        (part,) = reader.read([("表格.xlsx", book)]).parts
        assert part.table == table
