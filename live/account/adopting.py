"""What the exchange has of a position that a person wants to adopt, once nothing of others rests in its symbol.

Another stop that closes the position would have ours refused (-4130), and an order that rests could change what is
held: those of others are cancelled, but not before the position is known to be one that may be adopted.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

from live.account.reads import POSITIONS, WITHIN_NS, Resting, Unknown, known, read, read_account
from live.binance.amounts import rounded
from live.binance.calls import Call
from live.client.conversations import Conversation, ask_all
from live.enums import PositionSide
from live.money import parse
from skills_lib.domain.errors import TwokeyError


class AtVenue(NamedTuple):
    """A position: quantity signed, entry price and mark price in units of 1e-8. asked_ns: when it was asked for."""

    symbol: str
    quantity: int
    price: int
    mark: int
    asked_ns: int


class _Row(msgspec.Struct, rename="camel", gc=False):
    symbol: str
    position_amt: str
    entry_price: str
    mark_price: str
    position_side: PositionSide


_ROWS: Final = msgspec.json.Decoder(list[_Row])
Refusal = Callable[[AtVenue], str]


def take_over(symbol: str, run: str, now: Callable[[], int], refusal: Refusal) -> Conversation[AtVenue]:
    """The position as it is after the orders and stops of others in its symbol were cancelled.

    run: first part of the client ids that are not of others. refusal: why a position cannot be adopted, or empty.

    Raises:
        TwokeyError: it cannot be adopted, a read failed, or something of others still rests; one line.
    """
    found = yield from _position(symbol, now)
    _require(refusal(found))
    others = yield from _others(symbol, run)
    if not others:
        return found
    yield from ask_all([_cancel(one) for one in others], WITHIN_NS)
    if left := (yield from _others(symbol, run)):
        names = ", ".join(one.client_id[:40] for one in left[:5])
        raise TwokeyError(f"{symbol} still has orders of others: {names}. Cancel them in the app, then adopt again.")
    found = yield from _position(symbol, now)
    _require(refusal(found))
    return found


def _require(reason: str) -> None:
    if reason:
        raise TwokeyError(reason)


def _position(symbol: str, now: Callable[[], int]) -> Conversation[AtVenue]:
    asked_ns = now()
    (answer,) = yield from ask_all((Call("GET", POSITIONS, {"symbol": symbol}),), WITHIN_NS)
    rows = read(POSITIONS, answer, _ROWS.decode)
    if isinstance(rows, Unknown):
        raise TwokeyError(f"The position is not known: {rows}. Adopt again.")
    mine = [row for row in rows if row.symbol == symbol]
    if any(row.position_side is not PositionSide.BOTH for row in mine) or len(mine) > 1:
        raise TwokeyError(f"{symbol} has a position of one side only. Set the account to one-way mode.")
    if not mine:
        return AtVenue(symbol, 0, 0, 0, asked_ns)
    try:
        return AtVenue(
            symbol, parse(mine[0].position_amt), rounded(mine[0].entry_price), rounded(mine[0].mark_price), asked_ns
        )
    except ValueError:
        raise TwokeyError(f"The position of {symbol} cannot be read. Adopt again.") from None


def _others(symbol: str, run: str) -> Conversation[list[Resting]]:
    """Orders and stops of others in a symbol."""
    seen = yield from read_account((symbol,))
    for found in (seen.orders, seen.stops):
        if isinstance(found, Unknown):
            raise TwokeyError(f"What rests in {symbol} is not known: {found}. Adopt again.")
    return [one for one in (*known(seen.orders), *known(seen.stops)) if not one.client_id.startswith(run)]


def _cancel(one: Resting) -> Call:
    if one.stop:
        return Call("DELETE", "/fapi/v1/algoOrder", {"algoId": str(one.number)})
    return Call("DELETE", "/fapi/v1/order", {"symbol": one.symbol, "orderId": str(one.number)})
