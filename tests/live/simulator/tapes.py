"""Generates small tapes of Binance messages with a consistent order book, from a seed."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

START_MS = 1_723_161_256_000
STEP_MS = 50


class TapeWriter:
    """Generates a market of BTCUSDT around 60000; every line is a Binance message.

    `wanders` lets the price move, so that it trades through levels and crosses resting orders. Besides trades, a diff
    changes one of the places `changed` of each side, 0 being the best; there is one every `step_ms`.
    """

    def __init__(
        self,
        seed: int = 1,
        symbol: str = "BTCUSDT",
        middle: int = 600_000,
        wanders: bool = False,
        changed: range = range(20),
        step_ms: int = STEP_MS,
    ) -> None:
        self.wanders, self.changed, self.step_ms = wanders, changed, step_ms
        self.random, self.symbol, self.middle = random.Random(seed), symbol, middle
        self.now_ms, self.update_id, self.trade_id = START_MS, 1_000_000, 1
        self.bids = {middle - 1 - step: 1_000 + 100 * step for step in range(40)}
        self.asks = {middle + step: 1_000 + 100 * step for step in range(40)}

    def lines(self, updates: int) -> Iterator[str]:
        """A snapshot, then diffs with tickers and trades between them."""
        yield self._line(self._snapshot())
        for _ in range(updates):
            self.now_ms += self.step_ms
            yield from self._step()

    def _step(self) -> Iterator[str]:
        changed: tuple[dict[int, int], dict[int, int]] = ({}, {})
        if self.random.random() < 0.5:
            yield self._trade(changed)
        if self.wanders and self.random.random() < 0.3:
            self._move(changed)
        for side, touch, away in ((0, self.middle - 1, -1), (1, self.middle, 1)):
            price = touch + away * self.random.choice(self.changed)
            changed[side][price] = self.random.randrange(1, 3_000)
        self._apply(changed)
        yield self._line(self._stream("depth@0ms", self._diff(changed)))
        yield self._line(self._stream("bookTicker", self._ticker()))

    def _move(self, changed: tuple[dict[int, int], dict[int, int]]) -> None:
        self.middle += self.random.choice((-3, -2, -1, 1, 2, 3))
        changed[0].update((price, 0) for price in self.bids if price >= self.middle)
        changed[1].update((price, 0) for price in self.asks if price < self.middle)

    def _trade(self, changed: tuple[dict[int, int], dict[int, int]]) -> str:
        buyer_is_maker = self.random.random() < 0.5
        side, book = (0, self.bids) if buyer_is_maker else (1, self.asks)
        price = max(book) if buyer_is_maker else min(book)
        quantity = self.random.randrange(1, max(2, book[price]))
        changed[side][price] = book[price] - quantity
        self.trade_id += 1
        event = {"e": "trade", "E": self.now_ms, "T": self.now_ms, "s": self.symbol, "t": self.trade_id}
        event |= {"p": _price(price), "q": _quantity(quantity), "X": "MARKET", "m": buyer_is_maker}
        return self._line(self._stream("trade", event))

    def _apply(self, changed: tuple[dict[int, int], dict[int, int]]) -> None:
        for book, levels in zip((self.bids, self.asks), changed, strict=True):
            for price, quantity in levels.items():
                if quantity:
                    book[price] = quantity
                else:
                    book.pop(price, None)

    def _snapshot(self) -> dict[str, object]:
        bids = [[_price(p), _quantity(q)] for p, q in sorted(self.bids.items(), reverse=True)]
        asks = [[_price(p), _quantity(q)] for p, q in sorted(self.asks.items())]
        return {"lastUpdateId": self.update_id, "E": self.now_ms, "T": self.now_ms, "bids": bids, "asks": asks}

    def _diff(self, changed: tuple[dict[int, int], dict[int, int]]) -> dict[str, object]:
        previous, self.update_id = self.update_id, self.update_id + 7
        bids, asks = ([[_price(p), _quantity(q)] for p, q in sorted(side.items())] for side in changed)
        event = {"e": "depthUpdate", "E": self.now_ms, "T": self.now_ms, "s": self.symbol, "U": previous + 1}
        return event | {"u": self.update_id, "pu": previous, "b": bids, "a": asks}

    def _ticker(self) -> dict[str, object]:
        bid, ask = max(self.bids), min(self.asks)
        event = {
            "e": "bookTicker",
            "u": self.update_id,
            "s": self.symbol,
            "b": _price(bid),
            "B": _quantity(self.bids[bid]),
        }
        return event | {"a": _price(ask), "A": _quantity(self.asks[ask]), "T": self.now_ms, "E": self.now_ms}

    def _stream(self, name: str, data: dict[str, object]) -> dict[str, object]:
        return {"stream": f"{self.symbol.lower()}@{name}", "data": data}

    def _line(self, message: dict[str, object]) -> str:
        return f"{self.now_ms * 1_000_000} {json.dumps(message, separators=(',', ':'))}"


def write_tape(path: Path, updates: int = 400, seed: int = 1, symbol: str = "BTCUSDT") -> Path:
    """Write a tape and return its path."""
    lines = TapeWriter(seed, symbol).lines(updates)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _price(tenths: int) -> str:
    return f"{tenths // 10}.{tenths % 10}0"


def _quantity(thousandths: int) -> str:
    return f"{thousandths // 1000}.{thousandths % 1000:03d}"
