"""Tapes whose truth is known: the book leans to one side, and then the price moves, that way or by lot."""

from collections.abc import Iterator
from pathlib import Path

from tests.live.simulator.tapes import TapeWriter, _price

STEPS_LEANING, STEPS_MOVING, STEPS_QUIET = 4, 12, 14
MOVE_TICKS = 210
"""A step of a move: 3.5 bp at 60,000. Twelve of them pass a target of 20 bp and a stop of 15 bp."""
LEVELS = 12


class PlantedTape(TapeWriter):
    """Episodes of 7.5 s: the book leans for a second, moves by 42 bp for three, and is quiet.

    reliability: share of episodes whose move goes where the book leaned; 0.5 is no edge.
    """

    def __init__(self, reliability: float, seed: int = 1, symbol: str = "BTCUSDT") -> None:
        super().__init__(seed, symbol)
        self.reliability = reliability
        self.bids, self.asks = self._sides(0)

    def episodes(self, count: int) -> Iterator[str]:
        """A snapshot, then the episodes."""
        yield self._line(self._snapshot())
        for _ in range(count):
            lean = self.random.choice((1, -1))
            follows = self.random.random() < self.reliability
            yield from self._steps(STEPS_LEANING, lean, 0)
            yield from self._steps(STEPS_MOVING, 0, lean if follows else -lean)
            yield from self._steps(STEPS_QUIET, 0, 0)

    def _steps(self, count: int, lean: int, move: int) -> Iterator[str]:
        for _ in range(count):
            self.now_ms += 250
            self.middle += move * (MOVE_TICKS + self.random.randrange(-30, 31))
            yield from self._book(lean)

    def _book(self, lean: int) -> Iterator[str]:
        """The whole book at the new middle, with a trade at its touch, a ticker and the mark price."""
        sides = self._sides(lean)
        changed = tuple(dict.fromkeys(old, 0) | new for old, new in zip((self.bids, self.asks), sides, strict=True))
        self.bids, self.asks = sides
        yield self._line(self._stream("depth@0ms", self._diff((changed[0], changed[1]))))
        yield self._line(self._stream("bookTicker", self._ticker()))
        yield self._small_trade()
        if self.now_ms % 1_000 < 250:
            yield self._mark()

    def _sides(self, lean: int) -> tuple[dict[int, int], dict[int, int]]:
        bid, ask = (8_000 if lean == side else 2_000 for side in (1, -1))
        noise = self.random.randrange(0, 500)
        return (
            {self.middle - 1 - level: bid + noise for level in range(LEVELS)},
            {self.middle + level: ask + noise for level in range(LEVELS)},
        )

    def _small_trade(self) -> str:
        buyer_is_maker = self.random.random() < 0.5
        price = max(self.bids) if buyer_is_maker else min(self.asks)
        self.trade_id += 1
        event = {"e": "trade", "E": self.now_ms, "T": self.now_ms, "s": self.symbol, "t": self.trade_id}
        event |= {"p": _price(price), "q": "0.001", "X": "MARKET", "m": buyer_is_maker}
        return self._line(self._stream("trade", event))

    def _mark(self) -> str:
        price = _price(self.middle)
        event = {"e": "markPriceUpdate", "E": self.now_ms, "s": self.symbol, "p": price, "i": price, "P": price}
        event |= {"r": "0.00010000", "T": (self.now_ms // 28_800_000 + 1) * 28_800_000}
        return self._line(self._stream("markPrice@1s", event))


def planted_tape(path: Path, reliability: float, episodes: int, seed: int = 1) -> Path:
    """Write a tape and return its path."""
    lines = PlantedTape(reliability, seed).episodes(episodes)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
