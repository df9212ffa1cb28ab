"""Promises in words: what became of each, whether its number really moved, and the table that shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl
import polars.selectors as cs
import streamlit as st

from data.words import mark, translate
from pages.shared import downloads, formats
from pages.shared.keeping import kept, sent
from pages.shared.view import View
from pages.shared.words import Language, _, code_label, metric_name
from queries import ledger, metrics
from queries.errors import QueryError

PAGE = 20  # promises read aloud at one sitting; the rest a click away
ROW_HEIGHT = 36  # pixels
STATES: Mapping[str, str] = {
    "overdue": mark("Overdue, not done"),
    "due": mark("Still in time"),
    "done_late": mark("Done late"),
    "done": mark("Done in time"),
}
SIGNS = {"overdue": "!", "due": "…", "done_late": "✓", "done": "✓"}
EFFECTS: Mapping[str, str] = {
    "improved": mark("changed: better"),
    "worsened": mark("changed: worse"),
    "moved": mark("changed"),
    "unchanged": mark("unchanged: no more than chance"),
    "too_early": mark("too early to tell"),
}


def called(words: Mapping[str, str], key: object, of: Language) -> str:
    """Return what a code of ours is called."""
    return translate(words[str(key)], of)


def state(row: Mapping[str, object], of: Language) -> str:
    """Return what became of a promise: “Overdue, not done · by 31 days”."""
    word = f"{SIGNS[str(row['state'])]} {called(STATES, row['state'], of)}"
    days = row["days"]
    if isinstance(days, int):
        told = formats.days(abs(days), of)
        rest = (
            translate(mark("by {days}"), of, days=told) if days < 0 else translate(mark("{days} left"), of, days=told)
        )
        return f"{word} · {rest}"
    return word


def effect(row: Mapping[str, object], of: Language) -> str:
    """Return whether the promise's metric really changed since, with its level before and after; “–” without one."""
    if not row["metric"]:
        return formats.MISSING
    name = measure(str(row["metric"]), of)
    if row["effect"] is None:
        return name
    told = f"{name} {called(EFFECTS, row['effect'], of)}"
    unit = metrics.find(str(row["metric"]).partition(":")[0]).unit
    before, after = row["before"], row["after"]
    if row["effect"] != "too_early" and isinstance(before, float) and isinstance(after, float):
        told += f" ({formats.value(unit, before, of)} → {formats.value(unit, after, of)})"
    aim = row.get("target")
    if isinstance(aim, float):
        told += translate(mark(", aim {value}"), of, value=formats.value(unit, aim, of))
    return told


def measure(metric: str, of: Language) -> str:
    """Return the name of a promise's metric; as it was written where there is none of that name."""
    try:
        return metric_name(metric.partition(":")[0], of)
    except QueryError:
        return metric


def worded(seen: View, rows: pl.DataFrame) -> pl.DataFrame:
    """Return a ledger's rows, with effects, under the headings a person reads."""
    listed = rows.to_dicts()
    names = {unit: seen.snapshot.name(unit, seen.language) for unit in rows["branch_id"].unique()}
    categories = [code_label("category", row["category"]) if row["category"] else "" for row in listed]
    return pl.DataFrame(
        {
            _("State"): pl.Series([state(row, seen.language) for row in listed], dtype=pl.String),
            _("Promise"): rows["topic"],
            _("Since the promise"): pl.Series([effect(row, seen.language) for row in listed], dtype=pl.String),
            _("Due on"): rows["due_on"],
            _("Done on"): rows["done_on"],
            _("How it is known"): rows["evidence"].fill_null(""),
            _("Owner"): rows["owner"],
            _("Unit"): rows["branch_id"].replace_strict(names, return_dtype=pl.String),
            _("Category"): pl.Series(categories, dtype=pl.String),
            _("Promised at"): rows["meeting"],
            _("Promised on"): rows["held_on"],
            _("Number"): rows["commitment_id"],
        }
    )


def table(seen: View, rows: pl.DataFrame, key: str) -> None:
    """Draw a page of the ledger, the way to the others, and the download of all of it."""
    if rows.is_empty():
        st.caption(_("No promises here."))
        return
    pages = -(-rows.height // PAGE)
    page = min(st.session_state.get(f"{key}_page", 0), pages - 1)
    shown = _page(seen, rows, page)
    st.dataframe(
        sent(seen, shown),
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=(shown.height + 1) * ROW_HEIGHT + 3,
        column_config={name: st.column_config.TextColumn(name, width=300) for name in (_("Since the promise"),)},
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            _(
                "{first}–{last} of {total}",
                first=formats.count(page * PAGE + 1, whole=True),
                last=formats.count(page * PAGE + shown.height, whole=True),
                total=formats.count(rows.height, whole=True),
            )
        )
        for name, icon, step in ((_("Back"), "chevron_left", -1), (_("Next"), "chevron_right", 1)):
            st.button(
                name, icon=f":material/{icon}:", key=f"{key}_{icon}", on_click=_turn, args=(f"{key}_page", page + step),
                type="tertiary", disabled=not 0 <= page + step < pages,
            )  # fmt: skip
        downloads.menu(f"{_('Promise ledger')} · {seen.sentence}", _sheet(seen, rows), f"{key}_download")


@kept
def _page(seen: View, rows: pl.DataFrame, page: int) -> pl.DataFrame:
    """Return a page of the ledger in words."""
    part = rows.slice(page * PAGE, PAGE)
    return dated(worded(seen, ledger.with_effects(seen.viewer, seen.filters, part, seen.snapshot)))


def dated(shown: pl.DataFrame) -> pl.DataFrame:
    """Return a table with its days as 2026-03-31, “–” where there is none yet."""
    return shown.with_columns(cs.date().dt.to_string("%Y-%m-%d").fill_null(formats.MISSING))


def _turn(key: str, page: int) -> None:
    st.session_state[key] = page


@kept
def _called(seen: View, rows: pl.DataFrame) -> tuple[list[str], dict[str, str], dict[str, str]]:
    """Return the table's headings, and what the units and categories in it are called."""
    headings = worded(seen, ledger.with_effects(seen.viewer, seen.filters, rows.clear(), seen.snapshot)).columns
    units = {unit: seen.snapshot.name(unit, seen.language) for unit in rows["branch_id"].unique()}
    return headings, units, {code: code_label("category", code) for code in rows["category"].drop_nulls().unique()}


def _sheet(seen: View, rows: pl.DataFrame) -> Callable[[], downloads.Sheet]:
    title, sentence, day, tongue = _("Promise ledger"), seen.sentence, seen.snapshot.data_date, seen.language
    names, units, categories = _called(seen, rows)
    viewer, filters, snapshot = seen.viewer, seen.filters, seen.snapshot

    def make() -> downloads.Sheet:
        told = ledger.with_effects(viewer, filters, rows, snapshot)
        listed = told.to_dicts()
        frame = told.select(
            pl.Series("state", [state(row, tongue) for row in listed], dtype=pl.String),
            "topic",
            pl.Series("effect", [effect(row, tongue) for row in listed], dtype=pl.String),
            "due_on",
            "done_on",
            "evidence",
            "owner",
            pl.col("branch_id").replace_strict(units, return_dtype=pl.String),
            pl.col("category").replace_strict(categories, default=None, return_dtype=pl.String),
            "meeting",
            "held_on",
            "commitment_id",
        )
        columns = dict(zip(frame.columns, names, strict=True))
        return downloads.Sheet(title, frame, columns, sentence, day, tongue)

    return make
