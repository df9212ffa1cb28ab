"""python -m pages.reports brief|workbook|slides|minutes --meeting ID --out DIR, or --branch ID --from … --to …."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from streamlit.logger import set_log_level

from data import database, frozen
from data.frozen import Frozen
from data.told import Told
from data.words import LANGUAGES, mark, translate
from pages.reports import documents
from pages.shared.downloads import safe_name
from pages.shared.words import Language, speak
from queries import freezing
from queries.errors import QueryError
from queries.filters import Month
from queries.holding import current

WRITTEN = mark("{file} ({size} KB)")
NEEDS = mark("Name a meeting (--meeting ID) or a unit (--branch ID); minutes are of a meeting.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one document; return 0 written, 1 not possible, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m pages.reports", description="Documents from frozen figures.")
    parser.add_argument("kind", choices=list(documents.KINDS))
    parser.add_argument("--meeting", metavar="ID")
    parser.add_argument("--branch", metavar="ID")
    parser.add_argument("--from", dest="start", metavar="YYYY-MM")
    parser.add_argument("--to", dest="end", metavar="YYYY-MM")
    parser.add_argument("--out", type=Path, default=Path(), metavar="DIR")
    parser.add_argument("--language", choices=LANGUAGES, default=_language())
    asked = parser.parse_args(arguments)
    set_log_level(logging.ERROR)  # it grumbles where there is no visitor
    speak(asked.language)
    try:
        file = _write(asked)
    except (Told, QueryError) as error:
        text = error.text(asked.language) if isinstance(error, Told) else str(error)
        print(text, file=sys.stderr)
        return 2 if isinstance(error, QueryError) else 1
    size = f"{file.stat().st_size / 1024:.0f}"
    print(translate(WRITTEN, asked.language, file=file, size=size))
    return 0


def _write(asked: argparse.Namespace) -> Path:
    of: Language = asked.language
    kind = documents.KINDS[asked.kind]
    if asked.meeting:
        with database.reading() as connection:
            state = frozen.latest(connection, asked.meeting)
        if state is None:
            raise frozen.NotFrozen(frozen.NOT_FROZEN, meeting=asked.meeting)
        name = asked.meeting
    elif asked.branch and asked.kind != "minutes":
        state, name = _of_period(asked, of)
    else:
        raise QueryError(translate(NEEDS, of))
    asked.out.mkdir(parents=True, exist_ok=True)
    label = kind.name
    file: Path = asked.out / f"{safe_name(f'{name} {translate(label, of)}')}.{kind.suffix}"
    file.write_bytes(documents.of_meeting(asked.kind, state, of))
    return file


def _of_period(asked: argparse.Namespace, of: Language) -> tuple[Frozen, str]:
    snapshot = current()
    start, end = freezing.default_months(snapshot)
    start = Month.parse(asked.start) if asked.start else start
    end = Month.parse(asked.end) if asked.end else end
    snapshot.tree.at(asked.branch)
    return documents.of_period(asked.branch, start, end, of, snapshot), f"{asked.branch} {start}..{end}"


def _language() -> Language:
    said = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "en" if said.lower().startswith("en") else "zh"


if __name__ == "__main__":
    sys.exit(main())
