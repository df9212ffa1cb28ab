"""What the demo data tells: each planted story with its units, its months and what a reader should see.

The generators take units and months from here, the tests and the guided tour name them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Story:
    """One planted story: where (`units`, each with its subtree), when (`months`), seen in which metrics.

    `months[0]` is the month it begins, or the months in which it shows where it comes and goes.
    """

    id: str
    units: tuple[str, ...]
    months: tuple[str, ...]
    metrics: tuple[str, ...]
    zh: str
    en: str


WAGES = Story(
    "wages_before_spring_festival",
    ("HQ",),
    ("2025-01", "2026-01"),
    ("grievances_received",),
    "每年春节前两个月，劳动报酬类诉求集中上升，节后回落。",
    "In the two months before each Spring Festival, grievances about pay surge; after it they fall back.",
)

REORGANISATION = Story(
    "sliding_since_reorganisation",
    ("D02",),
    ("2026-03",),
    ("on_time_rate", "closure_rate", "overdue_grievances"),
    "西南分公司自2026年3月项目管理机构合并后，按时办结率逐月下滑。",
    "Since its project offices were merged in March 2026, the Southwest division's on-time closure has been sliding.",
)

FAST_UNSATISFYING = Story(
    "fast_but_unsatisfying",
    ("D03P03",),
    ("2024-05",),
    ("closure_rate", "satisfaction_rate", "resolution_rate", "reopen_rate"),
    "云麓引水隧洞项目部几天内全部办结，但职工不满意、不认可，重办多。",
    "The Yunlu tunnel project closes everything within days, yet its workers are dissatisfied, "
    "do not confirm the solution, and cases come back.",
)

TOO_QUIET = Story(
    "too_quiet",
    ("D04P02",),
    ("2024-05",),
    ("grievances_per_100", "suggestions_per_100", "survey_response_rate", "participation_rate"),
    "榕湾水利枢纽项目部三百来人，几乎没有诉求、建议、答卷和活动参与：沉默不等于满意。",
    "The Rongwan project has some three hundred workers and hardly a grievance, suggestion, survey answer or "
    "participant: silence is not satisfaction.",
)

SMALL_PERFECT = Story(
    "small_and_perfect",
    ("D05P05",),
    ("2026-02", "2026-05", "2026-08"),
    ("closure_rate", "on_time_rate", "satisfaction_rate"),
    "荆溪闸站改造项目部只有十几人、三件诉求，办结率100%说明不了什么。",
    "The Jingxi sluice project has under twenty workers and three grievances: its 100 % says next to nothing.",
)

LATE_REPORTING = Story(
    "late_reporting",
    ("D07P02",),
    ("2026-08", "2026-09", "2026-10"),
    ("participation_rate", "overdue_grievances"),
    "埃塞俄比亚奥姆巴拉水电站项目部2026年8月起未报台账，数字停在7月。",
    "The Ombara project in Ethiopia has handed in nothing since August 2026; its figures stand still at July.",
)

SUGGESTION_DRIVE = Story(
    "suggestion_drive",
    ("D05",),
    ("2025-09",),
    ("suggestions_submitted", "suggestions_per_100", "adoption_rate"),
    "华中分公司2025年9月开展“金点子”活动后，建议提交数翻番，采纳率也上升。",
    "Since its “golden ideas” drive began in September 2025, the Central China division's suggestions have doubled "
    "and more of them are adopted.",
)

CLOSED_UNIT = Story(
    "closed_unit",
    ("D01P04",),
    ("2025-12",),
    ("grievances_received", "participation_rate"),
    "丹湖大坝加固工程项目部于2025年12月底撤销，此后没有数据，不是沉默。",
    "The Danhu dam reinforcement project was wound up at the end of December 2025; it has no data since, "
    "which is not silence.",
)

HOTLINE = Story(
    "hotline_opened",
    ("HQ",),
    ("2025-06",),
    ("grievances_received",),
    "2025年6月集团职工热线开通后，热线来源的诉求明显增多：渠道变了，不是问题变多。",
    "Since the group's workers' hotline opened in June 2025, many more grievances come by hotline: the channel "
    "changed, not the number of problems.",
)

STORIES = (
    WAGES,
    REORGANISATION,
    FAST_UNSATISFYING,
    TOO_QUIET,
    SMALL_PERFECT,
    LATE_REPORTING,
    SUGGESTION_DRIVE,
    CLOSED_UNIT,
    HOTLINE,
)
