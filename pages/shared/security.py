"""What a server must not start with, and which of its doors stay shut.

The demo (nobody signs in, this machine only) may run with anything that keeps it to this machine. As soon as people
sign in, or the server is reached from elsewhere, it is production, and each setting that would undo a fence keeps it
from starting: better no dashboard than one that anybody reads.
"""

from __future__ import annotations

import os
import stat
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from data import closing, reader, retention
from data.told import Told
from data.words import mark
from pages.shared.people import LOOPBACK
from queries.disclosure import LOWEST_MINIMUM, minimum_group
from queries.errors import QueryError

# Whoever sets this says that a firewall lets nobody but the proxy reach the port.
FIREWALL = "DASHBOARD_BEHIND_FIREWALL"
# A key that is guessed signs anybody in as anybody; `secrets.token_urlsafe(32)` has 43 characters.
SHORTEST_SECRET = 32
_UNSET = ("", "…", "...", "changeme", "change-me", "secret", "xxx")

# Streamlit's own doors that nobody of ours goes through: figures on the server, and ways in for programs.
SHUT = ("/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent/")

OPEN_ADDRESS = mark(
    "The server would listen on {address} and nobody has to sign in. "
    "Set server.address to 127.0.0.1, or set up sign-in (docs/deployment.md)."
)
FORGEABLE = mark(
    "The server would listen on {address}, where anybody could send the header that says who is signed in. Set "
    "server.address to 127.0.0.1 and let the proxy on this machine reach it, or, where a firewall lets nobody but the "
    "proxy through, set {firewall}=1."
)
TWO_WAYS = mark("Both [auth] and server.trustedUserHeaders say who is signed in. Keep one of them.")
NO_AUTH = mark("[auth] in {path} has no {name}. See docs/configuration.md.")
WEAK_SECRET = mark(
    "{name} is missing, too short or an example. "
    "Make one: python -c \"import secrets; print(secrets.token_urlsafe(48))\""
)
READABLE = mark("Everybody on this machine can read {path}. Run chmod 600 {path}")
NO_HOSTS = mark(
    "server.allowedHosts lets the dashboard be reached by any name, that of a hostile web page too. Name the hosts, "
    "such as STREAMLIT_SERVER_ALLOWED_HOSTS=[\"dashboard.example.com\"]"
)
OTHER_HOST = mark(
    "People sign in at {host}, which server.allowedHosts does not name. Set STREAMLIT_SERVER_ALLOWED_HOSTS=[\"{host}\"]"
)
WRONG = mark("{name} is {value}; it must be {needed}. Take it out of the settings.")

# What each of these must be in production.
_NEEDED: dict[str, object] = {
    "client.showErrorDetails": "none",
    "client.disableDataExport": True,
    "browser.gatherUsageStats": False,
    "server.enableXsrfProtection": True,
    "server.enableCORS": True,
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,
    "global.developmentMode": False,
}
_AUTH = ("redirect_uri", "client_id", "client_secret", "server_metadata_url")


def problems(secrets: Path = Path(".streamlit/secrets.toml")) -> list[Told]:
    """Return what keeps the server, as it is set, from being started; nothing if it is safe."""
    kept = _read(secrets)
    auth, headers = kept.get("auth"), st.get_option("server.trustedUserHeaders")
    address = str(st.get_option("server.address") or "0.0.0.0")  # noqa: S104 - what Streamlit then listens on
    elsewhere = address not in LOOPBACK
    found = [*_readable(secrets, kept), *_unusable()]
    if not auth and not headers:
        if elsewhere:
            found.append(Told(OPEN_ADDRESS, address=address))
        elif not found:
            return []
    if auth and headers:
        found.append(Told(TWO_WAYS))
    if headers and elsewhere and os.environ.get(FIREWALL) != "1":
        found.append(Told(FORGEABLE, address=address, firewall=FIREWALL))
    if auth is not None:
        found += _sign_in(auth, secrets)
    if auth or headers or elsewhere:
        found += _settings()
    return found


def _read(secrets: Path) -> dict[str, Any]:
    return tomllib.loads(secrets.read_text("utf-8")) if secrets.is_file() else {}


def _readable(secrets: Path, kept: Mapping[str, Any]) -> Iterator[Told]:
    if kept and sys.platform != "win32" and secrets.stat().st_mode & stat.S_IROTH:
        yield Told(READABLE, path=secrets)


def _unusable() -> Iterator[Told]:
    """Yield the dashboard's own settings that no page could work with."""
    checks: tuple[Callable[[], object], ...] = (
        closing.day, lambda: retention.days(retention.FILES), lambda: retention.days(retention.AUDIT),
        reader.upload_limits,
    )  # fmt: skip
    for check in checks:
        try:
            check()
        except Told as wrong:
            yield wrong
    try:
        minimum_group()
    except QueryError:
        name = "DASHBOARD_MINIMUM_GROUP"
        yield Told(reader.NO_LIMIT, setting=name, value=os.environ[name], least=LOWEST_MINIMUM)


def in_force(secrets: Path = Path(".streamlit/secrets.toml")) -> dict[str, object]:
    """Return what the log keeps of the server's settings: who is let in, from where, by what names."""
    headers = st.get_option("server.trustedUserHeaders")
    named = {name: st.get_option(name) for name in ("server.address", "server.allowedHosts", "server.maxUploadSize")}
    return named | {"sign-in": "st.login" if _read(secrets).get("auth") else headers or "none"}


def _sign_in(auth: Mapping[str, Any], secrets: Path) -> Iterator[Told]:
    """Yield what is wrong with the settings of `st.login`."""
    for name in _AUTH:
        # A provider may have a section of its own.
        if not auth.get(name) and not any(isinstance(part, dict) and part.get(name) for part in auth.values()):
            yield Told(NO_AUTH, path=secrets, name=name)
    host = urlsplit(str(auth.get("redirect_uri") or "")).hostname
    if host and not is_host_allowed(host):
        yield Told(OTHER_HOST, host=host)
    secret = str(auth.get("cookie_secret") or "").strip()
    if len(secret) < SHORTEST_SECRET or secret.lower() in _UNSET or len(set(secret)) < 8:
        yield Told(WEAK_SECRET, name="[auth] cookie_secret")


def _settings() -> Iterator[Told]:
    """Yield settings that undo a fence."""
    for name, needed in _NEEDED.items():
        value = st.get_option(name)
        if value != needed:
            yield Told(WRONG, name=name, value=value, needed=needed)
    if is_host_allowed("any.name.invalid"):
        yield Told(NO_HOSTS)
    secret = str(st.get_option("server.cookieSecret") or "")
    if len(secret) < SHORTEST_SECRET:
        yield Told(WEAK_SECRET, name="server.cookieSecret")


def shut(path: str) -> bool:
    """Return whether a request for this path is answered as if there were nothing."""
    return any(path == door.rstrip("/") or path.startswith(door) for door in SHUT)
