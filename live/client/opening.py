"""What a client asks the exchange before an engine can start: the contracts it may trade."""

from collections.abc import Sequence

from live.binance.calls import Call
from live.binance.exchange_info import contract_of
from live.client.conversations import Conversation, body_of
from live.engine.contract import Contract


def contracts_of(symbols: Sequence[str]) -> Conversation[tuple[Contract, ...]]:
    """Ask for the contracts of some symbols as the exchange describes them.

    Raises:
        InputError: the exchange does not list a symbol.
        TwokeyError: it does not answer, or cannot be understood.
    """
    listing = yield from _asked(Call("GET", "/fapi/v1/exchangeInfo", signed=False))
    settings = yield from _asked(Call("GET", "/fapi/v1/symbolConfig"))
    rates: dict[str, bytes] = {}
    for symbol in symbols:
        rates[symbol] = yield from _asked(Call("GET", "/fapi/v1/commissionRate", {"symbol": symbol}))
    return tuple(contract_of(symbol, listing, rates[symbol], settings) for symbol in symbols)


def _asked(call: Call) -> Conversation[bytes]:
    answer = yield call
    return body_of(call, answer)
