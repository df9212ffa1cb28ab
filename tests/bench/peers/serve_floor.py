"""Serves the floor as the dashboard is served: `python -m tests.bench.peers.serve_floor PORT`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import streamlit as st
import uvicorn

from pages.shared import warming
from server import listening
from tests.bench.peers.drawing import pages


def main(port: int) -> None:
    """Import what the dashboard imports before its first visitor, read the recorded pages, serve until stopped."""
    for module in (*warming.MODULES, *warming.beside_pages()):
        importlib.import_module(module)
    pages()
    app = st.App(Path(__file__).parent / "floor.py")
    served = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        ws="websockets-sansio",
        ws_per_message_deflate=bool(st.get_option("server.enableWebsocketCompression")),
        proxy_headers=False,
    )
    uvicorn.Server(served).run(sockets=[listening("127.0.0.1", port)])


if __name__ == "__main__":
    main(int(sys.argv[1]))
