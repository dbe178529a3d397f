"""What a projection must remember of a run between records; it is stored with the offset, in the same transaction."""

from dataclasses import replace
from typing import Final

import msgspec

from skills_lib.trades.profit.fees import value
from skills_lib.trades.projection.bodies import IntentBody, PriceReportBody, StartedBody, amount, milliseconds
from skills_lib.trades.store.rows import StoredFill

IMBALANCE: Final = "imbalance"
"""The strategy of a run without one on bars."""
_PRICE_USABLE_MS: Final = 600_000
"""As long as the engine uses the price of another asset for fees."""
_LARGEST_UNCLAIMED: Final = 1_000


class LastReport(msgspec.Struct):
    """What the last report of an order said. created_ms: the venue's time of the first one, 0 before."""

    created_ms: int = 0
    seen_ns: int = 0
    filled: int = 0
    ended: bool = False

    def report(self, event_ns: int, filled: int, *, ended: bool) -> bool:
        """Take a report; False if it is older than what is known, as an answer that was on its way is."""
        if filled < self.filled or self.ended or (event_ns < self.seen_ns and not ended):
            return False
        self.created_ms = self.created_ms or milliseconds(event_ns)
        self.seen_ns, self.filled, self.ended = max(event_ns, self.seen_ns), filled, ended
        return True


class OrderUnderWay(msgspec.Struct):
    """An order that was sent and has not ended. order: its last report, of a stop of what it became; stop: its own.

    child: number of the order that a stop became, 0 before.
    """

    intent: IntentBody
    order: LastReport = msgspec.field(default_factory=LastReport)
    stop: LastReport = msgspec.field(default_factory=LastReport)
    child: int = 0


class Price(msgspec.Struct):
    """A price of a pair, in units of 1e-8, as of a time."""

    units: int
    time_ms: int


class RunMemory(msgspec.Struct):
    """run, began_ms, strategy, quotes (margin asset by symbol): of the run. sent: by client id. prices: by pair.

    placed: its first order was seen. unclaimed: trades by the number of their order, of which it is not known yet
    whether it is this run's.
    touched: symbol to the time from which round trips and days must be derived again, milliseconds.
    """

    run: str = ""
    began_ms: int = 0
    strategy: str = ""
    quotes: dict[str, str] = {}
    sent: dict[str, OrderUnderWay] = {}
    prices: dict[str, Price] = {}
    placed: bool = False
    unclaimed: dict[str, list[int]] = {}
    touched: dict[str, int] = {}

    def start(self, started: StartedBody, time_ns: int) -> None:
        """A run begins, or goes on."""
        self.began_ms = self.began_ms or milliseconds(time_ns)
        self.run = started.run
        self.strategy = started.bars.strategy if started.bars else IMBALANCE
        self.quotes = {contract.symbol: contract.margin_asset for contract in started.contracts}

    def owns(self, client_id: str) -> bool:
        """Whether an order is this run's: client ids begin with the run."""
        return bool(self.run) and client_id.startswith(f"{self.run}-")

    def price(self, report: PriceReportBody) -> None:
        """The price of an asset that fees are paid in."""
        self.prices[report.pair] = Price(report.price, milliseconds(report.event_ns))

    def touch(self, symbol: str, time_ms: int) -> None:
        """Something of a symbol is new from this time on."""
        self.touched[symbol] = min(time_ms, self.touched.get(symbol, time_ms))

    def leave_unclaimed(self, order_id: int, trade_id: int) -> None:
        """Remember a trade whose order is not known; the oldest are given up."""
        trades = self.unclaimed.setdefault(str(order_id), [])
        if trade_id not in trades:
            trades.append(trade_id)
        while len(self.unclaimed) > _LARGEST_UNCLAIMED:
            del self.unclaimed[next(iter(self.unclaimed))]

    def claimed(self, order_id: int) -> list[int]:
        """The trades of an order that is known now; they are remembered no longer."""
        return self.unclaimed.pop(str(order_id), [])

    def valued(self, fill: StoredFill) -> StoredFill:
        """The fill with its fee in the quote asset, where its price then is known."""
        quote = self.quotes.get(fill.symbol, "")
        known = self.prices.get(fill.fee_asset + quote)
        usable = known is not None and abs(fill.time_ms - known.time_ms) <= _PRICE_USABLE_MS
        price = amount(known.units) if known is not None and usable else None
        found = value(fill.fee, fill.fee_asset, quote, price)
        return fill if found is None else replace(fill, fee_quote=found)
