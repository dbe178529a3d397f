"""Parameters of the bundled strategies: typed, with defaults that are part of a sweep, and refused out of range."""

import pytest

import strategies
from skills_lib.backtest.report.describe import describe
from skills_lib.backtest.strategy import parameter_space
from skills_lib.domain.errors import InputError
from tests.strategies.generated_bars import NAMES


@pytest.mark.parametrize("name", NAMES)
def test_defaults_are_allowed_and_a_sweep_meets_them(name: str) -> None:
    space = parameter_space(strategies.load(name))
    assert space.resolve({}) == space.defaults()
    for parameter in space.parameters.values():
        assert parameter.default in parameter.values()


@pytest.mark.parametrize(
    ("name", "given", "reason"),
    [
        ("sma_crossover", {"fast": 1}, "Parameter fast=1 is not allowed. Give a whole number from 2 to 200."),
        ("sma_crossover", {"fast": 10.5}, "fast=10.5 is not allowed"),
        ("sma_crossover", {"fast": 40}, "fast=40, slow=30 violates the constraint fast < slow"),
        ("sma_crossover", {"fats": 10}, "Unknown parameter 'fats'. Did you mean 'fast'?"),
        ("macd_trend", {"fast": 26}, "violates the constraint fast < slow"),
        ("rsi_reversion", {"oversold": 50}, "oversold=50, exit_level=50 violates the constraint"),
        ("rsi_reversion", {"exit_level": 80}, "violates the constraint exit_level < overbought"),
        ("donchian_breakout", {"exit_period": 22}, "violates the constraint exit_period <= entry_period"),
        ("donchian_breakout", {"stop_atr": -1}, "stop_atr=-1 is not allowed. Give a number from 0 to 10."),
        ("mean_reversion", {"band_std": "wide"}, "band_std=wide is not allowed"),
        ("opening_range_breakout", {"open_hour": 24}, "Give a whole number from 0 to 23."),
        ("opening_range_breakout", {"direction": "up"}, "direction=up is not allowed. Give one of both, long, short."),
    ],
)
def test_what_lies_outside_the_space_is_refused_in_one_line(name: str, given: dict[str, object], reason: str) -> None:
    with pytest.raises(InputError) as refusal:
        parameter_space(strategies.load(name)).resolve(given)
    assert reason in str(refusal.value)


@pytest.mark.parametrize("name", NAMES)
def test_a_strategy_says_what_it_does_and_when_it_loses(name: str) -> None:
    description = describe(name, strategies.load(name))
    assert description.executor == "signals"
    assert description.title.endswith(".")
    assert len(description.title) < 120
    assert "Loses" in description.description
