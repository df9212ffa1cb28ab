"""The dashboard's server: `python -m server [--host ADDRESS] [--port NUMBER]`, in the office as in the demo.

Streamlit's ASGI app under uvicorn. Everything slow (imports, facts, chart specifications) happens before the first
visitor comes. Address and port otherwise come from `.streamlit/config.toml` or STREAMLIT_SERVER_ADDRESS / _PORT.
"""

from __future__ import annotations

import argparse
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
import uvicorn
from anyio import to_thread
from starlette.middleware import Middleware
from streamlit import config

HOUSE = Path(__file__).parent
BACKLOG = 2048
log = logging.getLogger("dashboard")

# Each request passes through these, outermost first.
MIDDLEWARE: list[Middleware] = []


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, object]]:
    """Have everything ready before the first visitor, off the event loop."""
    await to_thread.run_sync(warm)
    yield {}


def warm() -> None:
    """Import what the pages use, load the facts, and build what is built once."""
    from pages.shared import warming

    warming.warm()


def on_script_error(error: Exception) -> bool:
    """Show a page that failed as our own state; the fault itself goes to the log only."""
    from pages.shared import states

    log.error("a page failed", exc_info=error)
    states.error()
    return True


def application(**settings: object) -> st.App:
    """Return the ASGI app, for `uvicorn --factory server:application` too; `settings` beat environment and file.

    Keys are Streamlit's option names with an underscore for the dot, such as `server_port`.
    """
    app = st.App(HOUSE / "app.py", lifespan=lifespan, middleware=MIDDLEWARE, on_script_error=on_script_error)
    # Only `streamlit run` reads STREAMLIT_SERVER_PORT and the like by itself.
    for key, option in config.get_config_options().items():
        given = settings.get(key.replace(".", "_"))
        if given is None and option.env_var in os.environ:
            given = typed(os.environ[option.env_var], option.type)
        if given is not None:
            config.set_option(key, given, where_defined="environment variable or command line")
    return app


def typed(text: str, kind: type) -> object:
    """Return the text of an environment variable as an option's kind of value."""
    if kind is bool:
        return text.strip().lower() in ("1", "true", "yes", "on")
    return int(text) if kind is int else text


def listening(address: str, port: int) -> socket.socket:
    """Return a socket that listens there and sends small answers at once; OSError if the port is taken."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family)
    try:
        if os.name != "nt":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it: an answer of a few hundred bytes must not wait for a full packet.
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.bind((address, port))
        made.listen(BACKLOG)
        made.set_inheritable(True)
    except OSError:
        made.close()
        raise
    return made


def serve(**settings: object) -> int:
    """Serve until stopped; return the exit status."""
    app = application(**settings)
    address = str(st.get_option("server.address") or "127.0.0.1")
    port = int(st.get_option("server.port"))
    try:
        door = listening(address, port)
    except OSError as error:
        sys.stderr.write(f"Cannot listen on {address}:{port}: {error.strerror}. Name another port: --port 8502\n")
        return 1
    served = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=int(st.get_option("server.maxMessageSize")) * 1024 * 1024,
        ws_per_message_deflate=bool(st.get_option("server.enableWebsocketCompression")),
        proxy_headers=False,  # who is looking comes from our own settings, never from a header that anyone can send
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    host = f"[{address}]" if ":" in address else "localhost" if address == "127.0.0.1" else address
    sys.stdout.write(f"The dashboard is at http://{host}:{port}  (stop with Ctrl+C)\n")
    sys.stdout.flush()
    uvicorn.Server(served).run(sockets=[door])
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m server", description="Serve the dashboard.")
    parser.add_argument("--host", help="address to listen on (default: server.address of the settings)")
    parser.add_argument("--port", type=int, help="port to listen on (default: server.port of the settings)")
    given = parser.parse_args(arguments)
    return serve(server_address=given.host, server_port=given.port)


if __name__ == "__main__":
    raise SystemExit(main())
