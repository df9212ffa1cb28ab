"""The sixteen tables a branch hands in, each declared once.

The database schema, the import rules, the templates and the definitions page are all read from here.
Source of the rules: the project's table specification (README, "Handing in data").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["text", "date", "month", "int", "number", "money", "bool", "code"]

# An empty `valid_from` is one key value like any other; a primary key cannot be NULL, so it is stored as this day.
ALWAYS = date(1, 1, 1)


@dataclass(frozen=True)
class Column:
    """One column: English name, Chinese header, kind of value and its rules."""

    name: str
    zh: str
    kind: Kind = "text"
    required: bool = False
    codes: tuple[tuple[str, str], ...] = ()  # (stored code, Chinese), in the order of the specification
    references: str | None = None  # the table whose single-column key it names
    low: float | None = None
    high: float | None = None
    happened: bool = False  # says that something happened: part of the data date, never in the future
    empty: object = None  # what an empty cell means, where it means something


@dataclass(frozen=True)
class Table:
    """One table: English name, Chinese title, key columns and columns in hand-in order."""

    name: str
    zh: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """Return the column called `name`; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name}.{name}")

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that must be there and filled."""
        return tuple(c.name for c in self.columns if c.required)


def _codes(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (entry.split() for entry in text.split("·"))
    return tuple((code, zh) for code, zh in pairs)


CATEGORIES = _codes(
    "pay 劳动报酬 · hours 工时休假 · safety 安全健康 · contract 劳动合同 · insurance 社会保险 · welfare 生活福利 · "
    "training 培训发展 · environment 工作环境 · management 管理作风 · other 其他"
)
CHANNELS = _codes(
    "symposium 座谈会 · home_visit 走访 · survey 问卷 · hotline 热线 · online 线上平台 · mailbox 意见箱 · "
    "party_branch 党支部 · petition 信访 · congress_motion 职代会提案 · reception 接待日 · other 其他"
)
OUTCOMES = _codes(
    "resolved 已解决 · partly_resolved 部分解决 · explained 解释说明 · "
    "not_resolved 未解决 · withdrawn 撤回"
)
STAGES = _codes("direct 直接办理 · mediation 调解 · arbitration 仲裁 · court 诉讼")
ACTIVITY_KINDS = _codes(
    "theme_party_day 主题党日 · party_lecture 党课 · party_meeting 党员大会 · committee_meeting 支委会 · "
    "group_meeting 党小组会 · study_exchange 交流研讨 · labour_competition 劳动竞赛 · skills_training 技能培训 · "
    "volunteering 志愿服务 · culture_sports 文体活动 · symposium 座谈会 · home_visit 走访 · other 其他"
)
ORGANISERS = _codes("party 党组织 · union 工会 · joint 党群共建")
VENUES = _codes("party 党组织 · union 工会 · company 行政 · other 其他")
THEMES = _codes(
    "safety 安全 · quality 质量 · cost 降本 · efficiency 提效 · technology 技术革新 · environment 环保 · "
    "welfare 福利 · management 管理 · other 其他"
)
DECISIONS = _codes("adopted 采纳 · partly_adopted 部分采纳 · declined 未采纳")
DIMENSIONS = _codes(
    "trust 组织信任 · voice 意见表达 · care 关心关爱 · growth 成长发展 · fairness 公平公正 · belonging 归属感 · "
    "safety 安全保障 · recommend 推荐意愿"
)
MEETING_KINDS = _codes(
    "joint_consultation 平等协商 · workers_congress 职代会 · party_union_meeting 党群联席会 · "
    "symposium 恳谈会 · other 其他"
)
CONTRACT_KINDS = _codes("comprehensive 综合 · wage 工资 · safety 劳动安全 · women 女职工 · other 其他")
AID_KINDS = _codes("illness 疾病 · disaster 灾害 · education 子女就学 · low_income 低收入 · other 其他")
NOTICE_KINDS = _codes("news 工作动态 · policy 政策解读 · rights 权益信息 · welfare 福利待遇 · activity 活动通知")
BRANCH_KINDS = _codes("company 公司 · division 二级单位 · branch 基层支部 · group 小组")
DAY_KINDS = _codes("calendar 自然日 · working 工作日")
ANNOTATION_KINDS = _codes("event 重要事件 · reorganisation 机构调整 · definition 口径变化")

_BRANCH = Column("branch_id", "单位编码", required=True, references="branches")

TABLES: tuple[Table, ...] = (
    Table(
        "branches",
        "组织机构",
        ("branch_id",),
        (
            Column("branch_id", "单位编码", required=True),
            Column("parent_id", "上级编码", references="branches"),
            Column("name", "单位名称", required=True),
            Column("name_en", "英文名称"),
            Column("kind", "类别", "code", required=True, codes=BRANCH_KINDS),
            Column("region", "地区"),
            Column("latitude", "纬度", "number", low=-90, high=90),
            Column("longitude", "经度", "number", low=-180, high=180),
            Column("opened_on", "成立日期", "date"),
            Column("closed_on", "撤销日期", "date"),
        ),
    ),
    Table(
        "headcounts",
        "人数台账",
        ("branch_id", "month"),
        (
            _BRANCH,
            Column("month", "月份", "month", required=True),
            Column("employees", "职工数", "int", required=True, low=0),
            Column("union_members", "会员数", "int", low=0),
            Column("party_members", "党员数", "int", low=0),
        ),
    ),
    Table(
        "service_levels",
        "办理时限",
        ("category", "valid_from"),
        (
            Column("category", "诉求类别", "code", required=True, codes=CATEGORIES),
            Column("response_days", "响应天数", "int", required=True, low=1),
            Column("closing_days", "办结天数", "int", required=True, low=1),
            Column("day_kind", "天数类型", "code", codes=DAY_KINDS, empty="calendar"),
            Column("valid_from", "生效日期", "date", empty=ALWAYS),
        ),
    ),
    Table(
        "activities",
        "活动台账",
        ("activity_id",),
        (
            Column("activity_id", "活动编号", required=True),
            _BRANCH,
            Column("held_on", "活动日期", "date", required=True, happened=True),
            Column("kind", "活动类型", "code", required=True, codes=ACTIVITY_KINDS),
            Column("organiser", "主办方", "code", required=True, codes=ORGANISERS),
            Column("title", "活动名称"),
            Column("topic", "主题"),
            Column("production_linked", "结合生产", "bool"),
            Column("venue_owner", "场地归属", "code", codes=VENUES),
        ),
    ),
    Table(
        "attendance",
        "参与名单",
        ("activity_id", "person_id"),
        (
            Column("activity_id", "活动编号", required=True, references="activities"),
            Column("person_id", "人员编码", required=True),
            _BRANCH,
            Column("party_member", "是否党员", "bool", empty=False),
        ),
    ),
    Table(
        "grievances",
        "职工诉求",
        ("grievance_id",),
        (
            Column("grievance_id", "诉求编号", required=True),
            _BRANCH,
            Column("filed_on", "提出日期", "date", required=True, happened=True),
            Column("category", "诉求类别", "code", required=True, codes=CATEGORIES),
            Column("channel", "来源渠道", "code", required=True, codes=CHANNELS),
            Column("people_involved", "涉及人数", "int", low=1),
            Column("responded_on", "响应日期", "date", happened=True),
            Column("due_on", "办结期限", "date"),
            Column("closed_on", "办结日期", "date", happened=True),
            Column("outcome", "办理结果", "code", codes=OUTCOMES),
            Column("stage", "处理阶段", "code", codes=STAGES),
            Column("confirmed", "回访确认", "bool"),
            Column("satisfaction", "满意度", "int", low=1, high=5),
            Column("reopened_on", "重办日期", "date", happened=True),
            Column("summary", "诉求摘要"),
        ),
    ),
    Table(
        "suggestions",
        "合理化建议",
        ("suggestion_id",),
        (
            Column("suggestion_id", "建议编号", required=True),
            _BRANCH,
            Column("person_id", "人员编码"),
            Column("submitted_on", "提交日期", "date", required=True, happened=True),
            Column("theme", "建议类别", "code", required=True, codes=THEMES),
            Column("decided_on", "评审日期", "date", happened=True),
            Column("decision", "评审结果", "code", codes=DECISIONS),
            Column("implemented_on", "实施日期", "date", happened=True),
            Column("expected_benefit", "预期效益", "money", low=0),
            Column("verified_benefit", "核定效益", "money", low=0),
            Column("production_linked", "结合生产", "bool"),
            Column("title", "建议名称"),
        ),
    ),
    Table(
        "surveys",
        "问卷",
        ("survey_id",),
        (
            Column("survey_id", "问卷编号", required=True),
            Column("title", "问卷名称"),
            Column("opened_on", "开始日期", "date", required=True, happened=True),
            Column("closed_on", "结束日期", "date"),
        ),
    ),
    Table(
        "survey_answers",
        "问卷答卷",
        ("survey_id", "respondent_id", "dimension"),
        (
            Column("survey_id", "问卷编号", required=True, references="surveys"),
            Column("respondent_id", "答卷编码", required=True),
            _BRANCH,
            Column("dimension", "维度", "code", required=True, codes=DIMENSIONS),
            Column("score", "得分", "int", required=True, low=0, high=10),
        ),
    ),
    Table(
        "meetings",
        "协商会议",
        ("meeting_id",),
        (
            Column("meeting_id", "会议编号", required=True),
            _BRANCH,
            Column("held_on", "会议日期", "date", happened=True),
            Column("kind", "会议类型", "code", required=True, codes=MEETING_KINDS),
            Column("title", "会议名称"),
            Column("requested_on", "要约日期", "date", happened=True),
            Column("replied_on", "答复日期", "date", happened=True),
            Column("delegates", "代表总数", "int", low=1),
            Column("present", "到会人数", "int", low=0),
            Column("in_favour", "赞成票数", "int", low=0),
        ),
    ),
    Table(
        "commitments",
        "承诺事项",
        ("commitment_id",),
        (
            Column("commitment_id", "事项编号", required=True),
            Column("meeting_id", "会议编号", required=True, references="meetings"),
            _BRANCH,
            Column("topic", "事项", required=True),
            Column("category", "诉求类别", "code", codes=CATEGORIES),
            Column("owner", "责任部门"),
            Column("due_on", "完成期限", "date", required=True),
            Column("done_on", "完成日期", "date", happened=True),
            Column("metric", "衡量指标"),
        ),
    ),
    Table(
        "contracts",
        "集体合同",
        ("contract_id",),
        (
            Column("contract_id", "合同编号", required=True),
            _BRANCH,
            Column("kind", "合同类型", "code", required=True, codes=CONTRACT_KINDS),
            Column("signed_on", "签订日期", "date", required=True, happened=True),
            Column("filed_on", "报备日期", "date", happened=True),
            Column("effective_on", "生效日期", "date"),
            Column("expires_on", "到期日期", "date", required=True),
            Column("employees_covered", "覆盖职工数", "int", low=0),
            Column("clauses", "条款数", "int", low=1),
            Column("clauses_fulfilled", "已履行条款数", "int", low=0),
        ),
    ),
    Table(
        "aid_cases",
        "困难帮扶",
        ("case_id",),
        (
            Column("case_id", "帮扶编号", required=True),
            _BRANCH,
            Column("identified_on", "认定日期", "date", required=True, happened=True),
            Column("kind", "困难类型", "code", required=True, codes=AID_KINDS),
            Column("helped_on", "帮扶日期", "date", happened=True),
            Column("amount", "帮扶金额", "money", low=0),
        ),
    ),
    Table(
        "notices",
        "工作动态",
        ("notice_id",),
        (
            Column("notice_id", "编号", required=True),
            _BRANCH,
            Column("published_on", "发布日期", "date", required=True, happened=True),
            Column("kind", "类型", "code", required=True, codes=NOTICE_KINDS),
            Column("title", "标题", required=True),
            Column("readers", "阅读人数", "int", low=0),
        ),
    ),
    Table(
        "interests",
        "兴趣需求",
        ("person_id", "topic"),
        (
            Column("person_id", "人员编码", required=True),
            _BRANCH,
            Column("topic", "主题", required=True),
            Column("recorded_on", "登记日期", "date", required=True, happened=True),
        ),
    ),
    Table(
        "targets",
        "指标目标",
        ("metric", "branch_id", "year"),
        (
            Column("metric", "指标", required=True),
            _BRANCH,
            Column("year", "年度", "int", required=True, low=1900, high=2200),
            Column("target", "目标值", "number", required=True),
        ),
    ),
)

# Notes on the figures, written on the page: limits in charts start anew there. An empty unit means everywhere, an empty
# metric all. Corrected, checked and undone like the tables above, but nobody hands it in as a file.
ANNOTATIONS = Table(
    "annotations",
    "图表批注",
    ("annotation_id",),
    (
        Column("annotation_id", "批注编号", required=True),
        Column("on_date", "日期", "date", required=True),
        Column("branch_id", "单位编码", references="branches"),
        Column("metric", "指标"),
        Column("kind", "性质", "code", required=True, codes=ANNOTATION_KINDS),
        Column("text", "说明", required=True),
    ),
)

# Everything that an import or a correction may touch.
STORED: tuple[Table, ...] = (*TABLES, ANNOTATIONS)

BY_NAME = {table.name: table for table in STORED}
