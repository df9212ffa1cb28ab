"""Empty workbooks to hand in, one per table: headers, drop-downs, date formats, notes, examples, the list of units."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter
from sqlalchemy import Engine, select
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from data import bulk, database, links, migrate, tables
from data.metric_ids import METRIC_IDS
from data.schema import HANDED_IN
from data.tables import Column, Table
from data.words import mark, translate

# Rows with drop-downs and formats: more than a unit's month, few enough that the file stays small.
PREPARED = 2000

# Sheets beside the table; the reader leaves sheets of these names out.
NOTES, EXAMPLES, LISTS = "填写说明", "示例", "选项"

KINDS = {
    "text": mark("text"),
    "code": mark("one of the list"),
    "date": mark("day, such as 2025-03-05"),
    "month": mark("month, such as 2025-03"),
    "int": mark("whole number"),
    "number": mark("number"),
    "money": mark("yuan, up to two decimals"),
    "bool": mark("是 or 否"),
}
HEADERS = (mark("Column"), mark("English name"), mark("Required"), mark("Kind"), mark("Rule"))
REQUIRED = mark("required")
ADVICE = (
    mark("Fill in the first sheet, one row each, from the second row on; do not rename the headers."),
    mark("* marks what must be filled in. An empty cell means unknown or not yet, and clears what is stored."),
    mark("Delete a column to keep what is stored for it. A row with a known number replaces the stored one."),
    mark("The sheets after the first explain; they are not read."),
)
RANGE = mark("{low} to {high}")
AT_LEAST = mark("at least {low}")
KEY = mark("part of the key")
OF_TABLE = mark("a {column} of {table}")
HAPPENED = mark("not in the future")
UNIT_CODE, UNIT_NAME, METRIC = mark("Unit code"), mark("Unit name"), mark("Metric")

NO_UNITS = pl.DataFrame(schema={"branch_id": pl.String, "name": pl.String})

# Rows as a clerk would type them; together they could be handed in, so that nobody copies a mistake.
_EXAMPLES: dict[str, tuple[dict[str, Any], ...]] = {
    "branches": (
        {"branch_id": "HQ", "name": "水电建设集团", "kind": "公司", "opened_on": "1990-01-01"},
        {
            "branch_id": "D1B2",
            "parent_id": "HQ",
            "name": "左岸项目部支部",
            "name_en": "Left Bank Project Branch",
            "kind": "基层支部",
            "region": "四川",
            "latitude": 29.11,
            "longitude": 102.71,
            "opened_on": "2018-05-01",
        },
    ),
    "headcounts": (
        {"branch_id": "D1B2", "month": "2025-03", "employees": 126, "union_members": 118, "party_members": 31},
    ),
    "service_levels": (
        {
            "category": "劳动报酬",
            "response_days": 3,
            "closing_days": 10,
            "day_kind": "工作日",
            "valid_from": "2025-01-01",
        },
    ),
    "activities": (
        {
            "activity_id": "HD-2025-031",
            "branch_id": "D1B2",
            "held_on": "2025-03-05",
            "kind": "主题党日",
            "organiser": "党群共建",
            "title": "三月主题党日",
            "topic": "安全生产",
            "production_linked": "是",
            "venue_owner": "工会",
        },
    ),
    "attendance": (
        {"activity_id": "HD-2025-031", "person_id": "P004217", "branch_id": "D1B2", "party_member": "是"},
        {"activity_id": "HD-2025-031", "person_id": "P004305", "branch_id": "D1B2", "party_member": "否"},
    ),
    "grievances": (
        {
            "grievance_id": "SQ-2025-0117",
            "branch_id": "D1B2",
            "filed_on": "2025-03-03",
            "category": "生活福利",
            "channel": "意见箱",
            "people_involved": 12,
            "responded_on": "2025-03-05",
            "due_on": "2025-03-18",
            "closed_on": "2025-03-14",
            "outcome": "已解决",
            "stage": "直接办理",
            "confirmed": "是",
            "satisfaction": 5,
            "summary": "食堂晚餐供应时间太短，夜班赶不上",
        },
        {
            "grievance_id": "SQ-2025-0118",
            "branch_id": "D1B2",
            "filed_on": "2025-03-20",
            "category": "安全健康",
            "channel": "座谈会",
            "summary": "地下厂房通风不足",
        },
    ),
    "suggestions": (
        {
            "suggestion_id": "JY-2025-088",
            "branch_id": "D1B2",
            "person_id": "P004217",
            "submitted_on": "2025-02-11",
            "theme": "降本",
            "decided_on": "2025-02-27",
            "decision": "采纳",
            "implemented_on": "2025-04-10",
            "expected_benefit": 60000,
            "verified_benefit": 48250.5,
            "production_linked": "是",
            "title": "砂石料场错峰用电",
        },
    ),
    "surveys": (
        {"survey_id": "WJ-2025-1", "title": "上半年职工问卷", "opened_on": "2025-05-06", "closed_on": "2025-05-20"},
    ),
    "survey_answers": (
        {"survey_id": "WJ-2025-1", "respondent_id": "R00873", "branch_id": "D1B2", "dimension": "组织信任", "score": 4},
        {"survey_id": "WJ-2025-1", "respondent_id": "R00873", "branch_id": "D1B2", "dimension": "推荐意愿", "score": 9},
    ),
    "meetings": (
        {
            "meeting_id": "HY-2025-003",
            "branch_id": "D1B2",
            "held_on": "2025-03-28",
            "kind": "平等协商",
            "title": "一季度平等协商会",
            "requested_on": "2025-03-06",
            "replied_on": "2025-03-17",
            "delegates": 24,
            "present": 21,
            "in_favour": 20,
        },
    ),
    "commitments": (
        {
            "commitment_id": "CN-2025-007",
            "meeting_id": "HY-2025-003",
            "branch_id": "D1B2",
            "topic": "食堂晚餐延长到21时",
            "category": "生活福利",
            "owner": "后勤部",
            "due_on": "2025-04-30",
            "done_on": "2025-04-22",
            "metric": "satisfaction_rate",
        },
    ),
    "contracts": (
        {
            "contract_id": "HT-2025-002",
            "branch_id": "D1B2",
            "kind": "综合",
            "signed_on": "2025-01-08",
            "filed_on": "2025-01-15",
            "effective_on": "2025-01-30",
            "expires_on": "2028-01-07",
            "employees_covered": 126,
            "clauses": 38,
            "clauses_fulfilled": 36,
        },
    ),
    "aid_cases": (
        {
            "case_id": "BF-2025-004",
            "branch_id": "D1B2",
            "identified_on": "2025-02-20",
            "kind": "疾病",
            "helped_on": "2025-03-01",
            "amount": 3000,
        },
    ),
    "notices": (
        {
            "notice_id": "DT-2025-012",
            "branch_id": "D1B2",
            "published_on": "2025-03-06",
            "kind": "权益信息",
            "title": "高温津贴发放标准",
            "readers": 97,
        },
    ),
    "interests": ({"person_id": "P004217", "branch_id": "D1B2", "topic": "摄影", "recorded_on": "2025-03-05"},),
    "targets": ({"metric": "closure_rate", "branch_id": "D1B2", "year": 2025, "target": 0.95},),
}


def write(folder: Path, language: str, *, branch: str | None = None, engine: Engine | None = None) -> list[Path]:
    """Write the empty workbook of every table into `folder`; return their paths.

    `branch`: only this unit and those below it stand in the list of units. KeyError if there is no such unit.
    """
    units = stored_units(branch, engine)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for table in tables.TABLES:
        path = folder / f"{table.zh}.xlsx"
        path.write_bytes(workbook(table, language, units))
        written.append(path)
    return written


def stored_units(branch: str | None = None, engine: Engine | None = None) -> pl.DataFrame:
    """Return `branch_id` and `name` of all units, or of one and those below it; none where nothing is stored yet."""
    with database.reading(engine) as connection:
        if migrate.revision(connection) is None:
            return NO_UNITS
        stored = HANDED_IN["branches"].c
        units = bulk.read(connection, select(stored.branch_id, stored.parent_id, stored.name))
    if branch is not None:
        if branch not in units["branch_id"]:
            raise KeyError(branch)
        units = units.filter(pl.col("branch_id").is_in(list(links.subtree(units, branch))))
    return units.select("branch_id", "name").sort("branch_id")


def workbook(table: Table, language: str, units: pl.DataFrame) -> bytes:
    """Return the empty workbook of one table as XLSX; `units` as from `stored_units`."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False})
    looks = _Looks(book)
    _ledger(book.add_worksheet(table.zh), table, looks, language, units)
    _notes(book.add_worksheet(NOTES), table, looks, language)
    _examples(book.add_worksheet(EXAMPLES), table, looks)
    _lists(book.add_worksheet(LISTS), looks, language, units)
    book.close()
    return content.getvalue()


