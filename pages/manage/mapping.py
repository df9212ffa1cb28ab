"""Files of other systems: what their headers and values mean among our columns and codes; saved by name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC
from typing import Any

import polars as pl
import streamlit as st

from data import clock, database, mappings, reader, similar, tables
from data.headers import HeaderMapping
from pages.manage import handing
from pages.shared.view import View
from pages.shared.words import _, column_name, language, table_name

_LOOK, _DONE = "mapping_look", "mapping_done"
EXAMPLES = 3  # values that show what stands below a header


def draw(seen: View) -> None:
    """Draw the saved mappings, and the steps that make one: file, headers, values, preview, name."""
    st.caption(
        _(
            "Office, hotline and personnel systems call things otherwise. Say once what their headers and values mean, "
            "save it by name, and hand in their files as they are."
        )
    )
    if done := st.session_state.pop(_DONE, None):
        st.success(done, icon=":material/task_alt:")
    _saved(seen)
    dropped = st.file_uploader(_("A file of the other system"), key="mapping_file")
    upload = (dropped.name, dropped.getvalue()) if dropped else st.session_state.get(handing.TAKEN)
    if not upload:
        return
    digest = hashlib.sha256(upload[1]).hexdigest()[:12]
    sheet = _sheet(upload, digest)
    if sheet is None:
        return
    made = _columns(sheet, digest)
    made = _codes(seen, sheet, made, digest)
    if _preview(seen, upload, made):
        _save(seen, made, upload[0])


def _saved(seen: View) -> None:
    with database.reading() as connection:
        known = mappings.listed(connection)
    if not known:
        return
    st.dataframe(
        pl.DataFrame(
            {
                "name": [one["name"] for one in known],
                "table": [table_name(one["table_name"]) for one in known],
                "by": [one["by"] for one in known],
                "at": [one["at"].replace(tzinfo=UTC).astimezone(clock.SHANGHAI).strftime("%Y-%m-%d") for one in known],
            }
        ),
        hide_index=True,
        column_config={"name": _("Name"), "table": _("Table"), "by": _("Who"), "at": _("When")},
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = [one["name"] for one in known]
        gone = st.selectbox(
            _("Forget a mapping"), names, index=None, key="mapping_gone", placeholder=_("Name"), width=260
        )
        if gone in names:
            st.button(_("Forget"), key="mapping_forget", on_click=_forget, args=(gone, seen.viewer.email))


def _forget(name: str, by: str) -> None:
    with database.writing() as connection:
        mappings.remove(connection, name, by)
    st.session_state.pop("mapping_gone", None)


def _sheet(upload: handing.Upload, digest: str) -> reader.Sheet | None:
    """Read what stands in the file, once, and return the sheet that somebody chose."""
    kept = st.session_state.get(_LOOK)
    if kept is None or kept[0] != digest:
        with st.spinner(_("Reading the file …")):
            kept = (digest, *reader.look(*upload, limits=handing.limits()))
        st.session_state[_LOOK] = kept
    sheets, faults = kept[1], kept[2]
    for fault in faults:
        st.error(fault.line(language()))
    if not sheets:
        return None
    names = {at: sheet.name or upload[0] for at, sheet in enumerate(sheets)}
    if len(sheets) == 1:
        return sheets[0]
    at = st.selectbox(_("Sheet"), list(names), format_func=names.__getitem__, key=f"mapping_sheet_{digest}", width=360)
    return sheets[at]


def _columns(sheet: reader.Sheet, digest: str) -> HeaderMapping:
    """Draw the headers with what they probably mean, to be changed; return what they mean now."""
    names = [table.name for table in tables.TABLES]
    table = st.selectbox(
        _("It is a ledger of"),
        names,
        index=names.index(similar.table_for(sheet.columns)),
        format_func=table_name,
        key=f"mapping_table_{digest}_{sheet.name}",
        width=360,
    )
    suggested = similar.columns_for(sheet.columns, table)
    labels = {column.name: column_name(column) for column in tables.BY_NAME[table].columns}
    rows = pl.DataFrame(
        {
            "header": list(sheet.columns),
            "column": pl.Series([suggested.get(header) for header in sheet.columns], dtype=pl.String),
            "examples": [" · ".join(said[:EXAMPLES]) for said in sheet.columns.values()],
        }
    )
    chosen: Any = st.data_editor(
        rows,
        hide_index=True,
        width="stretch",
        height="content",
        disabled=["header", "examples"],
        key=f"mapping_columns_{digest}_{sheet.name}_{table}",
        placeholder="",
        column_config={
            "header": st.column_config.TextColumn(_("Header in the file")),
            "examples": st.column_config.TextColumn(_("For example"), width="large"),
            "column": st.column_config.SelectboxColumn(
                _("Our column"), options=list(labels), format_func=lambda name: labels[str(name)]
            ),
        },
    )
    pairs = zip(chosen["header"], chosen["column"], strict=True)
    return HeaderMapping(table, {header: column for header, column in pairs if column in labels})


def _codes(seen: View, sheet: reader.Sheet, made: HeaderMapping, digest: str) -> HeaderMapping:
    """Draw, for each column with codes of ours, the foreign values with what they probably mean."""
    codes: dict[str, Mapping[str, str]] = {}
    for column in similar.translated(made):
        header = next(header for header, name in made.columns.items() if name == column.name)
        # Another system calls units by their Chinese names, whatever language its reader speaks.
        units = {} if column.codes else {one: seen.snapshot.name(one, "zh") for one in seen.units}
        foreign = similar.unmapped(sheet.columns[header], column, units)
        if not foreign:
            continue
        suggested = similar.codes_for(foreign, column, units)
        own = {one: seen.snapshot.name(one, seen.language) for one in units}
        labels = own or {code: zh if language() == "zh" else code for code, zh in column.codes}
        st.markdown(f"**{column_name(column)}**")
        chosen: Any = st.data_editor(
            pl.DataFrame(
                {"said": foreign, "code": pl.Series([suggested.get(value) for value in foreign], dtype=pl.String)}
            ),
            hide_index=True,
            height="content",
            disabled=["said"],
            key=f"mapping_codes_{digest}_{sheet.name}_{made.table}_{column.name}_{header}",
            placeholder="",
            column_config={
                "said": st.column_config.TextColumn(_("Value in the file")),
                "code": st.column_config.SelectboxColumn(
                    _("Means"), options=list(labels), format_func=_labelling(labels), width="large"
                ),
            },
        )
        pairs = zip(chosen["said"], chosen["code"], strict=True)
        codes[column.name] = {said: code for said, code in pairs if code in labels}
    return HeaderMapping(made.table, made.columns, codes)


def _labelling(labels: Mapping[str, str]) -> Any:
    return lambda code: labels[str(code)]


def _preview(seen: View, upload: handing.Upload, made: HeaderMapping) -> bool:
    """Say what the file would be by this mapping, storing nothing; return whether all required columns are there."""
    declared = tables.BY_NAME[made.table]
    missing = [declared.column(name) for name in declared.required if name not in made.columns.values()]
    if missing:
        names = ("、" if language() == "zh" else ", ").join(column_name(column) for column in missing)
        st.error(_("No header of the file stands for: {names}. These columns are required.", names=names))
        return False
    result = handing.preview(seen, [upload], False, made)
    handing.counts(result)
    handing.faults(result, [upload])
    if not result.refused:
        st.success(_("The file can be read by this mapping."), icon=":material/task_alt:")
    return True


def _save(seen: View, made: HeaderMapping, file: str) -> None:
    with st.form("mapping_save", border=False):
        name = st.text_input(_("Save the mapping as"), value=file.rsplit(".", 1)[0], key="mapping_name", width=360)
        if st.form_submit_button(_("Save"), type="primary", key="mapping_store") and name.strip():
            with database.writing() as connection:
                mappings.save(connection, name.strip(), made, seen.viewer.email)
            st.session_state.pop(handing.TAKEN, None)
            st.session_state[_DONE] = _("Saved as {name}; choose it when handing in.", name=name.strip())
            st.rerun()
