"""The strategy of `twokey live run`: loaded by name, with its parameters, and handed to a package that imports none."""

import pytest

from live.engine.limits import Executor
from live.engine.settings import BarSettings, ImbalanceSettings
from live.money import SCALE
from scripts.live.strategies import IMBALANCE, chosen_strategy
from skills_lib.backtest.strategy import compute_signals
from skills_lib.domain.errors import InputError
from skills_lib.testing.bars import random_walk
from skills_lib.workers.signals import bars_as_bytes, signals_in
from skills_lib.workers.worker import Worker
from strategies.sma_crossover import SmaCrossover


def test_without_a_name_it_is_the_imbalance() -> None:
    chosen = chosen_strategy(IMBALANCE, "1h", ["depth=7"], [])
    assert (chosen.executor, chosen.program) == (Executor.SCALP, None)
    assert isinstance(chosen.settings, ImbalanceSettings)
    assert chosen.settings.depth == 7


def test_a_strategy_of_the_workspace_computes_its_signals_with_the_parameters_given() -> None:
    chosen = chosen_strategy("sma_crossover", "1m", ["fast=4"], ["stop_bps=150"])
    assert chosen.executor is Executor.BARS
    assert chosen.settings == BarSettings(
        strategy="sma_crossover", timeframe="1m", parameters={"fast": "4", "slow": "30"}, stop_bps=150 * SCALE
    )
    bars = random_walk(120, 3)
    assert chosen.program is not None
    worker = Worker(chosen.program)
    try:
        worker.answer(60)
        worker.put(bars_as_bytes(bars))
        signals = signals_in(worker.answer(60))
    finally:
        worker.kill()
    expected = compute_signals(SmaCrossover, bars, {"fast": 4, "slow": 30})
    assert (signals.long_entry == expected.long_entry).all()
    assert signals.long_entry.any()


@pytest.mark.parametrize(("name", "timeframe", "param", "setting", "text"), [
    ("sma_crossing", "1m", [], [], "Unknown strategy 'sma_crossing'"),
    ("sma_crossover", "7m", [], [], "Unknown timeframe '7m'"),
    ("sma_crossover", "1m", ["fast=x"], [], "fast"),
    ("sma_crossover", "1m", ["fast=40"], [], "fast"),
    ("sma_crossover", "1m", [], ["stop=1"], "Unknown setting 'stop'"),
    ("sma_crossover", "1m", [], ["stop_bps"], "NAME=VALUE"),
    (IMBALANCE, "1m", [], ["stop_bps=5"], "--setting is of a strategy on bars"),
])  # fmt: skip
def test_what_is_not_allowed_is_refused(
    name: str, timeframe: str, param: list[str], setting: list[str], text: str
) -> None:
    with pytest.raises(InputError) as refused:
        chosen_strategy(name, timeframe, param, setting)
    assert text in str(refused.value)
