"""The trial meter counts every configuration of a market once and says how good the best is by luck alone."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from skills_lib.backtest.model import BacktestSettings
from skills_lib.domain.costs import preset
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.time import utc
from skills_lib.domain.timeframes import Timeframe
from skills_lib.ledger.meter import Measured, best_by_luck, candles_of, trial_meter
from skills_lib.ledger.model import CandleIdentity
from skills_lib.market.candles import CandleRequest, Candles, Source, load
from skills_lib.settings import Settings
from tests.ledger.ledgers import BARS, CANDLES, LedgerFixture, counter_of
from tests.validate import markets


@pytest.fixture
def fixture(tmp_path: Path) -> LedgerFixture:
    return LedgerFixture(tmp_path / "user", tmp_path / "home")


def result_on(candles: Candles) -> Measured:
    """What any result says of its candles."""
    bars = candles.bars
    return cast(
        Measured,
        SimpleNamespace(
            symbol=candles.instrument.symbol,
            timeframe=candles.timeframe.value,
            synthetic=candles.origin.synthetic,
            start=utc(bars.open_time_ns[0]),
            end=utc(bars.open_time_ns[-1]),
            data_sha256=bars.digest(),
        ),
    )


def attempts(fixture: LedgerFixture, candles: Candles = CANDLES) -> int:
    return trial_meter(fixture.ledger, result_on(candles)).attempts


def test_a_result_names_the_candles_that_the_ledger_counted() -> None:
    assert candles_of(result_on(CANDLES)) == CandleIdentity.of(CANDLES)


def test_only_distinct_configurations_of_the_market_are_attempts(fixture: LedgerFixture) -> None:
    counter_of(fixture).reserve([{"fast": 10}, {"fast": 11}])
    counter_of(fixture).reserve([{"fast": 10}])
    assert attempts(fixture) == 2
    counter_of(fixture, context=BacktestSettings(costs=preset("free"))).reserve([{"fast": 10}])
    assert attempts(fixture) == 3, "other costs are another attempt"
    other = replace(markets.candles_of(markets.random_walk(400, seed=9)), instrument=Instrument("ETH"))
    counter_of(fixture, other).reserve([{"fast": number} for number in range(50)])
    assert attempts(fixture) == 3
    assert attempts(fixture, other) == 50


def test_attempts_on_another_timeframe_of_the_same_days_are_counted(fixture: LedgerFixture) -> None:
    counter_of(fixture).reserve([{"fast": 10}])
    slower = replace(markets.candles_of(BARS[:100]), timeframe=Timeframe.H4)
    counter_of(fixture, slower).reserve([{"fast": 20}])
    assert attempts(fixture) == attempts(fixture, slower) == 2


def test_a_stored_result_shows_the_attempts_made_since(fixture: LedgerFixture) -> None:
    counter_of(fixture).reserve([{"fast": 10}, {"fast": 12}])
    before = trial_meter(fixture.ledger, result_on(CANDLES))
    counter_of(fixture).reserve([{"fast": number} for number in range(20, 60)])
    after = trial_meter(fixture.ledger, result_on(CANDLES))
    assert (before.attempts, after.attempts) == (2, 42)
    assert after.luck_sharpe > 2 * before.luck_sharpe


def test_an_empty_ledger_is_no_attempt_and_no_luck(fixture: LedgerFixture) -> None:
    found = trial_meter(fixture.ledger, result_on(CANDLES))
    assert (found.attempts, found.luck_sharpe) == (0, 0)
    assert found.single_error == pytest.approx(np.sqrt(365 / (400 / 24 - 1)))


@pytest.mark.parametrize(("tries", "days"), [(20, 730), (200, 250)])
def test_the_luck_is_what_the_best_of_many_tries_without_an_edge_shows(tries: int, days: int) -> None:
    returns = np.random.default_rng(5).standard_normal((150, tries, days))
    sharpes = returns.mean(axis=2) / returns.std(axis=2, ddof=1) * np.sqrt(365)
    assert best_by_luck(tries, days) == pytest.approx(sharpes.max(axis=1).mean(), rel=0.04)


def test_more_attempts_never_lower_the_luck_and_more_days_never_raise_it() -> None:
    assert all(best_by_luck(more, 730) >= best_by_luck(less, 730) for less, more in pairwise(range(300)))
    assert all(best_by_luck(50, more) <= best_by_luck(50, less) for less, more in pairwise(range(1, 900)))


def test_the_sentence_states_count_market_luck_and_assumption(fixture: LedgerFixture) -> None:
    counter_of(fixture).reserve([{"fast": 10}])
    once = trial_meter(fixture.ledger, result_on(CANDLES)).text
    assert once.startswith("Attempt 1 on BTCUSDT 1h")
    assert "0 ± " in once
    counter_of(fixture).reserve([{"fast": number} for number in range(20, 26)])
    found = trial_meter(fixture.ledger, result_on(CANDLES))
    assert found.text.startswith("Attempt 7 on BTCUSDT 1h")
    assert f"luck alone now reaches an annual Sharpe of {found.luck_sharpe:.2f}" in found.text
    assert "7 independent tries without an edge" in found.text
    assert f"over {found.days:,.0f} days" in found.text


def test_synthetic_candles_are_another_market_and_are_called_so(fixture: LedgerFixture) -> None:
    request = CandleRequest(Instrument("BTC"), Timeframe.D1, source=Source.SAMPLE)
    sample = load(request, Settings())
    counter_of(fixture).reserve([{"fast": 10}])
    assert attempts(fixture, sample) == 0
    counter_of(fixture, sample).reserve([{"fast": 10}, {"fast": 12}])
    assert "BTCUSDT 1d (synthetic)" in trial_meter(fixture.ledger, result_on(sample)).text
