"""Batches of signals go in, figures come out: a runner a thread executes them with the compiled loops."""

from enum import Enum, auto

import numpy as np

from skills_lib.backtest.figures import METRICS
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
from skills_lib.backtest.kernel.batch import Batch
from skills_lib.backtest.kernel.inputs import KernelInputs
from skills_lib.backtest.kernel.metrics import ROW
from skills_lib.backtest.metrics import count_days
from skills_lib.backtest.model import Span
from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.domain.options import option

METRIC_COLUMNS = np.array([ROW.index(name) for name in METRICS])
"""Where each of METRICS stands in a row of the kernel."""

_BARS_A_TRADE = 40
"""More trades than one in so many bars are rare, and then there is room made for them."""
_MIN_TRADE_ROWS = 2_056  # not a power of two: rows that lie 16 KB apart evict each other from the cache
_NO_DAYS = np.empty((0, 0))
_PROBLEMS = {
    TOO_LARGE: "asked for a position of more than 2^53 units, which the kernel cannot count: take "
    + option("engine", "reference"),
}


class BatchOutput(Enum):
    """What a runner hands out of each job: the figures of METRICS, or returns by day."""

    FIGURES = auto()
    DAILY = auto()


FIGURES, DAILY = BatchOutput.FIGURES, BatchOutput.DAILY


class Runner:
    """Buffers of one thread, reused for every combination it executes."""

    def __init__(self, prepared: KernelInputs) -> None:
        market = prepared.market
        self._market = market
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
        jobs_of.fill_equity(self._market, tuple(span), self.scratch, int(outcome[SEGMENTS]), equity)
        return equity

    def _days(self, span: Span) -> int:
        return count_days(self._market.open_time_ns[span.start : span.stop], self._market.interval_ns)

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
        days, payments = len(self._market.day_last), len(self._market.paid)
        self.trades = np.empty((len(TradeTable._fields), trades))
        self.scratch = Scratch(
            segments=np.empty((SEGMENT_ROWS, segments)),
            charged=np.empty((SEGMENT_ROWS, segments + payments)),
            market=np.empty(days),
            daily=np.empty(days),
            spare=np.empty(days),
            trades=np.empty(trades),
            more_trades=np.empty(trades),
        )


def problem_of(name: str, outcome: IntArray) -> str | None:
    """What went wrong in the run of strategy `name`, in one line; None where nothing did."""
    return None if outcome[STATUS] == DONE else f"{name} {_PROBLEMS[int(outcome[STATUS])]}."
