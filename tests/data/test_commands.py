"""The commands do what they say, in both languages, with the exit status that scripts rely on."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from data import database, mappings, people, schema
from data.__main__ import main
from data.clock import now
from data.headers import HeaderMapping
from tests.data.ledgers import everything, stored

pytestmark = pytest.mark.slow  # each runs whole commands

CSV = "诉求编号,单位编码,提出日期,诉求类别,来源渠道,诉求摘要\n"
UNITS = "单位编码,上级编码,单位名称,类别\nHQ,,集团,公司\nA,HQ,甲,基层支部\n"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(configured: Engine, empty: Engine, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command against the empty database; return exit status, output and complaints."""

    def run_command(*arguments: object, language: str = "en") -> tuple[int, str, str]:
        status = main(["--language", language, *map(str, arguments)])
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return run_command


@pytest.fixture
def ledgers(tmp_path: Path) -> Path:
    folder = tmp_path / "ledgers"
    folder.mkdir()
    (folder / "组织机构.csv").write_text(UNITS, "utf-8")
    (folder / "职工诉求.csv").write_text(CSV + "G1,A,2025-03-03,劳动报酬,热线,食堂\n", "gb18030")
    return folder


def test_an_import_is_stored_and_the_same_again_changes_nothing(run: Run, ledgers: Path, empty: Engine) -> None:
    status, said, _ = run("import", ledgers, "--by", "clerk@example.com")
    assert status == 0
    assert "grievances: 1 new, 0 changed, 0 unchanged" in said
    assert "Stored as import 1, data version 1." in said
    status, said, _ = run("import", ledgers, language="zh")
    assert status == 0
    assert "职工诉求：新增 0 行，变更 0 行，未变 1 行" in said
    assert "没有变化" in said
    with database.reading(empty) as connection:
        kept = connection.execute(select(schema.originals.c.name, schema.originals.c.content)).all()
    assert {name: len(content) for name, content in kept} == {
        path.name: path.stat().st_size for path in ledgers.iterdir()
    }


def test_a_dry_run_stores_nothing(run: Run, ledgers: Path, empty: Engine) -> None:
    status, said, _ = run("import", ledgers, "--dry-run")
    assert (status, "would go through" in said) == (0, True)
    assert stored(empty, "branches") == []


@pytest.mark.parametrize("suffix", [".csv", ".json", ".txt"])
def test_a_refused_import_names_every_fault_and_writes_the_report(
    run: Run, ledgers: Path, empty: Engine, tmp_path: Path, suffix: str
) -> None:
    (ledgers / "职工诉求2.csv").write_text(
        CSV + "=1+1,X,2025-03-03,劳动报酬,热线,\nG3,A,2025-13-03,别的,热线,\n", "utf-8"
    )
    report = tmp_path / f"report{suffix}"
    before = everything(empty)
    status, said, complaints = run("import", ledgers, "--report", report, language="zh")
    assert status == 1
    assert "未通过：没有保存任何数据，共 3 处错误。" in said
    assert everything(empty) == before
    text = report.read_text("utf-8-sig" if suffix == ".csv" else "utf-8")
    for shown in (complaints, text):
        for word in ("职工诉求2.csv", "X", "2025-13-03", "别的"):
            assert word in shown
    if suffix == ".csv":
        rows = list(csv.DictReader(io.StringIO(text)))
        assert {(row["级别"], row["行"], row["列"]) for row in rows} == {
            ("错误", "2", "单位编码"),
            ("错误", "3", "提出日期"),
            ("错误", "3", "诉求类别"),
        }
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    if suffix == ".json":
        found = json.loads(text)
        assert (found["refused"], found["fault_count"]) == (True, 3)


def test_wrong_usage_says_what_would_be_right(run: Run, ledgers: Path) -> None:
    assert run("import", ledgers, "--report", "report.docx") == (
        2,
        "",
        "report.docx: a report ends in .txt, .csv, .json.\n",
    )
    assert run("import", ledgers, "--mapping", "OA") == (2, "", "There is no mapping OA (saved: –).\n")
    with pytest.raises(SystemExit) as left:
        run("import")
    assert left.value.code == 2


def test_a_saved_mapping_translates_another_system(run: Run, ledgers: Path, empty: Engine, tmp_path: Path) -> None:
    run("import", ledgers / "组织机构.csv")
    hotline = HeaderMapping(
        "grievances",
        {"工单号": "grievance_id", "部门": "branch_id", "日期": "filed_on", "类型": "category", "渠道": "channel"},
        {"category": {"欠薪": "pay"}, "channel": {"12351": "hotline"}},
    )
    with database.writing(empty) as connection:
        mappings.save(connection, "热线", hotline, "op@example.com")
    file = tmp_path / "export.csv"
    file.write_text("工单号,部门,日期,类型,渠道\nW9,A,2025-03-03,欠薪,12351\n", "utf-8")
    status, said, complaints = run("import", file, "--mapping", "热线")
    assert (status, complaints) == (0, ""), said
    (row,) = stored(empty, "grievances")
    assert (row["grievance_id"], row["category"], row["channel"]) == ("W9", "pay", "hotline")


