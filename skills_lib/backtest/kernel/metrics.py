"""The figures of `skills_lib.backtest.metrics`, compiled: one row a combination, without building frames.

The definitions stand there; here stands only how to get them quickly. No figure differs by more than rounding.
"""

import math

import numpy as np

from skills_lib.backtest.kernel.arrays import inlined, inlined_sums
from skills_lib.backtest.kernel.segments import daily_returns, day_end, drawdown, split_at_funding, worth
from skills_lib.domain.rounding import NO_CHANGE, NO_SPREAD
from skills_lib.domain.time import DAY_NS

ROW = (
    "final_equity",
    "return_pct",
    "buy_hold_return_pct",
    "volatility_ann_pct",
    "sharpe",
    "sortino",
    "omega",
    "var_95_pct",
    "cvar_95_pct",
    "max_drawdown_pct",
    "max_drawdown_days",
    "beta",
    "alpha_ann_pct",
    "trades",
    "win_rate_pct",
    "profit_factor",
    "expectancy_pct",
    "sqn",
    "kelly",
    "exposure_pct",
    "fees_paid",
    "funding_paid",
    "net_pnl",
    "spread_paid",
    "gross_pnl",
    "gross_edge_bps",
    "gross_edge_error_bps",
    "break_even_cost_bps",
    "cagr_pct",
    "calmar",
)
"""Names of a row's figures; figures.METRICS has the same in its own order."""
(
    _FINAL_EQUITY,
    _RETURN_PCT,
    _BUY_HOLD_RETURN_PCT,
    _VOLATILITY_ANN_PCT,
    _SHARPE,
    _SORTINO,
    _OMEGA,
    _VAR_95_PCT,
    _CVAR_95_PCT,
    _MAX_DRAWDOWN_PCT,
    _MAX_DRAWDOWN_DAYS,
    _BETA,
    _ALPHA_ANN_PCT,
    _TRADES,
    _WIN_RATE_PCT,
    _PROFIT_FACTOR,
    _EXPECTANCY_PCT,
    _SQN,
    _KELLY,
    _EXPOSURE_PCT,
    _FEES_PAID,
    _FUNDING_PAID,
    _NET_PNL,
    _SPREAD_PAID,
    _GROSS_PNL,
    _GROSS_EDGE_BPS,
    _GROSS_EDGE_ERROR_BPS,
    _BREAK_EVEN_COST_BPS,
    _CAGR_PCT,
    _CALMAR,
) = range(len(ROW))

_DAYS_PER_YEAR = 365
_SUMMED_AT_ONCE = 128


@inlined
def measure(market, broker, span, days, own, warm_up, table, trades, segments, scratch, row):
    """Fill `row` with the figures of ROW: nan where undefined, inf where perfect.

    Takes funding from the segments first. `own`: mean and variance of the instrument's daily returns, of which
    `scratch.market` has the deviations.
    """
    curve = scratch.segments
    if len(market.paid) and trades:
        segments = split_at_funding(market, span, scratch, segments)
        curve = scratch.charged
    first, end = span
    daily = scratch.daily[: days[1] - days[0]]
    final = worth(curve, segments - 1, market.close[end - 1])
    row[_FINAL_EQUITY] = final
    row[_RETURN_PCT] = (final / broker.cash - 1) * 100
    row[_BUY_HOLD_RETURN_PCT] = (market.close[end - 1] / market.close[warm_up] - 1) * 100
    daily_returns(market, broker, span, days, curve, segments, daily)
    _risk(daily, scratch.spare, row)
    fall, time_below = drawdown(market, span, curve, segments)
    row[_MAX_DRAWDOWN_PCT], row[_MAX_DRAWDOWN_DAYS] = 0.0 - fall * 100, time_below / DAY_NS
    _against_market(daily, scratch.market, own, scratch.spare, row)
    _per_trade(table, trades, end - first, NO_CHANGE * broker.cash, scratch.trades, row)
    _edge(broker, table, trades, scratch.trades, scratch.more_trades, row)
    years = (market.open_time_ns[end - 1] + market.interval_ns - market.open_time_ns[first]) / DAY_NS / _DAYS_PER_YEAR
    row[_CAGR_PCT] = ((final / broker.cash) ** (1 / years) - 1) * 100
    row[_CALMAR] = row[_CAGR_PCT] / fall / 100 if fall != 0 else _without_loss(final / broker.cash - 1, NO_CHANGE)
    for i in range(len(row)):
        if not row[i] > -np.inf:
            row[i] = np.nan


