"""The latest notices to workers, read from the database: they are published, so everyone in the scope may read them."""

from __future__ import annotations

import polars as pl
from sqlalchemy import select

from data import database, schema
from data.bulk import read
from queries.answers import make_cut
from queries.filters import Filters
from queries.holding import current
from queries.metrics import find
from queries.snapshot import Snapshot
from queries.viewers import Viewer

_N = schema.HANDED_IN["notices"].c


def latest(viewer: Viewer, filters: Filters, count: int = 5, snapshot: Snapshot | None = None) -> pl.DataFrame:
    """Return the scope's latest notices published by the period's end: published_on, branch_id, kind, title."""
    snapshot = snapshot or current()
    cut = make_cut(viewer, find("notices_published"), filters, (), snapshot)
    units = [unit for unit, group in zip(snapshot.tree.ids, cut.group_of, strict=True) if group >= 0]
    statement = (
        select(_N.published_on, _N.branch_id, _N.kind, _N.title)
        .where(_N.branch_id.in_(units), _N.published_on <= cut.day_limit)
        .order_by(_N.published_on.desc(), _N.notice_id)
        .limit(count)
    )

    def ask() -> pl.DataFrame:
        with database.reading() as connection:
            return read(connection, statement)

    return snapshot.once(("notices", viewer.units, filters.branch, cut.day_limit, count), ask)
