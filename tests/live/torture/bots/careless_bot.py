"""A bot with the usual mistakes: it repeats what was not answered, trusts its own memory, and leaves stops behind."""

import sys
from collections.abc import Callable
from typing import Any

import ccxt
from connection import HOLD_ROUNDS, QUANTITY, STOP_DISTANCE, SYMBOL, Rounds, connect


def insist(call: Callable[[], Any], attempts: int = 3) -> Any:
    """The first mistake: whatever failed is sent again, as if it had not arrived."""
    for _ in range(attempts - 1):
        try:
            return call()
        except ccxt.BaseError:
            continue
    return call()


def enter(exchange: Any) -> None:
    """Buy, then place a stop; the second mistake: if the stop fails, go on without it."""
    price = exchange.fetch_order_book(SYMBOL, 5)["bids"][0][0]
    insist(lambda: exchange.create_order(SYMBOL, "market", "buy", QUANTITY))
    try:
        stop = {"stopLossPrice": price * (1 - STOP_DISTANCE), "reduceOnly": True}
        exchange.create_order(SYMBOL, "market", "sell", QUANTITY, None, stop)
    except ccxt.BaseError:
        return


def leave(exchange: Any) -> None:
    """Sell what it remembers to have bought; the third mistake: the stop stays."""
    insist(lambda: exchange.create_order(SYMBOL, "market", "sell", QUANTITY))


def main(words: list[str]) -> None:
    rounds, exchange = Rounds(words), connect(words[1])
    insist(exchange.load_markets)
    held = 0
    while rounds.another():
        try:
            if not held:
                enter(exchange)
                held = 1
            elif held < HOLD_ROUNDS:
                exchange.fetch_ticker(SYMBOL)
                held += 1
            else:
                leave(exchange)
                held = 0
        except ccxt.BaseError as error:
            print(type(error).__name__, flush=True)  # noqa: T201
            held = 0
    if held:
        leave(exchange)


if __name__ == "__main__":
    main(sys.argv)
