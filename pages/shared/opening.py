"""The page before its first word: its language, our style sheet, the sidebar's place, its parts on their way.

Streamlit's own page is English to a screen reader, gives the content the sidebar's room until the sidebar is there, and
asks for each kind of element only when the first one is to be drawn: what had been drawn would then jump.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from pages.shared.words import Language

SCRIPTS = Path(st.__file__).parent / "static" / "static" / "js"
# The kinds of elements that nearly every page has: figures' words, filter bar, language switch, charts.
KINDS = ("Html", "Selectbox", "ButtonGroup", "ArrowVegaLiteChart", "loadVegaEmbed", "embed")
_IMPORTED = re.compile(r'(?:from|import)\s*"\./([\w.-]+\.js)"')
SIDEBAR = 281.25  # pixels, Streamlit's 18.75 rem of our 15; on a tablet held upright it lies over the page
_PLACE = (
    "@media (min-width: 769px) { [data-testid=stAppViewContainer]:not(:has([data-testid=stSidebar], .d-state)) "
    f"{{ padding-left: {SIDEBAR}px; }} }}"
)
STYLE = f"<style>{(Path(__file__).parent / 'style.css').read_text('utf-8')}{_PLACE}</style>"


Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
# The page is made for each visitor: whole, not packed, and not taken from the browser's store.
_NOT_ASKED = (b"accept-encoding", b"if-none-match", b"if-modified-since")
_NOT_SAID = (b"content-length", b"etag", b"last-modified")


def dressing(app: Asgi) -> Asgi:
    """Return the app whose page (and nothing else of what it answers) is `dressed` for whoever asks for it."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        asked = dict(scope.get("headers", ()))
        if scope["type"] != "http" or scope.get("method") != "GET" or b"text/html" not in asked.get(b"accept", b""):
            await app(scope, receive, send)
            return
        accepted, query = asked.get(b"accept-language", b""), scope.get("query_string", b"")
        of = language(accepted.decode("latin-1"), query.decode("latin-1"))
        started: list[MutableMapping[str, Any]] = []
        body = bytearray()

        async def sent(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                kind = dict(message.get("headers", ())).get(b"content-type", b"")
                if message["status"] == 200 and kind.startswith(b"text/html"):
                    started.append(message)
                    return
            elif started:
                body.extend(message.get("body", b""))
                if message.get("more_body"):
                    return
                page = dressed(body.decode("utf-8"), of).encode()
                headers = [(name, value) for name, value in started[0]["headers"] if name not in _NOT_SAID]
                headers += [(b"content-length", str(len(page)).encode()), (b"vary", b"Accept-Language")]
                await send({**started[0], "headers": headers})
                await send({"type": "http.response.body", "body": page})
                return
            await send(message)

        headers = [(name, value) for name, value in scope["headers"] if name not in _NOT_ASKED]
        await app({**scope, "headers": headers}, receive, sent)

    return answer


def language(accepted: str, query: str) -> Language:
    """Return the language of a page by the address's `lang`, else by what the browser accepts first."""
    if chosen := re.search(r"(?:^|&)lang=(zh|en)(?:&|$)", query):
        return "zh" if chosen[1] == "zh" else "en"
    return "zh" if accepted.strip().lower().startswith("zh") else "en"


def dressed(page: str, of: Language) -> str:
    """Return Streamlit's page (HTML) with the language, the sidebar's place and its parts named beforehand."""
    page = re.sub(r'<html lang="[^"]*"', f'<html lang="{"zh-CN" if of == "zh" else "en"}"', page, count=1)
    wanted = "".join(
        f'<link rel="modulepreload" crossorigin href="./static/js/{name}">' for name in parts() if name not in page
    )
    return page.replace("</head>", f"{wanted}{STYLE}</head>", 1)


@cache
def parts() -> tuple[str, ...]:
    """Return the names of the scripts that `KINDS` need, with all they import."""
    found: dict[str, None] = {}
    left = [path.name for kind in KINDS for path in sorted(SCRIPTS.glob(f"{kind}.*.js"))]
    while left:
        name = left.pop(0)
        if name not in found and (SCRIPTS / name).is_file():
            found[name] = None
            left += _IMPORTED.findall((SCRIPTS / name).read_text("utf-8"))
    return tuple(found)
