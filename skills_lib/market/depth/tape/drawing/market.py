"""The drawn market: orders, changes of the best sizes, price moves and deeper levels, in steps of 10 ms.

A latent pressure between -1 and 1 makes the queue on its own side long and the other short, and the next move likely in
its direction: so the imbalance predicts, as far as it does in the recordings. After a move the pressure starts anew.
All rates follow one activity, so that orders, quotes and moves burst together.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from skills_lib.market.depth.tape.drawing.book import ASK, BID, SyntheticBook
from skills_lib.market.depth.tape.drawing.parameters import QUANTILES, MarketParameters
from skills_lib.market.depth.tape.drawing.processes import Activity, Reverting, count, log_normal

STEP_MS = 10
_STEP_S = STEP_MS / 1_000
_STEPS_PER_UPDATE = 10
_STEPS_PER_MARK = 100
_QUEUE_PULL, _QUEUE_SHARE, _NEW_QUEUE = 0.2, 1.7, 0.35
_TRADED_MOVES, _SWEEP = 0.7, 4
_NEAR_DENSITY, _DENSITY, _NEAR_TICKS, _DECAY = 0.22, 0.72, 60, 1.3
_KEPT_PRESSURE = 0.9
_PRESSURE_ON_ORDERS, _FLOW_ON_MOVES = 0.45, 0.3
_SNAPSHOT_LEVELS = 1_000
_MAX_MOVE = 3_000
_MAX_CHURN = 4.0


class TakerTrade(NamedTuple):
    """A taker's trades at one price."""

    tick: int
    quantity: int
    is_sale: bool


class Quote(NamedTuple):
    """The best of both sides: bid, its quantity, ask, its quantity."""

    bid: int
    bid_quantity: int
    ask: int
    ask_quantity: int


class Update(NamedTuple):
    """Levels that changed since the last update; the quantity is 0 if the level is gone."""

    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]


class Mark(NamedTuple):
    """Mark and index price in ticks, and the funding rate."""

    mark_price: float
    index_price: float
    funding_rate: float


SyntheticEvent = TakerTrade | Quote | Update | Mark


