"""The server lets nothing in from elsewhere, says so on every answer, and takes its settings where people put them."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from streamlit import config

import server
from pages.shared import opening


@pytest.fixture
def settings() -> Iterator[None]:
    """Streamlit's settings as they were, afterwards."""
    names = ("server.port", "server.address", "server.enableXsrfProtection", "server.trustedUserHeaders")
    before = {name: config.get_option(name) for name in names}
    yield
    for name, value in before.items():
        config.set_option(name, value)


def test_no_script_from_elsewhere_and_none_made_of_text() -> None:
    policy = dict(part.split(" ", 1) for part in server.security_headers()["content-security-policy"].split("; "))
    assert "'unsafe-eval'" not in policy["script-src"] and "'unsafe-inline'" not in policy["script-src"]
    assert "sha256-" in policy["script-src"], "Streamlit's own inline script is allowed by its hash"
    assert policy["frame-ancestors"] == policy["object-src"] == "'none'"
    assert not [
        source for sources in policy.values() for source in sources.split() if "http" in source or source == "*"
    ]


def test_whatever_is_not_named_comes_from_the_dashboard_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DASHBOARD_TILES", raising=False)
    headers = server.security_headers()
    policy = dict(part.split(" ", 1) for part in headers.pop("content-security-policy").split("; "))
    own = {"default-src", "base-uri", "form-action"}
    assert {name: policy.get(name) for name in own} == dict.fromkeys(own, "'self'")
    assert policy["connect-src"] == "'self' blob: data:" and policy["img-src"] == "'self' data: blob:"
    assert policy["worker-src"] == "'self' blob:" and policy["font-src"] == "'self' data:"
    assert headers == {
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    }


def test_the_operators_own_tile_server_alone_is_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DASHBOARD_TILES", "https://tiles.example.com/{z}/{x}/{y}.png")
    policy = dict(
        part.split(" ", 1) for part in server.security_headers()["content-security-policy"].split("; ")
    )
    assert {name for name, value in policy.items() if "example.com" in value} == {"img-src", "connect-src"}
    assert policy["img-src"].endswith(" https://tiles.example.com")


def test_the_page_speaks_the_visitors_language_and_has_its_style_before_all_else() -> None:
    page = '<html lang="en"><head><title>x</title></head><body></body></html>'
    made = opening.dressed(page, opening.language("zh-CN,zh;q=0.9,en;q=0.8", "period=ytd"))
    assert made.startswith('<html lang="zh-CN">') and made.endswith("</head><body></body></html>")
    assert ".d-head" in made and "<script" not in made
    # What it asks for beforehand is there, so nobody waits for a 404.
    wanted = re.findall(r'href="\./static/js/([^"]+)"', made)
    assert len(wanted) > 20 and all((opening.SCRIPTS / name).is_file() for name in wanted)
    assert opening.language("en-US,en", "lang=zh") == "zh"
    assert opening.language("zh-TW", "x=1&lang=en") == "en"
    assert opening.language("", "") == "en"


def test_every_answer_carries_the_headers_and_keeps_its_own() -> None:
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]})
        await send({"type": "http.response.body", "body": b""})

    async def collect(message: Any) -> None:
        sent.append(message)

    async def nothing() -> dict[str, Any]:
        return {"type": "http.request"}

    async def asked() -> None:
        await server.guarded(app)({"type": "http"}, nothing, collect)

    # A browser that an earlier test started keeps a loop running in this thread.
    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, asked()).result()
    headers = dict(sent[0]["headers"])
    assert headers[b"x-own"] == b"1"
    assert {name.encode() for name in server.security_headers()} <= set(headers)


def test_an_unsafe_server_does_not_even_listen(
    settings: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def listens(address: str, port: int) -> socket.socket:
        raise AssertionError(f"it listens on {address}:{port}")

    monkeypatch.setattr(server, "listening", listens)
    assert server.serve(server_address="10.1.2.3") == 1
    assert "10.1.2.3" in capsys.readouterr().err


def test_the_environment_sets_what_the_file_sets_and_the_command_line_beats_both(
    settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STREAMLIT_SERVER_PORT", "8765")
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "127.0.0.2")
    monkeypatch.setenv("STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION", "true")
    server.application(server_port=8766)
    assert config.get_option("server.port") == 8766
    assert config.get_option("server.address") == "127.0.0.2"
    assert config.get_option("server.enableXsrfProtection") is True


@pytest.mark.parametrize(("text", "kind", "value"), [
    ("false", bool, False), ("0", bool, False), ("TRUE", bool, True), ("8501", int, 8501), ("a", str, "a"),
])  # fmt: skip
def test_a_setting_is_of_its_kind(text: str, kind: type, value: object) -> None:
    assert server.typed(text, kind) == value


def test_a_taken_port_is_said_in_one_line(settings: None, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert server.main(["--host", "127.0.0.1", "--port", str(port)]) == 1
    said = capsys.readouterr().err
    assert str(port) in said and "--port" in said and said.count("\n") == 1
