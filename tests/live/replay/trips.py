"""Round trips and fills for tests of the figures."""

from collections.abc import Sequence

import numpy as np

from live.enums import Side
from live.money import SCALE
from live.replay.figures.trades import TapeTrades
from live.replay.round_trips import ExitReason, MakerFill, RoundTrip
from skills_lib.domain.bars import FloatArray

SECOND = 1_000_000_000
ENTRY_VALUE = 10_000 * SCALE


def trip(
    gross_bps: float,
    second: float = 0,
    fee_bps: float = 10,
    side: Side = Side.BUY,
    reason: ExitReason = ExitReason.TIME,
    hold_s: float = 5,
    funding: int = 0,
) -> RoundTrip:
    """A position of 10,000 USD that moved by `gross_bps` in its favour and paid `fee_bps` of its entry value."""
    moved = round(ENTRY_VALUE * gross_bps / 10_000) * side.sign
    return RoundTrip(
        symbol="BTCUSDT",
        side=side,
        quantity=SCALE // 6,
        entry_ns=round(second * SECOND),
        exit_ns=round((second + hold_s) * SECOND),
        entry_value=ENTRY_VALUE,
        exit_value=ENTRY_VALUE + moved,
        fees=round(ENTRY_VALUE * fee_bps / 10_000),
        funding=funding,
        reason=reason,
    )


def tape_of(gross_bps: FloatArray | Sequence[float], gap_s: float = 30, fee_bps: float = 10) -> TapeTrades:
    """A tape with a trade every `gap_s`."""
    trips = tuple(trip(float(value), n * gap_s, fee_bps) for n, value in enumerate(gross_bps))
    return TapeTrades(trips, (), round(len(trips) * gap_s * SECOND))


def noisy(mean: float, count: int, seed: int = 1, deviation: float = 8) -> FloatArray:
    """float64[count] gross bps."""
    return np.random.default_rng(seed).normal(mean, deviation, count)


def maker_fill(price: int, mids: tuple[int, ...], side: Side = Side.BUY, second: float = 0) -> MakerFill:
    """A fill of an order that rested; prices in whole units of money."""
    return MakerFill(side, round(second * SECOND), price * SCALE, SCALE, tuple(mid * SCALE for mid in mids))
