"""Between strategies and the compiled loops: signals become jobs, and a runner per thread executes them."""

import weakref
from collections.abc import Callable, Sequence
from enum import Enum, auto

import numpy as np
import numpy.typing as npt

from skills_lib.backtest.kernel import entry_points as jobs_of
from skills_lib.backtest.kernel.arrays import (
    DONE,
    OUTCOME_COLUMNS,
    SEGMENT_ROWS,
    SEGMENTS,
    STATUS,
    TABLE_FULL,
    TOO_LARGE,
    TRADES,
    Scratch,
    TradeTable,
)
from skills_lib.backtest.kernel.indicators import CompiledIndicators, crosses, plain
from skills_lib.backtest.kernel.inputs import KernelInputs
from skills_lib.backtest.kernel.metrics import ROW
from skills_lib.backtest.metrics import METRICS
from skills_lib.backtest.model import Span
from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.domain.errors import InputError
from skills_lib.domain.memory import Memory
from skills_lib.domain.signals import Signals, never

METRIC_COLUMNS = np.array([ROW.index(name) for name in METRICS])
"""Where each of METRICS stands in a row of the kernel."""

_BARS_A_TRADE = 40
"""More trades than one in so many bars are rare, and then there is room made for them."""
_MIN_TRADE_ROWS = 2_056  # not a power of two: rows that lie 16 KB apart evict each other from the cache
_BOOL, _FLOAT = np.dtype(np.bool_), np.dtype(np.float64)
_NO_DAYS = np.empty((0, 0))
_ARRAYS_KNOWN = 4_096
_PROBLEMS = {
    TOO_LARGE: "asked for a position of more than 2^53 units, which the kernel cannot count: "
    "take a larger fractional unit or the reference engine",
}


class Batch:
    """Signals of several combinations by address; keeps their arrays alive."""

    def __init__(self, capacity: int) -> None:
        self.table = np.zeros((capacity, jobs_of.JOB_COLUMNS), dtype=np.int64)
        self.sizes = np.ones(capacity, dtype=np.float64)
        self._reused: list[list[npt.NDArray[np.generic]]] = []

    def __len__(self) -> int:
        return len(self._reused)

    def add(self, signals: Signals, warm_up: int) -> None:
        """Append signals whose indicators are all defined from bar `warm_up` on."""
        row, none = self.table[len(self._reused)], never(len(signals))
        entries = plain(signals.long_entry, _BOOL), plain(signals.short_entry, _BOOL)
        jobs_of.store_entries(row, *entries)
        reused: list[npt.NDArray[np.generic]] = [*entries]
        if signals.long_exit is not none or signals.short_exit is not none:
            exits = plain(signals.long_exit, _BOOL), plain(signals.short_exit, _BOOL)
            jobs_of.store_exits(row, *exits)
            reused += exits
        row[jobs_of.WARM_UP] = warm_up
        if signals.stop_price is None and signals.target_price is None and type(signals.size) is float:
            self.sizes[len(self._reused)] = signals.size
        else:
            self._add_levels(signals, row, reused)
        self._reused.append(reused)

    def _add_levels(self, signals: Signals, row: IntArray, reused: list[npt.NDArray[np.generic]]) -> None:
        for column, values in (
            (jobs_of.SIZE, signals.size),
            (jobs_of.STOP, signals.stop_price),
            (jobs_of.TARGET, signals.target_price),
        ):
            if isinstance(values, np.ndarray):
                reused.append(plain(values, _FLOAT))
                row[column] = jobs_of.address(reused[-1])
        if not isinstance(signals.size, np.ndarray):
            self.sizes[len(self._reused)] = signals.size

    def at(self, rows: Sequence[int]) -> "Batch":
        """The jobs at `rows`."""
        some, taken = Batch(0), np.array(rows, dtype=np.int64)
        some.sizes, some.table = self.sizes[taken], self.table[taken]
        some._reused = [self._reused[row] for row in rows]
        return some

    @property
    def capacity(self) -> int:
        """How many more can be added."""
        return len(self.table) - len(self._reused)


class BatchOutput(Enum):
    """What a runner hands out of each job: the figures of METRICS, or returns by day."""

    FIGURES = auto()
    DAILY = auto()


FIGURES, DAILY = BatchOutput.FIGURES, BatchOutput.DAILY


