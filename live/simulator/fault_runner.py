"""Carries out what faults do by themselves: in the matching engine, to connections, clocks and contracts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from live.money import parse
from live.simulator.contract_changes import ContractChanges, ContractFault
from live.simulator.core import interventions as do
from live.simulator.core.commands import (
    CancelAll,
    CancelAllAlgos,
    ChangeRules,
    ForceLiquidation,
    SetDualSide,
    SetLeverage,
    SetMarginType,
)
from live.simulator.core.events import Event
from live.simulator.core.trading_status import SETTLED
from live.simulator.faults import Change, FaultModel, Faults, Happening
from live.simulator.faults.conditions import Condition, Moment
from live.simulator.faults.kinds.accounts import (
    Action,
    Adl,
    AlgoForm,
    AlgoOutage,
    AlgoTrouble,
    Commission,
    ExpireListenKey,
    ForeignAction,
    LateFill,
    Liquidate,
    PartialLiquidation,
    RestrictAccount,
)
from live.simulator.faults.kinds.base import AccountAct, Nature
from live.simulator.faults.kinds.contracts import ChangeFilters, ContractChange, StatusChange
from live.simulator.faults.kinds.frames import ServerClose
from live.simulator.faults.kinds.requests import JumpClock, LateVisible
from live.simulator.faults.visibility import Visibility
from live.simulator.http.connections import Connections
from live.simulator.http.gateway import Gateway
from live.simulator.matching_engine import MatchingEngine
from live.simulator.schedule import MS, NEVER_NS, Schedule

HOUR_MS = 3_600_000


@dataclass(eq=False)
class FaultRunner:
    """Moves the faults' time, tells them of events, carries out their happenings. A plan begins with the first line.

    What follows from an event or a request happens at the same time, after the step that caused it.
    """

    faults: Faults
    gateway: Gateway
    engine: MatchingEngine
    connections: Connections
    background: Schedule
    visibility: Visibility
    _contracts: ContractChanges = field(init=False)

    def __post_init__(self) -> None:
        self._contracts = ContractChanges(self.gateway.feed.listed)

    @property
    def due_ns(self) -> int:
        """When the next fault begins or ends by itself."""
        due_ms = self.faults.due_ms
        return NEVER_NS if due_ms is None else due_ms * MS

    def on_events(self, events: list[Event]) -> None:
        """Take the events of one step of the exchange, before any is passed on."""
        if not self.faults.plan.faults:
            return
        self.visibility.record(events, self.engine.exchange.state)
        self.faults.on_events(events, self.gateway.now_ms)
        for happening in self.faults.happenings_of(LateVisible):
            self._affect(happening.fault, happening.moment or Moment(Condition.ORDER_ACCEPTED))

    def carry_out(self) -> None:
        """Begin and end what is due, and carry out what has happened since the last call."""
        if not self.engine.lines:
            return
        if self.faults.began_ms is None:
            self.faults.start(self.gateway.state, self.gateway.now_ms)
        self.faults.pass_time(self.gateway.now_ms)
        while self.faults.waiting:
            for happening in self.faults.happenings():
                self._happens(happening)

    def _happens(self, happening: Happening) -> None:
        fault = happening.fault
        if fault.NATURE is Nature.LASTING:
            self._lasts(fault, happening.change is Change.BEGINS)
        elif isinstance(fault, ServerClose):
            for connection in self.connections.carrying(fault.stream):
                self.connections.close(connection, fault.code, fault.reason)
        elif isinstance(fault, AccountAct):
            for account in self._accounts(fault.account):
                self._act(fault, account)
        elif happening.moment:
            self._affect(fault, happening.moment)

    def _lasts(self, fault: FaultModel, begins: bool) -> None:
        """A lasting fault begins or ends. The others of its kind are asked for where requests and frames pass."""
        match fault:
            case JumpClock():
                self.gateway.clock.jump(fault.by_ms if begins else -fault.by_ms)
            case ChangeFilters() | ContractChange() | StatusChange():
                self._change_contract(fault, begins)
            case AlgoOutage():
                self.engine.carry_out(do.StopConditionalOrders(begins))
            case RestrictAccount():
                for account in self._accounts(fault.account):
                    self.engine.carry_out(do.RestrictToReducing(account, begins))
            case Commission() if fault.form == "bnb":
                for account in self._accounts(""):
                    self.engine.carry_out(do.PayFeesInBnb(account, parse(fault.bnb_price) if begins else 0))

    def _accounts(self, account: str) -> list[str]:
        return [name for name in self.gateway.state.accounts if account in ("", name)]

    def _change_contract(self, fault: ContractFault, begins: bool) -> None:
        for rules in self._contracts.begin(fault) if begins else self._contracts.end(fault):
            if rules.symbol in self.gateway.state.markets:
                self.engine.carry_out(ChangeRules(rules))
                self._change_further(fault, rules.symbol, begins)

    def _change_further(self, fault: ContractFault, symbol: str, begins: bool) -> None:
        if isinstance(fault, ContractChange) and fault.funding_interval_hours:
            interval_ms = fault.funding_interval_hours * HOUR_MS if begins else 0
            self.engine.carry_out(do.ChangeFundingInterval(symbol, interval_ms))
        if isinstance(fault, StatusChange) and begins and fault.status in SETTLED:
            self.engine.carry_out(do.SettleSymbol(symbol))

    def _act(self, fault: AccountAct, account: str) -> None:
        if isinstance(fault, ExpireListenKey):
            self.connections.expire_listen_key(account)
            return
        for command in _commands(fault, account, self._symbols(fault, account)):
            self.engine.carry_out(command)

    def _symbols(self, fault: AccountAct, account: str) -> list[str]:
        """Symbols in which the account has a position or an order, or that the fault names."""
        state = self.gateway.feed.exchange.state
        settings = isinstance(fault, ForeignAction) and fault.action in (Action.LEVERAGE, Action.MARGIN_TYPE)
        used = [
            *(position.symbol for position in state.accounts[account].held()),
            *(order.symbol for order in state.open_orders(account)),
            *(algo.symbol for algo in state.waiting_algos(account)),
        ]
        if fault.symbol:
            return [fault.symbol] if fault.symbol in state.markets else []
        return list(dict.fromkeys(used)) or (list(state.markets) if settings else [])

    def _affect(self, fault: FaultModel, moment: Moment) -> None:
        """A fault affects one order."""
        now_ns, number = self.gateway.time.ns, moment.number
        match fault:
            case LateVisible():
                conditional = moment.condition is Condition.STOP_PLACED
                self.visibility.hide(fault, moment.account, number, conditional, self.gateway.now_ms)
            case LateFill():
                self._later(now_ns + fault.after_ms * MS, do.FillCanceled(number, fault.percent))
            case AlgoTrouble() if fault.form in (AlgoForm.CANCELED, AlgoForm.VANISHED):
                silent = fault.form is AlgoForm.VANISHED
                self._later(now_ns + fault.after_ms * MS, do.EndAlgo(number, silent))
            case AlgoTrouble():
                troubled = do.Troubled(do.Trouble(fault.form.value), fault.after_ms)
                self.engine.carry_out(do.TroubleAlgo(number, troubled))

    def _later(self, due_ns: int, command: Any) -> None:
        def send() -> None:
            self.engine.carry_out(command)

        self.background.add(due_ns, send)


def _commands(fault: AccountAct, account: str, symbols: list[str]) -> Iterable[Any]:
    """What an act sends to the matching engine; what does not apply is refused there."""
    match fault:
        case Liquidate():
            return [ForceLiquidation(account, symbol) for symbol in symbols]
        case PartialLiquidation():
            return [do.LiquidatePart(account, symbol, fault.percent) for symbol in symbols]
        case Adl():
            return [do.Deleverage(account, symbol, fault.percent) for symbol in symbols]
        case ForeignAction():
            return _foreign(fault, account, symbols)
    return []


def _foreign(fault: ForeignAction, account: str, symbols: list[str]) -> Iterable[Any]:
    if fault.action is Action.POSITION_MODE:
        return [SetDualSide(account, fault.dual_side)]
    if fault.action is Action.TRANSFER:
        return [do.Transfer(account, parse(fault.amount))]
    command: dict[Action, Callable[[str], Any]] = {
        Action.CLOSE: partial(do.ClosePositions, account),
        Action.CANCEL_ORDERS: partial(CancelAll, account),
        Action.CANCEL_STOPS: partial(CancelAllAlgos, account),
        Action.LEVERAGE: partial(SetLeverage, account, leverage=fault.leverage),
        Action.MARGIN_TYPE: partial(SetMarginType, account, margin_type=fault.margin_type),
    }
    return [command[fault.action](symbol) for symbol in symbols]
