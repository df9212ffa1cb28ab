"""What a page works out from its view, kept for everybody with the same view, as long as the data stay the same."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

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


class Kept(Generic[P, T]):
    """What is worked out once; see `kept`."""

    def __init__(self, work_out: Callable[Concatenate[View, P], T]) -> None:
        self._work_out = work_out
        update_wrapper(self, work_out)

    def __call__(self, seen: View, *args: P.args, **options: P.kwargs) -> T:
        return seen.snapshot.once(self._key(seen, *args, **options), lambda: self._work_out(seen, *args, **options))

    def ready(self, seen: View, *args: P.args, **options: P.kwargs) -> bool:
        """Return whether it was worked out for this view before."""
        return seen.snapshot.holds(self._key(seen, *args, **options))

    def _key(self, seen: View, *args: P.args, **options: P.kwargs) -> Hashable:
        who = (seen.viewer.role, seen.viewer.units, seen.language, theme.mode())
        given = (*map(keyed, args), *((name, keyed(value)) for name, value in sorted(options.items())))
        named = (self._work_out.__module__, self._work_out.__qualname__)
        return ("kept", named, who, seen.choice, seen.dimensions, given)


def kept(work_out: Callable[Concatenate[View, P], T]) -> Kept[P, T]:
    """Let something be worked out once a version for all with the same view.

    It may depend on the view, the mode and its arguments, on nothing else of the session. Frames among the arguments
    must be kept themselves: one made anew for each run never comes again.
    """
    return Kept(work_out)


@kept
def sent(_seen: View, frame: pl.DataFrame) -> Any:
    """Return a table that is kept as it goes to the browser; a Polars frame would take the way through pandas."""
    return frame.to_arrow()
