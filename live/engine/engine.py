"""One step of the engine: an event in, actions out. docs/engine.md explains states, rules and times."""

from collections.abc import Callable
from typing import Any

from live.engine import adopting, exits, fees, funding, protection
from live.engine import events as e
from live.engine.actions import Action, Alert
from live.engine.contract import margin_asset_of
from live.engine.decided import Adopted, LimitsTightened
from live.engine.entries import on_signal
from live.engine.known import AccountKnown
from live.engine.latching import alert, latch
from live.engine.limits import UNITS, Executor, described, require_kind, require_limits, tightest
from live.engine.orders import answers, reports
from live.engine.positions import on_report
from live.engine.queries import answered
from live.engine.risk.profit import loss_reason, take_over
from live.engine.risk.uses import newly_approached
from live.engine.settings import ImbalanceSettings
from live.engine.signals.bars import BarSignal
from live.engine.signals.imbalance import ImbalanceSignal
from live.engine.state import Account, EngineState, Market, Position, Signal
from live.engine.tending import ask_again_for_all, tend, tend_all, wake

MakeSignal = Callable[[ImbalanceSettings], Signal]
_ORDER_REQUESTS = (e.Request.PLACE, e.Request.CANCEL, e.Request.ORDER)
_STOP_REQUESTS = (e.Request.PLACE_STOP, e.Request.CANCEL_STOP, e.Request.STOP)


def start(event: e.Started, make_signal: MakeSignal = ImbalanceSignal) -> EngineState:
    """The state before the first event. make_signal: another signal than the imbalance, for controls.

    Raises:
        LooserLimitsError: the limits are above those of the capital, or of another kind of strategy.
        MarginAssetsError: the contracts are margined in several assets.
    """
    require_limits(event.limits, event.capital)
    margin_asset_of(event.contracts)
    require_kind(event.limits, Executor.BARS if event.bars else Executor.SCALP)
    state = EngineState(
        run=event.run,
        settings=event.strategy,
        limits=event.limits,
        account=Account(event.capital),
        markets={c.symbol: Market(c, _signal(event, make_signal)) for c in event.contracts},
        started_ns=event.time_ns,
        now_ns=event.time_ns,
    )
    state.positions = {symbol: Position(symbol) for symbol in state.markets}
    if event.carried is not None:
        take_over(state, event.carried)
    return state


def _signal(event: e.Started, make_signal: MakeSignal) -> Signal:
    if event.bars is not None:
        return BarSignal(event.bars)
    assert event.settings is not None
    return make_signal(event.settings)


def step(state: EngineState, event: e.Event) -> list[Action]:
    """Take one event; return what is to be done, in order. Time never goes back."""
    if event.time_ns > state.now_ns:
        state.now_ns = event.time_ns
    if type(event) is e.BookChanged:
        return _on_book(state, event)
    if type(event) is e.Ended:
        return []
    handler, symbol = _HANDLERS.get(type(event)), getattr(event, "symbol", "")
    actions: list[Action] = []
    if symbol and symbol not in state.markets and type(event) is not e.Answered:
        actions += _other_symbol(state, event, symbol)
    elif handler:
        actions += handler(state, event)
    actions += _check_limits(state)
    actions += tend_all(state)
    actions += wake(state)
    return actions


def _on_book(state: EngineState, book: e.BookChanged) -> list[Action]:
    market = state.markets.get(book.symbol)
    if market is None:
        return []
    market.book = book
    side = market.signal.update(book)
    position = state.positions[book.symbol]
    if position.quantity:
        if not exits.on_book(position, book):
            return []
    elif side is None or not (actions := on_signal(state, market, book, side)):
        return []
    else:
        return actions + wake(state)
    return tend(state, book.symbol) + wake(state)


def _other_symbol(state: EngineState, event: e.Event, symbol: str) -> list[Action]:
    """Somebody trades a symbol of the account that this run does not: it shares the margin, so entries end."""
    if not isinstance(event, e.OrderReport | e.StopReport | e.TradesReport | e.PositionReport | e.FundingPaid):
        return []
    return latch(state, "foreign_order", symbol, f"{symbol} is traded in this account, but not by this run.")


def _on_mark(state: EngineState, event: e.MarkChanged) -> list[Action]:
    market = state.markets[event.symbol]
    if event.event_ns >= market.mark_ns:
        market.mark, market.mark_ns = event.price, event.event_ns
    return []


def _on_decided(state: EngineState, event: e.BarDecided) -> list[Action]:
    """The entry follows on a book, exits follow at once: `exits.tend` compares with what is held."""
    signal = state.markets[event.symbol].signal
    if isinstance(signal, BarSignal):
        signal.take(event)
    return []


def _on_strategy(state: EngineState, event: e.StrategyReported) -> list[Action]:
    """What is open is looked after without the strategy: by its stop, its target and its longest hold."""
    if event.code == e.STRATEGY_STOPPED:
        return latch(state, f"{event.code}: {event.text.rstrip('.')}", event.symbol, event.text, code=event.code)
    return alert(state, event.code, event.symbol, event.text)


