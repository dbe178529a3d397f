"""What an account holds, from reads that can fail: a read that failed is unknown, never flat.

Pages "Position Information V3", "Account Information V3", "Current All Open Orders", "Current All Algo Open Orders".
Only what closing needs is read of a row, so that a new status or order type does not make a list unreadable.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from live.binance.calls import Call
from live.binance.outcomes import code_of
from live.client.conversations import Answer, Conversation, ask_all
from live.client.wire import S
from live.enums import PositionSide, Side
from live.money import parse, plain

T = TypeVar("T")

POSITIONS, ACCOUNT = "/fapi/v3/positionRisk", "/fapi/v3/account"
ORDERS, STOPS = "/fapi/v1/openOrders", "/fapi/v1/openAlgoOrders"
WITHIN_NS: Final = 2 * S
"""A read or an order of a closing that has no answer after this long is made anew: at 99.9 % of answers a tenth of it,
and a position stays open meanwhile."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A read that failed. answer: what came instead; None if nothing came, or nothing was asked."""

    path: str
    answer: Answer = None

    def __str__(self) -> str:
        if self.answer is None:
            return f"{self.path} did not answer"
        if self.answer.status == 200:
            return f"{self.path} answered what cannot be read"
        code = code_of(self.answer.body)
        return f"{self.path} answered status {self.answer.status}" + (f", code {code}" if code else "")


@dataclass(frozen=True, slots=True)
class HeldPosition:
    """An open position. quantity: in units of 1e-8, above 0 for a long one. side: BOTH in one-way mode."""

    symbol: str
    side: PositionSide
    quantity: int

    @property
    def closing_side(self) -> Side:
        """The side of an order that reduces it."""
        return Side.SELL if self.quantity > 0 else Side.BUY

    def __str__(self) -> str:
        return f"{self.symbol} {plain(self.quantity)}" + ("" if self.side is PositionSide.BOTH else f" {self.side}")


@dataclass(frozen=True, slots=True)
class Resting:
    """An order or a conditional order that rests. stop: it is one of the algo service. number: the exchange's id."""

    symbol: str
    client_id: str
    number: int
    stop: bool


