"""ccxt's own Binance client with its addresses changed to the local exchange: `python BOT.py PORT [ROUNDS]`."""

import os
import signal
import sys
from typing import Any

import ccxt

SYMBOL = "BTC/USDT:USDT"
QUANTITY = 0.01
STOP_DISTANCE = 0.004
HOLD_ROUNDS = 6
TIMEOUT_MS = 2_000


def connect(port: str) -> Any:
    """The client. Its rate limit is what paces the bots; its requests are given up after two seconds."""
    exchange = ccxt.binanceusdm(
        {
            "apiKey": os.environ["TWOKEY_API_KEY"],
            "secret": os.environ["TWOKEY_API_SECRET"],
            "timeout": TIMEOUT_MS,
            "options": {"fetchMargins": False, "fetchCurrencies": False, "maxRetriesOnFailure": 0},
        }
    )
    api = exchange.urls["api"]
    for name in [name for name in api if name.startswith("fapi")]:
        api[name] = api[name].replace("https://fapi.binance.com", f"http://127.0.0.1:{port}")
    return exchange


class Rounds:
    """The rounds that a bot goes on for: as many as it was told, else until the process is asked to end."""

    def __init__(self, words: list[str]) -> None:
        self.left = int(words[2]) if len(words) > 2 else sys.maxsize
        signal.signal(signal.SIGTERM, self._end)

    def another(self) -> bool:
        """Count a round; False if there is none left."""
        self.left -= 1
        return self.left >= 0

    def _end(self, *_: object) -> None:
        self.left = 0
