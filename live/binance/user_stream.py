"""Frames of the user data stream as the engine's events: page "User Data Streams".

Unknown events and fields are ignored. A frame that cannot be read may have been anything, so the stream counts as lost
and back: the engine then asks for everything that the stream would have told it.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from live.binance.amounts import MS, order_number, rounded
from live.engine.events import (
    AccountChanged,
    BalanceReport,
    Connection,
    Event,
    Fill,
    FundingPaid,
    OrderReport,
    PositionReport,
    StopReport,
    StreamKind,
    Witness,
)
from live.enums import AlgoStatus, OrderStatus, PositionSide, Side
from live.money import parse

EVENTS: Final = (
    "ORDER_TRADE_UPDATE",
    "ACCOUNT_UPDATE",
    "ALGO_UPDATE",
    "ACCOUNT_CONFIG_UPDATE",
    "MARGIN_CALL",
    "listenKeyExpired",
)
"""Events to ask for: what is left out of the list is not sent, the end of the key included."""


class _Kind(msgspec.Struct, gc=False):
    """What a frame is; it may come in the envelope of a combined stream."""

    e: str = ""
    data: msgspec.Raw = msgspec.Raw()


class _Order(msgspec.Struct, gc=False):
    """`o` of ORDER_TRADE_UPDATE."""

    symbol: str = msgspec.field(name="s")
    client_id: str = msgspec.field(name="c")
    order_id: int = msgspec.field(name="i")
    side: Side = msgspec.field(name="S")
    status: OrderStatus = msgspec.field(name="X")
    quantity: str = msgspec.field(name="q")
    filled: str = msgspec.field(name="z")
    reduce_only: bool = msgspec.field(name="R")
    time_ms: int = msgspec.field(name="T")
    last_quantity: str = msgspec.field(name="l")
    last_price: str = msgspec.field(name="L")
    trade_id: int = msgspec.field(name="t")
    maker: bool = msgspec.field(name="m", default=False)
    fee: str = msgspec.field(name="n", default="0")
    fee_asset: str = msgspec.field(name="N", default="")
    realised: str = msgspec.field(name="rp", default="0")

    @property
    def fill(self) -> Fill | None:
        """The trade that the event announces."""
        quantity = parse(self.last_quantity)
        if not quantity:
            return None
        return Fill(
            trade_id=self.trade_id,
            price=parse(self.last_price),
            quantity=quantity,
            fee=parse(self.fee),
            fee_asset=self.fee_asset,
            maker=self.maker,
            realised=parse(self.realised),
        )


class _OrderEvent(msgspec.Struct, gc=False):
    o: _Order


class _Algo(msgspec.Struct, gc=False):
    """`o` of ALGO_UPDATE."""

    symbol: str = msgspec.field(name="s")
    client_id: str = msgspec.field(name="caid")
    algo_id: int = msgspec.field(name="aid")
    status: AlgoStatus = msgspec.field(name="X")
    order_id: str = msgspec.field(name="ai", default="")


class _AlgoEvent(msgspec.Struct, gc=False):
    o: _Algo
    time_ms: int = msgspec.field(name="T")


class _Balance(msgspec.Struct, gc=False):
    asset: str = msgspec.field(name="a")
    wallet: str = msgspec.field(name="wb")
    change: str = msgspec.field(name="bc", default="0")


class _Position(msgspec.Struct, gc=False):
    symbol: str = msgspec.field(name="s")
    quantity: str = msgspec.field(name="pa")
    entry_price: str = msgspec.field(name="ep")
    side: PositionSide = msgspec.field(name="ps", default=PositionSide.BOTH)


class _Account(msgspec.Struct, gc=False):
    """`a` of ACCOUNT_UPDATE: what changed."""

    reason: str = msgspec.field(name="m")
    balances: list[_Balance] = msgspec.field(name="B", default_factory=list)
    positions: list[_Position] = msgspec.field(name="P", default_factory=list)


class _AccountEvent(msgspec.Struct, gc=False):
    a: _Account
    time_ms: int = msgspec.field(name="T")


class _Leverage(msgspec.Struct, gc=False):
    symbol: str = msgspec.field(name="s")


class _ConfigEvent(msgspec.Struct, gc=False):
    leverage: _Leverage | None = msgspec.field(name="ac", default=None)


class _CalledPosition(msgspec.Struct, gc=False):
    symbol: str = msgspec.field(name="s")


class _MarginCall(msgspec.Struct, gc=False):
    positions: list[_CalledPosition] = msgspec.field(name="p", default_factory=list)


_KIND: Final = msgspec.json.Decoder(_Kind)
_ORDER_EVENT: Final = msgspec.json.Decoder(_OrderEvent)
_ALGO_EVENT: Final = msgspec.json.Decoder(_AlgoEvent)
_ACCOUNT_EVENT: Final = msgspec.json.Decoder(_AccountEvent)
_CONFIG_EVENT: Final = msgspec.json.Decoder(_ConfigEvent)
_MARGIN_CALL: Final = msgspec.json.Decoder(_MarginCall)


def events_of(raw: bytes, time_ns: int) -> list[Event]:
    """What a frame says; empty for events that the engine does not need. time_ns: when it came."""
    try:
        kind = _KIND.decode(raw)
        if bytes(kind.data):
            raw = bytes(kind.data)
            kind = _KIND.decode(raw)
        reader = _READERS.get(kind.e)
        return reader(raw, time_ns) if reader else []
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        return [Connection(time_ns, StreamKind.USER, up=False), Connection(time_ns, StreamKind.USER, up=True)]


def _order(raw: bytes, time_ns: int) -> list[Event]:
    order = _ORDER_EVENT.decode(raw).o
    report = OrderReport(
        time_ns=time_ns,
        symbol=order.symbol,
        client_id=order.client_id,
        order_id=order.order_id,
        side=order.side,
        status=order.status,
        quantity=parse(order.quantity),
        filled=parse(order.filled),
        reduce_only=order.reduce_only,
        event_ns=order.time_ms * MS,
        witness=Witness.STREAM,
        fill=order.fill,
    )
    return [report]


def _algo(raw: bytes, time_ns: int) -> list[Event]:
    event = _ALGO_EVENT.decode(raw)
    algo, event_ns = event.o, event.time_ms * MS
    order_id = order_number(algo.order_id)
    return [
        StopReport(time_ns, algo.symbol, algo.client_id, algo.algo_id, algo.status, event_ns, Witness.STREAM, order_id)
    ]


def _account(raw: bytes, time_ns: int) -> list[Event]:
    event = _ACCOUNT_EVENT.decode(raw)
    account, event_ns = event.a, event.time_ms * MS
    balances = [
        BalanceReport(time_ns, one.asset, parse(one.wallet), _NOT_SAID, event_ns, Witness.STREAM)
        for one in account.balances
    ]
    found: list[Event] = [*balances, *(_position(one, time_ns, event_ns) for one in account.positions)]
    symbol = account.positions[0].symbol if account.positions else ""
    if account.reason == _FUNDING:
        found += [FundingPaid(time_ns, symbol, parse(one.change), event_ns, one.asset) for one in account.balances]
    elif account.reason != _TRADED:
        found.append(AccountChanged(time_ns, symbol, account.reason.lower()))
    return found


def _position(position: _Position, time_ns: int, event_ns: int) -> Event:
    if position.side is not PositionSide.BOTH:
        return AccountChanged(time_ns, position.symbol, "position_mode")
    quantity, entry_price = parse(position.quantity), rounded(position.entry_price)
    return PositionReport(time_ns, position.symbol, quantity, entry_price, event_ns, 0, Witness.STREAM)


def _config(raw: bytes, time_ns: int) -> list[Event]:
    leverage = _CONFIG_EVENT.decode(raw).leverage
    what = "asset_mode" if leverage is None else "leverage"
    return [AccountChanged(time_ns, leverage.symbol if leverage else "", what)]


def _margin_call(raw: bytes, time_ns: int) -> list[Event]:
    return [AccountChanged(time_ns, one.symbol, "margin_call") for one in _MARGIN_CALL.decode(raw).positions]


def _key_expired(_: bytes, time_ns: int) -> list[Event]:
    """The stream says nothing more, though its connection stays open: whoever holds it opens another."""
    return [Connection(time_ns, StreamKind.USER, up=False)]


_NOT_SAID: Final = -1
_FUNDING, _TRADED = "FUNDING_FEE", "ORDER"
_READERS: Final[dict[str, Callable[[bytes, int], list[Event]]]] = {
    "ORDER_TRADE_UPDATE": _order,
    "ALGO_UPDATE": _algo,
    "ACCOUNT_UPDATE": _account,
    "ACCOUNT_CONFIG_UPDATE": _config,
    "MARGIN_CALL": _margin_call,
    "listenKeyExpired": _key_expired,
}
