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
    reported: dict[Key, Decimal] = field(default_factory=dict)
    leverage: defaultdict[str, int] = field(default_factory=lambda: defaultdict(lambda: 20))
    reported_wallet: Decimal | None = None
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

    def _order(self, reported: dict[str, Any], time_ms: int) -> None:
        seen = self.orders.setdefault(reported["i"], Seen())
        if seen.status in FINAL:
            self.faults.append(f"order {reported['i']}: {reported['X']} after {seen.status}")
        if reported["x"] in ("TRADE", "CALCULATED"):
            self._fill(reported, seen, time_ms)
        seen.status = reported["X"]
        seen.facts = {
            "orderId": str(reported["i"]),
            "origClientOrderId": reported["c"],
            "symbol": reported["s"],
            "side": reported["S"],
        }
        filled, quantity = Decimal(reported["z"]), Decimal(reported["q"])
        if filled != seen.filled or filled > quantity or (reported["X"] == "FILLED") != (filled == quantity):
            self.faults.append(
                f"order {reported['i']}: {reported['X']}, z {filled} of {quantity}, but its fills give {seen.filled}"
            )

    def _fill(self, reported: dict[str, Any], seen: Seen, time_ms: int) -> None:
        key, quantity, price = (reported["s"], reported["ps"]), Decimal(reported["l"]), Decimal(reported["L"])
        change = quantity if reported["S"] == "BUY" else -quantity
        before = self.positions[key]
        seen.filled += quantity
        self.positions[key] = after = before + change
        self.cash[key] -= change * price
        self.realized[key] += Decimal(reported["rp"])
        self.fills[key] += 1
        self.wallet += Decimal(reported["rp"]) - (Decimal(reported["n"]) if reported["N"] == ASSET else 0)
        self.history.append((time_ms, key, after))
        self._check_fill(reported, before, after)

    def _check_fill(self, reported: dict[str, Any], before: Decimal, after: Decimal) -> None:
        price, quantity, number = Decimal(reported["L"]), Decimal(reported["l"]), reported["i"]
        if reported["t"] in self.trades:
            self.faults.append(f"trade id {reported['t']} twice")
        self.trades.add(reported["t"])
        with localcontext() as context:
            context.prec = 60
            due = (price * quantity * (MAKER if reported["m"] else TAKER)).quantize(UNIT, ROUND_CEILING)
        if reported["N"] == ASSET and Decimal(reported["n"]) != due:
            self.faults.append(f"order {number}: commission {reported['n']}, not {due}")
        limit = Decimal(reported["p"])
        if reported["o"] == "LIMIT" and limit and (price > limit if reported["S"] == "BUY" else price < limit):
            self.faults.append(f"order {number}: filled at {price}, limit {limit}")
        if (reported["ps"] == "LONG" and after < 0) or (reported["ps"] == "SHORT" and after > 0):
            self.faults.append(f"{reported['s']} {reported['ps']} is {after}")
        closes = (
            reported["R"]
            or reported["cp"]
            or (reported["ps"] != "BOTH" and (reported["S"] == "SELL") == (reported["ps"] == "LONG"))
        )
        if closes and (before * after < 0 or abs(after) > abs(before)):
            self.faults.append(f"order {number}: a reducing order took the position from {before} to {after}")
        if Decimal(reported["rp"]) and (abs(after) >= abs(before) and before * after >= 0):
            self.faults.append(f"order {number}: realized {reported['rp']} without closing")

    def _account(self, reported: dict[str, Any], time_ms: int) -> None:
        for balance in reported["B"]:
            if balance["a"] != ASSET:
                continue
            change = Decimal(balance["bc"])
            if reported["m"] not in ("ORDER", "MARGIN_TRANSFER"):
                self.wallet += change
            elif change:
                self.faults.append(f"{reported['m']} with a balance change of {change}")
            if reported["m"] == "FUNDING_FEE":
                self.funding.append((time_ms, change))
            self.reported_wallet = Decimal(balance["wb"])
        for position in reported["P"]:
            self._position(position, reported["m"])

    def _position(self, position: dict[str, Any], reason: str) -> None:
        """Isolated margin is not negative, and a position that has turned around holds its own initial margin only."""
        key, amount, margin = (position["s"], position["ps"]), Decimal(position["pa"]), Decimal(position["iw"])
        before = self.reported.get(key, Decimal(0))
        self.reported[key] = amount
        largest = abs(amount) * Decimal(position["ep"]) / self.leverage[key[0]] + UNIT
        turned = reason == "ORDER" and before * amount < 0
        if margin < 0 or (turned and margin > largest) or (not amount and margin):
            self.faults.append(f"{key} went from {before} to {amount} with isolated margin {margin}")

    def _algo(self, reported: dict[str, Any]) -> None:
        before = self.algos.get(reported["aid"], "")
        if before in ALGO_FINAL:
            self.faults.append(f"conditional order {reported['aid']}: {reported['X']} after {before}")
        self.algos[reported["aid"]] = reported["X"]
        self.algo_facts[reported["aid"]] = {"algoId": str(reported["aid"]), "clientAlgoId": reported["caid"]}

    def check(self) -> list[str]:
        """What is wrong so far, at a moment without events on their way."""
        found = list(self.faults)
        if self.reported_wallet is not None and self.reported_wallet != self.wallet:
            found.append(f"wallet reported {self.reported_wallet}, but its events give {self.wallet}")
        for key, amount in self.reported.items():
            if self.positions[key] != amount:
                found.append(f"{key} reported {amount}, but its fills give {self.positions[key]}")
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
