"""The commands: python -m data init | demo | import | refresh | check | template | backup | restore | people | …"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from data import (
    backup,
    check,
    database,
    demo,
    distribute,
    findings,
    frozen,
    importer,
    mappings,
    migrate,
    people,
    reader,
    records,
    remind,
    templates,
    undo,
    words,
)
from data.clock import today
from data.told import Told
from data.words import mark

_Commands = argparse._SubParsersAction

ABOUT = mark("The shared database, from the command line.")

CREATED = mark("The database is ready: {address}")
UP_TO_DATE = mark("The database was up to date: {address}")
REFRESHED = mark("All facts were made again; the data are at version {version}.")
SOUND = mark("Nothing is wrong.")
WRONG = mark("Problems: {count}")
SAVED = mark("Rows saved in {file}: {rows} of {tables} tables.")
RESTORED = mark("Rows restored from {file} and compared: {rows} of {tables} tables.")
WRITTEN = mark("Templates in {folder}: {count}.")
NO_MAPPING = mark("There is no mapping {name} (saved: {names}).")
NO_FORMAT = mark("{file}: a report ends in {suffixes}.")
ADDED = mark("{email} may look from the next click on.")
DISABLED = mark("{email} may no longer look.")
TAKEN_BACK = mark("Import {number} is undone; the data are at version {version}.")
NO_ANSWER = mark("The database does not answer or refuses: {error}")
UNSEEN = mark("Further warnings and notes: {count}; --report FILE lists them.")
LOADED = mark("Rows of demo data stored: {rows}.")
THERE = mark("This demo is there already.")
AS_FROZEN = mark("{meeting}, state {number}, frozen at {at} UTC by {by}: SHA-256 {sha256} holds.")
TAMPERED = mark(
    "{meeting}, state {number}: what is stored now has SHA-256 {recomputed}, frozen was {sha256}. It has been changed."
)

REMINDED = mark("Sent: {channels}.")
REHEARSED = mark("Nothing was sent; --send sends it.")

CLOSED_AGAIN = mark("{month} is closed anew, with all that was handed in so far.")

STAGES = {"store": mark("Storing"), "facts": mark("Rolling up"), "check": mark("Checking")}

# Warnings and notes that a terminal shows; a thousand lines would push the verdict out of sight.
SHOWN = 20


class Misused(Told):
    """A command that was called wrongly: exit status 2."""


class Bar:
    """A progress bar on the terminal; silent where there is none."""

    WIDTH = 30

    def __init__(self, language: str) -> None:
        self.language, self.shown = language, ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show how far `stage` (a file, a table or a step) has come: `done` of `total` (0 = not known)."""
        if not sys.stderr.isatty():
            return
        name = words.translate(STAGES[stage], self.language) if stage in STAGES else stage
        share = min(1.0, done / total) if total else 0.0
        filled = round(share * self.WIDTH)
        line = f"{name} [{'#' * filled}{'.' * (self.WIDTH - filled)}] {share:4.0%}" if total else f"{name} {done:,}"
        if line != self.shown:
            self.shown = line
            sys.stderr.write(f"\r\x1b[K{line}")
            sys.stderr.flush()

    def done(self) -> None:
        """Take the bar away."""
        if self.shown:
            sys.stderr.write("\r\x1b[K")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status: 0 done, 1 refused or faulty, 2 wrong usage."""
    asked = _parser(_language(arguments)).parse_args(arguments)
    bar = Bar(asked.language)
    try:
        if asked.run not in (_init, _check, _template):
            migrate.ensure()
        status: int = asked.run(asked, bar)
    except Told as error:
        reason, status = error.text(asked.language), 2 if isinstance(error, Misused) else 1
    except demo.NotEmpty as error:
        reason, status = str(error), 1
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        reason, status = words.translate(NO_ANSWER, asked.language, error=cause), 1
    else:
        reason = ""
    bar.done()
    if reason:
        _complain(reason)
    return status


def _parser(language: str) -> argparse.ArgumentParser:
    def say(message: str) -> str:
        return words.translate(message, language)

    parser = argparse.ArgumentParser(prog="python -m data", description=say(ABOUT))
    speak = say(mark("zh or en; default: by LANG"))
    parser.add_argument("--language", choices=words.LANGUAGES, default=language, metavar="LANGUAGE", help=speak)
    commands = parser.add_subparsers(required=True)

    def command(
        name: str, run: Callable[[argparse.Namespace, Bar], int], about: str, under: _Commands = commands
    ) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = under.add_parser(name, help=say(about), description=say(about))
        # Accepted behind the command as well; there its absence must not undo what stands before it.
        added.add_argument("--language", choices=words.LANGUAGES, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        added.set_defaults(run=run)
        return added

    def by(added: argparse.ArgumentParser) -> None:
        added.add_argument("--by", default="operator", metavar="EMAIL", help=say(mark("who does it, for the log")))

    command("init", _init, mark("create the tables, or bring them up to date"))

    made = command("demo", _demo, mark("fill an empty database with demo data"))
    made.add_argument("--size", choices=("small", "medium", "large"), default="small")
    made.add_argument("--seed", type=int, default=1)

    handed = command("import", _import, mark("hand in files or folders as one import: all or nothing"))
    handed.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    handed.add_argument("--dry-run", action="store_true", help=say(mark("check everything, store nothing")))
    report = mark("write all findings to a .txt, .csv or .json file")
    handed.add_argument("--report", type=Path, metavar="FILE", help=say(report))
    handed.add_argument("--allow-move", action="store_true", help=say(mark("known rows may arrive with another unit")))
    mapped = mark("a saved mapping of another system's headers and codes")
    handed.add_argument("--mapping", metavar="NAME", help=say(mapped))
    by(handed)

    command("refresh", _refresh, mark("make all facts again from the tables"))
    command("check", _check, mark("look for anything wrong: constraints, facts, version, settings"))
    command("distribute", _distribute, mark("spread the tables over a Citus cluster"))

    empty = command("template", _template, mark("write an empty workbook for each table"))
    empty.add_argument("folder", type=Path, metavar="DIR")
    units = mark("only this unit and those below it in the list of units")
    empty.add_argument("--branch", metavar="ID", help=say(units))

    saved = command("backup", _backup, mark("save the whole database in one file"))
    saved.add_argument("file", type=Path, metavar="FILE")

    back = command("restore", _restore, mark("restore a backup into an empty database"))
    back.add_argument("file", type=Path, metavar="FILE")
    back.add_argument("--force", action="store_true", help=say(mark("replace what the database holds")))
    by(back)

    held = command("verify", _verify, mark("check that what was frozen for a meeting is what it was"))
    held.add_argument("meeting", metavar="MEETING")

    past = command("history", _history, mark("list the imports, newest first"))
    past.add_argument("--limit", type=int, default=20)

    taken = command("undo", _undo, mark("take an import back, while nothing later touched its rows"))
    taken.add_argument("number", type=int, metavar="ID")
    by(taken)

    reminding = mark("tell who is late and which cases are about to breach; prints, sends nothing")
    told = command("remind", _remind, reminding)
    told.add_argument("--month", metavar="YYYY-MM", help=say(mark("whose ledgers; default: the latest that are due")))
    ahead = mark("how many days ahead cases are looked for")
    told.add_argument("--days", type=int, default=remind.DAYS, help=say(ahead))
    channels = mark("send it by mail, webhook or group robot, as set (docs/configuration.md)")
    told.add_argument("--send", action="store_true", help=say(channels))
    by(told)

    late = command("close", _close, mark("take into a closed month what was handed in late"))
    late.add_argument("month", metavar="YYYY-MM")
    by(late)

    who = mark("who may look: add, disable, list")
    whose = commands.add_parser("people", help=say(who), description=say(who)).add_subparsers(required=True)
    added = command("add", _people_add, mark("let somebody in, or change what they may see"), whose)
    added.add_argument("email", metavar="EMAIL")
    added.add_argument("--name", required=True)
    added.add_argument("--role", required=True, choices=people.ROLES)
    below = mark("units with all below them, separated by commas; none = all")
    added.add_argument("--units", default="", metavar="ID,ID", help=say(below))
    speaks = mark("the language they read")
    added.add_argument("--reads", choices=words.LANGUAGES, help=say(speaks))
    until = mark("the last day they may look")
    added.add_argument("--until", type=date.fromisoformat, metavar="YYYY-MM-DD", help=say(until))
    by(added)
    gone = command("disable", _people_disable, mark("let somebody in no longer"), whose)
    gone.add_argument("email", metavar="EMAIL")
    by(gone)
    command("list", _people_list, mark("list everybody"), whose)
    return parser


def _language(arguments: Sequence[str] | None) -> str:
    """Return the language asked for, else the terminal's: Chinese where its locale says so, else English."""
    first = argparse.ArgumentParser(add_help=False)
    first.add_argument("--language", choices=words.LANGUAGES)
    asked, _others = first.parse_known_args(arguments)
    if asked.language:
        return str(asked.language)
    said = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if said.lower().startswith("zh") else "en"


