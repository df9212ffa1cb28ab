"""What a meeting should talk about, by evidence: findings, categories rising, promises, contracts, unanswered requests.

Everything is asked as the management side may see it, so that whatever is chosen can be shown to both sides.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import polars as pl

from queries import changes, clocks, ledger
from queries.answers import ask, shifted
from queries.filters import Filters
from queries.holding import current
from queries.metrics import find
from queries.snapshot import Snapshot
from queries.statistics.findings import Finding
from queries.viewers import Viewer

Kind = Literal["finding", "category", "promises", "promise", "contract", "clock"]
MOST_OF_A_KIND = 4  # a meeting has time for some ten items, of different kinds
# A category rises if its cases exceed those of the period before by more than chance: two Poisson counts, 99 %.
RISING = 2.58


@dataclass(frozen=True)
class Proposal:
    """An item worth talking about: its kind, a stable key, the metric, unit and code behind it, and raw figures.

    `facts` are what the evidence sentence is made of: the finding, or a row of the ledger, clocks or contracts.
    """

    kind: Kind
    key: str
    metric: str | None = None
    branch: str | None = None
    dimension: str | None = None
    code: str | None = None
    facts: dict[str, Any] = field(default_factory=dict, compare=False, hash=False)


def management_of(branch: str) -> Viewer:
    """Return the management side of a unit: whatever is shown in the room is what it may see."""
    return Viewer("management side", "management", (branch,))


def proposals(branch: str, filters: Filters, snapshot: Snapshot | None = None) -> list[Proposal]:
    """Return what the figures of a unit and all below it propose for its meeting, by kind; never a single case."""
    snapshot = snapshot or current()
    viewer, asked = management_of(branch), replace(filters, branch=branch)
    return [
        *_promises(viewer, asked, snapshot),
        *_clocks(viewer, asked, snapshot),
        *_contracts(viewer, asked, snapshot),
        *_findings(viewer, asked, snapshot),
        *_categories(viewer, asked, snapshot),
    ]


def _findings(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> list[Proposal]:
    def about(found: Finding) -> str:
        return f"{found.kind}-{found.metric}-{found.unit or filters.branch}"

    return [
        Proposal("finding", about(found), found.metric, found.unit or filters.branch, facts={"finding": found})
        for found in changes.what_changed(viewer, filters, snapshot)
    ]


def _categories(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> list[Proposal]:
    metric = find("grievances_received")
    now = ask(viewer, metric.id, filters, "category", None, snapshot).frame
    earlier = shifted(metric, filters, "year_ago", snapshot)
    then = ask(viewer, metric.id, earlier, "category", None, snapshot).frame
    both = now.select("group", now="value").join(then.select("group", then="value"), on="group").drop_nulls()
    total = (both["now"] + both["then"]).sqrt()
    rising = both.with_columns(z=(both["now"] - both["then"]) / total).filter(pl.col("z") > RISING)
    return [
        Proposal("category", f"category-{row['group']}", metric.id, filters.branch, "category", row["group"], row)
        for row in rising.sort("z", descending=True).head(MOST_OF_A_KIND).iter_rows(named=True)
    ]


def _promises(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> list[Proposal]:
    rows = ledger.ledger(viewer, filters, snapshot=snapshot)
    overdue = rows.filter(state="overdue")
    found: list[Proposal] = []
    if overdue.height:
        facts = {"overdue": overdue.height, "due": rows.filter(pl.col("state") != "due").height}
        found.append(Proposal("promises", "promises", "overdue_commitments", filters.branch, facts=facts))
    # A promise whose figure got worse is worth more words than one that is only late.
    measured = rows.filter(pl.col("metric").is_not_null(), pl.col("branch_id") == filters.branch)
    worse = ledger.with_effects(viewer, filters, measured, snapshot).filter(effect="worsened")
    for row in worse.head(MOST_OF_A_KIND).iter_rows(named=True):
        metric = str(row["metric"]).partition(":")[0]
        found.append(Proposal("promise", f"promise-{row['commitment_id']}", metric, row["branch_id"], facts=row))
    return found


def _contracts(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> list[Proposal]:
    rows, _known = clocks.contracts(viewer, filters, snapshot)
    short = rows.filter(pl.col("state") == "in_force", pl.col("clauses_fulfilled") < pl.col("clauses")).sort(
        pl.col("clauses_fulfilled") / pl.col("clauses"), "contract_id"
    )
    return [
        Proposal("contract", f"contract-{row['contract_id']}", "contract_fulfilment_rate", row["branch_id"], facts=row)
        for row in short.head(MOST_OF_A_KIND).iter_rows(named=True)
    ]


def _clocks(viewer: Viewer, filters: Filters, snapshot: Snapshot) -> list[Proposal]:
    rows = clocks.clocks(viewer, filters, snapshot).frame.filter(pl.col("state") != "coming")
    metrics = {"reply": "reply_on_time_rate", "quorum": "quorum_rate"}
    found = []
    for kind in ("reply", "expiry", "quorum", "filing"):
        for row in rows.filter(kind=kind).head(MOST_OF_A_KIND).iter_rows(named=True):
            metric = metrics.get(kind, "contract_coverage_rate")
            found.append(Proposal("clock", f"{kind}-{row['reference']}", metric, row["branch_id"], facts=row))
    return found
