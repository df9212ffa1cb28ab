"""What another system's headers and codes probably mean among ours: suggested by their names and by what stands there.

A suggestion is a start for a person to confirm; nothing is read by it alone.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import polars as pl
from scipy.optimize import linear_sum_assignment

from data import labels, tables, values
from data.headers import HeaderMapping
from data.tables import Column, Table
from data.values import code_key

LEAST = 0.5  # of 1; below it a wrong suggestion costs more than none
_NAME, _CONTENT = 0.7, 0.3  # how much the name and the values weigh

# What office, hotline and personnel systems call our columns.
_ALSO: dict[str, tuple[str, ...]] = {
    "branch_id": ("部门", "部门编码", "机构编码", "组织编码", "单位代码", "所属单位", "责任单位", "department", "org"),
    "month": ("统计月份", "所属期", "期间", "period"),
    "employees": ("在岗人数", "在册人数", "员工总数", "职工人数", "headcount", "staff"),
    "union_members": ("工会会员", "入会人数", "members"),
    "party_members": ("党员人数", "中共党员", "party"),
    "grievance_id": ("工单编号", "工单号", "受理编号", "案件编号", "单号", "ticket"),
    "filed_on": ("受理时间", "登记日期", "来电时间", "诉求时间", "提报日期", "创建时间", "created"),
    "category": ("诉求分类", "问题类别", "工单类型", "事项类别", "类型"),
    "channel": ("来源", "渠道", "受理渠道", "反映渠道", "source"),
    "responded_on": ("首次响应时间", "响应时间", "签收时间", "first response"),
    "due_on": ("办理期限", "截止日期", "应办结日期", "deadline"),
    "closed_on": ("办结时间", "完结日期", "关闭时间", "结案日期", "closed"),
    "outcome": ("处理结果", "办结情况", "结果", "result"),
    "satisfaction": ("满意度评分", "评分", "回访评分", "rating"),
    "people_involved": ("人数", "涉及职工数"),
    "summary": ("诉求内容", "问题描述", "事由", "内容", "description"),
    "activity_id": ("活动ID", "活动号"),
    "held_on": ("开展日期", "举办日期", "活动时间", "会议时间", "date"),
    "person_id": ("工号", "职工编号", "员工编号", "人员编号", "employee id"),
    "kind": ("类别", "分类", "性质", "type"),
    "notice_id": ("公告编号", "信息编号"),
    "title": ("名称", "标题", "主题"),
    "published_on": ("发布时间", "发布日期", "published"),
    "readers": ("阅读量", "浏览量", "点击量", "views"),
    "amount": ("慰问金额", "救助金额", "金额"),
}  # fmt: skip
# What they call our codes.
_CODES: dict[str, tuple[str, ...]] = {
    "pay": ("工资", "薪酬", "薪资", "欠薪", "奖金", "wage"),
    "hours": ("加班", "休假", "考勤", "工时", "overtime"),
    "safety": ("安全", "职业健康", "劳动保护"),
    "contract": ("合同", "劳动关系"),
    "insurance": ("社保", "五险一金", "公积金", "医保"),
    "welfare": ("福利", "食堂", "住宿", "后勤"),
    "training": ("培训", "晋升", "职业发展"),
    "environment": ("环境", "工作条件"),
    "management": ("作风", "管理方式"),
    "hotline": ("电话", "12351", "热线电话"),
    "online": ("网上", "微信", "小程序", "app", "平台"),
    "mailbox": ("信箱", "邮箱", "意见箱"),
    "petition": ("来信来访", "上访"),
    "resolved": ("解决", "办结", "已办理", "完成", "done"),
    "partly_resolved": ("部分办理",),
    "explained": ("答复解释", "已解释", "政策解释"),
    "not_resolved": ("未办结", "无法解决"),
    "withdrawn": ("撤单", "撤销", "取消", "cancelled"),
}  # fmt: skip


def likeness(one: str, other: str) -> float:
    """Return how alike two names are, 0 to 1, whatever their case, blanks and width; one within the other is much."""
    a, b = code_key(one), code_key(other)
    if not a or not b:
        return 0.0
    if a == b:
        return 1.0
    ratio = difflib.SequenceMatcher(None, a, b).ratio()
    within = min(len(a), len(b)) / max(len(a), len(b)) if a in b or b in a else 0.0
    return max(ratio, 0.5 + within / 2 if within else 0.0)


def table_for(columns: Mapping[str, Sequence[str]]) -> str:
    """Return the table whose columns the headers (with their values) resemble most."""

    def fits(table: Table) -> float:
        found = _scores(columns, table)
        chosen = _assigned(found)
        needed = [name for name in table.required if name in chosen.values()]
        return sum(found[pair] for pair in chosen.items()) + len(needed) - len(table.required)

    return max(tables.TABLES, key=fits).name


def columns_for(columns: Mapping[str, Sequence[str]], table: str) -> dict[str, str]:
    """Return for headers the column of `table` that each probably means; each column once, doubtful ones left out."""
    return _assigned(_scores(columns, tables.BY_NAME[table]))


def codes_for(said: Iterable[str], column: Column, units: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return for a coded column's foreign values the code that each probably means; our own spellings are left out.

    For a column that names a unit: `units`, code → name.
    """
    spellings = _spellings(column, units or {})
    own = {code_key(text) for code, texts in spellings.items() for text in texts[:2]} if not units else set(units)
    found = {}
    for value in said:
        if (value if units else code_key(value)) in own:
            continue
        best = max(
            ((max(likeness(value, text) for text in texts), code) for code, texts in spellings.items()),
            default=(0.0, ""),
        )
        if best[0] >= LEAST:
            found[value] = best[1]
    return found


