"""Strategy, symbol and timeframe are recognised by what they are, in whatever order they are typed."""

import json
from itertools import permutations

import pytest

from scripts.word_order import named
from skills_lib.settings import Settings
from tests.command import Command

SYMBOL_FIRST = ("symbol", "timeframe", "strategy")
STRATEGY_FIRST = ("strategy", "symbol", "timeframe")
SAMPLE = ("--source", "sample", "--since", "2023-01-01", "--until", "2023-03-01")
WORDS = ("BTC", "1h", "sma_crossover")
VERBS = ("test-strategy", "optimize", "walk-forward", "validate")


@pytest.mark.parametrize("documented", [SYMBOL_FIRST, STRATEGY_FIRST])
@pytest.mark.parametrize("words", list(permutations(WORDS)))
def test_every_order_means_the_same(words: tuple[str, ...], documented: tuple[str, ...]) -> None:
    assert named(words, documented) == {"symbol": "BTC", "timeframe": "1h", "strategy": "sma_crossover"}


@pytest.mark.parametrize("documented", [SYMBOL_FIRST, STRATEGY_FIRST])
@pytest.mark.parametrize("strategy", ["sma_crosover", "BTC"])
def test_the_timeframe_decides_where_the_strategy_is_unknown(strategy: str, documented: tuple[str, ...]) -> None:
    meant = {"symbol": "ETH", "timeframe": "4H", "strategy": strategy}
    assert named(("ETH", "4H", strategy), documented) == meant
    assert named((strategy, "ETH", "4H"), documented) == meant


@pytest.mark.parametrize("documented", [SYMBOL_FIRST, STRATEGY_FIRST])
@pytest.mark.parametrize("timeframe", ["1hr", "1M", "2023"])
def test_the_strategy_decides_where_the_timeframe_is_unknown(timeframe: str, documented: tuple[str, ...]) -> None:
    meant = {"symbol": "ETH", "timeframe": timeframe, "strategy": "sma_crossover"}
    assert named(("ETH", timeframe, "sma_crossover"), documented) == meant
    assert named(("sma_crossover", "ETH", timeframe), documented) == meant


def test_words_that_fit_two_orders_are_read_in_the_documented_one(workspace: Settings) -> None:
    workspace.strategies_dir.mkdir()
    for name in ("BTC", "SOL", "1h"):
        (workspace.strategies_dir / f"{name}.py").touch()
    assert named(("BTC", "1h", "SOL"), SYMBOL_FIRST)["strategy"] == "SOL"
    assert named(("BTC", "SOL", "1h"), STRATEGY_FIRST)["strategy"] == "BTC"
    assert named(("1h", "BTC", "1h"), STRATEGY_FIRST)["strategy"] == "1h"
    assert named(("x", "y", "z"), SYMBOL_FIRST) == {"symbol": "x", "timeframe": "y", "strategy": "z"}
    assert named(("x", "y", "z"), STRATEGY_FIRST) == {"strategy": "x", "symbol": "y", "timeframe": "z"}


def test_both_orders_give_the_same_stored_run(twokey: Command) -> None:
    first = twokey("test-strategy", "BTC", "1h", "sma_crossover", *SAMPLE, "--json").whole
    second = twokey("test-strategy", "sma_crossover", "BTC", "1h", *SAMPLE, "--json").whole
    assert (first["run_id"], first["created_at"]) == (second["run_id"], second["created_at"])


def test_optimize_and_validate_take_the_symbol_first(twokey: Command) -> None:
    space = ("--param", "fast=5:10:5", "--engine", "reference")
    found = json.loads(twokey("optimize", "BTC", "1h", "sma_crossover", *SAMPLE, *space, "--json").out)
    assert (found["strategy"], found["symbol"], found["timeframe"]) == ("sma_crossover", "BTCUSDT", "1h")
    checked = twokey("validate", "BTC", "1h", "sma_crossover", *SAMPLE, *space, "--only", "lookahead", "--json")
    assert (checked.code, json.loads(checked.out)["strategy"]) == (0, "sma_crossover")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("words", [("BTC", "1h", "sma_crosover"), ("sma_crosover", "BTC", "1h")])
def test_an_unknown_strategy_is_met_with_the_closest_one_in_both_orders(
    twokey: Command, verb: str, words: tuple[str, ...]
) -> None:
    done = twokey(verb, *words, *SAMPLE)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith("Unknown strategy 'sma_crosover'. Did you mean 'sma_crossover'?")


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_names_the_words_and_a_missing_one_is_refused(twokey: Command, verb: str) -> None:
    assert all(word in twokey(verb, "--help").out.lower() for word in SYMBOL_FIRST)
    done = twokey(verb, "BTC", "1h")
    assert (done.code, done.out) == (2, "")
    assert "Missing argument" in done.err
