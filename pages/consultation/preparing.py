"""Preparing a meeting: plan it, choose items from the evidence, order them, add own ones, note each side's position."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import streamlit as st

from data import agenda as agendas
from data import clock, database
from data.agenda import Item, Plan
from data.tables import MEETING_KINDS
from pages.consultation import evidence
from pages.shared import formats
from pages.shared.filter_bar import unit_labels
from pages.shared.view import View
from pages.shared.words import _, code_label, metric_name
from queries import agenda, clocks, freezing, metrics, minutes
from queries.filters import Month

TITLE_LENGTH, POSITION_LENGTH = 120, 400  # what one line of a slide, and three lines under it, can hold
KINDS = [code for code, _name in MEETING_KINDS if code != "other"]
ICONS = {
    "finding": "query_stats", "category": "trending_up", "promises": "handshake", "promise": "handshake",
    "contract": "contract", "clock": "schedule", "own": "edit_note",
}  # fmt: skip


def plans(seen: View) -> list[Plan]:
    """Return the meetings in preparation that the visitor may open: all of one's units, frozen ones for the others."""
    with database.reading() as connection:
        found = agendas.plans(connection)
    return [plan for plan in found if freezing.may_see(seen.viewer, plan.branch_id, seen.snapshot)]


def new(seen: View, opened: Callable[[str], None]) -> None:
    """Draw the form that plans a meeting, also for a bargaining request that waits for one."""
    mine = tuple(unit for unit in seen.units if freezing.may_prepare(seen.viewer, unit, seen.snapshot))
    if not mine:
        return
    with st.popover(_("Prepare a meeting"), icon=":material/add:", key="room_new"):
        names = unit_labels(seen.snapshot, mine, seen.language)
        branch = st.selectbox(
            _("Unit"), list(names), format_func=names.__getitem__, key="plan_unit",
            index=list(names).index(seen.branch) if seen.branch in names else 0,
        )  # fmt: skip
        waiting = _requests(seen, branch)
        wanted = None
        if waiting:
            wanted = st.selectbox(
                _("Answers the request"), [None, *waiting], format_func=lambda key: waiting.get(key, "–"),
                key="plan_request",
            )  # fmt: skip
        kind = st.selectbox(
            _("Kind"), KINDS, format_func=lambda code: code_label("meeting_kind", code), key="plan_kind"
        )
        name = seen.snapshot.name(branch, "zh" if seen.language == "zh" else "en")
        title = st.text_input(
            _("Title"), value=_("{unit}: {kind}", unit=name, kind=code_label("meeting_kind", kind)), key="plan_title",
            max_chars=TITLE_LENGTH,
        )  # fmt: skip
        day = st.date_input(_("Planned on"), value=clock.today() + timedelta(7), key="plan_day", format="YYYY-MM-DD")
        first, last = _months(seen)
        if st.button(_("Prepare"), type="primary", key="plan_keep", disabled=not (title or "").strip()):
            with database.reading() as connection:
                number = wanted or agendas.new_id(connection, day)
            made = Plan(number, branch, kind, title.strip(), day, first, last)
            minutes.plan(seen.viewer, made, seen.snapshot)
            opened(number)
            st.rerun()


def _requests(seen: View, branch: str) -> dict[str | None, str]:
    rows = clocks.clocks(agenda.management_of(branch), replace(seen.filters, branch=branch), seen.snapshot).frame
    return {row["reference"]: row["subject"] for row in rows.filter(kind="reply", branch_id=branch).to_dicts()}


def _months(seen: View) -> tuple[str, str]:
    """Ask which months are shown: closed quarters, half years or years."""
    start, end = freezing.default_months(seen.snapshot)
    options = {(str(start), str(end)): formats.span(start, end)}
    for year in (end.year, end.year - 1):
        if Month(year, 12) <= end:
            options[str(Month(year, 1)), str(Month(year, 12))] = formats.span(Month(year, 1), Month(year, 12))
    options[str(end.back(11)), str(end)] = formats.span(end.back(11), end)
    return st.selectbox(
        _("Figures of"), list(options), format_func=options.__getitem__, key="plan_months",
        help=_("The management side gets closed months, and figures of people for whole quarters and years."),
    )  # fmt: skip


