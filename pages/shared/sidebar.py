"""Beside the page: the product's name above the navigation, below it the language and who is looking."""

from __future__ import annotations

from html import escape

import streamlit as st

from data.words import mark
from pages.shared import people, theme, view
from pages.shared.filter_bar import RESET
from pages.shared.navigation import PRODUCT, ROOT
from pages.shared.people import Person
from pages.shared.words import Language, _

OWN_NAMES: dict[Language, str] = {"zh": "中文", "en": "English"}


MARK = (ROOT / "pages" / "shared" / "mark.svg").read_text("utf-8")
_INSET = MARK.replace("<svg ", '<svg width="30" height="30" y="1" ')


def brand() -> str:
    """Return mark and name as one picture in the colours of the mode."""
    name, colours = _(PRODUCT), theme.palette()
    width = 44 + sum(17 if ord(letter) > 0x2E80 else 9 for letter in name)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 32" width="{width}" height="32">'
        f"{_INSET}"
        f'<text x="40" y="22" font-size="17" font-weight="600" fill="{colours.text}" font-family="{theme.FONT}">'
        f"{name}</text></svg>"
    )


def draw(person: Person, language: Language) -> None:
    """Draw the name, the language switch and the visitor's name, or in the demo the switch “view as”."""
    st.logo(brand(), size="large", icon_image=MARK)
    with st.sidebar:
        if st.session_state.get("side_language") != language:
            st.session_state["side_language"] = language
        st.segmented_control(
            _("Language"),
            list(OWN_NAMES),
            key="side_language",
            format_func=OWN_NAMES.__getitem__,
            required=True,
            on_change=lambda: view.change(lang=st.session_state["side_language"]),
        )
        people.switch(person)
        _keys()


# What the keyboard does, as it stands in the list.
KEYS = (
    (mark("Tab, Shift + Tab"), mark("next and previous control")),
    (mark("Enter, Space"), mark("open or press it")),
    (mark("↑ ↓, or letters"), mark("choose in a list")),
    (mark("Esc"), mark("close what is open")),
    (RESET, mark("back to the usual period and all units")),
    (mark("Ctrl + P"), mark("the page on A4 paper")),
)


def _keys() -> None:
    """Draw the list of keys, made when it is opened."""
    panel = st.popover(_("Keyboard"), type="tertiary", icon=":material/keyboard:", key="side_keys", on_change="rerun")
    if panel.open:
        rows = "".join(f"<dt>{escape(_(key))}</dt><dd>{escape(_(what))}</dd>" for key, what in KEYS)
        panel.html(f'<div class="d-define"><dl>{rows}</dl></div>')
