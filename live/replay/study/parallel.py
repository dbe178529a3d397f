"""Runs spread over processes. Every worker has the tapes and keeps them."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

from live.replay.study.runs import Replays, TapeRun
from live.replay.study.variants import Variant
from skills_lib.domain.errors import TwokeyError
from skills_lib.progress import Progress

OpenReplays = Callable[[], Replays]
"""Opens the tapes; it is sent to worker processes, so it can be pickled."""
Job = tuple[int, Variant, Path | None]
"""Number of a tape, what to play on it, and where to write the journal."""
_opened: list[Replays] = []


class ReplayRunner:
    """Makes runs in worker processes, or in this one where there is no pool. spans: of the tapes, in ns."""

    def __init__(self, replays: Replays, pool: ProcessPoolExecutor | None, tapes: int, progress: Progress) -> None:
        self.tapes, self.spans = tapes, replays.spans
        self._replays, self._pool, self._progress = replays, pool, progress

    def journalled(self, variant: Variant, journals: Sequence[Path], message: str) -> list[TapeRun]:
        """The runs of a variant on all tapes, each with a journal.

        Raises:
            TwokeyError: a worker process died.
        """
        return self._all([(tape, variant, journal) for tape, journal in enumerate(journals)], message)

    def all_tapes(self, variants: Sequence[Variant], message: str) -> list[list[TapeRun]]:
        """For each variant its runs on all tapes, in order.

        Raises:
            TwokeyError: a worker process died.
        """
        done = self._all([(tape, variant, None) for variant in variants for tape in range(self.tapes)], message)
        return [done[first : first + self.tapes] for first in range(0, len(done), self.tapes)]

    def _all(self, jobs: Sequence[Job], message: str) -> list[TapeRun]:
        return self._here(jobs, message) if self._pool is None else self._spread(self._pool, jobs, message)

    def _here(self, jobs: Sequence[Job], message: str) -> list[TapeRun]:
        found = []
        for number, job in enumerate(jobs):
            self._progress(number, len(jobs), message)
            found.append(self._replays.run(*job))
        return found

    def _spread(self, pool: ProcessPoolExecutor, jobs: Sequence[Job], message: str) -> list[TapeRun]:
        futures: list[Future[TapeRun]] = [pool.submit(_run, *job) for job in jobs]
        self._progress(0, len(jobs), message)
        try:
            for number, future in enumerate(as_completed(futures), 1):
                future.result()
                self._progress(number, len(jobs), message)
        except BrokenProcessPool as error:
            raise TwokeyError(
                "A process of the replay died, perhaps for lack of memory. Run it again with TWOKEY_WORKERS=1."
            ) from error
        return [future.result() for future in futures]


@contextmanager
def open_runner(opens: OpenReplays, tapes: int, workers: int, progress: Progress) -> Iterator[ReplayRunner]:
    """A runner whose processes end with the block, also when it is interrupted."""
    replays = opens()
    if workers < 2:
        yield ReplayRunner(replays, None, tapes, progress)
        return
    _opened[:] = [replays]  # forked workers have the tapes without reading them again
    pool = ProcessPoolExecutor(workers, _context(), _begin, (opens,))
    try:
        yield ReplayRunner(replays, pool, tapes, progress)
    finally:
        _opened.clear()
        pool.shutdown(cancel_futures=True)


def usable_processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _context() -> multiprocessing.context.BaseContext:
    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def _begin(opens: OpenReplays) -> None:
    """Open the tapes in a worker that has not inherited them. Ctrl-C ends it silently; its parent reports that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if not _opened:
        _opened.append(opens())


def _run(tape: int, variant: Variant, journal: Path | None) -> TapeRun:
    return _opened[0].run(tape, variant, journal)
