"""The same sweeps in vectorbt: chunks of columns that fit the caches, and the same metrics for each."""

import warnings

import numpy as np
import pandas as pd
import vectorbt as vbt

import tests.benchmarks.peers.common as work

warnings.filterwarnings("ignore", message="Couldn't parse the frequency")

CHUNK_CELLS = 2_000_000  # bars × combinations at a time: faster here than one chunk, and it bounds memory


def sweep(frame: pd.DataFrame, pairs: list[tuple[int, int]], stops: bool = False) -> int:
    """Every (fast, slow) SMA crossover, always in the market, 20 bps a side; returns how many ran."""
    return len(table(frame, pairs, stops))


def walk_forward(frame: pd.DataFrame, pairs: list[tuple[int, int]]) -> int:
    """Choose on each train frame, try on its test frame; returns the number of windows."""
    spans = work.windows(frame)
    for train, test in spans:
        best = int(table(train, pairs)["sharpe"].fillna(-np.inf).argmax())
        table(test, [pairs[best]])
    return len(spans)


def table(frame: pd.DataFrame, pairs: list[tuple[int, int]], stops: bool = False) -> pd.DataFrame:
    """Metrics, one row a combination."""
    windows = sorted({window for pair in pairs for window in pair})
    averages = vbt.MA.run(frame["Close"], window=windows, short_name="ma").ma.to_numpy()
    column = {window: i for i, window in enumerate(windows)}
    step = max(1, CHUNK_CELLS // len(frame))
    chunks = [pairs[i : i + step] for i in range(0, len(pairs), step)]
    return pd.concat([_chunk(frame, averages, column, chunk, stops) for chunk in chunks], ignore_index=True)


def _chunk(
    frame: pd.DataFrame,
    averages: np.ndarray,
    column: dict[int, int],
    pairs: list[tuple[int, int]],
    stops: bool,
) -> pd.DataFrame:
    fast = averages[:, [column[pair[0]] for pair in pairs]]
    slow = averages[:, [column[pair[1]] for pair in pairs]]
    long, short = _crosses(fast, slow), _crosses(slow, fast)
    levels = {"sl_stop": work.STOP, "tp_stop": work.TARGET} if stops else {}
    portfolio = vbt.Portfolio.from_signals(
        frame["Close"],
        entries=_filled_next_bar(long),
        short_entries=_filled_next_bar(short),
        price=frame["Open"],
        open=frame["Open"],
        high=frame["High"],
        low=frame["Low"],
        fees=work.COMMISSION,
        init_cash=work.CASH,
        freq=frame.index[1] - frame.index[0],
        **levels,
    )
    return metrics(portfolio, frame)


def metrics(portfolio: "vbt.Portfolio", frame: pd.DataFrame) -> pd.DataFrame:
    """The figures of our METRICS, by vectorbt's own functions, ratios from daily returns."""
    value = portfolio.value()
    value = value.to_frame() if isinstance(value, pd.Series) else value
    daily = value.resample("1D").last().pct_change().fillna(0)
    market = frame["Close"].resample("1D").last().pct_change().fillna(0)
    market = pd.DataFrame(np.repeat(market.to_numpy()[:, None], daily.shape[1], axis=1), daily.index, daily.columns)
    returns = daily.vbt.returns(freq="1D", year_freq="365D")
    drawdowns, trades = value.vbt.drawdowns, portfolio.trades
    return pd.DataFrame(
        {
            "return": portfolio.total_return(),
            "buy_hold": float(frame["Close"].iloc[-1] / frame["Close"].iloc[0] - 1),
            "cagr": returns.annualized(),
            "volatility": returns.annualized_volatility(),
            "sharpe": returns.sharpe_ratio(),
            "sortino": returns.sortino_ratio(),
            "calmar": returns.calmar_ratio(),
            "omega": returns.omega_ratio(),
            "alpha": returns.alpha(market),
            "beta": returns.beta(market),
            "var": returns.value_at_risk(),
            "cvar": returns.cond_value_at_risk(),
            "max_drawdown": drawdowns.max_drawdown(),
            "max_drawdown_days": drawdowns.max_duration(),
            "trades": trades.count(),
            "win_rate": trades.win_rate(),
            "profit_factor": trades.profit_factor(),
            "expectancy": trades.expectancy(),
            "sqn": trades.sqn(),
            "fees": portfolio.orders.fees.sum(),
            "net": trades.pnl.sum(),
            "edge": trades.returns.mean(),
            "edge_error": trades.returns.std(),
            "exposure": portfolio.position_coverage(),
            "final": portfolio.final_value(),
        }
    ).reset_index(drop=True)


def _crosses(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    found = np.zeros(one.shape, dtype=bool)
    found[1:] = (one[1:] > other[1:]) & (one[:-1] <= other[:-1])
    return found


def _filled_next_bar(signal: np.ndarray) -> np.ndarray:
    shifted = np.zeros_like(signal)
    shifted[1:] = signal[:-1]
    return shifted
