"""An engine driven by tests: events go in by short methods, actions are kept, time moves by `wait`."""

from typing import Any, TypeVar

from live.engine import actions as a
from live.engine import events as e
from live.engine.engine import start, step
from live.engine.intents import Intent, Purpose
from live.engine.limits import Executor, effective
from live.engine.settings import BarSettings, ImbalanceSettings
from live.engine.state import Position
from live.enums import AlgoStatus, OrderStatus, Side
from live.money import SCALE, parse
from tests.live.engine.states import CAPITAL, CONTRACT, NOW_NS, PRICE, SYMBOL

MS, S = 1_000_000, 1_000_000_000
A = TypeVar("A", bound=a.Action)


class DrivenEngine:
    """One engine on BTCUSDT at 60,000 with a capital of 40,000. bars: of a strategy on bars, else of the imbalance."""

    def __init__(self, limits: dict[str, int] | None = None, bars: BarSettings | None = None, **settings: Any) -> None:
        chosen = None if bars else ImbalanceSettings(**{"depth": 1} | settings)
        limit = effective(Executor.BARS if bars else Executor.SCALP, CAPITAL, limits or {})
        self.state = start(e.Started(NOW_NS, "r", CAPITAL, chosen, limit, (CONTRACT,), bars=bars))
        self.now_ns, self.actions, self.trade_id = NOW_NS, list[a.Action](), 0
        self.mark()
        self.take(e.BalanceReport(self.now_ns, "USDT", CAPITAL, CAPITAL, self.now_ns, e.Witness.QUERY))

    @property
    def position(self) -> Position:
        return self.state.positions[SYMBOL]

    def take(self, event: e.Event) -> list[a.Action]:
        """Step; return and keep its actions."""
        done = step(self.state, event)
        self.actions += done
        return done

    def wait(self, ns: int) -> list[a.Action]:
        """Let time pass, with a tick whenever the engine wants one."""
        done, until_ns = list[a.Action](), self.now_ns + ns
        while self.now_ns < self.state.wake_ns <= until_ns:
            self.now_ns = self.state.wake_ns
            done += self.take(e.Tick(self.now_ns))
        self.now_ns = until_ns
        return done

    def mark(self, price: int = PRICE) -> list[a.Action]:
        return self.take(e.MarkChanged(self.now_ns, SYMBOL, self.now_ns, price))

    def book(self, bid: str = "4", ask: str = "1", price: int = PRICE, usable: bool = True) -> list[a.Action]:
        """A book of one level a side around a price; by default it leans to buying."""
        bids, asks = (price - CONTRACT.tick, parse(bid)), (price, parse(ask))
        return self.take(e.BookChanged(self.now_ns, SYMBOL, self.now_ns, 7, usable, bids, asks))

    def answer(self, request: e.Request, client_id: str, outcome: e.RequestOutcome, code: int = 0) -> list[a.Action]:
        return self.take(e.Answered(self.now_ns, request, SYMBOL, client_id, outcome, code))

    def report(
        self, intent: Intent, status: OrderStatus, filled: str = "0", trade: str = "", **changes: Any
    ) -> list[a.Action]:
        """An order report; with `trade` one that announces a fill of that quantity."""
        fill = self.fill(intent, trade) if trade else None
        order_id = changes.pop("order_id", 0) or 1_000 + int(intent.client_id.strip("rS-"))
        fields = {"client_id": intent.client_id, "witness": e.Witness.STREAM, "event_ns": self.now_ns} | changes
        return self.take(
            e.OrderReport(
                time_ns=self.now_ns,
                symbol=SYMBOL,
                order_id=order_id,
                side=intent.side,
                status=status,
                quantity=intent.quantity,
                filled=parse(filled),
                reduce_only=intent.reduce_only,
                fill=fields.pop("fill", fill),
                **fields,
            )
        )

    def fill(self, intent: Intent, quantity: str, price: int = PRICE) -> e.Fill:
        """A new trade, with the taker's fee."""
        self.trade_id += 1
        units = parse(quantity)
        return e.Fill(self.trade_id, price, units, price * units // SCALE // 2_000, "USDT", maker=False, realised=0)

    def position_report(self, quantity: str, queried: bool = True) -> list[a.Action]:
        witness = e.Witness.QUERY if queried else e.Witness.STREAM
        return self.take(
            e.PositionReport(self.now_ns, SYMBOL, parse(quantity), PRICE, self.now_ns, self.now_ns, witness)
        )

    def stop_report(self, status: AlgoStatus = AlgoStatus.NEW, order_id: int = 0) -> list[a.Action]:
        client_id = f"{self.position.id}S"
        return self.take(
            e.StopReport(self.now_ns, SYMBOL, client_id, 9, status, self.now_ns, e.Witness.STREAM, order_id)
        )

    def enter(self) -> Intent:
        """A book that leans to buying, and the entry it causes."""
        return self.only(self.book(), Purpose.ENTRY)

    def open(self) -> Intent:
        """A long position of 0.166 with a confirmed stop; returns its entry."""
        intent = self.enter()
        self.answer(e.Request.PLACE, intent.client_id, e.RequestOutcome.ACCEPTED)
        self.report(intent, OrderStatus.FILLED, "0.166", trade="0.166")
        self.answer(e.Request.PLACE_STOP, f"{intent.client_id}S", e.RequestOutcome.ACCEPTED)
        self.now_ns += MS
        self.position_report("0.166")
        self.now_ns += MS
        return intent

    def placed(self, actions: list[a.Action] | None = None, purpose: Purpose | None = None) -> list[Intent]:
        """Intents that were sent, of one purpose or of all."""
        found = [
            x.approved.intent for x in (self.actions if actions is None else actions) if isinstance(x, a.PlaceOrder)
        ]
        return [intent for intent in found if purpose in (None, intent.purpose)]

    def only(self, actions: list[a.Action], purpose: Purpose) -> Intent:
        """The only intent of a purpose among actions."""
        (intent,) = self.placed(actions, purpose)
        return intent

    def kinds(self, kind: type[A], actions: list[a.Action] | None = None) -> list[A]:
        return [action for action in (self.actions if actions is None else actions) if isinstance(action, kind)]


def opposite(side: Side) -> Side:
    return side.opposite
