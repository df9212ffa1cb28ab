"""The people table and the audit log, drawn for administrators."""

from __future__ import annotations

import json
from datetime import UTC

import polars as pl
import streamlit as st

from data import clock, database, people
from pages.shared import downloads
from pages.shared.people import role_name
from pages.shared.view import View
from pages.shared.words import _, language
from queries.viewers import ROLES

LINES = 500  # log lines a screen offers; the download has as many


def listed(seen: View) -> None:
    """Draw everybody, active or not, and a way to shut someone out."""
    with database.reading() as connection:
        everyone = people.everyone(connection)
    if not everyone:
        st.caption(_("Nobody has been entered yet."))
        return
    st.dataframe(
        pl.DataFrame(
            {
                "email": [one["email"] for one in everyone],
                "name": [one["name"] for one in everyone],
                "role": [role_name(one["role"]) for one in everyone],
                "units": [", ".join(one["units"]) or _("all units") for one in everyone],
                "until": [one["valid_until"] for one in everyone],
                "active": [bool(one["active"]) for one in everyone],
            },
            schema_overrides={"until": pl.Date},
        ),
        hide_index=True,
        width="stretch",
        column_config={
            "email": st.column_config.TextColumn(_("E-mail")),
            "name": st.column_config.TextColumn(_("Name")),
            "role": st.column_config.TextColumn(_("Role")),
            "units": st.column_config.TextColumn(_("Units")),
            "until": st.column_config.DateColumn(_("Valid until")),
            "active": st.column_config.CheckboxColumn(_("May look")),
        },
    )
    active = [one["email"] for one in everyone if one["active"] and one["email"] != seen.viewer.email]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        gone = st.selectbox(
            _("Shut someone out"), active, index=None, key="people_gone", placeholder=_("E-mail"), width=320
        )
        if gone:
            st.button(
                _("Shut out {email}", email=gone),
                icon=":material/block:",
                key="people_disable",
                on_click=_disable,
                args=(gone, seen.viewer.email),
            )


def _disable(email: str, by: str) -> None:
    with database.writing() as connection:
        people.disable(connection, email, by=by)
    st.session_state.pop("people_gone", None)


def added(seen: View) -> None:
    """Draw the form that enters a person, or replaces what is known of one."""
    # In words now: a list is asked for its words outside the run too, where nobody speaks a language.
    roles = {role: role_name(role) for role in ROLES}
    ids = list(seen.units)
    with st.form("people_add", clear_on_submit=False):
        st.subheader(_("Enter a person"))
        email = st.text_input(_("E-mail"), key="people_email")
        name = st.text_input(_("Name"), key="people_name")
        role = st.selectbox(_("Role"), ROLES, format_func=roles.__getitem__, key="people_role")
        units = st.multiselect(
            _("Units (with all below them)"),
            ids,
            format_func=lambda unit: seen.snapshot.name(unit, seen.language),
            key="people_units",
            placeholder=_("all units"),
        )
        until = st.date_input(_("Valid until"), value=None, key="people_until")
        if st.form_submit_button(_("Enter"), type="primary", key="people_enter"):
            try:
                with database.writing() as connection:
                    people.add(
                        connection, email, name or email, role, units=units, valid_until=until, by=seen.viewer.email
                    )
            except people.Unfit as wrong:
                st.error(wrong.text(language()))
            else:
                st.success(_("{email} may look from the next click on.", email=people.normal(email)))


def log(seen: View) -> None:
    """Draw the latest lines of the log, with search and download."""
    search = st.text_input(_("Search"), key="audit_search", placeholder=_("Person or action"), width=320)
    with database.reading() as connection:
        lines = people.log(connection, LINES, search)
    rows = pl.DataFrame(
        {
            "at": [
                line["at"].replace(tzinfo=UTC).astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
                for line in lines
            ],
            "who": [line["who"] for line in lines],
            "action": [line["action"] for line in lines],
            "detail": [json.dumps(json.loads(line["detail"]), ensure_ascii=False) for line in lines],
        },
        schema={"at": pl.String, "who": pl.String, "action": pl.String, "detail": pl.String},
    )
    headings = {"at": _("When"), "who": _("Who"), "action": _("Action"), "detail": _("Detail")}
    if rows.is_empty():
        st.caption(_("No such line in the log."))
        return
    st.dataframe(rows, hide_index=True, width="stretch", column_config=headings)
    title, day, tongue = _("Audit log"), seen.snapshot.data_date, seen.language
    downloads.menu(title, lambda: downloads.Sheet(title, rows, headings, title, day, tongue), "audit_log")
