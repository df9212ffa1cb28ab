"""A unit's rows in an editor: which rows, the cells as their columns are, what would change, what is wrong, storing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl
import streamlit as st

from data import corrections, findings, importer, tables
from data.importer import ImportResult
from data.metric_ids import METRIC_IDS
from data.silence import attempted
from data.tables import Column
from pages.shared import view
from pages.shared.view import View
from pages.shared.words import _, code_label, definition_name, language, metric_name
from queries import holding

_OPEN, _DONE, _FAILED = "correct_open", "correct_done", "correct_failed"
EVERYWHERE = ""  # the unit of notes that hold for the whole enterprise
ROWS_WHOLE = 14  # so many rows stand on the page whole; more scroll within the editor
ROW, HEAD = 35, 40  # pixels of a row and of the header, as the editor draws them

# What a column's codes are called.
CODES = {
    ("notices", "kind"): "notice_kind",
    ("contracts", "kind"): "contract_kind",
    ("annotations", "kind"): "annotation_kind",
}
# A clerk looks for what is new: the latest rows stand first.
NEWEST = {"headcounts": "month", "targets": "year", "notices": "published_on", "contracts": "signed_on",
          "annotations": "on_date"}  # fmt: skip


@dataclass(frozen=True)
class Opened:
    """The rows somebody has open: which, as they were when they were loaded, and how often they were loaded."""

    table: str
    unit: str
    number: int
    seen: pl.DataFrame

    @property
    def branch(self) -> str | None:
        """The unit as it is stored: none for what holds for the whole enterprise."""
        return self.unit or None


def choose(seen: View) -> Opened:
    """Draw the choice of ledger and unit, and return their rows as they stood when they were chosen."""
    names = {name: _table(name) for name in corrections.CORRECTED}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        table = st.segmented_control(
            _("Ledger"),
            corrections.CORRECTED,
            default=corrections.CORRECTED[0],
            required=True,
            format_func=names.__getitem__,
            key="correct_table",
        )
        table = table if table in names else corrections.CORRECTED[0]
        units = {unit: seen.snapshot.name(unit, seen.language) for unit in seen.units}
        if table == "annotations" and not seen.viewer.units:
            units = {EVERYWHERE: _("The whole enterprise"), **units}
        unit = st.selectbox(
            _("Unit"), list(units), format_func=lambda one: units.get(one, one), key="correct_unit", width=360
        )
    unit = unit if unit in units else next(iter(units))
    if done := st.session_state.pop(_DONE, None):
        st.success(done, icon=":material/task_alt:")
    for failed in st.session_state.pop(_FAILED, []):
        st.error(failed, icon=":material/block:")
    held = st.session_state.get(_OPEN)
    if not isinstance(held, Opened) or (held.table, held.unit) != (table, unit):
        number = held.number + 1 if isinstance(held, Opened) else 0
        rows = corrections.rows_of(table, unit or None)
        held = Opened(table, unit, number, rows.sort(NEWEST[table], descending=True, maintain_order=True))
        st.session_state[_OPEN] = held
    return held


def _table(name: str) -> str:
    words = {
        "headcounts": _("Headcounts"),
        "targets": _("Targets"),
        "notices": _("Notices"),
        "contracts": _("Contracts"),
        "annotations": _("Notes on figures"),
    }
    return words[name]


def reopen() -> None:
    """Let go of the rows that are open, so that they are read again; what was typed is dropped."""
    held = st.session_state.get(_OPEN)
    if isinstance(held, Opened):
        st.session_state[_OPEN] = Opened("", "", held.number, held.seen)


def history() -> None:
    """Open the history of hand-ins."""
    st.session_state["hand_in_tab"] = _("History")
    view.go("hand-in")


def editor(seen: View, opened: Opened) -> pl.DataFrame:
    """Draw the rows to be edited and return them as they are now."""
    shown = opened.seen.select(column.name for column in corrections.columns(opened.table))
    height: Any = "content" if shown.height <= ROWS_WHOLE else HEAD + ROWS_WHOLE * ROW
    made: Any = st.data_editor(
        shown,
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        height=height,
        key=f"correct_rows_{opened.number}",
        column_config={column.name: _cell(opened.table, column) for column in corrections.columns(opened.table)},
        placeholder="",
        alt=_("{ledger} of {unit}", ledger=_table(opened.table), unit=_unit(seen, opened)),
    )
    assert isinstance(made, pl.DataFrame)  # what came in, as it came in
    return made


def _unit(seen: View, opened: Opened) -> str:
    return seen.snapshot.name(opened.unit, seen.language) if opened.unit else _("The whole enterprise")


def _cell(table: str, column: Column) -> Any:
    """Return how a column's cells are shown and typed; what may stand in them is the rules' to say."""
    if column.name == corrections.NUMBERED.get(table):
        return None
    head = _header(column) + ("*" if column.required else "")
    if column.codes:
        names = {code: code_label(CODES[table, column.name], code) for code, _zh in column.codes}
        return st.column_config.SelectboxColumn(head, options=list(names), format_func=lambda code: names[str(code)])
    if column.name == "metric":
        metrics = {one: _metric(one) for one in METRIC_IDS}
        return st.column_config.SelectboxColumn(
            head, options=list(metrics), format_func=lambda one: metrics[str(one)], width="large"
        )
    if column.kind == "date":
        return st.column_config.DateColumn(head, format="YYYY-MM-DD")
    if column.kind in ("int", "number"):
        plain = "%d" if column.kind == "int" else None
        return st.column_config.NumberColumn(head, format=plain, step=1 if column.kind == "int" else None)
    wide = column.name in ("title", "text")
    return st.column_config.TextColumn(head, width="large" if wide else None, help=_help(column))


def _header(column: Column) -> str:
    return column.zh if language() == "zh" else column.name.replace("_", " ").capitalize()


def _help(column: Column) -> str | None:
    return _("Like 2025-03") if column.kind == "month" else None


def _metric(one: str) -> str:
    metric, _colon, definition = one.partition(":")
    if not definition:
        return metric_name(metric)
    return _("{metric} ({definition})", metric=metric_name(metric), definition=definition_name(metric, definition))


def checked(seen: View, opened: Opened, left: pl.DataFrame) -> ImportResult:
    """Hold the rows against every rule, storing nothing, and say how many would change."""
    result = _correct(seen, opened, left, dry_run=True)
    counts = result.counts.get(opened.table)
    if result.refused:
        st.error(findings.verdict(result, language()), icon=":material/block:")
    elif counts is None or not counts.written:
        st.caption(_("Nothing has been changed yet."))
    else:
        st.info(
            _(
                "{new} new, {changed} changed, {removed} taken away",
                new=counts.new,
                changed=counts.changed,
                removed=counts.removed,
            ),
            icon=":material/edit_note:",
        )
    return result


def _correct(seen: View, opened: Opened, left: pl.DataFrame, dry_run: bool = False) -> ImportResult:
    allowed = list(seen.units) if seen.viewer.units else None
    return attempted(
        lambda: corrections.correct(
            opened.table,
            opened.branch,
            opened.seen,
            left,
            by=seen.viewer.email,
            allowed_units=allowed,
            dry_run=dry_run,
        ),
        importer.unstored,
    )


def store(seen: View, opened: Opened, left: pl.DataFrame, result: ImportResult) -> None:
    """Draw the button that stores, where there is something to store, and store."""
    ready = not result.refused and not result.unchanged
    if not st.button(_("Store"), type="primary", icon=":material/save:", key="correct_store", disabled=not ready):
        return
    stored = _correct(seen, opened, left)
    if stored.refused:
        st.session_state[_FAILED] = [fault.text(language()) for fault in stored.faults]
    else:
        # Whoever corrects sees the figures move at once; everybody else at their next click.
        holding.reload()
        st.session_state[_DONE] = findings.verdict(stored, language())
        reopen()
    st.rerun()


def faults(result: ImportResult) -> None:
    """List what is wrong: the row as it stands in the editor, the column, the value, the rule and its remedy."""
    found = list(findings.all_findings(result))
    if not found:
        return
    rows = pl.DataFrame(
        {
            "severity": [_(findings.SEVERITIES[one.severity]) for one in found],
            "row": [one.row for one in found],
            "column": [_header(tables.BY_NAME[one.table].column(one.field)) if one.table and one.field else ""
                       for one in found],
            "value": ["" if one.value is None else str(one.value) for one in found],
            "rule": [one.text(language()) for one in found],
        },
        schema={"severity": pl.String, "row": pl.Int64, "column": pl.String, "value": pl.String, "rule": pl.String},
    )  # fmt: skip
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        column_config={
            "severity": st.column_config.TextColumn(_("Severity"), width="small"),
            "row": st.column_config.NumberColumn(_("Row"), width="small", format="%d"),
            "column": st.column_config.TextColumn(_("Column"), width="small"),
            "value": st.column_config.TextColumn(_("Value"), width="small"),
            "rule": st.column_config.TextColumn(_("Rule and remedy"), width="large"),
        },
    )
