"""The brief as PDF: A4, Chinese typography, charts as vectors, set by typst from a meeting's frozen content."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path

import typst

from data.frozen import Frozen
from data.told import Told
from data.words import mark, translate
from pages.consultation.frozen_view import frozen_view
from pages.reports import pictures, told
from pages.reports.told import Table, say
from pages.shared.words import Language

NO_FONT = mark(
    "No Chinese font was found, the brief would show boxes. Install one (Debian: apt-get install fonts-noto-cjk) "
    "or name its folder in DASHBOARD_FONTS."
)
# Families that hold Chinese, as their files are called; the first found sets the text.
_FAMILIES = (
    ("Noto Sans CJK SC", ("NotoSansCJK", "NotoSansCJKsc")),
    ("Noto Sans SC", ("NotoSansSC",)),
    ("Source Han Sans SC", ("SourceHanSans",)),
    ("Microsoft YaHei", ("msyh",)),
    ("PingFang SC", ("PingFang",)),
    ("WenQuanYi Micro Hei", ("wqy-microhei",)),
)
_FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts", "/System/Library/Fonts",
    "/Library/Fonts", "C:/Windows/Fonts",
)  # fmt: skip


class NoFont(Told):
    """There is no font with Chinese characters on this machine."""


@cache
def font() -> tuple[str, Path]:
    """Return the family that sets the text and the folder it lies in; NoFont if there is none."""
    named = os.environ.get("DASHBOARD_FONTS")
    folders = [Path(folder).expanduser() for folder in ((named,) if named else _FOLDERS)]
    files = [file for folder in folders if folder.is_dir() for file in sorted(folder.rglob("*.[to]t[fc]"))]
    for family, starts in _FAMILIES:
        for file in files:
            if file.name.startswith(starts):
                return family, file.parent
    raise NoFont(NO_FONT)


def pdf(frozen: Frozen, of: Language) -> bytes:
    """Return the brief; the same frozen content gives the same bytes. NoFont if Chinese cannot be set."""
    family, folder = font()
    content = frozen.told
    seen = frozen_view(content, of)
    shown = pictures.courses(seen)
    items = pictures.of_items(seen)
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        for n, (_figure, svg) in enumerate(shown):
            (root / f"course{n}.svg").write_text(svg, "utf-8")
        for n, item in enumerate(content["items"]):
            if item["item_id"] in items:
                (root / f"item{n}.svg").write_text(items[item["item_id"]], "utf-8")
        source = root / "brief.typ"
        source.write_text(_source(frozen, of, family, [f["names"][of] for f, _ in shown], set(items)), "utf-8")
        # Set by the fonts found, not by whatever else the machine has: the same bytes everywhere it has them.
        return bytes(
            typst.compile(
                str(source), root=str(root), font_paths=[str(folder)], ignore_system_fonts=True,
                timestamp=int(datetime.fromisoformat(content["frozen_at"] + "+00:00").timestamp()),
            )
        )  # fmt: skip


def quoted(text: object) -> str:
    """Return a text as a typst string: nothing in it is markup."""
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _table(table: Table, widths: str, right: Iterable[int] = ()) -> str:
    heads, rows = table
    align = ", ".join("right" if n in set(right) else "left" for n in range(len(heads)))
    cells = [f"strong({quoted(head)})" for head in heads]
    body = [quoted(cell) for row in rows for cell in row]
    return (
        f"#table(columns: ({widths}), align: ({align}), "
        f"stroke: (x: none, y: 0.4pt + luma(210)), inset: (x: 3pt, y: 4pt),\n"
        f"table.header({', '.join(cells)}),\n{', '.join(body)})\n"
    )


def _source(frozen: Frozen, of: Language, family: str, courses: list[str], drawn: set[str]) -> str:
    content = frozen.told
    meeting = content["meeting"]
    title, seal = meeting["title"], told.seal(frozen, of)
    head = f"{told.kind(content, of)} · {told.sentence(content, of)} · {told.until(content, of)}"
    tongue = 'lang: "zh", region: "cn"' if of == "zh" else 'lang: "en"'
    number = mark("Page {number}")
    before, after = translate(number, of).split("{number}")
    parts = [
        f"#set document(title: {quoted(title)}, date: auto)\n"
        f'#set text(font: ("{family}",), size: 9.5pt, {tongue}, fallback: true)\n'
        "#set par(leading: 0.75em, justify: false)\n"
        '#set page(paper: "a4", margin: (x: 18mm, top: 18mm, bottom: 20mm), footer: context [#set text(size: 6.5pt, '
        f"fill: luma(90)); #{quoted(seal)} #h(1fr) #{quoted(before)}#counter(page).display()#{quoted(after)}])\n"
        '#show heading: it => block(above: 1.2em, below: 0.7em, text(size: 12.5pt, weight: "bold", it.body))\n'
        '#let title(body) = text(size: 19pt, weight: "bold", fill: rgb("#a3262a"), body)\n'
        f"#title({quoted(title)})\n\n#text(fill: luma(80), {quoted(head)})\n\n"
    ]

    def heading(text: str) -> None:
        parts.append(f"#heading({quoted(text)})\n")

    heading(say(mark("What was promised, and what became of it"), of))
    if content["ledger"]:
        parts.append(_table(told.ledger(content, of), "17%, 1fr, 24%, 11%, 14%, 10%"))
    else:
        parts.append(f"#{quoted(say(mark('No promises here.'), of))}\n")
    heading(say(mark("The figures both sides look at"), of))
    parts.append(_table(told.figures(content, of), "1fr, 14%, 16%, 14%, 20%", right=(1, 2, 3)))
    parts.append(f"#text(size: 7.5pt, fill: luma(90), {quoted(told.withheld(content, of))})\n")
    if courses:
        cells = ", ".join(
            f'block(breakable: false, [#text(weight: "bold", {quoted(name)}) #image("course{n}.svg", width: 100%)])'
            for n, name in enumerate(courses)
        )
        parts.append(f"#grid(columns: (1fr, 1fr), gutter: 10pt, {cells})\n")
    if content["items"]:
        heading(say(mark("Agenda"), of))
    for n, item in enumerate(content["items"]):
        lines = [f'text(weight: "bold", size: 10.5pt, {quoted(f"{n + 1}. " + item["title"][of])})']
        if item["evidence"][of]:
            lines.append(quoted(item["evidence"][of]))
        if item["item_id"] in drawn:
            lines.append(f'image("item{n}.svg", width: 62%)')
        for side, text in ((mark("Union"), "union_position"), (mark("Management side"), "management_position")):
            if item[text]:
                lines.append(f"[#strong({quoted(translate(side, of))}) #{quoted(item[text])}]")
        parts.append(f"#block(breakable: false, above: 1em, stack(spacing: 6pt, {', '.join(lines)}))\n")
    if content["clocks"]:
        heading(say(mark("What is due next"), of))
        parts.append(_table(told.clocks(content, of), "15%, 1fr, 24%, 14%, 18%"))
    heading(say(mark("How the figures are counted"), of))
    parts.append(_table(told.definitions(content, of), "17%, 1fr, 28%, 11%"))
    return "".join(parts)
