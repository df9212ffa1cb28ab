"""Counts that stand beside the catalogue's rates: what pages draw as bars, flows and pipelines, asked the same way."""

from __future__ import annotations

import polars as pl

from data import tables
from queries import grievances, organisation, participation, suggestions
from queries.cut import Compute, Cut, Sums, summed
from queries.metric import Metric, one

_ACTIVITY = (("kind", tables.ACTIVITY_KINDS), ("organiser", tables.ORGANISERS))
_CASE = (("category", tables.CATEGORIES), ("channel", tables.CHANNELS), ("stage", tables.STAGES))
_THEME = (("theme", tables.THEMES),)


def _count(rate: Compute) -> Compute:
    return lambda cut: Sums(rate(cut).numerator)


def _base(rate: Compute) -> Compute:
    return lambda cut: Sums(rate(cut)["denominator"])


@summed
def _submitted_decided(cut: Cut) -> Sums:
    """Suggestions submitted in the period and decided by A."""
    return cut.count(suggestions.proposals(cut).filter(pl.col("decided").is_not_null()), "submitted")


@summed
def _submitted_verified(cut: Cut) -> Sums:
    """Suggestions submitted in the period whose benefit was verified by A."""
    return cut.count(suggestions.proposals(cut).filter(pl.col("verified_fen").is_not_null()), "submitted")


_ALL: tuple[Metric, ...] = (
    Metric(
        "activities_held", "活动场次", "Activities held", "participation", "count", 0,
        one(participation.activities_held, ("期间组织的活动场次", "activities organised in the period")), _ACTIVITY,
    ),
    Metric(
        "attendances", "参与人次", "Attendances", "participation", "count", 0,
        one(participation.attendances, ("期间参与人次（一人多次计多次）", "attendances in the period (a person counts each time)")), _ACTIVITY,
    ),
    Metric(
        "participants", "参与人数", "Participants", "participation", "count", 0,
        one(
            _count(participation.participation_rate),
            ("期间参加过任一活动的职工人数（去重）", "distinct people attending any activity in the period"),
        ),
        _ACTIVITY,
    ),
    Metric(
        "grievances_closed", "办结诉求数", "Grievances closed", "grievances", "count", 0,
        one(
            _base(grievances.resolution_rate_recorded),
            ("期间办结的诉求件数", "cases closed in the period"),
            excluded=("撤回的和重办中的不计入", "Withdrawn cases and those open again are left out"),
        ),
        _CASE,
    ),
    Metric(
        "backlog", "期末在办数", "Open at the end", "grievances", "count", 0,
        one(
            grievances.backlog,
            ("期末（或数据截止日）尚未办结的诉求件数", "cases not closed at the end of the period or on the data date"),
            excluded=("撤回的不计入；是否重办不影响", "Withdrawn cases are left out; reopening is ignored"),
        ),
        _CASE,
    ),
    Metric(
        "closed_within_15", "15天内办结", "Closed within 15 days", "grievances", "count", 0,
        one(
            grievances.closed_within_15,
            ("期间提出、15天内办结的诉求件数", "cases filed in the period and closed within 15 days"),
            excluded=("撤回的和重办中的不计入", "Withdrawn cases and those open again are left out"),
        ),
        _CASE,
    ),
    Metric(
        "closed_within_30", "30天内办结", "Closed within 30 days", "grievances", "count", 0,
        one(
            grievances.closed_within_30,
            ("期间提出、30天内办结的诉求件数", "cases filed in the period and closed within 30 days"),
            excluded=("撤回的和重办中的不计入", "Withdrawn cases and those open again are left out"),
        ),
        _CASE,
    ),
    Metric(
        "decided_within_15", "15天内评审", "Decided within 15 days", "suggestions", "count", 0,
        one(
            suggestions.decided_within_15,
            ("期间提交、15天内评审的建议条数", "suggestions submitted in the period and decided within 15 days"),
        ),
        _THEME,
    ),
    Metric(
        "decided_within_30", "30天内评审", "Decided within 30 days", "suggestions", "count", 0,
        one(
            suggestions.decided_within_30,
            ("期间提交、30天内评审的建议条数", "suggestions submitted in the period and decided within 30 days"),
        ),
        _THEME,
    ),
    Metric(
        "submitted_decided", "已评审", "Decided", "suggestions", "count", 0,
        one(
            _submitted_decided,
            ("期间提交、至数据截止日已评审的建议条数", "suggestions submitted in the period and decided by the data date"),
        ),
        _THEME,
    ),
    Metric(
        "submitted_adopted", "已采纳", "Adopted", "suggestions", "count", 0,
        one(
            _count(suggestions.adoption_rate_submitted),
            ("期间提交、至数据截止日已采纳或部分采纳的建议条数", "suggestions submitted in the period and adopted, wholly or partly, by the data date"),
        ),
        _THEME,
    ),
    Metric(
        "submitted_implemented", "已实施", "Implemented", "suggestions", "count", 0,
        one(
            _count(suggestions.implementation_rate_submitted),
            ("期间提交、至数据截止日已实施的建议条数", "suggestions submitted in the period and implemented by the data date"),
        ),
        _THEME,
    ),
    Metric(
        "submitted_verified", "已核定效益", "Benefit verified", "suggestions", "count", 0,
        one(
            _submitted_verified,
            ("期间提交、至数据截止日已核定效益的建议条数", "suggestions submitted in the period whose benefit was verified by the data date"),
        ),
        _THEME,
    ),
    Metric(
        "employees", "职工数", "Employees", "organisation", "count", 0,
        one(_base(organisation.union_membership_rate), ("参照月的职工数", "employees in the reference month")),
    ),
    Metric(
        "aid_identified", "认定困难职工数", "Hardship cases identified", "organisation", "count", 0,
        one(organisation.aid_identified, ("期间认定的困难职工数", "workers in hardship identified in the period")),
        (("kind", tables.AID_KINDS),),
    ),
)  # fmt: skip

SUPPORTING: dict[str, Metric] = {metric.id: metric for metric in _ALL}