R = TypeVar("R", HeldPosition, Resting)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one read of an account saw. risk, account: its positions by `positionRisk`, and by `account`."""

    risk: tuple[HeldPosition, ...] | Unknown
    account: tuple[HeldPosition, ...] | Unknown
    orders: tuple[Resting, ...] | Unknown
    stops: tuple[Resting, ...] | Unknown

    @property
    def positions(self) -> tuple[HeldPosition, ...]:
        """Positions that any of the two shows; `positionRisk` says how large one is."""
        shown: dict[tuple[str, PositionSide], HeldPosition] = {}
        for read in (self.account, self.risk):
            shown |= {(position.symbol, position.side): position for position in known(read)}
        return tuple(shown[key] for key in sorted(shown))

    @property
    def resting(self) -> tuple[Resting, ...]:
        """Orders of both books that are known to rest."""
        return (*known(self.orders), *known(self.stops))

    @property
    def by_path(self) -> dict[str, tuple[HeldPosition, ...] | tuple[Resting, ...] | Unknown]:
        """What each endpoint said."""
        return {POSITIONS: self.risk, ACCOUNT: self.account, ORDERS: self.orders, STOPS: self.stops}

    @property
    def unknown(self) -> tuple[Unknown, ...]:
        """The reads that failed."""
        return tuple(found for found in self.by_path.values() if isinstance(found, Unknown))

    @property
    def flat(self) -> bool:
        """True if all four reads succeeded, and none shows a position or an order."""
        return not (self.unknown or self.positions or self.resting)


class _Held(msgspec.Struct, rename="camel", gc=False):
    """A row of positions, of either endpoint."""

    symbol: str
    position_amt: str
    position_side: PositionSide

    def position(self) -> HeldPosition:
        """The position.

        Raises:
            ValueError: the quantity is no plain decimal number.
        """
        return HeldPosition(self.symbol, self.position_side, parse(self.position_amt))


class _Account(msgspec.Struct, rename="camel", gc=False):
    """What is read of `account`. total_wallet_balance: present in every answer, so that `{}` is none."""

    total_wallet_balance: str
    positions: list[_Held]


class _Order(msgspec.Struct, rename="camel", gc=False):
    symbol: str
    client_order_id: str
    order_id: int


class _Algo(msgspec.Struct, rename="camel", gc=False):
    symbol: str
    client_algo_id: str
    algo_id: int


_RISK: Final = msgspec.json.Decoder(list[_Held])
_ACCOUNT: Final = msgspec.json.Decoder(_Account)
_ORDERS: Final = msgspec.json.Decoder(list[_Order])
_ALGOS: Final = msgspec.json.Decoder(list[_Algo])


def known(read: tuple[T, ...] | Unknown) -> tuple[T, ...]:
    """What a read saw; nothing if it failed. That nothing is known is not that nothing is there: see `Seen.flat`."""
    return () if isinstance(read, Unknown) else read


def read(path: str, answer: Answer, decode: Callable[[bytes], T]) -> T | Unknown:
    """What an answer says, or why it says nothing. decode: raises ValueError or a `MsgspecError`."""
    if answer is None or answer.status != 200:
        return Unknown(path, answer)
    try:
        return decode(answer.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        return Unknown(path, answer)


def read_positions(symbols: Sequence[str] = ()) -> Conversation[Seen]:
    """Positions by `positionRisk` alone: the quickest read, which proves nothing by itself."""
    (answer,) = yield from ask_all((Call("GET", POSITIONS),), WITHIN_NS)
    not_asked = (Unknown(path) for path in (ACCOUNT, ORDERS, STOPS))
    return _within(Seen(read(POSITIONS, answer, _risk), *not_asked), symbols)


def read_account(symbols: Sequence[str] = ()) -> Conversation[Seen]:
    """Positions by two endpoints and the orders of both books, asked at the same time; of `symbols`, or of all."""
    answers = yield from ask_all([Call("GET", path) for path in (POSITIONS, ACCOUNT, ORDERS, STOPS)], WITHIN_NS)
    risk, account, orders, stops = answers
    seen = Seen(
        risk=read(POSITIONS, risk, _risk),
        account=read(ACCOUNT, account, _account),
        orders=read(ORDERS, orders, _orders),
        stops=read(STOPS, stops, _stops),
    )
    return _within(seen, symbols)


def _within(seen: Seen, symbols: Sequence[str]) -> Seen:
    if not symbols:
        return seen

    return Seen(
        risk=_of_symbols(seen.risk, symbols),
        account=_of_symbols(seen.account, symbols),
        orders=_of_symbols(seen.orders, symbols),
        stops=_of_symbols(seen.stops, symbols),
    )


def _of_symbols(found: tuple[R, ...] | Unknown, symbols: Sequence[str]) -> tuple[R, ...] | Unknown:
    if isinstance(found, Unknown):
        return found
    return tuple(one for one in found if one.symbol in symbols)


def _risk(body: bytes) -> tuple[HeldPosition, ...]:
    return _open(_RISK.decode(body))


def _account(body: bytes) -> tuple[HeldPosition, ...]:
    return _open(_ACCOUNT.decode(body).positions)


def _open(rows: Sequence[_Held]) -> tuple[HeldPosition, ...]:
    positions = [row.position() for row in rows]
    if len({(position.symbol, position.side) for position in positions}) < len(positions):
        raise ValueError("a position is listed twice")
    return tuple(position for position in positions if position.quantity)


def _orders(body: bytes) -> tuple[Resting, ...]:
    return tuple(Resting(row.symbol, row.client_order_id, row.order_id, False) for row in _ORDERS.decode(body))


def _stops(body: bytes) -> tuple[Resting, ...]:
    return tuple(Resting(row.symbol, row.client_algo_id, row.algo_id, True) for row in _ALGOS.decode(body))
