"""Files as clerks, other systems and attackers hand them in, made by code: each with what reading it must say."""

from __future__ import annotations

import io
import random
import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import openpyxl
import xlsxwriter
import xlwt
from odf import opendocument, table, text

from data import delimited, formats, layout, reader, reader_child, spoilt_cells, values, workbook

Row = tuple[object, ...]

# Small, so that the file that breaks a limit is made quickly.
LIMITS = reader.Limits(
    files=1000, size=3 * reader.MEGABYTE, memory=1024 * reader.MEGABYTE, seconds=10, unpacked=60 * reader.MEGABYTE,
    cells=5_000_000,
)  # fmt: skip

HEADER = ("问卷编号*", "问卷名称", "开始日期", "结束日期")
TYPED = (("V1", "一季度", "2025-03-05", "2025/3/25"), ("V2", "二季度", "2025年6月1日", ""))
ROWS: list[Row] = [
    ("V1", "一季度", date(2025, 3, 5), date(2025, 3, 25)),
    ("V2", "二季度", date(2025, 6, 1), None),
]
CSV = "\n".join(",".join(row) for row in (HEADER, *TYPED)) + "\n"


@dataclass(frozen=True)
class Case:
    """One file: its name, its content, and what is expected.

    `rules`: the rules of all faults; `notes`: rules that are among the notes; `rows`: the rows that are read, as
    tuples in the order of the table's columns that are there (None = not looked at), `table` whose they are.
    """

    name: str
    content: bytes
    rules: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rows: list[Row] | None = None
    table: str = "surveys"


def good(name: str, content: bytes, *notes: str, rows: list[Row] = ROWS, table: str = "surveys") -> Case:
    """A file that must be read, to these rows."""
    return Case(name, content, (), notes, rows, table)


def bad(name: str, content: bytes, *rules: str) -> Case:
    """A file that must be refused by these rules."""
    return Case(name, content, rules)


# --- makers ------------------------------------------------------------------------------------------------------


def xlsx(fill: Callable[[Any, Any], None], sheet: str = "问卷", **options: object) -> bytes:
    """A workbook of one sheet that `fill(book, sheet)` fills."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, **options})
    fill(book, book.add_worksheet(sheet))
    book.close()
    return stream.getvalue()


def rows_from(*rows: Row, at: int = 0) -> Callable[[Any, Any], None]:
    """What fills a sheet with `rows` from row `at` on; dates as real ones."""

    def fill(book: Any, sheet: Any) -> None:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, row in enumerate(rows, at):
            for column, cell in enumerate(row):
                if isinstance(cell, (date, time)):
                    sheet.write_datetime(number, column, cell, day)
                elif cell != "":
                    sheet.write(number, column, cell)

    return fill


PLAIN = rows_from(HEADER, *TYPED)


def xls(fill: Callable[[Any], None], name: str = "问卷", *, dates_1904: bool = False, hidden: bool = False) -> bytes:
    """An old workbook of one sheet."""
    book = xlwt.Workbook(encoding="utf-8")
    book.dates_1904 = dates_1904
    sheet = book.add_sheet(name)
    fill(sheet)
    if hidden:
        book.add_sheet("其他")
        sheet.visibility = 1
        book.active_sheet = 1
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def xls_rows(*rows: Row) -> Callable[[Any], None]:
    """What fills an old workbook's sheet."""
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")

    def fill(sheet: Any) -> None:
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write(number, column, cell, day)
                else:
                    sheet.write(number, column, cell)

    return fill


