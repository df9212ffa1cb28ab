"""What each result rests on: which people or cases it counts, and which groups of them it tells apart.

A group is written as a part of a metric, `metric[:definition].n` or `.d` for its numerator or denominator, or as the
difference of two, of which the second lies within the first. Results about the institution (meetings, promises,
contracts, activities, notices) rest on no people or cases and are never withheld.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from queries import organisation, suggestions
from queries.cut import Array, Cut, Sums, summed
from queries.grievances import STAGES
from queries.metric import Metric
from queries.metrics import METRICS
from queries.supporting import SUPPORTING

# sums: every case lies in one month; distinct: the same people may come in several months;
# standing: how it stands at the end of the period; nobody: rests on no people or cases.
Kind = Literal["sums", "distinct", "standing", "nobody"]


@dataclass(frozen=True)
class Group:
    """People or cases that must be nobody or enough: what is counted of them, the first count being theirs.

    `rate`: counted are those a rate rests on, its numerator and its denominator. `divided`: nobody is in two codes.
    `again`: people come again, in other months and units, and are counted once.
    """

    counted: tuple[str, ...]
    rate: bool = False
    divided: bool = True
    again: bool = False


@dataclass(frozen=True)
class Some:
    """Those of a group that have some codes of a dimension (by place): whoever sees all codes knows how many."""

    group: str
    dimension: str
    places: tuple[int, ...]


@dataclass(frozen=True)
class Rests:
    """What one definition of a metric rests on.

    `whole` are those it is about, `heads` the employees it is set in proportion to, `parts` further groups that it
    tells to whoever subtracts; with `rate` all or none of a small group must not be told. `whole_is` and `part_is` say
    where the whole or a part can be read off another group's codes. `before` is a stock at the beginning of the period
    that is included, `around` one whose change in the period is told; a stock is known where all it is `made_of` is
    known ever since. `divided`: nobody is in two codes of a dimension.
    """

    kind: Kind
    whole: str = ""
    parts: tuple[str, ...] = ()
    heads: str = ""
    rate: bool = False
    whole_is: Some | None = None
    part_is: Some | None = None
    before: str = ""
    around: str = ""
    made_of: tuple[str, ...] = ()
    divided: bool = True

    @property
    def whole_group(self) -> Group:
        """Those the result is about, and the employees it is set in proportion to."""
        counted = (self.whole, self.heads) if self.heads else (self.whole,)
        return Group(counted, divided=self.divided, again=self.kind == "distinct")

    @property
    def groups(self) -> tuple[Group, ...]:
        """All groups that the result tells of."""
        found = [self.whole_group, *(Group((part,), divided=self.divided) for part in self.parts)]
        if self.rate:
            share = self.parts[0]
            found.append(Group((self.whole, share, f"{share[:-1]}d"), rate=True, divided=self.divided))
        return tuple(found)


def _share(
    name: str,
    *within: str,
    whole: str = "",
    kind: Kind = "sums",
    whole_is: Some | None = None,
    part_is: Some | None = None,
) -> Rests:
    """Return what a share of cases rests on: those of its denominator, in two parts."""
    own = f"{name}.d"
    parts = (f"{name}.n", f"{own} - {name}.n", *within)
    return Rests(kind, whole or own, parts, rate=True, whole_is=whole_is, part_is=part_is)


def _count(name: str, *parts: str, kind: Kind = "sums") -> Rests:
    return Rests(kind, f"{name}.n", parts)


def _stages(first: str, *others: str) -> tuple[str, ...]:
    """Return those who came as far as the first stage and not to each of the others."""
    return tuple(f"{first} - {other}" for other in others)


_NOBODY = Rests("nobody")
_PIPELINE = ("adoption_rate:submitted.n", "implementation_rate:submitted.n")
_RECEIVED, _SUBMITTED, _CLOSED = "grievances_received.n", "suggestions_submitted.n", "resolution_rate:recorded.d"
_SIGNED_IN = Rests("distinct", "participants.n", heads="participation_rate.d", divided=False)
_RATED = "rating_coverage.n"
# Those who answered the question of recommending alone.
_ONLY_ONE = "survey_response_rate.n - engagement_index.d"

# By metric, or `metric:definition` where definitions rest on different groups.
RESTS: dict[str, Rests] = {
    "participation_rate": _SIGNED_IN,
    "participants": _SIGNED_IN,
    "attendances_per_head": _SIGNED_IN,
    "attendances": _SIGNED_IN,
    "non_party_reach": Rests("distinct", "non_party_reach.n", heads="non_party_reach.d", divided=False),
    "joint_activity_share": _NOBODY,
    "shared_venue_share": _NOBODY,
    "unit_coverage": _NOBODY,
    "party_day_rate": _NOBODY,
    "production_linked_activity_share": _NOBODY,
    "activities_held": _NOBODY,
    "grievances_received": _count("grievances_received"),
    "grievances_per_100": _count("grievances_received"),
    "collective_disputes": _count("collective_disputes", f"{_RECEIVED} - collective_disputes.n"),
    "response_rate": _share("response_rate"),
    "closure_rate:due": _share("closure_rate:due"),
    "closure_rate:received": _share("closure_rate:received", f"{_RECEIVED} - closure_rate:received.d"),
    "closure_rate:flow": Rests(
        "sums", "closure_rate:received.d", (_CLOSED, f"{_RECEIVED} - closure_rate:received.d"), before="backlog.n",
        around="backlog.n",
    ),
    "on_time_rate:due": _share("on_time_rate:due", "closure_rate:due.n - on_time_rate:due.n"),
    "on_time_rate:closed": _share("on_time_rate:closed", whole=_CLOSED),
    "on_time_rate:received": _share(
        "on_time_rate:received",
        f"{_RECEIVED} - on_time_rate:received.d",
        "closure_rate:received.n - on_time_rate:received.n",
        whole="closure_rate:received.d",
    ),
    "resolution_rate:recorded": _share("resolution_rate:recorded"),
    "resolution_rate:confirmed": _share("resolution_rate:confirmed", f"{_CLOSED} - resolution_rate:confirmed.d"),
    "satisfaction_rate:satisfied": _share("satisfaction_rate:satisfied", f"{_CLOSED} - {_RATED}", whole=_RATED),
    "satisfaction_rate:acceptable": _share(
        "satisfaction_rate:acceptable",
        f"{_CLOSED} - {_RATED}",
        "satisfaction_rate:acceptable.n - satisfaction_rate:satisfied.n",
        whole=_RATED,
    ),
    "rating_coverage": _share("rating_coverage", whole=_CLOSED),
    # All that were closed, with all that were filed, tell how many are waiting.
    "reopen_rate": replace(_share("reopen_rate", f"reopen_rate.d - {_CLOSED}"), around="backlog.n"),
    "withdrawal_rate": _share("withdrawal_rate"),
    "median_days_to_close": _count("grievances_received"),
    # A curve tells them all side by side: those in time lie among the closed ones, and these among those received.
    "closed_within_15": _count(
        "closed_within_15", f"{_RECEIVED} - closed_within_15.n",
        *(f"{more} - closed_within_15.n" for more in ("closed_within_30.n", "closure_rate:received.n")),
    ),
    "closed_within_30": _count(
        "closed_within_30", f"{_RECEIVED} - closed_within_30.n", "closure_rate:received.n - closed_within_30.n"
    ),
    "mediation_success_rate:mediated": _share(
        "mediation_success_rate:mediated", whole_is=Some(_CLOSED, "stage", (STAGES["mediation"],))
    ),
    "mediation_success_rate:disputes": _share(
        "mediation_success_rate:disputes",
        "mediation_success_rate:mediated.d - mediation_success_rate:mediated.n",
        whole_is=Some(_CLOSED, "stage", tuple(STAGES[stage] for stage in ("mediation", "arbitration", "court"))),
    ),
    "escalation_rate": _share(
        "escalation_rate",
        whole=_RECEIVED,
        part_is=Some(_RECEIVED, "stage", tuple(STAGES[stage] for stage in ("arbitration", "court"))),
    ),
    "grievances_closed": Rests("sums", _CLOSED),
    "backlog": Rests(
        "standing",
        "backlog.n",
        made_of=(
            "closure_rate:received.d", f"{_RECEIVED} - closure_rate:received.d", "reopen_rate.d",
            f"reopen_rate.d - {_CLOSED}",
        ),
    ),
    "open_grievances": _count("open_grievances", kind="standing"),
    "overdue_grievances": _count(
        "overdue_grievances", "open_grievances.n - overdue_grievances.n", kind="standing"
    ),
    "suggestions_submitted": _count("suggestions_submitted"),
    "suggestions_per_100": _count("suggestions_submitted"),
    "proposer_rate": Rests("distinct", "proposer_rate.n", heads="proposer_rate.d", divided=False),
    "adoption_rate:decided": _share("adoption_rate:decided"),
    "adoption_rate:submitted": _share("adoption_rate:submitted", whole=_SUBMITTED),
    "implementation_rate:adopted": _share("implementation_rate:adopted", whole="adoption_rate:decided.n"),
    "implementation_rate:submitted": _share(
        "implementation_rate:submitted", "adoption_rate:submitted.n - implementation_rate:submitted.n", whole=_SUBMITTED
    ),
    "median_days_to_decision": _count("suggestions_submitted"),
    "decided_within_15": _count(
        "decided_within_15", f"{_SUBMITTED} - decided_within_15.n",
        *(f"{more} - decided_within_15.n" for more in ("decided_within_30.n", "submitted_decided.n")),
    ),
    "decided_within_30": _count(
        "decided_within_30", f"{_SUBMITTED} - decided_within_30.n", "submitted_decided.n - decided_within_30.n"
    ),
    "undecided_suggestions": _count("undecided_suggestions", kind="standing"),
    "verified_benefit": Rests("sums", "verified"),
    "production_linked_suggestion_share": _share(
        "production_linked_suggestion_share", f"{_SUBMITTED} - production_linked_suggestion_share.d"
    ),
    # Each stage of the pipeline lies within the ones before it, and all of them can be seen side by side.
    "submitted_decided": _count(
        "submitted_decided", f"{_SUBMITTED} - submitted_decided.n", *_stages("submitted_decided.n", *_PIPELINE)
    ),
    "submitted_adopted": _count("adoption_rate:submitted", *_stages(*_PIPELINE)),
    "submitted_implemented": _count("implementation_rate:submitted", *_stages(*_PIPELINE)),
    "submitted_verified": _count(
        "submitted_verified",
        *(f"{stage} - submitted_verified.n" for stage in ("submitted_decided.n", *_PIPELINE)),
    ),
    "favourable_rate": Rests(
        "sums", "engagement_index.d", ("favourable_rate.n", "favourable_rate.d - favourable_rate.n", _ONLY_ONE),
        rate=True, divided=False,
    ),
    "engagement_index": Rests("sums", "engagement_index.d", (_ONLY_ONE,), divided=False),
    "enps": Rests("sums", "enps.d"),
    "survey_response_rate": Rests("sums", "survey_response_rate.n", heads="survey_response_rate.d"),
    "union_membership_rate": _share("union_membership_rate", kind="standing"),
    "employees": Rests("standing", "union_membership_rate.d"),
    "meetings_held": _NOBODY,
    "quorum_rate": _NOBODY,
    "reply_on_time_rate": _NOBODY,
    "commitments_on_time_rate": _NOBODY,
    "overdue_commitments": _NOBODY,
    "contract_coverage_rate": Rests("standing", "union_membership_rate.d"),
    "contract_fulfilment_rate": _NOBODY,
    "aid_coverage_rate": _share("aid_coverage_rate"),
    "aid_identified": Rests("sums", "aid_coverage_rate.d"),
    "aid_amount": Rests("sums", "aid"),
    "notices_published": _NOBODY,
}  # fmt: skip


def rests(metric: Metric, definition: str | None) -> Rests:
    """Return what the metric rests on under this definition; KeyError for one that nobody has thought about."""
    found = RESTS.get(f"{metric.id}:{definition}")
    return found if found is not None else RESTS[metric.id]


@summed
def _verified(cut: Cut) -> Sums:
    """Suggestions implemented in the period whose benefit was verified: what a sum of benefits rests on."""
    return cut.count(suggestions.proposals(cut).filter(pl.col("verified_fen").is_not_null()), "implemented")


@summed
def _aid(cut: Cut) -> Sums:
    """Workers helped in the period with an amount: what a sum of aid rests on."""
    return cut.count(organisation.care(cut).filter(pl.col("amount_fen").is_not_null()), "helped")


_OWN: dict[str, Callable[[Cut], Sums]] = {"verified": _verified, "aid": _aid}


def keyed(cut: Cut) -> tuple[object, ...]:
    """Return what counts of all units depend on, in plain values that can be written down."""
    return (*cut.wanted, tuple((period.start.isoformat(), period.end.isoformat()) for period in cut.periods))


def measure(group: str, cut: Cut) -> Array:
    """Return how many people or cases of `group` there are in each cell: groups × periods × codes of the cut."""
    first, _, second = group.partition(" - ")
    found = _part(first, cut)
    if second:
        found = found - _part(second, cut)
    return np.broadcast_to(np.nan_to_num(found), cut.shape).astype(np.float64)


def count(group: str, cut: Cut) -> Array:
    """Return the same of every unit by its own rows: units × periods × codes of the cut."""
    units = replace(
        cut, groups=tuple(cut.snapshot.tree.ids), group_of=np.arange(len(cut.snapshot.tree), dtype=np.int32)
    )
    key = ("group", group, *keyed(units))
    return cut.snapshot.table(key, lambda: measure(group, units))


def _part(name: str, cut: Cut) -> Array:
    if name in _OWN:
        return _OWN[name](cut).numerator
    metric, _, which = name.rpartition(".")
    metric, _, definition = metric.partition(":")
    found = METRICS.get(metric) or SUPPORTING[metric]
    if cut.code is not None and cut.code not in dict(found.codes):
        # Whoever took part in a survey did so with all its questions.
        cut = replace(cut, code=None, codes=())
    return found.definition(definition or None).compute(cut)["numerator" if which == "n" else "denominator"]
