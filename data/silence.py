"""What is told when the database does not take part: it does not answer, refuses, or its disk is full."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from data.faults import Fault
from data.words import mark

FULL = mark("There is no room left for the database; nothing was stored. Tell the operator.")
SILENT = mark("The database does not answer; nothing was stored. Try again in a few minutes; what you entered is kept.")

log = logging.getLogger(__name__)
T = TypeVar("T")


def attempted(work: Callable[[], T], otherwise: Callable[[Fault], T]) -> T:
    """Return what `work` returns or, where the database does not take part, what `otherwise` makes of the reason.

    `work` is one transaction: it was stored whole or not at all. The cause goes to the server's log.
    """
    try:
        return work()
    except (SQLAlchemyError, OSError) as error:
        log.error("nothing was stored: %s", getattr(error, "orig", None) or error)
        said = str(error).lower()
        # SQLite; PostgreSQL; the folder for uploads.
        full = "is full" in said or "no space left" in said
        return otherwise(Fault(None, None, None, None, None, FULL if full else SILENT))
