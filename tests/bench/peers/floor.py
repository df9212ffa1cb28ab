"""The floor: recorded pages with constant data, tuned like the dashboard itself."""

from tests.bench.peers.drawing import app

app()
