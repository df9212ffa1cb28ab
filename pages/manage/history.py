"""What was handed in: who, when, which files, what it changed row by row, and taking it back."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone
from typing import Any

import polars as pl
import streamlit as st

from data import database, people, tables, undo
from data.silence import attempted
from pages.shared.view import View
from pages.shared.words import _, column_name, language, table_name
from queries import holding

ROWS_SHOWN = 200  # differences listed; what a person looks through
SHOWN = 50  # imports listed; a month of a large enterprise
# Whose rows are single cases or people: only those who may see single cases see what an import did to them.
OF_PEOPLE = ("attendance", "grievances", "suggestions", "survey_answers", "aid_cases", "interests")
SHANGHAI = timezone(timedelta(hours=8))


def draw(seen: View) -> None:
    """Draw the list of imports this person may see, and the differences of the one chosen."""
    with database.reading() as connection:
        records = [one for one in undo.history(connection, SHOWN) if _may_see(seen, one)]
    if not records:
        st.caption(_("Nothing has been handed in yet."))
        return
    chosen = st.dataframe(
        pl.DataFrame([_row(one) for one in records]),
        hide_index=True,
        width="stretch",
        on_select="rerun",
        selection_mode="single-row",
        key="history_table",
        column_config={
            "number": st.column_config.NumberColumn(_("Number"), width="small", format="%d"),
            "at": st.column_config.TextColumn(_("When")),
            "by": st.column_config.TextColumn(_("Who")),
            "files": st.column_config.TextColumn(_("Files"), width="large"),
            "rows": st.column_config.TextColumn(_("New / changed / taken away")),
            "state": st.column_config.TextColumn(_("State")),
        },
    )
    rows = chosen.selection.rows
    if rows:
        _details(seen, records[rows[0]])
    else:
        st.caption(_("Choose a row to see what it changed, or to undo it."))


def _may_see(seen: View, record: dict[str, Any]) -> bool:
    return not seen.viewer.units or record["by"] == seen.viewer.email


def _row(record: dict[str, Any]) -> dict[str, Any]:
    counts = record["counts"].values()
    new, changed, gone = (sum(one.get(name, 0) for one in counts) for name in ("new", "changed", "removed"))
    state = _("undone by {number}", number=record["undone_by"]) if record["undone_by"] else ""
    kinds = {"undo": _("undo"), "demo": _("demo data"), "edit": _("correction")}
    return {
        "number": record["import_id"],
        "at": record["at"].replace(tzinfo=UTC).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M"),
        "by": record["by"],
        "files": ", ".join(file["name"] for file in record["files"]) or kinds.get(record["kind"], ""),
        "rows": f"{new:,} / {changed:,} / {gone:,}",
        "state": state,
    }


def _details(seen: View, record: dict[str, Any]) -> None:
    number = record["import_id"]
    counts = record["counts"].items()
    touched = [name for name, one in counts if any(one.get(what) for what in ("new", "changed", "removed"))]
    if touched:
        table = st.selectbox(
            _("Table"),
            touched,
            format_func=table_name,
            key=f"history_{number}_table",
            width=260,
        )
        if table in OF_PEOPLE and not seen.viewer.sees_cases:
            st.caption(_("Single cases are for the union staff of the unit."))
        else:
            with database.reading(cases_of=seen.units) as connection:
                differences = undo.differences(connection, number, table, ROWS_SHOWN)
            _differences(table, differences)
    if record["undone_by"] is None and record["kind"] in ("import", "edit"):
        st.button(
            _("Undo import {number}", number=number),
            icon=":material/undo:",
            key=f"history_{number}_undo",
            on_click=_undo,
            args=(number, seen.viewer.email),
        )
    for fault in st.session_state.pop("undo_refused", []):
        st.error(fault)


def _differences(table: str, differences: pl.DataFrame) -> None:
    """List rows as they are and, where something changed, as they were; columns that stayed as they were once."""
    words = {"new": _("new row"), "changed": _("changed row"), "removed": _("row taken away")}
    headings: dict[str, Any] = {"change": st.column_config.TextColumn(_("What happened"), width="small")}
    shown = [pl.col("change").replace_strict(words)]
    was = differences.filter(pl.col("change") != "new")
    for column in tables.BY_NAME[table].columns:
        name = column_name(column)
        headings[column.name] = name
        yuan = 100 if column.kind == "money" else 1  # stored in fen
        shown.append(pl.col(column.name) / yuan if yuan > 1 else pl.col(column.name))
        before = f"{column.name}_was"
        if before in was.columns and was.select(pl.col(column.name).ne_missing(pl.col(before)).any()).item():
            headings[before] = _("{column} before", column=name)
            shown.append(pl.col(before) / yuan if yuan > 1 else pl.col(before))
    st.dataframe(differences.select(shown), hide_index=True, width="stretch", column_config=headings)


def _undo(number: int, email: str) -> None:
    result = attempted(lambda: undo.undo(number, by=email), undo.impossible)
    if result.faults:
        st.session_state["undo_refused"] = [fault.text(language()) for fault in result.faults]
        return
    people.audit(None, email, "undo", {"import": number})
    holding.reload()
