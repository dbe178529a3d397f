"""Runs a strategy on the reference executor."""

import sys
import warnings
from collections.abc import Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy, backtesting
from backtesting._util import _indicator_warmup_nbars, patch

from skills_lib.backtest.execution import TRADE_COLUMNS, Execution
from skills_lib.backtest.funding import funding_schedule
from skills_lib.backtest.margin import tier_array
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.reference.broker import ASSUMED, CANCELLED, VenueBacktest, VenueTerms
from skills_lib.backtest.reference.trade import FractionalTrade
from skills_lib.domain.bars import Bars, FloatArray
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
    settings = settings.with_unit_for(bars)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        backtest = reference_backtest(strategy, bars, settings)
        stats = _run(backtest, strategy, parameters)
    _refuse_undefined_indicators(stats["_strategy"], len(bars))
    execution = Execution(
        trades=_trades(stats["_strategy"]._broker.closed_trades, bars),
        equity=stats["_equity_curve"]["Equity"].to_numpy(dtype=np.float64),
        cash=settings.cash,
        first_bar=int(_indicator_warmup_nbars(stats["_strategy"])),
        warnings=_summary(caught),
    )
    return ReferenceRun(execution, backtest)


def reference_backtest(strategy: type[Strategy], bars: Bars, settings: BacktestSettings) -> VenueBacktest:
    """A backtesting.py object with these settings."""
    costs, settings = settings.costs, settings.with_unit_for(bars)
    venue = VenueTerms(
        unit=settings.unit,
        leverage=settings.leverage,
        tiers=tier_array(settings.margin_tiers),
        funding=funding_schedule(bars, costs.funding_bps_per_8h),
        cost_per_unit=partial(_cost_per_unit, costs),
    )
    return VenueBacktest(
        bars.to_frame(),
        strategy,
        venue,
        cash=settings.cash,
        commission=costs.commission_bps * BPS if costs.is_proportional else costs.commission,
        spread=costs.round_trip_spread,
        trade_on_close=settings.trade_on_close,
        exclusive_orders=settings.exclusive_orders,
    )


def _cost_per_unit(costs: Costs, price: float) -> float:
    """Commission of one unit, quote currency; a rebate does not add buying power."""
    return price * max(costs.commission_bps * BPS, 0.0) + costs.commission_per_unit


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


def _trades(closed: list[FractionalTrade], bars: Bars) -> pd.DataFrame:
    times = bars.open_time_ns.view("datetime64[ns]")
    entry, exit_ = (np.array([getattr(t, name) for t in closed], dtype=np.int64) for name in ("entry_bar", "exit_bar"))
    columns: dict[str, Any] = {
        "entry_time": times[entry],
        "exit_time": times[exit_],
        "side": ["long" if trade.size > 0 else "short" for trade in closed],
        "size": _floats(trade.size for trade in closed),
        "entry_price": _floats(trade.entry_price for trade in closed),
        "exit_price": _floats(trade.exit_price for trade in closed),
        "pnl": _floats(trade.pl - trade.funding for trade in closed),
        "return_pct": _floats(trade.pl_pct * 100 for trade in closed),
        "commission": _floats(trade._commissions for trade in closed),
        "funding": _floats(trade.funding for trade in closed),
        "entry_bar": entry,
        "exit_bar": exit_,
        "stop_price": _floats(trade.sl or np.nan for trade in closed),
        "target_price": _floats(trade.tp or np.nan for trade in closed),
        "exit_reason": [trade.exit_reason for trade in closed],
    }
    return pd.DataFrame(columns, columns=list(TRADE_COLUMNS))


def _floats(values: Iterable[float]) -> FloatArray:
    return np.fromiter(values, dtype=np.float64)


def _summary(caught: list[warnings.WarningMessage]) -> tuple[str, ...]:
    texts = [str(warning.message) for warning in caught if issubclass(warning.category, UserWarning)]
    cancelled, assumed = texts.count(CANCELLED), texts.count(ASSUMED)
    found = []
    if cancelled:
        found.append(f"{cancelled} entries were cancelled: equity could not pay for one unit and its costs")
    if assumed:
        found.append(
            f"{assumed} trades were opened within a bar that also reached their stop or target: prices within a bar "
            "have no known order, so the worse was assumed"
        )
    return tuple(found)
