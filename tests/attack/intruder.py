"""A visitor who keeps no rules: speaks Streamlit's protocol over the websocket and forges all a browser would send."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import Request, urlopen
from zipfile import BadZipFile, ZipFile

import pyarrow as pa
from google.protobuf.descriptor import FieldDescriptor  # type: ignore[import-untyped]
from google.protobuf.message import Message  # type: ignore[import-untyped]
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

LONGEST = 180  # seconds for one run on a busy machine
HEADER = "X-Remote-User"
TRUSTED = {"STREAMLIT_SERVER_TRUSTED_USER_HEADERS": '{"X-Remote-User": "email"}'}
CHOSEN = '{"selection": {"points": [], "rows": [0, 99999], "objects": {"units": [{"branch_id": "D2"}]}}}'
PICTURES = ("PNG", "SVG")
ROW = '{"selection": {"rows": [0], "columns": [], "cells": []}}'

# What a forged widget claims to hold, by the field of the message that carries it.
FORGERIES: tuple[tuple[str, Any], ...] = (
    ("string_value", "D2"),
    ("string_value", "=cmd|'/C calc'!A0"),
    ("string_value", "'; DROP TABLE grievances; --"),
    ("string_value", "../../etc/passwd\x00"),
    ("int_value", 999_999),
    ("int_value", -1),
    ("bool_value", True),
    ("double_value", float("inf")),
    ("string_array_value", ("D2", "D2B1", "<img src=x onerror=alert(1)>")),
    ("int_array_value", (0, 1, 2, 999_999, -5)),
    ("json_value", CHOSEN),
    ("string_value", CHOSEN),
    ("string_value", ROW),
    ("string_trigger_value", "D2"),
)


@dataclass
class Heard:
    """Everything one session was sent: raw bytes, messages, and files."""

    raw: bytearray = field(default_factory=bytearray)
    messages: list[ForwardMsg] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def all(self) -> Iterator[bytes]:
        """Yield all that was sent, as it came and unpacked: tables, workbooks, documents."""
        yield bytes(self.raw)
        for message in self.messages:
            for frame in frames(message):
                yield text_of(frame)
        for data in self.files.values():
            yield data
            yield from unzipped(data)

    def text(self) -> str:
        """All that was sent as text, whatever it is."""
        return b"\n".join(self.all()).decode("utf-8", "replace")

    @property
    def elements(self) -> list[Any]:
        """The elements drawn, in order."""
        deltas = [message.delta for message in self.messages if message.WhichOneof("type") == "delta"]
        return [delta.new_element for delta in deltas if delta.HasField("new_element")]

    def widgets(self, key: str = "") -> list[str]:
        """The ids of the widgets drawn, all or those with a key."""
        found = {
            text: None
            for message in self.messages
            if message.WhichOneof("type") == "delta"
            for text in strings(message.delta)
            if text.startswith("$$ID-") and text.endswith(f"-{key}" if key else "")
        }
        return list(found)

    @property
    def closed(self) -> list[str]:
        """The ids of popovers and expanders whose content comes only when they are opened."""
        blocks = [m.delta.add_block for m in self.messages if m.WhichOneof("type") == "delta"]
        ids = [block.popover.id if block.HasField("popover") else block.expandable.id for block in blocks]
        return list(dict.fromkeys(name for name in ids if name))

    @property
    def tabs(self) -> list[tuple[str, str]]:
        """Each row of tabs by its id, with the label of each tab that is not open from the start."""
        found, name = [], ""
        for message in self.messages:
            block = message.delta.add_block if message.WhichOneof("type") == "delta" else None
            if block is None:
                continue
            if block.HasField("tab_container"):
                name, first = block.tab_container.id, True
            elif block.HasField("tab") and name:
                found += [] if first else [(name, block.tab.label)]
                first = False
        return found

    @property
    def pages(self) -> set[str]:
        """The addresses of the pages in the navigation."""
        return {page.url_pathname for m in self.messages if m.HasField("navigation") for page in m.navigation.app_pages}

    @property
    def not_found(self) -> bool:
        """Whether the server said that there is no such page."""
        return any(message.WhichOneof("type") == "page_not_found" for message in self.messages)

    @property
    def faults(self) -> list[str]:
        """Texts of exceptions that were sent."""
        return [element.exception.message for element in self.elements if element.WhichOneof("type") == "exception"]


class Intruder:
    """One session: `with Intruder(url, "m@x") as one: one.run("overview", "unit=D2")`."""

    def __init__(self, url: str, email: str | None = None, *, origin: str | None = None) -> None:
        self.url = url
        self._headers = {HEADER: email} if email else {}
        self._origin = origin or url
        self._connection: ClientConnection | None = None
        self._stack = ExitStack()
        self._session = ""
        self._request = 0
        self._taken: set[str] = set()
        self.heard = Heard()

    def __enter__(self) -> Self:
        asked = connect(
            f"{self.url.replace('http', 'ws', 1)}/_stcore/stream",
            subprotocols=[Subprotocol("streamlit")],
            additional_headers=self._headers,
            max_size=200 << 20,
            origin=Origin(self._origin),
            open_timeout=LONGEST,
            ping_interval=None,
        )
        self._connection = self._stack.enter_context(asked)
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def run(
        self,
        page: str = "",
        query: str = "",
        widgets: Sequence[tuple[str, str, Any]] = (),
        *,
        script: str = "",
        fragment: str = "",
    ) -> Heard:
        """Ask for a run and return what it sent: `widgets` are (id, field, value), `script` a page's forged hash."""
        message = BackMsg()
        state = message.rerun_script
        state.page_name, state.query_string, state.page_script_hash, state.fragment_id = page, query, script, fragment
        state.context_info.timezone, state.context_info.locale = "Asia/Shanghai", "zh-CN"
        state.context_info.color_scheme = "light"
        for name, kind, value in widgets:
            widget = state.widget_states.widgets.add(id=name)
            if kind.endswith("_array_value"):
                getattr(widget, kind).data.extend(value)
            elif kind == "string_trigger_value":
                widget.string_trigger_value.data = value
            else:
                setattr(widget, kind, value)
        return self._exchange(message)

    def _exchange(self, message: BackMsg) -> Heard:
        assert self._connection is not None
        self._connection.send(message.SerializeToString())
        heard = Heard()
        passing = (ForwardMsg.FINISHED_EARLY_FOR_RERUN, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
        while True:
            data = self._connection.recv(timeout=LONGEST)
            assert isinstance(data, bytes)
            found = ForwardMsg.FromString(data)
            for ear in (heard, self.heard):
                ear.raw += data
                ear.messages.append(found)
            kind = found.WhichOneof("type")
            if kind == "new_session":
                self._session = found.new_session.initialize.session_id
            if kind == "backend_operation_response":
                return heard
            if kind == "script_finished" and found.script_finished not in passing:
                return heard

    # --- what a page offers ------------------------------------------------------------------------------------------

    def operate(self, page: str, query: str, heard: Heard) -> None:
        """Open every tab and popover, press every button and claim every forged value, one kind after the other."""
        self._claim(page, query, heard, ())
        self.open(page, query, heard)
        for tabs, label in heard.tabs:
            kept = ((tabs, "string_value", label),)
            behind = self.run(page, query, kept)
            self._claim(page, query, behind, kept)
            self.open(page, query, behind, kept)

    def open(self, page: str, query: str, heard: Heard, kept: Sequence[tuple[str, str, Any]] = ()) -> Heard:
        """Open all popovers and expanders at once, and those within them; return what was sent last."""
        for _ in range(2):
            opened = [(name, "bool_value", True) for name in heard.closed]
            kept = (*kept, *(one for one in opened if one not in kept))
            heard = self.run(page, query, kept)
        return heard

    def _claim(self, page: str, query: str, heard: Heard, kept: Sequence[tuple[str, str, Any]]) -> None:
        ids = [name for name in heard.widgets() if name not in {name for name, _, _ in kept}]
        for kind, value in (("trigger_value", True), *FORGERIES):
            self.run(page, query, [*kept, *((name, kind, value) for name in ids)])

    def download(self) -> None:
        """Take every download that was offered; of the pictures of charts, which take long to draw, the first."""
        offered = {}
        for element in self.heard.elements:
            if element.WhichOneof("type") == "download_button":
                offered[element.download_button.id] = element.download_button
        drawn = [name for name, button in offered.items() if button.label in PICTURES]
        for name in (*drawn[1:], *self._taken):
            offered.pop(name, None)
        self._taken |= {*offered, *drawn}
        for button in offered.values():
            url = button.url
            if button.deferred_file_id:
                self._request += 1
                message = BackMsg()
                asked = message.backend_operation_request
                asked.request_id, asked.session_id = str(self._request), self._session
                asked.deferred_file.file_id = button.deferred_file_id
                url = self._exchange(message).messages[-1].backend_operation_response.deferred_file.url
            if url:
                self.heard.files[button.label + url] = self.get(url)

    def get(self, path: str) -> bytes:
        """Fetch from the server, without saying who asks."""
        try:
            with urlopen(Request(urljoin(self.url + "/", path.lstrip("/"))), timeout=LONGEST) as answer:
                return bytes(answer.read())
        except HTTPError as error:
            return error.read()


def strings(message: Message) -> Iterator[str]:
    """Yield every text anywhere in a message."""
    for described, one in _values(message):
        if isinstance(one, Message):
            yield from strings(one)
        elif described.type == FieldDescriptor.TYPE_STRING and isinstance(one, str):
            yield one


def frames(message: Message) -> Iterator[bytes]:
    """Yield every field of bytes anywhere in a message: tables travel as Arrow."""
    for described, one in _values(message):
        if isinstance(one, Message):
            yield from frames(one)
        elif described.type == FieldDescriptor.TYPE_BYTES and isinstance(one, bytes):
            yield one


def _values(message: Message) -> Iterator[tuple[FieldDescriptor, object]]:
    for described, value in message.ListFields():
        if isinstance(value, Mapping):
            yield from ((described, one) for one in value.values())
        elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
            yield from ((described, one) for one in value)
        else:
            yield described, value


def text_of(frame: bytes) -> bytes:
    """Return an Arrow table as text, every cell of every column; nothing where it is none."""
    try:
        table = pa.ipc.open_stream(pa.BufferReader(frame)).read_all()
    except (pa.ArrowInvalid, OSError):
        return b""
    columns = zip(table.column_names, table.columns, strict=True)
    return "\n".join(f"{name}: {column.to_pylist()}" for name, column in columns).encode()


def unzipped(data: bytes) -> Iterator[bytes]:
    """Yield what lies in a workbook, a document or an archive."""
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield archive.read(name)
    except BadZipFile:
        return


def found_in(text: str, pattern: str) -> set[tuple[str, ...]]:
    """Return the groups of all that fits a pattern."""
    return {match.groups() for match in re.finditer(pattern, text)}
