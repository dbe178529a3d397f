"""A session can be replayed: under its own model it comes out the same, under the others it shows the range."""

from pathlib import Path

from live.simulator.core.fill_models import FillModel
from live.simulator.core.orders import TradeRecord
from live.simulator.in_process_venue import Sent
from live.simulator.latency import ASSUMED
from live.simulator.replay import replay, replay_fill_models
from live.simulator.simulator import SimulatorSettings
from live.simulator.tape_source import TapeSource
from skills_lib.market.depth.tape.lines import read_lines
from tests.live.conftest import Running, Serve
from tests.live.simulator.http_requests import Talk, converse


def session(serve: Serve) -> tuple[SimulatorSettings, list[Sent], list[TradeRecord]]:
    """Twenty orders over real sockets on a held tape; what was sent and what was traded."""
    kept: list[tuple[SimulatorSettings, list[Sent], list[TradeRecord]]] = []

    async def story(talk: Talk, running: Running) -> None:
        for number in range(20):
            running.play(20)
            side = "BUY" if number % 2 else "SELL"
            await talk.order(side=side, price=f"{59_999.5 + number / 20:.1f}", quantity="0.400")
        running.play(2_000)
        simulator = running.simulator
        kept.append((simulator.settings, list(simulator.venue.sent), list(simulator.state.trades)))

    converse(serve, story, inbound=ASSUMED, outbound=ASSUMED, seed=5)
    return kept[0]


def test_a_replay_under_the_same_model_repeats_every_fill(serve: Serve, drawn_tape: Path) -> None:
    settings, sent, trades = session(serve)
    venue = replay(settings, TapeSource().read(read_lines(drawn_tape)), sent)
    assert len(trades) > 5
    assert venue.exchange.state.trades == trades


def test_the_three_outcomes_name_their_models_and_agree_on_what_they_can(serve: Serve, drawn_tape: Path) -> None:
    settings, sent, trades = session(serve)
    outcomes = replay_fill_models(settings, drawn_tape, sent)
    assert [outcome.model for outcome in outcomes] == list(FillModel)
    pessimistic, base, _ = outcomes
    assert pessimistic.fills == len(trades)
    assert pessimistic.fills != base.fills
    assert pessimistic.fees == sum(trade.fill.fee for trade in trades)
    assert "pessimistic" in pessimistic.line()
    assert "USDT" in pessimistic.line()
