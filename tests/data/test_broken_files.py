"""Whatever is handed in is answered: by its rows, or by a fault that says what to do, never by a crash."""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from data import reader, tables
from tests.data.broken_files import LIMITS, Case, cases, mutated

pytestmark = pytest.mark.slow  # a child process reads each of the files


@dataclass
class Hand:
    """All files handed in at once, and what that cost this process."""

    cases: list[Case]
    batch: reader.Batch
    memory: int
    seconds: float
    log: str


def resident() -> int:
    """Bytes of memory this process holds."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    assert found
    return int(found[1]) * 1024


@pytest.fixture(scope="module")
def hand(tmp_path_factory: pytest.TempPathFactory) -> Hand:
    folder = tmp_path_factory.mktemp("broken")
    paths = []
    made = list(cases())
    for case in made:
        paths.append(folder / case.name)
        paths[-1].write_bytes(case.content)
    before, start = resident(), time.monotonic()
    with slips() as caught:
        batch = reader.read(paths, limits=LIMITS)
    seconds, memory = time.monotonic() - start, resident() - before
    return Hand(made, batch, memory, seconds, "\n".join(caught))


@contextmanager
def slips() -> Iterator[list[str]]:
    """What the reader logs as a slip of its own."""
    caught: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: caught.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("data.reader").addHandler(handler)
    yield caught
    logging.getLogger("data.reader").removeHandler(handler)


def test_there_are_enough_files(hand: Hand) -> None:
    assert len(hand.cases) >= 60
    assert len({case.name for case in hand.cases}) == len(hand.cases)


def test_no_file_makes_the_program_slip(hand: Hand) -> None:
    assert hand.log == ""


def test_no_spoilt_file_makes_the_program_slip() -> None:
    with slips() as caught:
        reader.read(list(mutated(random.Random(7), 300)), limits=LIMITS)
    assert caught == []


def test_the_files_are_answered_in_time(hand: Hand) -> None:
    # One file alone may take LIMITS.seconds; a file that did would be refused for that and fail its own test below.
    assert hand.seconds < 60


def test_the_process_that_serves_keeps_its_memory(hand: Hand) -> None:
    assert hand.memory < 50 * reader.MEGABYTE


def test_every_file_is_answered_as_it_should(hand: Hand, subtests: pytest.Subtests) -> None:
    for case in hand.cases:
        with subtests.test(case.name):
            check(case, hand.batch)


def check(case: Case, batch: reader.Batch) -> None:
    faults = [fault for fault in batch.faults.first if fault.file == case.name]
    notes = [note for note in batch.notes if note.file == case.name]
    parts = [part for part in batch.parts if part.file == case.name]
    assert {fault.rule for fault in faults} == set(case.rules), [fault.line("en") for fault in faults]
    assert set(case.notes) <= {note.rule for note in notes}
    if case.rows is not None:
        (part,) = parts
        assert part.table == case.table
        names = [column.name for column in tables.BY_NAME[case.table].columns if column.name in part.present]
        assert part.frame.select(names).rows() == case.rows
    for found in (*faults, *notes):
        for language in ("zh", "en"):
            assert "{" not in found.line(language)
