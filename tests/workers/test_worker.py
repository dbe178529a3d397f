"""Foreign code in a worker: its answers come, and whatever it does ends at its process."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError
from skills_lib.testing.bars import random_walk
from skills_lib.workers.signals import bars_as_bytes, bars_in, signals_as_bytes, signals_in
from skills_lib.workers.worker import Worker, WorkerEndedError
from tests.workers.programs import program, rises

STARTED_S = 60.0
BARS = random_walk(50, 1)
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@contextmanager
def running(name: str, time_limit_s: float = 20.0) -> Iterator[Worker]:
    """A worker that says that it is ready."""
    worker = Worker(program(name, time_limit_s=time_limit_s), captured=True)
    try:
        worker.answer(STARTED_S)
        yield worker
    finally:
        worker.kill()


def members(group: int) -> list[str]:
    """The processes of a group that run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, of = stat.read_text().rpartition(") ")[2].split()[:3]
            found += [stat.parent.name] if int(of) == group and state != "Z" else []
    return found


def is_gone(group: int) -> bool:
    """True once no process of the group runs: the system ends what was killed, but not at once."""
    until_s = time.monotonic() + STARTED_S
    while members(group) and time.monotonic() < until_s:
        os.sched_yield()
    return not members(group)


def same(one: Bars, other: Bars) -> bool:
    return one.digest() == other.digest() and one.interval_ns == other.interval_ns


def test_bars_and_signals_are_the_same_behind_the_bytes() -> None:
    read = bars_in(bars_as_bytes(BARS))
    assert same(read, BARS)
    read.close[0] = 1.0
    expected, found = rises(BARS), signals_in(signals_as_bytes(rises(BARS)))
    assert found.size == expected.size
    for name, column in expected.columns().items():
        assert (found.columns()[name].tobytes()) == column.tobytes(), name


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xc0", signals_as_bytes(rises(BARS))[:-3]])
def test_signals_that_cannot_be_read_are_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="cannot be read as Signals"):
        signals_in(data)


@needs_proc
def test_a_worker_answers_again_and_again_and_ends_with_what_it_has_started() -> None:
    with running("forks") as worker:
        for _ in range(3):
            worker.put(bars_as_bytes(BARS))
            assert signals_in(worker.answer(STARTED_S)).long_entry.tolist() == rises(BARS).long_entry.tolist()
        assert len(members(worker.number)) == 4
    assert is_gone(worker.number)


@needs_proc
def test_a_worker_gets_neither_the_keys_of_the_environment_nor_any_other_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWOKEY_API_SECRET", "secret")
    monkeypatch.setenv("SOME_KEY", "secret")
    with running("rises") as worker:
        found = Path(f"/proc/{worker.number}/environ").read_bytes()
    assert b"secret" not in found
    assert b"PATH=" in found


def test_a_program_that_cannot_be_opened_says_why() -> None:
    worker = Worker(program("not_importable"))
    with pytest.raises(WorkerEndedError, match="It cannot be imported"):
        worker.answer(STARTED_S)
    with pytest.raises(WorkerEndedError, match=r"It (ended by itself with exit code 0|closed its connection)"):
        worker.answer(STARTED_S)
    worker.kill()


@needs_proc
def test_an_answer_that_takes_too_long_is_not_waited_for() -> None:
    with running("never_ends") as worker:
        worker.put(bars_as_bytes(BARS))
        with pytest.raises(WorkerEndedError, match=r"It took more than 0\.2 s"):
            worker.answer(0.2)
        number = worker.number
    assert is_gone(number)


def test_a_worker_whose_starter_is_gone_ends_itself_behind_its_limit() -> None:
    with running("loops_in_c", time_limit_s=0.1) as worker:
        worker.put(bars_as_bytes(BARS))
        with pytest.raises(WorkerEndedError, match="It was ended by signal 14"):
            worker.answer(STARTED_S)
