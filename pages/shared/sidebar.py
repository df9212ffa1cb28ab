"""Below the navigation: the language, and who is looking."""

from __future__ import annotations

import streamlit as st

from pages.shared import people, view
from pages.shared.people import Person
from pages.shared.words import Language, _

OWN_NAMES: dict[Language, str] = {"zh": "中文", "en": "English"}


def draw(person: Person, language: Language) -> None:
    """Draw the language switch and the visitor's name, or in the demo the switch “view as”."""
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