def _check_limits(state: EngineState) -> list[Action]:
    """Losses at their limit close everything and end the run's entries; each limit is announced at 80 %."""
    reason, actions = loss_reason(state), list[Action]()
    for use in newly_approached(state):
        text = f"{use.limit}: {UNITS[use.limit].show(use.used)} of {UNITS[use.limit].show(use.allowed)} is used."
        actions.append(Alert(state.now_ns, "risk_limit_approached", "", text, use))
    if reason is None:
        return actions
    text = f"The limit {reason} is reached. Everything is closed and entries end."
    return actions + latch(state, reason, "", text, flatten=True)


def _on_answered(state: EngineState, event: e.Answered) -> list[Action]:
    """After 429 and 418 every request makes the ban longer, so all of them wait."""
    if event.retry_after_ns:
        state.quiet_until_ns = max(state.quiet_until_ns, state.now_ns + event.retry_after_ns)
    if event.request is e.Request.PRICE:
        return fees.on_answer(state, event)
    if event.symbol and event.symbol not in state.markets:
        return []
    if event.request in _ORDER_REQUESTS:
        return answers.on_answer(state, event)
    if event.request in _STOP_REQUESTS:
        return protection.on_answer(state, event)
    query = state.markets[event.symbol].query(event.request) if event.symbol else state.funding_query
    answered(query)
    return []


def _on_position(state: EngineState, event: e.PositionReport) -> list[Action]:
    if event.witness is e.Witness.QUERY:
        answered(state.markets[event.symbol].query(e.Request.POSITION))
    return on_report(state, event)


def _on_balance(state: EngineState, event: e.BalanceReport) -> list[Action]:
    """A balance in another asset, such as the BNB that pays fees, is no margin."""
    account, margins = state.account, {market.contract.margin_asset for market in state.markets.values()}
    if event.asset in margins and event.event_ns >= account.reported_ns:
        account.wallet, account.reported_ns = event.wallet, event.event_ns
        account.available = event.available if event.available >= 0 else account.available
    return []


def _on_account(state: EngineState, event: e.AccountChanged) -> list[Action]:
    text = f"The account was changed by somebody else: {event.what}. Entries have ended."
    return latch(state, "account_changed", event.symbol, text)


def _on_known(state: EngineState, event: AccountKnown) -> list[Action]:
    state.account_known = event.known
    if event.known:
        return []
    return alert(
        state, "account_unread", "", "The account or its contracts could not be read for minutes. Entries wait."
    )


def _on_contract(state: EngineState, event: e.ContractChanged) -> list[Action]:
    """New orders keep to the new filters; what rests or is under way stays as it was sent."""
    market, contract = state.markets.get(event.contract.symbol), event.contract
    if market is None or market.contract == contract:
        return []
    market.contract = contract
    trading = "it takes orders" if contract.trading else "it takes no orders: nothing is entered"
    text = f"{contract.symbol}: filters, rates or status were changed by the exchange; {trading}."
    return alert(state, "contract_changed", contract.symbol, text)


def _on_limits(state: EngineState, event: LimitsTightened) -> list[Action]:
    """They hold from now on: what is open above them stays protected, and nothing is entered."""
    before, state.limits = described(state.limits), tightest(state.limits, event.limits)
    changed = [
        f"{name} {now} (was {before[name]})" for name, now in described(state.limits).items() if now != before[name]
    ]
    if not changed:
        return []
    return alert(state, "limits_tightened", "", f"Limits were tightened: {', '.join(changed)}.")


def _on_connection(state: EngineState, event: e.Connection) -> list[Action]:
    """After the user stream is back, whatever it may have missed is asked for."""
    if event.stream is e.StreamKind.MARKET:
        state.market_up = event.up
        return []
    state.user_up = event.up
    if not event.up:
        return []
    funding.check_later(state)
    return ask_again_for_all(state)


def _on_command(state: EngineState, event: e.Commanded) -> list[Action]:
    if event.command is e.Command.KILL:
        return latch(state, exits.KILLED, "", f"Killed: {event.reason}.", flatten=True)
    if event.command is e.Command.STOP:
        state.stopping = True
    else:
        state.paused = event.command is e.Command.PAUSE
    return alert(state, str(event.command), "", f"{event.command}: {event.reason}")


_HANDLERS: dict[type, Callable[[EngineState, Any], list[Action]]] = {
    e.MarkChanged: _on_mark,
    e.BarDecided: _on_decided,
    e.StrategyReported: _on_strategy,
    e.Answered: _on_answered,
    e.OrderReport: reports.on_order,
    e.StopReport: protection.on_report,
    e.TradesReport: reports.on_trades,
    e.PositionReport: _on_position,
    e.OpenOrdersReport: reports.on_open_orders,
    e.OpenStopsReport: protection.on_open_stops,
    e.BalanceReport: _on_balance,
    e.FundingPaid: funding.on_paid,
    e.FundingReport: funding.on_report,
    e.PriceReport: fees.on_price,
    e.AccountChanged: _on_account,
    AccountKnown: _on_known,
    Adopted: adopting.on_adopted,
    e.ContractChanged: _on_contract,
    LimitsTightened: _on_limits,
    e.Connection: _on_connection,
    e.Commanded: _on_command,
}
