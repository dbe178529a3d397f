"""Monte Carlo of one stored run: resamples its trades and days, and places its entries at random."""

from pathlib import Path

import pandas as pd

from skills_lib.backtest.execution import Execution
from skills_lib.backtest.metrics import daily_equity, daily_returns
from skills_lib.backtest.model import BacktestResult
from skills_lib.backtest.results import RunStore
from skills_lib.backtest.run_candles import candles_of
from skills_lib.domain.bars import IntArray
from skills_lib.domain.errors import InputError, TwokeyError
from skills_lib.domain.models import FrozenModel
from skills_lib.domain.timeframes import Timeframe
from skills_lib.settings import Settings
from skills_lib.validate.plan import parse_seed
from skills_lib.validate.stages.monte_carlo import (
    ResampledDistribution,
    block_bootstrap,
    order_shuffle,
    trade_bootstrap,
    trade_returns,
)
from skills_lib.validate.stages.random_entries import RandomEntries, random_entries

MIN_SAMPLES, MAX_SAMPLES = 10, 100_000


class RunResampled(FrozenModel):
    """A resampled stored run; in-sample like the run itself. None where there are too few trades.

    `random_entries` is also None if the run's candles are unavailable, which `notes` report.
    """

    run_id: str
    strategy: str
    symbol: str
    timeframe: str
    source: str
    synthetic: bool
    sample: str
    samples: int
    seed: int
    trades: ResampledDistribution | None
    days: ResampledDistribution | None
    order: ResampledDistribution | None
    random_entries: RandomEntries | None
    notes: list[str]


def resample(
    store: RunStore, run_id: str, samples: int, seed: int, data: Path | None, settings: Settings
) -> RunResampled:
    """Resample the run stored as `run_id`; `data`: the file with its candles, by default they come from the cache.

    Raises:
        InputError: no such run, a number out of range, or `data` does not contain its candles.
    """
    if not MIN_SAMPLES <= samples <= MAX_SAMPLES:
        raise InputError(f"samples={samples} is not allowed. Give {MIN_SAMPLES} to {MAX_SAMPLES:,}.")
    run, seed = store.get(run_id), parse_seed(seed)
    execution, times_ns = _execution(store, run)
    trades = trade_returns(execution)
    interval_ns = Timeframe(run.timeframe).nanoseconds
    daily = daily_equity(times_ns, interval_ns, execution.equity, execution.cash)
    null, notes = None, []
    try:
        bars = candles_of(run, data, settings)
        null = random_entries(execution, bars, run.settings.costs, samples, seed)
    except TwokeyError as error:
        if data is not None:
            raise
        notes.append(f"No random entries: {error}")
    return RunResampled(
        **run.model_dump(include={"run_id", "strategy", "symbol", "timeframe", "source", "synthetic", "sample"}),
        samples=samples,
        seed=seed,
        trades=trade_bootstrap(trades, samples, seed),
        days=block_bootstrap(daily_returns(daily), samples, seed),
        order=order_shuffle(trades, samples, seed),
        random_entries=null,
        notes=notes if len(trades) > 1 else [f"{len(trades)} trades are too few to resample.", *notes],
    )


def _execution(store: RunStore, run: BacktestResult) -> tuple[Execution, IntArray]:
    """The execution of the run; the end of its warm-up is not stored, so random entries may fall into it."""
    equity = store.equity(run.run_id)
    times_ns = pd.DatetimeIndex(equity["open_time"]).as_unit("ns").asi8
    values = equity["equity"].to_numpy(dtype="float64")
    return Execution(store.trades(run.run_id), values, run.settings.cash, first_bar=0), times_ns
