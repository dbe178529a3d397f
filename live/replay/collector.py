"""Collects what a run's report needs while it goes on: fills from events, intents and refusals from actions."""

from collections import Counter

import msgspec

from live.engine.actions import Action, PlaceOrder, Refusal
from live.engine.events import AccountTrade, BookChanged, Event, FundingPaid, OrderReport, StopReport, TradesReport
from live.engine.intents import Purpose
from live.replay.figures.trades import TapeTrades
from live.replay.round_trips import ExitReason, RoundTrip
from live.replay.trip_recorder import AccountFill, MarkoutRecorder, TripRecorder

_REASONS = {reason.value: reason for reason in ExitReason}


class Traded(msgspec.Struct, frozen=True):
    """A fill as the engine learned it, and as round trips take it."""

    trade: AccountTrade
    fill: AccountFill


class RunCollector:
    """Books are counted in `updates`; a fill counts once by its trade id, whichever report brings it first.

    traded: by trade id. funding: in the order in which it was reported.
    """

    def __init__(self, symbol: str) -> None:
        self.updates = self.entries = 0
        self.refused: Counter[str] = Counter()
        self._symbol = symbol
        self.traded: dict[int, Traded] = {}
        self.funding: list[FundingPaid] = []
        self._reasons: dict[str, str] = {}
        self._client_ids: dict[int, str] = {}
        self._stop_orders: set[int] = set()
        self._markouts = MarkoutRecorder()

    def on_event(self, event: Event) -> None:
        """Take an event before the engine does."""
        if type(event) is BookChanged:
            self.updates += 1
            self._markouts.on_book(event)
        elif isinstance(event, OrderReport):
            self._client_ids[event.order_id] = event.client_id
            if event.fill:
                self._on_trade(AccountTrade(event.order_id, event.side, event.fill, event.event_ns))
        elif isinstance(event, TradesReport):
            for trade in event.trades:
                self._on_trade(trade)
        elif isinstance(event, StopReport) and event.order_id:
            self._stop_orders.add(event.order_id)
        elif isinstance(event, FundingPaid):
            self.funding.append(event)

    @property
    def due_ns(self) -> int:
        """The first book after this time must be given to `on_event` by itself."""
        return self._markouts.due_ns

    def pass_books(self, count: int, last: BookChanged) -> None:
        """As `on_event` of usable books up to `due_ns`."""
        self.updates += count
        self._markouts.on_book(last)

    def on_action(self, action: Action) -> None:
        """Take an action of the engine."""
        if isinstance(action, Refusal):
            self.refused[action.refused.reason] += 1
        elif isinstance(action, PlaceOrder):
            intent = action.approved.intent
            self._reasons[intent.client_id] = intent.reason
            self.entries += intent.purpose is Purpose.ENTRY

    def trades(self, span_ns: int) -> TapeTrades:
        """The round trips that are complete, and the fills of orders that rested."""
        return TapeTrades(tuple(self._round_trips()), self._markouts.fills, span_ns)

    def _on_trade(self, trade: AccountTrade) -> None:
        fill = trade.fill
        if fill.trade_id in self.traded:
            return
        account_fill = AccountFill(
            symbol=self._symbol,
            side=trade.side,
            time_ns=trade.event_ns,
            price=fill.price,
            quantity=fill.quantity,
            fee=fill.fee,
            maker=fill.maker,
        )
        self.traded[fill.trade_id] = Traded(trade, account_fill)
        self._markouts.on_fill(account_fill)

    def _round_trips(self) -> list[RoundTrip]:
        """In order of trade ids; the reason of an exit is known only at the end, when every stop has reported."""
        recorder, funding = TripRecorder(), sorted(self.funding, key=lambda one: one.event_ns)
        for _, traded in sorted(self.traded.items()):
            while funding and funding[0].event_ns < traded.fill.time_ns:
                paid = funding.pop(0)
                recorder.on_funding(paid.symbol, paid.amount)
            recorder.on_fill(msgspec.structs.replace(traded.fill, reason=self._reason(traded)))
        return recorder.trips

    def _reason(self, traded: Traded) -> ExitReason:
        if traded.trade.order_id in self._stop_orders:
            return ExitReason.STOP
        client_id = self._client_ids.get(traded.trade.order_id, "")
        return _REASONS.get(self._reasons.get(client_id, ""), ExitReason.KILL)
