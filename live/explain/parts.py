"""What a trade's result is made of, in basis points of its entry value; integers of 1e-8 bp whose sum is exact.

    net = signal + latency + queue + fee + funding

signal: from the middle of the book that the entry was decided on to that of the exit. latency: what fills at once lost
against these two prices, by the spread, by moving through levels, and while the order was under way. queue: the same of
fills that had rested. fee, funding: as booked. A stop is held against its trigger price.
"""

from typing import Final

import msgspec

from live.explain.trades import ExplainedTrade
from live.money import product

_BPS: Final = 10_000 * 100_000_000


class Parts(msgspec.Struct, frozen=True):
    """Parts of a result, or of a difference of results. missed: trades that only one side made."""

    signal: int = 0
    latency: int = 0
    queue: int = 0
    fee: int = 0
    funding: int = 0
    missed: int = 0

    @property
    def total(self) -> int:
        """Their sum."""
        return self.signal + self.latency + self.queue + self.fee + self.funding + self.missed

    def plus(self, other: "Parts") -> "Parts":
        """Part by part."""
        names = self.__struct_fields__
        return Parts(**{name: getattr(self, name) + getattr(other, name) for name in names})

    def minus(self, other: "Parts") -> "Parts":
        """Part by part."""
        names = self.__struct_fields__
        return Parts(**{name: getattr(self, name) - getattr(other, name) for name in names})


def net_of(trade: ExplainedTrade) -> int:
    """The result in 1e-8 bp of the entry value, rounded down."""
    return _bps(trade.net, trade)


def parts_of(trade: ExplainedTrade) -> Parts:
    """The parts; each is rounded down but the signal's, which is what is left: their sum is `net_of`."""
    enters = _cost(trade, trade.entry_value, trade.entry_mid, trade.side.sign)
    leaves = _cost(trade, trade.exit_value, trade.exit_mid, -trade.side.sign)
    queue = (enters if trade.entered_by_maker else 0) + (leaves if trade.left_by_maker else 0)
    latency, rested = _bps(-(enters + leaves - queue), trade), _bps(-queue, trade)
    fee, funding = _bps(-trade.fees, trade), _bps(trade.funding, trade)
    return Parts(net_of(trade) - latency - rested - fee - funding, latency, rested, fee, funding)


def _cost(trade: ExplainedTrade, value: int, reference: int, sign: int) -> int:
    """What fills of a side cost against a reference price; 0 where it is not known."""
    return sign * (value - product(reference, trade.quantity)) if reference else 0


def _bps(amount: int, trade: ExplainedTrade) -> int:
    return amount * _BPS // trade.entry_value