class _Looks:
    """The formats of a workbook; each can be made only once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        head = {"bold": True, "border": 1, "valign": "vcenter", "font_color": "#1F2328"}
        self.required: Format = book.add_format(head | {"bg_color": "#F6D9D5"})
        self.optional: Format = book.add_format(head | {"bg_color": "#ECEAE4"})
        self.wrapped: Format = book.add_format({"text_wrap": True, "valign": "top"})
        self.advice: Format = book.add_format({"text_wrap": False, "font_color": "#57606A"})
        # Codes with leading zeros and months stay what was typed; days are shown as they are said.
        self.cells: dict[str, Format] = {
            "text": book.add_format({"num_format": "@"}),
            "month": book.add_format({"num_format": "@"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "money": book.add_format({"num_format": "#,##0.00"}),
        }

    def header(self, column: Column) -> Format:
        return self.required if column.required else self.optional


def header(column: Column) -> str:
    """Return a column's header in the templates: Chinese, with a star where it must be filled in."""
    return f"{column.zh}*" if column.required else column.zh


def _headers(sheet: Worksheet, table: Table, looks: _Looks) -> None:
    for place, column in enumerate(table.columns):
        sheet.write_string(0, place, header(column), looks.header(column))
        sheet.set_column(place, place, max(12, 2 * len(column.zh) + 4), looks.cells.get(column.kind))
    sheet.set_row(0, 22)
    sheet.freeze_panes(1, 0)


