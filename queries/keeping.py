"""A question beside the catalogue, answered once a version for all who may see the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from queries.filters import Filters
from queries.holding import current
from queries.snapshot import Snapshot
from queries.viewers import Viewer

T = TypeVar("T")


def kept(answer: Callable[[Viewer, Filters, Snapshot | None], T]) -> Callable[..., T]:
    """Let `answer(viewer, filters, snapshot)` be worked out once a version for viewers of the same role and units."""

    @wraps(answer)
    def once(viewer: Viewer, filters: Filters, snapshot: Snapshot | None = None) -> T:
        held = snapshot or current()
        key = ("kept", answer.__module__, answer.__qualname__, viewer.role, viewer.units, filters)
        return held.once(key, lambda: answer(viewer, filters, held))

    return once
