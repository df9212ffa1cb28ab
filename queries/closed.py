"""The facts as they were when their months closed: what the management side's figures are computed from.

Of grievances, suggestions and hardship cases every version of a row counts that was stored when a month closed
(`data/closing.py`): `since` and `until` are the imports that brought and replaced it. What came later counts in later
months only, so whoever compares what they saw then with what they see now learns of no case that came late.
Surveys are as their answers were when the month closed in which they opened: one answer more would tell itself.
"""

from __future__ import annotations

import polars as pl

from queries.snapshot import Snapshot

VERSIONED = ("grievances", "suggestions", "aid_cases")
COUNTED = ("answers", "respondents")


def closed(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with the versions of its rows; itself where nothing came after a month had closed.

    Raises NotNow where the database is asked for former versions and does not answer.
    """
    # What a snapshot keeps must not keep the snapshot, or an old one's memory stays until a collection.
    return snapshot.once("closed", lambda: _closed(snapshot)) or snapshot


def _closed(snapshot: Snapshot) -> Snapshot | None:
    versions = {name: frame for name in VERSIONED if (frame := snapshot.versions_of(name)) is not None}
    for name in COUNTED:
        held, then = getattr(snapshot, name), snapshot.versions_of(name)
        if then is not None:
            others = held.filter(~pl.col("survey").is_in(then["survey"].unique().implode()))
            versions[name] = pl.concat([others, then.select(held.columns).cast(held.schema)])
    return snapshot.with_frames(versions) if versions else None
