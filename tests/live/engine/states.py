"""States and intents for tests of the engine: one contract at 60,000, a capital of 40,000, nothing open."""

from typing import Any

import msgspec

from live.engine.contract import Contract
from live.engine.intents import Intent, Purpose
from live.engine.limits import Executor, effective
from live.engine.settings import ImbalanceSettings
from live.engine.signals.imbalance import ImbalanceSignal
from live.engine.state import Account, EngineState, Market, Order, OrderState, Position
from live.enums import OrderType, Side, TimeInForce
from live.money import SCALE, parse

SYMBOL = "BTCUSDT"
NOW_NS = 1_723_161_600_000_000_000
PRICE = 60_000 * SCALE
CONTRACT = Contract(
    symbol=SYMBOL,
    margin_asset="USDT",
    tick=SCALE // 10,
    step=SCALE // 1_000,
    min_quantity=SCALE // 1_000,
    max_quantity=1_000 * SCALE,
    max_market_quantity=120 * SCALE,
    min_notional=50 * SCALE,
    price_decimals=1,
    quantity_decimals=3,
    maker_rate=SCALE // 5_000,
    taker_rate=SCALE // 2_000,
    leverage=10,
)


CAPITAL = 40_000 * SCALE
LIMITS = effective(Executor.SCALP, CAPITAL, {})


def other(symbol: str) -> Contract:
    """The same contract under another symbol."""
    return msgspec.structs.replace(CONTRACT, symbol=symbol)


def quiet_state(capital: int = 40_000, contracts: tuple[Contract, ...] = (CONTRACT,), **tighter: int) -> EngineState:
    """A state in which an entry is approved."""
    settings = ImbalanceSettings()
    markets = {one.symbol: Market(one, ImbalanceSignal(settings), mark=PRICE, mark_ns=NOW_NS) for one in contracts}
    limits = effective(Executor.SCALP, capital * SCALE, tighter)
    return EngineState("r", settings, limits, Account(capital * SCALE), markets, now_ns=NOW_NS)


def entry(**changes: Any) -> Intent:
    """An entry of 0.1 at the mark price."""
    return intent(
        **{
            "purpose": Purpose.ENTRY,
            "type": OrderType.LIMIT,
            "quantity": parse("0.1"),
            "price": PRICE,
            "time_in_force": TimeInForce.IOC,
            **changes,
        }
    )


def exit_of_a_long(**changes: Any) -> Intent:
    """A market order that sells 0.1, reduce-only."""
    return intent(
        **{
            "client_id": "r-2",
            "purpose": Purpose.EXIT,
            "side": Side.SELL,
            "type": OrderType.MARKET,
            "quantity": parse("0.1"),
            "reduce_only": True,
            **changes,
        }
    )


def stop_of_a_long(**changes: Any) -> Intent:
    """The stop of position `r-1`, 15 bp below 60,000."""
    return intent(
        **{
            "client_id": "r-1S",
            "purpose": Purpose.STOP,
            "side": Side.SELL,
            "type": OrderType.STOP_MARKET,
            "quantity": 0,
            "trigger_price": 59_910 * SCALE,
            "reduce_only": True,
            **changes,
        }
    )


def intent(**fields: Any) -> Intent:
    """An intent of the first position."""
    return Intent(
        **{"client_id": "r-1", "position": "r-1", "symbol": SYMBOL, "side": Side.BUY, "reason": "test", **fields}
    )


def hold(state: EngineState, quantity: str, price: int = PRICE, symbol: str = SYMBOL) -> Position:
    """Give the state a position of `quantity` (signed, as text) that was entered at `price`."""
    units = parse(quantity)
    position = Position(symbol, id="r-1", quantity=units, cost=units * price // SCALE, reported=units)
    state.positions[symbol] = position
    return position


def working(state: EngineState, order_state: OrderState = OrderState.UNKNOWN, **changes: Any) -> Order:
    """Give the state an entry that may still fill."""
    order = Order(entry(**{"client_id": "r-9", **changes}), order_state, NOW_NS)
    state.orders[order.intent.client_id] = state.working[order.intent.client_id] = order
    return order