def _say(text: str) -> None:
    print(text, flush=True)


def _complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _init(asked: argparse.Namespace, _bar: Bar) -> int:
    message = CREATED if migrate.migrate() else UP_TO_DATE
    _say(words.translate(message, asked.language, address=database.url().render_as_string(hide_password=True)))
    return 0


def _demo(asked: argparse.Namespace, bar: Bar) -> int:
    result = demo.main(asked.size, asked.seed, progress=bar)
    rows = sum(counts.new for counts in result.counts.values())
    bar.done()
    _say(words.translate(LOADED, asked.language, rows=f"{rows:,}") if rows else words.translate(THERE, asked.language))
    return 0


def _import(asked: argparse.Namespace, bar: Bar) -> int:
    if asked.report is not None and asked.report.suffix.lower() not in findings.FORMATS:
        raise Misused(NO_FORMAT, file=asked.report, suffixes=", ".join(findings.FORMATS))
    mapping = None
    if asked.mapping is not None:
        with database.reading() as connection:
            if asked.mapping not in (names := mappings.names(connection)):
                raise Misused(NO_MAPPING, name=asked.mapping, names=", ".join(names) or "–")
            mapping = mappings.load(connection, asked.mapping)
    result = importer.import_files(
        asked.paths,
        by=asked.by,
        dry_run=asked.dry_run,
        allow_move=asked.allow_move,
        limits=reader.COMMAND,
        mapping=mapping,
        progress=bar,
    )
    bar.done()
    if asked.report is not None:
        asked.report.write_text(findings.FORMATS[asked.report.suffix.lower()](result, asked.language), "utf-8")
    remarks = [*result.warnings, *result.notes]
    for line in findings.lines([*result.faults, *remarks[:SHOWN]], asked.language):
        _complain(line)
    unseen = result.warnings.count + len(result.notes) - len(remarks[:SHOWN])
    if unseen:
        _complain(words.translate(UNSEEN, asked.language, count=unseen))
    if not result.refused:
        for line in findings.rows(result, asked.language):
            _say(line)
    _say(findings.verdict(result, asked.language))
    return 1 if result.refused else 0