def _ledger(sheet: Worksheet, table: Table, looks: _Looks, language: str, units: pl.DataFrame) -> None:
    _headers(sheet, table, looks)
    for place, column in enumerate(table.columns):
        sheet.write_comment(0, place, f"{column.name}: {_rule(table, column, language)}")
        if (allowed := _choice(column, units)) is not None:
            sheet.data_validation(1, place, PREPARED, place, allowed)


def _choice(column: Column, units: pl.DataFrame) -> dict[str, Any] | None:
    """Return the drop-down of a column; other units and metrics may be typed all the same."""
    if column.codes:
        return {"validate": "list", "source": [zh for _, zh in column.codes]}
    if column.kind == "bool":
        return {"validate": "list", "source": ["是", "否"]}
    if column.references == "branches" and units.height:
        return {"validate": "list", "source": f"={LISTS}!$A$2:$A${units.height + 1}", "error_type": "warning"}
    if column.name == "metric":
        return {"validate": "list", "source": f"={LISTS}!$D$2:$D${len(METRIC_IDS) + 1}", "error_type": "warning"}
    return None


def _notes(sheet: Worksheet, table: Table, looks: _Looks, language: str) -> None:
    for row, line in enumerate(ADVICE):
        sheet.write_string(row, 0, translate(line, language), looks.advice)
    start = len(ADVICE) + 1
    for place, (title, width) in enumerate(zip(HEADERS, (16, 20, 10, 24, 90), strict=True)):
        sheet.write_string(start, place, translate(title, language), looks.optional)
        sheet.set_column(place, place, width)
    for row, column in enumerate(table.columns, start + 1):
        needed = translate(REQUIRED, language) if column.required else ""
        kind = translate(KINDS[column.kind], language)
        for place, text in enumerate((column.zh, column.name, needed, kind, _rule(table, column, language))):
            sheet.write(row, place, text or None, looks.wrapped)


def _rule(table: Table, column: Column, language: str) -> str:
    """Return what a column's cells must be, in one line."""
    said = []
    if column.name in table.key:
        said.append(translate(KEY, language))
    if column.references:
        there = tables.BY_NAME[column.references]
        named = there.column(there.key[0])
        terms = (named.zh, there.zh) if language == "zh" else (named.name, there.name)
        said.append(translate(OF_TABLE, language, column=terms[0], table=terms[1]))
    if column.codes:
        said.append(" / ".join(zh if language == "zh" else f"{zh} ({code})" for code, zh in column.codes))
    if column.low is not None and column.high is not None:
        said.append(translate(RANGE, language, low=f"{column.low:g}", high=f"{column.high:g}"))
    elif column.low is not None:
        said.append(translate(AT_LEAST, language, low=f"{column.low:g}"))
    if column.happened:
        said.append(translate(HAPPENED, language))
    return ("；" if language == "zh" else "; ").join(said)


def _examples(sheet: Worksheet, table: Table, looks: _Looks) -> None:
    _headers(sheet, table, looks)
    for row, example in enumerate(_EXAMPLES[table.name], 1):
        for place, column in enumerate(table.columns):
            value = example.get(column.name)
            if value is None:
                continue
            if column.kind == "date":
                sheet.write_datetime(row, place, datetime.fromisoformat(value), looks.cells["date"])
            else:
                sheet.write(row, place, value)


def _lists(sheet: Worksheet, looks: _Looks, language: str, units: pl.DataFrame) -> None:
    for place, (title, width) in enumerate(((UNIT_CODE, 16), (UNIT_NAME, 36), (None, 4), (METRIC, 40))):
        sheet.set_column(place, place, width)
        if title:
            sheet.write_string(0, place, translate(title, language), looks.optional)
    for row, (code, name) in enumerate(units.iter_rows(), 1):
        sheet.write_string(row, 0, code)
        sheet.write_string(row, 1, name)
    for row, metric in enumerate(METRIC_IDS, 1):
        sheet.write_string(row, 3, metric)
