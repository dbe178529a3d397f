"""Events and actions of a short run, for tests of the journal."""

from pathlib import Path

from live.engine import intents
from live.engine.actions import PlaceOrder, Refusal
from live.engine.events import (
    Answered,
    BookChanged,
    Fill,
    MarkChanged,
    OrderReport,
    Request,
    RequestOutcome,
    Started,
    Tick,
    Witness,
)
from live.engine.intents import Approved, Intent, LimitUse, Purpose, Refused
from live.engine.settings import ImbalanceSettings
from live.enums import OrderStatus, OrderType, Side, TimeInForce
from live.journal.encoding import whole
from live.journal.opening import new_journal
from live.journal.settings import Fsync
from live.money import SCALE
from tests.live.engine.states import CAPITAL, CONTRACT, LIMITS

START_NS = 1_723_161_255_030_314_667


def started(settings: ImbalanceSettings = ImbalanceSettings()) -> Started:
    return Started(START_NS, "r1", CAPITAL, settings, LIMITS, (CONTRACT,))


def book(number: int, symbol: str = "BTCUSDT", levels: int = 5) -> BookChanged:
    """A book that differs with `number`, at a tenth of a second each."""
    time_ns = START_NS + number * 100_000_000
    bids = tuple(
        value for level in range(levels) for value in ((60_000 - level + number % 7) * SCALE, number + level + 1)
    )
    asks = tuple(value for level in range(levels) for value in ((60_001 + level + number % 7) * SCALE, number * 3 + 1))
    return BookChanged(time_ns, symbol, time_ns - 5_000_000, 9_000_000 + number, number % 11 > 0, bids, asks)


def mark(number: int, symbol: str = "BTCUSDT") -> MarkChanged:
    time_ns = START_NS + number * 100_000_000
    return MarkChanged(time_ns, symbol, time_ns - 5_000_000, (60_000 + number % 7) * SCALE)


def tick(number: int) -> Tick:
    return Tick(START_NS + number * 100_000_000)


def entry(client_id: str = "r1-1", quantity: int = SCALE // 10) -> Intent:
    """A market entry that buys at most at 60,010.5."""
    return Intent(
        client_id=client_id,
        position=client_id,
        symbol="BTCUSDT",
        purpose=Purpose.ENTRY,
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=quantity,
        price=60_010 * SCALE + SCALE // 2,
        time_in_force=TimeInForce.IOC,
        reason="ratio 4.2 is above 3",
    )


def stop() -> Intent:
    """The stop of the entry's position."""
    return Intent(
        client_id="r1-1S",
        position="r1-1",
        symbol="BTCUSDT",
        purpose=Purpose.STOP,
        side=Side.SELL,
        type=OrderType.STOP_MARKET,
        quantity=0,
        trigger_price=59_900 * SCALE,
        reduce_only=True,
        reason="the position has no stop",
    )


def approved(intent: Intent, time_ns: int = START_NS) -> Approved:
    """As risk approves it, with two limits."""
    uses = (
        LimitUse("position", 6_001 * SCALE + SCALE // 20, 10_000 * SCALE),
        LimitUse("open_positions", 1, 5),
    )
    return Approved(intents._KEY, intent, uses, time_ns)


def write_example(path: Path, settings: ImbalanceSettings = ImbalanceSettings()) -> str:
    """A journal with an order that fills, its stop, and a refused order; its head.

    Order `r1-1` is the exchange's order 77, decided on book 3 of BTCUSDT; its stop is decided after book 5.
    """
    writer = new_journal(path, START_NS, "r1", Fsync.NEVER)
    writer.event(started(settings))
    for number in range(4):
        writer.event(book(number))
        writer.event(book(number, "ETHUSDT", 2))
    seen, at = book(3), START_NS + 300_000_000
    order = PlaceOrder(at, approved(entry(), at), seen.update_id, seen.bids, seen.asks, {"ratio": "4.2"})
    refusal = Refusal(at, Refused(entry("r1-2"), "daily_loss", "lost 501 of 500 USD", approved(entry()).uses))
    for action in (order, refusal):
        writer.entry(action, whole(action))
    writer.event(Answered(at + 1, Request.PLACE, "BTCUSDT", "r1-1", RequestOutcome.ACCEPTED))
    fill = Fill(5, 60_001 * SCALE, SCALE // 10, 3 * SCALE, "USDT", False, 0)
    status = OrderStatus.FILLED
    sides = (Side.BUY, status, SCALE // 10, SCALE // 10, False, at, Witness.STREAM, fill)
    writer.event(OrderReport(at + 2, "BTCUSDT", "r1-1", 77, *sides))
    for number in (4, 5):
        writer.event(book(number))
        writer.event(mark(number))
        writer.event(book(number, "ETHUSDT", 2))
    protection = PlaceOrder(at + 3, approved(stop(), at + 3))
    writer.entry(protection, whole(protection))
    writer.flush(at + 3, leaving=True)
    writer.event(tick(9))
    writer.close()
    return writer.head
