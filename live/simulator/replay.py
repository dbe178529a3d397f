"""Replays a session's commands on its tape under all three fill models, to show the range of results."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from live.money import parse, product, show
from live.simulator.core.fill_models import FillModel
from live.simulator.core.orders import TradeRecord
from live.simulator.faults import FaultPlan
from live.simulator.matching_engine import CarriedOut
from live.simulator.settings import SimulatorSettings
from live.simulator.tape_source import Played, TapeSource
from live.simulator.venue import LocalVenue
from skills_lib.market.depth.tape.lines import read_lines

_REST_NS = 10_000_000_000


@dataclass(frozen=True, slots=True)
class FillModelResult:
    """Result of one fill model. Money in units of 1e-8; equity is wallet plus unrealized profit at the mark price."""

    model: FillModel
    fills: int
    maker_fills: int
    turnover: int
    fees: int
    realized: int
    equity_change: int

    def line(self) -> str:
        """One readable line."""
        return (
            f"{self.model:<12} {self.fills:>6} fills ({self.maker_fills} maker)  turnover {show(self.turnover, 2)}  "
            f"fees {show(self.fees, 2)}  realized {show(self.realized, 2)}  equity {show(self.equity_change, 2)} USDT"
        )


def replay(settings: SimulatorSettings, tape: Iterable[Played], carried_out: Sequence[CarriedOut]) -> LocalVenue:
    """Play a tape and repeat each command at its original place and time; ids repeat.

    A command that refers to an order id finds the order of that id in this run, provided the same orders were accepted
    before it. The plan's faults and the session file have no part in it.
    """
    venue = LocalVenue(replace(settings, store=None, faults=FaultPlan()), iter(tape))
    for command in carried_out:
        venue.repeat(command)
    while venue.next_line_ns is not None:
        venue.play_line()
    venue.advance(venue.now_ns + _REST_NS)
    return venue


def fill_model_result(venue: LocalVenue, settings: SimulatorSettings) -> FillModelResult:
    """Compute the result of a replayed session that started with `settings`."""
    state = venue.state
    trades: list[TradeRecord] = state.trades
    begun = parse(settings.balance)
    equity = sum(account.wallet - begun + state.margin(account).unrealized for account in state.accounts.values())
    return FillModelResult(
        model=settings.model,
        fills=len(trades),
        maker_fills=sum(trade.fill.maker for trade in trades),
        turnover=sum(product(trade.fill.price, trade.fill.quantity) for trade in trades),
        fees=sum(trade.fill.fee for trade in trades),
        realized=sum(trade.fill.realized for trade in trades),
        equity_change=equity,
    )


def replay_fill_models(
    settings: SimulatorSettings, tape: Path, carried_out: Sequence[CarriedOut]
) -> list[FillModelResult]:
    """Replay under the pessimistic, base and optimistic model, in this order."""
    found = []
    for model in FillModel:
        chosen = replace(settings, model=model)
        venue = replay(chosen, TapeSource().read(read_lines(tape)), carried_out)
        found.append(fill_model_result(venue, chosen))
    return found
