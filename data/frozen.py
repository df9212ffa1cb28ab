"""What was shown at a meeting, kept as canonical JSON under its SHA-256: written once, never changed, checked again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from data import people
from data.clock import now
from data.schema import audit, frozen_meetings
from data.told import Told
from data.words import mark

NOT_FROZEN = mark("Nothing is frozen for meeting {meeting}.")
ACTION = "meeting_frozen"


class NotFrozen(Told):
    """There is nothing frozen for this meeting."""


@dataclass(frozen=True)
class Frozen:
    """One frozen state: which meeting and which of its states (from 1), when and by whom, its hash, its JSON text."""

    meeting_id: str
    number: int
    frozen_at: datetime
    by: str
    data_version: int
    sha256: str
    content: str

    @property
    def told(self) -> dict[str, Any]:
        """The content."""
        found: dict[str, Any] = json.loads(self.content)
        return found


@dataclass(frozen=True)
class Verified:
    """What a check found: the hash of the stored content now, the one stored beside it, and the one in the log."""

    frozen: Frozen
    recomputed: str
    logged: str | None

    @property
    def sound(self) -> bool:
        """Whether all three agree; a log line that has been retired no longer speaks."""
        return self.recomputed == self.frozen.sha256 and self.logged in (None, self.recomputed)


def canonical(content: Mapping[str, Any]) -> str:
    """Return content as the one JSON text it has: keys sorted, no spaces, no escapes. ValueError for NaN."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def freeze(
    connection: Connection, meeting_id: str, content: Mapping[str, Any], *, data_version: int, by: str
) -> Frozen:
    """Store a frozen state of a meeting beside those it has, and write its hash into the log as well."""
    t = frozen_meetings.c
    number = (connection.scalar(select(func.max(t.number)).where(t.meeting_id == meeting_id)) or 0) + 1
    text = canonical(content)
    made = Frozen(meeting_id, number, now(), by, data_version, digest(text), text)
    connection.execute(insert(frozen_meetings).values(vars(made)))
    detail = {"meeting": meeting_id, "number": number, "sha256": made.sha256, "version": data_version}
    people.audit(connection, by, ACTION, detail)
    return made


def latest(connection: Connection, meeting_id: str) -> Frozen | None:
    """Return the state that was frozen last; None if there is none."""
    t = frozen_meetings.c
    row = connection.execute(
        select(frozen_meetings).where(t.meeting_id == meeting_id).order_by(t.number.desc()).limit(1)
    ).first()
    return None if row is None else Frozen(**row._mapping)


def verify(connection: Connection, meeting_id: str) -> list[Verified]:
    """Return a check of every frozen state of a meeting, the oldest first; NotFrozen if there is none."""
    t = frozen_meetings.c
    rows = connection.execute(select(frozen_meetings).where(t.meeting_id == meeting_id).order_by(t.number)).all()
    if not rows:
        raise NotFrozen(NOT_FROZEN, meeting=meeting_id)
    lines = connection.scalars(select(audit.c.detail).where(audit.c.action == ACTION).order_by(audit.c.audit_id))
    logged = {(line["meeting"], line["number"]): line["sha256"] for line in map(json.loads, lines)}
    found = [Frozen(**row._mapping) for row in rows]
    return [Verified(one, digest(one.content), logged.get((meeting_id, one.number))) for one in found]
