"""Replays a session's commands on its tape under all three fill models, to show the range of results."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from live.simulator.core.fill_models import FillModel
from live.simulator.core.money import product, show
from live.simulator.core.orders import TradeRecord
from live.simulator.in_process_venue import InProcessVenue, SentCommand
from live.simulator.simulator import SimulatorSettings, fresh_venue
from live.simulator.tape_source import Played, TapeSource
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


def replay(settings: SimulatorSettings, tape: Iterable[Played], sent: Sequence[SentCommand]) -> InProcessVenue:
    """Play a tape and resend each command at its original position; ids and latencies repeat.

    A command that refers to an order id finds the order of that id in this run, provided the same orders were accepted
    before it.
    """
    venue, waiting = fresh_venue(settings), list(reversed(sent))
    for line in tape:
        _send_due(venue, waiting, venue.messages)
        venue.play(line.message, line.symbol, line.time_ns)
    while waiting:
        _send_due(venue, waiting, waiting[-1].messages)
    venue.run_until(venue.now_ns + _REST_NS)
    return venue


def _send_due(venue: InProcessVenue, waiting: list[SentCommand], messages: int) -> None:
    while waiting and waiting[-1].messages <= messages:
        command = waiting.pop()
        venue.run_until(command.time_ns)
        venue.send(command.account, command.body)


def fill_model_result(venue: InProcessVenue, settings: SimulatorSettings) -> FillModelResult:
    """Compute the result of a replayed session that started with `settings`."""
    state = venue.exchange.state
    trades: list[TradeRecord] = state.trades
    begun = fresh_venue(settings).exchange.state.accounts
    equity = sum(
        account.wallet - begun[name].wallet + state.margin(account).unrealized
        for name, account in state.accounts.items()
    )
    return FillModelResult(
        model=settings.model,
        fills=len(trades),
        maker_fills=sum(trade.fill.maker for trade in trades),
        turnover=sum(product(trade.fill.price, trade.fill.quantity) for trade in trades),
        fees=sum(trade.fill.fee for trade in trades),
        realized=sum(trade.fill.realized for trade in trades),
        equity_change=equity,
    )


def replay_fill_models(settings: SimulatorSettings, tape: Path, sent: Sequence[SentCommand]) -> list[FillModelResult]:
    """Replay under the pessimistic, base and optimistic model, in this order."""
    found = []
    for model in FillModel:
        chosen = replace(settings, model=model)
        venue = replay(chosen, TapeSource().read(read_lines(tape)), sent)
        found.append(fill_model_result(venue, chosen))
    return found
