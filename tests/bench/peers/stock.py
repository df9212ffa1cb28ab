"""The stock peer: recorded pages with constant data on Streamlit's own settings, charts built by Altair each time."""

from tests.bench.peers.drawing import app

app("altair")
