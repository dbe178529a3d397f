"""Draws sequences of API calls and tape lines from a seed: sensible trading, odd combinations, and nonsense."""

import random
from collections.abc import Callable

from live.simulator.core import interventions
from live.simulator.core.commands import ForceLiquidation
from live.simulator.http.rest import ENDPOINTS
from live.simulator.http.websocket_api import METHODS
from tests.live.sequences.steps import (
    Call,
    Fields,
    Intervene,
    Known,
    Later,
    Many,
    Near,
    Play,
    Raw,
    Rest,
    Step,
    Value,
    Wait,
)

SYMBOLS = (("BTCUSDT",), ("BTCUSDT",), ("ETHUSDT",), ("BTCUSDT", "ETHUSDT"))
NONSENSE = (
    "", "-1", "0", "--5", "²", "1e5", "NaN", "9" * 40, "0.000000001", "true", "null", "abc", "é", "[]", "{}",
    "-0.001", "1.", ".5", "0x10", " 1", "1,5", "1_000", "\u0663", "BTCUSDT", "%", "&a=b", "\x00", "Infinity",
)  # fmt: skip
RAW = (
    b"", b"{", b"[]", b"null", b"1", b'"x"', b'{"id":1}', b'{"id":1,"method":5}', b'{"id":{},"method":"ping"}',
    b"\xff\xfe",
    b'{"id":1,"method":"order.place","params":[1]}', b'{"id":1,"method":"ping","params":{"a":{"b":[]}}}', b"[" * 3000,
    b'{"id":1,"method":"time","params":{"timestamp":' + b"9" * 5000 + b"}}", b'{"id":"\\ud800","method":"ping"}',
    b'{"id":1,"method":"session.status"}', b'{"id":1,"method":"session.logon","params":{"apiKey":"key-0"}}',
)  # fmt: skip
PATHS = sorted(key for key in ENDPOINTS if key != ("DELETE", "/fapi/v1/listenKey"))
CALLS = sorted(METHODS.keys() - {"userDataStream.stop"})
"""Without what would end the user stream that the checks read."""
READS = [path for method, path in PATHS if method == "GET"]
QUANTITIES = (
    ("0.010", "0.010", "0.020"),
    ("0.010", "0.010", "0.030"),
    ("0.001", "0.002", "0.100", "1"),
    ("1", "3"),
    ("0.500", "2.500", "8"),
    ("0.001", "0.002", "0.010", "0.020", "0.100", "0.500", "1", "3", "20"),
)
DISTANCES = ((-1, 0, 0, 1), (-4, -1, 0, 1, 4), (-400, -20, -4, -1, 0, 0, 1, 4, 20, 400))
LEVERAGES = (("20",), ("50", "100"), ("1", "5", "50", "100", "125"))