def ods(*rows: Row, sheet: str = "问卷", down: int = 0) -> bytes:
    """An OpenDocument sheet; with `down`, the first cell of the last `down` rows is one merged cell."""
    document = opendocument.OpenDocumentSpreadsheet()
    made = table.Table(name=sheet)
    for number, row in enumerate(rows):
        line = table.TableRow()
        for column, cell in enumerate(row):
            merged = down and column == 0 and number >= len(rows) - down
            if merged and number > len(rows) - down:
                line.addElement(table.CoveredTableCell())
                continue
            span = {"numberrowsspanned": down, "numbercolumnsspanned": 1} if merged else {}
            if isinstance(cell, date):
                one = table.TableCell(valuetype="date", datevalue=cell.isoformat(), **span)
            elif isinstance(cell, float):
                one = table.TableCell(valuetype="float", value=cell, **span)
            else:
                one = table.TableCell(valuetype="string", **span) if cell else table.TableCell(**span)
            if cell:
                one.addElement(text.P(text=str(cell)))
            line.addElement(one)
        made.addElement(line)
    document.spreadsheet.addElement(made)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def repacked(content: bytes, change: Callable[[str, bytes], bytes | None], **more: bytes) -> bytes:
    """A packed file with each member changed (None = left out) and others added; `_` in a name stands for `/`."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            changed = change(entry.filename, old.read(entry))
            if changed is not None:
                new.writestr(entry.filename, changed)
        for name, data in more.items():
            new.writestr(name.replace("__", "/"), data)
    return stream.getvalue()


def packed(**members: bytes) -> bytes:
    """A packed file; `__` in a name stands for `/`, `_xml` and the like for `.xml`."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(re.sub(r"_(xml|csv|bin)$", r".\1", name.replace("__", "/")), data)
    return stream.getvalue()


def in_sheet(old: str | re.Pattern[str], new: str) -> Callable[[str, bytes], bytes]:
    """A change of the first sheet's XML."""

    def change(name: str, data: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return data
        content = data.decode()
        changed = old.sub(new, content) if isinstance(old, re.Pattern) else content.replace(old, new)
        assert changed != content
        return changed.encode()

    return change


# As LibreOffice writes a cell that shows #N/A.
ODS_ERROR = (
    'office:value-type="string" office:string-value="" calcext:value-type="error" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"><text:p>#N/A'
)


ODS_HIDDEN = (
    '<office:automatic-styles><style:style style:name="veiled" style:family="table" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0">'
    '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
)


def in_content(old: str, new: str) -> Callable[[str, bytes], bytes]:
    """A change of an OpenDocument's content."""

    def change(name: str, data: bytes) -> bytes:
        if name != "content.xml":
            return data
        changed = data.decode().replace(old, new)
        assert changed != data.decode()
        return changed.encode()

    return change


def compound(*streams: str) -> bytes:
    """A compound file whose directory names these streams, all empty."""
    sector, free, end = 512, 0xFFFFFFFF, 0xFFFFFFFE
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<109I", 0, *[free] * 108)
    chains = struct.pack("<128I", 0xFFFFFFFD, end, *[free] * 126)
    directory = b""
    for kind, name in [(5, "Root Entry"), *((2, name) for name in streams)]:
        encoded = name.encode("utf-16-le") + b"\0\0"
        entry = (
            encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded), kind, 1) + struct.pack("<III", free, free, 1)
        )
        directory += entry.ljust(116, b"\0") + struct.pack("<II", end, 0) + bytes(4)
    return header + chains + directory.ljust(sector, b"\0")


def protected_xls() -> bytes:
    """An old workbook whose stream says right after its start that a password is needed."""
    content = xls(xls_rows(HEADER, *TYPED))
    start = content.index(struct.pack("<HH", 0x809, 16))
    record = struct.pack("<HH", 0x2F, 54) + struct.pack("<HHH", 1, 1, 1) + bytes(48)
    behind = start + 20
    # The padding at the end of the stream gives way.
    directory = content.index("Root Entry".encode("utf-16-le"))
    return content[:behind] + record + content[behind : directory - len(record)] + content[directory:]