def unmapped(said: Iterable[str], column: Column, units: Mapping[str, str] | None = None) -> list[str]:
    """Return the values that are none of our spellings: those that a mapping has to translate."""
    if units:
        return [value for value in said if value not in units]
    own = {code_key(text) for code, zh in column.codes for text in (code, zh)}
    return [value for value in said if code_key(value) not in own]


def translated(mapping: HeaderMapping) -> list[Column]:
    """Return the columns of a mapping whose values may need translating: coded ones and those that name a unit."""
    named = set(mapping.columns.values())
    return [
        column
        for column in tables.BY_NAME[mapping.table].columns
        if column.name in named and (column.codes or column.references == "branches")
    ]


def _spellings(column: Column, units: Mapping[str, str]) -> dict[str, list[str]]:
    if units:
        return {code: [code, name] for code, name in units.items()}
    english = next((names for names in labels.ENGLISH.values() if set(names) == {code for code, _ in column.codes}), {})
    return {
        code: [code, zh, *([english[code]] if code in english else []), *_CODES.get(code, ())]
        for code, zh in column.codes
    }


def _scores(columns: Mapping[str, Sequence[str]], table: Table) -> dict[tuple[str, str], float]:
    found = {}
    for header, said in columns.items():
        cells = pl.Series(list(said), dtype=pl.String)
        for column in table.columns:
            names = (column.zh, column.name, column.name.replace("_", " "), *_ALSO.get(column.name, ()))
            name = max(likeness(header, text) for text in names)
            if name >= LEAST / 2:
                found[header, column.name] = _NAME * name + _CONTENT * _fit(cells, column)
    return found


def _fit(cells: pl.Series, column: Column) -> float:
    """Return which part of the values can stand in the column; a text column takes anything, and says little."""
    if column.kind == "text" or not len(cells):
        return 0.5
    if column.kind == "code":
        return 0.5 + 0.5 * (1 - len(unmapped(cells, column)) / len(cells))
    return 1.0 - int(values.parse(cells, column).bad.sum()) / len(cells)


def _assigned(scores: Mapping[tuple[str, str], float]) -> dict[str, str]:
    """Return each header's column so that all of them together are most alike, none of them less than `LEAST`."""
    good = {pair: score for pair, score in scores.items() if score >= LEAST}
    headers, names = (list(dict.fromkeys(pair[at] for pair in good)) for at in (0, 1))
    if not good:
        return {}
    table = np.array([[good.get((header, name), 0.0) for name in names] for header in headers])
    rows, places = linear_sum_assignment(table, maximize=True)
    pairs = [(headers[row], names[place]) for row, place in zip(rows, places, strict=True)]
    return {header: name for header, name in pairs if (header, name) in good}
