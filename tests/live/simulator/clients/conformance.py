"""Which operation is tried with which call of each unmodified client library."""

import inspect

from tests.live.simulator.clients.base import Client
from tests.live.simulator.clients.binance_sdk import BinanceSdk
from tests.live.simulator.clients.ccxt_pro import CcxtPro
from tests.live.simulator.clients.python_binance import PythonBinance

CLIENTS: list[type[Client]] = [CcxtPro, PythonBinance, BinanceSdk]

VERBS = {
    "load markets": "load_markets",
    "keep a book": "follow_book",
    "place": "place",
    "amend": "amend",
    "cancel": "cancel",
    "cancel ten at once": "cancel_many",
    "cancel ten by client id": "cancel_named",
    "stop through algoOrder": "stop",
    "read balances": "balance",
    "read positions": "positions",
    "read trades": "trades",
    "read open interest": "open_interest",
    "read the user stream": "watch_user",
}
"""Operations tested with every client, and the method that performs each."""


def conformance_table() -> str:
    """The conformance table: one row per operation, one column per client, the client's call in each cell."""
    rows = ["| | " + " | ".join(client.name for client in CLIENTS) + " |", "|---" * (len(CLIENTS) + 1) + "|"]
    for verb, method in VERBS.items():
        calls = [inspect.getdoc(getattr(client, method)) for client in CLIENTS]
        rows.append(f"| {verb} | " + " | ".join(str(call) for call in calls) + " |")
    return "\n".join(rows)
