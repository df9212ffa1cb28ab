"""What was worked out from one version of the data, kept for the next who asks; what was not asked for longest goes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TypeVar, cast

T = TypeVar("T")


class Kept:
    """A bounded store: `weigh` says what a thing weighs, `bound` what all of them may weigh together."""

    def __init__(self, bound: int, weigh: Callable[[object], int]) -> None:
        self.bound = bound
        self.weight = 0
        self._weigh = weigh
        self._things: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._things)

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under `key`, else what `make` gives, which is then kept.

        Two who ask for the same at once may both make it: that costs less than one waiting for the other.
        """
        with self._lock:
            found = self._things.get(key)
            if found is not None:
                self._things.move_to_end(key)
                return cast(T, found[0])
        made = make()
        weight = self._weigh(made)
        with self._lock:
            former = self._things.pop(key, None)
            self._things[key] = (made, weight)
            self.weight += weight - (former[1] if former else 0)
            while self.weight > self.bound and len(self._things) > 1:
                _, (_, lighter) = self._things.popitem(last=False)
                self.weight -= lighter
        return made

    def keys(self) -> list[Hashable]:
        """Return the keys, the one asked for last at the end."""
        with self._lock:
            return list(self._things)
