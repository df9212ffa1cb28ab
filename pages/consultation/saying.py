"""What the page says of something entered: each fault on a line of its own."""

from __future__ import annotations

import streamlit as st

from data.importer import ImportResult
from pages.shared.view import View
from queries import holding


def told(result: ImportResult, seen: View) -> bool:
    """Say what is wrong with what was entered; return whether it was stored, and is there for whoever entered it."""
    for fault in result.faults:
        st.error(fault.line(seen.language))
    if not result.refused:
        holding.reload()
    return not result.refused