@inlined
def own_returns(market, span, days, scratch):
    """Fill `scratch.market`; return mean and variance of the instrument's own daily returns, 0 if it is rounding."""
    n, before, deviations = days[1] - days[0], market.close[span[0]], scratch.market
    for d in range(n):
        after = market.close[max(day_end(market, span, days[0] + d), span[0])]
        deviations[d] = (after - before) / before
        before = after
    mean = _sum(deviations, 0, n) / n
    deviation = _deviation(deviations, n, mean, scratch.spare)
    for d in range(n):
        deviations[d] -= mean
    return mean, (deviation**2 if _is_spread(deviation, mean, NO_CHANGE) else 0.0)


@inlined
def _risk(daily, spare, row):
    n, year = len(daily), math.sqrt(_DAYS_PER_YEAR)
    mean = _sum(daily, 0, n) / n
    squares, falls, gains, losses = _moments(daily, mean)
    deviation, downside = math.sqrt(squares / (n - 1)) if n > 1 else np.nan, math.sqrt(falls / n)
    spread = deviation if n < 2 or _is_spread(deviation, mean, NO_CHANGE) else 0.0
    row[_VOLATILITY_ANN_PCT] = spread * year * 100
    row[_SHARPE] = _per_risk(mean, spread, NO_CHANGE) * year
    row[_SORTINO] = _per_risk(mean, downside, NO_CHANGE) * year
    row[_OMEGA] = _per_risk(gains, losses, NO_CHANGE)
    value_at_risk = _quantile(daily, 0.05, mean - deviation, spare)
    row[_VAR_95_PCT] = value_at_risk * 100
    row[_CVAR_95_PCT] = _mean_up_to(daily, value_at_risk, spare) * 100


@inlined_sums
def _moments(values, mean):
    """Sums of squared deviations, of squared falls, of gains and of losses: positive terms, in any order."""
    squares = falls = gains = losses = 0.0
    for i in range(len(values)):
        rise, fall = max(values[i], 0.0), max(-values[i], 0.0)
        squares += (values[i] - mean) ** 2
        falls += fall * fall
        gains += rise
        losses += fall
    return squares, falls, gains, losses


@inlined
def _mean_up_to(values, limit, spare):
    count = _smaller(values, limit, spare)
    return _sum(spare, 0, count) / count


@inlined
def _smaller(values, limit, out):
    """Copy the values up to and including `limit` to the front of `out`; return how many they are."""
    count = 0
    for i in range(len(values)):
        out[count] = values[i]
        count += values[i] <= limit
    return count


@inlined
def _quantile(values, share, guess, spare):
    """numpy's linear quantile; `guess`, somewhat above the answer, leaves few values to select from."""
    n = len(values)
    position = (n - 1) * share
    rank = int(position)
    count = _smaller(values, guess, spare)
    if count < rank + 2:
        count = n
        spare[:n] = values
    below = _select(spare, count, rank)
    if rank + 1 >= count:
        return below
    above = spare[rank + 1]
    for i in range(rank + 2, count):
        above = min(above, spare[i])
    t = position - rank
    return below + (above - below) * t if t < 0.5 else above - (above - below) * (1 - t)


@inlined
def _select(values, count, rank):
    """Reorder so that `values[rank]` is where sorting would put it, smaller ones before it (Hoare's FIND)."""
    low, high = 0, count - 1
    while low < high:
        pivot, i, j = values[rank], low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while pivot < values[j]:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i, j = i + 1, j - 1
        if j < rank:
            low = i
        if rank < i:
            high = j
    return values[rank]


@inlined
def _against_market(daily, deviations, own, spare, row):
    n = len(daily)
    row[_BETA] = row[_ALPHA_ANN_PCT] = np.nan
    if n < 2:
        return
    mean = _sum(daily, 0, n) / n
    for i in range(n):
        spare[i] = (daily[i] - mean) * deviations[i]
    row[_BETA] = _ratio(_sum(spare, 0, n) / (n - 1), own[1])
    row[_ALPHA_ANN_PCT] = (mean - row[_BETA] * own[0]) * _DAYS_PER_YEAR * 100


