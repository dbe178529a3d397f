"""The calls of a closing: cancel what rests, sell or buy back what is held.

Every order only reduces. In one-way mode it is `reduceOnly`; in hedge mode, which refuses that parameter (-1106), it
names the position's side, and a sell of LONG or a buy of SHORT cannot open anything. So an order whose answer is lost
does not have to be found before the next one is sent: if both arrive, the second finds less to reduce, or nothing
(-2022). The daemon, the watchdog and a person may close the same position at once and never sell more than is held.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from live.account.reads import HeldPosition
from live.binance.calls import Call
from live.enums import PositionSide
from live.money import parse, plain

ORDERS_AT_ONCE: Final = 10
"""The largest number of orders for one position in one round: the exchange takes 300 in 10 seconds."""
CANCEL_ORDERS, CANCEL_STOPS = "/fapi/v1/allOpenOrders", "/fapi/v1/algoOpenOrders"


class Lots(NamedTuple):
    """What one market order may have, from MARKET_LOT_SIZE; in units of 1e-8."""

    step: int
    minimum: int
    maximum: int

    def parts(self, quantity: int) -> Iterator[int]:
        """A quantity in orders that are allowed; nothing if it is below the smallest one."""
        largest = self.maximum // self.step * self.step
        left = quantity // self.step * self.step
        while left >= max(self.minimum, 1):
            yield min(left, largest)
            left -= min(left, largest)


class _Listed(msgspec.Struct, rename="camel", gc=False):
    symbol: str
    filters: list[dict[str, object]]


class _Listing(msgspec.Struct, gc=False):
    symbols: list[_Listed]


_LISTING: Final = msgspec.json.Decoder(_Listing)


def lots_of(listing: bytes) -> dict[str, Lots]:
    """MARKET_LOT_SIZE of every symbol that has a usable one, from `exchangeInfo`.

    Raises:
        ValueError: it cannot be read.
        msgspec.MsgspecError: it is not what is documented.
    """
    found: dict[str, Lots] = {}
    for listed in _LISTING.decode(listing).symbols:
        for entry in listed.filters:
            if entry.get("filterType") == "MARKET_LOT_SIZE":
                lots = Lots(*(parse(str(entry.get(name, ""))) for name in ("stepSize", "minQty", "maxQty")))
                if 0 < lots.step <= lots.maximum:
                    found[listed.symbol] = lots
    return found


def cancels(symbol: str) -> tuple[Call, Call]:
    """Cancel a symbol's orders in both books: neither call cancels the other's."""
    return Call("DELETE", CANCEL_ORDERS, {"symbol": symbol}), Call("DELETE", CANCEL_STOPS, {"symbol": symbol})


def reduction(position: HeldPosition, quantity: int, client_id: str) -> Call:
    """A market order that closes a quantity of a position."""
    parameters = {
        "symbol": position.symbol,
        "side": position.closing_side.value,
        "type": "MARKET",
        "quantity": plain(quantity),
        "newClientOrderId": client_id,
        "newOrderRespType": "RESULT",
    }
    only = {"reduceOnly": "true"} if position.side is PositionSide.BOTH else {"positionSide": position.side.value}
    return Call("POST", "/fapi/v1/order", parameters | only)
