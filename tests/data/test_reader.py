"""A hand-in becomes typed rows with their places, whatever the files look like; a fault names the cell."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data import headers, layout, reader, tables, values
from data.faults import KEPT, Fault, Faults
from data.headers import HeaderMapping
from tests.data import broken_files
from tests.data.broken_files import xlsx

pytestmark = pytest.mark.slow  # a child process reads each of the files

CONFORMANCE = Path(__file__).parents[1] / "conformance"


def upload(name: str, text: str | bytes) -> tuple[str, bytes]:
    return name, text.encode() if isinstance(text, str) else text


def only(batch: reader.Batch) -> reader.Part:
    assert [fault.line("en") for fault in batch.faults] == []
    (part,) = batch.parts
    return part


# --- the conformance set -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clean() -> reader.Batch:
    return reader.read([CONFORMANCE / "tables"])


@pytest.fixture(scope="module")
def messy() -> reader.Batch:
    return reader.read([CONFORMANCE / "messy"])


def whole(batch: reader.Batch, table: str) -> pl.DataFrame:
    """A table's rows in the order of the keys, an empty cell as what it means."""
    declared = tables.BY_NAME[table]
    names = [column.name for column in declared.columns]
    frame = pl.concat([part.frame for part in batch.parts if part.table == table], how="diagonal").select(names)
    meant = [pl.col(c.name).fill_null(pl.lit(c.empty)) for c in declared.columns if c.empty is not None]
    return frame.with_columns(meant).sort(declared.key)


@pytest.mark.parametrize("table", [table.name for table in tables.TABLES])
def test_messy_files_hold_the_rows_of_the_clean_ones(table: str, clean: reader.Batch, messy: reader.Batch) -> None:
    expected = whole(clean, table)
    assert expected.height
    assert_frame_equal(whole(messy, table), expected)


def test_clean_files_are_read_as_plain_csv_is(clean: reader.Batch) -> None:
    for part in clean.parts:
        plain = pl.read_csv(CONFORMANCE / "tables" / f"{part.table}.csv", infer_schema=False)
        assert part.frame["_row"].to_list() == list(range(2, plain.height + 2))
        for name in plain.columns:
            kind = tables.BY_NAME[part.table].column(name).kind
            if kind in ("text", "code", "month"):
                assert part.frame[name].to_list() == plain[name].to_list()
            elif kind == "date":
                assert part.frame[name].to_list() == plain[name].str.to_date().to_list()
            elif kind == "money":
                assert (
                    part.frame[name].to_list() == (plain[name].cast(pl.Float64) * 100).round().cast(pl.Int64).to_list()
                )
            else:
                assert part.frame[name].cast(pl.Float64).to_list() == plain[name].cast(pl.Float64).to_list()


def test_what_is_left_out_of_messy_files_is_told(messy: reader.Batch) -> None:
    assert messy.faults.count == 0
    assert len(messy.files) == 8
    told = [(note.row, note.rule) for note in messy.notes if note.sheet == "合理化建议"]
    assert told == [(1, layout.TITLE), (224, layout.TOTAL), (226, layout.SIGNATURE), (None, layout.BLANK)]
    assert ("备注", layout.UNKNOWN_COLUMN) in [(note.column, note.rule) for note in messy.notes]


# --- where a row stands ------------------------------------------------------------------------------------------


def test_a_row_keeps_its_place_and_a_column_its_header() -> None:
    text = "某局问卷,,\n\n结束日期（止）,问卷编号*,开始日期\n,V1,2025-01-01\n\n2025-02-01,V2,2025-01-05\n"
    part = only(reader.read([upload("问卷.csv", text)]))
    assert part.frame.select("survey_id", "_file", "_sheet", "_row", "_unread").rows() == [
        ("V1", "问卷.csv", None, 4, 0),
        ("V2", "问卷.csv", None, 6, 0),
    ]
    assert part.present == {"survey_id", "opened_on", "closed_on"}
    assert part.headers == {"survey_id": "问卷编号*", "opened_on": "开始日期", "closed_on": "结束日期（止）"}
    assert part.positions == {"survey_id": 1, "opened_on": 2, "closed_on": 0}