class Drawer:
    """Draws steps. A sequence has few symbols, quantities and distances of its own, so that its orders meet.

    hedge: the sequence trades in hedge mode, so position sides mostly fit it. visited: others act in the accounts too.
    """

    def __init__(self, seed: int) -> None:
        self.random = draw = random.Random(f"steps {seed}")
        self.hedge = draw.random() < 0.5
        self.symbols, self.quantities = draw.choice(SYMBOLS), draw.choice(QUANTITIES)
        self.distances, self.leverages = draw.choice(DISTANCES), draw.choice(LEVERAGES)
        self.isolated, self.other = draw.choice((0.1, 0.9)), draw.choice((0, 0.1, 0.4))
        self.visited = draw.random() < 0.2
        self.clients = 0

    def steps(self, number: int) -> list[Step]:
        """A sequence: settings first, then a mixture."""
        first = [step for account in (0, 1) for step in self._settings(account)]
        return [*first, Play(self.random.randrange(3)), *(self._step() for _ in range(number))]

    def _settings(self, account: int) -> list[Step]:
        draw, found = self.random, []
        if self.hedge:
            found.append(_post(account, "/fapi/v1/positionSide/dual", dualSidePosition="true"))
        for symbol in self.symbols:
            if draw.random() < self.isolated:
                found.append(_post(account, "/fapi/v1/marginType", symbol=symbol, marginType="ISOLATED"))
            if draw.random() < 0.5:
                leverage = draw.choice(self.leverages)
                found.append(_post(account, "/fapi/v1/leverage", symbol=symbol, leverage=leverage))
        return list(found)

    def _step(self) -> Step:
        kinds: list[tuple[int, Callable[[], Step]]] = [
            (30, self._play), (4, self._wait), (22, self._order), (14, self._close), (8, self._stop), (6, self._amend),
            (5, self._cancel), (3, self._cancel_all), (3, self._batch), (3, self._margin), (3, self._change),
            (2, self._countdown), (5, self._query), (2, self._anything), (1, self._raw),
            (5 * self.visited, self._intervene),
        ]  # fmt: skip
        step = self.random.choices([kind for _, kind in kinds], [weight for weight, _ in kinds])[0]()
        return self._altered(step) if isinstance(step, Rest | Call) and self.random.random() < 0.07 else step

    def _play(self) -> Step:
        return Play(self.random.choice((1, 1, 2, 3, 5, 12)))

    def _wait(self) -> Step:
        return Wait(self.random.choice((1, 50, 1_000, 10_000, 100_000)))

    def _account(self) -> int:
        return int(self.random.random() < self.other)

    def _sided(self, opens: bool) -> tuple[str, dict[str, Value]]:
        """A side, and the position side that makes it open or close where the mode is hedge."""
        draw = self.random
        side = draw.choice(("BUY", "SELL"))
        if self.hedge == (draw.random() < 0.03):
            return side, {}
        return side, {"positionSide": "LONG" if (side == "BUY") == opens else "SHORT"}

    def _regular(self, opens: bool) -> dict[str, Value]:
        draw, symbol = self.random, self.random.choice(self.symbols)
        side, fields = self._sided(opens)
        fields |= {"symbol": symbol, "side": side, "quantity": draw.choice(self.quantities)}
        if draw.random() < 0.4:
            fields["type"] = "MARKET"
        else:
            away = draw.choice(self.distances)
            force = draw.choice(("GTC", "GTC", "GTC", "GTC", "IOC", "FOK", "GTX", "GTD"))
            fields |= {"type": "LIMIT", "price": Near(symbol, away), "timeInForce": force}
            if force == "GTD":
                fields["goodTillDate"] = Later(draw.choice((601_000, 700_000, 3_600_000)))
            if draw.random() < 0.05:
                del fields["price"]
                fields["priceMatch"] = draw.choice(("OPPONENT", "QUEUE", "OPPONENT_5", "QUEUE_20"))
        if draw.random() < 0.3:
            fields["newClientOrderId"] = self._client_id()
        if draw.random() < 0.2:
            fields["selfTradePreventionMode"] = draw.choice(("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"))
        if draw.random() < 0.3:
            fields["newOrderRespType"] = draw.choice(("ACK", "RESULT"))
        return fields

    def _client_id(self) -> str:
        self.clients += 1
        return f"c{self.random.randrange(self.clients)}"

    def _order(self) -> Step:
        return self._sent("POST", "/fapi/v1/order", "order.place", self._regular(opens=True))

    def _close(self) -> Step:
        fields, back = self._regular(opens=False), self.random.randrange(3)
        if self.random.random() < 0.8:
            symbol = Known("heldSymbol", back)
            fields |= {"symbol": symbol, "side": Known("closingSide", back), "positionSide": Known("heldSide", back)}
            if isinstance(price := fields.get("price"), Near):
                fields["price"] = Near(symbol, price.ticks)
            if self.random.random() < 0.6:
                fields["quantity"] = Known("heldAmount", back)
        if self.random.random() < (0.1 if self.hedge else 0.7):
            fields["reduceOnly"] = "true"
        return self._sent("POST", "/fapi/v1/order", "order.place", fields)

    def _stop(self) -> Step:
        draw, symbol = self.random, self.random.choice(self.symbols)
        side, fields = self._sided(opens=draw.random() < 0.2)
        kind = draw.choice(
            ("STOP_MARKET", "STOP_MARKET", "STOP", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")
        )
        fields |= {"algoType": "CONDITIONAL", "type": kind, "symbol": symbol, "side": side}
        away = draw.choice((1, 4, 20, 100)) * (1 if (side == "BUY") == (kind in ("STOP", "STOP_MARKET")) else -1)
        if kind == "TRAILING_STOP_MARKET":
            fields["callbackRate"] = draw.choice(("0.1", "1", "5"))
        else:
            fields["triggerPrice"] = Near(symbol, away)
        if kind in ("STOP", "TAKE_PROFIT"):
            fields |= {"price": Near(symbol, away + draw.choice((-10, 0, 10))), "timeInForce": "GTC"}
        if kind in ("STOP_MARKET", "TAKE_PROFIT_MARKET") and draw.random() < 0.3:
            fields["closePosition"] = "true"
        else:
            fields["quantity"] = draw.choice(self.quantities)
            if not self.hedge and draw.random() < 0.6:
                fields["reduceOnly"] = "true"
        if draw.random() < 0.3:
            fields["workingType"] = draw.choice(("MARK_PRICE", "CONTRACT_PRICE"))
        if draw.random() < 0.3:
            fields["clientAlgoId"] = self._client_id()
        return self._sent("POST", "/fapi/v1/algoOrder", "algoOrder.place", fields)

    def _amend(self) -> Step:
        return self._sent("PUT", "/fapi/v1/order", "order.modify", self._amended(self.random.randrange(6)))

    def _amended(self, back: int) -> dict[str, Value]:
        symbol = Known("symbol", back)
        fields: dict[str, Value] = {"symbol": symbol, "side": Known("side", back)}
        fields |= {
            "quantity": self.random.choice(self.quantities),
            "price": Near(symbol, self.random.randrange(-20, 21)),
        }
        return fields | self._order_id(back)

    def _order_id(self, back: int) -> dict[str, Value]:
        kind = self.random.choice(("orderId", "orderId", "origClientOrderId"))
        return {kind: Known(kind, back)}

    def _cancel(self) -> Step:
        if self.random.random() < 0.3:
            kind = self.random.choice(("algoId", "clientAlgoId"))
            fields: dict[str, Value] = {kind: Known(kind, self.random.randrange(4))}
            return self._sent("DELETE", "/fapi/v1/algoOrder", "algoOrder.cancel", fields)
        back = self.random.randrange(6)
        fields = {"symbol": Known("symbol", back)} | self._order_id(back)
        return self._sent("DELETE", "/fapi/v1/order", "order.cancel", fields)

    def _cancel_all(self) -> Step:
        path = self.random.choice(("/fapi/v1/allOpenOrders", "/fapi/v1/algoOpenOrders"))
        return Rest(self._account(), "DELETE", path, (("symbol", self.random.choice(self.symbols)),))

    def _batch(self) -> Step:
        draw = self.random
        orders = tuple(_fields(self._regular(opens=draw.random() < 0.6)) for _ in range(draw.randrange(1, 7)))
        if draw.random() < 0.7:
            return Rest(self._account(), "POST", "/fapi/v1/batchOrders", (("batchOrders", Many(orders)),))
        amended = tuple(_fields(self._amended(back)) for back in range(len(orders)))
        return Rest(self._account(), "PUT", "/fapi/v1/batchOrders", (("batchOrders", Many(amended)),))

    def _margin(self) -> Step:
        draw = self.random
        back = draw.randrange(3)
        fields: dict[str, Value] = {"symbol": Known("heldSymbol", back), "type": draw.choice(("1", "2"))}
        fields["amount"] = draw.choice(("0.00000001", "0.5", "10", "300", "5000"))
        fields["positionSide"] = Known("heldSide", back)
        return Rest(self._account(), "POST", "/fapi/v1/positionMargin", _fields(fields))

    def _change(self) -> Step:
        draw, account = self.random, self._account()
        kind = draw.randrange(3)
        if kind == 0:
            leverage = draw.choice(("1", "3", "20", "50", "125"))
            return _post(account, "/fapi/v1/leverage", symbol=draw.choice(self.symbols), leverage=leverage)
        if kind == 1:
            margin_type = draw.choice(("ISOLATED", "CROSSED"))
            return _post(account, "/fapi/v1/marginType", symbol=draw.choice(self.symbols), marginType=margin_type)
        return _post(account, "/fapi/v1/positionSide/dual", dualSidePosition=draw.choice(("true", "false")))

    def _countdown(self) -> Step:
        length = self.random.choice(("0", "1", "1000", "20000"))
        return _post(
            self._account(),
            "/fapi/v1/countdownCancelAll",
            symbol=self.random.choice(self.symbols),
            countdownTime=length,
        )

    def _query(self) -> Step:
        fields: dict[str, Value] = {}
        if self.random.random() < 0.8:
            fields["symbol"] = self.random.choice(self.symbols)
        if self.random.random() < 0.3:
            fields["limit"] = self.random.choice(("1", "5", "100", "1000", "0", "-1", "5000"))
        if self.random.random() < 0.3:
            fields |= {
                "startTime": Later(-self.random.randrange(10**8)),
                "endTime": Later(self.random.randrange(10**6)),
            }
        if self.random.random() < 0.3:
            fields |= self._order_id(self.random.randrange(6))
        return Rest(self._account(), "GET", self.random.choice(READS), _fields(fields))

    def _anything(self) -> Step:
        """Any endpoint or method with parameters of an order."""
        fields = _fields(self._regular(True) | self._order_id(self.random.randrange(6)))
        if self.random.random() < 0.3:
            return Call(self._account(), self.random.choice(CALLS), fields)
        method, path = self.random.choice(PATHS)
        return Rest(self._account(), method, path, fields, form=self.random.random() < 0.5)

    def _raw(self) -> Step:
        data = self.random.choice(RAW)
        return Raw(data, socket=data.isascii() and self.random.random() < 0.6)

    def _intervene(self) -> Step:
        draw = self.random
        account, symbol, percent = f"account-{self._account()}", draw.choice(self.symbols), draw.choice((1, 40, 100))
        return Intervene(
            draw.choice(
                (
                    interventions.ClosePositions(account, symbol),
                    interventions.Transfer(account, draw.choice((1, -1)) * draw.choice((1, 10**9, 10**12))),
                    interventions.Deleverage(account, symbol, percent),
                    interventions.LiquidatePart(account, symbol, percent),
                    interventions.SettleSymbol(symbol),
                    interventions.RestrictToReducing(account, draw.random() < 0.5),
                    interventions.PayFeesInBnb(account, draw.choice((0, 500 * 10**8))),
                    ForceLiquidation(account, symbol),
                )
            )
        )

    def _sent(self, method: str, path: str, call: str, fields: dict[str, Value]) -> Step:
        """The request over REST, mostly, or over the WebSocket API."""
        if self.random.random() < 0.25:
            return Call(self._account(), call, _fields(fields))
        return Rest(self._account(), method, path, _fields(fields), form=self.random.random() < 0.3)

    def _altered(self, step: Rest | Call) -> Step:
        """The step with a parameter dropped, doubled, added or replaced by nonsense, or without a signature."""
        draw, fields = self.random, list(step.fields)
        place = draw.randrange(len(fields)) if fields else 0
        kind = draw.randrange(5)
        if kind == 0 and fields:
            fields.pop(place)
        elif kind == 1 and fields:
            fields.append((fields[place][0], draw.choice(NONSENSE)))
        elif kind == 2:
            fields.append(
                (
                    draw.choice(("recvWindow", "timestamp", "limit", "fromId", "page", "stopPrice")),
                    draw.choice(NONSENSE),
                )
            )
        elif kind == 3 and isinstance(step, Rest):
            return Rest(step.account, step.method, step.path, step.fields, step.form, signed=False)
        elif fields:
            fields[place] = (fields[place][0], draw.choice(NONSENSE))
        if isinstance(step, Rest):
            return Rest(step.account, step.method, step.path, tuple(fields), step.form, step.signed)
        return Call(step.account, step.method, tuple(fields))


def _fields(fields: dict[str, Value]) -> Fields:
    return tuple(fields.items())


def _post(account: int, path: str, **fields: Value) -> Rest:
    return Rest(account, "POST", path, _fields(fields))
