"""Who stands in the queue at each price, kept as plain lists: what resting orders must get, recomputed step by step.

Of the exchange it reads what it displays: levels, and what of them no trade or ticker refutes. Units of 1e-8.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from live.enums import Side
from live.simulator.core.fill_models import FillModel
from live.simulator.core.market import Market, crosses, strictly_crosses

Filled = Counter[int]
"""Quantity by order id."""


@dataclass(slots=True)
class Waiting:
    """A resting order. ahead: the tape's quantity before it. shown: its level's at the last update, traded: since."""

    number: int
    side: Side
    price: int
    left: int
    since_ms: int
    ahead: int
    shown: int
    traded: int


@dataclass
class QueueReference:
    """The resting orders, oldest first, and what simulated orders have taken of displayed levels."""

    model: FillModel
    market: Market
    waiting: list[Waiting] = field(default_factory=list)
    taken: Counter[tuple[Side, int]] = field(default_factory=Counter)

    def rows(self, side: Side) -> list[list[Waiting]]:
        """The orders of one side by price, best first, those of a price in the order in which they came."""
        ours = [order for order in self.waiting if order.side is side]
        ours.sort(key=lambda order: -order.price * side.sign)
        return [list(row) for _, row in groupby(ours, key=lambda order: order.price)]

    def offered(self, side: Side) -> list[list[int]]:
        """[price, quantity] of what is left of one side's standing levels."""
        return [[price, quantity - self.taken[side, price]] for price, quantity in self.market.standing(side)]

    def arrive(self, side: Side, limit: int, quantity: int) -> Counter[int]:
        """What an order takes on arrival, by price."""
        found = Counter[int]()
        for price, offered in self.offered(side.opposite):
            if crosses(side, limit, price):
                found[price] = max(0, min(offered, quantity - found.total()))
                self.taken[side.opposite, price] += found[price]
        return +found

    def join(self, order: Waiting) -> None:
        """The order joins the queue behind everything that is displayed, and behind its predecessors."""
        same = [it.ahead for it in self.waiting if (it.side, it.price) == (order.side, order.price)]
        order.ahead = max([self.market.queue(order.side, order.price), *same])
        self.waiting.append(order)

    def trade(self, taker: Side, price: int, quantity: int, traded_ms: int) -> Filled:
        """Use a trade from the front of the queue: the tape's quantity, an order, the tape's quantity, an order..."""
        filled, left = Filled(), quantity
        for row in self.rows(taker.opposite):
            if not crosses(taker.opposite, row[0].price, price):
                break
            there = [order for order in row if order.since_ms <= traded_ms]
            for order in there:
                order.ahead = order.ahead if order.price == price else 0
                order.traded += quantity if order.price == price else 0
            before = [0, *(order.ahead for order in there)]
            between = [after - earlier for earlier, after in pairwise(before)]
            ahead = 0
            for order, tape in zip(there, between, strict=True):
                ahead += tape - min(left, tape)
                left -= min(left, tape)
                order.ahead, filled[order.number] = ahead, min(left, order.left)
                left -= filled[order.number]
        return self._fill(filled)

    def diff(self, bids: Iterable[int], asks: Iterable[int], fresh: bool = False) -> Filled:
        """The book has changed at these prices; all of it if `fresh`. Then what crosses our orders fills them."""
        for side, prices in ((Side.BUY, set(bids)), (Side.SELL, set(asks))):
            self.taken = Counter(
                {key: n for key, n in self.taken.items() if key[0] is not side or key[1] not in prices}
            )
            for row in self.rows(side):
                if fresh or row[0].price in prices:
                    self._show(row, self.market.book.quantity(side, row[0].price), fresh)
        if fresh:
            self.taken.clear()
        return self._fill(self._crossed(Side.BUY) + self._crossed(Side.SELL))

    def _show(self, row: list[Waiting], shown: int, fresh: bool) -> None:
        for order in row:
            there = order.shown - order.traded
            canceled = max(0, there - shown)
            if fresh:
                order.ahead = shown
            elif canceled and self.model is FillModel.OPTIMISTIC:
                order.ahead = min(shown, max(0, order.ahead - canceled))
            elif canceled and self.model is FillModel.BASE:
                order.ahead = min(shown, max(0, order.ahead - canceled * min(order.ahead, there) // there))
            order.shown, order.traded = shown, 0
        for earlier, order in pairwise(row):
            order.ahead = max(earlier.ahead, order.ahead)

    def _crossed(self, side: Side) -> Filled:
        reaches = strictly_crosses if self.model is FillModel.PESSIMISTIC else crosses
        filled, levels = Filled(), self.offered(side.opposite)
        for order in (order for row in self.rows(side) for order in row):
            for level in levels:
                if reaches(side, order.price, level[0]) and level[1] > 0:
                    used = min(level[1], order.left - filled[order.number])
                    level[1] -= used
                    filled[order.number] += used
                    self.taken[side.opposite, level[0]] += used
        return filled

    def _fill(self, filled: Filled) -> Filled:
        for order in self.waiting:
            order.left -= filled[order.number]
        self.waiting = [order for order in self.waiting if order.left]
        return +filled
