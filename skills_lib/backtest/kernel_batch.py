"""Between strategies and the compiled loops: signals become jobs, and a runner per thread executes them."""

from collections.abc import Sequence
from enum import Enum, auto

import numpy as np
import numpy.typing as npt

from skills_lib.backtest import kernel_jobs as jobs_of
from skills_lib.backtest.kernel_indicators import COMPILED, crosses, plain
from skills_lib.backtest.kernel_legs import fill_equity
from skills_lib.backtest.kernel_metrics import ROW
from skills_lib.backtest.kernel_model import (
    BOOK_FULL,
    DONE,
    LEG_ROWS,
    LEGS,
    OUTCOME_COLUMNS,
    STATUS,
    TOO_LARGE,
    TRADES,
    Book,
    Scratch,
)
from skills_lib.backtest.kernel_prepared import Prepared
from skills_lib.backtest.metrics import METRICS
from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.domain.errors import InputError
from skills_lib.domain.memory import Memory
from skills_lib.domain.signals import Signals, never

METRIC_COLUMNS = np.array([ROW.index(name) for name in METRICS])
"""Where each of METRICS stands in a row of the kernel."""

_FEW_TRADES = 2_056  # not a power of two: rows that lie 16 KB apart evict each other from the cache
_BOOL, _FLOAT = np.dtype(np.bool_), np.dtype(np.float64)
_PROBLEMS = {
    TOO_LARGE: "asked for a position of more than 2^53 units, which the kernel cannot count: "
    "take a larger fractional unit or the reference engine",
}


class Jobs:
    """Signals of several combinations by address; keeps their arrays alive."""

    def __init__(self, capacity: int) -> None:
        self.table = np.zeros((capacity, jobs_of.JOB_COLUMNS), dtype=np.int64)
        self.sizes = np.ones(capacity, dtype=np.float64)
        self._kept: list[list[npt.NDArray[np.generic]]] = []

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, signals: Signals, warm_up: int) -> None:
        """Append signals whose indicators are all defined from bar `warm_up` on."""
        row, none = self.table[len(self._kept)], never(len(signals))
        entries = plain(signals.long_entry, _BOOL), plain(signals.short_entry, _BOOL)
        jobs_of.store_entries(row, *entries)
        kept: list[npt.NDArray[np.generic]] = [*entries]
        if signals.long_exit is not none or signals.short_exit is not none:
            exits = plain(signals.long_exit, _BOOL), plain(signals.short_exit, _BOOL)
            jobs_of.store_exits(row, *exits)
            kept += exits
        row[jobs_of.WARM_UP] = warm_up
        self._add_levels(signals, row, kept)
        self._kept.append(kept)

    def _add_levels(self, signals: Signals, row: IntArray, kept: list[npt.NDArray[np.generic]]) -> None:
        for column, values in (
            (jobs_of.SIZE, signals.size),
            (jobs_of.STOP, signals.stop_price),
            (jobs_of.TARGET, signals.target_price),
        ):
            if isinstance(values, np.ndarray):
                kept.append(plain(values, _FLOAT))
                row[column] = jobs_of.address(kept[-1])
        if not isinstance(signals.size, np.ndarray):
            self.sizes[len(self._kept)] = signals.size

    def from_bar(self, rows: Sequence[int], start: int) -> "Jobs":
        """The jobs at `rows` with their first `start` bars cut off; indicators are undefined only in front."""
        cut = Jobs(len(rows))
        cut.sizes[:] = self.sizes[rows]
        cut.table[:] = self.table[rows]
        addresses = cut.table[:, : jobs_of.WARM_UP]
        addresses += np.where(addresses != 0, start * jobs_of.ITEM_BYTES, 0)
        warm_up = cut.table[:, jobs_of.WARM_UP]
        np.maximum(warm_up - start, 0, out=warm_up)
        cut._kept = [self._kept[row] for row in rows]
        return cut

    @property
    def room(self) -> int:
        """How many more can be added."""
        return len(self.table) - len(self._kept)


