"""What an import found, as text, CSV or JSON, in the reader's language."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from data import tables
from data.faults import Fault
from data.importer import ImportResult
from data.words import mark, translate

SEVERITIES = {"fault": mark("fault"), "warning": mark("warning"), "note": mark("note")}
HEADERS = (mark("Severity"), mark("Table"), mark("File"), mark("Sheet"), mark("Row"), mark("Column"), mark("Value"))
RULE = mark("Rule and remedy")

REFUSED = mark("Refused: nothing was stored. Faults: {count}.")
UNCHANGED = mark("Nothing changed: every row was stored already.")
STORED = mark("Stored as import {number}, data version {version}.")
WOULD = mark("Nothing is stored in a dry run; without it the import would go through.")
ROWS = mark("{table}: {new} new, {changed} changed, {unchanged} unchanged")
MORE = mark("Faults that are not listed: {count}.")

# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def verdict(result: ImportResult, language: str) -> str:
    """Return in one sentence what became of the import."""
    if result.refused:
        return translate(REFUSED, language, count=result.faults.count)
    if result.unchanged:
        return translate(UNCHANGED, language)
    if result.dry_run:
        return translate(WOULD, language)
    return translate(STORED, language, number=result.import_id, version=result.version)


def rows(result: ImportResult, language: str) -> list[str]:
    """Return a line per table: how many rows are new, changed, unchanged."""
    return [
        translate(
            ROWS,
            language,
            table=tables.BY_NAME[name].zh if language == "zh" else name,
            new=counts.new,
            changed=counts.changed,
            unchanged=counts.unchanged,
        )
        for name, counts in result.counts.items()
    ]


def all_findings(result: ImportResult) -> Iterator[Fault]:
    """Yield faults, warnings and notes in this order."""
    yield from result.faults
    yield from result.warnings
    yield from result.notes


def lines(findings: Iterable[Fault], language: str) -> Iterator[str]:
    """Yield a line per finding: what it is, where it stands, the rule."""
    for finding in findings:
        yield f"{translate(SEVERITIES[finding.severity], language)}: {finding.line(language)}"


def as_text(result: ImportResult, language: str) -> str:
    """Return the report as plain text."""
    report = [verdict(result, language), *rows(result, language), *lines(all_findings(result), language)]
    left_out = result.faults.count - len(result.faults.first)
    if left_out:
        report.append(translate(MORE, language, count=left_out))
    return "\n".join(report) + "\n"


def as_csv(result: ImportResult, language: str) -> str:
    """Return one row per finding; with a byte order mark for Excel, and no cell that it would take for a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([translate(header, language) for header in (*HEADERS, RULE)])
    for finding in all_findings(result):
        table = tables.BY_NAME[finding.table].zh if language == "zh" and finding.table else finding.table
        severity = translate(SEVERITIES[finding.severity], language)
        cells = [severity, table, finding.file, finding.sheet, finding.row, finding.header(language), finding.value]
        writer.writerow([_harmless(cell) for cell in (*cells, finding.text(language))])
    return "\ufeff" + text.getvalue()


def as_json(result: ImportResult, language: str) -> str:
    """Return everything the import found and did, for programs."""
    report = {
        "refused": result.refused,
        "unchanged": result.unchanged,
        "dry_run": result.dry_run,
        "import_id": result.import_id,
        "version": result.version,
        "files": [asdict(file) for file in result.files],
        "counts": {name: asdict(counts) for name, counts in result.counts.items()},
        "fault_count": result.faults.count,
        "warning_count": result.warnings.count,
        "findings": [
            {
                "severity": finding.severity,
                "table": finding.table,
                "file": finding.file,
                "sheet": finding.sheet,
                "row": finding.row,
                "column": finding.header(language),
                "value": finding.value,
                "rule": finding.text(language),
            }
            for finding in all_findings(result)
        ],
    }
    return json.dumps(report, ensure_ascii=False, indent=1, default=str) + "\n"


FORMATS = {".txt": as_text, ".csv": as_csv, ".json": as_json}


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
