"""What stands where a figure or a page cannot: nothing there, too small a group, no answer, late data, no rights."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

import streamlit as st
from babel.dates import format_datetime

from data.visitors import SHANGHAI
from data.words import mark
from pages.shared import formats
from pages.shared.words import DIMENSION_NAMES, _, code_label, language
from queries.disclosure import minimum_group

if TYPE_CHECKING:
    from pages.shared.view import View


def _panel(sign: str, title: str, text: str, kind: str = "") -> None:
    """Draw one calm panel; texts are escaped."""
    st.html(
        f'<div class="d-state {kind}" role="status"><span class="d-sign" aria-hidden="true">{sign}</span>'
        f"<div><strong>{escape(title)}</strong><p>{escape(text)}</p></div></div>"
    )


def empty(seen: View) -> None:
    """Say that there is nothing for these filters, and name the filter that most likely emptied it."""
    _panel("∅", _("Nothing to show for these filters"), emptied_by(seen))


def emptied_by(seen: View) -> str:
    """Return which filter most likely left nothing, in one sentence."""
    first, last = seen.snapshot.month_range
    start, end = seen.months
    if end < first or start > last:
        return _("There is data from {months} only; choose a period within it.", months=formats.span(first, last))
    chosen = [(dimension, seen.where(dimension)) for dimension in seen.dimensions if seen.where(dimension)]
    if chosen:
        names = [
            f"{_(DIMENSION_NAMES[dimension])}: " + ", ".join(code_label(dimension, code) for code in codes)
            for dimension, codes in chosen
        ]
        return _("The filter {names} leaves nothing; take it off or widen it.", names=" · ".join(names))
    if seen.branch:
        months = formats.span(start, end)
        return _(
            "{place} has nothing recorded in {months}; choose the unit above or a longer period.",
            place=seen.place,
            months=months,
        )
    return _("Nothing was recorded in {months}; choose a longer period.", months=formats.span(start, end))


# Why figures are withheld, by the reason that disclosure control gives (`queries/disclosure.py`).
REASONS = {
    "small": mark("Too few people or cases to show"),
    "complement": mark("Withheld: beside the other figures it would give a small group away"),
    "uniform": mark("Withheld: all or none of a small group"),
    "period": mark("Shown for whole calendar years, quarters or months; choose one"),
    "open": mark("Shown when the month is over"),
    "detail": mark("Finer than your role may see; take a filter off"),
}


def why(reason: str | None) -> str:
    """Return in a few words why a figure is withheld."""
    words = REASONS["small" if reason is None else reason]
    return _(words)


def withheld(count: int, reason: str | None = None) -> None:
    """Say that everything here is withheld, and why."""
    if reason in ("period", "open", "detail"):
        text = _("Figures for other periods and finer groups could be set against these, and would show single people.")
        _panel(formats.MISSING, why(reason), text)
        return
    _panel(formats.suppressed_sign(), why(reason), suppressed_note(count))


def suppressed(count: int = 1) -> None:
    """Say that groups are too small to be shown."""
    st.html(f'<p class="d-note">{escape(suppressed_note(count))}</p>')


def suppressed_note(count: int = 1) -> str:
    """Return why figures read “<5”."""
    return _(
        "{count} shown as “{sign}”: fewer than {least} people or cases, or a difference would give them away.",
        count=count,
        sign=formats.suppressed_sign(),
        least=minimum_group(),
    )


def stale(since: datetime) -> None:
    """Say that the database does not answer, since when, and that the figures are the last known."""
    shown = format_datetime(
        since.astimezone(SHANGHAI), "y-MM-dd HH:mm", locale="zh_Hans_CN" if language() == "zh" else "en_GB"
    )
    _panel(
        "⏸",
        _("The database has not answered since {time}", time=shown),
        _("These are the last figures it gave. They stay; new ledgers appear when it answers again."),
        "d-warn",
    )


def late(units: list[str]) -> None:
    """Say which units have not handed in the last month."""
    _panel(
        "…",
        _("Some units have not handed in the last month yet"),
        _("Missing: {units}. Totals will still rise.", units=", ".join(units)),
        "d-warn",
    )


def error() -> None:
    """Say that something went wrong here, without what: the text could hold what the visitor must not read."""
    _panel(
        "!",
        _("This could not be drawn"),
        _("The fault has been written to the server's log. The other figures are not affected."),
        "d-warn",
    )


def no_rights() -> None:
    """Say that this page or figure is not for the visitor's role."""
    _panel(
        "✕",
        _("Not for your role"),
        _("Your role does not open this. If you need it, ask the administrator of the dashboard."),
    )


def signed_out(*, can_sign_in: bool) -> None:
    """Ask a visitor whom nobody has named to sign in."""
    if can_sign_in:
        _panel("→", _("Please sign in"), _("The dashboard opens for people whom the administrator has entered."))
        st.button(_("Sign in"), type="primary", on_click=st.login)
        return
    _panel(
        "✕",
        _("Nobody has told us who you are"),
        _("Sign-in is not set up on this address. The administrator finds how in the documentation under “Sign-in”."),
    )


def refused(email: str, *, can_sign_out: bool) -> None:
    """Refuse a person who is not in the people table, disabled or expired."""
    _panel(
        "✕",
        _("You have no access"),
        _("{email} is not entered, or no longer. Ask the administrator of the dashboard.", email=email),
    )
    if can_sign_out:
        st.button(_("Sign in as somebody else"), on_click=st.logout)


def unreachable() -> None:
    """Say that nobody can be let in while the database does not answer."""
    _panel(
        "⏸",
        _("The database does not answer"),
        _("So we cannot see who may look. Please try again in a few minutes."),
        "d-warn",
    )
