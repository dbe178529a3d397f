"""The trial ledger counts each configuration once, before it is evaluated, and stores its Sharpe ratio."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies
from skills_lib.backtest.model import BacktestSettings, Span
from skills_lib.backtest.strategy import LoadedStrategy, parameter_space
from skills_lib.backtest.sweep.evaluator import COLUMNS, Evaluator
from skills_lib.backtest.sweep.open import open_evaluator
from skills_lib.backtest.sweep.reference import ReferenceSweep, ReferenceTask
from skills_lib.domain.costs import preset
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.time import DAY_NS
from skills_lib.domain.timeframes import Timeframe
from skills_lib.ledger.counter import (
    CountedEvaluator,
    configuration_keys,
    open_counted,
    open_trial_counter,
    settings_sha256,
)
from skills_lib.ledger.ledger import Ledger, RecordedSharpes
from skills_lib.ledger.model import CandleIdentity
from skills_lib.optimize.model import OptimizationResult
from skills_lib.optimize.pipeline import optimize
from skills_lib.optimize.request import SearchRequest
from skills_lib.optimize.search import SearchPlan
from skills_lib.optimize.space import make_space
from skills_lib.optimize.store import SweepStore
from skills_lib.optimize.table import Objective
from skills_lib.settings import Settings
from tests.backtest.sweep.processes import COUNTING, ROOT, counted_runs, start
from tests.ledger.ledgers import BARS, CANDLES, CONTEXT, DATA, SMA, LedgerFixture, counter_of, keys
from tests.validate.markets import candles_of


@pytest.fixture
def fixture(tmp_path: Path) -> LedgerFixture:
    return LedgerFixture(tmp_path / "user", tmp_path / "home")


# What one trial is


def test_the_same_configuration_again_is_no_new_trial(fixture: LedgerFixture) -> None:
    for _ in range(2):
        counter_of(fixture).reserve([{"fast": 10, "slow": 30}, {"slow": 40, "fast": 10}])
    counter_of(fixture).reserve([{"fast": 10, "slow": 40}])
    assert counter_of(fixture).count().configurations == 2


def test_another_engine_and_another_name_of_the_same_code_are_the_same_trial(
    fixture: LedgerFixture, tmp_path: Path
) -> None:
    copied = tmp_path / "my_own_idea.py"
    shutil.copy(SMA.source_file, copied)
    counter_of(fixture).reserve([{"fast": 10}])
    counter_of(fixture, context=BacktestSettings(engine="kernel")).reserve([{"fast": 10}])
    counter_of(fixture, subject=LoadedStrategy("my_own_idea", SMA.strategy, copied)).reserve([{"fast": 10}])
    assert counter_of(fixture).count().configurations == 1


def test_trials_on_any_of_several_markets_are_counted_once(fixture: LedgerFixture) -> None:
    first, second, third = (DATA._replace(symbol=name, sha256=name[0] * 64) for name in ("BTC", "ETH", "SOL"))
    for data, numbers in ((first, (1, 2)), (second, (2, 3)), (third, (4,))):
        fixture.ledger.reserve(CONTEXT._replace(data=data), keys(*numbers))
    assert fixture.ledger.count(first, second).configurations == 3
    assert [fixture.count(data) for data in (first, second, third)] == [2, 2, 1]


def test_one_more_bar_is_the_same_market(fixture: LedgerFixture) -> None:
    shorter = candles_of(BARS[:-1])
    counter_of(fixture, shorter).reserve([{"fast": 10}, {"fast": 11}])
    counter_of(fixture).reserve([{"fast": 11}, {"fast": 12}])
    assert counter_of(fixture).count().configurations == counter_of(fixture, shorter).count().configurations == 3


def test_parameters_settings_code_and_timeframe_each_make_another_trial(fixture: LedgerFixture, tmp_path: Path) -> None:
    edited = tmp_path / "sma_crossover.py"
    edited.write_bytes(SMA.source_file.read_bytes() + b"\n# another idea\n")
    counter_of(fixture).reserve([{"fast": 10}])
    counter_of(fixture).reserve([{"fast": 11}])
    counter_of(fixture, context=BacktestSettings(costs=preset("free"))).reserve([{"fast": 10}])
    counter_of(fixture, subject=LoadedStrategy("sma_crossover", SMA.strategy, edited)).reserve([{"fast": 10}])
    counter_of(fixture, replace(CANDLES, timeframe=Timeframe.H4)).reserve([{"fast": 10}])
    assert counter_of(fixture).count().configurations == 5


def test_a_helper_that_a_strategy_imports_is_part_of_its_code(
    tmp_path: Path, fixture: LedgerFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "home" / "strategies"
    folder.mkdir(parents=True)
    monkeypatch.setenv("TWOKEY_HOME", str(tmp_path / "home"))
    own = folder / "importing_helper.py"
    own.write_text(
        "from strategies._length import LENGTH\nfrom strategies.sma_crossover import SmaCrossover as _Sma\n\n\n"
        "class ImportingHelper(_Sma):\n    length = LENGTH\n"
    )
    for length in (1, 2, 2):
        (folder / "_length.py").write_text(f"LENGTH = {length}\n")
        for name in ("strategies._length", "strategies.importing_helper"):
            sys.modules.pop(name, None)
        subject = LoadedStrategy("importing_helper", strategies.load("importing_helper"), own)
        counter_of(fixture, subject=subject).reserve([{"fast": 10}])
    assert counter_of(fixture).count().configurations == 2


def test_other_markets_other_times_and_synthetic_bars_are_counted_apart(fixture: LedgerFixture) -> None:
    later = candles_of(replace(BARS, open_time_ns=BARS.open_time_ns + 1000 * DAY_NS, close=BARS.close + 1))
    ether = replace(candles_of(replace(BARS, close=BARS.close + 2)), instrument=Instrument("ETH"))
    generated = candles_of(replace(BARS, close=BARS.close + 3), synthetic=True)
    for candles in (CANDLES, later, ether, generated):
        counter_of(fixture, candles).reserve([{"fast": 10}])
    for candles in (CANDLES, later, ether, generated):
        assert counter_of(fixture, candles).count().configurations == 1


def test_the_same_bars_under_another_symbol_are_the_same_data(fixture: LedgerFixture) -> None:
    counter_of(fixture, replace(CANDLES, instrument=Instrument("ETH"))).reserve([{"fast": 10}])
    assert counter_of(fixture).count().configurations == 1


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 3), min_size=1), min_size=1, max_size=40))
def test_two_combinations_have_one_key_where_they_are_equal(combinations: list[dict[str, int]]) -> None:
    found = configuration_keys(CONTEXT, combinations).tolist()
    for one, key in zip(combinations, found, strict=True):
        assert [other == one for other in combinations] == [other == key for other in found]


# Counted first, evaluated afterwards


class CountReader(SMA.strategy):  # type: ignore[misc, name-defined]
    """Records the ledger's count at each run."""

    fixture: ClassVar[LedgerFixture]
    seen: ClassVar[list[int]] = []

    def signals(self, bars):  # type: ignore[no-untyped-def]
        self.seen.append(self.fixture.count(CandleIdentity.of(CANDLES)))
        return super().signals(bars)


