"""Writes the events of a synthetic market as Binance's messages with receive times."""

from collections.abc import Iterator
from random import Random

from skills_lib.market.depth.tape.drawing.market import (
    STEP_MS,
    Mark,
    Quote,
    SyntheticEvent,
    SyntheticMarket,
    TakerTrade,
    Update,
)
from skills_lib.market.depth.tape.drawing.parameters import MarketParameters

START_MS = 1_767_225_600_000
"""2026-01-01 00:00 UTC: a boundary of funding."""

_FUNDING_MS = 28_800_000
_FIRST_UPDATE_ID, _FIRST_TRADE_ID = 9_000_000_000_000, 6_000_000_000
_LATENCY_NS, _JITTER_NS = 1_500_000, 3_000_000
_MAX_OTHER_IDS = 400
_SNAPSHOT_AFTER_UPDATES = 3


class SyntheticLines:
    """Receive times in ns and messages of a synthetic market, from `start_ms` on."""

    def __init__(self, parameters: MarketParameters, seed: int, start_ms: int = START_MS) -> None:
        self._market, self._p = SyntheticMarket(parameters, seed), parameters
        self._random = Random(f"times of {parameters.symbol} {seed}")
        self._stream = parameters.symbol.lower()
        self._update_id = self._reported_id = _FIRST_UPDATE_ID
        self._trade_id, self._aggregate_id = _FIRST_TRADE_ID, 1
        self._start_ms = self._now_ms = start_ms
        self._local_ns = self._updates = 0

    def lines(self, seconds: int) -> Iterator[tuple[int, bytes]]:
        """The lines of so many seconds."""
        steps = self._market.steps()
        for _ in range(seconds * 1_000 // STEP_MS):
            events = next(steps)
            at_ms = self._now_ms
            for number, event in enumerate(events):
                if not isinstance(event, TakerTrade):  # all trades of an order have one time
                    at_ms = self._now_ms + number * STEP_MS // (len(events) + 1)
                yield self._receive_ns(at_ms), self._message(event, at_ms)
                if isinstance(event, Update):
                    self._updates += 1
                    if self._updates == _SNAPSHOT_AFTER_UPDATES:
                        yield self._receive_ns(at_ms), self._snapshot(at_ms)
            self._now_ms += STEP_MS

    @property
    def elapsed_s(self) -> int:
        """Whole seconds of the market drawn so far."""
        return (self._now_ms - self._start_ms) // 1_000

    def _receive_ns(self, at_ms: int) -> int:
        arrival = at_ms * 1_000_000 + _LATENCY_NS + int(self._random.random() * _JITTER_NS)
        self._local_ns = max(self._local_ns + 1_000, arrival)
        return self._local_ns

    def _message(self, event: SyntheticEvent, at_ms: int) -> bytes:
        if isinstance(event, Quote):
            return self._quote(event, at_ms)
        if isinstance(event, TakerTrade):
            return self._trade(event, at_ms)
        return self._update(event, at_ms) if isinstance(event, Update) else self._mark(event, at_ms)

    def _next_id(self) -> int:
        """The next update id; ids in between belong to other symbols."""
        self._update_id += 1 + int(self._random.random() * _MAX_OTHER_IDS)
        return self._update_id

    def _quote(self, quote: Quote, at_ms: int) -> bytes:
        price, quantity = self._price, self._quantity
        return (
            f'{{"stream":"{self._stream}@bookTicker","data":{{"e":"bookTicker","u":{self._next_id()},'
            f'"s":"{self._p.symbol}","b":"{price(quote.bid)}","B":"{quantity(quote.bid_quantity)}",'
            f'"a":"{price(quote.ask)}","A":"{quantity(quote.ask_quantity)}","T":{at_ms},"E":{at_ms}}}}}'
        ).encode()

    def _trade(self, trade: TakerTrade, at_ms: int) -> bytes:
        first = self._trade_id
        self._trade_id += 1 + int(self._random.random() * 3)
        self._aggregate_id += 1
        return (
            f'{{"stream":"{self._stream}@aggTrade","data":{{"e":"aggTrade","E":{at_ms},"a":{self._aggregate_id},'
            f'"s":"{self._p.symbol}","p":"{self._price(trade.tick)}","q":"{self._quantity(trade.quantity)}",'
            f'"f":{first},"l":{self._trade_id - 1},"T":{at_ms},"m":{"true" if trade.is_sale else "false"}}}}}'
        ).encode()

    def _update(self, update: Update, at_ms: int) -> bytes:
        previous, last = self._reported_id, self._update_id if self._update_id > self._reported_id else self._next_id()
        first = previous + 1 + int(self._random.random() * (last - previous))
        self._reported_id = last
        return (
            f'{{"stream":"{self._stream}@depth@100ms","data":{{"e":"depthUpdate","E":{at_ms},"T":{at_ms},'
            f'"s":"{self._p.symbol}","U":{first},"u":{last},"pu":{previous},'
            f'"b":{self._levels(update.bids)},"a":{self._levels(update.asks)}}}}}'
        ).encode()

    def _mark(self, mark: Mark, at_ms: int) -> bytes:
        due = (at_ms // _FUNDING_MS + 1) * _FUNDING_MS
        scale = self._p.tick / 10**self._p.price_places
        return (
            f'{{"stream":"{self._stream}@markPrice@1s","data":{{"e":"markPriceUpdate","E":{at_ms},'
            f'"s":"{self._p.symbol}","p":"{mark.mark_price * scale:.8f}","P":"{mark.mark_price * scale:.8f}",'
            f'"i":"{mark.index_price * scale:.8f}","r":"{mark.funding_rate:.8f}","T":{due}}}}}'
        ).encode()

    def _snapshot(self, at_ms: int) -> bytes:
        bids, asks = (self._levels(side) for side in self._market.snapshot())
        return f'{{"lastUpdateId":{self._reported_id},"E":{at_ms},"T":{at_ms},"bids":{bids},"asks":{asks}}}'.encode()

    def _levels(self, levels: list[tuple[int, int]]) -> str:
        price, quantity = self._price, self._quantity
        return "[" + ",".join([f'["{price(tick)}","{quantity(size)}"]' for tick, size in levels]) + "]"

    def _price(self, tick: int) -> str:
        whole, part = divmod(tick * self._p.tick, 10**self._p.price_places)
        return f"{whole}.{part:0{self._p.price_places}d}"

    def _quantity(self, units: int) -> str:
        whole, part = divmod(units, 10**self._p.quantity_places)
        return f"{whole}.{part:0{self._p.quantity_places}d}"
