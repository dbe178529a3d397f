"""Between strategies and the compiled loops: signals become jobs, and a runner per thread executes them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from skills_lib.backtest import kernel_jobs as jobs_of
from skills_lib.backtest.kernel_execution import (
    BOOK_FULL,
    DONE,
    OUTCOME_COLUMNS,
    STATUS,
    TOO_LARGE,
    TRADES,
    Book,
    Scratch,
)
from skills_lib.backtest.kernel_metrics import ROW
from skills_lib.backtest.kernel_prepared import Prepared
from skills_lib.backtest.metrics import METRICS
from skills_lib.domain.bars import BoolArray, FloatArray, IntArray
from skills_lib.domain.errors import InputError
from skills_lib.domain.memory import Memory
from skills_lib.domain.signals import Signals

METRIC_COLUMNS = np.array([ROW.index(name) for name in METRICS])
"""Where each of METRICS stands in a row of the kernel."""

_FEW_TRADES = 2_048
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
        self._kept: list[tuple[npt.NDArray[np.generic], ...]] = []

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, signals: Signals, warm_up: int) -> None:
        """Append signals whose indicators are all defined from bar `warm_up` on."""
        row = self.table[len(self._kept)]
        wishes = (signals.long_entry, signals.short_entry, signals.long_exit, signals.short_exit)
        arrays = tuple(_plain(array, _BOOL) for array in wishes)
        jobs_of.store_addresses(row, *arrays)
        row[jobs_of.WARM_UP] = warm_up
        levels: list[npt.NDArray[np.generic]] = []
        for column, values in (
            (jobs_of.SIZE, signals.size),
            (jobs_of.STOP, signals.stop_price),
            (jobs_of.TARGET, signals.target_price),
        ):
            if isinstance(values, np.ndarray):
                levels.append(_plain(values, _FLOAT))
                row[column] = jobs_of.address(levels[-1])
        if not isinstance(signals.size, np.ndarray):
            self.sizes[len(self._kept)] = signals.size
        self._kept.append((*arrays, *levels))

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


class Runner:
    """Buffers of one thread, reused for every combination it executes."""

    def __init__(self, prepared: Prepared, with_funding: bool = True) -> None:
        market = prepared.market
        self._market = market if with_funding else market._replace(unit_funding=market.unit_funding[:0])
        self._rules = prepared.rules
        self.trades = _trades(_FEW_TRADES)
        self.scratch = _scratch(len(market.close), len(market.day_last), len(market.running_funding), _FEW_TRADES)

    def run(self, jobs: Jobs) -> tuple[FloatArray, IntArray]:
        """Rows of METRICS (nan where an outcome is not DONE) and outcomes, one each for every job."""
        count = len(jobs)
        rows = np.full((count, len(ROW)), np.nan)
        outcomes = np.zeros((count, OUTCOME_COLUMNS), dtype=np.int64)
        self._run(jobs.table[:count], jobs.sizes[:count], outcomes, rows)
        for j in np.flatnonzero(outcomes[:, STATUS] == BOOK_FULL):
            self._grow(2 * int(outcomes[j, TRADES]))
            self._run(jobs.table[j : j + 1], jobs.sizes[j : j + 1], outcomes[j : j + 1], rows[j : j + 1])
        return rows[:, METRIC_COLUMNS], outcomes

    def _run(self, table: IntArray, sizes: FloatArray, outcomes: IntArray, rows: FloatArray) -> None:
        jobs_of.run_jobs(self._market, self._rules, table, sizes, self.trades, self.scratch, outcomes, rows)

    def _grow(self, trades: int) -> None:
        if trades > self.trades.shape[1]:
            self.trades = _trades(trades)
            self.scratch = self.scratch._replace(trades=np.empty(trades), more_trades=np.empty(trades))


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
        shown = _plain(values, _FLOAT)
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
    return Memory((bars.open_time_ns, bars.open, bars.high, bars.low, bars.close, bars.volume), crosses)


def crosses(series: FloatArray, level: FloatArray) -> tuple[BoolArray, BoolArray]:
    """`signals.crosses` of two arrays, compiled."""
    above, below = jobs_of.crosses(_view(series), _view(level))
    return above, below


def _view(values: FloatArray) -> FloatArray:
    array = _plain(values, _FLOAT)
    if array.flags.writeable:  # one kind of argument, one compilation
        array = array.view()
        array.flags.writeable = False
    return array


def _plain(array: npt.NDArray[Any], kind: np.dtype[Any]) -> npt.NDArray[Any]:
    if array.dtype is kind and array.flags.c_contiguous:
        return array
    return np.ascontiguousarray(array, dtype=kind)


def _trades(capacity: int) -> FloatArray:
    return np.empty((len(Book._fields), capacity))


def _scratch(bars: int, days: int, boundaries: int, trades: int) -> Scratch:
    return Scratch(
        equity=np.empty(bars),
        daily=np.empty(days),
        spare=np.empty(days),
        trades=np.empty(trades),
        more_trades=np.empty(trades),
        holding=np.empty(boundaries),
    )
