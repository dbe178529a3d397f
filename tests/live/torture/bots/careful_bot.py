"""The same strategy, written with care: only the exchange's own word ends a doubt, and nothing is sent twice."""

import sys
from typing import Any

import ccxt
from connection import HOLD_ROUNDS, QUANTITY, STOP_DISTANCE, SYMBOL, Rounds, connect

QUERIES = 5
ID = SYMBOL.partition("/")[0] + "USDT"


class CarefulBot:
    """One position at a time, each with one stop whose id is derived from the position's number."""

    def __init__(self, exchange: Any) -> None:
        self.exchange, self.number, self.held = exchange, 0, 0
        self.blocked = False

    def position(self) -> float | None:
        """The size by the exchange's own word; None if it does not say."""
        try:
            rows = self.exchange.fapiPrivateV3GetPositionRisk({"symbol": ID})
            return sum(float(row["positionAmt"]) for row in rows)
        except (ccxt.BaseError, ValueError, KeyError, TypeError):
            return None

    def send(self, side: str, quantity: float, purpose: str, **params: Any) -> bool:
        """Send an order once; in doubt ask for it by its id, and stop entering if the exchange does not know it."""
        client_id = f"{purpose}-{self.number}"
        try:
            self.exchange.create_order(
                SYMBOL, "market", side, quantity, None, {"newClientOrderId": client_id, **params}
            )
            return True
        except (ccxt.InvalidOrder, ccxt.InsufficientFunds):
            return False
        except ccxt.BaseError:
            return self.landed(client_id)

    def landed(self, client_id: str) -> bool:
        """Whether an order in doubt is known to the exchange. An unknown one stays in doubt: no more entries."""
        for _ in range(QUERIES):
            try:
                self.exchange.fapiPrivateGetOrder({"symbol": ID, "origClientOrderId": client_id})
                return True
            except ccxt.BaseError:
                continue
        self.blocked = True
        return False

    def protect(self, price: float) -> bool:
        """Place the stop, again under the same id while it is in doubt."""
        stop = {
            "symbol": ID,
            "side": "SELL",
            "type": "STOP_MARKET",
            "algoType": "CONDITIONAL",
            "triggerPrice": self.exchange.price_to_precision(SYMBOL, price * (1 - STOP_DISTANCE)),
            "closePosition": "true",
            "clientAlgoId": f"stop-{self.number}",
        }
        for _ in range(QUERIES):
            try:
                self.exchange.fapiPrivatePostAlgoOrder(stop)
                return True
            except ccxt.BaseError as error:
                if "-4116" in str(error):  # the id is known: an earlier request landed
                    return True
        return False

    def close(self) -> None:
        """Sell what the exchange says is there, reduce-only, then take the stop away."""
        for attempt in range(QUERIES):
            size = self.position()
            if size is None:
                continue
            if not size:
                break
            self.send("sell", size, f"close{attempt}", reduceOnly=True)
        self.cancel_stops()

    def cancel_stops(self) -> None:
        """Cancel every conditional order of the symbol; repeating it does no harm."""
        for _ in range(QUERIES):
            try:
                self.exchange.fapiPrivateDeleteAlgoOpenOrders({"symbol": ID})
                return
            except ccxt.BaseError:
                continue

    def step(self) -> None:
        """One round: enter if flat and nothing is in doubt, leave after a few rounds."""
        size = self.position()
        if size is None:
            return
        if not size:
            self.held = 0
            self.cancel_stops()
            if not self.blocked:
                self.enter()
        elif self.held >= HOLD_ROUNDS:
            self.close()
        else:
            self.held += 1

    def enter(self) -> None:
        """Buy and protect; without a confirmed stop, sell again."""
        try:
            price = self.exchange.fetch_order_book(SYMBOL, 5)["bids"][0][0]
        except (ccxt.BaseError, LookupError):
            return
        self.number += 1
        if self.send("buy", QUANTITY, "enter") and not self.protect(price):
            self.close()


def main(words: list[str]) -> None:
    rounds, exchange = Rounds(words), connect(words[1])
    while rounds.another():
        try:
            exchange.load_markets()
            break
        except ccxt.BaseError:
            continue
    bot = CarefulBot(exchange)
    while rounds.another():
        bot.step()
    bot.close()


if __name__ == "__main__":
    main(sys.argv)
