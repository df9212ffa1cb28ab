"""The enterprise's civil day and the moment that records carry."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

# China has kept one zone and no summer time since 1991, so a fixed offset needs no zone database.
SHANGHAI = timezone(timedelta(hours=8))


def today() -> date:
    """Return today's civil date of the enterprise, whatever zone the server is in."""
    return datetime.now(SHANGHAI).date()


def now() -> datetime:
    """Return the present moment in UTC without a zone, as every `at` column holds it."""
    return datetime.now(UTC).replace(tzinfo=None)