class Runner:
    """Buffers of one thread, reused for every combination it executes."""

    def __init__(self, prepared: KernelInputs, with_funding: bool = True) -> None:
        market = prepared.market
        self._market = market if with_funding else market._replace(unit_funding=market.unit_funding[:0])
        self._rules = prepared.broker
        trades = max(_MIN_TRADE_ROWS, len(market.close) // _BARS_A_TRADE)
        self._grow(trades, 2 * trades)

    def run(self, jobs: Batch, span: Span, wanted: BatchOutput = FIGURES) -> tuple[FloatArray, IntArray]:
        """Rows of what is wanted (nan where an outcome is not DONE) and outcomes, one each for every job."""
        every, spans = slice(len(jobs)), np.full((len(jobs), 2), span, dtype=np.int64)
        if wanted is FIGURES:
            return self.run_part(jobs, every, spans)
        daily = np.full((len(jobs), self._days(span)), np.nan)
        return daily, self.run_part(jobs, every, spans, daily)[1]

    def run_part(
        self, jobs: Batch, part: slice, spans: IntArray, daily: FloatArray = _NO_DAYS
    ) -> tuple[FloatArray, IntArray]:
        """Figures and outcomes of some of the jobs, each on its own of the `spans`: int64[jobs, first bar and stop].

        `daily` is filled, unless it is empty; then all spans are equal.
        """
        table, sizes, spans = jobs.table[part], jobs.sizes[part], spans[part]
        rows = np.full((len(table), len(ROW)), np.nan)
        outcomes = np.zeros((len(table), OUTCOME_COLUMNS), dtype=np.int64)
        self._run(spans, table, sizes, outcomes, rows, daily)
        for j in np.flatnonzero(outcomes[:, STATUS] == TABLE_FULL):
            self._grow(2 * int(outcomes[j, TRADES]), 2 * int(outcomes[j, SEGMENTS]))
            one = slice(j, j + 1)
            self._run(spans[one], table[one], sizes[one], outcomes[one], rows[one], daily[one])
        return rows[:, METRIC_COLUMNS], outcomes

    def equity(self, outcome: IntArray, span: Span) -> FloatArray:
        """The equity at every close of the job that was run last."""
        equity = np.empty(span.stop - span.start)
        jobs_of.fill_equity(
            self._market, self._rules, tuple(span), self.scratch.segments, int(outcome[SEGMENTS]), equity
        )
        return equity

    def _days(self, span: Span) -> int:
        first, last = np.searchsorted(self._market.day_last, (span.start, span.stop - 1))
        return int(last - first + 1)

    def _run(
        self,
        spans: IntArray,
        table: IntArray,
        sizes: FloatArray,
        outcomes: IntArray,
        rows: FloatArray,
        daily: FloatArray,
    ) -> None:
        jobs_of.run_jobs(
            self._market, self._rules, spans, table, sizes, self.trades, self.scratch, outcomes, rows, daily
        )

    def _grow(self, trades: int, segments: int) -> None:
        days, boundaries = len(self._market.day_last), len(self._market.running_funding)
        self.trades = np.empty((len(TradeTable._fields), trades))
        self.scratch = Scratch(
            segments=np.empty((SEGMENT_ROWS, segments)),
            charged=np.empty((SEGMENT_ROWS, segments + boundaries)),
            market=np.empty(days),
            daily=np.empty(days),
            spare=np.empty(days),
            trades=np.empty(trades),
            more_trades=np.empty(trades),
            holding=np.empty(boundaries),
        )


def is_defined_throughout(values: FloatArray) -> bool:
    """Whether an indicator, once defined, stays so."""
    return not bool(np.isnan(values[first_defined(values, 0) :]).any())


def problem_of(name: str, outcome: IntArray) -> str | None:
    """What went wrong in the run of strategy `name`, in one line; None where nothing did."""
    return None if outcome[STATUS] == DONE else f"{name} {_PROBLEMS[int(outcome[STATUS])]}."


def first_defined(values: FloatArray, start: int) -> int:
    """The first bar from `start` at which `values` are defined, or their length."""
    return int(jobs_of.first_defined(plain(values, _FLOAT), start))


class FirstDefined:
    """`first_defined`, looked at once as long as an array lives: combinations share indicators."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], tuple[weakref.ref[FloatArray], int]] = {}

    def __call__(self, values: FloatArray, start: int) -> int:
        known = self._known.get((id(values), start))
        if known is not None and known[0]() is values:
            return known[1]
        if len(self._known) >= _ARRAYS_KNOWN:
            self._known.clear()
        found = first_defined(values, start)
        self._known[id(values), start] = weakref.ref(values), found
        return found


def warm_up(name: str, signals: Signals, span: Span, first: Callable[[FloatArray, int], int] = first_defined) -> int:
    """The first bar of the span at which every indicator is defined.

    Raises:
        InputError: one never is.
    """
    start, found = span.start, span.start
    for label, values in signals.indicators.items():
        defined = first(values, start)
        if defined >= span.stop:
            raise InputError(
                f"{span.stop - span.start} bars are fewer than the warm-up of {name}: '{label}' is never "
                "defined. Ask for a longer span or smaller parameters."
            )
        found = max(found, defined)
    return found


def memory_of(prepared: KernelInputs) -> Memory:
    """A memory for indicators of the bars that strategies see."""
    quick = CompiledIndicators()
    return Memory(prepared.scaled, crosses, quick.functions(), quick.retire)
