"""Sweeps over processes and a real Dask cluster: the same rows, workers that die, addresses that do not answer."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from distributed import Client, LocalCluster

import strategies
from skills_lib.backtest.model import BacktestSettings, Parameters, Span
from skills_lib.backtest.sweep.kernel import KernelSweep
from skills_lib.backtest.sweep.open import open_evaluator
from skills_lib.backtest.sweep.reference import ReferenceSweep, ReferenceTask
from skills_lib.backtest.sweep.workers import open_workers
from skills_lib.domain.bars import FloatArray
from skills_lib.domain.errors import InputError, TwokeyError
from tests.backtest.sweep.fragile import DiesOnce
from tests.optimize.silent import silent_listener
from tests.validate.markets import random_walk

BARS = random_walk(600, seed=2)
SPAN = Span(100, 600)
POINTS: list[Parameters] = [{"fast": fast} for fast in range(3, 13)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a scheduler with two worker processes on loopback."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0", host="127.0.0.1") as found:
        yield found.scheduler_address


@pytest.fixture
def dies_once(tmp_path: Path) -> type[DiesOnce]:
    return type("DiesOnce", (DiesOnce,), {"marker": tmp_path / "died", "__module__": DiesOnce.__module__})


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> FloatArray:
    marker = tmp_path_factory.mktemp("marker") / "died"
    marker.touch()
    harmless = type("DiesOnce", (DiesOnce,), {"marker": marker, "__module__": DiesOnce.__module__})
    return ReferenceSweep(ReferenceTask(harmless, BARS, BacktestSettings())).evaluate(POINTS, SPAN)


def swept(strategy: type[DiesOnce], address: str | None) -> tuple[FloatArray, list[str]]:
    with open_workers(address) as workers:
        sweep = ReferenceSweep(ReferenceTask(strategy, BARS, BacktestSettings()), lambda: workers, always=True)
        return sweep.evaluate(POINTS, SPAN), sweep.notes


def test_two_dask_workers_give_the_rows_that_one_process_gives(cluster: str) -> None:
    points: list[Parameters] = [{"fast": fast, "slow": slow} for fast in (5, 10) for slow in (20, 30, 40)]
    job = ReferenceTask(strategies.load("sma_crossover"), BARS, BacktestSettings())
    single = ReferenceSweep(job).evaluate(points, SPAN)
    with open_workers(cluster) as workers:
        assert workers.slots == 2
        together = ReferenceSweep(job, lambda: workers, always=True)
        assert np.array_equal(together.evaluate(points, SPAN), single, equal_nan=True)
    assert together.notes == []


def test_the_kernel_on_a_cluster_gives_the_rows_it_gives_here_and_tells_what_could_not_run(cluster: str) -> None:
    strategy, settings = strategies.load("sma_crossover"), BacktestSettings()
    points: list[Parameters] = [{"fast": fast, "slow": slow} for fast in range(5, 25, 3) for slow in (30, 40, 590)]
    here = KernelSweep(strategy, BARS, settings)
    with open_evaluator("kernel", strategy, BARS, settings, cluster) as there:
        for span in (SPAN, Span(0, 300)):
            assert np.array_equal(there.evaluate(points, span), here.evaluate(points, span), equal_nan=True)
        assert np.array_equal(there.daily_returns(points, SPAN), here.daily_returns(points, SPAN), equal_nan=True)
        assert there.name == "kernel"
        assert len(there.notes) == 1
        assert "fewer than the warm-up" in there.notes[0]


def test_both_dask_workers_take_part(cluster: str) -> None:
    with open_workers(cluster) as workers:
        pids = workers.run(_pid, np.zeros(1, dtype=np.uint8), list(range(40)))
    assert len(set(pids)) == 2


def test_a_dask_worker_killed_mid_sweep_is_told_and_its_work_done_by_others(
    cluster: str, dies_once: type[DiesOnce], expected: FloatArray
) -> None:
    rows, notes = swept(dies_once, cluster)
    assert dies_once.marker is not None
    assert dies_once.marker.exists()
    assert np.array_equal(rows, expected, equal_nan=True)
    assert len(notes) == 1
    assert "given to others" in notes[0]


def test_a_local_worker_killed_mid_sweep_is_told_and_its_work_done_by_others(
    dies_once: type[DiesOnce], expected: FloatArray
) -> None:
    rows, notes = swept(dies_once, None)
    assert np.array_equal(rows, expected, equal_nan=True)
    assert notes == ["A worker of this machine died; 10 combinations were given to others."]


def test_work_that_kills_every_worker_ends_in_one_line() -> None:
    always = type("DiesOnce", (DiesOnce,), {"marker": None, "__module__": DiesOnce.__module__})
    with pytest.raises(TwokeyError, match="Workers of this machine died 3 times over the same work") as refusal:
        swept(always, None)
    assert "\n" not in str(refusal.value)


def test_a_strategy_that_only_this_process_has_travels_to_workers(tmp_path: Path, cluster: str) -> None:
    """As one dropped into the workspace: its file is not on a worker's path, and may have changed since."""
    import types

    module = types.ModuleType("a_strategy_of_ones_own")
    source = Path(strategies.source_file("sma_crossover")).read_text()
    sys.modules[module.__name__] = module
    exec(compile(source, "a_strategy_of_ones_own.py", "exec"), vars(module))
    job = ReferenceTask(module.SmaCrossover, BARS, BacktestSettings())
    try:
        for address in (cluster, None):
            with open_workers(address) as workers:
                rows = ReferenceSweep(job, lambda: workers, always=True).evaluate([{"fast": 5, "slow": 30}], SPAN)
            assert np.array_equal(rows, ReferenceSweep(job).evaluate([{"fast": 5, "slow": 30}], SPAN), equal_nan=True)
    finally:
        del sys.modules[module.__name__]


def test_a_cluster_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skills_lib.backtest.sweep.remote_workers.CONNECT_SECONDS", 1)
    with silent_listener("tcp") as address, pytest.raises(InputError) as refusal, open_workers(address):
        pass
    assert f"The cluster at {address} does not answer." in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_cluster_without_workers_says_how_to_start_one() -> None:
    with (
        LocalCluster(n_workers=0, dashboard_address=":0", host="127.0.0.1") as empty,
        pytest.raises(InputError, match=r"has no workers\. Start one: dask worker tcp://"),
        open_workers(empty.scheduler_address),
    ):
        pass


@pytest.mark.parametrize("address", ["localhost:8786", "http://localhost:8786", ""])
def test_an_address_of_neither_kind_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="is no address"), open_workers(address):
        pass


def test_ray_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"Install twokey\[ray\]"), open_workers("ray://127.0.0.1:10001"):
        pass


def test_the_client_of_a_cluster_is_closed_again(cluster: str) -> None:
    with Client(cluster, set_as_default=False) as watcher:
        before = len(watcher.scheduler_info()["workers"])
        with open_workers(cluster):
            pass
        assert len(watcher.scheduler_info()["workers"]) == before == 2


def _pid(_payload: object, _item: object) -> int:
    import os

    return os.getpid()
