"""The exchange: each step takes one input and returns the resulting events.

Deterministic: no clock, socket, file or random number. The same inputs in the same order give identical events.
"""

from collections.abc import Callable
from typing import Any

from live.enums import WorkingType
from live.simulator.core import (
    algo_order_service,
    commands,
    funding,
    liquidation,
    order_service,
    queues,
    reducing,
    risk,
    settings_service,
    timers,
)
from live.simulator.core.events import AccountChanged, Answered, Event, OrderChanged
from live.simulator.core.intervening.services import SERVICES as INTERVENTIONS
from live.simulator.core.rejections import Rejection
from live.simulator.core.state import State


class Exchange:
    """Applies inputs to the exchange's state.

    due_ms: when the next timer is due, in milliseconds; 0 before the first step.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self.due_ms = 0

    def step(self, event: commands.Input) -> list[Event]:
        """Apply one input and return its events; a late input is applied at the current time."""
        state = self.state
        time_ms = event.time_ms if event.time_ms > state.now_ms else state.now_ms
        if time_ms >= self.due_ms:
            timers.run_until(state, time_ms)
            self.due_ms = timers.next_due_ms(state)
        state.now_ms = time_ms
        _HANDLERS[type(event)](self, event)
        if not state.outbox:
            return []
        self._settle()
        out, state.outbox = state.outbox, []
        return out

    def _on_depth(self, update: commands.DepthApplied) -> None:
        state = self.state
        market = state.markets[update.symbol]
        market.in_sync = update.in_sync
        if not update.in_sync:
            return
        market.applied(update, state.now_ms)
        market.follow_mid()
        if not 0 < market.next_funding_ms <= state.now_ms + funding.LONGEST_MS:
            funding.start(market, state.now_ms)
            self.due_ms = timers.next_due_ms(state)
        if state.liquidations:
            liquidation.resume(state, update.symbol)
        if state.open.get(update.symbol):
            queues.on_depth(state, update)
            order_service.release(state, market)
        if not market.marked:
            self._mark_moved(update.symbol)

    def quote(self, ticker: commands.Quoted) -> list[Event]:
        """As `step`, for a ticker: most lines of a tape are tickers, and nothing follows from one."""
        state, market = self.state, self.state.markets.get(ticker.symbol)
        if market is None:
            return []
        if ticker.time_ms >= self.due_ms:
            return self.step(ticker)
        if ticker.time_ms > state.now_ms:
            state.now_ms = ticker.time_ms
        if market.evidence is not None:
            market.evidence.quoted(ticker, market.update_id)
        return []

    def _on_quote(self, ticker: commands.Quoted) -> None:
        market = self.state.markets[ticker.symbol]
        if market.evidence is not None:
            market.evidence.quoted(ticker, market.update_id)

    def _on_trade(self, trade: commands.Traded) -> None:
        state = self.state
        market = state.markets[trade.symbol]
        market.traded(trade)
        if not (state.open.get(trade.symbol) or state.waiting.get(trade.symbol)) or not market.rules.trading:
            return
        if market.in_sync:
            queues.on_trade(state, trade)
        algo_order_service.on_price(state, trade.symbol, WorkingType.CONTRACT_PRICE)
        if state.interventions.late:
            self.due_ms = min([self.due_ms, *state.interventions.late.values()])

    def _on_mark(self, mark: commands.Marked) -> None:
        market = self.state.markets[mark.symbol]
        market.marked = True
        market.mark_price = mark.mark_price
        market.index_price = mark.index_price or mark.mark_price
        market.funding_rate = mark.funding_rate
        funding.start(market, self.state.now_ms)
        if mark.symbol not in self.state.interventions.funding_changed:
            funding.follow(market, mark.next_funding_ms, self.state.now_ms)
        self.due_ms = timers.next_due_ms(self.state)
        self._mark_moved(mark.symbol)

    def _mark_moved(self, symbol: str) -> None:
        algo_order_service.on_price(self.state, symbol, WorkingType.MARK_PRICE)
        risk.watch(self.state)

    def _on_clock(self, _: commands.Clock) -> None:
        """Nothing to do: `step` has already run the timers."""

    def _on_command(self, command: commands.Command) -> None:
        try:
            value = _SERVICES[type(command.body)](self.state, command.body)
        except Rejection as refused:
            self.state.outbox.append(Answered(command.number, None, refused))
        else:
            self.state.outbox.append(Answered(command.number, value))
        self.due_ms = timers.next_due_ms(self.state)

    def _settle(self) -> None:
        """Handle follow-ups: expire orders with nothing left to reduce, finish triggered conditional orders."""
        seen = 0
        while seen < len(self.state.outbox):
            event = self.state.outbox[seen]
            seen += 1
            if isinstance(event, OrderChanged):
                self._follow_up(event)
            elif isinstance(event, AccountChanged):
                liquidation.clear_debt(self.state, self.state.accounts[event.account])

    def _follow_up(self, event: OrderChanged) -> None:
        state, order = self.state, event.order
        if event.fill or order.request.only_reduces:
            reducing.give_way(state, state.accounts[order.account], order.symbol, order.request.position_side)
        if order.request.algo_id and not order.status.open:
            algo_order_service.settle(state, order.order_id, order.request.algo_id)


def _change_rules(state: State, command: commands.ChangeRules) -> None:
    state.market(command.rules.symbol).rules = command.rules


_HANDLERS: dict[type, Callable[[Exchange, Any], None]] = {
    commands.DepthApplied: Exchange._on_depth,
    commands.Quoted: Exchange._on_quote,
    commands.Traded: Exchange._on_trade,
    commands.Marked: Exchange._on_mark,
    commands.Clock: Exchange._on_clock,
    commands.Command: Exchange._on_command,
}

_SERVICES: dict[type, Callable[[State, Any], Any]] = {
    commands.Submit: order_service.submit,
    commands.CheckOrder: order_service.check_only,
    commands.Cancel: order_service.cancel,
    commands.CancelAll: order_service.cancel_all,
    commands.Amend: order_service.amend,
    commands.SetCountdown: order_service.set_countdown,
    commands.PlaceAlgo: algo_order_service.place,
    commands.CancelAlgo: algo_order_service.cancel,
    commands.CancelAllAlgos: algo_order_service.cancel_all,
    commands.SetLeverage: settings_service.set_leverage,
    commands.SetMarginType: settings_service.set_margin_type,
    commands.SetDualSide: settings_service.set_dual_side,
    commands.SetMultiAssets: settings_service.set_multi_assets,
    commands.SetFeeBurn: settings_service.set_fee_burn,
    commands.MoveIsolatedMargin: settings_service.move_isolated_margin,
    commands.ForceLiquidation: liquidation.force,
    commands.ChangeRules: _change_rules,
    **INTERVENTIONS,
}
