"""Events and actions of a short run, for tests of the journal."""

from live.engine.contract import Contract
from live.engine.events import BookChanged, MarkChanged, Started, Tick
from live.engine.limits import Executor, Limits
from live.engine.settings import ImbalanceSettings
from live.money import SCALE

START_NS = 1_723_161_255_030_314_667
CONTRACT = Contract(
    symbol="BTCUSDT",
    margin_asset="USDT",
    tick=SCALE // 10,
    step=SCALE // 1_000,
    min_quantity=SCALE // 1_000,
    max_quantity=1_000 * SCALE,
    max_market_quantity=120 * SCALE,
    min_notional=100 * SCALE,
    price_decimals=1,
    quantity_decimals=3,
    maker_rate=SCALE // 5_000,
    taker_rate=SCALE // 2_000,
    leverage=10,
)
LIMITS = Limits(
    executor=Executor.SCALP,
    position=10_000 * SCALE,
    instrument=10_000 * SCALE,
    daily_loss=500 * SCALE,
    drawdown=1_000 * SCALE,
    hold_ms=60_000,
    loss_at_stop=800 * SCALE,
    open_positions=5,
    orders_per_second=10,
    trades_per_day=200,
    collar_bps=50 * SCALE,
    orders_per_fill=20,
)


def started(run: str = "r1") -> Started:
    return Started(START_NS, run, 40_000 * SCALE, ImbalanceSettings(), LIMITS, (CONTRACT,))


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