def _refresh(asked: argparse.Namespace, bar: Bar) -> int:
    bar("facts", 0, 1)
    with database.writing() as connection:
        version = records.rebuild_facts(connection)
        people.audit(connection, "operator", "refresh", {"version": version})
    bar.done()
    _say(words.translate(REFRESHED, asked.language, version=version))
    return 0


def _check(asked: argparse.Namespace, bar: Bar) -> int:
    problems = check.problems(progress=bar)
    bar.done()
    for problem in problems:
        _say(problem.line(asked.language))
    if problems:
        _complain(words.translate(WRONG, asked.language, count=len(problems)))
        return 1
    _say(words.translate(SOUND, asked.language))
    return 0


def _verify(asked: argparse.Namespace, _bar: Bar) -> int:
    with database.reading() as connection:
        checked = frozen.verify(connection, asked.meeting)
    for one in checked:
        state = one.frozen
        values = {"meeting": state.meeting_id, "number": state.number, "sha256": one.logged or state.sha256}
        if one.sound:
            at = f"{state.frozen_at:%Y-%m-%d %H:%M}"
            _say(words.translate(AS_FROZEN, asked.language, **values, at=at, by=state.by))
        else:
            _complain(words.translate(TAMPERED, asked.language, **values, recomputed=one.recomputed))
    return 0 if all(one.sound for one in checked) else 1


