"""The metrics that targets and commitments may name: every metric, and every rival definition as `metric:definition`.

The registry of the query layer defines them; it stands above this layer, so a test there holds the two together.
"""

from __future__ import annotations

# In the order of the definitions page; the rivals of a metric after it, the default one included.
_RIVALS: dict[str, tuple[str, ...]] = {
    "participation_rate": (),
    "attendances_per_head": (),
    "non_party_reach": (),
    "joint_activity_share": (),
    "shared_venue_share": (),
    "unit_coverage": (),
    "party_day_rate": (),
    "production_linked_activity_share": (),
    "grievances_received": (),
    "grievances_per_100": (),
    "collective_disputes": (),
    "response_rate": (),
    "closure_rate": ("due", "received", "flow"),
    "on_time_rate": ("due", "closed", "received"),
    "resolution_rate": ("recorded", "confirmed"),
    "satisfaction_rate": ("satisfied", "acceptable"),
    "rating_coverage": (),
    "reopen_rate": (),
    "withdrawal_rate": (),
    "median_days_to_close": (),
    "mediation_success_rate": ("mediated", "disputes"),
    "escalation_rate": (),
    "open_grievances": (),
    "overdue_grievances": (),
    "suggestions_submitted": (),
    "suggestions_per_100": (),
    "proposer_rate": (),
    "adoption_rate": ("decided", "submitted"),
    "implementation_rate": ("adopted", "submitted"),
    "median_days_to_decision": (),
    "undecided_suggestions": (),
    "verified_benefit": (),
    "production_linked_suggestion_share": (),
    "favourable_rate": (),
    "engagement_index": (),
    "enps": (),
    "survey_response_rate": (),
    "union_membership_rate": (),
    "meetings_held": (),
    "quorum_rate": (),
    "reply_on_time_rate": (),
    "commitments_on_time_rate": (),
    "overdue_commitments": (),
    "contract_coverage_rate": ("comprehensive", "any"),
    "contract_fulfilment_rate": (),
    "aid_coverage_rate": (),
    "aid_amount": (),
    "notices_published": (),
}

METRIC_IDS: tuple[str, ...] = tuple(
    name for metric, rivals in _RIVALS.items() for name in (metric, *(f"{metric}:{rival}" for rival in rivals))
)
