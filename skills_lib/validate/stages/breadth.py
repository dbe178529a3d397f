"""Runs the same parameters on other assets and timeframes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from skills_lib.backtest.figures import Figures
from skills_lib.backtest.kernel.run import run_kernel, unsupported_reason
from skills_lib.backtest.kinds import gives_signals
from skills_lib.backtest.metrics import compute_metrics, execution_returns
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.spans import run_span
from skills_lib.domain.bars import Bars, FloatArray
from skills_lib.domain.constraints import Value
from skills_lib.domain.errors import InputError
from skills_lib.domain.models import FrozenModel
from skills_lib.market.candles.model import Candles
from skills_lib.validate.stages.sharpe import annual_sharpe, defined

if TYPE_CHECKING:
    from backtesting import Strategy

LIMITS = (
    "Crypto assets are correlated, so another one is far less than another independent test; and the same parameters "
    "mean other durations on another timeframe, so failing there is no disproof."
)


class CrossMarketResult(FrozenModel):
    """One run on another market, on all its bars. `metrics` as in METRICS; empty with a `problem` if it could not run.

    `sharpe_error`: standard error of the annual Sharpe ratio; None if undefined.
    """

    symbol: str
    timeframe: str
    bars: int
    days: int
    metrics: Figures
    sharpe_error: float | None
    synthetic: bool
    problem: str | None = None
    limits: str = LIMITS


def cross_market_results(
    strategy: "type[Strategy]",
    parameters: Mapping[str, Value],
    candles: Sequence[Candles],
    settings: BacktestSettings,
) -> list[CrossMarketResult]:
    """Run `strategy` with the same `parameters` on each of `candles`, in their order.

    The kernel is used where it supports the strategy, whatever `settings.engine`: both engines give the same trades.
    """
    return [_one(strategy, dict(parameters), one, settings) for one in candles]


def _one(
    strategy: "type[Strategy]", parameters: dict[str, Value], candles: Candles, settings: BacktestSettings
) -> CrossMarketResult:
    bars = candles.bars
    try:
        metrics, daily = _measured(strategy, parameters, bars, settings.for_symbol(candles.instrument.symbol))
        problem = None
    except InputError as error:
        metrics, daily, problem = {}, np.empty(0), str(error)
    return CrossMarketResult(
        symbol=candles.instrument.symbol,
        timeframe=candles.timeframe.value,
        bars=len(bars),
        days=len(daily),
        metrics=metrics,
        sharpe_error=defined(annual_sharpe(daily).error),
        synthetic=candles.origin.synthetic,
        problem=problem,
    )


def _measured(
    strategy: "type[Strategy]", parameters: dict[str, Value], bars: Bars, settings: BacktestSettings
) -> tuple[Figures, FloatArray]:
    if gives_signals(strategy) and unsupported_reason(strategy, settings) is None:
        execution = run_kernel(strategy, bars, parameters, settings)
    else:
        execution = run_span(strategy, bars, parameters, settings, Span(0, len(bars)))
    return compute_metrics(execution, bars, settings.costs), execution_returns(execution, bars)
