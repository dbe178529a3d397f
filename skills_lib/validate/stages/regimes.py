"""Splits a strategy's returns by market regime: bull, bear, sideways × calm, volatile.

A day's regime is known before the day begins: it depends only on the closes of earlier days.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

from skills_lib.backtest.metrics import daily_equity
from skills_lib.domain.bars import Bars, FloatArray
from skills_lib.domain.errors import InputError
from skills_lib.domain.models import FrozenModel
from skills_lib.validate.stages.sharpe import annual_sharpe, defined

TREND_DAYS = 90
VOLATILITY_DAYS = 30
TREND_ERRORS = 0.5
MIN_DAYS = 60

Trend = Literal["bull", "bear", "sideways"]
Volatility = Literal["calm", "volatile"]
TRENDS: tuple[Trend, ...] = ("bull", "bear", "sideways")
VOLATILITIES: tuple[Volatility, ...] = ("calm", "volatile")

LIMITS = (
    "A regime describes the past, it is no forecast, and each cell has few days: differences within the standard "
    "errors mean nothing. For a regime that did not occur there is no evidence."
)


class RegimeCell(FrozenModel):
    """The strategy on the days of one regime.

    `share`: of the classified days. `return_pct`: its daily returns compounded. `sharpe`, `error`: annual, with the
    standard error; None if undefined. `too_few_days`: below 60, too few for a meaningful ratio.
    """

    trend: Trend
    volatility: Volatility
    days: int
    share: float
    return_pct: float
    sharpe: float | None
    error: float | None
    too_few_days: bool


class Regimes(FrozenModel):
    """Six cells. `unclassified_days`: the first days, which have too little history.

    `unseen`: regimes with too few days; the result does not cover them.
    """

    cells: list[RegimeCell]
    classified_days: int
    unclassified_days: int
    unseen: list[str]
    limits: str = LIMITS


def daily_closes(bars: Bars) -> FloatArray:
    """The last close known by the end of each UTC day from the first to the last."""
    return daily_equity(bars.open_time_ns, bars.interval_ns, bars.close, float(bars.close[0]))[1:]


def classify(market_close_daily: FloatArray) -> npt.NDArray[np.int8]:
    """int8[days]: each day's cell (trend × 2 + volatility, in the order of TRENDS and VOLATILITIES), or -1.

    Bull: the log return of the 90 days before exceeds half its own sampling error (deviation of their daily returns
    × √90); bear: it is below the negative of that; sideways: between. Volatile: the deviation of the 30 days before
    exceeds the median of all such deviations so far. Only closes of earlier days are read.
    """
    import pandas as pd

    returns = pd.Series(np.diff(np.log(market_close_daily), prepend=np.nan))
    window = returns.rolling(TREND_DAYS)
    error = window.std() * np.sqrt(TREND_DAYS)
    change = window.sum()
    recent = returns.rolling(VOLATILITY_DAYS).std()
    volatile = recent > recent.expanding().median()
    trend = np.where(change > TREND_ERRORS * error, 0, np.where(change < -TREND_ERRORS * error, 1, 2))
    known = np.isfinite(change.to_numpy())
    at_close = np.where(known, 2 * trend + volatile.to_numpy(), -1)
    return np.concatenate(([-1], at_close[:-1])).astype(np.int8)


def regimes(daily: FloatArray, market_close_daily: FloatArray) -> Regimes:
    """Group the strategy's `daily` returns (fractions, nan counts as 0) by the market's regime.

    `market_close_daily`: closes of the same days, preceded by as many earlier days as are known, because the
    classification needs history; its last `len(daily)` days are those of `daily`.

    Raises:
        InputError: fewer closes than returns.
    """
    if len(market_close_daily) < len(daily):
        raise InputError(
            f"{len(market_close_daily)} daily closes cannot classify {len(daily)} daily returns. Give a close for each."
        )
    numbers = classify(market_close_daily)[len(market_close_daily) - len(daily) :]
    known = np.nan_to_num(daily)
    classified = int((numbers >= 0).sum())
    cells = [_cell(number, known[numbers == number], classified) for number in range(len(TRENDS) * len(VOLATILITIES))]
    return Regimes(
        cells=cells,
        classified_days=classified,
        unclassified_days=len(daily) - classified,
        unseen=[f"{cell.trend}, {cell.volatility} ({cell.days} days)" for cell in cells if cell.too_few_days],
    )


def _cell(number: int, daily: FloatArray, classified: int) -> RegimeCell:
    sharpe, error, days = annual_sharpe(daily)
    return RegimeCell(
        trend=TRENDS[number // 2],
        volatility=VOLATILITIES[number % 2],
        days=days,
        share=days / classified if classified else 0.0,
        return_pct=float(np.prod(1 + daily) - 1) * 100,
        sharpe=defined(sharpe),
        error=defined(error),
        too_few_days=days < MIN_DAYS,
    )
