"""The dashboard's server: `python -m server [--host ADDRESS] [--port NUMBER]`, in the office as in the demo.

Streamlit's ASGI app under uvicorn. Everything slow (imports, facts, chart specifications) happens before the first
visitor comes. Address and port otherwise come from `.streamlit/config.toml` or STREAMLIT_SERVER_ADDRESS / _PORT.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import json
import logging
import os
import re
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from streamlit import config
from streamlit.runtime.pages_manager import PagesManager

from data import settings
from data.outlines import outlines, tiles
from pages.shared import opening, security

HOUSE = Path(__file__).parent
BACKLOG = 2048
log = logging.getLogger("dashboard")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, object]]:
    """Have everything ready before the first visitor, off the event loop."""
    await asyncio.to_thread(warm)
    yield {}


def warm() -> None:
    """Import what the pages use, load the facts, and build what is built once; log settings that have changed."""
    from pages.shared import warming

    warming.warm()
    settings.tell(security.in_force())


def base_map(_request: Request) -> Response:
    """Answer with the map's outlines: asked for once by a browser, not sent anew with every click."""
    body = json.dumps(outlines(), separators=(",", ":"))
    return Response(body, media_type="application/geo+json", headers={"cache-control": "max-age=3600"})


def on_script_error(error: Exception) -> bool:
    """Show a page that failed as our own state; the fault itself goes to the log only."""
    from pages.shared import states

    log.error("a page failed", exc_info=error)
    states.error()
    return True


def application(**settings: object) -> Asgi:
    """Return the ASGI app, for `uvicorn --factory server:application` too; `settings` beat environment and file.

    Keys are Streamlit's option names with an underscore for the dot, such as `server_port`.
    """
    routes = [Route("/outlines.geojson", base_map)]
    # Before its first `st.navigation` Streamlit takes our folder for its own multipage feature and tells whoever opens
    # a link to a page that there is none.
    PagesManager.uses_pages_directory = False
    app = st.App(HOUSE / "app.py", lifespan=lifespan, on_script_error=on_script_error, routes=routes)
    # Only `streamlit run` reads STREAMLIT_SERVER_PORT and the like by itself.
    for key, option in config.get_config_options().items():
        given = settings.get(key.replace(".", "_"))
        if given is None and option.env_var in os.environ:
            given = typed(os.environ[option.env_var], option.type)
        if given is not None:
            config.set_option(key, given, where_defined="environment variable or command line")
    return guarded(opening.dressing(app))


def guarded(app: Asgi) -> Asgi:
    """Return the app with headers on every answer: nothing from elsewhere, no foreign frame, no guessing of types."""
    headers = [(name.encode(), value.encode()) for name, value in security_headers().items()]

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *headers]
            await send(message)

        if scope["type"] == "http" and security.shut(scope.get("path", "")):
            await Response(status_code=404)(scope, receive, sent)
            return
        await app(scope, receive, sent if scope["type"] == "http" else send)

    return answer


def security_headers() -> dict[str, str]:
    """Return the headers; the page's own inline scripts are allowed by their hashes."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text("utf-8")
    inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
    tiles_at = "{0.scheme}://{0.netloc}".format(urlsplit(address)) if (address := tiles()) else ""
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in inline]
    policy = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", "'wasm-unsafe-eval'", *(f"'sha256-{digest}'" for digest in hashes)]),
        "style-src": "'self' 'unsafe-inline'",  # Streamlit and Vega set styles on elements
        "img-src": f"'self' data: blob: {tiles_at}".rstrip(),
        "font-src": "'self' data:",
        "connect-src": f"'self' blob: data: {tiles_at}".rstrip(),
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    }


def typed(text: str, kind: type) -> object:
    """Return the text of an environment variable as an option's kind of value; lists and mappings are JSON."""
    if text.lstrip().startswith(("[", "{")):
        return json.loads(text)
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
    if problems := security.problems():
        language = "zh" if os.environ.get("LANG", "").startswith("zh") else "en"
        for problem in problems:
            sys.stderr.write(f"{problem.text(language)}\n")
        return 1
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
