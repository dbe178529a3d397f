"""The replay's rule in hftbacktest: raw tape to its events, and the backtest over them, compiled.

The rule is that of the engine's default settings: at each feed (diffs and trades) the ratio of bid to ask volume of the
best five levels, buy above 3.0, sell below 0.33; an immediate-or-cancel order 2 bp beyond the best opposite price;
target 20 bp, stop 15 bp, time stop 60 s, cooldown 1 s, three stops in a row pause for 60 s, spread at most 1 bp.
hftbacktest has no conditional orders, so the stop is seen at the feed and leaves as a market order: a slower stop than
one that rests at the exchange. It fills an order whole at the best price, whatever is there.
"""

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hftbacktest import GTC, LIMIT, MARKET, BacktestAsset, HashMapMarketDepthBacktest
from hftbacktest.data.utils.binancefutures import convert
from hftbacktest.order import IOC
from numba import njit

S = 1_000_000_000
FEED = 2
MAX_TRADES = 10_000


@dataclass(frozen=True)
class PeerResult:
    """trades: round trips. net: profit after fees, in quote currency, with what is open at the end at the mid price.

    gross_bps, net_bps: mean of a round trip.
    """

    trades: int
    net: float
    gross_bps: float
    net_bps: float
    is_open: bool


def converted(tape: Path) -> np.ndarray:
    """The tape as hftbacktest's events; what it prints is dropped."""
    with contextlib.redirect_stdout(io.StringIO()):
        return convert(str(tape))


def run(
    events: np.ndarray,
    tick: float,
    step: float,
    notional: float = 10_000.0,
    taker_fee: float = 0.0005,
    latency_ns: int = 0,
) -> PeerResult:
    """One backtest of the rule. latency_ns: of orders, one way."""
    asset = (
        BacktestAsset()
        .data([events])
        .linear_asset(1.0)
        .constant_order_latency(latency_ns, latency_ns)
        .risk_adverse_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(0.0002, taker_fee)
        .tick_size(tick)
        .lot_size(step)
    )
    backtest = HashMapMarketDepthBacktest([asset])
    entries, exits, sides = np.zeros(MAX_TRADES), np.zeros(MAX_TRADES), np.zeros(MAX_TRADES)
    count = int(_rule(backtest, tick, step, notional, entries, exits, sides))
    values, depth = backtest.state_values(0), backtest.depth(0)
    value = values.position * (depth.best_bid + depth.best_ask) / 2
    net, is_open = float(values.balance + value - values.fee), bool(values.position)
    backtest.close()
    gross = sides[:count] * (exits[:count] / entries[:count] - 1) * 10_000
    fees = taker_fee * (1 + exits[:count] / entries[:count]) * 10_000
    means = [float(np.mean(found)) if count else 0.0 for found in (gross, gross - fees)]
    return PeerResult(count, net, means[0], means[1], is_open)


@njit
def _volumes(depth, levels):
    """Volume of the best levels that hold a quantity, of each side."""
    bids = asks = 0.0
    found, at = 0, depth.best_bid_tick
    while found < levels and at > depth.best_bid_tick - 10_000:
        quantity = depth.bid_qty_at_tick(at)
        if quantity > 0:
            bids, found = bids + quantity, found + 1
        at -= 1
    found, at = 0, depth.best_ask_tick
    while found < levels and at < depth.best_ask_tick + 10_000:
        quantity = depth.ask_qty_at_tick(at)
        if quantity > 0:
            asks, found = asks + quantity, found + 1
        at += 1
    return bids, asks


@njit
def _send(backtest, number, side, price, quantity, kind):
    """Send an order, wait for its answer; returns the mean price of what was filled, 0 if nothing was."""
    before = backtest.state_values(0)
    volume, value = before.trading_volume, before.trading_value
    if side > 0:
        backtest.submit_buy_order(0, number, price, quantity, IOC if kind == LIMIT else GTC, kind, True)
    else:
        backtest.submit_sell_order(0, number, price, quantity, IOC if kind == LIMIT else GTC, kind, True)
    after = backtest.state_values(0)
    traded, paid = after.trading_volume - volume, after.trading_value - value
    backtest.clear_inactive_orders(0)
    return paid / traded if traded > 0 else 0.0


@njit
def _wanted(depth):
    """The side to enter: 1 to buy, -1 to sell, 0 for neither."""
    if (depth.best_ask - depth.best_bid) / depth.best_bid * 10_000 > 1:
        return 0
    bids, asks = _volumes(depth, 5)
    return 1 if bids > 3 * asks else -1 if bids < 0.33 * asks else 0


@njit
def _rule(backtest, tick, step, notional, entries, exits, sides):
    """Trade the rule to the end of the data; returns the number of round trips."""
    count, number, stops, free_ns, entered_ns, entry = 0, 1, 0, 0, 0, 0.0
    while backtest.wait_next_feed(False, 60 * S) in (0, FEED):
        now, depth, position = backtest.current_timestamp, backtest.depth(0), backtest.position(0)
        if not (depth.best_bid > 0 and depth.best_ask > depth.best_bid) or count >= len(entries):
            continue
        if position == 0:
            side = _wanted(depth) if now >= free_ns else 0
            if side:
                best = depth.best_ask if side > 0 else depth.best_bid
                limit = round(best * (1 + side * 0.0002) / tick) * tick
                entry = _send(backtest, number, side, limit, notional / best // step * step, LIMIT)
                number, entered_ns = number + 1, backtest.current_timestamp
            continue
        side = 1 if position > 0 else -1
        best = depth.best_bid if side > 0 else depth.best_ask
        change = side * (best / entry - 1) * 10_000
        if change >= 20 or change <= -15 or now - entered_ns >= 60 * S:
            exits[count] = _send(backtest, number, -side, best, abs(position), MARKET)
            entries[count], sides[count] = entry, side
            count, number = count + 1, number + 1
            stops = stops + 1 if change <= -15 else 0
            free_ns = backtest.current_timestamp + (60 * S if stops == 3 else S)
            stops %= 3
    return count
