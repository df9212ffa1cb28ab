"""The child process that opens handed-in files: jobs come in as lines of JSON, typed frames go out as Arrow files.

A file may be made to crash its reader or to eat the machine's memory; then it is this process that dies, not the
server. Started by data/reader.py as `python -m data.reader_child`, which also watches the clock.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from data import delimited, formats, glance, headers, workbook
from data.faults import KEPT, Fault, Faults, Refused
from data.grid import Grid
from data.headers import HeaderMapping
from data.layout import ASIDE, Laid, lay_out
from data.words import mark

# Not on Windows: there the checks before opening and the parent's clock remain.
with suppress(ImportError):
    import resource

NO_TABLE = mark("The workbook has no visible sheet with rows in it; hand in the ledger itself.")
NOTHING = mark("The sheet is empty and was left out.")
ASIDE_SHEET = mark("The sheet explains the others and was left out.")


def main() -> None:
    """Answer each job on standard input with lines on standard output: progress, then the result."""
    # The libraries' threads and arenas come with the first table read; they must not count as the first file's.
    with tempfile.NamedTemporaryFile() as spare:
        grid = delimited.read("问卷编号,开始日期\nV1,2025-01-01\n".encode(), headers.known)
        laid = lay_out(grid, spare.name, "surveys")
        assert laid is not None and laid.frame is not None
        laid.frame.write_ipc(spare)
    fence = _Fence(int(sys.argv[1]))
    _say({"ready": True})
    for line in sys.stdin:
        job = json.loads(line)
        try:
            answer = look_at(job) if job.get("look") else read_file(job)
        except Refused as refused:
            fault = Fault(job["name"], None, None, None, None, refused.rule, refused.params)
            answer = {"parts": [], "faults": [fault.as_dict()], "count": 1, "notes": []}
        except MemoryError:
            answer = {"memory": True}
        except Exception:
            # A slip of ours, not the clerk's: the parent logs it and says so.
            answer = {"error": traceback.format_exc()}
        _say(answer | {"spent": fence.half_spent()})


def read_file(job: dict[str, Any]) -> dict[str, Any]:
    """Read one file and write its frames.

    `job`: path, name, out (the start of the frames' paths), unpacked and cells (limits), mapping or null. Returns parts
    (frame's path, table, sheet, headers, positions), faults, their count, and notes. Refused if nothing can be read.
    """
    name = job["name"]
    mapping = HeaderMapping(**job["mapping"]) if job["mapping"] else None
    data = Path(job["path"]).read_bytes()
    kind = formats.sniff(data, job["unpacked"])
    title = headers.table_of_title(name)
    answer = _Answer(name, job["out"])
    if kind == "text":
        grid = delimited.read(data, lambda header: headers.known(header, mapping))
        _say({"progress": [0, grid.cells.height]})
        laid = lay_out(grid, name, title, mapping)
        if laid is None:
            raise Refused(formats.EMPTY)
        answer.take(laid, None)
        _say({"progress": [grid.cells.height, grid.cells.height]})
        return answer.as_dict()
    grids, left_out = workbook.read(data, kind, job["cells"], lambda done, of: _say({"progress": [done, of]}))
    for sheet, rule in left_out:
        answer.note(sheet, rule)
    for one in grids:
        answer.sheet(one, title, mapping)
    if not answer.seen:
        raise Refused(NO_TABLE)
    return answer.as_dict()


def look_at(job: dict[str, Any]) -> dict[str, Any]:
    """Return what stands in one file, whatever system wrote it: `sheets` as `glance.glance` sees them.

    `job`: path, name, unpacked and cells (limits). Refused if nothing can be read.
    """
    data = Path(job["path"]).read_bytes()
    kind = formats.sniff(data, job["unpacked"])
    if kind == "text":
        grids: list[Any] = [delimited.read(data, headers.known)]
    else:
        grids, _left_out = workbook.read(data, kind, job["cells"], lambda _done, _of: None)
    seen = [sheet for grid in grids if isinstance(grid, Grid) and (sheet := glance.glance(grid)) is not None]
    if not seen:
        refused = [one[1] for one in grids if not isinstance(one, Grid)]
        raise refused[0] if refused else Refused(NO_TABLE)
    return {"parts": [], "faults": [], "count": 0, "notes": [], "sheets": seen}


class _Answer:
    # What one file says, as it goes back to the parent.

    def __init__(self, name: str, out: str) -> None:
        self.name, self.out = name, out
        self.parts: list[dict[str, Any]] = []
        self.faults = Faults()
        self.notes: list[Fault] = []
        self.seen = False

    def sheet(self, grid: Grid | tuple[str, Refused], file_title: str | None, mapping: HeaderMapping | None) -> None:
        try:
            if isinstance(grid, tuple):
                name, refused = grid
                raise refused
            name = grid.sheet or ""
            title = headers.table_of_title(name)
            if title is None and name.strip().lower() in ASIDE:
                self.note(name, ASIDE_SHEET)
                return
            laid = lay_out(grid, self.name, title or file_title, mapping)
            if laid is None:
                self.note(name, NOTHING)
            else:
                self.take(laid, name)
        except Refused as refused:
            self.seen = True
            self.faults.add(Fault(self.name, name, None, None, None, refused.rule, refused.params))

    def take(self, laid: Laid, sheet: str | None) -> None:
        self.seen = True
        self.faults.extend(laid.faults)
        self.notes += laid.notes
        if laid.frame is not None:
            path = f"{self.out}.{len(self.parts)}.arrow"
            laid.frame.write_ipc(path, compression="uncompressed")
            self.parts.append(
                {
                    "frame": path,
                    "table": laid.table,
                    "sheet": sheet,
                    "headers": laid.headers,
                    "positions": laid.positions,
                }
            )

    def note(self, sheet: str, rule: str) -> None:
        self.notes.append(Fault(self.name, sheet, None, None, None, rule, severity="note"))

    def as_dict(self) -> dict[str, Any]:
        return {
            "parts": self.parts,
            "faults": [fault.as_dict() for fault in self.faults.first],
            "count": self.faults.count,
            "notes": [note.as_dict() for note in self.notes[:KEPT]],
        }


class _Fence:
    # The limit on this process's address space, above what the libraries take.

    def __init__(self, memory: int) -> None:
        self.start, self.memory = _address_space(), memory
        if "resource" not in sys.modules:
            return
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        try:
            resource.setrlimit(resource.RLIMIT_AS, (self.start + memory, self.start + memory))
        except (ValueError, OSError):  # macOS has no such limit; the checks before opening and the clock remain
            self.memory = 0

    def half_spent(self) -> bool:
        # What one file left behind must not be charged to the next: the parent then starts a fresh child.
        return _address_space() - self.start > self.memory // 2


def _address_space() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
