"""The questions on the command line: `python -m queries METRIC …`, `… batch FILE`, and `… audit --as ROLE`."""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from queries.answers import Answer, ask, last_twelve_months
from queries.audit import audit
from queries.disclosure import minimum_group
from queries.errors import QueryError
from queries.filters import Filters, Month
from queries.holding import current
from queries.metrics import METRICS
from queries.snapshot import Snapshot
from queries.viewers import OPERATOR, ROLES, Viewer

KEYS = ("metric", "definition", "branch", "from", "to", "by", "as_of", "as")
FOUND, REFUSED = 1, 2


def filters_of(query: Mapping[str, Any], snapshot: Snapshot) -> Filters:
    """Return the filters a query names; what it leaves out is the twelve months that end with A's month."""
    try:
        as_of = date.fromisoformat(query["as_of"]) if query.get("as_of") else None
    except ValueError as error:
        raise QueryError(f"as_of {query['as_of']!r}: write YYYY-MM-DD, such as 2025-06-17") from error
    default = last_twelve_months(snapshot, as_of)
    end = Month.parse(query["to"]) if query.get("to") else default.end
    start = Month.parse(query["from"]) if query.get("from") else end.back(11)
    return replace(default, start=start, end=end, branch=query.get("branch"))


def viewer_of(role: str | None) -> Viewer:
    """Return the operator, or somebody of this role who may see all units; QueryError for an unknown role."""
    if role is None:
        return OPERATOR
    for known in ROLES:
        if role == known:
            return Viewer(f"{role}@command", known)
    raise QueryError(f"role {role!r}: one of {', '.join(ROLES)}")


def answer(query: Mapping[str, Any], snapshot: Snapshot) -> dict[str, Any]:
    """Return `query`, `data_date` and `rows` for one JSON query; QueryError says what would have been right."""
    if unknown := [key for key in query if key not in KEYS]:
        raise QueryError(f"unknown key {unknown[0]!r}; one of {', '.join(KEYS)}")
    if not query.get("metric"):
        raise QueryError("a query needs a metric")
    found = ask(
        viewer_of(query.get("as")),
        query["metric"],
        filters_of(query, snapshot),
        query.get("by"),
        query.get("definition"),
        snapshot,
    )
    return {"query": dict(query), "data_date": found.data_date.isoformat(), "rows": rows_of(found)}


def rows_of(found: Answer) -> list[dict[str, Any]]:
    """Return the answer's rows as JSON values, whole numbers as integers, intervals for proportions only."""
    columns = ["group", "numerator", "denominator", "value"]
    if found.metric.proportion:
        columns += ["low", "high"]
    rows = found.frame.select(*columns, "suppressed").to_dicts()
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def batch(path: Path, snapshot: Snapshot) -> int:
    """Answer one JSON query a line; a line that cannot be answered says why, and the exit code is then 2."""
    code = 0
    lines = sys.stdin if str(path) == "-" else path.read_text("utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            query = json.loads(line)
            if not isinstance(query, dict):
                raise QueryError("a query is a JSON object")
            found = answer(query, snapshot)
        except json.JSONDecodeError as error:
            found, code = {"query": line, "error": f"line {number} is not JSON: {error.msg}"}, REFUSED
        except QueryError as error:
            found, code = {"query": query, "error": f"line {number}: {error}"}, REFUSED
        print(json.dumps(found, ensure_ascii=False), flush=True)
    return code


def shown(found: dict[str, Any], form: str) -> str:
    """Return an answer as `json`, `csv` or a plain `table`."""
    if form == "json":
        return json.dumps(found, ensure_ascii=False)
    rows = found["rows"]
    header = list(rows[0]) if rows else ["group", "numerator", "denominator", "value", "suppressed"]
    if form == "csv":
        stream = io.StringIO()
        writer = csv.DictWriter(stream, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return stream.getvalue().rstrip("\n")
    cells = [header, *([_cell(row[name]) for name in header] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    return "\n".join([*lines, f"data as of {found['data_date']}"])


def audited(role: str | None, snapshot: Snapshot) -> int:
    """Print how many small groups follow from all that a role may ask for; 0 if none, 1 with the list otherwise."""
    viewer = viewer_of(role)
    if role is None:
        raise QueryError("audit --as ROLE: nothing is withheld from whoever sits at the machine")
    found = audit(viewer.role, snapshot)
    print(f"as {viewer.role}, data as of {snapshot.data_date.isoformat()}, minimum group {minimum_group()}")
    print(f"{found.answers} answers with {found.figures} figures, {found.sums} independent sums")
    print(f"{found.small} groups of fewer than {minimum_group()} people or cases: {len(found.cells)} found")
    for cell in found.cells:
        print(cell)
    return FOUND if found.cells else 0


def _cell(value: Any) -> str:
    return "–" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 answered, 1 an audit found somebody, 2 refused with one line that says what would be right."""
    parser = argparse.ArgumentParser(prog="python -m queries", description="Ask the shared database one question.")
    parser.add_argument("metric", help="a metric id, or one of: list, batch FILE, audit --as ROLE")
    parser.add_argument("file", nargs="?", help="for batch: one JSON query a line; - reads standard input")
    parser.add_argument("--definition", help="a rival definition, such as received")
    parser.add_argument("--branch", help="a unit with its subtree; left out: all units")
    parser.add_argument("--from", dest="start", metavar="YYYY-MM")
    parser.add_argument("--to", dest="end", metavar="YYYY-MM")
    parser.add_argument("--by", help="branch, unit, month, quarter, year or a code of the metric")
    parser.add_argument("--as-of", metavar="DATE", help="as known on that day")
    parser.add_argument("--as", dest="role", metavar="ROLE", help="as that role may see it; left out: no suppression")
    parser.add_argument("--format", choices=("table", "json", "csv"), default="table")
    given = parser.parse_args(arguments)
    try:
        if given.metric == "list":
            for metric in METRICS.values():
                names = ", ".join(d.id for d in metric.definitions if d.id)
                print(metric.id, metric.zh, metric.en, f"({names})" if names else "", sep="\t")
            return 0
        if given.metric == "batch":
            if given.file is None:
                raise QueryError("batch needs a file of JSON queries, or - for standard input")
            if given.file != "-" and not Path(given.file).is_file():
                raise QueryError(f"{given.file}: no such file")
            return batch(Path(given.file), current())
        if given.metric == "audit" and given.file is None:
            return audited(given.role, current())
        if given.file is not None:
            raise QueryError(f"unexpected {given.file!r}; a file goes with `batch`")
        asked = {
            "metric": given.metric,
            "definition": given.definition,
            "branch": given.branch,
            "from": given.start,
            "to": given.end,
            "by": given.by,
            "as_of": given.as_of,
            "as": given.role,
        }
        found = answer({key: value for key, value in asked.items() if value is not None}, current())
        print(shown(found, given.format))
    except QueryError as error:
        print(error, file=sys.stderr)
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