@inlined
def _per_trade(table, n, bars, tolerance, spare, row):
    pnl = table.pnl
    won, gained = _sum_above(pnl, n, 1.0, tolerance, spare)
    lost, given = _sum_above(pnl, n, -1.0, tolerance, spare)
    win_rate, payoff = _ratio(won, n), _ratio(_ratio(gained, won), _ratio(given, lost))
    total = _sum(pnl, 0, n)
    mean = _ratio(total, n)
    deviation = _deviation(pnl, n, mean, spare)
    spread = deviation if n < 2 or _is_spread(deviation, mean, tolerance) else 0.0
    row[_TRADES] = n
    row[_WIN_RATE_PCT] = win_rate * 100
    row[_PROFIT_FACTOR] = _per_risk(gained, given, tolerance)
    row[_EXPECTANCY_PCT] = _ratio(_sum(table.returns, 0, n), n)
    row[_SQN] = _per_risk(mean, spread, tolerance) * math.sqrt(n)
    row[_KELLY] = win_rate - _ratio(1 - win_rate, payoff) if lost > 0 else _without_loss(gained, tolerance)
    row[_EXPOSURE_PCT] = _bars_held(table, n) / bars * 100
    row[_FEES_PAID] = _sum(table.commission, 0, n)
    row[_FUNDING_PAID] = _sum(table.funding, 0, n)
    row[_NET_PNL] = total


@inlined
def _sum_above(values, n, sign, tolerance, spare):
    """How many of `sign` × values are above `tolerance`, and their sum."""
    count = 0
    for i in range(n):
        spare[count] = sign * values[i]
        count += sign * values[i] > tolerance
    return count, _sum(spare, 0, count)


@inlined
def _bars_held(table, n):
    """Bars with an open position; trades are in order of time, neighbours may share bars."""
    held, covered = 0.0, -1.0
    for i in range(n):
        first = max(table.entry_bar[i], covered + 1)
        held += max(table.exit_bar[i] - first + 1, 0)
        covered = max(covered, table.exit_bar[i])
    return held


@inlined
def _edge(broker, table, n, gross, spare, row):
    """Gross figures; `spare` holds the notional of each trade, first at entry and then at exit."""
    for i in range(n):
        spare[i] = abs(table.units[i]) * _raw_entry(broker, table, i)
        gross[i] = table.pnl[i] + table.commission[i] + table.funding[i] + spare[i] * broker.spread
    entered, earned = _sum(spare, 0, n), _sum(gross, 0, n)
    edge = _ratio(earned, entered)
    for i in range(n):
        gross[i] = (gross[i] - edge * spare[i]) ** 2
        spare[i] = abs(table.units[i]) * table.exit[i]
    error = math.sqrt(n * _sum(gross, 0, n) / (n - 1)) if n > 1 else np.nan
    row[_SPREAD_PAID], row[_GROSS_PNL] = entered * broker.spread, earned
    row[_GROSS_EDGE_BPS] = edge * 1e4
    row[_GROSS_EDGE_ERROR_BPS] = 1.96 * _ratio(error, entered) * 1e4
    row[_BREAK_EVEN_COST_BPS] = _ratio(earned, entered + _sum(spare, 0, n)) * 1e4


@inlined
def _raw_entry(broker, table, i):
    return table.entry[i] / (1 + math.copysign(1.0, table.units[i]) * broker.spread)


@inlined
def _deviation(values, n, mean, spare):
    if n < 2:
        return np.nan
    for i in range(n):
        spare[i] = (values[i] - mean) ** 2
    return math.sqrt(_sum(spare, 0, n) / (n - 1))


@inlined
def _is_spread(deviation, mean, tolerance):
    return deviation > max(tolerance, NO_SPREAD * abs(mean))


@inlined
def _per_risk(gain, risk, tolerance):
    if risk > tolerance:
        return gain / risk
    return np.nan if np.isnan(risk) else _without_loss(gain, tolerance)


@inlined
def _without_loss(gain, tolerance):
    return np.inf if gain > tolerance else np.nan


@inlined
def _ratio(part, whole):
    return part / whole if whole != 0 else np.nan


@inlined
def _sum(values, start, n):
    """Sums of blocks, added with Neumaier's compensation (1974). Not recursive: numba cannot cache what is."""
    total = lost = 0.0
    for at in range(start, start + n, _SUMMED_AT_ONCE):
        part = _sum_of_block(values, at, min(_SUMMED_AT_ONCE, start + n - at))
        after = total + part
        lost += (total - after) + part if abs(total) >= abs(part) else (part - after) + total
        total = after
    return total + lost


@inlined
def _sum_of_block(v, start, n):
    a = b = c = d = 0.0
    whole = start + n - n % 4
    for i in range(start, whole, 4):
        a, b, c, d = a + v[i], b + v[i + 1], c + v[i + 2], d + v[i + 3]
    total = (a + b) + (c + d)
    for i in range(whole, start + n):
        total += v[i]
    return total
