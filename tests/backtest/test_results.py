"""Stored runs: identical arguments return the stored run, and a partially written run is never read."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import strategies
from skills_lib.backtest.model import BacktestResult, BacktestSettings
from skills_lib.backtest.pipeline import run_backtest
from skills_lib.backtest.report.draw import drawings
from skills_lib.backtest.results import RunStore
from skills_lib.backtest.strategy import LoadedStrategy
from skills_lib.domain.costs import preset
from skills_lib.domain.errors import InputError
from skills_lib.report.drawings import Outcome, draw_missing
from tests.backtest.market import candles_of, random_walk
from tests.counting import counter_beside

BARS = random_walk(400, seed=1)


def subject(name: str = "sma_crossover") -> LoadedStrategy:
    return LoadedStrategy(name, strategies.load(name), strategies.source_file(name))


def backtest(store: RunStore, given: dict[str, object] | None = None, **settings: object) -> BacktestResult:
    return run_backtest(
        subject(), candles_of(BARS), given or {}, BacktestSettings(**settings), store, counter_beside(store.root)
    )


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "results")


def test_identical_arguments_return_the_stored_run(store: RunStore) -> None:
    first = backtest(store)
    written = first.artifacts.result.stat().st_mtime_ns
    assert backtest(store, {"fast": "10"}) == first  # the default, spelled out
    assert first.artifacts.result.stat().st_mtime_ns == written


def test_data_parameters_costs_and_settings_each_make_another_run(store: RunStore) -> None:
    other_data = run_backtest(
        subject(), candles_of(BARS[:399]), {}, BacktestSettings(), store, counter_beside(store.root)
    )
    runs = [
        backtest(store),
        backtest(store, {"fast": 12}),
        backtest(store, costs=preset("free")),
        backtest(store, cash=50_000),
        other_data,
    ]
    assert len({run.run_id for run in runs}) == len(runs) == len(store.runs())


def test_a_change_of_the_strategy_file_makes_another_run(store: RunStore, tmp_path: Path) -> None:
    changed = tmp_path / "sma_crossover.py"
    changed.write_bytes(subject().source_file.read_bytes() + b"\n# changed\n")
    edited, count = LoadedStrategy("sma_crossover", subject().strategy, changed), counter_beside(store.root)
    other = run_backtest(edited, candles_of(BARS), {}, BacktestSettings(), store, count)
    assert other.run_id != backtest(store).run_id


def test_every_artifact_is_written_and_the_picture_is_drawn_after_it(store: RunStore) -> None:
    run = backtest(store)
    files = run.artifacts
    assert not files.picture.exists()
    assert all(path.stat().st_size > 0 for path in dict(files).values() if path != files.picture)
    assert draw_missing(drawings(run)) == Outcome([files.picture])
    assert files.picture.read_bytes().startswith(b"\x89PNG")


def test_stored_trades_and_equity_are_the_figures_of_the_run(store: RunStore) -> None:
    run = backtest(store)
    trades, equity = store.trades(run.run_id), store.equity(run.run_id)
    assert len(trades) == run.metrics["trades"]
    assert trades["pnl"].sum() == pytest.approx(run.metrics["net_pnl"])
    assert equity["equity"].iloc[-1] == run.metrics["final_equity"]
    assert equity["drawdown_pct"].max() == pytest.approx(-run.metrics["max_drawdown_pct"])


def test_a_run_with_a_missing_or_truncated_file_is_computed_again(store: RunStore) -> None:
    run = backtest(store)
    run.artifacts.result.write_bytes(run.artifacts.result.read_bytes()[:100])
    assert store.find(run.run_id) is None
    assert backtest(store).metrics == run.metrics
    run.artifacts.trades.unlink()
    assert store.find(run.run_id) is None
    assert backtest(store).artifacts.trades.is_file()


def test_a_run_is_found_by_the_digits_it_begins_with(store: RunStore) -> None:
    run = backtest(store)
    assert store.get(run.run_id[:6]) == run


@pytest.mark.parametrize("wanted", ["", "0000", "../../etc"])
def test_an_unknown_run_is_refused_with_the_way_to_the_list(store: RunStore, wanted: str) -> None:
    backtest(store)
    with pytest.raises(InputError, match="`twokey runs` lists the 1 stored"):
        store.get(wanted)


def test_an_interrupted_write_leaves_no_run_behind(store: RunStore) -> None:
    def interrupted(_files: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.save("0123456789abcdef", interrupted)
    assert list(store.root.iterdir()) == []


def test_a_killed_process_leaves_no_run_that_could_be_read(store: RunStore) -> None:
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom skills_lib.backtest.results import RunStore\n"
        "def write(files):\n    files.result.write_text('{')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "RunStore(Path(sys.argv[1])).save('0123456789abcdef', write)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(store.root)], check=False, env=dict(os.environ))
    assert killed.returncode == -signal.SIGKILL
    assert store.runs() == []
    assert backtest(store).run_id


def test_a_full_disk_stores_nothing_and_is_reported_in_one_line(tmp_path: Path) -> None:
    """A limit on file size simulates a full disk: the same writes fail with the same kind of error."""
    code = (
        "import resource, sys\nresource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "sys.argv = ['twokey', 'test-strategy', 'BTC', '1h', 'sma_crossover', '--source', 'sample']\n"
        "from scripts.cli import main\nmain()\n"
    )
    environment = dict(os.environ) | {"TWOKEY_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], check=False, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("System error: ")
    assert "Free space" in done.stderr
    assert RunStore(tmp_path / "backtests" / "results").runs() == []
