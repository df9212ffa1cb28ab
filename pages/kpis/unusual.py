"""What is out of the ordinary in grievances, in sentences: a month that surged, a share that shifted for good."""

from __future__ import annotations

import streamlit as st

from pages.kpis import telling
from pages.shared import anatomy, formats, view
from pages.shared.keeping import kept
from pages.shared.view import View
from pages.shared.words import _, code_label
from queries import patterns
from queries.breaks import breaks
from queries.patterns import Shift, Surge

COUNT = "grievances_received"


def panel(seen: View) -> None:
    """Draw the section's title and what is out of the ordinary; each sentence narrows the page to what it is about."""
    anatomy.section(_("What and where?"))
    (_now if told.ready(seen) else _later)()


def _draw() -> None:
    for place, (text, code, value) in enumerate(told(view.current())):
        st.button(
            text,
            key=f"unusual_{place}",
            icon=":material/insights:",
            type="tertiary",
            on_click=view.go,  # the whole page, not this part of it alone
            args=("grievances",),
            kwargs={code: (value,)},
        )


@kept
def told(seen: View) -> tuple[tuple[str, str, str], ...]:
    """Return each sentence with the dimension and code it is about."""
    found = [
        (_surge(one), "category", one.code)
        for one in patterns.surges(seen.viewer, COUNT, "category", seen.filters, seen.snapshot)
    ]
    shift = patterns.shifts(seen.viewer, COUNT, "channel", seen.filters, seen.snapshot)
    if shift is not None:
        found.append((_shift(seen, shift), "channel", shift.code))
    return tuple(found)


# What was worked out before is drawn in its turn; else many months are tested while the rest of the page is there.
_now, _later = st.fragment(_draw), st.fragment(_draw, parallel=True)


def _surge(one: Surge) -> str:
    told = {
        "name": code_label("category", one.code),
        "month": formats.month(one.month),
        "count": formats.count(one.count),
        "expected": formats.count(round(one.expected)),
        "low": formats.count(one.low),
        "high": formats.count(one.high),
    }
    if one.again:
        return _(
            "{name} surged to {count} cases in {month}, where {expected} ({low} to {high}) are usual, and so it did in "
            "{again}: likely to come back every year",
            again=", ".join(formats.month(month) for month in one.again),
            **told,
        )
    return _("{name} surged to {count} cases in {month}, where {expected} ({low} to {high}) are usual", **told)


def _shift(seen: View, one: Shift) -> str:
    text = _(
        "The share of {name} changed from {before} to {after} in {month} (by {low} to {high})",
        name=code_label("channel", one.code),
        before=formats.percent(one.before),
        after=formats.percent(one.after),
        month=formats.month(one.since),
        low=formats.points(one.low),
        high=formats.points(one.high),
    )
    text += (
        _("; the number of all cases shows no lasting change, so the way changed, not how much is raised")
        if one.total is None
        else _("; the number of all cases changed too")
    )
    known = breaks(seen.viewer, COUNT, seen.filters, None, seen.snapshot)
    return text + "".join(telling.noted(seen, near) for near in known if near.month == one.since)
