"""A depth stream generated from a seed in the venue's exact format, for use without recordings."""

import json
import random
from collections.abc import Iterator

from skills_lib.market.depth.model import Venue

EPOCH_MS = 1_723_161_255_000


class GeneratedMarket:
    """A market that follows a random walk; every message is valid, and the book it implies is never crossed."""

    def __init__(self, seed: int, venue: Venue, symbol: str = "BTCUSDT") -> None:
        self._draw = random.Random(seed)
        self.venue, self.symbol = venue, symbol
        self.places = (8, 8) if venue is Venue.SPOT else (2, 3)
        self.mid = 600_000
        self.update_id = 1_000
        self.time_ms = EPOCH_MS
        self.bids = {self.mid - n: self._quantity() for n in range(1, 40)}
        self.asks = {self.mid + n: self._quantity() for n in range(1, 40)}

    def frames(self, count: int) -> Iterator[bytes]:
        """`count` diffs, each followed by a bookTicker of the same update id; a snapshot after the third."""
        for number in range(count):
            yield self._diff()
            yield self._ticker()
            if number == 2:
                yield self.snapshot()

    def snapshot(self) -> bytes:
        """The answer of `GET /depth`."""
        bids, asks = (self._rows(sorted(side.items(), reverse=side is self.bids)) for side in (self.bids, self.asks))
        fields = {"lastUpdateId": self.update_id, "bids": bids, "asks": asks}
        if self.venue is Venue.USDM:
            fields |= {"E": self.time_ms, "T": self.time_ms}
        return _compact(fields)

    def quiet_diff(self) -> bytes:
        """The next diff, of an interval in which nothing changed."""
        return self._next({}, {})

    def _diff(self) -> bytes:
        self.mid += self._draw.choice((-3, -1, 0, 0, 1, 3))
        bids = self._moved(self.bids, lambda price: price >= self.mid, -1)
        asks = self._moved(self.asks, lambda price: price <= self.mid, 1)
        return self._next(bids, asks)

    def _next(self, bids: dict[int, int], asks: dict[int, int]) -> bytes:
        self.time_ms += 100
        previous, first = self.update_id, self.update_id + 1
        if self.venue is Venue.USDM:
            first += self._draw.randrange(3)
        self.update_id = first + self._draw.randrange(4)
        data = {"e": "depthUpdate", "E": self.time_ms}
        data |= {"T": self.time_ms - 1} if self.venue is Venue.USDM else {}
        data |= {"s": self.symbol, "U": first, "u": self.update_id}
        data |= {"pu": previous} if self.venue is Venue.USDM else {}
        data |= {"b": self._rows(sorted(bids.items())), "a": self._rows(sorted(asks.items()))}
        return _compact({"stream": f"{self.symbol.lower()}@depth@100ms", "data": data})

    def _moved(self, side: dict[int, int], is_gone: object, sign: int) -> dict[int, int]:
        changed = {price: 0 for price in side if is_gone(price)}  # type: ignore[operator]
        for _ in range(self._draw.randrange(1, 9)):
            distance = 1 + int(self._draw.paretovariate(0.7)) % 90_000
            price = self.mid + sign * distance
            changed[price] = self._draw.choice((0, self._quantity()))
        changed.setdefault(self.mid + sign, self._quantity())
        changed[self.mid + sign] = changed[self.mid + sign] or 1
        side.update(changed)
        for price in [price for price, quantity in side.items() if not quantity]:
            del side[price]
        return changed

    def _ticker(self) -> bytes:
        bid, ask = max(self.bids), min(self.asks)
        (bid_row,), (ask_row,) = self._rows([(bid, self.bids[bid])]), self._rows([(ask, self.asks[ask])])
        data = {"e": "bookTicker"} if self.venue is Venue.USDM else {}
        data |= {"u": self.update_id, "s": self.symbol, "b": bid_row[0], "B": bid_row[1]}
        data |= {"a": ask_row[0], "A": ask_row[1]}
        data |= {"T": self.time_ms, "E": self.time_ms} if self.venue is Venue.USDM else {}
        return _compact({"stream": f"{self.symbol.lower()}@bookTicker", "data": data})

    def _rows(self, levels: list[tuple[int, int]]) -> list[list[str]]:
        price_places, quantity_places = self.places
        return [
            [f"{price / 10:.{price_places}f}", f"{quantity / 1000:.{quantity_places}f}"] for price, quantity in levels
        ]

    def _quantity(self) -> int:
        return self._draw.randrange(1, 50_000)


def _compact(fields: dict[str, object]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()
