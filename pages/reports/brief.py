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
from pages.consultation.frozen_view import Content, frozen_view
from pages.consultation.promises import STATES
from pages.reports import look, pictures, told
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


def _table(table: Table, widths: str, right: Iterable[int] = (), size: float = 9) -> str:
    """Return a table: shaded heads that come again on every page, rows that no page breaks."""
    heads, rows = table
    align = ", ".join("right" if n in set(right) else "left" for n in range(len(heads)))
    cells = [f'text(weight: "bold", size: 8.5pt, fill: muted, {quoted(head)})' for head in heads]
    body = [f"table.cell(breakable: false, {quoted(cell)})" for row in rows for cell in row]
    edges = "(x, y) => (bottom: if y == 0 { 0.8pt + accent } else { 0.4pt + hair })"
    return (
        f"#{{ set text(size: {size}pt); set par(leading: 0.6em); table(columns: ({widths}), align: ({align}), "
        f"fill: (_, y) => if y == 0 {{ panel }}, stroke: {edges}, inset: (x: 4pt, y: 4.5pt),\n"
        f"table.header({', '.join(cells)}),\n{', '.join(body)}) }}\n"
    )


_COLOURS = {"accent": look.ACCENT, "muted": look.MUTED, "hair": look.LINE, "panel": look.PANEL}
_PREAMBLE = "".join(f'#let {name} = rgb("{colour}")\n' for name, colour in _COLOURS.items())
_PREAMBLE += """#set par(leading: 0.7em, justify: false)
#show heading: it => block(above: 1.5em, below: 0.8em, sticky: true, grid(columns: (3pt, 1fr), column-gutter: 6pt,
  rect(width: 3pt, height: 0.95em, fill: accent), text(size: 13pt, weight: "bold", it.body)))
#let title(body) = text(size: 21pt, weight: "bold", fill: accent, body)
#let card(number, name) = rect(width: 100%, stroke: 0.6pt + hair, radius: 3pt, inset: 8pt,
  stack(spacing: 5pt, text(size: 17pt, weight: "bold", number), text(size: 8.5pt, fill: muted, name)))
#let note(body) = text(size: 7.5pt, fill: muted, body)
#let side(name, body) = rect(width: 100%, fill: panel, inset: 7pt, radius: 2pt,
  stack(spacing: 5pt, text(size: 8.5pt, weight: "bold", fill: accent, name), text(size: 9pt, body)))
"""


def _source(frozen: Frozen, of: Language, family: str, courses: list[str], drawn: set[str]) -> str:
    content = frozen.told
    meeting = content["meeting"]
    title, seal = meeting["title"], told.seal(frozen, of)
    head = f"{told.kind(content, of)} · {told.sentence(content, of)} · {told.until(content, of)}"
    tongue = 'lang: "zh", region: "cn"' if of == "zh" else 'lang: "en"'
    number = mark("Page {number}")
    before, after = translate(number, of).split("{number}")
    parts = [
        _PREAMBLE + f"#set document(title: {quoted(title)}, date: auto)\n"
        f'#set text(font: ("{family}",), size: 9.5pt, {tongue}, fallback: true)\n'
        '#set page(paper: "a4", margin: (x: 18mm, top: 16mm, bottom: 18mm), footer: context [#set text(size: 6.5pt, '
        f"fill: muted); #{quoted(seal)} #h(1fr) #{quoted(before)}#counter(page).display()#{quoted(after)}])\n"
        f"#title({quoted(title)})\n\n#text(fill: muted, {quoted(head)})\n#v(-4pt)\n"
        "#line(length: 100%, stroke: 1.2pt + accent)\n"
    ]

    def heading(text: str) -> None:
        parts.append(f"#heading({quoted(text)})\n")

    heading(say(mark("What was promised, and what became of it"), of))
    if content["ledger"]:
        cards = ", ".join(f"card({quoted(count)}, {quoted(name)})" for count, name in told.states(content, of))
        parts.append(f"#grid(columns: (1fr,) * {len(STATES)}, gutter: 6pt, {cards})\n#v(2pt)\n")
        parts.append(_table(told.ledger(content, of), "21%, 1fr, 22%, 12%, 14%, 12%"))
    else:
        parts.append(f"#{quoted(say(mark('No promises here.'), of))}\n")
    heading(say(mark("The figures both sides look at"), of))
    parts.append(_table(told.figures(content, of), "1fr, 14%, 16%, 14%, 20%", right=(1, 2, 3)))
    parts.append(f"#note({quoted(told.withheld(content, of))})\n")
    if courses:
        cells = ", ".join(
            f'block(breakable: false, [#text(weight: "bold", {quoted(name)}) #image("course{n}.svg", width: 100%)])'
            for n, name in enumerate(courses)
        )
        parts.append(f"#v(4pt)\n#grid(columns: (1fr, 1fr), column-gutter: 14pt, row-gutter: 10pt, {cells})\n")
    if content["items"]:
        heading(say(mark("Agenda"), of))
    parts += [_item(n, item, item["item_id"] in drawn, of) for n, item in enumerate(content["items"])]
    if content["clocks"]:
        heading(say(mark("What is due next"), of))
        parts.append(_table(told.clocks(content, of), "16%, 20%, 1fr, 16%, 25%", size=8.5))
    heading(say(mark("How the figures are counted"), of))
    parts.append(_table(told.definitions(content, of), "22%, 1fr, 28%, 11%", size=8))
    return "".join(parts)


def _item(place: int, item: Content, drawn: bool, of: Language) -> str:
    """Return an item of the agenda: its evidence, and its chart beside what each side says."""
    lines = [f'text(weight: "bold", size: 11pt, {quoted(f"{place + 1}. " + item["title"][of])})']
    if item["evidence"][of]:
        lines.append(f"text(fill: muted, {quoted(item['evidence'][of])})")
    sides = [
        f"side({quoted(translate(side, of))}, {quoted(item[text])})"
        for side, text in ((mark("Union"), "union_position"), (mark("Management side"), "management_position"))
        if item[text]
    ]
    if drawn:
        said = f"stack(spacing: 6pt, {', '.join(sides)})" if sides else "[]"
        picture = f'image("item{place}.svg", width: 100%)'
        lines.append(f"grid(columns: (1.55fr, 1fr), column-gutter: 12pt, {picture}, {said})")
    elif sides:
        lines.append(f"grid(columns: (1fr,) * {len(sides)}, column-gutter: 12pt, {', '.join(sides)})")
    return f"#block(breakable: false, above: 1.5em, stack(spacing: 7pt, {', '.join(lines)}))\n"
