"""Who looks at the demo, and the notes on its figures: stored beside the tables."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, select

from data import assessment, people, records, schema
from data.demo.stories import HOTLINE, REORGANISATION

BY = "demo"

# (address, name, role, units, language)
PEOPLE: tuple[tuple[str, str, str, tuple[str, ...], str], ...] = (
    ("executive@example.com", "周岚（集团领导）", "executive", (), "zh"),
    ("union.southwest@example.com", "罗青（西南分公司工会）", "union_staff", REORGANISATION.units, "zh"),
    ("management@example.com", "韩松（行政方代表）", "management", (), "zh"),
    ("admin@example.com", "沈竹（系统管理员）", "admin", (), "en"),
)

# (id, day, unit, metric, kind, text): a note stands in both languages, as its readers are of both.
ANNOTATIONS: tuple[tuple[str, date, str | None, str | None, str, str], ...] = (
    (
        "demo-reorganisation",
        date.fromisoformat(f"{REORGANISATION.months[0]}-01"),
        REORGANISATION.units[0],
        None,
        "reorganisation",
        "西南分公司项目管理机构合并 · Southwest Division: project offices merged",
    ),
    *(
        (
            f"demo-hotline-{metric}",
            date.fromisoformat(f"{HOTLINE.months[0]}-01"),
            None,
            metric,
            "event",
            "集团职工热线开通 · Workers' hotline opened",
        )
        for metric in ("grievances_received", "grievances_per_100")
    ),
)


def annotate(connection: Connection) -> None:
    """Add the notes on the figures; before the tables, whose storing then raises the data version for both."""
    notes = schema.annotations
    known = set(connection.scalars(select(notes.c.annotation_id)))
    names = ("annotation_id", "on_date", "branch_id", "metric", "kind", "text")
    stored = {"import_id": records.next_import(connection)}
    fresh = [dict(zip(names, row, strict=True)) | stored for row in ANNOTATIONS]
    fresh = [row for row in fresh if row["annotation_id"] not in known]
    if fresh:
        connection.execute(notes.insert(), fresh)


def invite(connection: Connection) -> None:
    """Add the demo's people as far as nobody has their address; what somebody changed since is kept."""
    known = {person["email"] for person in people.everyone(connection)}
    for address, name, role, units, language in PEOPLE:
        if address not in known:
            people.add(connection, address, name, role, units=units, language=language, by=BY)


# What the made-up group's units are assessed by: (metric or duty, share asked for, kinds of units, post).
ASSESSED: tuple[assessment.Item, ...] = (
    assessment.Item("duty:party_day", 0.9, (), "组织委员"),
    assessment.Item("duty:party_meeting", None, (), "支部书记"),
    assessment.Item("duty:committee_meeting", 0.8, (), "支部书记"),
    assessment.Item("duty:group_meeting", 0.8, (), "组织委员"),
    assessment.Item("duty:party_lecture", 0.75, (), "宣传委员"),
    assessment.Item("duty:workers_congress", None, ("company", "division"), "工会主席"),
    assessment.Item("duty:contract_renewal", None, (), "工会主席"),
    assessment.Item("duty:headcount_ledger", None, (), "人事专员"),
    assessment.Item("on_time_rate", None, (), "工会主席"),
    assessment.Item("satisfaction_rate", None, (), "工会主席"),
    assessment.Item("adoption_rate", None, (), "技术负责人"),
    assessment.Item("commitments_on_time_rate", None, ("company", "division"), "行政分管领导"),
)
HOLDERS: tuple[tuple[str, str, str], ...] = (
    ("HQ", "工会主席", "程慧"),
    ("HQ", "支部书记", "方毅"),
    ("D02", "工会主席", "罗青"),
)


def assess(connection: Connection) -> None:
    """Put the demo's assessment sheet in place if there is none; what somebody composed is kept."""
    if assessment.items(connection):
        return
    assessment.keep(connection, ASSESSED, by=BY)
    for unit, post, name in HOLDERS:
        assessment.name(connection, unit, post, name, by=BY)