def _distribute(asked: argparse.Namespace, _bar: Bar) -> int:
    outcome = distribute.distribute()
    _say(words.translate(outcome.message, asked.language, **outcome.params))
    return 0


def _template(asked: argparse.Namespace, _bar: Bar) -> int:
    try:
        written = templates.write(asked.folder, asked.language, branch=asked.branch)
    except KeyError as error:
        raise Misused(people.NO_UNIT, unit=asked.branch) from error
    _say(words.translate(WRITTEN, asked.language, count=len(written), folder=asked.folder))
    return 0


def _backup(asked: argparse.Namespace, bar: Bar) -> int:
    held = backup.backup(asked.file, progress=bar)
    bar.done()
    _say(_held(SAVED, held, asked))
    return 0


def _restore(asked: argparse.Namespace, bar: Bar) -> int:
    held = backup.restore(asked.file, force=asked.force, by=asked.by, progress=bar)
    bar.done()
    _say(_held(RESTORED, held, asked))
    return 0


def _held(message: str, held: dict[str, backup.Held], asked: argparse.Namespace) -> str:
    rows = sum(what.rows for what in held.values())
    return words.translate(message, asked.language, rows=f"{rows:,}", tables=len(held), file=asked.file)


def _history(asked: argparse.Namespace, _bar: Bar) -> int:
    with database.reading() as connection:
        for record in undo.history(connection, asked.limit):
            counts = {name: {k: n for k, n in rows.items() if n} for name, rows in record["counts"].items()}
            files = ", ".join(file["name"] for file in record["files"])
            undone = f" (undone by {record['undone_by']})" if record["undone_by"] else ""
            told = json.dumps(counts, ensure_ascii=False)
            _say(f"{record['import_id']}{undone}\t{record['at']:%Y-%m-%d %H:%M} UTC\t{record['by']}\t{record['kind']}")
            _say(f"\t{files}\t{told}")
    return 0


def _undo(asked: argparse.Namespace, bar: Bar) -> int:
    result = undo.undo(asked.number, by=asked.by)
    bar.done()
    for fault in result.faults:
        _complain(fault.line(asked.language))
    if result.faults:
        return 1
    _say(words.translate(TAKEN_BACK, asked.language, number=asked.number, version=result.version))
    return 0


def _people_add(asked: argparse.Namespace, _bar: Bar) -> int:
    units = [unit.strip() for unit in asked.units.split(",") if unit.strip()]
    with database.writing() as connection:
        people.add(
            connection,
            asked.email,
            asked.name,
            asked.role,
            units=units,
            language=asked.reads,
            valid_until=asked.until,
            by=asked.by,
        )
    _say(words.translate(ADDED, asked.language, email=people.normal(asked.email)))
    return 0


def _remind(asked: argparse.Namespace, _bar: Bar) -> int:
    with database.reading() as connection:
        found = remind.find(connection, today(), month=asked.month, days=asked.days)
    _say(remind.text(found, asked.language))
    if not asked.send:
        _complain(words.translate(REHEARSED, asked.language))
        return 0
    worked, wrong = remind.send(found, by=asked.by)
    if worked:
        _say(words.translate(REMINDED, asked.language, channels=", ".join(worked)))
    for error in wrong:
        _complain(error.text(asked.language))
    return 1 if wrong else 0


def _close(asked: argparse.Namespace, _bar: Bar) -> int:
    with database.writing() as connection:
        records.close_again(connection, asked.month, by=asked.by)
    _say(words.translate(CLOSED_AGAIN, asked.language, month=asked.month))
    return 0


def _people_disable(asked: argparse.Namespace, _bar: Bar) -> int:
    with database.writing() as connection:
        people.disable(connection, asked.email, by=asked.by)
    _say(words.translate(DISABLED, asked.language, email=people.normal(asked.email)))
    return 0


def _people_list(_asked: argparse.Namespace, _bar: Bar) -> int:
    with database.reading() as connection:
        for person in people.everyone(connection):
            state = "" if person["active"] else "disabled"
            until = person["valid_until"] or ""
            units = ",".join(person["units"]) or "*"
            _say(f"{person['email']}\t{person['name']}\t{person['role']}\t{units}\t{until}\t{state}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