def lying(content: bytes) -> bytes:
    """A packed file whose directory tells a hundredth of each member's size."""
    changed = bytearray(content)
    place = changed.find(b"PK\x01\x02")
    while place >= 0:
        size = struct.unpack_from("<I", changed, place + 24)[0]
        struct.pack_into("<I", changed, place + 24, size // 100)
        place = changed.find(b"PK\x01\x02", place + 4)
    return bytes(changed)


def prefixed(content: bytes) -> bytes:
    """The same workbook as writers put it that give every element a prefix."""

    def change(name: str, data: bytes) -> bytes:
        if name not in ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"):
            return data
        content = re.sub(r"<(/?)(?=[a-zA-Z])", r"<\1x:", data.decode())
        return content.replace('xmlns="', 'xmlns:x="').encode()

    return repacked(content, change)


# --- the cases ---------------------------------------------------------------------------------------------------


def cases() -> Iterator[Case]:
    """All files, each with a name of its own."""
    yield from _encodings()
    yield from _delimited()
    yield from _headers()
    yield from _rows()
    yield from _not_tables()
    yield from _workbooks()
    yield from _spoilt()
    yield from _attacks()


def _encodings() -> Iterator[Case]:
    yield good("问卷_utf8.csv", CSV.encode())
    yield good("问卷_bom.csv", b"\xef\xbb\xbf" + CSV.encode())
    yield good("问卷_gbk.csv", CSV.encode("gbk"))
    rare = CSV.replace("一季度", "𠮷丂").encode("gb18030")
    yield good("问卷_gb18030.csv", rare, rows=[("V1", "𠮷丂", date(2025, 3, 5), date(2025, 3, 25)), ROWS[1]])
    yield good("问卷_utf16le.csv", b"\xff\xfe" + CSV.encode("utf-16-le"))
    yield good("问卷_utf16be.csv", b"\xfe\xff" + CSV.replace(",", "\t").encode("utf-16-be"))
    yield good("问卷_utf32.csv", b"\xff\xfe\x00\x00" + CSV.encode("utf-32-le"))
    yield bad("surveys_utf16_unmarked.csv", "survey_id,opened_on\nV1,2025-01-01\n".encode("utf-16-le"), delimited.NUL)
    yield bad("问卷_big5.csv", "問卷編號,開始日期\nV1,2025-01-01\n".encode("big5"), layout.NO_HEADER)
    yield bad("问卷_latin.csv", b"survey_id,title\nV1,caf\xe9\xff\xfe\xff\n", delimited.ENCODING)
    yield bad("问卷_cut.csv", CSV.encode() + "V3,三季".encode()[:-1], delimited.DAMAGED)
    yield bad("问卷_bom_then_gbk.csv", b"\xef\xbb\xbf" + CSV.encode("gbk"), delimited.DAMAGED)
    yield bad("问卷_utf16_cut.csv", b"\xff\xfe" + CSV.encode("utf-16-le")[:-1], delimited.ENCODING)
    yield bad("问卷_nul.csv", CSV.replace("一季度", "一\x00季度").encode(), delimited.NUL)
    yield good("问卷_dos_end.csv", CSV.encode("gbk") + b"\x1a")


def _delimited() -> Iterator[Case]:
    yield good("问卷_cr_only.csv", CSV.replace("\n", "\r").encode())
    yield good("问卷_crlf.csv", CSV.replace("\n", "\r\n").encode())
    yield good("问卷_semicolons.csv", CSV.replace(",", ";").encode())
    yield good("问卷_tabs.tsv", CSV.replace(",", "\t").encode())
    yield good("问卷_sep_line.csv", ("sep=;\n" + CSV.replace(",", ";")).encode())
    yield good("问卷_quoted.csv", re.sub(r"[^,\n]+", r'"\g<0>"', CSV).encode())
    inside = CSV.replace("一季度", '"一\n季""度"')
    yield good("问卷_newline_in_cell.csv", inside.encode(), rows=[("V1", '一\n季"度', *ROWS[0][2:]), ROWS[1]])
    yield good("问卷_kept_zeros.csv", CSV.replace("V1", '="V1"').replace("V2", '"=""V2"""').encode())
    half = CSV.replace("一季度", '5" 管道')
    yield good("问卷_inch.csv", half.encode(), rows=[("V1", '5" 管道', *ROWS[0][2:]), ROWS[1]])
    yield bad("问卷_open_quote.csv", CSV.replace("二季度", '"二季度').encode(), delimited.QUOTES)
    yield bad("问卷_after_quote.csv", CSV.replace("二季度", '"二"季度').encode(), delimited.QUOTES)
    yield bad("问卷_short_row.csv", CSV.replace("V2,二季度,", "V2 二季度,").encode(), layout.RAGGED)
    yield bad("问卷_long_row.csv", CSV.replace("二季度", "二,季度").encode(), layout.RAGGED)
    yield good("问卷_spare_commas.csv", re.sub(r"(?m)^V.*$", r"\g<0>,,", CSV).encode())
    yield bad("问卷_one_spare_comma.csv", CSV.replace("2025/3/25", "2025/3/25,").encode(), layout.RAGGED)
    yield bad("问卷_wide.csv", (CSV + "V3" + "," * 5000 + "\n").encode(), delimited.TOO_WIDE)
    yield good(
        "问卷_long_cell.csv",
        CSV.replace("一季度", "长" * 400_000).encode(),
        rows=[("V1", "长" * 400_000, *ROWS[0][2:]), ROWS[1]],
    )
    yield good("问卷_blank_rows.csv", CSV.replace("\nV2", "\n\n,,,\n   \nV2").encode() + b"\n\n", layout.BLANK)


def _headers() -> Iterator[Case]:
    yield good("问卷_marks.csv", CSV.replace("结束日期", "结束 日期＊（年月日）").encode())
    yield good("SURVEYS 2025.csv", CSV.replace("开始日期", " Opened_On ").encode())
    yield good("随便什么.csv", CSV.encode())
    yield bad("问卷_twice.csv", CSV.replace("结束日期", "开始日期").encode(), layout.TWICE)
    yield bad("问卷_twice_languages.csv", CSV.replace("结束日期", "opened_on").encode(), layout.TWICE)
    yield good("问卷_header_only.csv", CSV.split("\n", 1)[0].encode(), rows=[])
    yield bad("问卷_no_header.csv", CSV.split("\n", 1)[1].encode(), layout.NO_HEADER)
    yield bad("名单.csv", CSV.split("\n", 1)[1].encode(), layout.UNKNOWN_TABLE)
    both = "activity_id,branch_id,held_on,kind,organiser,person_id\nA1,D1,2025-01-01,other,union,P1\n"
    yield bad("export.csv", both.encode(), layout.SEVERAL_TABLES)
    yield bad("问卷_missing.csv", CSV.replace("开始日期", "日期").encode(), layout.MISSING_COLUMN)
    yield good("问卷_title.csv", ("某集团问卷台账,,,\n" + "\n" * 8 + CSV).encode(), layout.TITLE)
    yield bad("问卷_deep.csv", ("某集团问卷台账,,,\n" + "\n" * 9 + CSV).encode(), layout.NO_HEADER)
    yield good("问卷_more_columns.csv", re.sub(r"(?m)$", ",备注", CSV.strip()).encode(), layout.UNKNOWN_COLUMN)
    benefit = "建议编号,单位编码,提交日期,建议类别,预期效益（{}）\nS1,D1,2025-01-01,降本,1.5\n"
    row = ("S1", "D1", date(2025, 1, 1), "cost", 1_500_000)
    yield good("合理化建议_万元.csv", benefit.format("万元").encode(), layout.SCALED, rows=[row], table="suggestions")
    yield bad("合理化建议_美元.csv", benefit.format("美元").encode(), layout.FOREIGN_MONEY)
    rate = "指标,单位编码,年度,目标值（%）\nclosure_rate,HQ,2025,95\n"
    yield bad("指标目标.csv", rate.encode(), layout.PER_CENT)


def _rows() -> Iterator[Case]:
    foot = "合 计：,,,\n,,,\n填表人：张三,,审核人：李四,\n"
    yield good("问卷_foot.csv", (CSV + foot).encode(), layout.TOTAL, layout.SIGNATURE, layout.BLANK)
    numbered = re.sub(r"(?m)^", "1,", CSV.strip()).replace("1,", "序号,", 1) + "\n3,,,,\n4,,,,\n合计,,,,\n"
    yield good("问卷_numbered.csv", numbered.encode(), layout.BLANK, layout.TOTAL)
    yield good("问卷_two_pages.csv", CSV.replace("V2", ",".join(HEADER) + "\nV2").encode(), layout.REPEATED)
    # A row that fills what is required is data, whatever its first cell says.
    real = "问卷名称,问卷编号,开始日期\n合计,V1,2025-03-05\n审核人：谁,V2,2025-06-01\n"
    rows: list[Row] = [("V1", "合计", date(2025, 3, 5)), ("V2", "审核人：谁", date(2025, 6, 1))]
    yield good("问卷_odd_titles.csv", real.encode(), rows=rows)
    ledger = "单位编码,月份,职工数\nD1,{},{}\n"
    yield bad("人数台账_month.csv", ledger.format("2025.3", 5).encode(), values.NOT_MONTH)
    yield bad("人数台账_int.csv", ledger.format("2025-03", 5.5).encode(), values.NOT_INT)
    yield bad("人数台账_comma.csv", ledger.format("2025-03", '"12,34"').encode(), values.NOT_INT)
    yield bad("人数台账_huge.csv", ledger.format("2025-03", "9" * 30).encode(), values.NOT_INT)
    answers = "survey_id,respondent_id,branch_id,dimension,score\nV1,R1,D1,信任,5\n"
    yield bad("survey_answers.csv", answers.encode(), values.NOT_CODE)
    people = "活动编号,人员编码,单位编码,是否党员\nA1,P1,D1,{}\n"
    yield bad("参与名单_bool.csv", people.format("√").encode(), values.NOT_BOOL)
    yield bad("参与名单_error.csv", people.format("#REF!").encode(), values.ERROR_CELL)
    money = "帮扶编号,单位编码,认定日期,困难类型,帮扶日期,帮扶金额\nH1,D1,2025-01-01,疾病,2025-01-02,{}\n"
    yield bad("困难帮扶_money.csv", money.format("约2000").encode(), values.NOT_MONEY)
    rounded = ("H1", "D1", date(2025, 1, 1), "illness", date(2025, 1, 2), 200_001)
    yield good("困难帮扶_fen.csv", money.format("2000.005").encode(), layout.ROUNDED, rows=[rounded], table="aid_cases")
    yield bad(
        "指标目标_percent.csv", "指标,单位编码,年度,目标值\nclosure_rate,HQ,2025,95%\n".encode(), values.NOT_NUMBER
    )


def _not_tables() -> Iterator[Case]:
    yield bad("问卷_empty.csv", b"", formats.EMPTY)
    yield bad("问卷_blank.csv", b" \r\n\t\r\n", formats.EMPTY)
    yield bad("问卷_only_bom.csv", b"\xef\xbb\xbf", formats.EMPTY)
    yield bad("问卷_commas.csv", b",,,\n,,,\n", formats.EMPTY)
    page = "<html><body><table><tr><td>问卷编号</td></tr></table></body></html>"
    yield bad("问卷_page.xls", page.encode("gbk"), formats.WEB_PAGE)
    sheet = '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'
    yield bad("问卷_2003.xls", b"\xef\xbb\xbf" + sheet.encode(), formats.WEB_PAGE)
    yield bad("问卷_mail.xls", b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n", formats.WEB_PAGE)
    yield bad("问卷.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", formats.NOT_WORKBOOK)
    yield bad("问卷_picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, formats.NOT_WORKBOOK)
    yield bad("问卷_noise.csv", bytes(range(1, 256)) * 40, delimited.BINARY)
    yield bad("问卷_rar.xlsx", b"Rar!\x1a\x07\x01\x00" + bytes(100), formats.NOT_WORKBOOK)
    yield bad("问卷_plain.zip", packed(surveys_csv=CSV.encode()), formats.NOT_WORKBOOK)
    yield bad("问卷_letter.docx", packed(word__document_xml=b"<w/>"), formats.NOT_WORKBOOK)
    yield bad("问卷_letter.doc", compound("WordDocument"), formats.NOT_WORKBOOK)
    yield bad("问卷_too_large.csv", CSV.encode() + b"\n" * LIMITS.size, reader.TOO_LARGE)
    yield Case("~$问卷.xlsx", b"\x06Clerk" + bytes(160), (), (reader.LOCK_FILE,))


def _workbooks() -> Iterator[Case]:
    plain = xlsx(PLAIN)
    yield good("问卷_plain.xlsx", plain)
    yield good("问卷_xlsx_inside.xls", plain)
    yield good("问卷_xlsx_inside.csv", plain)
    yield good("问卷_csv_inside.xlsx", CSV.encode())
    yield good("问卷_no_suffix", plain)
    yield good("问卷_prefixed.xlsx", prefixed(plain))
    yield good("台账.xlsx", plain)
    yield good("grievances_2025.xlsx", plain)  # the sheet's name beats the file's
    yield good("问卷_sheet1.xlsx", xlsx(PLAIN, "Sheet1"))
    yield bad("台账_sheet1.xlsx", xlsx(rows_from(*TYPED), "Sheet1"), layout.UNKNOWN_TABLE)
    old = xls(xls_rows(HEADER, ("V1", "一季度", date(2025, 3, 5), 45741), TYPED[1]))
    yield good("问卷_old.xls", old)
    yield good("问卷_xls_inside.xlsx", old)
    yield good("问卷_open.ods", ods(HEADER, ("V1", "一季度", date(2025, 3, 5), 45741.0), TYPED[1]))
    dated = rows_from(HEADER, ("V1", "一季度", date(2025, 3, 5), 45741), ("V2", "二季度", 20250601, ""))
    yield good("问卷_real_dates.xlsx", xlsx(dated))
    early = rows_from(HEADER, ("V1", "一季度", date(2025, 3, 5), 45741 - 1462), TYPED[1])
    yield good("问卷_1904.xlsx", xlsx(early, date_1904=True))
    early_rows = xls_rows(HEADER, ("V1", "一季度", date(2025, 3, 5), 45741 - 1462), TYPED[1])
    yield good("问卷_1904.xls", xls(early_rows, dates_1904=True))
    yield good("问卷_below.xlsx", xlsx(rows_from(HEADER, *TYPED, at=4)))

    numbered = rows_from(
        ("活动编号", "人员编码", "单位编码", "是否党员"), (1001, 20.0, "D1", True), (1002, 21, "D1", 0)
    )
    people: list[Row] = [("1001", "20", "D1", True), ("1002", "21", "D1", False)]
    yield good("参与名单_numbers.xlsx", xlsx(numbered, "Sheet1"), rows=people, table="attendance")

    def merged(book: Any, sheet: Any) -> None:
        head, centred = book.add_format(), book.add_format({"align": "center"})
        sheet.merge_range("A1:D1", "人数台账（2025年）", centred)
        sheet.merge_range("A2:A3", "单位编码", head)
        sheet.merge_range("B2:B3", "月份", head)
        sheet.merge_range("C2:D2", "人数", head)
        sheet.write_row("C3", ["职工数", "会员数"])
        sheet.merge_range("A4:A5", "D1", centred)
        sheet.write_row("B4", ["2025-01", 10, 9])
        sheet.write_row("B5", ["2025-02", 11, 9])
        sheet.write_row("A6", ["D2", "2025-01", 5, 5])

    counts: list[Row] = [("D1", "2025-01", 10, 9), ("D1", "2025-02", 11, 9), ("D2", "2025-01", 5, 5)]
    yield good("人数台账_merged.xlsx", xlsx(merged, "Sheet1"), layout.TITLE, rows=counts, table="headcounts")

    def merged_old(sheet: Any) -> None:
        for column, header in enumerate(("单位编码", "月份", "职工数", "会员数")):
            sheet.write(0, column, header)
        sheet.write_merge(1, 2, 0, 0, "D1")
        for row, cells in ((1, ("2025-01", 10, 9)), (2, ("2025-02", 11, 9)), (3, ("2025-01", 5, 5))):
            for column, cell in enumerate(cells, 1):
                sheet.write(row, column, cell)
        sheet.write(3, 0, "D2")

    yield good("人数台账_merged.xls", xls(merged_old, "Sheet1"), rows=counts, table="headcounts")
    header = ("单位编码", "月份", "职工数", "会员数")
    lines: list[Row] = [("D2", "2025-01", 5.0, 5.0), ("D1", "2025-01", 10.0, 9.0), ("", "2025-02", 11.0, 9.0)]
    down = [counts[2], *counts[:2]]
    yield good("人数台账_merged.ods", ods(header, *lines, sheet="Sheet1", down=2), rows=down, table="headcounts")

    def beside(book: Any, sheet: Any) -> None:
        PLAIN(book, sheet)
        book.add_worksheet("填写说明").write("A1", "请按模板填写")
        book.add_worksheet("Sheet2")
        book.add_worksheet("旧数据").write("A1", "不要了")
        book.worksheets()[3].hide()
        book.add_worksheet("更旧").very_hidden()
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=问卷!$A$1:$A$2"})
        book.add_chartsheet("图").set_chart(chart)

    notes = (reader_child.ASIDE_SHEET, reader_child.NOTHING, workbook.HIDDEN, workbook.NOT_CELLS)
    yield good("问卷_beside.xlsx", xlsx(beside), *notes)

    def hidden(book: Any, sheet: Any) -> None:
        PLAIN(book, sheet)
        book.add_worksheet("Sheet2").activate()
        sheet.hide()

    yield bad("问卷_hidden.xlsx", xlsx(hidden), reader_child.NO_TABLE)
    yield bad("问卷_hidden.xls", xls(xls_rows(HEADER, *TYPED), hidden=True), reader_child.NO_TABLE)
    shown = in_content("<office:automatic-styles/>", ODS_HIDDEN)
    veiled = in_content('<table:table table:name="问卷"', '<table:table table:style-name="veiled" table:name="问卷"')
    yield bad("问卷_hidden.ods", repacked(repacked(ods(HEADER, *TYPED), shown), veiled), reader_child.NO_TABLE)
    yield bad("问卷_nothing.xlsx", xlsx(lambda book, sheet: None), reader_child.NO_TABLE)

    def formatted(book: Any, sheet: Any) -> None:
        PLAIN(book, sheet)
        sheet.write_blank(1_048_575, 16_383, None, book.add_format({"bold": True}))

    yield good("问卷_formatted.xlsx", xlsx(formatted))


def _spoilt() -> Iterator[Case]:
    def computed(book: Any, sheet: Any) -> None:
        PLAIN(book, sheet)
        sheet.write_formula("B2", '="一"&"季度"', None, "一季度")
        sheet.write_formula("D3", '=IF(1>2,"x","")', None, "")

    # Excel says that an empty result is a text.
    empty = in_sheet(re.compile(r'<c r="D3">'), '<c r="D3" t="str">')
    yield good("问卷_formulas.xlsx", repacked(xlsx(computed), empty))
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = "问卷"
    for row in (HEADER, *TYPED):
        book.active.append(row)
    book.active["D2"] = "=C2+20"
    stream = io.BytesIO()
    book.save(stream)
    yield bad("问卷_never_calculated.xlsx", stream.getvalue(), values.UNCALCULATED_CELL)

    def wrong(book: Any, sheet: Any) -> None:
        PLAIN(book, sheet)
        sheet.write_formula("D2", "=NA()", None, "#N/A")

    yield bad("问卷_error.xlsx", xlsx(wrong), values.ERROR_CELL)

    def wrong_old(sheet: Any) -> None:
        xls_rows(HEADER, *TYPED)(sheet)
        sheet.row(3).set_cell_text(0, "V3")
        sheet.row(3).set_cell_error(3, 0x2A)
        sheet.row(3).set_cell_date(2, datetime(2025, 6, 1))

    yield bad("问卷_error.xls", xls(wrong_old), values.ERROR_CELL)
    spoilt = repacked(ods(HEADER, *TYPED), in_content('office:value-type="string"><text:p>2025/3/25', ODS_ERROR))
    yield bad("问卷_error.ods", spoilt, values.ERROR_CELL)
    clock = rows_from(HEADER, ("V1", "一季度", time(8, 30), ""))
    yield bad("问卷_time.xlsx", xlsx(clock), values.NOT_DATE)
    broken = repacked(xlsx(PLAIN), in_sheet("</sheetData>", "</sheetDat>"))
    yield bad("问卷_broken_sheet.xlsx", broken, formats.DAMAGED)
    lost = repacked(xlsx(PLAIN), lambda name, data: None if name.endswith("sheet1.xml") else data)
    yield bad("问卷_lost_sheet.xlsx", lost, formats.DAMAGED)
    yield bad("问卷_cut.xlsx", xlsx(PLAIN)[:-300], formats.DAMAGED)
    yield bad("问卷_cut.xls", xls(xls_rows(HEADER, *TYPED))[:1500], formats.DAMAGED)
    yield bad("问卷_lying.xlsx", lying(xlsx(PLAIN)), formats.DAMAGED)


def with_password(content: bytes) -> bytes:
    """The archive with the flag of encryption on every member, as a ZIP program with a password sets it."""
    found = bytearray(content)
    for sign, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = found.find(sign)
        while place >= 0:
            found[place + flags] |= 1
            place = found.find(sign, place + 4)
    return bytes(found)


def _attacks() -> Iterator[Case]:
    yield bad("问卷_encrypted.xlsx", compound("EncryptionInfo", "EncryptedPackage"), formats.ENCRYPTED)
    yield bad("问卷_password.xlsx", with_password(xlsx(PLAIN)), formats.ENCRYPTED)
    yield bad("问卷_encrypted.xls", protected_xls(), formats.ENCRYPTED)
    manifest = b"<manifest:manifest><manifest:encryption-data/></manifest:manifest>"
    kept = repacked(ods(HEADER), lambda name, data: manifest if name == "META-INF/manifest.xml" else data)
    yield bad("问卷_encrypted.ods", kept, formats.ENCRYPTED)
    macros = repacked(xlsx(PLAIN), lambda name, data: data, **{"xl/vbaProject.bin": bytes(512)})
    yield bad("问卷_macros.xlsm", macros, formats.MACROS)
    yield bad("问卷_macros.xls", compound("Workbook", "_VBA_PROJECT"), formats.MACROS)
    yield bad("问卷_binary.xlsb", packed(xl__workbook_bin=bytes(64)), formats.BINARY_WORKBOOK)
    huge = b" " * (LIMITS.unpacked + 1)
    bomb = repacked(xlsx(PLAIN), lambda name, data: data, **{"xl/worksheets/sheet2.xml": huge})
    yield bad("问卷_bomb.xlsx", bomb, formats.TOO_LARGE_INSIDE)
    pieces = {f"xl__{number}_xml": b"" for number in range(formats.ENTRIES + 1)}
    yield bad("问卷_pieces.xlsx", packed(**pieces), formats.TOO_MANY_ENTRIES)

    def far(book: Any, sheet: Any) -> None:
        PLAIN(book, sheet)
        sheet.write(1_048_575, 16_383, "x")

    yield bad("问卷_far.xlsx", xlsx(far), spoilt_cells.SPARSE)
    dimension = re.compile(r'<dimension ref="[^"]*"')
    hiding = repacked(xlsx(far), in_sheet(dimension, '<dimension ref="A1:D1048576"'))
    yield bad("问卷_far_hidden.xlsx", hiding, reader.TOO_MUCH_MEMORY)
    entities = b'<!DOCTYPE w [<!ENTITY a0 "aaaaaaaaaa">' + b"".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">'.encode() for n in range(1, 10)
    )
    laughs = repacked(
        xlsx(PLAIN),
        lambda name, data: entities + b"]><workbook>&a9;</workbook>" if name == "xl/workbook.xml" else data,
    )
    yield bad("问卷_entities.xlsx", laughs, formats.DAMAGED)
    filler = (
        '<table:table-row table:number-rows-repeated="200000"><table:table-cell table:number-columns-repeated="1000" '
        'office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row></table:table>'
    )
    repeated = repacked(ods(HEADER, *TYPED), in_content("</table:table>", filler))
    yield bad("问卷_repeated.ods", repeated, formats.DAMAGED)


def mutated(dice: random.Random, count: int) -> Iterator[tuple[str, bytes]]:
    """Files of the corpus with bytes changed, lost, doubled or put in; packed ones sometimes within a member."""
    slow = ("问卷_bomb.xlsx", "问卷_pieces.xlsx", "问卷_far_hidden.xlsx")
    base = [case for case in cases() if 0 < len(case.content) < 100_000 and case.name not in slow]
    for number in range(count):
        case = dice.choice(base)
        content = case.content
        if zipfile.is_zipfile(io.BytesIO(content)) and dice.random() < 0.7:
            with suppress(*formats.BROKEN):
                content = repacked(content, lambda name, data: _spoil(dice, data) if dice.random() < 0.3 else data)
        else:
            content = _spoil(dice, content)
        yield f"{case.name[:2]}{number}-{case.name}", content


def _spoil(dice: random.Random, content: bytes) -> bytes:
    spoilt = bytearray(content)
    for _ in range(dice.choice((1, 3, 10))):
        place, length = dice.randrange(len(spoilt) + 1), dice.randrange(1, 60)
        other = dice.randrange(len(spoilt) + 1)
        match dice.randrange(4):
            case 0:
                spoilt[place : place + 1] = dice.randbytes(1)
            case 1:
                del spoilt[place : place + length]
            case 2:
                spoilt[place:place] = dice.randbytes(length)
            case _:
                spoilt[place:place] = spoilt[other : other + length]
    return bytes(spoilt)
