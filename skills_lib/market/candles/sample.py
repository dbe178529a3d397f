"""Generates synthetic bars for offline use: crypto-like, deterministic, and the same on every machine.

**The sample has no edge.** Its price is a martingale: whatever happened before, the expected return of every minute is
zero (up to rounding to cents), so that no rule earns anything on average before costs, and every rule loses by them.
What looks good on it is luck, which is what `twokey demo` shows.

Hours are generated first: calm, ordinary and volatile regimes switch as a Markov chain; inside them volatility clusters
(GARCH(1,1), Bollerslev 1986) and an hour's scale is mixed so that its return is Student t. An hour's path is a Brownian
motion of that scale, with a drift of minus half its variance: minutes fill the hour as a Brownian bridge, with exact
extremes between them (Karatzas & Shreve, 2.8), so that all timeframes are consistent. Prices are whole cents and
volumes whole 1e-5, summed as integers: a 4h bar equals its four 1h bars exactly.
"""

import hashlib
import math
from dataclasses import dataclass

import numpy as np

from skills_lib.domain.bars import Bars, FloatArray, IntArray
from skills_lib.domain.time import HOUR_NS, MINUTE_NS, SECOND_NS
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.series import bars_of
from skills_lib.market.candles.spans import TimeSpan, floor_to_bar

SEED = 198
"""The first of 1, 2, 3, ... at which the search of `twokey demo` claims a Sharpe ratio above 1.9 on the first 70 % of
its bars, and loses money on the next 20 % and in its walk-forward: docs/decisions/0009-the-sample-has-no-edge.md."""
SAMPLE_SPAN = TimeSpan(1_609_459_200 * SECOND_NS, 1_735_689_600 * SECOND_NS)  # 2021-01-01 .. 2025-01-01 UTC
_HOURS = (SAMPLE_SPAN.end_ns - SAMPLE_SPAN.start_ns) // HOUR_NS
_CHUNK_HOURS = 720
_TICK, _LOT = 0.01, 1e-5

_DEVIATION = np.array([0.003, 0.0055, 0.009])  # of an hour's return: calm, ordinary, volatile
_STAY_HOURS = 360
_ALPHA, _BETA, _DEGREES = 0.10, 0.86, 4.0
_LARGEST_SCALE = 0.06
"""Of an hour's path, so that a return beyond 25 % is practically impossible."""
_TURNOVER_A_DAY = 4e7  # quote currency
_START = {"BTC": 30_000.0, "ETH": 1_200.0}

_CLOCK = np.arange(24)
_SEASON = 1.0 + 0.45 * np.exp(-0.5 * ((_CLOCK - 14.5) / 2.5) ** 2) - 0.2 * np.exp(-0.5 * ((_CLOCK - 5.0) / 2.5) ** 2)
"""Volatility by hour of day, UTC: highest while Europe and America overlap, lowest before Europe opens."""


@dataclass(frozen=True, slots=True)
class _Hours:
    """Log price at the end of each hour, preceded by the starting log price, and the scale of each hour's path."""

    log_price: FloatArray
    scale: FloatArray


