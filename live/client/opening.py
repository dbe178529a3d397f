"""What a client asks the exchange of the contracts that an engine may trade: before its start, and again."""

from collections.abc import Sequence

import msgspec

from live.binance.calls import Call
from live.binance.exchange_info import contract_of, listed_symbols
from live.client.conversations import Conversation, body_of
from live.engine.contract import Contract


def contracts_of(symbols: Sequence[str]) -> Conversation[tuple[Contract, ...]]:
    """Ask for the contracts of some symbols as the exchange describes them.

    Raises:
        InputError: the exchange does not list a symbol.
        TwokeyError: it does not answer, or cannot be understood.
    """
    listing = yield from _listing()
    return (yield from _described(symbols, listing))


def contracts_again(known: Sequence[Contract]) -> Conversation[tuple[Contract, ...]]:
    """The same contracts as they are now; one that the exchange no longer lists takes no orders.

    Raises:
        TwokeyError: it does not answer, or cannot be understood.
    """
    listing = yield from _listing()
    listed = listed_symbols(listing)
    found = yield from _described([one.symbol for one in known if one.symbol in listed], listing)
    return *found, *(msgspec.structs.replace(one, trading=False) for one in known if one.symbol not in listed)


def _listing() -> Conversation[bytes]:
    return (yield from _asked(Call("GET", "/fapi/v1/exchangeInfo", signed=False)))


def _described(symbols: Sequence[str], listing: bytes) -> Conversation[tuple[Contract, ...]]:
    settings = yield from _asked(Call("GET", "/fapi/v1/symbolConfig"))
    rates: dict[str, bytes] = {}
    for symbol in symbols:
        rates[symbol] = yield from _asked(Call("GET", "/fapi/v1/commissionRate", {"symbol": symbol}))
    return tuple(contract_of(symbol, listing, rates[symbol], settings) for symbol in symbols)


def _asked(call: Call) -> Conversation[bytes]:
    answer = yield call
    return body_of(call, answer)