def test_types_are_the_tables_types_even_without_rows() -> None:
    batch = reader.read([upload(f"{t.zh}.csv", ",".join(column.zh for column in t.columns)) for t in tables.TABLES])
    assert [part.table for part in batch.parts] == [table.name for table in tables.TABLES]
    for part in batch.parts:
        assert dict(part.frame.drop("_file", "_sheet", "_row", "_unread").schema) == {
            column.name: values.DTYPES[column.kind] for column in tables.BY_NAME[part.table].columns
        }


def test_a_fault_names_the_cell_and_the_other_rows_are_there() -> None:
    def fill(book: object, sheet: object) -> None:
        broken_files.rows_from(
            ("诉求编号", "单位编码", "提出日期", "诉求类别", "来源渠道", "满意度"),
            ("G1", "D1", date(2025, 1, 5), "劳动报酬", "热线", 5),
            ("G2", "D1", "去年", "工资", "热线", "很满意"),
            ("G3", "D1", date(2025, 1, 7), "劳动报酬", "热线", ""),
        )(book, sheet)

    batch = reader.read([upload("台账.xlsx", xlsx(fill, "职工诉求"))])
    found = [(f.file, f.sheet, f.row, f.column, f.field, f.value, f.rule) for f in batch.faults]
    where = ("台账.xlsx", "职工诉求", 3)
    assert found == [
        (*where, "提出日期", "filed_on", "去年", values.NOT_DATE),
        (*where, "诉求类别", "category", "工资", values.NOT_CODE),
        (*where, "满意度", "satisfaction", "很满意", values.NOT_INT),
    ]
    assert (
        batch.faults.first[1]
        .line("zh")
        .startswith("文件 台账.xlsx，工作表 职工诉求，第 3 行，“诉求类别”列，值“工资”：")
    )
    assert "劳动报酬、工时休假" in batch.faults.first[1].text("zh")
    assert "pay, hours" in batch.faults.first[1].text("en")
    (part,) = batch.parts
    assert part.frame["grievance_id"].to_list() == ["G1", "G2", "G3"]
    names = [column.name for column in tables.BY_NAME["grievances"].columns]
    unread = sum(1 << names.index(name) for name in ("filed_on", "category", "satisfaction"))
    assert part.frame["_unread"].to_list() == [0, unread, 0]


def test_all_faults_are_counted_and_the_first_thousand_told_in_order() -> None:
    text = "问卷编号,开始日期,结束日期\n" + "".join(f"V{i},昨天,明天\n" for i in range(1500))
    batch = reader.read([upload("问卷.csv", text), upload("surveys_2.csv", "survey_id,opened_on\nV0,x\n")])
    assert batch.faults.count == 3001
    assert len(batch.faults.first) == KEPT
    assert [(f.row, f.field) for f in batch.faults.first[:3]] == [(2, "opened_on"), (2, "closed_on"), (3, "opened_on")]


def test_findings_survive_json_and_find_their_headers() -> None:
    fault = Fault(
        "a.csv", None, 3, None, "x", values.NOT_CODE, {"codes": [{"zh": "热线", "en": "hotline"}]}, field="channel"
    )
    assert Fault.from_dict(fault.as_dict()) == fault
    located = Faults([fault]).located({("a.csv", None): {"channel": "渠道*"}})
    assert located.first[0].place("zh") == "文件 a.csv，第 3 行，“渠道*”列，值“x”"
    assert fault.text("en") == "This is not on the list; choose one of: hotline."


# --- which table it is -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("grievances_2025.csv", "grievances"),
        ("职工诉求-二分公司.xlsx", "grievances"),
        ("问卷答卷.csv", "survey_answers"),
        ("问卷.csv", "surveys"),
        ("问卷 2025.xlsx", "surveys"),
        ("survey_answers.csv", "survey_answers"),
        ("Survey Answers 2025.csv", "survey_answers"),
        ("surveys.csv", "surveys"),
        ("C:\\台账\\活动台账.xlsx", "activities"),
        ("上报/参与名单.csv", "attendance"),
        ("二分公司职工诉求.xlsx", None),
        ("export_0617.csv", None),
        ("", None),
    ],
)
def test_a_title_begins_the_name(name: str, table: str | None) -> None:
    assert headers.table_of_title(name) == table


