"""The consultation room: prepare a meeting by evidence, hold it before one frozen truth, follow up its promises."""

import streamlit as st

from data import agenda as agendas
from data import database
from pages.consultation import chain, followed, moved, papers, preparing, presenting, promises, recording
from pages.shared import anatomy, states, view
from pages.shared.words import _
from queries import freezing, ledger
from queries.errors import NotAllowed

seen = view.current()
plans = {plan.meeting_id: plan for plan in preparing.plans(seen)}
chosen = st.query_params.get("meeting")


def open_meeting(number: str | None) -> None:
    """Show this meeting; the address says which."""
    st.query_params["meeting"] = number or ""


def leave() -> None:
    """Go back from the projector to the preparation."""
    for name in ("present", "item", "tongue"):
        st.query_params.pop(name, None)


def record(item: str | None) -> None:
    """Draw what is taken down on an item while it is shown."""
    if plan is not None:
        recording.item(seen, plan, item)


plan = plans.get(chosen or "") or next(iter(plans.values()), None)
may = plan is not None and freezing.may_prepare(seen.viewer, plan.branch_id, seen.snapshot)
try:
    frozen = freezing.opened(seen.viewer, plan.meeting_id, seen.snapshot) if plan else None
except NotAllowed:
    states.no_rights()
    st.stop()

if plan is not None and frozen is not None and "present" in st.query_params:
    presenting.draw(seen, frozen, leave, record if may else None)
    st.stop()

anatomy.plain_header(
    _("Consultation room"),
    _("Prepare a meeting by evidence, hold it before one frozen truth, and begin the next with its promises."),
    how=_(
        "Whatever is prepared here is frozen as the management side may see it: later data never change it, and the "
        "SHA-256 on screen and paper proves it. The agenda comes from the figures; you choose, order and add to it."
    ),
)
with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
    if plan is not None:
        names = {number: f"{one.title} · {one.planned_on.isoformat()} · {number}" for number, one in plans.items()}
        if st.session_state.get("room_meeting") != plan.meeting_id:
            st.session_state["room_meeting"] = plan.meeting_id
        st.selectbox(
            _("Meeting"), list(names), key="room_meeting", format_func=names.__getitem__, width=420,
            on_change=lambda: open_meeting(st.session_state["room_meeting"]),
        )  # fmt: skip
    preparing.new(seen, open_meeting)

anatomy.section(_("What was promised, and what became of it"))
rows = ledger.ledger(seen.viewer, seen.filters, snapshot=seen.snapshot)
if plan is not None:
    below = seen.snapshot.subtree(plan.branch_id)
    rows = rows.filter(rows["branch_id"].is_in(below))
promises.table(seen, rows, "room_ledger")
followed.follow_up(seen, rows, "room")

if plan is None:
    states.empty(seen) if not plans and not seen.viewer.sees_cases else st.caption(_("No meeting is in preparation."))
    st.stop()

if may:
    anatomy.section(_("Agenda"))
    preparing.agenda_editor(seen, plan)

anatomy.section(_("One frozen truth"))
papers.truth(seen, plan, frozen, may)
if frozen is not None:
    moved.since(seen, frozen)

with database.reading() as connection:
    items = agendas.items(connection, plan.meeting_id)
if may:
    anatomy.section(_("Minutes"))
    recording.taking_place(seen, plan)
    with st.container(horizontal=True, gap="small"):
        recording.item(seen, plan, None)
        if items:
            recording.settle(seen, plan, items)
if items:
    anatomy.section(_("What follows from what"))
    chain.draw(seen, plan, items)
