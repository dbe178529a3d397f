"""A run on bars as the daemon has it: with its strategy, without it, and going on after its process died."""

import msgspec
import pytest

from live.bars.arguments import bar_settings
from live.bars.decider import Computes, in_process
from live.bars.market import BarMarket, market_of
from live.bars.strategy import BarStrategy
from live.client.market_streams import MarketStreams
from live.client.wire import S
from live.engine.engine import start, step
from live.engine.events import BarDecided, Event, Started, StrategyReported
from live.engine.limits import Executor, effective
from live.engine.settings import BarSettings, ImbalanceSettings
from live.engine.state import EngineState
from live.enums import Side
from live.money import SCALE
from live.session.virtual_wire import VirtualWire
from live.simulator.venue import LocalVenue
from skills_lib.domain.errors import InputError
from tests.live.bars.sessions import SETTINGS, SYMBOL, minutes, sma
from tests.live.engine.states import CAPITAL, CONTRACT, NOW_NS
from tests.live.simulator.venue_client import BY_HAND

COMPUTE: Computes = in_process(sma)


def engine(bars: BarSettings | None = SETTINGS) -> EngineState:
    """An engine of a strategy on bars, or of the imbalance."""
    limits = effective(Executor.BARS if bars else Executor.SCALP, CAPITAL, {})
    settings = None if bars else ImbalanceSettings()
    return start(Started(NOW_NS, "b", CAPITAL, settings, limits, (CONTRACT,), bars=bars))


def joined(state: EngineState, strategy: BarStrategy | None) -> tuple[object, list[Event]]:
    """The market data of an engine after its start, and what it emitted at once."""
    wire, emitted = VirtualWire(LocalVenue(BY_HAND, iter(minutes(2)))), list[Event]()
    wire.emit = emitted.append
    market = market_of(wire, MarketStreams(wire, [SYMBOL], 1), state, strategy)
    market.start()
    return market, emitted


def test_an_engine_of_the_imbalance_has_its_streams_and_no_more() -> None:
    market, emitted = joined(engine(None), BarStrategy(SETTINGS, COMPUTE))
    assert isinstance(market, MarketStreams)
    assert emitted == []


def test_an_engine_on_bars_gets_the_decisions_of_its_strategy() -> None:
    wider = msgspec.structs.replace(SETTINGS, stop_bps=300 * SCALE)
    market, emitted = joined(engine(), BarStrategy(wider, COMPUTE))
    assert isinstance(market, BarMarket)
    assert emitted == []


@pytest.mark.parametrize("change", [
    {"strategy": "donchian_breakout"}, {"timeframe": "5m"}, {"parameters": {"fast": "3"}}, {"history_bars": 51}, None,
])  # fmt: skip
def test_a_run_that_goes_on_with_another_strategy_decides_nothing_and_says_so(change: dict[str, object] | None) -> None:
    given = None if change is None else BarStrategy(msgspec.structs.replace(SETTINGS, **change), COMPUTE)
    market, emitted = joined(engine(), given)
    assert not isinstance(market, BarMarket)
    (reported,) = emitted
    assert isinstance(reported, StrategyReported)
    assert reported.code == "strategy_absent"
    assert reported.text.startswith("This run is of sma_crossover on 1m with fast=2, slow=5 and 50 bars.")
    (alert,) = [action for action in step(engine(), reported) if action.__struct_config__.tag == "alert"]
    assert alert.code == "strategy_absent"


def test_a_run_that_goes_on_begins_behind_the_last_bar_that_its_engine_was_given() -> None:
    state = engine()
    close_ns = minutes(2)[0].time_ns // (60 * S) * 60 * S - 60 * S
    step(state, BarDecided(NOW_NS, SYMBOL, close_ns, Side.BUY))
    market, _ = joined(state, BarStrategy(SETTINGS, COMPUTE))
    assert isinstance(market, BarMarket)
    assert market.followed[SYMBOL].decided_ms == close_ns // 1_000_000


def test_settings_are_given_as_a_person_writes_them() -> None:
    given = {"stop_bps": "150.5", "order_usd": "2500", "history_bars": "200", "hold_ms": "0", "max_slippage_bps": "0"}
    found = bar_settings("sma_crossover", "15M", {"fast": 10, "slow": 30}, given)
    assert (found.timeframe, found.parameters) == ("15m", {"fast": "10", "slow": "30"})
    assert (found.stop_bps, found.order_usd, found.history_bars) == (15_050_000_000, 2_500 * SCALE, 200)


@pytest.mark.parametrize(("given", "text"), [
    ({"stop_bp": "1"}, "Unknown setting 'stop_bp'. Did you mean 'stop_bps'"),
    ({"stop_bps": "0"}, "stop_bps=0 is not allowed. Give more than 0 to 5000 bp."),
    ({"stop_bps": "5001"}, "stop_bps=5001 is not allowed"),
    ({"history_bars": "1500"}, "history_bars=1500 is not allowed. Give 2 to 1499."),
    ({"history_bars": "20.5"}, "history_bars=20.5 is not allowed"),
    ({"order_usd": "-5"}, "order_usd=-5 is not allowed"),
    ({"max_delay_ms": "x"}, "max_delay_ms=x is not allowed. Give 1 ms to 60000 ms."),
])  # fmt: skip
def test_settings_that_are_not_allowed_are_refused(given: dict[str, str], text: str) -> None:
    with pytest.raises(InputError) as refused:
        bar_settings("sma_crossover", "1m", {}, given)
    assert str(refused.value).startswith(text)
