"""Units to hold beside one another fairly: of the same kind and of similar size."""

from __future__ import annotations

import numpy as np

from queries.snapshot import Snapshot
from queries.units import month_number

# From half to twice as many people: within it the chance part of a rate differs by less than half.
SIZE_BAND = 2.0
FEWEST = 3  # fewer peers than this say nothing; the band is then left out


def peers(snapshot: Snapshot, unit: str) -> list[str]:
    """Return the units of the same kind with half to twice the people (subtrees counted), in tree order, `unit` too.

    With fewer than three such units all of the kind are taken. Closed units are left out.
    """
    tree = snapshot.tree
    month = month_number(snapshot.data_date)
    own = snapshot.headcounts.over("employees", range(month, month + 1))[:, 0]
    whole = np.concatenate([[0], np.cumsum(own)])
    sizes = {u: int(whole[tree.span(u).stop] - whole[tree.span(u).start]) for u in tree.ids}
    kinds = dict(zip(tree.ids, snapshot.units["kind"], strict=True))
    alike = [u for u in tree.ids if kinds[u] == kinds[unit] and (sizes[u] > 0 or u == unit)]
    near = [u for u in alike if sizes[unit] / SIZE_BAND <= sizes[u] <= sizes[unit] * SIZE_BAND]
    return near if len(near) > FEWEST else alike