def test_a_batch_is_in_the_ledger_before_the_first_of_it_runs(
    fixture: LedgerFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    CountReader.fixture, context = fixture, BacktestSettings()
    monkeypatch.setattr(CountReader, "seen", [])
    sweep = CountedEvaluator(ReferenceSweep(ReferenceTask(CountReader, BARS, context)), counter_of(fixture), BARS)
    sweep.evaluate([{"fast": 5, "slow": 20}, {"fast": 6, "slow": 20}], Span(0, 400))
    sweep.execute({"fast": 7, "slow": 20}, Span(0, 400), 1000.0)
    assert CountReader.seen == [2, 2, 3]


@pytest.mark.parametrize("broken", ["user", "workspace"])
def test_where_the_count_cannot_be_written_nothing_is_evaluated(
    fixture: LedgerFixture, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixture.files[broken].parent.parent.mkdir(parents=True, exist_ok=True)
    fixture.files[broken].parent.write_text("a file where the folder should be")
    CountReader.fixture = fixture
    monkeypatch.setattr(CountReader, "seen", [])
    sweep = CountedEvaluator(
        ReferenceSweep(ReferenceTask(CountReader, BARS, BacktestSettings())), counter_of(fixture), BARS
    )
    with pytest.raises(OSError, match="nothing is evaluated without being counted") as refused:
        sweep.evaluate([{"fast": 5, "slow": 20}], Span(0, 400))
    assert "\n" not in str(refused.value)
    assert CountReader.seen == []


def test_a_full_disk_stops_the_command_with_one_line_before_anything_runs(tmp_path: Path) -> None:
    """A limit on file size makes the same writes fail as a full disk."""
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "counting.py").write_text(COUNTING)
    code = (
        "import resource, sys\nresource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))\n"
        "sys.argv = ['twokey', 'test-strategy', 'BTC', '1h', 'counting', '--source', 'sample']\n"
        "from scripts.cli import main\nmain()\n"
    )
    environment = os.environ | {"TWOKEY_HOME": str(tmp_path), "TWOKEY_LEDGER_DIR": str(tmp_path / "user")}
    environment |= {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], check=False, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "trial ledger" in done.stderr
    assert "TWOKEY_LEDGER_DIR" in done.stderr
    assert counted_runs(tmp_path) == []


def test_killed_while_it_evaluates_the_configuration_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = tmp_path / "user"
    monkeypatch.setenv("TWOKEY_LEDGER_DIR", str(user))
    (tmp_path / "strategies").mkdir()
    dying = COUNTING.replace("return super()", "os.kill(os.getpid(), 9)\n        return super()")
    (tmp_path / "strategies" / "counting.py").write_text(dying)
    run = start(tmp_path, "test-strategy", "BTC", "1h", "counting", "--source", "sample")
    run.communicate(timeout=120)
    assert run.returncode == -signal.SIGKILL
    assert len(counted_runs(tmp_path)) == 1
    (market,) = LedgerFixture(user, tmp_path).ledger.read().reserved
    found = LedgerFixture(user, tmp_path).ledger.count(market[1].data)
    assert (found.configurations, found.evaluated, found.notices) == (1, 0, [])


# What was found


def test_the_variance_is_that_of_the_trials_daily_sharpe_ratios(fixture: LedgerFixture) -> None:
    found = np.array([0.05, -0.02, np.nan, 0.01])
    fixture.ledger.reserve(CONTEXT, keys(1, 2, 3, 4, 5))
    fixture.ledger.record([RecordedSharpes(CONTEXT, keys(1, 2, 3, 4), found, 1000.0)])
    trials = fixture.ledger.count(DATA)
    assert (trials.configurations, trials.evaluated, trials.sharpes) == (5, 4, 3)
    assert trials.sharpe_variance == pytest.approx(np.var([0.05, -0.02, 0.01], ddof=1))


def test_the_variance_uses_the_longest_span_of_each_configuration_and_no_short_spans(
    fixture: LedgerFixture,
) -> None:
    fixture.ledger.reserve(CONTEXT, keys(1, 2, 3))
    fixture.ledger.record([RecordedSharpes(CONTEXT, keys(1, 2), np.array([0.3, 0.1]), 900.0)])
    fixture.ledger.record([RecordedSharpes(CONTEXT, keys(1), np.array([0.2]), 1000.0)])
    fixture.ledger.record([RecordedSharpes(CONTEXT, keys(1), np.array([9.0]), 600.0)])
    fixture.ledger.record([RecordedSharpes(CONTEXT, keys(3), np.array([5.0]), 180.0)])
    trials = fixture.ledger.count(DATA)
    assert (trials.evaluated, trials.sharpes) == (3, 2)
    assert trials.sharpe_variance == pytest.approx(np.var([0.2, 0.1], ddof=1))


def test_without_two_ratios_there_is_no_variance(fixture: LedgerFixture) -> None:
    assert fixture.ledger.count(DATA).sharpe_variance is None
    fixture.ledger.reserve(CONTEXT, keys(1))
    fixture.ledger.record([RecordedSharpes(CONTEXT, keys(1), np.array([0.1]), 1000.0)])
    assert fixture.ledger.count(DATA).sharpe_variance is None


def test_a_sweep_records_its_daily_sharpe_ratios(fixture: LedgerFixture) -> None:
    counter, context = counter_of(fixture), BacktestSettings()
    inner = ReferenceSweep(ReferenceTask(SMA.strategy, BARS, context))
    combinations = [{"fast": 5, "slow": 20}, {"fast": 6, "slow": 20}, {"fast": 7, "slow": 20}]
    with open_counted(nullcontext(inner), counter, BARS) as sweep:
        rows = sweep.evaluate(combinations, Span(0, 400))
    trials = fixture.ledger.count(CandleIdentity.of(CANDLES))
    annual = rows[:, COLUMNS["sharpe"]]
    assert trials.evaluated == 3
    assert trials.sharpe_variance == pytest.approx(np.var(annual / np.sqrt(365), ddof=1))


class _CancelledError(Exception):
    """Raised by a progress callback to cancel the work."""


def test_trials_of_an_unfinished_sweep_are_counted_again_if_the_ledger_was_deleted(fixture: LedgerFixture) -> None:
    context, values = BacktestSettings(), ("fast=5:50:1", "slow=60:80:10")
    search = SearchRequest(
        make_space(parameter_space(SMA.strategy), values), SearchPlan(), Objective("sharpe", 1), "reference"
    )
    store = SweepStore(fixture.home / "optimizations", OptimizationResult)

    def opened() -> AbstractContextManager[Evaluator]:
        return open_evaluator("reference", SMA.strategy, BARS, context)

    def cancel(done: int, _total: int, _message: str) -> None:
        if done:
            raise _CancelledError

    open_counter = partial(open_trial_counter, fixture.ledger, "a test")
    with pytest.raises(_CancelledError):
        optimize(SMA, CANDLES, search, context, store, opened, open_counter, cancel)
    finished = fixture.count(CandleIdentity.of(CANDLES))
    assert 0 < finished < 138
    for path in fixture.files.values():
        path.unlink()
    optimize(SMA, CANDLES, search, context, store, opened, open_counter)
    assert fixture.count(CandleIdentity.of(CANDLES)) == 138


def test_a_relative_ledger_folder_is_relative_to_the_workspace(
    workspace: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWOKEY_LEDGER_DIR", "mine")
    paths = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        monkeypatch.chdir(tmp_path / folder)
        paths.append(Ledger.of(Settings()).files.user)
    assert paths == [workspace.home / "mine" / "trials.sqlite"] * 2


def test_a_combination_is_the_same_trial_whatever_the_engine_and_the_symbols_table_of_margins() -> None:
    settings = BacktestSettings()
    assert settings_sha256(settings.for_symbol("BTC")) == settings_sha256(settings.for_symbol("PEPE"))
    assert settings_sha256(settings.model_copy(update={"engine": "kernel"})) == settings_sha256(settings)
    assert settings_sha256(settings.model_copy(update={"leverage": 2.0})) != settings_sha256(settings)
