"""A visitor without a browser: speaks Streamlit's own protocol over the websocket, so that only the server is timed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.sync.client import ClientConnection as PlainConnection
from websockets.sync.client import connect as plain_connect
from websockets.typing import Subprotocol

LONGEST = 120  # seconds that a rerun may take; the first one of a cold server reads everything
LIMITS: dict[str, Any] = {"max_size": 200 << 20, "open_timeout": LONGEST, "ping_interval": None}

Path = tuple[int, ...]


@dataclass
class Run:
    """What one rerun was: seconds from the request to the script's end, bytes and elements sent, how it ended."""

    seconds: float
    size: int
    elements: int
    whole: bool
    faults: list[str] = field(default_factory=list)


@dataclass
class Screen:
    """What the visitor has before them: elements and blocks by their place."""

    deltas: dict[Path, Delta] = field(default_factory=dict)
    cached: dict[str, ForwardMsg] = field(default_factory=dict)


def request(page: str, query: str, known: Iterator[str] | None = None) -> bytes:
    """Return the message that asks for a page with an address query."""
    message = BackMsg()
    state = message.rerun_script
    state.page_name = page
    state.query_string = query
    state.cached_message_hashes.extend(known or ())
    state.context_info.timezone = "Asia/Shanghai"
    state.context_info.timezone_offset = -480
    state.context_info.locale = "zh-CN"
    state.context_info.color_scheme = "light"
    found: bytes = message.SerializeToString()
    return found


class Reading:
    """Takes in a run's messages until its script has ended."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.run = Run(0.0, 0, 0, False)
        self._began = time.perf_counter()

    def take(self, data: bytes) -> bool:
        """Take in one message; True when it was the last."""
        self.run.size += len(data)
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            message, kind = self.screen.cached[message.ref_hash], "delta"
        elif message.hash and message.metadata.cacheable:
            self.screen.cached[message.hash] = message
        if kind == "delta":
            self.run.elements += 1
            self.screen.deltas[tuple(message.metadata.delta_path)] = message.delta
            if message.delta.HasField("new_element"):
                element = message.delta.new_element
                if element.WhichOneof("type") == "exception":
                    self.run.faults.append(element.exception.message)
        elif kind == "new_session":
            self.screen.deltas.clear()
        elif kind == "script_finished":
            finished = message.script_finished
            if finished in (ForwardMsg.FINISHED_EARLY_FOR_RERUN, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY):
                return False
            self.run.whole = finished == ForwardMsg.FINISHED_SUCCESSFULLY
            self.run.seconds = time.perf_counter() - self._began
            return True
        return False


def stream(url: str) -> str:
    """Return the websocket address of the app at `url`."""
    return f"{url.replace('http', 'ws', 1)}/_stcore/stream"


class Visitor:
    """One session among many: `async with Visitor(url) as visitor: await visitor.rerun("overview", "unit=D1")`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: ClientConnection | None = None
        self.screen = Screen()

    async def __aenter__(self) -> Self:
        self._connection = await connect(stream(self._url), subprotocols=[Subprotocol("streamlit")], **LIMITS)
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        assert self._connection is not None
        await self._connection.close()

    async def rerun(self, page: str, query: str = "") -> Run:
        """Ask for a page and return how it went."""
        assert self._connection is not None
        reading = Reading(self.screen)
        await self._connection.send(request(page, query, iter(self.screen.cached)))
        while not reading.take(_bytes(await self._connection.recv())):
            pass
        return reading.run


class Alone:
    """One session by itself, without an event loop beside it: the most exact clock."""

    def __init__(self, connection: PlainConnection) -> None:
        self._connection = connection
        self.screen = Screen()

    def rerun(self, page: str, query: str = "") -> Run:
        """Ask for a page and return how it went."""
        reading = Reading(self.screen)
        self._connection.send(request(page, query, iter(self.screen.cached)))
        while not reading.take(_bytes(self._connection.recv(LONGEST))):
            pass
        return reading.run


@contextmanager
def alone(url: str) -> Iterator[Alone]:
    """Yield the only visitor of the app at `url`."""
    with plain_connect(stream(url), subprotocols=[Subprotocol("streamlit")], **LIMITS) as connection:
        yield Alone(connection)


def _bytes(data: str | bytes) -> bytes:
    assert isinstance(data, bytes), "Streamlit speaks in bytes"
    return data
