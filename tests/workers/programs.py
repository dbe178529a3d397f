"""Programs of workers: signals that are right, and code that tries to harm whoever runs it."""

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle

import numpy as np

from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError
from skills_lib.domain.signals import Signals, never
from skills_lib.workers.signals import bars_in, signals_as_bytes
from skills_lib.workers.worker import Program

MEMORY_BYTES = 1 << 30
ENTRY = "tests.workers.programs:opened"


def program(*names: str, time_limit_s: float = 20.0) -> Program:
    """A program of the table below; with several names, of each in turn."""
    return Program(ENTRY, ",".join(names).encode(), time_limit_s, MEMORY_BYTES)


def opened(request: bytes) -> Callable[[bytes], bytes]:
    """In the worker: signals of the code that the request names."""
    names = request.decode().split(",")
    if "not_importable" in names:
        raise InputError("It cannot be imported.")
    turns = cycle(CODE[name] for name in names)
    return lambda message: signals_as_bytes(next(turns)(bars_in(message)))


def rises(bars: Bars) -> Signals:
    """Long where the close is above the one before."""
    up = np.concatenate([[False], bars.close[1:] > bars.close[:-1]])
    stop = np.where(up, bars.close * 0.9, np.nan)
    return Signals(up, never(len(bars)), ~up, never(len(bars)), 0.5, stop, None, {"close": bars.close})


def _wrong_length(bars: Bars) -> Signals:
    return rises(bars[:1])


def _nan_size(bars: Bars) -> Signals:
    return Signals(*[never(len(bars))] * 4, np.full(len(bars), np.nan))


def _loops(bars: Bars) -> Signals:
    while True:
        pass


def _loops_in_c(bars: Bars) -> Signals:
    return rises(bars[: sum(range(10**12))])


def _never_ends(bars: Bars) -> Signals:
    while True:
        with suppress(BaseException):
            time.sleep(3600)


def _exits(bars: Bars) -> Signals:
    sys.exit(7)


def _exits_at_once(bars: Bars) -> Signals:
    os._exit(7)


def _raises(bars: Bars) -> Signals:
    raise ZeroDivisionError("secret")


def _interrupts(bars: Bars) -> Signals:
    raise KeyboardInterrupt


def _generator_exits(bars: Bars) -> Signals:
    raise GeneratorExit


def _allocates(bars: Bars) -> Signals:
    return rises(bars[: len(np.ones(2 << 27))])


def _prints(bars: Bars) -> Signals:
    os.write(1, b"{spoilt\x1b[2J\n")
    sys.stdout.write("x" * 300_000)
    return rises(bars)


def _reads_input(bars: Bars) -> Signals:
    assert sys.stdin.read() == ""
    return rises(bars)


def _closes_files(bars: Bars) -> Signals:
    os.closerange(0, 1_000)
    return rises(bars)


def _sends_garbage(bars: Bars) -> Signals:
    for number in range(3, 64):
        try:
            os.write(number, b"\xff" * 100)
        except OSError:
            continue
    return rises(bars)


def _forks(bars: Bars) -> Signals:
    if os.fork() == 0:
        time.sleep(3600)
    return rises(bars)


def _leaves_a_thread(bars: Bars) -> Signals:
    threading.Thread(target=time.sleep, args=(3600,)).start()
    return rises(bars)


def _gives_nothing(bars: Bars) -> Signals:
    return None  # type: ignore[return-value]


def _long_words(bars: Bars) -> Signals:
    raise InputError("\x1b]0;title\x07" + "w" * 10_000)


CODE: dict[str, Callable[[Bars], Signals]] = {
    "rises": rises,
    "wrong_length": _wrong_length,
    "nan_size": _nan_size,
    "loops": _loops,
    "loops_in_c": _loops_in_c,
    "never_ends": _never_ends,
    "exits": _exits,
    "exits_at_once": _exits_at_once,
    "raises": _raises,
    "interrupts": _interrupts,
    "generator_exits": _generator_exits,
    "allocates": _allocates,
    "prints": _prints,
    "reads_input": _reads_input,
    "closes_files": _closes_files,
    "sends_garbage": _sends_garbage,
    "forks": _forks,
    "leaves_a_thread": _leaves_a_thread,
    "gives_nothing": _gives_nothing,
    "long_words": _long_words,
}
