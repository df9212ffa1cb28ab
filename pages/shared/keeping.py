"""What a page works out from its view, kept for everybody with the same view, as long as the data stay the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import polars as pl

from pages.shared import theme
from pages.shared.view import View

P = ParamSpec("P")
T = TypeVar("T")


class Same:
    """A frame as part of a key: that very frame, not one with the same contents."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    def __hash__(self) -> int:
        return id(self.frame)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.frame is other.frame


def keyed(argument: object) -> object:
    """Return an argument as part of a key."""
    return Same(argument) if isinstance(argument, pl.DataFrame) else argument


def kept(work_out: Callable[Concatenate[View, P], T]) -> Callable[Concatenate[View, P], T]:
    """Let something be worked out once a version for all with the same view.

    It may depend on the view, the mode and its arguments, on nothing else of the session. Frames among the arguments
    must be kept themselves: one made anew for each run never comes again.
    """

    @wraps(work_out)
    def once(seen: View, *args: P.args, **options: P.kwargs) -> T:
        who = (seen.viewer.role, seen.viewer.units, seen.language, theme.mode())
        given = (*map(keyed, args), *((name, keyed(value)) for name, value in sorted(options.items())))
        key = ("kept", work_out.__module__, work_out.__qualname__, who, seen.choice, seen.dimensions, given)
        return seen.snapshot.once(key, lambda: work_out(seen, *args, **options))

    return once
