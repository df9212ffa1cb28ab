"""Taking down a meeting: that it takes place, decisions with their outcome class, promises, and their chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import streamlit as st

from data import agenda as agendas
from data import clock, database
from data.agenda import OUTCOMES, Item, Plan
from data.tables import CATEGORIES
from pages.consultation import chain, due
from pages.consultation.saying import told
from pages.shared.filter_bar import unit_labels
from pages.shared.view import View
from pages.shared.words import _, code_label, metric_name
from queries import clocks, freezing, metrics, minutes

TOPIC_LENGTH = 200
def taking_place(seen: View, plan: Plan) -> None:
    """Draw the form that says the meeting takes place, with its votes."""
    kept = clocks.meeting(plan.meeting_id, seen.snapshot)
    if kept is not None and kept["held_on"] is not None:
        st.text(_held(kept))
    with st.form("room_hold", border=True):
        st.caption(_("Promises can be taken down once the meeting takes place. Its votes can be added later."))
        columns = st.columns(4)
        day = columns[0].date_input(_("Held on"), value=min(plan.planned_on, clock.today()), format="YYYY-MM-DD")
        counts = [
            column.number_input(name, min_value=0, value=None, step=1)
            for column, name in zip(columns[1:], (_("Delegates"), _("Present"), _("In favour")), strict=True)
        ]
        if st.form_submit_button(_("The meeting takes place"), type="primary"):
            delegates, present, favour = (None if count is None else int(count) for count in counts)
            if told(minutes.hold(seen.viewer, plan, day, delegates, present, favour, seen.snapshot), seen):
                st.session_state[f"held_{plan.meeting_id}"] = True
                st.rerun()


def _held(kept: Mapping[str, Any]) -> str:
    """Return that the meeting was held, with its votes, and for a congress whether they count."""
    said = [_("Held on {day}", day=kept["held_on"].isoformat())]
    delegates, present, favour = kept["delegates"], kept["present"], kept["in_favour"]
    if delegates and present is not None:
        said.append(_("{present} of {delegates} delegates", present=present, delegates=delegates))
        if favour is not None:
            said.append(_("{count} in favour", count=favour))
        if kept["kind"] == "workers_congress":
            counts, law = clocks.valid(delegates, present, favour), due.LAWS["quorum"]
            said.append(_("the vote counts") if counts else "! " + _("the vote does not count"))
            said.append(_(law))
    return " · ".join(said)


def item(seen: View, plan: Plan, item_id: str | None) -> None:
    """Draw what is taken down before everybody: an item's decision and class, a promise; nothing of single cases."""
    with database.reading() as connection:
        found = next((one for one in agendas.items(connection, plan.meeting_id) if one.item_id == item_id), None)
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="room_record"):
        if found is not None:
            with st.popover(_("What was decided"), icon=":material/gavel:", key=f"decide_{item_id}"):
                _decision(plan, found)
        with st.popover(_("Promise"), icon=":material/handshake:", key=f"promise_{item_id}"):
            promise(seen, plan, found)
        if found is not None and (found.decision or found.outcome):
            outcome = _(chain.OUTCOME_NAMES[found.outcome]) if found.outcome else ""
            st.text(" · ".join(part for part in (found.decision, outcome) if part))


def _decision(plan: Plan, found: Item) -> None:
    with st.form(f"decision_{found.item_id}", border=False):
        changes = _decided(found)
        if st.form_submit_button(_("Keep")):
            _keep(plan, found, changes)


def _decided(found: Item) -> dict[str, Any]:
    text = st.text_area(
        _("What was decided"), found.decision, max_chars=TOPIC_LENGTH * 2, key=f"decision_text_{found.item_id}"
    )
    outcome = st.segmented_control(
        _("Outcome class"), list(OUTCOMES), default=found.outcome, key=f"outcome_{found.item_id}",
        format_func=lambda key: _(chain.OUTCOME_NAMES[key]),
    )  # fmt: skip
    return {"decision": text.strip(), "outcome": outcome}


def _keep(plan: Plan, found: Item, changes: dict[str, Any]) -> None:
    with database.writing() as connection:
        agendas.change_item(connection, plan.meeting_id, found.item_id, **changes)
    st.rerun()


def settle(seen: View, plan: Plan, items: Sequence[Item]) -> None:
    """Draw where each item's decision, class and chain are written down at the desk, with suggestions by their titles.

    Not for the projector: suggestions are single cases.
    """
    panel = st.popover(_("Decisions and chain"), icon=":material/account_tree:", key="room_settle", on_change="rerun")
    if not panel.open:
        return
    titles = {one.item_id: f"{n}. {one.title[seen.language]}" for n, one in enumerate(items, 1)}
    with panel:
        item_id = st.selectbox(
            _("Item"), list(titles), format_func=titles.__getitem__, key="room_settle_item", width=560
        )
        found = next(one for one in items if one.item_id == item_id)
        with st.form(f"settle_{item_id}", border=False):
            changes = _decided(found)
            links = chain.chosen(seen, plan, found)
            if st.form_submit_button(_("Keep"), type="primary"):
                _keep(plan, found, {**changes, "links": links()})


def promise(seen: View, plan: Plan, found: Item | None) -> None:
    """Draw the form of a promise: what, who, until when, and which figure it should move by how much."""
    mine = tuple(
        unit for unit in seen.snapshot.subtree(plan.branch_id)
        if freezing.may_prepare(seen.viewer, unit, seen.snapshot)
    )  # fmt: skip
    names = unit_labels(seen.snapshot, mine, seen.language)
    with st.form(f"promise_form_{found.item_id if found else ''}", border=False, clear_on_submit=True):
        topic = st.text_input(_("Promise"), max_chars=TOPIC_LENGTH)
        owner = st.text_input(_("Owner"), max_chars=60)
        branch = st.selectbox(_("Unit that delivers"), list(names), format_func=names.__getitem__)
        due_on = st.date_input(_("Due on"), value=clock.today() + timedelta(90), format="YYYY-MM-DD")
        codes = [None, *(code for code, _name in CATEGORIES)]
        start = codes.index(found.code) if found and found.dimension == "category" and found.code in codes else 0
        category = st.selectbox(
            _("Category"), codes, index=start, format_func=lambda code: code_label("category", code) if code else "–"
        )
        choices = [None, *metrics.METRICS]
        metric = st.selectbox(
            _("Figure it should move"), choices, format_func=lambda name: metric_name(name) if name else "–",
            index=choices.index(found.metric) if found and found.metric in choices else 0,
        )  # fmt: skip
        aim = st.number_input(_("to (a rate in per cent)"), value=None, step=1.0)
        if st.form_submit_button(_("Keep the promise"), type="primary") and topic.strip():
            rate = metric is not None and metrics.find(metric).unit == "rate"
            target = None if aim is None else aim / 100 if rate else float(aim)
            result = minutes.promise(
                seen.viewer, plan, branch=branch, topic=topic, owner=owner, due_on=due_on, category=category,
                metric=metric, target=target, item_id=found.item_id if found else None, snapshot=seen.snapshot,
            )  # fmt: skip
            if told(result, seen):
                st.toast(_("The promise is in the ledger."))
