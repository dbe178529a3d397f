"""The engine of a single run is chosen by the number of bars, said in the answer, and can be insisted on."""

import json
from pathlib import Path

import pytest

from skills_lib.backtest import model
from tests.backtest.market import random_walk
from tests.command import Command


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(model, "MAX_REFERENCE_BARS", 400)
    path = tmp_path / "many.csv"
    random_walk(500, seed=2).to_frame().tz_localize("UTC").to_csv(path)
    return path


@pytest.mark.parametrize(("options", "engine"), [((), "kernel"), (("--engine", "reference"), "reference")])
def test_many_bars_run_on_the_kernel_unless_the_reference_is_asked_for(
    options: tuple[str, ...], engine: str, file: Path, twokey: Command
) -> None:
    arguments = ("test-strategy", "BTC", "1h", "sma_crossover", "--data", str(file), *options)
    done = twokey(*arguments, "--json")
    assert done.code == 0, done.err
    assert done.answer["settings"]["engine"] == engine
    assert f"Engine {engine}" in " ".join(twokey(*arguments).out.split())


def test_few_bars_run_on_the_reference() -> None:
    settings = model.BacktestSettings()
    assert settings.engine_for(model.MAX_REFERENCE_BARS) == "reference"
    assert settings.engine_for(model.MAX_REFERENCE_BARS + 1) == "kernel"


def test_a_choice_and_the_engine_it_takes_are_the_same_stored_run(file: Path, twokey: Command) -> None:
    arguments = ("test-strategy", "BTC", "1h", "sma_crossover", "--data", str(file), "--json")
    ids = {json.loads(twokey(*arguments, *more).out)["run_id"] for more in ((), ("--engine", "kernel"))}
    assert len(ids) == 1