class SyntheticMarket:
    """A market drawn from a seed. `steps` yields the events of one step after another, without end."""

    def __init__(self, parameters: MarketParameters, seed: int) -> None:
        self.parameters, self._random = parameters, Random(f"{parameters.symbol} {seed}")
        self._unit = int(10**parameters.quantity_places)
        self._activity = Activity(self._random, _STEP_S * _STEPS_PER_UPDATE)
        self._pressure = Reverting(self._random, 0.8, 3.0, _STEP_S * _STEPS_PER_UPDATE)
        self._flow = [Reverting(self._random, 0.33, seconds, _STEP_S * _STEPS_PER_UPDATE) for seconds in (0.5, 6.0)]
        self._basis = Reverting(self._random, 0.00012, 900.0, 1.0)
        self._funding = Reverting(self._random, 0.00006, 14_400.0, 1.0)
        self._busy, self._step = 1.0, 0
        self._events: list[SyntheticEvent] = []
        self.book = self._first_book()

    def steps(self) -> Iterator[list[SyntheticEvent]]:
        """The events of each step of `STEP_MS`."""
        while True:
            self._events = []
            self._advance()
            yield self._events

    def snapshot(self) -> Update:
        """The best 1,000 levels of each side, best first."""
        return Update(self.book.top(BID, _SNAPSHOT_LEVELS), self.book.top(ASK, _SNAPSHOT_LEVELS))

    def _advance(self) -> None:
        p, random, share = self.parameters, self._random, self._busy * _STEP_S
        for _ in range(count(random, p.quotes * share)):
            self._requote(random.getrandbits(1))
        for _ in range(count(random, p.orders * share)):
            self._order()
        if random.random() < p.moves * share:
            self._own_move(BID if random.random() < self._up_probability() else ASK)
        self._step += 1
        if self._step % _STEPS_PER_UPDATE == 0:
            self._end_update()
        if self._step % _STEPS_PER_MARK == 0:
            self._mark()

    def _end_update(self) -> None:
        expected = self.parameters.levels * _STEP_S * _STEPS_PER_UPDATE * math.sqrt(min(self._busy, _MAX_CHURN))
        self._churn(count(self._random, expected))
        self._events.append(Update(*self.book.take_changes()))
        self._busy = self._activity.step()
        self._pressure.step()
        for flow in self._flow:
            flow.step()

    def _mark(self) -> None:
        middle = (self.book.best[BID] + self.book.best[ASK]) / 2
        index = middle * (1 - self._basis.step())
        self._events.append(Mark((middle + index) / 2, index, 0.0001 + self._funding.step()))

    def _up_probability(self) -> float:
        pulled = math.tanh(2.0 * self._pressure.value + _FLOW_ON_MOVES * self._flow_value())
        return 0.5 + 0.5 * self.parameters.pressure * pulled

    def _flow_value(self) -> float:
        """Which side takers are on, for some seconds: above 0 they buy."""
        return sum(flow.value for flow in self._flow)

    def _quote(self) -> None:
        book = self.book
        bid, ask = book.best
        self._events.append(Quote(bid, book.sides[BID][bid], ask, book.sides[ASK][ask]))

    def _asked_queue(self, side: int) -> float:
        """The logarithm of the best size that the pressure asks for on a side."""
        sign = 1 if side == BID else -1
        return math.log(self.parameters.queue.median) + _QUEUE_SHARE * sign * math.tanh(self._pressure.value)

    def _new_queue(self, side: int) -> int:
        """The first size at a new best price."""
        noise = self.parameters.queue.spread * self._random.gauss(0, 1)
        return self._units(_NEW_QUEUE * math.exp(self._asked_queue(side) + noise))

    def _requote(self, side: int) -> None:
        """The best size of a side moves towards what the pressure asks for."""
        best, spread = self.book.best[side], self.parameters.queue.spread
        now = math.log(self.book.sides[side][best] / self._unit)
        noise = spread * math.sqrt(2 * _QUEUE_PULL) * self._random.gauss(0, 1)
        self.book.put(side, best, self._units(math.exp(now + _QUEUE_PULL * (self._asked_queue(side) - now) + noise)))
        self._quote()

    def _order(self) -> None:
        """A taker's order at the best price; one that takes it all moves the price."""
        lean = 0.5 + 0.5 * max(-0.95, min(0.95, self._flow_value() + _PRESSURE_ON_ORDERS * self._pressure.value))
        side = ASK if self._random.random() < lean else BID
        order = self.parameters.order
        quantity = self._units(log_normal(self._random, order.median, order.spread))
        best = self.book.best_quantity(side)
        if quantity >= best:
            self._move(1 - side, self._reach(side, quantity), quantity)
            return
        self._events.append(TakerTrade(self.book.best[side], quantity, side == BID))
        self.book.put(side, self.book.best[side], best - quantity)
        self._quote()

    def _reach(self, side: int, quantity: int) -> int:
        """How many ticks an order of so many units takes."""
        levels, best, sign, ticks = self.book.sides[side], self.book.best[side], 1 if side == ASK else -1, 0
        while quantity > 0 and ticks < _MAX_MOVE:
            quantity -= levels.get(best + sign * ticks, 0)
            ticks += 1
        return ticks

    def _own_move(self, behind: int) -> None:
        """A move of its own: the best queue is withdrawn but for what an order takes, then the order sweeps on."""
        size = self.parameters.move
        ticks = min(_MAX_MOVE, 1 + int(log_normal(self._random, size.median, size.spread)))
        if self._random.random() >= _TRADED_MOVES:
            self._move(behind, ticks, 0)
            return
        ahead = 1 - behind
        self.book.put(ahead, self.book.best[ahead], min(self._taken(), self.book.best_quantity(ahead)))
        self._quote()
        self._move(behind, ticks, None)

    def _move(self, behind: int, ticks: int, sweep: int | None) -> None:
        """The price moves away from the side `behind`: an order takes up to `sweep` units, the rest is withdrawn.

        Without `sweep` it takes a little at each level.
        """
        ahead, sign = 1 - behind, 1 if behind == BID else -1
        self._clear(ahead, self.book.best[ahead] + sign * ticks, sign, sweep)
        self._quote()
        self._follow(behind, sign)
        self._pressure.value *= _KEPT_PRESSURE

    def _taken(self) -> int:
        """What an order that moves the price takes of one level."""
        order = self.parameters.order
        return self._units(log_normal(self._random, _SWEEP * order.median, order.spread))

    def _clear(self, ahead: int, limit: int, sign: int, sweep: int | None) -> None:
        """Remove the levels of a side that are better than `limit`; `sweep` as in `_move`."""
        book, levels = self.book, self.book.sides[ahead]
        for tick in range(book.best[ahead], limit, sign):
            if quantity := levels.get(tick, 0):
                taken = self._taken() if sweep is None else sweep
                if traded := min(taken, quantity):
                    self._events.append(TakerTrade(tick, traded, ahead == BID))
                    sweep = None if sweep is None else sweep - traded
                book.put(ahead, tick, 0)
        book.best[ahead] = limit
        book.settle(ahead)
        book.put(ahead, book.best[ahead], self._new_queue(ahead))

    def _follow(self, behind: int, sign: int) -> None:
        """The side that was left behind closes the spread again, with levels in between."""
        book, target = self.book, self.book.best[1 - behind] - sign
        for tick in range(book.best[behind] + sign, target, sign):
            if self._random.random() < _NEAR_DENSITY:
                book.put(behind, tick, self._resting())
        if (target - book.best[behind]) * sign > 0:
            book.put(behind, book.best[behind], self._resting())
            book.improve(behind, target, self._new_queue(behind))
            self._quote()

    def _churn(self, changes: int) -> None:
        """Redraw levels below the best: present with the density of their distance, of a new size."""
        random, book, p = self._random, self.book, self.parameters
        for _ in range(changes):
            side = random.getrandbits(1)
            distance = 1 + int(_quantile(p.distances, random.random()))
            tick = book.best[side] + (distance if side == ASK else -distance)
            if tick > 0:
                book.put(side, tick, self._resting() if random.random() < self._density(distance) else 0)

    def _density(self, distance: int) -> float:
        if distance < _NEAR_TICKS:
            return _NEAR_DENSITY
        dense = self.parameters.dense
        return _DENSITY if distance < dense else _DENSITY * (dense / distance) ** _DECAY

    def _resting(self) -> int:
        resting = self.parameters.resting
        return self._units(log_normal(self._random, resting.median, resting.spread))

    def _units(self, quantity: float) -> int:
        return max(1, round(quantity * self._unit))

    def _first_book(self) -> SyntheticBook:
        book, p = SyntheticBook(), self.parameters
        for side, start, sign in ((BID, p.start, -1), (ASK, p.start + 1, 1)):
            book.improve(side, start, self._units(p.queue.median))
            for distance in range(1, 8 * p.dense):
                if self._random.random() < self._density(distance):
                    book.put(side, start + sign * distance, self._resting())
        book.take_changes()
        return book


def _quantile(distances: tuple[float, ...], probability: float) -> float:
    """The distance at a quantile, log-linear between the fitted ones."""
    place = bisect_right(QUANTILES, probability) - 1
    low, high = distances[place], distances[place + 1]
    part = (probability - QUANTILES[place]) / (QUANTILES[place + 1] - QUANTILES[place])
    return low * math.exp(part * math.log(high / low))