def test_every_tables_own_headers_tell_it_alone() -> None:
    sources = [
        upload(f"{number}.csv", ",".join(column.zh if number % 2 else column.name for column in table.columns))
        for table in tables.TABLES
        for number in (tables.TABLES.index(table) * 2, tables.TABLES.index(table) * 2 + 1)
    ]
    batch = reader.read(sources)
    assert [fault.line("en") for fault in batch.faults] == []
    assert [part.table for part in batch.parts] == [table.name for table in tables.TABLES for _ in range(2)]


def test_a_sheets_name_beats_the_files() -> None:
    assert only(reader.read([upload("职工诉求.xlsx", xlsx(broken_files.PLAIN, "问卷"))])).table == "surveys"


def test_other_systems_headers_and_codes_are_mapped() -> None:
    mapping = HeaderMapping(
        "grievances",
        {
            "工单号": "grievance_id",
            "部门": "branch_id",
            "来电时间": "filed_on",
            "一级分类": "category",
            "来源": "channel",
        },
        {"category": {"欠薪": "pay"}, "channel": {"12345": "hotline"}},
    )
    text = "工单号,部门,来电时间,一级分类,来源,满意度\nW1,D1,2025/3/5 14:02,欠薪,12345,5\n"
    batch = reader.read([upload("工单导出.csv", text), upload("问卷.csv", broken_files.CSV)], mapping=mapping)
    assert [part.table for part in batch.parts] == ["grievances", "surveys"]
    row = batch.parts[0].frame.row(0, named=True)
    assert (row["grievance_id"], row["filed_on"], row["category"], row["channel"], row["satisfaction"]) == (
        "W1",
        date(2025, 3, 5),
        "pay",
        "hotline",
        5,
    )
    assert batch.parts[0].headers["filed_on"] == "来电时间"
    less = reader.read([upload("工单导出.csv", text.replace("部门", "处室"))], mapping=mapping)
    assert [(fault.rule, fault.params["needed"]) for fault in less.faults] == [
        (layout.MISSING_COLUMN, {"zh": "单位编码", "en": "branch_id"})
    ]


# --- files and folders -------------------------------------------------------------------------------------------


def test_a_folder_is_searched_through(tmp_path: Path) -> None:
    (tmp_path / "一分公司").mkdir()
    (tmp_path / "二分公司").mkdir()
    (tmp_path / "一分公司" / "问卷.csv").write_text(broken_files.CSV, "utf-8")
    (tmp_path / "二分公司" / "问卷.csv").write_text(broken_files.CSV, "gbk")
    (tmp_path / "二分公司" / "~$问卷.xlsx").write_bytes(b"lock")
    (tmp_path / "说明.docx").write_bytes(b"text")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    twice = tmp_path / "一分公司" / "问卷.csv"
    batch = reader.read([tmp_path, twice])
    assert batch.faults.count == 0
    assert [part.file for part in batch.parts] == ["一分公司/问卷.csv", "二分公司/问卷.csv"]
    assert [note.rule for note in batch.notes] == [reader.LOCK_FILE, reader.OTHER_FILE]
    assert [(file.name, file.size) for file in batch.files] == [
        ("一分公司/问卷.csv", len(broken_files.CSV.encode())),
        ("二分公司/问卷.csv", len(broken_files.CSV.encode("gbk"))),
    ]


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    batch = reader.read([tmp_path, tmp_path / "问卷.csv"])
    assert [fault.rule for fault in batch.faults] == [reader.NO_FILES, reader.MISSING]
    assert batch.files == []


def test_uploads_of_one_name_are_told_apart() -> None:
    batch = reader.read([upload("C:\\fakepath\\问卷.csv", broken_files.CSV), upload("问卷.csv", broken_files.CSV)])
    assert [part.file for part in batch.parts] == ["问卷.csv", "问卷.csv (2)"]
    assert len({file.sha256 for file in batch.files}) == 1


def test_a_file_that_takes_too_long_loses_only_itself() -> None:
    # Line breaks in cells are read record by record: some three seconds for as many as these.
    text = "问卷编号,开始日期\n" + '"V\n1",2025-01-01\n' * 1_000_000
    batch = reader.read(
        [upload("问卷_slow.csv", text), upload("问卷.csv", broken_files.CSV)], limits=reader.Limits(seconds=1)
    )
    assert [(fault.file, fault.rule) for fault in batch.faults] == [("问卷_slow.csv", reader.TOO_SLOW)]
    assert [part.file for part in batch.parts] == ["问卷.csv"]


