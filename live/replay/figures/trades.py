"""Figures of the round trips of one or several tapes.

A figure in basis points is of a trade's entry value, and every trade has the same weight.
"""

from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np

from live.replay.figures.intervals import Interval, Sample, block_length, mean_intervals
from live.replay.round_trips import MARKOUT_HORIZONS_NS, ExitReason, MakerFill, RoundTrip
from skills_lib.domain.bars import FloatArray
from skills_lib.domain.models import FrozenModel

BPS = 10_000


class TapeTrades(msgspec.Struct, frozen=True):
    """What one tape gave. span_ns: its length; symbols: how many are traded on it."""

    round_trips: tuple[RoundTrip, ...]
    maker_fills: tuple[MakerFill, ...]
    span_ns: int
    symbols: int = 1

    def columns(self) -> "TripColumns":
        """The round trips in order of entry, as arrays."""
        return TripColumns(sorted(self.round_trips, key=lambda trip: (trip.entry_ns, trip.symbol)))


class Markout(FrozenModel):
    """How far the mid price moved in the maker's favour after its fills; negative: against it."""

    seconds: float
    fills: int
    bps: Interval


class TradeFigures(FrozenModel):
    """Figures of all trades; None where undefined.

    cost_bps: fees less funding received, of a round trip. break_even_cost_bps: the round-trip cost at which the mean
    trade earns nothing, which is the gross mean. win_rate: share of trades above 0 after costs. break_even_win_rate:
    the share of wins that would earn nothing, given the mean win and the mean loss after costs. profit_factor: money
    won by money lost, after costs. time_in_market: share of the time with an open position, a symbol. net_usd: in the
    margin asset.
    """

    trades: int
    gross_bps: Interval
    net_bps: Interval
    cost_bps: float | None
    break_even_cost_bps: float | None
    win_rate: float | None
    break_even_win_rate: float | None
    profit_factor: float | None
    exits: dict[str, int]
    time_in_market: float
    mean_hold_s: float | None
    net_usd: float
    maker_fills: int
    markouts: tuple[Markout, ...]


class TripColumns:
    """Round trips as arrays of float64[trades]: figures in bps of the entry value; `net`, money, in units of 1e-8."""

    def __init__(self, trips: Sequence[RoundTrip]) -> None:
        entry = _array([trip.entry_value for trip in trips])
        self.entry_ns = np.array([trip.entry_ns for trip in trips], dtype=np.int64)
        self.hold_ns = np.array([trip.exit_ns - trip.entry_ns for trip in trips], dtype=np.int64)
        self.net = _array([trip.net for trip in trips])
        self.gross_bps = _array([trip.gross for trip in trips]) / entry * BPS
        self.net_bps = self.net / entry * BPS
        self.funding_bps = _array([trip.funding for trip in trips]) / entry * BPS
        self.turnover = _array([trip.entry_value + trip.exit_value for trip in trips]) / entry

    def at_fee(self, fee_bps: float) -> FloatArray:
        """float64[trades]: net bps if every fill had cost `fee_bps` of its value."""
        net: FloatArray = self.gross_bps + self.funding_bps - fee_bps * self.turnover
        return net

    def sample(self, *figures: FloatArray) -> Sample:
        """Figures of these trades, each float64[trades], to be resampled together."""
        return Sample(np.array(figures, dtype=np.float64), block_length(self.entry_ns))


def gross_and_net(columns: Sequence[TripColumns], seed: int) -> tuple[Interval, Interval]:
    """The means before and after costs over the trades of all tapes."""
    gross, net = mean_intervals([one.sample(one.gross_bps, one.net_bps) for one in columns], seed)
    return gross, net


def trade_figures(tapes: Sequence[TapeTrades], seed: int) -> TradeFigures:
    """Figures of all trades of all tapes."""
    columns = [tape.columns() for tape in tapes]
    gross, net = gross_and_net(columns, seed)
    trips = [trip for tape in tapes for trip in tape.round_trips]
    money = _array([trip.net for trip in trips])
    is_win = money > 0
    holds = np.concatenate([np.empty(0), *(one.hold_ns for one in columns)])
    return TradeFigures(
        trades=len(trips),
        gross_bps=gross,
        net_bps=net,
        cost_bps=None if gross.mean is None or net.mean is None else gross.mean - net.mean,
        break_even_cost_bps=gross.mean,
        win_rate=float(is_win.mean()) if len(trips) else None,
        break_even_win_rate=_break_even_win_rate(np.concatenate([np.empty(0), *(one.net_bps for one in columns)])),
        profit_factor=_ratio(float(money[is_win].sum()), -float(money[~is_win].sum())),
        exits=_exits(trips),
        time_in_market=_ratio(float(holds.sum()), float(sum(tape.span_ns * tape.symbols for tape in tapes))) or 0.0,
        mean_hold_s=float(holds.mean()) / 1e9 if len(trips) else None,
        net_usd=sum(trip.net for trip in trips) / 1e8,
        maker_fills=sum(len(tape.maker_fills) for tape in tapes),
        markouts=_markouts(tapes, seed),
    )


def _break_even_win_rate(net_bps: FloatArray) -> float | None:
    """Share p of wins with p * mean win = (1 - p) * mean loss; None without a win or without a loss."""
    wins, losses = net_bps[net_bps > 0], -net_bps[net_bps <= 0]
    if not len(wins) or not losses.sum():
        return None
    return float(losses.mean() / (losses.mean() + wins.mean()))


def _exits(trips: Sequence[RoundTrip]) -> dict[str, int]:
    counts = Counter(trip.reason for trip in trips)
    return {reason.value: counts[reason] for reason in ExitReason}


def _markouts(tapes: Sequence[TapeTrades], seed: int) -> tuple[Markout, ...]:
    return tuple(_markout(tapes, place, seed) for place in range(len(MARKOUT_HORIZONS_NS)))


def _markout(tapes: Sequence[TapeTrades], place: int, seed: int) -> Markout:
    """The markout at one horizon, over the fills for which the tape shows the mid price then."""
    samples = []
    for tape in tapes:
        known = [fill for fill in sorted(tape.maker_fills, key=lambda fill: fill.time_ns) if fill.mids[place]]
        moves = _array([fill.side.sign * (fill.mids[place] - fill.price) / fill.price * BPS for fill in known])
        times = np.array([fill.time_ns for fill in known], dtype=np.int64)
        samples.append(Sample(moves[None], block_length(times)))
    fills = sum(sample.values.shape[1] for sample in samples)
    (found,) = mean_intervals(samples, seed)
    return Markout(seconds=MARKOUT_HORIZONS_NS[place] / 1e9, fills=fills, bps=found)


def _array(values: Sequence[float]) -> FloatArray:
    return np.array(values, dtype=np.float64)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
