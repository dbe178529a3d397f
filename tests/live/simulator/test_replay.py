"""A replay repeats a session's fills under its own model and shows the range under the others."""

from pathlib import Path

from live.simulator.core.fill_models import FillModel
from live.simulator.core.orders import TradeRecord
from live.simulator.latency import ASSUMED
from live.simulator.matching_engine import CarriedOut
from live.simulator.replay import replay, replay_fill_models
from live.simulator.settings import SimulatorSettings
from live.simulator.tape_source import TapeSource
from skills_lib.market.depth.tape.lines import read_lines
from tests.live.conftest import Running, Serve
from tests.live.simulator.http_requests import HttpClient, run_scenario


def session(serve: Serve) -> tuple[SimulatorSettings, list[CarriedOut], list[TradeRecord]]:
    """Forty orders over real sockets on a held tape; returns settings, commands and trades."""
    sessions: list[tuple[SimulatorSettings, list[CarriedOut], list[TradeRecord]]] = []

    async def scenario(client: HttpClient, running: Running) -> None:
        for number in range(40):
            running.play(10)
            side = "BUY" if number % 2 else "SELL"
            await client.order(side=side, price=f"{59_999.5 + number / 40:.1f}", quantity="0.400")
        running.play(2_000)
        venue = running.venue
        sessions.append((venue.settings, list(venue.engine.carried_out), list(venue.state.trades)))

    run_scenario(serve, scenario, inbound=ASSUMED, outbound=ASSUMED, seed=5)
    return sessions[0]


def test_a_replay_under_the_same_model_repeats_every_fill(serve: Serve, generated_tape: Path) -> None:
    settings, commands, trades = session(serve)
    venue = replay(settings, TapeSource().read(read_lines(generated_tape)), commands)
    assert len(trades) > 5
    assert venue.state.trades == trades


def test_the_three_outcomes_name_their_models_and_agree_on_what_they_can(serve: Serve, generated_tape: Path) -> None:
    settings, commands, trades = session(serve)
    results = replay_fill_models(settings, generated_tape, commands)
    assert [result.model for result in results] == list(FillModel)
    pessimistic, _, optimistic = results
    assert pessimistic.fills == len(trades)
    assert pessimistic.fills != optimistic.fills
    assert pessimistic.fees == sum(trade.fill.fee for trade in trades)
    assert "pessimistic" in pessimistic.line()
    assert "USDT" in pessimistic.line()
