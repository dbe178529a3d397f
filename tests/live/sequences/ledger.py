"""Recomputes an account in decimals from its user stream alone, without any code of the venue."""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from typing import Any

ASSET = "USDT"
UNIT = Decimal("0.00000001")
MAKER, TAKER = Decimal("0.0002"), Decimal("0.0005")
FINAL = {"FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH"}
ALGO_FINAL = {"FINISHED", "CANCELED", "EXPIRED", "REJECTED"}
Key = tuple[str, str]
HELD: dict[str, Callable[[Key, Decimal], str]] = {
    "heldSymbol": lambda key, amount: key[0],
    "heldSide": lambda key, amount: key[1],
    "heldAmount": lambda key, amount: f"{abs(amount):.3f}",
    "closingSide": lambda key, amount: "SELL" if amount > 0 else "BUY",
}
"""What is known of a position."""


@dataclass
class Seen:
    """An order as its events tell it. facts: its ids, symbol and side, by the names that requests use."""

    filled: Decimal = Decimal(0)
    status: str = ""
    facts: dict[str, str] = field(default_factory=dict)


@dataclass
class Ledger:
    """Wallet and positions from ORDER_TRADE_UPDATE and ACCOUNT_UPDATE; broken rules are added to `faults`.

    history: time in ms, symbol and side, and the position after each fill. funding: time in ms and amount of each.
    """

    wallet: Decimal
    positions: defaultdict[Key, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    cash: defaultdict[Key, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    realized: defaultdict[Key, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    fills: defaultdict[Key, int] = field(default_factory=lambda: defaultdict(int))
    orders: dict[int, Seen] = field(default_factory=dict)
    algos: dict[int, str] = field(default_factory=dict)
    algo_facts: dict[int, dict[str, str]] = field(default_factory=dict)
    trades: set[int] = field(default_factory=set)
    told: dict[Key, Decimal] = field(default_factory=dict)
    leverage: defaultdict[str, int] = field(default_factory=lambda: defaultdict(lambda: 20))
    told_wallet: Decimal | None = None
    history: list[tuple[int, Key, Decimal]] = field(default_factory=list)
    funding: list[tuple[int, Decimal]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    expired: bool = False

    def receive(self, data: bytes) -> None:
        """One frame of the user stream."""
        event = json.loads(data, parse_float=Decimal)
        match event.get("e"):
            case "ORDER_TRADE_UPDATE":
                self._order(event["o"], event["T"])
            case "ACCOUNT_UPDATE":
                self._account(event["a"], event["T"])
            case "ALGO_UPDATE":
                self._algo(event["o"])
            case "ACCOUNT_CONFIG_UPDATE" if "ac" in event:
                self.leverage[event["ac"]["s"]] = event["ac"]["l"]
            case "listenKeyExpired":
                self.expired = True

    def _order(self, told: dict[str, Any], time_ms: int) -> None:
        seen = self.orders.setdefault(told["i"], Seen())
        if seen.status in FINAL:
            self.faults.append(f"order {told['i']}: {told['X']} after {seen.status}")
        if told["x"] in ("TRADE", "CALCULATED"):
            self._fill(told, seen, time_ms)
        seen.status = told["X"]
        seen.facts = {"orderId": str(told["i"]), "origClientOrderId": told["c"], "symbol": told["s"], "side": told["S"]}
        filled, quantity = Decimal(told["z"]), Decimal(told["q"])
        if filled != seen.filled or filled > quantity or (told["X"] == "FILLED") != (filled == quantity):
            self.faults.append(
                f"order {told['i']}: {told['X']}, z {filled} of {quantity}, but its fills give {seen.filled}"
            )

    def _fill(self, told: dict[str, Any], seen: Seen, time_ms: int) -> None:
        key, quantity, price = (told["s"], told["ps"]), Decimal(told["l"]), Decimal(told["L"])
        change = quantity if told["S"] == "BUY" else -quantity
        before = self.positions[key]
        seen.filled += quantity
        self.positions[key] = after = before + change
        self.cash[key] -= change * price
        self.realized[key] += Decimal(told["rp"])
        self.fills[key] += 1
        self.wallet += Decimal(told["rp"]) - (Decimal(told["n"]) if told["N"] == ASSET else 0)
        self.history.append((time_ms, key, after))
        self._check_fill(told, before, after)

    def _check_fill(self, told: dict[str, Any], before: Decimal, after: Decimal) -> None:
        price, quantity, number = Decimal(told["L"]), Decimal(told["l"]), told["i"]
        if told["t"] in self.trades:
            self.faults.append(f"trade id {told['t']} twice")
        self.trades.add(told["t"])
        with localcontext() as context:
            context.prec = 60
            due = (price * quantity * (MAKER if told["m"] else TAKER)).quantize(UNIT, ROUND_CEILING)
        if told["N"] == ASSET and Decimal(told["n"]) != due:
            self.faults.append(f"order {number}: commission {told['n']}, not {due}")
        limit = Decimal(told["p"])
        if told["o"] == "LIMIT" and limit and (price > limit if told["S"] == "BUY" else price < limit):
            self.faults.append(f"order {number}: filled at {price}, limit {limit}")
        if (told["ps"] == "LONG" and after < 0) or (told["ps"] == "SHORT" and after > 0):
            self.faults.append(f"{told['s']} {told['ps']} is {after}")
        closes = told["R"] or told["cp"] or (told["ps"] != "BOTH" and (told["S"] == "SELL") == (told["ps"] == "LONG"))
        if closes and (before * after < 0 or abs(after) > abs(before)):
            self.faults.append(f"order {number}: a reducing order took the position from {before} to {after}")
        if Decimal(told["rp"]) and (abs(after) >= abs(before) and before * after >= 0):
            self.faults.append(f"order {number}: realized {told['rp']} without closing")

    def _account(self, told: dict[str, Any], time_ms: int) -> None:
        for balance in told["B"]:
            if balance["a"] != ASSET:
                continue
            change = Decimal(balance["bc"])
            if told["m"] not in ("ORDER", "MARGIN_TRANSFER"):
                self.wallet += change
            elif change:
                self.faults.append(f"{told['m']} with a balance change of {change}")
            if told["m"] == "FUNDING_FEE":
                self.funding.append((time_ms, change))
            self.told_wallet = Decimal(balance["wb"])
        for position in told["P"]:
            self._position(position, told["m"])

    def _position(self, position: dict[str, Any], reason: str) -> None:
        """Isolated margin is not negative, and a position that has turned around holds its own initial margin only."""
        key, amount, margin = (position["s"], position["ps"]), Decimal(position["pa"]), Decimal(position["iw"])
        before = self.told.get(key, Decimal(0))
        self.told[key] = amount
        largest = abs(amount) * Decimal(position["ep"]) / self.leverage[key[0]] + UNIT
        turned = reason == "ORDER" and before * amount < 0
        if margin < 0 or (turned and margin > largest) or (not amount and margin):
            self.faults.append(f"{key} went from {before} to {amount} with isolated margin {margin}")

    def _algo(self, told: dict[str, Any]) -> None:
        before = self.algos.get(told["aid"], "")
        if before in ALGO_FINAL:
            self.faults.append(f"conditional order {told['aid']}: {told['X']} after {before}")
        self.algos[told["aid"]] = told["X"]
        self.algo_facts[told["aid"]] = {"algoId": str(told["aid"]), "clientAlgoId": told["caid"]}

    def check(self) -> list[str]:
        """What is wrong so far, at a moment without events on their way."""
        found = list(self.faults)
        if self.told_wallet is not None and self.told_wallet != self.wallet:
            found.append(f"wallet told {self.told_wallet}, but its events give {self.wallet}")
        for key, amount in self.told.items():
            if self.positions[key] != amount:
                found.append(f"{key} told {amount}, but its fills give {self.positions[key]}")
        for key, amount in self.positions.items():
            exact = self.cash[key] - self.realized[key]
            if not amount and not 0 <= exact <= UNIT * self.fills[key]:
                found.append(f"{key} is flat after {self.cash[key]}, but {self.realized[key]} was realized")
        return found

    def known(self, kind: str, back: int) -> str:
        """A fact of an open order, a waiting conditional order or a position, from the newest; "" if there is none."""
        if kind in HELD:
            held = [key for key, amount in self.positions.items() if amount] or list(self.positions)
            found = [HELD[kind](key, self.positions[key]) for key in held]
        elif kind in ("algoId", "clientAlgoId"):
            waiting = [number for number, status in self.algos.items() if status == "NEW"] or list(self.algos)
            found = [self.algo_facts[number][kind] for number in waiting]
        else:
            open_ = [seen for seen in self.orders.values() if seen.status not in FINAL] or list(self.orders.values())
            found = [seen.facts[kind] for seen in open_]
        return found[-1 - back % len(found)] if found else ""

    def held_before(self, time_ms: int) -> dict[Key, Decimal]:
        """Positions just before a time."""
        return {key: amount for when, key, amount in self.history if when < time_ms}


def funding_due(amount: Decimal, price: str, rate: str) -> Decimal:
    """What a position receives at a funding time; negative if it pays. Rounded against it."""
    with localcontext() as context:
        context.prec = 60
        return (-amount * Decimal(price) * Decimal(rate)).quantize(UNIT, ROUND_FLOOR)
