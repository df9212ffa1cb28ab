"""The hand-in itself: files in, preview and faults out, one click to store."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import streamlit as st

from data import database, findings, importer, layout, mappings, people, reader, silence, tables
from data import templates as empty
from data.faults import Fault
from data.headers import HeaderMapping
from data.importer import ImportResult
from data.marking import marked
from data.silence import attempted
from pages.shared.view import View
from pages.shared.words import _, language, table_name
from queries import holding

Upload = tuple[str, bytes]
TAKEN = "mapping_taken"  # the upload whose columns are to be mapped
UNFIT = (layout.UNKNOWN_TABLE, layout.NO_HEADER, layout.SEVERAL_TABLES, layout.MISSING_COLUMN)
ENDINGS = ["csv", "txt", "xlsx", "xls", "ods", "et"]
FAULTS_SHOWN = 200  # what a person works through before handing in again; the download has the first thousand


def draw(seen: View) -> None:
    """Draw the drop zone, the preview and the button that stores."""
    most = limits()
    dropped = st.file_uploader(
        _("Drop ledgers here"),
        type=ENDINGS,
        accept_multiple_files=True,
        key="hand_in_files",
        help=_(
            "CSV (UTF-8 or GBK), XLSX, XLS or ODS; up to {files} files of {size} MB each. Chinese or English headers.",
            files=most.files,
            size=most.size // reader.MEGABYTE,
        ),
    )
    if done := st.session_state.pop("hand_in_done", None):
        st.success(done, icon=":material/task_alt:")
    if failed := st.session_state.pop("hand_in_failed", None):
        st.error(failed, icon=":material/cloud_off:")
    if not dropped:
        st.caption(_("A file's table is told by its name or its headers; a workbook may hold several tables."))
        return
    uploads = [(file.name, file.getvalue()) for file in dropped]
    move = st.checkbox(
        _("Rows may move to another unit"),
        key="hand_in_move",
        help=_("Without it a known number under another unit is a fault: two units may number alike."),
    )
    other = _other_system()
    result = preview(seen, uploads, move, other)
    counts(result)
    if result.refused:
        st.error(findings.verdict(result, language()), icon=":material/block:")
    elif result.unchanged:
        st.info(findings.verdict(result, language()), icon=":material/check:")
    else:
        st.button(
            _("Store"),
            type="primary",
            icon=":material/save:",
            key="hand_in_store",
            on_click=_store,
            args=(seen.viewer.email, _units(seen), uploads, move, other),
        )
    if foreign := _foreign(result, uploads):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(_("{name} does not have our headers. Was it written by another system?", name=foreign[0]))
            st.button(
                _("Say what its columns mean"),
                icon=":material/schema:",
                key="hand_in_map",
                on_click=_map,
                args=(foreign,),
            )
    faults(result, uploads)


def _other_system() -> HeaderMapping | None:
    """Draw the choice of a saved mapping, where there is any, and return the one chosen."""
    names = mappings.known()
    if not names:
        return None
    chosen = st.selectbox(
        _("Written by another system"),
        names,
        index=None,
        key="hand_in_mapping",
        placeholder=_("no: our own headers"),
        width=360,
    )
    if chosen not in names:
        return None
    with database.reading() as connection:
        return mappings.load(connection, chosen)


def _foreign(result: ImportResult, uploads: Sequence[Upload]) -> Upload | None:
    """Return the first upload whose headers are none of ours, if any."""
    strange = {fault.file for fault in result.faults if fault.rule in UNFIT}
    return next((upload for upload in uploads if upload[0] in strange), None)


def _map(upload: Upload) -> None:
    """Go on with an upload where its columns are mapped."""
    st.session_state[TAKEN] = upload
    st.session_state["hand_in_tab"] = _("Other systems")


def limits() -> reader.Limits:
    """Return what one upload may take, as the server is set."""
    return reader.upload_limits(int(st.get_option("server.maxUploadSize")))


def _units(seen: View) -> list[str] | None:
    """Return the units whose rows this person may hand in; None for all."""
    return list(seen.units) if seen.viewer.units else None


def preview(seen: View, uploads: Sequence[Upload], move: bool, other: HeaderMapping | None = None) -> ImportResult:
    """Check the files without storing, once per set of files, mapping and version of the data."""
    digest = hashlib.sha256(b"".join(name.encode() + content for name, content in uploads)).hexdigest()
    key = (digest, move, seen.snapshot.version, seen.viewer.email, repr(other))
    kept = st.session_state.get("hand_in_preview")
    if kept is None or kept[0] != key:
        with st.status(_("Checking the files …"), expanded=False) as status:
            result = attempted(
                lambda: importer.import_files(
                    uploads,
                    by=seen.viewer.email,
                    dry_run=True,
                    allow_move=move,
                    allowed_units=_units(seen),
                    mapping=other,
                    limits=limits(),
                    progress=_telling(status.update),
                ),
                importer.unstored,
            )
            status.update(label=_("Checked"), state="complete")
        kept = (key, result)
        if not silent(result):  # it may answer at the next click
            st.session_state["hand_in_preview"] = kept
    result = kept[1]
    assert isinstance(result, ImportResult)
    return result


def silent(result: ImportResult) -> bool:
    """Return whether the database took no part."""
    return any(fault.rule in (silence.FULL, silence.SILENT) for fault in result.faults)


def _telling(update: Callable[..., None]) -> Callable[[str, int, int], None]:
    def told(name: str, rows: int, of: int) -> None:
        update(label=_("{name}: {rows} of {of} rows", name=name, rows=f"{rows:,}", of=f"{of:,}"))

    return told


def _store(
    email: str, units: list[str] | None, uploads: Sequence[Upload], move: bool, other: HeaderMapping | None
) -> None:
    result = attempted(
        lambda: importer.import_files(
            uploads, by=email, allow_move=move, allowed_units=units, limits=limits(), mapping=other
        ),
        importer.unstored,
    )
    if silent(result):
        st.session_state["hand_in_failed"] = next(iter(result.faults)).text(language())
    elif not result.refused:
        people.audit(None, email, "import", {"import": result.import_id, "files": [name for name, _content in uploads]})
        # Whoever handed in sees the figures move at once; everybody else at their next click.
        holding.reload()
        st.session_state["hand_in_done"] = findings.verdict(result, language())
    st.session_state.pop("hand_in_preview", None)


def counts(result: ImportResult) -> None:
    """List how many rows of each table are new, changed and unchanged."""
    if not result.counts:
        return
    st.dataframe(
        pl.DataFrame(
            {
                "table": [table_name(name) for name in result.counts],
                "new": [rows.new for rows in result.counts.values()],
                "changed": [rows.changed for rows in result.counts.values()],
                "unchanged": [rows.unchanged for rows in result.counts.values()],
            }
        ),
        hide_index=True,
        column_config={"table": _("Table"), "new": _("New"), "changed": _("Changed"), "unchanged": _("Unchanged")},
    )


def faults(result: ImportResult, uploads: Sequence[Upload]) -> None:
    """Draw faults, warnings and notes, and the ways to take them along."""
    found = list(findings.all_findings(result))
    if not found:
        return
    shown = _table(found[:FAULTS_SHOWN])
    # What no finding has takes no room: the rule is what is read.
    shown = shown.select(column.name for column in shown if column.null_count() < len(column))
    st.dataframe(shown, hide_index=True, width="stretch", column_config=_headings(), placeholder="")
    if len(found) > FAULTS_SHOWN:
        st.caption(_("The first {n} are shown; the list to download has more.", n=FAULTS_SHOWN))
    tongue = language()
    with st.container(horizontal=True):
        st.download_button(
            _("The list as CSV"),
            data=lambda: findings.as_csv(result, tongue).encode(),
            file_name="faults.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/download:",
            key="faults_csv",
        )
        for place, (name, content) in enumerate(uploads):
            if any(fault.file == name and fault.row for fault in result.faults):
                st.download_button(
                    _("{name} with its faults marked", name=name),
                    data=_marking(name, content, list(result.faults), tongue),
                    file_name=f"{name.rsplit('.', 1)[0]}-marked.xlsx",
                    on_click="ignore",
                    icon=":material/edit_note:",
                    key=f"faults_marked_{place}",
                )


def _marking(name: str, content: bytes, found: list[Fault], tongue: str) -> Callable[[], bytes]:
    return lambda: marked(name, content, found, tongue) or content


def _table(found: Sequence[Fault]) -> pl.DataFrame:
    tongue = language()
    return pl.DataFrame(
        {
            "severity": [_(findings.SEVERITIES[one.severity]) for one in found],
            "file": [one.file for one in found],
            "sheet": [one.sheet for one in found],
            "row": [one.row for one in found],
            "column": [one.header(tongue) for one in found],
            "value": [None if one.value is None else str(one.value) for one in found],
            "rule": [one.text(tongue) for one in found],
        },
        schema={
            "severity": pl.String, "file": pl.String, "sheet": pl.String, "row": pl.Int64, "column": pl.String,
            "value": pl.String, "rule": pl.String,
        },
    )  # fmt: skip


def _headings() -> dict[str, Any]:
    return {
        "severity": st.column_config.TextColumn(_("Severity"), width="small"),
        "file": st.column_config.TextColumn(_("File"), width="medium"),
        "sheet": st.column_config.TextColumn(_("Sheet"), width="small"),
        "row": st.column_config.NumberColumn(_("Row"), width="small", format="%d"),
        "column": st.column_config.TextColumn(_("Column"), width="small"),
        "value": st.column_config.TextColumn(_("Value"), width="small"),
        "rule": st.column_config.TextColumn(_("Rule and remedy"), width="large"),
    }


def templates(seen: View) -> None:
    """Offer the empty workbooks, with the person's own units, lists and notes in them."""
    st.caption(_("Each workbook has the columns, drop-downs for coded cells, your units' codes, notes and examples."))
    tongue = language()
    codes = seen.units
    units = seen.snapshot.units.filter(pl.col("branch_id").is_in(codes)).select("branch_id", "name")
    st.download_button(
        _("All templates (ZIP)"),
        data=lambda: _all_templates(tongue, units),
        file_name="templates.zip",
        mime="application/zip",
        on_click="ignore",
        icon=":material/folder_zip:",
        key="templates_zip",
    )
    with st.grid(4, min_column_width=220, gap="small"):
        for table in tables.TABLES:
            st.download_button(
                table.zh if tongue == "zh" else table.name,
                data=_template(table, tongue, units),
                file_name=f"{table.zh}.xlsx",
                on_click="ignore",
                icon=":material/table:",
                key=f"template_{table.name}",
                width="stretch",
            )


def _template(table: tables.Table, tongue: str, units: pl.DataFrame) -> Callable[[], bytes]:
    return lambda: empty.workbook(table, tongue, units)


def _all_templates(tongue: str, units: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in tables.TABLES:
            archive.writestr(f"{table.zh}.xlsx", empty.workbook(table, tongue, units))
    return out.getvalue()