def sample_bars(symbol: str, timeframe: Timeframe, span: TimeSpan = SAMPLE_SPAN) -> Bars:
    """Synthetic bars of `symbol` (`BTCUSDT`) that open within `span`; the sample ends with 2024.

    Deterministic in symbol and `SEED`; the span only selects the bars returned.
    """
    inside = _whole_bars(span, timeframe)
    if not inside:
        return _resample(np.empty((5, 0), np.int64), inside, timeframe)
    key = int.from_bytes(hashlib.sha256(symbol.encode()).digest()[:8], "big")
    hours = _hours(np.random.default_rng([SEED, key]), symbol)
    first = (inside.start_ns - SAMPLE_SPAN.start_ns) // HOUR_NS // _CHUNK_HOURS
    last = -(-(inside.end_ns - SAMPLE_SPAN.start_ns) // (HOUR_NS * _CHUNK_HOURS))
    minutes = [_minutes(np.random.default_rng([SEED, key, chunk]), hours, chunk) for chunk in range(first, last)]
    start_ns = SAMPLE_SPAN.start_ns + first * _CHUNK_HOURS * HOUR_NS
    skip, stop = (inside.start_ns - start_ns) // MINUTE_NS, (inside.end_ns - start_ns) // MINUTE_NS
    return _resample(np.concatenate(minutes, axis=1)[:, skip:stop], inside, timeframe)


def _whole_bars(span: TimeSpan, timeframe: Timeframe) -> TimeSpan:
    step = timeframe.nanoseconds
    start = max(span.start_ns, SAMPLE_SPAN.start_ns)
    end = min(span.end_ns + step - 1, SAMPLE_SPAN.end_ns)
    return TimeSpan(floor_to_bar(start + step - 1, timeframe), floor_to_bar(end, timeframe))


def _hours(rng: np.random.Generator, symbol: str) -> _Hours:
    """A path whose scale is known before each hour, which makes the price a martingale."""
    regime = _regimes(rng)
    mixing = np.sqrt((_DEGREES - 2) / rng.chisquare(_DEGREES, _HOURS))  # times a normal number: Student t, variance 1
    normal = rng.standard_normal(_HOURS)
    start = _START.get(symbol.removesuffix("USDT"), float(np.exp(rng.uniform(np.log(500), np.log(5_000)))))
    deviation = _garch(mixing * normal, _DEVIATION[regime])
    scale = np.minimum(np.resize(_SEASON, _HOURS) * deviation * mixing, _LARGEST_SCALE)
    returns = scale * normal - scale**2 / 2
    return _Hours(np.concatenate([[math.log(start)], math.log(start) + np.cumsum(returns)]), scale)


def _regimes(rng: np.random.Generator) -> IntArray:
    """Regime of each hour, an index of _DEVIATION; a regime lasts 15 days on average."""
    stays = rng.geometric(1 / _STAY_HOURS, 4 * _HOURS // _STAY_HOURS)
    moves = rng.integers(1, len(_DEVIATION), len(stays))  # never to itself
    states = (int(rng.integers(len(_DEVIATION))) + np.cumsum(moves)) % len(_DEVIATION)
    regimes: IntArray = np.repeat(states, stays)[:_HOURS]
    return regimes


def _garch(shocks: FloatArray, level: FloatArray) -> FloatArray:
    """Conditional deviation of each hour, reverting to the regime's `level`."""
    out = np.empty(len(shocks))
    variance = float(level[0]) ** 2
    targets, squares = ((1 - _ALPHA - _BETA) * level**2).tolist(), (shocks**2).tolist()
    for hour, (target, square) in enumerate(zip(targets, squares, strict=True)):
        out[hour] = variance
        variance = target + variance * (_ALPHA * min(square, 25.0) + _BETA)
    return np.sqrt(out)


def _minutes(rng: np.random.Generator, hours: _Hours, chunk: int) -> IntArray:
    """Open, high, low, close in ticks and volume in lots of each minute of one chunk: int64[5, n]."""
    start, end = chunk * _CHUNK_HOURS, min((chunk + 1) * _CHUNK_HOURS, _HOURS)
    before, scale = hours.log_price[start:end, None], hours.scale[start:end, None]
    share = np.arange(1, 61) / 60
    walk = np.cumsum(rng.standard_normal((end - start, 60)), axis=1) * scale / math.sqrt(60)
    path = before + share * (hours.log_price[start + 1 : end + 1, None] - before) + walk - share * walk[:, -1:]
    close = path.ravel()
    open_ = np.concatenate([[hours.log_price[start]], close[:-1]])
    variance = np.repeat(scale.ravel() ** 2 / 60, 60)
    high, low = (_extreme(rng, open_, close, variance, sign) for sign in (1, -1))
    season = np.repeat(scale.ravel(), 60) / 0.006
    lots = season * rng.gamma(1.5, 1 / 1.5, len(close)) * _TURNOVER_A_DAY / 1_440 / np.exp(close) / _LOT
    prices = (np.rint(np.exp(line) / _TICK) for line in (open_, high, low, close))
    return np.stack([np.maximum(column, 1).astype(np.int64) for column in (*prices, np.rint(lots))])


def _extreme(
    rng: np.random.Generator, open_: FloatArray, close: FloatArray, variance: FloatArray, sign: int
) -> FloatArray:
    """Maximum (`sign` 1) or minimum (-1) of a Brownian bridge from open to close with the given variance."""
    move = close - open_
    reach = np.sqrt(move * move + 2 * variance * rng.standard_exponential(len(close)))
    found: FloatArray = open_ + (move + sign * reach) / 2
    return found


def _resample(minutes: IntArray, span: TimeSpan, timeframe: Timeframe) -> Bars:
    per_bar = timeframe.seconds // 60
    open_, high, low, close, lots = (row.reshape(-1, per_bar) for row in minutes)
    times = np.arange(span.start_ns, max(span.start_ns, span.end_ns), timeframe.nanoseconds, dtype=np.int64)
    prices = (open_[:, 0], high.max(axis=1), low.min(axis=1), close[:, -1])
    columns = (np.ascontiguousarray(ticks) / 100 for ticks in prices)
    return bars_of(times, (*columns, lots.sum(axis=1) / 100_000), timeframe.nanoseconds)
