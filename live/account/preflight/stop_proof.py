"""Proves that a stop can be placed and cancelled: pages "New Algo Order", "Cancel Algo Order".

It lies so far away that it does not fire, and only reduces, so that it does nothing if it fires all the same. A stop of
the engine closes a whole position (`closePosition`), which the exchange takes only while there is one (-4509): before a
start it is proven that stops are accepted, and with the first position that one of that form is.
"""

from typing import Final

import msgspec

from live.account.preflight.report import Checked
from live.account.reads import Unknown, read
from live.binance.calls import Call
from live.client.conversations import Conversation, ask
from live.engine.contract import Contract
from live.money import parse

ALGO, PREMIUM = "/fapi/v1/algoOrder", "/fapi/v1/premiumIndex"
FAR_AWAY: Final = 2
"""Its trigger is the mark price divided by this."""


class _Mark(msgspec.Struct, rename="camel", gc=False):
    mark_price: str


class _Placed(msgspec.Struct, rename="camel", gc=False):
    client_algo_id: str


_MARK: Final = msgspec.json.Decoder(_Mark)
_PLACED: Final = msgspec.json.Decoder(_Placed)


def prove_stops(contract: Contract, client_id: str) -> Conversation[Checked]:
    """Place a stop, and cancel it whatever the answer was: what is not known to have landed may have."""
    name = f"stops {contract.symbol}"
    call = Call("GET", PREMIUM, {"symbol": contract.symbol}, signed=False)
    answer = yield from ask(call)
    mark = read(PREMIUM, answer, lambda body: parse(_MARK.decode(body).mark_price))
    if isinstance(mark, Unknown):
        return _failed(name, mark)
    answer = yield from ask(Call("POST", ALGO, _far_away(contract, mark, client_id)))
    placed = read(ALGO, answer, _PLACED.decode)
    answer = yield from ask(Call("DELETE", ALGO, {"clientAlgoId": client_id}))
    cancelled = read(ALGO, answer, _PLACED.decode)
    for found in (placed, cancelled):
        if isinstance(found, Unknown):
            return _failed(name, found)
    return Checked(name, "placed one far away and cancelled it", "")


def _far_away(contract: Contract, mark: int, client_id: str) -> dict[str, str]:
    return {
        "algoType": "CONDITIONAL",
        "symbol": contract.symbol,
        "side": "SELL",
        "type": "STOP_MARKET",
        "quantity": contract.quantity_text(contract.min_quantity),
        "triggerPrice": contract.price_text(contract.tick_below(mark // FAR_AWAY)),
        "reduceOnly": "true",
        "clientAlgoId": client_id,
    }


def _failed(name: str, found: Unknown) -> Checked:
    remedy = "No position is opened while stops are in doubt: start again, and cancel what rests by hand."
    return Checked(name, str(found), "a stop that is placed and cancelled", remedy)
