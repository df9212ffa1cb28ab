"""What workers want to learn or join, by topic, beside what was offered; small groups withheld."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
from sqlalchemy import case, func, or_, select

from data import database, schema
from queries.answers import make_cut
from queries.disclosure import last_closed, minimum_group
from queries.filters import Filters
from queries.holding import current
from queries.metrics import find
from queries.snapshot import Snapshot
from queries.suppression import Counts, Flags, Parts, shown
from queries.viewers import Viewer


def wanted(viewer: Viewer, filters: Filters, snapshot: Snapshot | None = None) -> pl.DataFrame:
    """Return topic, group, people (null where withheld), suppressed: for the scope (`group` null) and each unit below.

    A person who wants a topic counts once in it; what was recorded after the period's end does not count. Topics are
    ordered by the number of people, withheld ones last, then by name.
    """
    snapshot = snapshot or current()
    end = filters.end.last
    if viewer.role == "management":
        # As it stood at the end of the last full quarter: two months apart tell who came in between.
        last = last_closed(snapshot)
        end = last.back(last.month % 3).last
    key = ("needs", viewer.role, viewer.units, filters.branch, end)
    return snapshot.once(key, lambda: _wanted(viewer, filters, end, snapshot))


def _wanted(viewer: Viewer, filters: Filters, end: date, snapshot: Snapshot) -> pl.DataFrame:
    rows = snapshot.interests.filter(pl.col("recorded") <= end)
    topics = sorted(rows["topic"].unique().to_list())
    parts = Parts(snapshot.tree)
    own = np.zeros((len(snapshot.tree), len(topics), 1))
    place = {topic: i for i, topic in enumerate(topics)}
    np.add.at(
        own[:, :, 0], (rows["u"].to_numpy(), np.array([place[topic] for topic in rows["topic"]], dtype=np.intp)), 1
    )
    counts = parts.summed(own)
    least = 1 if viewer.sees_cases else minimum_group()

    def ok(cells: Counts) -> Flags:
        enough: Flags = (cells[..., 0] == 0) | (cells[..., 0] >= least)
        return enough

    allowed = shown(parts, counts, ok)
    found = []
    for grouping in (None, "branch"):
        cut = make_cut(viewer, find("participation_rate"), filters, (grouping,), snapshot)
        for g, label in enumerate(cut.groups):
            rows_of = parts.of_group(np.flatnonzero(cut.group_of == g))
            people = counts[rows_of, :, 0].sum(axis=0)
            fit = np.atleast_1d(allowed[rows_of].all(axis=0))
            found += [
                {
                    "topic": topic,
                    "group": label,
                    "people": float(people[i]) if fit[i] else None,
                    "suppressed": not fit[i],
                }
                for i, topic in enumerate(topics)
                if people[i]
            ]
    kinds = {"topic": pl.String, "group": pl.String, "people": pl.Float64, "suppressed": pl.Boolean}
    frame = pl.DataFrame(found, schema=kinds)
    if not viewer.sees_cases:
        # A topic is in somebody's own words: one that few want may tell who they are.
        few = frame.filter(pl.col("group").is_null(), "suppressed")["topic"]
        frame = frame.filter(~pl.col("topic").is_in(few.to_list()))
    order = frame.filter(pl.col("group").is_null()).select("topic", whole="people")
    return (
        frame.join(order, on="topic", how="left")
        .with_row_index("row")
        .sort(["whole", "topic", "row"], descending=[True, False, False], nulls_last=True)
        .drop("whole", "row")
    )


def offered(
    viewer: Viewer, filters: Filters, topics: tuple[str, ...], snapshot: Snapshot | None = None
) -> pl.DataFrame:
    """Return topic and activities: how many activities of the period that the scope organised name each topic.

    An activity names a topic when its topic or title holds the word.
    """
    snapshot = snapshot or current()
    cut = make_cut(viewer, find("joint_activity_share"), filters, (), snapshot)
    units = [unit for unit, group in zip(snapshot.tree.ids, cut.group_of, strict=True) if group >= 0]
    a = schema.HANDED_IN["activities"].c
    named = [
        func.count(case((or_(a.topic.contains(topic, autoescape=True), a.title.contains(topic, autoescape=True)), 1)))
        for topic in topics
    ]
    held = a.held_on.between(filters.start.first, cut.day_limit)

    def ask() -> pl.DataFrame:
        with database.reading() as connection:
            counts = connection.execute(select(*named).where(a.branch_id.in_(units), held)).one() if topics else ()
        return pl.DataFrame(
            {"topic": topics, "activities": list(counts)}, schema={"topic": pl.String, "activities": pl.Int64}
        )

    return snapshot.once(("offered", viewer.units, filters, topics), ask)
