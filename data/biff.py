"""What the reader of old workbooks (.xls) does not tell: cells that show an error, and the epoch of serial numbers.

The format is [MS-XLS]: a compound file ([MS-CFB]) whose stream `Workbook` is a sequence of records.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator

from data.faults import Refused
from data.formats import DAMAGED, ENCRYPTED
from data.spoilt_cells import Findings, Sheet
from data.values import UNREAD

_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_FORMULA, _EOF, _DATEMODE, _FILEPASS, _BOUNDSHEET, _BOOLERR, _BOF = 0x06, 0x0A, 0x22, 0x2F, 0x85, 0x205, 0x809
_NO_SECTOR = 0xFFFFFFFA  # this and above: end of chain, free, or the table's own


def look_xls(data: bytes) -> Findings:
    """Look through the records of an XLS; Refused if it is protected or its structure broken."""
    found = Findings()
    try:
        stream = _workbook_stream(data)
        offsets = []
        for record, start in _records(stream, 0):
            if record == _DATEMODE:
                found.epoch_1904 = stream[start] == 1
            elif record == _FILEPASS:
                raise Refused(ENCRYPTED)
            elif record == _BOUNDSHEET:
                offsets.append(struct.unpack_from("<I", stream, start)[0])
        found.sheets = [_sheet(stream, offset) for offset in offsets]
    except (struct.error, IndexError, ValueError) as error:
        raise Refused(DAMAGED) from error
    return found


def _sheet(stream: bytes, offset: int) -> Sheet:
    sheet = Sheet()
    for record, start in _records(stream, offset):
        if record == _BOOLERR:
            row, column, _, value, wrong = struct.unpack_from("<HHHBB", stream, start)
        elif record == _FORMULA:
            # The result: kind 2 is an error, and 0xFFFF says that it is not a number.
            row, column, _, kind, value, tag = struct.unpack_from("<HHHBxBxxxH", stream, start)
            wrong = tag == 0xFFFF and kind == 2
        else:
            continue
        if wrong:
            sheet.spoilt[row, column] = UNREAD + _ERRORS.get(value, "#N/A")
    return sheet


def _records(stream: bytes, place: int) -> Iterator[tuple[int, int]]:
    # Each record's kind and where its content starts, to the end of the part that begins at `place`.
    depth = 0
    while place + 4 <= len(stream):
        record, size = struct.unpack_from("<HH", stream, place)
        depth += (record == _BOF) - (record == _EOF)
        yield record, place + 4
        if depth <= 0:
            return
        place += 4 + size


def _workbook_stream(data: bytes) -> bytes:
    shift = struct.unpack_from("<H", data, 30)[0]
    if not 7 <= shift <= 16:
        raise ValueError(shift)
    size = 1 << shift
    table_sectors = list(struct.unpack_from("<109I", data, 76))
    more = struct.unpack_from("<I", data, 68)[0]
    for _ in range(struct.unpack_from("<I", data, 72)[0]):
        block = struct.unpack_from(f"<{size // 4}I", data, (more + 1) << shift)
        table_sectors += block[:-1]
        more = block[-1]
    table = array("I")
    for sector in table_sectors:
        if sector < _NO_SECTOR:
            table.frombytes(data[(sector + 1) << shift : (sector + 2) << shift])
    directory = _chain(data, table, struct.unpack_from("<I", data, 48)[0], shift)
    for entry in range(0, len(directory) - 127, 128):
        name = directory[entry : entry + 64].decode("utf-16-le", errors="replace").partition("\0")[0]
        if name in ("Workbook", "Book"):
            start, length = struct.unpack_from("<II", directory, entry + 116)
            # Below this size a stream lies elsewhere; no workbook with a cell in it is so small.
            small = length < struct.unpack_from("<I", data, 56)[0]
            return b"" if small else _chain(data, table, start, shift)[:length]
    raise ValueError("no workbook")


def _chain(data: bytes, table: array[int], sector: int, shift: int) -> bytes:
    parts = []
    for _ in range(len(table)):  # a chain that bites its tail ends here
        if sector >= _NO_SECTOR:
            break
        parts.append(data[(sector + 1) << shift : (sector + 2) << shift])
        sector = table[sector]
    return b"".join(parts)
