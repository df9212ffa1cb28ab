"""Composing the assessment sheet: lines put on it and taken off, and who answers for what in which unit."""

from __future__ import annotations

import streamlit as st

from data import tables
from data.assessment import Item
from pages.branches.assessing import name_of
from pages.shared import formats
from pages.shared.view import View
from pages.shared.words import _, code_label
from queries import assessment, holding, metrics
from queries.assessment import DUTY

PERCENT = 100.0


def editor(seen: View) -> None:
    """Draw the forms of whoever composes the sheet."""
    sheet = assessment.items(seen.snapshot)
    left, right = st.columns(2, gap="medium")
    with left:
        _line(seen, sheet)
    with right:
        _off(seen, sheet)
        _person(seen, sheet)


def _line(seen: View, sheet: tuple[Item, ...]) -> None:
    """Draw the form that puts a line on the sheet, or replaces the one about the same thing."""
    names = {what: name_of(Item(what)) for what in assessment.offered()}
    kinds = {code: code_label("branch_kind", code) for code, _zh in tables.BRANCH_KINDS}
    with st.form("assessment_line"):
        st.subheader(_("Put a line on the sheet"))
        what = st.selectbox(_("Metric or duty"), list(names), format_func=names.__getitem__, key="assessment_what")
        aim = st.number_input(
            _("Target (a share in percent); empty = the unit's own, for a duty every time"),
            value=None,
            min_value=0.0,
            key="assessment_target",
            placeholder=_("the unit's own"),
        )
        chosen = st.multiselect(
            _("Kinds of units"),
            list(kinds),
            format_func=kinds.__getitem__,
            key="assessment_kinds",
            placeholder=_("all kinds"),
        )
        post = st.text_input(_("Post that answers for it"), key="assessment_post", max_chars=60)
        if st.form_submit_button(_("Put on the sheet"), type="primary", key="assessment_put"):
            target = aim / PERCENT if aim is not None and _is_share(what) else aim
            line = Item(what, target, tuple(chosen), post.strip())
            kept = [line if one.what == what else one for one in sheet]
            assessment.compose(seen.viewer, kept if line in kept else [*kept, line])
            holding.reload()
            st.rerun()


def _off(seen: View, sheet: tuple[Item, ...]) -> None:
    """Draw what stands on the sheet and the way to take a line off."""
    if not sheet:
        return
    names = {item.what: _told(item) for item in sheet}
    with st.form("assessment_off"):
        st.subheader(_("On the sheet"))
        gone = st.selectbox(
            _("Line"), list(names), index=None, format_func=names.__getitem__, key="assessment_gone",
            placeholder=_("Choose a line"),
        )  # fmt: skip
        if st.form_submit_button(_("Take off the sheet"), key="assessment_take") and gone:
            assessment.compose(seen.viewer, [item for item in sheet if item.what != gone])
            holding.reload()
            st.rerun()


def _told(item: Item) -> str:
    parts = [name_of(item)]
    if item.target is not None:
        parts.append(formats.percent(item.target) if _is_share(item.what) else formats.decimal(item.target))
    parts += [code_label("branch_kind", kind) for kind in item.unit_kinds]
    return " · ".join([*parts, item.responsible] if item.responsible else parts)


def _is_share(what: str) -> bool:
    """Return whether a line's target is a share: of times for a duty, of cases or people for a rate."""
    return what.startswith(DUTY) or metrics.find(what.partition(":")[0]).unit == "rate"


def _person(seen: View, sheet: tuple[Item, ...]) -> None:
    """Draw the form that says who holds a post in a unit."""
    posts = list(dict.fromkeys(item.responsible for item in sheet if item.responsible))
    if not posts:
        return
    with st.form("assessment_person"):
        st.subheader(_("Who answers for it"))
        unit = st.selectbox(
            _("Unit (with all below it that name nobody)"),
            list(seen.units),
            format_func=lambda one: seen.snapshot.name(one, seen.language),
            key="assessment_unit",
        )
        post = st.selectbox(_("Post"), posts, key="assessment_of_post")
        name = st.text_input(_("Name; empty = nobody"), key="assessment_name", max_chars=60)
        if st.form_submit_button(_("Enter"), key="assessment_enter"):
            assessment.appoint(seen.viewer, unit, post, name, seen.snapshot)
            holding.reload()
            st.rerun()
