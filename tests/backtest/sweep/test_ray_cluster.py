"""Sweeps on a real Ray head with two worker processes, reached through `ray://` as a cluster elsewhere would be."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import strategies
from skills_lib.backtest.model import BacktestSettings, Parameters, Span
from skills_lib.backtest.sweep.kernel import KernelSweep
from skills_lib.backtest.sweep.open import open_evaluator
from skills_lib.backtest.sweep.reference import ReferenceSweep, ReferenceTask
from skills_lib.backtest.sweep.workers import open_workers
from skills_lib.domain.errors import InputError
from tests.backtest.sweep.fragile import DiesOnce
from tests.optimize.silent import silent_listener
from tests.validate.markets import random_walk

pytest.importorskip("ray", reason="Ray has no wheels for this machine (Macs with Intel)")

BARS = random_walk(600, seed=2)
SPAN = Span(100, 600)
LOOPBACK = "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"
"""Linux: Ray replaces 127.0.0.1 by the machine's public address."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The `ray://` address of a head on loopback, ended with its workers afterwards."""
    folder = tempfile.mkdtemp(prefix="ray")  # short: Ray puts Unix sockets below it
    ports = [str(port) for port in _free_ports(2)]
    words = f"start --head --block --node-ip-address {LOOPBACK} --port {ports[0]} --ray-client-server-port {ports[1]}"
    rest = f"--num-cpus 2 --object-store-memory 100000000 --include-dashboard false --temp-dir {folder}"
    command = [sys.executable, "-m", "ray.scripts.scripts", *words.split(), *rest.split(), "--disable-usage-stats"]
    out = subprocess.PIPE
    head = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, text=True, env=_ray_environment())
    try:
        assert head.stdout is not None
        notes = []
        while "Ray runtime started" not in (line := head.stdout.readline()):
            notes.append(line)
            assert line, "".join(notes)
        yield f"ray://{LOOPBACK}:{ports[1]}"
    finally:
        head.terminate()
        head.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def test_the_kernel_on_ray_gives_the_rows_it_gives_here(cluster: str) -> None:
    strategy, settings = strategies.load("sma_crossover"), BacktestSettings()
    points: list[Parameters] = [{"fast": fast, "slow": slow} for fast in range(5, 25, 3) for slow in (30, 40)]
    here = KernelSweep(strategy, BARS, settings)
    with open_evaluator("kernel", strategy, BARS, settings, cluster) as there:
        assert there.name == "kernel"
        assert np.array_equal(there.evaluate(points, SPAN), here.evaluate(points, SPAN), equal_nan=True)
        assert there.notes == []


def test_a_ray_worker_killed_mid_sweep_is_told_and_its_work_done_by_others(cluster: str, tmp_path: Path) -> None:
    points: list[Parameters] = [{"fast": fast} for fast in range(3, 13)]
    fragile = type("DiesOnce", (DiesOnce,), {"marker": tmp_path / "died", "__module__": DiesOnce.__module__})
    with open_workers(cluster) as workers:
        assert workers.slots == 2
        sweep = ReferenceSweep(ReferenceTask(fragile, BARS, BacktestSettings()), lambda: workers, always=True)
        rows = sweep.evaluate(points, SPAN)
    assert (tmp_path / "died").exists()
    assert sweep.notes == [f"A worker of the cluster at {cluster} died; 10 combinations were given to others."]
    single = ReferenceSweep(ReferenceTask(fragile, BARS, BacktestSettings())).evaluate(points, SPAN)
    assert np.array_equal(rows, single, equal_nan=True)


def test_a_cluster_of_another_ray_is_one_line(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ray.__version__", "1.0.0")
    with pytest.raises(InputError) as refusal, open_workers(cluster):
        pass
    assert f"The cluster at {cluster} answers, but does not take work: " in str(refusal.value)
    assert "1.0.0" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_ray_address_where_somebody_listens_and_never_speaks_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    import ray.util.client.worker as client

    monkeypatch.setattr(client, "INITIAL_TIMEOUT_SEC", 0.3)
    monkeypatch.setattr(client, "MAX_TIMEOUT_SEC", 0.3)
    with silent_listener("ray") as address, warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InputError) as refusal, open_workers(address):
            pass
    assert f"The cluster at {address} does not answer." in str(refusal.value)
    assert "\n" not in str(refusal.value)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _ray_environment() -> dict[str, str]:
    """As the user's, but patient: where nothing is compiled yet, Ray needs more than the 30 s it allows itself."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"
    return own | {"PATH": path, "RAY_CLIENT_SERVER_CHECK_CHANNEL_TIMEOUT_S": "240"}
