"""The reference executor: unmodified backtesting.py with our costs."""

import sys
import warnings
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy, backtesting
from backtesting._util import _indicator_warmup_nbars, patch
from backtesting.lib import FractionalBacktest

from skills_lib.backtest.execution import TRADE_COLUMNS, Execution
from skills_lib.backtest.funding import charge_funding
from skills_lib.backtest.model import BacktestSettings
from skills_lib.domain.bars import Bars
from skills_lib.domain.constraints import Value
from skills_lib.domain.costs import BPS, Costs
from skills_lib.domain.errors import InputError


@dataclass(frozen=True, slots=True)
class ReferenceRun:
    """An execution and the backtesting.py object that can plot it."""

    execution: Execution
    backtest: Backtest


def run_reference(
    strategy: type[Strategy], bars: Bars, parameters: dict[str, Value], settings: BacktestSettings
) -> ReferenceRun:
    """Run `strategy` on `bars` with backtesting.py.

    Raises:
        InputError: the strategy raised, or there are fewer bars than its indicators need.
    """
    if len(bars) < 2:
        raise InputError(f"{len(bars)} bars are too few to trade on. Ask for a longer span.")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        backtest = reference_backtest(strategy, bars, settings)
        stats = _run(backtest, strategy, parameters)
    _refuse_undefined_indicators(stats["_strategy"], len(bars))
    execution = Execution(
        trades=_trades(stats["_trades"]),
        equity=stats["_equity_curve"]["Equity"].to_numpy(dtype=np.float64),
        cash=settings.cash,
        first_bar=int(_indicator_warmup_nbars(stats["_strategy"])),
        warnings=_summary(caught),
    )
    funding_bps = settings.costs.funding_bps_per_8h
    return ReferenceRun(charge_funding(execution, bars, funding_bps, settings.fractional_unit), backtest)


def reference_backtest(strategy: type[Strategy], bars: Bars, settings: BacktestSettings) -> Backtest:
    """A backtesting.py object with these settings."""
    options: dict[str, Any] = {
        "cash": settings.cash,
        "commission": _commission(settings.costs, settings.fractional_unit),
        "spread": settings.costs.round_trip_spread,
        "margin": 1 / settings.leverage,
        "trade_on_close": settings.trade_on_close,
        "exclusive_orders": settings.exclusive_orders,
        "finalize_trades": True,
    }
    if settings.fractional_unit == 1:
        return Backtest(bars.to_frame(), strategy, **options)
    return FractionalBacktest(bars.to_frame(), strategy, fractional_unit=settings.fractional_unit, **options)


def _commission(costs: Costs, unit: float) -> float | Callable[[float, float], float]:
    if costs.is_proportional:
        return costs.commission_bps * BPS
    per_unit = costs.commission_per_unit * unit

    def commission(size: float, price: float) -> float:
        # A size below 1 is a share of equity: backtesting.py requests the cost per unit before it knows the size.
        if abs(size) < 1:
            return abs(size) * (price * costs.commission_bps * BPS + per_unit)
        return costs.commission(size * unit, price / unit)

    return commission


def _run(backtest: Backtest, strategy: type[Strategy], parameters: dict[str, Value]) -> pd.Series:
    try:
        # keep prints of the strategy out of JSON and MCP output, and tqdm out of our progress bar
        with redirect_stdout(sys.stderr), patch(backtesting, "_tqdm", _no_bar):
            stats: pd.Series = backtest.run(**parameters)
    except InputError:
        raise
    except OverflowError:  # from the annualised return in backtesting.py's statistics
        raise InputError(
            f"{strategy.__name__} has a return too large for backtesting.py to annualise. Lower the leverage, or use "
            "the kernel."
        ) from None
    except Exception as error:
        reason = f"{type(error.__cause__ or error).__name__}: {error.__cause__ or error}".splitlines()[0]
        raise InputError(f"{strategy.__name__} failed while it ran: {reason}. Fix the strategy.") from error
    return stats


def _no_bar(bars: Iterable[int], **_: object) -> Iterable[int]:
    return bars


def _refuse_undefined_indicators(strategy: Strategy, bars: int) -> None:
    for indicator in strategy._indicators:
        values = np.atleast_2d(np.asarray(indicator, dtype=np.float64))
        if np.isnan(values).all(axis=1).any():
            raise InputError(
                f"{bars} bars are fewer than the warm-up of {type(strategy).__name__}: '{indicator.name}' is never "
                "defined. Ask for a longer span or smaller parameters."
            )


def _trades(found: pd.DataFrame) -> pd.DataFrame:
    columns = {
        "entry_time": found["EntryTime"],
        "exit_time": found["ExitTime"],
        "side": np.where(found["Size"] > 0, "long", "short"),
        "size": found["Size"].astype(np.float64),
        "entry_price": found["EntryPrice"],
        "exit_price": found["ExitPrice"],
        "pnl": found["PnL"],
        "return_pct": found["ReturnPct"] * 100,
        "commission": found["Commission"].astype(np.float64),
        "funding": np.zeros(len(found)),
        "entry_bar": found["EntryBar"],
        "exit_bar": found["ExitBar"],
        "stop_price": found["SL"].astype(np.float64),
        "target_price": found["TP"].astype(np.float64),
    }
    return pd.DataFrame(columns, columns=list(TRADE_COLUMNS))


def _summary(caught: list[warnings.WarningMessage]) -> tuple[str, ...]:
    texts = [str(warning.message) for warning in caught if issubclass(warning.category, UserWarning)]
    cancelled = sum("insufficient margin" in text for text in texts)
    ambiguous = sum("contingent SL/TP" in text for text in texts)
    found = []
    if cancelled:
        found.append(f"{cancelled} entries were cancelled: equity could not pay for one unit and its costs")
    if ambiguous:
        found.append(
            f"{ambiguous} trades reached a stop or target in the bar of entry: prices within a bar have no known order"
        )
    return tuple(found)