def test_check_refresh_undo_and_history(run: Run, ledgers: Path, empty: Engine) -> None:
    run("import", ledgers)
    assert run("check") == (0, "Nothing is wrong.\n", "")
    with database.writing(empty) as connection:
        connection.execute(schema.fact_versions.delete())
    status, said, _ = run("check", language="zh")
    assert status == 1
    assert "运行中的页面不会重新读取" in said
    assert run("refresh")[:2] == (0, "All facts were made again; the data are at version 2.\n")
    assert run("check")[0] == 0
    assert run("undo", 1, "--by", "chair@example.com")[:2] == (0, "Import 1 is undone; the data are at version 3.\n")
    assert run("undo", 1)[0] == 1
    status, said, _ = run("history")
    assert [line.split("\t")[-1] for line in said.splitlines() if "UTC" in line] == ["undo", "import"]
    assert stored(empty, "branches") == []


def test_people_are_let_in_and_out(run: Run, ledgers: Path, empty: Engine) -> None:
    run("import", ledgers)
    add = ("people", "add", " Chair@Example.com", "--name", "主席", "--role", "union_staff")
    assert run(*add) == (1, "", "Union staff need at least one unit.\n")
    assert run(*add, "--units", "Z") == (1, "", "There is no unit Z.\n")
    status, said, _ = run(*add, "--units", "A", "--until", "2025-12-31", "--reads", "zh")
    assert (status, said) == (0, "chair@example.com may look from the next click on.\n")
    assert run("people", "list")[1] == "chair@example.com\t主席\tunion_staff\tA\t2025-12-31\t\n"
    with database.reading(empty) as connection:
        day = date.fromisoformat
        person = people.lookup(connection, "CHAIR@example.com ", day("2025-12-31"))
        assert person is not None
        assert (person["role"], person["units"], person["language"]) == ("union_staff", ("A",), "zh")
        assert people.lookup(connection, "chair@example.com", day("2026-01-01")) is None
        assert people.lookup(connection, "somebody@example.com", day("2025-01-01")) is None
    assert run("people", "disable", "chair@example.com")[0] == 0
    assert run("people", "disable", "nobody@example.com") == (1, "", "Nobody has the address nobody@example.com.\n")
    with database.reading(empty) as connection:
        assert people.lookup(connection, "chair@example.com", day("2025-01-01")) is None
        assert connection.scalars(select(schema.audit.c.action)).all() == ["import", "person_added", "person_disabled"]


def test_help_speaks_the_asked_language(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["import", "--language", "zh", "--help"])
    assert left.value.code == 0
    assert "只检查，不保存" in capsys.readouterr().out


def test_the_log_is_kept_as_long_as_the_setting_says(
    run: Run, ledgers: Path, empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing(empty) as connection:
        for days in (1095, 1097):
            line = {"at": now() - timedelta(days=days), "who": f"{days}", "action": "sign_in", "detail": "{}"}
            connection.execute(schema.audit.insert().values(line))
    # Whoever hands something in takes along what is too old.
    run("import", ledgers)
    with database.reading(empty) as connection:
        assert connection.scalars(select(schema.audit.c.who)).all() == ["1095", "operator"]
    monkeypatch.setenv("DASHBOARD_KEEP_AUDIT_DAYS", "many")
    wrong = "DASHBOARD_KEEP_AUDIT_DAYS is “many”; set it to a number of days, 1 or more.\n"
    assert run("check") == (1, wrong, "Problems: 1\n")
    (ledgers / "组织机构.csv").write_text(UNITS.replace("集团", "总部"), "utf-8")
    assert run("import", ledgers) == (1, "", wrong)


def test_backup_and_restore(run: Run, ledgers: Path, empty: Engine, tmp_path: Path) -> None:
    run("import", ledgers)
    file = tmp_path / "night.backup"
    status, said, _ = run("backup", file)
    assert (status, "night.backup" in said) == (0, True)
    assert run("restore", file)[0] == 1
    assert run("restore", file, "--force")[0] == 0
    assert run("check")[0] == 0


def test_templates_are_written_in_the_asked_language(run: Run, tmp_path: Path) -> None:
    status, said, _ = run("template", tmp_path / "blank", language="zh")
    assert (status, said) == (0, f"已在 {tmp_path / 'blank'} 生成 16 个模板。\n")
    assert run("template", tmp_path / "blank", "--branch", "Z") == (2, "", "There is no unit Z.\n")


def test_an_empty_database_is_created_by_the_import_itself(
    new_address: Callable[[str], str],
    ledgers: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DASHBOARD_DATABASE_URL", new_address("sqlite"))
    assert main(["check", "--language", "en"]) == 1
    assert "Run python -m data init" in capsys.readouterr().out
    assert main(["import", str(ledgers), "--language", "en"]) == 0
    assert main(["init", "--language", "en"]) == 0
    assert "up to date" in capsys.readouterr().out
    database.engine().dispose()


def test_a_database_that_does_not_answer_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DASHBOARD_DATABASE_URL", f"postgresql://nobody@/nowhere?host={tmp_path}")
    assert main(["init", "--language", "en"]) == 1
    complaint = capsys.readouterr().err
    assert complaint.startswith("The database does not answer or refuses: ")
    assert complaint.count("\n") == 1


LOCALES = {
    "zh_CN.UTF-8": ({"LANG": "zh_CN.UTF-8"}, "zh"),
    "en_GB.UTF-8": ({"LANG": "en_GB.UTF-8"}, "en"),
    "overridden": ({"LANG": "zh_CN", "LC_ALL": "C"}, "en"),
    "none": ({}, "en"),
}


@pytest.mark.parametrize("locale", LOCALES)
def test_the_terminal_decides_the_language(
    run: Run, locale: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    variables, language = LOCALES[locale]
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    main(["check"])
    assert ("未发现问题。" in capsys.readouterr().out) is (language == "zh")
