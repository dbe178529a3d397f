"""Many combinations in one call: addresses of their arrays in, rows of figures out, the GIL released throughout.

A call with arrays costs about 0.2 µs an array; with addresses a batch of combinations costs one call, and two
threads do not hand the GIL back and forth for each of them.
"""

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numba import carray, types
from numba.core import cgutils
from numba.extending import intrinsic

from skills_lib.backtest import margin
from skills_lib.backtest.kernel import arrays, execution, exits, metrics, segments
from skills_lib.backtest.kernel.arrays import (
    DONE,
    SEGMENTS,
    STATUS,
    TRADES,
    SignalArrays,
    TradeTable,
    brief,
    compiled,
    part,
)
from skills_lib.backtest.kernel.execution import execute_signals
from skills_lib.backtest.kernel.metrics import measure, own_returns
from skills_lib.backtest.kernel.segments import day_ends, equity_of_bars, split_at_funding
from skills_lib.domain import rounding

# Columns of a job: addresses of a combination's arrays (0 where there is none), and its warm-up in bars.
LONG_ENTRY, SHORT_ENTRY, LONG_EXIT, SHORT_EXIT, SIZE, STOP, TARGET, WARM_UP = range(8)
JOB_COLUMNS = 8


@intrinsic
def _pointer(_typing, address):
    def generate(_context, builder, _signature, arguments):
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


@part
def _bytes_at(address, n):
    return carray(_pointer(address), (n if address else 0,), np.uint8)


@part
def _floats_at(address, n):
    return carray(_pointer(address), (n if address else 0,), np.float64)


def _sources() -> int:
    """A sum of the compiled modules' text."""
    modules = (arrays, segments, execution, exits, metrics, margin, rounding)
    text = b"".join(Path(str(module.__file__)).read_bytes() for module in modules)
    return zlib.crc32(text)


def _entries(sources: int) -> tuple[Any, Any]:
    # numba's cache sees changes of a function's own file and of what it encloses, not of functions it calls:
    # enclosing the sum of their files' text keeps a changed rule from running as it was compiled before.
    @compiled
    def run_jobs(market, broker, spans, jobs, sizes, trades, scratch, outcomes, rows, daily):
        n = len(market.close)
        span, days, own = (0, 0), (0, 0), (0.0, 0.0)
        for j in range(len(jobs)):
            job, before = jobs[j], span
            span = spans[j, 0], spans[j, 1]
            if span != before:
                days = day_ends(market, span)
                own = own_returns(market, span, days, scratch)
            signal_arrays = SignalArrays(
                _bytes_at(job[LONG_ENTRY], n),
                _bytes_at(job[SHORT_ENTRY], n),
                _bytes_at(job[LONG_EXIT], n),
                _bytes_at(job[SHORT_EXIT], n),
                _floats_at(job[SIZE], n),
                sizes[j],
                _floats_at(job[STOP], n),
                _floats_at(job[TARGET], n),
            )
            outcome = outcomes[j]
            warm_up = max(job[WARM_UP], span[0])
            execute_signals(market, broker, signal_arrays, span, warm_up, trades, scratch.segments, outcome)
            if outcome[STATUS] == DONE:
                table, done, segments = as_trade_table(trades), outcome[TRADES], outcome[SEGMENTS]
                measure(market, broker, span, days, own, warm_up, table, done, segments, scratch, rows[j])
                if len(daily):
                    daily[j] = scratch.daily[: days[1] - days[0]]
        return sources

    @compiled
    def fill_equity(market, span, scratch, count, equity):
        curve = scratch.segments
        if len(market.paid):
            curve, count = scratch.charged, split_at_funding(market, span, scratch, count)
        equity_of_bars(market, span, curve, count, equity)
        return sources

    return run_jobs, fill_equity


run_jobs, fill_equity = _entries(_sources())
"""`run_jobs(market, broker, spans, jobs, sizes, trades, scratch, outcomes, rows, daily)`: execute and measure each job
on its span of the market's bars, given as its first bar and the bar behind its last.

`daily` takes each job's daily returns, all on one span; with no rows in it they are not kept. Trades and segments left
behind are the last job's; rows are left as they were where the outcome is not DONE.
"""


@part
def as_trade_table(trades):
    """The rows of the array of trades under their names."""
    return TradeTable(
        trades[0],
        trades[1],
        trades[2],
        trades[3],
        trades[4],
        trades[5],
        trades[6],
        trades[7],
        trades[8],
        trades[9],
        trades[10],
        trades[11],
    )


@brief
def store_entries(row, long_entry, short_entry):
    """Store where two arrays lie; the caller keeps them alive."""
    row[LONG_ENTRY], row[SHORT_ENTRY] = long_entry.ctypes.data, short_entry.ctypes.data


@brief
def store_exits(row, long_exit, short_exit):
    """Store where two arrays lie; the caller keeps them alive."""
    row[LONG_EXIT], row[SHORT_EXIT] = long_exit.ctypes.data, short_exit.ctypes.data


@brief
def address(array):
    """Where an array lies."""
    return array.ctypes.data


@brief
def first_defined(values, start):
    """The first index from `start` that is not nan, or the length."""
    i = start
    while i < len(values) and values[i] != values[i]:
        i += 1
    return i
