"""Faults of a plan that happen at a time, each carried out on the venue."""

from dataclasses import dataclass
from functools import partial

from live.simulator.core.commands import ChangeRules, ForceLiquidation
from live.simulator.faults import ChangeFilters, ExpireListenKey, JumpClock, Liquidate, RestrictAccount, VenueFault
from live.simulator.http.connections import Connections
from live.simulator.http.gateway import Gateway
from live.simulator.listed_symbols import with_filters
from live.simulator.matching_engine import MatchingEngine
from live.simulator.schedule import MS, Schedule


@dataclass(eq=False)
class TimedFaults:
    """Carries out timed faults. `begun` with the first line: their times count from there."""

    faults: list[VenueFault]
    gateway: Gateway
    engine: MatchingEngine
    connections: Connections
    background: Schedule
    begun: bool = False

    def begin(self, now_ns: int) -> None:
        """Schedule all timed faults."""
        self.begun = True
        for fault in self.faults:
            self.background.add(now_ns + fault.at_ms * MS, partial(self.apply, fault))

    def apply(self, fault: VenueFault) -> None:
        """Carry out one fault now."""
        feed = self.gateway.feed
        if isinstance(fault, JumpClock):
            self.gateway.clock.jump(fault.by_ms)
        elif isinstance(fault, ChangeFilters):
            changed = with_filters(feed.listed[fault.symbol], fault.filters)
            feed.listed[fault.symbol] = changed
            self.engine.carry_out(ChangeRules(changed))
        else:
            for account in [fault.account] if fault.account else list(self.gateway.state.accounts):
                self._apply_to_account(fault, account)

    def _apply_to_account(self, fault: ExpireListenKey | Liquidate | RestrictAccount, account: str) -> None:
        match fault:
            case ExpireListenKey():
                self.connections.expire_listen_key(account)
            case RestrictAccount():
                self.gateway.account(account).reduce_only_account = True
            case Liquidate():
                self.engine.carry_out(ForceLiquidation(account, fault.symbol))
