"""What codes are called, in both languages."""

from __future__ import annotations

from data import tables

# The English names of the codes; the Chinese ones stand in data/tables.py, whose order is everywhere the order.
ENGLISH: dict[str, dict[str, str]] = {
    "category": {
        "pay": "Pay",
        "hours": "Working time and leave",
        "safety": "Safety and health",
        "contract": "Labour contract",
        "insurance": "Social insurance",
        "welfare": "Welfare",
        "training": "Training and growth",
        "environment": "Working environment",
        "management": "Management style",
        "other": "Other",
    },
    "channel": {
        "symposium": "Discussion forum",
        "home_visit": "Visit",
        "survey": "Questionnaire",
        "hotline": "Hotline",
        "online": "Online platform",
        "mailbox": "Suggestion box",
        "party_branch": "Party branch",
        "petition": "Petition",
        "congress_motion": "Congress motion",
        "reception": "Reception day",
        "other": "Other",
    },
    "stage": {"direct": "Handled directly", "mediation": "Mediation", "arbitration": "Arbitration", "court": "Court"},
    "outcome": {
        "resolved": "Resolved",
        "partly_resolved": "Partly resolved",
        "explained": "Explained",
        "not_resolved": "Not resolved",
        "withdrawn": "Withdrawn",
    },
    "kind": {
        "theme_party_day": "Theme Party Day",
        "party_lecture": "Party lecture",
        "party_meeting": "Members' meeting",
        "committee_meeting": "Branch committee",
        "group_meeting": "Group meeting",
        "study_exchange": "Study exchange",
        "labour_competition": "Labour competition",
        "skills_training": "Skills training",
        "volunteering": "Volunteering",
        "culture_sports": "Culture and sports",
        "symposium": "Discussion forum",
        "home_visit": "Visit",
        "other": "Other",
    },
    "organiser": {"party": "Party", "union": "Union", "joint": "Joint Party-union"},
    "venue_owner": {"party": "Party", "union": "Union", "company": "Company", "other": "Other"},
    "theme": {
        "safety": "Safety",
        "quality": "Quality",
        "cost": "Cost",
        "efficiency": "Efficiency",
        "technology": "Technology",
        "environment": "Environment",
        "welfare": "Welfare",
        "management": "Management",
        "other": "Other",
    },
    "decision": {"adopted": "Adopted", "partly_adopted": "Partly adopted", "declined": "Declined"},
    "dimension": {
        "trust": "Trust in the organisation",
        "voice": "Voice",
        "care": "Care",
        "growth": "Growth",
        "fairness": "Fairness",
        "belonging": "Belonging",
        "safety": "Safety",
        "recommend": "Would recommend",
    },
    "meeting_kind": {
        "joint_consultation": "Joint consultation",
        "workers_congress": "Workers' congress",
        "party_union_meeting": "Joint Party-union meeting",
        "symposium": "Discussion forum",
        "other": "Other",
    },
    "contract_kind": {
        "comprehensive": "Comprehensive",
        "wage": "Wages",
        "safety": "Labour safety",
        "women": "Women workers",
        "other": "Other",
    },
    "aid_kind": {
        "illness": "Illness",
        "disaster": "Disaster",
        "education": "Children's schooling",
        "low_income": "Low income",
        "other": "Other",
    },
    "notice_kind": {
        "news": "News",
        "policy": "Policy explained",
        "rights": "Rights",
        "welfare": "Welfare",
        "activity": "Activity notice",
    },
    "annotation_kind": {"event": "Event", "reorganisation": "Reorganisation", "definition": "Change of definition"},
    "branch_kind": {"company": "Company", "division": "Division", "branch": "Branch", "group": "Group"},
}
CHINESE: dict[str, dict[str, str]] = {
    name: dict(pairs)
    for name, pairs in (
        ("category", tables.CATEGORIES),
        ("channel", tables.CHANNELS),
        ("stage", tables.STAGES),
        ("outcome", tables.OUTCOMES),
        ("kind", tables.ACTIVITY_KINDS),
        ("organiser", tables.ORGANISERS),
        ("venue_owner", tables.VENUES),
        ("theme", tables.THEMES),
        ("decision", tables.DECISIONS),
        ("dimension", tables.DIMENSIONS),
        ("meeting_kind", tables.MEETING_KINDS),
        ("contract_kind", tables.CONTRACT_KINDS),
        ("aid_kind", tables.AID_KINDS),
        ("notice_kind", tables.NOTICE_KINDS),
        ("annotation_kind", tables.ANNOTATION_KINDS),
        ("branch_kind", tables.BRANCH_KINDS),
    )
}


def label(kind: str, code: str, language: str) -> str:
    """Return the name of a code, such as ("category", "pay", "zh") → 劳动报酬; KeyError for one that does not exist."""
    return (ENGLISH if language == "en" else CHINESE)[kind][code]
