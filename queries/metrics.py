"""The metric catalogue: each number's names, rival definitions, unit, direction and computation, declared once.

Source of every definition: the project's metric specification, whose wording the Chinese and English texts follow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

import polars as pl

from data import tables
from queries import engagement, grievances, organisation, participation, suggestions
from queries.cut import Cut
from queries.errors import QueryError

Unit = Literal["rate", "count", "per_100", "per_head", "days", "yuan", "index", "score"]
Family = Literal["participation", "grievances", "suggestions", "engagement", "organisation"]
Compute = Callable[[Cut], pl.DataFrame]
CALENDAR = ("month", "quarter", "year")
SPACE = ("branch", "unit")


@dataclass(frozen=True)
class Definition:
    """One way to count a metric; `id` is None where there are no rivals. Texts in Chinese and English."""

    id: str | None
    zh: str
    en: str
    numerator_zh: str
    numerator_en: str
    denominator_zh: str
    denominator_en: str
    compute: Compute
    excluded_zh: str = ""
    excluded_en: str = ""

    @property
    def formula_zh(self) -> str:
        """The formula in Chinese words."""
        return f"{self.numerator_zh} ÷ {self.denominator_zh}" if self.denominator_zh else self.numerator_zh

    @property
    def formula_en(self) -> str:
        """The formula in English words."""
        return f"{self.numerator_en} ÷ {self.denominator_en}" if self.denominator_en else self.numerator_en


@dataclass(frozen=True)
class Metric:
    """One number of the catalogue; `definitions[0]` is the default.

    `direction`: +1 higher is better, −1 lower is better, 0 neither. `codes` holds the dimensions it can be grouped by
    with their codes in order. `proportion`: has a Wilson interval. `over_headcount`: a rate that can exceed 1.
    """

    id: str
    zh: str
    en: str
    family: Family
    unit: Unit
    direction: int
    definitions: tuple[Definition, ...]
    codes: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    proportion: bool = False
    over_headcount: bool = False
    has_period: bool = True
    description_zh: str = ""
    description_en: str = ""

    @property
    def groupings(self) -> tuple[str, ...]:
        """The groupings it has, space and time first."""
        return (*SPACE, *(CALENDAR if self.has_period else ()), *(name for name, _ in self.codes))

    def definition(self, wanted: str | None) -> Definition:
        """Return the definition called `wanted` (None: the default); QueryError names those there are."""
        if wanted is None:
            return self.definitions[0]
        for definition in self.definitions:
            if definition.id == wanted:
                return definition
        names = ", ".join(d.id for d in self.definitions if d.id)
        raise QueryError(
            f"{self.id} has no definition {wanted!r}; " + (f"one of {names}" if names else "it has only one, unnamed")
        )


def find(metric: str) -> Metric:
    """Return the metric with this id; QueryError names near misses."""
    if metric not in METRICS:
        near = get_close_matches(metric, METRICS, n=3)
        raise QueryError(
            f"unknown metric {metric!r}; " + (f"did you mean {', '.join(near)}?" if near else "see `--list`")
        )
    return METRICS[metric]


_ACTIVITY = (("kind", tables.ACTIVITY_KINDS), ("organiser", tables.ORGANISERS))
_KIND = (("kind", tables.ACTIVITY_KINDS),)
_CASE = (("category", tables.CATEGORIES), ("channel", tables.CHANNELS), ("stage", tables.STAGES))
_THEME = (("theme", tables.THEMES),)
_SEVEN = (("dimension", tables.DIMENSIONS[:7]),)

_HEADS = ("期间月平均职工数", "average employees over the period's months")
_NO_WITHDRAWN = ("撤回的诉求不计入", "Withdrawn cases are left out")
_OPEN_COUNTED = (
    "在办案件按观察至数据截止日计入（删失），撤回的按撤回日删失",
    "Open cases count as lasting until the data date (censored), withdrawn ones until the day of withdrawal",
)


def _one(
    compute: Compute,
    numerator: tuple[str, str],
    denominator: tuple[str, str] = ("", ""),
    excluded: tuple[str, str] = ("", ""),
) -> tuple[Definition, ...]:
    return (_rival(None, ("", ""), compute, numerator, denominator, excluded),)


def _rival(
    name: str | None,
    names: tuple[str, str],
    compute: Compute,
    numerator: tuple[str, str],
    denominator: tuple[str, str] = ("", ""),
    excluded: tuple[str, str] = ("", ""),
) -> Definition:
    return Definition(name, *names, *numerator, *denominator, compute, *excluded)


_ALL: tuple[Metric, ...] = (
    # --- participation -------------------------------------------------------------------------------------------
    Metric(
        "participation_rate",
        "参与率",
        "Participation rate",
        "participation",
        "rate",
        1,
        _one(
            participation.participation_rate,
            (
                "期间参加过任一活动的职工人数（去重，按当日所在单位归属）",
                "distinct people attending any activity in the period, by home unit",
            ),
            _HEADS,
            (
                "同一人多次参加只计一次；跨单位的人在上级合计中只计一次；人员流动可使其超过 100%",
                "A person counts once however often they came, and once in a total over two units; turnover can carry it past 100 %",
            ),
        ),
        _ACTIVITY,
        over_headcount=True,
        description_zh="多少职工真正参加过活动，而不是签到了多少人次。",
        description_en="How many workers really took part, not how many sign-ins there were.",
    ),
    Metric(
        "attendances_per_head",
        "人均参与次数",
        "Attendances per head",
        "participation",
        "per_head",
        1,
        _one(participation.attendances_per_head, ("期间参与人次", "attendances in the period"), _HEADS),
        _ACTIVITY,
        over_headcount=True,
        description_zh="平均每名职工参加了几次活动。",
        description_en="How often the average worker attended.",
    ),
    Metric(
        "non_party_reach",
        "非党员参与率",
        "Non-Party reach",
        "participation",
        "rate",
        1,
        _one(
            participation.non_party_reach,
            (
                "参加过党组织主办或党群共建活动的非党员职工人数（去重）",
                "distinct people signed in as non-members at activities of the Party or joint ones",
            ),
            ("期间月平均非党员职工数", "average employees who are not Party members"),
            ("工会单独主办的活动不计入", "Activities of the union alone are left out"),
        ),
        _ACTIVITY,
        over_headcount=True,
        description_zh="党建活动覆盖到多少群众。",
        description_en="How far Party activities reach workers outside the Party.",
    ),
    Metric(
        "joint_activity_share",
        "党群共建占比",
        "Joint activity share",
        "participation",
        "rate",
        1,
        _one(
            participation.joint_activity_share,
            ("党群共建活动数", "joint Party-union activities"),
            ("本级组织的活动数", "activities organised by the unit"),
        ),
        _KIND,
        proportion=True,
        description_zh="党组织与工会一起办的活动占多少。",
        description_en="The share of activities that Party and union ran together.",
    ),
    Metric(
        "shared_venue_share",
        "阵地互用率",
        "Shared venue share",
        "participation",
        "rate",
        1,
        _one(
            participation.shared_venue_share,
            ("使用对方场地的活动数", "activities held in the other side's venue"),
            (
                "党组织或工会主办、场地归党组织或工会的活动数",
                "activities of Party or union in a venue of Party or union",
            ),
            (
                "党群共建活动、行政及其他场地、未填场地的不计入",
                "Joint activities, company and other venues and unstated venues are left out",
            ),
        ),
        _ACTIVITY,
        proportion=True,
        description_zh="党建阵地与职工之家是否互相开放。",
        description_en="Whether Party rooms and Workers' Homes are open to each other.",
    ),
    Metric(
        "unit_coverage",
        "单位活跃率",
        "Unit coverage",
        "participation",
        "rate",
        1,
        _one(
            participation.unit_coverage,
            ("其中当月有职工参加活动的", "of these, those in which someone of the unit attended"),
            ("有职工的单位·月数（截至数据月）", "unit-months with employees, up to the data date's month"),
        ),
        proportion=True,
        description_zh="有没有整月没人参加活动的单位。",
        description_en="Whether some units sat out whole months.",
    ),
    Metric(
        "party_day_rate",
        "主题党日落实率",
        "Theme Party Day rate",
        "participation",
        "rate",
        1,
        _one(
            participation.party_day_rate,
            (
                "其中当月组织过或有人参加过主题党日的",
                "of these, those that held a Theme Party Day or had someone at one",
            ),
            (
                "党员不少于 3 人的单位·月数（只计已满的月份）",
                "unit-months with at least three Party members, whole months only",
            ),
        ),
        proportion=True,
        description_zh="主题党日是否月月落实。",
        description_en="Whether Theme Party Day really is monthly.",
    ),
    Metric(
        "production_linked_activity_share",
        "活动结合生产率",
        "Production-linked activities",
        "participation",
        "rate",
        1,
        _one(
            participation.production_linked_activity_share,
            ("结合生产的", "those linked to production"),
            (
                "已注明是否结合生产的劳动竞赛和技能培训数",
                "labour competitions and skills training that say whether they are",
            ),
            ("未填写的不计入", "Unstated ones are left out"),
        ),
        _ACTIVITY,
        proportion=True,
        description_zh="竞赛和培训是否围绕生产。",
        description_en="Whether competitions and training serve production.",
    ),
    # --- grievances ----------------------------------------------------------------------------------------------
    Metric(
        "grievances_received",
        "收到诉求数",
        "Grievances received",
        "grievances",
        "count",
        0,
        _one(
            grievances.grievances_received,
            ("期间提出的诉求件数（含撤回）", "cases filed in the period, withdrawn ones too"),
        ),
        _CASE,
        description_zh="职工提了多少诉求。多未必坏，少未必好。",
        description_en="How much workers raise. Many is not bad, few is not good.",
    ),
    Metric(
        "grievances_per_100",
        "百人诉求数（折年）",
        "Grievances per 100 a year",
        "grievances",
        "per_100",
        0,
        _one(
            grievances.grievances_per_100,
            (
                "1200 × 期间诉求件数 ÷ 期间月数（截至数据月）",
                "1200 × cases filed ÷ months of the period up to the data date's",
            ),
            _HEADS,
        ),
        _CASE,
        over_headcount=True,
        description_zh="折算到每百名职工每年。",
        description_en="Per hundred workers and year, so that units can be held side by side.",
    ),
    Metric(
        "collective_disputes",
        "集体争议数",
        "Collective disputes",
        "grievances",
        "count",
        -1,
        _one(
            grievances.collective_disputes,
            (
                "期间提出、涉及 10 人及以上的诉求件数（含撤回）",
                "cases filed in the period that involve ten people or more, withdrawn ones too",
            ),
        ),
        _CASE,
        description_zh="十人以上的集体诉求。",
        description_en="Grievances that ten or more people share.",
    ),
    Metric(
        "response_rate",
        "按时响应率",
        "On-time response rate",
        "grievances",
        "rate",
        1,
        _one(
            grievances.response_rate,
            ("其中在响应期限内响应（或办结）的", "of these, those answered or closed by then"),
            ("响应期限落在期间内且已过的诉求", "cases whose response was due in the period and before the data date"),
            _NO_WITHDRAWN,
        ),
        _CASE,
        proportion=True,
        description_zh="职工提了，有没有按时回音。",
        description_en="Whether whoever speaks up hears back in time.",
    ),
    Metric(
        "closure_rate",
        "办结率",
        "Closure rate",
        "grievances",
        "rate",
        1,
        (
            _rival(
                "due",
                ("应办结口径", "of those due"),
                grievances.closure_rate_due,
                ("其中已办结的", "of these, those closed"),
                ("办结期限落在期间内且已过的诉求", "cases whose limit fell in the period and has passed"),
                _NO_WITHDRAWN,
            ),
            _rival(
                "received",
                ("收件口径", "of those received"),
                grievances.closure_rate_received,
                ("其中已办结的", "of these, those closed by the data date"),
                ("期间提出的诉求", "cases filed in the period"),
                _NO_WITHDRAWN,
            ),
            _rival(
                "flow",
                ("流量口径", "of those in hand"),
                grievances.closure_rate_flow,
                ("期间办结的", "cases closed in the period"),
                ("期初在办的加期间提出的", "cases open when it began plus those filed in it"),
                _NO_WITHDRAWN,
            ),
        ),
        _CASE,
        proportion=True,
        description_zh="手续上办完了多少；是否解决要看解决率。",
        description_en="Administratively closed; whether solved is the resolution rate's matter.",
    ),
    Metric(
        "on_time_rate",
        "按时办结率",
        "On-time closure rate",
        "grievances",
        "rate",
        1,
        (
            _rival(
                "due",
                ("应办结口径", "of those due"),
                grievances.on_time_rate_due,
                ("其中在期限内办结的", "of these, those closed by their limit"),
                ("办结期限落在期间内且已过的诉求", "cases whose limit fell in the period and has passed"),
                _NO_WITHDRAWN,
            ),
            _rival(
                "closed",
                ("已办结口径", "of those closed"),
                grievances.on_time_rate_closed,
                ("其中在期限内办结的", "of these, those closed by their limit"),
                ("期间办结的诉求", "cases closed in the period"),
                (
                    "撤回的和超期仍在办的都不计入，容易偏高",
                    "Withdrawn cases and overdue ones still open are left out, so it flatters",
                ),
            ),
            _rival(
                "received",
                ("收件口径", "of those received"),
                grievances.on_time_rate_received,
                ("其中在期限内办结的", "of these, those closed by their limit"),
                ("期间提出的诉求", "cases filed in the period"),
                _NO_WITHDRAWN,
            ),
        ),
        _CASE,
        proportion=True,
        description_zh="到期的诉求有多少按时办结。",
        description_en="How many of the cases that fell due were closed in time.",
    ),
    Metric(
        "resolution_rate",
        "解决率",
        "Resolution rate",
        "grievances",
        "rate",
        1,
        (
            _rival(
                "recorded",
                ("登记口径", "as recorded"),
                grievances.resolution_rate_recorded,
                ("其中办理结果为“已解决”的", "of these, those recorded as resolved"),
                ("期间办结的诉求", "cases closed in the period"),
                _NO_WITHDRAWN,
            ),
            _rival(
                "confirmed",
                ("职工确认口径", "as the worker confirms"),
                grievances.resolution_rate_confirmed,
                ("其中职工确认已解决的", "of these, those the worker says are solved"),
                ("期间办结且已回访的诉求", "closed cases with a follow-up call"),
                ("撤回的和未回访的不计入", "Withdrawn cases and those without a follow-up call are left out"),
            ),
        ),
        _CASE,
        proportion=True,
        description_zh="职工的问题解决了没有。",
        description_en="Whether the problem was solved.",
    ),
    Metric(
        "satisfaction_rate",
        "满意率",
        "Satisfaction rate",
        "grievances",
        "rate",
        1,
        (
            _rival(
                "satisfied",
                ("满意口径（4–5 分）", "satisfied (4–5)"),
                grievances.satisfaction_rate_satisfied,
                ("其中满意度不低于 4 分的", "of these, those rated 4 or 5"),
                ("期间办结且有评分的诉求", "closed cases with a rating"),
                ("撤回的和未评分的不计入", "Withdrawn and unrated cases are left out"),
            ),
            _rival(
                "acceptable",
                ("基本满意口径（3–5 分）", "at least acceptable (3–5)"),
                grievances.satisfaction_rate_acceptable,
                ("其中满意度不低于 3 分的（含基本满意）", "of these, those rated 3 to 5"),
                ("期间办结且有评分的诉求", "closed cases with a rating"),
                ("撤回的和未评分的不计入", "Withdrawn and unrated cases are left out"),
            ),
        ),
        _CASE,
        proportion=True,
        description_zh="评了分的职工有多少满意；要与参评率一起看。",
        description_en="Of those who rated, how many are satisfied; read it with the rating coverage.",
    ),
    Metric(
        "rating_coverage",
        "参评率",
        "Rating coverage",
        "grievances",
        "rate",
        1,
        _one(
            grievances.rating_coverage,
            ("其中有满意度评分的", "of these, those with a rating"),
            ("期间办结的诉求", "cases closed in the period"),
            _NO_WITHDRAWN,
        ),
        _CASE,
        proportion=True,
        description_zh="满意率背后有多少人评了分。",
        description_en="How many ratings stand behind the satisfaction rate.",
    ),
    Metric(
        "reopen_rate",
        "重办率",
        "Reopen rate",
        "grievances",
        "rate",
        -1,
        _one(
            grievances.reopen_rate,
            ("其中办结后又重办的", "of these, those taken up again"),
            (
                "最近一次办结日在期间内的诉求（无论现在是否又在办）",
                "cases whose latest closing is in the period, open again or not",
            ),
            _NO_WITHDRAWN,
        ),
        _CASE,
        proportion=True,
        description_zh="办结是否站得住。",
        description_en="Whether a closing holds.",
    ),
    Metric(
        "withdrawal_rate",
        "撤回率",
        "Withdrawal rate",
        "grievances",
        "rate",
        -1,
        _one(
            grievances.withdrawal_rate,
            ("其中撤回的", "of these, those withdrawn"),
            ("期间结束的诉求（含撤回）", "cases that ended in the period, withdrawn ones among them"),
        ),
        _CASE,
        proportion=True,
        description_zh="多少诉求以撤回了结，偏高要问原因。",
        description_en="How many cases end by being withdrawn; ask why when it is high.",
    ),
    Metric(
        "median_days_to_close",
        "办结时长中位数",
        "Median days to close",
        "grievances",
        "days",
        -1,
        _one(
            grievances.median_days_to_close,
            (
                "期间提出的诉求从提出到办结天数的 Kaplan–Meier 中位数",
                "Kaplan–Meier median of days from filing to closing of the cases filed in the period",
            ),
            excluded=_OPEN_COUNTED,
        ),
        _CASE,
        description_zh="一半诉求在多少天内办结，在办的也算在内。",
        description_en="Half of the cases are closed within this many days, the open ones counted.",
    ),
    Metric(
        "mediation_success_rate",
        "调解成功率",
        "Mediation success rate",
        "grievances",
        "rate",
        1,
        (
            _rival(
                "mediated",
                ("调解案件口径", "of those mediated"),
                grievances.mediation_success_rate_mediated,
                ("其中已解决或部分解决的", "of these, those resolved or partly resolved"),
                ("期间在调解阶段办结的诉求", "cases closed in mediation in the period"),
                _NO_WITHDRAWN,
            ),
            _rival(
                "disputes",
                ("全部争议口径", "of all disputes"),
                grievances.mediation_success_rate_disputes,
                ("其中经调解已解决或部分解决的", "of these, those resolved or partly resolved in mediation"),
                (
                    "期间在调解、仲裁、诉讼阶段办结的诉求",
                    "cases closed in mediation, arbitration or court in the period",
                ),
                _NO_WITHDRAWN,
            ),
        ),
        _CASE,
        proportion=True,
        description_zh="争议在企业内部化解了多少。",
        description_en="How many disputes are settled inside the enterprise.",
    ),
    Metric(
        "escalation_rate",
        "仲裁诉讼率",
        "Escalation rate",
        "grievances",
        "rate",
        -1,
        _one(
            grievances.escalation_rate,
            ("其中进入仲裁或诉讼的", "of these, those in arbitration or court"),
            ("期间提出的诉求（含撤回）", "cases filed in the period, withdrawn ones too"),
        ),
        _CASE,
        proportion=True,
        description_zh="多少诉求走到了仲裁和法院。",
        description_en="How many cases go to arbitration or court.",
    ),
    Metric(
        "open_grievances",
        "在办诉求数",
        "Open grievances",
        "grievances",
        "count",
        0,
        _one(grievances.open_grievances, ("数据截止日仍在办的诉求件数", "cases open on the data date")),
        _CASE,
        has_period=False,
        description_zh="手上还有多少件。",
        description_en="How many cases are in hand.",
    ),
    Metric(
        "overdue_grievances",
        "超期未办结数",
        "Overdue grievances",
        "grievances",
        "count",
        -1,
        _one(
            grievances.overdue_grievances,
            ("数据截止日仍在办且已过期限的诉求件数", "cases open on the data date whose limit has passed"),
        ),
        _CASE,
        has_period=False,
        description_zh="已经超期还没办结的。",
        description_en="Cases past their limit and still open.",
    ),
    # --- suggestions ---------------------------------------------------------------------------------------------
    Metric(
        "suggestions_submitted",
        "建议提交数",
        "Suggestions submitted",
        "suggestions",
        "count",
        1,
        _one(suggestions.suggestions_submitted, ("期间提交的合理化建议条数", "suggestions submitted in the period")),
        _THEME,
        description_zh="职工提了多少合理化建议。",
        description_en="How many proposals workers made.",
    ),
    Metric(
        "suggestions_per_100",
        "百人建议数（折年）",
        "Suggestions per 100 a year",
        "suggestions",
        "per_100",
        1,
        _one(
            suggestions.suggestions_per_100,
            (
                "1200 × 期间建议条数 ÷ 期间月数（截至数据月）",
                "1200 × suggestions ÷ months of the period up to the data date's",
            ),
            _HEADS,
        ),
        _THEME,
        over_headcount=True,
        description_zh="折算到每百名职工每年。",
        description_en="Per hundred workers and year.",
    ),
    Metric(
        "proposer_rate",
        "建议参与率",
        "Proposer rate",
        "suggestions",
        "rate",
        1,
        _one(
            suggestions.proposer_rate,
            ("期间提过建议的职工人数（去重）", "distinct people who submitted in the period"),
            _HEADS,
            ("未署名的建议不计入", "Unsigned suggestions are left out"),
        ),
        _THEME,
        over_headcount=True,
        description_zh="多少职工提过建议。",
        description_en="How many workers made a proposal.",
    ),
    Metric(
        "adoption_rate",
        "采纳率",
        "Adoption rate",
        "suggestions",
        "rate",
        1,
        (
            _rival(
                "decided",
                ("评审口径", "of those decided"),
                suggestions.adoption_rate_decided,
                ("其中采纳或部分采纳的", "of these, those adopted or partly adopted"),
                ("期间评审的建议", "suggestions decided in the period"),
                ("未评审的不计入", "Undecided ones are left out"),
            ),
            _rival(
                "submitted",
                ("提交口径", "of those submitted"),
                suggestions.adoption_rate_submitted,
                ("其中至数据截止日已采纳或部分采纳的", "of these, those adopted or partly adopted by the data date"),
                ("期间提交的建议", "suggestions submitted in the period"),
                (
                    "近期提交的尚未评审，最近几个月会偏低",
                    "Recent ones are not decided yet, so the last months read low",
                ),
            ),
        ),
        _THEME,
        proportion=True,
        description_zh="建议有多少被采纳。",
        description_en="How many proposals are taken up.",
    ),
    Metric(
        "implementation_rate",
        "实施率",
        "Implementation rate",
        "suggestions",
        "rate",
        1,
        (
            _rival(
                "adopted",
                ("采纳口径", "of those adopted"),
                suggestions.implementation_rate_adopted,
                ("其中至数据截止日已实施的", "of these, those implemented by the data date"),
                ("期间采纳或部分采纳的建议", "suggestions adopted or partly adopted in the period"),
                (
                    "近期采纳的尚未实施，最近几个月会偏低",
                    "Recent ones are not implemented yet, so the last months read low",
                ),
            ),
            _rival(
                "submitted",
                ("提交口径", "of those submitted"),
                suggestions.implementation_rate_submitted,
                ("其中至数据截止日已实施的", "of these, those implemented by the data date"),
                ("期间提交的建议", "suggestions submitted in the period"),
                (
                    "近期提交的尚未实施，最近几个月会偏低",
                    "Recent ones are not implemented yet, so the last months read low",
                ),
            ),
        ),
        _THEME,
        proportion=True,
        description_zh="采纳了有没有落地。",
        description_en="Whether what was adopted was done.",
    ),
    Metric(
        "median_days_to_decision",
        "评审时长中位数",
        "Median days to decision",
        "suggestions",
        "days",
        -1,
        _one(
            suggestions.median_days_to_decision,
            (
                "期间提交的建议从提交到评审天数的 Kaplan–Meier 中位数",
                "Kaplan–Meier median of days from submission to decision of those submitted in the period",
            ),
            excluded=(
                "未评审的按观察至数据截止日计入（删失）",
                "Undecided ones count as waiting until the data date (censored)",
            ),
        ),
        _THEME,
        description_zh="一半建议在多少天内有评审结果。",
        description_en="Half of the proposals are decided within this many days.",
    ),
    Metric(
        "undecided_suggestions",
        "待评审建议数",
        "Undecided suggestions",
        "suggestions",
        "count",
        -1,
        _one(
            suggestions.undecided_suggestions,
            ("数据截止日尚未评审的建议条数", "suggestions without a decision on the data date"),
        ),
        _THEME,
        has_period=False,
        description_zh="还有多少建议在等评审。",
        description_en="How many proposals await a decision.",
    ),
    Metric(
        "verified_benefit",
        "核定效益",
        "Verified benefit",
        "suggestions",
        "yuan",
        1,
        _one(
            suggestions.verified_benefit,
            ("期间实施的建议的核定效益之和", "sum of the verified benefit of suggestions implemented in the period"),
            excluded=("只有预期效益、未核定的不计入", "Expected benefit that nobody verified is left out"),
        ),
        _THEME,
        description_zh="经核定的创效金额。",
        description_en="Money saved or earned, as verified.",
    ),
    Metric(
        "production_linked_suggestion_share",
        "建议结合生产率",
        "Production-linked suggestions",
        "suggestions",
        "rate",
        1,
        _one(
            suggestions.production_linked_suggestion_share,
            ("其中结合生产的", "of these, those linked to production"),
            ("期间提交且已注明是否结合生产的建议", "suggestions submitted in the period that say whether they are"),
            ("未填写的不计入", "Unstated ones are left out"),
        ),
        _THEME,
        proportion=True,
        description_zh="建议是否围绕生产。",
        description_en="Whether proposals serve production.",
    ),
    # --- engagement ----------------------------------------------------------------------------------------------
    Metric(
        "favourable_rate",
        "认同率",
        "Favourable rate",
        "engagement",
        "rate",
        1,
        _one(
            engagement.favourable_rate,
            ("其中 4–5 分的", "of these, those of 4 or 5"),
            ("期间开始的问卷在七个维度上的答题数", "answers on the seven dimensions of surveys opened in the period"),
            (
                "推荐意愿不计入；同一人的答题不独立，因此不给区间",
                "Willingness to recommend is left out; one person's answers are not independent, so there is no interval",
            ),
        ),
        _SEVEN,
        description_zh="职工对七个方面有多认同。",
        description_en="How favourably workers answer on seven dimensions.",
    ),
    Metric(
        "engagement_index",
        "职工满意指数",
        "Engagement index",
        "engagement",
        "index",
        1,
        _one(
            engagement.engagement_index,
            (
                "各维度认同率 × 100 的平均（唯一按率平均的指标）",
                "mean over the dimensions of each one's favourable rate × 100 (the one stated mean of rates)",
            ),
            excluded=(
                "没有答题的维度不计入；分母列为答卷人数",
                "Dimensions without answers are left out; the denominator shown is the number of respondents",
            ),
        ),
        _SEVEN,
        description_zh="七个维度同等看待的总分，0–100。",
        description_en="One figure from 0 to 100 that gives seven dimensions equal weight.",
    ),
    Metric(
        "enps",
        "职工净推荐值",
        "Employee net promoter score",
        "engagement",
        "score",
        1,
        _one(
            engagement.enps,
            ("100 ×（9–10 分答题数 − 0–6 分答题数）", "100 × (answers of 9–10 minus answers of 0–6)"),
            ("推荐意愿答题数", "answers on willingness to recommend"),
        ),
        description_zh="愿意推荐本单位的人比不愿意的多多少，−100 至 100。",
        description_en="Promoters minus detractors, from −100 to 100.",
    ),
    Metric(
        "survey_response_rate",
        "问卷参与率",
        "Survey response rate",
        "engagement",
        "rate",
        1,
        _one(
            engagement.survey_response_rate,
            ("各问卷的答卷人数之和", "distinct respondents of each survey, added up"),
            ("各问卷开始当月的职工数之和", "employees in the month each survey opened, added up"),
        ),
        over_headcount=True,
        description_zh="分数背后有多少人作答。",
        description_en="How many answered, beside every score.",
    ),
    # --- organisation --------------------------------------------------------------------------------------------
    Metric(
        "union_membership_rate",
        "入会率",
        "Union membership rate",
        "organisation",
        "rate",
        1,
        _one(
            organisation.union_membership_rate,
            ("参照月的工会会员数", "union members in the reference month"),
            ("参照月的职工数", "employees in the reference month"),
            (
                "参照月为期末或数据截止日所在月，取较早者",
                "The reference month is that of the period's end or the data date, the earlier",
            ),
        ),
        over_headcount=True,
        description_zh="职工入会情况，含劳务派遣职工。",
        description_en="Workers in the union, dispatched workers among those counted.",
    ),
    Metric(
        "meetings_held",
        "协商类会议次数",
        "Consultation meetings held",
        "organisation",
        "count",
        1,
        _one(
            organisation.meetings_held,
            ("期间召开的会议次数", "meetings held in the period"),
            excluded=("只提出要约、尚未召开的不计入", "Requested but not yet held ones are left out"),
        ),
        (("kind", tables.MEETING_KINDS),),
        description_zh="平等协商、职代会、党群联席会等开了几次。",
        description_en="Joint consultations, workers' congresses and joint Party-union meetings.",
    ),
    Metric(
        "quorum_rate",
        "职代会到会达标率",
        "Congress quorum rate",
        "organisation",
        "rate",
        1,
        _one(
            organisation.quorum_rate,
            ("其中到会代表不少于三分之二的", "of these, those with two thirds of the delegates present"),
            (
                "期间召开且填有代表总数和到会人数的职代会",
                "workers' congresses held in the period that give delegates and present",
            ),
        ),
        proportion=True,
        description_zh="职代会到会人数是否合规。",
        description_en="Whether workers' congresses had their quorum.",
    ),
    Metric(
        "reply_on_time_rate",
        "要约按期答复率",
        "Bargaining reply rate",
        "organisation",
        "rate",
        1,
        _one(
            organisation.reply_on_time_rate,
            ("其中 20 日内书面答复的", "of these, those replied to within 20 days"),
            (
                "20 日答复期落在期间内且已过的平等协商要约",
                "joint consultation requests whose 20 days ended in the period and have passed",
            ),
        ),
        proportion=True,
        description_zh="协商要约是否在法定期限内答复。",
        description_en="Whether bargaining requests are answered within the statutory time.",
    ),
    Metric(
        "commitments_on_time_rate",
        "承诺按期兑现率",
        "Promises kept on time",
        "organisation",
        "rate",
        1,
        _one(
            organisation.commitments_on_time_rate,
            ("其中按期完成的", "of these, those done by then"),
            ("完成期限落在期间内且已过的承诺事项", "commitments due in the period and before the data date"),
        ),
        (("category", tables.CATEGORIES),),
        proportion=True,
        description_zh="会上承诺的事有没有按期办到。",
        description_en="Whether what was promised at a meeting was done in time.",
    ),
    Metric(
        "overdue_commitments",
        "逾期承诺数",
        "Overdue commitments",
        "organisation",
        "count",
        -1,
        _one(
            organisation.overdue_commitments,
            ("数据截止日已过期限仍未完成的承诺事项数", "commitments not done on the data date whose day has passed"),
        ),
        (("category", tables.CATEGORIES),),
        has_period=False,
        description_zh="已过期限、还没兑现的承诺。",
        description_en="Promises past their day and not kept.",
    ),
    Metric(
        "contract_coverage_rate",
        "集体合同覆盖率",
        "Contract coverage rate",
        "organisation",
        "rate",
        1,
        (
            _rival(
                "comprehensive",
                ("综合合同口径", "comprehensive contracts"),
                organisation.contract_coverage_rate_comprehensive,
                (
                    "其中受本单位或上级有效综合集体合同覆盖的",
                    "of these, those under a comprehensive contract in force, their unit's or a higher one's",
                ),
                ("参照月的职工数", "employees in the reference month"),
                ("专项合同不计入", "Special contracts are left out"),
            ),
            _rival(
                "any",
                ("任一合同口径", "any contract"),
                organisation.contract_coverage_rate_any,
                (
                    "其中受本单位或上级任一有效集体合同覆盖的",
                    "of these, those under any contract in force, their unit's or a higher one's",
                ),
                ("参照月的职工数", "employees in the reference month"),
            ),
        ),
        description_zh="多少职工受有效集体合同保护。",
        description_en="How many workers a collective contract in force protects.",
        over_headcount=True,
    ),
    Metric(
        "contract_fulfilment_rate",
        "集体合同履约率",
        "Contract fulfilment rate",
        "organisation",
        "rate",
        1,
        _one(
            organisation.contract_fulfilment_rate,
            ("已履行条款数之和", "clauses fulfilled"),
            ("本级有效集体合同的条款数之和", "clauses of the unit's own contracts in force"),
            ("未同时填写条款数和已履行数的合同不计入", "Contracts that do not give both are left out"),
        ),
        description_zh="合同条款兑现了多少。",
        description_en="How much of the contracts was carried out.",
    ),
    Metric(
        "aid_coverage_rate",
        "困难帮扶率",
        "Hardship assistance rate",
        "organisation",
        "rate",
        1,
        _one(
            organisation.aid_coverage_rate,
            ("其中至数据截止日已帮扶的", "of these, those helped by the data date"),
            ("期间认定的困难职工", "workers in hardship identified in the period"),
        ),
        (("kind", tables.AID_KINDS),),
        proportion=True,
        description_zh="认定的困难职工有没有得到帮扶。",
        description_en="Whether workers in hardship were helped.",
    ),
    Metric(
        "aid_amount",
        "帮扶金额",
        "Hardship aid",
        "organisation",
        "yuan",
        0,
        _one(organisation.aid_amount, ("期间发放的帮扶金额之和", "aid given in the period")),
        (("kind", tables.AID_KINDS),),
        description_zh="期间发放的帮扶资金。",
        description_en="Money given to workers in hardship.",
    ),
    Metric(
        "notices_published",
        "动态发布数",
        "Notices published",
        "organisation",
        "count",
        0,
        _one(organisation.notices_published, ("期间发布的动态条数", "notices published in the period")),
        (("kind", tables.NOTICE_KINDS),),
        description_zh="向职工公开了多少信息。",
        description_en="How much was published to workers.",
    ),
)

METRICS: dict[str, Metric] = {metric.id: metric for metric in _ALL}
