"""What a handed-in file is by its content, whatever its name says, and whether it is fit to be opened."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import Literal
from xml.etree import ElementTree

from data.faults import Refused
from data.words import mark

# What the standard library raises when a packed file, or the XML within, is not what it claims to be.
BROKEN: tuple[type[Exception], ...] = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, ElementTree.ParseError)
BROKEN += (struct.error, OSError, EOFError, ValueError, LookupError, RuntimeError)

Format = Literal["xlsx", "xls", "ods", "text"]

# A workbook has some dozens of members; thousands are an attack on the reader.
ENTRIES = 10_000

EMPTY = mark("The file is empty; hand in the ledger itself.")
ENCRYPTED = mark("The file is protected by a password; remove the password and hand it in again.")
MACROS = mark("The workbook contains macros; save it as .xlsx without macros.")
BINARY_WORKBOOK = mark("The workbook is in a binary format (.xlsb); save it as .xlsx.")
WEB_PAGE = mark("This is a web page or XML under a spreadsheet's name; open it in Excel or WPS and save it as .xlsx.")
NOT_WORKBOOK = mark("This is not a workbook; hand in .xlsx, .xls, .ods or .csv.")
DAMAGED = mark("The file is damaged and cannot be opened; save it anew as .xlsx and hand it in again.")
TOO_LARGE_INSIDE = mark("The file unpacks to {size} MB, more than {limit} MB; hand it in as .csv or in parts.")
TOO_MANY_ENTRIES = mark("The file consists of {count} pieces, more than a workbook has; save it anew as .xlsx.")

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHER = (b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"PK\x05\x06")


def sniff(data: bytes, unpacked: int) -> Format:
    """Return the format of `data`; Refused if it is none of ours, protected, or unpacks beyond `unpacked` bytes."""
    if not data.strip():
        raise Refused(EMPTY)
    if data.startswith(_ZIP):
        return _packed(data, unpacked)
    if data.startswith(_OLE):
        return _compound(data)
    if data.startswith(_OTHER):
        raise Refused(NOT_WORKBOOK)
    start = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<", b"mime-version:")):
        raise Refused(WEB_PAGE)
    return "text"


def _packed(data: bytes, unpacked: int) -> Format:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > ENTRIES:
                raise Refused(TOO_MANY_ENTRIES, count=len(entries))
            size = sum(entry.file_size for entry in entries)
            if size > unpacked:
                raise Refused(TOO_LARGE_INSIDE, size=size >> 20, limit=unpacked >> 20)
            if any(entry.flag_bits & 1 for entry in entries):
                raise Refused(ENCRYPTED)
            if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
                raise Refused(DAMAGED)
            names = {entry.filename for entry in entries}
            if "mimetype" in names and b"opendocument.spreadsheet" in archive.read("mimetype"):
                if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
                    raise Refused(ENCRYPTED)
                return "ods"
    except BROKEN as error:
        raise Refused(DAMAGED) from error
    if any(name.endswith("vbaProject.bin") or name.startswith("xl/macrosheets/") for name in names):
        raise Refused(MACROS)
    if "xl/workbook.bin" in names:
        raise Refused(BINARY_WORKBOOK)
    if not any(name.startswith("xl/") for name in names):
        raise Refused(NOT_WORKBOOK)
    return "xlsx"


def _compound(data: bytes) -> Format:
    if _has_stream(data, "EncryptedPackage"):
        raise Refused(ENCRYPTED)
    if not (_has_stream(data, "Workbook") or _has_stream(data, "Book")):
        raise Refused(NOT_WORKBOOK if _has_stream(data, "Root Entry") else DAMAGED)
    if _has_stream(data, "_VBA_PROJECT"):
        raise Refused(MACROS)
    return "xls"


def _has_stream(data: bytes, name: str) -> bool:
    # Directory entries lie on multiples of 128 bytes: the name, padded, and at its 64th byte the name's length.
    encoded = name.encode("utf-16-le") + b"\0\0"
    place = data.find(encoded)
    while place >= 0:
        if place % 128 == 0 and data[place + 64 : place + 66] == len(encoded).to_bytes(2, "little"):
            return True
        place = data.find(encoded, place + 2)
    return False