def agenda_editor(seen: View, plan: Plan) -> None:
    """Draw the agenda with what each item needs, and below it what the evidence proposes."""
    with database.reading() as connection:
        items = agendas.items(connection, plan.meeting_id)
    # In a container of their own: what stands below keeps its place, and with it its state, when items come and go.
    with st.container(key="room_items"):
        if not items:
            st.caption(_("The agenda is empty. Choose from what the evidence proposes, or add an item of your own."))
        for place, item in enumerate(items):
            _item(seen, plan, items, place, item)
    _proposals(seen, plan, items)
    _own(seen, plan, items)


def _keep(plan: Plan, items: list[Item]) -> None:
    with database.writing() as connection:
        agendas.keep_items(connection, plan.meeting_id, items)


def _item(seen: View, plan: Plan, items: list[Item], place: int, item: Item) -> None:
    key = f"item_{item.item_id}"
    with st.container(border=True, gap="xsmall", key=key):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            st.text(f"{place + 1}. {item.title[seen.language]}", width="stretch")
            for icon, to, name in (("arrow_upward", place - 1, _("Up")), ("arrow_downward", place + 1, _("Down"))):
                st.button(
                    name, icon=f":material/{icon}:", key=f"{key}_{icon}", type="tertiary", on_click=_move,
                    args=(plan, items, place, to), disabled=not 0 <= to < len(items),
                )  # fmt: skip
            st.button(
                _("Remove"), icon=":material/close:", key=f"{key}_remove", type="tertiary", on_click=_keep,
                args=(plan, [other for other in items if other is not item]),
            )  # fmt: skip
        if item.evidence[seen.language]:
            st.caption(item.evidence[seen.language].replace("~", "\\~"))
        with st.expander(_("Positions and time"), key=f"{key}_more"), st.form(f"{key}_form", border=False):
            left, right = st.columns(2)
            ours = left.text_area(_("Position of the union"), item.union_position, max_chars=POSITION_LENGTH)
            theirs = right.text_area(
                _("Position of the management side"), item.management_position, max_chars=POSITION_LENGTH
            )
            time = st.number_input(_("Minutes for it"), 1, 120, item.minutes, width=140)
            if st.form_submit_button(_("Keep")):
                changed = replace(item, union_position=ours, management_position=theirs, minutes=int(time))
                _keep(plan, [changed if other is item else other for other in items])
                st.rerun()


def _move(plan: Plan, items: list[Item], place: int, to: int) -> None:
    moved = list(items)
    moved.insert(to, moved.pop(place))
    _keep(plan, moved)


def _proposals(seen: View, plan: Plan, items: list[Item]) -> None:
    key = f"room_proposals_{plan.meeting_id}"
    # Open for an empty agenda, and not shut by the first item that is chosen.
    st.session_state.setdefault(key, not items)
    panel = st.expander(_("What the evidence proposes"), icon=":material/lightbulb:", key=key, on_change="rerun")
    if not panel.open:
        return
    taken = {item.item_id for item in items}
    with panel, st.spinner(_("Looking at the figures…")):
        found = agenda.proposals(plan.branch_id, freezing.filters_of(plan), seen.snapshot)
        waiting = [proposal for proposal in found if proposal.key not in taken]
        if not waiting:
            st.caption(_("Nothing more stands out."))
        for proposal in waiting:
            made = evidence.item(proposal, seen.snapshot)
            with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
                st.button(
                    _("Add"), icon=f":material/{ICONS[proposal.kind]}:", key=f"add_{proposal.key}", on_click=_add,
                    args=(plan, [*items, made], key),
                )  # fmt: skip
                with st.container(gap=None, width="stretch"):
                    st.text(made.title[seen.language])
                    st.caption(made.evidence[seen.language].replace("~", "\\~"))


def _add(plan: Plan, items: list[Item], panel: str) -> None:
    _keep(plan, items)
    st.session_state[panel] = True


def _own(seen: View, plan: Plan, items: list[Item]) -> None:
    with st.popover(_("Add an item of your own"), icon=":material/edit_note:", key="room_own"):
        title = st.text_input(_("Title"), key="own_title", max_chars=TITLE_LENGTH)
        metric = st.selectbox(
            _("Figure to show"), [None, *metrics.METRICS], key="own_metric",
            format_func=lambda name: metric_name(name) if name else "–",
        )  # fmt: skip
        if st.button(_("Add"), key="own_add", disabled=not (title or "").strip()):
            number = 1 + max((int(i.item_id[4:]) for i in items if i.item_id.startswith("own-")), default=0)
            _keep(plan, [*items, evidence.own(f"own-{number}", title.strip(), metric, plan.branch_id)])
            st.rerun()