class Wanted(Enum):
    """What a runner hands out of each job: the figures of METRICS, or returns by day."""

    FIGURES = auto()
    DAILY = auto()


FIGURES, DAILY = Wanted.FIGURES, Wanted.DAILY


class Runner:
    """Buffers of one thread, reused for every combination it executes."""

    def __init__(self, prepared: Prepared, wanted: Wanted = FIGURES, with_funding: bool = True) -> None:
        market = prepared.market
        self._market = market if with_funding else market._replace(unit_funding=market.unit_funding[:0])
        self._rules, self._wanted = prepared.rules, wanted
        self._grow(_FEW_TRADES, 2 * _FEW_TRADES)

    def run(self, jobs: Jobs) -> tuple[FloatArray, IntArray]:
        """Rows of what is wanted (nan where an outcome is not DONE) and outcomes, one each for every job."""
        count, days = len(jobs), len(self._market.day_last)
        rows = np.full((count, len(ROW)), np.nan)
        daily = np.full((count if self._wanted is DAILY else 0, days), np.nan)
        outcomes = np.zeros((count, OUTCOME_COLUMNS), dtype=np.int64)
        self._run(jobs.table[:count], jobs.sizes[:count], outcomes, rows, daily)
        for j in np.flatnonzero(outcomes[:, STATUS] == BOOK_FULL):
            self._grow(2 * int(outcomes[j, TRADES]), 2 * int(outcomes[j, LEGS]))
            one = slice(j, j + 1)
            self._run(jobs.table[one], jobs.sizes[one], outcomes[one], rows[one], daily[one])
        return daily if self._wanted is DAILY else rows[:, METRIC_COLUMNS], outcomes

    def equity(self, outcome: IntArray) -> FloatArray:
        """The equity at every close of the job that was run last."""
        equity = np.empty(len(self._market.close))
        fill_equity(self._market.close, self.scratch.legs, int(outcome[LEGS]), equity)
        return equity

    def _run(self, table: IntArray, sizes: FloatArray, outcomes: IntArray, rows: FloatArray, daily: FloatArray) -> None:
        jobs_of.run_jobs(self._market, self._rules, table, sizes, self.trades, self.scratch, outcomes, rows, daily)

    def _grow(self, trades: int, legs: int) -> None:
        days, boundaries = len(self._market.day_last), len(self._market.running_funding)
        self.trades = np.empty((len(Book._fields), trades))
        self.scratch = Scratch(
            legs=np.empty((LEG_ROWS, legs)),
            charged=np.empty((LEG_ROWS, legs + boundaries)),
            daily=np.empty(days),
            spare=np.empty(days),
            trades=np.empty(trades),
            more_trades=np.empty(trades),
            holding=np.empty(boundaries),
        )


def is_defined_from(signals: Signals, first: int) -> bool:
    """Whether no indicator is undefined again after bar `first`."""
    return not any(np.isnan(values[first:]).any() for values in signals.indicators.values())


def problem(name: str, outcome: IntArray) -> str | None:
    """What went wrong in the run of strategy `name`, in one line; None where nothing did."""
    return None if outcome[STATUS] == DONE else f"{name} {_PROBLEMS[int(outcome[STATUS])]}."


def warm_up(name: str, signals: Signals) -> int:
    """The first bar at which every indicator is defined.

    Raises:
        InputError: one never is.
    """
    found = 0
    for label, values in signals.indicators.items():
        shown = plain(values, _FLOAT)
        first = jobs_of.first_defined(shown)
        if first == len(shown):
            raise InputError(
                f"{len(shown)} bars are fewer than the warm-up of {name}: '{label}' is never "
                "defined. Ask for a longer span or smaller parameters."
            )
        found = max(found, first)
    return found


def memory_of(prepared: Prepared) -> Memory:
    """A memory for indicators of the bars that strategies see."""
    bars = prepared.scaled
    columns = (bars.open_time_ns, bars.open, bars.high, bars.low, bars.close, bars.volume)
    return Memory(columns, crosses, COMPILED)
