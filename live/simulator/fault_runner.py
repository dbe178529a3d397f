"""Carries out on the venue what faults do by themselves: at a time, on a condition, or as a lasting one ends."""

from dataclasses import dataclass, field

from live.simulator.core.commands import ChangeRules, ForceLiquidation
from live.simulator.core.symbol_rules import SymbolRules
from live.simulator.faults import Change, Faults, Happening
from live.simulator.faults.kinds.accounts import ExpireListenKey, Liquidate, RestrictAccount
from live.simulator.faults.kinds.contracts import ChangeFilters
from live.simulator.faults.kinds.requests import JumpClock
from live.simulator.http.connections import Connections
from live.simulator.http.gateway import Gateway
from live.simulator.listed_symbols import with_filters
from live.simulator.matching_engine import MatchingEngine
from live.simulator.schedule import MS, NEVER_NS


@dataclass(eq=False)
class FaultRunner:
    """Moves the faults' time and carries out their happenings; the plan begins with the first line."""

    faults: Faults
    gateway: Gateway
    engine: MatchingEngine
    connections: Connections
    _rules_before: dict[str, SymbolRules] = field(default_factory=dict)

    @property
    def due_ns(self) -> int:
        """When the next fault begins or ends by itself."""
        due_ms = self.faults.due_ms
        return NEVER_NS if due_ms is None else due_ms * MS

    def carry_out(self) -> None:
        """Begin and end what is due, and carry out what has happened since the last call."""
        if not self.faults.plan.faults:
            return
        if self.faults.began_ms is None:
            self.faults.start(self.gateway.state, self.gateway.now_ms)
        self.faults.pass_time(self.gateway.now_ms)
        for happening in self.faults.happenings():
            self._apply(happening)

    def _apply(self, happening: Happening) -> None:
        fault, begins = happening.fault, happening.change is not Change.ENDS
        feed = self.gateway.feed
        if isinstance(fault, JumpClock):
            self.gateway.clock.jump(fault.by_ms if begins else -fault.by_ms)
        elif isinstance(fault, ChangeFilters):
            listed = feed.listed[fault.symbol]
            before = self._rules_before.setdefault(fault.symbol, listed)
            changed = with_filters(listed, fault.filters) if begins else before
            feed.listed[fault.symbol] = changed
            self.engine.carry_out(ChangeRules(changed))
        elif isinstance(fault, ExpireListenKey | Liquidate | RestrictAccount):
            for account in [fault.account] if fault.account else list(self.gateway.state.accounts):
                self._apply_to_account(fault, account, begins)

    def _apply_to_account(
        self, fault: ExpireListenKey | Liquidate | RestrictAccount, account: str, begins: bool
    ) -> None:
        match fault:
            case ExpireListenKey():
                self.connections.expire_listen_key(account)
            case RestrictAccount():
                self.gateway.account(account).reduce_only_account = begins
            case Liquidate():
                self.engine.carry_out(ForceLiquidation(account, fault.symbol))
