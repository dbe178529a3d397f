"""A strategy on bars in a process of its own: whatever its code does, the daemon goes on and can be stopped."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from live.bars.decider import Computed, StrategyStoppedError
from live.daemon.logs import Log
from skills_lib.domain.bars import Bars
from skills_lib.domain.errors import InputError
from skills_lib.workers.messages import WorkerAnswer
from skills_lib.workers.signals import bars_as_bytes, signals_in
from skills_lib.workers.worker import Program, Worker, WorkerEndedError

RESTARTS: Final = 3
"""So often in a run of the daemon the process is started again; then entries stop."""
START_WITHIN_S: Final = 60.0
TICK_S: Final = 0.1
_SHOWN: Final = 300
"""Characters of a strategy's own words."""
_LOGGED: Final = 1_000
"""Characters of what it prints in a tenth of a second."""


class _Request(NamedTuple):
    message: bytes
    done: Callable[[Computed], None]


class StrategyProcess:
    """Computes signals in a worker, one question at a time; each method returns at once.

    A process that ends, or takes longer than the program's limit, is killed and started again: nothing is decided at
    that bar. failed: takes what `done` raises, as where bytes of a socket are handed on.
    """

    def __init__(self, program: Program, log: Log, failed: Callable[[Exception], None]) -> None:
        self._program, self._log, self._failed = program, log, failed
        self._loop = asyncio.get_running_loop()
        self._requests: deque[_Request] = deque()
        self._asked: _Request | None = None
        self._worker: Worker | None = None
        self._ready, self._ends, self._until_s, self._stopped = False, 0, 0.0, ""
        self._start()
        self._tick()

    def __call__(self, bars: Bars, done: Callable[[Computed], None]) -> None:
        """Ask for the signals on bars."""
        self._requests.append(_Request(bars_as_bytes(bars), done))
        self._loop.call_soon(self._ask_next)

    @property
    def number(self) -> int:
        """The process id of the worker; 0 without one."""
        return self._worker.number if self._worker is not None else 0

    def close(self) -> None:
        """End the process for good."""
        self._stopped = self._stopped or "The run has ended."
        self._requests.clear()
        self._asked = None
        self._let_go()

    def _start(self) -> None:
        try:
            self._worker = worker = Worker(self._program, captured=True)
        except OSError as error:
            self._end(f"It cannot be started ({error.strerror}).")
            return
        self._ready, self._until_s = False, self._loop.time() + START_WITHIN_S
        self._loop.add_reader(worker.fileno(), self._read)

    def _let_go(self) -> None:
        worker = self._worker
        if worker is not None:
            self._log_output(worker)
            self._loop.remove_reader(worker.fileno())
            worker.kill()
        self._worker, self._ready = None, False

    def _ask_next(self) -> None:
        while self._stopped and self._requests:
            self._hand_on(self._requests.popleft(), StrategyStoppedError(self._stopped))
        if self._asked is None and self._ready and self._requests and self._worker is not None:
            self._asked = self._requests.popleft()
            self._until_s = self._loop.time() + self._program.time_limit_s
            self._worker.put(self._asked.message)

    def _read(self) -> None:
        worker = self._worker
        if worker is None:
            return
        try:
            answers = worker.work()
        except WorkerEndedError as error:
            self._end(str(error))
            return
        for answer in answers:
            self._take(answer)

    def _take(self, answer: WorkerAnswer) -> None:
        if self._worker is None:
            return
        self._log_output(self._worker)
        asked, self._asked = self._asked, None
        if not self._ready and not answer.error:
            self._ready = True
        elif not self._ready:
            self._end(answer.error)
        elif asked is None:
            self._end("It answered what nobody asked.")
        else:
            self._hand_on(asked, _computed(answer))
        self._ask_next()

    def _tick(self) -> None:
        """A worker that takes too long is ended here, where nothing of it has to happen for it."""
        if self._worker is not None:
            if (self._asked is not None or not self._ready) and self._loop.time() > self._until_s:
                limit_s = self._program.time_limit_s if self._ready else START_WITHIN_S
                self._end(f"It took more than {limit_s:g} s.")
            else:
                self._log_output(self._worker)
                self._read()
        if not self._stopped:
            self._loop.call_later(TICK_S, self._tick)

    def _end(self, reason: str) -> None:
        """The worker is of no more use: start another one, unless that was tried often enough."""
        self._let_go()
        self._ends += 1
        asked, self._asked, why = self._asked, None, plain_words(reason)
        self._log.warning("the process of the strategy has ended", times=self._ends, reason=why)
        if self._ends > RESTARTS:
            self._stopped = f"the strategy's process ended {self._ends} times, at last: {why}"
        else:
            self._start()
        if asked is not None:
            error = InputError(f"The strategy's process was ended. {why}")
            self._hand_on(asked, StrategyStoppedError(self._stopped) if self._stopped else error)
        self._ask_next()

    def _hand_on(self, asked: _Request, found: Computed) -> None:
        try:
            asked.done(found)
        except Exception as error:  # noqa: BLE001 - a journal or a defect: the run decides what becomes of it
            self._failed(error)

    def _log_output(self, worker: Worker) -> None:
        """What is printed while nothing is asked is read and not kept."""
        if (text := worker.output()) and (self._asked is not None or not self._ready):
            self._log.info("the strategy printed", text=plain_words(text, _LOGGED))


def _computed(answer: WorkerAnswer) -> Computed:
    """The signals, or why there are none."""
    try:
        return InputError(plain_words(answer.error)) if answer.error else signals_in(answer.result)
    except InputError as error:
        return error


def plain_words(text: str, longest: int = _SHOWN) -> str:
    """Text of foreign code for a log or a terminal: one line, without control characters, cut."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:longest])
