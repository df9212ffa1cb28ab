"""What was worked out from one version of the data, kept for the next who asks; what was not asked for longest goes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Condition
from typing import TypeVar, cast

T = TypeVar("T")


class Kept:
    """A bounded store: `weigh` says what a thing weighs, `bound` what all of them may weigh together."""

    def __init__(self, bound: int, weigh: Callable[[object], int]) -> None:
        self.bound = bound
        self.weight = 0
        self._weigh = weigh
        self._things: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()
        self._making: set[Hashable] = set()
        self._changed = Condition()

    def __len__(self) -> int:
        return len(self._things)

    def __contains__(self, key: Hashable) -> bool:
        with self._changed:
            return key in self._things

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under `key`, else what `make` gives, which is then kept.

        When many ask for the same at once, as after a hand-in, one of them makes it and the others wait.
        """
        with self._changed:
            while key not in self._things and key in self._making:
                self._changed.wait()
            found = self._things.get(key)
            if found is not None:
                self._things.move_to_end(key)
                return cast(T, found[0])
            self._making.add(key)
        try:
            made = make()
            self.put(key, made)
            return made
        finally:
            with self._changed:
                self._making.discard(key)
                self._changed.notify_all()

    def put(self, key: Hashable, thing: object) -> None:
        """Keep a thing; the weight of others that makes it too much is let go."""
        weight = self._weigh(thing)
        with self._changed:
            former = self._things.pop(key, None)
            self._things[key] = (thing, weight)
            self.weight += weight - (former[1] if former else 0)
            while self.weight > self.bound and len(self._things) > 1:
                _, (_, lighter) = self._things.popitem(last=False)
                self.weight -= lighter

    def items(self) -> list[tuple[Hashable, object]]:
        """Return keys and things, the one asked for last at the end."""
        with self._changed:
            return [(key, thing) for key, (thing, _) in self._things.items()]
