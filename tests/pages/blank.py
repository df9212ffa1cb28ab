"""A page that only says what it would ask: what the shell hands to every page."""

import streamlit as st

from pages.shared import anatomy, view

seen = view.current()
anatomy.header("Blank")
st.json({"filters": str(seen.filters), "compare": seen.compare, "language": seen.language, "role": seen.viewer.role})