def test_progress_is_told_as_rows_are_read() -> None:
    told: list[tuple[str, int, int]] = []
    rows = [("V" + str(i), "2025-01-01") for i in range(30_000)]
    book = xlsx(broken_files.rows_from(("问卷编号", "开始日期"), *rows))
    reader.read([upload("问卷.xlsx", book)], progress=lambda *step: told.append(step))
    assert told == [("问卷.xlsx", 20_000, 30_001), ("问卷.xlsx", 30_001, 30_001)]


# --- speed -------------------------------------------------------------------------------------------------------


def attendance(count: int) -> str:
    """A sign-in list as a system exports it."""
    flags = ("是", "否", "")
    lines: Sequence[str] = [f"A{i // 40:06},P{i * 7919 % 200_000:06},D{i % 500},{flags[i % 3]}" for i in range(count)]
    return "活动编号,人员编码,单位编码,是否党员\n" + "\n".join(lines) + "\n"


def spent() -> float:
    """Seconds of processor time of this process and its children: other work on the machine does not count."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


@pytest.mark.slow
def test_a_million_rows_are_read_in_seconds_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "参与名单.csv"
    path.write_text(attendance(1_000_000), "utf-8")
    start = spent()
    part = only(reader.read([path], limits=reader.COMMAND))
    seconds = spent() - start
    assert part.frame.height == 1_000_000
    assert part.frame["_row"].to_list() == list(range(2, 1_000_002))
    assert part.frame["person_id"][:3].to_list() == ["P000000", "P007919", "P015838"]
    assert part.frame.row(-1)[:4] == ("A024999", f"P{999_999 * 7919 % 200_000:06}", "D499", True)
    # Some two seconds on the machine it was written on; a loop over rows would take ten times that.
    assert seconds < 6


def test_a_file_that_takes_too_much_memory_loses_only_itself() -> None:
    large = broken_files.CSV + "".join(f"V{n},{n * 7919},2025-01-01,\n" for n in range(400_000))
    limits = reader.Limits(memory=24 * reader.MEGABYTE)
    batch = reader.read([upload("问卷_large.csv", large), upload("问卷.csv", broken_files.CSV)], limits=limits)
    assert [(fault.file, fault.rule) for fault in batch.faults] == [("问卷_large.csv", reader.TOO_MUCH_MEMORY)]
    assert [part.file for part in batch.parts] == ["问卷.csv"]


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="the system does not tell a process's environment")
def test_whoever_reads_a_hostile_file_knows_nothing_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_DATABASE_URL", "postgresql://dashboard:of-the-database@db/dashboard")
    child = reader._Child(reader.UPLOAD)
    try:
        known = Path(f"/proc/{child._started().pid}/environ").read_bytes()
    finally:
        child.stop()
    assert b"of-the-database" not in known and b"PATH=" in known


def test_what_the_page_accepts_is_set_by_the_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reader.upload_limits() == reader.UPLOAD
    assert (reader.UPLOAD.size, reader.UPLOAD.files) == (20 * reader.MEGABYTE, 50)
    monkeypatch.setenv("DASHBOARD_UPLOAD_FILES", "2")
    monkeypatch.setenv("DASHBOARD_UPLOAD_MEMORY", "512")
    monkeypatch.setenv("DASHBOARD_UPLOAD_SECONDS", "30")
    limits = reader.upload_limits(megabytes=1)
    assert (limits.files, limits.size, limits.memory, limits.seconds) == (2, 1 << 20, 512 << 20, 30)
    batch = reader.read([upload(f"问卷_{n}.csv", broken_files.CSV) for n in range(3)], limits=limits)
    assert [fault.rule for fault in batch.faults] == [reader.TOO_MANY_FILES] and not batch.parts
    batch = reader.read([upload("问卷.csv", broken_files.CSV + "\n" * (1 << 20))], limits=limits)
    assert [fault.rule for fault in batch.faults] == [reader.TOO_LARGE]
