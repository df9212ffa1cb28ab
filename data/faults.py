"""What is wrong, doubtful or left out in a hand-in: where it stands, the value, the rule and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from data import tables, words
from data.words import mark

# A report longer than this is not read; the count of all is told.
KEPT = 1000

Severity = Literal["fault", "warning", "note"]

# A value in a rule's text that has two names, as columns and codes do: {"zh": "提出日期", "en": "filed_on"}.
Term = dict[str, str]

_FILE = mark("File {name}")
_SHEET = mark("sheet {name}")
_ROW = mark("row {number}")
_COLUMN = mark("column {name}")
_VALUE = mark("value “{value}”")


@dataclass(frozen=True)
class Fault:
    """One finding in a hand-in.

    `row` counts from 1 as the spreadsheet does, `column` is the header as it stands in the file, `field` our column's
    name, `rule` a gettext id whose `{placeholders}` are filled from `params` (a Term in the reader's language). The
    rule's text says what to do. A fault refuses the whole import, a warning is stored, a note tells what was left out.
    """

    file: str | None
    sheet: str | None
    row: int | None
    column: str | None
    value: str | None
    rule: str
    params: Mapping[str, object] = field(default_factory=dict)
    severity: Severity = "fault"
    table: str | None = None
    field: str | None = None

    def text(self, language: str) -> str:
        """Return the rule and its remedy in `language` ("zh" or "en")."""
        values = {name: _said(value, language) for name, value in self.params.items()}
        return words.translate(self.rule, language).format(**values)

    def place(self, language: str) -> str:
        """Return where it stands: file, sheet, row, column and value, as far as they are known."""
        parts = [
            words.translate(message, language, **values)
            for message, values in (
                (_FILE, {"name": self.file}),
                (_SHEET, {"name": self.sheet}),
                (_ROW, {"number": self.row}),
                (_COLUMN, {"name": self.header(language)}),
                (_VALUE, {"value": self.value}),
            )
            if next(iter(values.values())) is not None
        ]
        return ("，" if language == "zh" else ", ").join(parts)

    def line(self, language: str) -> str:
        """Return place and text in one line, as a command prints it."""
        place = self.place(language)
        if not place:
            return self.text(language)
        return f"{place}：{self.text(language)}" if language == "zh" else f"{place}: {self.text(language)}"

    def header(self, language: str) -> str | None:
        """Return the header as in the file, else the column's name in `language`, else None."""
        if self.column is not None or self.table is None or self.field is None:
            return self.column
        return column_term(self.table, self.field)[language]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; `from_dict` reads them back."""
        return asdict(self) | {"params": dict(self.params)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Fault:
        """Return the finding that `as_dict` wrote."""
        return cls(**values)


class Faults:
    """Findings in order: the first `KEPT` of them and the count of all."""

    def __init__(self, found: Iterable[Fault] = ()) -> None:
        self.first: list[Fault] = []
        self.count = 0
        for fault in found:
            self.add(fault)

    def add(self, fault: Fault) -> None:
        """Take one more finding."""
        if len(self.first) < KEPT:
            self.first.append(fault)
        self.count += 1

    def extend(self, other: Faults) -> None:
        """Take all findings of `other` behind our own."""
        self.first.extend(other.first[: KEPT - len(self.first)])
        self.count += other.count

    def __iter__(self) -> Iterator[Fault]:
        return iter(self.first)

    def __bool__(self) -> bool:
        return self.count > 0

    def located(self, headers: Mapping[tuple[str | None, str | None], Mapping[str, str]]) -> Faults:
        """Return the same findings with `column` filled from `headers`: (file, sheet) → {our column: header}."""
        found = Faults()
        for fault in self.first:
            header = headers.get((fault.file, fault.sheet), {}).get(fault.field or "")
            found.first.append(replace(fault, column=header) if fault.column is None and header else fault)
        found.count = self.count
        return found


def column_term(table: str, column: str) -> Term:
    """Return a column's two names for a rule's text."""
    return {"zh": tables.BY_NAME[table].column(column).zh, "en": column}


def table_term(table: str) -> Term:
    """Return a table's two names for a rule's text."""
    return {"zh": tables.BY_NAME[table].zh, "en": table}


def _said(value: object, language: str) -> object:
    if isinstance(value, dict):
        return value[language]
    if isinstance(value, (list, tuple)):
        return ("、" if language == "zh" else ", ").join(str(_said(one, language)) for one in value)
    return value


class Refused(Exception):
    """A whole file or sheet cannot be read: the rule that it breaks, and the rule's parameters."""

    def __init__(self, rule: str, **params: object) -> None:
        super().__init__(rule)
        self.rule = rule
        self.params = params
