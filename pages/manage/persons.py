"""The people table and the audit log, drawn for administrators."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC

import polars as pl
import streamlit as st

from data import clock, database, people
from data.words import mark, translate
from pages.shared import downloads, formats
from pages.shared.people import role_name
from pages.shared.sidebar import OWN_NAMES
from pages.shared.view import View
from pages.shared.words import Language, _, language
from queries.viewers import ROLES

LINES = 500  # log lines a screen offers; what is older is searched for, or taken away with the rest
TAKEN_AWAY = 1_000_000  # a sheet of XLSX holds no more
# What the log's actions are called.
ACTIONS = {
    "signed_in": mark("Signed in"),
    "refused": mark("Refused"),
    "cases_viewed": mark("Looked at single cases"),
    "export": mark("Took a file away"),
    "import": mark("Handed in"),
    "edit": mark("Corrected on the page"),
    "undo": mark("Took a hand-in back"),
    "demo": mark("Demo data"),
    "mapping_saved": mark("Saved a mapping"),
    "month_closed_again": mark("Closed a month again"),
    "refresh": mark("Made the facts again"),
    "restore": mark("Restored a backup"),
    "meeting_planned": mark("Planned a meeting"),
    "meeting_frozen": mark("Froze a meeting"),
    "person_added": mark("Entered or changed a person"),
    "person_disabled": mark("Shut a person out"),
    "settings_changed": mark("Settings changed"),
    "mapping_removed": mark("Removed a mapping"),
    "assessment_changed": mark("Changed the assessment sheet"),
    "assessment_person": mark("Named who answers for a unit"),
    "remind": mark("Sent reminders"),
}


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
                "units": [_named(seen, one["units"]) for one in everyone],
                "language": [OWN_NAMES.get(one["language"]) for one in everyone],
                "until": [one["valid_until"] for one in everyone],
                "active": [bool(one["active"]) for one in everyone],
            },
            schema_overrides={"until": pl.Date, "language": pl.String},
        ),
        hide_index=True,
        width="stretch",
        placeholder=formats.MISSING,
        column_config={
            "email": st.column_config.TextColumn(_("E-mail")),
            "name": st.column_config.TextColumn(_("Name")),
            "role": st.column_config.TextColumn(_("Role")),
            "units": st.column_config.TextColumn(_("Units")),
            "language": st.column_config.TextColumn(_("Language")),
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


def _named(seen: View, units: Sequence[str]) -> str:
    """Return whose units these are in words; one that is gone by its number."""
    known = seen.snapshot.tree.index
    names = [seen.snapshot.name(unit, seen.language) if unit in known else unit for unit in units]
    return ("、" if seen.language == "zh" else ", ").join(names) or _("all units")


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
        reads = st.selectbox(
            _("Language"),
            list(OWN_NAMES),
            index=None,
            format_func=OWN_NAMES.__getitem__,
            key="people_language",
            placeholder=_("as the browser says"),
        )
        until = st.date_input(_("Valid until"), value=None, key="people_until")
        if st.form_submit_button(_("Enter"), type="primary", key="people_enter"):
            try:
                with database.writing() as connection:
                    people.add(
                        connection,
                        email,
                        name or email,
                        role,
                        units=units,
                        language=reads,
                        valid_until=until,
                        by=seen.viewer.email,
                    )
            except people.Unfit as wrong:
                st.error(wrong.text(language()))
            else:
                st.success(_("{email} may look from the next click on.", email=people.normal(email)))


def log(seen: View) -> None:
    """Draw the latest lines of the log, with search, and the download of all that were found."""
    search = st.text_input(_("Search"), key="audit_search", placeholder=_("Person or action"), width=320) or ""
    tongue, day, title = seen.language, seen.snapshot.data_date, _("Audit log")
    rows = _lines(search, LINES, tongue)
    headings = {"at": _("When"), "who": _("Who"), "action": _("Action"), "detail": _("Detail")}
    if rows.is_empty():
        st.caption(_("No such line in the log."))
        return
    st.dataframe(rows, hide_index=True, width="stretch", column_config=headings)
    about = search or _("All")

    def every() -> downloads.Sheet:
        return downloads.Sheet(title, _lines(search, TAKEN_AWAY, tongue), headings, about, day, tongue)

    with st.container(horizontal=True, vertical_alignment="center"):
        downloads.menu(title, every, "audit_log")
        if rows.height == LINES:
            st.caption(_("The latest {count} lines; the download holds all that fit the search.", count=LINES))


def _lines(search: str, limit: int, tongue: Language) -> pl.DataFrame:
    """Return lines of the log in words, newest first; `search` looks for a person or an action, by either name."""
    names = {action: translate(name, tongue) for action, name in ACTIONS.items()}
    meant = [action for action, name in names.items() if search and search.lower() in name.lower()]
    with database.reading() as connection:
        lines = people.log(connection, limit, search, meant)
    rows = [
        (
            line["at"].replace(tzinfo=UTC).astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
            line["who"],
            names.get(line["action"], line["action"]),
            _in_words(json.loads(line["detail"])),
        )
        for line in lines
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(("at", "who", "action", "detail"), pl.String), orient="row")


def _in_words(detail: dict[str, object]) -> str:
    """Return what a line says beside who and what: `unit D1 · months 2025-01..2025-06`."""
    parts = []
    for name, value in detail.items():
        if value in (None, "", [], {}):
            continue
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        parts.append(f"{name} {text}")
    return " · ".join(parts)
