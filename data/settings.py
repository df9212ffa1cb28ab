"""The settings a dashboard runs with, in the log: whoever changes what is withheld, or for how long, leaves a trace.

They are set outside the dashboard, so what is logged is what a starting server finds otherwise than the last one did.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from data import database, people
from data.schema import audit

ACTION = "settings_changed"
BY = "operator"  # whoever may set them sits at the machine
# Those that decide what is shown, kept or let in. Addresses and folders differ from process to process.
WATCHED = (
    "DASHBOARD_MINIMUM_GROUP", "DASHBOARD_CLOSING_DAY", "DASHBOARD_KEEP_AUDIT_DAYS", "DASHBOARD_KEEP_FILES_DAYS",
    "DASHBOARD_UPLOAD_FILES", "DASHBOARD_UPLOAD_MEMORY", "DASHBOARD_UPLOAD_SECONDS", "DASHBOARD_BEHIND_FIREWALL",
    "DASHBOARD_TILES",
)  # fmt: skip

log = logging.getLogger(__name__)


def tell(more: Mapping[str, object]) -> bool:
    """Log the settings, and `more` (the server's), if they are not those logged last; return whether they were not.

    While the database does not answer nothing is logged; the next start tells.
    """
    found = {name: os.environ[name] for name in WATCHED if os.environ.get(name)}
    held = json.loads(json.dumps({**found, **more}, default=str))
    try:
        with database.reading() as connection:
            if _last(connection) == held:
                return False
        with database.writing() as connection:
            # Another process may have started meanwhile.
            before = _last(connection)
            if before == held:
                return False
            changed = sorted(name for name in {*held, *before} if held.get(name) != before.get(name))
            people.audit(connection, BY, ACTION, {"changed": changed, "settings": held})
    except SQLAlchemyError:
        log.warning("the settings are not in the log: the database does not answer")
        return False
    return True


def _last(connection: Connection) -> dict[str, object]:
    line = select(audit.c.detail).where(audit.c.action == ACTION).order_by(audit.c.audit_id.desc()).limit(1)
    detail = connection.scalar(line)
    found: dict[str, object] = json.loads(detail)["settings"] if detail else {}
    return found
